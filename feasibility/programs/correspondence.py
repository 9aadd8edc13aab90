"""Which variable of one program is which of the other, by their names alone.

Names are compared by their words: case, separators (``_ - . space [ , ]``), camelCase and the border between letters
and digits make no difference, and a plural equals its singular when both occur. Nothing is guessed: a correspondence
holds for every variable at once and in exactly one way, or there is none. What is *not* covered: synonyms,
abbreviations, and formulations with different variables; those need a solver (see the equivalence checker).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from .program import Column, Program

Words: TypeAlias = tuple[str, ...]
"""A name as lower-case words and digit groups, plurals folded."""

K = TypeVar("K", str, Words)

# A run of capitals before a capitalised word (HTTPServer), a word, a run of capitals, digits, or any other letters.
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")


def match_names(program: Program, reference: Program, *, extra: bool = False) -> list[int] | None:
    """For each column of ``reference`` the column of ``program`` that carries the same name, or None without one.

    The correspondence is a bijection; with ``extra`` the program may have further columns that the reference lacks
    (auxiliary unknowns), which matters not when a plan is only carried over to the reference.

    An indexed name and a flat one can correspond (``make[bread,1]`` and ``make_bread_1``). So can an indexed name and
    its members alone (``make[bread]`` and ``bread``, or ``x[bread]``), when the side that leaves its base name away has
    a single indexed variable, so that the members say everything. The first of these readings that fits decides:
    the same names; the same words; the members alone on one side; the members alone on both.
    """
    found = match_columns(program.columns, reference.columns, extra=extra)
    return None if found is None else [found[k] for k in range(len(reference.columns))]


def match_columns(ours: Sequence[Column], theirs: Sequence[Column], *, extra: bool = False) -> dict[int, int] | None:
    """The same of columns: {place in ``theirs``: place in ``ours``}."""
    if len(ours) < len(theirs) or (len(ours) != len(theirs) and not extra):
        return None
    exact = _match([column.name for column in ours], [column.name for column in theirs])
    if exact is not None:
        return dict(enumerate(exact))
    fold = plural_folder(word for column in (*ours, *theirs) for word in words(column.name))
    members_ours, members_theirs = _single_variable(ours), _single_variable(theirs)
    readings: list[tuple[bool, bool]] = [(False, False)]
    if members_theirs:
        readings.append((False, True))
    if members_ours:
        readings.append((True, False))
    if members_ours and members_theirs:
        readings.append((True, True))
    for ours_alone, theirs_alone in readings:
        found = _match(
            [_key(column, ours_alone, fold) for column in ours], [_key(c, theirs_alone, fold) for c in theirs]
        )
        if found is not None:
            return dict(enumerate(found))
    return None


def words(name: str) -> Words:
    """The words of a name in lower case.

    >>> words("makeBread_1"), words("make[bread,1]"), words("Ox-Carts")
    (('make', 'bread', '1'), ('make', 'bread', '1'), ('ox', 'carts'))
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def plural(word: str) -> str:
    """The regular English plural.

    >>> [plural(word) for word in ("cart", "box", "berry", "day")]
    ['carts', 'boxes', 'berries', 'days']
    """
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in ("a", "e", "i", "o", "u", ""):
        return word[:-1] + "ies"
    return word + "s"


def plural_folder(vocabulary: Iterable[str]) -> Callable[[str], str]:
    """Maps a plural to its singular where both occur; one letter alone is a name, not a noun (``x`` is not ``xes``)."""
    singulars = {plural(word): word for word in set(vocabulary) if len(word) > 2 and word.isalpha()}
    return lambda word: singulars.get(word, word)


def _single_variable(columns: Sequence[Column]) -> bool:
    """All columns belong to one indexed variable, so that the members alone name them."""
    return bool(columns) and all(column.members and column.variable == columns[0].variable for column in columns)


def _key(column: Column, members_alone: bool, fold: Callable[[str], str]) -> Words:
    """What is compared. Negative whole members keep their sign: ``x[-1]`` is not ``x[1]``."""
    if members_alone:
        parts: Words = tuple(word for member in column.members for word in _member_words(member))
    elif column.members:
        parts = words(column.variable) + tuple(word for member in column.members for word in _member_words(member))
    else:
        parts = words(column.name)
    return tuple(fold(word) for word in parts)


def _member_words(member: str | int) -> Words:
    if isinstance(member, int):
        return (str(member),)
    return words(member)


def _match(ours: Sequence[K], theirs: Sequence[K]) -> list[int] | None:
    """The positions in ``ours`` of all of ``theirs``; None when a key is missing, empty or stands twice."""
    places: dict[K, int] = {}
    double: set[K] = set()
    for position, key in enumerate(ours):
        if key in places:
            double.add(key)
        places[key] = position
    if len(set(theirs)) != len(theirs):
        return None
    found = []
    for key in theirs:
        if not key or key in double or key not in places:
            return None
        found.append(places[key])
    return found
