"""``pyrite problems audit``: does every reference build, solve, certify and agree with what is stored about it?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from .console import echo, print_json, progress, table

if TYPE_CHECKING:
    from ..problems.audit import Audit, Entry

_HEAD = ("problem", "kind", "builds", "stated", "proof", "whole", "fractional", "stored", "found")


def register(app: typer.Typer) -> None:
    """Add ``audit`` to the ``problems`` commands."""
    app.command("audit")(audit_command)


def audit_command(
    path: Annotated[Path, typer.Argument(help="problems.jsonl, or - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that audit side by side.")] = 1,
    seconds: Annotated[
        float, typer.Option(help="Seconds a reference may take; its other readings get a tenth each.")
    ] = 10.0,
    threshold: Annotated[float, typer.Option(help="Share of word 5-grams from which texts are near duplicates.")] = 0.8,
    everything: Annotated[
        bool, typer.Option("--all", help="A line for every problem, also where all is well.")
    ] = False,
) -> None:
    """Check the references of a problem file. Nothing is repaired; exit code 1 when something is wrong."""
    from ..feasibility.policy import Policy
    from ..problems.audit import audit
    from ..problems.files import read_problems

    if not 0 < threshold <= 1:
        raise PyriteError(f"--threshold lies above 0 and up to 1, not {threshold}")
    if not seconds > 0:
        raise PyriteError(f"--seconds is more than 0, not {seconds}")
    problems = read_problems(path)
    with progress(len(problems), "auditing") as advance:
        result = audit(problems, Policy(time_limit=seconds), workers=workers, threshold=threshold, progress=advance)
    result.complaints = [str(complaint) for complaint in problems.complaints]
    if as_json:
        print_json(result.to_dict())
    else:
        _show(result, everything)
    if result.wrong:
        raise typer.Exit(1)


def _row(entry: Entry) -> tuple[str, ...]:
    from ..problems.audit import plain_outcome

    words = {True: "yes", False: "NO", None: ""}
    found = [item.code.upper() for item in entry.faults] + [item.code for item in entry.notes]
    return (
        entry.id,
        entry.kind,
        words[entry.builds],
        plain_outcome(entry.stated),
        (entry.stated.proof or "") if entry.stated else "",
        plain_outcome(entry.whole),
        plain_outcome(entry.fractional),
        words[entry.agrees],
        ", ".join(dict.fromkeys(found)) or "well",
    )


def _show(result: Audit, everything: bool) -> None:
    entries = result.entries if everything else [entry for entry in result.entries if entry.faults or entry.notes]
    rows = [_row(entry) for entry in entries]
    if rows:
        if sys.stdout.isatty():
            _rich_table(rows)
        else:
            echo(table(_HEAD, rows, left=len(_HEAD)))
    for complaint in result.complaints:
        echo(complaint)
    for entry in entries:
        for fault in entry.faults:
            echo(f"{entry.id}: {fault.code}: {fault.message}")
    echo(_totals(result.counts()))


def _rich_table(rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, header_style="bold")
    for title in _HEAD:
        grid.add_column(title, justify="right" if title in ("stated", "whole", "fractional") else "left")
    for row in rows:
        style = "red" if any(word.isupper() for word in row[-1].split(", ")) else None
        grid.add_row(*row, style=style)
    Console().print(grid)


def _totals(counts: dict[str, Any]) -> str:
    kinds = ", ".join(f"{key} {value:,}" for key, value in counts["kinds"].items())
    lines = [f"{counts['problems']:,} problems ({kinds}); {counts['with_faults']:,} with faults"]
    if counts["statuses"]:
        statuses = ", ".join(f"{key} {value:,}" for key, value in counts["statuses"].items())
        differ = counts["readings_differ"]
        proofs = ", ".join(f"{key} {value:,}" for key, value in counts["proofs"].items())
        lines.append(f"references: {counts['build']:,} build; {statuses}; {proofs}; readings differ {differ:,}")
    for name in ("faults", "notes"):
        if counts[name]:
            lines.append(f"{name}: " + ", ".join(f"{key} {value:,}" for key, value in counts[name].items()))
    return "\n".join(lines)
