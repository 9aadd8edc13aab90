"""What a program's optimum is, told apart beyond doubt: optimal, infeasible, unbounded, or an honest unknown.

The continuous relaxation comes first: exact, and when its vertex is whole it is the answer. Programs with integers
that are left go to a small exact branch and bound, and only then to HiGHS's search, whose answer is rounded, fixed,
re-solved and re-evaluated.
"""

from __future__ import annotations

import time
from dataclasses import replace

from . import exactness
from .branching import search
from .highs import FloatProgram, run, to_floats
from .linear import Relaxation, contradiction, relax
from .nonlinear import solve_nonlinear
from .policy import Policy
from .program import Column, Program
from .quadratic import relax_quadratic
from .rationals import Exact
from .solution import Proof, Solution
from .tightening import granularity, tighten

WORK = 60_000
"""Dictionary entries that the exact branch and bound may recompute before HiGHS's search takes over."""


def solve(program: Program, policy: Policy | None = None, *, deadline: float | None = None) -> Solution:
    """Solve a program. ``deadline`` is a ``time.monotonic()`` value; by default ``policy.time_limit`` seconds from now.

    Raises nothing for any compiled program: what cannot be decided is a Solution with status unknown and a code.
    """
    policy = policy or Policy()
    started = time.monotonic()
    if deadline is None:
        deadline = started + policy.time_limit
    return replace(_solve(program, policy, deadline), seconds=time.monotonic() - started)


def _solve(program: Program, policy: Policy, deadline: float) -> Solution:
    if program.is_nonlinear:
        found = contradiction(program)
        if found is not None:
            return Solution("infeasible", "certified", farkas=found, code="infeasible")
        return _beyond(program, policy, deadline, "nonlinear", "a constraint multiplies unknowns")
    if program.is_quadratic:
        return _solve_quadratic(program, policy, deadline)
    tight = tighten(program)
    relaxation = relax(tight, policy, deadline)
    return _with_integers(program, tight, relaxation, policy, deadline)


def _solve_quadratic(program: Program, policy: Policy, deadline: float) -> Solution:
    """Convex and continuous is solved; otherwise only emptiness and lucky relaxations are decided."""
    if not exactness.is_convex(program):
        empty = _emptiness(program, policy, deadline)
        kind = "concave" if program.sense == "maximize" else "convex"
        return empty or _beyond(program, policy, deadline, "nonconvex", f"the quadratic objective is not {kind}")
    tight = tighten(program)
    relaxation = relax_quadratic(tight, policy, deadline)
    if (
        relaxation.status != "optimal"
        or not tight.is_mixed_integer
        or (relaxation.proof == "certified" and _is_whole(tight, relaxation))
    ):
        return _with_integers(program, tight, relaxation, policy, deadline)
    empty = _emptiness(program, policy, deadline)
    return empty or _beyond(program, policy, deadline, "integer-quadratic", "integers with a quadratic objective")


def _emptiness(program: Program, policy: Policy, deadline: float) -> Solution | None:
    """The verdict infeasible, when the rows alone (integers included) decide it."""
    found = _solve(Program(program.columns, program.rows, "feasibility"), policy, deadline)
    return found if found.status == "infeasible" else None


def _beyond(program: Program, policy: Policy, deadline: float, code: str, message: str) -> Solution:
    """A class that HiGHS does not solve: SCIP when the policy asks for it, else an honest unknown."""
    if policy.nonlinear:
        return solve_nonlinear(program, policy, deadline)
    return Solution("unknown", code=code, message=message)


def _with_integers(
    program: Program, tight: Program, relaxation: Relaxation, policy: Policy, deadline: float
) -> Solution:
    if relaxation.status in ("infeasible", "unknown") or not tight.is_mixed_integer:
        return _conclude(program, tight, relaxation)
    if relaxation.status == "optimal" and _is_whole(tight, relaxation):
        return _conclude(program, tight, relaxation)
    target = tight
    dictionary = relaxation.dictionary
    if relaxation.status == "unbounded":
        # Any whole point will do: with a rational ray of the relaxation the program is unbounded (Meyer 1974).
        target = Program(tight.columns, tight.rows, "feasibility")
        dictionary = None if dictionary is None else dictionary.without_objective()
    if dictionary is not None:
        tree = search(target, dictionary.copy(), work=WORK, deadline=deadline)
        if tree.ending == "infeasible":
            return Solution("infeasible", "certified", code="infeasible")
        if tree.ending == "optimal":
            assert tree.point is not None
            return _whole_answer(program, relaxation, tree.point, "certified")
    try:
        floats = relaxation.floats or to_floats(target)
    except OverflowError:
        return Solution("unknown", code="solver-error", message="a number is too large for the solver")
    return _mixed(program, target, floats, relaxation, policy, deadline)


