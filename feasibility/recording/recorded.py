"""The recorded model: what a program had said when it reached the solver, read strictly from the sandbox's text.

The sandbox is not believed: the text is bounded, every entry is checked, and numbers come out exact. A number that a
program wrote is read as it prints (0.1 is 1/10). One that it computed carries the rounding of floating point; when a
short decimal or a simple fraction lies within a few units of the last place (0.30000000000000004, or
0.3333333333333333 for 1/3), that is what the program means and what is read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..language.formulation import Domain, Sense
from ..programs.program import Quadratic
from ..rationals import Exact, Fraction, simplify

MAX_TEXT = 64_000_000
"""Characters of a recorded model that are read."""

_INFINITE = 1e20
"""Sides and bounds from here on are none, as every recorded solver takes them."""

_NOTHING = 1e-13
"""What is left of coefficients that cancel (0.3 - 0.2 - 0.1); solvers leave smaller ones away, silently too."""

_DOMAINS = ("continuous", "integer", "binary")
_SENSES = ("minimize", "maximize", "feasibility")

RecordedKey = tuple[str | int, ...]


class Unreadable(Exception):  # noqa: N818 - the name says what it is
    """The sandbox's text is no model: ``code`` and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RecordedColumn:
    """A variable: the name the program gave it, the family and key of an indexed one, and where the program keeps it
    (``kept`` is the Python name, ``kept_at`` the key in a list or map of that name).
    """

    given: str
    family: str
    key: RecordedKey | None
    kept: str
    kept_at: RecordedKey | None
    domain: Domain
    lower: Exact | None
    upper: Exact | None


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """A constraint ``lower <= body <= upper``; the body's constant is moved into the sides."""

    name: str
    body: Quadratic
    lower: Exact | None
    upper: Exact | None


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """A whole model, and notes on how it was read."""

    library: str
    columns: tuple[RecordedColumn, ...]
    rows: tuple[RecordedRow, ...]
    sense: Sense
    objective: Quadratic
    notes: tuple[str, ...]


def read_recorded(text: str) -> RecordedModel:
    """The model that the sandbox's text says. Raises Unreadable."""
    if len(text) > MAX_TEXT:
        raise Unreadable(
            "model-too-large", f"the recorded model has {len(text):,} characters; at most {MAX_TEXT:,} are read"
        )
    try:
        document = json.loads(text)
        columns = tuple(_column(entry) for entry in document["columns"])
        rows = [_row(entry, len(columns)) for entry in document["rows"]]
        sense = document["sense"]
        objective = _body(document["objective"], len(columns), "the objective")
        notes = tuple(str(note)[:200] for note in document["notes"][:20])
        library = str(document["library"])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise Unreadable("not-recorded", "the program changed the recorder, and no model can be read") from error
    if sense not in _SENSES:
        raise Unreadable("not-recorded", "the program changed the recorder, and no model can be read")
    return RecordedModel(library, columns, tuple(row for row in rows if row is not None), sense, objective, notes)


_CANCELLED = 10**13
"""A computed number this much nearer to a decimal of nine digits than its own size is that decimal. One in 5,000 of the
numbers that mean something else comes so near, and 1e-13 of it is less than any tolerance."""


