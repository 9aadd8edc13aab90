"""A continuous column that is whole because each choice of the binary columns beside it leaves it one value.

So the product of two choices (``both <= x, both <= y, both >= x + y - 1``) need not be declared binary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...programs.program import Program
from ...rationals import Exact, Fraction, divide, simplify
from ..evidence import Cases, Certificate, OneValue, Target
from ..maps import Affine
from .claims import ClaimSource
from .clock import is_late

_MOST = 6
"""Binary columns beside the image up to which the choices are gone through."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The column whose image is asked about, and which rows of the source the rows that hold it are."""

    column: int
    image: Affine
    target: Target
    place: Sequence[int]
    source: ClaimSource


def one_value(source: ClaimSource, image: Affine, target: Target) -> Certificate | None:
    """The certificate that the image is whole, choice by choice; None where some choice leaves it more than one."""
    program = source.program
    if len(image.terms) != 1:
        return None
    (column,) = image.terms
    if program.columns[column].is_integer:
        return None
    place = [number for number, row in enumerate(program.rows) if column in row.linear]
    rows = [program.rows[number] for number in place]
    beside = sorted({j for row in rows for j in row.linear} - {column})
    binary = [j for j in beside if program.columns[j].is_integer and _ends(program, j) == (0, 1)]
    if len(binary) != len(beside) or not 0 < len(binary) <= _MOST or any(row.body.quadratic for row in rows):
        return None
    near = Program(list(program.columns), rows, "feasibility")
    return _split(near, binary, _Asked(column, image, target, place, source))


def _ends(program: Program, j: int) -> tuple[Exact | None, Exact | None]:
    return program.columns[j].lower, program.columns[j].upper


def _split(program: Program, binary: Sequence[int], asked: _Asked) -> Certificate | None:
    if is_late(asked.source.deadline):
        return None
    if not binary:
        return _leaf(program, asked)
    j, *others = binary
    parts = []
    for value in (1, 0):  # most is open where all is chosen
        columns = list(program.columns)
        columns[j] = replace(columns[j], lower=value, upper=value)
        found = _split(Program(columns, program.rows, program.sense), others, asked)
        if found is None:
            return None
        parts.append(found)
    return Certificate(asked.target, "cases", cases=Cases(j, 0, parts[1], parts[0]))


def _leaf(program: Program, asked: _Asked) -> Certificate | None:
    """All else is fixed: the column lies between its rows, and has one value or none."""
    low, high = _range(program, asked.column)
    if low is None or high is None or low < high:
        return None
    value = asked.image.constant + asked.image.terms[asked.column] * high if low == high else 0
    if Fraction(value).denominator != 1:
        return None
    near = ClaimSource(program, asked.source.policy, asked.source.deadline)
    parts = []
    for sign in (1, -1):
        proof = near.prove(asked.image.scaled(sign), sign * value, asked.target).certificate
        if proof is None or proof.method == "solver":
            return None
        parts.append(replace(proof, rows={asked.place[i]: y for i, y in proof.rows.items()}))
    return Certificate(asked.target, "one-value", single=OneValue(value, parts[0], parts[1]))


def _range(program: Program, column: int) -> tuple[Exact | None, Exact | None]:
    low, high = _ends(program, column)
    for row in program.rows:
        rest = sum((c * (program.columns[j].lower or 0) for j, c in row.linear.items() if j != column), Fraction(0))
        weight = row.linear[column]
        ends = [None if end is None else divide(end - rest, weight) for end in (row.lower, row.upper)]
        least, most = ends if weight > 0 else ends[::-1]
        low = least if low is None or (least is not None and least > low) else low
        high = most if high is None or (most is not None and most < high) else high
    return (None if low is None else simplify(low)), (None if high is None else simplify(high))
