"""Exact solution of a basis that is too large for the dense dictionary: sparse elimination in rationals.

Bases of real programs are nearly triangular. Rows with one unknown left are solved, columns that one row alone
contains are postponed, and only the kernel that remains is eliminated with Bareiss's fraction-free method (Math. Comp.
22, 1968).
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from ..programs.program import Program
from ..rationals import Exact, divide

_BASIC, _UPPER = 1, 2
KERNEL = 150
"""Largest kernel that is eliminated densely; a larger one is given up."""


def solve_basis(
    program: Program,
    columns: Sequence[int],
    rows: Sequence[int],
    deadline: float | None = None,
    *,
    objective: bool = True,
) -> tuple[list[Exact], dict[int, Exact]] | None:
    """The exact point and row multipliers that belong to a basis (HiGHS's statuses), feasible or not.

    None when the statuses are no basis, the kernel is too large or time runs out.
    """
    if len(columns) != len(program.columns) or len(rows) != len(program.rows):
        return None
    basic = [j for j, status in enumerate(columns) if status == _BASIC]
    tight = [i for i, status in enumerate(rows) if status != _BASIC]
    if len(basic) != len(tight):
        return None
    point: list[Exact] = [0] * len(columns)
    for j, status in enumerate(columns):
        if status != _BASIC:
            low, high = program.columns[j].lower, program.columns[j].upper
            chosen = high if (status == _UPPER and high is not None) or low is None else low
            point[j] = 0 if chosen is None else chosen
    place = {j: k for k, j in enumerate(basic)}
    matrix: list[dict[int, Exact]] = []
    sides: list[Exact] = []
    for i in tight:
        row = program.rows[i]
        side = row.upper if (rows[i] == _UPPER and row.upper is not None) or row.lower is None else row.lower
        if side is None:
            return None
        entries: dict[int, Exact] = {}
        for j, a in row.body.linear.items():
            if j in place:
                entries[place[j]] = a
            elif point[j]:
                side -= a * point[j]
        matrix.append(entries)
        sides.append(side)
    values = solve_sparse(matrix, sides, deadline)
    if values is None:
        return None
    for j, value in zip(basic, values, strict=True):
        point[j] = value
    duals: dict[int, Exact] = {}
    if objective and program.sense != "feasibility":
        transposed: list[dict[int, Exact]] = [{} for _ in basic]
        for r, entries in enumerate(matrix):
            for k, a in entries.items():
                transposed[k][r] = a
        multipliers = solve_sparse(transposed, [program.objective.linear.get(j, 0) for j in basic], deadline)
        if multipliers is None:
            return None
        duals = {i: y for i, y in zip(tight, multipliers, strict=True) if y}
    return point, duals


def solve_sparse(
    rows: Sequence[dict[int, Exact]], sides: Sequence[Exact], deadline: float | None = None
) -> list[Exact] | None:
    """The one solution of a square sparse system, or None (singular, kernel too large, out of time)."""
    n = len(rows)
    left = [dict(row) for row in rows]
    right = list(sides)
    users: list[set[int]] = [set() for _ in range(n)]
    for r, row in enumerate(left):
        for k in row:
            users[k].add(r)
    solution: list[Exact | None] = [None] * n
    open_rows = set(range(n))
    # Rows with one unknown: solve, and put the value into all other rows.
    queue = [r for r in range(n) if len(left[r]) == 1]
    while queue:
        r = queue.pop()
        if r not in open_rows:
            continue
        if len(left[r]) != 1:
            return None
        ((k, a),) = left[r].items()
        value = divide(right[r], a)
        solution[k] = value
        open_rows.discard(r)
        for other in users[k]:
            if other in open_rows:
                b = left[other].pop(k)
                if value:
                    right[other] -= b * value
                if len(left[other]) == 1:
                    queue.append(other)
        users[k].clear()
    # Columns that one open row alone contains: that row is solved for them at the end.
    open_columns = {k for k in range(n) if solution[k] is None}
    for k in open_columns:
        users[k] &= open_rows
    postponed: list[tuple[int, int]] = []
    waiting = [k for k in open_columns if len(users[k]) == 1]
    while waiting:
        k = waiting.pop()
        if k not in open_columns or len(users[k]) != 1:
            continue
        (r,) = users[k]
        postponed.append((r, k))
        open_rows.discard(r)
        open_columns.discard(k)
        for other in left[r]:
            if other in open_columns:
                users[other].discard(r)
                if len(users[other]) == 1:
                    waiting.append(other)
    if len(open_rows) != len(open_columns) or len(open_rows) > KERNEL:
        return None
    if open_rows and not _kernel(left, right, sorted(open_rows), sorted(open_columns), solution, deadline):
        return None
    for r, k in reversed(postponed):
        solution[k] = _solved_for(k, left[r], right[r], solution)
    return [value for value in solution if value is not None] if None not in solution else None


def _solved_for(k: int, row: dict[int, Exact], side: Exact, solution: Sequence[Exact | None]) -> Exact:
    """The unknown ``k`` of a row whose other unknowns are known."""
    total = side
    for other, a in row.items():
        if other != k:
            known = solution[other]
            assert known is not None
            total -= a * known
    return divide(total, row[k])


def _kernel(
    left: Sequence[dict[int, Exact]],
    right: Sequence[Exact],
    rows: Sequence[int],
    columns: Sequence[int],
    solution: list[Exact | None],
    deadline: float | None,
) -> bool:
    """Solve the kernel densely and write its unknowns into ``solution``; False when singular or out of time."""
    dense: list[list[int]] = []
    for r in rows:
        entries: list[Exact] = [left[r].get(k, 0) for k in columns] + [right[r]]
        common = math.lcm(*{a.denominator for a in entries})
        dense.append([int(a * common) for a in entries])
    n, previous = len(rows), 1
    for step in range(n):
        if deadline is not None and time.monotonic() >= deadline:
            return False
        pivot_row = min((r for r in range(step, n) if dense[r][step]), key=lambda r: abs(dense[r][step]), default=-1)
        if pivot_row < 0:
            return False
        dense[step], dense[pivot_row] = dense[pivot_row], dense[step]
        top = dense[step]
        p = top[step]
        for r in range(step + 1, n):
            row = dense[r]
            f = row[step]
            dense[r] = [0] * (step + 1) + [
                (a * p - f * b) // previous for a, b in zip(row[step + 1 :], top[step + 1 :], strict=True)
            ]
        previous = p
    # Cramer: every unknown is a whole number over the determinant, so that back substitution stays whole.
    determinant = previous
    numerators = [0] * n
    for r in range(n - 1, -1, -1):
        row = dense[r]
        total = row[n] * determinant - sum(row[k] * numerators[k] for k in range(r + 1, n))
        numerators[r] = total // row[r]
    for k, numerator in zip(columns, numerators, strict=True):
        solution[k] = divide(numerator, determinant)
    return True
