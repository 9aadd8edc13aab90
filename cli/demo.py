"""``pyrite demo``: the main job, small, end to end, with the embedded model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import echo, next_step, note, print_json
from .run import result_table, telling


def register(app: typer.Typer) -> None:
    """Add ``demo``."""
    app.command("demo")(demo_command)


def demo_command(
    quick: Annotated[
        bool, typer.Option("--quick", help="No model, seconds: stored answers of the tuned model, scored and shown.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Folder of everything (default: runs/demo, or runs/quick with --quick).")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the report in the browser at the end.")] = False,
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Both scores of every run, as JSON.")] = False,
) -> None:
    """Answer held-out problems before and while tuning the embedded model, score everything twice, show both curves.

    On two CPU cores it takes minutes; stop it any time and run the same command again to go on.
    """
    import dataclasses
    import time

    started = time.monotonic()
    if quick:
        from .quick import quick_demo

        note("SmolLM2-135M-Instruct on 40 small problems, before tuning and after 48 to 400 examples; stored answers")
        result = quick_demo(out if out is not None else Path("runs/quick"))
        _end(result, started, as_json, show, "`pyrite demo` tunes and asks the model itself")
        return
    from ..models.recipes import read_recipe, recipe_text
    from ..models.training.processes import one_process
    from ..pipeline import Pipeline

    one_process("pyrite demo")
    recipe = read_recipe("demo")
    recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, device=device))
    note("Pyrite's demo: SmolLM2-135M-Instruct, LoRA, small optimization problems; surface and substance as it learns")
    with telling() as told:
        result = Pipeline(recipe, out if out is not None else Path("runs/demo"), recipe_text("demo"), told=told).run()
    _end(result, started, as_json, show, "`pyrite init` starts a project of your own")


def _end(result: dict[str, Any], started: float, as_json: bool, show: bool, then: str) -> None:
    import time

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
    if show:
        import webbrowser

        webbrowser.open(Path(result["report"]).resolve().as_uri())
        return
    next_step(f"open {result['report']} in a browser; {then}")
