"""The measured traps: programs on which a solver's status or numbers mislead, and the answers that are right."""

from __future__ import annotations

from fractions import Fraction

import pytest
from solver_programs import column, keeps, market_split, program, row

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.rationals import Exact
from pyrite.feasibility.solver import exactness, highs, solving
from pyrite.feasibility.solver.solving import solve


def close_knapsack() -> tuple[Program, int]:
    """A knapsack with almost equal items, and its optimum by dynamic programming."""
    import random

    draw = random.Random(7)
    weights = [draw.randint(1000, 2000) for _ in range(30)]
    values = [weight + draw.randint(-3, 3) for weight in weights]
    capacity = sum(weights) // 2
    best = [0] * (capacity + 1)
    for weight, value in zip(weights, values, strict=True):
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    items = [column("binary", 0, 1) for _ in weights]
    target = program(items, [row(dict(enumerate(weights)), None, capacity)], "maximize", dict(enumerate(values)))
    return target, best[capacity]


def test_default_gap_leaves_a_knapsack_unproved() -> None:
    target, optimum = close_knapsack()
    loose = highs.run(highs.to_floats(target), Policy(mip_gap=1e-4), integers=True)
    assert loose.outcome == "optimal"
    claimed = sum(c * round(x) for c, x in zip(target.objective.linear.values(), loose.point, strict=True))
    assert claimed < optimum  # HiGHS's own default calls this optimal
    solution = solve(target)
    assert (solution.status, solution.objective) == ("optimal", optimum)


def test_tiny_coefficient_is_not_dropped() -> None:
    for scale in (1, 40):  # alone, and among enough rows for the way through HiGHS
        rows = [row({0: Fraction(1, 10**10)}, 1) for _ in range(scale)]
        solution = solve(program([column()], rows, "minimize", {0: 1}))
        assert (solution.status, solution.objective, solution.proof) == ("optimal", 10**10, "certified")


def test_tiny_coefficient_over_integers() -> None:
    target = program([column("integer", 0)], [row({0: Fraction(1, 10**10)}, Fraction(1, 3))], "minimize", {0: 1})
    assert solve(target).objective == 3333333334


def test_unbounded_integer_program_is_told_from_infeasible() -> None:
    whole = [column("integer", 0), column("integer", 0)]
    unbounded = solve(program(whole, [row({0: 2, 1: -3}, 1)], "maximize", {0: 1, 1: 1}))
    assert (unbounded.status, unbounded.proof) == ("unbounded", "certified")
    assert unbounded.point is not None
    assert unbounded.ray is not None
    assert all(x.denominator == 1 for x in (*unbounded.point, *unbounded.ray))
    # The relaxation is unbounded, but no whole point exists: 2x - 2y == 1.
    assert solve(program(whole, [row({0: 2, 1: -2}, 1, 1)], "maximize", {0: 1})).status == "infeasible"
    # Two rows are needed to see it: x + y + z == 2 z' and x + y == 1/2 mod 1 through a sum.
    three = [column("integer", 0), column("integer", 0), column(lower=0)]
    rows = [row({0: 2, 2: 1}, Fraction(1, 2), Fraction(1, 2)), row({2: 1}, None, Fraction(1, 4))]
    assert solve(program(three, rows, "maximize", {1: 1})).status == "infeasible"


@pytest.mark.parametrize("domain", ["continuous", "integer"])
def test_empty_models(domain: str) -> None:
    free = column(domain)
    assert solve(program([free])).objective == 0
    assert solve(program([free], [], "minimize", {})).status == "optimal"
    assert solve(program([free], [], "minimize", {0: 1})).status == "unbounded"
    assert solve(program([column(domain, -3)], [], "minimize", {0: 2}, constant=1)).objective == -5
    assert solve(program([free], [row({}, None, 1)])).status == "optimal"
    solution = solve(program([free], [row({}, 1)], "maximize", {0: 1}))
    assert (solution.status, solution.proof) == ("infeasible", "certified")


def test_no_columns() -> None:
    assert solve(program([], [], "minimize", {}, constant=3)).objective == 3
    assert solve(program([], [row({}, 1)])).status == "infeasible"


