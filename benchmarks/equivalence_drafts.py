"""Small random programs, and a program under rewriting that remembers where it came from.

A :class:`Draft` is a program under rewriting. It remembers which columns still carry the name and meaning that they had
at first, and how a plan of the first program is written as one of the present program and read back, so that every
honest rewrite can be checked on plans. Nothing here is shared with the prover or the checker.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from benchmarks.equivalence_geometry import Col, Line, Model, Number

WORDS = [
    "bread", "cake", "apples", "boxes", "crates", "trucks", "workers", "hours", "acres", "wheat", "corn",
    "tables", "chairs", "desks", "shirts", "coats", "milk", "cheese", "steel", "copper", "pipes", "valves",
    "cars", "vans", "nurses", "guards", "phones", "tablets",
]  # fmt: skip
GENERIC = ("x", "y", "z", "w", "u", "v")
_GENERIC = re.compile(r"(?:[a-z]|var|col|x|v)_?\d*")
LIMITS = ["oven", "labor", "budget", "space", "storage", "demand", "contract", "weight", "quota", "time"]

Write = Callable[[list[Number]], list[Number]]


def binds(name: str) -> bool:
    """Whether the name says something (x, y2 and var_3 do not)."""
    return not _GENERIC.fullmatch(name.lower())


@dataclass
class Draft:
    """``kept[i]`` is the present column that carries core column i under its own name, or None."""

    model: Model
    kept: list[int | None]
    side: str = "a"
    write: list[Write] = field(default_factory=list)
    read: list[Write] = field(default_factory=list)

    def written(self, plan: Sequence[Number]) -> list[Number]:
        """A plan of the core as a plan of the present program."""
        values = list(plan)
        for step in self.write:
            values = step(values)
        return values

    def read_back(self, plan: Sequence[Number]) -> list[Number]:
        """A plan of the present program as one of the core."""
        values = list(plan)
        for step in reversed(self.read):
            values = step(values)
        return values

    def fresh(self, stem: str, chance: random.Random) -> str:
        """A name that no column has: a telling one, other words on either side, or a generic one."""
        names = {c.name.lower() for c in self.model.columns}
        if chance.random() < 0.3:
            stem = chance.choice(["x", "v", "w", "var"])
            choices = [f"{stem}{n}" for n in range(1, 60)] + [f"{stem}_{n}" for n in range(1, 60)]
            chance.shuffle(choices)
        else:
            stem = stem if self.side == "a" else f"alt_{stem}"
            choices = [stem, *(f"{stem}_{n}" for n in range(2, 60))]
        return next(name for name in choices if name.lower() not in names)

    def add(self, column: Col, value: Callable[[Sequence[Number]], Number]) -> int:
        """A further column whose value the plan's other columns give."""
        self.model.columns.append(column)
        self.write.append(lambda plan: [*plan, value(plan)])
        self.read.append(lambda plan: plan[:-1])
        return len(self.model.columns) - 1

    def replace(
        self,
        j: int,
        columns: Sequence[Col],
        weights: Sequence[Number],
        constant: Number,
        values: Callable[[Number, Sequence[Number]], Sequence[Number]],
        others: Mapping[int, Number] | None = None,
        row: tuple[Number | None, Number | None] = (None, None),
    ) -> list[int]:
        """``x_j = weights * columns + others + constant`` everywhere; ``row`` keeps its bounds as a row.

        The new columns come last; returns their numbers. ``others`` are present columns by their old numbers.
        """
        model, others = self.model, others or {}
        name = model.columns[j].name
        start = len(model.columns)
        terms: dict[int, Number] = {start + k: w for k, w in enumerate(weights)}
        terms.update(others)
        model.columns += columns
        for line in model.rows:
            moved = _put(line.terms, j, terms) * constant
            line.low = None if line.low is None else line.low - moved
            line.high = None if line.high is None else line.high - moved
        model.constant += _put(model.cost, j, terms) * constant
        if row != (None, None):
            low, high = (None if side is None else side - constant for side in row)
            model.rows.append(Line(f"{name} range", dict(terms), low, high))
        count = len(columns)

        def write(plan: list[Number]) -> list[Number]:
            whole = [*plan, *values(plan[j], plan)]
            return whole[:j] + whole[j + 1 :]

        def read(plan: list[Number]) -> list[Number]:
            new = plan[len(plan) - count :]
            old = plan[: len(plan) - count]
            old.insert(j, 0)
            old[j] = sum(w * v for w, v in zip(weights, new, strict=True)) + constant
            old[j] += sum(w * old[k] for k, w in others.items())
            return old

        self.write.append(write)
        self.read.append(read)
        self.drop(j)
        return [start - 1 + k for k in range(count)]

    def drop(self, j: int) -> None:
        """Take out a column that nothing uses any more."""
        model = self.model
        model.columns.pop(j)
        for line in model.rows:
            line.terms = {k - (k > j): c for k, c in line.terms.items()}
        model.cost = {k - (k > j): c for k, c in model.cost.items()}
        self.kept = [None if k is None or k == j else k - (k > j) for k in self.kept]


