"""The syntax tree of expressions and constraints. Plain data: parsing is in ``expressions``, meaning in ``compiling``.

Every node knows where it stands in its text (``at``: offset of its first character, ``end``: one past its last),
so that any message can point at the character. Positions take no part in comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ...rationals import Exact

Member: TypeAlias = str | int
"""A set member."""


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that stands somewhere in an expression's text."""

    at: int = field(default=0, compare=False, kw_only=True)
    end: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A decimal."""

    value: Exact


@dataclass(frozen=True, slots=True)
class IndexName(Node):
    """A bare word inside an index: a bound name, else a set member."""

    name: str


@dataclass(frozen=True, slots=True)
class IndexMember(Node):
    """A quoted member or a whole number inside an index."""

    member: Member


@dataclass(frozen=True, slots=True)
class IndexSum(Node):
    """Integer arithmetic on bound names: ``left + right``, ``left - right`` or ``left * right``."""

    operator: str
    left: Index
    right: Index


Index: TypeAlias = IndexName | IndexMember | IndexSum


@dataclass(frozen=True, slots=True)
class NameReference(Node):
    """``name`` or ``name[i,j]``: a variable, a parameter, or (bare) a bound name over whole-number members."""

    name: str
    indices: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """Unary minus."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``left operator right`` with operator one of ``+ - * /``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Square(Node):
    """``operand ** 2``."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Generator(Node):
    """``name in set_name``: one loop of a sum or of a constraint family."""

    name: str
    set_name: str


@dataclass(frozen=True, slots=True)
class IndexComparison(Node):
    """Two indices compared: ``i != j``, ``t > 1``."""

    operator: str
    left: Index
    right: Index


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """``and`` / ``or`` of two conditions."""

    operator: str
    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Not(Node):
    """``not condition``."""

    operand: Condition


Condition: TypeAlias = IndexComparison | Logical | Not


@dataclass(frozen=True, slots=True)
class Sum(Node):
    """``sum(body for i in I for j in J if condition)``."""

    body: Expression
    generators: tuple[Generator, ...]
    condition: Condition | None = None


Expression: TypeAlias = Number | NameReference | Negative | Binary | Square | Sum


@dataclass(frozen=True, slots=True)
class RelationSyntax(Node):
    """``left op right`` or the chain ``first op second op third``; operators are ``<=``, ``>=`` or ``==``."""

    terms: tuple[Expression, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForClause(Node):
    """The ``for`` of a constraint: ``p in P, t in T if t > 1``."""

    generators: tuple[Generator, ...]
    condition: Condition | None = None
