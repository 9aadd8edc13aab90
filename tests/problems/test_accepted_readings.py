"""Problems whose text allows several readings: any of them counts, or the first, and what the choice moves is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import Verdict
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.problem import Problem
from pyrite.problems.readings import formulation_as
from pyrite.results.outputs import Output
from pyrite.results.scoring import score_outputs, summary_of

NL4OPT = Path(__file__).parents[3] / "shared" / "data" / "nl4opt" / "dev.jsonl"


def bakery(domain: str) -> dict[str, object]:
    return {
        "variables": {name: {"domain": domain, "lower": 0} for name in ("bread", "cake")},
        "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
        "constraints": {"oven": "2*bread + 4*cake <= 11", "shelf": "bread <= 4"},
    }


PROBLEM: dict[str, object] = {
    "id": "p", "text": "Bread and cake.", "reference": bakery("integer"),
    "readings": {"whole": {}, "fractional": {}},
}  # fmt: skip


def judged(domain: str, problem: dict[str, object] = PROBLEM, **policy: str) -> Verdict:
    judge = Judge(Problem.from_dict(problem).as_reference(), Policy(**policy))
    return judge.judge(json.dumps(bakery(domain)))


@pytest.mark.parametrize(("domain", "name", "first"), [("integer", "whole", True), ("continuous", "fractional", False)])
def test_any_reading_counts_and_the_verdict_says_which(domain: str, name: str, first: bool) -> None:
    verdict = judged(domain)
    assert verdict.substance is True
    assert verdict.reading == {"name": name, "first": first}
    assert Verdict.from_dict(verdict.to_dict()).reading == verdict.reading


def test_only_the_first_counts_when_the_policy_says_so() -> None:
    assert judged("integer", readings="first").substance is True
    verdict = judged("continuous", readings="first")
    assert verdict.substance is False
    assert verdict.reading == {"name": "whole", "first": True}


def test_what_fits_no_reading_is_wrong_by_the_first() -> None:
    judge = Judge(Problem.from_dict(PROBLEM).as_reference())
    wrong = {**bakery("integer"), "constraints": {"oven": "2*bread + 4*cake <= 12"}}
    verdict = judge.judge(json.dumps(wrong))
    assert verdict.substance is False
    assert verdict.reading == {"name": "whole", "first": True}
    assert judge.judge("prose").reading == {"name": "whole", "first": True}


def test_readings_may_state_a_reference_or_an_optimum() -> None:
    other = {"twice": {"reference": {**bakery("integer"), "objective": {"sense": "maximize", "expression": "bread"}}}}
    judge = Judge(Problem.from_dict({**PROBLEM, "readings": other}).as_reference())
    verdict = judge.judge(json.dumps({**bakery("integer"), "objective": {"sense": "maximize", "expression": "bread"}}))
    assert (verdict.substance, verdict.reading) == (True, {"name": "twice", "first": False})
    numbers = {
        "id": "q",
        "text": "t",
        "optimum": 15,
        "readings": {"whole": {"optimum": 15}, "other": {"optimum": 17.25}},
    }
    verdict = Judge(Problem.from_dict(numbers).as_reference()).judge(json.dumps(bakery("continuous")))
    assert (verdict.optimum, verdict.substance) == (15.75, False)
    assert judged("integer", {"id": "r", "text": "t", "reference": bakery("integer")}).reading is None


def test_problems_keep_their_readings() -> None:
    problem = Problem.from_dict(PROBLEM)
    assert Problem.from_dict(problem.to_dict()) == problem
    assert problem.reference is not None
    assert formulation_as(formulation_as(problem.reference, "fractional"), "whole") == problem.reference
    with pytest.raises(PyriteError, match="readings"):
        Problem.from_dict({**PROBLEM, "readings": {"x": {"reference": {"variables": 3}}}})


def test_the_summary_says_what_the_choice_moves() -> None:
    problem = Problem.from_dict(PROBLEM)
    outputs = [
        Output("p", k, json.dumps(bakery(domain))) for k, domain in enumerate(("integer", "continuous", "integer"))
    ]
    scored = score_outputs([problem], outputs, workers=1)
    assert summary_of(scored.verdicts, [problem], Policy())["readings"] == {
        "outputs": 3, "by": {"fractional": 1, "whole": 2}, "moved": 1,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not NL4OPT.exists(), reason="NL4OPT is not here")
def test_nl4opt_has_both_readings() -> None:
    """The optimum depends on the integrality in more than half of the rows; an answer by either reading is right."""
    problems = import_problems(NL4OPT).problems
    differ = [p for p in problems if p.readings["whole"].get("optimum") != p.readings["fractional"].get("optimum")]
    assert len(differ) > len(problems) / 3
    for problem in differ[:8]:
        assert problem.reference is not None
        answer = formulation_as(problem.reference, "fractional")
        assert Judge(problem.as_reference()).judge(answer.to_json()).substance is True
        assert Judge(problem.as_reference(), Policy(readings="first")).judge(answer.to_json()).substance is False
