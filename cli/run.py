"""``pyrite run``: all stages of a recipe, from drawing problems to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import note, print_json
from .gate import decide_gate, read_gate, show_decision


def register(app: typer.Typer) -> None:
    """Add ``run``."""
    app.command("run")(run_command)


def run_command(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or a committed one by name (pyrite tune --list).")],
    out: Annotated[Path | None, typer.Option(help="Folder of everything (default: runs/NAME).")] = None,
    gate: Annotated[
        Path | None, typer.Option(help="Hold the last run against this baseline; exit code 1 when it regresses.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(help="The gate's rules: a TOML file with a [gate] table.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Both scores of every run, as JSON.")] = False,
) -> None:
    """Make problems, answer, tune, answer at checkpoints, score and report; the same command again goes on."""
    from ..models.recipes import read_recipe, recipe_text
    from ..models.training.processes import one_process
    from ..pipeline import Pipeline

    one_process("pyrite run")
    if gate is not None:
        # What is wrong with the baseline or the rules is said before hours of work, not after.
        read_gate(gate, rules)
    elif rules is not None:
        raise PyriteError("--rules goes with --gate BASELINE")
    chosen = read_recipe(recipe)
    pipeline = Pipeline(chosen, out if out is not None else Path("runs") / chosen.name, recipe_text(recipe))
    result = pipeline.run()
    decision = None if gate is None else decide_gate(pipeline.runs()[-1], gate, rules)
    if as_json:
        print_json(result if decision is None else {**result, "gate": decision.to_dict()})
    else:
        typer.echo("")
        typer.echo(pipeline.show())
        if decision is not None:
            typer.echo("")
            show_decision(decision)
    note(f"curve: {result['curve']}")
    note(f"report: {result['report']}")
    if decision is not None and decision.level == "fail":
        raise typer.Exit(1)
