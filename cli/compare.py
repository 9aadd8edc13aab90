"""``pyrite compare``: what changed between two runs on the same problems, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from .console import echo, note, print_json

if TYPE_CHECKING:
    from ..reports.tables.table import Table

_FORMATS = ("text", "markdown", "latex", "csv")


def register(app: typer.Typer) -> None:
    """Add ``compare``."""
    app.command("compare")(compare_command)


def compare_command(
    first: Annotated[Path, typer.Argument(help="The run before (or the baseline), or a log of inspect_ai or lm-eval.")],
    second: Annotated[Path, typer.Argument(help="The run after, or the other log.")],
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Compare runs under different policies or problems; it is said.")
    ] = False,
    kind: Annotated[
        str, typer.Option("--format", help="text, markdown, latex or csv (csv: one row a flip, with its reason).")
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON, every flip included.")] = False,
) -> None:
    """Compare two runs: exact McNemar, paired bootstrap, flips both ways, and what the gain is made of."""
    from ..reports.tables.overview import changes_table, flips_table, pair_of
    from ..reports.tables.pass_at_k import pass_at_k_changes_table
    from ..reports.tables.scores import scores_table
    from ..results.collection import read_collection

    if kind not in _FORMATS:
        raise PyriteError(f"--format is one of {', '.join(_FORMATS)}, not {kind!r}")
    if first.is_file() and second.is_file():
        _compare_logs(first, second, kind, as_json)
        return
    collection = read_collection([first, second], allow_mixed=allow_mixed)
    for run in collection.runs:
        for complaint in run.notes:
            note(f"pyrite: {run.name}: {complaint}")
    for sentence in collection.mixed:
        note(f"pyrite: mixed: {sentence}")
    pair = pair_of(*collection.runs)
    sampled = pass_at_k_changes_table(*collection.runs)
    if as_json:
        document: dict[str, Any] = {"first": str(first), "second": str(second), "mixed": list(collection.mixed)}
        document["scores"] = scores_table(collection).to_dict()["rows"]
        document["changes"] = changes_table(pair).to_dict()["rows"]
        document["flips"] = flips_table(pair).to_dict()["rows"]
        document["pass_at_k"] = [] if sampled is None else sampled.to_dict()["rows"]
        document["decomposition"] = None if pair.split is None else asdict(pair.split)
        document["power"] = pair.power
        document["words"] = pair.words
        print_json(document)
        return
    tables = [scores_table(collection), changes_table(pair), *([] if sampled is None else [sampled])]
    if pair.flips:
        tables.append(flips_table(pair, 40 if kind == "text" else None))
    _show(tables, flips_table(pair), kind)


def _show(tables: Sequence[Table], flips: Table | None, kind: str) -> None:
    """The tables as text, Markdown or LaTeX; as CSV the flips alone, a row each."""
    from ..reports.tables.exports import markdown, table_csv
    from ..reports.tables.latex import PREAMBLE, latex
    from ..reports.tables.table import show_tables

    if kind == "text":
        show_tables(tables)
    elif kind == "csv":
        echo("" if flips is None else table_csv(_on_lines(flips)).rstrip("\n"))
    else:
        write = markdown if kind == "markdown" else latex
        echo("\n".join([*([PREAMBLE] if kind == "latex" else []), *map(write, tables)]))


def _compare_logs(first: Path, second: Path, kind: str, as_json: bool) -> None:
    """Two logs of other harnesses: whatever score of 0 and 1 they share."""
    from ..reports.tables.changes import log_tables
    from ..results.score_logs import compare_logs, read_score_log

    logs = [read_score_log(path) for path in (first, second)]
    for log in logs:
        for line in log.notes:
            note(f"pyrite: {log.name}: {line}")
    names = [log.name for log in logs] if logs[0].name != logs[1].name else [str(first), str(second)]
    changes, flips = compare_logs(*logs)
    tables = log_tables(names[0], names[1], changes, flips, 40 if kind == "text" and not as_json else None)
    if as_json:
        print_json({"first": str(first), "second": str(second), **{t.name: t.to_dict()["rows"] for t in tables}})
    else:
        _show(tables, next((table for table in tables if table.name == "flips"), None), kind)


def _on_lines(table: Table) -> Table:
    """The table with a line a row on the terminal, whatever its texts say."""
    records = [{key: one_line(v) if isinstance(v, str) else v for key, v in row.items()} for row in table.records]
    return replace(table, records=records)
