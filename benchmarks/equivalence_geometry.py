"""Small programs with exact numbers, and every plan that they admit: corners of polytopes, found by enumeration.

Independent of Pyrite's own programs, solver and prover: the benchmarks hold those against what is found here. Corners
come from the double description method (Motzkin et al. 1953; Chernikova 1965), whole numbers from depth-first search.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import Literal, TypeAlias

Number: TypeAlias = int | Fraction
Point: TypeAlias = tuple[Number, ...]

MOST_CHOICES = 3_000
"""Choices of the whole numbers that are looked through."""
MOST_NODES = 6_000
"""Partial choices that are tried on the way to them."""
MOST_CORNERS = 500
"""Corners of all parts together."""


@dataclass
class Col:
    """One unknown; None is no bound. ``part``: one of several that together stand for an amount, freely divided."""

    name: str
    whole: bool
    low: Number | None
    high: Number | None
    part: bool = False


@dataclass
class Line:
    """``low <= sum terms[j] x_j <= high``."""

    name: str
    terms: dict[int, Number]
    low: Number | None
    high: Number | None


@dataclass
class Model:
    """A mixed-integer linear program. ``maximize`` None asks for feasibility only (then the cost is empty)."""

    columns: list[Col]
    rows: list[Line]
    maximize: bool | None
    cost: dict[int, Number] = field(default_factory=dict)
    constant: Number = 0

    def copy(self) -> Model:
        return Model(
            [replace(c) for c in self.columns],
            [Line(r.name, dict(r.terms), r.low, r.high) for r in self.rows],
            self.maximize, dict(self.cost), self.constant,
        )  # fmt: skip

    def value(self, plan: Sequence[Number]) -> Number:
        """The plan's cost: less is better."""
        total = self.constant + sum(c * plan[j] for j, c in self.cost.items())
        return -total if self.maximize else total

    def admits(self, plan: Sequence[Number]) -> bool:
        """Whether the plan keeps every row, bound and whole number."""
        for column, value in zip(self.columns, plan, strict=True):
            if column.whole and Fraction(value).denominator != 1:
                return False
            if (column.low is not None and value < column.low) or (column.high is not None and value > column.high):
                return False
        for row in self.rows:
            value = sum(c * plan[j] for j, c in row.terms.items())
            if (row.low is not None and value < row.low) or (row.high is not None and value > row.high):
                return False
        return True


# The set of plans ---------------------------------------------------------------------------------------------------


@dataclass
class Plans:
    """The corners of every part. ``status``: ``bounded`` (complete), ``unbounded`` (a sample), ``large`` (a sample)."""

    status: Literal["bounded", "unbounded", "large"]
    points: list[Point] = field(default_factory=list)
    part: list[int] = field(default_factory=list)
    parts: int = 0
    pure: bool = True


def double_description(rows: Sequence[Sequence[int]], size: int) -> tuple[list[list[int]], list[list[int]]]:
    """Lines and extreme rays of the cone ``rows @ x >= 0`` in ``size`` dimensions, as primitive whole vectors."""
    lines = [[int(i == j) for j in range(size)] for i in range(size)]
    rays: list[tuple[list[int], int]] = []
    for k, a in enumerate(rows):
        bit = 1 << k
        pivot = next((i for i, line in enumerate(lines) if _dot(a, line)), None)
        if pivot is not None:
            chosen = lines.pop(pivot)
            weight = _dot(a, chosen)
            if weight < 0:
                chosen, weight = [-v for v in chosen], -weight
            lines = [_cancel(line, chosen, weight, _dot(a, line)) for line in lines]
            rays = [(_cancel(ray, chosen, weight, _dot(a, ray)), zero | bit) for ray, zero in rays]
            rays.append((chosen, bit - 1))
            continue
        values = [_dot(a, ray) for ray, _ in rays]
        kept = [
            (ray, zero | (bit if not value else 0))
            for (ray, zero), value in zip(rays, values, strict=True)
            if value >= 0
        ]
        for (p, (up, up_zero)), (q, (down, down_zero)) in itertools.product(enumerate(rays), repeat=2):
            if values[p] <= 0 or values[q] >= 0:
                continue
            common = up_zero & down_zero
            if any(common & zero == common for r, (_, zero) in enumerate(rays) if r not in (p, q)):
                continue
            kept.append(
                (_primitive([values[p] * d - values[q] * u for u, d in zip(up, down, strict=True)]), common | bit)
            )
        rays = kept
    return lines, [ray for ray, _ in rays]


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _cancel(vector: list[int], chosen: list[int], weight: int, value: int) -> list[int]:
    return _primitive([weight * v - value * c for v, c in zip(vector, chosen, strict=True)])


