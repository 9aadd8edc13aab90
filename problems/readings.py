"""The two readings of a program whose text leaves integrality open: counts in whole units, or divisible.

``whole`` makes every continuous column integer; ``fractional`` makes every integer column continuous. Binary columns
are decisions, not counts, and stay binary in both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from ..feasibility.language.formulation import Formulation, exact_number, plain_number
from ..feasibility.policy import Policy
from ..feasibility.programs.program import Program
from ..feasibility.rationals import Exact, same_value, show
from ..feasibility.scoring.reference import Reference
from ..feasibility.solver.solution import SolveStatus
from ..feasibility.verdict import Proof

Integrality: TypeAlias = Literal["whole", "fractional"]
READINGS: tuple[Integrality, ...] = ("whole", "fractional")


@dataclass(frozen=True, slots=True)
class ReadingOutcome:
    """What solving gave: ``objective`` when optimal, ``message`` when unknown."""

    status: SolveStatus
    objective: Exact | None = None
    proof: Proof | None = None
    message: str = ""

    def differs(self, other: ReadingOutcome, tolerance: float = 1e-6) -> bool:
        """Do the two say different things? Unknown never differs."""
        if "unknown" in (self.status, other.status):
            return False
        if self.status != other.status:
            return True
        if self.objective is None or other.objective is None:
            return False
        return not same_value(self.objective, other.objective, tolerance)

    def show(self) -> str:
        """The optimum, or the status in a word."""
        return show(self.objective) if self.objective is not None else self.status

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON without empty fields."""
        document: dict[str, Any] = {"status": self.status}
        if self.objective is not None:
            document["optimum"] = plain_number(self.objective)
        if self.proof is not None:
            document["proof"] = self.proof
        if self.message:
            document["message"] = self.message
        return document


def read_as(program: Program, integrality: Integrality) -> Program:
    """The program under a reading; rows and objective are shared, not copied."""
    domain: Literal["integer", "continuous"] = "integer" if integrality == "whole" else "continuous"
    columns = [
        column if column.domain == "binary" or column.domain == domain else replace(column, domain=domain)
        for column in program.columns
    ]
    return replace(program, columns=columns)


def is_as_read(program: Program, integrality: Integrality) -> bool:
    """Is the program already what this reading makes of it?"""
    other = "continuous" if integrality == "whole" else "integer"
    return all(column.domain != other for column in program.columns)


def outcome_of(program: Program, policy: Policy, seconds: float | None = None) -> ReadingOutcome:
    """Solve, within this many seconds (default: the policy's)."""
    from ..feasibility.solver.solving import solve

    limit = policy.time_limit if seconds is None else seconds
    solution = solve(program, policy, deadline=time.monotonic() + limit)
    if solution.status == "unknown":
        return ReadingOutcome("unknown", message=solution.message or solution.code or "not solved")
    return ReadingOutcome(solution.status, solution.objective if solution.status == "optimal" else None, solution.proof)


def formulation_as(formulation: Formulation, integrality: Integrality) -> Formulation:
    """The formulation under a reading: the same but for the domains of variables that are not binary."""
    domain: Literal["integer", "continuous"] = "integer" if integrality == "whole" else "continuous"
    variables = {
        name: variable if variable.domain == "binary" else replace(variable, domain=domain)
        for name, variable in formulation.variables.items()
    }
    return replace(formulation, variables=variables)


def accepted(main: Reference, readings: Mapping[str, Mapping[str, Any]]) -> Reference:
    """The reference with the accepted readings that a problem stores, by name.

    An entry states a ``reference``, ``optimum`` or ``status`` of its own; the names ``whole`` and ``fractional``
    without a reference read the problem's own that way. The entry that says what the problem itself says names it.
    Raises ValueError, TypeError or KeyError for an entry that cannot be read.
    """
    others: list[Reference] = []
    name_of_main = main.reading
    for name, entry in readings.items():
        formulation = None if entry.get("reference") is None else Formulation.from_dict(entry["reference"])
        if formulation is None and name in READINGS and main.formulation is not None:
            formulation = formulation_as(main.formulation, name)
        optimum = None if entry.get("optimum") is None else exact_number(entry["optimum"])
        status = entry["status"] if entry.get("status") in ("optimal", "infeasible", "unbounded") else None
        same = formulation == main.formulation if formulation is not None else optimum == main.optimum
        if same:
            name_of_main = name
        elif formulation is not None or optimum is not None or status is not None:
            others.append(replace(main, formulation=formulation, optimum=optimum, status=status, reading=name))
    return replace(main, reading=name_of_main, readings=tuple(others))
