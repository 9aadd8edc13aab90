"""Many outputs judged at once, in worker processes that can be killed.

An output whose worker had to be killed, or died, becomes ``unknown`` at the stage it had reached (``time-limit``, or
``worker-died``); its finished stages keep their status. When it was the reference that took too long, the problem is at
fault and not the output: it is judged again without.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ..closing import Closing
from ..finish import beginning
from ..policy import Policy
from ..verdict import FORMULATION, StageResult, Verdict
from ..workers.limits import usable_cores
from ..workers.pool import Workers
from ..workers.process import WorkerProcess
from ..workers.work import Again, Failure, Job, Known, Work
from .prepared import Preparing
from .reference import Reference
from .remembered import LONGEST, Remembered, lasting, of_text
from .stages.answers import skipped, unknown
from .tasks import FORMULATIONS, get_task
from .tasks import Task as LadderTask
from .worker import STATES, JudgeCache, JudgedText, Question, Receiving, SentVerdict

OutputTask: TypeAlias = JudgedText
"""Problem id, sample, text."""

BATCH = 16
"""Outputs that wait in a worker's inbox at most."""

GRACE = 0.5
"""Seconds after the time limit before a worker is killed: the solver usually keeps the limit by itself."""


class Pool(Closing):
    """Judges outputs in ``workers`` processes (0: in this one, where limits are only as good as the solver's).

    Each output climbs the ladder of its problem's ``Reference.task``; ``task`` (``code``) is climbed instead by the
    outputs to problems that ask for a formulation.

    >>> from pyrite import Policy
    >>> from pyrite.feasibility.scoring.pool import Pool
    >>> from pyrite.feasibility.scoring.reference import Reference
    >>> with Pool(Policy(), workers=1) as pool:
    ...     verdicts = list(pool.judge([("p", 0, "prose"), ("p", 1, "{}")], {"p": Reference()}))
    >>> [verdict.first_failure for verdict in verdicts]
    ['parses', 'schema']
    """

    def __init__(self, policy: Policy | None = None, workers: int | None = None, task: str | None = None) -> None:
        self.task = task
        self.policy = policy or Policy()
        self.size = usable_cores() if workers is None else workers
        self._here = 0
        self._receiving = Receiving()
        self._remembered = Remembered()
        self._longest = self.policy.time_limit / 4
        self._pool: Workers[JudgedText, Verdict] | None = None
        if self.size:
            limit = self.policy.time_limit + GRACE
            work = Work(f"{__package__}.worker:judging", self.policy, limit, self.policy.memory_limit, BATCH)
            self._pool = Workers(work, self.size)

    @property
    def finished(self) -> int:
        """Outputs judged so far, whether handed out or not."""
        return self._here + (self._pool.finished if self._pool else 0)

    @property
    def killed(self) -> int:
        """Workers that were killed or died."""
        return self._pool.killed if self._pool else 0

    @property
    def peak_memory(self) -> int:
        """The most resident memory that any worker had, in bytes."""
        return self._pool.peak_memory if self._pool else 0

    @property
    def staff(self) -> list[WorkerProcess]:
        """The processes that there are now."""
        return self._pool.staff if self._pool else []

    def close(self) -> None:
        """End all workers at once."""
        if self._pool is not None:
            self._pool.close()

    def judge(self, tasks: Iterable[OutputTask], references: Mapping[str, Reference]) -> Iterator[Verdict]:
        """The verdicts in the order of ``tasks``, which are drawn as they are needed.

        KeyError when a task names a problem without reference; before anything runs, where they are a sequence.
        """
        for problem_id, _, _ in tasks if isinstance(tasks, Sequence) else ():
            if problem_id not in references:
                raise KeyError(problem_id)
        questions = {name: Question(self._asked(reference)) for name, reference in references.items()}
        if self._pool is None:
            yield from self._judge_here(tasks, questions)
            return
        most = self.policy.max_output_chars
        jobs = (self._job((name, sample, beginning(text, most)), questions) for name, sample, text in tasks)

        def broken(task: OutputTask, failure: Failure) -> Verdict | Again:
            return self._broken(task, failure, questions)

        def read(task: OutputTask, sent: SentVerdict) -> Verdict:
            return self._read(task, sent, questions)

        yield from self._pool.run(jobs, broken, questions, read=read, repeat=self._repeat)

    def _job(self, task: OutputTask, questions: Mapping[str, Question]) -> Job[OutputTask]:
        """A text that came before and will come to the same is not asked for again."""
        problem_id, sample, text = task
        key = _key(task, questions[problem_id])
        known = None if key is None else self._remembered.get(key)
        if known is None:
            return Job(task, problem_id, len(text) if text.isascii() else 4 * len(text), same=key)
        return Job(task, known=Known(_again(known, sample)))

    def _read(self, task: OutputTask, sent: SentVerdict, questions: Mapping[str, Question]) -> Verdict:
        assert self._pool is not None
        if self._receiving.processes > len(self._pool.staff):
            self._receiving.only([worker.process.pid for worker in self._pool.staff])
        verdict, size = self._receiving.received(sent)
        key = _key(task, questions[task[0]])
        if key is not None:
            self._remembered.keep(key, task[2], verdict, self._longest, size)
        return verdict

    def _repeat(self, task: OutputTask, verdict: Verdict) -> Verdict | None:
        return _again(verdict, task[1]) if lasting(task[2], verdict, self._longest) else None

    def _asked(self, reference: Reference) -> Reference:
        if self.task is None or reference.task != FORMULATION.task:
            return reference
        return replace(reference, task=self.task)

    def _judge_here(self, tasks: Iterable[OutputTask], questions: Mapping[str, Question]) -> Iterator[Verdict]:
        cache = JudgeCache(self.policy)
        for problem_id, sample, text in tasks:
            verdict = cache.judge(problem_id, questions).judge(text, problem_id, sample)
            cache.weigh(problem_id)
            self._here += 1
            yield verdict

    def _broken(self, task: OutputTask, failure: Failure, questions: dict[str, Question]) -> Verdict | Again:
        problem_id, sample, _ = task
        question = questions[problem_id]
        if failure.code == "time-limit":
            code, text = "time-limit", f"more than {self.policy.time_limit:g} s were needed"
        elif failure.code == "died":
            code, text = "worker-died", f"the process that judged it ended by {failure.message}"
        else:
            code, text = "internal-error", f"{failure.message} (a defect of Pyrite, not of the output)"
        if failure.preparing:
            if question.trouble is None:
                trouble = f"the reference could not be prepared: {text}"
                questions[problem_id] = Question(question.reference, trouble)
            return Again(questions[problem_id])
        ladder = get_task(question.reference.task)
        states = [STATES[mark] for mark in failure.marks[: len(ladder.ladder.stages)]]
        return broken_off(ladder, question.reference, states, code, text, problem_id, sample, failure.seconds)


