"""Numbers as people write them in declarations: ``4,000``, ``$8``, ``40%``, ``twice``, ``one third``, ``8000 minutes``.

Used for machine-readable declarations, where a field is known to hold one number. Answers, which may hold anything,
are read by :mod:`.answers`.
"""

from __future__ import annotations

import re

from ...feasibility.rationals import Exact, Fraction, from_decimal, simplify

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_UNITS = {word: value for value, word in enumerate(_SMALL)}
_DECADES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS = {word: 10 * value for value, word in enumerate(_DECADES, start=2)}
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_WORDS: dict[str, Exact] = {
    "once": 1, "twice": 2, "double": 2, "thrice": 3, "triple": 3, "dozen": 12,
    "half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4), "fourth": Fraction(1, 4),
    "fifth": Fraction(1, 5), "sixth": Fraction(1, 6), "tenth": Fraction(1, 10),
}  # fmt: skip
_DECIMAL = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})?(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?")
_FRACTION = re.compile(r"(\d{1,12})\s*/\s*(\d{1,12})")
_FILLERS = frozenset({"a", "an", "of", "and", "as", "many", "much", "times", "time", "the", "more", "at", "least"})
MAX_CHARS = 200


def decimal(text: str) -> Exact | None:
    """The decimal that the whole text writes (thousands may be set off by commas), or None.

    >>> decimal("4,000"), decimal("-1.5e3"), decimal("12 kg") is None
    (4000, -1500, True)
    """
    text = text.strip()
    if not text or not any(c.isdigit() for c in text) or not _DECIMAL.fullmatch(text):
        return None
    return from_decimal(text.replace(",", ""))


def word_number(words: list[str]) -> Exact | None:
    """The number that English words write, or None.

    >>> word_number("one hundred thousand".split()), word_number("twenty five".split()), word_number(["third"])
    (100000, 25, Fraction(1, 3))
    """
    total: Exact = 0
    group: Exact = 0
    seen = False
    for word in words:
        if word in _UNITS:
            group += _UNITS[word]
        elif word in _TENS:
            group += _TENS[word]
        elif word == "hundred":
            group = (group or 1) * 100
        elif word in SCALES:
            total += (group or 1) * SCALES[word]
            group = 0
        elif word in _WORDS:
            group = (group or 1) * _WORDS[word]
        else:
            return None
        seen = True
    return simplify(Fraction(total + group)) if seen else None


def quantity(text: str) -> Exact | None:
    """The one number that a declaration's field writes, or None when it is not understood.

    A per cent sign or word divides by 100; currency signs, ``times`` and a unit after a number are dropped.

    >>> quantity("40%"), quantity("two times"), quantity("8000 minutes"), quantity("$4,000"), quantity("1/3")
    (Fraction(2, 5), 2, 8000, 4000, Fraction(1, 3))
    >>> quantity("thirty percent"), quantity("lots") is None
    (Fraction(3, 10), True)
    """
    text = text.strip().casefold()
    if len(text) > MAX_CHARS:
        return None
    percent = bool(re.search(r"%|\bper ?cent\b", text))
    text = re.sub(r"%|\bper ?cent\b|[$€£¥]", " ", text).strip().rstrip(".")
    value = _plain(text)
    if value is None:
        return None
    return simplify(Fraction(value) / 100) if percent else value


def _plain(text: str) -> Exact | None:
    value = decimal(text)
    if value is not None:
        return value
    fraction = _FRACTION.fullmatch(text)
    if fraction and int(fraction[2]):
        return simplify(Fraction(int(fraction[1]), int(fraction[2])))
    words = [word for word in re.split(r"[\s-]+", text) if word and word not in _FILLERS]
    value = word_number(words)
    if value is not None:
        return value
    # "8000 minutes", "1.5 million": a number and then words; a second number would make it ambiguous.
    if words and (first := decimal(words[0])) is not None and not any(c.isdigit() for word in words[1:] for c in word):
        scale = word_number(words[1:2]) if len(words) > 1 and (words[1] in SCALES or words[1] == "hundred") else None
        return first if scale is None else simplify(Fraction(first) * scale)
    return None
