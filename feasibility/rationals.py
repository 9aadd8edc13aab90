"""Exact numbers. Everything between the JSON text and the solver's door is an ``int`` or a ``Fraction``, never a float.

An ``int`` is kept where the value is whole, because Python adds and multiplies ints about ten times faster than
Fractions and most coefficients in practice are whole. The one trap is ``/``: int / int is a float, so division
always goes through :func:`divide`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

Exact: TypeAlias = int | Fraction
"""A rational number; whole values may be plain ints."""


def simplify(value: Exact) -> Exact:
    """The same number, as an int when it is whole."""
    if isinstance(value, Fraction) and value.denominator == 1:
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
    return simplify(Fraction(numerator) / denominator)


def from_float(value: float) -> Exact:
    """The exact rational that the binary float stands for. NaN raises ValueError, infinity OverflowError."""
    return simplify(Fraction(value))


def from_decimal(text: str) -> Exact:
    """The number that a decimal such as ``12``, ``-0.5`` or ``1e3`` writes, exactly. Raises ValueError.

    The caller bounds the length of the text and of the exponent: ``1e999999999`` is a short text and a huge number.
    """
    return simplify(Fraction(text))


def to_decimal(value: Exact) -> str | None:
    """The decimal that writes the number exactly, as short as it gets, or None when it has no end (1/3).

    >>> to_decimal(Fraction(-5, 4)), to_decimal(Fraction(1, 10**9)), to_decimal(10**12), to_decimal(Fraction(1, 3))
    ('-1.25', '1e-9', '1000000000000', None)
    """
    value = Fraction(value)
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = str(abs(value.numerator) * (10**places // value.denominator))
    sign = "-" if value < 0 else ""
    if places:
        plain = f"{digits[:-places] or '0'}.{digits[-places:].rjust(places, '0')}"
        short = f"{digits}e-{places}"
    else:
        bare = digits.rstrip("0") or "0"
        plain, short = digits, f"{bare}e{len(digits) - len(bare)}"
    return sign + (short if len(plain) > max(15, len(short)) or plain.startswith("0.00000") else plain)


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
