"""Stages 7, 8 and 9 never contradict one another: over families, rewrites, errors, and objectives in other words."""

from __future__ import annotations

import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.equivalence_kinds import ERRORS, REWRITES
from pyrite.feasibility.convert.flat import to_formulation
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program, Quadratic
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import Verdict
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.problem import Problem

SHARED = Path(__file__).parents[3] / "shared" / "cases" / "verdicts"
NO_MORE_PLANS = ("equivalent", "restriction", "objective-differs")


def restated(program: Program, chance: random.Random) -> Program:
    """The objective negated, scaled or shifted: the same wish in other words."""
    factor, shift = chance.choice([-1, Fraction(1, 100), 12, -5]), chance.choice([0, 0, 1000])
    body = program.objective
    linear = {j: factor * c for j, c in body.linear.items()}
    quadratic = {pair: factor * c for pair, c in body.quadratic.items()}
    turned = {"minimize": "maximize", "maximize": "minimize"}
    sense = turned[program.sense] if factor < 0 else program.sense
    return Program(program.columns, program.rows, sense, Quadratic(linear, quadratic, factor * body.constant + shift))


def contradiction(verdict: Verdict, relation: str) -> str | None:
    """Two stages that cannot both be right; ``relation`` is stage 9's, asked apart where it was skipped."""
    sound, value, equivalent = (verdict.stages[stage] for stage in ("sound", "value", "equivalent"))
    if sound.status == "fail" and relation in NO_MORE_PLANS:
        return f"unsound, and {relation}"
    if value.status == "fail" and relation == "equivalent":
        return "another value, and equivalent"
    if equivalent.status == "pass" and (sound.status, value.status) not in (("pass", "pass"), ("pass", "skipped")):
        return f"equivalent, sound {sound.status}, value {value.status}"
    return None


def check(family: str, seed: int, kinds: dict[str, object]) -> Counter[str]:
    problem = draw(family, seed, "small")
    assert problem.reference is not None
    right = build(problem.reference, problem.data)
    judge = Judge(problem.as_reference())
    seen: Counter[str] = Counter()
    for kind, change in kinds.items():
        chance = random.Random(f"{family}/{kind}/{seed}")
        changed = change(right, chance)
        if changed is None:
            continue
        answer = to_formulation(changed)
        verdict = judge.judge(json.dumps(answer.to_dict()))
        if verdict.stages["builds"].status != "pass" or "sound" not in verdict.stages:
            continue
        program = build(answer, problem.data)
        relation = compare(program, right, Policy(), text=problem.text).relation
        assert contradiction(verdict, relation) is None, (family, kind, seed)
        seen[f"{kind}: {verdict.stages['sound'].status}/{verdict.stages['value'].status}/{relation}"] += 1
    return seen


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_stages_agree_on_errors_and_other_words(family: str) -> None:
    kinds = random.Random(family).sample(sorted({**REWRITES, **ERRORS}), 4)
    check(family, 1, {**{kind: {**REWRITES, **ERRORS}[kind] for kind in kinds}, "restated": restated})


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_stages_agree_everywhere(family: str) -> None:
    seen: Counter[str] = Counter()
    for seed in range(2, 5):
        seen += check(family, seed, {**REWRITES, **ERRORS, "restated": restated})
    assert seen


def judged(answer: object, reference: dict[str, object], **fields: object) -> Verdict:
    problem = Problem.from_dict({"id": "p", "text": "t", "reference": reference, **fields})
    return Judge(problem.as_reference()).judge(json.dumps(answer))


COSTS = {
    "variables": {"trucks": {"domain": "integer", "lower": 0, "upper": 9},
                  "vans": {"domain": "integer", "lower": 0, "upper": 9}},
    "objective": {"sense": "minimize", "expression": "30*trucks + 20*vans"},
    "constraints": {"demand": "5*trucks + 3*vans >= 17"},
}  # fmt: skip


@pytest.mark.parametrize(("sense", "expression"), [
    ("maximize", "-30*trucks - 20*vans"), ("minimize", "0.03*trucks + 0.02*vans"),
    ("minimize", "30*trucks + 20*vans + 500"), ("maximize", "1000 - 3*trucks - 2*vans"),
])  # fmt: skip
def test_an_objective_in_other_words_has_the_value(sense: str, expression: str) -> None:
    verdict = judged({**COSTS, "objective": {"sense": sense, "expression": expression}}, COSTS)
    assert [verdict.stages[stage].status for stage in ("sound", "value", "equivalent")] == ["pass"] * 3
    assert verdict.stages["value"].code == "other-words"


