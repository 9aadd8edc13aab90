"""What stands behind a formulation: headings, solutions, checks, notes and mentions are none; real attempts are."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from pyrite.feasibility.language.document.attempts import is_formulation
from pyrite.feasibility.language.document.reading import Extraction, extract
from pyrite.feasibility.language.document.sections import holds_sections
from pyrite.feasibility.policy import Policy

ANSWER: dict[str, Any] = {
    "variables": {"boats": {"domain": "integer", "lower": 0}, "oars": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "minimize", "expression": "7*boats + 2*oars"},
    "constraints": {"crew": "4*boats >= 30", "pairs": "oars == 2*boats"},
}
FENCED = f"```json\n{json.dumps(ANSWER, indent=1)}\n```\n"


def found(text: str) -> Extraction:
    return extract(text, Policy())


HEADINGS = [
    r"\textbf{Constraints:} every boat takes four.",
    r"\text{objective: } 53",
    r"\section*{Decision_Variables:} boats, oars",
    "{Constraints: crew, pairs}",
    "{objective = cost}",
    r"\underline{Parameters:} 7 and 2, \emph{Sets:} none",
    "{constraints: crew and pairs, both tight",
]
SOLUTIONS = [
    '{"objective": {"value": 62}, "variables": {"boats": {"value": 8}, "oars": {"value": 16}}}',
    '{"variables": {"boats": {"value": 8, "type": "integer"}}, "objective": {"sense": "minimize", "value": 62}}',
    '{"objective": {"expression": "7*8 + 2*16", "optimal_value": "62"}}',
    '{"variables": {"boats": {"value": 8}}, "objective": {"value": 62}, "constraints": {"crew": {"satisfied": true}}}',
    '{"status": "optimal", "variables": {"boats": 8}, "constraints": {"crew": "32 >= 30"}}',
    '{"variables": {"boats": {"value": 8,}}}',
]
NOTES = [
    '{"confidence": 0.9, "variables": 2, "constraints": 2}',
    '{"verification": {"constraints": {"crew": "32 >= 30"}}}',
    '{"constraints": ["4*8 = 32 >= 30 (satisfied)", "pairs: 16 = 16 ok"]}',
    '{"constraints": {"crew": {"expression": "4*8 >= 30", "slack": 2}}}',
    '{"notes": {"objective": "cost", "constraints": "two"}}',
    '{"summary": {"variables": ["boats", "oars"], "constraints": ["crew", "pairs"]}}',
    '{"summary": {"variables": 2, "objective": "cost", "constraints": 2}}',
    '{"objective": "minimize cost", "constraints": "two"}',
]
MENTIONS = [
    'Note that `"constraints": {}` may be empty.',
    'The form is {"variables": ...} as asked.',
    '`{"variables": {...}, "objective": {...}, "constraints": {...}}` is the form.',
    'The key "variables": [ … ] comes first.',
    'Here `"constraints": {"crew": ...}` seats thirty.',
    'An object like {"constraints": {}, ...} would be free.',
]


@pytest.mark.parametrize("remark", [*HEADINGS, *SOLUTIONS, *NOTES, *MENTIONS])
def test_a_remark_does_not_replace_the_answer(remark: str) -> None:
    assert found(f"{FENCED}{remark}").document == ANSWER
    assert found(f"{FENCED}\nSo: {remark}\n\nDone.").document == ANSWER
    if not remark.endswith("tight"):  # an open brace could hold whatever follows
        assert found(f"{remark}\n{FENCED}").document == ANSWER


ATTEMPTS = [
    '{variables: {boats: {domain: "integer", lower: 0}}, objective: maximize boats}',
    "{'constraints': {'crew': '4*boats >= 31'}}",
    '"constraints": {"crew": "4*boats >= 31"}',
    '{"variables": {"boats": {"domain": "integer"}}, "objective": {...}, "constraints": {...}}',
    '{"variables": // what is sought\n {"boats": {"domain": "integer"}}}',
    '{"constraints": {"crew": "4*boats >= 31"',
    '{"variables": {',
    '{"variables": ',
]
WRONG = [
    {"constraints": {"crew": "31 <= 4*boats"}},
    {"constraints": {"crew": {"expression": "4*boats >= 31"}}},
    {"variables": {"boats": 0}, "objective": {"sense": "minimize", "expression": "boats"}, "constraints": {}},
    {"variables": ["boats"], "objective": "the cost", "constraints": ["each boat takes four"]},
    {"variables": {"boats": {"type": "integer"}}, "constraints": ["each boat takes four"]},
    {"variables": {"boats": "whole"}, "objective": "minimize 7*boats + 2*oars"},
    {"variables": {"boats": "whole"}, "objective": {}},
    {"variables": {}, "objective": "the cost"},
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_broken_attempt_leaves_nothing_above(attempt: str) -> None:
    last = found(f"{FENCED}Better:\n{attempt}")
    assert last.document is None
    assert last.piece is not None
    assert last.piece.attempt


@pytest.mark.parametrize("attempt", WRONG)
def test_a_wrong_formulation_is_the_answer(attempt: dict[str, Any]) -> None:
    assert is_formulation(attempt)
    assert found(f"{FENCED}Better:\n{json.dumps(attempt)}").document == attempt


@pytest.mark.parametrize("alone", ['{"variables": 2, "constraints": 2}', '{"constraints": {"crew": "one a boat"}}'])
def test_what_stands_alone_is_shown_whatever_it_is(alone: str) -> None:
    assert found(alone).document == json.loads(alone)


@pytest.mark.parametrize(
    ("row", "attempt"),
    [
        ("x <= 3", True),
        ("x1 - 3 <= 5", True),
        ("120 >= 2*x", True),
        ("120 >= 2 x + 3 y", True),
        ("5 <= 2*(x + y)", True),
        ("0 <= x <= 5", True),
        ("x['a'] <= 2", True),
        (r"\left(x\right) \leqslant 3", True),
        ("120 <= 120", False),
        ("2*60 + 4*0 = 120 <= 120 (satisfied)", False),
        ("it uses 120 <= 120 minutes, which is fine", False),
        ("(2*60) ≤ 120 ✓", False),
        (r"2\left", False),
    ],
)
def test_a_relation_of_numbers_is_a_check(row: str, attempt: bool) -> None:
    assert holds_sections({"constraints": {"c": row}}) is attempt


MESSAGE = json.dumps(f"Sure:\n{json.dumps(ANSWER)}\nAnything else?")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f'{{"role": "assistant", "content": {MESSAGE}}}', "wrapper"),
        (f'{{"content": [{{"type": "text", "text": {MESSAGE}}}]}}', "wrapper"),
        (f'{FENCED}{{"reasoning": {MESSAGE}}}', None),
        (f'{FENCED}{{"content": "it has {{x}} and {{y}}, and variables"}}', None),
    ],
)
def test_a_message_around_an_answer_is_a_wrapper(text: str, code: str | None) -> None:
    last = found(text)
    assert [finding.code for finding in last.findings] == ([code] if code else [])
    assert (last.document == ANSWER) is (code is None)


@pytest.mark.parametrize(
    "text",
    [
        '{"variables": ' + " " * 60_000 + "x",
        '"variables"' + " " * 60_000 + "x",
        '"variables": {' + " " * 60_000 + '"a' + " " * 60_000,
        '{"constraints": {"c": "' + "1 <= " * 20_000 + '3"}}',
        '{"constraints": {"c": "' + "(1 " * 20_000 + '<= 3"}}',
        '{"content": "' + "{" * 60_000 + ' variables"}',
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    clock = time.process_time()
    found(text)
    found(FENCED + text)
    assert time.process_time() - clock < 10
