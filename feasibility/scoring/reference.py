"""What an output is judged against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..language.formulation import Data, Formulation
from ..plans.grids.grid import Grid
from ..rationals import Exact

KnownStatus: TypeAlias = Literal["optimal", "infeasible", "unbounded"]


@dataclass(frozen=True, slots=True)
class Reference:
    """The formulation, optimum or status that is known to be right; any of them may be missing.

    ``units`` maps names of variables, constraints or parameters (and ``objective``) to words for sentences. ``text`` is
    the problem's own: what it speaks of is a decision.
    """

    formulation: Formulation | None = None
    optimum: Exact | None = None
    status: KnownStatus | None = None
    data: Data = field(default_factory=Data)
    units: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    grid: Grid | None = None
    task: str = "formulation"
    """What an output is read as and asked, by the name of its ladder; ``grid`` is for plans only."""

    reading: str = "first"
    """The name of this reading among the accepted ones."""
    readings: tuple[Reference, ...] = ()
    """Further accepted readings of the problem, each a reference of its own."""

    @property
    def strongest(self) -> str:
        """The strongest stage that this reference allows: 9 with a formulation, 8 with an optimum or status, else 6."""
        if self.formulation is not None:
            return "equivalent"
        # That there is an optimum, without its number, leaves nothing to compare with.
        return "value" if self.optimum is not None or self.status in ("infeasible", "unbounded") else "bounded"
