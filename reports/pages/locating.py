"""Where in a raw output a finding points: JSON pointer and offsets within an expression, as offsets in the text.

The text may be broken JSON; the search follows the pointer as far as it can and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ...feasibility.verdict import Finding
from ..escaping import MAX_SHOWN, visible

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_TURN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of the output, and what is wrong there."""

    start: int
    end: int
    message: str


def value_end(text: str, start: int) -> int | None:
    """Where the JSON value that begins at ``start`` ends, or None when it does not."""
    if start >= len(text):
        return None
    if text[start] == '"':
        found = _STRING.match(text, start)
        return found.end() if found else None
    if text[start] not in "{[":
        found = _SCALAR.match(text, start)
        return found.end() if found else None
    depth = 0
    for turn in _TURN.finditer(text, start):
        sign = turn[0]
        if sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                return turn.end()
    return None


def _skip(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _child(text: str, start: int, key: str) -> tuple[int, int] | None:
    """Start of the member ``key`` of the object or list at ``start``, and start of its key (the value, in a list)."""
    opening = text[start : start + 1]
    if opening not in ("{", "["):
        return None
    place, count = _skip(text, start + 1), 0
    while place < len(text) and text[place] not in "}]":
        name_at = place
        name = str(count)
        if opening == "{":
            found = _STRING.match(text, place)
            if not found:
                return None
            name = unescape(found[0][1:-1])
            place = _skip(text, found.end())
            if text[place : place + 1] != ":":
                return None
            place = _skip(text, place + 1)
        if name == key:
            return place, name_at
        end = value_end(text, place)
        if end is None:
            return None
        place = _skip(text, end)
        if text[place : place + 1] == ",":
            place = _skip(text, place + 1)
        count += 1
    return None


def unescape(text: str) -> str:
    """The inside of a JSON string, read."""

    def read(match: re.Match[str]) -> str:
        sign = match[0]
        if sign.startswith("\\u"):
            return chr(int(sign[2:], 16))
        return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(sign[1], sign[1])

    return _ESCAPE.sub(read, text)


def _within(text: str, start: int, end: int, at: int, until: int) -> tuple[int, int]:
    """Offsets in a read string as offsets in the raw text, where its quotes stand at ``start`` and ``end - 1``."""
    raw: list[int] = []
    place = start + 1
    while place < end - 1 and len(raw) <= until:
        raw.append(place)
        escape = _ESCAPE.match(text, place)
        place = escape.end() if escape else place + 1
    raw.append(place)
    return raw[min(at, len(raw) - 1)], raw[min(until, len(raw) - 1)]


def locate(text: str, start: int, finding: Finding) -> Span | None:
    """The span that a finding points at; ``start`` is where the JSON object begins in the text."""
    if not finding.where:
        if finding.at is None:
            return None
        at = min(finding.at, len(text))
        return Span(at, max(at, min(finding.end or at + 1, len(text))), finding.message)
    place, key_at = start, start
    for part in finding.where.lstrip("/").split("/"):
        child = _child(text, place, part.replace("~1", "/").replace("~0", "~"))
        if child is None:
            break
        place, key_at = child
    if place == start:
        return None
    end = value_end(text, place) or len(text)
    if text[place : place + 1] == '"' and finding.at is not None:
        first, last = _within(text, place, end, finding.at, finding.end or finding.at + 1)
        return Span(first, max(first + 1, last), finding.message)
    return Span(key_at, end, finding.message)


@dataclass(frozen=True, slots=True)
class Shown:
    """An output as markup, with how many characters of it are shown."""

    html: str
    shown: int
    total: int

    @property
    def is_cut(self) -> bool:
        return self.shown < self.total


def marked_text(text: str, spans: Iterable[Span], most: int = MAX_SHOWN) -> Shown:
    """The output with its failing places marked; of a long one the part around the first place."""
    ordered = sorted((span for span in spans if span.start <= len(text)), key=lambda span: (span.start, span.end))
    first, last = 0, len(text)
    if len(text) > most:
        center = ordered[0].start if ordered else 0
        first = max(0, min(center - most // 2, len(text) - most))
        last = first + most
    parts = ["…" if first else ""]
    place = first
    for span in ordered:
        start, end = max(span.start, place), min(span.end, last)
        if start > last or (end <= start and span.end > span.start):
            continue
        parts.append(visible(text[place:start]))
        inside = visible(text[start:end]) or "▲"
        parts.append(f'<mark class="fault" title="{visible_attribute(span.message)}">{inside}</mark>')
        place = max(end, start)
    parts.append(visible(text[place:last]))
    parts.append("…" if last < len(text) else "")
    return Shown("".join(parts), last - first, len(text))


def visible_attribute(text: str) -> str:
    """Text for an attribute: escaped, hidden signs as spaces, not endless."""
    from html import escape

    from ..escaping import shortened

    return escape(shortened(text, 300))