def test_another_objective_has_another_value() -> None:
    verdict = judged({**COSTS, "objective": {"sense": "minimize", "expression": "30*trucks + 21*vans"}}, COSTS)
    assert verdict.substance is False


def test_other_names_are_sound_by_the_correspondence() -> None:
    """Of 240 published answers 223 had ``sound`` unknown, because names differ."""
    answer = json.loads(json.dumps(COSTS).replace("trucks", "x1").replace("vans", "x2"))
    verdict = judged(answer, COSTS)
    assert [verdict.stages[stage].status for stage in ("sound", "value", "equivalent")] == ["pass"] * 3
    assert verdict.stages["sound"].details["through"] == "correspondence"
    weak = {**answer, "constraints": {"demand": "5*x1 + 3*x2 >= 16"}}
    assert judged(weak, COSTS).substance is False


DATA = {
    "sets": {"P": ["bread", "cake"]},
    "parameters": {"profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}}, "hours": {"values": 40}},
}
BAKERY = {
    "variables": {"make": {"index": ["P"], "domain": "continuous", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p] for p in P)"},
    "constraints": {"labor": "2*make[bread] + 4*make[cake] <= hours"},
}


def bakery(objective: str, labor: str, **more: str) -> Verdict:
    answer = {
        "variables": {name: {"domain": "continuous", "lower": 0} for name in ("bread", "cake")},
        "objective": {"sense": "maximize", "expression": objective},
        "constraints": {"labor": labor, **more},
    }
    return judged(answer, BAKERY, data=DATA)


@pytest.mark.parametrize(("objective", "labor"), [
    ("3*bread + 5*cake", "2*bread + 4*cake <= 40"),
    ("profit[bread]*bread + profit[cake]*cake", "2*bread + 4*cake <= 40"),
    ("3*bread + 5*cake", "2*bread + 4*cake <= hours"),
    ("profit[bread]*bread + 5*cake", "2*bread + 4*cake <= hours"),
    ("3*bread + 5*cake", "bread + 2*cake <= 20"),
])  # fmt: skip
def test_numbers_that_an_answer_states_are_no_fault(objective: str, labor: str) -> None:
    stage = bakery(objective, labor).stages["equivalent"]
    assert stage.status == "pass"
    assert stage.code == "data-at-hand" or stage.details["instances"] > 1


BY_NAME = "profit[bread]*bread + profit[cake]*cake"


def test_what_is_proved_for_all_data_is_not_redrawn() -> None:
    stage = bakery(BY_NAME, "2*bread + 4*cake <= hours").stages["equivalent"]
    assert (stage.status, stage.code, stage.details["scope"]) == ("pass", None, "all data")
    assert stage.details.keys().isdisjoint({"redrawn", "other_data"})


def test_names_are_compared_on_other_data() -> None:
    # A row that only the other row and the bounds together imply is not lifted.
    rows = {"labor": "2*bread + 4*cake <= hours", "more": "3*bread + 5*cake <= 2*hours"}
    stage = bakery(BY_NAME, **rows).stages["equivalent"]
    assert (stage.status, stage.code, stage.details["scope"]) == ("pass", None, "this data")
    assert (stage.details["redrawn"], stage.details["other_data"]) == (["hours", "profit"], "sampled")
    # 5 - 3 - 2 is nothing on the data at hand only.
    chance = bakery(BY_NAME, "2*bread + 4*cake <= hours + profit[cake] - profit[bread] - 2").stages["equivalent"]
    assert (chance.status, chance.details["redrawn"]) == ("fail", 1)


@pytest.mark.parametrize("hours", [39, 41, 80])
def test_a_wrong_limit_is_no_other_unit(hours: int) -> None:
    """One scale of all columns changes nothing but the limit: nothing else bears it out."""
    verdict = bakery("3*bread + 5*cake", f"2*bread + 4*cake <= {hours}")
    assert verdict.substance is False
    assert verdict.stages["equivalent"].status != "pass"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not here")
def test_the_case_of_literal_numbers() -> None:
    problem = Problem.from_dict(json.loads((SHARED / "8_data_problem.jsonl").read_text()))
    verdict = Judge(problem.as_reference()).judge((SHARED / "8_data_answer.json").read_text())
    assert verdict.substance is True
    assert verdict.stages["equivalent"].code == "data-at-hand"
