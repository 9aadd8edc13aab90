"""The rows of one JSON document: a list's, those of a list within it, columns side by side, or a row a key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from ...feasibility.errors import PyriteError
from .choosing import is_answer_name
from .names import CONVERSATIONS, NAMING, PROMPTS, folded, is_id_name
from .values import is_formulation

_INSIDE: Final = ("samples", "results", "outputs", "responses", "data", "rows", "predictions", "generations")
_PARTS: Final = frozenset(
    {*CONVERSATIONS, *PROMPTS, "choices", "candidates", "completion", "content", "parts", "output"}
)
"""Lists that belong to one row."""


def inner_rows(document: Any, label: str) -> list[Mapping[str, Any]]:
    """The rows of a document: a list's, those of what it holds, or itself. Raises PyriteError when it holds none."""
    if isinstance(document, list):
        wrong = [item for item in document if not isinstance(item, dict)]
        if wrong:
            raise PyriteError(f"{label}: a list of JSON objects is needed, this one holds {json.dumps(wrong[0])[:40]}")
        return document
    assert isinstance(document, dict)
    columns = _table(document) or _columns(document)
    if columns:
        return columns
    names = {folded(name) for name in document}
    if any(name in names for name in ("doc_id", *NAMING)):
        return [document]
    for name in _INSIDE:
        inner = document.get(name)
        if isinstance(inner, dict):  # promptfoo keeps its results one level deeper, lm-eval each task's samples
            inner = inner[name] if name in inner else _only(inner, label)
        if _are_rows(inner):
            assert isinstance(inner, list)
            own = {folded(name) for name in inner[0]} & {"doc_id", *NAMING, *PROMPTS}
            if own or not names & set(PROMPTS):  # else the answers to one question
                return inner
    return [document]


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _only(tasks: Mapping[str, Any], label: str) -> Any:
    """The rows of the only task. Raises PyriteError when several have some."""
    found = [name for name, value in tasks.items() if _are_rows(value)]
    if len(found) > 1:
        raise PyriteError(f"{label} holds the rows of several tasks ({', '.join(found)[:200]}); give one a file")
    return tasks[found[0]] if found else None


def _table(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Names in ``columns`` and a list of cells a row in ``data``, as pandas and Weights & Biases write tables."""
    names, data = document.get("columns"), document.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(name, str) for name in names):
        return []
    if not data or not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return []
    return [dict(zip(names, row, strict=True)) for row in data]


def _columns(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A list a column, or a map from row to cell as pandas writes it: ids or prompts beside as many answers."""
    kinds = {name: _cells(value) for name, value in document.items()}
    answers = [cells for name, cells in kinds.items() if cells is not None and is_answer_name(name)]
    naming = [
        cells
        for name, cells in kinds.items()
        if cells is not None and (is_id_name(name) or folded(name) in PROMPTS) and _are_scalars(cells)
    ]
    if not any(list(cells) == list(others) for cells in answers for others in naming):
        return []
    keys = list(answers[0])
    columns = {name: cells for name, cells in kinds.items() if cells is not None and list(cells) == keys}
    return [{name: cells[key] for name, cells in columns.items()} for key in keys]


def _cells(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, list) and value:
        return dict(enumerate(value))
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        return value
    return None


def _are_scalars(cells: Mapping[Any, Any]) -> bool:
    return all(value is None or isinstance(value, str | int | float) for value in cells.values())


def opened(document: Mapping[str, Any], ids: Collection[str]) -> list[Mapping[str, Any]]:
    """The rows of a document that is none itself: a row a key where keys are problems' ids or numbers from 0 or 1, the
    objects of its only list of objects, else the document.

    >>> opened({"p1": "an answer", "p2": {"output": "another"}}, {"p1", "p2"})
    [{'output': 'an answer', 'id': 'p1'}, {'output': 'another', 'id': 'p2'}]
    """
    known, count = sum(key in ids for key in document), len(document)
    if all(isinstance(value, str | list | dict) or value is None for value in document.values()):
        if 2 * known > count:
            return [{**_row(value), "id": key} for key, value in document.items()]
        if any(list(document) == [str(number) for number in range(first, first + count)] for first in (0, 1)):
            return [{"index": key, **_row(value)} for key, value in document.items()]
    lists = [value for name, value in document.items() if name not in _PARTS and _are_rows(value)]
    return list(lists[0]) if len(lists) == 1 else [document]


def _row(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) and not is_formulation(value) else {"output": value}
