"""Plans in steps against plans without: the one side has whole numbers only, the other none."""

from __future__ import annotations

from dataclasses import replace

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact, divide
from ..evidence import Difference, WholeEvidence
from .clock import in_time, solve
from .preference import cost

_TRIED = 6


def apart_by_whole(a: Program, b: Program, policy: Policy, deadline: float) -> Difference | None:
    """The difference of a side whose plans are steps and one whose plans are not. Raises OutOfTimeError."""
    for here, there, side in ((a, b, "a"), (b, a, "b")):
        if not here.columns or not all(c.is_integer for c in here.columns) or here.is_quadratic or there.is_quadratic:
            continue
        if any(c.is_integer and (c.lower is None or c.lower != c.upper) for c in there.columns):
            continue
        for j in _decisions(here)[:_TRIED]:
            in_time(deadline)
            plans = _two_plans(here, j, policy, deadline)
            if plans is not None:
                said = "whole numbers only", "no whole numbers"
                ours, theirs = said if side == "a" else said[::-1]
                evidence = WholeEvidence("a" if side == "a" else "b", j, *plans)
                return Difference("whole numbers", ours, theirs, "certified", evidence)
    return None


def _decisions(program: Program) -> list[int]:
    """Columns that cost, have an end where they are dear, and are parallel to no other."""
    goal = cost(program).linear
    if len(goal) < 2:
        return []
    entries: dict[int, dict[int, Exact]] = {j: {-1: goal[j]} if j in goal else {} for j in range(len(program.columns))}
    ends = {j: (c.upper if goal.get(j, 0) > 0 else c.lower) for j, c in enumerate(program.columns)}
    for number, row in enumerate(program.rows):
        for j, c in row.linear.items():
            if len(row.linear) > 1:
                entries[j][number] = c
            elif ends[j] is None:
                ends[j] = row.upper if (goal.get(j, 0) > 0) == (c > 0) else row.lower
    shapes: dict[object, list[int]] = {}
    for j, found in entries.items():
        lead = found[min(found)] if found else 1
        shapes.setdefault(tuple(sorted((i, divide(c, lead)) for i, c in found.items())), []).append(j)
    return [js[0] for js in shapes.values() if len(js) == 1 and js[0] in goal and ends[js[0]] is not None]


def _two_plans(
    program: Program, j: int, policy: Policy, deadline: float
) -> tuple[tuple[Exact, ...], tuple[Exact, ...]] | None:
    """Two plans with other values of the column."""
    found: list[tuple[Exact, ...]] = []
    for _ in range(2):
        columns = list(program.columns)
        for step in (1, -1) if found else (0,):
            if found:
                value, column = found[0][j], program.columns[j]
                low = value + 1 if step > 0 else column.lower
                high = value - 1 if step < 0 else column.upper
                if low is not None and high is not None and low > high:
                    continue
                columns[j] = replace(column, domain="integer", lower=low, upper=high)
            answer = solve(Program(columns, program.rows, "feasibility"), policy, deadline=deadline)
            if answer.point is not None and answer.exact_point:
                found.append(tuple(answer.point))
                break
    return (found[0], found[1]) if len(found) == 2 else None
