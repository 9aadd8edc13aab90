"""Judging from inside another program: the same verdicts as ``pyrite score``, whoever asks and in whatever order."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import pyrite
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.verdict import LADDERS
from pyrite.integrations.service import JudgeService, as_numbers, why

BAKERY = {"id": "bakery", "text": "Bread 3, cake 5; oven 120, shelf 50.", "optimum": 175}
RIGHT = (
    '{"variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}}, '
    '"objective": {"sense": "maximize", "expression": "3*bread + 5*cake"}, '
    '"constraints": {"oven": "2*bread + 4*cake <= 120", "shelf": "bread <= 50"}}'
)
TEXTS = [RIGHT, RIGHT.replace("4*cake", "3*cake"), "Sure!", RIGHT[:-5], RIGHT.replace("<= 120", "<= -1"), "{}"]
# 2^40 squares of sums: nothing that ends within a second
HOSTILE = RIGHT.replace("3*bread + 5*cake", "*".join(["(bread + cake)"] * 4000))


@pytest.fixture(scope="module")
def service():
    made = JudgeService(Policy(time_limit=5.0), workers=1)
    yield made
    made.close()


def test_the_same_verdicts_as_score_from_many_threads(service: JudgeService) -> None:
    problems = [{**BAKERY, "id": f"b{i}", "optimum": 175 + i % 2} for i in range(3)]
    asks = [(problem, text) for problem in problems for text in [*TEXTS, HOSTILE]]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda ask: service.judge(*ask), asks))
    lines = [{"problem_id": problem["id"], "output": text} for problem, text in asks]
    for ours, theirs in zip(found, pyrite.score(problems, lines, Policy(time_limit=5.0), workers=1), strict=True):
        a, b = ours.to_dict(), theirs.to_dict()
        for volatile in ("seconds", "sample"):
            a.pop(volatile, None), b.pop(volatile, None)
        assert a == b


def test_numbers_have_the_ladders_keys_whatever_happened(service: JudgeService) -> None:
    for text in [*TEXTS, "```python\nimport pulp\n```"]:
        numbers = as_numbers(service.judge(BAKERY, text))
        assert tuple(numbers) == ("surface", "substance", *LADDERS["formulation"].stages)
        assert all(math.isnan(value) or value in (0.0, 1.0) for value in numbers.values())
    right = as_numbers(service.judge(BAKERY, RIGHT))
    assert right["substance"] == right["surface"] == right["value"] == 1.0
    assert math.isnan(right["equivalent"])  # nothing to compare with: not asked, and not a failure
    cut = as_numbers(service.judge(BAKERY, RIGHT[:-5]))
    assert cut["parses"] == cut["bounded"] == cut["substance"] == 0.0  # after a failure everything has failed


def test_the_sentence_names_the_first_stage_that_fails(service: JudgeService) -> None:
    assert why(service.judge(BAKERY, RIGHT)) == (None, "right")
    code, sentence = why(service.judge(BAKERY, TEXTS[1]))
    assert (code, sentence) == ("other-value", "value: its optimum is 200, the right one is 175 (off by 25)")


def test_one_id_is_one_problem(service: JudgeService) -> None:
    service.judge(BAKERY, "Sure!")
    with pytest.raises(ValueError, match="two different problems have the id 'bakery'"):
        service.judge({**BAKERY, "optimum": 1}, "Sure!")


def test_a_broken_question_harms_nobody_else(service: JudgeService) -> None:
    with pytest.raises(PyriteError, match="needs a non-empty string 'text'"):
        service.submit({"id": "x"}, "Sure!")
    with pytest.raises(PyriteError, match="the language is"):
        service.judge(BAKERY, "Sure!", language="latin")
    assert service.judge(BAKERY, RIGHT).substance


def test_what_is_cancelled_is_not_judged_and_what_waits_is_before_the_end() -> None:
    service = JudgeService(workers=0)
    hold = threading.Event()
    first = service.submit(BAKERY, RIGHT)
    first.add_done_callback(lambda _: hold.wait(5))
    later = [service.submit(BAKERY, text) for text in TEXTS]
    dropped = later[2].cancel()
    hold.set()
    service.close()
    assert dropped == later[2].cancelled()
    assert all(future.done() for future in [first, *later])
    with pytest.raises(RuntimeError, match="closed"):
        service.submit(BAKERY, RIGHT)


def test_a_service_that_was_never_asked_closes_at_once() -> None:
    start = time.monotonic()
    JudgeService().close()
    assert time.monotonic() - start < 5
