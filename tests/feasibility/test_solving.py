"""solve() against oracles that share no code with it: elimination, brute force, SciPy."""

from __future__ import annotations

import time
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solver_programs import (
    badly_scaled_programs,
    boxed_programs,
    brute_force,
    column,
    convex_programs,
    fourier_motzkin,
    keeps,
    linear_programs,
    market_split,
    program,
    row,
)

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program, Quadratic
from pyrite.feasibility.solver import exactness, linear, solving
from pyrite.feasibility.solver.simplex import Budget, Dictionary
from pyrite.feasibility.solver.solution import Solution
from pyrite.feasibility.solver.solving import exceeds, solve

SETTLED = ("optimal", "infeasible", "unbounded")


def check_evidence(target: Program, solution: Solution) -> None:
    """Whatever the answer claims is in the evidence it carries."""
    if solution.point is not None and solution.exact_point:
        assert keeps(target, solution.point)
    if solution.status == "optimal":
        assert solution.point is not None
        assert solution.objective == target.objective.value(solution.point)
        if solution.duals and solution.proof == "certified":
            assert exactness.proves_optimal(target, solution.point, solution.duals)
    if solution.status == "infeasible" and solution.farkas is not None:
        assert exactness.proves_infeasible(target, solution.farkas)
    if solution.status == "unbounded" and solution.proof == "certified":
        assert solution.point is not None
        assert solution.ray is not None
        assert exactness.proves_unbounded(target, solution.point, solution.ray)
        far = [x + 1000 * d for x, d in zip(solution.point, solution.ray, strict=True)]
        assert keeps(target, far)


@given(linear_programs(columns=3, rows=3))
def test_linear_programs_agree_with_elimination(target: Program) -> None:
    solution = solve(target)
    status, optimum = fourier_motzkin(target)
    assert (solution.status, solution.proof) == (status, "certified")
    if status == "optimal":
        assert solution.objective == optimum
    check_evidence(target, solution)


@pytest.mark.parametrize(("tiny", "small"), [(linear.TINY, linear.SMALL), (-1, linear.SMALL), (-1, -1)])
@given(target=badly_scaled_programs())
def test_badly_scaled_programs_agree_with_elimination(target: Program, tiny: int, small: int) -> None:
    """Numbers over 24 decimal places: whatever HiGHS makes of them, the answer is exact on every way through."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear, "TINY", tiny)
        patch.setattr(linear, "SMALL", small)
        solution = solve(target)
    status, optimum = fourier_motzkin(target)
    assert (solution.status, solution.proof) == (status, "certified")
    if status == "optimal":
        assert solution.objective == optimum
    check_evidence(target, solution)


@given(boxed_programs())
def test_integer_programs_agree_with_brute_force(target: Program) -> None:
    solution = solve(target)
    assert (solution.status, solution.objective) == brute_force(target)
    assert solution.proof == "certified"
    check_evidence(target, solution)


@pytest.mark.parametrize("work", [solving.WORK, 40])
@given(target=boxed_programs(), limit=st.fractions(-30, 30, max_denominator=7), constant=st.fractions(-3, 3))
def test_exceeding_a_limit_agrees_with_brute_force(
    target: Program, limit: Fraction, constant: Fraction, work: int
) -> None:
    """Limits and constants off the objective's own steps, and a search that is granted its work in portions."""
    goal = Quadratic(target.objective.linear, {}, constant)
    target = Program(target.columns, target.rows, "maximize", goal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "WORK", work)
        found = exceeds(target, limit, Policy(), time.monotonic() + 10)
    status, optimum = brute_force(target)
    if isinstance(found, tuple):
        assert keeps(target, found)
        assert target.objective.value(found) > limit
    elif found is False:
        assert status == "infeasible" or (optimum is not None and optimum <= limit)
    else:
        # Not optimal, or cut short.
        assert work != solving.WORK or status == "infeasible"


