"""Any solver that Pyomo finds: the second opinion on linear programs, and the way to nonlinear ones.

What a solver says here is its word, at its tolerances: ``optimal`` is repeated only when the point it gives satisfies
every row and bound of the Pyomo model. The proofs of ``solving`` are not available.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import PyriteError
from ..policy import Policy
from ..programs.program import member_name
from ..solver.solution import SolveStatus

_EXACT_OPTIONS: dict[str, dict[str, Any]] = {
    # HiGHS stops at a relative gap of 1e-4 when it is not told otherwise.
    "highs": {"mip_rel_gap": 0.0, "mip_abs_gap": 1e-9, "threads": 1},
    "scip": {"limits/gap": 0.0},
}
NONLINEAR_SOLVER = "scip_direct"
"""What the extra ``exact`` (pyscipopt) brings: takes products, ratios and integers together, to proven optimality."""

_NOT_FOR_USE = ("_mock", "_neos", "scipy.", "mpec", "multistart", "trustregion", "gdpopt", "mindtpy")


@dataclass(frozen=True, slots=True)
class PyomoAnswer:
    """What a solver said about a model.

    ``values`` by the formulation's names (``make[bread,1]``), empty unless optimal.
    """

    status: SolveStatus
    objective: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    message: str = ""


def available_solvers() -> list[str]:
    """The names of the solvers that Pyomo finds on this machine, meta-solvers left out. Takes a few seconds."""
    import pyomo.environ as pyo

    names = [name for name in pyo.SolverFactory if not name.startswith(_NOT_FOR_USE)]
    return sorted(name for name in names if _is_available(name))


def _is_available(name: str) -> bool:
    import pyomo.environ as pyo

    with _silence():
        try:
            return bool(pyo.SolverFactory(name).available(exception_flag=False))
        except Exception:  # noqa: BLE001 - a plugin that cannot even be asked is not available
            return False


def solve_with(model: Any, solver: str, time_limit: float | None = None, policy: Policy | None = None) -> PyomoAnswer:
    """Solve a Pyomo model with a named solver; the model is left with the point that was found.

    ``infeasible or unbounded`` is told apart by a second solve without objective. Rows without variables are decided
    here, because some interfaces do not take them.

    Raises PyriteError when Pyomo does not find the solver (naming those it finds), or the solver cannot take the model.
    """
    import pyomo.environ as pyo

    policy = policy or Policy()
    limit = policy.time_limit if time_limit is None else time_limit
    if not _is_available(solver):
        known = ", ".join(available_solvers()) or "none"
        raise PyriteError(f"solver {solver!r} is not on this machine; Pyomo finds: {known}")
    rows = [row for row in model.component_data_objects(pyo.Constraint, active=True) if _is_constant(row)]
    broken = [row for row in rows if _excess(row) > policy.row_tolerance * _scale(row)]
    if broken:
        return PyomoAnswer("infeasible", message=f"{component_name(broken[0])} has no variables and does not hold")
    for row in rows:
        row.deactivate()
    try:
        status, message = _run(model, solver, limit, policy)
        if status == "infeasible-or-unbounded":
            status = _without_objective(model, solver, limit, policy)
        if status != "optimal":
            return PyomoAnswer(status, message=message)
    finally:
        for row in rows:
            row.activate()
    for row in model.component_data_objects(pyo.Constraint, active=True):
        if not _excess(row) <= policy.row_tolerance * _scale(row):
            return PyomoAnswer("unknown", message=f"{solver} says optimal, but its point breaks {component_name(row)}")
    values = {}
    for item in model.component_data_objects(pyo.Var):
        if item.value is None:  # in no row and not in the objective, so the solver never saw it
            item.set_value(_nearest_to_zero(item))
        values[component_name(item)] = float(item.value)
        if _strays(item, policy):
            message = f"{solver} says optimal, but its point breaks the bounds or the domain of {component_name(item)}"
            return PyomoAnswer("unknown", message=message)
    objective = next(model.component_data_objects(pyo.Objective, active=True))
    return PyomoAnswer("optimal", float(pyo.value(objective)), values)


def _run(model: Any, solver: str, limit: float, policy: Policy) -> tuple[Any, str]:
    """One solve: a status, and the solver's own word for it. The point is loaded when the status is optimal."""
    import pyomo.environ as pyo
    from pyomo.opt import TerminationCondition as Condition

    options = next((values for name, values in _EXACT_OPTIONS.items() if name in solver), {})
    options = {key: policy.threads if key == "threads" else value for key, value in options.items()}
    with _silence():
        engine = pyo.SolverFactory(solver)
        try:
            results = engine.solve(model, load_solutions=False, timelimit=limit, options=options)
            condition = results.solver.termination_condition
            if condition == Condition.optimal:
                model.solutions.load_from(results)
        except PyriteError:
            raise
        except Exception as error:
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            raise PyriteError(f"{solver} does not take this model: {reason}") from error
    word = str(condition)
    if condition == Condition.optimal:
        return "optimal", word
    if condition in (Condition.infeasible, Condition.unbounded):
        return word, word
    if condition == Condition.infeasibleOrUnbounded:
        return "infeasible-or-unbounded", word
    return "unknown", f"{solver} stopped: {word}"


def _without_objective(model: Any, solver: str, limit: float, policy: Policy) -> SolveStatus:
    import pyomo.environ as pyo

    objectives = list(model.component_data_objects(pyo.Objective, active=True))
    for item in objectives:
        item.deactivate()
    model.add_component("no_objective_", pyo.Objective(expr=0.0))
    try:
        status, _ = _run(model, solver, limit, policy)
    finally:
        model.del_component("no_objective_")
        for item in objectives:
            item.activate()
    return {"optimal": "unbounded", "infeasible": "infeasible"}.get(status, "unknown")  # type: ignore[return-value]


def _is_constant(row: Any) -> bool:
    from pyomo.core.expr.visitor import identify_variables

    return next(iter(identify_variables(row.body)), None) is None


def _excess(row: Any) -> float:
    """By how much a row is violated at the model's point."""
    import pyomo.environ as pyo

    body = float(pyo.value(row.body))
    low, high = pyo.value(row.lower), pyo.value(row.upper)
    return max(0.0 if low is None else low - body, 0.0 if high is None else body - high, 0.0)


def _nearest_to_zero(item: Any) -> float:
    low = float("-inf") if item.lb is None else item.lb
    high = float("inf") if item.ub is None else item.ub
    return float(min(max(0, low), high))


def _strays(item: Any, policy: Policy) -> bool:
    """Whether a variable's value is outside its bounds or its domain by more than the policy allows."""
    value = item.value
    low = item.lb is not None and value < item.lb - policy.row_tolerance * max(1, abs(item.lb))
    high = item.ub is not None and value > item.ub + policy.row_tolerance * max(1, abs(item.ub))
    fractional = not item.is_continuous() and abs(value - round(value)) > policy.integer_tolerance
    return bool(low or high or fractional)


def _scale(row: Any) -> float:
    import pyomo.environ as pyo

    sides = [abs(pyo.value(side)) for side in (row.lower, row.upper) if side is not None]
    return float(max([1.0, *sides]))


def component_name(item: Any) -> str:
    """The formulation's name of a Pyomo variable or row."""
    component, index = item.parent_component(), item.index()
    members = () if index is None else index if isinstance(index, tuple) else (index,)
    return member_name(component.doc or component.local_name, members)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Solvers and Pyomo print and log what is reported here in one sentence."""
    logger = logging.getLogger("pyomo")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
