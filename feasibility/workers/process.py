"""One worker process as its pool holds it: the connection, the board, and the jobs in its inbox.

Workers are plain processes of the same Python, told over a socket what to do. They are neither forked (solvers start
threads, and a forked thread pool hangs) nor spawned by ``multiprocessing`` (which runs the caller's script again).
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
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import IO, Any

from .board import BOARD_SIZE, Board
from .work import Work

INBOX_BYTES = 64 * 1024
"""What a busy worker's socket surely holds: the pool must never wait for it."""

START_SECONDS = 60.0
"""Seconds in which a new process must have said that it is ready: it imports the solver, or a model's library."""


class WorkerProcess:
    """Starts at once; ``ready`` when it has said so."""

    def __init__(self, work: Work) -> None:
        self.work = work
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * INBOX_BYTES)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._page: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._page.truncate(BOARD_SIZE)
        self.board = Board(self._page.fileno())
        self.process = self._launch((theirs.fileno(), self._page.fileno()))
        theirs.close()
        self.connection: Connection[Any, Any] = Connection(ours.detach())
        with suppress(OSError):  # it died already: the first look at the connection tells
            self.connection.send(work)
        self.started = time.monotonic()
        self.ready = False
        self.tired = False
        self.inbox: deque[int] = deque()
        self.known: set[str] = set()
        self._words = ""

    def _launch(self, descriptors: tuple[int, int]) -> subprocess.Popen[bytes]:
        # The parent's module path is handed on, so that the worker finds this very package however the parent found it.
        arguments = ", ".join(str(number) for number in (*descriptors, os.getpid()))
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__package__}.inside import main; main({arguments})"
        return subprocess.Popen(  # noqa: S603 - this very Python, no shell, nothing of a job in it
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if self.work.visible else self._errors,
            pass_fds=descriptors,
            start_new_session=True,  # Ctrl-C is for the parent alone
            env=None if self.work.visible else _one_thread_each(),
        )

    def overdue(self, now: float) -> float:
        """Seconds until this worker is to be killed; infinite while it has nothing in hand."""
        if not self.ready:
            return self.started + START_SECONDS - now
        progress = self.board.read()
        if progress.number is None:
            return float("inf")
        return progress.started + self.work.time_limit - now

    def kill(self) -> None:
        """End it, and what it started, at once."""
        if self.process.poll() is None:
            with suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Kill it and let go of everything it held."""
        if self.connection.closed:
            return
        self.kill()
        self._words = self.last_words()
        self.connection.close()
        self.board.close()
        self._page.close()
        self._errors.close()

    def last_words(self) -> str:
        """The last line that the worker wrote on its standard error; asked when it has ended."""
        if not self._errors.closed:
            self._errors.seek(0, os.SEEK_END)
            self._errors.seek(max(0, self._errors.tell() - 500))
            lines = self._errors.read().decode("utf-8", "replace").split("\n")
            self._words = next((line for line in reversed(lines) if line.strip()), "").strip()
        return self._words

    def how_it_ended(self) -> str:
        """``signal SIGKILL`` or ``exit status 3``, and what it said last."""
        status = self.process.wait()
        try:
            how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        except ValueError:
            how = f"signal {-status}"
        words = self.last_words()
        return f"{how}, saying: {words[:200]}" if words else how


def _one_thread_each() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