def _put(terms: dict[int, Number], j: int, expression: Mapping[int, Number]) -> Number:
    """Replace column j in the sum; returns its coefficient."""
    coefficient = terms.pop(j, 0)
    if coefficient:
        for k, c in expression.items():
            terms[k] = terms.get(k, 0) + coefficient * c
            if not terms[k]:
                del terms[k]
    return coefficient


# Programs -----------------------------------------------------------------------------------------------------------


def draw_core(chance: random.Random) -> Model:
    """Two to four columns, whole or not, with names that mean something or do not; most are bounded."""
    kind = chance.choices(["whole", "mixed", "continuous"], [45, 25, 30])[0]
    count = chance.choices([2, 3, 4], [3, 4, 2])[0]
    style = chance.choices(["words", "letters", "numbered", "both"], [55, 15, 15, 15])[0]
    words = chance.sample(WORDS, count)
    letters = [*GENERIC[:count]] if style != "numbered" else [f"x{j + 1}" for j in range(count)]
    names = [w if style == "words" or (style == "both" and j % 2 == 0) else g
             for j, (w, g) in enumerate(zip(words, letters, strict=True))]  # fmt: skip
    closing = chance.choices(["bounds", "knapsack", "open"], [55, 35, 10])[0]
    columns = []
    for name in names:
        whole = kind == "whole" or (kind == "mixed" and chance.random() < 0.5)
        low = chance.choice([0, 0, 0, 0, 1, -2, -5 if not whole else -1])
        high: Number | None = low + chance.choice([1, 1, 2, 3, 4] if whole else [2, 4, 5, 10, Fraction(15, 2)])
        if closing != "bounds" and chance.random() < 0.7:
            high = None
        columns.append(Col(name, whole, low, high))
    rows = []
    if closing == "knapsack":
        weights = {j: chance.choice([1, 1, 2, 3]) for j in range(count)}
        least = sum(w * (columns[j].low or 0) for j, w in weights.items())
        rows.append(Line("knapsack", weights, None, least + chance.randint(4, 9)))
    rows += [draw_row(chance, columns, number) for number in range(chance.choice([1, 2, 2, 3, 4]))]
    maximize = chance.choice([True, True, False, False, None]) if chance.random() < 0.3 else chance.random() < 0.5
    cost = {j: c for j in range(count) if (c := chance.choice([-2, 0, 1, 2, 3, 3, 5, Fraction(5, 2)]))}
    if maximize is None:
        cost = {}
    return Model(columns, rows, maximize, cost, chance.choice([0, 0, 0, 7]) if cost else 0)


def draw_row(chance: random.Random, columns: Sequence[Col], number: int) -> Line:
    """A row near the middle of the columns' box, so that it cuts."""
    names = [*LIMITS, *(f"r{n}" for n in range(1, 9))]
    terms: dict[int, Number] = {}
    while len(terms) < min(2, len(columns)) or chance.random() < 0.35:
        j = chance.randrange(len(columns))
        weights: list[Number] = [1, 1, 1, 2, 2, 3, -1, -1, -2, 5, Fraction(1, 2), Fraction(3, 2)]
        terms[j] = chance.choice(weights)
        if len(terms) == len(columns):
            break
    if chance.random() < 0.1:
        terms = dict(list(terms.items())[:1])
    middle: Number = 0
    for j, c in terms.items():
        low = columns[j].low or 0
        high = columns[j].high if columns[j].high is not None else low + 4
        middle += c * chance.choice([low, high, low + Fraction(high - low, 2)])
    side = floor(middle) + chance.choice([0, 0, 1, 2]) * chance.choice([1, -1])
    kind = chance.choices(["most", "least", "equal", "range"], [45, 35, 12, 8])[0]
    low = None if kind == "most" else side
    high = None if kind == "least" else side + (chance.randint(1, 4) if kind == "range" else 0)
    return Line(f"{names[(number * 3 + chance.randrange(3)) % len(names)]}", terms, low, high)
