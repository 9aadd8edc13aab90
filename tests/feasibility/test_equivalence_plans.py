"""Plans that are known beforehand only make a comparison quicker: what it says of two programs is the same."""

from __future__ import annotations

import json
import random
import time
from fractions import Fraction

import pytest

from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Target
from pyrite.feasibility.equivalence.maps import Affine
from pyrite.feasibility.equivalence.proving.claims import ClaimSource
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.solver.solving import solve

PATIENT = Policy(time_limit=300.0, equivalence_seconds=200.0)


def model(rng: random.Random) -> dict:
    """A few products within a few resources, with contracts; sometimes whole, sometimes without any plan."""
    names = [f"good_{letter}" for letter in "abcd"[: rng.randint(2, 4)]]
    rows = {
        f"use_{r}": " + ".join(f"{rng.randint(1, 30) / rng.choice([1, 4, 10])}*{name}" for name in names)
        + f" <= {rng.randint(20, 200)}"
        for r in range(rng.randint(1, 3))
    }
    for name in names:
        if rng.random() < 0.4:
            rows[f"least_{name}"] = f"{name} >= {rng.randint(1, 6)}"
    domain = rng.choice(["integer", "continuous"])
    objective = " + ".join(f"{rng.randint(1, 40) / rng.choice([1, 2])}*{name}" for name in names)
    return {
        "variables": {name: {"domain": domain, "lower": 0} for name in names},
        "objective": {"sense": rng.choice(["maximize", "minimize"]), "expression": objective},
        "constraints": rows,
    }


def changed(rng: random.Random, document: dict) -> dict:
    """Up to two changes of a kind that models make, or none."""
    other = json.loads(json.dumps(document))
    for _ in range(rng.randint(0, 2)):
        name = rng.choice(sorted(other["constraints"]))
        left, sign, right = other["constraints"][name].rsplit(" ", 2)
        match rng.randrange(6):
            case 0:
                other["constraints"][name] = f"{left} {sign} {float(right) + rng.choice([1, -1, 0.5, 1e-9])}"
            case 1 if len(other["constraints"]) > 1:
                del other["constraints"][name]
            case 2:
                flipped = {"maximize": "minimize", "minimize": "maximize"}
                other["objective"]["sense"] = flipped[other["objective"]["sense"]]
            case 3:
                other["objective"]["expression"] += " + " + rng.choice(sorted(other["variables"]))
            case 4:
                other["objective"]["expression"] = f"2*({other['objective']['expression']}) + 3"
            case _:
                other["constraints"][f"twice_{name}"] = f"2*({left}) {sign} {2 * float(right)}"
    return other


def best(program: Program) -> tuple | None:
    solution = solve(program, PATIENT)
    return solution.point if solution.exact_point else None


@pytest.mark.parametrize("seed", range(60))
def test_the_relation_is_the_same_with_any_plans(seed: int) -> None:
    rng = random.Random(seed)
    document = model(rng)
    b, a = build(Formulation.from_dict(document)), build(Formulation.from_dict(changed(rng, document)))
    plain = compare(a, b, PATIENT)
    count = len(b.columns)
    useless = [(None, None), ((0,), (1,) * (count + 1)), ((Fraction(1, 3),) * count, (-5,) * count)]
    for plans in ((best(a), best(b)), (best(a), None), (None, best(b)), *useless):
        found = compare(a, b, PATIENT, plans=plans)
        assert (found.relation, found.proof, found.code) == (plain.relation, plain.proof, plain.code), plans
        if found.relation != "unknown":
            assert check(a, b, found).holds


def test_a_plan_that_passes_a_limit_by_a_trifle_hides_none_that_passes_it_plainly() -> None:
    """Within the tolerance nothing would be told; the search goes on and finds a plan that tells."""
    text = {
        "variables": {name: {"domain": "continuous", "lower": 0, "upper": 10} for name in ("good_x", "good_y")},
        "objective": {"sense": "minimize", "expression": "good_x + good_y"},
        "constraints": {"together": "good_x + good_y <= 20"},
    }
    source = ClaimSource(build(Formulation.from_dict(text)), PATIENT, time.monotonic() + 200)
    source.met((4 + Fraction(1, 10**9), Fraction(0)))
    source.met((-1, 0))
    source.met((1,))
    assert len(source.points) == 1, "what is no plan is not kept"
    outcome = source.prove(Affine({0: 1, 1: 1}), 4, Target("row", 0, "upper"))
    assert outcome.status == "refuted"
    assert outcome.point is not None
    assert sum(outcome.point) > 5
    plain = source.prove(Affine({0: 1, 1: 1}), 3, Target("row", 0, "upper"))
    assert plain.point == source.points[0], "what is known and tells is enough"
