"""``pyrite run``: all stages of a recipe, from drawing problems to the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from .console import echo, note, print_json, progress, table
from .gate import decide_gate, read_gate, show_decision

if TYPE_CHECKING:
    from ..pipeline import Event


def register(app: typer.Typer) -> None:
    """Add ``run``."""
    app.command("run")(run_command)


def run_command(
    recipe: Annotated[str, typer.Argument(help="A recipe file, or a committed one by name (pyrite tune --list).")],
    out: Annotated[Path | None, typer.Option(help="Folder of everything (default: runs/NAME).")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Another value of the recipe: schedule.steps=50; may repeat.")
    ] = None,
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
    chosen = read_recipe(recipe, settings or ())
    folder = out if out is not None else Path("runs") / chosen.name
    with telling() as told:
        pipeline = Pipeline(chosen, folder, recipe_text(recipe, settings or ()), told=told)
        result = pipeline.run()
    decision = None if gate is None else decide_gate(pipeline.runs()[-1], gate, rules)
    if as_json:
        print_json(result if decision is None else {**result, "gate": decision.to_dict()})
    else:
        echo("")
        echo(result_table(result))
        if decision is not None:
            echo("")
            show_decision(decision)
    note(f"curve: {result['curve']}")
    note(f"report: {result['report']}")
    if decision is not None and decision.level == "fail":
        raise typer.Exit(1)


@contextmanager
def telling() -> Iterator[Callable[[Event], None]]:
    """Says on standard error what a pipeline is doing, with a bar (on a terminal) while something is in progress."""
    with ExitStack() as bars:
        shown: dict[str, Callable[[int], None]] = {}

        def told(event: Event) -> None:
            if event.kind == "progress":
                if event.text not in shown:
                    bars.close()
                    shown.clear()
                    shown[event.text] = bars.enter_context(progress(event.total, event.text))
                shown[event.text](event.done)
                return
            bars.close()
            shown.clear()
            if event.kind == "begun":
                note(f"{event.text} ...")
            else:
                note(f"{event.text}: {event.seconds:.0f} s" if event.kind == "ended" else event.text)

        yield told


def result_table(result: dict[str, Any]) -> str:
    """A pipeline's result for the terminal."""
    rows = []
    for row in result["runs"]:
        cells = [row["run"], f"{row['training_examples']:,}", f"{row['outputs']:,}"]
        for name in ("surface", "substance", "substance_given_surface"):
            cells.append(_rate(row[name]))
        rows.append([*cells, str(row["cut"])])
    header = ("", "examples", "outputs", "surface", "substance", "substance | surface", "cut")
    shown = table(header, rows)
    watched = [row for row in result["runs"] if "sampled" in row]
    return shown if not watched else f"{shown}\n\n{reward_table(result['runs'])}"


def reward_table(runs: Sequence[dict[str, Any]]) -> str:
    """What the reward paid while training, with every score of the same answers and of the held-out ones beside it."""
    rows = []
    for row in runs:
        paid = row.get("sampled", {})
        cells = [f"{paid[name]:.3f}" if name in paid else "-" for name in ("reward", "surface", "value", "substance")]
        asked = [row.get(name, {}).get("rate") for name in ("surface", "value", "substance")]
        rows.append([row["run"], *cells, *("-" if rate is None else f"{rate:.3f}" for rate in asked)])
    sampled = ("reward", "sampled surface", "value", "substance")
    return table(("", *sampled, "held-out surface", "value", "substance"), rows)


def _rate(score: dict[str, Any]) -> str:
    if score["rate"] is None:
        return "-"
    known = score["passed"] + score["failed"]
    unknown = f" +{score['unknown']}?" if score["unknown"] else ""
    interval = f"[{100 * score['low']:.0f}, {100 * score['high']:.0f}]"
    return f"{score['passed']}/{known}{unknown} {100 * score['rate']:.0f} % {interval}"
