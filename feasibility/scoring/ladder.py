"""The ladder: questions about one output, asked in order, each answered pass, fail, unknown or skipped.

After a ``fail`` the later stages are skipped; after an ``unknown`` they are still tried with what there is. When the
problem is known to be infeasible or unbounded and the output is so too, the stages that have nothing left to compare
pass with the code ``both-infeasible`` or ``both-unbounded``, so that substance is decided for such problems as well.
Which questions, and how the text is read, is the task's business (see :mod:`.tasks`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import PyriteError
from ..language.formulation import Formulation
from ..policy import Policy
from ..verdict import SKIPPED_EARLIER, StageResult, Verdict
from .prepared import PreparedReference, Preparing
from .reference import Reference
from .remembered import LONGEST, Remembered, of_text, owner
from .stages.answers import unknown
from .stages.attempt import FormulationAttempt
from .stages.protocol import Attempt, Stage, Watch
from .tasks import FORMULATIONS, Task, get_task

_RANK = {True: 2, None: 1, False: 0}


class Judge:
    """Judges outputs of one problem. The reference is compiled and solved once, when the first output needs it.

    >>> judge = Judge(Reference(optimum=12))
    >>> verdict = judge.judge('{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": '
    ...     '"maximize", "expression": "3*x"}, "constraints": {"cap": "2*x <= 9"}}')
    >>> verdict.surface, verdict.substance, verdict.optimum
    (True, True, 12.0)
    """

    def __init__(
        self,
        reference: Reference | None = None,
        policy: Policy | None = None,
        task: Task | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """``remembered``: where verdicts are kept for texts and documents that come again (None: nowhere)."""
        self.reference = reference or Reference()
        self.policy = policy or Policy()
        self.task = task or get_task(self.reference.task)
        self.preparing = Preparing(self.reference, self.policy)
        others = self.reference.readings if self.policy.readings == "any" else ()
        self.others = [Preparing(reading, self.policy) for reading in others]
        # Programs are run to be judged: only what is read is the same whenever it comes.
        self._remembered = remembered if self.task is FORMULATIONS else None
        self._owner = owner()

    @property
    def prepared(self) -> PreparedReference:
        """The reference, compiled and solved (on first use, under the policy's limits)."""
        return self.preparing.get()

    @prepared.setter
    def prepared(self, value: PreparedReference) -> None:
        self.preparing.set(value)

    @property
    def is_prepared(self) -> bool:
        """The reference has been compiled and solved."""
        return self.preparing.done

    @property
    def strongest(self) -> str:
        """The stage that decides substance for this problem."""
        return self.task.strongest(self.preparing)

    def judge(
        self, output_text: str, problem_id: str = "", sample: int = 0, watch: Watch = lambda stage, state: None
    ) -> Verdict:
        """All stages of one output. Never raises for anything in the text; a defect of ours is ``internal-error``."""
        started = time.monotonic()
        if self._remembered is None or len(output_text) > LONGEST:
            return self._judge(output_text, problem_id, sample, watch, started)
        key = self._owner, of_text(output_text)
        known = self._remembered.get(key)
        if known is not None:
            return replace(known, problem_id=problem_id, sample=sample, seconds=time.monotonic() - started)
        verdict = self._judge(output_text, problem_id, sample, watch, started)
        self._remembered.keep(key, output_text, verdict, self.policy.time_limit / 4)
        return verdict

    def _judge(self, output_text: str, problem_id: str, sample: int, watch: Watch, started: float) -> Verdict:
        attempt = self.task.attempt(output_text, self.preparing, watch)
        verdict = self._verdict(self.task, attempt, watch, started, problem_id, sample)
        if self.reference.readings:
            verdict = self._by_any_reading(verdict, output_text, watch, started, attempt.waited)
        if self.policy.repair == "off" or self.task is not FORMULATIONS or verdict.surface:
            return verdict
        repaired = self._repaired(output_text, watch)
        seconds = time.monotonic() - started - attempt.waited
        return verdict if repaired is None else replace(verdict, repaired=repaired, seconds=seconds)

    def _by_any_reading(self, first: Verdict, text: str, watch: Watch, started: float, waited: float) -> Verdict:
        """The verdict by the reading that it fits best: right before unknown before wrong, earlier readings first."""
        best = replace(first, reading={"name": self.reference.reading, "first": True})
        if not first.surface:
            return best
        deadline = started + self.policy.time_limit

        def quiet(stage: str, state: str) -> None:
            if stage == "reference":
                watch(stage, state)

        for preparing in self.others:
            if best.substance is True or time.monotonic() - waited >= deadline:
                break
            attempt = self.task.attempt(text, preparing, quiet)
            attempt.deadline = deadline + waited
            climb(self.task, attempt, quiet)
            waited += attempt.waited
            found = replace(
                best,
                stages=attempt.results,
                strongest=self.task.strongest(preparing),
                reading={"name": preparing.reference.reading, "first": False},
                **attempt.evidence(),
            )
            if _RANK[found.substance] > _RANK[best.substance]:
                best = found
        return replace(best, seconds=time.monotonic() - started - waited)

    def _repaired(self, text: str, watch: Watch) -> dict[str, Any] | None:
        """What an output that fails the surface would be if it were only spelled right; None when that is a guess."""
        from ..language.repair import repair

        data = self.reference.data
        try:
            found = repair(text, self.policy, {*data.sets, *data.parameters})
            formulation = None if found is None else Formulation.from_dict(found.document)
        except (KeyError, TypeError, ValueError, AttributeError, PyriteError):
            return None  # the shape is still wrong
        if found is None or formulation is None or not found.repairs:
            return None

        def quiet(stage: str, state: str) -> None:
            # The board shows the strict stages; only the time that the reference takes is nobody's.
            if stage == "reference":
                watch(stage, state)

        attempt = FORMULATIONS.attempt_given(formulation, self.preparing, quiet)
        verdict = self._verdict(FORMULATIONS, attempt, quiet, time.monotonic(), "", 0)
        bad = verdict.first_failure or verdict.first_unknown
        return {
            "repairs": list(found.repairs),
            "surface": verdict.surface,
            "substance": verdict.substance,
            **({"stage": bad, "code": verdict.result(bad).code} if bad else {}),
        }

    def judge_formulation(self, formulation: Formulation, problem_id: str = "") -> Verdict:
        """All stages of a formulation that is already read: it passes ``parses``, and the schema is checked again."""

        def watch(stage: str, state: str) -> None:
            pass

        started = time.monotonic()
        attempt = FORMULATIONS.attempt_given(formulation, self.preparing, watch)
        return self._verdict(FORMULATIONS, attempt, watch, started, problem_id, 0)

    def _verdict(
        self, task: Task, attempt: Attempt, watch: Watch, started: float, problem_id: str, sample: int
    ) -> Verdict:
        climb(task, attempt, watch, task.stages[:1])
        key = self._document_key(attempt)
        known = None if key is None or self._remembered is None else self._remembered.get(key)
        if known is not None:
            stages = {**known.stages, **attempt.results}
            seconds = time.monotonic() - started
            return replace(known, stages=stages, problem_id=problem_id, sample=sample, seconds=seconds)
        climb(task, attempt, watch, task.stages[1:])
        verdict = self._concluded(task, attempt, started, problem_id, sample)
        if key is not None and self._remembered is not None:
            self._remembered.keep(key, key[1], verdict, self.policy.time_limit / 4)
        return verdict

    def _document_key(self, attempt: Attempt) -> tuple[int, str, bool] | None:
        """What the later stages see of a text: its document. None where they see more, or nothing is kept."""
        first = attempt.results.get("parses")
        if self._remembered is None or not isinstance(attempt, FormulationAttempt) or attempt.given is not None:
            return None
        if self.reference.readings or self.policy.repair != "off" or first is None or first.status != "pass":
            return None
        written = repr(attempt.document)
        return (self._owner, written, True) if len(written) <= LONGEST else None

    def _concluded(self, task: Task, attempt: Attempt, started: float, problem_id: str, sample: int) -> Verdict:
        return Verdict(
            stages=attempt.results,
            strongest=task.strongest(self.preparing),
            ladder=task.ladder,
            seconds=time.monotonic() - started - attempt.waited,
            problem_id=problem_id,
            sample=sample,
            **attempt.evidence(),
        )


def climb(task: Task, attempt: Attempt, watch: Watch, stages: Sequence[Stage[Any]] | None = None) -> None:
    """Ask every stage in order, or these alone; the answers are left in ``attempt.results``."""
    failed = {name for name, result in attempt.results.items() if result.status == "fail"}
    together = set(task.ladder.together)
    for stage in task.stages if stages is None else stages:
        if failed - together if stage.name in together else failed:
            attempt.results[stage.name] = SKIPPED_EARLIER
            continue
        watch(stage.name, "begun")
        result = attempt.results[stage.name] = _answer(stage, attempt)
        watch(stage.name, result.status)
        if result.status == "fail":
            failed.add(stage.name)


def _answer(stage: Stage[Any], attempt: Attempt) -> StageResult:
    try:
        for need in stage.needs:
            refusal = attempt.missing(need)
            if refusal is not None:
                return refusal
        return stage.ask(attempt)
    except MemoryError:
        limit = attempt.policy.memory_limit / 2**30
        return unknown("memory-limit", f"more than {limit:.3g} GiB were needed")
    except Exception as error:  # noqa: BLE001 - one output must not take the others with it; it is counted and shown
        text = f"{type(error).__name__}: {str(error)[:300]} (a defect of Pyrite, not of the output)"
        return unknown("internal-error", text)
