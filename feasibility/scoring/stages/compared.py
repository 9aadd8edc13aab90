"""Stages 7 to 9 of a formulation as the ladder asks them; each answer is worked out in a file of its own."""

from __future__ import annotations

from ...verdict import StageResult
from .attempt import FormulationAttempt


class Sound:
    """Stage 7; see :mod:`.sound`."""

    name = "sound"
    title = "does its optimal plan obey every constraint of the reference?"
    needs: tuple[str, ...] = ("reference plans", "answer")

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Carry the plan over to the reference and evaluate it there.

        Names are asked first. What they find broken stands only when stage 9's correspondence does not say otherwise;
        where names do not correspond, that correspondence alone decides.
        """
        from .sound import by_names, completable, through, without_correspondence

        if attempt.results["feasible"].status != "pass":
            return attempt.undecided("feasible")
        program, solution, prepared = attempt.program, attempt.solution, attempt.reference()
        assert program is not None
        assert solution is not None
        assert prepared.program is not None
        if solution.status == "infeasible":
            # Stage 5 lets an infeasible output come here only when the problem is infeasible too.
            text = "infeasible, as the problem is: there is no plan to break a rule"
            return StageResult("pass", "both-infeasible", text)
        named = by_names(program, solution, prepared, attempt.policy)
        if named is not None and named.status == "pass":
            return named
        found = attempt.compare()
        read = through(program, solution, prepared, attempt.policy, found, attempt.deadline)
        if read is not None:
            return read
        if named is None:
            return without_correspondence(program, prepared.program)
        if found.relation == "unknown" and completable(program, solution, prepared, attempt.policy, attempt.deadline):
            text = f"by its names {named.message[0].lower()}{named.message[1:]}; but a plan of the problem agrees with "
            return StageResult("unknown", "no-correspondence", f"{text}it wherever the objective looks")
        return named


class Value:
    """Stage 8; see :func:`.value.compare_values`."""

    name = "value"
    title = "does its optimum equal the reference's?"
    needs: tuple[str, ...] = ("reference value", "answer")

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Compare status and optimum; an objective in other words is read as stage 9 reads it."""
        from .value import compare_values, in_other_words

        assert attempt.program is not None
        assert attempt.solution is not None
        prepared = attempt.reference()
        result = compare_values(attempt.program, attempt.solution, prepared, attempt.policy)
        if result.status != "fail" or prepared.program is None or attempt.solution.objective is None:
            return result
        found = attempt.compare()
        return in_other_words(attempt.program, attempt.solution, prepared, attempt.policy, found) or result


class Equivalent:
    """Stage 9; see :func:`.equivalent.decide`."""

    name = "equivalent"
    title = "does it allow the same plans, in the same order of preference?"
    needs: tuple[str, ...] = ("reference plans", "program", "solution")

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Compare with the reference."""
        from .equivalent import decide

        assert attempt.program is not None
        prepared = attempt.reference()
        found = attempt.compare()
        return decide(attempt.program, prepared, attempt.policy, attempt.deadline, found, attempt.formulation)
