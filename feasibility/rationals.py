"""Exact numbers. Everything between the JSON text and the solver's door is an ``int`` or a ``Fraction``, never a float.

An ``int`` is kept where the value is whole, because Python adds and multiplies ints about ten times faster than
Fractions and most coefficients in practice are whole. The one trap is ``/``: int / int is a float, so division
always goes through :func:`divide`.
"""

from __future__ import annotations

import fractions
import os
import re
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction as Fraction
else:
    # The extra `fast`: the same arithmetic, compiled. PYRITE_FRACTIONS=standard leaves it aside.
    try:
        if os.environ.get("PYRITE_FRACTIONS") == "standard":
            raise ImportError
        from quicktions import Fraction
    except ImportError:
        from fractions import Fraction

NUMBERS = (int, float, fractions.Fraction, Fraction)
"""Types of numbers that others hand in."""

FRACTIONS = (fractions.Fraction, Fraction)

Exact: TypeAlias = int | Fraction
"""A rational number; whole values may be plain ints."""


def simplify(value: Exact) -> Exact:
    """The same number, as an int when it is whole."""
    if type(value) is not int and value.denominator == 1:
        return value.numerator
    return value


def magnitude(value: Exact) -> Exact:
    """The absolute value (``abs`` loses the type of a union)."""
    return -value if value < 0 else value


def same_value(value: Exact, target: Exact, tolerance: float) -> bool:
    """``|value - target| <= tolerance * max(1, |target|)``, computed exactly: the policy's rule for values."""
    return magnitude(value - target) <= Fraction(repr(tolerance)) * max(1, magnitude(target))


def divide(numerator: Exact, denominator: Exact) -> Exact:
    """Exact quotient. Raises ZeroDivisionError."""
    if type(numerator) is int and type(denominator) is int:
        quotient, rest = divmod(numerator, denominator)
        return Fraction(numerator, denominator) if rest else quotient
    return simplify(Fraction(numerator) / denominator)


def from_float(value: float) -> Exact:
    """The exact rational that the binary float stands for. NaN raises ValueError, infinity OverflowError."""
    return simplify(Fraction(value))


FLOAT_DIGITS = range(15, 22)
"""Significant digits of a decimal that is taken for a printed float: 15 are what a float keeps of any decimal, 17 tell
floats apart, and fixed formats print a few more."""
_SIMPLE = 1000
"""The largest denominator of a fraction that a printed float is read as."""
_NEAR = Fraction(1, 10**14)
"""A printed float is read as a fraction within this times max(1, |value|)."""
_LARGEST = 10**5
"""Beyond this a float's last digits are too coarse to tell which fraction was meant."""
_PLACES = 10_000
"""Decimal places, and digits of a numerator, beyond which no decimal is written."""
_PRINTED = re.compile(r"(?<![\w.])(?=[0-9.]{16})[0-9]{0,40}\.[0-9]{1,60}(?:[eE][+-]?[0-9]{1,3})?(?![\w.])")
# Without this there is none: of 15 digits seven come after the point, or eight before. It looks for the point first.
_PERHAPS_PRINTED = re.compile(r"\.(?:[0-9]{7}|(?<=[0-9]{8}\.))")
_DIGITS = re.compile(r"[eE].*|[^0-9.]")


def from_decimal(text: str) -> Exact:
    """The number that a decimal such as ``12``, ``-0.5`` or ``1e3`` writes. Raises ValueError.

    Exactly, but for decimals with the length of a printed float: what a program printed for 1/3 or for 0.1 + 0.2 is
    read as the simple fraction that was meant (see :func:`printed_fractions`). Every reader of numbers (formulations,
    data, LP, MPS, MathOptFormat, published answers) reads with this function.

    The caller bounds the length of the text and of the exponent: ``1e999999999`` is a short text and a huge number.

    >>> from_decimal("0.3333333333333333"), from_decimal("0.30000000000000004"), from_decimal("0.33333")
    (Fraction(1, 3), Fraction(3, 10), Fraction(33333, 100000))
    """
    value = Fraction(text)
    if len(text) > FLOAT_DIGITS[0] and value.denominator != 1 and significant_digits(text) in FLOAT_DIGITS:
        return _as_meant(value)
    return simplify(value)


