"""One import from start to end: find the layout, convert every row, count what happened."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ...feasibility.errors import PyriteError
from .layouts import LAYOUTS, Layout, in_turn
from .records import ConvertedRecord, Import, ImportOptions, Remark, RowError, SourceRow
from .rows import read_rows

_LOOK = 50
"""Rows that are looked at to recognise a layout: the first of them may be broken."""


def import_problems(path: Path, format_name: str | None = None, options: ImportOptions | None = None) -> Import:
    """Read a published set. Without ``format_name`` the layout is recognised from its rows.

    A row that cannot be converted is a remark with its file, row and column, and the rest goes on. Of two rows with
    one id the second gets a numbered id, and a remark. Raises PyriteError for a path that cannot be read, an unknown
    format, and a layout that is not recognised.
    """
    options = options or ImportOptions()
    if format_name is not None and format_name not in LAYOUTS:
        raise PyriteError(f"there is no format {format_name!r}; formats are {', '.join(LAYOUTS)}")
    if not path.exists():
        raise PyriteError(f"{path} does not exist; give the path of a file or folder")
    if options.columns and format_name is None:
        format_name = "table"
    if format_name is not None:
        layout = LAYOUTS.get(format_name)
        return _convert(layout.rows(path), layout, options)
    claimed = next((layout for layout in in_turn() if path.is_dir() and layout.claims(path)), None)
    if claimed is not None:
        return _convert(claimed.rows(path), claimed, options)
    layout, rows = _recognise(path, read_rows(path))
    return _convert(rows, layout, options)


def _recognise(path: Path, rows: Iterator[SourceRow | Remark]) -> tuple[Layout, Iterator[SourceRow | Remark]]:
    seen = list(itertools.islice(rows, _LOOK))
    for item in seen:
        if isinstance(item, Remark):
            continue
        for layout in in_turn():
            if layout.recognises(item.columns):
                return layout, itertools.chain(seen, rows)
    first = next((item for item in seen if isinstance(item, SourceRow)), None)
    if first is None:
        problem = str(seen[0]) if seen else "no rows"
        raise PyriteError(f"{path} has no known layout ({problem}); known are {', '.join(LAYOUTS)}")
    columns = ", ".join(map(str, list(first.columns)[:8]))
    raise PyriteError(
        f"{path} has no known layout: its columns are {columns}; say --map text=COLUMN,optimum=COLUMN for a table, "
        f"or --format with one of {', '.join(LAYOUTS)}"
    )


def _convert(rows: Iterable[SourceRow | Remark], layout: Layout, options: ImportOptions) -> Import:
    outcome = Import(layout.name)
    ids: dict[str, int] = {}
    for item in rows:
        if isinstance(item, Remark):
            outcome.read += not item.kept  # a kept remark is about a row that is still to come
            outcome.remarks.append(item)
            continue
        outcome.read += 1
        file = item.file.name
        try:
            converted = layout.convert(item, options)
        except RowError as error:
            outcome.remarks.append(Remark(file, item.number, error.column, error.code, error.message, kept=False))
            continue
        except PyriteError as error:  # a formulation that does not build, with its reason
            outcome.remarks.append(Remark(file, item.number, "", "does-not-build", error.message, kept=False))
            continue
        for one in converted:
            outcome.remarks += [
                Remark(file, item.number, column, code, message, True) for code, column, message in one.remarks
            ]
            _add(outcome, one, ids, file, item.number)
    return outcome


def _add(outcome: Import, converted: ConvertedRecord, ids: dict[str, int], file: str, number: int) -> None:
    problem = converted.problem
    if problem.id in ids:
        fresh = problem.id
        while fresh in ids:
            ids[problem.id] += 1
            fresh = f"{problem.id}-{ids[problem.id]}"
        message = f"the id {problem.id!r} was used before; this row is {fresh!r}"
        outcome.remarks.append(Remark(file, number, "id", "repeated-id", message, kept=True))
        problem = replace(problem, id=fresh)
    ids.setdefault(problem.id, 1)
    outcome.problems.append(problem)
