"""``pyrite pairs``: preferences to learn from, out of sampled answers with verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import note, print_json


def register(app: typer.Typer) -> None:
    """Add ``pairs``."""
    app.command("pairs")(pairs_command)


def pairs_command(
    runs: Annotated[list[Path], typer.Argument(help="Scored run folders with several samples a problem.")],
    out: Annotated[Path, typer.Option(help="The pairs file (JSON lines).")],
    kind: Annotated[
        str, typer.Option(help="right-wrong, surface-matched, form-only; single answers: labels, right.")
    ] = "surface-matched",
    cap: Annotated[int, typer.Option(min=0, help="Lines a problem at most (0: no limit).")] = 8,
    length_matched: Annotated[
        bool, typer.Option("--length-matched", help="Only pairs of texts of about the same length.")
    ] = False,
    length_tolerance: Annotated[float, typer.Option(help="What about the same is: a share of the longer text.")] = 0.1,
    allow_unsplit: Annotated[
        bool, typer.Option("--allow-unsplit", help="Also problems that name no split; those held out never.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Which pairs, where there are more than the cap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The account as JSON on standard output.")] = False,
) -> None:
    """Draw pairs of answers from scored runs: right against wrong, and what they are to differ in."""
    from ..feasibility.errors import PyriteError
    from ..problems.lines import write_lines
    from ..results.pairs import KINDS, draw_pairs

    chosen = next((name for name in KINDS if name == kind), None)
    if chosen is None:
        raise PyriteError(f"--kind is {', '.join(KINDS)}, not {kind!r}")
    drawn = draw_pairs(
        runs,
        chosen,
        cap=cap,
        length_matched=length_matched,
        tolerance=length_tolerance,
        allow_unsplit=allow_unsplit,
        seed=seed,
    )
    write_lines(out, drawn.lines)
    for sentence in drawn.sentences():
        note(sentence)
    note(f"pairs: {out}")
    if as_json:
        print_json({**drawn.to_dict(), "out": str(out)})
