"""What belongs to the problem and not to an output: its reference, compiled and solved once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..language.formulation import Sense
from ..policy import Policy
from ..programs.program import Program
from ..rationals import Exact, same_value, show
from ..solver.solution import Solution
from .reference import KnownStatus, Reference

Solved: TypeAlias = tuple[Program, Solution]


@dataclass(frozen=True, slots=True)
class PreparedReference:
    """The truth that outputs are held against.

    ``program`` and ``solution`` are None without a reference formulation. ``status`` is what the problem is known to be
    (None: nothing is known) and ``optimum`` its exact optimal value when ``status`` is optimal and the number is known.
    ``trouble`` is (code, sentence) when the reference itself is broken; then ``status`` and ``optimum`` are None.
    """

    reference: Reference
    program: Program | None = None
    solution: Solution | None = None
    status: KnownStatus | None = None
    optimum: Exact | None = None
    trouble: tuple[str, str] | None = None

    @property
    def sense(self) -> Sense | None:
        """The reference formulation's sense."""
        return self.program.sense if self.program else None

    @property
    def certified(self) -> bool:
        """What is known of the problem does not rest on a solver's word: given with the problem, or proved."""
        return self.solution is None or self.solution.proof == "certified"


class Preparing:
    """A reference that is compiled and solved once, when it is first needed."""

    def __init__(self, reference: Reference, policy: Policy) -> None:
        self.reference, self.policy = reference, policy
        self._prepared: PreparedReference | None = None

    @property
    def done(self) -> bool:
        """It has been compiled and solved."""
        return self._prepared is not None

    def get(self, solved: Solved | None = None) -> PreparedReference:
        """The prepared reference, under the policy's limits."""
        if self._prepared is None:
            self._prepared = prepare(self.reference, self.policy, solved)
        return self._prepared

    def timed(self, watch: Callable[[str, str], None], solved: Solved | None = None) -> tuple[PreparedReference, float]:
        """The prepared reference, and the seconds that this call took to prepare it; ``watch`` is told of it."""
        if self._prepared is not None:
            return self._prepared, 0.0
        started = time.monotonic()
        watch("reference", "begun")
        prepared = self.get(solved)
        watch("reference", "done")
        return prepared, time.monotonic() - started

    def set(self, prepared: PreparedReference) -> None:
        """Take this instead."""
        self._prepared = prepared


def prepare(reference: Reference, policy: Policy, solved: Solved | None = None) -> PreparedReference:
    """Compile and solve the reference, within the policy's limits, and hold it against the stated optimum and status.

    A reference formulation that does not build, cannot be solved within the limits, or contradicts the stated optimum
    or status is ``trouble``; outputs that come so far get unknown, never a wrong verdict. ``solved``: a program that
    was just solved under the same policy, and its solution; a right answer is often the reference's program.
    """
    if reference.formulation is None:
        status = reference.status or ("optimal" if reference.optimum is not None else None)
        if reference.optimum is not None and status != "optimal":
            text = f"the problem states the optimum {show(reference.optimum)} and the status {status}"
            return PreparedReference(reference, trouble=("reference-contradiction", text))
        return PreparedReference(reference, status=status, optimum=reference.optimum)
    from ..language.document.schema import validate
    from ..programs.compiling import Rejected, build
    from ..solver.solving import solve

    invalid = validate(reference.formulation.to_dict())
    if invalid:
        text = f"the reference formulation is not valid: {invalid[0].where}: {invalid[0].message}"
        return PreparedReference(reference, trouble=("reference-broken", text))
    try:
        # A recorded or converted reference is as long as its model: the lengths are limits for answers.
        program = build(reference.formulation, reference.data, policy.with_lengths_of_own())
    except Rejected as error:
        text = f"the reference formulation does not build: {error.message}"
        return PreparedReference(reference, trouble=("reference-broken", text))
    if solved is not None and _stands(solved[1]) and solved[0] == program:
        solution = solved[1]
    else:
        solution = solve(program, policy, deadline=time.monotonic() + policy.time_limit)
    if solution.status == "unknown":
        text = f"the reference formulation was not solved ({solution.code}): {solution.message}"
        return PreparedReference(reference, program, solution, trouble=("reference-unsolved", text))
    optimum = solution.objective if solution.status == "optimal" else None
    contradiction = _contradiction(reference, solution, policy)
    if contradiction:
        return PreparedReference(reference, program, solution, trouble=("reference-contradiction", contradiction))
    return PreparedReference(reference, program, solution, solution.status, optimum)


def _stands(solution: Solution) -> bool:
    return solution.proof == "certified" and solution.status != "unknown"


def unprepared(reference: Reference, reason: str) -> PreparedReference:
    """A reference that could not be prepared in time or memory."""
    return PreparedReference(reference, trouble=("reference-unsolved", reason))


def _contradiction(reference: Reference, solution: Solution, policy: Policy) -> str | None:
    if reference.status is not None and reference.status != solution.status:
        return f"the problem states {reference.status}, its reference formulation is {solution.status}"
    if reference.optimum is None:
        return None
    if solution.objective is None or solution.status != "optimal":
        return (
            f"the problem states the optimum {show(reference.optimum)}, its reference formulation is {solution.status}"
        )
    if not same_value(solution.objective, reference.optimum, policy.value_tolerance):
        return (
            f"the problem states the optimum {show(reference.optimum)}, its reference formulation's is "
            f"{show(solution.objective)}"
        )
    return None
