"""Which names bind: a correspondence keeps a meaningful name that both sides carry; a generic one binds nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ..programs.correspondence import Words, words
from ..programs.program import Column

_GENERIC = re.compile(r"(?:[a-z]{1,2}|var|variable|col|column|xx|int|bin|cont|dec|decision|item|val|value)?[\d\s]*")
"""Words of names that say nothing: x, x1, x_1, nc, var2, v_3."""
_DIGITS = frozenset({"digit", "digits", "bit", "bits"})
"""The first digit of the cakes is another number in another base: such a name says how, not what."""
_ROLES = frozenset({"pos", "neg", "plus", "minus", "part", "slack", "aux", "dummy", "tmp", "temp"})
"""What a column does for another one, or for a row: it says no more than the words beside it."""


@lru_cache(maxsize=50_000)
def key(name: str) -> Words:
    """What of a name is compared: its words."""
    return words(name)


@lru_cache(maxsize=50_000)
def is_meaningful(name: str) -> bool:
    """Whether a name says what it stands for.

    >>> [is_meaningful(name) for name in ("bread", "make[cake,1]", "stock1", "x_A_B", "bread_pos")]
    [True, True, True, True, True]
    >>> [is_meaningful(name) for name in ("x", "x1", "x_1", "var2", "nc", "x[1,2]", "_7", "x1_neg", "bread_digit1")]
    [False, False, False, False, False, False, False, False, False]
    """
    parts = key(name)
    told = " ".join(word for word in parts if word not in _ROLES)
    return bool(parts) and _DIGITS.isdisjoint(parts) and not _GENERIC.fullmatch(told)


def shared(ours: Sequence[Column], theirs: Sequence[Column]) -> dict[int, int]:
    """{column of the second: column of the first} for the meaningful names that each carries once."""
    first, second = _once(ours), _once(theirs)
    return {k: first[name] for name, k in second.items() if name in first}


def _once(columns: Sequence[Column]) -> dict[Words, int]:
    found: dict[Words, int] = {}
    double = set()
    for number, column in enumerate(columns):
        if is_meaningful(column.name):
            name = key(column.name)
            if name in found:
                double.add(name)
            found[name] = number
    return {name: number for name, number in found.items() if name not in double}


def named_in(text: str, name: str) -> bool:
    """Whether a text speaks of what a column's name says: all of its words of three letters and more occur."""
    said = _text_words(text)
    telling = [word for word in key(name) if len(word) > 2 and word.isalpha()]
    return bool(telling) and all(any(_same(word, other) for other in said) for word in telling)


@lru_cache(maxsize=64)
def _text_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text.lower()))


def _same(word: str, other: str) -> bool:
    return word == other or word + "s" == other or other + "s" == word or word + "es" == other
