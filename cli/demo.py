"""``pyrite demo``: the main job, small, end to end, with the embedded model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import echo, note, print_json
from .run import result_table, telling


def register(app: typer.Typer) -> None:
    """Add ``demo``."""
    app.command("demo")(demo_command)


def demo_command(
    out: Annotated[Path, typer.Option(help="Folder of everything.")] = Path("runs/demo"),
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Both scores of every run, as JSON.")] = False,
) -> None:
    """Answer held-out problems before and while tuning the embedded model, score everything twice, show both curves.

    On two CPU cores it takes minutes; stop it any time and run the same command again to go on.
    """
    import dataclasses
    import time

    from ..models.recipes import read_recipe, recipe_text
    from ..models.training.processes import one_process
    from ..pipeline import Pipeline

    one_process("pyrite demo")
    started = time.monotonic()
    recipe = read_recipe("demo")
    recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, device=device))
    note("Pyrite's demo: SmolLM2-135M-Instruct, LoRA, small optimization problems; surface and substance as it learns")
    with telling() as told:
        result = Pipeline(recipe, out, recipe_text("demo"), told=told).run()
    if as_json:
        print_json(result)
        return
    echo("")
    echo(result_table(result))
    echo("")
    echo("surface: it parses, fits the schema, every name is known. substance: it is equivalent to the reference.")
    note(f"curve: {result['curve']}")
    note(f"report: {result['report']}")
    note(f"{time.monotonic() - started:.0f} s in this go")
