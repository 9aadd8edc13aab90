"""The judge's scales: re-checks of points, multipliers, rays and convexity in exact arithmetic, from scratch.

A certificate may come from anywhere (a float solver's basis, a rounded ray, the exact simplex): it proves something
only when a function of this module says so. Each one is short, works on the program as it was compiled and uses
nothing but exact additions, multiplications and comparisons, so that a person can check the checker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from ..policy import Policy
from ..programs.program import Program, Quadratic
from ..rationals import Exact, Fraction, divide
from .solution import Farkas

Bounds: TypeAlias = Sequence[tuple[Exact | None, Exact | None]]
"""Lower and upper bound a column, in place of the program's own (a node of a search tree)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A row, bound or integrality that a point breaks: ``value`` against ``bound``, apart by ``amount``.

    ``number`` is the row's number for kind row and the column's otherwise; for integer, ``bound`` is the nearest whole.
    """

    kind: Literal["row", "lower", "upper", "integer"]
    number: int
    amount: Exact
    value: Exact
    bound: Exact


@lru_cache(maxsize=64)
def _exact(tolerance: float) -> Fraction:
    return Fraction(repr(tolerance))


def violations(program: Program, point: Sequence[Exact], policy: Policy | None = None) -> list[Violation]:
    """Everything that the point breaks: rows in order, then bounds and integrality by column.

    With a policy, a row or bound may be missed by ``row_tolerance * max(1, |side|)`` and a whole number by
    ``integer_tolerance``; without one, by nothing at all.
    """
    row_tolerance = _exact(policy.row_tolerance) if policy else Fraction(0)
    integer_tolerance = _exact(policy.integer_tolerance) if policy else Fraction(0)
    found: list[Violation] = []
    for i, value in enumerate(row_values(program, point)):
        row = program.rows[i]
        if row.lower is not None and value < row.lower and _beyond(row.lower - value, row.lower, row_tolerance):
            found.append(Violation("row", i, row.lower - value, value, row.lower))
        elif row.upper is not None and value > row.upper and _beyond(value - row.upper, row.upper, row_tolerance):
            found.append(Violation("row", i, value - row.upper, value, row.upper))
    for j, column in enumerate(program.columns):
        value = point[j]
        lower, upper = column.lower, column.upper
        if lower is not None and value < lower and _beyond(lower - value, lower, row_tolerance):
            found.append(Violation("lower", j, lower - value, value, lower))
        elif upper is not None and value > upper and _beyond(value - upper, upper, row_tolerance):
            found.append(Violation("upper", j, value - upper, value, upper))
        if column.domain != "continuous" and value.denominator != 1:
            whole = round(value)
            away: Exact = value - whole if value > whole else whole - value
            if away > integer_tolerance:
                found.append(Violation("integer", j, away, value, whole))
    return found


def row_values(program: Program, point: Sequence[Exact]) -> list[Exact]:
    """The exact value of every row's body at a point.

    The point is first written over one common denominator: sums of whole numbers are ten times faster than sums of
    fractions.
    """
    common, wholes = over_common_denominator(point)
    values: list[Exact] = []
    for row in program.rows:
        if row.body.quadratic:
            values.append(row.body.value(point))
            continue
        values.append(_combined(row.body.linear, wholes, common))
    return values


def _combined(linear: Mapping[int, Exact], wholes: Sequence[int], common: int) -> Exact:
    """``sum a_j wholes_j / common``, the coefficients over one denominator as well."""
    under = 1
    for a in linear.values():
        if type(a) is not int:
            under = math.lcm(under, a.denominator)
    if under == 1:
        total = sum(a.numerator * wholes[j] for j, a in linear.items())
    else:
        total = sum(a.numerator * (under // a.denominator) * wholes[j] for j, a in linear.items())
        common *= under
    return divide(total, common) if common != 1 and total else total


def over_common_denominator(numbers: Iterable[Exact]) -> tuple[int, list[int]]:
    """The least common denominator and the numerators over it.

    >>> over_common_denominator([Fraction(1, 2), 3])
    (2, [1, 6])
    """
    numbers = list(numbers)
    common = math.lcm(*{a.denominator for a in numbers})
    if common == 1:
        return 1, [a.numerator for a in numbers]
    return common, [a.numerator * (common // a.denominator) for a in numbers]


def _keeps(program: Program, point: Sequence[Exact], integrality: bool) -> bool:
    return not any(integrality or v.kind != "integer" for v in violations(program, point))


def _beyond(amount: Exact, bound: Exact, tolerance: Fraction) -> bool:
    return bool(amount > tolerance * max(1, bound, -bound))


def gradient(function: Quadratic, point: Sequence[Exact]) -> dict[int, Exact]:
    """First derivatives of a linear or quadratic function at a point, by column; zeros may be missing."""
    slopes = dict(function.linear)
    for (j, k), q in function.quadratic.items():
        slopes[j] = slopes.get(j, 0) + q * point[k]
        slopes[k] = slopes.get(k, 0) + q * point[j]
    return slopes


def reduced_costs(program: Program, slopes: Mapping[int, Exact], duals: Mapping[int, Exact]) -> dict[int, Exact]:
    """``slopes - A' duals``: what the rows' multipliers leave for the columns' bounds; zeros may be missing."""
    common, wholes = over_common_denominator(duals.values())
    rest = dict(slopes) if common == 1 else {j: common * c for j, c in slopes.items()}
    for i, y in zip(duals, wholes, strict=True):
        for j, a in program.rows[i].body.linear.items():
            rest[j] = rest.get(j, 0) - y * a
    return rest if common == 1 else {j: divide(z, common) for j, z in rest.items() if z}


