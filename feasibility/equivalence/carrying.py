"""A plan of one program as a plan of the other, through the correspondence that a comparison found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..programs.program import Program
from ..rationals import Exact
from .evidence import Correspondence
from .maps import Affine
from .merging import merged_plan, merged_program


@dataclass(frozen=True, slots=True)
class Carried:
    """Where a plan of A lands: ``program`` is B as the correspondence reads it (parallel columns merged), ``image`` a
    number for each of its columns, None where a column without partner is left to B's own rows."""

    program: Program
    image: tuple[Exact | None, ...]

    @property
    def plan(self) -> tuple[Exact, ...] | None:
        """The image when no column is left open."""
        known = tuple(value for value in self.image if value is not None)
        return known if len(known) == len(self.image) else None

    def completing(self) -> Program:
        """B with its known columns fixed at the image and no objective: it has a plan when the image can be completed.

        A fixed column keeps its bounds as rows would: an image outside them leaves a contradiction, not a new bound.
        """
        columns = []
        for column, value in zip(self.program.columns, self.image, strict=True):
            if value is None:
                columns.append(column)
                continue
            low = value if column.lower is None else max(value, column.lower)
            high = value if column.upper is None else min(value, column.upper)
            columns.append(replace(column, lower=low, upper=high))
        return Program(columns, self.program.rows, "feasibility")


def carry(a: Program, b: Program, maps: Correspondence, plan: Sequence[Exact], *, direction: bool = False) -> Carried:
    """The image of a plan of A's own columns; with ``direction`` that of a ray, which shifts do not move."""
    source = merged_plan(a, maps.a_merges, plan)
    target = merged_program(b, maps.b_merges)
    image: list[Exact | None] = []
    for formula in maps.forward:
        if formula is None:
            image.append(None)
        else:
            image.append((Affine(formula.terms) if direction else formula).value(source))
    return Carried(target, tuple(image))
