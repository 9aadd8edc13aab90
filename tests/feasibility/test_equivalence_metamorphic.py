"""Honest auxiliaries, one new name, another order and other row scales never change what a formulation is to another.

Over every family and every kind of error: the relation of (error(reference), reference) against the relation of
(honest(error(reference)), reference), with two to four honest steps at a time. No truth is needed for this.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from benchmarks import equivalence_compound as compound
from benchmarks.equivalence_drafts import Draft
from benchmarks.equivalence_kinds import ERRORS
from benchmarks.equivalence_rewrites import REWRITES
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Comparison
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program
from pyrite.problems.families import FAMILIES, draw

HONEST = (
    "one renamed", "respelled", "reordered", "rows rescaled", "slack", "total of a row", "sum of columns",
    "objective column", "redundant row", "bounds as rows", "row repeated",
)  # fmt: skip
LINEAR = [family for family in sorted(FAMILIES) if family != "portfolio"]
"""Portfolio's objective is quadratic, which the rewrites here do not take."""


def reference(family: str, seed: int) -> Program:
    problem = draw(family, seed, "small")
    assert problem.reference is not None
    return build(problem.reference, problem.data)


def honest(program: Program, chance: random.Random) -> tuple[Program, list[str]]:
    """Two to four honest steps, at most one of them a new name."""
    model = compound.model(program)
    draft = Draft(model, list(range(len(model.columns))))
    steps = [step for step in chance.sample(HONEST, chance.randint(2, 4)) if REWRITES[step](draft, chance)]
    return compound.program(draft.model), steps


def held(a: Program, b: Program) -> Comparison:
    found = compare(a, b, Policy())
    assert check(a, b, found).holds
    return found


def outcomes(family: str, draws: int) -> tuple[Counter[str], list[str]]:
    """How often the honest steps left the relation, lost it or changed it; and what they changed."""
    counts: Counter[str] = Counter()
    changed = []
    for seed in range(draws):
        right = reference(family, seed)
        for kind, error in ERRORS.items():
            chance = random.Random(f"{family}/{kind}/{seed}")
            wrong = error(right, chance)
            if wrong is None:
                continue
            before = held(wrong, right)
            if before.relation == "unknown":
                counts["unknown before"] += 1
                continue
            rewritten, steps = honest(wrong, chance)
            after = held(rewritten, right)
            if after.relation == before.relation:
                counts["kept"] += 1
            elif after.relation == "unknown":
                counts["lost"] += 1
            else:
                both = "equivalent" in (before.relation, after.relation)
                counts["class changed" if both else "direction changed"] += 1
                changed.append(f"{family}/{seed}: {kind}: {before.relation}, then {steps}: {after.relation}")
    return counts, changed


@pytest.mark.parametrize("family", LINEAR)
def test_honest_steps_keep_the_relation(family: str) -> None:
    counts, changed = outcomes(family, 1)
    assert not counts["class changed"], changed


@pytest.mark.slow
@pytest.mark.parametrize("family", LINEAR)
def test_honest_steps_keep_the_relation_in_many_draws(family: str) -> None:
    counts, changed = outcomes(family, 12)
    assert not counts["class changed"], changed


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_exchanged_applies_to_every_family(family: str) -> None:
    """The kind finds something to exchange, and changes something."""
    right = reference(family, 0)
    wrong = ERRORS["exchanged"](right, random.Random(family))
    assert wrong is not None
    assert wrong != right
