"""``pyrite problems import``: published sets into ``problems.jsonl``, with their faults made visible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import echo, note, print_json

if TYPE_CHECKING:
    from ..problems.importers.records import Import

_FORMATS = (
    "pyrite (what problems export wrote), nl4opt, mamo, optibench, industryor,"
    " complexor, nlp4lp, optmath, questions, folders or table"
)


def register(app: typer.Typer) -> None:
    """Add ``import`` to the ``problems`` commands."""
    app.command("import")(import_command)


def import_command(
    path: Annotated[Path, typer.Argument(help="The file or folder of the published set.")],
    out: Annotated[Path, typer.Option("--out", help="The problems.jsonl to write.")],
    format_name: Annotated[
        str | None, typer.Option("--format", help=f"{_FORMATS}; recognised by the layout when not given.")
    ] = None,
    integrality: Annotated[
        str,
        typer.Option(help="NL4OPT gives no domains: read its counts as whole or fractional. Both optima are recorded."),
    ] = "whole",
    mapping: Annotated[
        str | None, typer.Option("--map", help="Columns of a table: id=nr,text=question,optimum=results.objective ...")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and remarks as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Counts only, without a line for each remark.")] = False,
) -> None:
    """Bring a public benchmark in. Unusable rows are reported with file, row and column; the rest goes on."""
    from ..problems.importers.importing import import_problems
    from ..problems.importers.records import ImportOptions
    from ..problems.importers.tabular import parse_mapping
    from ..problems.lines import write_lines

    if integrality not in ("whole", "fractional"):
        raise PyriteError(f"--integrality is whole or fractional, not {integrality!r}")
    options = ImportOptions(
        "whole" if integrality == "whole" else "fractional", parse_mapping(mapping) if mapping else {}
    )
    outcome = import_problems(path, format_name, options)
    if not outcome.problems:
        first = f"; the first: {outcome.left_out[0]}" if outcome.left_out else ""
        raise PyriteError(f"{path}: none of {outcome.read} rows became a problem{first}")
    if not out.parent.is_dir():
        raise PyriteError(f"--out {out}: the folder {out.parent} does not exist")
    write_lines(out, (problem.to_dict() for problem in outcome.problems))
    if not quiet:
        for remark in outcome.remarks:
            note(str(remark))
    if as_json:
        remarks = [remark.to_dict() for remark in outcome.remarks]
        print_json({**outcome.counts(), "out": str(out), "notes": remarks})
    else:
        echo(summary(outcome, out))


def summary(outcome: Import, out: Path) -> str:
    """The counts, a line each."""
    counts = outcome.counts()
    lines = [
        f"format    {counts['format']}",
        f"read      {counts['read']:,} rows",
        f"imported  {counts['imported']:,} problems into {out}",
        f"left out  {counts['left_out']:,} rows",
    ]
    for title, name in (("judged by", "kinds"), ("statuses", "statuses"), ("remarks", "remarks")):
        if counts[name]:
            lines.append(f"{title:<9} " + ", ".join(f"{key} {value:,}" for key, value in counts[name].items()))
    return "\n".join(lines)
