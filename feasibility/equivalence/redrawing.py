"""The same formulation on other data: a constraint that happens not to bind in one instance binds in another."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ..language.formulation import Data, Formulation, Parameter, Values
from ..rationals import Exact, Fraction, from_decimal, simplify, to_text

_LOW, _HIGH = 0.7, 1.4
_NAME = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"(?<![\w.])(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])")


def taken_by_name(formulation: Formulation, data: Data) -> frozenset[str]:
    """The data's parameters that a formulation uses by name and does not state anew."""
    used = {name for text in _expressions(formulation) for name in _NAME.findall(text)}
    return frozenset(name for name in data.parameters if name in used and name not in formulation.parameters)


def foreign_numbers(formulation: Formulation, reference: Formulation | None) -> list[str]:
    """Numbers that a formulation states and the reference does not, 0, 1 and -1 aside: in expressions, bounds, values.

    They may stand for data, also by arithmetic (8 for 3 + 5), so that the formulation speaks of these data only.
    """
    known = _numbers(reference) if reference is not None else {}
    return [text for value, text in _numbers(formulation).items() if value not in known and value not in (0, 1, -1)]


def _numbers(formulation: Formulation) -> dict[Exact, str]:
    found: dict[Exact, str] = {}
    for text in _expressions(formulation):
        for match in _NUMBER.finditer(text):
            found.setdefault(from_decimal(match.group()), match.group())
    stated = [bound for v in formulation.variables.values() for bound in (v.lower, v.upper) if bound is not None]
    stated += [value for parameter in formulation.parameters.values() for _, value in parameter.items()]
    for value in stated:
        found.setdefault(value, to_text(value))
    return found


def _expressions(formulation: Formulation) -> Iterator[str]:
    if formulation.objective.expression is not None:
        yield formulation.objective.expression
    for constraint in formulation.constraints.values():
        yield constraint.expression
        if constraint.over is not None:
            yield constraint.over


def redrawn(data: Data, count: int, seed: int, only: Collection[str] | None = None) -> Iterator[Data]:
    """``count`` instances of the same shape, every number moved by up to some 40 percent; ``only`` of these parameters.

    0, 1 and -1 stay, because they are as often structure (an arc exists, a sign) as quantity; whole numbers stay
    whole, decimals keep their number of places, signs are kept. The same seed gives the same instances everywhere.
    """
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - not a secret
        parameters = {
            name: replace(parameter, values=_moved(parameter.values, chance))
            if only is None or name in only
            else parameter
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
