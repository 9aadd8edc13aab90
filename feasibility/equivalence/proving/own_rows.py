"""Claims that a program's own rows or its columns' bounds prove as they stand: nothing is solved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from math import gcd, lcm

from ...programs.program import Program, Row
from ...rationals import Exact, divide, magnitude, simplify
from ..evidence import Certificate, Target
from .sums import Multipliers, completed, whole_factor, within

ClaimKey = tuple[tuple[int, Exact], ...]

_FEW_TERMS, _FEW_ROWS = 12, 24
"""Terms of a claim, and rows that share columns with it, up to which one row with the bounds is tried."""


class OwnRows:
    """A program's rows, found by what they say; made ready as they are asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def prove(self, terms: Mapping[int, Exact], limit: Exact) -> Multipliers | None:
        """The row, or the bounds, that alone prove ``terms(x) <= limit``; None without them."""
        return self._from_own_row(terms, limit) or self._from_bounds(terms, limit)

    @cached_property
    def _upper_rows(self) -> dict[tuple[int, ...], list[int]]:
        """The rows with an upper side, by their columns in the order in which they are written."""
        index: dict[tuple[int, ...], list[int]] = {}
        for number, row in enumerate(self.program.rows):
            if row.upper is not None and row.linear and not row.body.quadratic:
                index.setdefault(tuple(row.linear), []).append(number)
        return index

    @cached_property
    def _single_rows(self) -> dict[ClaimKey, list[tuple[Exact, int, Exact]]]:
        return self._readings(lambda row: len(row.linear) == 1)

    @cached_property
    def _long_rows(self) -> dict[ClaimKey, list[tuple[Exact, int, Exact]]]:
        return self._readings(lambda row: len(row.linear) > 1)

    def _readings(self, chosen: Callable[[Row], bool]) -> dict[ClaimKey, list[tuple[Exact, int, Exact]]]:
        """Every one-sided reading of these rows: normalised body -> (right side, row number, multiplier)."""
        index: dict[ClaimKey, list[tuple[Exact, int, Exact]]] = {}
        for number, row in enumerate(self.program.rows):
            if row.body.quadratic or not chosen(row):
                continue
            for sign, side in ((1, row.upper), (-1, row.lower)):
                if side is None:
                    continue
                key, factor = normalised(row.linear, sign)
                index.setdefault(key, []).append((simplify(sign * side * factor), number, simplify(sign * factor)))
        return index

    def _from_own_row(self, terms: Mapping[int, Exact], limit: Exact) -> Multipliers | None:
        if len(terms) > 1:
            for number in self._upper_rows.get(tuple(terms), ()):
                row = self.program.rows[number]
                # Most rows of an answer are the reference's, to the letter.
                if row.linear == terms and row.upper <= limit:  # type: ignore[operator]
                    return Multipliers({number: 1})
        readings = self._long_rows if len(terms) > 1 else self._single_rows
        if not readings:
            return None
        key, factor = normalised(terms, 1)
        for side, number, multiplier in readings.get(key, ()):
            if side <= limit * factor:
                return Multipliers({number: divide(multiplier, factor)})
        return None

    def _from_bounds(self, terms: Mapping[int, Exact], limit: Exact) -> Multipliers | None:
        total: Exact = 0
        for j, coefficient in terms.items():
            column = self.program.columns[j]
            bound = column.upper if coefficient > 0 else column.lower
            if bound is None:
                return None
            total += coefficient * bound
        return Multipliers({}, dict(terms), total) if total <= limit else None

    @cached_property
    def _rows_of(self) -> dict[int, list[int]]:
        """The rows of each column."""
        index: dict[int, list[int]] = {}
        for number, row in enumerate(self.program.rows):
            if not row.body.quadratic:
                for j in row.linear:
                    index.setdefault(j, []).append(number)
        return index

    def with_bounds(self, terms: Mapping[int, Exact], limit: Exact, target: Target) -> Certificate | None:
        """The certificate by one row and the bounds, rounded down where that may be.

        The bound is convex in the row's multiplier, with its corners where the row cancels one of the terms.
        """
        if len(terms) > _FEW_TERMS:
            return None
        factor = whole_factor(self.program, terms)
        shares: dict[int, int] = {}
        for j in terms:
            for number in self._rows_of.get(j, ()):
                shares[number] = shares.get(number, 0) + 1
        asked = [number for number, share in shares.items() if share >= min(2, len(terms))]
        for number in asked[:_FEW_ROWS]:
            row = self.program.rows[number]
            for multiplier in {divide(c, row.linear[j]) for j, c in terms.items() if j in row.linear}:
                found = completed(self.program, terms, {number: multiplier})
                known = None if found is None else within(found, limit, factor, target)
                if known is not None:
                    return known
        return None


def normalised(terms: Mapping[int, Exact], sign: int) -> tuple[ClaimKey, Exact]:
    """``sign * terms`` scaled by a positive factor to whole numbers without a common divisor, and that factor."""
    if len(terms) == 1:
        ((j, c),) = terms.items()
        return ((j, sign if c > 0 else -sign),), (1 if c in (1, -1) else divide(1, magnitude(c)))
    ordered = sorted(terms.items())
    denominator = 1
    for _, c in ordered:
        if type(c) is not int:
            denominator = lcm(denominator, c.denominator)
    if denominator != 1:
        ordered = [(j, simplify(c * denominator)) for j, c in ordered]
    divisor = gcd(*(c.numerator for _, c in ordered))
    if divisor == 1:
        return tuple(ordered) if sign > 0 else tuple((j, -c) for j, c in ordered), denominator
    return tuple((j, sign * c.numerator // divisor) for j, c in ordered), divide(denominator, divisor)
