"""The compiled program: sparse, exact, written out. Solver, converters and prover work on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..language.formulation import Domain, Sense
from ..language.grammar.syntax import Member
from ..rationals import Exact


@dataclass(slots=True)
class Column:
    """One unknown. ``variable`` and ``members`` say where it comes from; ``lower``/``upper`` None is no bound.

    Binary columns carry their bounds (0 and 1, or tighter) explicitly.
    """

    name: str
    domain: Domain
    lower: Exact | None
    upper: Exact | None
    variable: str
    members: tuple[Member, ...] = ()

    @property
    def is_integer(self) -> bool:
        return self.domain != "continuous"


@dataclass(slots=True)
class Quadratic:
    """``constant + sum linear[j] x_j + sum quadratic[j, k] x_j x_k`` with j <= k; no stored coefficient is zero."""

    linear: dict[int, Exact] = field(default_factory=dict)
    quadratic: dict[tuple[int, int], Exact] = field(default_factory=dict)
    constant: Exact = 0

    def value(self, point: Sequence[Exact] | Mapping[int, Exact]) -> Exact:
        """The exact value at a point given by column."""
        total: Exact = self.constant
        for j, coefficient in self.linear.items():
            total += coefficient * point[j]
        for (j, k), coefficient in self.quadratic.items():
            total += coefficient * point[j] * point[k]
        return total


@dataclass(slots=True)
class Row:
    """``lower <= body <= upper``; the body's constant has been moved into the bounds, so ``body.constant`` is 0.

    ``constraint`` is the name in the formulation, ``members`` the values of its ``for`` names, ``name`` both together:
    ``balance[bread,2]``.
    """

    name: str
    body: Quadratic
    lower: Exact | None
    upper: Exact | None
    constraint: str
    members: tuple[Member, ...] = ()

    @property
    def linear(self) -> dict[int, Exact]:
        return self.body.linear


@dataclass(slots=True)
class Program:
    """A finite linear or quadratic program. Rows with no unknowns are kept: they may be the contradiction.

    ``sense`` feasibility has a zero objective.
    """

    columns: list[Column]
    rows: list[Row]
    sense: Sense
    objective: Quadratic = field(default_factory=Quadratic)

    @property
    def is_mixed_integer(self) -> bool:
        return any(column.is_integer for column in self.columns)

    @property
    def is_quadratic(self) -> bool:
        """The objective has a second-order term (rows may still be linear)."""
        return bool(self.objective.quadratic)

    @property
    def is_nonlinear(self) -> bool:
        """Some row has a second-order term; HiGHS cannot take these."""
        return any(row.body.quadratic for row in self.rows)

    def column_index(self) -> dict[str, int]:
        """Column number by name."""
        return {column.name: j for j, column in enumerate(self.columns)}


def member_name(name: str, members: Sequence[Member]) -> str:
    """``make[bread,1]``, or the bare name when there are no members.

    >>> member_name("make", ("bread", 1)), member_name("x", ())
    ('make[bread,1]', 'x')
    """
    return f"{name}[{','.join(map(str, members))}]" if members else name
