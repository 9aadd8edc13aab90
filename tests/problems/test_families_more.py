"""Twelve families: what each size promises, what each variant claims, and that texts of a family differ."""

from __future__ import annotations

import json
import re
import time

import pytest

from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.solver.solving import solve
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.likeness import grams, jaccard
from pyrite.problems.problem import Problem

NAMES = (
    "production-planning", "workforce", "max-flow", "shortest-path", "traveling-salesman", "job-shop",
    "project-crashing",
    "portfolio", "goal-programming", "advertising-mix", "unit-commitment", "dc-power-flow",
)  # fmt: skip
LARGER = {"job-shop": 7}
"""Columns of a small problem where six are not enough (see the family's own text)."""
SIZED = [(name, size, each) for name in NAMES for size, them in FAMILIES[name].variants.items() for each in them]


@pytest.mark.parametrize("name", NAMES)
def test_every_size_has_plain_and_infeasible(name):
    for variants in FAMILIES[name].variants.values():
        assert {"plain", "infeasible"} <= set(variants)


@pytest.mark.parametrize(("name", "size", "variant"), SIZED)
def test_a_drawn_problem_is_what_it_says(name, size, variant):
    problem = draw(name, 5, size, variant)
    expected = {"infeasible": "infeasible", "unbounded": "unbounded"}.get(variant, "optimal")
    assert (problem.status, problem.optimum is None) == (expected, expected != "optimal")
    assert problem.units["objective"]
    again = Problem.from_dict(json.loads(json.dumps(problem.to_dict())))
    assert again.to_dict() == problem.to_dict()
    # How surely the largest are proved depends on how far the exact search comes before its time is over.
    proof = {"proof": problem.extra["proof"]}
    assert draw(name, 5, size, variant).to_dict() | proof == problem.to_dict()
    started = time.perf_counter()
    solution = solve(build(problem.reference, problem.data))
    assert solution.status == expected
    assert time.perf_counter() - started < 5  # under one second on a quiet machine
    if expected == "optimal":
        assert float(solution.objective) == pytest.approx(float(problem.optimum), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(6))
def test_small_is_flat_and_short(name, seed):
    problem = draw(name, seed, "small")
    reference = problem.reference
    assert not reference.sets
    assert not reference.parameters
    assert not problem.data.sets
    assert 2 <= len(reference.variables) <= LARGER.get(name, 6)
    assert not any(item.index for item in reference.variables.values())
    assert len(reference.to_json()) < 1300


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(4))
def test_medium_states_its_sets_and_parameters(name, seed):
    problem = draw(name, seed, "medium")
    assert problem.reference.sets
    assert problem.reference.parameters
    assert not problem.data.sets
    assert len(problem.text) < 4000


@pytest.mark.parametrize("name", NAMES)
def test_large_keeps_its_numbers_in_the_data_and_the_text_names_them(name):
    problem = draw(name, 3, "large")
    assert not problem.reference.sets
    assert not problem.reference.parameters
    for word in (*problem.data.sets, *problem.data.parameters):
        assert re.search(rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])", problem.text), word
    entries = sum(1 for item in problem.data.parameters.values() for _ in item.items())
    assert 60 <= entries <= 2000
    assert len(problem.text) < 2500
    for word in problem.reference.variables:
        assert word not in problem.data.parameters


@pytest.mark.parametrize("name", ["max-flow", "shortest-path", "traveling-salesman"])
def test_a_small_text_holds_every_number_of_its_network(name):
    """Numbers in words are looked up in words; these families write capacities and lengths in digits or words."""
    from pyrite.problems.families.prose import number_words

    for seed in range(12):
        problem = draw(name, seed, "small")
        text = re.sub(r"(?<=\d)[, ](?=\d{3}\b)", "", problem.text)
        if name == "max-flow":
            numbers = [item.upper for item in problem.reference.variables.values()]
        else:
            numbers = [int(n) for n in re.findall(r"(\d+)\*", problem.reference.objective.expression)]
        for number in numbers:
            assert re.search(rf"\b{number}\b", text) or number_words(number) in text.lower(), (seed, number)


@pytest.mark.parametrize("name", [name for name in NAMES if "twin" in FAMILIES[name].variants["small"]])
def test_a_twin_reads_alike_and_differs_in_its_optimum(name):
    plain, twin = draw(name, 7, "small"), draw(name, 7, "small", "twin")
    assert twin.extra["twin"] == plain.id
    assert twin.text != plain.text
    assert twin.optimum != plain.optimum
    assert jaccard(grams(plain.text, 2), grams(twin.text, 2)) > 0.4


@pytest.mark.parametrize(
    ("name", "variant"),
    [(n, v) for n in NAMES for v in ("redundant", "sometimes") if v in FAMILIES[n].variants["small"]],
)
def test_a_marked_constraint_can_go_without_moving_the_optimum(name, variant):
    problem = draw(name, 11, "small", variant)
    marked = set(problem.extra["marked"])
    program = build(problem.reference)
    assert marked <= {row.constraint for row in program.rows}
    program.rows = [row for row in program.rows if row.constraint not in marked]
    assert float(solve(program).objective) == pytest.approx(float(problem.optimum), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_two_texts_of_a_family_do_not_read_the_same(name):
    texts = [draw(name, seed, "small").text for seed in range(12)]
    shares = [jaccard(grams(a), grams(b)) for i, a in enumerate(texts) for b in texts[:i]]
    assert sum(shares) / len(shares) < 0.08
    assert max(shares) < 0.5
    assert len({text[:25] for text in texts}) >= 9


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_fifty_seeds_of_everything(name):
    for size, variants in FAMILIES[name].variants.items():
        for variant in variants:
            for seed in range(50):
                draw(name, seed, size, variant)
