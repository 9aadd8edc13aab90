"""Rounding that integrality allows: the same whole points, a smaller relaxation, and the first proofs of emptiness."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, divide


def tighten(program: Program) -> Program:
    """An equivalent program with whole coefficients and with sides that whole numbers can reach.

    Bounds of integer columns are rounded inwards, and so is every row over integer columns only, after its coefficients
    have been divided by their greatest common divisor (Chvatal 1973, Gomory 1958): ``2x + 4y <= 7`` becomes
    ``x + 2y <= 3``. A row such as ``2x == 1`` ends with its lower side above its upper one. Other rows are multiplied
    by their denominators: a search over integers checks so many certificates that sums without fractions pay. A program
    without integers comes back as it is.
    """
    whole = [column.domain != "continuous" for column in program.columns]
    if not any(whole):
        return program
    columns = [_round_column(column) if whole[j] else column for j, column in enumerate(program.columns)]
    rows = [_round_row(row, whole) if row.body.linear and not row.body.quadratic else row for row in program.rows]
    return Program(columns, rows, program.sense, program.objective)


def _round_column(column: Column) -> Column:
    low, high = column.lower, column.upper
    if (low is None or low.denominator == 1) and (high is None or high.denominator == 1):
        return column
    return replace(
        column, lower=None if low is None else math.ceil(low), upper=None if high is None else math.floor(high)
    )


def _round_row(row: Row, whole: list[bool]) -> Row:
    linear = row.body.linear
    step = granularity(linear.values())
    low = None if row.lower is None else divide(row.lower, step)
    high = None if row.upper is None else divide(row.upper, step)
    if all(whole[j] for j in linear):
        low = None if low is None else math.ceil(low)
        high = None if high is None else math.floor(high)
    if step == 1 and low == row.lower and high == row.upper:
        return row
    body = row.body if step == 1 else Quadratic({j: divide(a, step) for j, a in linear.items()})
    return replace(row, body=body, lower=low, upper=high)


def granularity(coefficients: Iterable[Exact]) -> Exact:
    """The largest number that divides all coefficients (their greatest common divisor, for fractions too).

    Sums of whole multiples of the coefficients are whole multiples of it.

    >>> from fractions import Fraction
    >>> granularity([4, 6]), granularity([Fraction(1, 2), Fraction(1, 3)])
    (2, Fraction(1, 6))
    """
    numbers = list(coefficients)
    common = math.lcm(*{a.denominator for a in numbers})
    return divide(math.gcd(*(int(a * common) for a in numbers)), common)
