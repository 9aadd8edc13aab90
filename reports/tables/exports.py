"""Tables for papers and notebooks: Markdown, CSV, and every output as Parquet or CSV (LaTeX: ``latex.py``)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...feasibility.disk import storable
from ...problems.parquet import Kind, write_parquet
from ...results.collection import Collection
from ...results.observing import asked_stages
from ..escaping import shortened
from .table import Table

FORMATS = ("html", "markdown", "csv", "parquet", "latex")

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~$])")
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")


def markdown(table: Table) -> str:
    """A pipe table with its title and notes; names cannot break out of their cell."""
    rows = [[column.title for column in table.columns], *table.rows]
    lines = [f"### {_markdown(table.title)}", ""]
    for number, row in enumerate(rows):
        lines.append("| " + " | ".join(_markdown(cell) for cell in row) + " |")
        if number == 0:
            lines.append("|" + "|".join("---:" if column.numeric else ":---" for column in table.columns) + "|")
    lines.append("")
    for note in table.notes:
        lines += [_markdown(note), ""]
    return "\n".join(lines)


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", shortened(text, 1000))


def table_csv(table: Table) -> str:
    """The table's bare values as CSV (RFC 4180, with a header line)."""
    return _csv(list(table.records))


def output_records(collection: Collection) -> Iterator[dict[str, Any]]:
    """One record an output: both scores, every stage's status and code, the numbers. For notebooks and other tools."""
    shown = asked_stages(*(run.observed for run in collection.runs))
    for run in collection.runs:
        for verdict in sorted(run.verdicts, key=lambda item: (item.problem_id, item.sample)):
            record: dict[str, Any] = {
                "run": run.name,
                "problem_id": storable(verdict.problem_id),
                "sample": verdict.sample,
                "family": run.families.get(verdict.problem_id),
                "surface": verdict.surface,
                "substance": verdict.substance,
                "strongest": verdict.strongest,
                "first_failure": verdict.first_failure,
                "optimum": verdict.optimum,
                "reference_optimum": verdict.reference_optimum,
                "proof": verdict.proof,
                "relation": verdict.relation,
            }
            for stage in shown:
                record[stage] = verdict.result(stage).status
                record[f"{stage}_code"] = verdict.result(stage).code
            record["seconds"] = verdict.seconds
            yield record


def outputs_csv(collection: Collection) -> str:
    """Every output as a line of CSV."""
    return _csv(list(output_records(collection)))


def outputs_parquet(collection: Collection, path: Path) -> None:
    """Every output as a row of a Parquet file, all or nothing. Needs pyarrow (``pyrite[parquet]``)."""
    shown = asked_stages(*(run.observed for run in collection.runs))
    names = ("run", "problem_id", "family", "strongest", "first_failure", "proof", "relation")
    columns: dict[str, Kind] = dict.fromkeys(names, "text")
    columns |= {"sample": "integer", "surface": "boolean", "substance": "boolean"}
    columns |= {"optimum": "number", "reference_optimum": "number"}
    columns |= dict.fromkeys((*shown, *(f"{stage}_code" for stage in shown)), "text")
    columns["seconds"] = "number"
    write_parquet(path, columns, output_records(collection))


def _csv(records: Sequence[dict[str, Any]]) -> str:
    if not records:
        return ""
    stream = io.StringIO()
    # A run may lack what another has, such as a gap.
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    csv.writer(stream, lineterminator="\n").writerow([_csv_cell(name) for name in names])
    for record in records:
        writer.writerow({key: _csv_cell(value) for key, value in record.items()})
    return stream.getvalue()


def _csv_cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front; a lone carriage return, which the
    writer leaves bare and readers take for the end of a row, becomes a line feed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if _FORMULA.match(text) else text
