"""Is the correspondence total? Every column has a partner or is determined by its own model; nothing is left over.

A column that goes there and comes back as itself, identically, has a partner. One that comes back as itself because its
own model's equations say so is determined. Any other is open: allowed only for a column whose best value is all that
it stands for, the objective's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ...rationals import Exact, Fraction
from ..evidence import Merge
from ..maps import Affine
from .equations import Equations, equations_of
from .sides import AffineForm, CheckedSide, bounded, composed, exact, form_of, quotient


@dataclass(slots=True)
class Standing:
    """How the columns of one side stand in a correspondence."""

    partners: set[int] = field(default_factory=set)
    determined: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)


def standing(side: CheckedSide, images: Sequence[Affine | None], back: Sequence[Affine | None]) -> Standing:
    """Sort the columns of ``side``: ``images`` gives them in the other's terms, ``back`` the other's in theirs."""
    found = Standing()
    gaps: dict[int, AffineForm] = {}
    for k, image in enumerate(images):
        if image is None:
            found.open.add(k)
            continue
        terms, constant = form_of(image)
        try:
            there, extra = composed(terms, back)
        except ValueError:
            found.open.add(k)
            continue
        if constant + extra == 0 and there == {k: 1}:
            found.partners.add(k)
        else:
            there[k] = there.get(k, 0) - 1
            gaps[k] = ({j: v for j, v in there.items() if v}, constant + extra)
    if gaps:
        equations = Equations(side, gaps)
        for k, gap in gaps.items():
            terms, constant = equations.normal(*gap)
            (found.open if terms or constant else found.determined).add(k)
    return found


def objections(first: CheckedSide, second: CheckedSide, ours: Standing, theirs: Standing) -> list[str]:
    """Why a correspondence with these standings is not the ground of an equivalence; empty when it is."""
    found = []
    if not ours.partners:
        found.append("nothing-paired")
    for side, stand in ((first, ours), (second, theirs)):
        if stand.open and not _only_objective(side, stand):
            found.append("left-over")
    if ours.determined and theirs.determined:
        # What one of the sides adds must say nothing new: slacks, totals, names for the objective.
        sides = ((first, ours), (second, theirs))
        if all(not stand.determined <= _harmless(side, stand) for side, stand in sides):
            found.append("left-over")
    return list(dict.fromkeys(found))


def _only_objective(side: CheckedSide, stand: Standing) -> bool:
    """The open columns are continuous and the objective consists of them and of determined ones alone."""
    if side.cost_two or any(side.whole[j] or not side.cost.get(j) for j in stand.open):
        return False
    return all(j in stand.open or j in stand.determined for j in side.cost)


def _harmless(side: CheckedSide, stand: Standing) -> set[int]:
    """Determined columns that say nothing new: the objective's name, plain totals, slacks of what else there is."""
    found = {j for j in stand.determined if set(side.cost) == {j}}
    totals: set[int] = set()
    for i, (body, low, high) in enumerate(side.rows):
        if low is None or low != high or low != 0:
            continue
        for j in stand.determined & body.keys():
            rest = [quotient(v, body[j]) for k, v in body.items() if k != j]
            if rest and all(v < 0 for v in rest) and side.upper[j] is None and side.lower[j] in (None, 0):
                found.add(j)
                totals.add(i)
    for j in stand.determined - found:
        holders = [i for i, row in enumerate(side.rows) if j in row[0] and i not in totals]
        if len(holders) == 1 and j not in side.cost and side.lower[j] == 0 and side.upper[j] is None:
            found.add(j)
    return found


def sums_hide(side: CheckedSide, groups: Sequence[Merge], other: CheckedSide, stand: Standing) -> bool:
    """Whether a sum of ``side`` may hide a decision of the ``other`` side, whose columns stand as in ``stand``.

    A sum that its parts can make up in several ways has columns to spare. A column of the other side that no equation
    of its own defines, but that has one value, is a decision all the same: a spare one may be its partner.
    """
    return any(_is_sum(side, group) for group in groups) and not _each_defined(other, stand.determined)


