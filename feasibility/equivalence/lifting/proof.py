"""What a lifted proof says: plain data. The prover writes it, the checker reads it together with the formulations.

Rows are known by labels: ``("row", name, part)`` for the parts of a relation (a chain has two), and
``("bound", variable, side)`` for the bounds of a variable family. Every row reads ``body <= 0`` or ``body == 0``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...language.grammar.syntax import Member
from ...rationals import Exact

ProofLabel: TypeAlias = tuple[str, str, str]
ParameterSign: TypeAlias = Literal["> 0", ">= 0", "!= 0"]
ProofPlace: TypeAlias = "Member | tuple[int, int]"
"""An index in a factor: a set member, or ``(position, shift)``: the target row's loop there plus a number."""
Power: TypeAlias = tuple[str, tuple[ProofPlace, ...], int]
"""A parameter, its indices and its exponent."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A variable family that its own side determines: by an equation, or as the objective by a pressing row."""

    variable: str
    row: ProofLabel
    pressed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Why one family of rows holds: ``factor * source`` (summed over some loops) is the target up to a sign.

    ``loops[k]`` says what the source's loop k is: a loop of the target by its position, or None where the source is
    summed over it. ``sign`` is -1 for the lower side of an equation. Without ``source`` the target follows from the
    bounds of its variables, term by term.
    """

    target: ProofLabel
    sign: int
    source: ProofLabel | None = None
    loops: tuple[int | None, ...] = ()
    factor: Exact = 1
    powers: tuple[Power, ...] = ()


@dataclass(frozen=True, slots=True)
class FamilyPairing:
    """B's variable family and A's, and how A's indices stand in B's order: B's index k is A's index ``order[k]``."""

    ours: str
    theirs: str
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LiftedProof:
    """Both formulations are equivalent on all data that keep the assumptions and on which both build."""

    pairings: tuple[FamilyPairing, ...]
    a_definitions: tuple[Definition, ...]
    b_definitions: tuple[Definition, ...]
    a_in_b: tuple[Step, ...]
    b_in_a: tuple[Step, ...]
    objective_factor: Exact
    objective_powers: tuple[Power, ...]
    assumptions: tuple[tuple[str, ParameterSign], ...]

    def conditions(self) -> list[str]:
        """The assumptions in words."""
        return [f"{name} {sign}" for name, sign in self.assumptions]
