"""From the recorded model to a formulation: exact numbers, the program's own names, its indexed variables.

Names, in this order: the family and key of an indexed variable (``x[i,j]``); the name that the program gave
(``name="bread"``); the name under which it keeps the variable. A list or map of variables whose given names are a stem
and the key (``x_1``, ``x_2``) is a family too. A family becomes an indexed variable when it has every combination of
its members and one domain and one pair of bounds; otherwise each of its variables stands for itself (``x_a_1``), which
the comparison of formulations reads as the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..convert.common import NameTable
from ..convert.flat import expression_text, fits_language, relation_text
from ..language.formulation import Constraint, Formulation, Objective, Variable
from ..language.grammar.syntax import Member
from ..programs.correspondence import words
from ..rationals import Exact
from .recorded import RecordedColumn, RecordedKey, RecordedModel

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def to_formulation(model: RecordedModel) -> Formulation:
    """The recorded model as a formulation of our language; equal programs, column by column and row by row."""
    naming = _Naming(model.columns)
    texts = naming.texts
    objective = Objective("feasibility")
    if model.sense != "feasibility":
        objective = Objective(model.sense, expression_text(model.objective, texts))
    constraints: dict[str, Constraint] = {}
    for place, row in enumerate(model.rows):
        name = _unused(_CONTROL.sub(" ", row.name)[:90].strip() or f"row_{place + 1}", constraints)
        constraints[name] = Constraint(relation_text(row.body, row.lower, row.upper, texts, row.name))
    return Formulation(naming.variables, objective, constraints, naming.sets)


@dataclass(slots=True)
class _Family:
    """Columns that belong together, by key."""

    name: str
    members: dict[RecordedKey, int] = field(default_factory=dict)


class _Naming:
    """Each column's text in an expression, and the declarations."""

    def __init__(self, columns: Sequence[RecordedColumn]) -> None:
        self.columns = columns
        self.texts: list[str] = [""] * len(columns)
        self.variables: dict[str, Variable] = {}
        self.sets: dict[str, tuple[Member, ...]] = {}
        self._set_of: dict[tuple[Member, ...], str] = {}
        places = _places(columns)
        families = {name: family for name, family in _families(places).items() if self._is_whole(family)}
        indexed = {j: family for family in families.values() for j in family.members.values()}
        single = [j for j in range(len(columns)) if j not in indexed]
        flat = {j: _flat(places[j], j) for j in single}
        wanted = [*families, *(flat[j] for j in single)]
        names = NameTable.of(wanted, fits_language).safe
        renamed = dict(zip(families, names, strict=False))
        of_single = dict(zip(single, names[len(families) :], strict=True))
        taken = {name.lower() for name in names}
        for j, column in enumerate(columns):
            if j in of_single:
                self.texts[j] = of_single[j]
                self.variables[of_single[j]] = Variable(column.domain, *_bounds(column))
            elif renamed[indexed[j].name] not in self.variables:
                self._declare(renamed[indexed[j].name], indexed[j], taken)

    def _is_whole(self, family: _Family) -> bool:
        """Every combination of its members is there, and all are declared alike."""
        keys = list(family.members)
        if len({len(key) for key in keys}) != 1:
            return False
        size = 1
        for axis in _axes(keys):
            texts = {str(member) for member in axis}
            if len(texts) != len(axis) or not all(_is_member(member) for member in axis):
                return False
            size *= len(axis)
        alike = {(c.domain, c.lower, c.upper) for c in (self.columns[j] for j in family.members.values())}
        return size == len(keys) and len(alike) == 1

    def _declare(self, name: str, family: _Family, taken: set[str]) -> None:
        index = tuple(self._set(axis, taken) for axis in _axes(family.members))
        some = self.columns[next(iter(family.members.values()))]
        self.variables[name] = Variable(some.domain, *_bounds(some), index)
        for key, j in family.members.items():
            self.texts[j] = f"{name}[{','.join(_member(member) for member in key)}]"

    def _set(self, members: tuple[Member, ...], taken: set[str]) -> str:
        if members not in self._set_of:
            number = len(self._set_of) + 1
            while f"s{number}" in taken:
                number += 1
            taken.add(f"s{number}")
            self._set_of[members] = f"S{number}"
            self.sets[f"S{number}"] = members
        return self._set_of[members]


def _places(columns: Sequence[RecordedColumn]) -> list[tuple[str, RecordedKey | None]]:
    """Name and key of each column, before they are made unique."""
    places: list[tuple[str, RecordedKey | None]] = []
    containers: dict[str, list[int]] = {}
    for j, column in enumerate(columns):
        if column.key is not None and column.family:
            places.append((column.family, column.key))
        elif column.kept_at is not None:
            containers.setdefault(column.kept, []).append(j)
            places.append((column.kept, column.kept_at))
        else:
            places.append((column.given or column.kept or f"x{j + 1}", None))
    for kept, numbers in containers.items():
        given = [columns[j].given for j in numbers]
        if not all(given):
            continue
        stem = _stem([columns[j] for j in numbers])
        for j in numbers:
            places[j] = (stem or kept, columns[j].kept_at) if stem is not None else (columns[j].given, None)
    return places


def _stem(columns: Sequence[RecordedColumn]) -> str | None:
    """What given names have in front of the key that the program keeps them at; None when they are names of their own.

    ``x_1`` kept at 1 has the stem x, and so has ``x[1]``; ``bread`` kept at ``bread`` is a name of its own.
    """
    stems = set()
    for column in columns:
        ours = words(column.given)
        tail = tuple(word for part in column.kept_at or () for word in words(str(part)))
        if not tail or len(ours) <= len(tail) or ours[len(ours) - len(tail) :] != tail:
            return None
        stems.add("_".join(ours[: len(ours) - len(tail)]))
    return stems.pop() if len(stems) == 1 else None


def _families(places: Iterable[tuple[str, RecordedKey | None]]) -> dict[str, _Family]:
    """Families by name; a key that comes twice makes it none."""
    families: dict[str, _Family] = {}
    broken: set[str] = set()
    for j, (name, key) in enumerate(places):
        if key is None:
            broken.add(name)
            continue
        family = families.setdefault(name, _Family(name))
        if key in family.members:
            broken.add(name)
        family.members[key] = j
    return {name: family for name, family in families.items() if name not in broken}


def _axes(keys: Iterable[RecordedKey]) -> list[tuple[Member, ...]]:
    return [tuple(dict.fromkeys(axis)) for axis in zip(*keys, strict=True)]


def _flat(place: tuple[str, RecordedKey | None], number: int) -> str:
    name, key = place
    return "_".join((name, *map(str, key))) if key is not None else name


def _is_member(member: Member) -> bool:
    if isinstance(member, int):
        return member >= 0
    return 0 < len(member) <= 100 and not _CONTROL.search(member) and not ("'" in member and '"' in member)


def _member(member: Member) -> str:
    """A member in an index: whole numbers and plain words as they are, other texts in quotes."""
    if isinstance(member, int):
        return str(member)
    return f"'{member}'" if '"' in member else f'"{member}"'


def _bounds(column: RecordedColumn) -> tuple[Exact | None, Exact | None]:
    """The bounds to write: a binary's own 0 and 1 go without saying."""
    if column.domain != "binary":
        return column.lower, column.upper
    return (None if column.lower == 0 else column.lower), (None if column.upper == 1 else column.upper)


def _unused(name: str, taken: Mapping[str, object]) -> str:
    new, number = name, 1
    while new in taken:
        number += 1
        new = f"{name} ({number})"
    return new
