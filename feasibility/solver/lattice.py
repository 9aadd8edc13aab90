"""Equations that whole numbers cannot satisfy, whatever their bounds: ``35x - 45y == 6``.

A search over integers without bounds may never end on them; elimination does (Schrijver, Theory of Linear and Integer
Programming, 4.1 and 5.3).
"""

from __future__ import annotations

import math

from ..programs.program import Program
from ..rationals import Exact, divide

_LARGEST = 4000
"""Entries (equations times columns) up to which it is tried."""


def equations_have_no_whole_solution(program: Program) -> bool:
    """Whether the equations alone exclude every point with whole integer columns. Exact; bounds are not looked at.

    Continuous columns are eliminated over the rationals first; the equations that are left over integers are brought to
    echelon form by column operations that keep whole numbers whole (Euclid's algorithm).
    """
    equations: list[tuple[dict[int, Exact], Exact]] = [
        (dict(row.body.linear), row.lower)
        for row in program.rows
        if row.lower is not None and row.lower == row.upper and not row.body.quadratic
    ]
    if not equations or len(equations) * len(program.columns) > _LARGEST:
        return False
    whole: list[tuple[dict[int, Exact], Exact]] = []
    while equations:
        linear, side = equations.pop()
        loose = next((j for j in linear if program.columns[j].domain == "continuous"), None)
        if loose is None:
            whole.append((linear, side))
        else:
            equations = [_eliminated(other, loose, linear, side) for other in equations]
            whole = [_eliminated(other, loose, linear, side) for other in whole]
    return _no_whole_solution(whole)


def _eliminated(
    equation: tuple[dict[int, Exact], Exact], j: int, linear: dict[int, Exact], side: Exact
) -> tuple[dict[int, Exact], Exact]:
    """The equation less the multiple of the other one that makes column j vanish."""
    body, value = equation
    if not body.get(j):
        return equation
    factor = divide(body[j], linear[j])
    changed = dict(body)
    for k, a in linear.items():
        changed[k] = changed.get(k, 0) - factor * a
    return {k: a for k, a in changed.items() if a}, value - factor * side


def _no_whole_solution(equations: list[tuple[dict[int, Exact], Exact]]) -> bool:
    """One equation after the other: its columns are combined until one is left, whose value must then be whole."""
    columns = sorted({j for linear, _ in equations for j in linear})
    matrix: list[list[int]] = []
    sides: list[Exact] = []
    for linear, side in equations:
        common = math.lcm(*{a.denominator for a in linear.values()})
        matrix.append([int(linear.get(j, 0) * common) for j in columns])
        sides.append(side * common)
    free = list(range(len(columns)))
    for r, row in enumerate(matrix):
        used = [k for k in free if row[k]]
        while len(used) > 1:
            pivot = min(used, key=lambda k: abs(row[k]))
            for k in used:
                if k != pivot:
                    quotient = row[k] // row[pivot]
                    for line in matrix[r:]:
                        line[k] -= quotient * line[pivot]
            used = [k for k in used if row[k]]
        if not used:
            if sides[r] != 0:
                return True
            continue
        value = divide(sides[r], row[used[0]])
        if value.denominator != 1:
            return True
        free.remove(used[0])
        for s in range(r + 1, len(matrix)):
            sides[s] -= matrix[s][used[0]] * value
    return False
