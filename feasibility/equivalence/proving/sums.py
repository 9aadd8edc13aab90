"""Sums of rows and bounds, and the certificates that they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor, gcd, lcm

from ...programs.program import Program
from ...rationals import Exact, divide, simplify
from ..evidence import Certificate, Target
from ..maps import add_term

_LONG = 256
"""Bits of a common denominator from which fractions are added one by one."""


@dataclass(slots=True)
class Multipliers:
    """A combination of rows and columns, with the upper bound that it proves for its body."""

    rows: dict[int, Exact] = field(default_factory=dict)
    columns: dict[int, Exact] = field(default_factory=dict)
    bound: Exact = 0


def completed(program: Program, terms: Mapping[int, Exact], rows: Mapping[int, Exact]) -> Multipliers | None:
    """Row multipliers completed by columns to combine to ``terms``; None when a needed bound does not exist.

    A multiplier of a side that is not there is left out.
    """
    used = {number: y for number, y in rows.items() if y and _side(program, number, y) is not None}
    # Over one denominator, the sums are of whole numbers where the rows are.
    scale = lcm(*(v.denominator for v in (*used.values(), *terms.values())))
    if scale.bit_length() > _LONG:
        scale = 1
    rest = {j: simplify(c * scale) for j, c in terms.items()} if scale > 1 else dict(terms)
    total: Exact = 0
    for number, y in used.items():
        multiplier, side = simplify(y * scale) if scale > 1 else y, _side(program, number, y)
        assert side is not None
        total += multiplier * side
        for j, coefficient in program.rows[number].linear.items():
            add_term(rest, j, -multiplier * coefficient)
    for j, coefficient in rest.items():
        column = program.columns[j]
        bound = column.upper if coefficient > 0 else column.lower
        if bound is None:
            return None
        total += coefficient * bound
    columns = {j: divide(c, scale) for j, c in rest.items()} if scale > 1 else rest
    return Multipliers(used, columns, divide(total, scale))


def _side(program: Program, number: int, multiplier: Exact) -> Exact | None:
    """The row's side that a multiplier of this sign uses; None where there is none."""
    row = program.rows[number]
    return None if row.body.quadratic else row.upper if multiplier > 0 else row.lower


def whole_factor(program: Program, terms: Mapping[int, Exact]) -> Exact | None:
    """The positive factor that makes the coefficients whole without a common divisor; None off integer columns."""
    if not all(program.columns[j].is_integer for j in terms):
        return None
    denominator = lcm(*(c.denominator for c in terms.values()))
    return divide(denominator, gcd(*(int(c * denominator) for c in terms.values())))


def within(found: Multipliers, limit: Exact, factor: Exact | None, target: Target) -> Certificate | None:
    """The certificate when the multipliers' bound is within the limit, as it stands or rounded down."""
    if found.bound <= limit:
        return Certificate(target, "multipliers", found.rows, found.columns)
    if factor is not None and floor(found.bound * factor) <= limit * factor:
        rows = {i: simplify(y * factor) for i, y in found.rows.items()}
        columns = {j: simplify(w * factor) for j, w in found.columns.items()}
        return Certificate(target, "rounding", rows, columns, factor)
    return None
