"""The same formulation on other data: a constraint that happens not to bind in one instance binds in another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from ..language.formulation import Data, Parameter, Values
from ..rationals import Exact, simplify

_LOW, _HIGH = 0.7, 1.4


def redrawn(data: Data, count: int, seed: int) -> Iterator[Data]:
    """``count`` instances of the same shape, every number moved by up to some 40 percent.

    0, 1 and -1 stay, because they are as often structure (an arc exists, a sign) as quantity; whole numbers stay
    whole, decimals keep their number of places, signs are kept. The same seed gives the same instances everywhere.
    """
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - not a secret
        parameters = {
            name: replace(parameter, values=_moved(parameter.values, chance))
            for name, parameter in data.parameters.items()
        }
        yield Data(data.sets, parameters)


def can_redraw(data: Data) -> bool:
    """Whether anything would change."""
    return any(any(value not in (0, 1, -1) for _, value in p.items()) for p in _parameters(data))


def _parameters(data: Data) -> list[Parameter]:
    return list(data.parameters.values())


def _moved(values: Values, chance: random.Random) -> Values:
    if isinstance(values, Mapping):
        return {key: _moved(value, chance) for key, value in values.items()}
    return _moved_number(values, chance)


def _moved_number(value: Exact, chance: random.Random) -> Exact:
    # Thousandths, not floats: the same on every machine.
    factor = Fraction(chance.randint(int(_LOW * 1000), int(_HIGH * 1000)), 1000)
    if value in (0, 1, -1):
        return value
    places = _places(value)
    moved = simplify(Fraction(round(value * factor * 10**places), 10**places))
    return moved if moved else value


def _places(value: Exact) -> int:
    """Decimal places of the number, 6 at most."""
    return next((p for p in range(6) if Fraction(value * 10**p).denominator == 1), 6)
