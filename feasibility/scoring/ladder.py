"""The ladder: nine questions about one output, asked in order, each answered pass, fail, unknown or skipped.

After a ``fail`` the later stages are skipped; after an ``unknown`` they are still tried with what there is. When the
problem is known to be infeasible or unbounded and the output is so too, the stages that have nothing left to compare
pass with the code ``both-infeasible`` or ``both-unbounded``, so that substance is decided for such problems as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ..language.formulation import Formulation
from ..policy import Policy
from ..programs.program import Program
from ..solver.exactness import is_convex, violations
from ..solver.solution import Solution
from ..verdict import SKIPPED_EARLIER, STAGES, Finding, Stage, StageResult, Verdict
from .prepared import PreparedReference, prepare
from .reference import Reference
from .stages.answers import fail, passed, skipped, unknown

if TYPE_CHECKING:
    from ..language.names import Resolved

Watch: TypeAlias = Callable[[str, str], None]
"""Told (stage, state) with state begun, pass, fail, unknown or skipped; the stage ``reference`` is begun and done."""


class Judge:
    """Judges outputs of one problem. The reference is compiled and solved once, when the first output needs it.

    >>> judge = Judge(Reference(optimum=12))
    >>> verdict = judge.judge('{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": '
    ...     '"maximize", "expression": "3*x"}, "constraints": {"cap": "2*x <= 9"}}')
    >>> verdict.surface, verdict.substance, verdict.optimum
    (True, True, 12.0)
    """

    def __init__(self, reference: Reference | None = None, policy: Policy | None = None) -> None:
        self.reference = reference or Reference()
        self.policy = policy or Policy()
        self._prepared: PreparedReference | None = None

    @property
    def prepared(self) -> PreparedReference:
        """The reference, compiled and solved (on first use, under the policy's limits)."""
        if self._prepared is None:
            self._prepared = prepare(self.reference, self.policy)
        return self._prepared

    @prepared.setter
    def prepared(self, value: PreparedReference) -> None:
        self._prepared = value

    @property
    def is_prepared(self) -> bool:
        """The reference has been compiled and solved."""
        return self._prepared is not None

    @property
    def strongest(self) -> Stage:
        """The stage that decides substance for this problem."""
        return self.reference.strongest

    def judge(self, output_text: str, problem_id: str = "", sample: int = 0, watch: Watch | None = None) -> Verdict:
        """All stages of one output. Never raises for anything in the text; a defect of ours is ``internal-error``."""
        return _Climb(self, watch).run(output_text, None, problem_id, sample)

    def judge_formulation(self, formulation: Formulation, problem_id: str = "") -> Verdict:
        """All stages of a formulation that is already read: it passes ``parses``, and the schema is checked again."""
        return _Climb(self, None).run("", formulation, problem_id, 0)


class _Climb:
    """One output on its way up. Each step returns its StageResult and leaves behind what later steps need."""

    def __init__(self, judge: Judge, watch: Watch | None) -> None:
        self.judge, self.policy = judge, judge.policy
        self.watch = watch or (lambda stage, state: None)
        self.results: dict[Stage, StageResult] = {}
        self.deadline = 0.0
        self.document: Any = None
        self.formulation: Formulation | None = None
        self.resolved: Resolved | None = None
        self.program: Program | None = None
        self.build_findings: list[Finding] = []
        self.solution: Solution | None = None

    def run(self, text: str, formulation: Formulation | None, problem_id: str, sample: int) -> Verdict:
        started = time.monotonic()
        self.deadline = started + self.policy.time_limit
        self.waited = 0.0
        steps: tuple[Callable[[], StageResult], ...] = (
            (lambda: self.parses(text)) if formulation is None else (lambda: self.given(formulation)),
            self.schema,
            self.references,
            self.builds,
            self.feasible,
            self.bounded,
            self.sound,
            self.value,
            self.equivalent,
        )
        failed = False
        for stage, step in zip(STAGES, steps, strict=True):
            if failed:
                self.results[stage] = SKIPPED_EARLIER
                continue
            self.watch(stage, "begun")
            result = self.results[stage] = self._guarded(step)
            self.watch(stage, result.status)
            failed = result.status == "fail"
        seconds = time.monotonic() - started - self.waited
        return self._verdict(problem_id, sample, seconds)

    def _guarded(self, step: Callable[[], StageResult]) -> StageResult:
        try:
            return step()
        except MemoryError:
            return unknown("memory-limit", f"more than {self.policy.memory_limit / 2**30:.3g} GiB were needed")
        except Exception as error:  # noqa: BLE001 - one output must not take the others with it; it is counted and shown
            text = f"{type(error).__name__}: {str(error)[:300]} (a defect of Pyrite, not of the output)"
            return unknown("internal-error", text)

    def _verdict(self, problem_id: str, sample: int, seconds: float) -> Verdict:
        solution = self.solution
        solved = solution is not None and self.results["feasible"].status == "pass"
        optimum = solution.objective if solution and solved and solution.status == "optimal" else None
        # The reference is looked at only when this output already made it ready: reading must not solve.
        judge = self.judge
        known = judge.prepared.optimum if judge.is_prepared else judge.reference.optimum
        from ..solver.words import to_float

        equivalence = self.results["equivalent"].details
        return Verdict(
            stages=self.results,
            strongest=self.judge.strongest,
            optimum=None if optimum is None else to_float(optimum),
            reference_optimum=None if known is None else to_float(known),
            proof=solution.proof if solution else None,
            relation=equivalence.get("relation"),
            witness=equivalence.get("witness"),
            seconds=seconds,
            problem_id=problem_id,
            sample=sample,
        )

    # Surface ------------------------------------------------------------------------------------------------------

    def parses(self, text: str) -> StageResult:
        from ..language.document.reading import extract

        found = extract(text, self.policy)
        self.document = found.document
        details = {"start": found.start, "end": found.end, "surrounding": found.surrounding}
        if found.findings or found.document is None:
            return StageResult.failed(*found.findings, **details)
        return passed(**details)

    def given(self, formulation: Formulation) -> StageResult:
        self.formulation, self.document = formulation, formulation.to_dict()
        return passed()

    def schema(self) -> StageResult:
        from ..language.document.schema import validate

        if self.document is None:
            return self._undecided("parses")
        found = validate(self.document)
        return StageResult.failed(*found) if found else passed()

    def references(self) -> StageResult:
        """Names and grammar; and, because some of its errors show only when families are written out, the compiler."""
        from ..language.names import resolve
        from ..programs.compiling import compile_program

        if self.results["schema"].status != "pass":
            return self._undecided("schema")
        if self.formulation is None:
            self.formulation = Formulation.from_dict(self.document)
        self.resolved, found = resolve(self.formulation, self.judge.reference.data, self.policy)
        if found or self.resolved is None:
            return StageResult.failed(*found)
        self.program, found = compile_program(self.resolved, self.policy)
        here = [finding for finding in found if stage_of(finding.code) == "references"]
        self.build_findings = [finding for finding in found if stage_of(finding.code) != "references"]
        return StageResult.failed(*here) if here else passed()

    # Substance ----------------------------------------------------------------------------------------------------

    def builds(self) -> StageResult:
        if self.resolved is None or self.results["references"].status != "pass":
            return self._undecided("references")
        found = self.build_findings
        if found:
            if all(is_unknown(finding.code) for finding in found):
                return StageResult("unknown", found[0].code, found[0].message, tuple(found))
            return StageResult.failed(*sorted(found, key=lambda finding: is_unknown(finding.code)))
        assert self.program is not None
        program = self.program
        if not self.policy.nonlinear:
            if program.is_nonlinear:
                return unknown("nonlinear", "a constraint multiplies variables; by default that is not solved")
            if program.is_quadratic and not is_convex(program):
                kind = "concave" if program.sense == "maximize" else "convex"
                return unknown("nonconvex", f"the quadratic objective is not {kind}")
        terms = len(program.objective.linear) + sum(len(row.linear) for row in program.rows)
        return passed(columns=len(program.columns), rows=len(program.rows), terms=terms, kind=kind_of(program))

    def feasible(self) -> StageResult:
        from ..solver.conflict import find_conflict
        from ..solver.solving import solve
        from ..solver.words import conflict

        if self.program is None:
            return self._undecided("builds")
        program = self.program
        prepared = self._reference()
        solution = self.solution = solve(program, self.policy, deadline=self.deadline)
        if solution.status == "infeasible":
            proof = {"proof": solution.proof}
            if prepared.status == "infeasible":
                return passed("both-infeasible", "infeasible, as the problem is", **proof)
            found = conflict(program, find_conflict(program, self.policy, deadline=self.deadline, solution=solution))
            if prepared.trouble:
                code, reason = prepared.trouble
                return unknown(code, f"infeasible, and perhaps the problem is too: {reason}", conflict=found, **proof)
            return fail("infeasible", f"no plan is possible: {found['sentence']}", conflict=found, **proof)
        if solution.point is None:
            return unknown(solution.code or "solver-unknown", solution.message or "the solver reached no answer")
        broken = violations(program, solution.point, self.policy)
        if broken:
            from ..solver.words import violated

            rows = violated(program, broken, {})
            self.solution = replace(solution, status="unknown", code="point-denied", point=None)
            return unknown(
                "point-denied", f"exact arithmetic denies the solver's point: {rows[0]['sentence']}", violated=rows
            )
        return passed(proof="certified", exact_point=solution.exact_point)

    def bounded(self) -> StageResult:
        from ..solver.words import number, point, ray_sentence

        solution, program = self.solution, self.program
        if solution is None or program is None:
            return self._undecided("feasible")
        if solution.status == "infeasible":
            if self.results["feasible"].status != "pass":
                return self._undecided("feasible")
            return passed("both-infeasible", "infeasible, as the problem is: there is no optimum to attain")
        if solution.status == "optimal":
            assert solution.point is not None
            assert solution.objective is not None
            details = {"proof": solution.proof, **number("optimum", solution.objective)}
            return passed(**details, **point("plan", program, solution.point))
        if solution.status == "unbounded":
            assert solution.ray is not None
            unit = self.judge.reference.units.get("objective", "")
            sentence = ray_sentence(program, solution.ray, unit)
            details = {"proof": solution.proof, "sentence": sentence, **point("ray", program, solution.ray)}
            if solution.point is not None:
                details |= point("plan", program, solution.point)
            prepared = self._reference()
            if prepared.status == "unbounded":
                return passed("both-unbounded", "unbounded, as the problem is", **details)
            if prepared.trouble:
                code, reason = prepared.trouble
                return unknown(code, f"unbounded, and perhaps the problem is too: {reason}", **details)
            return fail("unbounded", f"there is no best plan: {sentence}", **details)
        plan = {} if solution.point is None else point("plan", program, solution.point)
        return unknown(solution.code or "solver-unknown", solution.message or "the solver reached no answer", **plan)

    def sound(self) -> StageResult:
        from .stages.sound import sound

        prepared = self._reference()
        if prepared.reference.formulation is None:
            return skipped("no-reference", "the problem has no reference formulation")
        trouble = self._unusable(prepared)
        if trouble:
            return trouble
        if self.solution is None or self.program is None or self.solution.status == "unknown":
            return self._undecided("bounded")
        if self.results["feasible"].status != "pass":
            return self._undecided("feasible")
        return sound(self.program, self.solution, prepared, self.policy)

    def value(self) -> StageResult:
        prepared = self._reference()
        if prepared.trouble:
            return unknown(*prepared.trouble)
        if prepared.status is None or (prepared.status == "optimal" and prepared.optimum is None):
            return skipped("no-reference", "the problem states no optimum")
        solution, program = self.solution, self.program
        if solution is None or program is None or solution.status == "unknown":
            return self._undecided("bounded")
        from .stages.value import compare_values

        return compare_values(program, solution, prepared, self.policy)

    def equivalent(self) -> StageResult:
        prepared = self._reference()
        if prepared.reference.formulation is None:
            return skipped("no-reference", "the problem has no reference formulation")
        trouble = self._unusable(prepared)
        if trouble:
            return trouble
        if self.program is None or self.solution is None:
            return self._undecided("feasible")
        from .stages.equivalent import decide

        return decide(self.program, prepared, self.policy, self.deadline, self.formulation)

    def _unusable(self, prepared: PreparedReference) -> StageResult | None:
        """Unknown, when the reference's rows cannot be compared with. Unsolved is no hindrance: they are known."""
        if prepared.trouble and (prepared.program is None or prepared.trouble[0] != "reference-unsolved"):
            return unknown(*prepared.trouble)
        return None

    # Help ---------------------------------------------------------------------------------------------------------

    def _reference(self) -> PreparedReference:
        """The prepared reference. The time that the first use takes belongs to the problem, not to this output."""
        if not self.judge.is_prepared:
            started = time.monotonic()
            self.watch("reference", "begun")
            prepared = self.judge.prepared
            self.watch("reference", "done")
            self.waited = time.monotonic() - started
            self.deadline += self.waited
            return prepared
        return self.judge.prepared

    def _undecided(self, stage: Stage) -> StageResult:
        """Unknown because what this stage needs was not found out; the reason is the one of the stage that is named."""
        cause = self.results[stage]
        reason = cause.code if cause.code and cause.code != "earlier-unknown" else "no result"
        origin = next((s for s in STAGES if s in self.results and self.results[s].status == "unknown"), stage)
        reason = self.results[origin].code or reason
        return unknown("earlier-unknown", f"not decided, because {origin} is unknown ({reason})")


def kind_of(program: Program) -> str:
    """linear, mixed-integer, quadratic or mixed-integer quadratic."""
    quadratic = program.is_quadratic or program.is_nonlinear
    if program.is_mixed_integer:
        return "mixed-integer quadratic" if quadratic else "mixed-integer"
    return "quadratic" if quadratic else "linear"


def stage_of(code: str) -> str:
    """The stage that a code belongs to."""
    from ..codes import CODES

    return CODES[code].stage if code in CODES else "builds"


def is_unknown(code: str) -> bool:
    """Codes of ``builds`` that say unsupported rather than wrong."""
    return code == "nonlinear"
