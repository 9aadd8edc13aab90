"""What a program's optimum is, told apart beyond doubt: optimal, infeasible, unbounded, or an honest unknown.

The continuous relaxation comes first: exact, and when its vertex is whole it is the answer. Programs with integers
that are left go to a small exact branch and bound, and only then to HiGHS's search, whose answer is rounded, fixed,
re-solved and re-evaluated.
"""

from __future__ import annotations

import time
from dataclasses import replace
from math import isfinite

from ..policy import Policy
from ..programs.program import Column, Program
from ..rationals import Exact, from_float, same_value
from ..verdict import Proof
from . import exactness
from .branching import Tree, search
from .certifying import certify
from .highs import FloatProgram, SolverAnswer, run, to_floats
from .lattice import equations_have_no_whole_solution
from .linear import Relaxation, contradiction, relax
from .nonlinear import solve_nonlinear
from .quadratic import relax_quadratic
from .solution import ConflictMember, Solution
from .tightening import granularity, tighten

WORK = 60_000
"""Dictionary entries that the exact branch and bound may recompute before HiGHS's search takes over."""
NODES = 1_000
"""Relaxations that may be solved to prove that HiGHS's plan is the best one."""
LONGEST = 1_000_000
"""Relaxations that may be solved to prove that there is no plan; the deadline comes first."""
_PROOF = 0.5
"""Seconds that the proof of a best plan may take in any case."""


def solve(program: Program, policy: Policy | None = None, *, deadline: float | None = None) -> Solution:
    """Solve a program. ``deadline`` is a ``time.monotonic()`` value; by default ``policy.time_limit`` seconds from now.

    Raises nothing for any compiled program: what cannot be decided is a Solution with status unknown and a code.
    """
    policy = policy or Policy()
    started = time.monotonic()
    if deadline is None:
        deadline = started + policy.time_limit
    return replace(_solve(program, policy, deadline), seconds=time.monotonic() - started)


def exceeds(program: Program, limit: Exact, policy: Policy, deadline: float) -> tuple[Exact, ...] | bool | None:
    """Whether a plan of a maximised linear program over integers is worth more than the limit: less than the best.

    Such a plan (not the best one); False when it is proved that there is none; None when neither was found within the
    exact search's work, or the program is of another class.
    """
    if program.is_quadratic or program.is_nonlinear or not program.is_mixed_integer or program.sense != "maximize":
        return None
    tight = tighten(program)
    relaxation = relax(tight, policy, deadline)
    if relaxation.status != "optimal" or relaxation.proof != "certified" or relaxation.dictionary is None:
        return None
    tree = search(tight, relaxation.dictionary, work=WORK, deadline=deadline, beyond=limit)
    return tree.point if tree.ending == "optimal" else False if tree.ending == "infeasible" else None


def _solve(program: Program, policy: Policy, deadline: float) -> Solution:
    if program.is_nonlinear:
        crossed = contradiction(program)
        if crossed is not None:
            return Solution("infeasible", "certified", farkas=crossed, code="infeasible")
        return _beyond(program, policy, deadline, "nonlinear", "a constraint multiplies unknowns")
    if program.is_quadratic:
        return _solve_quadratic(program, policy, deadline)
    tight = tighten(program)
    relaxation = relax(tight, policy, deadline)
    return _with_integers(program, tight, relaxation, policy, deadline)


def _solve_quadratic(program: Program, policy: Policy, deadline: float) -> Solution:
    """Convex and continuous is solved; otherwise only emptiness and lucky relaxations are decided."""
    if not exactness.is_convex(program):
        kind = "concave" if program.sense == "maximize" else "convex"
        return _beyond(program, policy, deadline, "nonconvex", f"the quadratic objective is not {kind}")
    tight = tighten(program)
    relaxation = relax_quadratic(tight, policy, deadline)
    if (
        relaxation.status != "optimal"
        or not tight.is_mixed_integer
        or (relaxation.proof == "certified" and _is_whole(tight, relaxation))
    ):
        return _with_integers(program, tight, relaxation, policy, deadline)
    return _beyond(program, policy, deadline, "integer-quadratic", "integers with a quadratic objective")


