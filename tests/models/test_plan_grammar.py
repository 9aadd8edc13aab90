"""Grammars of plans: they accept every family's best plan, and what they let through passes stages 1 to 3."""

import importlib.util
import json

import pytest
from tiny_model import make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.plans.grids.grid import Grid
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import PLAN
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.choosing_grammar import grammar_for, has_own_keys
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.plan_grammar import any_plan_grammar, asked_of, plan_grammar
from pyrite.models.answering.stopping import JsonEnd
from pyrite.models.data import draw_problems
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt, right_answer
from pyrite.models.sections import ProblemSection
from pyrite.models.sources import load, parse_source
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.planning import plan_problem
from pyrite.problems.problem import Problem

needs_pandapower = pytest.mark.skipif(importlib.util.find_spec("pandapower") is None, reason="pandapower (extra grid)")
GRID = Grid.from_dict({
    "name": "two", "physics": "ac", "base": 100, "slack": "1",
    "buses": [{"name": "1"}, {"name": "2", "demand": 50}],
    "generators": [{"name": "g1", "bus": "1", "lowest": 0, "highest": 90}],
    "branches": [{"name": "1-2", "start": "1", "end": "2", "r": 0, "x": 0.1, "limit": 60}],
})  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny(tmp_path_factory.mktemp("tiny"))
    return load(parse_source(str(folder)), choose_compute("cpu", "float32", 1))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_familys_best_plan_is_accepted(accepts, family):
    problem = next(found for found in (plan_problem(draw(family, seed)) for seed in range(9)) if found is not None)
    text = right_answer(problem)
    if max(len(digits) for digits in _decimals(problem.extra["plan"])) <= 9:
        assert accepts(plan_grammar(problem), text)
        assert accepts(any_plan_grammar(), text)
        assert accepts(plan_grammar(problem), text[:-1] + ',"objective":-3.5}')


def _decimals(value):
    if isinstance(value, dict):
        return [digits for inner in value.values() for digits in _decimals(inner)]
    return [json.dumps(value).partition(".")[2]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"vm"', '"v"'), ('"2":1', '"3":1'), ('"2":1', '"2":"1"'), ('{"values"', '{"value"'), (":1,", ":NaN,"),
        (":1,", ":1e9,"), (',"2":1', ""), (',"2":1', ',"2":1,"2":1'),
    ],
)  # fmt: skip
def test_other_names_and_no_numbers_are_refused(accepts, old, new):
    problem = Problem(id="g", text="x", task="plan", grid=GRID)
    text = '{"values":{"vm":{"1":1,"2":1},"va":{"1":0,"2":-1.5},"pg":{"g1":50},"qg":{"g1":0}}}'
    assert accepts(plan_grammar(problem), text)
    assert old in text
    assert not accepts(plan_grammar(problem), text.replace(old, new, 1))


def test_odd_names_are_written_as_json_writes_them(accepts):
    reference = {
        "sets": {"P": ["a", 'white "cake"', "crème brûlée"]},
        "variables": {"make": {"index": ["P"], "domain": "continuous", "lower": 0, "upper": 1}},
        "objective": {"sense": "maximize", "expression": "sum(make[p] for p in P)"},
        "constraints": {},
    }
    problem = Problem.from_dict({"id": "a", "text": "x", "reference": reference, "task": "plan"})
    members = [members for (members,) in asked_of(problem)["make"]]
    text = json.dumps({"values": {"make": dict.fromkeys(members, 0)}}, separators=(",", ":"))
    assert accepts(plan_grammar(problem), text)


def test_a_random_model_passes_stages_1_to_3_under_the_names_grammar(tiny):
    problems = [Problem(id="g", text="x", task="plan", grid=GRID)]
    problems += [made for made in map(plan_problem, (draw("product-mix", 3), draw("transportation", 3))) if made]
    answerer = LocalAnswerer(tiny, Prompt(), Settings(decoding="names", max_new_tokens=900, temperature=1.0, seed=3))
    complete = 0
    for output in answerer.answer([Request(problem, 0) for problem in problems]):
        if output.finish == "length":
            continue
        complete += 1
        problem = next(problem for problem in problems if problem.id == output.problem_id)
        verdict = Judge(problem.as_reference(), Policy()).judge(output.output)
        assert [verdict.stages[stage].status for stage in PLAN.surface] == ["pass"] * 3, output.output
    assert complete


def test_which_grammar():
    plan, other = Problem(id="g", text="x", task="plan", grid=GRID), Problem(id="f", text="x")
    assert grammar_for("free", plan) is None
    assert grammar_for("grammar", plan) == any_plan_grammar() != grammar_for("grammar", other)
    assert not has_own_keys("names", plan)
    assert has_own_keys("names", other)
    with pytest.raises(PyriteError, match="has no reference; decoding = 'names' needs one"):
        grammar_for("names", Problem(id="q", text="x", task="plan"))


@pytest.mark.parametrize("plan", [True, False])
def test_an_answer_ends_with_its_own_kind_of_object(plan):
    values = '{"values": {"x": 1}}'
    formulation = '{"variables": {"x": {"domain": "integer"}}, "objective": {"sense": "maximize", "expression": "x"}}'
    end = JsonEnd(plan=plan)
    assert end.feed(f'so {{"x": 1}} {values if plan else formulation} tail')
    assert not JsonEnd(plan=plan).feed(formulation if plan else values)
    assert not JsonEnd(plan=True).feed('<think> {"values": {"x": 1}} </think> {"values": 3}')


def test_both_tasks_of_one_problem_follow_each_other():
    section = ProblemSection(families=("product-mix", "knapsack"), count=8, task="both")
    problems = draw_problems(section, "test").problems
    assert [problem.task == "plan" for problem in problems] == [False, False, True, True] * 2
    assert [problem.extra["plan_of"] for problem in problems if problem.task == "plan"] == [
        problem.id for problem in problems if problem.task != "plan"
    ]


@needs_pandapower
def test_grids_are_drawn_whole_and_with_a_part_out():
    section = ProblemSection(grids=("ieee9",), physics="dc", outages="both", count=4)
    problems = draw_problems(section, "test").problems
    assert [problem.family for problem in problems] == ["ieee9-dc", "ieee9-dc-n1"] * 2
    assert {problem.split for problem in problems} == {"test"}
    train = draw_problems(ProblemSection(grids=("ieee9",), physics="dc", count=2), "train").problems
    assert {problem.split for problem in train} == {"train"}
    with pytest.raises(PyriteError, match="name one of them"):
        draw_problems(ProblemSection(grids=("ieee9",), families=("knapsack",)), "test")
