"""``pyrite compare``: what changed between two runs on the same problems, and whether chance explains it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from .console import echo, note, print_json

_FORMATS = ("text", "markdown", "latex", "csv")


def register(app: typer.Typer) -> None:
    """Add ``compare``."""
    app.command("compare")(compare_command)


def compare_command(
    first: Annotated[Path, typer.Argument(help="The run before (or the baseline).")],
    second: Annotated[Path, typer.Argument(help="The run after.")],
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
    from ..reports.tables.scores import scores_table
    from ..reports.tables.table import show_tables
    from ..results.collection import read_collection

    if kind not in _FORMATS:
        raise PyriteError(f"--format is one of {', '.join(_FORMATS)}, not {kind!r}")
    collection = read_collection([first, second], allow_mixed=allow_mixed)
    for run in collection.runs:
        for complaint in run.notes:
            note(f"pyrite: {run.name}: {complaint}")
    for sentence in collection.mixed:
        note(f"pyrite: mixed: {sentence}")
    pair = pair_of(*collection.runs)
    if as_json:
        document: dict[str, Any] = {"first": str(first), "second": str(second), "mixed": list(collection.mixed)}
        document["scores"] = scores_table(collection).to_dict()["rows"]
        document["changes"] = changes_table(pair).to_dict()["rows"]
        document["flips"] = flips_table(pair).to_dict()["rows"]
        document["decomposition"] = None if pair.split is None else asdict(pair.split)
        document["power"] = pair.power
        document["words"] = pair.words
        print_json(document)
        return
    tables = [scores_table(collection), changes_table(pair)]
    if pair.flips:
        tables.append(flips_table(pair, 40 if kind == "text" else None))
    if kind == "text":
        show_tables(tables)
        return
    from ..reports.tables.exports import markdown, table_csv
    from ..reports.tables.latex import PREAMBLE, latex

    if kind == "csv":
        echo(table_csv(flips_table(pair)).rstrip("\n"))
        return
    write = markdown if kind == "markdown" else latex
    echo("\n".join([*([PREAMBLE] if kind == "latex" else []), *map(write, tables)]))
