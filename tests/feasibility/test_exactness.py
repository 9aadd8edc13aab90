"""The checkers: they accept what is true, and every kind of falsified certificate is turned down."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from solver_programs import (
    boxed_programs,
    brute_force,
    column,
    convex_programs,
    infeasible_programs,
    linear_programs,
    program,
    row,
)

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Column, Program, Row
from pyrite.feasibility.rationals import Exact
from pyrite.feasibility.solver import exactness, linear_algebra
from pyrite.feasibility.solver.exactness import Violation, violations
from pyrite.feasibility.solver.lattice import equations_have_no_whole_solution
from pyrite.feasibility.solver.solution import Farkas
from pyrite.feasibility.solver.solving import solve

nudges = st.sampled_from([Fraction(1, 10**12), Fraction(-1, 10**12), 1, -1, Fraction(-7, 3)])


def production() -> Program:
    """Maximise 3 bread + 5 cake with 2 bread + 4 cake <= 120, bread >= 10."""
    return program([column(lower=10), column(lower=0)], [row({0: 2, 1: 4}, None, 120)], "maximize", {0: 3, 1: 5})


def test_violations_name_amount_value_and_bound() -> None:
    target = program(
        [column("integer", 0, 5), column(upper=1)], [row({0: 2, 1: 1}, None, 7), row({0: 1}, 1), row({1: 1}, 0, 0)]
    )
    half = Fraction(1, 2)
    assert violations(target, (Fraction(11, 2), 2)) == [
        Violation("row", 0, 6, 13, 7),
        Violation("row", 2, 2, 2, 0),
        Violation("upper", 0, half, Fraction(11, 2), 5),
        Violation("integer", 0, half, Fraction(11, 2), 6),
        Violation("upper", 1, 1, 2, 1),
    ]
    assert violations(target, (-1, 0)) == [Violation("row", 1, 2, -1, 1), Violation("lower", 0, 1, -1, 0)]
    assert violations(target, (3, 0)) == []


def test_tolerances_are_those_of_the_policy() -> None:
    target = program([column("integer", 0, 2000)], [row({0: 1}, None, 1000)])
    policy = Policy()
    # 1e-6 * max(1, |side|): a thousandth at 1000; and 1e-5 from a whole number.
    assert violations(target, (1000 + Fraction(1, 1000),), Policy(integer_tolerance=1)) == []
    assert violations(target, (1000 + Fraction(1001, 10**6),), Policy(integer_tolerance=1)) != []
    assert violations(target, (3 + Fraction(1, 10**5),), policy) == []
    assert [v.kind for v in violations(target, (3 + Fraction(2, 10**5),), policy)] == ["integer"]
    assert [v.kind for v in violations(target, (3 + Fraction(1, 10**9),))] == ["integer"]


def test_the_optimum_of_production() -> None:
    target = production()
    point, duals = (60, 0), {0: Fraction(3, 2)}
    assert exactness.proves_optimal(target, point, duals)
    assert exactness.proved_bound(target, duals) == 180
    assert not exactness.proves_optimal(target, (10, 25), duals)  # feasible, but the bread is not at its bound
    assert not exactness.proves_optimal(target, (61, 0), duals)  # infeasible
    assert not exactness.proves_optimal(target, point, {0: Fraction(5, 4)})
    assert not exactness.proves_optimal(target, point, {0: Fraction(-3, 2)})
    assert exactness.proved_bound(target, {0: 1}) is None  # 1 bread too many against a side that is not there


@given(linear_programs(columns=3, rows=4), st.data())
def test_falsified_optima_are_turned_down(target: Program, data: st.DataObject) -> None:
    solution = solve(target)
    assume(solution.status == "optimal")
    point = solution.point
    assert point is not None
    assert exactness.proves_optimal(target, point, solution.duals)
    j = data.draw(st.integers(0, len(point) - 1))
    moved = [*point[:j], point[j] + data.draw(nudges), *point[j + 1 :]]
    if exactness.proves_optimal(target, moved, solution.duals):
        # Not unique: then it must be feasible and just as good.
        assert not violations(target, moved)
        assert target.objective.value(moved) == solution.objective
    if target.rows and target.sense != "feasibility":
        i = data.draw(st.integers(0, len(target.rows) - 1))
        forged = dict(solution.duals)
        forged[i] = forged.get(i, 0) + data.draw(nudges)
        if exactness.proves_optimal(target, point, forged):
            bound = exactness.proved_bound(target, forged)
            assert bound == solution.objective  # another dual optimum, not a forgery


@given(st.one_of(infeasible_programs(), linear_programs(columns=3, rows=4)), st.data())
def test_falsified_infeasibility_is_turned_down(target: Program, data: st.DataObject) -> None:
    solution = solve(target)
    assume(solution.status == "infeasible")
    farkas = solution.farkas
    assert farkas is not None
    assume(farkas.crossed is None)
    assert exactness.proves_infeasible(target, farkas)
    negated = Farkas({i: -y for i, y in farkas.rows.items()}, {j: -z for j, z in farkas.columns.items()})
    parts: list[Row | Column] = [*target.rows, *target.columns]
    assert not exactness.proves_infeasible(target, negated) or any(part.lower == part.upper for part in parts)
    if farkas.columns:
        j = data.draw(st.sampled_from(sorted(farkas.columns)))
        forged = farkas.columns | {j: farkas.columns[j] + data.draw(nudges)}
        assert not exactness.proves_infeasible(target, Farkas(farkas.rows, forged))


@given(
    linear_programs(columns=3, rows=3),
    st.dictionaries(st.integers(0, 2), nudges),
    st.dictionaries(st.integers(0, 2), nudges),
)
def test_no_multipliers_prove_a_feasible_program_infeasible(
    target: Program, rows: dict[int, Exact], columns: dict[int, Exact]
) -> None:
    assume(solve(target).status != "infeasible")
    rows = {i: y for i, y in rows.items() if i < len(target.rows)}
    columns = {j: z for j, z in columns.items() if j < len(target.columns)}
    assert not exactness.proves_infeasible(target, Farkas(rows, columns))
    assert not exactness.proves_infeasible(target, exactness.complete_farkas(target, rows))


def test_crossed_sides() -> None:
    target = program([column(lower=2, upper=1), column()], [row({0: 1}, 3, 3), row({1: 1}, 1, 0)])
    assert exactness.proves_infeasible(target, Farkas({}, {}, ("column", 0)))
    assert exactness.proves_infeasible(target, Farkas({}, {}, ("row", 1)))
    assert not exactness.proves_infeasible(target, Farkas({}, {}, ("column", 1)))
    assert not exactness.proves_infeasible(target, Farkas({}, {}, ("row", 0)))
    assert not exactness.proves_infeasible(target, Farkas({}, {}, ("column", 0)), [(1, 2), (None, None)])


def test_rays() -> None:
    target = program([column("integer", 0), column(lower=0)], [row({0: 1, 1: -2}, None, 1)], "maximize", {0: 1})
    assert exactness.proves_unbounded(target, (1, 0), (2, 1))
    assert not exactness.proves_unbounded(target, (1, 0), (1, Fraction(1, 4)))  # leaves the row
    assert not exactness.proves_unbounded(target, (1, 0), (1, -1))  # leaves a bound
    assert not exactness.proves_unbounded(target, (1, 0), (0, 1))  # gains nothing
    assert not exactness.proves_unbounded(target, (3, 0), (2, 1))  # starts outside
    assert not exactness.proves_unbounded(target, (1, 0), (Fraction(1, 2), 1))  # not whole
    assert exactness.proves_unbounded(target, (1, 0), (Fraction(1, 2), 1), integrality=False)
    bowl = program([column(), column()], [], "minimize", {1: 1}, {(0, 0): 1})
    assert exactness.proves_unbounded(bowl, (0, 0), (0, -1))
    assert not exactness.proves_unbounded(bowl, (0, 0), (1, -1))  # the bowl stops it


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=4, max_size=4))
def test_definiteness_agrees_with_eigenvalues(matrix: list[list[int]]) -> None:
    symmetric = np.array(matrix) + np.array(matrix).T
    form: dict[tuple[int, int], Exact] = {
        (j, k): int(symmetric[j, k]) * (1 if j == k else 2) for j in range(4) for k in range(j, 4) if symmetric[j, k]
    }
    smallest = np.linalg.eigvalsh(symmetric.astype(float)).min()
    assume(abs(smallest) > 1e-9 or smallest >= 0)
    if abs(smallest) > 1e-9:
        assert exactness.is_positive_semidefinite(form) == (smallest > 0)


@given(convex_programs())
def test_squares_are_convex(target: Program) -> None:
    """Singular forms too, where eigenvalues in floats cannot say."""
    assert exactness.is_convex(target)
    flipped = program(target.columns, [], "minimize", {}, {(0, 0): -1})
    assert not exactness.is_convex(flipped)


@given(st.integers(1, 7), st.randoms(use_true_random=False))
def test_sparse_elimination_solves(size: int, draw: object) -> None:
    import random

    assert isinstance(draw, random.Random)
    matrix: list[dict[int, Exact]] = []
    for _ in range(size):
        entries = {k: Fraction(draw.randint(-4, 4), draw.randint(1, 3)) for k in range(size) if draw.random() < 0.5}
        matrix.append({k: a for k, a in entries.items() if a})
    wanted = [Fraction(draw.randint(-9, 9), draw.randint(1, 5)) for _ in range(size)]
    sides: list[Exact] = [sum((a * wanted[k] for k, a in line.items()), start=Fraction(0)) for line in matrix]
    found = linear_algebra.solve_sparse(matrix, sides)
    dense = np.array([[float(line.get(k, 0)) for k in range(size)] for line in matrix])
    if abs(np.linalg.det(dense)) > 1e-9:
        assert found == wanted
    elif found is not None:  # singular in floats to the last digit is singular
        assert abs(np.linalg.det(dense)) > 0


@given(boxed_programs(columns=3, rows=3, box=2))
def test_equations_without_whole_solutions_have_none(target: Program) -> None:
    if equations_have_no_whole_solution(target):
        assert brute_force(target)[0] == "infeasible"


@given(
    st.lists(st.lists(st.integers(-6, 6), min_size=3, max_size=3), min_size=1, max_size=3),
    st.lists(st.integers(-9, 9), min_size=3, max_size=3),
)
def test_equations_with_a_whole_solution_are_never_denied(matrix: list[list[int]], point: list[int]) -> None:
    rows = []
    for line in matrix:
        side = sum(a * x for a, x in zip(line, point, strict=True))
        rows.append(row({j: a for j, a in enumerate(line) if a}, side, side))
    assert not equations_have_no_whole_solution(program([column("integer") for _ in range(3)], rows))


def test_equations_over_two_rows_and_a_continuous_column() -> None:
    """z = 10/3 x - 5 y - 1 in 5x - 5y + 2z == 0 leaves 35x - 45y == 6, and 5 does not divide 6."""
    rows = [row({0: Fraction(10, 3), 1: -5, 2: -1}, 1, 1), row({0: 5, 1: -5, 2: 2}, 0, 0)]
    assert equations_have_no_whole_solution(program([column("integer"), column("integer"), column()], rows))
    assert not equations_have_no_whole_solution(program([column("integer"), column(), column()], rows))
