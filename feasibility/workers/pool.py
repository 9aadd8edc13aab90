"""Many jobs at once, in worker processes that can be killed; the answers come in the order of the jobs.

One job at a time runs in each worker. A limit that a process sets itself is not a limit (solvers do not always keep
theirs), so the pool watches from outside and kills: the job in hand gets a :class:`~.work.Failure` with the state that
it had reached, what waited behind it is sent to another worker, and a new worker takes the place. A start costs a few
tenths of a second, once a worker.
"""

from __future__ import annotations

import pickle
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from multiprocessing.connection import wait
from typing import Any, Generic, Literal, TypeVar

from ..closing import Closing
from ..errors import PyriteError
from .process import INBOX_BYTES, WorkerProcess
from .work import Again, Failure, Job, Raised, Work

P = TypeVar("P")
A = TypeVar("A")

AHEAD = 1024
"""Jobs that may be finished before the oldest one is."""

_STRIKES = 3


class Workers(Closing, Generic[P, A]):
    """A pool of ``size`` workers (at least 1) for one kind of work. Leave it by ``with`` or :meth:`close`."""

    def __init__(self, work: Work, size: int) -> None:
        if size < 1:
            raise ValueError(f"a pool has at least one worker, got {size}")
        self.work, self.size = work, size
        self.finished = 0
        """Jobs done so far, whether handed out or not."""
        self.killed = 0
        """Workers that were killed or died."""
        self.peak_memory = 0
        """The most resident memory that any worker had, in bytes."""
        self.staff: list[WorkerProcess] = []
        self._stillborn = 0

    def close(self) -> None:
        """End all workers at once."""
        for worker in self.staff:
            worker.end()
        self.staff.clear()

    def run(
        self,
        jobs: Iterable[Job[P]],
        broken: Callable[[P, Failure], A | Again],
        shared: Mapping[str, Any] | None = None,
        heard: Callable[[Any], None] = lambda told: None,
        read: Callable[[P, Any], A] = lambda payload, answer: answer,
        repeat: Callable[[P, A], A | None] = lambda payload, answer: None,
    ) -> Iterator[A]:
        """The answers in the order of ``jobs``, which are drawn as they are needed.

        ``broken`` says what a job without answer gives; ``shared`` holds what jobs have in common, by their ``shares``;
        ``heard`` gets what workers tell while they work; ``read`` makes of what a worker sends, in the order in which
        it did, an answer; ``repeat`` makes the answer to a job of that to another with the same ``same``, or None when
        it must be asked for itself. Raises what a handler raised if that is a PyriteError, and
        PyriteError when workers do not even start.
        """
        yield from _Rounds(self, jobs, broken, dict(shared or {}), heard, read, repeat).run()

    def hire(self, wanted: int) -> list[WorkerProcess]:
        """The workers, after new ones were started for those that are gone."""
        while len(self.staff) < min(self.size, wanted):
            self.staff.append(WorkerProcess(self.work))
        return self.staff

    def remove(self, worker: WorkerProcess) -> None:
        """End a worker; the next :meth:`hire` replaces it. Raises PyriteError when workers do not even start."""
        self._stillborn = 0 if worker.ready else self._stillborn + 1
        worker.end()
        self.staff.remove(worker)
        if self._stillborn >= 3:
            raise PyriteError(f"worker processes do not start: {worker.last_words() or 'they die without a word'}")


