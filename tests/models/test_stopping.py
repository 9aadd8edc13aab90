"""Where answers end."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pyrite.models.answering.stopping import JsonEnd

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=6), values, min_size=1, max_size=4)


@given(objects, st.lists(st.integers(1, 7), min_size=1), st.booleans())
def test_ends_exactly_where_the_object_ends(document, cuts, ascii_only):
    text = json.dumps(document, ensure_ascii=ascii_only)
    end, place, turn = JsonEnd(), 0, 0
    while place < len(text):
        size = cuts[turn % len(cuts)]
        piece, place, turn = text[place : place + size], place + size, turn + 1
        assert end.feed(piece) == (place >= len(text))


def test_braces_in_prose_and_empty_objects_do_not_end_an_answer():
    end = JsonEnd()
    assert not end.feed("Let {x} be, {} and {not json}. ")
    assert end.feed('{"variables": {"x": 1}} and more')


def test_quotes_and_escapes_hide_braces():
    end = JsonEnd()
    assert not end.feed(r'{"a": "\"}"')
    assert end.feed("}")


def test_the_end_inside_a_piece_is_seen():
    assert JsonEnd().feed('ok {"a":1} tail')


def test_an_object_that_never_ends_is_no_end():
    end = JsonEnd()
    assert not any(end.feed('{"a":[') for _ in range(2000))
