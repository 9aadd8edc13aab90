"""The last program of an answer, under the same rule as the last formulation: for tasks that are answered in code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from ...finish import LENGTH, NOT_ANSWERED, finish_of, whole_length
from ...verdict import Finding
from .thinking import answer_span

PYTHON: Final = frozenset({"python", "py", "python3", "py3", "ipython", "pycon"})
"""What Python fences are called."""

_FENCE: Final = re.compile(r"^[ ]{0,3}(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$", re.MULTILINE)
_STATEMENT: Final = re.compile(
    r"^(?:(?:import|from)[ \t]+\w|(?:def|class|for|while|if|with|try|print|@)\b"
    r"|[A-Za-z_][\w.]*(?:\[[^\]\n]*\])?[ \t]*[-+*/]?=[^=])",
    re.MULTILINE,
)

_CELLS: Final = re.compile(r'"cells"\s*:\s*\[')
"""A notebook's JSON: it is taken as the program, and refused by its name when it is read as Python."""


@dataclass(frozen=True, slots=True)
class ProgramText:
    """The program of an answer and where it stands; with ``findings`` there is none, and they say why."""

    text: str
    start: int = 0
    end: int = 0
    findings: list[Finding] = field(default_factory=list)


def last_program(text: str, languages: Collection[str] = PYTHON) -> ProgramText:
    """The last fenced program after the thinking; a text without fences that is a program is one as a whole.

    A fence counts when its language is one of ``languages``, or when it names none and holds a statement. When the
    last one is not closed the answer is cut (``truncated``), and no earlier program is credited.

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
    found: tuple[int, int, bool] | None = None
    fenced = False
    for language, start, end, closed in _fences(text, span.start, span.end):
        fenced = True
        if language in languages or (not language and _STATEMENT.search(text, start, end)):
            found = (start, end, closed)
    if found is None and not fenced:
        bare = text[span.start : span.end].strip()
        if _STATEMENT.match(bare) or (bare.startswith("{") and _CELLS.search(bare)):
            found = (span.start, span.end, True)
    if found is None:
        if not text[span.start : span.end].strip():
            code = "unfinished" if span.thought else "empty-output"
            return _none(code, "no answer followed the thinking" if span.thought else "the text is empty", 0, 0, "")
        return _none("no-program", "the text holds no program", span.start, span.end, "answer with one fenced program")
    start, end, closed = found
    if not closed:
        return _none("truncated", "the text ends inside the program", start, end, "allow more tokens")
    if finish == LENGTH:
        message = "the token limit cut the answer behind the program; how it would have ended is not known"
        return _none("unfinished", message, end, len(text), "allow more tokens")
    return ProgramText(text[start:end], start, end)


def _none(code: str, message: str, at: int, end: int, hint: str) -> ProgramText:
    return ProgramText("", findings=[Finding(code, message, at=at, end=end, hint=hint)])


def _fences(text: str, start: int, stop: int) -> Iterator[tuple[str, int, int, bool]]:
    """Every fenced block as (language, start, end, closed), by the rules of CommonMark 4.5."""
    opened: re.Match[str] | None = None
    for mark in _FENCE.finditer(text, start, stop):
        if opened is None:
            opened = mark
            continue
        same = mark["mark"][0] == opened["mark"][0] and len(mark["mark"]) >= len(opened["mark"])
        if same and not mark["info"].strip():
            yield _language(opened), _after(opened, stop), mark.start(), True
            opened = None
        elif same and _language(mark):
            # A new block begins although the last one was not closed: that one is not whole.
            yield _language(opened), _after(opened, stop), mark.start(), False
            opened = mark
    if opened is not None:
        yield _language(opened), _after(opened, stop), stop, False


def _language(mark: re.Match[str]) -> str:
    words = mark["info"].strip().strip("{}.").split()
    return words[0].lower() if words else ""


def _after(mark: re.Match[str], stop: int) -> int:
    return min(mark.end() + 1, stop)
