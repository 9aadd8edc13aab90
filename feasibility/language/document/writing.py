"""JSON text with exact decimals: what ``json.dumps`` writes, but no digit of a number is lost."""

from __future__ import annotations

import json
from typing import Any

from ...rationals import Exact, to_decimal


class ExactDecimal(float):
    """A decimal with more digits than a float holds: the nearest float for everybody, all its digits for `to_json`."""

    __slots__ = ("exact",)

    exact: Exact

    def __new__(cls, exact: Exact) -> ExactDecimal:
        self = super().__new__(cls, exact)
        self.exact = exact
        return self

    def __reduce__(self) -> tuple[type[ExactDecimal], tuple[Exact]]:
        return ExactDecimal, (self.exact,)


def to_json(document: Any, indent: int | None = None) -> str:
    """The text of a JSON document; without ``indent`` without any white space. Characters are written as they are."""
    if not _has_exact(document):
        separators = (",", ":") if indent is None else None
        return json.dumps(document, ensure_ascii=False, indent=indent, separators=separators)
    return _write(document, indent, 0)


def _has_exact(document: Any) -> bool:
    todo = [document]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, ExactDecimal):
            return True
    return False


def _write(value: Any, indent: int | None, level: int) -> str:
    """One value; the depth of a document is bounded by whoever made it."""
    if isinstance(value, ExactDecimal):
        return to_decimal(value.exact) or repr(float(value))
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    colon = ":" if indent is None else ": "
    if isinstance(value, dict):
        parts = [json.dumps(key, ensure_ascii=False) + colon + _write(v, indent, level + 1) for key, v in value.items()]
    else:
        parts = [_write(item, indent, level + 1) for item in value]
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    if indent is None:
        return first + ",".join(parts) + last
    inner, outer = "\n" + " " * indent * (level + 1), "\n" + " " * indent * level
    return first + inner + ("," + inner).join(parts) + outer + last
