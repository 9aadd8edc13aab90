"""Many outputs at once, in worker processes that can be killed.

One output at a time runs in each worker. A limit that a process sets itself is not a limit (solvers do not always keep
theirs), so the pool watches from outside and kills: the output in hand becomes ``unknown`` at the stage it had reached
(``time-limit``, or ``worker-died`` when the worker went by itself), what waited behind it is sent to another worker,
and a new worker takes the place. Workers are plain processes of the same Python (no fork: solvers start threads, and a
forked thread pool hangs); a start costs a few tenths of a second, once a worker.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self, TypeAlias

from ..errors import PyriteError
from ..policy import Policy
from ..verdict import FORMULATION, StageResult, Verdict
from .ladder import Judge
from .reference import Reference
from .stages.answers import skipped, unknown
from .worker import BOARD_SIZE, GRACE, Answer, Board, Job, JudgeCache

Task: TypeAlias = tuple[str, int, str]
"""Problem id, sample, text."""

BATCH = 16
"""Outputs that wait in a worker's inbox at most."""

AHEAD = 1024
"""Outputs that may be finished before the oldest one is."""

_INBOX_BYTES = 64 * 1024
_START_SECONDS = 60.0


class Pool:
    """Judges outputs in ``workers`` processes (0: in this one, where limits are only as good as the solver's).

    >>> from pyrite import Policy
    >>> from pyrite.feasibility.scoring.pool import Pool
    >>> from pyrite.feasibility.scoring.reference import Reference
    >>> with Pool(Policy(), workers=1) as pool:
    ...     verdicts = list(pool.judge([("p", 0, "prose"), ("p", 1, "{}")], {"p": Reference()}))
    >>> [verdict.first_failure for verdict in verdicts]
    ['parses', 'schema']
    """

    def __init__(self, policy: Policy | None = None, workers: int | None = None) -> None:
        self.policy = policy or Policy()
        self.size = usable_cores() if workers is None else workers
        self.finished = 0
        """Outputs judged so far, whether handed out or not."""
        self.killed = 0
        """Workers that were killed or died."""
        self.peak_memory = 0
        """The most resident memory that any worker had, in bytes."""
        self._workers: list[_Worker] = []
        self._stillborn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers at once."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def judge(self, tasks: Sequence[Task], references: Mapping[str, Reference]) -> Iterator[Verdict]:
        """The verdicts in the order of ``tasks``. KeyError when a task names a problem without reference."""
        for problem_id, _, _ in tasks:
            if problem_id not in references:
                raise KeyError(problem_id)
        if self.size == 0:
            yield from self._judge_here(tasks, references)
            return
        yield from _Rounds(self, tasks, references).run()

    def _judge_here(self, tasks: Iterable[Task], references: Mapping[str, Reference]) -> Iterator[Verdict]:
        cache = JudgeCache(self.policy)
        for problem_id, sample, text in tasks:
            verdict = cache.judge(problem_id, references).judge(text, problem_id, sample)
            cache.weigh(problem_id)
            self.finished += 1
            yield verdict

    def staff(self, wanted: int) -> list[_Worker]:
        """The workers, after new ones were started for those that are gone."""
        while len(self._workers) < min(self.size, wanted):
            self._workers.append(_Worker(self.policy))
        return self._workers

    def remove(self, worker: _Worker) -> None:
        """End a worker; the next :meth:`staff` replaces it. Raises PyriteError when workers do not even start."""
        self._stillborn = 0 if worker.ready else self._stillborn + 1
        worker.end()
        self._workers.remove(worker)
        if self._stillborn >= 3:
            raise PyriteError(f"worker processes do not start: {worker.last_words() or 'they die without a word'}")


