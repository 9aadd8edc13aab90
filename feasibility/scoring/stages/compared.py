"""Stages 7 to 9 of a formulation as the ladder asks them; each answer is worked out in a file of its own."""

from __future__ import annotations

from ...verdict import StageResult
from .attempt import FormulationAttempt


class Sound:
    """Stage 7; see :func:`.sound.sound`."""

    name = "sound"
    title = "does its optimal plan obey every constraint of the reference?"
    needs: tuple[str, ...] = ("reference plans", "answer")

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Carry the plan over to the reference and evaluate it there."""
        from .sound import sound

        if attempt.results["feasible"].status != "pass":
            return attempt.undecided("feasible")
        assert attempt.program is not None
        assert attempt.solution is not None
        return sound(attempt.program, attempt.solution, attempt.reference(), attempt.policy)


class Value:
    """Stage 8; see :func:`.value.compare_values`."""

    name = "value"
    title = "does its optimum equal the reference's?"
    needs: tuple[str, ...] = ("reference value", "answer")

    def ask(self, attempt: FormulationAttempt) -> StageResult:
        """Compare status and optimum."""
        from .value import compare_values

        assert attempt.program is not None
        assert attempt.solution is not None
        return compare_values(attempt.program, attempt.solution, attempt.reference(), attempt.policy)


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
        return decide(attempt.program, prepared, attempt.policy, attempt.deadline, attempt.formulation)
