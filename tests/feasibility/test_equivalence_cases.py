"""Rows that all plans keep, proved by cases and by products; whole numbers against none. Truth by enumeration."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, permutations, product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Certificate, Comparison, Product, Target, WholeEvidence
from pyrite.feasibility.equivalence.rendering import to_json
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row

from .test_equivalence import perturbed

PATIENT = Policy(equivalence_seconds=120.0)


def column(name: str, domain: Any, low: int | None, high: int | None) -> Column:
    return Column(name, domain, low, high, name)


def row(name: str, terms: dict[int, int], low: int | None, high: int | None) -> Row:
    return Row(name, Quadratic({j: c for j, c in terms.items() if c}), low, high, name)


def with_row(program: Program, added: Row) -> Program:
    return Program(program.columns, [*program.rows, added], program.sense, program.objective)


def tours(count: int) -> Program:
    """The shortest tour with order numbers (Miller, Tucker, Zemlin): 0 first, the others' numbers in 2..count."""
    arcs = [(i, j) for i in range(count) for j in range(count) if i != j]
    place = {arc: n for n, arc in enumerate(arcs)}
    columns = [column(f"go[{i},{j}]", "binary", 0, 1) for i, j in arcs]
    columns += [column(f"turn[{i}]", "continuous", 2, count) for i in range(1, count)]
    turn = {i: len(arcs) + i - 1 for i in range(1, count)}
    rows = [row(f"out{i}", {place[i, j]: 1 for j in range(count) if j != i}, 1, 1) for i in range(count)]
    rows += [row(f"in{j}", {place[i, j]: 1 for i in range(count) if i != j}, 1, 1) for j in range(count)]
    for i, j in arcs:
        if i and j:
            rows.append(row(f"order{i},{j}", {turn[i]: 1, turn[j]: -1, place[i, j]: count}, None, count - 1))
    goal = {place[i, j]: 3 * i + 5 * j + i * j % 7 for i, j in arcs}
    return Program(columns, rows, "minimize", Quadratic(goal))


def all_tours(count: int) -> list[dict[str, int]]:
    found = []
    for order in permutations(range(1, count)):
        stops = (0, *order, 0)
        values = {f"go[{i},{j}]": 1 for i, j in pairwise(stops)}
        found.append(values | {f"turn[{i}]": p + 2 for p, i in enumerate(order)})
    return found


def drawn_cut(chance: random.Random, program: Program, plans: list[dict[str, int]], count: int) -> tuple[Row, bool]:
    """A row over two nodes' arcs and numbers with a limit near the largest value, and whether every tour keeps it."""
    i, j = chance.sample(range(1, count), 2)
    names = [f"go[{i},{j}]", f"go[{j},{i}]", f"go[0,{i}]", f"go[{j},0]", f"turn[{i}]", f"turn[{j}]"]
    index = program.column_index()
    terms = {index[name]: chance.choice([-count, -1, 0, 0, 1, count - 2, count]) for name in names[:4]}
    terms |= {index[names[4]]: chance.choice([-1, 0, 1]), index[names[5]]: chance.choice([-1, 0, 1])}
    values = [sum(c * plan.get(program.columns[k].name, 0) for k, c in terms.items()) for plan in plans]
    limit = max(values) + chance.choice([0, 0, 0, -1, 1])
    return row("cut", terms, None, limit), max(values) <= limit


def test_cuts_of_tours_against_all_tours() -> None:
    """No cut that some tour breaks is called implied, and the certificates are those that the checker has seen."""
    count = 5
    plain, plans = tours(count), all_tours(count)
    certified = decided = 0
    for seed in range(6):
        cut, kept = drawn_cut(random.Random(seed), plain, plans, count)
        found = compare(with_row(plain, cut), plain, PATIENT)
        assert found.relation in (("equivalent", "unknown") if kept else ("restriction", "unknown")), (seed, found)
        decided += found.relation != "unknown"
        certified += found.relation == "equivalent" and found.proof == "certified"
        assert check(with_row(plain, cut), plain, found).holds
    assert decided >= 5
    assert certified >= 2


def lifted_cut() -> tuple[Program, Program]:
    """The lifted order row of Desrochers and Laporte (1991), which needs that the order numbers are the positions."""
    plain = tours(5)
    index = plain.column_index()
    terms = {index["go[1,2]"]: 4, index["go[2,1]"]: 2, index["turn[1]"]: 1, index["turn[2]"]: -1}
    return with_row(plain, row("cut", terms, None, 3)), plain


def proof(found: Comparison) -> Certificate:
    assert found.b_in_a is not None
    (certificate,) = [c for c in found.b_in_a.certificates if c.method == "cases"]
    return certificate


def factors(certificate: Certificate) -> list[Any]:
    cases = certificate.cases
    return [certificate.factor, *([] if cases is None else [*factors(cases.below), *factors(cases.above)])]


