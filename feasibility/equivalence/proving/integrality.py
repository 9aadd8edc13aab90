"""Whether a form is a whole number at every plan: by its coefficients, by an equation, or not, as two plans show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...policy import Policy
from ...programs.program import Program, Quadratic, Row
from ...rationals import Exact, Fraction, divide, simplify
from ..evidence import Certificate, Target
from ..maps import Affine, add_term
from .clock import solve


def integral(program: Program, image: Affine, target: Target) -> Certificate | None:
    """The certificate that ``image`` is whole by its coefficients, or less a multiple of one equation; or None."""
    if _is_whole(program, image.terms, image.constant):
        return Certificate(target, "integral")
    for number, row in enumerate(program.rows):
        if row.lower is None or row.lower != row.upper:
            continue
        reduced = _reduced_by(program, image, row)
        if reduced is not None:
            return Certificate(target, "integral", {number: reduced})
    return None


def _is_whole(program: Program, terms: Mapping[int, Exact], constant: Exact) -> bool:
    return constant.denominator == 1 and all(
        c.denominator == 1 and program.columns[j].is_integer for j, c in terms.items()
    )


def _reduced_by(program: Program, image: Affine, row: Row) -> Exact | None:
    """The multiple of an equality row that, subtracted, leaves whole coefficients on integer columns only."""
    assert row.lower is not None
    for j, coefficient in image.terms.items():
        if j not in row.linear or row.body.quadratic:
            continue
        multiple = divide(coefficient, row.linear[j])
        terms = dict(image.terms)
        for k, other in row.linear.items():
            add_term(terms, k, -multiple * other)
        if _is_whole(program, terms, image.constant + multiple * row.lower):
            return multiple
    return None


def two_plans(
    program: Program, image: Affine, policy: Policy, deadline: float
) -> tuple[tuple[Exact, ...], tuple[Exact, ...]] | None:
    """Two plans with the same integer columns whose images are apart, by 1 at most; None when none are found.

    One program over the plan and a second copy of its continuous columns.
    """
    count = len(program.columns)
    copies = [j for j, c in enumerate(program.columns) if not c.is_integer]
    place = {j: count + p for p, j in enumerate(copies)}
    columns = [*program.columns, *(replace(program.columns[j], name=f"{program.columns[j].name}'") for j in copies)]
    rows = list(program.rows)
    for row in program.rows:
        if not place.keys().isdisjoint(row.linear):
            body = Quadratic({place.get(j, j): c for j, c in row.linear.items()})
            rows.append(replace(row, name=f"{row.name}'", body=body))
    apart: dict[int, Exact] = {}
    for j, c in image.terms.items():
        if j in place:
            apart[place[j]] = c
            apart[j] = -c
    if not apart:
        return None
    rows.append(Row("apart", Quadratic(apart), None, 1, "apart"))
    goal = Program(columns, rows, "maximize", Quadratic(dict(apart)))
    point = solve(goal, policy, deadline=deadline).point
    if point is None:
        return None
    return point[:count], tuple(point[place.get(j, j)] for j in range(count))


def between(image: Affine, left: tuple[Exact, ...], right: tuple[Exact, ...]) -> list[tuple[Exact, ...]]:
    """Points of the segment where the image lies half-way between whole numbers or at its middle."""
    start, stop = image.value(left), image.value(right)
    if start == stop:
        return []
    goals = [divide(start + stop, 2), start + Fraction(1, 2) * (1 if stop > start else -1)]
    points = []
    for goal in goals:
        share = divide(goal - start, stop - start)
        if 0 <= share <= 1:
            points.append(tuple(simplify(a + share * (b - a)) for a, b in zip(left, right, strict=True)))
    return points
