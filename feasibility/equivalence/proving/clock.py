"""The time that a comparison has: loops that may be long look at it, and what they were about stays undecided.

What counts is the processor time of the comparing thread, so that a verdict is the same on a busy machine; the clock on
the wall is the outer limit. Deadlines are values of this clock, :func:`now`, which starts with the comparison at
``time.monotonic()`` and goes on only while the thread works. Outside :func:`working` it is ``time.monotonic()`` itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...policy import Policy
from ...programs.program import Program
from ...solver import solving
from ...solver.solution import Solution

PATIENCE = 4
"""How many times its share of processor time a comparison may take by the clock where nobody sets another limit."""


@dataclass(frozen=True, slots=True)
class _Work:
    """When the comparison started, by the clock and by the thread's processor time, and its outer limit."""

    wall: float
    cpu: float
    outer: float


class _Local(threading.local):
    work: _Work | None = None


_local = _Local()


class OutOfTimeError(Exception):
    """The comparison's deadline has passed; nothing more is proposed."""


@contextmanager
def working(started: float, outer: float) -> Iterator[None]:
    """A comparison that ``started`` and must end by ``outer``, ``time.monotonic()`` values; it may not be nested."""
    _local.work = _Work(started, time.thread_time(), outer)
    try:
        yield
    finally:
        _local.work = None


def now() -> float:
    """The comparison's own time."""
    work = _local.work
    return time.monotonic() if work is None else work.wall + time.thread_time() - work.cpu


def is_late(deadline: float) -> bool:
    """Whether ``deadline``, a value of :func:`now`, or the outer limit has passed."""
    work, wall = _local.work, time.monotonic()
    if work is not None and wall > work.outer:
        return True
    # The thread never works more than time goes by, and asking for its processor time is dearer.
    return wall > deadline and now() > deadline


def in_time(deadline: float) -> None:
    """Go on until ``deadline``, a value of :func:`now`. Raises OutOfTimeError after it."""
    if is_late(deadline):
        raise OutOfTimeError


def for_solver(deadline: float) -> float:
    """The deadline as a ``time.monotonic()`` value, for solvers that look at the clock."""
    work = _local.work
    if work is None:
        return deadline
    return min(work.outer, time.monotonic() + PATIENCE * max(deadline - now(), 0.0))


def solve(program: Program, policy: Policy, *, deadline: float) -> Solution:
    """The program solved, ``deadline`` being a value of :func:`now`."""
    return solving.solve(program, policy, deadline=for_solver(deadline))
