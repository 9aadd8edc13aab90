"""``pyrite tune``: finetune by a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import echo, next_step, note, print_json, table


def register(app: typer.Typer) -> None:
    """Add ``tune``."""
    app.command("tune")(tune_command)


def tune_command(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe file, or a committed one by name (see --list).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the checkpoints (default: runs/NAME/tuning).")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Another value of the recipe: schedule.steps=50; may repeat.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only read and check the recipe, and see whether its model is there.")
    ] = False,
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
    if names:
        _list_recipes()
        return
    from ..models.recipes import read_recipe
    from ..models.training.processes import launch_config as find_config
    from ..models.training.processes import this_process

    if launch_config is not None:
        echo(find_config(launch_config))
        return
    if recipe is None:
        raise PyriteError("give a recipe: a file, or a name of `pyrite tune --list`")
    chosen = read_recipe(recipe, settings or ())
    if check:
        note(f"{recipe}: a valid recipe ({chosen.method.name}, digest {chosen.digest})")
        note(_model_there(chosen.model.source, chosen.model.adapter))
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
    last = list(tuned.checkpoints.values())[-1]
    next_step(f"pyrite answer --model {last} --problems PROBLEMS.jsonl --out runs/{chosen.name}/answers")
    if as_json:
        print_json(tuned.record)


def _list_methods() -> None:
    """Without torch and peft: names and summaries are known, those of plug-ins by their entry points."""
    from importlib.metadata import entry_points

    from ..models.methods.summaries import SUMMARIES

    others = sorted({point.name for point in entry_points(group="pyrite.methods")} - set(SUMMARIES))
    rows = [*SUMMARIES.items(), *((name, "by another package") for name in others)]
    echo(table(("method", "what it is"), rows, left=2))


def _list_recipes() -> None:
    """The committed recipes as written, with the first sentence of their comment."""
    from importlib import resources

    from ..feasibility.settings import parse_toml

    rows = []
    folder = resources.files("pyrite.models").joinpath("recipes")
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.name.endswith(".toml"):
            text = item.read_text(encoding="utf-8")
            method = parse_toml(text, item.name).get("method", {}).get("name", "lora")
            about = " ".join(line[1:].strip() for line in text.split("\n\n")[0].splitlines() if line.startswith("#"))
            rows.append((item.name.removesuffix(".toml"), method, about.split(". ")[0].rstrip(".")[:100]))
    echo(table(("recipe", "method", "what it is"), rows, left=3))


def _model_there(source: str, adapter: str | None) -> str:
    """What can be said of a recipe's model without loading it. Raises PyriteError for a folder that is no model."""
    from ..models.sources import parse_source

    found = parse_source(source, adapter)
    if found.kind == "folder":
        folder = Path(found.name)
        if not (folder / "config.json").is_file():
            raise PyriteError(f"{folder} is no model: it has no config.json")
        if not [*folder.glob("*.safetensors"), *folder.glob("*.bin")]:
            raise PyriteError(f"{folder} has a config.json and no weights (*.safetensors)")
    looked = {"hub": "not looked at: it is on the Hugging Face hub", "endpoint": "an endpoint, which cannot be tuned"}
    return f"model {found.name}: {looked.get(found.kind, 'there')}"
