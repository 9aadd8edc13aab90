"""Stages 1 to 3 of a program: is it Python, does it reach a solver, does it declare a model?

The program is recorded once, when the first stage asks; the later stages of the ladder are those of a formulation and
question the model that was declared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...verdict import Finding, StageResult
from .answers import passed, unknown
from .attempt import FormulationAttempt

if TYPE_CHECKING:
    from ...recording import Recording, SourceTrouble


@dataclass(slots=True)
class ProgramAttempt(FormulationAttempt):
    """A program on its way up; ``recording`` is what became of it."""

    recording: Recording | None = None


class ParsesProgram:
    """Stage 1 of a program: which text is the program is decided as for every other answer."""

    name = "parses"
    title = "is there one program in the text, and is it Python?"
    needs: tuple[str, ...] = ()

    def ask(self, attempt: ProgramAttempt) -> StageResult:
        """Find the program, and record it."""
        from ...finish import NOT_ANSWERED, finish_of
        from ...language.document.fences import last_program
        from ...language.document.reading import too_long
        from ...recording import SandboxLimits, record

        excess = too_long(attempt.text, attempt.policy)
        if excess and finish_of(attempt.text) not in NOT_ANSWERED:
            return StageResult.failed(*excess)
        found = last_program(attempt.text)
        details = {"start": found.start, "end": found.end}
        if found.findings:
            return StageResult.failed(*found.findings, **details)
        policy = attempt.policy
        limits = SandboxLimits(seconds=0.6 * policy.time_limit, memory=policy.memory_limit // 4)
        attempt.recording = record(found.text, limits)
        if attempt.recording.reached == "text":
            return _answer(attempt.recording.trouble)
        return passed(**details)


class Runs:
    """Stage 2 of a program."""

    name = "runs"
    title = "does it run, up to the call of a solver?"
    needs: tuple[str, ...] = ("recording",)

    def ask(self, attempt: ProgramAttempt) -> StageResult:
        """What the sandbox said."""
        recording = attempt.recording
        assert recording is not None
        library = {} if recording.library is None else {"library": recording.library}
        if recording.reached == "syntax":
            return _answer(recording.trouble)
        return passed(**library, solver_calls=recording.solves)


class Declares:
    """Stage 3 of a program; and, as for every formulation, the compiler."""

    name = "declares"
    title = "does it declare a model?"
    needs: tuple[str, ...] = ("recording",)

    def ask(self, attempt: ProgramAttempt) -> StageResult:
        """Take over the recorded model, and compile it."""
        from ...language.names import resolve
        from ...programs.compiling import compile_program

        recording = attempt.recording
        assert recording is not None
        if recording.formulation is None:
            refused = recording.trouble if recording.reached == "solver" else None
            return _answer(refused) if refused else attempt.undecided("runs")
        attempt.formulation = recording.formulation
        attempt.document = recording.formulation.to_dict()
        # The recorded text is ours: its length follows the model, whatever the policy says about answers.
        policy = attempt.policy.with_lengths_of_own()
        resolved, found = resolve(attempt.formulation, policy=policy)
        if found or resolved is None:
            return unknown(found[0].code, f"the recorded model cannot be written as a formulation: {found[0].message}")
        attempt.resolved = resolved
        attempt.program, attempt.build_findings = compile_program(resolved, policy)
        return passed(**({"notes": list(recording.notes)} if recording.notes else {}))


def _answer(trouble: SourceTrouble | None) -> StageResult:
    """A failure when the program is wrong; unknown when only this reading falls short."""
    assert trouble is not None
    line = {} if trouble.line is None else {"line": trouble.line}
    if trouble.certain:
        return StageResult.failed(Finding(trouble.code, trouble.message), **line)
    return unknown(trouble.code, trouble.message, **line)
