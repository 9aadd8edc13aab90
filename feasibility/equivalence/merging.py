"""Programs and plans with groups of parallel columns read as one, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Final

from ..programs.program import Column, Program, Quadratic
from ..rationals import Exact, Fraction, divide, magnitude, simplify
from .evidence import Merge


def merged_program(program: Program, groups: Sequence[Merge]) -> Program:
    """The program in which each group of columns is one column, standing last in the order of the groups."""
    if not groups:
        return program
    gone = {j for merge in groups for j in merge.weights}
    kept = [j for j in range(len(program.columns)) if j not in gone]
    program = with_bounds(program, gone)
    position = {j: p for p, j in enumerate(kept)}
    columns = [program.columns[j] for j in kept]
    representative: dict[int, tuple[int, Exact]] = {}
    for number, merge in enumerate(groups):
        columns.append(_merged_column(program, merge))
        base = min(merge.weights, key=lambda j: (magnitude(merge.weights[j]), j))
        representative[base] = (len(kept) + number, merge.weights[base])

    def moved(body: Quadratic) -> Quadratic:
        linear: dict[int, Exact] = {}
        for j, c in body.linear.items():
            if j in position:
                linear[position[j]] = c
            elif j in representative:
                place, weight = representative[j]
                linear[place] = divide(c, weight)
        quadratic = {(position[j], position[k]): c for (j, k), c in body.quadratic.items()}
        return Quadratic(linear, quadratic, body.constant)

    rows = [replace(row, body=moved(row.body)) for row in program.rows]
    return Program(columns, rows, program.sense, moved(program.objective))


def with_bounds(program: Program, columns: Collection[int]) -> Program:
    """The same plans: rows that hold one of these columns alone become its bounds and stay, empty."""
    lowest: dict[int, Exact | None] = {j: program.columns[j].lower for j in columns}
    highest: dict[int, Exact | None] = {j: program.columns[j].upper for j in columns}
    rows = list(program.rows)
    for i, row in enumerate(program.rows):
        if len(row.linear) != 1 or row.body.quadratic:
            continue
        ((j, c),) = row.linear.items()
        if j not in lowest:
            continue
        low, high = (row.lower, row.upper) if c > 0 else (row.upper, row.lower)
        known_low, known_high = lowest[j], highest[j]
        if low is not None:
            end = divide(low, c)
            lowest[j] = end if known_low is None else max(known_low, end)
        if high is not None:
            end = divide(high, c)
            highest[j] = end if known_high is None else min(known_high, end)
        rows[i] = replace(row, body=Quadratic(), lower=None, upper=None)
    new = list(program.columns)
    for j in columns:
        low, high = lowest[j], highest[j]
        if new[j].is_integer:
            low, high = (None if low is None else ceil(low)), (None if high is None else floor(high))
        new[j] = replace(new[j], lower=low, upper=high, domain="integer" if new[j].is_integer else "continuous")
    return Program(new, rows, program.sense, program.objective)


def _merged_column(program: Program, merge: Merge) -> Column:
    lower: Exact | None = 0
    upper: Exact | None = 0
    for j, weight in merge.weights.items():
        column = program.columns[j]
        low, high = (column.lower, column.upper) if weight > 0 else (column.upper, column.lower)
        lower = None if lower is None or low is None else simplify(lower + weight * low)
        upper = None if upper is None or high is None else simplify(upper + weight * high)
    integer = program.columns[next(iter(merge.weights))].is_integer
    return Column(merge.name, "integer" if integer else "continuous", lower, upper, merge.name)


def merged_plan(program: Program, groups: Sequence[Merge], plan: Sequence[Exact]) -> tuple[Exact, ...]:
    """A plan of the program's own columns, read in those of the merged program."""
    gone = {j for merge in groups for j in merge.weights}
    kept = [plan[j] for j in range(len(program.columns)) if j not in gone]
    sums: list[Exact] = []
    for merge in groups:
        total: Exact = 0
        for j, weight in merge.weights.items():
            total += weight * plan[j]
        sums.append(simplify(total))
    return (*kept, *sums)


