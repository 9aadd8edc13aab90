"""What is true of two small programs, found without Pyrite's prover, checker or solver: enumeration and exact geometry.

Two programs are equivalent when a correspondence of their decisions, total on both sides, carries plans to plans both
ways and keeps their order; names that mean something and stand on both sides are kept. For small bounded programs the
set of plans is a finite union of polytopes, one for each choice of the whole numbers (a point each when all columns are
whole). A correspondence is affine and one to one, so it carries these parts to parts and their corners to corners:

- the same corners, parts and order under the identity: *same*; under an exchange of columns whose names bind nothing:
  *same by exchange*;
- no affine map at all carries corners to corners, parts to parts, keeps the order and the bound columns: *different*;
- otherwise some other affine map does, which the program's author did not mean: *ambiguous*, counted for nobody;
- *undecided* where the plans are unbounded or too many, unless a plan of one side only settles it.

Affine maps are found through the Gram matrix of the whitened corners, which every affine map keeps. All numbers are
exact.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from benchmarks.equivalence_geometry import Model, Number, Plans, Point, plans

Truth: TypeAlias = Literal["same", "same by exchange", "different", "ambiguous", "undecided"]

MOST_MAPS = 20_000
"""Images of an affine basis that are tried before the truth is left undecided."""


# Affine maps between sets of plans ------------------------------------------------------------------------------------


def _ranks(model: Model, found: Plans) -> list[Number]:
    """A number a corner that an order-preserving map keeps.

    One polytope: the cost between its least and its largest, because two linear costs that rank a polytope's points
    alike are proportional. Several parts: the place among the corners' costs.
    """
    values = [Fraction(model.value(p)) for p in found.points]
    least, most = min(values), max(values)
    if found.parts == 1 and not found.pure:
        return [(v - least) / (most - least) if most > least else 0 for v in values]
    place = {v: i for i, v in enumerate(sorted(set(values)))}
    return [place[v] for v in values]


def _proportional(a: Model, b: Model, pairs: Sequence[tuple[Point, Point]]) -> bool:
    """Whether one positive factor and a constant turn the first costs into the second on all pairs."""
    values = [(Fraction(a.value(p)), Fraction(b.value(q))) for p, q in pairs]
    first = values[0]
    other = next((v for v in values if v[0] != first[0]), None)
    if other is None:
        return all(v[1] == first[1] for v in values)
    slope = (other[1] - first[1]) / (other[0] - first[0])
    return slope > 0 and all(v[1] - first[1] == slope * (v[0] - first[0]) for v in values)


def _gram(points: Sequence[Point]) -> list[list[Fraction]]:
    """Coordinates of whitening: rows u_i, w_i with ``<u_i, w_j>`` kept by every affine map that permutes the points."""
    count, size = len(points), len(points[0])
    centre = [Fraction(sum(p[k] for p in points), count) for k in range(size)]
    shifted = [[p[k] - centre[k] for k in range(size)] for p in points]
    # An independent choice of coordinates: the others are affine functions of these on the whole set.
    basis: list[int] = []
    reduced: list[list[Fraction]] = []
    for k in range(size):
        column = [row[k] for row in shifted]
        for other in reduced:
            lead = next(i for i, v in enumerate(other) if v)
            if column[lead]:
                factor = column[lead] / other[lead]
                column = [x - factor * y for x, y in zip(column, other, strict=True)]
        if any(column):
            basis.append(k)
            reduced.append(column)
    return [[row[k] for k in basis] for row in shifted]


def _inverse(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    size = len(matrix)
    work = [[*row, *(Fraction(int(i == j)) for j in range(size))] for i, row in enumerate(matrix)]
    for k in range(size):
        pivot = next(i for i in range(k, size) if work[i][k])
        work[k], work[pivot] = work[pivot], work[k]
        lead = work[k][k]
        work[k] = [v / lead for v in work[k]]
        for i in range(size):
            if i != k and work[i][k]:
                factor = work[i][k]
                work[i] = [x - factor * y for x, y in zip(work[i], work[k], strict=True)]
    return [row[size:] for row in work]


@dataclass
class Cloud:
    """Corners with everything that an affine correspondence keeps: labels a corner, inner products a pair."""

    coordinates: list[list[Fraction]]
    whitened: list[list[Fraction]]
    labels: list[tuple[object, ...]]
    part: list[int]

    def product(self, i: int, j: int) -> Fraction:
        return sum((x * y for x, y in zip(self.coordinates[i], self.whitened[j], strict=True)), Fraction(0))


def cloud(model: Model, found: Plans, bound: Sequence[int]) -> Cloud:
    """The corners' labels: rank, bound columns' values, size of the part, distance from the centre."""
    coordinates = _gram(found.points)
    size = len(coordinates[0])
    scatter = [[sum((row[p] * row[q] for row in coordinates), Fraction(0)) for q in range(size)] for p in range(size)]
    inverse = _inverse(scatter) if size else []
    whitened = [
        [sum((inverse[p][q] * row[q] for q in range(size)), Fraction(0)) for p in range(size)] for row in coordinates
    ]
    sizes = Counter(found.part)
    made = Cloud(coordinates, whitened, [], found.part)
    for i, (point, rank) in enumerate(zip(found.points, _ranks(model, found), strict=True)):
        made.labels.append((rank, tuple(point[j] for j in bound), sizes[found.part[i]], size, made.product(i, i)))
    return made


def affine_map_exists(a: Cloud, b: Cloud) -> bool | None:
    """Whether an affine map carries one cloud to the other with labels and parts; None when too many were tried."""
    if Counter(a.labels) != Counter(b.labels):
        return False
    groups = defaultdict(list)
    for i, label in enumerate(b.labels):
        groups[label].append(i)
    order = _basis(a, {label: len(members) for label, members in groups.items()})
    tried = [0]

    def extend(chosen: list[int]) -> bool | None:
        if len(chosen) == len(order):
            return _carries(a, b, order, chosen)
        i = order[len(chosen)]
        for candidate in groups[a.labels[i]]:
            if candidate in chosen:
                continue
            tried[0] += 1
            if tried[0] > MOST_MAPS:
                return None
            if all(a.product(i, k) == b.product(candidate, c) for k, c in zip(order, chosen, strict=False)):
                answer = extend([*chosen, candidate])
                if answer is not False:
                    return answer
        return False

    return extend([])


def _basis(a: Cloud, sizes: Mapping[tuple[object, ...], int]) -> list[int]:
    """Corners whose coordinates span the space, those with few candidates first."""
    chosen: list[int] = []
    reduced: list[list[Fraction]] = []
    for i in sorted(range(len(a.labels)), key=lambda i: sizes[a.labels[i]]):
        row = list(a.coordinates[i])
        for other in reduced:
            lead = next(k for k, v in enumerate(other) if v)
            if row[lead]:
                factor = row[lead] / other[lead]
                row = [x - factor * y for x, y in zip(row, other, strict=True)]
        if any(row):
            chosen.append(i)
            reduced.append(row)
    return chosen


def _carries(a: Cloud, b: Cloud, order: Sequence[int], chosen: Sequence[int]) -> bool:
    """Whether the map fixed by the basis' images carries corners to corners one to one, parts to parts.

    Inner products are kept on the basis, and a corner is known by its products with the basis.
    """
    where = defaultdict(list)
    for j, label in enumerate(b.labels):
        where[label, tuple(b.product(j, c) for c in chosen)].append(j)
    parts: dict[int, int] = {}
    used = set()
    for i, label in enumerate(a.labels):
        images = where.get((label, tuple(a.product(i, k) for k in order)), [])
        if len(images) != 1 or images[0] in used:
            return False
        used.add(images[0])
        if parts.setdefault(a.part[i], b.part[images[0]]) != b.part[images[0]]:
            return False
    return len(set(parts.values())) == len(parts)


# The verdict ---------------------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """``relation`` is the direction of the difference where all names bind: relaxation, restriction, ..."""

    truth: Truth
    relation: str | None = None
    reason: str = ""


def same_under(a: Model, b: Model, first: Plans, second: Plans, order: Sequence[int]) -> bool | None:
    """Whether ``b``'s column k read from ``a``'s column ``order[k]`` makes them the same; None: costs are in doubt."""
    moved = [tuple(p[j] for j in order) for p in first.points]
    if set(moved) != set(second.points):
        return False
    place = {p: i for i, p in enumerate(second.points)}
    parts: dict[int, int] = {}
    for i, p in enumerate(moved):
        if parts.setdefault(first.part[i], second.part[place[p]]) != second.part[place[p]]:
            return False
    if first.parts != second.parts:
        return False
    pairs = list(zip(first.points, moved, strict=True))
    if not pairs or _proportional(a, b, pairs):
        return True
    ours = _ranks(a, first)
    theirs = _ranks(b, second)
    if any(ours[i] != theirs[place[p]] for i, p in enumerate(moved)):
        return False
    return True if first.pure else None


def truth(a: Model, b: Model, bound: Sequence[tuple[int, int]], first: Plans | None = None) -> Verdict:
    """The relation of two small models; ``bound`` are pairs of columns that their names tie to each other."""
    first, second = first or plans(a), plans(b)
    statuses = {first.status, second.status}
    if "large" in statuses or not (first.points or second.points):
        if statuses == {"bounded"}:
            return Verdict("same", "equivalent", "neither has a plan")
        return _by_sample(a, b, bound, first, second)
    if "unbounded" in statuses:
        if len(statuses) == 2:
            return Verdict("different", None, "one side is bounded")
        return _by_sample(a, b, bound, first, second)
    if not (first.points and second.points):
        return Verdict("different", None, "one side has no plan")
    size = len(b.columns)
    all_bound = len(a.columns) == size == len(bound)
    if len(a.columns) == size:
        for number, order in enumerate(_orders(size, bound)):
            answer = same_under(a, b, first, second, order)
            if answer:
                tied = dict(bound)
                plain = all(tied.get(j, j) == k for k, j in enumerate(order))
                return Verdict("same" if plain and not number else "same by exchange", "equivalent")
            if answer is None:
                return Verdict("undecided", None, "costs agree at corners only")
    relation = _direction(a, b, bound, first, second) if all_bound else None
    ours, theirs = cloud(a, first, [j for j, _ in bound]), cloud(b, second, [k for _, k in bound])
    exists = affine_map_exists(ours, theirs)
    if exists is None:
        return Verdict("undecided", relation, "too many maps")
    if exists:
        return Verdict("ambiguous", relation, "an affine map exists")
    return Verdict("different", relation, "no affine map")


def _orders(size: int, bound: Sequence[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """For each way to pair the columns that names leave free: B's columns read from A's; the identity comes first."""
    tied = {k: j for j, k in bound}
    free_a = [j for j in range(size) if j not in {j for j, _ in bound}]
    free_b = [k for k in range(size) if k not in tied]
    for chosen in itertools.islice(itertools.permutations(free_a), 720):
        free = dict(zip(free_b, chosen, strict=True))
        yield tuple(tied[k] if k in tied else free[k] for k in range(size))


def _direction(
    a: Model, b: Model, bound: Sequence[tuple[int, int]], first: Plans, second: Plans
) -> str | None:  # fmt: skip
    """Set inclusion where names tie every column (corners decide it for polytopes; whole parts are points)."""
    back = {k: j for j, k in bound}
    there = dict(bound)
    a_in_b = all(b.admits([p[back[k]] for k in range(len(b.columns))]) for p in first.points)
    b_in_a = all(a.admits([p[there[j]] for j in range(len(a.columns))]) for p in second.points)
    if [c.whole for c in a.columns] != [b.columns[there[j]].whole for j in range(len(a.columns))]:
        return None
    return {
        (True, True): "objective-differs", (False, True): "relaxation", (True, False): "restriction",
        (False, False): "incomparable",
    }[a_in_b, b_in_a]  # fmt: skip


def _by_sample(
    a: Model, b: Model, bound: Sequence[tuple[int, int]], first: Plans, second: Plans
) -> Verdict:  # fmt: skip
    """Where not every plan is at hand: a plan of one side that the other forbids settles it when names tie all."""
    if len(a.columns) != len(b.columns) or len(bound) != len(a.columns):
        return Verdict("undecided", None, "unbounded or large")
    back = {k: j for j, k in bound}
    there = dict(bound)
    a_in_b = all(b.admits([p[back[k]] for k in range(len(b.columns))]) for p in first.points)
    b_in_a = all(a.admits([p[there[j]] for j in range(len(a.columns))]) for p in second.points)
    if not a_in_b or not b_in_a:
        return Verdict("different", None, "a plan of one side only")
    return Verdict("undecided", None, "unbounded or large")
