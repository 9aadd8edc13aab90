"""Columns numbered from another number on: ``make_0, make_1, make_2`` here and ``make_1, make_2, make_3`` there.

Whoever counts from zero means by ``make_1`` another column than whoever counts from one. So equal names of a *family*
(names that differ in their numbers alone) are one column only where both sides number the family alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from .correspondence import Words, words
from .program import Column, Program

_Numbers: TypeAlias = tuple[int, ...]
_Family: TypeAlias = Mapping[_Numbers, int]
"""{numbers of a name: its column}."""


def numberings(a: Program, b: Program, binds: Callable[[str], bool] = lambda name: True) -> list[Program]:
    """A with the numbers that B has for the same columns: the ways to read them, as they stand first.

    One way, unless some families that both have are moved by one amount each and others are numbered alike: a stock at
    the end of a period here may be one at the beginning of the next there, or what it is called. ``binds`` says of a
    name whether it says what it stands for: families of others show nothing of how a side counts. A family that the
    other side writes with its two indices exchanged, in another shape, is read so.
    """
    ours, theirs = _families(a.columns), _families(b.columns)
    for family in ours.keys() & theirs.keys():
        if len(ours[family]) != len(theirs[family]):  # what is given, such as the first stock, may be a column there
            ours[family], theirs[family] = _open(a, ours[family]), _open(b, theirs[family])
    common = [family for family in ours if family in theirs and len(ours[family]) == len(theirs[family]) > 1]
    names: dict[int, str] = {}
    alike = moved = False
    for family in common:
        if ours[family].keys() == theirs[family].keys():
            alike = alike or any(binds(a.columns[j].name) for j in ours[family].values())
            continue
        order = _by_one_step(ours[family], theirs[family])
        moved = moved or order is not None
        order = order or _exchanged(ours[family], theirs[family])
        names |= {j: b.columns[k].name for j, k in order or []}
    if not names:
        return [a]
    columns = [replace(c, name=names[j]) if j in names else c for j, c in enumerate(a.columns)]
    if len({c.name for c in columns}) < len(columns):  # a number is taken: what is given has it
        columns = [replace(c, name=f"{c.name} given") if _taken(j, c, names) else c for j, c in enumerate(columns)]
    read = Program(columns, a.rows, a.sense, a.objective)
    return [a, read] if alike and moved else [read]


def _taken(j: int, column: Column, names: Mapping[int, str]) -> bool:
    return j not in names and column.name in names.values()


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


def _by_one_step(ours: _Family, theirs: _Family) -> list[tuple[int, int]] | None:
    """The pairs where every number of the one is the other's moved by one amount for its place, none backwards."""
    mine, yours = sorted(ours), sorted(theirs)
    steps = {tuple(y - x for x, y in zip(m, n, strict=True)) for m, n in zip(mine, yours, strict=True)}
    if len(steps) != 1 or min(step := steps.pop()) < 0 < max(step):
        return None
    return [(ours[m], theirs[n]) for m, n in zip(mine, yours, strict=True)]


def _exchanged(ours: _Family, theirs: _Family) -> list[tuple[int, int]] | None:
    """The pairs where the other side has the two numbers the other way round."""
    if any(len(numbers) != 2 for numbers in ours) or {(j, i) for i, j in ours} != theirs.keys():
        return None
    return [(column, theirs[j, i]) for (i, j), column in ours.items()]
