"""Evidence as sentences for people and as plain JSON for pages: plans, violated rows, conflicts, rays, gaps.

Every number appears as a float under its name and, when the float is not the whole truth, as an exact ``p/q`` text
under ``<name>_exact``. Lists are cut at :data:`LISTED` entries, and how many were left out is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..programs.program import Program, Quadratic, Row
from ..rationals import Exact, Fraction, magnitude, show
from .exactness import Violation
from .solution import Conflict

LISTED = 200
"""Plans, rays and lists of rows in a verdict hold at most so many entries."""

_EXACT_CHARS = 200
_TERMS = 8


def to_float(value: Exact) -> float | None:
    """The nearest float, or None when the number is beyond all floats (JSON has no infinity)."""
    try:
        return float(value)
    except OverflowError:
        return None


def number(name: str, value: Exact) -> dict[str, Any]:
    """``{name: float}`` and, where the float is not exact and the text not endless, ``{name_exact: "p/q"}``.

    >>> number("gap", Fraction(1, 3)), number("gap", 2)
    ({'gap': 0.3333333333333333, 'gap_exact': '1/3'}, {'gap': 2.0})
    """
    nearest = to_float(value)
    document: dict[str, Any] = {name: nearest}
    if nearest is None or Fraction(nearest) != value:
        text = _short(value)
        if text is not None:
            document[f"{name}_exact"] = text
    return document


def point(name: str, program: Program, values: Sequence[Exact]) -> dict[str, Any]:
    """A number for each column by its name. Of long points only what is not zero, and of that the first entries."""
    columns = program.columns
    chosen = list(zip(columns, values, strict=True))
    if len(chosen) > LISTED:
        chosen = [(column, value) for column, value in chosen if value != 0][:LISTED]
    floats: dict[str, float | None] = {}
    exact: dict[str, str] = {}
    for column, value in chosen:
        nearest = floats[column.name] = to_float(value)
        if nearest is None or Fraction(nearest) != value:
            text = _short(value)
            if text is not None:
                exact[column.name] = text
    document: dict[str, Any] = {name: floats}
    if exact:
        document[f"{name}_exact"] = exact
    if len(columns) > len(floats):
        document[f"{name}_omitted"] = len(columns) - len(floats)
    return document


def row_text(program: Program, row: Row) -> str:
    """The row as a relation: ``2*bread + 4*cake <= 120``. Long ones are cut in the middle of nothing: ``... (+12)``."""
    body = _body_text(program, row.body)
    if row.lower is not None and row.lower == row.upper:
        return f"{body} == {show(row.lower)}"
    text = body
    if row.lower is not None and row.upper is not None:
        return f"{show(row.lower)} <= {text} <= {show(row.upper)}"
    if row.upper is not None:
        return f"{text} <= {show(row.upper)}"
    return f"{text} >= {show(row.lower)}" if row.lower is not None else f"{text} is free"


def _body_text(program: Program, body: Quadratic) -> str:
    parts: list[tuple[Exact, str]] = []
    for j, coefficient in body.linear.items():
        parts.append((coefficient, program.columns[j].name))
    for (j, k), coefficient in body.quadratic.items():
        first, second = program.columns[j].name, program.columns[k].name
        parts.append((coefficient, f"{first}**2" if j == k else f"{first}*{second}"))
    if not parts:
        return "0"
    shown = []
    for place, (coefficient, name) in enumerate(parts[:_TERMS]):
        size = "" if magnitude(coefficient) == 1 else f"{show(magnitude(coefficient))}*"
        sign = ("-" if place == 0 else " - ") if coefficient < 0 else ("" if place == 0 else " + ")
        shown.append(f"{sign}{size}{name}")
    more = f" + ... ({len(parts) - _TERMS} more)" if len(parts) > _TERMS else ""
    return "".join(shown) + more


def violated(program: Program, found: Iterable[Violation], units: Mapping[str, str]) -> list[dict[str, Any]]:
    """The broken rows, bounds and integralities as JSON, the worst (relative to its bound) first.

    Each has ``kind`` (row, lower, upper, integer), ``row`` or ``variable``, ``side`` (lower, upper, equal or whole),
    ``value``, ``bound``, ``excess`` and a ``sentence``; rows also their ``constraint`` and ``text``.
    """
    ranked = sorted(found, key=lambda item: item.amount / max(1, magnitude(item.bound)), reverse=True)
    return [_violation(program, item, units) for item in ranked[:LISTED]]


def _violation(program: Program, item: Violation, units: Mapping[str, str]) -> dict[str, Any]:
    numbers = {**number("value", item.value), **number("bound", item.bound), **number("excess", item.amount)}
    if item.kind == "row":
        row = program.rows[item.number]
        side = "equal" if row.lower == row.upper else "upper" if item.value > item.bound else "lower"
        unit = units.get(row.constraint) or units.get(row.name) or ""
        return {
            "kind": "row",
            "row": row.name,
            "constraint": row.constraint,
            "side": side,
            **numbers,
            "text": row_text(program, row),
            "sentence": _row_sentence(row, side, item, unit),
        }
    column = program.columns[item.number]
    unit = units.get(column.variable) or units.get(column.name) or ""
    side = "whole" if item.kind == "integer" else item.kind
    return {
        "kind": item.kind,
        "variable": column.name,
        "side": side,
        **numbers,
        "sentence": _column_sentence(column.name, item, unit),
    }


def _row_sentence(row: Row, side: str, item: Violation, unit: str) -> str:
    value, bound, excess = show(item.value), show(item.bound), show(item.amount)
    measure = f" {unit}" if unit else ""
    if side == "equal":
        return f"{row.name} comes to {value}{measure} and must be exactly {bound} (off by {excess})"
    if side == "lower":
        return f"{row.name} comes to {value}{measure}, at least {bound} are needed ({excess} short)"
    # A resource: everything in the row uses some of it.
    if unit and not row.body.quadratic and all(coefficient > 0 for coefficient in row.linear.values()):
        return f"{row.name} uses {value}{measure}, {bound} exist ({excess} too many)"
    return f"{row.name} comes to {value}{measure}, at most {bound} are allowed ({excess} too many)"


def _column_sentence(name: str, item: Violation, unit: str) -> str:
    value, bound = show(item.value), show(item.bound)
    measure = f" {unit}" if unit else ""
    if item.kind == "integer":
        return f"{name} is {value}{measure} and must be a whole number"
    limit = "at least" if item.kind == "lower" else "at most"
    return f"{name} is {value}{measure} and must be {limit} {bound}"


def conflict(program: Program, found: Conflict) -> dict[str, Any]:
    """The members of a conflict by name: ``rows`` [{row, constraint, text}], ``bounds`` [{variable, side, bound}],
    ``integers`` [names], ``proved`` and a ``sentence``."""
    rows = [program.rows[i] for i in found.rows]
    document: dict[str, Any] = {
        "rows": [
            {"row": row.name, "constraint": row.constraint, "text": row_text(program, row)} for row in rows[:LISTED]
        ],
        "bounds": [],
        "integers": [program.columns[j].name for j in found.integers[:LISTED]],
        "proved": found.proved,
    }
    words = [row.name for row in rows]
    for j, side in found.bounds[:LISTED]:
        column = program.columns[j]
        bound = column.lower if side == "lower" else column.upper
        entry: dict[str, Any] = {"variable": column.name, "side": side}
        if bound is not None:
            entry |= number("bound", bound)
            words.append(f"{column.name} {'>=' if side == 'lower' else '<='} {show(bound)}")
        document["bounds"].append(entry)
    words += [f"{name} whole" for name in document["integers"]]
    document["sentence"] = _conflict_sentence(words, found.proved)
    return document


def _conflict_sentence(parts: Sequence[str], proved: bool) -> str:
    if not parts:
        return "no point satisfies all constraints"
    if len(parts) == 1:
        return f"{parts[0]} cannot hold at all"
    named = enumeration(parts)
    rest = "" if proved else " (perhaps fewer of them already: time ran out before each was tested)"
    return f"{named} cannot hold together{rest}"


def ray_sentence(program: Program, ray: Sequence[Exact], unit: str = "") -> str:
    """Where a ray leads: which variables grow or fall, and what the objective does."""
    moves = [
        f"{column.name} {'grows' if step > 0 else 'falls'}"
        + ("" if magnitude(step) == 1 else f" by {show(magnitude(step))}")
        for column, step in zip(program.columns, ray, strict=True)
        if step != 0
    ]
    direction = {"maximize": "rises", "minimize": "falls"}.get(program.sense, "changes")
    measure = f" ({unit})" if unit else ""
    return f"the objective{measure} {direction} without end while {enumeration(moves)}, and no row stops it"


def enumeration(parts: Sequence[str], most: int = 6) -> str:
    """``a, b and c``; beyond ``most`` parts the rest is counted.

    >>> enumeration(["a", "b", "c"]), enumeration(list("abcdefgh"), most=3)
    ('a, b and c', 'a, b, c and 5 more')
    """
    if len(parts) > most:
        return f"{', '.join(parts[:most])} and {len(parts) - most} more"
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _short(value: Exact) -> str | None:
    """The exact number as text, unless it has hundreds of digits."""
    value = Fraction(value)
    # 3.32 bits make a digit; str() of a huge int is slow and, beyond 4,300 digits, an error.
    if (value.numerator.bit_length() + value.denominator.bit_length()) > 3.3 * _EXACT_CHARS:
        return None
    return str(value)
