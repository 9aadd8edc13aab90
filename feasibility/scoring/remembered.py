"""Verdicts that need not be found twice: the same document to the same problem under the same policy.

Sampling in reinforcement learning draws the same answer many times over. What is kept is bounded by bytes; nothing is
kept in which a limit of time or memory may have had a part: no verdict with an unknown stage, and none that took long.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Hashable
from itertools import count
from typing import Final

from ..finish import finish_of, whole_length
from ..verdict import Verdict

LIMIT: Final = 24 * 2**20
"""Bytes of all that is kept, as far as pickle tells."""

LONGEST: Final = 20_000
"""Characters of a text that is kept."""

_owners = count()


class Remembered:
    """Verdicts by key, the least recently used forgotten first. An owner (see :func:`owner`) is part of each key."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.bytes = 0
        self._known: OrderedDict[Hashable, tuple[Verdict, int]] = OrderedDict()
        self._last: tuple[Verdict, bytes] | None = None

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Hashable) -> Verdict | None:
        """The verdict that was kept under this key, if it still is."""
        known = self._known.get(key)
        if known is None:
            return None
        self._known.move_to_end(key)
        return known[0]

    def keep(self, key: Hashable, text: str, verdict: Verdict, longest: float, size: int | None = None) -> None:
        """Keep the verdict of a text, if it is :func:`lasting`. ``size``: bytes of the verdict in pickle, if known."""
        if key in self._known or not lasting(text, verdict, longest):
            return
        if size is None:
            size = len(self.pickled(verdict))
        # Objects take a few times what they take in pickle.
        weight = 4 * (size + len(text))
        if weight > self.limit // 8:
            return
        self._known[key] = verdict, weight
        self.bytes += weight
        while self.bytes > self.limit:
            _, (_, gone) = self._known.popitem(last=False)
            self.bytes -= gone

    def pickled(self, verdict: Verdict) -> bytes:
        """The verdict in pickle, made once for the verdict in hand: it is kept under two keys and sent away."""
        if self._last is None or self._last[0] is not verdict:
            self._last = verdict, pickle.dumps(verdict, pickle.HIGHEST_PROTOCOL)
        return self._last[1]


def of_text(text: str) -> tuple[str, str, int]:
    """As part of a key: how an answer ended and how long it was are part of it, and no part of a text's equality."""
    return text, finish_of(text), whole_length(text)


def lasting(text: str, verdict: Verdict, longest: float) -> bool:
    """It would be the same again: no long text, not more than ``longest`` seconds, and decided in every stage."""
    if len(text) > LONGEST or verdict.seconds > longest:
        return False
    return all(result.status != "unknown" for result in verdict.stages.values())


def owner() -> int:
    """A number for one problem under one policy, never given twice in a process."""
    return next(_owners)
