"""Why nothing is possible: an irreducible infeasible subset of rows, bounds and integrality.

A Farkas certificate already names a small infeasible subset (Gleeson and Ryan, ORSA Journal on Computing 2, 1990); a
deletion filter (Chinneck and Dravnieks, ORSA Journal on Computing 3, 1991) then tests every member for necessity, in
blocks that are halved when a block as a whole cannot be spared. Integrality is a member like any other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from ..policy import Policy
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, divide
from . import exactness
from .linear import contradiction, relax
from .solution import Conflict, ConflictMember, Farkas, Solution
from .solving import solve

_FEW_ROWS = 30
"""Rows of a certificate whose independence is looked at."""
_LONGEST = 0.25
"""Seconds that the test of one block or member may take."""
_ALL = 1.0
"""Seconds that the whole search may take. A conflict explains a verdict that stands already: where finding the fewest
members takes longer than that, more members than necessary are named, and said to be."""


def find_conflict(
    program: Program, policy: Policy | None = None, *, deadline: float | None = None, solution: Solution | None = None
) -> Conflict:
    """An irreducible infeasible subset of an infeasible program.

    ``solution`` saves solving again when the program has been solved. When the deadline (``time.monotonic()``) or the
    second that the search may take passes first, what is known to be infeasible by then comes back with ``proved``
    False. Raises ValueError when the program
    is feasible.
    """
    policy = policy or Policy()
    if deadline is None:
        deadline = time.monotonic() + policy.time_limit
    members = _members(program)
    farkas = contradiction(program) or (solution.farkas if solution is not None else None)
    if farkas is None and not program.is_nonlinear and not (solution is not None and solution.support):
        relaxation = relax(program, policy, deadline, objective=False)
        farkas = relaxation.farkas
    if farkas is not None:
        members = _support(program, farkas)
        if farkas.crossed is None and _is_elementary(program, farkas):
            return _conflict(members, proved=True)
    elif solution is None:
        solution = solve(Program(program.columns, program.rows, "feasibility"), policy, deadline=deadline)
        if solution.status in ("optimal", "unbounded"):
            raise ValueError("the program is feasible: it has no conflict")
        if solution.status == "unknown":
            return _conflict(members, proved=False)
    if farkas is None and solution is not None and solution.support:
        supported = set(solution.support)
        members = [member for member in members if member in supported]
    kept, proved = _filter(program, members, policy, min(deadline, time.monotonic() + _ALL))
    return _conflict(kept, proved=proved)


def restricted(program: Program, conflict: Conflict) -> Program:
    """The program with only the rows, bounds and integrality that the conflict names, and no objective."""
    members: list[ConflictMember] = [("row", i) for i in conflict.rows]
    members += [("lower" if side == "lower" else "upper", j) for j, side in conflict.bounds]
    members += [("integer", j) for j in conflict.integers]
    return _restricted(program, members, keep_columns=True)


def _members(program: Program) -> list[ConflictMember]:
    """Everything that may take part. What comes last is tried first, and so tends to be left out."""
    members: list[ConflictMember] = [
        ("row", i) for i, row in enumerate(program.rows) if row.lower is not None or row.upper is not None
    ]
    members += [("integer", j) for j, column in enumerate(program.columns) if column.domain != "continuous"]
    members += [("upper", j) for j, column in enumerate(program.columns) if column.upper is not None]
    members += [("lower", j) for j, column in enumerate(program.columns) if column.lower is not None]
    return members


def _support(program: Program, farkas: Farkas) -> list[ConflictMember]:
    if farkas.crossed is not None:
        kind, number = farkas.crossed
        return [("row", number)] if kind == "row" else [("lower", number), ("upper", number)]
    members: list[ConflictMember] = [("row", i) for i, y in farkas.rows.items() if y]
    members += [("lower" if z > 0 else "upper", j) for j, z in farkas.columns.items() if z]
    return members


def _is_elementary(program: Program, farkas: Farkas) -> bool:
    """Whether each of its members is necessary, as linear algebra alone tells (Gleeson and Ryan: a vertex).

    Together the members' normals are dependent, by the certificate. Where any all but one of them are independent, all
    but one can be kept: values for independent normals can be chosen freely. A certificate that is an extreme ray, as a
    simplex method's is, passes; False only says that it was not seen here.
    """
    rows = [i for i, y in farkas.rows.items() if y]
    if len(rows) > _FEW_ROWS or any(program.rows[i].body.quadratic for i in rows):
        return False
    if not exactness.proves_infeasible(program, farkas):
        return False  # it leans on what was rounded for whole numbers, and these are members, too
    fixed = {j for j, z in farkas.columns.items() if z}
    left = [{j: a for j, a in program.rows[i].linear.items() if j not in fixed} for i in rows]
    return _rank(left) == len(rows) - 1


def _rank(rows: list[dict[int, Exact]]) -> int:
    """By elimination; the rows are used up."""
    rank = 0
    while rows:
        pivot = rows.pop()
        if not pivot:
            continue
        rank += 1
        j, a = next(iter(pivot.items()))
        for row in rows:
            if j not in row:
                continue
            times = divide(row.pop(j), a)
            for k, b in pivot.items():
                if k != j:
                    total = row.get(k, 0) - times * b
                    if total:
                        row[k] = total
                    else:
                        row.pop(k, None)
    return rank


def _filter(
    program: Program, members: list[ConflictMember], policy: Policy, deadline: float
) -> tuple[list[ConflictMember], bool]:
    """Drop blocks of members as long as the rest stays infeasible; the rest, and whether each of it is necessary."""
    kept: list[ConflictMember] = []
    undecided: list[ConflictMember] = []
    blocks = _blocks(members)
    while blocks:
        block = blocks.pop()
        rest = kept + [member for other in blocks for member in other]
        spared = _is_infeasible(program, rest, policy, deadline) if rest else False
        if spared:
            continue
        if len(block) > 1:
            half = len(block) // 2
            blocks += [block[:half], block[half:]]
            continue
        kept += block
        if spared is None:
            undecided += block
            if time.monotonic() >= deadline:
                return kept + [member for other in blocks for member in other], False
    # A member that could not be decided among many others often can be among the few that are left.
    proved = True
    for member in undecided:
        rest = [other for other in kept if other != member]
        spared = _is_infeasible(program, rest, policy, deadline)
        if spared:
            kept = rest
        elif spared is None:
            proved = False
    return kept, proved


def _blocks(members: list[ConflictMember]) -> list[list[ConflictMember]]:
    """Few members one by one; many in blocks of one kind, of about the square root of their number."""
    if len(members) <= 12:
        return [[member] for member in members]
    size = max(int(len(members) ** 0.5), 1)
    blocks: list[list[ConflictMember]] = []
    for kind in ("row", "integer", "upper", "lower"):
        group = [member for member in members if member[0] == kind]
        blocks += [group[k : k + size] for k in range(0, len(group), size)]
    return blocks


def _is_infeasible(program: Program, members: list[ConflictMember], policy: Policy, deadline: float) -> bool | None:
    """Whether these members alone are infeasible; None when that could not be decided."""
    now = time.monotonic()
    if now >= deadline:
        return None
    # One test must not eat the time of all others: without its bounds an integer search may never end.
    share = min((deadline - now) / 4, _LONGEST)
    status = solve(_restricted(program, members), policy, deadline=now + share).status
    return None if status == "unknown" else status == "infeasible"


def _restricted(program: Program, members: Iterable[ConflictMember], *, keep_columns: bool = False) -> Program:
    """The members as a program of their own; columns that no member touches are left out unless they are to be kept."""
    # In the program's own order: the same subset is then the same program, and gets the same answer.
    rows = [program.rows[i] for i in sorted(i for kind, i in members if kind == "row")]
    sides: dict[int, set[str]] = {}
    for row in rows:
        for j in (*row.body.linear, *(j for pair in row.body.quadratic for j in pair)):
            sides.setdefault(j, set())
    for kind, j in members:
        if kind != "row":
            sides.setdefault(j, set()).add(kind)
    chosen = range(len(program.columns)) if keep_columns else sorted(sides)
    place = {j: k for k, j in enumerate(chosen)}
    columns = [_restricted_column(program.columns[j], sides.get(j, set())) for j in chosen]
    return Program(columns, [_renumbered(row, place) for row in rows], "feasibility")


def _restricted_column(column: Column, kept: set[str]) -> Column:
    return Column(
        column.name,
        "integer" if "integer" in kept else "continuous",
        column.lower if "lower" in kept else None,
        column.upper if "upper" in kept else None,
        column.variable,
        column.members,
    )


def _renumbered(row: Row, place: dict[int, int]) -> Row:
    body = Quadratic(
        {place[j]: a for j, a in row.body.linear.items()},
        {(place[j], place[k]): q for (j, k), q in row.body.quadratic.items()},
    )
    return replace(row, body=body)


def _conflict(members: Iterable[ConflictMember], *, proved: bool) -> Conflict:
    members = list(members)
    return Conflict(
        tuple(sorted(i for kind, i in members if kind == "row")),
        tuple(sorted((j, kind) for kind, j in members if kind in ("lower", "upper"))),
        tuple(sorted(j for kind, j in members if kind == "integer")),
        proved,
    )
