"""Linear programs and relaxations: HiGHS proposes a basis or a ray, exact arithmetic decides.

Small programs (by entries of the dictionary) are finished by the exact simplex from HiGHS's basis, so their answer is
always certified; tiny ones do not need HiGHS at all. Larger ones are certified by solving HiGHS's basis, or rounding
its rays, in rationals; when that fails, and the exact simplex too, the answer is the solver's word, re-evaluated at
the tolerances.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..policy import Policy
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, Fraction, from_float, simplify
from ..verdict import Proof
from . import elastic, exactness, linear_algebra
from .highs import FloatProgram, SolverAnswer, run, to_floats
from .simplex import Budget, Dictionary
from .solution import Farkas, SolveStatus

TINY = 300
"""Entries (rows times columns) up to which the exact simplex alone is faster than the way to HiGHS and back."""
_FEW, _SHORT = 60, 1000
"""Pivots, and bits of the denominator, within which it has to be there; HiGHS's basis shows the way otherwise."""
SMALL = 4000
"""Entries up to which the exact simplex finishes what HiGHS began."""
REPAIR = 40_000
"""Entries up to which the exact simplex is tried when the proof of a larger program fails."""


@dataclass(slots=True)
class Relaxation:
    """A solved linear program, integrality left out; fields as in ``Solution``.

    ``dictionary`` is the exact simplex's last state when it was used: a search over integers starts from it.
    """

    status: SolveStatus
    proof: Proof | None = None
    point: tuple[Exact, ...] | None = None
    exact_point: bool = False
    duals: dict[int, Exact] = field(default_factory=dict)
    ray: tuple[Exact, ...] | None = None
    farkas: Farkas | None = None
    code: str | None = None
    message: str = ""
    dictionary: Dictionary | None = None
    floats: FloatProgram | None = None