@given(linear_programs(columns=4, rows=4))
def test_the_dictionary_keeps_the_values_of_its_basic_unknowns(target: Program) -> None:
    dictionary = Dictionary(target)
    dictionary.solve(Budget())
    for level, row_ in zip(dictionary.levels, dictionary.table, strict=True):
        assert level == sum(a * x for a, x in zip(row_, dictionary.values, strict=True))


@given(boxed_programs(columns=3))
def test_the_way_through_the_solver_agrees_with_brute_force(target: Program) -> None:
    """The exact shortcuts off: HiGHS's relaxation, basis, search and rays carry the answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear, "TINY", -1)
        patch.setattr(linear, "SMALL", -1)
        solution = solve(target)
    assert (solution.status, solution.objective) == brute_force(target)
    check_evidence(target, solution)


@given(linear_programs(columns=3, rows=3))
def test_large_programs_path_agrees_with_elimination(target: Program) -> None:
    """The sparse exact basis and the rounded rays, which only large programs need, on small ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear, "TINY", -1)
        patch.setattr(linear, "SMALL", -1)
        patch.setattr(linear, "REPAIR", -1)
        solution = solve(target)
    status, optimum = fourier_motzkin(target)
    assert solution.status == status
    if solution.proof == "certified" and status == "optimal":
        assert solution.objective == optimum
    check_evidence(target, solution)


@given(linear_programs(columns=6, rows=8))
def test_larger_linear_programs_agree_with_scipy(target: Program) -> None:
    solution = solve(target)
    status, optimum = scipy_answer(target)
    check_evidence(target, solution)
    assert solution.proof == "certified"
    if status in SETTLED:
        assert solution.status == status
    if status == "optimal" and solution.objective is not None:
        assert float(solution.objective) == pytest.approx(optimum, rel=1e-6, abs=1e-6)


@given(linear_programs(columns=5, rows=5, integers=True))
def test_mixed_programs_agree_with_scipy(target: Program) -> None:
    policy = Policy(time_limit=2.0)
    solution = solve(target, policy)
    check_evidence(target, solution)
    if solution.status == "unknown":
        assert solution.code in ("time-limit", "solver-error")
        return
    status, optimum = scipy_answer(target)
    if status in SETTLED and solution.proof == "certified" and status != solution.status:
        # SciPy's tolerances may lose; a certified answer must then carry its evidence.
        assert solution.status == "infeasible" or solution.point is not None
    elif status in SETTLED:
        assert solution.status == status
        if status == "optimal" and solution.objective is not None:
            assert float(solution.objective) == pytest.approx(optimum, rel=1e-5, abs=1e-5)


