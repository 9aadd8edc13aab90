"""``pyrite tune``: finetune by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import echo, note, print_json, table


def register(app: typer.Typer) -> None:
    """Add ``tune``."""
    app.command("tune")(tune_command)


def tune_command(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe file, or a committed one by name (see --list).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the checkpoints (default: runs/NAME/tuning).")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only read and check the recipe.")] = False,
    methods: Annotated[bool, typer.Option("--methods", help="List the methods that recipes may name.")] = False,
    names: Annotated[bool, typer.Option("--list", help="List the recipes that come with Pyrite.")] = False,
    launch_config: Annotated[
        str | None,
        typer.Option(help="Print the path of a configuration for accelerate: ddp, fsdp, deepspeed_zero2 or _zero3."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The last checkpoint's record, as JSON.")] = False,
) -> None:
    """Finetune a model by a recipe; stop it any time and run the same command again to go on.

    On several GPUs: accelerate launch --config_file "$(pyrite tune --launch-config fsdp)" --num_processes N
    -m pyrite.cli tune RECIPE (see docs/models.md).
    """
    if methods:
        _list_methods()
        return
    from ..models.recipes import read_recipe, recipe_names
    from ..models.training.processes import launch_config as find_config
    from ..models.training.processes import this_process

    if launch_config is not None:
        echo(find_config(launch_config))
        return
    if names:
        for name in recipe_names():
            echo(f"{name:24} {read_recipe(name).method.name}")
        return
    if recipe is None:
        raise PyriteError("give a recipe: a file, or a name of `pyrite tune --list`")
    chosen = read_recipe(recipe)
    if check:
        note(f"{recipe}: a valid recipe ({chosen.method.name}, digest {chosen.digest})")
        return
    from ..models.training.progress import step_teller
    from ..models.training.tuning import tune

    folder = out if out is not None else Path("runs") / chosen.name / "tuning"
    tuned = tune(chosen, folder, note, step_teller(note))
    this_process().leave()
    if not this_process().first:
        return
    for step, path in tuned.checkpoints.items():
        note(f"checkpoint after {step} steps: {path}")
    if as_json:
        print_json(tuned.record)


def _list_methods() -> None:
    from ..models.methods import get_method, method_names

    rows = []
    for name in method_names():
        method = get_method(name)
        rows.append((name, method.summary[:90]))
    echo(table(("method", "what it is"), rows, left=2))
