"""The objectives' rule: a factor and a shift between them must be more than numbers that make them agree here.

Where the plans lie on a line, any two objectives that point the same way are a multiple of each other plus a constant,
and the price of a forced quantity changes nothing but that constant. Such numbers explain a wrong price away. Factor
and constant therefore stand when the objectives are multiples of each other as they are written, when they are
written in different columns altogether, or when they say the same at every plan, constant included, with a factor that
is 1 or on which at least two coefficients (the constant is one) agree after the equations are substituted. Costs that
open columns stand for on both sides must be the same at their best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...rationals import Exact
from ..evidence import Correspondence, Preference
from ..maps import Affine
from .equations import Equations
from .sides import AffineForm, CheckedSide, composed, exact, quotient


def order_only(first: CheckedSide, second: CheckedSide, maps: Correspondence, preference: Preference) -> bool:
    """Whether the factor and the constant that turn A's cost into B's are but chosen to fit.

    ``first`` and ``second`` are the merged sides with their derived lines. That they are right is not asked here.
    """
    scale, shift = preference.scale, exact(preference.constant)
    if scale is None or first.cost_two or second.cost_two:
        return False
    factor = exact(scale)
    if not (maps.a_open.isdisjoint(first.cost) or maps.b_open.isdisjoint(second.cost)):
        prices = sorted(second.cost.values()) == sorted(factor * v for v in first.cost.values())
        return not ((factor == 1 or prices) and _same_at_best(first, second, maps, factor))
    # Either is enough: what B says of A's cost in its own columns, and what A says of B's.
    return not (
        _borne_out(second, _read(first, maps.backward), (second.cost, second.cost_constant), factor, shift)
        or _borne_out(first, _read(second, maps.forward), (first.cost, first.cost_constant), quotient(1, factor), shift)
    )


def _same_at_best(first: CheckedSide, second: CheckedSide, maps: Correspondence, factor: Exact) -> bool:
    """Whether two costs that open columns stand for on both sides are the same at their best, constants included.

    Such a column may as well be a decision with a price, and what its row asks for moves but the constant.
    """
    try:
        ours, ours_constant = composed(first.cost, maps.backward)
        there, extra = composed(second.cost, maps.forward)
        theirs, theirs_constant = composed(there, maps.backward)
    except ValueError:
        return False
    equations = Equations(second)
    left = equations.normal(ours, ours_constant + first.cost_constant)
    right = equations.normal(theirs, theirs_constant + extra + second.cost_constant)
    return ({j: factor * v for j, v in left[0].items()}, factor * left[1]) == right


def _read(side: CheckedSide, images: Sequence[Affine | None]) -> AffineForm | None:
    """The side's cost in the other's columns, if all of its columns have a formula there."""
    try:
        terms, constant = composed(side.cost, images)
    except ValueError:
        return None
    return terms, constant + side.cost_constant


def _borne_out(side: CheckedSide, read: AffineForm | None, own: AffineForm, factor: Exact, shift: Exact) -> bool:
    """Whether ``own = factor * read`` plus a constant is more than a fit."""
    if read is None:
        return False
    if _is_multiple(read[0], own[0], factor) or read[0].keys().isdisjoint(own[0]):
        return True
    if shift:
        return False
    if factor == 1:
        return True
    equations = Equations(side)
    left, right = equations.normal(*read), equations.normal(*own)
    return len(right[0]) + (right[1] != 0) > 1 and _is_multiple(left[0], right[0], factor)


def _is_multiple(left: Mapping[int, Exact], right: Mapping[int, Exact], factor: Exact) -> bool:
    return bool(left) and {j: factor * v for j, v in left.items()} == dict(right)
