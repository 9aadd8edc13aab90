"""What is known of a core before it is matched: the true ranges of its columns, and sample plans (or all plans)."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from ...policy import Policy
from ...programs.program import Program, Quadratic
from ...rationals import Exact, divide, simplify
from .clock import in_time, solve

SamplePlan = tuple[Exact, ...]
Range = tuple[Exact | None, Exact | None]

_BOX = 3_000
"""Points of a whole-number box up to which all plans are listed."""

_SAMPLES = 60
"""Plans kept for pruning maps."""

_MIXTURES = 6
"""Random objectives whose best plans are sampled beside the ends of the ranges."""


@dataclass(slots=True)
class Fingerprint:
    """``ranges`` are exact for the columns in ``sure``; ``every`` lists all plans where the box is small.

    ``decided``: no search stopped early on the way.
    """

    program: Program
    ranges: list[Range]
    sure: set[int] = field(default_factory=set)
    points: list[SamplePlan] = field(default_factory=list)
    every: list[SamplePlan] | None = None
    empty: bool = False
    decided: bool = True


_KEPT = 32
"""Fingerprints that are remembered: the outputs to one problem are held against one reference."""

_LARGEST = 400
"""Entries of a core whose fingerprint is remembered; columns are few anyway."""

_known: OrderedDict[object, Fingerprint] = OrderedDict()


def fingerprint(program: Program, policy: Policy, deadline: float) -> Fingerprint:
    """The ranges and plans of a small core. Raises OutOfTimeError at the deadline: half of this would mislead.

    Remembered by all that the program and the policy say, unless a limit of time had a part in it.
    """
    mark = _mark(program, policy)
    known = _known.get(mark) if mark is not None else None
    if known is not None:
        _known.move_to_end(mark)
        return known
    found = _made(program, policy, deadline)
    if mark is not None and found.decided:
        _known[mark] = found
        if len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _mark(program: Program, policy: Policy) -> object:
    if sum(len(row.linear) for row in program.rows) > _LARGEST or program.is_quadratic:
        return None
    columns = tuple((c.name, c.domain, c.lower, c.upper) for c in program.columns)
    rows = tuple((r.name, tuple(r.linear.items()), r.lower, r.upper) for r in program.rows)
    goal = tuple(program.objective.linear.items()), program.objective.constant
    return policy.digest, program.sense, columns, rows, goal


def _made(program: Program, policy: Policy, deadline: float) -> Fingerprint:
    every = _every(program, [(c.lower, c.upper) for c in program.columns], deadline)
    if every is not None:
        if not every:
            return Fingerprint(program, [], every=every, empty=True)
        count = len(program.columns)
        ranges: list[Range] = [(min(p[j] for p in every), max(p[j] for p in every)) for j in range(count)]
        chosen = every if len(every) <= _SAMPLES else random.Random(1).sample(every, _SAMPLES)  # noqa: S311
        return Fingerprint(program, ranges, set(range(count)), list(chosen), every)
    found = _by_solving(program, policy, deadline)
    if len(found.sure) == len(program.columns):
        found.every = _every(program, found.ranges, deadline)
    return found


def _every(program: Program, ranges: Sequence[Range], deadline: float) -> list[SamplePlan] | None:
    """All plans of a small box of whole numbers, or None when it is not one."""
    size: Exact = 1
    axes = []
    for column, (low, high) in zip(program.columns, ranges, strict=True):
        if not column.is_integer or low is None or high is None:
            return None
        size *= high - low + 1
        if size > _BOX:
            return None
        axes.append(range(int(low), int(high) + 1))
    rows = [(list(r.linear.items()), r.lower, r.upper) for r in program.rows]
    found: list[SamplePlan] = []
    for point in product(*axes):
        in_time(deadline)
        for terms, low, high in rows:
            total: Exact = sum(c * point[j] for j, c in terms)
            if (low is not None and total < low) or (high is not None and total > high):
                break
        else:
            found.append(point)
    return found


def _by_solving(program: Program, policy: Policy, deadline: float) -> Fingerprint:
    chance = random.Random(7)  # noqa: S311
    count = len(program.columns)
    found = Fingerprint(program, [(c.lower, c.upper) for c in program.columns])
    goals: list[dict[int, Exact]] = [{j: sign} for j in range(count) for sign in (-1, 1)]
    goals += [{j: c for j in range(count) if (c := chance.randint(-5, 5))} for _ in range(_MIXTURES)]
    ends: dict[int, int] = {}
    for number, goal in enumerate(goals):
        in_time(deadline)
        answer = solve(Program(program.columns, program.rows, "maximize", Quadratic(goal)), policy, deadline=deadline)
        found.decided &= answer.status != "unknown"
        if answer.status == "infeasible":
            found.empty = answer.proof == "certified"
            return found
        if answer.point is not None and answer.exact_point and tuple(answer.point) not in found.points:
            found.points.append(tuple(answer.point))
        if number >= 2 * count:
            continue
        ((j, sign),) = goal.items()
        low, high = found.ranges[j]
        if answer.status == "unbounded":
            found.ranges[j] = (low, None) if sign > 0 else (None, high)
        elif answer.status == "optimal" and answer.proof == "certified" and answer.objective is not None:
            found.ranges[j] = (low, answer.objective) if sign > 0 else (simplify(-answer.objective), high)
        else:
            continue
        ends[j] = ends.get(j, 0) + 1
    found.sure = {j for j, number in ends.items() if number == 2}
    if found.points and not program.is_mixed_integer:
        pairs = list(zip(found.points, found.points[1:], strict=False))
        found.points += [tuple(divide(x + y, 2) for x, y in zip(p, q, strict=True)) for p, q in pairs]
    return found


def keeps(program: Program, values: dict[int, Exact], fresh: set[int] | None = None) -> bool:
    """Whether a partial plan keeps the bounds, whole numbers and rows that it covers (those that ``fresh`` touches)."""
    for k in values if fresh is None else fresh:
        column, value = program.columns[k], values[k]
        if (column.lower is not None and value < column.lower) or (column.upper is not None and value > column.upper):
            return False
        if column.is_integer and value.denominator != 1:
            return False
    for row in program.rows:
        if (fresh is not None and fresh.isdisjoint(row.linear)) or not values.keys() >= row.linear.keys():
            continue
        total: Exact = 0
        for k, c in row.linear.items():
            total += c * values[k]
        if (row.lower is not None and total < row.lower) or (row.upper is not None and total > row.upper):
            return False
    return True
