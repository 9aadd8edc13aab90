"""Columns numbered from another number on: ``make_0, make_1, make_2`` here and ``make_1, make_2, make_3`` there.

Whoever counts from zero means by ``make_1`` another column than whoever counts from one. So equal names of a *family*
(names that differ in their numbers alone) are one column only where both sides number the family alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from .correspondence import Words, words
from .program import Column, Program

_DIGITS = re.compile(r"\d+")
_Numbers: TypeAlias = tuple[int, ...]
_Family: TypeAlias = Mapping[_Numbers, int]
"""{numbers of a name: its column}."""


def renumbered(a: Program, b: Program) -> tuple[Program, Program]:
    """Both programs, with the columns of a family that they number in two ways under names that say what is known.

    Where all families that both have are moved, each by one amount (counted from zero here, from one there), A's get
    the numbers of B's. Otherwise (a stock at the end of a period here, at its beginning there) nothing says which is
    which: those of both get generic names, in order, that bind nothing.
    """
    ours, theirs = _families(a.columns), _families(b.columns)
    for family in ours.keys() & theirs.keys():
        if len(ours[family]) != len(theirs[family]):  # what is given, such as the first stock, may be a column there
            ours[family], theirs[family] = _open(a, ours[family]), _open(b, theirs[family])
    common = [family for family in ours if family in theirs and len(ours[family]) == len(theirs[family]) > 1]
    moved = [family for family in common if ours[family].keys() != theirs[family].keys()]
    if not moved:
        return a, b
    if len(moved) == len(common) and all(_one_step(ours[family], theirs[family]) for family in moved):
        names = {j: theirs_name for family in moved for j, theirs_name in _as_theirs(ours, theirs, family, b)}
        return _renamed(a, names), b
    first: dict[int, str] = {}
    second: dict[int, str] = {}
    for number, family in enumerate(moved):
        for place, (mine, yours) in enumerate(zip(_ordered(ours[family]), _ordered(theirs[family]), strict=True)):
            first[mine] = second[yours] = f"x_{number}_{place}"
    return _renamed(a, first), _renamed(b, second)


def _families(columns: Sequence[Column]) -> dict[Words, _Family]:
    """The families by their words with ``#`` for each number; none where two names or a sign are alike."""
    found: dict[Words, dict[_Numbers, int]] = {}
    double = set()
    for j, column in enumerate(columns):
        said = words(column.name)
        numbers = tuple(int(word) for word in said if word.isdecimal())
        if not numbers:
            continue
        family = tuple("#" if word.isdecimal() else word for word in said)
        members = found.setdefault(family, {})
        if numbers in members or any(isinstance(member, int) and member < 0 for member in column.members):
            double.add(family)
        members[numbers] = j
    return {family: members for family, members in found.items() if family not in double}


def _open(program: Program, family: _Family) -> _Family:
    """The members that no bounds and no row of one column fix."""
    fixed = {next(iter(r.linear)) for r in program.rows if len(r.linear) == 1 and r.lower == r.upper is not None}
    fixed |= {j for j, c in enumerate(program.columns) if c.lower is not None and c.lower == c.upper}
    return {numbers: j for numbers, j in family.items() if j not in fixed}


def _ordered(family: _Family) -> list[int]:
    return [family[numbers] for numbers in sorted(family)]


def _one_step(ours: _Family, theirs: _Family) -> bool:
    """Whether every number of the one is that of the other moved by one amount for its place."""
    steps = {tuple(y - x for x, y in zip(m, n, strict=True)) for m, n in zip(sorted(ours), sorted(theirs), strict=True)}
    return len(steps) == 1


def _as_theirs(
    ours: Mapping[Words, _Family], theirs: Mapping[Words, _Family], family: Words, b: Program
) -> list[tuple[int, str]]:
    pairs = zip(_ordered(ours[family]), _ordered(theirs[family]), strict=True)
    return [(mine, b.columns[yours].name) for mine, yours in pairs]


def _renamed(program: Program, names: Mapping[int, str]) -> Program:
    columns = [replace(c, name=names[j]) if j in names else c for j, c in enumerate(program.columns)]
    return Program(columns, program.rows, program.sense, program.objective)
