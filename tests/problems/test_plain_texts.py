"""Plain texts: the varied text's reference, every number of it in the text, one template a family, nothing besides."""

from __future__ import annotations

import itertools
import json
import re
import statistics
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.models.data import draw_problems
from pyrite.models.recipes import ProblemSection, parse_recipe
from pyrite.problems.families import FAMILIES, SIZES, draw
from pyrite.problems.families.drawing import Drawing
from pyrite.problems.families.lexicon import GENERIC_DISTRACTORS
from pyrite.problems.families.prose import Voice
from pyrite.problems.generating import Order, make
from pyrite.problems.likeness import grams, shared
from pyrite.problems.problem import Problem

CELLS = [(name, size) for name in FAMILIES for size in SIZES]
VARIANTS = [(f.name, size, v) for f in FAMILIES.values() for size in SIZES for v in f.variants[size] if v != "plain"]

DERIVED = {"portfolio", "dc-power-flow", "goal-programming", "unit-commitment", "shortest-path", "project-crashing"}
"""Their expressions hold numbers computed from those of the text (as in test_families)."""

DERIVED_ROWS = {"lot-sizing", "traveling-salesman"}
"""Their rows hold a total of the text's numbers (the most one may make once set up) or a count less one (subtours)."""


def same_but_for_the_text(plain: Problem, varied: Problem) -> None:
    assert plain.reference is not None
    assert varied.reference is not None
    assert plain.reference.to_json() == varied.reference.to_json()
    assert (plain.data, plain.optimum, plain.status, plain.units) == (
        varied.data,
        varied.optimum,
        varied.status,
        varied.units,
    )
    # How surely the largest are proved depends on how far the exact search comes before its time is over.
    assert {plain.extra["proof"], varied.extra["proof"]} <= {"certified", "solver-trusted"}
    assert plain.text != varied.text
    assert plain.id == f"{varied.id}-plain-text"


@pytest.mark.parametrize(("family", "size"), CELLS)
def test_the_reference_is_that_of_the_varied_text(family: str, size: str) -> None:
    for seed in range(4 if size == "small" else 1):
        same_but_for_the_text(draw(family, seed, size, "plain", "plain"), draw(family, seed, size))


@pytest.mark.slow
@pytest.mark.parametrize(("family", "size", "variant"), VARIANTS)
def test_and_so_it_is_for_every_variant(family: str, size: str, variant: str) -> None:
    same_but_for_the_text(draw(family, 3, size, variant, "plain"), draw(family, 3, size, variant))


def told(family: str, seed: int, size: str, texts: str) -> tuple[Drawing, Problem]:
    drawing = Drawing.start(family, seed, size, "plain").told(texts)
    draft = FAMILIES[family].draft(drawing)
    return drawing, Problem(id="p", text=draft.text, reference=draft.reference, data=draft.data, family=family)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_number_of_the_reference_is_in_the_text_in_digits(family: str) -> None:
    """Also of the right-hand sides, over many seeds: no word for a number, no separator, no larger unit."""
    for size, seed in itertools.product(("small", "medium"), range(25)):
        problem = told(family, seed, size, "plain")[1]
        said = {Fraction(number) for number in re.findall(r"\d+(?:\.\d+)?", problem.text)}
        said |= {number / 100 for number in said}  # percentages
        for number in wanted(problem):
            assert number in said, (family, size, seed, number, problem.text)