def test_nonconvex_quadratic_is_unknown_and_not_wrong() -> None:
    hill = program([column(lower=-1, upper=1)], [], "maximize", {0: 1}, {(0, 0): 1})
    assert (solve(hill).status, solve(hill).code) == ("unknown", "nonconvex")
    saddle = program([column(lower=0, upper=1)] * 2, [], "minimize", {}, {(0, 1): 1})
    assert solve(saddle).code == "nonconvex"
    empty = program([column(lower=0)], [row({0: 1}, None, -1)], "maximize", {}, {(0, 0): 1})
    assert solve(empty).status == "infeasible"  # that needs no convexity


def test_integer_quadratic() -> None:
    lucky = program([column("integer", 0, 9)], [], "minimize", {0: -6}, {(0, 0): 1})
    assert (solve(lucky).objective, solve(lucky).proof) == (-9, "certified")  # the relaxation's optimum is whole
    unlucky = program([column("integer", 0, 9)], [], "minimize", {0: -5}, {(0, 0): 1})
    assert (solve(unlucky).status, solve(unlucky).code) == ("unknown", "integer-quadratic")
    empty = program([column("integer", 0, 9)], [row({0: 2}, 1, 1)], "minimize", {0: -5}, {(0, 0): 1})
    assert solve(empty).status == "infeasible"
    endless = program([column("integer"), column("integer")], [], "minimize", {1: 1}, {(0, 0): 1})
    assert solve(endless).status == "unbounded"


def test_bounded_quadratic_that_highs_calls_unbounded() -> None:
    target = program([column(lower=0), column()], [], "minimize", {1: 1}, {(0, 0): 1, (0, 1): -2, (1, 1): 1})
    assert highs.run(highs.to_floats(target), Policy()).outcome == "unbounded"
    solution = solve(target)
    assert (solution.status, solution.proof, solution.objective) == ("optimal", "certified", Fraction(-1, 4))


def test_unbounded_and_infeasible_quadratics() -> None:
    items = [column(lower=0), column(lower=0)]
    endless = solve(program(items, [row({0: 1, 1: 1}, 3)], "minimize", {1: -1}, {(0, 0): 1}))
    assert (endless.status, endless.proof, endless.ray) == ("unbounded", "certified", (0, 1))
    assert solve(program(items, [row({0: 1, 1: 1}, None, -3)], "minimize", {1: -1}, {(0, 0): 1})).status == "infeasible"


def test_twice_a_whole_number_is_not_one() -> None:
    solution = solve(program([column("integer")], [row({0: 2}, 1, 1)]))
    assert (solution.status, solution.proof) == ("infeasible", "certified")


def test_unbounded_linear_program_is_no_optimum_with_objective_zero() -> None:
    target = program([column(lower=0), column(lower=0)], [row({0: 1, 1: -1}, None, 1)], "maximize", {0: 1})
    for _ in range(2):
        solution = solve(target)
        assert (solution.status, solution.objective, solution.proof) == ("unbounded", None, "certified")
        assert solution.ray is not None
        assert exactness.proves_unbounded(target, solution.point or (), solution.ray)


def test_almost_feasible_within_the_solvers_tolerance_is_infeasible() -> None:
    """x >= 1 and x <= 1 - 1e-9: HiGHS is content, arithmetic is not."""
    rows = [row({0: 1, j: 1}, 1) for j in range(1, 8)] + [row({0: 1}, None, 1 - Fraction(1, 10**9))]
    target = program([column(lower=0)] + [column(lower=0, upper=0) for _ in range(7)], rows, "minimize", {0: 1})
    assert highs.run(highs.to_floats(target), Policy()).outcome == "optimal"
    solution = solve(target)
    assert (solution.status, solution.proof) == ("infeasible", "certified")