def _beyond(program: Program, policy: Policy, deadline: float, code: str, message: str) -> Solution:
    """A class that HiGHS does not solve: SCIP when the policy asks for it, else an honest unknown.

    When the rows are linear, they alone may decide that nothing is possible; or else they give a feasible point.
    """
    point, exact = None, False
    if not program.is_nonlinear:
        found = _solve(Program(program.columns, program.rows, "feasibility"), policy, deadline)
        if found.status == "infeasible":
            return found
        point, exact = found.point, found.exact_point
    if policy.nonlinear:
        return solve_nonlinear(program, policy, deadline)
    return Solution("unknown", point=point, exact_point=exact, code=code, message=message)


def _with_integers(
    program: Program, tight: Program, relaxation: Relaxation, policy: Policy, deadline: float
) -> Solution:
    if relaxation.status in ("infeasible", "unknown") or not tight.is_mixed_integer:
        return _conclude(program, tight, relaxation, policy, deadline)
    if relaxation.status == "optimal" and _is_whole(tight, relaxation):
        return _conclude(program, tight, relaxation, policy, deadline)
    if equations_have_no_whole_solution(tight):
        return Solution("infeasible", "certified", code="infeasible")
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


def _conclude(program: Program, tight: Program, relaxation: Relaxation, policy: Policy, deadline: float) -> Solution:
    """The relaxation's answer as the program's own. Certificates that speak of changed rows are not handed out."""
    farkas = relaxation.farkas
    if farkas is not None and tight is not program and not program.is_nonlinear:
        farkas = relax(program, policy, deadline, objective=False).farkas
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
    cost = target.sense != "feasibility"
    began = time.monotonic()
    answer = run(floats, policy, deadline=deadline, integers=True, cost=cost)
    if answer.outcome not in ("optimal", "infeasible", "time-limit"):
        # The relaxation has an optimum, or none was asked for: presolve alone can have called it unbounded.
        answer = run(floats, policy, deadline=deadline, integers=True, cost=cost, presolve=False)
    plan = _rounded(target, answer, policy, deadline)
    if plan is None and answer.outcome == "optimal":
        # A plan that lives on the solver's tolerances; ask again with the smallest ones it has.
        answer = run(floats, policy, deadline=deadline, integers=True, cost=cost, strict=True)
        plan = _rounded(target, answer, policy, deadline)
    if plan is None and answer.outcome in ("infeasible", "optimal"):
        return _searched(program, target, floats, relaxation, policy, deadline, answer)
    if answer.outcome != "optimal" or plan is None or plan.point is None:
        code = "time-limit" if answer.outcome == "time-limit" else "solver-error"
        point, exact = (None, False) if plan is None else (plan.point, plan.exact_point)
        return Solution("unknown", point=point, exact_point=exact, code=code, message=answer.message)
    if not cost:
        proof: Proof = "certified" if plan.exact_point else "solver-trusted"
        return _whole_answer(program, relaxation, plan.point, proof, plan.exact_point)
    if _closes(target, relaxation, plan.point):
        return _whole_answer(program, relaxation, plan.point, "certified", plan.exact_point)
    known = plan.point if plan.exact_point else None
    if known is not None and relaxation.dictionary is not None:
        tree = search(target, relaxation.dictionary.copy(), work=WORK, deadline=deadline, known=known)
        if tree.ending == "optimal" and tree.point is not None:
            return _whole_answer(program, relaxation, tree.point, "certified")
    agreed = _agrees(target, answer, plan.point, policy)
    # The proof may take about as long as the search did, so that large programs do not wait for what will not come;
    # but where HiGHS's optimum is not its plan's value, nothing but a proof will do.
    rest = _most_of(deadline)
    moment = min(rest, time.monotonic() + max(_PROOF, time.monotonic() - began)) if agreed else rest
    tree = certify(target, floats, policy, nodes=NODES if agreed else LONGEST, deadline=moment, known=known)
    if tree.ending == "optimal" and tree.point is not None:
        return _whole_answer(program, relaxation, tree.point, "certified")
    if tree.ending == "infeasible":
        return _infeasible(program, target, tree)
    best = plan.point if tree.point is None or not _better(target, tree.point, plan.point) else tree.point
    exact = plan.exact_point if best is plan.point else True
    if best is not plan.point:
        agreed = _agrees(target, answer, best, policy)
    if not agreed:
        message = "the solver's optimum is not what its plan is worth in exact arithmetic"
        return Solution("unknown", point=best, exact_point=exact, code="solver-error", message=message)
    return _whole_answer(program, relaxation, best, "solver-trusted", exact)


