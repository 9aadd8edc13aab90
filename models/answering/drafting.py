"""Guessing what a row will write next by what was written before: drafts that one pass of the model then checks.

An answer repeats itself (``":{"domain":"integer","lower":0},"`` for every variable, names again in every constraint)
and copies from its prompt. A row's last few tokens are looked up in its own prompt and answer, then in the other
answers of its batch; what followed there is the draft. Each draft token is kept only when the model itself chooses it,
so drafts change the time an answer takes and not what is written, up to the last bits of the sums.

The method is prompt lookup decoding, as in transformers' ``prompt_lookup_num_tokens`` (which takes a batch of one), a
form of speculative decoding (arXiv 2211.17192, section 2.3: with a draft that is certain, a token is kept as often as
the model gives it) without a second model.
"""

from __future__ import annotations

from collections.abc import Sequence

_SHORTEST = 2
_LONGEST = 3
"""Tokens at the end of a row that are looked up: three say more, two are found more often."""


class Tracker:
    """One row's text so far and where each pair and triple of tokens last stood in it."""

    def __init__(self, prompt: Sequence[int], most: int, shared: Shared) -> None:
        self._tokens: list[int] = []
        self._found: dict[tuple[int, ...], int] = {}
        self._most = most
        self._reach = most
        self._shared = shared
        self._answering = False
        for token in prompt:
            self.append(token)
        self._answering = True

    def append(self, token: int) -> None:
        """Go on with a token that was chosen."""
        for length in range(_SHORTEST, _LONGEST + 1):
            if len(self._tokens) >= length:
                key = tuple(self._tokens[-length:])
                self._found[key] = len(self._tokens)
                if self._answering:
                    self._shared.note(key, self._tokens, len(self._tokens))
        self._tokens.append(token)

    def propose(self, room: int) -> list[int]:
        """At most ``room`` tokens that may come next; none when nothing like the end of the text was seen before."""
        most = min(room, self._reach)
        if most < 1:
            return []
        for length in range(_LONGEST, _SHORTEST - 1, -1):
            key = tuple(self._tokens[-length:])
            at = self._found.get(key)
            if at is not None:
                return self._tokens[at : at + most]
            elsewhere = self._shared.look(key)
            if elsewhere is not None:
                text, at = elsewhere
                return text[at : at + most]
        return []

    def learn(self, proposed: int, kept: int) -> None:
        """How many of the proposed tokens were kept: drafts grow after a full hit and shrink after none."""
        if proposed and kept == proposed:
            self._reach = min(self._most, self._reach + 1)
        elif proposed and not kept:
            self._reach = max(1, self._reach - 1)


class Shared:
    """Where pairs and triples of tokens last stood in any answer of a batch."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, ...], tuple[list[int], int]] = {}

    def note(self, key: tuple[int, ...], text: list[int], at: int) -> None:
        """``text[at]`` follows ``key``. The list is the row's own and grows."""
        self._found[key] = (text, at)

    def look(self, key: tuple[int, ...]) -> tuple[list[int], int] | None:
        """The text and the place after the last ``key``."""
        return self._found.get(key)
