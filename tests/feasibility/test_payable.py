"""Units that no row could pay for are not sought: the verdict is the one that the whole search gives."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.proving import cores
from pyrite.feasibility.equivalence.proving.payable import could_be_paid
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.programs.compiling import build

NAMES = ("bread", "cake", "flour", "sugar")


def one_side(rng: random.Random) -> dict[str, Any]:
    names = NAMES[: rng.randint(2, 4)]
    rows = {}
    for number in range(rng.randint(1, 4)):
        used = [name for name in names if rng.random() < 0.7] or [names[0]]
        rows[f"r{number}"] = (
            [(rng.choice([1, 2, 3, 5]), name) for name in used],
            rng.choice([0, 6, 7, 10, 11, 24, 25]),
        )
    return {
        "names": names,
        "rows": rows,
        "caps": {name: rng.choice([None, 4, 9]) for name in names},
        "costs": {name: rng.choice([1, 2, 7]) for name in names},
        "whole": {name for name in names if rng.random() < 0.2},
    }


def changed(rng: random.Random, side: dict[str, Any]) -> dict[str, Any]:
    """Another unit for some columns, borne by all rows, some or none; a limit or a price of its own."""
    plain = rng.random() < 0.5  # the names as they are, and a limit that differs
    units = {name: 1 if plain else rng.choice([1, Fraction(1, 2), 2, 10]) for name in side["names"]}
    keep = rng.random() < 0.4
    rows = {}
    for name, (terms, limit) in side["rows"].items():
        moved = [(c * units[n] if keep or rng.random() < 0.6 else c, n) for c, n in terms]
        rows[name] = moved, limit + (rng.choice([0, 0, 0, 3, 5]) if plain or not keep or rng.random() < 0.2 else 0)
    scaled = {n: None if cap is None else cap / Fraction(units[n]) for n, cap in side["caps"].items()}
    caps = scaled if keep or rng.random() < 0.5 else side["caps"]
    priced = rng.random() < 0.7 or keep
    costs = {n: c * units[n] if priced else c for n, c in side["costs"].items()}
    if rng.random() < 0.3:
        costs[side["names"][0]] += 3
    return {**side, "rows": rows, "caps": caps, "costs": costs}


def written(side: dict[str, Any]) -> Formulation:
    def number(value: Any) -> str:
        return str(float(value))

    rows = {
        name: " + ".join(f"{number(c)}*{n}" for c, n in terms) + f" <= {limit}"
        for name, (terms, limit) in side["rows"].items()
    }
    variables = {
        name: {
            "domain": "integer" if name in side["whole"] else "continuous",
            "lower": 0,
            "upper": None if side["caps"][name] is None else float(side["caps"][name]),
        }
        for name in side["names"]
    }
    goal = " + ".join(f"{number(c)}*{n}" for n, c in side["costs"].items())
    return Formulation.from_dict(
        {"variables": variables, "objective": {"sense": "maximize", "expression": goal}, "constraints": rows}
    )


def test_the_verdict_is_that_of_the_whole_search(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(20)
    skipped, relations = 0, set()

    def counting(*sides: Any) -> bool:
        nonlocal skipped
        answer = could_be_paid(*sides)
        skipped += not answer
        return answer

    for _ in range(60):
        first = one_side(rng)
        a, b = build(written(first)), build(written(changed(rng, first)))
        monkeypatch.setattr(cores, "could_be_paid", counting)
        found = compare(a, b)
        monkeypatch.setattr(cores, "could_be_paid", lambda *sides: True)
        whole = compare(a, b)
        assert (found.relation, found.proof, found.code, found.correspondence, found.a_in_b, found.b_in_a) == (
            whole.relation,
            whole.proof,
            whole.code,
            whole.correspondence,
            whole.a_in_b,
            whole.b_in_a,
        )
        relations.add(found.relation)
    assert skipped  # the step was taken at all
    assert {"equivalent", "relaxation", "restriction", "incomparable", "objective-differs"} <= relations
