"""What passes between a pool and its workers: the work, its jobs, and how a job can end without an answer."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from math import inf
from typing import Any, Generic, Literal, TypeVar

P = TypeVar("P")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Work:
    """What workers do. Everything goes through pickle.

    ``entry`` (``module:function``) is called in the worker with ``setup`` and gives its handler (see :mod:`.inside`).
    ``time_limit``: seconds after which a worker is killed with the job that it has in hand; ``memory_limit``: bytes of
    address space that a job may add (0: none). At most ``batch`` jobs wait in a worker's inbox. With ``visible`` the
    worker's standard error is this process's; else its last line is kept for messages.
    """

    entry: str
    setup: Any = None
    time_limit: float = inf
    memory_limit: int = 0
    batch: int = 1
    visible: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An answer from elsewhere."""

    answer: Any


@dataclass(frozen=True, slots=True)
class Job(Generic[P]):
    """One piece of work. ``shares`` names what it has in common with other jobs (sent to a worker only once)."""

    payload: P
    shares: str | None = None
    weight: int = 0
    """About how many bytes it takes to send."""
    same: Hashable | None = None
    """Jobs of one key (None: no other) wait for the first of them, whose answer may do for all."""
    known: Known | None = None
    """Its answer, where that need not be asked for: only the order is kept."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of the handler: a PyriteError with its exit code, or (``exit_code`` None) a defect."""

    message: str
    exit_code: int | None
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A job whose worker was killed (``time-limit``), died by itself (``died``), or whose handler ``raised``.

    ``preparing``: it was busy with what the job shares with others. ``marks`` are the board's.
    """

    code: Literal["time-limit", "died", "raised"]
    message: str
    preparing: bool = False
    marks: bytes = b""
    seconds: float = 0.0
    raised: Raised | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Instead of an answer: do the job again, with this in the place of what it shares with others."""

    shared: Any
