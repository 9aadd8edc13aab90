"""How an answer ended, as an outputs file says it in ``finish``, and which endings mean that there is no answer.

Readers and endpoints bring the words of other programs (``max_tokens``, ``content_filter``) to these.
"""

from __future__ import annotations

from typing import Final, Self

STOP: Final = "stop"
"""The model ended its answer."""
LENGTH: Final = "length"
"""The limit of new tokens ended it: the answer counts as cut, whatever it holds."""

NOT_ANSWERED: Final = {
    "prompt-too-long": ("prompt-too-long", "the prompt did not fit into the model's context; nothing was answered"),
    "refusal": ("refused", "the model or its server refused to answer"),
    "content-filter": ("filtered", "a content filter took the answer"),
    "no-output": ("no-output", "the file has no text for this answer"),
    "failed": ("request-failed", "the request for this answer failed"),
}
"""Endings without an answer: the code of the verdict and a sentence."""

NOT_ANSWERED_CODES: Final = frozenset({*(code for code, _ in NOT_ANSWERED.values()), "empty-output"})
"""Codes of outputs that count as *not answered* (and as wrong: they stay in every denominator)."""

_SAME: Final = {
    "length": LENGTH,
    "max_tokens": LENGTH,
    "max_output_tokens": LENGTH,
    "max_length": LENGTH,
    "token_limit": LENGTH,
    "model_length": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "incomplete": LENGTH,
    "truncated": LENGTH,
    "content_filter": "content-filter",
    "content-filter": "content-filter",
    "content_filtered": "content-filter",
    "guardrail_intervened": "content-filter",
    "safety": "content-filter",
    "recitation": "content-filter",
    "blocklist": "content-filter",
    "prohibited_content": "content-filter",
    "spii": "content-filter",
    "refusal": "refusal",
    "refused": "refusal",
    "prompt-too-long": "prompt-too-long",
    "context_length_exceeded": "prompt-too-long",
    "no-output": "no-output",
    "failed": "failed",
    "error": "failed",
}


def known_finish(word: object) -> str:
    """The word of ``finish`` for what a server or another program says; anything else is an ordinary end.

    >>> known_finish("MAX_TOKENS"), known_finish("tool_calls"), known_finish(None)
    ('length', 'stop', 'stop')
    """
    return _SAME.get(str(word).strip().lower(), STOP) if isinstance(word, str) else STOP


class Answered(str):
    """The text of an answer that remembers how it ended; a plain text is one that the model ended itself.

    It is a text wherever texts go (through queues and pickles too), but never equal to one that ended otherwise, so
    that nobody who remembers verdicts by text takes a cut answer for a whole one.
    """

    __slots__ = ("finish", "length")
    finish: str
    length: int
    """Characters of the whole text, of which this may be the beginning only."""

    def __new__(cls, text: str = "", finish: str = STOP, length: int | None = None) -> Self:
        """A text and its ending; ``finish`` is one of the words of this module."""
        made = super().__new__(cls, text)
        made.finish = finish
        made.length = len(text) if length is None else length
        return made

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True and self.finish == finish_of(other) and self.length == _length(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __reduce__(self) -> tuple[type[Answered], tuple[str, str, int]]:
        return type(self), (str.__str__(self), self.finish, self.length)


def whole_length(text: str) -> int:
    """Characters of a text, counted before :func:`beginning` cut it."""
    return text.length if isinstance(text, Answered) else len(text)


def beginning(text: str, most: int) -> str:
    """A text longer than ``most`` characters as its first ``most + 1``, which remember how long it was.

    Nobody reads more of it: it is judged too long. So what is far beyond the limit need not be copied to a worker.

    >>> beginning("abc", 3), beginning("abcdef", 3), whole_length(beginning("abcdef", 3))
    ('abc', 'abcd', 6)
    """
    if len(text) <= most + 1:
        return text
    return Answered(str.__str__(text)[: most + 1], finish_of(text), whole_length(text))


def _length(text: object) -> int:
    return whole_length(text) if isinstance(text, str) else -1


def finish_of(text: object) -> str:
    """How a text ended: what :class:`Answered` remembers, or ``stop``."""
    return text.finish if isinstance(text, Answered) else STOP
