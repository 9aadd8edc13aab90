"""A user's own map: affine expressions over the columns of a program, such as ``60*hours + 5``."""

from __future__ import annotations

import json

from ..errors import PyriteError
from ..language.grammar.parsing import ExpressionError, parse_expression
from ..language.grammar.syntax import Binary, Expression, IndexMember, IndexName, NameReference, Negative, Number
from ..one_line import one_line
from ..programs.program import Program, member_name
from ..rationals import divide
from .maps import Affine


def read_map(text: str, program: Program, where: str) -> dict[str, Affine]:
    """A map's JSON: each variable of B as an expression in A's (``program``). Raises PyriteError, naming ``where``."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PyriteError(f"{where} is not JSON: {error}") from error
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise PyriteError(f'{where}: a map is {{"variable of B": "expression in A\'s variable"}}')
    return {name: read_affine(value, program, f"{where}, {one_line(name, 80)}") for name, value in document.items()}


def read_affine(text: str, program: Program, where: str) -> Affine:
    """The affine function that the text writes. Raises PyriteError, naming ``where``, for anything else."""
    try:
        return _affine(parse_expression(text), program.column_index(), where)
    except ExpressionError as error:
        raise PyriteError(f"{where}: {error.finding.message}") from error


def _affine(tree: Expression, columns: dict[str, int], where: str) -> Affine:
    match tree:
        case Number(value=value):
            return Affine({}, value)
        case NameReference():
            name = _name(tree, where)
            if name not in columns:
                raise PyriteError(f"{where}: the first formulation has no variable {name!r}")
            return Affine({columns[name]: 1})
        case Negative(operand=operand):
            return _affine(operand, columns, where).scaled(-1)
        case Binary(operator=operator, left=left, right=right):
            first, second = _affine(left, columns, where), _affine(right, columns, where)
            if operator in "+-":
                return first.plus(second if operator == "+" else second.scaled(-1))
            if operator == "*" and not (first.terms and second.terms):
                form, factor = (first, second.constant) if first.terms else (second, first.constant)
                return form.scaled(factor) if factor else Affine()
            if operator == "/" and not second.terms and second.constant:
                return first.scaled(divide(1, second.constant))
    raise PyriteError(f"{where}: a map takes numbers times variables, added up")


def _name(tree: NameReference, where: str) -> str:
    members: list[str | int] = []
    for index in tree.indices:
        match index:
            case IndexName(name=name):
                members.append(name)
            case IndexMember(member=member):
                members.append(member)
            case _:
                raise PyriteError(f"{where}: an index is a member of a set")
    return member_name(tree.name, members)
