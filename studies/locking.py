"""One process at a time in a folder, or at a piece of work that several cells need."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..feasibility.disk import plain_file


@contextmanager
def alone(path: Path, *, wait: bool) -> Iterator[bool]:
    """Holds the lock file ``path``, which is made; False at once where another process has it and ``wait`` is off.

    The system lets go of it when its holder ends, however it ends.
    """
    plain_file(path)
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags, 0o666), "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
