"""The last program of an answer, under the same rule as the last formulation: for tasks that are answered in code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from ...finish import LENGTH, NOT_ANSWERED, finish_of, whole_length
from ...verdict import Finding
from .joining import belonging, is_python
from .thinking import AnswerSpan, answer_span

PYTHON: Final = frozenset({"python", "py", "python3", "py3", "ipython", "pycon"})
"""What Python fences are called."""

_UNNAMED: Final = frozenset({"", "code"})
"""What fences are called that do not say their language."""

_FENCE: Final = re.compile(r"^\ufeff?(?P<indent>[ \t]*+)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$", re.MULTILINE)
_DEEPEST: Final = 3
"""An indentation beyond this is code by CommonMark; a fence of Python in a list stands deeper all the same."""
_STATEMENT: Final = re.compile(
    r"^(?:(?:import|from)[ \t]+\w|(?:def|class|for|while|if|with|try|print|@)\b"
    r"|[A-Za-z_][\w.]*(?:\[[^\]\n]*\])?[ \t]*[-+*/]?=[^=])",
    re.MULTILINE,
)
_IMPORT: Final = re.compile(
    r"^(?:import[ \t]+[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[^\n]*)?[ \t]*(?:#[^\n]*)?$"
    r"|from[ \t]+[\w.]+[ \t]+import\b)",
    re.MULTILINE,
)
_TAG: Final = re.compile(r"^[ ]{0,3}<(?P<tag>code|pre|python|program)(?:\s[^<>\n]{0,80})?>", re.MULTILINE)
_INNER_TAG: Final = re.compile(r"\s*<code(?:\s[^<>\n]{0,80})?>")
_MOST_WORDS_BEFORE: Final = 60
_MOST_CUTS: Final = 5

_CELLS: Final = re.compile(r'"cells"\s*:\s*\[')
"""A notebook's JSON: it is taken as the program, and refused by its name when it is read as Python."""


