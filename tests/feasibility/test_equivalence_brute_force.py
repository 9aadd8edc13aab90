"""The relation of small bounded integer programs against enumeration of every plan."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest

from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row

NAMES = ("apples", "boxes", "crates")


def draw_program(chance: random.Random) -> Program:
    """Two or three integers between 0 and at most 4, up to three rows, an objective."""
    count = chance.randint(2, 3)
    columns = [
        Column(name, "integer", chance.choice([0, 0, 0, 1, -1]), chance.randint(1, 4), name) for name in NAMES[:count]
    ]
    return Program(
        columns, [draw_row(chance, count, i) for i in range(chance.randint(0, 3))], "maximize", cost(chance, count)
    )


def cost(chance: random.Random, count: int) -> Quadratic:
    return Quadratic({j: c for j in range(count) if (c := chance.randint(-2, 4))})


def draw_row(chance: random.Random, count: int, number: int) -> Row:
    terms = {j: c for j in range(count) if (c := chance.choice([-2, -1, 0, 1, 1, 2, 3, Fraction(1, 2)]))}
    side = chance.randint(-1, 9)
    kind = chance.choice(["most", "most", "least", "equal", "range"])
    lower = None if kind == "most" else side if kind != "least" else side - 5
    upper = None if kind == "least" else side if kind != "range" else side + chance.randint(0, 4)
    return Row(f"row{number}", Quadratic(terms), lower, upper, f"row{number}")


def mutate(chance: random.Random, program: Program) -> Program:
    """A program near the first: often the same set, often not."""
    columns, rows, objective, sense = list(program.columns), list(program.rows), program.objective, program.sense
    for _ in range(chance.randint(0, 2)):
        choice = chance.randrange(7)
        if choice == 0 and rows:
            rows.pop(chance.randrange(len(rows)))
        elif choice == 1:
            rows.append(draw_row(chance, len(columns), 7))
        elif choice == 2 and rows:
            i = chance.randrange(len(rows))
            row = rows[i]
            change = chance.choice([Fraction(1, 2), Fraction(-1, 2), 1, -1])
            upper = None if row.upper is None else row.upper + change
            rows[i] = Row(row.name, row.body, row.lower, upper, row.constraint)
            if upper is not None and row.lower is not None and upper < row.lower:
                rows[i] = row
        elif choice == 3:
            j = chance.randrange(len(columns))
            c = columns[j]
            columns[j] = Column(c.name, "integer", c.lower, (c.upper or 0) + 1, c.variable)
        elif choice == 4:
            j = chance.randrange(len(columns))
            c = columns[j]
            columns[j] = Column(c.name, "continuous", c.lower, c.upper, c.variable)
        elif choice == 5:
            objective = cost(chance, len(columns))
        elif choice == 6:
            objective = Quadratic({j: 3 * v for j, v in objective.linear.items()}, {}, 1)
    return Program(columns, rows, sense, objective)


def plans(program: Program, grid: Fraction) -> set[tuple[Fraction, ...]]:
    """All plans on the grid."""
    found = set()
    axes = []
    for column in program.columns:
        step = Fraction(1) if column.is_integer else grid
        low, high = Fraction(column.lower or 0), Fraction(column.upper or 0)
        axes.append([low + k * step for k in range(int((high - low) / step) + 1)])
    for point in itertools.product(*axes):
        values = [row.body.value(point) for row in program.rows]
        if all(
            (row.lower is None or v >= row.lower) and (row.upper is None or v <= row.upper)
            for v, row in zip(values, program.rows, strict=True)
        ):
            found.add(point)
    return found


def order(program: Program, points: list[tuple[Fraction, ...]]) -> list[int]:
    """The rank of each plan by the objective."""
    values = [program.objective.value(p) for p in points]
    ranks = {v: i for i, v in enumerate(sorted(set(values)))}
    return [ranks[v] for v in values]


def expected(a: Program, b: Program) -> str:
    """The relation by enumeration. A quarter grid shows every fractional plan that these small rows can separate."""
    ours, theirs = plans(a, Fraction(1, 4)), plans(b, Fraction(1, 4))
    if ours != theirs:
        if ours > theirs:
            return "relaxation"
        return "restriction" if ours < theirs else "incomparable"
    points = sorted(ours)
    return "equivalent" if order(a, points) == order(b, points) else "objective-differs"


def agree(seed: int) -> str:
    """Compare, check the evidence, and hold the relation against enumeration; the relation, for counting."""
    chance = random.Random(seed)
    b = draw_program(chance)
    a = mutate(chance, b)
    comparison = compare(a, b, Policy())
    report = check(a, b, comparison)
    assert report.holds, (seed, report.problems)
    if comparison.relation != "unknown":
        pure = all(c.is_integer for c in (*a.columns, *b.columns))
        truth = expected(a, b)
        # With continuous columns the grid may miss a sliver; a certified witness is then right and the grid is coarse.
        assert comparison.relation == truth or (not pure and comparison.proof == "certified"), (seed, truth, comparison)
    return comparison.relation


def test_agrees_with_enumeration() -> None:
    relations = [agree(seed) for seed in range(300)]
    assert relations.count("unknown") <= 3
    assert len(set(relations) - {"unknown"}) == 5, "every relation occurs"


@pytest.mark.slow
def test_agrees_with_enumeration_on_5000() -> None:
    relations = [agree(seed) for seed in range(1000, 6000)]
    assert relations.count("unknown") <= 50
