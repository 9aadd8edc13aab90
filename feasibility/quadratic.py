"""Convex quadratic objectives: HiGHS finds an active set, an exact linear program proves it.

HiGHS's quadratic solver answers to about seven digits and knows continuous columns only. Its answer tells which sides
are active; the Karush-Kuhn-Tucker conditions with these sides are linear, and any exact solution of them is a certified
optimum. Unbounded programs are told apart by an exact direction of recession along which the objective is linear (for
convex quadratics there is one, or the optimum is attained: Frank and Wolfe 1956).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from . import exactness
from .highs import Answer, run, to_floats
from .linear import Relaxation, relax, repaired
from .policy import Policy
from .program import Column, Program, Quadratic, Row
from .rationals import Exact

_GUESSES = (1e-6, 1e-9, 1e-4)
"""Distances (relative to the side) within which a side is taken to be active, in the order they are tried."""


@dataclass(slots=True)
class _Conditions:
    """The optimality conditions under construction; columns are the unknowns x first, then multipliers."""

    columns: list[Column] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    row_of: dict[int, int] = field(default_factory=dict)
    """Condition column of a program row's multiplier."""

    def add(self, name: str, lower: Exact | None, upper: Exact | None) -> int:
        self.columns.append(Column(name, "continuous", lower, upper, name))
        return len(self.columns) - 1

    def demand(self, name: str, linear: dict[int, Exact], lower: Exact | None, upper: Exact | None) -> None:
        self.rows.append(Row(name, Quadratic(linear), lower, upper, name))


def relax_quadratic(program: Program, policy: Policy, deadline: float | None = None) -> Relaxation:
    """Solve a program with a convex quadratic objective and linear rows, integrality left out.

    The caller has made sure that the objective is convex (``exactness.is_convex``).
    """
    try:
        floats = to_floats(program)
    except OverflowError:
        return Relaxation("unknown", code="solver-error", message="a number is too large for the solver")
    answer = run(floats, policy, deadline=deadline)
    if answer.outcome == "optimal":
        certified = _certify(program, answer, policy, deadline)
        if certified is not None:
            return certified
    feasible = relax(program, policy, deadline, objective=False)
    if feasible.status != "optimal" or feasible.point is None:
        return feasible
    ray = _recession(program, policy, deadline)
    if ray is not None and exactness.proves_unbounded(program, feasible.point, ray, integrality=False):
        return Relaxation("unbounded", "certified", feasible.point, True, ray=tuple(ray))
    if answer.outcome == "optimal":
        return _trusted(program, answer, policy)
    code = "time-limit" if answer.outcome == "time-limit" else "solver-error"
    return Relaxation("unknown", code=code, message=answer.message)


def _certify(program: Program, answer: Answer, policy: Policy, deadline: float | None) -> Relaxation | None:
    """An exact optimum from the sides that are active at the float answer, or None."""
    for tolerance in _GUESSES:
        conditions = _conditions(program, answer.point, tolerance)
        solved = relax(Program(conditions.columns, conditions.rows, "feasibility"), policy, deadline, objective=False)
        if solved.status == "optimal" and solved.point is not None:
            point = solved.point[: len(program.columns)]
            duals = {i: solved.point[k] for i, k in conditions.row_of.items() if solved.point[k]}
            if exactness.proves_optimal(program, point, duals, integrality=False):
                return Relaxation("optimal", "certified", tuple(point), True, duals)
    return None


def _conditions(program: Program, at: Sequence[float], tolerance: float) -> _Conditions:
    """The Karush-Kuhn-Tucker conditions with the sides active at ``at``: a linear program without objective."""
    conditions = _Conditions()
    sign = -1 if program.sense == "maximize" else 1
    stationarity: list[dict[int, Exact]] = [{} for _ in program.columns]
    for j, column in enumerate(program.columns):
        low, high = _active(at[j], column.lower, column.upper, tolerance)
        side = column.lower if low else column.upper if high else None
        conditions.add(column.name, column.lower if side is None else side, column.upper if side is None else side)
    for (j, k), q in program.objective.quadratic.items():
        stationarity[j][k] = stationarity[j].get(k, 0) + q
        stationarity[k][j] = stationarity[k].get(j, 0) + q
    for i, row in enumerate(program.rows):
        value = sum(float(a) * at[j] for j, a in row.body.linear.items())
        low, high = _active(value, row.lower, row.upper, tolerance)
        if low or high:
            side = row.lower if low else row.upper
            conditions.demand(row.name, row.body.linear, side, side)
            y = conditions.row_of[i] = _multiplier(conditions, f"multiplier of {row.name}", low, high, sign)
            for j, a in row.body.linear.items():
                stationarity[j][y] = -a
        else:
            conditions.demand(row.name, row.body.linear, row.lower, row.upper)
    for j, column in enumerate(program.columns):
        low, high = _active(at[j], column.lower, column.upper, tolerance)
        if low or high:
            stationarity[j][_multiplier(conditions, f"multiplier of {column.name}", low, high, sign)] = -1
        cost = -program.objective.linear.get(j, 0)
        conditions.demand(f"stationarity of {column.name}", {k: q for k, q in stationarity[j].items() if q}, cost, cost)
    return conditions


def _active(value: float, low: Exact | None, high: Exact | None, tolerance: float) -> tuple[bool, bool]:
    return (
        low is not None and value - float(low) <= tolerance * max(1.0, abs(float(low))),
        high is not None and float(high) - value <= tolerance * max(1.0, abs(float(high))),
    )


def _multiplier(conditions: _Conditions, name: str, low: bool, high: bool, sign: int) -> int:
    """A multiplier pushes up from a lower side and down from an upper one (the other way round when maximising)."""
    if low and high:
        return conditions.add(name, None, None)
    upwards = low == (sign > 0)
    return conditions.add(name, 0 if upwards else None, None if upwards else 0)


def _recession(program: Program, policy: Policy, deadline: float | None) -> list[Exact] | None:
    """A direction that keeps all rows and bounds while the objective is linear and improves; None without one."""
    columns = [
        Column(c.name, "continuous", None if c.lower is None else 0, None if c.upper is None else 0, c.variable)
        for c in program.columns
    ]
    rows = [
        Row(r.name, Quadratic(r.body.linear), None if r.lower is None else 0, None if r.upper is None else 0, r.name)
        for r in program.rows
    ]
    bends: dict[int, dict[int, Exact]] = {}
    for (j, k), q in program.objective.quadratic.items():
        bends.setdefault(j, {})[k] = bends.get(j, {}).get(k, 0) + q
        bends.setdefault(k, {})[j] = bends.get(k, {}).get(j, 0) + q
    rows += [Row(f"bend {j}", Quadratic({k: q for k, q in bend.items() if q}), 0, 0, "") for j, bend in bends.items()]
    low, high = (1, None) if program.sense == "maximize" else (None, -1)
    rows.append(Row("gain", Quadratic(dict(program.objective.linear)), low, high, "gain"))
    found = relax(Program(columns, rows, "feasibility"), policy, deadline, objective=False)
    return list(found.point) if found.status == "optimal" and found.point is not None else None


def _trusted(program: Program, answer: Answer, policy: Policy) -> Relaxation:
    point = repaired(program, answer.point)
    broken = [v for v in exactness.violations(program, point, policy) if v.kind != "integer"]
    if broken:
        message = f"the solver's point misses {broken[0].kind} {broken[0].number} by {float(broken[0].amount):.3g}"
        return Relaxation("unknown", code="solver-error", message=message)
    exact = all(v.kind == "integer" for v in exactness.violations(program, point))
    return Relaxation("optimal", "solver-trusted", tuple(point), exact)