@dataclass(frozen=True, slots=True)
class ProgramText:
    """The program of an answer and where it stands; with ``findings`` there is none, and they say why."""

    text: str
    start: int = 0
    end: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of a text: its language in lower case, its place, whether it was closed, and how far it is indented."""

    language: str
    start: int
    end: int
    closed: bool = True
    indent: int = 0

    def text(self, source: str) -> str:
        """Its lines, without as much white space as its fence is indented by."""
        inner = source[self.start : self.end]
        return re.sub(rf"^[ \t]{{1,{self.indent}}}", "", inner, flags=re.MULTILINE) if self.indent else inner


def last_program(text: str, languages: Collection[str] = PYTHON) -> ProgramText:
    """The last fenced program after the thinking; a text without fences that is a program is one as a whole.

    A fence counts when its language is one of ``languages``; one that names none counts where no fence names one, or
    when it imports something, if it holds a statement. A block that uses names which only earlier blocks define is
    joined to them (:mod:`.joining`). When the last one is not closed the answer is cut (``truncated``), and no earlier
    program is credited.

    >>> last_program("Try:\\n```python\\nx = 1\\n```\\nThat is all.").text
    'x = 1\\n'
    """
    finish = finish_of(text)
    if finish in NOT_ANSWERED:
        code, message = NOT_ANSWERED[finish]
        return _none(code, message, 0, whole_length(text), "")
    span = answer_span(text)
    if span.open_at is not None:
        message = "the text ends while the model is still thinking; what is drafted in there is no answer"
        return _none("unfinished", message, span.open_at, len(text), "allow more tokens, or switch thinking off")
    blocks = _programs(text, span, languages)
    if not blocks:
        if not text[span.start : span.end].strip():
            code = "unfinished" if span.thought else "empty-output"
            return _none(code, "no answer followed the thinking" if span.thought else "the text is empty", 0, 0, "")
        return _none("no-program", "the text holds no program", span.start, span.end, "answer with one fenced program")
    parts = [block.text(text) for block in blocks]
    together = _together(blocks, parts)
    start, end = blocks[together[0]].start, blocks[together[-1]].end
    if not all(blocks[place].closed for place in together):
        return _none("truncated", "the text ends inside the program", start, end, "allow more tokens")
    if finish == LENGTH:
        message = "the token limit cut the answer behind the program; how it would have ended is not known"
        return _none("unfinished", message, end, len(text), "allow more tokens")
    whole = "".join(part if part.endswith("\n") else f"{part}\n" for part in (parts[place] for place in together))
    return ProgramText(whole if len(together) > 1 else parts[together[0]], start, end)


def _together(blocks: list[_Block], parts: list[str]) -> list[int]:
    """The places of the blocks that are the program: the last one, and those that it needs.

    The last of several without a language may show what is printed: closed, without an import, needing nothing.
    """
    together = belonging(parts)
    for last in range(len(parts) - 1, max(0, len(parts) - 1 - _MOST_CUTS), -1):
        shows = blocks[last].closed and blocks[last].language in _UNNAMED and not _IMPORT.search(parts[last])
        if not shows or together != [last] or not any(map(_IMPORT.search, parts[:last])):
            break
        together = belonging(parts[:last])
    return together


def _programs(text: str, span: AnswerSpan, languages: Collection[str]) -> list[_Block]:
    """The blocks that can be programs, in order."""
    fences = list(_fences(text, span.start, span.end))
    if not fences:
        bare = _tagged(text, span) or _bare(text, span)
        return [] if bare is None else [bare]
    named = any(block.language in languages for block in fences)
    # Beside a program, a block that names no language shows what it prints.
    pattern = _IMPORT if named else _STATEMENT
    return [
        block
        for block in fences
        if block.language in languages or (block.language in _UNNAMED and pattern.search(block.text(text)))
    ]


def _bare(text: str, span: AnswerSpan) -> _Block | None:
    """A program without a fence: the whole answer, or what stands from its first import on, a few lines down."""
    start = span.start + text.startswith("\ufeff", span.start)
    bare = text[start : span.end].strip()
    if _STATEMENT.match(bare) or (bare.startswith("{") and _CELLS.search(bare)):
        return _Block("", start, span.end)
    first = _IMPORT.search(text, start, span.end)
    if first is None or len(text[start : first.start()].split()) > _MOST_WORDS_BEFORE:
        return None
    end = span.end
    for _ in range(_MOST_CUTS):
        if is_python(text[first.start() : end]):
            return _Block("", first.start(), end)
        end = text.rfind("\n\n", first.start(), end)  # the words behind a program are paragraphs
        if end < 0:
            break
    return _Block("", first.start(), span.end)


def _tagged(text: str, span: AnswerSpan) -> _Block | None:
    """The last program between ``<code>`` and ``</code>``, or tags like them."""
    found: _Block | None = None
    place = span.start
    while (opened := _TAG.search(text, place, span.end)) is not None:
        start = opened.end()
        end = text.find(f"</{opened['tag']}>", start, span.end)
        closed = end >= 0
        end = end if closed else span.end
        inner = _INNER_TAG.match(text, start, end)
        start = inner.end() if inner else start
        if text.endswith("</code>", start, end):
            end -= len("</code>")
        if _STATEMENT.search(text, start, end):
            found = _Block("", start, end, closed)
        place = end
    return found


def _none(code: str, message: str, at: int, end: int, hint: str) -> ProgramText:
    return ProgramText("", findings=[Finding(code, message, at=at, end=end, hint=hint)])


def _fences(text: str, start: int, stop: int) -> Iterator[_Block]:
    """Every fenced block, by the rules of CommonMark 4.5."""
    opened: re.Match[str] | None = None
    bare = _STATEMENT.match(text[start:stop].lstrip("\ufeff \t\n")[:200]) is not None
    for mark in _FENCE.finditer(text, start, stop):
        deep = len(mark["indent"])
        if opened is None:
            # Deeper than that it is Python in a list, or stands in a text of a program that has no fence itself.
            if deep <= _DEEPEST or (not bare and _language(mark) in PYTHON):
                opened = mark
            continue
        same = mark["mark"][0] == opened["mark"][0] and len(mark["mark"]) >= len(opened["mark"])
        if not same or deep > len(opened["indent"]) + _DEEPEST:
            continue
        if not mark["info"].strip():
            yield _block(opened, mark.start(), stop, True)
            opened = None
        elif _language(mark):
            # A new block begins although the last one was not closed: that one is not whole.
            yield _block(opened, mark.start(), stop, False)
            opened = mark
    if opened is not None:
        yield _block(opened, stop, stop, False)


def _block(opened: re.Match[str], end: int, stop: int, closed: bool) -> _Block:
    start = min(opened.end() + 1, stop)
    return _Block(_language(opened), start, max(start, end), closed, len(opened["indent"]))


def _language(mark: re.Match[str]) -> str:
    words = mark["info"].strip().strip("{}.").split()
    return words[0].lower() if words else ""
