"""Stages 4 to 6 of a formulation: it builds, it has a plan, it has a best one; nothing of the reference yet."""

from __future__ import annotations

from dataclasses import replace

from ...programs.program import Program
from ...solver.exactness import is_convex, violations
from ...verdict import StageResult
from .answers import fail, passed, unknown
from .attempt import FormulationAttempt


class Builds:
    """Stage 4."""

    name = "builds"
    title = "is it a finite linear or convex quadratic program within the limits?"
    needs: tuple[str, ...] = ("resolved",)

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """What the compiler found, and whether the class of the program is supported."""
        found = attempt.build_findings
        if found:
            if all(_is_unknown(finding.code) for finding in found):
                return StageResult("unknown", found[0].code, found[0].message, tuple(found))
            return StageResult.failed(*sorted(found, key=lambda finding: _is_unknown(finding.code)))
        program = attempt.program
        assert program is not None
        if not attempt.policy.nonlinear:
            if program.is_nonlinear:
                return unknown("nonlinear", "a constraint multiplies variables; by default that is not solved")
            if program.is_quadratic and not is_convex(program):
                kind = "concave" if program.sense == "maximize" else "convex"
                return unknown("nonconvex", f"the quadratic objective is not {kind}")
        terms = len(program.objective.linear) + sum(len(row.linear) for row in program.rows)
        return passed(columns=len(program.columns), rows=len(program.rows), terms=terms, kind=kind_of(program))


class Feasible:
    """Stage 5."""

    name = "feasible"
    title = "is there a plan that satisfies every row in exact arithmetic?"
    needs: tuple[str, ...] = ("program",)

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Solve, and re-check the point; an infeasible output passes when the problem is infeasible too."""
        from ...solver.solving import solve
        from ...solver.words import violated

        program = attempt.program
        assert program is not None
        attempt.reference()  # first: the time that it takes must not come out of this output's
        solution = attempt.solution = solve(program, attempt.policy, deadline=attempt.deadline)
        if solution.status == "infeasible":
            return self._infeasible(attempt, program)
        if solution.point is None:
            return unknown(solution.code or "solver-unknown", solution.message or "the solver reached no answer")
        broken = violations(program, solution.point, attempt.policy)
        if broken:
            rows = violated(program, broken, {})
            attempt.solution = replace(solution, status="unknown", code="point-denied", point=None)
            text = f"exact arithmetic denies the solver's point: {rows[0]['sentence']}"
            return unknown("point-denied", text, violated=rows)
        if solution.exact_point:
            return passed(proof="certified", exact_point=True)
        text = "the plan keeps every row within the policy's tolerance, not exactly"
        return passed(None, text, proof="solver-trusted", exact_point=False)

    def _infeasible(self, attempt: FormulationAttempt, program: Program) -> StageResult:
        from ...solver.conflict import find_conflict
        from ...solver.words import conflict

        solution, prepared = attempt.solution, attempt.reference()
        assert solution is not None
        proof = {"proof": solution.proof}
        if prepared.status == "infeasible":
            return passed("both-infeasible", "infeasible, as the problem is", **proof)
        core = find_conflict(program, attempt.policy, deadline=attempt.deadline, solution=solution)
        found = conflict(program, core)
        if prepared.trouble:
            code, reason = prepared.trouble
            return unknown(code, f"infeasible, and perhaps the problem is too: {reason}", conflict=found, **proof)
        return fail("infeasible", f"no plan is possible: {found['sentence']}", conflict=found, **proof)


class Bounded:
    """Stage 6."""

    name = "bounded"
    title = "is an optimum attained?"
    needs: tuple[str, ...] = ("program", "solution")

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """What the solve of stage 5 said about the optimum."""
        from ...solver.words import number, point

        solution, program = attempt.solution, attempt.program
        assert solution is not None
        assert program is not None
        if solution.status == "infeasible":
            if attempt.results["feasible"].status != "pass":
                return attempt.undecided("feasible")
            return passed("both-infeasible", "infeasible, as the problem is: there is no optimum to attain")
        if solution.status == "optimal":
            assert solution.point is not None
            assert solution.objective is not None
            details = {"proof": solution.proof, **number("optimum", solution.objective)}
            return passed(**details, **point("plan", program, solution.point))
        if solution.status == "unbounded":
            return self._unbounded(attempt, program)
        plan = {} if solution.point is None else point("plan", program, solution.point)
        return unknown(solution.code or "solver-unknown", solution.message or "the solver reached no answer", **plan)

    def _unbounded(self, attempt: FormulationAttempt, program: Program) -> StageResult:
        from ...solver.words import point, ray_sentence

        solution, prepared = attempt.solution, attempt.reference()
        assert solution is not None
        assert solution.ray is not None
        sentence = ray_sentence(program, solution.ray, prepared.reference.units.get("objective", ""))
        details = {"proof": solution.proof, "sentence": sentence, **point("ray", program, solution.ray)}
        if solution.point is not None:
            details |= point("plan", program, solution.point)
        if prepared.status == "unbounded":
            return passed("both-unbounded", "unbounded, as the problem is", **details)
        if prepared.trouble:
            code, reason = prepared.trouble
            return unknown(code, f"unbounded, and perhaps the problem is too: {reason}", **details)
        return fail("unbounded", f"there is no best plan: {sentence}", **details)


def kind_of(program: Program) -> str:
    """linear, mixed-integer, quadratic or mixed-integer quadratic."""
    quadratic = program.is_quadratic or program.is_nonlinear
    if program.is_mixed_integer:
        return "mixed-integer quadratic" if quadratic else "mixed-integer"
    return "quadratic" if quadratic else "linear"


def _is_unknown(code: str) -> bool:
    """Codes of ``builds`` that say unsupported rather than wrong."""
    return code == "nonlinear"
