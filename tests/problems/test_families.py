"""Families: the same bytes everywhere, proved references, variants that keep their claim, texts that differ."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.document.schema import validate
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.language.grammar.parsing import parse_expression, parse_family, parse_relation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.solver.solving import solve
from pyrite.problems.families import FAMILIES, SIZES, draw, problem_id, split_of
from pyrite.problems.families.drawing import Drawing, Stream
from pyrite.problems.families.prose import Voice, number_words
from pyrite.problems.likeness import grams, shared
from pyrite.problems.problem import Problem

ALL_CELLS = [(f.name, size, v) for f in FAMILIES.values() for size in SIZES for v in f.variants[size]]
CELLS = [
    pytest.param(*cell, marks=pytest.mark.slow) if cell[1] == "large" and cell[2] != "plain" else cell
    for cell in ALL_CELLS
]
PLAIN = [(name, size) for name in FAMILIES for size in SIZES]


def test_there_are_at_least_24_families_of_three_sizes() -> None:
    assert len(FAMILIES) >= 24
    assert all("plain" in family.variants[size] for family in FAMILIES.values() for size in SIZES)
    assert {variant for *_, variant in ALL_CELLS} == {
        "plain",
        "infeasible",
        "unbounded",
        "redundant",
        "sometimes",
        "twin",
    }


@pytest.mark.parametrize(("family", "size", "variant"), CELLS)
def test_every_variant_is_drawn_and_stored_truthfully(family: str, size: str, variant: str) -> None:
    """What is stored is what a fresh solve finds, and the file gives the same problem back."""
    problem = draw(family, 3, size, variant)
    assert problem.id == problem_id(family, 3, size, variant)
    assert problem.split == split_of(3)
    line = json.dumps(problem.to_dict())
    again = Problem.from_dict(json.loads(line))
    assert again.reference == problem.reference
    assert again.data == problem.data
    assert validate(json.loads(problem.reference.to_json())) == []
    solution = solve(build(again.reference, again.data), Policy())
    assert solution.status == problem.status, solution.message
    if problem.status == "optimal":
        assert solution.objective == problem.optimum
    else:
        assert problem.optimum is None
    expected = {"infeasible": "infeasible", "unbounded": "unbounded"}.get(variant, "optimal")
    assert problem.status == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_small_references_are_small_and_flat(family: str) -> None:
    """Two to six unknowns, few rows, no sets: what a small model can learn to write."""
    for seed in range(12):
        problem = draw(family, seed, "small")
        assert not problem.reference.sets
        assert not problem.data.sets
        # The smallest job shop that is one (two jobs, two machines) has four starts, two orders and the finish.
        assert 2 <= len(problem.reference.variables) <= (7 if family == "job-shop" else 6)
        assert len(problem.reference.constraints) <= 12
        assert len(problem.reference.to_json()) <= 1500


@pytest.mark.parametrize("family", FAMILIES)
def test_large_problems_carry_data_that_the_text_names(family: str) -> None:
    problem = draw(family, 5, "large")
    for name in (*problem.data.sets, *problem.data.parameters):
        assert re.search(rf"\b{re.escape(name)}\b", problem.text), name
    entries = sum(1 for item in problem.data.parameters.values() for _ in item.items())
    assert 60 <= entries <= 5000
    assert not problem.reference.sets
    assert not problem.reference.parameters


@pytest.mark.parametrize(("family", "size"), PLAIN)
def test_the_numbers_of_the_reference_are_in_the_text(family: str, size: str) -> None:
    """Small and medium texts say every number of the objective, in digits or words, perhaps in a larger unit."""
    if size == "large":
        pytest.skip("the numbers are in the data")
    for seed in range(5):
        problem = draw(family, seed, size)
        expression = problem.reference.objective.expression or ""
        said = problem.text.lower().replace(",", "").replace(" ", "")
        for number in re.findall(r"(?<![\w.\[])\d+(?:\.\d+)?(?=\*)", expression):
            words = number_words(int(number)) if number.isdigit() else number
            forms = {number, words.replace(" ", ""), f"{float(number):.2f}", f"{float(number) * 100:g}%"}
            halves = number.endswith(".5")  # "two and a half"
            if not halves and family not in OWN_ARITHMETIC:
                assert any(form in said for form in forms), (problem.id, number)


OWN_ARITHMETIC = {
    "portfolio",
    "dc-power-flow",
    "goal-programming",
    "unit-commitment",
    "shortest-path",
    "project-crashing",
}
"""Families whose objective holds numbers computed from those in the text (variances, differences, penalties)."""


@pytest.mark.parametrize("family", FAMILIES)
def test_units_name_things_of_the_reference(family: str) -> None:
    for size in SIZES:
        problem = draw(family, 2, size)
        known = {
            *problem.reference.variables,
            *problem.reference.constraints,
            *problem.reference.parameters,
            "objective",
        }
        assert problem.units
        assert set(problem.units) <= known | set(problem.data.parameters), set(problem.units) - known


def test_a_seed_gives_the_same_bytes() -> None:
    """In this process, in a fresh one with another hash seed, and as they were when this test was written."""
    names = ("product-mix", "lot-sizing", "knapsack", "transportation")
    code = (
        "import hashlib, json\nfrom pyrite.problems.families import draw\n"
        f"cells = [(f, s, z) for f in {names!r} for s in (0, 1) for z in ('small', 'medium')]\n"
        "lines = [json.dumps(draw(*cell).to_dict()) for cell in cells]\n"
        "print(hashlib.sha256('\\n'.join(lines).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    lines = [json.dumps(draw(f, s, z).to_dict()) for f in names for s in (0, 1) for z in ("small", "medium")]
    assert runs == {hashlib.sha256("\n".join(lines).encode()).hexdigest() + "\n"}


def test_streams_do_not_change() -> None:
    """Frozen: a change here changes every generated problem set."""
    stream = Stream("frozen", 1)
    assert [stream.between(1, 100) for _ in range(6)] == FROZEN
    assert Stream("frozen", 2).shuffled("abcdef") == FROZEN_ORDER


FROZEN = [2, 34, 86, 68, 17, 94]
FROZEN_ORDER = list("facbed")


@pytest.mark.parametrize("family", FAMILIES)
def test_twins_read_alike_and_are_not(family: str) -> None:
    """A twin knows its partner, shares most of its text, and a recalled answer has the wrong value."""
    for size in ("small", "medium"):
        if "twin" not in FAMILIES[family].variants[size]:
            continue
        twin, plain = draw(family, 1, size, "twin"), draw(family, 1, size)
        assert twin.extra["twin"] == plain.id
        assert twin.split == plain.split
        assert twin.text != plain.text
        assert (twin.optimum, twin.status) != (plain.optimum, plain.status)
        assert shared(grams(twin.text), grams(plain.text)) > 0.6
        verdict = Judge(twin.as_reference()).judge(plain.reference.to_json())
        assert verdict.substance is False


@pytest.mark.parametrize("family", FAMILIES)
def test_marked_rows_are_what_their_variant_says(family: str) -> None:
    """Without the marked rows the optimum is the same, for both variants."""
    for variant in ("redundant", "sometimes"):
        if variant not in FAMILIES[family].variants["small"]:
            continue
        problem = draw(family, 4, "small", variant)
        marked = problem.extra["marked"]
        assert marked
        document = problem.reference.to_dict()
        assert set(marked) <= set(document["constraints"])
        document["constraints"] = {k: v for k, v in document["constraints"].items() if k not in marked}
        solution = solve(build(Formulation.from_dict(document), problem.data))
        assert solution.objective == problem.optimum


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_of_a_family_are_not_one_template(family: str) -> None:
    """Two random problems of a family share few 5-grams, numbers masked; no text has holes left in it."""
    for size, most in (("small", 0.2), ("medium", 0.2), ("large", 0.4)):
        texts = [FAMILIES[family].draft(Drawing.start(family, seed, size, "plain")).text for seed in range(16)]
        found = [grams(text) for text in texts]
        assert statistics.mean(shared(a, b) for a, b in itertools.combinations(found, 2)) < most
        assert len(set(texts)) == len(texts)
        for text in texts:
            assert not re.search(r"[{}]|\[[a-z ]*\||None(?! of)|  \S.*[.] [.]|\bnan\b", text), text


@pytest.mark.parametrize("family", FAMILIES)
def test_every_expression_is_plain_language(family: str) -> None:
    for size in SIZES:
        reference = draw(family, 6, size).reference
        if reference.objective.expression is not None:
            parse_expression(reference.objective.expression)
        for constraint in reference.constraints.values():
            parse_relation(constraint.expression)
            if constraint.over is not None:
                parse_family(constraint.over)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("no-such", 0, "small", "plain"), "no family"),
        (("knapsack", 0, "huge", "plain"), "size is small"),
        (("knapsack", 0, "small", "unbounded"), "it has plain"),
        (("knapsack", -1, "small", "plain"), "not negative"),
    ],
)
def test_what_cannot_be_drawn_is_said(arguments: tuple[str, int, str, str], part: str) -> None:
    with pytest.raises(PyriteError, match=part):
        draw(*arguments)


def test_numbers_are_written_exactly() -> None:
    for seed in range(40):
        voice = Voice(Stream("voice", seed))
        for value in (0, 7, 12, 100, 999, 1240, 12000, 123456):
            digits = re.sub(r"[, ]", "", voice.digits(value))
            assert int(digits) == value
        assert (
            float(re.sub(r"[^\d.]", "", voice.money(1250).replace(",", ""))) == 1250 or voice.currency.style == "word"
        )


def test_number_words() -> None:
    assert number_words(0) == "zero"
    assert number_words(115) == "one hundred and fifteen"
    assert number_words(20_003) == "twenty thousand and three"


def test_the_page_of_families_is_up_to_date() -> None:
    """`python docs/make_families.py` writes it."""
    import importlib.util

    path = Path(__file__).parents[2] / "docs" / "make_families.py"
    spec = importlib.util.spec_from_file_location("make_families", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page()


def test_one_process_may_solve_for_longer_than_one_limit() -> None:
    """The limit is for each program: what was solved before in the process does not count (HiGHS adds its runs up)."""
    problem = draw("facility-location", 3, "large")
    program = build(problem.reference, problem.data)
    policy = Policy(time_limit=1.5)
    spent, runs = 0.0, 0
    while spent < 2 * policy.time_limit and runs < 400:
        solution = solve(program, policy)
        assert solution.status == "optimal", solution.message
        spent += solution.seconds
        runs += 1
