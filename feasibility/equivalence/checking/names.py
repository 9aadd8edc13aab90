"""The names rule: a correspondence that contradicts a meaningful name on both sides grounds nothing.

The column of B under a meaningful name that A carries too must be that column of A, times a positive number (a unit; 1
for whole numbers), at every plan: a name keeps its sign and its origin. A column that a problem's text speaks of and
that only the reference has is a decision that the answer lacks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...programs.program import Program
from ..evidence import Correspondence
from ..maps import Affine
from ..naming import named_in, shared
from .equations import Equations
from .sides import CheckedSide, form_of, quotient


def contradicted(a: Program, b: Program, first: CheckedSide, second: CheckedSide, maps: Correspondence) -> list[str]:
    """The meaningful names of both sides that the maps read otherwise; ``first``/``second`` are the merged sides."""
    pairs = shared(a.columns, b.columns)
    gone_a = {j for group in maps.a_merges for j in group.weights}
    gone_b = {j for group in maps.b_merges for j in group.weights}
    place_a: dict[int, int] | None = None
    place_b: dict[int, int] | None = None
    if gone_a or gone_b:
        place_a = {j: p for p, j in enumerate(j for j in range(len(a.columns)) if j not in gone_a)}
        place_b = {k: p for p, k in enumerate(k for k in range(len(b.columns)) if k not in gone_b)}
    found: list[str] = []
    equations: Equations | None = None
    for k, j in pairs.items():
        if place_a is not None and place_b is not None and (j not in place_a or k not in place_b):
            found.append(b.columns[k].name)
            continue
        here, there = (j, k) if place_a is None or place_b is None else (place_a[j], place_b[k])
        image = maps.forward[there]
        if image is None:
            if not (set(first.cost) == {here} and set(second.cost) == {there}):
                found.append(b.columns[k].name)
            continue
        scale = image.terms.get(here, 0)
        if len(image.terms) == 1 and scale > 0 and not image.constant:
            if scale != 1 and first.whole[here] and second.whole[there]:
                found.append(b.columns[k].name)
            continue
        if equations is None:
            equations = Equations(first, place_a.values() if place_a is not None else pairs.values())
        if not _same_direction(equations, image, here) and not _both_objective(first, second, here, there):
            found.append(b.columns[k].name)
    return found


def _both_objective(first: CheckedSide, second: CheckedSide, j: int, k: int) -> bool:
    """Both are all of their objective: the objectives' comparison speaks for them."""
    return set(first.cost) == {j} and set(second.cost) == {k}


def _same_direction(equations: Equations, image: Affine, j: int) -> bool:
    """Whether the image is ``s * x_j`` with s > 0 at every plan of the equations."""
    left, extra = equations.normal(*form_of(image))
    right, constant = equations.normal({j: 1}, 0)
    if left.keys() != right.keys():
        return False
    ratios = {quotient(left[i], v) for i, v in right.items()}
    if not ratios:
        return extra == constant
    scale = ratios.pop()
    return not ratios and scale > 0 and extra == scale * constant


def missing_decisions(b: Program, leftover: Sequence[int], cost: Sequence[int], text: str) -> list[str]:
    """Columns of the reference without partner that the problem's text speaks of; the objective's own is none."""
    if not text:
        return []
    return [
        b.columns[k].name
        for k in leftover
        if k < len(b.columns) and set(cost) != {k} and named_in(text, b.columns[k].name)
    ]