class _Worker:
    """One process, its connection, its board, and the numbers of the outputs in its inbox."""

    def __init__(self, policy: Policy) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _INBOX_BYTES)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._page = tempfile.TemporaryFile()  # noqa: SIM115
        self._page.truncate(BOARD_SIZE)
        self.board = Board(self._page.fileno())
        descriptors = (theirs.fileno(), self._page.fileno())
        # A process of its own session: Ctrl-C is for the parent alone. The parent's module path is handed on, so that
        # the worker finds this very package however the parent found it.
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.worker import main; main(*{descriptors!r})"
        self.process = subprocess.Popen(  # noqa: S603 - this very Python, no shell, nothing of the output in it
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._stderr,
            pass_fds=descriptors,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
        theirs.close()
        self.connection: Connection[object, object] = Connection(ours.detach())
        with suppress(OSError):  # it died already: the first look at the connection tells
            self.connection.send(policy)
        self.started = time.monotonic()
        self.ready = False
        self.tired = False
        self.inbox: deque[int] = deque()
        self.known: set[str] = set()
        self._words = ""

    def overdue(self, now: float, limit: float) -> float:
        """Seconds until this worker is to be killed; infinite while it has nothing in hand."""
        if not self.ready:
            return self.started + _START_SECONDS - now
        progress = self.board.read()
        if progress.number is None:
            return float("inf")
        return progress.started + limit + GRACE - now

    def end(self) -> None:
        """Kill it and let go of everything it held."""
        if self.connection.closed:
            return
        self.process.kill()
        self.process.wait()
        self._words = self.last_words()
        self.connection.close()
        self.board.close()
        self._page.close()
        self._stderr.close()

    def last_words(self) -> str:
        """The last line that the worker wrote on its standard error; asked when it has ended."""
        if not self._stderr.closed:
            self._stderr.seek(0, os.SEEK_END)
            self._stderr.seek(max(0, self._stderr.tell() - 500))
            lines = self._stderr.read().decode("utf-8", "replace").split("\n")
            self._words = next((line for line in reversed(lines) if line.strip()), "").strip()
        return self._words


class _Rounds:
    """One call of :meth:`Pool.judge`: hands out tasks, collects verdicts, kills and replaces."""

    def __init__(self, pool: Pool, tasks: Sequence[Task], references: Mapping[str, Reference]) -> None:
        self.pool, self.tasks, self.references = pool, tasks, references
        self.waiting: deque[int] = deque(range(len(tasks)))
        self.verdicts: dict[int, Verdict] = {}
        self.next = 0
        self.hopeless: dict[str, str] = {}

    def run(self) -> Iterator[Verdict]:
        try:
            while self.next < len(self.tasks):
                self.hand_out()
                self.collect()
                while self.next in self.verdicts:
                    verdict = self.verdicts.pop(self.next)
                    self.next += 1
                    yield verdict
        finally:
            if self.next < len(self.tasks):
                # Left early: what is in hand belongs to nobody any more.
                self.pool.close()

    def hand_out(self) -> None:
        for worker in self.pool.staff(len(self.waiting) + len(self.pool._workers)):
            if not worker.ready or len(worker.inbox) > BATCH // 2:
                continue
            if self.waiting and self.waiting[0] < self.next + AHEAD:
                self.send(worker)

    def send(self, worker: _Worker) -> None:
        """Fill the inbox. To a busy worker only as much as its socket holds: the pool must never wait for it."""
        idle = not worker.inbox
        new: dict[str, Reference] = {}
        jobs: list[Job] = []
        size = 0
        # Near the end the work is shared out evenly rather than left to whoever came first.
        most = max(1, min(BATCH, len(self.waiting) // (2 * self.pool.size))) - len(worker.inbox)
        while self.waiting and len(jobs) < most and self.waiting[0] < self.next + AHEAD:
            number = self.waiting[0]
            problem_id, sample, text = self.tasks[number]
            size += 4 * len(text) + 200
            fresh = problem_id not in worker.known
            if size > _INBOX_BYTES // 2 and (jobs or not idle):
                break
            if fresh and not idle:
                break
            self.waiting.popleft()
            if fresh:
                worker.known.add(problem_id)
                new[problem_id] = self.references[problem_id]
            jobs.append((number, problem_id, sample, text, self.hopeless.get(problem_id)))
        if not jobs:
            return
        worker.inbox.extend(job[0] for job in jobs)
        try:
            worker.connection.send((new, jobs))
        except OSError:
            self.bury(worker, None)

    def collect(self) -> None:
        """Wait for something to happen: a verdict, a death, or a limit that runs out."""
        limit = self.pool.policy.time_limit
        workers = {worker.connection: worker for worker in self.pool._workers}
        now = time.monotonic()
        patience = min((worker.overdue(now, limit) for worker in workers.values()), default=0.0)
        for connection in wait(list(workers), timeout=max(0.0, min(patience, 1.0))):
            worker = workers[connection]  # type: ignore[index]
            if not self.receive(worker):
                self.bury(worker, None)
            elif worker.tired:
                self.waiting.extendleft(sorted(worker.inbox, reverse=True))
                self.pool.remove(worker)
        now = time.monotonic()
        for worker in workers.values():
            if worker in self.pool._workers and worker.overdue(now, limit) <= 0:
                self.bury(worker, "time-limit")

    def receive(self, worker: _Worker) -> bool:
        """Take one message; False when the worker is gone."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            return False
        if message == "ready":
            worker.ready = True
            return True
        answer: Answer = message  # type: ignore[assignment]
        number, verdict, peak, worker.tired = answer
        worker.inbox.remove(number)
        self.verdicts[number] = verdict
        self.pool.finished += 1
        self.pool.peak_memory = max(self.pool.peak_memory, peak)
        return True

    def bury(self, worker: _Worker, reason: str | None) -> None:
        """A worker is dead or (``reason`` time-limit) shall be: blame the output in hand, save the others."""
        if reason:
            worker.process.kill()
        worker.process.wait()
        while worker.connection.poll() and self.receive(worker):
            pass  # verdicts that were sent before the end
        progress = worker.board.read()
        status = worker.process.returncode
        self.pool.killed += 1
        if worker.inbox and progress.number in worker.inbox and worker.ready:
            number = progress.number
            assert number is not None
            worker.inbox.remove(number)
            code, text = blame(reason, status, self.pool.policy, worker.last_words())
            problem_id, sample, _ = self.tasks[number]
            if progress.preparing and problem_id not in self.hopeless:
                # The problem's fault, not the output's: try again without the reference.
                self.hopeless[problem_id] = f"the reference could not be prepared: {text}"
                worker.inbox.appendleft(number)
            else:
                seconds = time.monotonic() - progress.started
                self.verdicts[number] = broken_off(
                    self.references[problem_id], progress.states, code, text, problem_id, sample, seconds
                )
                self.pool.finished += 1
        self.waiting.extendleft(sorted(worker.inbox, reverse=True))
        self.pool.remove(worker)


def blame(reason: str | None, status: int, policy: Policy, words: str = "") -> tuple[str, str]:
    """Code and sentence for the output that a worker had in hand when it ended; ``words`` is what it said last."""
    if reason == "time-limit" or status == -signal.SIGALRM:
        return "time-limit", f"more than {policy.time_limit:g} s were needed"
    try:
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
    except ValueError:
        how = f"signal {-status}"
    said = f", saying: {words[:200]}" if words else ""
    return "worker-died", f"the process that judged it ended by {how}{said}"


def broken_off(
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
    strongest = Judge(reference).strongest
    blamed = False
    for stage, state in zip(FORMULATION.stages, states, strict=True):
        if not blamed and state == "pass":
            results[stage] = StageResult("pass")
        elif not blamed and state in ("unknown", "skipped"):
            results[stage] = StageResult(state, "evidence-lost", "the evidence was lost with the worker")  # type: ignore[arg-type]
        elif not blamed:
            results[stage] = unknown(code, message)
            blamed = True
        elif not FORMULATION.asks(stage, strongest):
            results[stage] = skipped("no-reference", "the problem has nothing to compare with")
        else:
            results[stage] = unknown("earlier-unknown", f"not decided, because an earlier stage is unknown ({code})")
    return Verdict(results, strongest, seconds=seconds, problem_id=problem_id, sample=sample)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
