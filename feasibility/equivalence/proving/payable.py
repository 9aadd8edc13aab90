"""Whether two programs under binding names could agree on another unit for some column, before any unit is sought.

Under names that bind, a map other than the names themselves multiplies columns by positive units, and the checker
(``checking/payment.py``) asks at least two statements of both sides to agree on each unit. Rows and bounds of both
sides that could become each other determine the units of all their columns, so that the units that could be paid for
are few and seen without solving anything; mostly there is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...programs.program import Program
from ...rationals import Exact, divide
from .preference import cost
from .written_units import limited_sides

_Limited = tuple[Mapping[int, Exact], Exact]
"""``terms <= limit``."""


def could_be_paid(a: Program, b: Program, pairs: Mapping[int, int]) -> bool:
    """Whether a unit other than 1 of some column could have two statements for it; when in doubt, yes.

    ``pairs`` is {column of B: column of A} for all columns. Linear programs whose cores have no derived lines.
    """
    if any(_has_equations(side) for side in (a, b)) or _costs_ask_for_units(a, b, pairs):
        return True
    back = {j: k for k, j in pairs.items()}
    ours: dict[frozenset[int], list[_Limited]] = {}
    for terms, limit in limited_sides(a):
        ours.setdefault(frozenset(back[j] for j in terms), []).append(({back[j]: c for j, c in terms.items()}, limit))
    whole = {k for k, j in pairs.items() if a.columns[j].is_integer or b.columns[k].is_integer}
    votes: Counter[tuple[object, Exact]] = Counter()
    for terms, limit in limited_sides(b):
        said: set[tuple[int, Exact]] = set()
        for other, end in ours.get(frozenset(terms), ()):
            if not limit and not end:
                if len(terms) > 1:
                    return True  # only the ratios of the units are determined: any number of them may agree
                continue
            units = _units(terms, limit, other, end)
            if units is not None and all(units[k] == 1 for k in whole & units.keys()):
                said |= {(k, unit) for k, unit in units.items() if unit != 1}
        for k, unit in said:
            # The members of one indexed variable move together, and what is said of one is said of all.
            column = b.columns[k]
            votes[(column.variable if column.members else k), unit] += 1
    return any(count > 1 for count in votes.values())


def _has_equations(program: Program) -> bool:
    sides = [(row.lower, row.upper) for row in program.rows]
    sides += [(column.lower, column.upper) for column in program.columns]
    return any(low is not None and low == high for low, high in sides)


def _costs_ask_for_units(a: Program, b: Program, pairs: Mapping[int, int]) -> bool:
    """Whether the objectives are of the same columns and signs, but not the same: units could make them so."""
    first, second = cost(a).linear, cost(b).linear
    if first.keys() != {pairs[k] for k in second}:
        return False  # no positive units make them alike
    ratios = {divide(first[pairs[k]], c) for k, c in second.items()}
    return bool(ratios) and ratios != {1} and min(ratios) > 0


def _units(terms: Mapping[int, Exact], limit: Exact, other: Mapping[int, Exact], end: Exact) -> dict[int, Exact] | None:
    """The units ``y_k = s_k x_k`` under which ``terms(y) <= limit`` says ``other(x) <= end``; None when none does."""
    if limit * end <= 0:
        return None
    factor = divide(limit, end)
    units = {k: divide(factor * other[k], c) for k, c in terms.items()}
    return units if min(units.values()) > 0 else None


__all__ = ["could_be_paid"]
