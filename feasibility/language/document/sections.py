"""Whether the sections of an object are a formulation's or those of a solution, a check or a note about one.

What the language asks of a section is the schema's matter: a formulation may be wrong and is an attempt all the same.
A solution has values where a formulation has domains and expressions, a check relates numbers, a note has words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from ...rationals import NUMBERS
from .words import SENTENCE

_VARIABLE_KEYS: Final = frozenset({"domain", "type", "vartype", "lower", "upper", "lb", "ub", "index", "bounds"})
_KIND_KEYS: Final = frozenset({"domain", "type", "vartype"})
_OBJECTIVE_KEYS: Final = frozenset({"sense", "expression", "direction", "expr", "goal", "minimize", "maximize"})
_EXPRESSION_KEYS: Final = frozenset({"expression", "expr", "formula"})
_VALUE_KEYS: Final = frozenset({"value", "optimal_value", "objective_value", "optimum"})
_CHECK_KEYS: Final = frozenset({"value", "satisfied", "slack", "holds", "status", "violated", "violation"})
_RELATION: Final = re.compile(r"(?:<|>|=|≤|≥|\\[lg]eq?(?:slant)?(?![A-Za-z])|&[lg][te];)+")
_NUMBER_TEXT: Final = re.compile(r"\s*[-+]?[0-9][0-9,._]*(?:[eE][-+]?[0-9]+)?\s*")
_SPACE: Final = " \t"
_SIGNS: Final = "+-−*/×·⋅^"
_NUMBERS: Final = f"0123456789.,$(){_SIGNS}{_SPACE}"
_DIGIT: Final = re.compile("[0-9]")
_ASIDE: Final = re.compile(r"[0-9][ \t]+\(\Z")
_TERM: Final = re.compile(r"[\[\\_]|\w+[ \t]*[-−+*/×·⋅^\[]")
"""``bread + cake`` behind a number is what it multiplies; ``minutes`` is its unit."""


def holds_sections(sections: Mapping[str, Any]) -> bool:
    """Whether ``variables``, ``objective`` and ``constraints``, those of them that an object has, are a formulation's.

    One that has a formulation's form is enough, and so are all three, or an objective beside another, where they could
    be wrong ones.

    >>> holds_sections({"variables": 2, "constraints": 2}), holds_sections({"constraints": {"oven": "120 <= 120"}})
    (False, False)
    >>> holds_sections({"constraints": {"oven": "2*x <= 120"}})
    True
    """
    formed = {name for name, entry in sections.items() if _FORMED[name](entry)}
    objective, variables = sections.get("objective"), sections.get("variables")
    if _is_numeric(objective):
        return False
    if _has_value(objective) and not {"variables", "constraints"} <= formed:
        return False
    if _is_assignment(variables):
        return len(sections) == 3 and bool(formed - {"variables"})
    if formed:
        return True
    if len(sections) == 3:
        return isinstance(variables, Mapping | list) and isinstance(sections["constraints"], Mapping | list)
    if isinstance(objective, str):
        return len(sections) > 1 and (isinstance(variables, Mapping) or _is_formula(objective))
    return len(sections) > 1 and isinstance(objective, Mapping)


def _is_numeric(value: Any) -> bool:
    if isinstance(value, str):
        return _NUMBER_TEXT.fullmatch(value) is not None
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _has_value(objective: Any) -> bool:
    """An objective that says what it attained."""
    return isinstance(objective, Mapping) and any(_is_numeric(objective.get(key)) for key in _VALUE_KEYS)


def _is_assignment(value: Any) -> bool:
    """Values of variables, as a solution gives them: numbers, or rows that say a value and no bounds."""
    rows = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    maps = [row for row in rows if isinstance(row, Mapping)]
    if maps:
        return (isinstance(value, list) or len(maps) == len(rows)) and all(map(_is_assigned, maps))
    if not isinstance(value, Mapping) or not value:
        return False
    return all(entry is None or isinstance(entry, bool) or _is_numeric(entry) for entry in rows)


def _is_assigned(row: Mapping[str, Any]) -> bool:
    said = _VARIABLE_KEYS & {str(key).lower() for key in row}
    return "value" in row and (not said or (said <= _KIND_KEYS and _is_numeric(row["value"])))


def _is_formula(objective: Any) -> bool:
    """``maximize 3*bread``, not ``maximize profit``."""
    said = SENTENCE.match(objective) if isinstance(objective, str) else None
    return said is not None and any(sign in objective for sign in "+*") and "=" not in objective


def _variables_formed(value: Any) -> bool:
    rows = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return any(isinstance(row, Mapping) and bool(_VARIABLE_KEYS & {str(key).lower() for key in row}) for row in rows)


def _objective_formed(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(_OBJECTIVE_KEYS & {str(key).lower() for key in value})


def _constraints_formed(value: Any) -> bool:
    rows = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return any(_constraint_formed(row) for row in rows)


def _constraint_formed(row: Any) -> bool:
    if isinstance(row, str):
        return _RELATION.search(row) is not None and not _is_check(row)
    if not isinstance(row, Mapping):
        return False
    keys = {str(key).lower() for key in row}
    return bool(_EXPRESSION_KEYS & keys) and not _CHECK_KEYS & keys


def _is_check(text: str) -> bool:
    """Whether every relation of a text stands between numbers: ``2*60 = 120 <= 120 (satisfied)``. Linear time."""
    sides = _RELATION.split(text)
    return all(_ends_in_numbers(left) and _begins_with_numbers(right) for left, right in pairwise(sides))


def _ends_in_numbers(side: str) -> bool:
    before = side.rstrip(_NUMBERS)
    numbers = side[len(before) :]
    if not _DIGIT.search(numbers):
        return False
    # In 'x1' and 'x - 3' they are a part of something, in 'oven: 120' and 'it uses 120' they stand alone.
    part = numbers[0] not in _SPACE or numbers.lstrip()[0] in _SIGNS
    return not (part and before and (before[-1].isalnum() or before[-1] in "])}_'\""))


def _begins_with_numbers(side: str) -> bool:
    after = side.lstrip(_NUMBERS)
    numbers = side[: len(side) - len(after)]
    if not _DIGIT.search(numbers):
        return False
    sum_ = numbers.rstrip()
    if not after or _ASIDE.search(sum_[-20:]):
        return True
    touching = numbers[-1] not in _SPACE and (after[0].isalpha() or after[0] in "_\\")
    return not (touching or sum_[-1] in f"({_SIGNS}" or _TERM.match(after))


_FORMED: Final = {
    "variables": _variables_formed,
    "objective": _objective_formed,
    "constraints": _constraints_formed,
}
