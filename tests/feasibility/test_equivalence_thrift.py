"""The most or the least of several amounts as the objective's own column: waste of it tells nothing apart.

The truth by definition: the decisions that each side admits, and the best value of the column beside each of them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

import pytest
from formulations import model, real, whole

from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Certificate, Comparison
from pyrite.feasibility.programs.program import Program, Quadratic

NAMES = "ovens", "trucks"
Best = dict[tuple[int, ...], Fraction | None]


def best_values(program: Program) -> Best:
    """{whole decisions: the best of the last column, None where it has none}; decisions without a plan are left out."""
    top = len(program.columns) - 1
    sign = 1 if program.sense == "minimize" else -1
    column = program.columns[top]
    found: Best = {}
    ranges = [range(int(c.lower or 0), int(c.upper or 0) + 1) for c in program.columns[:top]]
    for plan in product(*ranges):
        low = None if column.lower is None else Fraction(column.lower)
        high = None if column.upper is None else Fraction(column.upper)
        admitted = True
        for row in program.rows:
            rest = sum((Fraction(c) * plan[j] for j, c in row.linear.items() if j != top), Fraction(0))
            weight = Fraction(row.linear.get(top, 0))
            if not weight:
                admitted &= (row.lower is None or rest >= row.lower) and (row.upper is None or rest <= row.upper)
                continue
            ends = [None if end is None else (end - rest) / weight for end in (row.lower, row.upper)]
            least, most = ends if weight > 0 else ends[::-1]
            low = least if low is None or (least is not None and least > low) else low
            high = most if high is None or (most is not None and most < high) else high
        if column.is_integer:
            low, high = (
                (None if low is None else Fraction(ceil(low))),
                (None if high is None else Fraction(floor(high))),
            )
        if admitted and (low is None or high is None or low <= high):
            found[plan] = low if sign > 0 else high
    return found


def drawn(draw: random.Random) -> dict[str, Any]:
    sense = draw.choice(["min", "max"])
    relation = ">=" if sense == "min" else "<="
    forms = []
    for _ in range(draw.choice([2, 2, 3])):
        first, second = draw.choice([1, 2, 3, Fraction(1, 2)]), draw.choice([0, 1, 2, -1])
        forms.append((first, second, draw.choice([0, 0, 1, 4])))
    return {
        "sense": sense, "relation": relation, "forms": forms,
        "extra": (draw.choice([1, 2]), draw.choice([1, 3]), draw.randint(2, 9)), "kind": draw.choice(["c", "c", "i"]),
        "low": draw.choice([0, 0, None, 2]), "high": draw.choice([None, None, None, 9]),
    }  # fmt: skip


def built(said: dict[str, Any]) -> Program:
    kind = whole if said["kind"] == "i" else real
    rows = [f"level {said['relation']} {float(a)}*ovens + {b}*trucks + {c}" for a, b, c in said["forms"]]
    x, y, limit = said["extra"]
    rows.append(f"{x}*ovens + {y}*trucks >= {limit}")
    columns = {name: whole(0, 3) for name in NAMES} | {"level": kind(said["low"], said["high"])}
    return model(columns, f"{said['sense']} level", *rows)


def changed(said: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    other = {**said, "forms": list(said["forms"])}
    match draw.choice(["kind", "low", "high", "form", "limit", "drop", "nothing"]):
        case "kind":
            other["kind"] = "i" if said["kind"] == "c" else "c"
        case "low":
            other["low"] = draw.choice([0, None, 1, -2])
        case "high":
            other["high"] = draw.choice([None, 3, 8])
        case "form":
            n = draw.randrange(len(other["forms"]))
            a, b, c = other["forms"][n]
            other["forms"][n] = draw.choice([(a + 1, b, c), (a, b + 1, c), (a, b, c + 1)])
        case "limit":
            x, y, limit = said["extra"]
            other["extra"] = x, y, limit + draw.choice([-1, 1])
        case "drop":
            other["forms"].pop()
    return other


def held(seeds: range) -> dict[tuple[bool, str], int]:
    told: dict[tuple[bool, str], int] = {}
    for seed in seeds:
        draw = random.Random(seed)
        one = drawn(draw)
        first, second = built(one), built(changed(one, draw))
        mine, yours = best_values(first), best_values(second)
        # Without an end nothing is best, and a side without plans says nothing of the other's.
        if not mine or not yours or None in (*mine.values(), *yours.values()):
            continue
        for a, b in ((first, second), (second, first)):
            found = compare(a, b)
            same = mine == yours
            told[same, found.relation] = told.get((same, found.relation), 0) + 1
            if found.relation == "equivalent":
                assert same, seed
                assert check(a, b, found).holds, seed
            if found.relation != "equivalent" and same:
                # What is told of the same decisions at the same best is an end that more than waste can pass, or none.
                assert found.relation == "unknown" or one["low"] not in (0, None) or _ended(a, b), seed
    return told


def _ended(a: Program, b: Program) -> bool:
    """Whether an end other than 0 of the column, its wholeness there, or a single row is what differs."""
    ends = [{end for end in (p.columns[-1].lower, p.columns[-1].upper) if end not in (None, 0)} for p in (a, b)]
    return ends[0] != ends[1] or len(a.rows) != len(b.rows) or min(len(a.rows), len(b.rows)) < 3


def test_the_most_and_the_least_of_several_amounts() -> None:
    told = held(range(60))
    assert told[True, "equivalent"] > 20
    assert sum(count for (same, relation), count in told.items() if not same and relation != "unknown") > 20


@pytest.mark.slow
def test_the_most_and_the_least_of_several_amounts_many_times() -> None:
    held(range(1_000, 2_500))


def certified() -> tuple[Program, Program, Comparison]:
    rows = "level <= 2*ovens", "level <= 3*trucks + 1", "ovens + trucks <= 4"
    columns = {name: whole(0, 3) for name in NAMES}
    a = model({**columns, "level": real(0)}, "max level", *rows)
    b = model({**columns, "level": real(None)}, "max level", *rows)
    found = compare(a, b)
    assert found.relation == "equivalent"
    assert found.proof == "certified"
    return a, b, found


def by_thrift(found: Comparison) -> Certificate:
    assert found.b_in_a is not None
    (proof,) = (c for c in found.b_in_a.certificates if c.method == "thrift")
    return proof


def with_proof(found: Comparison, proof: Certificate) -> Comparison:
    assert found.b_in_a is not None
    certificates = tuple(proof if c.method == "thrift" else c for c in found.b_in_a.certificates)
    return replace(found, b_in_a=replace(found.b_in_a, certificates=certificates))


def test_a_proof_by_thrift_is_held_against_the_program() -> None:
    a, b, found = certified()
    proof = by_thrift(found)
    assert len(proof.parts) == 2
    assert check(a, b, found).holds
    for parts in (proof.parts[:1], proof.parts[::-1], (), (proof.parts[0], replace(proof, parts=()))):
        assert not check(a, b, with_proof(found, replace(proof, parts=parts))).holds
    # The other direction, a column that a row keeps from being dearer, a price of another column, a whole column.
    turned = replace(b, sense="minimize")
    priced = replace(b, objective=Quadratic({2: 1, 0: 1}))
    bounded = replace(b, rows=[replace(b.rows[0], lower=-50), *b.rows[1:]])
    counted = replace(b, columns=[*b.columns[:2], replace(b.columns[2], domain="integer")])
    lower = replace(a, columns=[*a.columns[:2], replace(a.columns[2], lower=1)])
    for mine, other in ((a, turned), (a, priced), (a, bounded), (a, counted), (lower, b)):
        assert not check(mine, other, found).holds