def test_big_m_does_not_smuggle_a_plan_through() -> None:
    """x <= 1e7 y with y at 1e-7 looks whole to a solver and ships 1 for nothing."""
    target = program(
        [column(lower=0, upper=10), column("binary", 0, 1)], [row({0: 1, 1: -(10**7)}, None, 0), row({0: 1}, 1)],
        "minimize", {1: 1},
    )  # fmt: skip
    for work in (solving.WORK, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(solving, "WORK", work)
            solution = solve(target)
        if solution.status == "optimal":
            assert solution.objective == 1
            assert solution.point is not None
            assert keeps(target, solution.point)
        else:
            assert (work, solution.status) == (0, "unknown")


def test_huge_numbers_are_an_honest_answer() -> None:
    solution = solve(program([column(lower=0)], [row({0: 10**400}, None, 10**401)] * 40, "maximize", {0: 1}))
    assert solution.status in ("optimal", "unknown")
    if solution.status == "optimal":
        assert solution.objective == 10


def test_nonlinear_rows_are_unknown_by_default() -> None:
    target = program([column(lower=0), column(lower=0)], [row({}, 3, None, {(0, 1): 1})], "minimize", {0: 1, 1: 1})
    assert (solve(target).status, solve(target).code) == ("unknown", "nonlinear")


def test_nonlinear_rows_with_the_extra() -> None:
    pytest.importorskip("pyscipopt")
    policy = Policy(nonlinear=True)
    product = program([column(lower=0), column(lower=0)], [row({}, 4, None, {(0, 1): 1})], "minimize", {0: 1, 1: 1})
    solution = solve(product, policy)
    assert (solution.status, solution.proof) == ("optimal", "solver-trusted")
    assert float(solution.objective or 0) == pytest.approx(4, abs=1e-5)
    assert solution.point is not None
    assert exactness.violations(product, solution.point, policy) == []
    hill = program([column(lower=-1, upper=1)], [], "maximize", {0: 1}, {(0, 0): 1})
    assert solve(hill, policy).objective == 2
    whole = program([column("integer", 0, 9)], [], "minimize", {0: -5}, {(0, 0): 1})
    assert solve(whole, policy).objective == -6
    empty = program([column(lower=0, upper=1)] * 2, [row({}, 4, None, {(0, 1): 1})])
    assert solve(empty, policy).status == "infeasible"


def test_a_hard_program_is_unknown_and_not_infeasible() -> None:
    solution = solve(market_split(), Policy(time_limit=0.5))
    assert (solution.status, solution.code) == ("unknown", "time-limit")


def test_an_unknown_optimum_still_shows_a_feasible_plan() -> None:
    """Feasibility does not hang on the optimum: the rows are linear, and a point that keeps them is one."""
    items = [column("integer", 0, 9), column("integer", 0, 9)]
    unlucky = program(items, [row({0: 2, 1: 3}, 7, 7)], "minimize", {0: -5}, {(0, 0): 1, (1, 1): 1})
    hill = program([column(lower=-1, upper=1)], [row({0: 1}, Fraction(1, 2))], "maximize", {}, {(0, 0): 1})
    for target in (unlucky, hill):
        solution = solve(target)
        assert solution.status == "unknown"
        assert solution.exact_point
        assert keeps(target, solution.point or ())


def test_a_search_cut_short_shows_its_best_plan() -> None:
    """A knapsack with a side that only equal parts reach: plans are easy, the proof is not."""
    weights: dict[int, Exact] = {j: 2 * (10**6 + 37 * j * j) for j in range(50)}
    target = program(
        [column("binary", 0, 1) for _ in weights], [row(weights, None, 50 * 10**6 + 1)], "maximize", weights
    )
    solution = solve(target, Policy(time_limit=0.3))
    assert solution.status in ("unknown", "optimal")
    assert solution.point is not None
    assert keeps(target, solution.point)
    if solution.status == "unknown":
        assert solution.code == "time-limit"


def test_whole_columns_with_fractional_bounds() -> None:
    """Minimise x - y with y <= 2x, 0 <= y <= 3, x >= 8/7 and whole: SciPy 1.17 says -0.898, the optimum is -1."""
    items = [column(lower=0, upper=3), column("integer", Fraction(8, 7))]
    target = program(items, [row({0: -1, 1: 2}, 0)], "minimize", {0: -1, 1: 1})
    solution = solve(target)
    assert (solution.objective, solution.point, solution.proof) == (-1, (3, 2), "certified")