class _Rounds(Generic[P, A]):
    """One call of :meth:`Workers.run`: hands out jobs, collects answers, kills and replaces."""

    def __init__(
        self,
        pool: Workers[P, A],
        jobs: Iterable[Job[P]],
        broken: Callable[[P, Failure], A | Again],
        shared: dict[str, Any],
        heard: Callable[[Any], None],
        read: Callable[[P, Any], A],
        repeat: Callable[[P, A], A | None],
    ) -> None:
        self.pool, self.broken, self.shared, self.heard = pool, broken, shared, heard
        self.read, self.repeat = read, repeat
        self.source: Iterator[Job[P]] | None = iter(jobs)
        self.drawn = 0
        self.waiting: deque[int] = deque()
        self.open: dict[int, Job[P]] = {}
        """Jobs that were drawn and are not answered."""
        self.answers: dict[int, A] = {}
        self.firsts: dict[Hashable, int] = {}
        """The open job of each key that is asked for; those of ``followers`` wait for it."""
        self.followers: dict[int, list[int]] = {}
        self.next = 0
        self.last_packed: tuple[Any, bytes] | None = None
        for worker in pool.staff:  # an earlier call's names may stand for other things
            worker.known.clear()
        self.strikes: Counter[int] = Counter()
        """How often a worker died with nothing in hand and this job first in its inbox."""

    def run(self) -> Iterator[A]:
        complete = False
        try:
            self.draw()
            while self.open or self.answers or self.source is not None:
                if self.open:
                    self.hand_out()
                    self.collect()
                while self.next in self.answers:
                    answer = self.answers.pop(self.next)
                    self.next += 1
                    yield answer
                self.draw()
            complete = True
        finally:
            if not complete:
                # Left early: what is in hand belongs to nobody any more.
                self.pool.close()

    def draw(self) -> None:
        """Take jobs from the source, so far as they may be done now."""
        while self.source is not None and self.drawn < self.next + AHEAD:
            job = next(self.source, None)
            if job is None:
                self.source = None
                return
            number = self.drawn
            self.drawn += 1
            if job.known is not None:
                self.answers[number] = job.known.answer
                self.pool.finished += 1
                continue
            self.open[number] = job
            if job.same is not None and self.firsts.setdefault(job.same, number) != number:
                self.followers.setdefault(self.firsts[job.same], []).append(number)
            else:
                self.waiting.append(number)

    def hand_out(self) -> None:
        for worker in self.pool.hire(len(self.waiting) + len(self.pool.staff)):
            if worker.ready and len(worker.inbox) <= self.pool.work.batch // 2 and self.waiting:
                self.send(worker)

    def send(self, worker: WorkerProcess) -> None:
        """Fill the inbox. To a busy worker only as much as its socket holds: the pool must never wait for it."""
        idle = not worker.inbox
        new: dict[str, bytes] = {}
        jobs: list[tuple[int, P]] = []
        size = 0
        # Near the end the work is shared out evenly rather than left to whoever came first.
        share = len(self.waiting) // (2 * self.pool.size)
        batch = self.pool.work.batch
        most = max(1, min(batch, share)) - len(worker.inbox)
        # What shares something goes to one worker, as far as it may: it is prepared once, and not once a worker.
        longer = most + batch if share > batch else most
        before: str | None = None
        while self.waiting and len(jobs) < longer:
            number = self.waiting[0]
            job = self.open[number]
            if len(jobs) >= most and (job.shares is None or job.shares != before):
                break
            before = job.shares
            fresh = None if job.shares in worker.known else job.shares
            size += job.weight + 200 + (0 if fresh is None else len(self.packed(fresh)))
            if size > INBOX_BYTES // 2 and (jobs or not idle):
                break
            self.waiting.popleft()
            if fresh is not None:
                worker.known.add(fresh)
                new[fresh] = self.packed(fresh)
            jobs.append((number, job.payload))
        if not jobs:
            return
        worker.inbox.extend(number for number, _ in jobs)
        try:
            worker.connection.send((new, jobs))
        except OSError:
            self.bury(worker, killed=False)

    def packed(self, name: str) -> bytes:
        """What jobs share, ready to be sent: how long it is decides who may get it now."""
        value = self.shared[name]
        if self.last_packed is None or self.last_packed[0] is not value:
            self.last_packed = value, pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        return self.last_packed[1]

    def collect(self) -> None:
        """Wait for something to happen: an answer, a death, or a limit that runs out."""
        workers = {worker.connection: worker for worker in self.pool.staff}
        now = time.monotonic()
        patience = min((worker.overdue(now) for worker in workers.values()), default=0.0)
        for connection in wait(list(workers), timeout=max(0.0, min(patience, 1.0))):
            worker = workers[connection]  # type: ignore[index]
            if not self.receive(worker):
                self.bury(worker, killed=False)
            elif worker.tired:
                self.waiting.extendleft(sorted(worker.inbox, reverse=True))
                self.pool.remove(worker)
        now = time.monotonic()
        for worker in workers.values():
            if worker in self.pool.staff and worker.overdue(now) <= 0:
                self.bury(worker, killed=True)

    def receive(self, worker: WorkerProcess) -> bool:
        """Take one message, which may hold several answers; False when the worker is gone."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            return False
        if message[0] == "ready":
            worker.ready = True
        elif message[0] == "told":
            self.heard(message[1])
        else:
            _, answers, peak, tired = message
            worker.tired = worker.tired or tired
            self.pool.peak_memory = max(self.pool.peak_memory, peak)
            for number, answer in answers:
                worker.inbox.remove(number)
                if isinstance(answer, Raised):
                    self.fail(number, _of_raised(answer))
                else:
                    self.settle(number, self.read(self.open[number].payload, answer))
        return True

    def bury(self, worker: WorkerProcess, killed: bool) -> None:
        """A worker is dead, or is ``killed`` for its time limit: blame the job in hand, save the others."""
        if killed:
            worker.kill()
        worker.process.wait()
        while worker.connection.poll() and self.receive(worker):
            pass  # answers that were sent before the end
        progress = worker.board.read()
        self.pool.killed += 1
        if worker.ready and progress.number in worker.inbox:
            assert progress.number is not None
            worker.inbox.remove(progress.number)
            timed_out = killed or worker.process.returncode == -signal.SIGALRM
            code: Literal["time-limit", "died"] = "time-limit" if timed_out else "died"
            message = "" if timed_out else worker.how_it_ended()
            seconds = time.monotonic() - progress.started
            self.fail(progress.number, Failure(code, message, progress.preparing, progress.marks, seconds))
        elif worker.ready and worker.inbox:
            # Nobody's fault, unless it happens again and again: a job can be such that it cannot even be received.
            number = worker.inbox[0]
            self.strikes[number] += 1
            if self.strikes[number] >= _STRIKES:
                worker.inbox.popleft()
                self.fail(number, Failure("died", worker.how_it_ended()))
        self.waiting.extendleft(sorted(worker.inbox, reverse=True))
        self.pool.remove(worker)

    def fail(self, number: int, failure: Failure) -> None:
        """What the job's owner makes of it: an answer all the same, or another try."""
        job = self.open[number]
        answer = self.broken(job.payload, failure)
        if isinstance(answer, Again):
            assert job.shares is not None
            self.shared[job.shares] = answer.shared
            for worker in self.pool.staff:
                worker.known.discard(job.shares)
            self.waiting.appendleft(number)
        else:
            self.settle(number, answer)

    def settle(self, number: int, answer: A) -> None:
        job = self.open.pop(number)
        self.answers[number] = answer
        self.pool.finished += 1
        if job.same is None or self.firsts.get(job.same) != number:
            return
        del self.firsts[job.same]
        for follower in self.followers.pop(number, ()):
            again = self.repeat(self.open[follower].payload, answer)
            if again is None:
                self.waiting.append(follower)
            else:
                self.settle(follower, again)


def _of_raised(raised: Raised) -> Failure:
    if raised.exit_code is not None:
        raise PyriteError(raised.message, exit_code=raised.exit_code)
    return Failure("raised", raised.message, raised=raised)
