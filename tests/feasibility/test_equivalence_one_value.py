"""Columns that the binary ones beside them make whole: proved choice by choice, held against each choice's range."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import floor

import pytest
from formulations import model, real, whole

from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Certificate, Comparison
from pyrite.feasibility.programs.program import Program

LINKS = "both <= north", "both <= south", "both >= north + south - 1"


def sites(both: object, *links: str, price: int = 4) -> Program:
    columns = {"north": whole(0, 1), "south": whole(0, 1), "both": both}
    return model(columns, f"max 5*north + 3*south - {price}*both", *links, "7*north + 6*south + 2*both <= 15")


def test_the_product_of_two_choices_is_whole_by_its_rows() -> None:
    loose, binary = sites(real(0, 1), *LINKS), sites(whole(0, 1), *LINKS)
    for a, b in ((loose, binary), (binary, loose)):
        found = compare(a, b)
        assert (found.relation, found.proof) == ("equivalent", "certified")
    for missing in range(3):
        rest = [link for n, link in enumerate(LINKS) if n != missing]
        assert compare(sites(real(0, 1), *rest), binary).relation not in ("equivalent", "unknown")
    assert compare(sites(real(0, 1), *LINKS, price=1), binary).relation == "objective-differs"


def of_both(found: Comparison) -> Certificate:
    assert found.a_in_b is not None
    (proof,) = (c for c in found.a_in_b.certificates if c.method == "cases" and c.target.side == "integer")
    return proof


def test_a_proof_choice_by_choice_is_held_against_the_program() -> None:
    a, b = sites(real(0, 1), *LINKS), sites(whole(0, 1), *LINKS)
    found = compare(a, b)
    proof = of_both(found)
    assert proof.cases is not None

    def held(changed: Certificate, first: Program = a) -> bool:
        assert found.a_in_b is not None
        certificates = tuple(changed if c is proof else c for c in found.a_in_b.certificates)
        return check(first, b, replace(found, a_in_b=replace(found.a_in_b, certificates=certificates))).holds

    assert held(proof)
    split = proof.cases
    leaf = split.above.cases.above if split.above.cases is not None else split.above
    single = leaf.single
    assert single is not None
    moved = replace(leaf, single=replace(single, value=single.value - 1))
    turned = replace(leaf, single=replace(single, above=single.below, below=single.above))
    for below in (split.above, leaf, moved, turned, replace(leaf, single=None)):
        assert not held(replace(proof, cases=replace(split, below=below)))
    assert not held(replace(proof, cases=replace(split, column=2)))
    assert not held(replace(proof, cases=replace(split, at=Fraction(1, 2))))
    assert not held(proof, sites(real(0, 1), LINKS[0], "both <= 1 + 0*south", LINKS[2]))


def values(program: Program, choice: tuple[int, ...]) -> tuple[Fraction, Fraction] | None:
    """The least and the most of the last column beside a choice of the others; None where there is no plan."""
    top = len(choice)
    low, high = Fraction(program.columns[top].lower or 0), Fraction(program.columns[top].upper or 0)
    for row in program.rows:
        rest = sum((Fraction(c) * choice[j] for j, c in row.linear.items() if j != top), Fraction(0))
        weight = Fraction(row.linear.get(top, 0))
        for side, upper in ((row.upper, True), (row.lower, False)):
            if side is None:
                continue
            if not weight:
                if (rest > side) if upper else (rest < side):
                    return None
            elif upper == (weight > 0):
                high = min(high, (side - rest) / weight)
            else:
                low = max(low, (side - rest) / weight)
    return (low, high) if low <= high else None


def held(seeds: range) -> dict[str, int]:
    told: dict[str, int] = {}
    for seed in seeds:
        draw = random.Random(seed)
        names = ["north", "south", "west"][: draw.choice([2, 2, 3])]
        rows = []
        for relation in ("<=", "<=", ">=", draw.choice(["<=", ">=", "=="])):
            chosen = draw.sample(names, draw.randint(1, len(names)))
            terms = " + ".join(f"{draw.choice([1, 1, 1, 2, -1])}*{name}" for name in chosen)
            rows.append(f"{draw.choice([1, 1, 2])}*both {relation} {terms} + {draw.choice([0, 0, -1, 1])}")
        most = draw.choice([1, 2])
        columns = {name: whole(0, 1) for name in names}
        goal = "max " + " + ".join(f"{n + 2}*{name}" for n, name in enumerate(names)) + " - both"
        loose = model({**columns, "both": real(0, most)}, goal, *rows)
        strict = model({**columns, "both": whole(0, most)}, goal, *rows)
        spans = [span for choice in product((0, 1), repeat=len(names)) if (span := values(loose, choice)) is not None]
        same = all(low == high and low.denominator == 1 for low, high in spans)
        for a, b in ((loose, strict), (strict, loose)):
            found = compare(a, b)
            told[f"{same} {found.relation}"] = told.get(f"{same} {found.relation}", 0) + 1
            assert found.relation in (
                ("equivalent", "unknown") if same else ("relaxation", "restriction", "unknown", "incomparable")
            ), seed
            assert found.relation != "incomparable" or not any(floor(high) >= low for low, high in spans), seed
    return told


def test_whole_by_its_rows_or_not_by_definition() -> None:
    told = held(range(80))
    assert told["True equivalent"] >= 20
    assert told.get("True unknown", 0) <= 4
    assert told["False relaxation"] >= 12


@pytest.mark.slow
def test_whole_by_its_rows_or_not_many_times() -> None:
    held(range(1_000, 3_000))
