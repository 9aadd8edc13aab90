"""A second opinion: asked about the same outputs every time, and loud when it differs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.problems.problem import Problem
from pyrite.results.opinions import chosen, second_opinions, summary
from pyrite.results.outputs import Output
from pyrite.results.scoring import score_outputs

GOOD = {
    "variables": {"x": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*x"},
    "constraints": {"cap": "2*x <= 9"},
}
EMPTY = {**GOOD, "constraints": {"cap": "2*x <= 9", "floor": "x >= 7"}}
ENDLESS = {**GOOD, "constraints": {}}
PROBLEM = Problem("p", "Make x.", optimum=12)


def outputs() -> list[Output]:
    return [Output("p", k, json.dumps(text)) for k, text in enumerate((GOOD, EMPTY, ENDLESS, "no formulation"))]


def test_agreement_and_disagreement_are_counted() -> None:
    scored = score_outputs([PROBLEM], outputs(), workers=1)
    found = summary(second_opinions(scored.verdicts, outputs(), [PROBLEM], Policy(), solver="highs", workers=1))
    # HiGHS through Pyomo has no certain word on the unbounded one.
    assert (found["asked"], found["agree"] + found["unknown"], found["disagree"]) == (3, 3, [])
    assert found["agree"] >= 2
    wrong = [replace(verdict, optimum=13.0) if verdict.sample == 0 else verdict for verdict in scored.verdicts]
    found = summary(second_opinions(wrong, outputs(), [PROBLEM], Policy(), solver="highs", workers=1))
    assert len(found["disagree"]) == 1
    assert (found["disagree"][0]["optimum"], found["disagree"][0]["our_optimum"]) == (12, 13)


def test_a_solver_that_is_not_there_is_said() -> None:
    scored = score_outputs([PROBLEM], outputs()[:1], workers=1)
    with pytest.raises(PyriteError, match="'nosuch' is not on this machine"):
        second_opinions(scored.verdicts, outputs()[:1], [PROBLEM], Policy(), solver="nosuch", workers=1)


def test_the_share_is_the_same_every_time() -> None:
    many = [Output(f"p{k}", 0, "") for k in range(2000)]
    drawn = chosen(many, 0.05)
    assert 60 < len(drawn) < 140
    assert chosen(many[::-1], 0.05) == drawn[::-1]
    assert chosen(many, 0) == []
    assert chosen(many, 1) == many
    with pytest.raises(PyriteError, match="between 0 and 1"):
        chosen(many, 1.5)
