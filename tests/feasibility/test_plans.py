"""Plans: reading, the ladder, and exact judgement against every family's own optimum."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyrite.feasibility.language.document.reading import read_json
from pyrite.feasibility.language.formulation import Data, Formulation
from pyrite.feasibility.plans.of_program import ProgramRules
from pyrite.feasibility.plans.plan import Plan, plan_schema, read_plan, write_plan
from pyrite.feasibility.plans.rules import satisfaction, worst
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.verdict import PLAN, Verdict
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.problem import Problem

BAKERY = {
    "sets": {"P": ["bread", "cake"]},
    "variables": {
        "make": {"index": ["P"], "domain": "integer", "lower": 0, "upper": 50},
        "rest": {"domain": "continuous", "lower": 0},
    },
    "objective": {"sense": "maximize", "expression": "3*make[bread] + 5*make[cake]"},
    "constraints": {"oven": "2*make[bread] + 4*make[cake] <= 120", "hours": "make[bread] + make[cake] + rest == 40"},
}  # fmt: skip
RIGHT = {"values": {"make": {"bread": 20, "cake": 20}, "rest": 0}}


def judged(document: Any, problem: dict[str, Any] | None = None) -> Verdict:
    text = document if isinstance(document, str) else json.dumps(document)
    asked = {"id": "p", "text": "Bake.", "task": "plan", **({"reference": BAKERY} if problem is None else problem)}
    return Judge(Problem.from_dict(asked).as_reference()).judge(text)


def test_the_best_plan_climbs_to_the_top() -> None:
    verdict = judged({**RIGHT, "objective": 160})
    assert verdict.ladder == PLAN
    assert verdict.surface
    assert verdict.substance is True
    assert verdict.optimum == 160 == verdict.reference_optimum
    assert verdict.proof == "certified"
    assert verdict.stages["optimal"].details["claim_is_right"] is True


def test_a_claim_is_never_believed() -> None:
    verdict = judged({"values": {"make": {"bread": 30, "cake": 10}, "rest": 0}, "objective": 160})
    assert verdict.stages["optimal"].code == "not-optimal"
    assert verdict.stages["optimal"].details["claim_is_right"] is False
    assert verdict.optimum == 140


def test_all_kinds_are_asked_whatever_fails() -> None:
    verdict = judged({"values": {"make": {"bread": 60.5, "cake": 10}, "rest": -3}})
    status = {stage: result.status for stage, result in verdict.stages.items()}
    assert [status[kind] for kind in PLAN.together] == ["fail"] * 4
    assert status["optimal"] == "skipped"
    assert verdict.surface
    assert verdict.substance is False
    bounds = verdict.stages["bounds"]
    assert (bounds.details["rules"], bounds.details["kept"]) == (3, 1)
    assert [entry["sentence"] for entry in bounds.details["violated"]] == [
        "rest comes to -3, at least 0 is asked (3 too little)",
        "make[bread] comes to 60.5, at most 50 is allowed (10.5 too much)",
    ]


def test_the_nearest_plan_that_keeps_the_rules_is_told() -> None:
    verdict = judged({"values": {"make": {"bread": 20, "cake": 19}, "rest": 0}})
    assert verdict.stages["equalities"].details["nearest"] == {"distance": 1.0, "changed": 1}
    assert "nearest" not in judged(RIGHT).stages["equalities"].details


def test_a_verdict_of_a_plan_survives_json() -> None:
    verdict = judged({"values": {"make": {"bread": 60, "cake": 10}, "rest": 0}})
    again = Verdict.from_dict(json.loads(json.dumps(verdict.to_dict())))
    assert again.ladder == PLAN
    assert again.to_dict() == verdict.to_dict()


BAD: dict[str, tuple[str, str, str]] = {
    "prose": ("Bake twenty of each.", "parses", "no-json"),
    "nan": ('{"values": {"make": {"bread": NaN, "cake": 1}, "rest": 0}}', "parses", "not-finite"),
    "infinite": ('{"values": {"make": {"bread": 1e999, "cake": 1}, "rest": 0}}', "parses", "number-too-long"),
    "a list": ('{"values": [20, 20]}', "schema", "plan-form"),
    "no values": ('{"make": {"bread": 20, "cake": 20}}', "schema", "plan-form"),
    "text": ('{"values": {"make": {"bread": "20", "cake": 20}, "rest": 0}}', "schema", "not-a-number"),
    "true": ('{"values": {"make": {"bread": true, "cake": 20}, "rest": 0}}', "schema", "not-a-number"),
    "null": ('{"values": {"make": {"bread": null, "cake": 20}, "rest": 0}}', "schema", "not-a-number"),
    "flat": ('{"values": {"make": 40, "rest": 0}}', "schema", "plan-form"),
    "too deep": ('{"values": {"make": {"bread": {"1": 20}, "cake": 20}, "rest": 0}}', "schema", "plan-form"),
    "missing member": ('{"values": {"make": {"bread": 20}, "rest": 0}}', "names", "no-value"),
    "missing name": ('{"values": {"make": {"bread": 20, "cake": 20}}}', "names", "no-value"),
    "not there": ('{"values": {"make": {"bread": 20, "cake": 20, "pie": 1}, "rest": 0}}', "names", "unknown-place"),
    "invented": ('{"values": {"make": {"bread": 20, "cake": 20}, "rest": 0, "pie": 1}}', "names", "unknown-place"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_answers_have_their_own_codes(name: str) -> None:
    text, stage, code = BAD[name]
    verdict = judged(text)
    assert verdict.first_failure == stage
    assert verdict.stages[stage].code == code
    assert not verdict.surface


def test_a_million_entries_are_turned_down_quickly() -> None:
    text = '{"values": {"make": {' + ",".join(f'"p{k}": 1' for k in range(10**6)) + '}, "rest": 0}}'
    started = time.monotonic()
    verdict = judged(text)
    assert verdict.first_failure == "parses"
    assert verdict.stages["parses"].code == "output-too-long"
    assert time.monotonic() - started < 5
    many = '{"values": {"make": {' + ",".join(f'"p{k}": 1' for k in range(50_000)) + '}, "rest": 0}}'
    verdict = judged(many)
    assert verdict.stages["names"].code == "no-value"
    assert len(json.dumps(verdict.to_dict())) < 100_000


def test_without_a_reference_nothing_is_decided() -> None:
    verdict = judged(RIGHT, {"optimum": 160})
    assert verdict.substance is None
    assert verdict.stages["schema"].code == "no-reference"


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.sampled_from(["3", "bread"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["values", "make", "rest", "bread", "cake", "objective", "pie"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
shaped = st.fixed_dictionaries(
    {
        "values": st.fixed_dictionaries(
            {},
            optional={
                "make": documents | st.dictionaries(st.sampled_from(["bread", "cake"]), documents, max_size=2),
                "rest": documents,
                "pie": documents,
            },
        )
    },
    optional={"objective": documents, "extra": documents},
)


@given(documents | shaped)
def test_reading_agrees_with_the_schema_it_publishes(document: Any) -> None:
    """jsonschema on :func:`plan_schema` is the second opinion: what it takes is read, what it refuses is not."""
    asked = ProgramRules(build(Formulation.from_dict(BAKERY), Data(), Policy())).asked
    text = json.dumps(document)
    exact, findings = read_json(text, Policy())
    assume(not findings)
    valid = jsonschema.Draft202012Validator(plan_schema(asked)).is_valid(json.loads(text))
    assert (read_plan(exact, asked).plan is not None) == valid


def optimum_of(problem: Problem) -> tuple[ProgramRules, Plan, Judge]:
    judge = Judge(Reference(problem.reference, None, None, problem.data, problem.units, task="plan"))
    prepared = judge.prepared
    assert prepared.program is not None
    assert prepared.solution is not None
    assert prepared.solution.point is not None
    columns = prepared.program.columns
    values = {
        (c.variable, tuple(map(str, c.members))): v for c, v in zip(columns, prepared.solution.point, strict=True)
    }
    return ProgramRules(prepared.program, problem.units), Plan(values), judge


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_asked_for_plans(family: str) -> None:
    """The reference's own optimal plan passes; a plan that is moved fails, and the nearest one repairs it."""
    problem = draw(family, 3, "small")
    rules, plan, judge = optimum_of(problem)
    if any(Fraction(value).limit_denominator(10**6) != value for value in plan.values.values()):
        pytest.skip("the optimum has no short decimals")
    text = json.dumps(write_plan(plan))
    verdict = judge.judge(text)
    assert verdict.substance is True, verdict.to_dict()
    key, policy = next(iter(plan.values)), Policy()
    ways = [Plan({**plan.values, key: plan.values[key] + step}) for step in (1000, -1000)]
    moved = next(way for way in ways if worst(rules.checks(way, policy)))
    nearest = rules.nearest(moved, policy, time.monotonic() + 10)
    assert nearest is not None
    assert nearest.distance <= 1000
    assert worst(rules.checks(nearest.plan, policy)) == []


