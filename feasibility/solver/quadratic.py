"""Convex quadratic objectives: HiGHS finds an active set, an exact linear program proves it.

HiGHS's quadratic solver answers to about seven digits, knows continuous columns only, and calls some bounded programs
unbounded. Its answer tells which sides are active; the Karush-Kuhn-Tucker conditions with these sides are linear, and
any exact solution of them is a certified optimum. Where HiGHS gives no useful answer, a search over the sides finds one
in small programs. Unbounded programs are told apart by an exact direction of recession along which the objective is
linear (for convex quadratics there is one, or the optimum is attained: Frank and Wolfe 1956).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..policy import Policy
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact
from . import exactness
from .highs import SolverAnswer, run, to_floats
from .linear import Relaxation, expired, recession, relax, repaired

State: TypeAlias = Literal["loose", "lower", "upper", "fixed", "open"]
"""What is assumed of a row or column: no multiplier; at one side, with a multiplier; sides equal; nothing yet."""

_GUESSES = (1e-6, 1e-9, 1e-4)
"""Distances (relative to the side) within which a side is taken to be active, in the order they are tried."""
_NODES = 200
"""Assumptions that the search over active sides may try."""


def relax_quadratic(program: Program, policy: Policy, deadline: float | None = None) -> Relaxation:
    """Solve a program with a convex quadratic objective and linear rows, integrality left out.

    The caller has made sure that the objective is convex (``exactness.is_convex``).
    """
    try:
        answer = run(to_floats(program), policy, deadline=deadline)
    except OverflowError:
        return Relaxation("unknown", code="solver-error", message="a number is too large for the solver")
    if answer.outcome == "optimal" and answer.point:
        for tolerance in _GUESSES:
            found, _ = _attempt(program, _guess(program, answer.point, tolerance), policy, deadline)
            if found is not None and found.status == "optimal":
                return found
    feasible = relax(program, policy, deadline, objective=False)
    if feasible.status != "optimal" or feasible.point is None:
        return feasible
    ray = recession(program, policy, deadline)
    if ray is not None and exactness.proves_unbounded(program, feasible.point, ray, integrality=False):
        return Relaxation("unbounded", "certified", feasible.point, True, ray=tuple(ray))
    found = _search(program, policy, deadline)
    if found is not None:
        return found
    if answer.outcome == "optimal" and answer.point:
        return _trusted(program, answer, policy)
    code = "time-limit" if answer.outcome == "time-limit" or expired(deadline) else "solver-error"
    return Relaxation("unknown", code=code, message=answer.message)


def _guess(program: Program, at: Sequence[float], tolerance: float) -> list[State]:
    """The states of rows, then columns, at a float point."""
    values = [sum(float(a) * at[j] for j, a in row.body.linear.items()) for row in program.rows]
    return [
        _state(value, part.lower, part.upper, tolerance)
        for value, part in zip([*values, *at], _parts(program), strict=True)
    ]


def _parts(program: Program) -> list[Row | Column]:
    """Rows, then columns: whatever has sides, counted through."""
    return [*program.rows, *program.columns]


def _state(value: float, low: Exact | None, high: Exact | None, tolerance: float) -> State:
    if low is not None and low == high:
        return "fixed"
    if low is not None and value - float(low) <= tolerance * max(1.0, abs(float(low))):
        return "lower"
    if high is not None and float(high) - value <= tolerance * max(1.0, abs(float(high))):
        return "upper"
    return "loose"


def _attempt(
    program: Program, states: Sequence[State], policy: Policy, deadline: float | None
) -> tuple[Relaxation | None, int | None]:
    """Solve the optimality conditions under assumptions.

    Gives an optimum with its proof; or None and the open row or column (counted through) whose multiplier pushes
    against a side at which the point does not lie; or None and None when the assumptions contradict each other.
    """
    conditions, multipliers = _conditions(program, states)
    solved = relax(conditions, policy, deadline, objective=False)
    if solved.status != "optimal" or solved.point is None:
        return None, None
    n, m = len(program.columns), len(program.rows)
    point = solved.point[:n]
    duals = {i: solved.point[k] for i, k in multipliers.items() if i < m and solved.point[k]}
    if exactness.proves_optimal(program, point, duals, integrality=False):
        return Relaxation("optimal", "certified", tuple(point), True, duals), None
    sign = -1 if program.sense == "maximize" else 1
    values = [*exactness.row_values(program, point), *point]
    for part, k in multipliers.items():
        if states[part] == "open" and solved.point[k]:
            sides = _parts(program)[part]
            if values[part] != (sides.lower if sign * solved.point[k] > 0 else sides.upper):
                return None, part
    return None, None


def _search(program: Program, policy: Policy, deadline: float | None) -> Relaxation | None:
    """Search for an optimum by deciding sides one at a time, where point and multiplier disagree; None when cut short.

    For an attained optimum some assignment of states satisfies the conditions, so the search cannot miss it.
    """
    parts = _parts(program)
    start: list[State] = ["fixed" if p.lower is not None and p.lower == p.upper else "open" for p in parts]
    stack = [start]
    for _ in range(_NODES):
        if not stack or expired(deadline):
            return None
        states = stack.pop()
        found, part = _attempt(program, states, policy, deadline)
        if found is not None:
            return found
        if part is not None:
            choices: list[State] = ["loose"]
            if parts[part].upper is not None:
                choices.append("upper")
            if parts[part].lower is not None:
                choices.append("lower")
            stack += [[*states[:part], choice, *states[part + 1 :]] for choice in choices]
    return None


def _conditions(program: Program, states: Sequence[State]) -> tuple[Program, dict[int, int]]:
    """The Karush-Kuhn-Tucker conditions under assumptions, as a linear program without objective.

    Its columns are the program's, then multipliers; the map gives the multiplier's column of a row or column (counted
    through, rows first).
    """
    sign = -1 if program.sense == "maximize" else 1
    m = len(program.rows)
    columns = [
        Column(column.name, "continuous", *_assumed(column, states[m + j]), column.name)
        for j, column in enumerate(program.columns)
    ]
    rows = [Row(row.name, row.body, *_assumed(row, states[i]), row.name) for i, row in enumerate(program.rows)]
    multipliers: dict[int, int] = {}
    for part, sides in enumerate(_parts(program)):
        state = states[part]
        pushes_up = state in ("lower", "fixed") or (state == "open" and sides.lower is not None)
        pushes_down = state in ("upper", "fixed") or (state == "open" and sides.upper is not None)
        if pushes_up or pushes_down:
            if sign < 0:
                pushes_up, pushes_down = pushes_down, pushes_up
            multipliers[part] = len(columns)
            low, high = (None if pushes_down else 0), (None if pushes_up else 0)
            columns.append(Column(f"multiplier {part}", "continuous", low, high, ""))
    stationarity: list[dict[int, Exact]] = [{} for _ in program.columns]
    for (j, k), q in program.objective.quadratic.items():
        stationarity[j][k] = stationarity[j].get(k, 0) + q
        stationarity[k][j] = stationarity[k].get(j, 0) + q
    for part, y in multipliers.items():
        body = program.rows[part].body.linear if part < m else {part - m: 1}
        for j, a in body.items():
            stationarity[j][y] = -a
    for j, linear in enumerate(stationarity):
        cost = -program.objective.linear.get(j, 0)
        rows.append(Row(f"stationarity {j}", Quadratic({k: q for k, q in linear.items() if q}), cost, cost, ""))
    return Program(columns, rows, "feasibility"), multipliers


def _assumed(part: Row | Column, state: State) -> tuple[Exact | None, Exact | None]:
    if state == "lower":
        return part.lower, part.lower
    if state == "upper":
        return part.upper, part.upper
    return part.lower, part.upper


def _trusted(program: Program, answer: SolverAnswer, policy: Policy) -> Relaxation:
    point = repaired(program, answer.point)
    broken = [v for v in exactness.violations(program, point, policy) if v.kind != "integer"]
    if broken:
        message = f"the solver's point misses {broken[0].kind} {broken[0].number} by {float(broken[0].amount):.3g}"
        return Relaxation("unknown", code="solver-error", message=message)
    exact = all(v.kind == "integer" for v in exactness.violations(program, point))
    return Relaxation("optimal", "solver-trusted", tuple(point), exact)
