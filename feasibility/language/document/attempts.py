"""What is an attempt at a formulation, told by its keys: whole objects, wrappers around one, and broken text.

A solution (``{"bread": 10, "objective": 155}``), an empty map or a note is no attempt. A part of a formulation is one,
because who writes ``{"constraints": {...}}`` last has not left the formulation above as it was.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from ...rationals import NUMBERS

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

_VARIABLE_KEYS: Final = frozenset({"domain", "type", "vartype", "lower", "upper", "lb", "ub", "index", "bounds"})
_OBJECTIVE_KEYS: Final = frozenset({"sense", "expression", "direction", "expr", "goal", "minimize", "maximize"})
_RELATION: Final = re.compile(r"<|>|=|≤|≥|\\leq?|\\geq?|&[lg]t;")
_NUMBER_TEXT: Final = re.compile(r"\s*[-+]?[0-9][0-9,._]*(?:[eE][-+]?[0-9]+)?\s*")
_MOST_NODES: Final = 20_000

_QUOTE: Final = r"\\*[\"'“”‘’`]?"
_WORDS: Final = "|".join(sorted(SECTION_WORDS, key=len, reverse=True))
_BROKEN_KEY: Final = re.compile(
    rf"(?P<key>{_WORDS}){_QUOTE}\s*(?:[:=]\s*|(?=[{{\[]))(?=(?P<rest>.{{0,80}}))",
    re.IGNORECASE | re.DOTALL,
)
STRAY_KEY: Final = re.compile(
    rf"(?:[\"'“‘](?:{_WORDS})[\"'”’]?\s*[:=]?|(?:{_WORDS})[\"'”’]\s*[:=])\s*[{{\[]",
    re.IGNORECASE,
)
"""A section's name written like a key before a bracket, wherever it stands: an object whose beginning is lost."""
_STARTED_KEY: Final = re.compile(rf"\{{\s*{_QUOTE}(?P<word>[A-Za-z_]*)(?P<rest>{_QUOTE}\s*:?\s*)")
_FIRST_KEYS: Final = (*SECTION_WORDS, "sets", "parameters", "formulation")
_SOLUTION_REST: Final = re.compile(
    rf"(?:{_QUOTE}[-+]?[0-9]|\{{\s*{_QUOTE}[^\"'{{}}:]{{1,60}}{_QUOTE}\s*:\s*(?:{_QUOTE}[-+]?[0-9]|null|true|false))",
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
    if not sections or ("objective" in sections and _is_numeric(sections["objective"])):
        return False
    if "variables" in sections and len(sections) < 3 and _is_assignment(sections["variables"]):
        return False
    return len(sections) > 1 or any(_FORMED[name](entry) for name, entry in sections.items())


def held_formulations(value: Any, load: Load) -> list[dict[str, Any]]:
    """The formulations that a JSON value wraps, outermost ones only, in the order of the text.

    Maps, lists and texts that are JSON themselves (the arguments of a tool call) are looked into.
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
                todo.extend(reversed(item.values()))
        elif isinstance(item, list):
            todo.extend(reversed(item))


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
        return word in _FIRST_KEYS and not _SOLUTION_REST.match(self._text, begun.end(), end)


def _any_between(places: list[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end


def _is_numeric(value: Any) -> bool:
    if isinstance(value, str):
        return _NUMBER_TEXT.fullmatch(value) is not None
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _is_assignment(value: Any) -> bool:
    """Values of variables, as a solution gives them."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, Mapping)]
        return bool(rows) and all("value" in row and not _VARIABLE_KEYS & set(row) for row in rows)
    if not isinstance(value, Mapping) or not value:
        return False
    return all(entry is None or isinstance(entry, bool) or _is_numeric(entry) for entry in value.values())


def _variables_formed(value: Any) -> bool:
    rows = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return any(isinstance(row, Mapping) and bool(_VARIABLE_KEYS & {str(key).lower() for key in row}) for row in rows)


def _objective_formed(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(_OBJECTIVE_KEYS & {str(key).lower() for key in value})


def _constraints_formed(value: Any) -> bool:
    rows = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return any(
        (isinstance(row, str) and _RELATION.search(row) is not None)
        or (isinstance(row, Mapping) and "expression" in row)
        for row in rows
    )


_FORMED: Final = {
    "variables": _variables_formed,
    "objective": _objective_formed,
    "constraints": _constraints_formed,
}
