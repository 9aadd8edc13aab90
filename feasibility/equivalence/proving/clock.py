"""The time that a comparison has: loops that may be long look at it, and what they were about stays undecided."""

from __future__ import annotations

import time


class OutOfTimeError(Exception):
    """The comparison's deadline has passed; nothing more is proposed."""


def in_time(deadline: float) -> None:
    """Go on until ``deadline``, a ``time.monotonic()`` value. Raises OutOfTimeError after it."""
    if time.monotonic() > deadline:
        raise OutOfTimeError
