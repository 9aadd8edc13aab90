"""What is an attempt at a formulation, told by its keys: whole objects, wrappers around one, and broken text.

A solution (``{"bread": 10, "objective": 155}``), an empty map or a note is no attempt, nor is a mention of a section
(``{"variables": ...}``, a heading ``\\text{Constraints:}``). A part of a formulation is one, because who writes
``{"constraints": {...}}`` last has not left the formulation above as it was.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from .sections import holds_sections

Load: TypeAlias = Callable[[str], Any]
"""Reads a text that is JSON, strictly; gives None for anything else."""

SECTION_WORDS: Final = {
    "variables": "variables",
    "vars": "variables",
    "decision_variables": "variables",
    "objective": "objective",
    "objective_function": "objective",
    "constraints": "constraints",
    "subject_to": "constraints",
}
"""Keys by which the sections that every formulation has are recognized, also where they are spelled otherwise."""

MENTION: Final = re.compile("|".join(sorted(SECTION_WORDS, key=len, reverse=True)), re.IGNORECASE)
"""A quick test: a text without any of these words holds no attempt."""

_MOST_NODES: Final = 20_000

_SAID: Final = frozenset({"content", "text", "message", "output", "response", "answer", "completion", "generated_text"})
"""Keys of messages: their texts may hold a formulation among words, as an output does."""

_QUOTE: Final = r"\\*[\"'“”‘’`]?"
_WORDS: Final = "|".join(sorted(SECTION_WORDS, key=len, reverse=True))
# What a section begins with: a bracket, a text, or a comment in front of it. A heading goes on with words instead.
_OPENS: Final = r"(?:[{\[]|\\*[\"'“”‘’`«„]|/[/*]|#|\Z)"
# {}, [], ..., {...} and {"bread": ...}: a section that is spoken of, not written.
_DOTS: Final = r"(?:\.\.\.|…)"
_NAMED: Final = rf"(?:{_QUOTE}[^\"'“”‘’`{{}}\[\]:\n]{{1,60}}{_QUOTE}\s*+:\s*+)"
_NOTHING: Final = rf"(?:[{{\[]\s*+(?:[}}\]]|{_NAMED}?{_QUOTE}[{{\[]?\s*+{_DOTS})|{_QUOTE}\s*+{_DOTS})"
# Possessive white space: a long run of it is read once.
_BROKEN_KEY: Final = re.compile(
    rf"(?P<key>{_WORDS}){_QUOTE}\s*+(?:[:=]\s*+|(?=[{{\[]))(?={_OPENS})(?!{_NOTHING})(?=(?P<rest>.{{0,120}}))",
    re.IGNORECASE | re.DOTALL,
)
STRAY_KEY: Final = re.compile(
    rf"(?:[\"'“‘](?:{_WORDS})[\"'”’]?\s*+[:=]?|(?:{_WORDS})[\"'”’]\s*+[:=])\s*+(?=[{{\[])(?!{_NOTHING})[{{\[]",
    re.IGNORECASE,
)
"""A section's name written like a key before a bracket, wherever it stands: an object whose beginning is lost.

A key whose section is empty or left out with dots is only spoken of.
"""
_STARTED_KEY: Final = re.compile(rf"\{{\s*{_QUOTE}(?P<word>[A-Za-z_]*)(?P<rest>{_QUOTE}\s*:?\s*)")
_WRITTEN: Final = re.compile(rf"(?={_OPENS})(?!{_NOTHING})")
_FIRST_KEYS: Final = (*SECTION_WORDS, "sets", "parameters", "formulation")
_SOLUTION_REST: Final = re.compile(
    rf"(?:{_QUOTE}[-+]?[0-9]|\{{\s*{_QUOTE}[^\"'{{}}:]{{1,60}}{_QUOTE}\s*:\s*"
    rf"(?:\{{\s*{_QUOTE}value{_QUOTE}\s*:\s*)?(?:{_QUOTE}[-+]?[0-9]|null|true|false))",
    re.IGNORECASE,
)


def is_formulation(value: Any) -> bool:
    """Whether a JSON value is an attempt at a formulation by its keys.

    >>> is_formulation({"variables": {}, "objective": {"sense": "minimize"}})
    True
    >>> is_formulation({"variables": {"bread": 10}, "objective": 155}), is_formulation({"bread": 10})
    (False, False)
    """
    if not isinstance(value, Mapping):
        return False
    sections: dict[str, Any] = {}
    for key, entry in value.items():
        meant = SECTION_WORDS.get(str(key).strip().lower().replace(" ", "_"))
        if meant:
            sections[meant] = entry
    return holds_sections(sections)


def held_formulations(value: Any, load: Load) -> list[dict[str, Any]]:
    """The formulations that a JSON value wraps, outermost ones only, in the order of the text.

    Maps, lists and texts that are JSON themselves (the arguments of a tool call) are looked into, and what stands from
    the first brace to the last in the text of a message.
    """
    found: list[dict[str, Any]] = []
    for count, inner in enumerate(_inside(value, load)):
        if count > _MOST_NODES:
            break
        if is_formulation(inner):
            found.append(inner)
    return found


def _inside(value: Any, load: Load) -> Iterator[dict[str, Any]]:
    """Every map below a value in order, not entering those that are formulations."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str) and item.lstrip().startswith(("{", "[")) and MENTION.search(item):
            item = load(item.strip())
        if isinstance(item, dict):
            yield item
            if not is_formulation(item):
                todo.extend(_without_words(key, entry) for key, entry in reversed(item.items()))
        elif isinstance(item, list):
            todo.extend(reversed(item))


def _without_words(key: str, entry: Any) -> Any:
    """An entry, or the object that stands among the words of a message's text."""
    if not isinstance(entry, str) or str(key).lower() not in _SAID:
        return entry
    return entry[entry.find("{") : entry.rfind("}") + 1] if "{" in entry else entry


class Mentions:
    """Where a text writes the name of a section like a key, so that any part of it can be asked in no time."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._places: list[int] = []
        for found in _BROKEN_KEY.finditer(text, start):
            section = SECTION_WORDS[found["key"].lower()]
            if section == "constraints" or not _SOLUTION_REST.match(found["rest"]):
                self._places.append(found.start())
        self._stray = [found.start() for found in STRAY_KEY.finditer(text, start)]
        self._words = [found.start() for found in MENTION.finditer(text, start)]

    def words(self, start: int, end: int) -> bool:
        """Whether the part has one of the words at all; without one it holds no attempt."""
        return _any_between(self._words, start, end)

    def stray(self, start: int, end: int) -> int | None:
        """Where a section's key stands in a part of the text that belongs to no object, if one does."""
        at = bisect_left(self._stray, start)
        return self._stray[at] if at < len(self._stray) and self._stray[at] < end else None

    def broken_attempt(self, start: int, end: int, cut: bool) -> bool:
        """Whether the text of a broken (or, with ``cut``, unfinished) object was meant as a formulation.

        A cut object of which nothing or only the beginning of a section's name can be seen counts as one, and so does
        one that begins with the name of any part of a formulation (a cut number, ``-0.``, reads as broken).
        """
        if _any_between(self._places, start, end):
            return True
        begun = _STARTED_KEY.match(self._text, start, end)
        if begun is None:
            return False
        word = begun["word"].lower()
        if begun.end("word") == end:
            return cut and any(name.startswith(word) for name in _FIRST_KEYS)
        if word not in _FIRST_KEYS or not _WRITTEN.match(self._text, begun.end()):
            return False
        return not _SOLUTION_REST.match(self._text, begun.end(), end)


def _any_between(places: list[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end