def _is_whole(program: Program, relaxation: Relaxation) -> bool:
    assert relaxation.point is not None
    return all(
        x.denominator == 1
        for column, x in zip(program.columns, relaxation.point, strict=True)
        if column.domain != "continuous"
    )


def _conclude(program: Program, tight: Program, relaxation: Relaxation) -> Solution:
    """The relaxation's answer as the program's own. Certificates that speak of rounded sides are not handed out."""
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
        relaxation.duals if tight is program else {},
        relaxation.ray,
        farkas,
        relaxation.code or (relaxation.status if relaxation.status in ("infeasible", "unbounded") else None),
        relaxation.message,
    )


def _mixed(
    program: Program, target: Program, floats: FloatProgram, relaxation: Relaxation, policy: Policy, deadline: float
) -> Solution:
    """HiGHS's search: its integers are rounded and fixed, the rest is solved again, and the plan is re-evaluated."""
    answer = run(floats, policy, deadline=deadline, integers=True, cost=target.sense != "feasibility")
    if answer.outcome == "infeasible":
        return Solution("infeasible", "solver-trusted", code="infeasible", message=answer.message)
    if answer.outcome != "optimal":
        code = "time-limit" if answer.outcome == "time-limit" else "solver-error"
        return Solution("unknown", code=code, message=answer.message)
    fixed: list[Column] = []
    for column, x in zip(target.columns, answer.point, strict=True):
        if column.domain == "continuous":
            fixed.append(column)
            continue
        whole = round(x)
        if abs(x - whole) > policy.integer_tolerance:
            message = f"the solver puts {column.name} at {x}, which is not whole"
            return Solution("unknown", code="solver-error", message=message)
        fixed.append(replace(column, domain="continuous", lower=whole, upper=whole))
    rest = relax(Program(fixed, target.rows, target.sense, target.objective), policy, deadline)
    if rest.status != "optimal" or rest.point is None:
        return Solution("unknown", code="solver-error", message="the solver's plan fails once its integers are rounded")
    proof: Proof = "solver-trusted"
    if target.sense == "feasibility":
        proof = rest.proof or proof
    elif relaxation.proof == "certified" and _closes(target, relaxation, rest.point):
        proof = "certified"
    return _whole_answer(program, relaxation, rest.point, proof, rest.exact_point)


def _closes(program: Program, relaxation: Relaxation, point: tuple[Exact, ...]) -> bool:
    """Whether the relaxation's bound, rounded to what the objective can reach, proves the plan optimal."""
    bound = exactness.proved_bound(program, relaxation.duals)
    if bound is None or exactness.violations(program, point):
        return False
    sign = -1 if program.sense == "maximize" else 1
    value, costs = program.objective.value(point), program.objective.linear
    if value == bound:
        return True
    if not costs or any(program.columns[j].domain == "continuous" for j in costs):
        return False
    return sign * bound > sign * value - granularity(costs.values())


def _whole_answer(
    program: Program, relaxation: Relaxation, point: tuple[Exact, ...], proof: Proof, exact_point: bool = True
) -> Solution:
    if relaxation.status == "unbounded":
        if relaxation.ray is None:
            return Solution("unbounded", "solver-trusted", point=point, exact_point=exact_point, code="unbounded")
        whole_ray = tuple(exactness.over_common_denominator(relaxation.ray)[1])
        if relaxation.proof != "certified":
            proof = "solver-trusted"
        return Solution("unbounded", proof, point=point, exact_point=exact_point, ray=whole_ray, code="unbounded")
    return Solution("optimal", proof, program.objective.value(point), point, exact_point)