@given(st.integers(0, 60), st.integers(0, 60), st.integers(-5, 40))
def test_kept_rules_are_counted_as_plain_arithmetic_counts_them(bread: int, cake: int, rest: int) -> None:
    verdict = judged({"values": {"make": {"bread": bread, "cake": cake}, "rest": rest}})
    kept = {
        "bounds": (bread <= 50) + (cake <= 50) + (rest >= 0),
        "integrality": 2,
        "inequalities": int(2 * bread + 4 * cake <= 120),
        "equalities": int(bread + cake + rest == 40),
    }
    assert {kind: verdict.stages[kind].details["kept"] for kind in kept} == kept
    feasible = all(verdict.stages[kind].status == "pass" for kind in PLAN.together)
    assert feasible == (kept == {"bounds": 3, "integrality": 2, "inequalities": 1, "equalities": 1})
    if feasible:
        gap = (160 - 3 * bread - 5 * cake) / 160
        assert (verdict.substance is True) == (gap <= 1e-3)


def test_satisfaction_leaves_out_kinds_without_rules() -> None:
    assert satisfaction([]) == {}


def test_over_an_empty_set_there_is_nothing_to_give() -> None:
    asked = {"x": ((),), "y": ()}
    for values in ({"x": 1}, {"x": 1, "y": {}}):
        assert read_plan({"values": values}, asked).plan is not None, values
    for wrong in ({"x": 1, "y": 3}, {"x": 1, "y": {"a": 3}}, {"y": {}}):
        assert read_plan({"values": wrong}, asked).plan is None, wrong
