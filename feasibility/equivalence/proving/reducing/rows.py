"""Reductions of rows: primitive coefficients, singletons to bounds, parallel rows to one, implied sides dropped."""

from __future__ import annotations

from functools import reduce
from math import ceil, floor, gcd, lcm

from ....rationals import Exact, divide, simplify
from ..clock import in_time
from .side import Body, EmptyError, Ground, ReducedSide, added

_ROUNDS = 40
"""Passes of bound tightening at most: continuous bounds may creep for ever, whole ones long."""


def tidy(side: ReducedSide, *, implied: bool) -> bool:
    """Every row primitive and rounded; singletons become bounds; parallel rows become one. ``implied``: sides that the
    columns' bounds imply go as well (late, because while all rows are there they tell what belongs together)."""
    changed = False
    for i in list(side.fresh):
        in_time(side.deadline)
        row = side.rows.get(i)
        if row is None:
            continue
        _primitive(side, row)
        if len(row.terms) == 1:
            _to_bound(side, i, row)
            changed = True
        elif not row.terms:
            side.drop_row(i)
            changed = True
        elif implied:
            changed |= _drop_implied(side, i, row)
    side.fresh.clear()
    return _parallel(side) or changed


def _primitive(side: ReducedSide, row: Body) -> None:
    """Whole coefficients without a common divisor, the first positive; sides rounded where all columns are whole."""
    if not row.terms:
        low, high = row.lower, row.upper
        if low is not None and low > 0:
            raise EmptyError(row.below)
        if high is not None and high < 0:
            raise EmptyError(row.above)
        return
    denominator = lcm(*(c.denominator for c in row.terms.values()))
    divisor = reduce(gcd, (int(c * denominator) for c in row.terms.values()), 0)
    factor = divide(denominator, divisor)
    if row.terms[min(row.terms)] < 0:
        factor = -factor
    if factor != 1:
        size = factor if factor > 0 else -factor
        row.terms = {j: simplify(c * factor) for j, c in row.terms.items()}
        row.lower = None if row.lower is None else simplify(row.lower * factor)
        row.upper = None if row.upper is None else simplify(row.upper * factor)
        row.below = {key: simplify(size * y) for key, y in row.below.items()}
        row.above = {key: simplify(size * y) for key, y in row.above.items()}
        if factor < 0:
            row.lower, row.upper, row.below, row.above = row.upper, row.lower, row.above, row.below
    if all(side.columns[j].whole for j in row.terms):
        if row.upper is not None and row.upper.denominator != 1:
            row.upper, row.above = floor(row.upper), side.line(row.above)
        if row.lower is not None and row.lower.denominator != 1:
            row.lower, row.below = ceil(row.lower), side.line(row.below)
    if row.lower is not None and row.upper is not None and row.lower > row.upper:
        raise EmptyError(added(row.below, row.above, 1))


def _to_bound(side: ReducedSide, i: int, row: Body) -> None:
    """A row of one column, which is primitive: its coefficient is 1."""
    (j,) = row.terms
    side.drop_row(i)
    side.tighten(j, row.lower, row.upper, row.below, row.above)


def _drop_implied(side: ReducedSide, i: int, row: Body) -> bool:
    """Sides that the bounds imply. An equation stays whole: half of it gone, a slack would look like a decision."""
    low, high = side.activity(row.terms)
    lower = None if row.lower is None or (low is not None and low >= row.lower) else row.lower
    upper = None if row.upper is None or (high is not None and high <= row.upper) else row.upper
    if row.is_equation and (lower is not None or upper is not None):
        return False
    if lower is None and upper is None:
        side.drop_row(i)
        return True
    changed = (lower, upper) != (row.lower, row.upper)
    row.lower, row.upper = lower, upper
    return changed


def _parallel(side: ReducedSide) -> bool:
    seen: dict[tuple[tuple[int, Exact], ...], int] = {}
    changed = False
    for i, row in list(side.rows.items()):
        key = tuple(sorted(row.terms.items()))
        first = seen.setdefault(key, i)
        if first == i:
            continue
        kept = side.rows[first]
        if row.upper is not None and (kept.upper is None or row.upper < kept.upper):
            kept.upper, kept.above = row.upper, row.above
        if row.lower is not None and (kept.lower is None or row.lower > kept.lower):
            kept.lower, kept.below = row.lower, row.below
        if kept.lower is not None and kept.upper is not None and kept.lower > kept.upper:
            raise EmptyError(added(kept.below, kept.above, 1))
        side.drop_row(i)
        changed = True
    return changed


def tighten_whole(side: ReducedSide) -> bool:
    """Bounds of whole columns that a row and the other columns' bounds imply, rounded."""
    changed = False
    for _ in range(_ROUNDS):
        again = False
        for row in list(side.rows.values()):
            in_time(side.deadline)
            if len(row.terms) <= _WIDE:
                again |= _tighten_by(side, row)
        changed |= again
        if not again:
            break
    return changed


_WIDE = 60
"""Columns of a row up to which it tightens bounds."""


def _tighten_by(side: ReducedSide, row: Body) -> bool:
    changed = False
    for j, c in list(row.terms.items()):
        held = side.columns[j]
        if not held.whole:
            continue
        low, high = side.activity(row.terms, but=j)
        for upper_side, rest, end in ((True, low, row.upper), (False, high, row.lower)):
            if rest is None or end is None:
                continue
            limit = divide(end - rest, c)
            at_most = upper_side == (c > 0)
            known = held.upper if at_most else held.lower
            if known is not None and (floor(limit) >= known if at_most else ceil(limit) <= known):
                continue
            if known is None and (held.lower if at_most else held.upper) is None:
                continue
            ground = _rest_ground(side, row, j, c, upper_side)
            if at_most:
                changed |= side.tighten(j, None, limit, {}, ground)
            else:
                changed |= side.tighten(j, limit, None, ground, {})
    return changed


def _rest_ground(side: ReducedSide, row: Body, j: int, c: Exact, upper_side: bool) -> Ground:
    """The row's side with the other columns at their bounds, divided by the size of the column's coefficient."""
    size = c if c > 0 else -c
    ground: Ground = {}
    ground = added(ground, row.above if upper_side else row.below, divide(1, size))
    for k, d in row.terms.items():
        if k == j:
            continue
        other = side.columns[k]
        positive = d > 0
        bound = other.below if positive == upper_side else other.above
        ground = added(ground, bound, divide(d if positive else -d, size))
    return ground
