"""``pyrite problems audit``: does every reference build, solve, certify and agree with what is stored about it?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from .console import echo, print_json, progress, table

if TYPE_CHECKING:
    from ..feasibility.policy import Policy
    from ..problems.against import Against, Joined, Said
    from ..problems.audit import Audit, AuditEntry

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
    threshold: Annotated[
        float | None, typer.Option(help="Share of word 5-grams from which texts are near duplicates (0.8).")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="A line for every problem, also where all is well.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Another problem file: compare the labels of the texts that both have instead.")
    ] = None,
) -> None:
    """Check the references of a problem file. Nothing is repaired; exit code 1 when something is wrong."""
    from ..feasibility.policy import Policy
    from ..problems.audit import audit
    from ..problems.files import read_problems
    from ..problems.likeness import THRESHOLD

    if against is not None and threshold is not None:
        raise PyriteError("--threshold is for near duplicates within one file; with --against texts are joined whole")
    threshold = THRESHOLD if threshold is None else threshold
    if not 0 < threshold <= 1:
        raise PyriteError(f"--threshold lies above 0 and up to 1, not {threshold}")
    if not seconds > 0:
        raise PyriteError(f"--seconds is more than 0, not {seconds}")
    if against is not None:
        _against(path, against, Policy(time_limit=seconds), workers, as_json, everything)
        return
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


def _against(path: Path, other: Path, policy: Policy, workers: int, as_json: bool, everything: bool) -> None:
    """Compare the labels of two files; exit code 1 when any disagree."""
    from ..problems.against import against
    from ..problems.files import read_problems

    if str(path) == str(other) == "-":
        raise PyriteError("the two problem files cannot both come from standard input")
    first, second = read_problems(path), read_problems(other)
    with progress(len(first) + len(second), "solving references") as advance:
        result = against(first, second, policy, workers=workers, progress=advance)
    result.complaints = [str(complaint) for complaint in (*first.complaints, *second.complaints)]
    if as_json:
        print_json(result.to_dict())
    else:
        _show_against(result, everything)
    if result.wrong:
        raise typer.Exit(1)


def _joined_row(item: Joined) -> tuple[str, ...]:
    from ..problems.against import said_by

    def ids(side: list[Said]) -> str:
        more = f" and {len(side) - 1:,} more" if len(side) > 1 else ""
        return f"{side[0].id[:40]}{more}"

    def said(side: list[Said]) -> str:
        return said_by([said.label for said in side if said.label is not None])[:40]

    ours = said_by([found for side in (item.a, item.b) for said in side if (found := said.ours) is not None])[:40]
    state = item.state.upper() if item.state == "disagree" else item.state
    return (ids(item.a), ids(item.b), said(item.a), said(item.b), ours, item.sides, state)


def _show_against(result: Against, everything: bool) -> None:
    shown = [
        item
        for item in result.joined
        if everything or item.state != "agree" or (item.state == "agree" and item.sides in ("neither", "split"))
    ]
    if shown:
        echo(table(("A", "B", "A says", "B says", "ours", "sides with", "labels"), map(_joined_row, shown), left=7))
    for complaint in result.complaints:
        echo(one_line(complaint, 1_000))
    for item in shown:
        if item.state == "disagree":
            echo(one_line(f"{item.a[0].id} / {item.b[0].id}: {item.message}", 1_000))
    counts = result.counts()
    sizes = " and ".join(f"{size:,}" for size in counts["problems"])
    echo(
        f"{sizes} problems, {counts['texts_in_both']:,} texts in both: {counts['agree']:,} agree, "
        f"{counts['rounded']:,} but for rounding, {counts['disagree']:,} disagree, {counts['no-label']:,} without label"
    )
    if counts["disagree_and_ours_sides_with"]:
        sides = counts["disagree_and_ours_sides_with"].items()
        echo("where they disagree, our solution sides with: " + ", ".join(f"{name} {n:,}" for name, n in sides))
    for name, text in (
        ("agree_and_ours_differs", "agree with each other, and our solution of the reference is another"),
        ("duplicated", "are asked more than once by a file"),
        ("same_text_other_data", "have the same words and other data, and were not compared"),
    ):
        if counts[name]:
            echo(f"{counts[name]:,} texts {text}")


def _row(entry: AuditEntry) -> tuple[str, ...]:
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
        echo(one_line(complaint, 1_000))
    for entry in entries:
        for fault in entry.faults:
            echo(one_line(f"{entry.id}: {fault.code}: {fault.message}", 1_000))
    echo(_totals(result.counts()))


def _rich_table(rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, header_style="bold")
    for title in _HEAD:
        grid.add_column(title, justify="right" if title in ("stated", "whole", "fractional") else "left")
    for row in rows:
        style = "red" if any(word.isupper() for word in row[-1].split(", ")) else None
        grid.add_row(*(Text(one_line(cell)) for cell in row), style=style)
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
