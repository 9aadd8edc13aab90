"""``pyrite run``: all stages of a recipe, from drawing problems to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import note, print_json


def register(app: typer.Typer) -> None:
    """Add ``run``."""
    app.command("run")(run_command)


def run_command(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or a committed one by name (pyrite tune --list).")],
    out: Annotated[Path | None, typer.Option(help="Folder of everything (default: runs/NAME).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Both scores of every run, as JSON.")] = False,
) -> None:
    """Make problems, answer, tune, answer at checkpoints, score and report; the same command again goes on."""
    from ..models.recipes import read_recipe, recipe_text
    from .pipeline import Pipeline

    chosen = read_recipe(recipe)
    pipeline = Pipeline(chosen, out if out is not None else Path("runs") / chosen.name, recipe_text(recipe))
    result = pipeline.run()
    if as_json:
        print_json(result)
        return
    typer.echo("")
    typer.echo(pipeline.show())
    note(f"curve: {result['curve']}")
    note(f"report: {result['report']}")
