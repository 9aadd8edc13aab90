"""Any table (JSON lines, CSV, parquet, saved datasets) by a mapping of its columns: ``--map id=nr,text=Frage``.

Fields: id, text, optimum (an answer cell as in :mod:`.answers`), status (optimal, infeasible, unbounded), reference (a
formulation, as an object or JSON text), data (the same), family, source, split. A dotted name reaches into nested
columns: ``optimum=results.objective``. Columns named like a field map to it without being said; Pyrite's own
``problems.jsonl`` is the case where all are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...feasibility.errors import PyriteError
from ..problem import Problem
from .records import ConvertedRecord, ImportOptions, RowError, SourceRow, label, plain_extra

NAME = "table"
FIELDS = ("id", "text", "optimum", "status", "reference", "data", "family", "source", "split")
_STATUSES = {"optimal": "optimal", "infeasible": "infeasible", "unbounded": "unbounded"}


def parse_mapping(text: str) -> dict[str, str]:
    """``id=nr,text=Frage`` as a mapping. Raises PyriteError for a field that does not exist or a part without ``=``."""
    mapping = {}
    for part in text.split(","):
        name, equals, column = (item.strip() for item in part.partition("="))
        if not equals or not column:
            raise PyriteError(f"--map: {part.strip()!r} is not FIELD=COLUMN; fields are {', '.join(FIELDS)}")
        if name not in FIELDS:
            raise PyriteError(f"--map: there is no field {name!r}; fields are {', '.join(FIELDS)}")
        mapping[name] = column
    return mapping


def recognises(columns: Mapping[str, Any]) -> bool:
    """A row that says ``text`` needs no mapping."""
    return "text" in columns and any(name in columns for name in ("optimum", "reference", "status"))


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row by the mapping. Raises RowError naming the column."""
    mapping = {name: options.columns.get(name, name) for name in FIELDS}
    for name, column in options.columns.items():
        if column.partition(".")[0] not in row.columns:
            known = ", ".join(map(str, list(row.columns)[:8]))
            raise RowError("no-column", column, f"no such column (mapped to {name}); columns are {known}")
    cells = {name: _cell(row.columns, column) for name, column in mapping.items()}
    text = cells["text"]
    if not isinstance(text, str) or not text.strip():
        raise RowError("no-question", mapping["text"], "no question")
    document: dict[str, Any] = {
        "id": str(cells["id"] if cells["id"] not in (None, "") else row.number),
        "text": text.strip(),
    }
    for name in ("family", "source", "split"):
        if cells[name] not in (None, ""):
            document[name] = str(cells[name])
    for name in ("reference", "data"):
        if cells[name] not in (None, ""):
            document[name] = _loaded(cells[name], mapping[name])
    status = str(cells["status"] or "").strip().casefold()
    if status and status not in _STATUSES:
        raise RowError("unknown-status", mapping["status"], f"status {status[:40]!r} is none of {', '.join(_STATUSES)}")
    remarks: list[tuple[str, str, str]] = []
    extra: dict[str, Any] = {}
    if cells["optimum"] not in (None, "") or not (status or "reference" in document):
        read = label(cells["optimum"], mapping["optimum"])
        remarks, extra = list(read.remarks), dict(read.extra)
        status = status or read.status or ""
    else:
        read = None
    try:
        problem = Problem.from_dict({**document, **({"status": status} if status else {})})
    except PyriteError as error:
        raise RowError("unreadable-reference", mapping["reference"], error.message) from error
    used = {column for column in mapping.values() if column in row.columns}
    return ConvertedRecord(
        Problem(
            problem.id, problem.text, problem.reference, None if read is None else read.optimum, problem.status,
            problem.data, problem.family, problem.source, problem.split,
            dict(row.columns.get("units") or {}) if isinstance(row.columns.get("units"), Mapping) else {},
            {**plain_extra(row.columns, used | {"units"}), **extra},
        ),
        remarks,
    )  # fmt: skip


def _cell(columns: Mapping[str, Any], path: str) -> Any:
    if path in columns:
        return columns[path]
    value: Any = columns
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _loaded(cell: Any, column: str) -> Any:
    from ...feasibility.language.document.reading import read_json
    from ...feasibility.policy import Policy

    if isinstance(cell, str):
        document, findings = read_json(cell, Policy())
        if document is None:
            reason = findings[0].message if findings else "not JSON"
            raise RowError("unreadable-reference", column, f"not a JSON object: {reason}")
        cell = document
    if not isinstance(cell, Mapping):
        raise RowError("unreadable-reference", column, f"a {type(cell).__name__}, not an object")
    return cell
