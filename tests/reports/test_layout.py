"""Outputs and problem texts laid out for reading: nothing is lost, marks stay on their signs."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from pyrite.reports.pages.layout import laid_out, prose
from pyrite.reports.pages.locating import Span

DOCUMENT = {"variables": {"x": {"domain": "integer", "lower": 0}}, "constraints": {"a, {b}": "x <= 3", "c": "x >= [1]"}}
ONE_LINE = json.dumps(DOCUMENT, separators=(",", ":"))


def bare(text):
    return re.sub(r"\\s", "", text)


def test_a_formulation_on_one_line_gets_lines_and_stays_the_same_document():
    text, _ = laid_out(ONE_LINE, [])
    assert len(text.splitlines()) > 6
    assert json.loads(text) == DOCUMENT
    assert '"x": {"domain": "integer", "lower": 0}' in text
    assert laid_out(json.dumps(DOCUMENT, indent=1), []) == (json.dumps(DOCUMENT, indent=1), [])


@given(st.text(alphabet='{}[]",:\\\\ ab1', min_size=0, max_size=300), st.data())
def test_broken_json_loses_no_sign_and_spans_keep_theirs(tail, data):
    text = "Here: {" + tail
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    shown, (span,) = laid_out(text, [Span(start, end, "m")])
    assert bare(shown) == bare(text)
    assert bare(shown[span.start : span.end]) == bare(text[start:end])


def test_headings_and_bold_words_stand_out_and_arithmetic_does_not():
    assert prose("**What we know**\n- a **big <b>** oven") == (
        "<strong>What we know</strong>\n- a <strong>big &lt;b&gt;</strong> oven"
    )
    assert prose("## The oven ##\n#3 is spare") == "<strong>The oven</strong>\n#3 is spare"
    for plain in ("2**3 and 3**2", "a ** b ** c", "x**2 + y**2", "****", "# " * 200, "**" * 500, "2 ** 3**"):
        assert "<strong>" not in prose(plain)


def test_markdown_tables_become_tables_and_markup_in_them_does_not():
    text = "Costs:\n| from | <b>to</b> |\n|---|---:|\n| a \\| b | 3 |\n| c |\n\nDone | here"
    shown = prose(text)
    assert shown.startswith("Costs:<table")
    assert "&lt;b&gt;to&lt;/b&gt;" in shown
    assert shown.count("<tr>") == 3
    assert shown.endswith("</table>\nDone | here")
    for plain in ("a | b", "| a | b |\n| c | d |", "x\n---\ny", "| a |\n|---|\n"):
        assert "<table" not in prose(plain)
