"""The inside of a worker process: receives jobs, does them one at a time, sends answers back.

It writes on its board what it is doing, limits its own address space before every job, and an alarm of the operating
system ends it should nobody else do so. When its parent is gone it goes too, with whatever it started itself.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from ..errors import PyriteError
from .board import Board
from .limits import address_space, limit_memory, peak_memory
from .work import Raised, Work

_LONGEST = 1e8
"""Seconds that the system's alarm clock surely takes."""

_GARBAGE = 20_000
"""Objects more than were let go, after which Python looks for cycles among them: some megabytes."""

HELD_BACK = 0.02
"""Seconds of work whose answers may wait to be sent together: what is lost with the process is done again elsewhere."""

Tell: TypeAlias = Callable[[Any], None]
"""Sends something to the pool while the job is under way; it must go through pickle."""

Handler: TypeAlias = Callable[[Any, Mapping[str, Any], Board, Tell], tuple[Any, bool]]
"""Called with a job's payload, what it shares with others by key, the board and a way to tell; gives the answer, and
whether this process is no fair place for the next job."""


def main(connection_descriptor: int, board_descriptor: int, parent: int) -> None:
    """A worker's whole life."""
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    connection: Connection[Any, Any] = Connection(connection_descriptor)
    board = Board(board_descriptor)
    os.close(board_descriptor)
    work: Work = connection.recv()
    module, _, function = work.entry.partition(":")
    handler: Handler = getattr(import_module(module), function)(work.setup)
    collect_rarely()
    connection.send(("ready",))
    serve(connection, board, work, handler)


def collect_rarely() -> None:
    """What was imported is never garbage, and jobs make many small objects that are gone by themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


def serve(connection: Connection[Any, Any], board: Board, work: Work, handler: Handler) -> None:
    """Do what comes until the connection closes. Quick answers are sent a few at a time."""
    shared: dict[str, Any] = {}
    baseline = address_space()
    outbox = _Outbox(connection)
    while True:
        try:
            new, jobs = connection.recv()
        except (EOFError, OSError):
            return
        shared.update((name, pickle.loads(packed)) for name, packed in new.items())  # noqa: S301 - of our own pool
        for number, payload in jobs:
            before = limit_memory(work.memory_limit)
            signal.setitimer(signal.ITIMER_REAL, min(2 * work.time_limit + 5, _LONGEST))
            began = time.monotonic()
            board.begin(number)
            answer: Any
            try:
                answer, tired = handler(payload, shared, board, outbox.tell)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - told to the pool, which knows whom to tell
                answer, tired = _raised(error), True
            board.rest()
            signal.setitimer(signal.ITIMER_REAL, 0)
            # A process that has grown, or has just been out of memory, is not a fair place for the next job.
            tired = tired or (work.memory_limit > 0 and before - baseline > work.memory_limit // 2)
            outbox.put(number, answer, tired, time.monotonic() - began)
            if not outbox.is_open:
                return
        outbox.send()
        if not outbox.is_open:
            return


class _Outbox:
    """Answers on their way to the pool, held back for :data:`HELD_BACK` seconds of work at most."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self.is_open = True
        self._connection = connection
        self._answers: list[tuple[int, Any]] = []
        self._held = 0.0

    def put(self, number: int, answer: Any, tired: bool, seconds: float) -> None:
        """The answer to a job, which took so long; what a ``tired`` process has goes at once."""
        self._answers.append((number, answer))
        self._held += seconds
        if tired or self._held >= HELD_BACK:
            self.send(tired)

    def send(self, tired: bool = False) -> None:
        """All that is held."""
        answers, self._answers, self._held = self._answers, [], 0.0
        if not answers:
            return
        try:
            self._connection.send(("done", answers, peak_memory(), tired))
        except OSError:
            self.is_open = False
        except Exception:  # noqa: BLE001 - one of them does not go through pickle
            self._send_singly(answers, tired)

    def tell(self, told: Any) -> None:
        """A word of the job under way, behind the answers that came before."""
        self.send()
        self._connection.send(("told", told))

    def _send_singly(self, answers: list[tuple[int, Any]], tired: bool) -> None:
        for number, answer in answers:
            try:
                self._connection.send(("done", [(number, answer)], peak_memory(), tired))
            except OSError:
                self.is_open = False
                return
            except Exception as error:  # noqa: BLE001 - this is the one
                self._connection.send(("done", [(number, _raised(error))], peak_memory(), True))


def _raised(error: BaseException) -> Raised:
    if isinstance(error, PyriteError):
        return Raised(error.message, error.exit_code)
    return Raised(f"{type(error).__name__}: {str(error)[:300]}", None, "".join(traceback.format_exception(error)))


def _end_with(parent: int) -> None:
    """Wait until the parent is another process, and end: nobody would hear the answers."""
    while os.getppid() == parent:
        time.sleep(1)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(3)