def _primitive(vector: Sequence[int]) -> list[int]:
    divisor = gcd(*vector) or 1
    return [v // divisor for v in vector]


def _whole(values: Sequence[Number]) -> list[int]:
    factor = lcm(*(Fraction(v).denominator for v in values))
    return [int(v * factor) for v in values]


def corners(sides: Sequence[tuple[Sequence[Number], Number]], size: int) -> tuple[list[Point], bool]:
    """Corners of ``{x: a x <= b for (a, b) in sides}`` and whether the set is unbounded (a set with lines has none)."""
    cone = [_whole([*(-v for v in a), b]) for a, b in sides] + [[0] * size + [1]]
    lines, rays = double_description(cone, size + 1)
    found = [tuple(_tidy(Fraction(v, ray[-1])) for v in ray[:-1]) for ray in rays if ray[-1] > 0]
    return found, bool(found) and (bool(lines) or any(ray[-1] == 0 for ray in rays))


def _tidy(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value


def _sides(model: Model, fixed: Mapping[int, Number]) -> Iterator[tuple[dict[int, Number], Number]]:
    """Every ``terms <= limit`` over the columns that are not fixed."""
    for j, column in enumerate(model.columns):
        if j not in fixed:
            if column.high is not None:
                yield {j: 1}, column.high
            if column.low is not None:
                yield {j: -1}, -column.low
    for row in model.rows:
        moved = sum(c * fixed[j] for j, c in row.terms.items() if j in fixed)
        free = {j: c for j, c in row.terms.items() if j not in fixed}
        if row.high is not None:
            yield free, row.high - moved
        if row.low is not None:
            yield {j: -c for j, c in free.items()}, moved - row.low


def _slice(model: Model, fixed: Mapping[int, Number]) -> tuple[list[Point], bool]:
    """Corners of the plans with these columns fixed, over all columns; and whether they are unbounded."""
    free = [j for j in range(len(model.columns)) if j not in fixed]
    dense = []
    for terms, limit in _sides(model, fixed):
        if not terms:
            if limit < 0:
                return [], False
            continue
        dense.append(([terms.get(j, 0) for j in free], limit))
    if not free:
        return [tuple(fixed[j] for j in range(len(model.columns)))], False
    found, endless = corners(dense, len(free))
    place = {j: p for p, j in enumerate(free)}
    return [tuple(fixed[j] if j in fixed else c[place[j]] for j in range(len(model.columns))) for c in found], endless


def propagated(model: Model) -> list[tuple[Number | None, Number | None]]:
    """Ranges of the columns that bounds and rows imply by intervals; whole numbers are rounded."""
    low = [c.low for c in model.columns]
    high = [c.high for c in model.columns]
    for j, column in enumerate(model.columns):
        if column.whole:
            low[j] = None if low[j] is None else ceil(low[j])
            high[j] = None if high[j] is None else floor(high[j])
    sides = list(_sides(model, {}))
    for _ in range(8):
        changed = False
        for terms, limit in sides:
            least = {j: (low[j] if c > 0 else high[j]) for j, c in terms.items()}
            open_ends = [j for j, v in least.items() if v is None]
            if len(open_ends) > 1:
                continue
            total = sum(c * least[j] for j, c in terms.items() if j not in open_ends)
            for j in open_ends or terms:
                rest = total if open_ends else total - terms[j] * least[j]
                bound: Number = Fraction(limit - rest) / terms[j]
                if terms[j] > 0:
                    bound = floor(bound) if model.columns[j].whole else bound
                    if high[j] is None or bound < high[j]:
                        high[j], changed = bound, True
                else:
                    bound = ceil(bound) if model.columns[j].whole else bound
                    if low[j] is None or bound > low[j]:
                        low[j], changed = bound, True
        if not changed:
            break
    return list(zip(low, high, strict=True))


def plans(model: Model) -> Plans:
    """All parts and corners, or a sample of them when the plans are unbounded or too many."""
    whole = [j for j, c in enumerate(model.columns) if c.whole]
    ranges = propagated(model)
    found = Plans("bounded", pure=len(whole) == len(model.columns))
    axes = []
    choices = 1
    for j in whole:
        low, high = ranges[j]
        if low is None or high is None or high - low > 60:
            found.status = "unbounded" if low is None or high is None else "large"
            low = low if low is not None else (high - 6 if high is not None else -6)
            high = low + 6 if high is None else min(high, low + 60)
        axes.append(range(int(low), int(high) + 1))
        choices *= max(1, len(axes[-1]))
    if choices > 40 * MOST_CHOICES:
        found.status = "large"
    for seen, choice in enumerate(_choices(model, whole, axes)):
        if choice is None or seen > MOST_CHOICES or len(found.points) > MOST_CORNERS:
            found.status = "large"
            break
        these, endless = _slice(model, dict(zip(whole, choice, strict=True)))
        if endless:
            found.status = "unbounded"
        found.points += these
        found.part += [found.parts] * len(these)
        found.parts += bool(these)
    if found.status == "unbounded" and not found.points:
        found.status = "large"
    elif found.status == "unbounded" and not _recedes(model):
        # Only the intervals were too weak: the set is bounded, the sample need not be all of it.
        found.status = "large"
    return found


def _choices(model: Model, whole: Sequence[int], axes: Sequence[range]) -> Iterator[tuple[int, ...] | None]:
    """Choices of the whole numbers that no row of whole numbers alone refutes, depth first; None: too many tried."""
    place = {j: p for p, j in enumerate(whole)}
    sides = [
        ([terms.get(j, 0) for j in whole], limit)
        for terms, limit in _sides(model, {})
        if all(j in place for j in terms)
    ]
    suffix = []
    for weights, _ in sides:
        least = [0]
        for w, axis in zip(reversed(weights), reversed(axes), strict=True):
            least.append(least[-1] + (min(w * axis[0], w * axis[-1]) if len(axis) else 0))
        suffix.append(least[::-1])

    nodes = 0

    def extend(depth: int, chosen: tuple[int, ...], used: list[Number]) -> Iterator[tuple[int, ...] | None]:
        nonlocal nodes
        if depth == len(whole):
            yield chosen
            return
        for value in axes[depth]:
            nodes += 1
            if nodes > MOST_NODES:
                yield None
                return
            now = [u + w[depth] * value for u, (w, _) in zip(used, sides, strict=True)]
            if all(n + s[depth + 1] <= limit for n, s, (_, limit) in zip(now, suffix, sides, strict=True)):
                yield from extend(depth + 1, (*chosen, value), now)

    yield from extend(0, (), [0] * len(sides))


def _recedes(model: Model) -> bool:
    """Whether the plans without whole numbers go on for ever in some direction."""
    size = len(model.columns)
    cone = [_whole([-terms.get(j, 0) for j in range(size)]) for terms, _ in _sides(model, {})]
    lines, rays = double_description(cone, size)
    return bool(lines or rays)