def test_the_checker_refuses_changed_cases_and_products() -> None:
    a, b = lifted_cut()
    found = compare(a, b, PATIENT)
    assert found.relation == "equivalent"
    assert found.proof == "certified"
    way = found.b_in_a
    assert way is not None
    assert way.products
    certificate = proof(found)
    assert certificate.cases is not None

    def refused(changed: Comparison) -> bool:
        return not check(a, b, changed).holds

    others = tuple(c for c in way.certificates if c is not certificate)
    tried = 0
    for seed in range(40):
        bad = perturbed(certificate, random.Random(seed))
        if factors(bad) != factors(certificate):
            # A proof that there is no plan, and one by cases, have no factor that says anything.
            continue
        tried += 1
        assert refused(replace(found, b_in_a=replace(way, certificates=(*others, bad)))), bad
    assert tried > 20
    one_sided = replace(certificate, cases=replace(certificate.cases, below=certificate.cases.above))
    assert refused(replace(found, b_in_a=replace(way, certificates=(*others, one_sided))))
    for number, used in enumerate(way.products):
        turned = replace(used, complement=not used.complement, times=used.times)
        if used.times is not None:
            kept = (*way.products[:number], turned, *way.products[number + 1 :])
            assert refused(replace(found, b_in_a=replace(way, products=kept)))
    assert refused(replace(found, b_in_a=replace(way, products=way.products[:-1])))
    if way.tight is not None:
        assert refused(replace(found, b_in_a=replace(way, tight=None)))
        assert refused(replace(found, b_in_a=replace(way, tight=perturbed(way.tight, random.Random(1)))))


def test_a_factor_that_may_be_negative_is_refused() -> None:
    """Products of what is not between 0 and 1, and squares of what is not whole, prove nothing."""
    columns = [column("go", "integer", 0, 2), column("load", "continuous", 0, 9), column("part", "continuous", 0, 1)]
    program = Program(columns, [row("switch", {1: 1, 0: -4}, None, 0)], "minimize", Quadratic({1: 1}))
    same = compare(program, program, PATIENT)
    assert same.relation == "equivalent"
    assert same.a_in_b is not None
    for times in (0, 1):
        extra = Product(Target("row", 0, "upper"), times)
        assert not check(program, program, replace(same, a_in_b=replace(same.a_in_b, products=(extra,)))).holds
    # 0 <= part <= 1 may be a factor, but its square is not itself: (1 - part) * part >= 0 stays of second order.
    square = Product(Target("column", 2, "upper"), 2)
    (aim,) = [c for c in same.a_in_b.certificates if c.target == Target("column", 2, "upper")]
    wrong = replace(aim, columns={}, products={0: 1})
    others = tuple(c for c in same.a_in_b.certificates if c is not aim)
    changed = replace(same.a_in_b, products=(square,), certificates=(*others, wrong))
    assert not check(program, program, replace(same, a_in_b=changed)).holds


def switched(chance: random.Random) -> Program:
    """Three binary columns that switch rows over two others, in half of the draws beside a choice of one of them."""
    columns = [column(f"use{n}", "binary", 0, 1) for n in range(3)]
    columns += [column(name, "continuous", 0, chance.randint(3, 9)) for name in ("bread", "cake")]
    rows = []
    for n in range(3):
        terms = {3: chance.randint(-2, 3), 4: chance.randint(-2, 3), n: chance.choice([-8, -5, 5, 8])}
        rows.append(row(f"switch{n}", terms, None, chance.randint(0, 9)))
    if chance.random() < 0.5:
        rows.append(row("choice", {0: 1, 1: 1, 2: 1}, 1, 1))
    return Program(columns, rows, "maximize", Quadratic({3: 3, 4: 5, 0: -1, 1: -2, 2: -4}))


def most(program: Program, terms: dict[int, int]) -> float | None:
    """The largest value over all plans, a linear program for each choice of the binary columns; None without plans."""
    found = []
    for choice in product((0, 1), repeat=3):
        bounds = [*((v, v) for v in choice), *((c.lower, c.upper) for c in program.columns[3:])]
        above, most_, equal, value = [], [], [], []
        for r in program.rows:
            body = [float(r.linear.get(j, 0)) for j in range(5)]
            if r.lower is not None:
                equal.append(body)
                value.append(float(r.lower))
            else:
                above.append(body)
                most_.append(float(r.upper or 0))
        goal = np.array([-float(terms.get(j, 0)) for j in range(5)])
        answer = linprog(goal, above, most_, equal or None, value or None, bounds=bounds, method="highs")
        if answer.status == 0:
            found.append(-answer.fun)
    return max(found, default=None)


def test_rows_over_switched_columns_against_enumeration() -> None:
    """A drawn row, a little inside or outside of what all plans keep: it is implied, or it cuts a plan off."""
    seen = {"equivalent": 0, "restriction": 0, "unknown": 0}
    certified = 0
    for seed in range(30):
        chance = random.Random(seed)
        plain = switched(chance)
        terms = {j: chance.choice([-4, -2, -1, 0, 1, 2, 4]) for j in range(3)} | {
            3: chance.randint(-2, 2),
            4: chance.randint(-2, 2),
        }
        reach = most(plain, terms)
        if reach is None or not any(terms.values()):
            continue
        limit = Fraction(round(reach * 2), 2) + chance.choice([Fraction(1, 2), Fraction(1, 2), -1])
        added = replace(row("extra", terms, None, 0), upper=limit)
        found = compare(with_row(plain, added), plain, PATIENT)
        implied = reach <= limit
        assert found.relation != ("restriction" if implied else "equivalent"), (seed, found)
        seen[found.relation] += 1
        certified += found.relation == "equivalent" and found.proof == "certified"
    assert seen["unknown"] <= 1
    assert certified >= 0.9 * seen["equivalent"] > 0


