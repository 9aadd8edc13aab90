"""Claims at the best of the column that is all of the objective: plans that waste it are no other decisions.

Where rows of several columns (two at least: it is the most or the least of several amounts) and its own end keep such
a column from being cheaper, and no row keeps it from being dearer, each plan stays one when the column takes the
dearest of what holds it; and no other value is better. A claim is shown for these plans when it is shown with each of
what holds the column in its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...rationals import Exact
from .sides import AffineForm, CheckedSide, quotient


def holding(source: CheckedSide) -> tuple[int, list[AffineForm]] | None:
    """The continuous column that is all of the objective, and what holds it; None where it is no most or least."""
    if source.cost_two or len(source.cost) != 1:
        return None
    ((p, price),) = source.cost.items()
    if source.whole[p]:
        return None
    found: list[AffineForm] = []
    several = 0
    for body, low, high in source.rows:
        if p not in body:
            continue
        side, dear = (low, high) if body[p] * price > 0 else (high, low)
        if dear is not None or side is None:
            return None
        several += len(body) > 1
        rest = {j: quotient(-v, body[p]) for j, v in body.items() if j != p}
        found.append((rest, quotient(side, body[p])))
    end = source.lower[p] if price > 0 else source.upper[p]
    if end is not None:
        found.append(({}, end))
    return (p, found) if several > 1 else None


def in_its_place(form: AffineForm, p: int, held: AffineForm) -> AffineForm:
    """The form with what holds the column in its place."""
    terms, constant = dict(form[0]), form[1]
    weight = terms.pop(p, 0)
    for j, v in held[0].items():
        terms[j] = terms.get(j, 0) + weight * v
    return {j: v for j, v in terms.items() if v}, constant + weight * held[1]


def forms_at_best(source: CheckedSide, form: AffineForm, count: int) -> list[AffineForm]:
    """The form with each of what holds the column in its place; none where that is not ``count`` or says nothing."""
    found = holding(source)
    if found is None or found[0] not in form[0] or len(found[1]) != count:
        return []
    return [in_its_place(form, found[0], held) for held in found[1]]


def broken_by_waste_alone(source: CheckedSide, terms: Mapping[int, Exact]) -> bool:
    """Whether ``terms <= limit`` is the harder the dearer the column is."""
    return any(terms.get(p, 0) * price > 0 for p, price in source.cost.items())