def relax(
    program: Program,
    policy: Policy,
    deadline: float | None = None,
    *,
    floats: FloatProgram | None = None,
    objective: bool = True,
) -> Relaxation:
    """Solve the program without its integrality and without second-order terms of the objective.

    ``objective`` off asks only for a feasible point. Rows must be linear.
    """
    farkas = contradiction(program)
    if farkas is not None:
        return Relaxation("infeasible", "certified", farkas=farkas)
    entries = len(program.columns) * len(program.rows)
    if entries <= TINY:
        few = Budget(pivots=_FEW, deadline=deadline, bits=_SHORT)
        found = _finish(Dictionary(program, objective=objective), program, few, objective)
        if found.status != "unknown":
            return found
    try:
        floats = floats or to_floats(program)
    except OverflowError:
        if entries <= TINY:
            return _finish(Dictionary(program, objective=objective), program, Budget(deadline=deadline), objective)
        return Relaxation("unknown", code="solver-error", message="a number is too large for the solver")
    answer = run(floats, policy, deadline=deadline, presolve=entries > SMALL, cost=objective)
    relaxation: Relaxation | None = None
    if entries > SMALL:
        relaxation = _large(program, floats, policy, deadline, objective, answer)
        if relaxation.proof == "certified" or entries > REPAIR or relaxation.code == "time-limit":
            return relaxation
    dictionary = Dictionary(program, objective=objective)
    if answer.columns:
        dictionary.install(answer.columns, answer.rows, deadline)
    size = len(dictionary.table) * max(dictionary.columns, 1)
    budget = Budget(pivots=min(2000, 8_000_000 // size), deadline=deadline)
    finished = _finish(dictionary, program, budget, objective)
    if finished.status == "unknown":
        finished = relaxation or _large(program, floats, policy, deadline, objective, answer)
    finished.floats = floats
    return finished


def contradiction(program: Program) -> Farkas | None:
    """A row without unknowns that cannot hold, or a row or column whose lower side lies above its upper one."""
    for j, column in enumerate(program.columns):
        if column.lower is not None and column.upper is not None and column.lower > column.upper:
            return Farkas({}, {}, crossed=("column", j))
    for i, row in enumerate(program.rows):
        low, high = row.lower, row.upper
        if low is not None and high is not None and low > high:
            return Farkas({}, {}, crossed=("row", i))
        if not row.body.linear and not row.body.quadratic:
            if low is not None and low > 0:
                return Farkas({i: 1}, {})
            if high is not None and high < 0:
                return Farkas({i: -1}, {})
    return None


def _finish(dictionary: Dictionary, program: Program, budget: Budget, objective: bool) -> Relaxation:
    """Let the exact simplex end it, and have its answer checked like anybody else's."""
    verdict, evidence = dictionary.solve(budget)
    if verdict == "stopped":
        return Relaxation("unknown", code="time-limit", message="the exact simplex ran out of its budget")
    if verdict == "infeasible":
        assert isinstance(evidence, Farkas)
        if exactness.proves_infeasible(program, evidence):
            return Relaxation("infeasible", "certified", farkas=evidence)
    else:
        point = tuple(dictionary.point())
        if isinstance(evidence, list):
            if exactness.proves_unbounded(_linear_part(program, True), point, evidence, integrality=False):
                ray = tuple(evidence)
                return Relaxation("unbounded", "certified", point, True, ray=ray, dictionary=dictionary)
        else:
            duals = dictionary.duals()
            if _proves(program, point, duals, objective):
                return Relaxation("optimal", "certified", point, True, duals, dictionary=dictionary)
    return Relaxation("unknown", code="solver-error", message=f"the proof that it is {verdict} did not hold")


def _proves(program: Program, point: Sequence[Exact], duals: dict[int, Exact], objective: bool) -> bool:
    goal = program if objective and not program.is_quadratic else _linear_part(program, objective)
    return exactness.proves_optimal(goal, point, duals, integrality=False)


def _linear_part(program: Program, objective: bool) -> Program:
    if not objective:
        return Program(program.columns, program.rows, "feasibility")
    linear = Quadratic(program.objective.linear, {}, program.objective.constant)
    return Program(program.columns, program.rows, program.sense, linear)


def _large(
    program: Program,
    floats: FloatProgram,
    policy: Policy,
    deadline: float | None,
    objective: bool,
    answer: SolverAnswer,
) -> Relaxation:
    undecided = ("infeasible", "infeasible-or-unbounded", "unbounded", "unknown", "error")
    if answer.outcome in undecided and not (answer.farkas or answer.ray):
        # Presolve finds these without a ray; the simplex method on the whole program has one.
        again = run(floats, policy, deadline=deadline, presolve=False, cost=objective)
        if again.outcome in ("infeasible", "unbounded", "optimal"):
            answer = again
    if answer.outcome == "optimal" and len(answer.point) == len(program.columns):
        return _optimal(program, answer, policy, deadline, objective)
    if answer.outcome == "infeasible":
        for farkas in _farkas_candidates(program, answer):
            if exactness.proves_infeasible(program, farkas):
                return Relaxation("infeasible", "certified", farkas=farkas)
        return _undecided(program, policy, deadline, objective, answer)
    if answer.outcome in ("unbounded", "infeasible-or-unbounded"):
        return _unbounded(program, floats, policy, deadline, answer)
    code = "time-limit" if answer.outcome == "time-limit" else "solver-error"
    return Relaxation("unknown", code=code, message=answer.message)


def _optimal(
    program: Program, answer: SolverAnswer, policy: Policy, deadline: float | None, objective: bool
) -> Relaxation:
    solved = linear_algebra.solve_basis(program, answer.columns, answer.rows, deadline, objective=objective)
    if solved is not None:
        point, duals = solved
        if _proves(program, point, duals, objective):
            return Relaxation("optimal", "certified", tuple(point), True, duals)
    point = repaired(program, answer.point)
    broken = [v for v in exactness.violations(program, point, policy) if v.kind != "integer"]
    if broken:
        worst = max(broken, key=lambda v: v.amount)
        message = f"the solver's point misses {worst.kind} {worst.number} by {float(worst.amount):.3g}"
        return Relaxation("unknown", code="solver-error", message=message)
    exact = not [v for v in exactness.violations(program, point) if v.kind != "integer"]
    if not exact:
        # The point lives on the tolerances: perhaps there is none.
        found = elastic.decide(program, policy, deadline)
        if isinstance(found, Farkas):
            return Relaxation("infeasible", "certified", farkas=found)
        if found is not None and not objective:
            return Relaxation("optimal", "certified", found, True)
    sign = -1 if program.sense == "maximize" else 1
    duals = {i: sign * from_float(y) for i, y in enumerate(answer.duals) if y} if objective else {}
    return Relaxation("optimal", "solver-trusted", tuple(point), exact, duals)


def _undecided(
    program: Program, policy: Policy, deadline: float | None, objective: bool, answer: SolverAnswer
) -> Relaxation:
    """The solver says infeasible and its multipliers prove nothing: proved in another way, or unknown."""
    found = elastic.decide(program, policy, deadline)
    if isinstance(found, Farkas):
        return Relaxation("infeasible", "certified", farkas=found)
    if found is not None and not objective:
        return Relaxation("optimal", "certified", found, True)
    message = f"{answer.message}, and no proof of it holds in exact arithmetic"
    if found is not None:
        return Relaxation("unknown", None, found, True, code="solver-error", message=f"{answer.message}, wrongly")
    return Relaxation("unknown", code="unproved-infeasible", message=message)


def repaired(program: Program, point: Sequence[float]) -> list[Exact]:
    """A float point as exact numbers: values within 1e-9 of a whole number made whole, and moved inside the bounds.

    The distance is absolute: nine digits of a large value are no reason to change it by one half.
    """
    exact: list[Exact] = []
    for column, x in zip(program.columns, point, strict=True):
        whole = round(x)
        value: Exact = whole if abs(x - whole) <= 1e-9 else from_float(x)
        if column.lower is not None and value < column.lower:
            value = column.lower
        elif column.upper is not None and value > column.upper:
            value = column.upper
        exact.append(value)
    return exact


def _farkas_candidates(program: Program, answer: SolverAnswer) -> list[Farkas]:
    return [exactness.complete_farkas(program, dict(enumerate(y))) for y in roundings(answer.farkas)]


def roundings(ray: Sequence[float] | None) -> list[list[Exact]]:
    """A float direction as simple rationals, in a few ways from coarse to fine; the largest entry becomes 1 or -1."""
    if not ray:
        return []
    largest = max(map(abs, ray))
    if not largest or largest != largest or largest == float("inf"):
        return []
    scaled = [x / largest for x in ray]
    smallest = min(abs(x) for x in scaled if abs(x) > 1e-9)
    rounded: list[list[Exact]] = []
    for values in (scaled, [x / smallest for x in scaled]):
        for limit in (1000, 10**6, 10**9):
            rounded.append([simplify(Fraction(x).limit_denominator(limit)) if abs(x) > 1e-9 else 0 for x in values])
    rounded.append([from_float(x) for x in scaled])
    return rounded


def _unbounded(
    program: Program, floats: FloatProgram, policy: Policy, deadline: float | None, answer: SolverAnswer
) -> Relaxation:
    """A feasible point comes from a run without objective, the ray from the run with it; both are checked."""
    feasible = relax(program, policy, deadline, floats=floats, objective=False)
    if feasible.status != "optimal":
        return feasible
    assert feasible.point is not None
    candidates = roundings(answer.ray)
    for number in range(len(candidates) + 1):
        # When no rounding of HiGHS's ray holds exactly, or there is none, a program of its own finds one.
        ray = candidates[number] if number < len(candidates) else recession(program, policy, deadline)
        if ray and exactness.proves_unbounded(_linear_part(program, True), feasible.point, ray, integrality=False):
            proof: Proof = feasible.proof or "solver-trusted"
            return Relaxation("unbounded", proof, feasible.point, feasible.exact_point, ray=tuple(ray))
    point, exact = feasible.point, feasible.exact_point
    return Relaxation("unknown", None, point, exact, code="solver-error", message=f"{answer.message}, without a proof")


def recession(program: Program, policy: Policy, deadline: float | None) -> list[Exact] | None:
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


def expired(deadline: float | None) -> bool:
    """Whether the deadline (a ``time.monotonic()`` value) has passed."""
    return deadline is not None and time.monotonic() >= deadline
