"""Shifts are paid for by limits: what else a row says is the same before and after.

The constants of a map are unknowns, and each row or bound that they move is one equation about them: its limit. As many
limits as constants can always be met by choosing the constants, whatever the limits are; so of every set of shifted
columns more limits must speak than it has constants (Hall's condition with one to spare: Hall 1935). A column's bounds,
both together, are one limit: the width between them is the same before and after.

Counting is not enough: two limits that hold the same difference of two columns say nothing about both moving together.
So a limit that a shift moves must also follow from the others: its equation lies in the span of theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...rationals import Exact
from .sides import quotient

ShiftedFamily = int
"""A constant of the map: the first of the columns that share it."""


_MOST = 400_000


def unpaid_shifts(
    shifted: Sequence[Collection[int]],
    limits: Mapping[object, Mapping[int, Exact]],
    constants: Mapping[int, Exact],
) -> list[int]:
    """The columns whose constants could have been chosen to fit.

    ``shifted`` are groups of columns that move by one constant, ``constants`` says by how much each column moves, and
    ``limits`` are the agreeing limits, each with the columns that it holds and their coefficients.
    """
    owner = {k: members[0] for members in map(list, shifted) for k in members}
    touching: dict[ShiftedFamily, set[object]] = {members[0]: set() for members in map(list, shifted)}
    for limit, columns in limits.items():
        for k in columns:
            if k in owner:
                touching[owner[k]].add(limit)
    short = {u for u, speaking in touching.items() if len(speaking) < 2}
    if not short:
        matched = _matching(touching)
        if len(matched) < len(touching):
            short = set(touching)
        else:
            for spare in list(matched.values()):
                rest = {u: speaking - {spare} for u, speaking in touching.items()}
                if len(_matching(rest)) < len(touching):
                    short = set(touching)
                    break
    if not short:
        short = _chosen(owner, limits, constants)
    return sorted(k for k, u in owner.items() if u in short)


def _chosen(
    owner: Mapping[int, ShiftedFamily], limits: Mapping[object, Mapping[int, Exact]], constants: Mapping[int, Exact]
) -> set[ShiftedFamily]:
    """The constants in limits that move and that no other limits bear out."""
    unknowns = sorted(set(owner.values()))
    if len(unknowns) ** 2 * len(limits) > _MOST:
        return set(unknowns)  # too many to look at: undecided
    basis: list[tuple[int, dict[ShiftedFamily, Exact], dict[object, Exact]]] = []
    borne: set[object] = set()
    inside: list[object] = []
    for limit, terms in limits.items():
        left: dict[ShiftedFamily, Exact] = {}
        for k, coefficient in terms.items():
            if k in owner:
                left[owner[k]] = left.get(owner[k], 0) + coefficient
        made: dict[object, Exact] = {limit: 1}
        for pivot, equation, parts in basis:
            factor = left.get(pivot, 0)
            if factor:
                left = {u: left.get(u, 0) - factor * equation.get(u, 0) for u in {*left, *equation}}
                made = {m: made.get(m, 0) - factor * parts.get(m, 0) for m in {*made, *parts}}
        left = {u: value for u, value in left.items() if value}
        if not left:
            borne.update(m for m, value in made.items() if value)  # these limits follow from each other
            continue
        pivot = min(left)
        scale = left[pivot]
        basis.append(
            (pivot, {u: quotient(v, scale) for u, v in left.items()}, {m: quotient(v, scale) for m, v in made.items()})
        )
        inside.append(limit)
    return {
        owner[k]
        for limit in inside
        if limit not in borne and _moves(limits[limit], constants)
        for k in limits[limit]
        if k in owner
    }


def _moves(terms: Mapping[int, Exact], constants: Mapping[int, Exact]) -> bool:
    return sum((value * constants.get(k, 0) for k, value in terms.items()), 0) != 0


def _matching(touching: Mapping[ShiftedFamily, Collection[object]]) -> dict[ShiftedFamily, object]:
    """As many constants as possible, each with a limit of its own, by augmenting paths (Kuhn 1955)."""
    taken: dict[object, ShiftedFamily] = {}

    def place(unknown: ShiftedFamily, seen: set[object]) -> bool:
        for limit in touching[unknown]:
            if limit in seen:
                continue
            seen.add(limit)
            if limit not in taken or place(taken[limit], seen):
                taken[limit] = unknown
                return True
        return False

    for unknown in touching:
        place(unknown, set())
    return {unknown: limit for limit, unknown in taken.items()}
