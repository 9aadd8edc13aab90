"""A small exact simplex that finishes, repairs or replaces a float solver's basis; one object, so it is long.

The program is kept as a dictionary (Chvatal, Linear Programming, chapter 2): every basic unknown written in terms of
the nonbasic ones, with integer numerators over one common denominator, so that a pivot needs no fractions (Edmonds
1967, Bareiss 1968). Unknowns are the columns and, behind them, one activity a row; both kinds have bounds. Dense: made
for programs up to some thousand entries; larger ones go to HiGHS and their bases to ``linear_algebra``.

Its answers are certificates that ``exactness`` checks like anybody else's.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from operator import mul
from typing import Literal, TypeAlias

from ..programs.program import Program
from ..rationals import Exact, Fraction, divide, simplify
from .solution import Farkas

SimplexVerdict: TypeAlias = Literal["optimal", "infeasible", "unbounded", "stopped"]

_BLAND_AFTER = 40
"""Pivots by the steepest choice before the smallest-index rule, which cannot cycle, takes over."""


@dataclass(slots=True)
class Budget:
    """What an exact computation may cost: ``pivots`` counts down, ``bits`` bounds the size of the denominator."""

    pivots: int = 2000
    deadline: float | None = None
    bits: int = 20_000

    def spend(self) -> bool:
        """Take one pivot; False when there is none left."""
        self.pivots -= 1
        if self.pivots < 0:
            return False
        return self.deadline is None or self.pivots % 8 != 0 or time.monotonic() < self.deadline


class Dictionary:
    """The dictionary of a linear program, starting with all activities basic. Quadratic terms are not looked at.

    Everything is scaled to integers: row i by ``factors[i]``, all values by ``scale``. The objective, always minimised,
    is the last row of ``table``. ``levels`` are the values of the basic unknowns and of the objective, times the
    denominator: kept with every pivot, because sums over the rows would take as long as the pivots.
    """

    __slots__ = (
        "basic", "columns", "denominator", "factors", "levels", "lower", "nonbasic", "objective_factor", "rows_of",
        "scale", "sign", "table", "upper", "values",
    )  # fmt: skip

    basic: list[int]
    nonbasic: list[int]
    values: list[int]
    levels: list[int]
    table: list[list[int]]
    lower: list[int | None]
    upper: list[int | None]

    def __init__(self, program: Program, *, objective: bool = True) -> None:
        n = self.columns = len(program.columns)
        self.sign = -1 if program.sense == "maximize" else 1
        self.rows_of = [i for i, row in enumerate(program.rows) if row.body.linear]
        self.factors: list[Exact] = []
        self.table = []
        sides: list[tuple[Exact | None, Exact | None]] = [(c.lower, c.upper) for c in program.columns]
        for i in self.rows_of:
            row = program.rows[i]
            numbers, factor = _integers(list(row.body.linear.values()))
            dense = [0] * n
            for j, a in zip(row.body.linear, numbers, strict=True):
                dense[j] = a
            self.table.append(dense)
            self.factors.append(factor)
            sides.append(
                (None if row.lower is None else row.lower * factor, None if row.upper is None else row.upper * factor)
            )
        costs = [0] * n
        self.objective_factor: Exact = 1
        if objective and program.sense != "feasibility" and program.objective.linear:
            numbers, self.objective_factor = _integers(list(program.objective.linear.values()))
            for j, c in zip(program.objective.linear, numbers, strict=True):
                costs[j] = self.sign * c
        self.table.append(costs)
        self.scale = math.lcm(*{b.denominator for pair in sides for b in pair if b is not None})
        self.lower = [None if low is None else int(low * self.scale) for low, _ in sides]
        self.upper = [None if high is None else int(high * self.scale) for _, high in sides]
        self.denominator = 1
        self.nonbasic = list(range(n))
        self.basic = list(range(n, n + len(self.rows_of)))
        self.values = [self._resting(q, 0) for q in self.nonbasic]
        self._level()

    def copy(self) -> Dictionary:
        """An independent dictionary; cheap, because rows are replaced and never changed in place."""
        twin = object.__new__(Dictionary)
        twin.columns, twin.sign, twin.rows_of, twin.factors = self.columns, self.sign, self.rows_of, self.factors
        twin.objective_factor, twin.scale, twin.denominator = self.objective_factor, self.scale, self.denominator
        twin.basic, twin.nonbasic, twin.values = self.basic[:], self.nonbasic[:], self.values[:]
        twin.levels = self.levels[:]
        twin.table, twin.lower, twin.upper = self.table[:], self.lower[:], self.upper[:]
        return twin

    def _level(self) -> None:
        """Compute the levels from the nonbasic values."""
        values = self.values
        self.levels = [sum(map(mul, row, values)) for row in self.table]

    def _rest(self, s: int, value: int) -> None:
        """Move nonbasic unknown ``s`` (position) to another value."""
        step = value - self.values[s]
        if step:
            self.values[s] = value
            self.levels = [level + step * row[s] for level, row in zip(self.levels, self.table, strict=True)]

    def _resting(self, unknown: int, slope: int) -> int:
        """Where a nonbasic unknown waits: at the bound that its reduced cost prefers, at the other one, or at zero."""
        low, high = self.lower[unknown], self.upper[unknown]
        if slope < 0 and high is not None:
            return high
        return low if low is not None else high if high is not None else 0

    # -- moving ------------------------------------------------------------------------------------------------------

    def pivot(self, r: int, s: int, leaving_value: int) -> None:
        """Exchange basic unknown ``r`` and nonbasic unknown ``s`` (positions); the leaving one rests at the value."""
        table, levels, d = self.table, self.levels, self.denominator
        pivot_row = table[r]
        p = pivot_row[s]
        gap = levels[r] - leaving_value * d
        if p < 0:
            p, turn, gap = -p, -1, -gap
            pivot_row = [-b for b in pivot_row]
        else:
            turn = 1
        for i, row in enumerate(table):
            if i == r:
                continue
            f = row[s]
            if f:
                if d == 1:
                    fresh = [a * p - f * b for a, b in zip(row, pivot_row, strict=True)]
                    levels[i] = levels[i] * p - f * gap
                else:
                    fresh = [(a * p - f * b) // d for a, b in zip(row, pivot_row, strict=True)]
                    levels[i] = (levels[i] * p - f * gap) // d
                fresh[s] = turn * f
                table[i] = fresh
            elif p != d:
                table[i] = [a * p // d for a in row]
                levels[i] = levels[i] * p // d
        fresh = [-b for b in pivot_row]
        fresh[s] = turn * d
        table[r] = fresh
        levels[r] = self.values[s] * p - gap
        self.denominator = p
        self.basic[r], self.nonbasic[s] = self.nonbasic[s], self.basic[r]
        self.values[s] = leaving_value

    def install(self, columns: list[int], rows: list[int], deadline: float | None = None) -> None:
        """Move to a basis given by HiGHS's statuses (1 is basic, 2 at upper), as far as it is one and time allows."""
        n = self.columns
        statuses = columns + [rows[i] for i in self.rows_of]
        for s in range(n):
            if statuses[self.nonbasic[s]] != 1:
                continue
            if deadline is not None and s % 8 == 0 and time.monotonic() >= deadline:
                break
            best = -1
            for r, unknown in enumerate(self.basic):
                if statuses[unknown] != 1 and self.table[r][s] and (best < 0 or not self.table[best][s]):
                    best = r
            if best >= 0:
                self.pivot(best, s, 0)
        for s, unknown in enumerate(self.nonbasic):
            self.values[s] = self._resting(unknown, -1 if statuses[unknown] == 2 else 0)
        self._level()

    # -- solving -----------------------------------------------------------------------------------------------------

    def solve(self, budget: Budget) -> tuple[SimplexVerdict, Farkas | list[int] | None]:
        """Optimise. The second part is the Farkas certificate when infeasible and the ray when unbounded."""
        slopes = self.table[-1]
        dual_feasible = True
        for s, unknown in enumerate(self.nonbasic):
            slope = slopes[s]
            low, high = self.lower[unknown], self.upper[unknown]
            if slope and (high if slope < 0 else low) is None:
                dual_feasible = False
                break
        if dual_feasible:
            for s, unknown in enumerate(self.nonbasic):
                if slopes[s]:
                    self._rest(s, self._resting(unknown, slopes[s]))
            return self.reoptimize(budget)
        verdict, farkas = self._restore(budget, costs=False)
        if verdict != "optimal":
            return verdict, farkas
        return self._improve(budget)

    def reoptimize(self, budget: Budget) -> tuple[SimplexVerdict, Farkas | list[int] | None]:
        """Optimise from a dual feasible dictionary, for example after bounds have become tighter."""
        return self._restore(budget, costs=True)

    def without_objective(self) -> Dictionary:
        """A copy in which every cost is zero: any feasible point is then optimal."""
        twin = self.copy()
        twin.table[-1] = [0] * self.columns
        twin.levels[-1] = 0
        return twin

    def tighten(self, column: int, lower: Exact | None, upper: Exact | None) -> None:
        """New bounds for a column; None leaves that side as it is. The bounds must be whole multiples of 1/scale."""
        if lower is not None:
            self.lower[column] = int(lower * self.scale)
        if upper is not None:
            self.upper[column] = int(upper * self.scale)
        for s, unknown in enumerate(self.nonbasic):
            if unknown == column:
                self._rest(s, self._resting(column, self.table[-1][s]))

    def _restore(self, budget: Budget, *, costs: bool) -> tuple[SimplexVerdict, Farkas | None]:
        """The dual simplex method: pivot until all basic unknowns are within bounds, or one of them proves it hopeless.

        Without ``costs`` any reduced cost counts as zero and only a feasible point is sought.
        """
        lower, upper, basic, nonbasic = self.lower, self.upper, self.basic, self.nonbasic
        steps = 0
        while True:
            d, values, levels = self.denominator, self.values, self.levels
            r, worst, target = -1, 0, 0
            for i, unknown in enumerate(basic):
                at = levels[i]
                low, high = lower[unknown], upper[unknown]
                if low is not None and at < low * d:
                    miss, side = low * d - at, low
                elif high is not None and at > high * d:
                    miss, side = high * d - at, high
                else:
                    continue
                if r < 0 or (abs(miss) > abs(worst) if steps < _BLAND_AFTER else unknown < basic[r]):
                    r, worst, target = i, miss, side
            if r < 0:
                return "optimal", None
            row, slopes = self.table[r], self.table[-1]
            s = -1
            for k, t in enumerate(row):
                if not t:
                    continue
                unknown = nonbasic[k]
                low, high = lower[unknown], upper[unknown]
                if low == high and low is not None:
                    continue
                value = values[k]
                if (t > 0) == (worst > 0):
                    if high is not None and value >= high:
                        continue
                elif low is not None and value <= low:
                    continue
                if s < 0:
                    s = k
                    continue
                if costs:
                    mine, best = abs(slopes[k] * row[s]), abs(slopes[s] * t)
                    if mine != best:
                        if mine < best:
                            s = k
                        continue
                if unknown < nonbasic[s]:
                    s = k
            if s < 0:
                return "infeasible", self._farkas(r, worst > 0)
            if not budget.spend() or d.bit_length() > budget.bits:
                return "stopped", None
            self.pivot(r, s, target)
            steps += 1

    def _farkas(self, r: int, below: bool) -> Farkas:
        """Row r says: basic = sum t/d nonbasic; with all nonbasics at their best sides it still misses its bound."""
        turn = 1 if below else -1
        multipliers = {self.basic[r]: turn * self.denominator}
        for s, t in enumerate(self.table[r]):
            if t:
                multipliers[self.nonbasic[s]] = -turn * t
        shared = math.gcd(*multipliers.values())
        n = self.columns
        rows: dict[int, Exact] = {}
        columns: dict[int, Exact] = {}
        for unknown, multiplier in multipliers.items():
            if unknown < n:
                columns[unknown] = multiplier // shared
            else:
                rows[self.rows_of[unknown - n]] = simplify(multiplier // shared * self.factors[unknown - n])
        return Farkas(rows, columns)

    def _improve(self, budget: Budget) -> tuple[SimplexVerdict, list[int] | None]:
        """The primal simplex method from a feasible dictionary; the list is the ray when unbounded."""
        lower, upper, basic, nonbasic, values = self.lower, self.upper, self.basic, self.nonbasic, self.values
        steps = 0
        while True:
            s, best = -1, 0
            for k, slope in enumerate(self.table[-1]):
                unknown = nonbasic[k]
                if slope < 0:
                    high = upper[unknown]
                    if high is not None and values[k] >= high:
                        continue
                elif slope > 0:
                    low = lower[unknown]
                    if low is not None and values[k] <= low:
                        continue
                else:
                    continue
                if s < 0 or (abs(slope) > best if steps < _BLAND_AFTER else unknown < nonbasic[s]):
                    s, best = k, abs(slope)
            if s < 0:
                return "optimal", None
            d = self.denominator
            way = 1 if self.table[-1][s] < 0 else -1
            entering = nonbasic[s]
            low, high = lower[entering], upper[entering]
            # The shortest step, as the fraction gap / speed, over all unknowns that stand in the way.
            r, gap, speed, target = -1, 0, 0, 0
            for i, unknown in enumerate(basic):
                t = self.table[i][s] * way
                if not t:
                    continue
                side = upper[unknown] if t > 0 else lower[unknown]
                if side is None:
                    continue
                room = abs(side * d - self.levels[i])
                t = abs(t)
                if r >= 0:
                    mine, other = room * speed, gap * t
                    if mine > other or (mine == other and unknown > basic[r]):
                        continue
                r, gap, speed, target = i, room, t, side
            if low is not None and high is not None and (r < 0 or (high - low) * speed <= gap):
                self._rest(s, high if way > 0 else low)
            elif r < 0:
                ray = [0] * self.columns
                if entering < self.columns:
                    ray[entering] = way * d
                for i, unknown in enumerate(basic):
                    if unknown < self.columns:
                        ray[unknown] = self.table[i][s] * way
                shared = math.gcd(*ray)
                return "unbounded", [c // shared for c in ray]
            else:
                self.pivot(r, s, target)
            if not budget.spend() or d.bit_length() > budget.bits:
                return "stopped", None
            steps += 1

    # -- reading -----------------------------------------------------------------------------------------------------

    def point(self) -> list[Exact]:
        """The current value of every column."""
        point: list[Exact] = [0] * self.columns
        for s, unknown in enumerate(self.nonbasic):
            if unknown < self.columns:
                point[unknown] = divide(self.values[s], self.scale)
        whole = self.denominator * self.scale
        for i, unknown in enumerate(self.basic):
            if unknown < self.columns:
                point[unknown] = divide(self.levels[i], whole)
        return point

    def numerators(self) -> tuple[int, list[int]]:
        """A positive common denominator, and every column's value over it."""
        d, values = self.denominator, self.values
        point = [0] * self.columns
        for s, unknown in enumerate(self.nonbasic):
            if unknown < self.columns:
                point[unknown] = values[s] * d
        for i, unknown in enumerate(self.basic):
            if unknown < self.columns:
                point[unknown] = self.levels[i]
        return d * self.scale, point

    def objective_fraction(self) -> tuple[Exact, Exact]:
        """The minimised linear objective, without its constant, as numerator and positive denominator."""
        return self.levels[-1], self.denominator * self.scale * self.objective_factor

    def dual_numerators(self) -> tuple[dict[int, Exact], Exact]:
        """:meth:`duals` as numerators over one positive denominator."""
        slopes, n, sign = self.table[-1], self.columns, self.sign
        found: dict[int, Exact] = {}
        for s, unknown in enumerate(self.nonbasic):
            if unknown >= n and slopes[s]:
                found[self.rows_of[unknown - n]] = sign * slopes[s] * self.factors[unknown - n]
        return found, self.denominator * self.objective_factor

    def duals(self) -> dict[int, Exact]:
        """Row multipliers in the program's own units and sense; see ``exactness.proves_optimal``."""
        numerators, common = self.dual_numerators()
        return {i: divide(y, common) for i, y in numerators.items()}


def _integers(numbers: list[Exact]) -> tuple[list[int], Exact]:
    """The numbers times a positive factor, as coprime integers, and the factor. The numbers must not all be zero."""
    factor: Exact = 1
    denominators = {a.denominator for a in numbers}
    if denominators != {1}:
        common = math.lcm(*denominators)
        whole = [int(a * common) for a in numbers]
        factor = common
    else:
        whole = [a.numerator for a in numbers]
    shared = math.gcd(*whole)
    if shared > 1:
        whole = [a // shared for a in whole]
        factor = simplify(Fraction(factor, shared))
    return whole, factor
