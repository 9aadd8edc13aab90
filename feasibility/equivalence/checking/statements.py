"""What rows and bounds say, in a form in which two that say the same are the same: up to a factor, and rounded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import gcd, lcm

from ...rationals import Exact, Fraction
from .equations import Equations
from .sides import CheckedSide, exact, quotient

PaidKey = tuple[tuple[int, Exact], ...]
"""Terms whose first coefficient is one."""
PaymentMark = tuple[int, Exact]
"""Which side (0 the lower, 1 the upper) and its limit."""


@dataclass(slots=True)
class Saying:
    """What one row or bound says, with the determined columns replaced; ``raw`` are the columns that it names."""

    raw: Collection[int]
    terms: dict[int, Exact]
    low: Exact | None
    high: Exact | None


def statements_of(side: CheckedSide, equations: Equations) -> Iterator[Saying]:
    """All rows and bounds, each once in terms of the columns that the equations leave."""
    bounds: list[tuple[dict[int, Exact], Exact | None, Exact | None]] = [
        ({j: 1}, low, high) for j, (low, high) in enumerate(zip(side.lower, side.upper, strict=True))
    ]
    for body, low, high in (*side.rows, *bounds):
        if low is None and high is None:
            continue
        terms, constant = equations.normal(body, 0)
        if terms:
            yield Saying(body.keys(), terms, less(low, constant), less(high, constant))


def less(value: Exact | None, constant: Exact) -> Exact | None:
    """A limit with a constant brought over; None stays none."""
    return None if value is None else value - constant


def rounded(said: Saying, whole: Sequence[bool]) -> Saying:
    """Over whole numbers ``2 x + 4 y <= 5.5`` is ``2 x + 4 y <= 4``: limits are those that some plan may reach."""
    if not all(whole[j] for j in said.terms):
        return said
    coefficients = said.terms.values()
    if all(type(c) is int for c in coefficients):
        step: Exact = gcd(*coefficients)  # type: ignore[arg-type]
    else:
        exactly = [Fraction(c) for c in coefficients]
        step = Fraction(gcd(*(c.numerator for c in exactly)), lcm(*(c.denominator for c in exactly)))
    low = None if said.low is None else exact(-(-said.low // step) * step)
    high = None if said.high is None else exact(said.high // step * step)
    return said if (low, high) == (said.low, said.high) else Saying(said.raw, said.terms, low, high)


def scaled(said: Saying) -> tuple[PaidKey, Exact | None, Exact | None]:
    """The statement up to a factor: its first coefficient is 1."""
    lead = said.terms[min(said.terms)]
    key = tuple((j, quotient(said.terms[j], lead)) for j in sorted(said.terms))
    low, high = (None if end is None else quotient(end, lead) for end in (said.low, said.high))
    return (key, low, high) if lead > 0 else (key, high, low)


def marks(low: Exact | None, high: Exact | None) -> set[PaymentMark]:
    """The limits that there are, each with its side."""
    return {(side, end) for side, end in ((0, low), (1, high)) if end is not None}
