"""The order of the few plans at hand is no equivalence; a wrong price is explained away by no scale and no shift."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from formulations import model, real

from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Certificate, Comparison, Preference, Target
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program, Quadratic
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.problem import Problem

BAG: dict[str, Any] = {
    "variables": {name: {"domain": "binary"} for name in ("vase", "mirror", "clock")},
    "objective": {"sense": "maximize", "expression": "38*vase + 53*mirror + 20*clock"},
    "constraints": {"weight": "3*vase + 4*mirror + 3*clock <= 5"},
}
LINE: dict[str, Any] = {
    "variables": {name: {"domain": "continuous", "lower": 0, "upper": 80} for name in ("wind", "coal")},
    "objective": {"sense": "minimize", "expression": "20*wind + 35*coal"},
    "constraints": {"demand": "wind + coal == 100"},
}


def program(document: dict[str, Any], expression: str = "", sense: str = "") -> Program:
    goal = document["objective"]
    goal = {"sense": sense or goal["sense"], "expression": expression or goal["expression"]}
    return build(Formulation.from_dict({**document, "objective": goal}))


def related(document: dict[str, Any], expression: str, sense: str = "") -> Comparison:
    return compare(program(document, expression, sense), program(document), Policy())


FORCED = {**LINE, "constraints": {"demand": "wind + coal == 100", "all": "coal == 30"}}
NEVER = {**BAG, "constraints": {"heavy": "4*vase + 4*mirror >= 5", "weight": "3*clock <= 2"}}


@pytest.mark.parametrize(("document", "expression", "code"), [
    (BAG, "38*vase + 64*mirror + 20*clock", "order-only"),
    (BAG, "38*vase + 53*mirror + 21*clock", "order-only"),
    (LINE, "20*wind + 50*coal", "order-only"),
    (LINE, "300*wind + 500*coal", "order-only"),
    (FORCED, "20*wind + 50*coal", "order-only"),
    (NEVER, "38*vase + 54*mirror + 9*clock", "order-only"),
    (LINE, "20*wind + 15*coal", None),
    (BAG, "38*vase + 53*mirror + 40*clock", None),
])  # fmt: skip
def test_a_wrong_price_is_never_equivalent(document: dict[str, Any], expression: str, code: str | None) -> None:
    found = related(document, expression)
    assert (found.relation, found.code) == ("unknown" if code else "objective-differs", code)
    problem = Problem.from_dict({"id": "p", "text": "t", "reference": document})
    answer = {**document, "objective": {**document["objective"], "expression": expression}}
    assert Judge(problem.as_reference()).judge(json.dumps(answer)).substance is not True


def test_the_price_of_what_is_never_taken_is_the_same_at_every_plan() -> None:
    """Proved by rounding, without listing a plan; and the optimum cannot differ by it."""
    assert related(NEVER, "38*vase + 53*mirror + 9*clock").relation == "equivalent"


@pytest.mark.parametrize(("document", "expression", "sense"), [
    (BAG, "0.38*vase + 0.53*mirror + 0.2*clock", ""),
    (BAG, "7 - 38*vase - 53*mirror - 20*clock", "minimize"),
    (LINE, "20*(100 - coal) + 35*coal", ""),
    (LINE, "2000*(100 - coal) + 3500*coal", ""),
    (LINE, "0.2*wind + 0.35*coal + 12", ""),
    (LINE, "-15*wind + 3500", ""),
    (LINE, "150*wind - 35000", "maximize"),
])  # fmt: skip
def test_the_same_wish_in_other_words_is_equivalent(document: dict[str, Any], expression: str, sense: str) -> None:
    assert related(document, expression, sense).relation == "equivalent"


def test_the_checker_takes_no_search_for_a_proof() -> None:
    ours, theirs = program(BAG), program(BAG)
    found = compare(ours, theirs)
    assert found.relation == "equivalent"
    searched = (
        Certificate(Target("objective", 0, "upper"), "solver"),
        Certificate(Target("objective", 0, "upper"), "solver"),
    )
    for preference in (Preference("same", None, 0, searched), Preference("same", 1, 0, searched)):
        said = replace(found, preference=replace(preference, proof="solver-trusted"), proof="solver-trusted")
        assert not check(ours, theirs, said).holds


def test_the_checker_pays_for_scale_and_shift_by_itself() -> None:
    """Proved at every plan, and still no ground: the numbers fit one coefficient."""
    ours, theirs = program(LINE, "20*wind + 50*coal"), program(LINE)
    same = compare(theirs, theirs)
    assert same.correspondence is not None
    assert same.a_in_b is not None
    # On wind = 100 - coal: 2000 + 30 coal against 2000 + 15 coal, half of it plus 1,000.
    at_most = Certificate(Target("objective", 0, "upper"), "multipliers", {0: -10})
    at_least = Certificate(Target("objective", 0, "lower"), "multipliers", {0: 10})
    preference = Preference("same", Fraction(1, 2), 1000, (at_most, at_least), proof="certified")
    report = check(ours, theirs, replace(same, preference=preference))
    assert report.holds
    assert report.objections == ["order-only"]


def mispriced(right: Program, chance: random.Random) -> Program | None:
    """One price, whatever became of it, off by a tenth, doubled, or turned."""
    if len(right.objective.linear) < 2 or right.objective.quadratic:
        return None
    j = chance.choice(sorted(right.objective.linear))
    linear = dict(right.objective.linear)
    linear[j] = linear[j] * chance.choice([2, -1, 3]) + chance.choice([0, 1])
    return Program(right.columns, right.rows, right.sense, Quadratic({k: c for k, c in linear.items() if c}))


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_no_wrong_price_is_equivalent(family: str) -> None:
    for seed in range(40, 48):
        problem = draw(family, seed, "small")
        assert problem.reference is not None
        right = build(problem.reference, problem.data)
        wrong = mispriced(right, random.Random(seed))
        if wrong is not None and wrong.objective != right.objective:
            assert compare(wrong, right, text=problem.text).relation != "equivalent", seed


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_no_twin_is_equivalent(family: str) -> None:
    for seed in range(1, 13):
        try:
            twin, plain = (draw(family, seed, "small", variant) for variant in ("twin", "plain"))
        except PyriteError:
            pytest.skip("no twins")
        assert twin.reference is not None
        assert plain.reference is not None
        found = compare(build(twin.reference, twin.data), build(plain.reference, plain.data), text=plain.text)
        assert found.relation != "equivalent", seed


def test_a_price_that_a_row_presses_is_no_free_constant() -> None:
    """4.5 for 4 of labour raises every plan's cost by 3; y may be the objective's or a decision (112233/7010)."""
    variables = {"cars": {"domain": "binary"}, "y": real(1, 11)}
    answer = model(variables, "min 3*y + 7", "0.5*cars + 0.5*y >= 4.5")
    reference = model(variables, "min 3*y + 7", "0.5*cars + 0.5*y >= 4")
    for one, other in ((answer, reference), (reference, answer)):
        assert compare(one, other).relation != "equivalent"