def part_is_whole(
    side: CheckedSide,
    groups: Sequence[Merge],
    images: Sequence[Affine | None],
    other: CheckedSide,
    alike: Callable[[int, int], bool],
) -> bool:
    """Whether one part of a sum is by itself what the sum is read as, so that the other parts are decisions more.

    ``side`` is the side before merging, ``images`` are the columns of the ``other`` side in its columns after merging.
    A part is the whole where both have the same two ends, or, as numbers of one unit, are ``alike`` by name (column of
    ``side``, of ``other``). Digits and halves of a number never are. Parts that count differently and are no digits
    (``x + 2 t``) say nothing that a decision more would not say, either.
    """
    start = len(side.lower) - sum(len(group.weights) for group in groups)
    side = bounded(side, {j for group in groups for j in group.weights})
    for k, image in enumerate(images[: len(other.lower)]):
        if image is None or len(image.terms) != 1:
            continue
        ((merged, scale),) = image.terms.items()
        if merged < start or not _is_sum(side, groups[merged - start]):
            continue
        weights = groups[merged - start].weights
        if len({exact(w if w > 0 else -w) for w in weights.values()}) > 1:
            return True
        for j, weight in weights.items():
            factor = exact(scale) * exact(weight)
            ends = (side.lower[j], side.upper[j]) if factor > 0 else (side.upper[j], side.lower[j])
            low, high = (None if end is None else factor * end + exact(image.constant) for end in ends)
            boxed = low is not None and high is not None and low < high
            if boxed and (low, high) == (other.lower[k], other.upper[k]):
                return True
            if abs(factor) == 1 and alike(j, k):
                return True
    return False


def _each_defined(side: CheckedSide, columns: set[int]) -> bool:
    """Whether each of the columns has an equation of several columns, as written, of its own (a matching)."""
    equations = [body for body, _ in equations_of(replace(side, derived=[])) if len(body) > 1]
    taken: dict[int, int] = {}

    def place(j: int, tried: set[int]) -> bool:
        for i, body in enumerate(equations):
            if j in body and i not in tried:
                tried.add(i)
                if i not in taken or place(taken[i], tried):
                    taken[i] = j
                    return True
        return False

    return all(place(j, set()) for j in sorted(columns))


def _is_sum(side: CheckedSide, group: Merge) -> bool:
    """Whether several choices of the parts make up one value: neither digits nor the halves of a free number.

    ``side`` is the side before merging.
    """
    if is_difference(side, group):
        return False
    reach = Fraction(0)
    parts = {exact(w if w > 0 else -w): j for j, w in group.weights.items()}
    for size in sorted(parts):
        low, high = side.lower[parts[size]], side.upper[parts[size]]
        if not side.whole[parts[size]] or size <= reach or low is None or high is None:
            return True
        reach += size * (high - low)
    return len(parts) < len(group.weights)


def is_difference(side: CheckedSide, group: Merge) -> bool:
    """Whether the group is one column less another, both of any size from zero on: a free number in two halves.

    ``side`` is the side before merging.
    """
    weights = list(group.weights.values())
    side = bounded(side, set(group.weights))
    halves = all(side.lower[j] == 0 and side.upper[j] is None for j in group.weights)
    return len(weights) == 2 and weights[0] == -weights[1] and halves


def merges_agree(
    first: CheckedSide,
    second: CheckedSide,
    maps: tuple[Sequence[Affine | None], Sequence[Merge], Sequence[Merge]],
) -> bool:
    """Sums that are read as each other are sums of the same parts: weights up to a factor, kinds and boxes.

    ``first`` and ``second`` are the sides before merging; ``maps`` the map to the second and both lists of groups.
    """
    forward, ours, theirs = maps
    # Rows of one part alone are its ends: a part that they fix is no part that is free.
    first = bounded(first, {j for group in ours for j in group.weights})
    second = bounded(second, {k for group in theirs for k in group.weights})
    start_a = len(first.lower) - sum(len(m.weights) for m in ours)
    start_b = len(second.lower) - sum(len(m.weights) for m in theirs)
    for number, group in enumerate(theirs):
        image = forward[start_b + number]
        if image is None:
            continue
        for j in image.terms:
            if j >= start_a and _parts(first, ours[j - start_a]) != _parts(second, group):
                return False
    return True


_Part = tuple[Exact, bool, tuple[bool, Exact], tuple[bool, Exact]]


def _parts(side: CheckedSide, group: Merge) -> list[_Part]:
    sizes = {j: exact(w if w > 0 else -w) for j, w in group.weights.items()}
    least = min(sizes.values())
    rows: list[_Part] = []
    for j, size in sizes.items():
        low, high = sorted((_end(side.lower[j]), _end(side.upper[j])))
        rows.append((quotient(size, least), side.whole[j], low, high))
    return sorted(rows)


def _end(value: Exact | None) -> tuple[bool, Exact]:
    return (value is None, 0 if value is None else value)
