"""Names and numbers for written-out formulations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction

from ...feasibility.rationals import Exact

_RESERVED = frozenset({"sum", "for", "in", "if", "and", "or", "not"})
_LONGEST = 40


def identifier(words: str) -> str:
    """Words as an identifier of the formulation language.

    >>> identifier("ox carts"), identifier("2-piece suits"), identifier("sum")
    ('ox_carts', 'x_2_piece_suits', 'x_sum')
    """
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    name = re.sub(r"[^0-9a-z]+", "_", plain.casefold()).strip("_")[:_LONGEST].strip("_") or "x"
    return f"x_{name}" if name[0].isdigit() or name in _RESERVED else name


def identifiers(words: Iterable[str]) -> list[str]:
    """Identifiers for all, made distinct by a number where two would meet.

    >>> identifiers(["truck A", "Truck a", "van"])
    ['truck_a', 'truck_a_2', 'van']
    """
    found: list[str] = []
    for item in words:
        base = identifier(item)
        name, count = base, 1
        while name in found:
            count += 1
            name = f"{base}_{count}"
        found.append(name)
    return found


def decimal_text(value: Exact) -> str:
    """The number as the language writes it, exactly: a decimal when it has one, else a quotient in parentheses.

    >>> decimal_text(3), decimal_text(Fraction(3, 40)), decimal_text(Fraction(-1, 3))
    ('3', '0.075', '(-1/3)')
    """
    value = Fraction(value)
    twos = fives = 0
    rest = value.denominator
    while rest % 2 == 0:
        rest //= 2
        twos += 1
    while rest % 5 == 0:
        rest //= 5
        fives += 1
    places = max(twos, fives)
    if rest != 1 or places > 30:
        return f"({value.numerator}/{value.denominator})"
    if places == 0:
        return str(value.numerator)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
