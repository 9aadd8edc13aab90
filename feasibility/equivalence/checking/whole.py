"""Plans in steps against plans without: re-checks that no correspondence can make the two the same.

Where no column of a side is a whole number, what lies between two of its plans is a plan. A correspondence reads whole
numbers of the other side as affine functions of these columns, so that they would take every value between. A column
of whole numbers is never left to the objective; one that costs, with an end where it is dear, is a decision besides.
"""

from __future__ import annotations

from ...programs.program import Program
from ...rationals import Exact
from ..evidence import WholeEvidence
from .sides import CheckedSide, exact, is_plan, quotient, read_side


def whole_difference(a: Program, b: Program, evidence: WholeEvidence) -> list[str]:
    """What does not hold of the evidence; empty when all of it does."""
    here, there = (read_side(a), read_side(b)) if evidence.side == "a" else (read_side(b), read_side(a))
    j = evidence.column
    plans = [[exact(v) for v in plan] for plan in (evidence.plan, evidence.other)]
    if here.cost_two or there.cost_two or not all(here.whole):
        return ["a side is not one of whole numbers alone"]
    if any(
        w and (low is None or low != high) for w, low, high in zip(there.whole, there.lower, there.upper, strict=True)
    ):
        return ["the other side has whole numbers too"]
    if not 0 <= j < len(here.lower) or not here.cost.get(j) or len(here.cost) < 2 or _dear_end(here, j) is None:
        return ["the column that moves may be the objective's to choose"]
    if any(k != j and _parallel(here, j, k) for k in range(len(here.lower))):
        return ["the column that moves may be a part of another decision"]
    if any(len(plan) != len(here.lower) or not is_plan(here, plan) for plan in plans):
        return ["the plans that the column is told by are none"]
    return [] if plans[0][j] != plans[1][j] else ["the column does not move"]


def _dear_end(side: CheckedSide, j: int) -> Exact | None:
    """The end of the column where it costs most, by its bounds or a row of it alone."""
    up = side.cost[j] > 0
    found = side.upper[j] if up else side.lower[j]
    for body, low, high in side.rows:
        if found is None and body.keys() == {j}:
            end = high if up == (body[j] > 0) else low
            found = None if end is None else quotient(end, body[j])
    return found


def _parallel(side: CheckedSide, j: int, k: int) -> bool:
    """Whether the two columns have the same entries up to a factor, rows of one column aside."""
    bodies = [side.cost, *(body for body, _, _ in side.rows if len(body) > 1)]
    entries = [(body.get(j, 0), body.get(k, 0)) for body in bodies if j in body or k in body]
    first, second = entries[0]
    return all(x * second == y * first for x, y in entries) and bool(first) and bool(second)
