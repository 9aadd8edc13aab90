"""Feasible or not, when a float solver's tolerances stand between: every row may stretch, and the stretch is minimised.

The elastic program always has a point. The multipliers of its exact optimal basis prove infeasibility when the least
stretch is positive (Chinneck, Feasibility and Infeasibility in Optimization, 2008, section 6.1); when it is zero, the
basis is an exact point. What HiGHS lets pass (rows missed by less than 1e-7) is thereby decided.
"""

from __future__ import annotations

from ..policy import Policy
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, from_float
from . import exactness, linear_algebra
from .highs import SolverAnswer, run, to_floats
from .solution import Farkas


def decide(program: Program, policy: Policy, deadline: float | None) -> Farkas | tuple[Exact, ...] | None:
    """Multipliers that prove the relaxation infeasible, an exact point of it, or None when neither was found.

    Rows must be linear. Both kinds of evidence have been checked against the program itself.
    """
    elastic = _elastic(program)
    try:
        floats = to_floats(elastic)
    except OverflowError:
        return None
    for strict in (True, False):
        answer = run(floats, policy, deadline=deadline, presolve=False, strict=strict)
        if answer.outcome == "optimal":
            found = _read(program, elastic, answer, deadline)
            if found is not None:
                return found
    return None


def _read(
    program: Program, elastic: Program, answer: SolverAnswer, deadline: float | None
) -> Farkas | tuple[Exact, ...] | None:
    candidates: list[dict[int, Exact]] = []
    solved = linear_algebra.solve_basis(elastic, answer.columns, answer.rows, deadline)
    if solved is not None:
        point, duals = solved[0][: len(program.columns)], solved[1]
        if not any(v.kind != "integer" for v in exactness.violations(program, point)):
            return tuple(point)
        candidates.append(duals)
    candidates.append({i: from_float(y) for i, y in enumerate(answer.duals) if y})
    for duals in candidates:
        farkas = exactness.complete_farkas(program, duals)
        if exactness.proves_infeasible(program, farkas):
            return farkas
    return None


def _elastic(program: Program) -> Program:
    """Minimise the sum of what each row is stretched by; bounds of columns stay hard."""
    columns = list(program.columns)
    rows: list[Row] = []
    costs: dict[int, Exact] = {}
    for row in program.rows:
        body = dict(row.body.linear)
        for side, direction in ((row.lower, 1), (row.upper, -1)):
            if side is not None:
                costs[len(columns)] = 1
                body[len(columns)] = direction
                columns.append(Column(f"stretch {len(columns)}", "continuous", 0, None, ""))
        rows.append(Row(row.name, Quadratic(body), row.lower, row.upper, row.constraint))
    return Program(columns, rows, "minimize", Quadratic(costs))
