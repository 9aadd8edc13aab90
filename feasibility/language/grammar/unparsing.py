"""From syntax tree back to text: ``parse(unparse(tree)) == tree`` for every tree that the grammar can give.

Nothing recurses: what is still to be written waits in a list, so a chain of any length can be written.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ...rationals import to_text
from .syntax import (
    Binary,
    Condition,
    Expression,
    ForClause,
    Generator,
    Index,
    IndexComparison,
    IndexMember,
    IndexName,
    IndexSum,
    Logical,
    NameReference,
    Negative,
    Not,
    Number,
    RelationSyntax,
    Square,
    Sum,
)
from .tokens import quote

_Writable: TypeAlias = Expression | Index | Condition
_Part: TypeAlias = "str | tuple[_Writable, int]"

# How tightly each binds; a part that binds less than its place asks for goes into parentheses.
_LEVELS: Final = {"or": 1, "and": 2, "+": 1, "-": 1, "*": 2, "/": 2}
_PRIMARY: Final = 4


def unparse(tree: Expression | RelationSyntax | ForClause | Condition | Index) -> str:
    """The text of a tree, with as few parentheses as its shape needs.

    A number that no decimal writes (1/3) is written as a quotient in parentheses: equal in value, not the same tree.

    >>> unparse(Binary("*", Number(2), Binary("-", NameReference("x", (IndexName("i"),)), Number(1))))
    '2*(x[i] - 1)'
    """
    if isinstance(tree, RelationSyntax):
        texts = [unparse(term) for term in tree.terms]
        return texts[0] + "".join(f" {op} {text}" for op, text in zip(tree.operators, texts[1:], strict=True))
    if isinstance(tree, ForClause):
        return ", ".join(map(_loop, tree.generators)) + _optional(tree.condition)
    written: list[str] = []
    todo: list[_Part] = [(tree, 0)]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            written.append(part)
        else:
            todo.extend(reversed(_parts(*part)))
    return "".join(written)


def _loop(generator: Generator) -> str:
    return f"{generator.name} in {generator.set_name}"


def _optional(condition: Condition | None) -> str:
    return "" if condition is None else f" if {unparse(condition)}"


def _parts(node: _Writable, wanted: int) -> list[_Part]:
    """The pieces of one node, left to right; ``wanted`` is how tightly its place needs it to bind."""
    parts: list[_Part]
    level = _PRIMARY
    match node:
        case Number(value):
            text = to_text(value)
            level = 0 if text.startswith("-") else _PRIMARY
            parts = [text]
        case NameReference(name, indices):
            parts = [name]
            for place, index in enumerate(indices):
                parts += ["," if place else "[", (index, 0)]
            if indices:
                parts.append("]")
        case IndexName(name):
            parts = [name]
        case IndexMember(member):
            parts = [str(member) if isinstance(member, int) else quote(member)]
        case Negative(operand):
            level, parts = 3, ["-", (operand, 3)]
        case Square(operand):
            level, parts = 3, [(operand, _PRIMARY), "**2"]
        case Not(operand):
            level, parts = 3, ["not ", (operand, 3)]
        case IndexComparison(operator, left, right):
            parts = [(left, 0), f" {operator} ", (right, 0)]
        case Sum(body, generators, condition):
            loops = "".join(f" for {_loop(generator)}" for generator in generators)
            parts = ["sum(", (body, 0), f"{loops}{_optional(condition)})"]
        case Binary(operator, left, right) | IndexSum(operator, left, right) | Logical(operator, left, right):
            level = _LEVELS[operator]
            spaced = operator if operator in "*/" else f" {operator} "
            parts = [(left, level), spaced, (right, level + 1)]
    return ["(", *parts, ")"] if level < wanted else parts
