"""Sample inputs (named scalars, lists and tables) as sets and parameters of the formulation language.

The layouts that need this give plain lists without saying over what they run. The rule, in order, for each dimension
of a list of length n: the set that the set's own documentation names; the only set with n members; else the numbered
set ``range_n`` with members 1 to n. The notes say which rule decided: a wrong guess is a wrong question.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...feasibility.language.formulation import Data, Parameter, Values, exact_number
from ...feasibility.language.grammar.syntax import Member
from .names import identifier

MAX_ENTRIES = 200_000
"""Numbers of one input that are bound."""


@dataclass(slots=True)
class BoundData:
    """``data`` and how it came about: ``notes`` name each dimension's rule, ``unbound`` what was left out, and why."""

    data: Data
    notes: dict[str, list[str]] = field(default_factory=dict)
    unbound: dict[str, str] = field(default_factory=dict)

    def shape(self) -> str:
        """A sentence with the names of all sets and parameters, for the problem's text."""
        sets = ", ".join(f"{name} ({len(members)} members)" for name, members in self.data.sets.items())
        parameters = ", ".join(
            f"{name}[{','.join(item.index)}]" if item.index else name for name, item in self.data.parameters.items()
        )
        parts = [f"sets {sets}" if sets else "", f"parameters {parameters}" if parameters else ""]
        return "; ".join(part for part in parts if part)


def bind(inputs: Mapping[str, Any], hints: Mapping[str, Sequence[str]] | None = None) -> BoundData:
    """Sets and parameters for the inputs. ``hints`` names the sets of a parameter's dimensions where that is known.

    >>> bound = bind({"food_set": ["apple", "pear"], "cost": [2.5, 1], "budget": 10})
    >>> bound.shape()
    'sets food_set (2 members); parameters cost[food_set], budget'
    """
    sets: dict[str, tuple[Member, ...]] = {}
    names: dict[str, str] = {}
    for name, value in inputs.items():
        if _is_set(name, value):
            names[name] = _fresh(identifier_keeping_case(name), names.values())
            sets[names[name]] = tuple(value)
    parameters: dict[str, Parameter] = {}
    bound = BoundData(Data(sets, parameters))
    for name, value in inputs.items():
        if name in names:
            continue
        shape = _shape(value)
        if shape is None:
            bound.unbound[name] = "neither a number nor a table of numbers with rows of one length"
            continue
        if math.prod(shape) > MAX_ENTRIES:
            bound.unbound[name] = f"{math.prod(shape):,} numbers; at most {MAX_ENTRIES:,} are bound"
            continue
        names[name] = _fresh(identifier_keeping_case(name), [*names.values(), *sets])
        index, notes = _index(shape, [names.get(hint, hint) for hint in (hints or {}).get(name, ())], sets)
        parameters[names[name]] = Parameter(_values(value, [sets[each] for each in index]), tuple(index))
        if notes:
            bound.notes[names[name]] = notes
    return bound


def identifier_keeping_case(name: str) -> str:
    """The name itself when the language takes it, else folded to one it takes."""
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,59}", name) else identifier(name)


def _fresh(name: str, taken: Any) -> str:
    base, count = name, 1
    while name in set(taken):
        count += 1
        name = f"{base}_{count}"
    return name


def _is_set(name: str, value: Any) -> bool:
    """Distinct strings are a set; distinct whole numbers are one when the name says so."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return False
    if all(isinstance(item, str) and item for item in value):
        return len(set(value)) == len(value)
    whole = all(isinstance(item, int) and not isinstance(item, bool) for item in value)
    return whole and len(set(value)) == len(value) and "set" in name.casefold()


def _shape(value: Any) -> tuple[int, ...] | None:
    """Lengths of the nested lists, () for a number, None when it is not a full table of numbers."""
    if isinstance(value, bool | int):
        return ()
    if isinstance(value, float):
        return () if math.isfinite(value) else None
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return None
    inner = {_shape(item) for item in value}
    if len(inner) != 1:
        return None
    below = inner.pop()
    return None if below is None else (len(value), *below)


def _index(
    shape: tuple[int, ...], hints: Sequence[str], sets: dict[str, tuple[Member, ...]]
) -> tuple[list[str], list[str]]:
    index, notes = [], []
    for place, length in enumerate(shape):
        fitting = [name for name, members in sets.items() if len(members) == length and not name.startswith("range_")]
        hint = hints[place] if len(hints) == len(shape) else None
        if hint in fitting:
            index.append(hint)
            notes.append("documented")
        elif len(fitting) == 1:
            index.append(fitting[0])
            notes.append("only set of this length")
        else:
            name = f"range_{length}"
            sets.setdefault(name, tuple(range(1, length + 1)))
            index.append(name)
            notes.append("several sets of this length" if fitting else "no set of this length")
    return index, notes


def _values(value: Any, sets: Sequence[tuple[Member, ...]]) -> Values:
    if not sets:
        return exact_number(int(value) if isinstance(value, bool) else value)
    return {str(member): _values(item, sets[1:]) for member, item in zip(sets[0], value, strict=True)}
