"""Shifts are paid for by limits: what else a row says is the same before and after.

The constants of a map are unknowns, and each row or bound that they move is one equation about them: its limit. As many
limits as constants can always be met by choosing the constants, whatever the limits are; so of every set of shifted
columns more limits must speak than it has constants (Hall's condition with one to spare: Hall 1935). A column's bounds,
both together, are one limit: the width between them is the same before and after.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

Unknown = int
"""A constant of the map: the first of the columns that share it."""


def unpaid_shifts(shifted: Sequence[Collection[int]], limits: Mapping[object, Collection[int]]) -> list[int]:
    """The columns whose constants could have been chosen to fit.

    ``shifted`` are groups of columns that move by one constant, ``limits`` the agreeing limits, each with the columns
    that it holds.
    """
    owner = {k: members[0] for members in map(list, shifted) for k in members}
    touching: dict[Unknown, set[object]] = {members[0]: set() for members in map(list, shifted)}
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
    return sorted(k for k, u in owner.items() if u in short)


def _matching(touching: Mapping[Unknown, Collection[object]]) -> dict[Unknown, object]:
    """As many constants as possible, each with a limit of its own, by augmenting paths (Kuhn 1955)."""
    taken: dict[object, Unknown] = {}

    def place(unknown: Unknown, seen: set[object]) -> bool:
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