def scipy_answer(target: Program) -> tuple[str, float | None]:
    """Status and optimum by scipy.optimize.milp (HiGHS with SciPy's own modelling and options)."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n, sign = len(target.columns), -1.0 if target.sense == "maximize" else 1.0
    costs = np.zeros(n)
    for j, c in target.objective.linear.items():
        costs[j] = sign * float(c)

    def side(value: object, default: float) -> float:
        return default if value is None else float(value)

    constraints = []
    for line in target.rows:
        body = np.array([float(line.linear.get(j, 0)) for j in range(n)])
        constraints.append(LinearConstraint(body, side(line.lower, -np.inf), side(line.upper, np.inf)))
    # SciPy 1.17's HiGHS returns -0.898 for: minimise x - y, y <= 2x, 0 <= y <= 3, x >= 8/7 and whole (-1 is right).
    # With whole bounds on whole columns it does not.
    lows = [
        side(c.lower if c.lower is None or c.domain == "continuous" else ceil(c.lower), -np.inf) for c in target.columns
    ]
    highs = [
        side(c.upper if c.upper is None or c.domain == "continuous" else floor(c.upper), np.inf) for c in target.columns
    ]
    if any(low > high for low, high in zip(lows, highs, strict=True)):
        return "infeasible", None
    if any(line.lower is not None and line.upper is not None and line.lower > line.upper for line in target.rows):
        return "infeasible", None
    whole = [int(c.domain != "continuous") for c in target.columns]
    found = milp(
        costs, integrality=whole, bounds=Bounds(lows, highs), constraints=constraints or None,
        options={"time_limit": 5.0, "mip_rel_gap": 0.0},
    )  # fmt: skip
    status = {0: "optimal", 2: "infeasible", 3: "unbounded"}.get(found.status, "unknown")
    if status != "optimal":
        return status, None
    return status, sign * float(found.fun) + float(target.objective.constant)


@given(convex_programs())
def test_convex_quadratics_carry_their_proof(target: Program) -> None:
    assert exactness.is_convex(target)
    solution = solve(target)
    assert (solution.status, solution.proof) in [(status, "certified") for status in SETTLED]
    check_evidence(target, solution)
    plain = Program(target.columns, target.rows, "feasibility")
    assert (solution.status == "infeasible") == (fourier_motzkin(plain)[0] == "infeasible")
    if solution.status == "optimal" and target.is_quadratic:
        assert no_better_neighbour(target, solution)


def no_better_neighbour(target: Program, solution: Solution) -> bool:
    """Steps along all axes and diagonals, long and short: none is feasible and better."""
    assert solution.point is not None
    assert solution.objective is not None
    n = len(target.columns)
    sign = -1 if target.sense == "maximize" else 1
    for size in (Fraction(1, 1000), Fraction(1), Fraction(7)):
        for direction in np.ndindex(*(3,) * n):
            moved = [x + size * (d - 1) for x, d in zip(solution.point, direction, strict=True)]
            if keeps(target, moved) and sign * target.objective.value(moved) < sign * solution.objective:
                return False
    return True


@given(linear_programs(columns=4, rows=4, integers=True), st.randoms(use_true_random=False))
def test_the_same_program_always_gets_the_same_answer(target: Program, draw: object) -> None:
    first, second = solve(target), solve(target)
    assert (first.status, first.proof, first.objective, first.point) == (
        second.status, second.proof, second.objective, second.point,
    )  # fmt: skip


def test_duals_are_prices() -> None:
    target = program(
        [column(lower=0), column(lower=0)], [row({0: 1, 1: 1}, None, 4), row({0: 1, 1: 3}, None, 6)],
        "maximize", {0: 3, 1: 5},
    )  # fmt: skip
    solution = solve(target)
    assert (solution.objective, solution.duals) == (14, {0: 2, 1: 1})
    assert solution.point == (3, 1)


def test_constant_of_the_objective_counts() -> None:
    target = program([column("integer", 0, 3)], [row({0: 2}, None, 5)], "maximize", {0: 10}, constant=Fraction(1, 2))
    assert solve(target).objective == Fraction(41, 2)


def test_deadline_is_respected() -> None:
    """As far as HiGHS respects it: seconds later now and then, which is why workers can be killed from outside."""
    solution = solve(market_split(), deadline=time.monotonic() + 0.5)
    assert (solution.status, solution.code) == ("unknown", "time-limit")
    assert solution.seconds > 0.4


def test_large_sparse_program_is_certified() -> None:
    """A transportation program: its basis is a tree, which sparse elimination peels without arithmetic to speak of."""
    sources, sinks = 30, 40
    columns = [column(lower=0) for _ in range(sources * sinks)]
    rows = [row({s * sinks + t: 1 for t in range(sinks)}, None, 40) for s in range(sources)]
    rows += [row({s * sinks + t: 1 for s in range(sources)}, 1 + t % 7) for t in range(sinks)]
    costs = {s * sinks + t: 1 + (7 * s + 13 * t) % 29 for s in range(sources) for t in range(sinks)}
    solution = solve(program(columns, rows, "minimize", costs))
    assert (solution.status, solution.proof) == ("optimal", "certified")
    infeasible = program(columns, [*rows, row(dict.fromkeys(range(sources * sinks), 1), None, 10)], "minimize", {})
    found = solve(infeasible)
    assert (found.status, found.proof) == ("infeasible", "certified")
    assert found.farkas is not None
    assert exactness.proves_infeasible(infeasible, found.farkas)
