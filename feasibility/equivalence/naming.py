"""Which names bind: a correspondence keeps a meaningful name that both sides carry; a generic one binds nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

from ..programs.correspondence import Words, match_columns, plural, plural_folder, words
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
    """{column of the second: column of the first} for the meaningful names that both carry.

    The same text first (``A+`` is not ``A-``, ``Bread`` beside ``bread`` takes nothing from it). Where these leave
    columns, all of one side at once by the readings of ``match_columns`` (one in the plural, members alone), or what
    is left by words that each carries once.
    """
    here = {column.name: j for j, column in enumerate(ours)}
    pairs = {k: here[c.name] for k, c in enumerate(theirs) if c.name in here and is_meaningful(c.name)}
    if len(pairs) == len(theirs):
        return pairs
    for total in (match_columns(ours, theirs, extra=True), _turned(match_columns(theirs, ours, extra=True))):
        if total is not None and all(total.get(k) == j for k, j in pairs.items()):
            return {k: j for k, j in total.items() if _say_one_thing(ours[j].name, theirs[k].name)}
    taken = set(pairs.values())
    fold = plural_folder(word for column in (*ours, *theirs) for word in key(column.name))
    first = _once(ours, taken, fold)
    second = _once(theirs, pairs, fold)
    return pairs | {k: first[name] for name, k in second.items() if name in first}


def _say_one_thing(name: str, other: str) -> bool:
    """Whether both names are meaningful and have a word in common that is more than a letter or a number."""
    if not (is_meaningful(name) and is_meaningful(other)):
        return False
    telling = [[w for w in key(n) if not w.isdecimal() and (len(w) > 1 or not w.isascii())] for n in (name, other)]
    return any(w == o or plural(w) == o or plural(o) == w for w in telling[0] for o in telling[1])


def _turned(total: Mapping[int, int] | None) -> dict[int, int] | None:
    return None if total is None else {k: j for j, k in total.items()}


def _once(columns: Sequence[Column], taken: Collection[int], fold: Callable[[str], str]) -> dict[Words, int]:
    found: dict[Words, int] = {}
    double = set()
    for number, column in enumerate(columns):
        if number not in taken and is_meaningful(column.name):
            name = tuple(fold(word) for word in key(column.name))
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
