"""What solving a program gives: a status, the proof it rests on, and the evidence in exact numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..rationals import Exact
from ..verdict import Proof

SolveStatus: TypeAlias = Literal["optimal", "infeasible", "unbounded", "unknown"]
ConflictMember: TypeAlias = tuple[Literal["row", "lower", "upper", "integer"], int]
"""One thing that may take part in a conflict: a row by number, a bound or the integrality of a column by number."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An irreducible infeasible subset: without any one of these the rest can be satisfied.

    ``rows`` are row numbers; ``bounds`` are (column number, "lower" or "upper"); ``integers`` are column numbers whose
    integrality takes part. ``proved`` is False when time ran out before every member was tested for necessity.
    """

    rows: tuple[int, ...] = ()
    bounds: tuple[tuple[int, str], ...] = ()
    integers: tuple[int, ...] = ()
    proved: bool = True


@dataclass(frozen=True, slots=True)
class Farkas:
    """Multipliers that prove infeasibility of the relaxation: rows and bounds combine to ``0 <= negative number``.

    A positive multiplier uses the lower side of a row or column, a negative one the upper side;
    the combination of all row bodies and columns is identically zero and the combined bound is positive.
    ``crossed`` instead names one row or column (``("row", number)``) whose lower side lies above its upper one.
    """

    rows: dict[int, Exact]
    columns: dict[int, Exact]
    crossed: tuple[Literal["row", "column"], int] | None = None


@dataclass(frozen=True, slots=True)
class Solution:
    """The answer to a program.

    - optimal: ``point`` (exact, one number a column) satisfies every row and bound (within the policy's row tolerance;
      exactly when ``exact_point``), ``objective`` is its exact value. ``certified`` when optimality was proved exactly
      (LP: primal and dual feasible basis in rationals; integers: the relaxation's certified optimum is integral).
    - infeasible: always proved. ``farkas`` when the relaxation already is; ``support`` when a search over integers
      proved it: these rows, bounds and integralities alone are infeasible. A conflict is asked for separately.
    - unbounded: ``point`` is feasible and ``ray`` a direction that keeps every row and improves without end.
    - unknown: ``code`` and ``message`` say why (``time-limit``, ``nonconvex``, ``nonlinear``, ``solver-error``,
      ``unproved-infeasible`` when a solver says infeasible and no proof was found, ...).
    """

    status: SolveStatus
    proof: Proof | None = None
    objective: Exact | None = None
    point: tuple[Exact, ...] | None = None
    exact_point: bool = False
    duals: dict[int, Exact] = field(default_factory=dict)
    ray: tuple[Exact, ...] | None = None
    farkas: Farkas | None = None
    code: str | None = None
    message: str = ""
    seconds: float = 0.0
    support: tuple[ConflictMember, ...] = ()
