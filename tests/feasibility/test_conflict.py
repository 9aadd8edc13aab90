"""Conflicts: infeasible as a whole, feasible without any one member."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from solver_programs import boxed_programs, column, fourier_motzkin, keeps, linear_programs, market_split, program, row

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.solver.conflict import find_conflict, restricted
from pyrite.feasibility.solver.solution import Conflict
from pyrite.feasibility.solver.solving import solve


def without_one(conflict: Conflict) -> list[Conflict]:
    """The conflict less each of its members in turn."""
    smaller = [replace(conflict, rows=tuple(r for r in conflict.rows if r != i)) for i in conflict.rows]
    smaller += [replace(conflict, bounds=tuple(b for b in conflict.bounds if b != bound)) for bound in conflict.bounds]
    smaller += [replace(conflict, integers=tuple(k for k in conflict.integers if k != j)) for j in conflict.integers]
    return smaller


@given(linear_programs(columns=3, rows=3))
def test_linear_conflicts_are_irreducible(target: Program) -> None:
    """Both halves of the definition by elimination, which shares nothing with the solver."""
    assume(fourier_motzkin(Program(target.columns, target.rows, "feasibility"))[0] == "infeasible")
    conflict = find_conflict(target)
    assert conflict.proved
    assert not conflict.integers
    assert fourier_motzkin(restricted(target, conflict))[0] == "infeasible"
    for smaller in without_one(conflict):
        assert fourier_motzkin(restricted(target, smaller))[0] == "optimal"


@given(boxed_programs(columns=3, rows=4))
def test_integer_conflicts_are_irreducible(target: Program) -> None:
    """Every member is necessary: without it there is a point, and the point is looked at."""
    assume(solve(target).status == "infeasible")
    conflict = find_conflict(target)
    # Without its bounds a subset may be beyond any search; the conflict then says that it is not proved minimal.
    assume(conflict.proved)
    assert solve(restricted(target, conflict)).status == "infeasible"
    for smaller in without_one(conflict):
        rest = restricted(target, smaller)
        found = solve(rest)
        assert found.point is not None
        assert keeps(rest, found.point)


def test_integrality_is_blamed_when_it_is_to_blame() -> None:
    target = program(
        [column("integer", 0, 9), column("integer", 0, 9), column(lower=0)],
        [row({0: 2}, 1, 1), row({0: 1, 1: 1}, None, 3), row({2: 1}, None, 4)],
    )
    assert find_conflict(target) == Conflict(rows=(0,), integers=(0,))


def test_crossed_bounds_and_empty_intervals() -> None:
    assert find_conflict(program([column(lower=3, upper=2)])) == Conflict(bounds=((0, "lower"), (0, "upper")))
    whole = program([column("integer", Fraction(1, 4), Fraction(3, 4))])
    assert find_conflict(whole) == Conflict(bounds=((0, "lower"), (0, "upper")), integers=(0,))
    assert find_conflict(program([column()], [row({0: 1}), row({}, 1)])) == Conflict(rows=(1,))
    assert find_conflict(program([column()], [row({0: 1}, 2, 1)])) == Conflict(rows=(0,))


def test_parity_over_two_rows() -> None:
    """x + y == 1 and x - y == 0 have the one solution 1/2, 1/2: one integrality is enough for the conflict."""
    items = [column("binary", 0, 1) for _ in range(6)]
    rows = [row(dict.fromkeys(range(6), 2), None, 10), row({0: 1, 1: 1}, 1, 1), row({0: 1, 1: -1}, 0, 0)]
    conflict = find_conflict(program(items, rows))
    assert conflict.rows == (1, 2)
    assert len(conflict.integers) == 1
    assert (conflict.bounds, conflict.proved) == ((), True)


def test_a_feasible_program_has_no_conflict() -> None:
    with pytest.raises(ValueError, match="feasible"):
        find_conflict(program([column(lower=0)], [row({0: 1}, 1)]))


def test_time_running_out_is_said() -> None:
    """Too hard to decide before the deadline; what comes back is everything, and not called minimal."""
    target = market_split(rows=6, columns=50)
    conflict = find_conflict(target, Policy(), deadline=time.monotonic() + 0.5)
    assert not conflict.proved
    assert len(conflict.rows) == 6


def test_many_rows_are_filtered_in_blocks() -> None:
    items = [column(lower=0, upper=10) for _ in range(60)]
    rows = [row({j: 1, (j + 1) % 60: 1}, 1, 15) for j in range(60)]
    rows[31] = row({3: 1, 24: 1}, 25)
    conflict = find_conflict(program(items, rows))
    assert conflict == Conflict(rows=(31,), bounds=((3, "upper"), (24, "upper")))
