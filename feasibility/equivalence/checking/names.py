"""The names rule: a correspondence that contradicts a meaningful name on both sides grounds nothing.

The column of B under a meaningful name that A carries too must be that column of A, times a positive number (a unit; 1
for whole numbers), at every plan: a name keeps its sign and its origin. A column that a problem's text speaks of and
that only the reference has is a decision that the answer lacks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...programs.program import Program
from ...rationals import Exact
from ..evidence import Correspondence, Preference
from ..maps import Affine
from ..naming import named_in, shared
from .equations import Equations
from .sides import CheckedSide, exact, form_of, quotient


def contradicted(
    a: Program,
    b: Program,
    first: CheckedSide,
    second: CheckedSide,
    maps: Correspondence,
    preference: Preference | None = None,
) -> list[str]:
    """The meaningful names of both sides that the maps read otherwise; ``first``/``second`` are the merged sides.

    ``preference`` is how the objectives were found alike: it tells the unit of a column that is all of them.
    """
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
            if _unit_at_best(first, second, here, there, preference) != 1:
                found.append(b.columns[k].name)
            continue
        scale = image.terms.get(here, 0)
        if len(image.terms) == 1 and scale > 0 and not image.constant:
            if scale != 1 and first.whole[here] and second.whole[there]:
                found.append(b.columns[k].name)
            continue
        if equations is None:
            equations = Equations(first, place_a.values() if place_a is not None else pairs.values())
        factor = _unit_at_plans(equations, image, here)
        if factor is None:
            factor = _unit_at_best(first, second, here, there, preference)
        if factor is None or factor <= 0 or (factor != 1 and first.whole[here] and second.whole[there]):
            found.append(b.columns[k].name)
    return found


def _unit_at_best(
    first: CheckedSide, second: CheckedSide, j: int, k: int, preference: Preference | None
) -> Exact | None:
    """How many of ``x_j`` one of B's column is where both are all of their objective, at each plan's best.

    None where they are not. A constant between the two is the objectives' matter. Without a comparison of these 1.
    """
    if set(first.cost) != {j} or set(second.cost) != {k}:
        return None
    if preference is None or preference.scale is None:
        return 1
    return quotient(exact(preference.scale) * first.cost[j], second.cost[k])


def _unit_at_plans(equations: Equations, image: Affine, j: int) -> Exact | None:
    """The number s for which the image is ``s * x_j`` at every plan of the equations; None without one."""
    left, extra = equations.normal(*form_of(image))
    right, constant = equations.normal({j: 1}, 0)
    if left.keys() != right.keys():
        return None
    ratios = {quotient(left[i], v) for i, v in right.items()}
    if not ratios:
        return 1 if extra == constant else None
    scale = ratios.pop()
    return scale if not ratios and extra == scale * constant else None


def missing_decisions(b: Program, leftover: Sequence[int], cost: Sequence[int], text: str) -> list[str]:
    """Columns of the reference without partner that the problem's text speaks of; the objective's own is none."""
    if not text:
        return []
    return [b.columns[k].name for k in leftover if set(cost) != {k} and named_in(text, b.columns[k].name)]