def steps() -> tuple[Program, Program]:
    """Loaves in whole numbers, and amounts of something else."""
    a = Program(
        [column("x", "integer", 0, None), column("y", "integer", 0, 4)],
        [row("need", {0: 4, 1: 20}, 30, None)],
        "minimize",
        Quadratic({0: 10, 1: 30}),
    )
    columns = [column("p", "continuous", 0, None), column("q", "continuous", 0, None)]
    b = Program(columns, [row("r", {0: 7, 1: -1}, None, 0), row("s", {0: 2, 1: 4}, None, 200)], "maximize")
    return a, replace(b, objective=Quadratic({0: 10, 1: 3}))


@pytest.mark.parametrize("turned", [False, True])
def test_whole_numbers_against_none(turned: bool) -> None:
    a, b = steps()[::-1] if turned else steps()
    found = compare(a, b, PATIENT)
    assert (found.relation, found.proof, found.code) == ("incomparable", "certified", "shape")
    assert found.difference is not None
    evidence = found.difference.evidence
    assert isinstance(evidence, WholeEvidence)
    side = a if evidence.side == "a" else b
    assert evidence.column == 1
    assert side.columns[1].name == "y"

    def refused(first: Program, second: Program, **changes: Any) -> bool:
        assert found.difference is not None
        difference = replace(found.difference, evidence=replace(evidence, **changes))
        return not check(first, second, replace(found, difference=difference)).holds

    assert not refused(a, b)
    assert refused(a, b, column=0)
    assert refused(a, b, other=evidence.plan)
    assert refused(a, b, other=(0, 9))
    assert refused(a, b, side="b" if evidence.side == "a" else "a")
    real = replace(side.columns[0], domain="continuous")
    mixed = Program([real, side.columns[1]], side.rows, side.sense, side.objective)
    assert refused(mixed if side is a else a, mixed if side is b else b)


def test_a_whole_column_that_may_be_a_part_or_the_objectives_tells_nothing() -> None:
    """Thirty loaves in digits, or a number that only a row holds up: such columns are no ground for a difference."""
    _, b = steps()
    digits = Program(
        [column("x0", "integer", 0, 9), column("x1", "integer", 0, 3)],
        [row("need", {0: 1, 1: 10}, 7, 30)],
        "minimize",
        Quadratic({0: 1, 1: 10}),
    )
    held = Program(
        [column("x", "integer", 0, None), column("y", "integer", 0, None)],
        [row("need", {0: 4, 1: 20}, 30, None), row("other", {0: 1, 1: 9}, 3, None)],
        "minimize",
        Quadratic({0: 10, 1: 30}),
    )
    for a in (digits, held):
        found = compare(a, b, PATIENT)
        evidence = None if found.difference is None else found.difference.evidence
        assert not isinstance(evidence, WholeEvidence)


def test_cases_and_products_are_told_by_name() -> None:
    a, b = lifted_cut()
    document = to_json(a, b, compare(a, b, PATIENT))
    way = document["b_in_a"]
    assert {"times", "side"} <= way["products"][0].keys() | way["products"][-1].keys()
    (split,) = [c["cases"] for c in way["certificates"] if "cases" in c]
    assert list(split) in (["go[1,2] <= 0", "go[1,2] >= 1"], ["go[2,1] <= 0", "go[2,1] >= 1"])


def test_multiples_of_one_claim_share_their_proof() -> None:
    """Rows with one body up to a factor, tighter and weaker in turn: each has a certificate."""
    columns = [column(f"use{n}", "binary", 0, 1) for n in range(4)] + [column("bread", "continuous", 2, 9)]
    plain = Program(
        columns, [row("oven", {4: 1, 0: -5, 1: -5, 2: -6, 3: -7}, None, 0)], "minimize", Quadratic({4: 1, 0: 2})
    )
    used = dict.fromkeys(range(4), 1)
    ends = [(3, Fraction(1)), (7, Fraction(4)), (2, Fraction(2)), (5, Fraction(1)), (1, Fraction(1))]
    rows = [replace(row(f"some{c}", dict.fromkeys(used, c), 0, None), lower=end) for c, end in ends]
    more = Program(columns, [*plain.rows, *rows], plain.sense, plain.objective)
    found = compare(more, plain, PATIENT)
    assert (found.relation, found.proof) == ("equivalent", "certified")
    tight = with_row(more, replace(row("two", dict.fromkeys(range(4), 3), 0, None), lower=Fraction(31, 10)))
    assert compare(tight, plain, PATIENT).relation == "restriction"
