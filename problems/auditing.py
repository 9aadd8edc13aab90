"""Audits side by side, in processes that can be killed: a solver's own time limit is not always kept.

Workers are plain processes of the same Python, told over a socket what to do. They are neither forked (solvers start
threads, and a forked thread pool hangs) nor spawned by ``multiprocessing`` (which runs the caller's script again).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import IO, Any

from ..feasibility.errors import PyriteError
from ..feasibility.policy import Policy
from .audit import FAULTS, READING_SHARE, Audit, Entry, audit_problem, audit_texts
from .duplicates import THRESHOLD
from .importers.records import problem_kind
from .problem import Problem

_GRACE = 5.0
"""Seconds beyond the solves' limits (reading, building) before a worker is killed."""

_START = 60.0
"""Seconds in which a new process must have said that it is ready: it imports the solver."""

_PROGRAM = "from {package}.auditing import main; main({descriptor})"
"""What a worker runs."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection[Any, Any]
    errors: IO[bytes]
    number: int | None = None
    deadline: float = 0.0

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()
        self.errors.close()

    def last_words(self) -> str:
        """The last line on its standard error, for a message."""
        self.errors.seek(0)
        lines = self.errors.read()[-2000:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "no message"


def audit(
    problems: Sequence[Problem],
    policy: Policy | None = None,
    *,
    workers: int = 1,
    threshold: float = THRESHOLD,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Audit all problems, each within a bounded time, in killable processes. ``progress`` is told how many are done.

    A process that takes longer than its solves may take together (see :func:`audit_problem`), with a margin, is killed
    and its problem gets the fault ``timed-out``.
    """
    entries = run(problems, policy or Policy(), workers, progress)
    audit_texts(problems, entries, threshold)
    return Audit(entries)


def run(
    problems: Sequence[Problem], policy: Policy, workers: int, progress: Callable[[int], None] | None = None
) -> list[Entry]:
    """An entry for each problem, in order. ``workers`` 0 audits in this process, where nothing can be killed.

    Raises PyriteError when workers do not even start.
    """
    if workers < 0:
        raise ValueError(f"workers is not negative, got {workers}")
    if workers == 0 or not problems:
        return [audit_problem(problem, policy) for problem in problems]
    entries: dict[int, Entry] = {}
    staff: list[_Worker] = []
    following = 0
    try:
        while len(entries) < len(problems):
            while following < len(problems) and (idle := _idle(staff, workers, policy)) is not None:
                idle.number = following
                idle.deadline = time.monotonic() + (1 + 2 * READING_SHARE) * policy.time_limit + _GRACE
                try:
                    idle.connection.send(problems[following])
                except OSError:  # it died while it had nothing to do
                    _dismiss(staff, idle)
                    continue
                following += 1
            _collect(staff, problems, entries)
            if progress is not None:
                progress(len(entries))
    finally:
        for worker in staff:
            worker.end()
    return [entries[number] for number in range(len(problems))]


def _idle(staff: list[_Worker], workers: int, policy: Policy) -> _Worker | None:
    """A worker without a problem, started when there is room for one more."""
    for worker in staff:
        if worker.number is None:
            return worker
    if len(staff) >= workers:
        return None
    staff.append(_start(policy))
    return staff[-1]


def _start(policy: Policy) -> _Worker:
    ours, theirs = socket.socketpair()
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
    # The parent's module path is handed on, so that the worker finds this very package however the parent found it.
    program = _PROGRAM.format(package=__package__, descriptor=theirs.fileno())
    process = subprocess.Popen(  # noqa: S603 - this Python and a fixed program
        [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # Ctrl-C is for the parent alone
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    theirs.close()
    worker = _Worker(process, Connection(ours.detach()), errors)
    try:
        worker.connection.send(policy)
        if worker.connection.poll(_START) and worker.connection.recv() == "ready":
            return worker
    except (EOFError, OSError):
        process.wait()
    reason = worker.last_words()
    worker.end()
    raise PyriteError(f"audit processes do not start: {reason}; --workers 0 audits in this process")


def _collect(staff: list[_Worker], problems: Sequence[Problem], entries: dict[int, Entry]) -> None:
    """Wait for an answer, a death or a deadline; workers that are gone are taken off the staff."""
    busy = {worker.connection: worker for worker in staff if worker.number is not None}
    patience = min(worker.deadline for worker in busy.values()) - time.monotonic()
    for connection in wait(list(busy), timeout=max(0.0, patience)):
        worker = busy[connection]  # type: ignore[index]
        assert worker.number is not None
        try:
            entries[worker.number] = worker.connection.recv()
        except (EOFError, OSError):
            message = f"the process ended with status {worker.process.wait()}: {worker.last_words()}"
            entries[worker.number] = _broken(problems[worker.number], "crashed", message)
            _dismiss(staff, worker)
        worker.number = None
    now = time.monotonic()
    for worker in list(staff):
        if worker.number is not None and worker.deadline <= now:
            entries[worker.number] = _broken(problems[worker.number], "timed-out", FAULTS["timed-out"])
            _dismiss(staff, worker)


def _dismiss(staff: list[_Worker], worker: _Worker) -> None:
    worker.end()
    staff.remove(worker)


def _broken(problem: Problem, code: str, message: str) -> Entry:
    entry = Entry(problem.id, problem_kind(problem), problem.family)
    entry.fault(code, message)
    return entry


def main(descriptor: int) -> None:
    """The worker: a policy and then problems in, entries out, until the other end closes."""
    from ..feasibility.scoring.worker import limit_memory
    from ..feasibility.solver import solving  # noqa: F401 - before the limit: libraries are not the problem's memory

    connection: Connection[Any, Any] = Connection(descriptor)
    policy: Policy = connection.recv()
    limit_memory(policy.memory_limit)
    connection.send("ready")
    while True:
        try:
            problem = connection.recv()
        except EOFError:
            return
        try:
            entry = audit_problem(problem, policy)
        except MemoryError:
            entry = _broken(problem, "crashed", f"more than {policy.memory_limit:,} bytes were needed")
        connection.send(entry)
