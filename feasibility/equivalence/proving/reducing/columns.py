"""Reductions of columns: defined ones and slacks substituted, the objective's variable pressed upon its row."""

from __future__ import annotations

from collections.abc import Iterator

from ....rationals import Exact, Fraction, divide
from ...naming import is_meaningful
from .side import Body, ReducedSide, ReducingOptions

_FILL = 200
"""New entries that a substitution may make in a large program."""

_LARGE = 150
"""Columns beyond which fill counts."""


_Rank = tuple[bool, bool, bool, bool, bool, bool, int, int]


def define(side: ReducedSide, options: ReducingOptions) -> bool:
    """Substitute columns that equations define: slacks before all else, free ones before bounded ones."""
    if len(side.columns) > _LARGE:
        # One sweep, each equation's best column: ranking all of them after every step would take too long.
        done = False
        for i in list(side.rows):
            ranked = [found for found in _candidates(side, i, options) if found[0][6] <= _FILL]
            if ranked:
                _substitute(side, *min(ranked)[1:])
                done = True
        return done
    ranked = [found for i in side.rows for found in _candidates(side, i, options)]
    if not ranked:
        return False
    _substitute(side, *min(ranked)[1:])
    return True


def _candidates(side: ReducedSide, i: int, options: ReducingOptions) -> Iterator[tuple[_Rank, int, int, bool]]:
    """Columns that row i may stand for, each with its rank, the row and whether it is a slack."""
    row = side.rows[i]
    if not row.is_equation:
        return
    for j in row.terms:
        held = side.columns[j]
        if held.kept:
            continue
        slack = len(side.holders[j]) == 1 and j not in side.cost
        if slack and is_meaningful(held.name) and held.lower is not None and held.upper is not None:
            # A box of its own and a name: rather a decision than what is left over.
            slack = False
        objective = set(side.cost) == {j} and held.lower is None and held.upper is None
        if (not slack and options.defining == "none") or not _stays_whole(side, row, j):
            continue
        free = (held.lower is None and held.upper is None) or (not slack and _implied_free(side, row, j))
        if free or slack or options.defining == "all":
            fill = (len(row.terms) - 2) * (len(side.holders[j]) - 1)
            plain = slack and (free or (held.lower == 0 and held.upper is None))
            yield (
                (not objective, not plain, not slack, not free, is_meaningful(held.name), held.whole, fill, -j),
                i,
                j,
                slack,
            )


def _substitute(side: ReducedSide, i: int, j: int, slack: bool) -> None:
    side.told.append(f"{side.columns[j].name} is {'a slack of' if slack else 'defined by'} {side.rows[i].name}")
    side.substitute(j, i, "slack" if slack else "defined")


def _stays_whole(side: ReducedSide, row: Body, j: int) -> bool:
    """Whether a whole column's reading is whole wherever the others are."""
    if not side.columns[j].whole:
        return True
    pivot = row.terms[j]
    assert row.upper is not None
    return Fraction(divide(row.upper, pivot)).denominator == 1 and all(
        side.columns[k].whole and Fraction(divide(c, pivot)).denominator == 1 for k, c in row.terms.items() if k != j
    )


def _implied_free(side: ReducedSide, row: Body, j: int) -> bool:
    """Whether the other columns' bounds keep the column's reading within its own."""
    held, pivot = side.columns[j], row.terms[j]
    assert row.upper is not None
    reading: dict[int, Exact] = {k: divide(-c, pivot) for k, c in row.terms.items() if k != j}
    constant = divide(row.upper, pivot)
    low, high = side.activity(reading)
    return (held.lower is None or (low is not None and low + constant >= held.lower)) and (
        held.upper is None or (high is not None and high + constant <= held.upper)
    )


def press(side: ReducedSide) -> bool:
    """The objective's own variable, held by one row that the cost presses it against: it is that row's value."""
    if len(side.cost) != 1:
        return False
    ((j, weight),) = side.cost.items()
    held = side.columns[j]
    if held.kept or held.whole or len(side.holders[j]) != 1:
        return False
    (i,) = side.holders[j]
    row = side.rows[i]
    pivot = row.terms[j]
    uses_upper = (pivot > 0) != (weight > 0)
    end, other = (row.upper, row.lower) if uses_upper else (row.lower, row.upper)
    if end is None or other is not None or len(row.terms) == 1:
        return False
    reading: dict[int, Exact] = {k: divide(-c, pivot) for k, c in row.terms.items() if k != j}
    low, high = side.activity(reading)
    constant = divide(end, pivot)
    if weight > 0 and held.lower is not None and (low is None or low + constant < held.lower):
        return False
    if weight < 0 and held.upper is not None and (high is None or high + constant > held.upper):
        return False
    side.told.append(f"{held.name} is what {row.name} leaves of the objective")
    side.substitute(j, i, "pressed")
    return True


def fix(side: ReducedSide) -> bool:
    """Columns that can take one value only."""
    fixed = [j for j, c in side.columns.items() if not c.kept and c.lower is not None and c.lower == c.upper]
    for j in fixed:
        side.told.append(f"{side.columns[j].name} is {side.columns[j].lower}")
        side.fix(j)
    return bool(fixed)
