"""Where answers end."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.policy import Policy
from pyrite.models.answering.stopping import JsonEnd

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=6), values, min_size=1, max_size=4)
FINAL = {"variables": {"x": {"domain": "binary"}}, "objective": {"sense": "maximize", "expression": "x"}}


@given(objects, st.lists(st.integers(1, 7), min_size=1), st.booleans())
def test_ends_exactly_where_the_formulation_ends(document, cuts, ascii_only):
    text = json.dumps(document | FINAL, ensure_ascii=ascii_only)
    if "<" in text or "[" in text:
        return  # what looks like a mark of thinking is one
    end, place, turn = JsonEnd(), 0, 0
    while place < len(text):
        size = cuts[turn % len(cuts)]
        piece, place, turn = text[place : place + size], place + size, turn + 1
        assert end.feed(piece) == (place >= len(text))


def test_other_objects_do_not_end_an_answer():
    end = JsonEnd()
    assert not end.feed('Let {x} be, {} and {not json}. {"bread": 10, "objective": 155} {"a": {"b": 1}} ')
    assert end.feed('{"variables": {"x": {"domain": "binary"}}, "constraints": {}} and more')


@pytest.mark.parametrize("wrapper", ['{"formulation": %s}', '{"name": "submit", "arguments": %s}', "[%s]"])
def test_a_wrapped_formulation_ends_an_answer(wrapper):
    end = JsonEnd()
    text = wrapper.replace("%s", json.dumps(FINAL))
    assert not any(end.feed(char) for char in text[: text.rindex("}")])
    assert end.feed(text[text.rindex("}") :])


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<|channel|>analysis", "<|channel|>final"), ("", "</think>")],
)
def test_a_draft_inside_thinking_does_not_end_an_answer(opening, closing):
    end = JsonEnd(thinking=not opening)
    draft = json.dumps(FINAL)
    assert not end.feed(f"{opening} I try {draft} but { {1} } is {{ open {closing} So: ")
    assert end.feed(draft)


@given(
    st.lists(st.sampled_from(["<think>", "</think>", json.dumps(FINAL), " {x} ", "{", '{"a": 1}', "so "]), max_size=8)
)
def test_what_ends_an_answer_is_what_is_read(pieces):
    """Cut where the end was seen, the text is read as the formulation that ended it."""
    end, text = JsonEnd(), ""
    for piece in pieces:
        for char in piece:
            text += char
            if end.feed(char):
                assert extract(text, Policy()).document == FINAL
                return


def test_quotes_and_escapes_hide_braces():
    end = JsonEnd()
    assert not end.feed(r'{"variables": {}, "objective": "\"}"')
    assert end.feed("}")


def test_the_end_inside_a_piece_is_seen():
    assert JsonEnd().feed(f"ok {json.dumps(FINAL)} tail")


def test_an_object_that_never_ends_is_no_end():
    end = JsonEnd()
    assert not any(end.feed('{"a":[') for _ in range(2000))
