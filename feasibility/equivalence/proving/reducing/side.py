"""A program under reduction: what is left of it, and why each of its rows and bounds holds in the program itself.

Every row side and bound of the core carries its *ground*: multipliers over the program's own rows, bounds and derived
lines that combine to it, identically in the program's columns. Substituting a column by an equation is then nothing but
adding a multiple of that equation, and a certificate about the core becomes one about the program by adding grounds up.
The idea of a stack that undoes presolve is Andersen and Andersen's (1995); with proofs, PaPILO's (arXiv 2206.10709).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Literal

from ....programs.program import Column, Program, Quadratic, Row
from ....rationals import Exact, Fraction, divide, simplify
from ...evidence import Line
from ...maps import Affine, add_term
from ..clock import in_time
from ..preference import cost

LineKey = tuple[Literal["row", "column", "line"], int]
Ground = dict[LineKey, Exact]
"""Multipliers: a positive one uses the upper side of a row or column, a negative one the lower; lines only positive."""


class EmptyError(Exception):
    """The program admits no plan: the ground combines to ``0 <= a negative number`` (None when it is not known).

    ``lines`` are the derived ones that the ground may name.
    """

    def __init__(self, ground: Ground | None, lines: Sequence[Line] = ()) -> None:
        super().__init__("no plan")
        self.ground, self.lines = ground, lines


@dataclass(slots=True)
class Held:
    """A column of the core. ``below`` grounds ``-x <= -lower``, ``above`` grounds ``x <= upper``."""

    name: str
    whole: bool
    lower: Exact | None
    upper: Exact | None
    below: Ground
    above: Ground
    kept: bool = False


@dataclass(slots=True)
class Body:
    """A row of the core. ``below`` grounds ``-terms <= -lower``, ``above`` grounds ``terms <= upper``."""

    terms: dict[int, Exact]
    lower: Exact | None
    upper: Exact | None
    below: Ground
    above: Ground
    name: str

    @property
    def is_equation(self) -> bool:
        return self.lower is not None and self.lower == self.upper

    def times(self, factor: Exact) -> Ground:
        """The ground of ``factor * terms <= factor * side``, the side that the sign asks for."""
        ground = self.above if factor > 0 else self.below
        size = factor if factor > 0 else -factor
        return {key: simplify(size * y) for key, y in ground.items()}


@dataclass(frozen=True, slots=True)
class Gone:
    """A column that was replaced: ``x = reading`` (of the columns left then).

    ``above`` grounds ``x - reading <= 0``, ``below`` its negative; None where only the other direction holds.
    """

    column: int
    reading: Affine
    above: Ground | None
    below: Ground | None
    kind: Literal["defined", "slack", "pressed", "fixed"]


class ReducedSide:
    """One program under reduction. Ids of columns are the program's own; the cost is something to keep small."""

    def __init__(self, program: Program, kept: frozenset[int], deadline: float) -> None:
        self.program = program
        self.deadline = deadline
        self.columns: dict[int, Held] = {
            j: Held(c.name, c.is_integer, c.lower, c.upper, {("column", j): -1}, {("column", j): 1}, j in kept)
            for j, c in enumerate(program.columns)
        }
        self.rows: dict[int, Body] = {
            i: Body(dict(r.linear), r.lower, r.upper, {("row", i): -1}, {("row", i): 1}, r.name)
            for i, r in enumerate(program.rows)
            if r.linear or r.lower is not None or r.upper is not None
        }
        self._next = len(program.rows)
        self.holders: dict[int, set[int]] = defaultdict(set)
        for i, row in self.rows.items():
            for j in row.terms:
                self.holders[j].add(i)
        self.fresh: set[int] = set(self.rows)
        goal = cost(program)
        self.cost: dict[int, Exact] = dict(goal.linear)
        self.constant: Exact = goal.constant
        self.gone: list[Gone] = []
        self.lines: list[Line] = []
        self.told: list[str] = []
        for j in self.columns:
            self.tighten(j, None, None, {}, {})

    # -- what every reduction is made of -------------------------------------------------------------------------

    def line(self, ground: Ground) -> Ground:
        """A derived line for the combination, rounded down, as a ground of its own."""
        parts: dict[str, dict[int, Exact]] = {"row": {}, "column": {}, "line": {}}
        for (kind, number), y in ground.items():
            parts[kind][number] = y
        self.lines.append(Line(parts["row"], parts["column"], parts["line"]))
        return {("line", len(self.lines) - 1): 1}

    def tighten(self, j: int, lower: Exact | None, upper: Exact | None, below: Ground, above: Ground) -> bool:
        """Take these bounds where they are tighter, whole ones rounded; whether they were. Raises EmptyError."""
        held = self.columns[j]
        changed = False
        if upper is not None and (held.upper is None or upper < held.upper):
            held.upper, held.above, changed = upper, above, True
        if lower is not None and (held.lower is None or lower > held.lower):
            held.lower, held.below, changed = lower, below, True
        if held.whole:
            if held.upper is not None and held.upper.denominator != 1:
                held.upper, held.above = floor(held.upper), self.line(held.above)
            if held.lower is not None and held.lower.denominator != 1:
                held.lower, held.below = ceil(held.lower), self.line(held.below)
        if held.lower is not None and held.upper is not None and held.lower > held.upper:
            raise EmptyError(added(held.below, held.above, 1))
        if changed:
            self.fresh |= self.holders[j]
        return changed

    def add_row(self, row: Body) -> int:
        """A new row of the core."""
        i = self._next
        self._next += 1
        self.rows[i] = row
        self.fresh.add(i)
        for j in row.terms:
            self.holders[j].add(i)
        return i

    def drop_row(self, i: int) -> None:
        """A row that the others imply, or whose content has gone elsewhere."""
        for j in self.rows.pop(i).terms:
            self.holders[j].discard(i)
        self.fresh.discard(i)

    def substitute(self, j: int, i: int, kind: Literal["defined", "slack", "pressed"]) -> None:
        """Replace column j by what row i says of it, everywhere; the row goes, the column's bounds become a row.

        The row is an equation, or (``pressed``) one whose side the cost presses the column against.
        """
        row = self.rows[i]
        pivot = row.terms[j]
        weight = self.cost.get(j, 0)
        if kind == "pressed":
            uses_upper = (weight / Fraction(pivot)) < 0
            side = row.upper if uses_upper else row.lower
        else:
            side = row.upper
        assert side is not None
        self.drop_row(i)
        reading = Affine({k: divide(-c, pivot) for k, c in row.terms.items() if k != j}, divide(side, pivot))
        self._bounds_as_row(j, row, pivot, reading, kind)
        for other in list(self.holders[j]):
            self._cancel(other, j, row, pivot, side)
        if weight:
            factor = divide(weight, pivot)
            for k, c in row.terms.items():
                add_term(self.cost, k, -factor * c)
            self.cost.pop(j, None)
            self.constant = simplify(self.constant + factor * side)
        forward: Ground | None = row.times(divide(1, pivot))
        back: Ground | None = row.times(divide(-1, pivot))
        if kind == "pressed":
            # A positive weight holds the column down upon its reading: only "reading - x <= 0" is known.
            forward, back = (None, back) if weight > 0 else (forward, None)
        self.gone.append(Gone(j, reading, forward, back, kind))
        del self.columns[j]

    def _bounds_as_row(self, j: int, row: Body, pivot: Exact, reading: Affine, kind: str) -> None:
        held = self.columns[j]
        lower, upper = held.lower, held.upper
        if kind == "pressed":
            # The bound on the near side is implied (else there is no pressing), the far one limits the reading.
            if self.cost[j] > 0:
                lower = None
            else:
                upper = None
        low = None if lower is None else simplify(lower - reading.constant)
        high = None if upper is None else simplify(upper - reading.constant)
        if low is None and high is None:
            return
        up = added(held.above, row.times(divide(-1, pivot)), 1) if high is not None else {}
        down = added(held.below, row.times(divide(1, pivot)), 1) if low is not None else {}
        self.add_row(Body(dict(reading.terms), low, high, down, up, held.name))

    def _cancel(self, other: int, j: int, row: Body, pivot: Exact, side: Exact) -> None:
        """Subtract the multiple of the equation that takes column j out of another row."""
        in_time(self.deadline)
        target = self.rows[other]
        factor = divide(target.terms[j], pivot)
        for k, c in row.terms.items():
            add_term(target.terms, k, -factor * c)
            (self.holders[k].add if k in target.terms else self.holders[k].discard)(other)
        if target.upper is not None:
            target.upper = simplify(target.upper - factor * side)
            target.above = added(target.above, row.times(-factor), 1)
        if target.lower is not None:
            target.lower = simplify(target.lower - factor * side)
            target.below = added(target.below, row.times(factor), 1)
        self.fresh.add(other)

    def fix(self, j: int) -> None:
        """Take a column with one value out of rows and cost."""
        held = self.columns.pop(j)
        value = held.upper
        assert value is not None
        if held.whole:
            # As lines they are evidence by themselves: an equation that the bounds say together.
            held.above = held.above if set(held.above) == {("column", j)} else self.line(held.above)
            held.below = held.below if set(held.below) == {("column", j)} else self.line(held.below)
        for i in list(self.holders.pop(j, ())):
            row = self.rows[i]
            c = row.terms.pop(j)
            if row.upper is not None:
                row.upper = simplify(row.upper - c * value)
                row.above = added(row.above, held.below if c > 0 else held.above, c if c > 0 else -c)
            if row.lower is not None:
                row.lower = simplify(row.lower - c * value)
                row.below = added(row.below, held.above if c > 0 else held.below, c if c > 0 else -c)
            self.fresh.add(i)
        weight = self.cost.pop(j, 0)
        self.constant = simplify(self.constant + weight * value)
        self.gone.append(Gone(j, Affine({}, value), held.above, held.below, "fixed"))

    def activity(self, terms: Mapping[int, Exact], but: int | None = None) -> tuple[Exact | None, Exact | None]:
        """The range of a sum that the columns' bounds allow; ``but`` is left out."""
        low: Exact | None = 0
        high: Exact | None = 0
        for j, c in terms.items():
            if j == but:
                continue
            held = self.columns[j]
            least, most = (held.lower, held.upper) if c > 0 else (held.upper, held.lower)
            low = None if low is None or least is None else low + c * least
            high = None if high is None or most is None else high + c * most
        return low, high

    def core(self) -> tuple[Program, list[int], list[int]]:
        """What is left as a program, with the ids of its columns and rows; the cost is minimised."""
        ids, numbers = list(self.columns), list(self.rows)
        place = {j: p for p, j in enumerate(ids)}
        columns = [
            Column(c.name, "integer" if c.whole else "continuous", c.lower, c.upper, c.name)
            for c in self.columns.values()
        ]
        rows = [
            Row(r.name, Quadratic({place[j]: c for j, c in r.terms.items()}), r.lower, r.upper, r.name)
            for r in self.rows.values()
        ]
        goal = Quadratic({place[j]: c for j, c in self.cost.items()}, {}, self.constant)
        return Program(columns, rows, "minimize", goal), ids, numbers


def added(ground: Ground, other: Mapping[LineKey, Exact], factor: Exact) -> Ground:
    """The sum of a ground and a positive multiple of another one."""
    total = dict(ground)
    for key, y in other.items():
        value = total.get(key, 0) + factor * y
        if value:
            total[key] = simplify(value)
        else:
            total.pop(key, None)
    return total


@dataclass(slots=True)
class ReducingOptions:
    """How far a side is reduced.

    ``defining``: which defined columns go (none, those with free bounds, all). ``tightening``: whole columns' bounds
    are drawn in and columns with one value go.
    """

    defining: Literal["none", "free", "all"] = "free"
    tightening: bool = True
    kept: frozenset[int] = field(default_factory=frozenset)