def wanted(problem: Problem) -> set[Fraction]:
    """The numbers that a text has to give: of parameters; in small problems those of the expressions."""
    reference = problem.reference
    assert reference is not None
    found: set[Fraction] = set()
    for parameter in (*reference.parameters.values(), *problem.data.parameters.values()):
        found |= {abs(Fraction(value)) for _, value in parameter.items()}
    if not reference.sets and problem.family not in DERIVED:
        texts = [reference.objective.expression or ""]
        if problem.family not in DERIVED_ROWS:
            texts += [constraint.expression for constraint in reference.constraints.values()]
        for text in texts:
            found |= {Fraction(number) for number in re.findall(r"(?<![\w.\[])\d+(?:\.\d+)?(?![\w\]])", text)}
    return found - {Fraction(0), Fraction(1)}


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_stands_beside_the_facts(family: str) -> None:
    """No general aside, whatever is filled in, and none of the family's own: asides are not asked for at all."""
    pieces = [re.split(r"[\[\]{}|]", template) for template in GENERIC_DISTRACTORS]
    marks = [max(found, key=len).strip() for found in pieces]
    for size, seed in itertools.product(SIZES, range(20)):
        text = told(family, seed, size, "plain")[1].text
        assert not [mark for mark in marks if len(mark) > 8 and mark in text], text
        assert not re.search(r"[{}]|\[[a-z ]*\||None(?! of)|\bnan\b", text), text


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_one_phrasing(family: str) -> None:
    """Plain texts of a family share far more than varied ones do."""
    drawn = {
        texts: [grams(told(family, seed, "small", texts)[1].text) for seed in range(24)]
        for texts in ("plain", "varied")
    }
    likeness = {
        texts: statistics.mean(shared(a, b) for a, b in itertools.combinations(found, 2))
        for texts, found in drawn.items()
    }
    assert likeness["plain"] > 2 * likeness["varied"]
    assert len({told(family, seed, "small", "plain")[1].text for seed in range(24)}) == 24


def test_a_plain_voice_has_no_aside_and_changes_no_unit() -> None:
    for seed in range(60):
        voice = Voice.of(Drawing.start("knapsack", seed, "small", "plain").told("plain"))
        assert voice.distractors(3, "An aside of its own") == []
        assert voice.total(120, "minute", "minutes") == "120 minutes"
        assert voice.number(7) == "7"
        assert voice.digits(1234567) == "1234567"
        assert voice.count(Fraction(1, 2), "hour") == "0.5 hours"


def test_splits_stay_apart_by_the_letter() -> None:
    """Alike texts are allowed, the same text in another split is not."""
    train = list(make(Order(("knapsack",), count=30, split="train", texts="plain")))
    again = [Problem.from_dict(train[0].to_dict() | {"split": "test", "id": "leak"})]
    kept = list(make(Order(("knapsack",), count=30, split="train", texts="plain"), against=again))
    assert train[0].text not in {problem.text for problem in kept}
    assert len(kept) == 30
    assert [p.text for p in kept[1:]] == [p.text for p in train[1:]]


def test_recipes_and_the_command_take_texts(tmp_path: Path) -> None:
    section = ProblemSection(families=("knapsack", "blending"), count=6, texts="plain")
    drawn = draw_problems(section, "train").problems
    assert all(problem.extra["texts"] == "plain" for problem in drawn)
    varied = draw_problems(ProblemSection(families=("knapsack", "blending"), count=6), "train").problems
    assert [p.reference for p in drawn] == [p.reference for p in varied]
    recipe = parse_recipe('[data]\nfamilies = ["knapsack"]\ntexts = "plain"')
    assert recipe.digest != parse_recipe('[data]\nfamilies = ["knapsack"]').digest
    with pytest.raises(PyriteError, match="texts"):
        parse_recipe('[data]\nfile = "p.jsonl"\ntexts = "plain"')
    with pytest.raises(PyriteError, match="texts"):
        parse_recipe('[data]\nfamilies = ["knapsack"]\ntexts = "simple"')
    out = tmp_path / "p.jsonl"
    order = ["problems", "make", "--family", "knapsack", "--count", "2", "--texts", "plain", "--out", str(out)]
    assert CliRunner().invoke(app, order).exit_code == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    shown = CliRunner().invoke(app, ["problems", "show", lines[1]["id"], "--json"])
    assert json.loads(shown.stdout) == lines[1]
    with pytest.raises(PyriteError, match="texts is varied or plain"):
        Order(("knapsack",), texts="simple")
