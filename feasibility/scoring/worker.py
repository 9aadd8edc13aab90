"""The inside of a worker process: receives outputs, judges them one at a time, sends verdicts back.

The worker writes into a small shared board what it is doing (which output, since when, how far), so that whoever kills
it knows whose fault it was. It limits its own address space before every output, and an alarm of the operating system
ends it should nobody else do so.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TypeAlias

from ..policy import Policy
from ..verdict import STAGES, Verdict
from .ladder import Judge
from .prepared import unprepared
from .reference import Reference

GRACE = 0.5
"""Seconds after the time limit before a worker is killed: the solver usually keeps the limit by itself."""

_LONGEST = 1e8
"""Seconds that the system's alarm clock surely takes."""

Job: TypeAlias = tuple[int, str, int, str, str | None]
"""Number, problem id, sample, text, and (when the reference could not be prepared) the reason."""

Batch: TypeAlias = tuple[dict[str, Reference], list[Job]]
"""References that this worker has not seen yet, and outputs to judge in this order."""

Answer: TypeAlias = tuple[int, Verdict, int, bool]
"""Number, verdict, peak resident memory in bytes, and whether the worker wants to be replaced."""

_HEAD = struct.Struct("=Qd?")
_STATES = ("", "begun", "pass", "fail", "unknown", "skipped")
BOARD_SIZE = _HEAD.size + len(STAGES)


@dataclass(frozen=True, slots=True)
class Progress:
    """What the board says: output ``number`` (None: idle) under way since ``started`` (monotonic), and how far."""

    number: int | None
    started: float
    preparing: bool
    states: tuple[str, ...]


class Board:
    """The shared page between a worker (who writes) and its pool (who reads)."""

    def __init__(self, descriptor: int) -> None:
        self._page = mmap.mmap(descriptor, BOARD_SIZE)

    def begin(self, number: int) -> None:
        """An output is taken up. Its number is written last: who reads the new number reads the new time too."""
        self._page[_HEAD.size : BOARD_SIZE] = bytes(len(STAGES))
        self._clock(number)

    def rest(self) -> None:
        """Nothing is under way."""
        _HEAD.pack_into(self._page, 0, 0, 0.0, False)

    def watch(self, stage: str, state: str) -> None:
        """How an output gets on; see :data:`.judging.Watch`."""
        if stage == "reference":
            number, started, _ = _HEAD.unpack_from(self._page, 0)
            if state == "begun":
                self._spent = time.monotonic() - started
                _HEAD.pack_into(self._page, 0, number, time.monotonic(), True)
            else:
                _HEAD.pack_into(self._page, 0, number, time.monotonic() - self._spent, False)
            return
        self._page[_HEAD.size + STAGES.index(stage)] = _STATES.index(state)

    def read(self) -> Progress:
        """What is under way now."""
        number, started, preparing = _HEAD.unpack_from(self._page, 0)
        states = tuple(_STATES[code] for code in self._page[_HEAD.size : BOARD_SIZE])
        return Progress(number - 1 if number else None, started, preparing, states)

    def close(self) -> None:
        """Give the page back."""
        self._page.close()

    def _clock(self, number: int) -> None:
        _HEAD.pack_into(self._page, 0, 0, time.monotonic(), False)
        _HEAD.pack_into(self._page, 0, number + 1, time.monotonic(), False)


class JudgeCache:
    """One judge a problem, the least recently used forgotten first; big programs count for more."""

    def __init__(self, policy: Policy, capacity: int = 2_000) -> None:
        self.policy = policy
        self.capacity = capacity
        self._judges: OrderedDict[str, tuple[Judge, int]] = OrderedDict()
        self._weight = 0

    def judge(self, problem_id: str, references: Mapping[str, Reference]) -> Judge:
        """The judge of this problem. KeyError when ``references`` does not know it."""
        if problem_id in self._judges:
            self._judges.move_to_end(problem_id)
            return self._judges[problem_id][0]
        judge = Judge(references[problem_id], self.policy)
        self._judges[problem_id] = (judge, 1)
        self._weight += 1
        return judge

    def weigh(self, problem_id: str) -> None:
        """Count what the judge holds by now, and forget others if it is too much."""
        judge, old = self._judges[problem_id]
        program = judge.prepared.program if judge.is_prepared else None
        new = 1 if program is None else 1 + (len(program.columns) + len(program.rows)) // 100
        if new != old:
            self._judges[problem_id] = (judge, new)
            self._weight += new - old
        while self._weight > self.capacity and len(self._judges) > 1:
            _, (_, weight) = self._judges.popitem(last=False)
            self._weight -= weight


def work(connection: Connection, board: Board, policy: Policy) -> None:
    """Judge what comes until the connection closes."""
    cache = JudgeCache(policy)
    references: dict[str, Reference] = {}
    baseline = address_space()
    while True:
        try:
            new, jobs = connection.recv()
        except (EOFError, OSError):
            return
        references.update(new)
        for number, problem_id, sample, text, trouble in jobs:
            before = limit_memory(policy.memory_limit)
            judge = cache.judge(problem_id, references)
            if trouble is not None:
                judge.prepared = unprepared(judge.reference, trouble)
            signal.setitimer(signal.ITIMER_REAL, min(2 * (policy.time_limit + GRACE) + 5, _LONGEST))
            board.begin(number)
            verdict = judge.judge(text, problem_id, sample, board.watch)
            board.rest()
            signal.setitimer(signal.ITIMER_REAL, 0)
            cache.weigh(problem_id)
            # A process that has grown, or has just been out of memory, is not a fair place for the next output.
            tired = before - baseline > policy.memory_limit // 2 or _out_of_memory(verdict)
            try:
                connection.send((number, verdict, peak_memory(), tired))
            except OSError:
                return


def address_space() -> int:
    """Bytes of address space of this process (0 where the system does not say)."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * mmap.PAGESIZE
    except OSError:
        return 0


def limit_memory(extra: int) -> int:
    """Allow this process ``extra`` bytes more address space than it has now; gives what it has now."""
    import resource

    now = address_space()
    if now and extra:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = now + extra if hard == resource.RLIM_INFINITY else min(now + extra, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return now


def peak_memory() -> int:
    """The most resident memory that this process ever had, in bytes."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _out_of_memory(verdict: Verdict) -> bool:
    return any(result.code == "memory-limit" for result in verdict.stages.values())


def main(connection_descriptor: int, board_descriptor: int) -> None:
    """The worker's start: import everything that judging needs, then say that it is ready."""
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = Connection(connection_descriptor)
    board = Board(board_descriptor)
    os.close(board_descriptor)
    policy: Policy = connection.recv()
    Judge(Reference(), policy).judge(_WARM_UP)
    connection.send("ready")
    work(connection, board, policy)


_WARM_UP = (
    '{"variables":{"x":{"domain":"integer","lower":0}},"objective":{"sense":"maximize","expression":"x"},'
    '"constraints":{"c":"2*x <= 3"}}'
)
