"""Formulas as typeset HTML, without scripts or fonts: the signs of ``language.mathematics`` with markup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from ...feasibility.language.mathematics import MathRow, Sign, Writer, short
from ..escaping import visible

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
"""Commas that a verdict's sentences put into long numbers."""


def sign_html(sign: Sign) -> str:
    """Escaped markup; operators carry the spaces at which a long formula may break."""
    shown = visible(short(sign.text))
    below = f"<sub>{visible(short(sign.below))}</sub>" if sign.below else ""
    if sign.kind == "operator":
        return f'<span class="op"> {shown} </span>'
    if sign.kind == "sum":
        return f'<span class="sum">∑{below} </span>'
    if sign.kind in ("variable", "parameter", "name"):
        cls = "undeclared" if sign.kind == "name" else sign.kind
        return f'<span class="{cls}"><i>{shown}</i>{below}</span>'
    # What a constraint ranges over, words, numbers and the sign that something was cut.
    return f'<span class="{sign.kind}">{shown}</span>' if sign.kind != "text" else shown


def row_html(row: MathRow, marked: frozenset[int] = frozenset()) -> str:
    """The formula; ``marked`` signs are highlighted as different."""
    parts = []
    inside = False
    for i, sign in enumerate(row.signs):
        if (i in marked) != inside:
            parts.append("</mark>" if inside else "<mark>")
            inside = not inside
        parts.append(sign_html(sign))
    return "".join(parts) + ("</mark>" if inside else "")


def differing(ours: Sequence[Sign], theirs: Sequence[Sign]) -> frozenset[int]:
    """Which of our signs have no counterpart in the other formula."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, [(s.text, s.below) for s in ours], [(s.text, s.below) for s in theirs], False)
    marked: set[int] = set()
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag != "equal":
            marked.update(range(start, end))
    return frozenset(marked)


def html_of(text: str, kinds: Mapping[str, str] | None = None) -> str:
    """A row's text (as in a verdict's details) as mathematics; what does not read is shown as text."""
    signs = Writer(kinds).relation(_THOUSANDS.sub("", text))
    return row_html(MathRow("constraint", "", tuple(signs), text)) if signs else escape(text)