def unmerged_plan(program: Program, groups: Sequence[Merge], plan: Sequence[Exact]) -> tuple[Exact, ...]:
    """A plan of the merged program in the program's own columns: each group's value handed out, the largest part first.

    Raises ValueError when a value cannot be handed out within the parts' bounds.
    """
    if not groups:
        return tuple(plan)
    gone = {j for merge in groups for j in merge.weights}
    kept = [j for j in range(len(program.columns)) if j not in gone]
    values: dict[int, Exact] = {j: plan[p] for p, j in enumerate(kept)}
    columns = with_bounds(program, gone).columns
    for number, merge in enumerate(groups):
        values.update(_handed_out(columns, merge.weights, plan[len(kept) + number]))
    return tuple(values[j] for j in range(len(program.columns)))


_TRIES: Final = 5_000
_FEW: Final = 30
_AROUND: Final = (0, *(sign * size for size in range(1, 13) for sign in (1, -1)))


def _handed_out(columns: Sequence[Column], weights: Mapping[int, Exact], value: Exact) -> dict[int, Exact]:
    """Values of the parts that add up to ``value``: from the least total on, the rest greedily, the largest first."""
    found: dict[int, Exact] = {}
    rest = value
    for j, weight in weights.items():
        low, high = columns[j].lower, columns[j].upper
        first, second = (low, high) if weight > 0 else (high, low)
        # Without an end on that side, from the other one or zero: such a part moves either way.
        start: Exact = (
            first if first is not None else 0 if second is None else min(second, 0) if weight > 0 else max(second, 0)
        )
        found[j] = start
        rest -= weight * start
    order = sorted(weights.items(), key=lambda item: -magnitude(item[1]))
    parts = [(columns[j], weight, found[j]) for j, weight in order]
    given = _greedy(parts, rest) or (_shared(parts, rest, [_TRIES]) if len(parts) <= _FEW else None)
    if given is None:
        raise ValueError(f"{Fraction(value)} cannot be handed out")
    return dict(zip((j for j, _ in order), given, strict=True))


def _greedy(parts: Sequence[tuple[Column, Exact, Exact]], rest: Exact) -> list[Exact] | None:
    """The values of the parts (column, weight, start), each as far as it goes; None when some rest is left."""
    given: list[Exact] = []
    for part in parts:
        goal = _as_far_as_it_goes(part, rest)
        rest = simplify(rest - part[1] * (goal - part[2]))
        given.append(simplify(goal))
    return None if rest else given


def _as_far_as_it_goes(part: tuple[Column, Exact, Exact], rest: Exact, further: int = 0) -> Exact:
    column, weight, start = part
    step = divide(rest, weight)
    if column.is_integer:
        # Towards zero, so that what is left has the same sign.
        step = floor(step) if step > 0 else ceil(step)
    goal = start + step + further
    if column.lower is not None:
        goal = max(goal, column.lower)
    if column.upper is not None:
        goal = min(goal, column.upper)
    return goal


def _shared(parts: Sequence[tuple[Column, Exact, Exact]], rest: Exact, tries: list[int]) -> list[Exact] | None:
    """The same with some whole steps around the greedy one; None when nothing was found in so many tries.

    A part may have to go further than greedily, so that a smaller one that moves one way only can make up for it:
    -3x + y = -24 with y >= 2 needs x = 9, not 8.
    """
    if not parts:
        return None if rest else []
    part = parts[0]
    for further in _AROUND if part[0].is_integer and len(parts) > 1 else (0,):
        tries[0] -= 1
        if tries[0] < 0:
            return None
        goal = _as_far_as_it_goes(part, rest, further)
        others = _shared(parts[1:], simplify(rest - part[1] * (goal - part[2])), tries)
        if others is not None:
            return [simplify(goal), *others]
    return None