def _key(task: OutputTask, question: Question) -> tuple[Hashable, ...] | None:
    """What a verdict depends on beside the policy; None where a text need not come to the same, as a program's.

    The same reference may come in a new object, which is then judged anew; it is part of the key, so it stays alive.
    """
    problem_id, _, text = task
    if question.trouble is not None or get_task(question.reference.task) is not FORMULATIONS or len(text) > LONGEST:
        return None
    return problem_id, of_text(text), _Same(question.reference)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """An object as part of a key, the same only as itself."""

    one: object

    def __hash__(self) -> int:
        return id(self.one)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.one is self.one


def _again(known: Verdict, sample: int) -> Verdict:
    """The verdict of a text that was not judged again; it took no time."""
    return replace(known, sample=sample, seconds=0.0)


def broken_off(
    task: LadderTask,
    reference: Reference,
    states: Sequence[str],
    code: str,
    message: str,
    problem_id: str,
    sample: int,
    seconds: float,
) -> Verdict:
    """The verdict of an output whose worker ended: finished stages keep their status, the one begun gets the blame."""
    results: dict[str, StageResult] = {}
    ladder = task.ladder
    strongest = task.strongest(Preparing(reference, Policy()))
    blamed = False
    for stage, state in zip(ladder.stages, [*states, *[""] * len(ladder.stages)], strict=False):
        if not blamed and state == "pass":
            results[stage] = StageResult("pass")
        elif not blamed and state in ("unknown", "skipped"):
            results[stage] = StageResult(state, "evidence-lost", "the evidence was lost with the worker")  # type: ignore[arg-type]
        elif not blamed:
            results[stage] = unknown(code, message)
            blamed = True
        elif not ladder.asks(stage, strongest):
            results[stage] = skipped("no-reference", "the problem has nothing to compare with")
        else:
            results[stage] = unknown("earlier-unknown", f"not decided, because an earlier stage is unknown ({code})")
    return Verdict(results, strongest, seconds=seconds, problem_id=problem_id, sample=sample, ladder=ladder)
