"""Corners of small cores: the vertices of each part, a part being the plans with one choice of the whole numbers.

A correspondence that is affine on each part, however it encodes the whole numbers, carries parts to parts and corners
to corners, and keeps the corners' order by cost. Within one part the costs keep their proportions, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from math import ceil, comb, floor

from ...rationals import Exact, Fraction, divide
from .clock import in_time
from .fingerprint import Fingerprint, SamplePlan
from .mapping import Statement

_PARTS = 300
_SOLVED = 6_000
"""Choices of sides that are solved for a corner, over all parts of a core."""

_DIMENSIONS = 4

Part = tuple[SamplePlan, ...]


def corners(side: Fingerprint, told: Sequence[Statement], deadline: float) -> list[Part] | None:
    """The parts of a bounded core by their corners; None when it is not bounded, or too large.

    ``told`` are the core's rows and bounds. Raises OutOfTimeError at the deadline.
    """
    program = side.program
    if side.every is not None:
        return [(plan,) for plan in side.every] if len(side.every) <= 10 * _PARTS else None
    count = len(program.columns)
    whole = [j for j, c in enumerate(program.columns) if c.is_integer]
    moving = [j for j in range(count) if j not in set(whole)]
    if any(None in ends for ends in side.ranges) or len(side.sure) < count:
        return None
    fixed = [{j: c for j, c in t.items() if j in moving} for t, low, high in told if low is not None and low == high]
    missing = len(moving) - rank(fixed)
    if missing > _DIMENSIONS:
        return None
    axes = [
        range(ceil(low), floor(high) + 1)
        for low, high in (side.ranges[j] for j in whole)
        if low is not None and high is not None
    ]
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > _PARTS:
        return None
    sides = sum(
        (low is not None) + (high is not None)
        for t, low, high in told
        if (low is None or low != high) and not set(moving).isdisjoint(t)
    )
    if size * comb(sides, min(missing, sides)) > _SOLVED:
        return None
    found = []
    for choice in product(*axes):
        in_time(deadline)
        part = _part(dict(zip(whole, choice, strict=True)), moving, told, deadline)
        if part:
            found.append(tuple(tuple(point[j] for j in range(count)) for point in part))
    return found


def _part(
    fixed: Mapping[int, int], moving: Sequence[int], told: Sequence[Statement], deadline: float
) -> list[dict[int, Exact]]:
    """The corners of the plans with these whole numbers."""
    equations: list[tuple[dict[int, Exact], Exact]] = []
    facets: list[tuple[dict[int, Exact], Exact]] = []
    kept: list[Statement] = []
    for terms, low, high in told:
        shift: Exact = sum(c * fixed[j] for j, c in terms.items() if j in fixed)
        rest = {j: c for j, c in terms.items() if j not in fixed}
        least, most = (None if end is None else end - shift for end in (low, high))
        if not rest:
            if (least is not None and least > 0) or (most is not None and most < 0):
                return []
            continue
        kept.append((rest, least, most))
        if least is not None and least == most:
            equations.append((rest, least))
        else:
            facets += [(rest, end) for end in (least, most) if end is not None]
    if not moving:
        return [dict(fixed)]
    missing = len(moving) - rank([terms for terms, _ in equations])
    found: dict[tuple[Exact, ...], None] = {}
    for chosen in combinations(facets, missing):
        in_time(deadline)
        point = solved([*equations, *chosen], moving)
        if point is not None and all(
            (low is None or value >= low) and (high is None or value <= high)
            for terms, low, high in kept
            for value in (sum((c * point[j] for j, c in terms.items()), start=Fraction(0)),)
        ):
            found.setdefault(tuple(point[j] for j in moving))
    return [{**fixed, **dict(zip(moving, point, strict=True))} for point in found]


def rank(rows: Sequence[Mapping[int, Exact]]) -> int:
    """The rank of sparse rows."""
    pivots: dict[int, dict[int, Exact]] = {}
    for row in rows:
        rest = _without(row, pivots)
        if rest:
            pivot = min(rest)
            lead = rest[pivot]
            pivots[pivot] = {k: divide(c, lead) for k, c in rest.items()}
    return len(pivots)


def _without(row: Mapping[int, Exact], pivots: Mapping[int, Mapping[int, Exact]]) -> dict[int, Exact]:
    rest = dict(row)
    for j in sorted(pivots):
        _eliminate(rest, j, pivots[j])
    return rest


def _eliminate(row: dict[int, Exact], j: int, pivot: Mapping[int, Exact]) -> None:
    """Takes the multiple of ``pivot``, in which j stands once, from ``row`` that leaves no j in it."""
    factor = row.get(j, 0)
    if factor:
        for k, c in pivot.items():
            row[k] = row.get(k, 0) - factor * c
            if not row[k]:
                del row[k]


_SIDE = -1
"""The key of an equation's right side among its terms."""


def solved(system: Sequence[tuple[Mapping[int, Exact], Exact]], unknown: Sequence[int]) -> dict[int, Exact] | None:
    """The only solution of the equations, or None."""
    pivots: dict[int, dict[int, Exact]] = {}
    for terms, side in system:
        rest: dict[int, Exact] = {**terms, _SIDE: side} if side else dict(terms)
        for j, known in pivots.items():
            _eliminate(rest, j, known)
        pivot = next((j for j in rest if j != _SIDE), None)
        if pivot is None:
            if rest:
                return None
            continue
        lead = rest[pivot]
        row = {k: divide(c, lead) for k, c in rest.items()}
        for other in pivots.values():
            _eliminate(other, pivot, row)
        pivots[pivot] = row
    if len(pivots) < len(unknown):
        return None
    return {j: pivots[j].get(_SIDE, 0) for j in unknown}


def labelled(side: Fingerprint, parts: Sequence[Part], named: Mapping[int, Exact]) -> dict[SamplePlan, object]:
    """What every correspondence keeps of each corner: its place in the order of all corners, the same for the others of
    its part, its cost between the part's least and largest, and the ``named`` columns, each in its unit."""
    program = side.program
    costs = [[program.objective.value(corner) for corner in part] for part in parts]
    place = {value: i for i, value in enumerate(sorted({v for values in costs for v in values}))}
    found: dict[SamplePlan, object] = {}
    for part, values in zip(parts, costs, strict=True):
        low, high = min(values), max(values)
        labels: list[tuple[Exact, ...]] = []
        for corner, value in zip(part, values, strict=True):
            local: Exact = divide(value - low, high - low) if high != low else 0
            labels.append((place[value], local, *(divide(corner[j], unit) for j, unit in named.items())))
        whole = (span(part), *sorted(labels))
        found.update({corner: (label, whole) for corner, label in zip(part, labels, strict=True)})
    return found


def span(points: Sequence[SamplePlan]) -> int:
    """The dimension that these plans span."""
    if not points:
        return 0
    start = points[0]
    return rank(
        [{j: p - q for j, (p, q) in enumerate(zip(point, start, strict=True)) if p != q} for point in points[1:]]
    )
