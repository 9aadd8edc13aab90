"""From a program back to a formulation: every column a variable of its own, every row a constraint."""

from __future__ import annotations

import json
import re
from typing import Any

from ..language.formulation import Constraint, Formulation, Objective, Variable
from ..language.grammar.tokens import RESERVED
from ..policy import Policy
from ..programs.program import Column, Program, Quadratic
from ..rationals import Exact, simplify
from .common import NameTable, Notes, Unsupported, decimal_text

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAME_LENGTH = 64


def to_formulation(program: Program, notes: Notes | None = None) -> Formulation:
    """A flat formulation that builds to this program again, column by column and row by row, with exact numbers.

    A name that is not an identifier is changed (``make[bread,1]`` to ``make_bread_1``), with a note. Rows keep their
    names. Raises Unsupported for what the language cannot say: a row with no side.

    >>> from pyrite.feasibility.programs.program import Column, Row
    >>> x = Column("x", "integer", 0, None, "x")
    >>> cap = Row("cap", Quadratic({0: 2}), None, 7, "cap")
    >>> flat = to_formulation(Program([x], [cap], "maximize", Quadratic({0: 3})))
    >>> flat.objective.expression, flat.constraints["cap"].expression
    ('3*x', '2*x <= 7')
    """
    names = NameTable.of((column.name for column in program.columns), fits_language)
    if names.changed and notes is not None:
        new, old = next(iter(names.changed.items()))
        notes.add(f"{len(names.changed)} names are not identifiers and are changed, such as {old} to {new}")
    variables = {
        name: Variable(column.domain, *_bounds(column))
        for name, column in zip(names.safe, program.columns, strict=True)
    }
    if program.sense == "feasibility":
        objective = Objective("feasibility")
    else:
        objective = Objective(program.sense, expression_text(program.objective, names.safe))
    constraints: dict[str, Constraint] = {}
    for row in program.rows:
        start = re.sub(r"[\x00-\x1f\x7f]", " ", row.name)[:90] or "row"
        name, number = start, 1
        while name in constraints:
            number += 1
            name = f"{start} ({number})"
        if name != row.name and notes is not None:
            notes.add(f"the row name {row.name[:40]!r} is changed to {name!r}")
        constraints[name] = Constraint(relation_text(row.body, row.lower, row.upper, names.safe, row.name))
    return Formulation(variables, objective, constraints)


def _bounds(column: Column) -> tuple[Exact | None, Exact | None]:
    """The bounds to write: a binary's own 0 and 1 go without saying."""
    if column.domain != "binary":
        return column.lower, column.upper
    return (None if column.lower == 0 else column.lower), (None if column.upper == 1 else column.upper)


def fits_language(name: str) -> bool:
    return _IDENTIFIER.match(name) is not None and len(name) <= _NAME_LENGTH and name not in RESERVED


def expression_text(body: Quadratic, names: list[str]) -> str:
    """The terms in the language, with exact coefficients: ``3*x - 1/3*x*y + 5``. No terms are ``0``."""
    parts: list[str] = []

    def add(coefficient: Exact, factors: str) -> None:
        sign = "-" if coefficient < 0 else "+"
        size = -coefficient if coefficient < 0 else coefficient
        text = factors if size == 1 and factors else "*".join(filter(None, (_exact_text(size), factors)))
        if not parts:
            parts.append(text if sign == "+" else f"-{text}")
        else:
            parts.append(f"{sign} {text}")

    for j, coefficient in body.linear.items():
        add(coefficient, names[j])
    for (j, k), coefficient in body.quadratic.items():
        add(coefficient, f"{names[j]}**2" if j == k else f"{names[j]}*{names[k]}")
    if body.constant != 0:
        add(body.constant, "")
    return " ".join(parts) or "0"


def _exact_text(value: Exact) -> str:
    text, exact = decimal_text(value)
    if exact:
        return text
    value = simplify(value)
    return str(value)  # numerator/denominator: the language divides exactly


def relation_text(body: Quadratic, lower: Exact | None, upper: Exact | None, names: list[str], row: str) -> str:
    left = expression_text(body, names)
    if lower is None and upper is None:
        raise Unsupported("program", ["`free row` (a row with no side)"], row)
    if lower is None:
        return f"{left} <= {_signed(upper)}"
    if upper is None:
        return f"{left} >= {_signed(lower)}"
    if lower == upper:
        return f"{left} == {_signed(lower)}"
    return f"{_signed(lower)} <= {left} <= {_signed(upper)}"


def _signed(value: Exact | None) -> str:
    assert value is not None
    return f"-{_exact_text(-value)}" if value < 0 else _exact_text(value)


def formulation_text(formulation: Formulation, notes: Notes) -> str:
    """The formulation's JSON, indented, with bounds as exact decimals."""
    document: dict[str, Any] = formulation.to_dict()
    texts = [formulation.objective.expression or "", *(item.expression for item in formulation.constraints.values())]
    limit = Policy().max_expression_chars
    if max(map(len, texts)) > limit:
        notes.add(
            f"an expression is longer than {limit:,} characters: `check` takes it, as a reference it is read; "
            "an answer needs "
            f"--set max_expression_chars={max(map(len, texts))}"
        )
    marks: dict[str, str] = {}
    for name, variable in formulation.variables.items():
        for side in ("lower", "upper"):
            bound: Exact | None = getattr(variable, side)
            if bound is not None and not isinstance(bound, int):
                mark = f"\u0000{len(marks)}"
                marks[json.dumps(mark)] = notes.number(bound, f"the {side} bound of {name}")
                document["variables"][name][side] = mark
    text = json.dumps(document, ensure_ascii=False, indent=2)
    if marks:
        text = re.sub(r'"\\u0000\d+"', lambda found: marks[found.group()], text)
    return text + "\n"
