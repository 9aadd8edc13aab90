"""Second-order rows, non-convex and integer quadratics with SCIP (the extra ``exact``), when the policy asks for it.

SCIP's word is trusted at its tolerances; its point is re-evaluated exactly, like every other one.
"""

from __future__ import annotations

import time
from typing import Any, Literal, TypeAlias

from ..policy import Policy
from ..programs.program import Program, Quadratic
from ..rationals import Exact
from . import exactness
from .linear import repaired
from .solution import Solution

Interval: TypeAlias = tuple[Exact | None, Exact | None]
"""Lower and upper end; None is no end."""


def available() -> bool:
    """Whether SCIP's Python interface is installed."""
    from importlib.util import find_spec

    return find_spec("pyscipopt") is not None


def solve_nonlinear(program: Program, policy: Policy, deadline: float) -> Solution:
    """Solve globally with SCIP. Unknown with code ``nonlinear`` when the extra is not installed."""
    row = _excluded_by_bounds(program)
    if row is not None:
        message = f"the bounds of the unknowns keep {program.rows[row].name} from holding"
        return Solution("infeasible", "certified", code="infeasible", message=message)
    if not available():
        message = "needs the extra `exact` (pip install 'pyrite[exact]')"
        return Solution("unknown", code="nonlinear", message=message)
    try:
        model, unknowns = _model(program, policy, deadline)
    except OverflowError:
        return Solution("unknown", code="solver-error", message="a number is too large for the solver")
    model.optimize()
    return _read(program, model, unknowns, policy)


def _excluded_by_bounds(program: Program) -> int | None:
    """A row whose body, over the box of the columns' bounds, cannot reach its sides: exact interval arithmetic."""
    box = [(column.lower, column.upper) for column in program.columns]
    for number, row in enumerate(program.rows):
        low: Exact | None = row.body.constant
        high: Exact | None = row.body.constant
        terms = [_times((a, a), box[j]) for j, a in row.body.linear.items()]
        for (j, k), q in row.body.quadratic.items():
            low_jk, high_jk = _times(box[j], box[k])
            if j == k and (low_jk is None or low_jk < 0):
                low_jk = 0  # a square
            terms.append(_times((q, q), (low_jk, high_jk)))
        for least, most in terms:
            low = None if low is None or least is None else low + least
            high = None if high is None or most is None else high + most
        if (high is not None and row.lower is not None and high < row.lower) or (
            low is not None and row.upper is not None and low > row.upper
        ):
            return number
    return None


def _times(first: Interval, second: Interval) -> Interval:
    """All products of a number of each interval; None is no bound."""
    zero: Interval = (0, 0)
    if zero in (first, second):
        return zero
    if first[0] is not None and first[0] == first[1]:
        a, (low, high) = first[0], second
        ends = (None if low is None else a * low, None if high is None else a * high)
        return ends if a > 0 else (ends[1], ends[0])
    sides = (*first, *second)
    if any(side is None for side in sides):
        nonnegative = all(low is not None and low >= 0 for low, _ in (first, second))
        return ((first[0] or 0) * (second[0] or 0), None) if nonnegative else (None, None)
    corners = [a * b for a in first for b in second if a is not None and b is not None]
    return min(corners), max(corners)


def _model(program: Program, policy: Policy, deadline: float) -> tuple[Any, list[Any]]:
    import pyscipopt

    model = pyscipopt.Model()
    model.hideOutput()
    model.setParam("limits/time", max(deadline - time.monotonic(), 0.01))
    model.setParam("limits/gap", policy.mip_gap)
    model.setParam("randomization/randomseedshift", policy.seed % 2**31)
    model.setParam("parallel/maxnthreads", max(policy.threads, 1))
    unknowns = [
        model.addVar(
            lb=None if column.lower is None else float(column.lower),
            ub=None if column.upper is None else float(column.upper),
            vtype="C" if column.domain == "continuous" else "I",
        )
        for column in program.columns
    ]
    for row in program.rows:
        body = _expression(row.body, unknowns)
        if not (row.body.linear or row.body.quadratic):
            continue
        if row.lower is not None:
            model.addCons(body >= float(row.lower))
        if row.upper is not None:
            model.addCons(body <= float(row.upper))
    sense: Literal["maximize", "minimize"] = "maximize" if program.sense == "maximize" else "minimize"
    goal = model.addVar(lb=None, ub=None)
    worth = _expression(program.objective, unknowns)
    model.addCons(goal <= worth if sense == "maximize" else goal >= worth)
    model.setObjective(goal, sense)
    return model, unknowns


def _expression(body: Quadratic, unknowns: list[Any]) -> Any:
    total: Any = float(body.constant)
    for j, a in body.linear.items():
        total = total + float(a) * unknowns[j]
    for (j, k), q in body.quadratic.items():
        total = total + float(q) * unknowns[j] * unknowns[k]
    return total


def _read(program: Program, model: Any, unknowns: list[Any], policy: Policy) -> Solution:
    status = model.getStatus()
    if status == "infeasible":
        message = "SCIP says infeasible, and no proof of it can be checked in exact arithmetic"
        return Solution("unknown", code="unproved-infeasible", message=message)
    if status != "optimal":
        code = "time-limit" if status == "timelimit" else "solver-error"
        return Solution("unknown", code=code, message=f"SCIP: {status}")
    best = model.getBestSol()
    values = [model.getSolVal(best, unknown) for unknown in unknowns]
    point = repaired(program, values)
    for j, column in enumerate(program.columns):
        whole = round(point[j])
        if column.domain != "continuous" and abs(float(point[j] - whole)) <= policy.integer_tolerance:
            point[j] = whole
    broken = exactness.violations(program, point, policy)
    if broken:
        message = f"SCIP's point misses {broken[0].kind} {broken[0].number} by {float(broken[0].amount):.3g}"
        return Solution("unknown", code="solver-error", message=message)
    exact = not exactness.violations(program, point)
    return Solution("optimal", "solver-trusted", program.objective.value(point), tuple(point), exact)
