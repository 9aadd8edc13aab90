"""Where a finding points in the raw text, and how texts are shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.verdict import Finding
from pyrite.reports.escaping import file_name, shortened, visible
from pyrite.reports.pages.locating import Span, locate, marked_text, unescape, value_end

DOCUMENT = {
    "variables": {"x": {"domain": "integer", "lower": 0}, 'we"ird/~': {"domain": "binary"}},
    "objective": {"sense": "maximize", "expression": "3*x"},
    "constraints": {"cap": "2*x\n<= 7 + \u00e9t\u00e9", "fam": {"for": "i in I", "expression": "x >= i"}},
    "list": [1, {"a": [True, "end"]}],
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/constraints/cap", DOCUMENT["constraints"]["cap"]),
        ("/constraints/fam/expression", "x >= i"),
        ('/variables/we"ird~1~0/domain', "binary"),
        ("/list/1/a/1", "end"),
        ("/objective", DOCUMENT["objective"]),
    ],
)
def test_a_pointer_finds_its_value(pointer, value, indent):
    text = "Sure, here it is: " + json.dumps(DOCUMENT, indent=indent) + " done"
    span = locate(text, text.index("{"), Finding("x", "message", pointer))
    assert json.loads(text[span.start : span.end].partition(":")[2] or text[span.start : span.end]) == value


def test_offsets_in_an_expression_go_through_escapes():
    text = json.dumps(DOCUMENT)
    expression = DOCUMENT["constraints"]["cap"]
    at = expression.index("été")
    span = locate(text, 0, Finding("undeclared-name", "no", "/constraints/cap", at, at + 3))
    assert text[span.start : span.end] == "\\u00e9t\\u00e9"
    newline = locate(text, 0, Finding("x", "no", "/constraints/cap", 3, 4))
    assert text[newline.start : newline.end] == "\\n"


def test_a_finding_about_the_text_itself_has_its_own_offsets():
    assert locate("abcdef", 0, Finding("x", "m", "", 2, 4)) == Span(2, 4, "m")
    assert locate("abc", 0, Finding("x", "m", "", 90, 95)) == Span(3, 3, "m")
    assert locate("abc", 0, Finding("x", "m")) is None
    assert locate("{}", 0, Finding("x", "m", "/objective")) is None


@given(st.text(alphabet='{}[]":,\\ab1 \n', max_size=60), st.sampled_from(["/a", "/a/b", "/1/a"]), st.integers(0, 9))
def test_broken_text_never_raises(text, pointer, at):
    span = locate(text, 0, Finding("x", "m", pointer, at, at + 2))
    assert span is None or 0 <= span.start <= span.end <= len(text) + 1
    marked_text(text, [span] if span else [])


@given(st.recursive(st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_the_end_of_a_value_is_where_json_ends_it(value):
    text = json.dumps({"k": value})
    assert value_end(text + " tail", 0) == len(text)
    assert unescape(json.dumps('a"\\\n\té')[1:-1]) == 'a"\\\n\té'


def test_places_that_the_reader_reports_are_the_places_in_the_text():
    text = 'x {"a": 1, "a": 2}'
    found = extract(text, Policy())
    span = locate(text, found.start, found.findings[0])
    assert '"a"' in text[span.start : span.end + 3]


def test_marks_are_inside_the_text_and_overlaps_are_merged():
    shown = marked_text("abc<def", [Span(1, 5, "one"), Span(3, 6, "two"), Span(7, 7, "end")])
    assert shown.html == (
        'a<mark class="fault" title="one">bc&lt;d</mark><mark class="fault" title="two">e</mark>f'
        '<mark class="fault" title="end">▲</mark>'
    )
    assert not shown.is_cut


def test_a_long_text_shows_the_place():
    text = "x" * 50_000 + "HERE" + "y" * 50_000
    shown = marked_text(text, [Span(50_000, 50_004, "m")], most=1000)
    assert ">HERE</mark>" in shown.html
    assert (shown.shown, shown.total, shown.is_cut) == (1000, 100_004, True)


def test_hidden_signs_are_written_out():
    assert visible("a\u202eb") == ('a<span class="hidden-sign" title="right-to-left override">⟨U+202E⟩</span>b')
    assert visible("a\r\nb\tc") == "a\nb\tc"
    assert visible("\ud800") == "\ufffd"
    assert "⟨U+0000⟩" in visible("\x00")


@given(st.text(max_size=300))
def test_nothing_of_a_text_becomes_markup(text):
    shown = visible(text)
    assert "\u202e" not in shown
    without = shown.replace('<span class="hidden-sign" title="', "").replace("</span>", "")
    assert "<" not in without
    assert len(shortened(text, 40)) <= 40


@given(st.lists(st.text(max_size=30), unique=True, min_size=2, max_size=8))
def test_file_names_are_harmless_and_differ(identifiers):
    names = [file_name(identifier) for identifier in identifiers]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") and 0 < len(name) < 80 for name in names)
    stored = {identifier.encode("utf-8", "replace") for identifier in identifiers}
    assert len(set(names)) == len(stored)


def test_known_file_names():
    assert file_name("bakery-12") == "bakery-12"
    assert file_name("Bakery-12") != file_name("bakery-12")
    assert file_name("con") != "con"