def proves_optimal(
    program: Program, point: Sequence[Exact], duals: Mapping[int, Exact], *, integrality: bool = True
) -> bool:
    """Whether row multipliers prove that the point is optimal among ALL points of the continuous relaxation.

    The point must keep every row, bound and (unless ``integrality`` is off) integrality exactly; the objective's
    gradient must be ``A' duals + z`` with each multiplier, on a row or (z) on a column, pushing against a side at which
    the point lies. For a convex program these Karush-Kuhn-Tucker conditions are sufficient (Boyd and Vandenberghe,
    Convex Optimization, 5.5.3); a quadratic objective must have been found convex before, see :func:`is_convex`.
    """
    if program.is_nonlinear or not _keeps(program, point, integrality):
        return False
    sign = -1 if program.sense == "maximize" else 1
    slopes = gradient(program.objective, point) if program.sense != "feasibility" else {}
    values = row_values(program, point)
    for i, y in duals.items():
        row = program.rows[i]
        if y and values[i] != (row.lower if sign * y > 0 else row.upper):
            return False
    for j, z in reduced_costs(program, slopes, duals).items():
        column = program.columns[j]
        if z and point[j] != (column.lower if sign * z > 0 else column.upper):
            return False
    return True


def proved_bound(program: Program, duals: Mapping[int, Exact], bounds: Bounds | None = None) -> Exact | None:
    """The bound on a linear objective that row multipliers prove for every point of the relaxation, or None.

    A lower bound when minimising, an upper bound when maximising: the weak-duality sum of each multiplier times the
    side it pushes against. None when a multiplier pushes against a side that is not there.
    """
    if program.is_quadratic or program.is_nonlinear:
        return None
    sign = -1 if program.sense == "maximize" else 1
    total: Exact = program.objective.constant
    for i, y in duals.items():
        if y:
            side = program.rows[i].lower if sign * y > 0 else program.rows[i].upper
            if side is None:
                return None
            total += y * side
    for j, z in reduced_costs(program, program.objective.linear, duals).items():
        if z:
            lower, upper = bounds[j] if bounds is not None else (program.columns[j].lower, program.columns[j].upper)
            side = lower if sign * z > 0 else upper
            if side is None:
                return None
            total += z * side
    return total


class BoundProver:
    """:func:`proved_bound` for the many leaves of one search: whole numbers over one denominator."""

    def __init__(self, program: Program) -> None:
        self.sign = -1 if program.sense == "maximize" else 1
        self.constant = self.sign * program.objective.constant
        costs = program.objective.linear
        self.factor = math.lcm(*(c.denominator for c in costs.values()))
        self.costs = [0] * len(program.columns)
        for j, c in costs.items():
            self.costs[j] = int(c * self.factor)
        self.rows = [(tuple(row.body.linear.items()), row.lower, row.upper) for row in program.rows]
        self.linear = not program.is_quadratic and not program.is_nonlinear

    def reaches(
        self, duals: Mapping[int, Exact], common: Exact, bounds: Bounds, threshold: Exact, *, beyond: bool
    ) -> bool:
        """Whether the row multipliers ``duals / common`` prove that the minimised objective is at least the threshold
        (``beyond``: above it) at every point of the relaxation within ``bounds``."""
        if not self.linear:
            return False
        # Everything is counted in units of 1 / (common * factor).
        rest: list[Exact] = [common * c for c in self.costs]
        total: Exact = 0
        for i, numerator in duals.items():
            y = numerator * self.factor
            entries, lower, upper = self.rows[i]
            side = lower if self.sign * y > 0 else upper
            if side is None:
                return False
            total += y * side
            for j, a in entries:
                rest[j] -= y * a
        for z, (low, high) in zip(rest, bounds, strict=True):
            if z:
                side = low if self.sign * z > 0 else high
                if side is None:
                    return False
                total += z * side
        value, target = self.sign * total, (threshold - self.constant) * (common * self.factor)
        return value > target if beyond else value >= target


