"""A shift is paid for by limits: a wrong limit is no other zero of a variable that nothing holds in place."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

from pyrite.feasibility.equivalence.checking.shifts import unpaid_shifts
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Merge
from pyrite.feasibility.equivalence.merging import unmerged_plan
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row


def free(rows: dict[str, str], objective: str, names: tuple[str, ...] = ("x1", "x2"), **fields: Any) -> Program:
    kind = {"domain": "continuous", "lower": None, **fields}
    document = {
        "variables": dict.fromkeys(names, kind),
        "objective": {"sense": "maximize", "expression": objective},
        "constraints": rows,
    }
    return build(Formulation.from_dict(document))


@pytest.mark.parametrize("limit", [9, 11, 12])
@pytest.mark.parametrize("objective", ["x1 + 2*x2", "3*x1 + 3*x2", "2*x2 - x1"])
@pytest.mark.parametrize("rows", [{}, {"more": "x1 - x2 <= 4"}, {"more": "x1 - x2 <= 4", "at_least": "x1 - x2 >= -3"}])
@pytest.mark.parametrize("domain", ["continuous", "integer"])
def test_a_wrong_limit_is_no_other_zero(limit: int, objective: str, rows: dict[str, str], domain: str) -> None:
    """x1 two higher (or both one higher) turns 10 into 12; no other limit says so."""
    right = free({"all": "x1 + x2 <= 10", **rows}, objective, domain=domain)
    wrong = free({"all": f"x1 + x2 <= {limit}", **rows}, objective, domain=domain)
    assert compare(right, right).relation == "equivalent"
    found = compare(wrong, right)
    assert found.relation in ("restriction" if limit < 10 else "relaxation", "unknown")
    named = [free({"all": f"bread + cake <= {end}"}, "bread + cake", ("bread", "cake")) for end in (limit, 10)]
    assert compare(*named).relation == ("restriction" if limit < 10 else "relaxation")


def test_a_shift_that_all_limits_bear_out_is_equivalent() -> None:
    rows = ["x1 + x2 <= {}", "x1 - x2 <= {}", "2*x1 + x2 >= {}"]
    first = free(
        {f"r{i}": row.format(end) for i, (row, end) in enumerate(zip(rows, (10, 4, 1), strict=True))}, "x2 - x1"
    )
    moved = free(
        {f"r{i}": row.format(end) for i, (row, end) in enumerate(zip(rows, (12, 6, 5), strict=True))}, "x2 - x1"
    )
    assert compare(moved, first).relation == "equivalent"
    one_off = free({f"r{i}": row.format(e) for i, (row, e) in enumerate(zip(rows, (12, 6, 4), strict=True))}, "x2 - x1")
    assert compare(one_off, first).relation != "equivalent"


def unpaid(shifted: list[list[int]], limits: dict[str, dict[int, int]]) -> list[int]:
    moved = {k: Fraction(2) for members in shifted for k in members}
    return unpaid_shifts(shifted, {n: {k: Fraction(v) for k, v in t.items()} for n, t in limits.items()}, moved)


def test_of_every_set_more_limits_speak_than_it_has_constants() -> None:
    assert unpaid([[0]], {"r": {0: 1}}) == [0]
    assert unpaid([[0]], {"r": {0: 1}, "s": {0: 1, 1: 1}}) == []
    assert unpaid([[0], [1]], {"r": {0: 1, 1: 1}, "s": {0: 1, 1: 2}}) == [0, 1]
    assert unpaid([[0], [1]], {"r": {0: 1, 1: 1}, "s": {0: 1, 1: 2}, "t": {1: 1}}) == []
    # A well supported third one pays for nobody else.
    more = {"r": {0: 1, 1: 1}, "s": {0: 1, 1: 2}, **{name: {2: 1} for name in "tuvw"}}
    assert unpaid([[0], [1], [2]], more) == [0, 1, 2]
    # One constant for a family.
    assert unpaid([[0, 1]], {"r": {0: 1}, "s": {1: 1}}) == []


def test_limits_that_hold_a_difference_say_nothing_about_both_moving_together() -> None:
    rows = ["x2 + 2*x1 - x0 <= 10", "x1 - x2 <= {}", "x0 + 3*x1 - x2 <= 25"]

    def written(limit: int) -> Program:
        document = {
            "variables": {
                "x0": {"domain": "continuous", "lower": None},
                "x1": {"domain": "continuous", "lower": 0},
                "x2": {"domain": "integer", "lower": None},
            },
            "objective": {"sense": "maximize", "expression": "x0 + x1 + 2*x2"},
            "constraints": {f"r{i}": row.format(limit) for i, row in enumerate(rows)},
        }
        return build(Formulation.from_dict(document))

    assert compare(written(12), written(10)).relation != "equivalent"
    assert unpaid([[0], [2]], {"r0": {0: -1, 2: 1}, "r1": {2: -1}, "r2": {0: 1, 2: -1}}) == [2]


def test_a_total_is_handed_out_where_a_part_must_go_further_than_greedily() -> None:
    columns = [Column("x", "integer", None, None, "x", ()), Column("y", "integer", 2, None, "y", ())]
    program = Program(columns, [], "feasibility", Quadratic({}))
    merge = Merge({0: -3, 1: 1}, "total")
    for total in range(-40, 41):
        x, y = unmerged_plan(program, [merge], [total])
        assert (-3 * x + y, x == int(x), y >= 2) == (total, True, True)


@pytest.mark.slow
def test_no_wrong_limit_is_explained_away() -> None:
    """Columns with few bounds, generic names, one limit changed: whatever is called equivalent has nothing moved."""
    for seed in range(2_000):
        chance = random.Random(seed)
        count, height = chance.choice([1, 2, 2, 3]), chance.choice([1, 2, 2, 3, 4])
        columns = [
            Column(f"x{j}", chance.choice(["continuous", "integer"]), chance.choice([None, None, None, 0, 2]),
                   chance.choice([None, None, None, 9]), f"x{j}", ())
            for j in range(count)
        ]  # fmt: skip
        rows = []
        for i in range(height):
            held = chance.sample(range(count), chance.randint(min(2, count), count))
            body = Quadratic({k: chance.choice([1, 1, 2, 3, -1]) for k in held})
            rows.append(Row(f"r{i}", body, None, chance.randint(4, 30), f"r{i}"))
        goal = Quadratic({k: chance.choice([1, 1, 2, 3]) for k in range(count)})
        if chance.random() < 0.5:
            goal = Quadratic(dict(rows[0].body.linear))
        i = chance.randrange(height)
        upper = rows[i].upper
        assert upper is not None
        changed = [*rows]
        changed[i] = Row(f"r{i}", rows[i].body, None, upper + chance.choice([-2, -1, 1, 2, 5]), f"r{i}")
        found = compare(Program(columns, changed, "maximize", goal), Program(columns, rows, "maximize", goal))
        if found.relation == "equivalent" and found.correspondence is not None:
            assert not any(image is None or image.constant for image in found.correspondence.forward), seed
