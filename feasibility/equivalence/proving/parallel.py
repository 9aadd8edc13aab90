"""Columns that stand in all rows and in the objective as multiples of one another: together they are one number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from ...programs.program import Program
from ...rationals import Exact, divide

COST = -1
"""The number under which a column's entries hold its cost."""


def parallel(
    program: Program,
    columns: Iterable[int],
    *,
    bounds: bool,
    left_out: Callable[[int, Mapping[int, Exact]], bool] = lambda j, held: False,
) -> list[dict[int, Exact]]:
    """Classes of two and more of the ``columns``, each column with its first entry, to which its others are in ratio.

    Whole columns and others are never of one class. ``bounds``: rows of one column count as well. Columns without any
    entry, those that are ``left_out`` by their entries ({row: coefficient}), and those of quadratic terms are in none.
    """
    entries: dict[int, dict[int, Exact]] = {j: {} for j in columns}
    for number, row in enumerate(program.rows):
        if bounds or len(row.linear) > 1:
            for j, c in row.linear.items():
                if j in entries:
                    entries[j][number] = c
    for j, c in program.objective.linear.items():
        if j in entries:
            entries[j][COST] = c
    curved = {
        j for body in (program.objective, *(r.body for r in program.rows)) for pair in body.quadratic for j in pair
    }
    classes: dict[object, dict[int, Exact]] = defaultdict(dict)
    for j, held in entries.items():
        if j in curved or not held or left_out(j, held):
            continue
        lead = held[min(held)]
        shape = tuple(sorted((i, divide(c, lead)) for i, c in held.items()))
        classes[program.columns[j].is_integer, shape][j] = lead
    return [members for members in classes.values() if len(members) > 1]
