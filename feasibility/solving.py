"""What a program's optimum is, told apart beyond doubt: optimal, infeasible, unbounded, or an honest unknown.

The continuous relaxation comes first: exact, and when its vertex is whole it is the answer. Programs with integers that
are left go to a small exact branch and bound, and only then to HiGHS's search, whose answer is rounded, fixed, re-solved
and re-evaluated.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

from . import exactness
from .highs import FloatProgram, run, to_floats
from .linear import Relaxation, relax
from .policy import Policy
from .program import Column, Program
from .rationals import Exact
from .solution import Solution


def solve(program: Program, policy: Policy | None = None, *, deadline: float | None = None) -> Solution:
    """Solve a program. ``deadline`` is a ``time.monotonic()`` value; without one, ``policy.time_limit`` seconds from now.

    Raises nothing for any compiled program: what cannot be decided is a Solution with status unknown and a code.
    """
    policy = policy or Policy()
    started = time.monotonic()
    if deadline is None:
        deadline = started + policy.time_limit
    return replace(_solve(program, policy, deadline), seconds=time.monotonic() - started)


def _solve(program: Program, policy: Policy, deadline: float) -> Solution:
    if program.is_nonlinear:
        return Solution("unknown", code="nonlinear", message="a constraint multiplies unknowns")
    return _solve_linear(program, policy, deadline)


def _solve_linear(program: Program, policy: Policy, deadline: float) -> Solution:
    tight = _whole_bounds(program)
    relaxation = relax(tight, policy, deadline)
    if relaxation.status in ("infeasible", "unknown") or not tight.is_mixed_integer:
        return _conclude(program, relaxation)
    if relaxation.status == "optimal" and _is_whole(tight, relaxation):
        return _conclude(program, relaxation)
    floats = relaxation.floats or to_floats(tight)
    return _search(program, tight, floats, relaxation, policy, deadline)


def _whole_bounds(program: Program) -> Program:
    """The same program with the bounds of integer columns moved to whole numbers (itself when they are already)."""
    if all(
        column.domain == "continuous"
        or (
            (column.lower is None or column.lower.denominator == 1)
            and (column.upper is None or column.upper.denominator == 1)
        )
        for column in program.columns
    ):
        return program
    columns = [
        column
        if column.domain == "continuous"
        else replace(
            column,
            lower=None if column.lower is None else math.ceil(column.lower),
            upper=None if column.upper is None else math.floor(column.upper),
        )
        for column in program.columns
    ]
    return Program(columns, program.rows, program.sense, program.objective)


def _is_whole(program: Program, relaxation: Relaxation) -> bool:
    assert relaxation.point is not None
    return all(
        x.denominator == 1
        for column, x in zip(program.columns, relaxation.point, strict=True)
        if column.domain != "continuous"
    )


def _conclude(program: Program, relaxation: Relaxation) -> Solution:
    farkas = relaxation.farkas
    if farkas is not None and not exactness.proves_infeasible(program, farkas):
        farkas = None
    return Solution(
        relaxation.status,
        relaxation.proof,
        None
        if relaxation.point is None or relaxation.status == "unbounded"
        else program.objective.value(relaxation.point),
        relaxation.point,
        relaxation.exact_point,
        relaxation.duals,
        relaxation.ray,
        farkas,
        relaxation.code or (relaxation.status if relaxation.status in ("infeasible", "unbounded") else None),
        relaxation.message,
    )


def _search(
    program: Program, tight: Program, floats: FloatProgram, relaxation: Relaxation, policy: Policy, deadline: float
) -> Solution:
    unbounded = relaxation.status == "unbounded"
    answer = run(floats, policy, deadline=deadline, integers=True, cost=not unbounded)
    if answer.outcome == "infeasible":
        return Solution("infeasible", "solver-trusted", code="infeasible", message=answer.message)
    if answer.outcome != "optimal":
        code = "time-limit" if answer.outcome == "time-limit" else "solver-error"
        return Solution("unknown", code=code, message=answer.message)
    fixed: list[Column] = []
    for column, x in zip(tight.columns, answer.point, strict=True):
        if column.domain == "continuous":
            fixed.append(column)
            continue
        whole = round(x)
        if abs(x - whole) > policy.integer_tolerance:
            return Solution("unknown", code="solver-error", message=f"{column.name} is {x}, not a whole number")
        fixed.append(replace(column, domain="continuous", lower=whole, upper=whole))
    rest = relax(Program(fixed, tight.rows, tight.sense, tight.objective), policy, deadline, objective=not unbounded)
    if rest.status != "optimal":
        return Solution("unknown", code="solver-error", message="the solver's plan fails once its integers are rounded")
    assert rest.point is not None
    if unbounded:
        assert relaxation.ray is not None
        common, ray = exactness.over_common_denominator(relaxation.ray)
        return Solution(
            "unbounded",
            relaxation.proof,
            point=rest.point,
            exact_point=rest.exact_point,
            ray=tuple(ray),
            code="unbounded",
        )
    value: Exact = program.objective.value(rest.point)
    return Solution("optimal", "solver-trusted", value, rest.point, rest.exact_point)
