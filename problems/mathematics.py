"""A formulation as readable mathematics in plain text: sums, quantifiers and domains as they are written on paper."""

from __future__ import annotations

from collections.abc import Sequence

from ..feasibility.language.expressions import parse_expression, parse_family, parse_relation
from ..feasibility.language.formulation import Data, Formulation, Parameter, Variable
from ..feasibility.language.syntax import (
    Binary,
    Comparison,
    Condition,
    Expression,
    Generator,
    Index,
    IndexMember,
    IndexName,
    Logical,
    Negative,
    Not,
    Number,
    Reference,
    Relation,
    Square,
    Sum,
)
from ..feasibility.rationals import Exact, show

_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "<": "<", ">": ">"}
_LOOSE, _PRODUCT, _TIGHT = 0, 1, 2
_SHOWN = 8


def mathematics(formulation: Formulation, data: Data | None = None) -> str:
    """Objective, constraints, domains, then sets and parameters (shortened when long).

    Raises ExpressionError (a PyriteError) when an expression does not read.

    >>> print(mathematics(Formulation.from_dict({"variables": {"x": {"domain": "integer", "lower": 0}},
    ...     "objective": {"sense": "maximize", "expression": "3*x"}, "constraints": {"cap": "2*x <= 9"}})))
    maximize  3 x
    subject to
      cap:  2 x ≤ 9
    where
      x ≥ 0, whole
    """
    lines = []
    if formulation.objective.expression is None:
        lines.append("find any plan")
    else:
        lines.append(f"{formulation.objective.sense}  {_text(parse_expression(formulation.objective.expression))}")
    if formulation.constraints:
        lines.append("subject to")
        width = max(len(name) for name in formulation.constraints)
        for name, constraint in formulation.constraints.items():
            line = f"  {f'{name}:':<{width + 1}}  {relation_text(parse_relation(constraint.expression))}"
            if constraint.over is not None:
                family = parse_family(constraint.over)
                line += f"   for all {_generators(family.generators)}"
                if family.condition is not None:
                    line += f" with {_condition(family.condition)}"
            lines.append(line)
    lines.append("where")
    lines.extend(f"  {_variable(name, item)}" for name, item in formulation.variables.items())
    sets = {**(data.sets if data else {}), **formulation.sets}
    parameters = {**(data.parameters if data else {}), **formulation.parameters}
    if sets or parameters:
        lines.append("given")
    for name, members in sets.items():
        some = ", ".join(map(str, members[:_SHOWN]))
        rest = f", ... ({len(members):,} members)" if len(members) > _SHOWN else ""
        lines.append(f"  {name} = {{{some}{rest}}}")
    lines.extend(f"  {_parameter(name, item)}" for name, item in parameters.items())
    return "\n".join(lines)


def relation_text(relation: Relation) -> str:
    """``2 bread + 4 cake ≤ 120``."""
    text = _text(relation.terms[0])
    for operator, term in zip(relation.operators, relation.terms[1:], strict=True):
        text += f" {_SIGNS[operator]} {_text(term)}"
    return text


def _text(tree: Expression, around: int = _LOOSE) -> str:
    """The expression; parentheses where what stands ``around`` it would bind its parts apart."""
    if isinstance(tree, Number):
        return show(tree.value, 12)
    if isinstance(tree, Reference):
        return f"{tree.name}[{','.join(map(_index, tree.indices))}]" if tree.indices else tree.name
    if isinstance(tree, Negative):
        return _closed(f"−{_text(tree.operand, _TIGHT)}", around > _LOOSE)
    if isinstance(tree, Square):
        return f"{_text(tree.operand, _TIGHT)}²"
    if isinstance(tree, Sum):
        condition = f" : {_condition(tree.condition)}" if tree.condition is not None else ""
        return _closed(f"∑({_generators(tree.generators)}{condition}) {_text(tree.body, _PRODUCT)}", around > _LOOSE)
    return _binary(tree, around)


def _binary(tree: Binary, around: int) -> str:
    if tree.operator == "*":
        joint = " " if isinstance(tree.left, Number) and not isinstance(tree.right, Number) else " · "
        return _closed(f"{_text(tree.left, _PRODUCT)}{joint}{_text(tree.right, _TIGHT)}", around > _PRODUCT)
    if tree.operator == "/":
        return _closed(f"{_text(tree.left, _PRODUCT)} / {_text(tree.right, _TIGHT)}", around > _PRODUCT)
    right = _text(tree.right, _PRODUCT if tree.operator == "-" else _LOOSE)
    sign = "−" if tree.operator == "-" else "+"
    return _closed(f"{_text(tree.left)} {sign} {right}", around > _LOOSE)


def _closed(text: str, needed: bool) -> str:
    return f"({text})" if needed else text


def _index(tree: Index) -> str:
    if isinstance(tree, IndexName):
        return tree.name
    if isinstance(tree, IndexMember):
        return str(tree.member)
    return f"{_index(tree.left)}{tree.operator}{_index(tree.right)}"


def _generators(generators: Sequence[Generator]) -> str:
    return ", ".join(f"{item.name} ∈ {item.set_name}" for item in generators)


def _condition(tree: Condition, inside: bool = False) -> str:
    if isinstance(tree, Comparison):
        return f"{_index(tree.left)} {_SIGNS[tree.operator]} {_index(tree.right)}"
    if isinstance(tree, Not):
        return f"not ({_condition(tree.operand)})"
    assert isinstance(tree, Logical)
    return _closed(f"{_condition(tree.left, True)} {tree.operator} {_condition(tree.right, True)}", inside)


def _variable(name: str, item: Variable) -> str:
    shown = f"{name}[{','.join(item.index)}]" if item.index else name
    if item.domain == "binary":
        return f"{shown} ∈ {{0, 1}}"
    whole = ", whole" if item.domain == "integer" else ""
    if item.lower is not None and item.upper is not None:
        return f"{show(item.lower)} ≤ {shown} ≤ {show(item.upper)}{whole}"
    if item.lower is not None:
        return f"{shown} ≥ {show(item.lower)}{whole}"
    if item.upper is not None:
        return f"{shown} ≤ {show(item.upper)}{whole}"
    return f"{shown} free{whole}"


def _parameter(name: str, item: Parameter) -> str:
    entries: list[tuple[tuple[str, ...], Exact]] = list(item.items())
    if not item.index:
        return f"{name} = {show(entries[0][1], 12)}"
    some = ", ".join(f"{','.join(keys)}: {show(value, 12)}" for keys, value in entries[:_SHOWN])
    rest = f", ... ({len(entries):,} numbers)" if len(entries) > _SHOWN else ""
    return f"{name}[{','.join(item.index)}] = {some}{rest}"