def significant_digits(text: str) -> int:
    """The digits of a decimal without zeros in front, its sign, point and exponent.

    >>> significant_digits("-0.0033333e-5"), significant_digits("1.50")
    (5, 3)
    """
    return len(_DIGITS.sub("", text).replace(".", "").lstrip("0"))


def printed_fractions(text: str) -> dict[str, str]:
    """The decimals of a text that :func:`from_decimal` reads as simple fractions, and what they are read as.

    For saying so: at most 20 of them, from JSON or from expressions, each once.

    >>> printed_fractions('{"a": "x <= 0.3333333333333333*y + 0.5", "b": 0.30000000000000004}')
    {'0.3333333333333333': '1/3', '0.30000000000000004': '3/10'}
    """
    found: dict[str, str] = {}
    if not _PERHAPS_PRINTED.search(text):
        return found
    for match in _PRINTED.finditer(text):
        decimal = match.group()
        value = from_decimal(decimal)
        if value != Fraction(decimal) and len(found) < 20:
            found[decimal] = str(value)
    return found


def _as_meant(value: Fraction) -> Exact:
    """The simple fraction that a printed float stands for, else the value itself."""
    if abs(value) < _LARGEST:
        simple = value.limit_denominator(_SIMPLE)
        if simple and magnitude(value - simple) <= _NEAR * max(1, magnitude(value)):
            return simplify(simple)
    return simplify(value)


def from_json_number(value: object) -> Exact:
    """A number as Python's JSON gives it: ints and Fractions as they are, floats by their shortest decimal.

    Raises TypeError for what is no number, ValueError for NaN and OverflowError for an infinity.
    """
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        raise TypeError(f"not a number: {value!r}")
    if isinstance(value, float):
        return from_decimal(repr(float(value))) if isfinite(value) else from_float(value)
    return simplify(value)


def to_decimal(value: Exact, most_digits: int = _PLACES) -> str | None:
    """The decimal that writes the number exactly, as short as it gets, or None when there is none.

    There is none without an end (1/3), with more digits than ``most_digits``, and for the few numbers so near a simple
    fraction that :func:`from_decimal` would read them as that. Every writer of numbers writes with this function.

    >>> to_decimal(Fraction(-5, 4)), to_decimal(Fraction(1, 10**9)), to_decimal(10**12), to_decimal(Fraction(1, 3))
    ('-1.25', '1e-9', '1000000000000', None)
    """
    value = Fraction(value)
    twos = (value.denominator & -value.denominator).bit_length() - 1
    rest, fives = value.denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places > _PLACES or value.numerator.bit_length() > 4 * _PLACES:
        return None
    digits = str(abs(value.numerator) * (10**places // value.denominator))
    if len(digits) > most_digits or (places and len(digits) in FLOAT_DIGITS and _as_meant(value) != value):
        return None
    sign = "-" if value < 0 else ""
    if places:
        plain = f"{digits[:-places] or '0'}.{digits[-places:].rjust(places, '0')}"
        short = f"{digits}e-{places}"
    else:
        bare = digits.rstrip("0") or "0"
        plain, short = digits, f"{bare}e{len(digits) - len(bare)}"
    return sign + (short if len(plain) > max(15, len(short)) or plain.startswith("0.00000") else plain)


def to_text(value: Exact) -> str:
    """The number as the language writes it, always exactly: a decimal where there is one, else a quotient.

    >>> to_text(3), to_text(Fraction(3, 40)), to_text(Fraction(-1, 3))
    ('3', '0.075', '(-1/3)')
    """
    return to_decimal(value) or f"({value.numerator}/{value.denominator})"


def show(value: Exact, digits: int = 6) -> str:
    """A number as a person reads it: thousands separated, at most ``digits`` decimals, no trailing zeros.

    >>> show(1240), show(Fraction(1, 3)), show(Fraction(-5, 2))
    ('1,240', '0.333333', '-2.5')
    """
    value = simplify(value)
    if isinstance(value, int):
        return f"{value:,}"
    if 0 < abs(value) < Fraction(1, 10**digits):
        return f"{float(value):.3g}"
    return f"{float(value):,.{digits}f}".rstrip("0").rstrip(".")
