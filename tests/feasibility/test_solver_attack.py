"""The solver under attack: wild scales against exact truth, and the inputs on which HiGHS alone is wrong."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest
from solver_programs import column, keeps, program, row

from benchmarks import solver_attack
from pyrite.feasibility.language.formulation import Data, Formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.solver import elastic, linear
from pyrite.feasibility.solver.conflict import find_conflict, restricted
from pyrite.feasibility.solver.solving import solve

SHARED = Path(__file__).parents[3] / "shared" / "cases"
LADDER_OF_SUMS = {
    "sets": {"N": list(range(1, 211))},
    "variables": {"x": {"index": ["N"], "domain": "continuous", "lower": None}},
    "objective": {"sense": "minimize", "expression": "sum(i*x[i] for i in N)"},
    "constraints": {
        "chain": {"for": "i in N if i>1", "expression": "x[i]>=x[i-1]"},
        "lo": "sum(x[i] for i in N)>=1",
        "hi": "sum(x[i] for i in N)<=0.9999999",
        "box": {"for": "i in N", "expression": "x[i]>=-5"},
    },
}


def check(count: int, seed: int) -> None:
    for number, attack in enumerate(solver_attack.attacks(count, seed)):
        for way, answer in solver_attack.answers(attack, Policy(time_limit=2.0)):
            assert solver_attack.complaint(attack, answer) is None, f"number {number} of seed {seed}, {way}"


def test_no_wrong_answer_under_wild_scales() -> None:
    check(24, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_no_wrong_answer_under_wild_scales_more(seed: int) -> None:
    check(300, seed)


def test_the_attack_notices_wrong_answers() -> None:
    """A judge who never complains proves nothing: each kind of wrong answer is handed to it."""
    small, planted, impossible = solver_attack.attacks(3, 0)
    right = solve(planted.program)
    wrong = type(right)("infeasible", "certified")
    assert solver_attack.complaint(planted, wrong) is not None
    broken = type(right)("optimal", "certified", 0, tuple(Fraction(-1) for _ in planted.program.columns), True)
    assert solver_attack.complaint(planted, broken) is not None
    assert impossible.status == "infeasible"
    assert small.status is not None


def test_infeasible_by_a_hair_is_not_certified_feasible() -> None:
    """HiGHS's point misses a row by 1e-7, within the policy's tolerance: either proved or not called certified."""
    verdict = Judge(Reference()).judge(json.dumps(LADDER_OF_SUMS))
    stage = verdict.stages["feasible"]
    assert (stage.status, stage.code) == ("fail", "infeasible")
    assert [entry["row"] for entry in stage.details["conflict"]["rows"]] == ["lo", "hi"]
    assert verdict.proof == "certified"


def test_a_point_on_the_tolerances_is_not_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elastic, "decide", lambda *_: None)
    verdict = Judge(Reference()).judge(json.dumps(LADDER_OF_SUMS))
    stage = verdict.stages["feasible"]
    assert (stage.status, stage.details["proof"], stage.details["exact_point"]) == ("pass", "solver-trusted", False)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not here")
def test_feasible_although_highs_says_infeasible() -> None:
    document = json.loads((SHARED / "verdicts" / "6_feasible_called_infeasible.json").read_text())
    target = build(Formulation.from_dict(document), Data(), Policy())
    solution = solve(target)
    assert solution.status == "optimal"
    assert solution.proof == "certified"
    assert solution.point is not None
    assert keeps(target, solution.point)


def circuits(cities: int) -> Program:
    """Miller, Tucker and Zemlin's rows over all cities, the first one too: every circle is forbidden."""
    arcs = {(i, j): k for k, (i, j) in enumerate((i, j) for i in range(cities) for j in range(cities) if i != j)}
    columns = [column("binary", 0, 1) for _ in arcs] + [column("integer", 1, None) for _ in range(cities)]
    rows = []
    for i in range(cities):
        rows.append(row({k: 1 for (a, _), k in arcs.items() if a == i}, 1, 1))
        rows.append(row({k: 1 for (_, b), k in arcs.items() if b == i}, 1, 1))
    for (i, j), k in arcs.items():
        rows.append(row({len(arcs) + i: 1, len(arcs) + j: -1, k: cities}, None, cities - 1))
    return program(columns, rows, "minimize", {k: 1 + k * 7 % 11 for k in arcs.values()})


def test_a_conflict_does_not_eat_the_time_limit() -> None:
    target = circuits(5)
    solution = solve(target)
    assert (solution.status, solution.proof) == ("infeasible", "certified")
    started = time.monotonic()
    conflict = find_conflict(target, solution=solution)
    assert time.monotonic() - started < 6
    assert solve(restricted(target, conflict)).status == "infeasible"


def test_the_support_of_a_search_is_infeasible_by_itself() -> None:
    """What a tree's certificates use, and nothing else, has no plan either: idle rows and columns stay out."""
    circles = circuits(5)
    idle = [column("integer", 0, 9), column("binary", 0, 1)]
    n = len(circles.columns)
    target = program([*circles.columns, *idle], [*circles.rows, row({n: 2, n + 1: 3}, 1, 20)], "minimize", {n: 1})
    solution = solve(target)
    assert solution.status == "infeasible"
    assert solution.support
    assert ("row", len(circles.rows)) not in solution.support
    everything = find_conflict(target, deadline=0.0, solution=solution)
    assert not everything.proved
    assert solve(restricted(target, everything)).status == "infeasible"


@pytest.mark.parametrize("value", [5e8 + 0.3, 123456789.5, 2.0**40 + 0.25])
def test_large_values_keep_their_fraction(value: float) -> None:
    target = program([column(lower=0)], [])
    assert linear.repaired(target, [value]) == [Fraction(value)]
    assert linear.repaired(target, [value // 1 + 1e-10]) == [int(value)]
