"""A formulation on its way up: what the nine stages leave behind for each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...language.formulation import Formulation
from ...policy import Policy
from ...verdict import Finding, StageResult
from ..prepared import PreparedReference, Preparing
from .answers import skipped, unknown
from .protocol import Watch

if TYPE_CHECKING:
    from ...equivalence.evidence import Comparison
    from ...language.names import Resolved
    from ...programs.program import Program
    from ...rationals import Exact
    from ...solver.solution import Solution


@dataclass(slots=True)
class FormulationAttempt:
    """One formulation, as text or already read (``given``).

    ``needs`` of its stages: ``document``, ``resolved``, ``program``, ``solution`` (there, solved or not), ``answer``
    (solved: optimal, infeasible or unbounded), ``reference plans`` (the reference's rows, solved or not) and
    ``reference value`` (its status and optimum).
    """

    text: str
    given: Formulation | None
    policy: Policy
    preparing: Preparing
    deadline: float
    watch: Watch
    results: dict[str, StageResult] = field(default_factory=dict)
    waited: float = 0.0
    document: Any = None
    formulation: Formulation | None = None
    resolved: Resolved | None = None
    program: Program | None = None
    build_findings: list[Finding] = field(default_factory=list)
    solution: Solution | None = None
    comparison: Comparison | None = None
    compared: bool = False
    """Some stage looked at the prepared reference; depends on the output alone, whoever had it ready."""

    def reference(self) -> PreparedReference:
        """The prepared reference. The time that the first use takes belongs to the problem, not to this output."""
        self.compared = True
        solved = None if self.program is None or self.solution is None else (self.program, self.solution)
        prepared, seconds = self.preparing.timed(self.watch, solved)
        self.waited += seconds
        self.deadline += seconds
        return prepared

    def compare(self) -> Comparison:
        """The comparison with the reference, made once: stages 7 and 8 read plans and values as stage 9 does."""
        from ...equivalence.deciding import compare

        if self.comparison is None:
            reference = self.reference()
            assert self.program is not None
            assert reference.program is not None
            text = reference.reference.text
            plans = _plan(self.solution), _plan(reference.solution)
            self.comparison = compare(
                self.program, reference.program, self.policy, deadline=self.deadline, text=text, plans=plans
            )
        return self.comparison

    def missing(self, need: str) -> StageResult | None:
        """The answer of a stage that needs what is not there."""
        if need == "reference plans":
            return self._without_plans()
        if need == "reference value":
            return self._without_value()
        if need == "answer":
            unsolved = self.solution is None or self.program is None or self.solution.status == "unknown"
            return self.undecided("bounded") if unsolved else None
        return None if getattr(self, need) is not None else self.undecided()

    def undecided(self, stage: str = "") -> StageResult:
        """Unknown because an earlier stage found nothing out; the first unknown stage (else ``stage``) is named."""
        origin = next((name for name, result in self.results.items() if result.status == "unknown"), stage)
        reason = self.results[origin].code if origin in self.results else None
        return unknown("earlier-unknown", f"not decided, because {origin} is unknown ({reason or 'no result'})")

    def evidence(self) -> dict[str, Any]:
        """Optimum, reference optimum, proof, relation and witness, as far as known."""
        from ...solver.words import to_float

        solution = self.solution
        solved = solution is not None and self.results["feasible"].status == "pass"
        optimum = solution.objective if solution and solved and solution.status == "optimal" else None
        # An output that never came to the reference does not have it prepared for the sake of this number, and does
        # not profit from another output that had: a verdict depends on output, problem and policy alone.
        known = self.reference().optimum if self.compared else self.preparing.reference.optimum
        equivalence = self.results["equivalent"].details
        return {
            "optimum": None if optimum is None else to_float(optimum),
            "reference_optimum": None if known is None else to_float(known),
            "proof": solution.proof if solution else None,
            "relation": equivalence.get("relation"),
            "witness": equivalence.get("witness"),
        }

    def _without_plans(self) -> StageResult | None:
        prepared = self.reference()
        if prepared.reference.formulation is None:
            return skipped("no-reference", "the problem has no reference formulation")
        # Unsolved is no hindrance: the rows are known, and can be compared with.
        if prepared.trouble and (prepared.program is None or prepared.trouble[0] != "reference-unsolved"):
            return unknown(*prepared.trouble)
        return None

    def _without_value(self) -> StageResult | None:
        prepared = self.reference()
        if prepared.trouble:
            return unknown(*prepared.trouble)
        if prepared.status is None or (prepared.status == "optimal" and prepared.optimum is None):
            return skipped("no-reference", "the problem states no optimum")
        return None


def _plan(solution: Solution | None) -> tuple[Exact, ...] | None:
    return solution.point if solution is not None and solution.exact_point else None
