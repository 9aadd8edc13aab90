"""Combined rewrites and changes against enumeration; and the enumeration itself against simpler ways to count."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from fractions import Fraction

import pytest

from benchmarks import equivalence_compound as compound
from benchmarks import equivalence_drafts as drafts
from benchmarks import equivalence_geometry as geometry
from benchmarks import equivalence_truth as oracle
from benchmarks.equivalence_changes import CHANGES
from benchmarks.equivalence_geometry import Col, Line, Model
from benchmarks.equivalence_rewrites import REWRITES

# The oracle -----------------------------------------------------------------------------------------------------------


def triangle(side: int, *, names: str = "xy", cost: tuple[int, int] = (1, 2)) -> Model:
    columns = [Col(name, False, 0, None) for name in names]
    return Model(columns, [Line("r", {0: 1, 1: 1}, None, side)], True, {0: cost[0], 1: cost[1]})


def test_corners_of_known_bodies() -> None:
    cube = [([int(i == j) * s for j in range(3)], 1 if s > 0 else 0) for i in range(3) for s in (1, -1)]
    found, endless = geometry.corners(cube, 3)
    assert sorted(found) == sorted(itertools.product((0, 1), repeat=3))
    assert not endless
    found, endless = geometry.corners([([-1, 0], 0), ([0, -1], 0), ([-1, -1], -3)], 2)
    assert (sorted(found), endless) == ([(0, 3), (3, 0)], True)
    assert geometry.corners([([1, 0], 0), ([-1, 0], -1)], 2) == ([], False)


@pytest.mark.parametrize("seed", range(60))
def test_corners_are_the_intersections_that_keep_every_side(seed: int) -> None:
    """Double description against solving every pair of sides."""
    chance = random.Random(seed)
    sides = [([1, 0], 6), ([-1, 0], 3), ([0, 1], 5), ([0, -1], 2)]
    sides += [([chance.randint(-3, 3), chance.randint(-3, 3)], chance.randint(-2, 8)) for _ in range(4)]
    expected = set()
    for (a, b), (c, d) in itertools.combinations(sides, 2):
        determinant = a[0] * c[1] - a[1] * c[0]
        if determinant:
            x = Fraction(b * c[1] - a[1] * d, determinant)
            y = Fraction(a[0] * d - b * c[0], determinant)
            if all(s[0] * x + s[1] * y <= limit for s, limit in sides):
                expected.add((x, y))
    assert set(geometry.corners(sides, 2)[0]) == expected


@pytest.mark.parametrize("seed", range(60))
def test_plans_of_whole_programs_are_those_of_the_whole_box(seed: int) -> None:
    chance = random.Random(seed)
    columns = [Col(f"x{j}", True, chance.randint(-2, 1), chance.randint(1, 3)) for j in range(3)]
    model = Model(columns, [drafts.draw_row(chance, columns, i) for i in range(3)], True, {0: 1})
    box = itertools.product(*(range(c.low, c.high + 1) for c in columns))
    assert set(geometry.plans(model).points) == {p for p in box if model.admits(p)}


def test_truths_that_can_be_seen() -> None:
    both = [(0, 0), (1, 1)]
    assert oracle.truth(triangle(4), triangle(4), both).truth == "same"
    assert oracle.truth(triangle(4), triangle(4, cost=(2, 1)), []).truth == "same by exchange"
    assert oracle.truth(triangle(4), triangle(4, cost=(2, 1)), both).truth == "different"
    # Every triangle is an affine image of every other: with names that bind nothing this is nobody's truth.
    assert oracle.truth(triangle(4), triangle(5), []).truth == "ambiguous"
    wider = oracle.truth(triangle(5), triangle(4), both)
    assert (wider.truth, wider.relation) == ("different", "relaxation")
    assert oracle.truth(triangle(4, cost=(1, 1)), triangle(4), both).relation == "objective-differs"
    whole = triangle(4)
    whole.columns[0].whole = True
    assert oracle.truth(whole, triangle(4), both).truth == "different"
    extra = triangle(4)
    extra.columns.append(Col("open", True, 0, 1))
    assert oracle.truth(extra, triangle(4), both).truth == "different"


def test_a_whole_line_is_no_segment() -> None:
    """The corners of 0 <= x <= 1 are those of {0, 1}; the parts tell them apart."""
    line, pair = (Model([Col("x", whole, 0, 1)], [], True, {0: 1}) for whole in (False, True))
    assert oracle.truth(line, pair, []).truth == "different"


# The rewrites are honest, the changes are real ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", compound.TABLE)
@pytest.mark.parametrize("seeds", [80, pytest.param(300, marks=pytest.mark.slow)])
def test_every_rewrite_is_honest_both_ways(kind: str, seeds: int) -> None:
    """Plans of the core are written as plans (``hold``); plans of the rewritten program are read as such."""
    applied = 0
    for seed in range(seeds):
        core = compound.start(f"honest/{seed}")
        found = geometry.plans(core) if core is not None else geometry.Plans("large")
        if core is None or found.status != "bounded":
            continue
        draft = drafts.Draft(core.copy(), list(range(len(core.columns))))
        for step in (random.Random(seed).choice(list(REWRITES)), kind):
            done = compound.TABLE[step](draft, random.Random(seed))
        if not done:
            continue
        compound.hold(draft, core, found)
        theirs = geometry.plans(draft.model)
        best: dict[tuple[geometry.Number, ...], geometry.Number] = {}
        for plan in theirs.points:
            point = tuple(draft.read_back(plan))
            assert core.admits(point), (kind, seed, plan)
            best[point] = min(best.get(point, draft.model.value(plan)), draft.model.value(plan))
        if found.pure:
            # Among the ways to write a plan, the cheapest one costs what the plan costs, up to the objective's unit.
            ranks = [(core.value(p), v) for p, v in best.items()]
            assert all((p[0] < q[0]) == (p[1] < q[1]) for p, q in itertools.pairwise(sorted(ranks)))
        applied += 1
        if applied == 12:
            break
    assert applied >= 4, "the rewrite hardly ever applies"


@pytest.mark.parametrize("kind", CHANGES)
def test_changes_matter(kind: str) -> None:
    truths: Counter[str] = Counter()
    for seed in range(60):
        core = drafts.draw_core(random.Random(f"change/{seed}"))
        changed = core.copy()
        if CHANGES[kind](changed, random.Random(seed)):
            bound = [(j, j) for j in range(len(core.columns))]
            truths[oracle.truth(changed, core, bound).truth] += 1
    assert truths["different"] >= 8, "the change hardly ever matters"


# Pyrite against it ----------------------------------------------------------------------------------------------------


def judged(pairs: int, seed: int) -> Counter[str]:
    """Faults among that many pairs, and the unknown by group."""
    counts: Counter[str] = Counter()
    for outcome in compound.outcomes(pairs, seed):
        counts[outcome.fault or "right"] += 1
        counts[outcome.group] += 1
        if outcome.relation == "unknown":
            counts[f"unknown {outcome.group}"] += 1
    return counts


def test_combined_rewrites() -> None:
    counts = judged(80, 0)
    assert counts["false equivalent"] == 0
    assert counts["evidence refused"] == 0
    assert counts["honest refuted certified"] == 0
    assert counts["unknown honest"] <= 0.1 * counts["honest"]
    assert counts["unknown different"] <= 0.35 * counts["different"]


@pytest.mark.slow
def test_combined_rewrites_on_20000() -> None:
    """What docs/equivalence.md says of combined rewrites, with room in the undecided for a busy machine."""
    counts = judged(20_000, 1)
    assert counts["evidence refused"] == 0
    assert counts["honest refuted certified"] == 0
    assert counts["false equivalent"] == 0
    assert counts["unknown honest"] <= 0.055 * counts["honest"]
    assert counts["unknown different"] <= 0.08 * counts["different"]
