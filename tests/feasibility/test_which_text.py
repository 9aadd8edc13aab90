"""The rule of which text is the answer, attacked: thinking of every style, drafts before cut and broken attempts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from pyrite.feasibility.finish import NOT_ANSWERED, Answered, known_finish
from pyrite.feasibility.language.document.fences import last_program
from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.language.document.thinking import Follower, answer_span
from pyrite.feasibility.policy import Policy

POLICY = Policy(max_digits=400)
DRAFT = json.dumps(
    {"variables": {"x": {"domain": "binary"}}, "objective": {"sense": "maximize", "expression": "x"}, "constraints": {}}
)
FINAL = DRAFT.replace("x", "y").replace("eypression", "expression").replace("mayimize", "minimize")

STYLES = [
    ("<think>", "</think>"),
    ("", "</think>"),  # the template opened it
    ("<thinking>", "</thinking>"),
    ("<THINK>", "</THINK>"),
    ("<thought>\n", "\n</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<analysis>", "</ analysis >"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("analysisWe need ", "assistantfinal"),
    ("Here is my thought process:\n", "\nHere is my response:\n"),
]


def document(text: str) -> Any:
    return extract(text, POLICY).document


@pytest.mark.parametrize(("opening", "closing"), STYLES)
@pytest.mark.parametrize("between", ["", " hm {x} ", f" {DRAFT} no, wait: "])
def test_thinking_of_every_style(opening: str, closing: str, between: str) -> None:
    assert document(f"{opening}{between}{closing}\n{FINAL}") == json.loads(FINAL)
    assert document(f"{opening}{between}{closing}\n```json\n{FINAL}\n```\nDone.") == json.loads(FINAL)
    nothing = extract(f"{opening}{DRAFT}{closing}", POLICY)
    assert [finding.code for finding in nothing.findings] == ["unfinished"]
    assert document(f"{opening}{DRAFT}{closing} I give up.") is None
    again = f"{opening}a{closing} b {opening}{DRAFT}{closing}{FINAL}"
    if opening and not opening.startswith("analysis"):
        assert document(again) == json.loads(FINAL)


@pytest.mark.parametrize(("opening", "closing"), [style for style in STYLES if style[0]])
def test_thinking_that_never_ends(opening: str, closing: str) -> None:
    for text in (f"{opening}{DRAFT} wait", f"{opening}{DRAFT}"):
        assert [finding.code for finding in extract(text, POLICY).findings] == ["unfinished"]
    if not opening.startswith("analysis"):
        twice = f"{opening}a{closing}{DRAFT}\n{opening} is that right?"
        assert [finding.code for finding in extract(twice, POLICY).findings] == ["unfinished"]


@pytest.mark.parametrize(("opening", "closing"), [style for style in STYLES if style[0]])
def test_the_follower_agrees_with_the_reader(opening: str, closing: str) -> None:
    follower = Follower()
    text = f"{opening} some {{x}} {closing} and then {FINAL}"
    states = []
    for char in text:
        follower.feed(char)
        states.append(follower.thinking)
    inside = text.index("{x}")
    assert states[inside]
    assert not states[-1]
    assert not any(states[answer_span(text).start :])


TURNS = ["<|im_end|>", "</s><s>[INST]", "<|eot_id|>", "<end_of_turn>\n<start_of_turn>user\n", "<|end|><|start|>user"]


@pytest.mark.parametrize("turn", [*TURNS, "<|endoftext|>", "<｜end▁of▁sentence｜>", "</s>", "<|return|>"])
def test_what_follows_the_turn_is_not_the_model_any_more(turn: str) -> None:
    assert document(f"{FINAL}{turn}") == json.loads(FINAL)
    assert document(f"{FINAL}{turn}\nNow another one\n{DRAFT}") == json.loads(FINAL)
    assert document(f"<|im_start|>assistant\n{FINAL}{turn}") == json.loads(FINAL)


@pytest.mark.parametrize("end", range(1, len(FINAL)))
@pytest.mark.parametrize("between", ["\nBetter:\n", "\n```json\n", " "])
def test_a_draft_is_never_credited_for_a_cut_attempt(end: int, between: str) -> None:
    found = extract(DRAFT + between + FINAL[:end], POLICY)
    assert found.document is None
    assert found.findings[0].code in ("truncated", "missing-brace")


@pytest.mark.parametrize("place", [i for i, char in enumerate(FINAL) if char in '{}:",'])
def test_a_draft_is_never_credited_for_a_broken_attempt(place: int) -> None:
    """One sign of the second attempt is missing: whatever is read, it is not the draft."""
    found = extract(f"{DRAFT}\nBetter:\n{FINAL[:place]}{FINAL[place + 1 :]}", POLICY)
    assert found.document != json.loads(DRAFT)


@given(documents(), documents(), st.sampled_from([" ", "\n", "\nNo, wait:\n", "```\n\n```json\n"]), st.data())
def test_of_two_formulations_the_last_counts_and_its_cut_leaves_none(
    first: dict[str, Any], second: dict[str, Any], between: str, data: st.DataObject
) -> None:
    before, after = (json.dumps(document) for document in (first, second))
    assert document(before + between + after) == document(after)
    end = data.draw(st.integers(1, len(after) - 1))
    assert document(before + between + after[:end]) is None


def test_a_cut_in_a_number_of_a_parameter_leaves_no_draft() -> None:
    begun = '{"sets": {"T": [0, 1]}, "parameters": {"need": {"index": ["T"], "values": {"0": '
    for end in ("-", "-0.", "1e", "1e+", "0.5", "tr", "-Inf"):
        assert document(f"{DRAFT} {begun}{end}") is None, end


NOTES = [
    '{"bread": 10, "cake": 25, "objective": 155}',
    '{"variables": {"bread": 10, "cake": 25}, "objective_value": 155}',
    '{"variables": {"bread": 10.5, "cake": null}}',
    '{"status": "optimal", "objective": 155, "variables": {"bread": 10}}',
    '{"variables": [{"name": "bread", "value": 10}], "objective": "155"}',
    '{"objective": 155, "constraints": {"oven": 0}, "variables": {"bread": 1}}',
    "{}",
    '{"note": "the variables are bread and cake"}',
    "{x}",
    '[{"bread": 1}, {"cake": 2}]',
    '{"constraints": {"oven": "satisfied"}}',
    '{"answer": {"bread": 10}}',
]


@pytest.mark.parametrize("note", NOTES)
def test_a_solution_or_a_note_is_no_attempt(note: str) -> None:
    assert document(f"{FINAL}\nThe solution: {note}") == json.loads(FINAL)
    assert document(f"{note}\n{FINAL}") == json.loads(FINAL)
    assert document(f"{FINAL}\n{note[:-1]}") in (json.loads(FINAL), None)


PARTS = [
    '{"constraints": {"oven": "2*x <= 9"}}',
    '{"variables": {"x": {"domain": "integer", "lower": 0}}}',
    '{"objective": {"sense": "maximize", "expression": "x"}}',
    '{"variables": {"x": {"domain": "integer"}}, "objective": {"sense": "maximize", "expression": "2*x"}}',
]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_written_last_leaves_no_formulation_above(part: str) -> None:
    assert document(f"{FINAL}\nCorrection: {part}") == json.loads(part)


WRAPPED = [
    '{"formulation": %s}',
    '{"reasoning": "...", "answer": {"model": %s}}',
    "[%s]",
    '[{"type": "text"}, %s]',
    '{"name": "submit", "arguments": %s}',
    "[%s, %s]",
]


@pytest.mark.parametrize("shape", WRAPPED)
def test_wrappers_are_seen_as_such(shape: str) -> None:
    for inner in (FINAL, json.dumps(FINAL)):
        text = shape.replace("%s", inner)
        if inner is not FINAL and shape.startswith("["):
            continue
        for whole in (text, f"{DRAFT}\nHere:\n```json\n{text}\n```", f"<tool_call>\n{text}\n</tool_call>"):
            assert [finding.code for finding in extract(whole, POLICY).findings] == ["wrapper"], whole
    assert [finding.code for finding in extract(json.dumps(FINAL), POLICY).findings] == ["wrapper"]
    assert [finding.code for finding in extract(json.dumps(FINAL)[1:-1], POLICY).findings] == ["escaped-quotes"]


@pytest.mark.parametrize("text", [FINAL, f"{FINAL}\nLet me check", "Let me see", "", f"<think>{DRAFT}", FINAL[:50]])
def test_the_token_limit_counts_as_a_cut(text: str) -> None:
    found = extract(Answered(text, "length"), POLICY)
    assert found.document is None
    assert found.findings[0].code in ("truncated", "unfinished")


@pytest.mark.parametrize("finish", NOT_ANSWERED)
def test_endings_without_an_answer(finish: str) -> None:
    for text in ("", FINAL):
        (finding,) = extract(Answered(text, finish), POLICY).findings
        assert finding.code == NOT_ANSWERED[finish][0]


def test_words_for_the_end() -> None:
    assert [known_finish(word) for word in ("length", "MAX_TOKENS", "stop", "eos", None, 3, "content_filter")] == [
        *("length", "length", "stop", "stop", "stop", "stop", "content-filter")
    ]


@pytest.mark.parametrize(
    "piece",
    ["<think>", "</think>", '"{\\"', '{\\"a\\":1}', "[{", "[{}", "<|channel|>final", "<", "{'variables':", "[" * 10],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    text = (piece * 60_000)[:60_000]
    clock = time.process_time()
    for shown in (text, '{"variables": ' + text, text + FINAL):
        extract(shown, POLICY)
        last_program(shown)
    assert time.process_time() - clock < 10


def test_the_last_program() -> None:
    one, two = "import pyomo\nmodel = 1\n", "from ortools import x\nx()\n"
    assert last_program(f"```python\n{one}```\nor\n```python\n{two}```").text == two
    assert last_program(f"<think>```python\n{one}```</think>\n```python\n{two}```\nRun it.").text == two
    assert last_program(f"```python\n{one}```\n```json\n{FINAL}\n```").text == one
    assert last_program(f"```python\n{one}```\n```\n155.0\n```\n```bash\npip install x\n```").text == one
    assert [f.code for f in last_program(f"```python\n{one}```\nBetter:\n```python\n{two}").findings] == ["truncated"]
    assert [f.code for f in last_program(f"<think>```python\n{one}```").findings] == ["unfinished"]
    assert [f.code for f in last_program(Answered(f"```python\n{one}```", "length")).findings] == ["unfinished"]
    assert last_program(one).text == one
    assert [f.code for f in last_program("I would bake bread.").findings] == ["no-program"]
    assert last_program(f"~~~py\n{one}~~~").text == one
    nested = f"````python\n'''\n```\nx\n```\n'''\n{one}````"
    assert last_program(nested).text.endswith(one)
