"""Texts laid out for reading: JSON on one line gets lines of its own, a problem's Markdown tables and bold words.

Only blanks and line breaks are added to an output, never a sign taken away or moved, broken JSON included; what is
copied from a page is the text as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ..escaping import visible
from .locating import Span

_DEEP = 2
"""Brackets down to this depth are opened line by line; what is deeper stays on its line."""
_LONG = 80
"""Shorter texts need no layout."""

_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_LONGEST_HEADING = 200
_HEADING = re.compile(r" {0,3}#{1,6} +(\S.*?)[ #]*")
_BOLD = re.compile(r"(?<![\w*])\*\*(?=[^\s*])([^*]{1,200}?)(?<=\S)\*\*(?![\w*])")
_BAR = re.compile(r"(?<!\\)\|")


def laid_out(text: str, spans: Iterable[Span]) -> tuple[str, list[Span]]:
    """The text with its JSON over several lines, and the spans moved along; unchanged when it has lines already."""
    found = list(spans)
    start = text.find("{")
    if start < 0 or len(text) - start < _LONG or "\n" in text[start:].strip():
        return text, found
    pieces: list[str] = [text[:start]]
    places: list[int] = list(range(start))  # where each sign of the text went
    length, depth, quoted, escaped = start, 0, False, False
    for position in range(start, len(text)):
        sign = text[position]
        before = after = ""
        if quoted:
            quoted, escaped = escaped or sign != '"', not escaped and sign == "\\"
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            depth += 1
            if depth <= _DEEP and text[position + 1 : position + 2] not in ("}", "]", ""):
                after = "\n" + "  " * depth
        elif sign in "}]":
            if 0 < depth <= _DEEP and text[position - 1] not in "{[":
                before = "\n" + "  " * (depth - 1)
            depth = max(0, depth - 1)
        elif sign == "," and depth:
            following = text[position + 1 : position + 2]
            after = "\n" + "  " * depth if depth <= _DEEP else "" if following.isspace() else " "
        elif sign == ":" and depth and not text[position + 1 : position + 2].isspace():
            after = " "
        places.append(length + len(before))
        pieces.append(before + sign + after)
        length += len(before) + 1 + len(after)
    places.append(length)
    moved = [replace(s, start=places[min(s.start, len(text))], end=_end(places, s, len(text))) for s in found]
    return "".join(pieces), moved


def _end(places: list[int], span: Span, length: int) -> int:
    """The end stands right behind the last sign of the span, not behind the blanks that follow."""
    last = min(span.end, length)
    return places[last - 1] + 1 if last > span.start else places[min(last, length)]


def prose(text: str) -> str:
    """Markup of a problem's text; Markdown's tables, headings and bold words as such, everything else as it stands."""
    lines = text.split("\n")
    parts: list[str] = []
    plain: list[str] = []
    place = 0
    while place < len(lines):
        rows = _table(lines, place)
        if not rows:
            plain.append(_line(lines[place]))
            place += 1
            continue
        parts.append("\n".join(plain))
        plain = []
        parts.append(_markup(rows))
        place += len(rows) + 1
    parts.append("\n".join(plain))
    return "".join(parts)


def _line(line: str) -> str:
    heading = _HEADING.fullmatch(line) if len(line) <= _LONGEST_HEADING else None
    if heading:
        return f"<strong>{visible(heading.group(1))}</strong>"
    return _BOLD.sub(r"<strong>\1</strong>", visible(line))


def _table(lines: list[str], place: int) -> list[list[str]]:
    """The cells of the table that begins at this line, its rule left out; nothing when none does."""
    if place + 1 >= len(lines) or "|" not in lines[place] or not _RULE.fullmatch(lines[place + 1]):
        return []
    head = _cells(lines[place])
    if len(head) < 2 or len(_cells(lines[place + 1])) != len(head):
        return []
    rows = [head]
    for line in lines[place + 2 :]:
        if "|" not in line:
            break
        cells = _cells(line)
        rows.append((cells + [""] * len(head))[: max(len(head), len(cells))])
    return rows


def _cells(line: str) -> list[str]:
    cells = _BAR.split(line.strip())
    if cells and not cells[0].strip():
        cells = cells[1:]
    if cells and not cells[-1].strip():
        cells = cells[:-1]
    return [cell.strip() for cell in cells]


def _markup(rows: list[list[str]]) -> str:
    head = "".join(f'<th scope="col">{visible(cell)}</th>' for cell in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{visible(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f'<table class="data given"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
