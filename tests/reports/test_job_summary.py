"""Job summaries are Markdown: foreign text in them is read as text, and shown as it is."""

import html
import re

from pyrite.reports.gate.deciding import BrokenRule, Decision, RuleResult
from pyrite.reports.gate.github import summary

NAMES = [
    "a|b `c` *d* _e_ [f](javascript:x) <img src=x onerror=y> &amp; \\\\ ~~g~~ $h$ @all #1 :tada: https://example.com",
    "plain",
    "line\n| new | row |\r\n# title",
    "\u202eright\x1b[31m",
]


def test_foreign_text_is_no_markup():
    broken = tuple(BrokenRule(name, "substance", name, "family", False) for name in NAMES)
    rule = RuleResult(NAMES[0], "fail", NAMES[0])
    text = summary(Decision("fail", (rule,), (), broken, (), (), (), (), (), NAMES[0], NAMES[3]))
    rows = [
        line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| outcome", "| problem"))
    ]
    assert len(rows) == len(NAMES)
    for name, row in zip(NAMES, rows, strict=True):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 3
        assert cells[0] == cells[2]
        assert not re.search(r"[\\\\`*_\[\]<>~$@]", cells[0])
        shown = html.unescape(cells[0])
        if name.isprintable():
            assert shown == name  # as it is: neither markup of ours nor escapes are seen
    assert "hidden-sign" not in text
    assert "&#60;U+202E&#62;right" in text
    assert set(re.findall(r"<[^>]*>", text)) <= {
        "<code>",
        "</code>",
        "<details open>",
        "<summary>",
        "</summary>",
        "</details>",
    }