def _most_of(deadline: float) -> float:
    """A little is left for the sentences that explain the answer."""
    return deadline - min(1.0, (deadline - time.monotonic()) / 8)


def _agrees(target: Program, answer: SolverAnswer, point: tuple[Exact, ...], policy: Policy) -> bool:
    """Whether the objective that HiGHS calls optimal is the plan's, as the policy compares values.

    HiGHS's point may live on its tolerances, and a coefficient of a million turns 1e-7 into 0.1.
    """
    costs = target.objective.linear
    claimed = sum(float(c) * answer.point[j] for j, c in costs.items()) + float(target.objective.constant)
    return same_value(target.objective.value(point), from_float(claimed), policy.value_tolerance)


def _searched(
    program: Program,
    target: Program,
    floats: FloatProgram,
    relaxation: Relaxation,
    policy: Policy,
    deadline: float,
    answer: SolverAnswer,
) -> Solution:
    """HiGHS found no plan that holds, which proves nothing: the program is searched until all of it is closed."""
    cost = target.sense != "feasibility"
    tree = certify(target, floats, policy, nodes=LONGEST, deadline=_most_of(deadline), cost=cost)
    if tree.ending == "infeasible":
        return _infeasible(program, target, tree)
    if tree.ending == "optimal" and tree.point is not None:
        return _whole_answer(program, relaxation, tree.point, "certified")
    if answer.outcome == "infeasible":
        code, message = "unproved-infeasible", f"{answer.message}, and no proof of it was found within the limits"
        if tree.point is not None:
            code, message = "solver-error", f"{answer.message}, although a plan exists"
    else:
        code, message = "solver-error", "the solver's plan fails once it is rounded"
    return Solution("unknown", point=tree.point, exact_point=tree.point is not None, code=code, message=message)


def _infeasible(program: Program, target: Program, tree: Tree) -> Solution:
    """A tree's proof, in terms of the program as it was before rows and bounds were rounded."""
    members: set[ConflictMember] = set()
    for kind, number in tree.support:
        members.add((kind, number))
        if kind == "row" and target.rows[number] is not program.rows[number]:
            linear = program.rows[number].body.linear
            members |= {("integer", j) for j in linear if program.columns[j].domain != "continuous"}
        elif kind in ("lower", "upper") and target.columns[number] is not program.columns[number]:
            members.add(("integer", number))
    return Solution("infeasible", "certified", code="infeasible", support=tuple(sorted(members)))


def _better(target: Program, point: tuple[Exact, ...], other: tuple[Exact, ...]) -> bool:
    gain = target.objective.value(point) - target.objective.value(other)
    return gain > 0 if target.sense == "maximize" else gain < 0


def _rounded(target: Program, answer: SolverAnswer, policy: Policy, deadline: float) -> Relaxation | None:
    """The solver's plan with whole integers and the rest solved again; None when there is none or it fails that."""
    if not answer.point:
        return None
    fixed: list[Column] = []
    for column, x in zip(target.columns, answer.point, strict=True):
        if column.domain == "continuous":
            fixed.append(column)
            continue
        if not isfinite(x) or abs(x - round(x)) > policy.integer_tolerance:
            return None
        fixed.append(replace(column, domain="continuous", lower=round(x), upper=round(x)))
    # At the deadline the last plan is still worth half a second.
    moment = max(deadline, time.monotonic() + 0.5)
    rest = relax(Program(fixed, target.rows, target.sense, target.objective), policy, moment)
    if rest.status != "optimal" or rest.point is None or exactness.violations(target, rest.point, policy):
        return None
    return rest


def _closes(program: Program, relaxation: Relaxation, point: tuple[Exact, ...]) -> bool:
    """Whether the relaxation's bound, rounded to what the objective can reach, proves the plan optimal."""
    if relaxation.proof != "certified":
        return False
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
        assert relaxation.ray is not None
        whole_ray = tuple(exactness.over_common_denominator(relaxation.ray)[1])
        if relaxation.proof != "certified":
            proof = "solver-trusted"
        return Solution("unbounded", proof, point=point, exact_point=exact_point, ray=whole_ray, code="unbounded")
    return Solution("optimal", proof, program.objective.value(point), point, exact_point)
