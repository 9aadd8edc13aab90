"""Compiled programs for the solver's tests: builders, hypothesis strategies, and oracles that share no code with it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from fractions import Fraction

from hypothesis import strategies as st

from pyrite.feasibility.language.formulation import Domain, Sense
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.feasibility.rationals import Exact, divide, simplify

Pair = tuple[int, int]


def column(domain: Domain = "continuous", lower: Exact | None = None, upper: Exact | None = None) -> Column:
    return Column("", domain, lower, upper, "")


def row(
    linear: dict[int, Exact],
    lower: Exact | None = None,
    upper: Exact | None = None,
    quadratic: dict[Pair, Exact] | None = None,
) -> Row:
    return Row("", Quadratic(linear, quadratic or {}), lower, upper, "")


def program(
    columns: Iterable[Column],
    rows: Iterable[Row] = (),
    sense: Sense = "feasibility",
    costs: dict[int, Exact] | None = None,
    quadratic: dict[Pair, Exact] | None = None,
    constant: Exact = 0,
) -> Program:
    """A program with columns named x0, x1, ... and rows r0, r1, ..."""
    columns, rows = list(columns), list(rows)
    for j, item in enumerate(columns):
        item.name = item.variable = f"x{j}"
    for i, line in enumerate(rows):
        line.name = line.constraint = f"r{i}"
    return Program(columns, rows, sense, Quadratic(costs or {}, quadratic or {}, constant))


def market_split(rows: int = 5, columns: int = 40, seed: int = 1) -> Program:
    """A small feasibility problem that branch and bound needs very long for (Cornuejols and Dawande, IPCO 1998).

    Each row asks binary numbers to add up to exactly half of the sum of random coefficients below 100.
    """
    draw = random.Random(seed)
    lines = []
    for _ in range(rows):
        numbers: list[Exact] = [draw.randrange(1, 100) for _ in range(columns)]
        half = sum(int(a) for a in numbers) // 2
        lines.append(row(dict(enumerate(numbers)), half, half))
    return program([column("binary", 0, 1) for _ in range(columns)], lines)


# -- strategies ------------------------------------------------------------------------------------------------------

coefficients = st.one_of(
    st.integers(-5, 5),
    st.integers(-5, 5),
    st.builds(Fraction, st.integers(-20, 20), st.sampled_from([2, 3, 4, 7, 10, 100])).map(simplify),
)
sides = st.one_of(st.none(), st.integers(-12, 12), coefficients)
senses = st.sampled_from(["minimize", "maximize", "minimize", "maximize", "feasibility"])


@st.composite
def sparse(draw: st.DrawFn, columns: int) -> dict[int, Exact]:
    dense = draw(st.lists(coefficients, min_size=columns, max_size=columns))
    return {j: a for j, a in enumerate(dense) if a}


@st.composite
def drawn_rows(draw: st.DrawFn, columns: int, most: int) -> list[Row]:
    found = []
    for _ in range(draw(st.integers(0, most))):
        low, high = draw(sides), draw(sides)
        kind = draw(st.sampled_from(["lower", "upper", "equal", "both"]))
        if kind == "both" and low is not None and high is not None and low > high and draw(st.integers(0, 9)):
            low, high = high, low  # crossed sides are worth a test, but not half of all tests
        found.append(
            row(
                draw(sparse(columns)),
                low if kind in ("lower", "equal", "both") else None,
                low if kind == "equal" else high if kind in ("upper", "both") else None,
            )
        )
    return found


@st.composite
def drawn_columns(draw: st.DrawFn, count: int, *, integers: bool) -> list[Column]:
    found = []
    for _ in range(count):
        domain: Domain = draw(st.sampled_from(["continuous", "integer"])) if integers else "continuous"
        low = draw(st.one_of(st.just(0), sides))
        high = draw(sides)
        if low is not None and high is not None and low > high and draw(st.integers(0, 9)):
            low, high = high, low
        found.append(column(domain, low, high))
    return found


@st.composite
def linear_programs(draw: st.DrawFn, *, columns: int = 3, rows: int = 4, integers: bool = False) -> Program:
    """Linear programs of all kinds: feasible, infeasible, unbounded, degenerate, empty."""
    count = draw(st.integers(1, columns))
    sense = draw(senses)
    costs = {} if sense == "feasibility" else draw(sparse(count))
    return program(
        draw(drawn_columns(count, integers=integers)), draw(drawn_rows(count, rows)), sense, costs,
        constant=0 if sense == "feasibility" else draw(coefficients),
    )  # fmt: skip


@st.composite
def infeasible_programs(draw: st.DrawFn, *, columns: int = 3, rows: int = 2) -> Program:
    """Linear programs without a point: two rows, in other units, whose sum a third forbids; at most ``rows`` others."""
    count = draw(st.integers(1, columns))
    parts, sides = draw(st.tuples(sparse(count), sparse(count))), draw(st.tuples(coefficients, coefficients))
    both = {j: c for j in range(count) if (c := parts[0].get(j, 0) + parts[1].get(j, 0))}
    above = sum(sides) + draw(st.sampled_from([1, Fraction(1, 1000), 40]))
    units = st.sampled_from([1, 3, Fraction(2, 7)])
    lines = [*draw(drawn_rows(count, rows)), row(both, above)]
    for part, side in zip(parts, sides, strict=True):
        unit = draw(units)
        lines.append(row({j: unit * c for j, c in part.items()}, None, unit * side))
    sense = draw(senses)
    costs = {} if sense == "feasibility" else draw(sparse(count))
    return program(draw(drawn_columns(count, integers=False)), draw(st.permutations(lines)), sense, costs)


@st.composite
def badly_scaled_programs(draw: st.DrawFn) -> Program:
    """Linear programs of up to three columns whose numbers lie between 1e-12 and 9e12."""
    numbers = st.builds(lambda a, k: simplify(a * Fraction(10) ** k), st.integers(-9, 9), st.integers(-12, 12))
    n = draw(st.integers(1, 3))
    items = []
    for _ in range(n):
        low = draw(st.one_of(st.none(), st.just(0), numbers))
        items.append(column("continuous", low, draw(st.one_of(st.none(), st.none(), numbers.map(abs)))))
    lines = []
    for _ in range(draw(st.integers(0, 3))):
        body = {j: a for j in range(n) if (a := draw(numbers))}
        side, kind = draw(numbers), draw(st.sampled_from(["lower", "upper", "equal"]))
        lines.append(row(body, None if kind == "upper" else side, None if kind == "lower" else side))
    costs = {j: a for j in range(n) if (a := draw(numbers))}
    return program(items, lines, draw(st.sampled_from(["minimize", "maximize"])), costs)


@st.composite
def boxed_programs(draw: st.DrawFn, *, columns: int = 4, rows: int = 4, box: int = 3) -> Program:
    """Integer programs within a small box, for brute force."""
    count = draw(st.integers(1, columns))
    items = []
    for _ in range(count):
        low = draw(st.integers(-box, box))
        items.append(column("integer", low, low + draw(st.integers(0, box))))
    sense = draw(senses)
    costs = {} if sense == "feasibility" else draw(sparse(count))
    return program(items, draw(drawn_rows(count, rows)), sense, costs)


@st.composite
def convex_programs(draw: st.DrawFn, *, columns: int = 3, rows: int = 3) -> Program:
    """Minimise ``|L x|^2 + c x`` (or maximise its negative): convex, often not strictly."""
    linear = draw(linear_programs(columns=columns, rows=rows))
    sense = draw(st.sampled_from(["minimize", "maximize"]))
    sign = 1 if sense == "minimize" else -1
    n = len(linear.columns)
    quadratic: dict[Pair, Exact] = {}
    for _ in range(draw(st.integers(1, n))):
        factor = draw(sparse(n))
        for (j, a), (k, b) in itertools.product(factor.items(), repeat=2):
            if j <= k:
                quadratic[j, k] = quadratic.get((j, k), 0) + sign * a * b * (1 if j == k else 2)
    quadratic = {pair: q for pair, q in quadratic.items() if q}
    return program(linear.columns, linear.rows, sense, draw(sparse(n)), quadratic)


# -- oracles ---------------------------------------------------------------------------------------------------------


def fourier_motzkin(target: Program) -> tuple[str, Exact | None]:
    """Status and exact optimum of a tiny linear program by eliminating one unknown after the other (Fourier 1826).

    The objective becomes one more unknown t, and the interval that is left for t is the answer. Exponential: for two or
    three columns.
    """
    n = len(target.columns)
    sign = -1 if target.sense == "maximize" else 1
    # Each inequality is coefficients for x and t and a side: sum a x <= side.
    inequalities: dict[tuple[Exact, ...], Exact] = {}

    def add(body: list[Exact], side: Exact) -> bool:
        leading = next((abs(a) for a in body if a), None)
        if leading is None:
            return side >= 0
        key = tuple(divide(a, leading) for a in body)
        side = divide(side, leading)
        inequalities[key] = min(inequalities.get(key, side), side)
        return True

    def two_sided(body: list[Exact], low: Exact | None, high: Exact | None) -> bool:
        fine = high is None or add(body, high)
        return (low is None or add([-a for a in body], -low)) and fine

    possible = True
    for line in target.rows:
        possible &= two_sided([line.linear.get(j, 0) for j in range(n)] + [0], line.lower, line.upper)
    for j, item in enumerate(target.columns):
        possible &= two_sided([int(k == j) for k in range(n)] + [0], item.lower, item.upper)
    goal: list[Exact] = [sign * target.objective.linear.get(j, 0) for j in range(n)]
    possible &= two_sided([*goal, -1], 0, 0)
    for j in range(n):
        old = list(inequalities.items())
        inequalities = {}
        for body, side in old:
            if body[j] == 0:
                possible &= add(list(body), side)
        for (up, high), (down, low) in itertools.product(
            [item for item in old if item[0][j] > 0], [item for item in old if item[0][j] < 0]
        ):
            p, q = -down[j], up[j]
            possible &= add([p * a + q * b for a, b in zip(up, down, strict=True)], p * high + q * low)
    lows = [-side for body, side in inequalities.items() if body[n] < 0]
    highs = [side for body, side in inequalities.items() if body[n] > 0]
    if not possible or (lows and highs and max(lows) > min(highs)):
        return "infeasible", None
    if target.sense == "feasibility":
        return "optimal", 0
    return ("optimal", simplify(sign * max(lows) + target.objective.constant)) if lows else ("unbounded", None)


def brute_force(target: Program) -> tuple[str, Exact | None]:
    """Status and optimum of an integer program within a box, by trying everything."""
    best: Exact | None = None
    for point in itertools.product(*(range(int(c.lower or 0), int(c.upper or 0) + 1) for c in target.columns)):
        if keeps(target, point):
            value = target.objective.value(point)
            if best is None or (value > best if target.sense == "maximize" else value < best):
                best = value
    return ("infeasible", None) if best is None else ("optimal", best)


def keeps(target: Program, point: Iterable[Exact], *, integrality: bool = True) -> bool:
    """Exact feasibility, written down once more."""
    point = list(point)
    for item, x in zip(target.columns, point, strict=True):
        if (item.lower is not None and x < item.lower) or (item.upper is not None and x > item.upper):
            return False
        if integrality and item.domain != "continuous" and Fraction(x).denominator != 1:
            return False
    for line in target.rows:
        value = line.body.value(point)
        if (line.lower is not None and value < line.lower) or (line.upper is not None and value > line.upper):
            return False
    return True
