"""Audits side by side, in processes that can be killed: a solver's own time limit is not always kept."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from ..feasibility.policy import Policy
from .audit import FAULTS, READING_SHARE, Entry, audit_problem
from .importers.records import problem_kind
from .problem import Problem

_GRACE = 5.0
"""Seconds beyond the solves' limits (reading, building, start of the process) before a worker is killed."""

_START = 60.0
"""Seconds a new process may need for its first answer in addition: it imports the solver."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection[Any, Any]
    number: int | None = None
    deadline: float = 0.0
    fresh: bool = True

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


def run(
    problems: Sequence[Problem], policy: Policy, workers: int, progress: Callable[[int], None] | None = None
) -> list[Entry]:
    """An entry for each problem, in order. ``workers`` 0 audits in this process, where nothing can be killed."""
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
                idle.deadline = (
                    time.monotonic()
                    + (1 + 2 * READING_SHARE) * policy.time_limit
                    + _GRACE
                    + (_START if idle.fresh else 0.0)
                )
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
    # Spawned, not forked: solvers start threads, and a forked thread pool hangs.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, policy), daemon=True)
    process.start()
    theirs.close()
    staff.append(_Worker(process, ours))
    return staff[-1]


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
            worker.process.join(1.0)
            message = f"the process ended with status {worker.process.exitcode}"
            entries[worker.number] = _broken(problems[worker.number], "crashed", message)
            _dismiss(staff, worker)
        worker.number = None
        worker.fresh = False
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


def _serve(connection: Connection[Any, Any], policy: Policy) -> None:
    """The worker: problems in, entries out, until the other end closes."""
    from ..feasibility import solving  # noqa: F401 - before the limit: libraries are not the problem's memory
    from ..feasibility.worker import limit_memory

    limit_memory(policy.memory_limit)
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