def exact(value: Any, where: str) -> Exact:
    """The number that a program means by a float, or an int. Raises Unreadable for NaN and infinity.

    >>> exact(0.1, "x"), exact(0.1 + 0.2, "x"), exact(1 / 3, "x"), exact(100 / 7, "x")
    (Fraction(1, 10), Fraction(3, 10), Fraction(1, 3), Fraction(100, 7))
    >>> exact(0.85 - 0.9, "x"), exact(1 / 3 - 0.3, "x"), exact(0.0512345678901234, "x")
    (Fraction(-1, 20), Fraction(1, 30), Fraction(256172839450617, 5000000000000000))
    """
    if not isinstance(value, int | float):
        raise TypeError(f"{where}: not a number")
    if isinstance(value, int):
        value = int(value)  # True is 1, as in every program
        if abs(value) > 10**40:
            raise Unreadable("infinite-number", f"{where}: a whole number of more than 40 digits")
        whole: int = value
        return whole
    if not math.isfinite(value):
        raise Unreadable("infinite-number", f"{where}: the coefficient is {value}")
    printed = repr(value)
    digits = len(printed.split("e")[0].replace(".", "").replace("-", "").strip("0"))
    if digits <= 15:
        return simplify(Fraction(printed))
    slack = 4 * Fraction(math.ulp(value))
    rounded = Fraction(f"{value:.12g}")
    if abs(rounded - Fraction(value)) <= slack:
        return simplify(rounded)
    simple = Fraction(value).limit_denominator(10_000)
    if abs(simple - Fraction(value)) <= slack:
        return simplify(simple)
    # A difference keeps the error of what was subtracted: 0.85 - 0.9 is -0.05, six units of its last place beside it.
    slack = abs(Fraction(value)) / _CANCELLED
    for short in (Fraction(f"{value:.9g}"), Fraction(value).limit_denominator(1_000)):
        if abs(short - Fraction(value)) <= slack:
            return simplify(short)
    return simplify(Fraction(printed))


def _column(entry: Sequence[Any]) -> RecordedColumn:
    given, family, key, hint, domain, low, up = entry
    if domain not in _DOMAINS:
        raise TypeError("no domain")
    kept, kept_at = hint or ("", None)
    name = _text(given) or _text(family) or "a variable"
    return RecordedColumn(
        _text(given),
        _text(family),
        _key(key),
        _text(kept),
        _key(kept_at),
        domain,
        _side(low, 0, f"the lower bound of {name}"),
        _side(up, 0, f"the upper bound of {name}"),
    )


def _row(entry: Sequence[Any], columns: int) -> RecordedRow | None:
    """None for a row that says nothing: no side, or no variable and true."""
    name, linear, quadratic, constant, low, up = entry
    where = f"the constraint {_text(name)[:40]!r}" if name else "a constraint"
    lower, upper = _side(low, constant, where, -1), _side(up, constant, where, 1)
    body = _body((linear, quadratic, 0), columns, where)
    if lower is None and upper is None:
        return None
    empty = not body.linear and not body.quadratic
    if empty and (lower is None or lower <= 0) and (upper is None or upper >= 0):
        return None
    return RecordedRow(_text(name), body, lower, upper)


def _side(value: Any, constant: Any, where: str, direction: int = 0) -> Exact | None:
    """A bound, or a row's side less the body's constant. None for no bound; infinity on the wrong side is an error."""
    if value is None:
        return None
    try:
        side = value - constant
    except OverflowError:  # a whole number beyond every float
        side = math.inf if value > constant else -math.inf
    if isinstance(side, float) and math.isnan(side):
        raise Unreadable("infinite-number", f"{where}: a side is not a number")
    if abs(side) >= _INFINITE:
        if direction and (side > 0) != (direction > 0):
            raise Unreadable("infinite-number", f"{where}: a side is infinite and cannot be met")
        return None
    if constant == 0:
        return exact(value, where)
    return exact(side, where)


def _body(entry: Sequence[Any], columns: int, where: str) -> Quadratic:
    linear, quadratic, constant = entry
    body = Quadratic(constant=exact(constant, where))
    for j, value in linear:
        if type(j) is not int or not 0 <= j < columns:
            raise TypeError("no column")
        number = _coefficient(value, where)
        if number:
            body.linear[j] = number
    for j, k, value in quadratic:
        if type(j) is not int or type(k) is not int or not 0 <= j <= k < columns:
            raise TypeError("no pair of columns")
        number = _coefficient(value, where)
        if number:
            body.quadratic[j, k] = number
    return body


def _coefficient(value: Any, where: str) -> Exact:
    return 0 if isinstance(value, float) and abs(value) <= _NOTHING else exact(value, where)


def _key(value: Any) -> RecordedKey | None:
    if value is None:
        return None
    return tuple(part if type(part) is int else _text(part) for part in value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value[:200]
