"""Names and numbers for written-out formulations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

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
