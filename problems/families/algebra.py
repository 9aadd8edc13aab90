"""Writing formulations: exact decimals, linear expressions, flat and indexed references."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from ...feasibility.language.formulation import (
    Constraint,
    Data,
    Domain,
    Formulation,
    Objective,
    Parameter,
    Sense,
    Values,
    Variable,
)
from ...feasibility.language.grammar.syntax import Member
from ...feasibility.rationals import Exact, Fraction, to_decimal
from .drawing import Drawing

Written: TypeAlias = str | tuple[str, str]
"""A constraint: its expression, or (``for``, expression)."""


def is_decimal(value: Exact) -> bool:
    """Has the number finitely many decimals?"""
    denominator = Fraction(value).denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def decimal(value: Exact) -> str:
    """The number as an exact decimal. Raises ValueError when it has none.

    >>> decimal(Fraction(5, 4)), decimal(12), decimal(Fraction(-1, 2))
    ('1.25', '12', '-0.5')
    """
    text = to_decimal(value)
    if text is None:
        raise ValueError(f"{value} has no finite decimal")
    return text


def linear(terms: Iterable[tuple[Exact, str]]) -> str:
    """``3*bread + 5*cake``; terms with coefficient zero are left out.

    >>> linear([(1, "x"), (-2, "y"), (Fraction(1, 2), "z")])
    'x - 2*y + 0.5*z'
    """
    text = ""
    for coefficient, name in terms:
        if coefficient == 0:
            continue
        size = -coefficient if coefficient < 0 else coefficient
        body = name if size == 1 else f"{decimal(size)}*{name}"
        if text:
            text += f" {'-' if coefficient < 0 else '+'} {body}"
        else:
            text = f"-{body}" if coefficient < 0 else body
    return text or "0"


def identifier(words: str) -> str:
    """A name that the language takes, from a noun: ``"oak table"`` gives ``oak_table``."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return name if name and not name[0].isdigit() else f"n{name}"


def flat(
    variables: Mapping[str, Domain | Variable],
    sense: Sense,
    objective: str,
    constraints: Mapping[str, Written],
) -> Formulation:
    """A formulation without sets; a bare domain gives a variable with lower bound 0."""
    return Formulation(
        {
            name: item if isinstance(item, Variable) else Variable(item, None if item == "binary" else 0)
            for name, item in variables.items()
        },
        Objective(sense, objective),
        _constraints(constraints),
    )


def indexed(
    drawing: Drawing,
    sets: Mapping[str, Sequence[Member]],
    parameters: Mapping[str, Parameter],
    variables: Mapping[str, Variable],
    sense: Sense,
    objective: str,
    constraints: Mapping[str, Written],
) -> tuple[Formulation, Data]:
    """An indexed formulation: sets and parameters inside it (medium), or as the problem's data (large)."""
    data = Data({name: tuple(members) for name, members in sets.items()}, dict(parameters))
    goal = Objective(sense, objective)
    rows = _constraints(constraints)
    if drawing.size == "large":
        return Formulation(dict(variables), goal, rows), data
    return Formulation(dict(variables), goal, rows, data.sets, data.parameters), Data()


def _constraints(constraints: Mapping[str, Written]) -> dict[str, Constraint]:
    return {
        name: Constraint(item) if isinstance(item, str) else Constraint(item[1], item[0])
        for name, item in constraints.items()
    }


def scalar(value: Exact) -> Parameter:
    """A parameter that is one number."""
    return Parameter(value)


def vector(index: str, members: Sequence[Member], values: Sequence[Exact]) -> Parameter:
    """A parameter over one set: a number for each member."""
    return Parameter({str(key): value for key, value in zip(members, values, strict=True)}, (index,))


def matrix(
    row_set: str, column_set: str, rows: Sequence[Member], columns: Sequence[Member], values: Sequence[Sequence[Exact]]
) -> Parameter:
    """A parameter over two sets: ``values[i][j]`` belongs to the i-th row member and the j-th column member."""
    nested: dict[str, Values] = {
        str(row): {str(column): value for column, value in zip(columns, line, strict=True)}
        for row, line in zip(rows, values, strict=True)
    }
    return Parameter(nested, (row_set, column_set))


def codes(letter: str, count: int) -> list[str]:
    """Names for the many members of a large set.

    >>> codes("p", 12)[::11]
    ['p01', 'p12']
    """
    width = len(str(count))
    return [f"{letter}{k:0{width}}" for k in range(1, count + 1)]
