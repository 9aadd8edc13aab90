"""The door to HiGHS: what goes in, what comes out, and the states in which HiGHS refuses to work."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from solver_programs import column, linear_programs, market_split, program, row

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.solver import highs


def test_numbers_go_in_as_they_are() -> None:
    target = program(
        [column(lower=0, upper=4), column("integer", -2)], [row({0: 1, 1: Fraction(1, 4)}, None, 3), row({1: 2}, 1, 5)],
        "maximize", {0: 1, 1: -2},
    )  # fmt: skip
    floats = highs.to_floats(target)
    assert floats.cost.tolist() == [-1, 2]
    assert (floats.starts.tolist(), floats.index.tolist(), floats.value.tolist()) == (
        [0, 2, 3],
        [0, 1, 1],
        [1, 0.25, 2],
    )
    assert (floats.row_lower.tolist(), floats.row_upper.tolist()) == ([-np.inf, 1], [3, 5])
    assert (floats.lower.tolist(), floats.upper.tolist()) == ([0, -2], [4, np.inf])
    assert floats.integer.tolist() == [0, 1]
    assert floats.row_scale is None


def test_scaling_brings_coefficients_into_range_and_answers_come_back_in_units() -> None:
    tiny = Fraction(1, 10**10)
    target = program(
        [column(lower=0), column(lower=0, upper=10**9)], [row({0: tiny, 1: 1}, 3), row({0: 10**8, 1: 1}, None, 10**19)],
        "minimize", {0: 1, 1: 4 * 10**10},
    )  # fmt: skip
    floats = highs.to_floats(target)
    assert floats.row_scale is not None
    assert floats.column_scale is not None
    assert np.abs(floats.value).min() > 1e-7
    for scale in (floats.row_scale, floats.column_scale):
        assert (np.log2(scale) % 1 == 0).all()
    answer = highs.run(floats, Policy(), presolve=False)
    assert answer.outcome == "optimal"
    assert answer.point == pytest.approx([3e10, 0], rel=1e-9)
    assert answer.duals == pytest.approx([1e10, 0], rel=1e-9)


def test_integer_columns_are_not_scaled() -> None:
    target = program(
        [column("integer", 0), column(lower=0)], [row({0: Fraction(1, 10**10), 1: 1}, 1)], "minimize", {0: 1}
    )
    floats = highs.to_floats(target)
    assert floats.column_scale is not None
    assert floats.column_scale[0] == 1


def test_numbers_beyond_floats_are_an_error_here_and_an_answer_above() -> None:
    with pytest.raises(OverflowError):
        highs.to_floats(program([column()], [row({0: 10**400}, 1)]))


@given(linear_programs(columns=3, rows=3))
def test_an_instance_keeps_nothing_from_the_run_before(target: Program) -> None:
    floats = highs.to_floats(target)
    first = highs.run(floats, Policy(), presolve=False)
    highs.run(highs.to_floats(program([column(lower=1, upper=2)], [row({0: 3}, 4, 5)], "maximize", {0: 1})), Policy())
    again = highs.run(floats, Policy(), presolve=False)
    assert (first.outcome, first.point, first.columns) == (again.outcome, again.point, again.columns)


def test_the_time_limit_counts_from_each_run_and_not_from_the_first() -> None:
    import time

    floats = highs.to_floats(market_split())
    started = time.monotonic()
    for _ in range(6):
        answer = highs.run(floats, Policy(), integers=True, deadline=time.monotonic() + 0.2)
        assert answer.outcome == "time-limit"
    assert 1.0 < time.monotonic() - started < 6.0  # added up, the limits would be 0.2, 0.4, 0.8, ... 12 s in all


def test_works_after_another_instance_started_with_more_threads() -> None:
    """HiGHS then returns an error and objective 0.0 from run(); the door starts its threads anew."""
    script = """
    import highspy
    other = highspy.Highs()
    other.setOptionValue("output_flag", False)
    other.setOptionValue("threads", 2)
    x = other.addVariable(lb=0, ub=2)
    other.maximize(x)
    refused = highspy.Highs()
    refused.setOptionValue("output_flag", False)
    refused.setOptionValue("threads", 1)
    y = refused.addVariable(lb=0, ub=2)
    print(refused.maximize(y) == highspy.HighsStatus.kError, refused.getObjectiveValue())

    from pyrite.feasibility.solver import highs
    from pyrite.feasibility.policy import Policy
    from pyrite.feasibility.programs.program import Column, Program, Quadratic
    program = Program([Column("x", "integer", 0, 7, "x")], [], "maximize", Quadratic({0: 1}))
    for threads in (1, 2, 1):
        answer = highs.run(highs.to_floats(program), Policy(threads=threads), integers=True)
        print(answer.outcome, answer.point)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-4:] == ["True 0.0", *["optimal [7.0]"] * 3]