def proves_infeasible(program: Program, farkas: Farkas, bounds: Bounds | None = None) -> bool:
    """Whether the multipliers prove that no point of the relaxation keeps all rows and bounds.

    The combination of row bodies and columns must be identically zero, while the same combination of the sides
    (lower sides for positive multipliers, upper for negative ones) is positive: 0 >= positive (Farkas 1902).
    """
    if farkas.crossed is not None:
        kind, number = farkas.crossed
        sides = program.rows[number] if kind == "row" else program.columns[number]
        low, high = sides.lower, sides.upper
        if kind == "column" and bounds is not None:
            low, high = bounds[number]
        return low is not None and high is not None and low > high
    combined: dict[int, Exact] = {}
    total: Exact = 0
    for i, y in farkas.rows.items():
        row = program.rows[i]
        side = row.lower if y > 0 else row.upper
        if y == 0:
            continue
        if side is None or row.body.quadratic:
            return False
        total += y * side
        for j, a in row.body.linear.items():
            combined[j] = combined.get(j, 0) + y * a
    for j, z in farkas.columns.items():
        lower, upper = bounds[j] if bounds is not None else (program.columns[j].lower, program.columns[j].upper)
        side = lower if z > 0 else upper
        if z == 0:
            continue
        if side is None:
            return False
        total += z * side
        combined[j] = combined.get(j, 0) + z
    return total > 0 and not any(combined.values())


def complete_farkas(program: Program, rows: Mapping[int, Exact]) -> Farkas:
    """Row multipliers with the column multipliers that make the combination zero."""
    columns = {j: z for j, z in reduced_costs(program, {}, rows).items() if z}
    return Farkas({i: y for i, y in rows.items() if y}, columns)


def proves_unbounded(
    program: Program, point: Sequence[Exact], ray: Sequence[Exact], *, integrality: bool = True
) -> bool:
    """Whether ``point + t * ray`` keeps everything for t = 0, 1, 2, ... while the objective improves without end.

    The point must keep every row, bound and integrality exactly, integer columns must move by whole numbers, no row or
    column may move towards a side it has, and the objective must improve at a constant rate along the ray.
    """
    if program.is_nonlinear or not _keeps(program, point, integrality):
        return False
    for column, d in zip(program.columns, ray, strict=True):
        if (d < 0 and column.lower is not None) or (d > 0 and column.upper is not None):
            return False
        if integrality and column.domain != "continuous" and d.denominator != 1:
            return False
    for row in program.rows:
        change = row.body.value(ray)
        if (change < 0 and row.lower is not None) or (change > 0 and row.upper is not None):
            return False
    bend: dict[int, Exact] = {}
    for (j, k), q in program.objective.quadratic.items():
        bend[j] = bend.get(j, 0) + q * ray[k]
        bend[k] = bend.get(k, 0) + q * ray[j]
    if any(bend.values()):
        return False
    rate = sum(c * ray[j] for j, c in program.objective.linear.items())
    return rate > 0 if program.sense == "maximize" else rate < 0 and program.sense == "minimize"


def is_convex(program: Program) -> bool:
    """Whether the objective is convex when minimised (concave when maximised). Exact; linear objectives are."""
    sign = -1 if program.sense == "maximize" else 1
    return is_positive_semidefinite({pair: sign * q for pair, q in program.objective.quadratic.items()})


def is_positive_semidefinite(quadratic: Mapping[tuple[int, int], Exact]) -> bool:
    """Whether ``sum q[j, k] x_j x_k`` (j <= k) is never negative: sparse symmetric elimination over the rationals.

    A form is positive semidefinite exactly when each pivot is positive, or is zero with an empty row (Golub and Van
    Loan, Matrix Computations, 4.2.8). Columns with the fewest neighbours go first to keep the fill small.
    """
    rows: dict[int, dict[int, Fraction]] = {}
    for (j, k), q in quadratic.items():
        if j == k:
            rows.setdefault(j, {})[j] = Fraction(q)
        elif q:
            half = Fraction(q) / 2
            rows.setdefault(j, {})[k] = half
            rows.setdefault(k, {})[j] = half
    for j in [j for j, row in rows.items() if row.keys() == {j}]:
        if rows.pop(j)[j] < 0:
            return False
    while rows:
        j = min(rows, key=lambda column: len(rows[column]))
        row = rows.pop(j)
        pivot = row.pop(j, Fraction(0))
        row = {k: q for k, q in row.items() if q}
        for k in row:
            del rows[k][j]
        if pivot < 0 or (pivot == 0 and row):
            return False
        for k, q in row.items():
            target = rows[k]
            factor = q / pivot
            for other, p in row.items():
                target[other] = target.get(other, Fraction(0)) - factor * p
    return True
