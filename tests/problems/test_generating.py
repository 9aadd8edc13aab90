"""Making sets: streamed, the same on one core and two, splits that never meet, near-duplicates refused."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.problems.families import FAMILIES, draw, split_of
from pyrite.problems.files import read_problems
from pyrite.problems.generating import SPLITS, Order, Refusals, make
from pyrite.problems.likeness import NEAR, LikenessIndex, grams, jaccard, shared

runner = CliRunner()


def test_the_number_of_jobs_changes_nothing() -> None:
    order = Order(("knapsack", "assignment"), ("small",), ("plain", "twin"), count=10)
    one, two = (json.dumps([problem.to_dict() for problem in make(order, jobs=jobs)]) for jobs in (1, 2))
    assert one == two


def test_an_order_is_filled_in_its_order() -> None:
    order = Order(("knapsack", "blending"), ("small", "medium"), ("plain", "unbounded"), count=3, seed=7)
    made = list(make(order))
    assert [problem.id for problem in made] == [
        f"{family}-{size}-plain-{seed}" for family in order.families for size in order.sizes for seed in (7, 8, 9)
    ]
    assert order.total == len(made)


def test_problems_come_one_by_one() -> None:
    first = list(itertools.islice(make(Order(tuple(FAMILIES), ("small",), count=10_000)), 2))
    assert [problem.id for problem in first] == ["product-mix-small-plain-0", "product-mix-small-plain-1"]


def test_splits_share_no_seed_and_all_occur() -> None:
    seeds = {
        split: {p.extra["seed"] for p in make(Order(("set-covering",), count=12, split=split))} for split in SPLITS
    }
    assert all(len(found) == 12 for found in seeds.values())
    assert not seeds["train"] & seeds["test"]
    assert not seeds["train"] & seeds["validation"]
    assert not seeds["validation"] & seeds["test"]
    shares = [split_of(seed) for seed in range(2000)]
    assert 0.75 < shares.count("train") / 2000 < 0.85
    assert 0.07 < shares.count("test") / 2000 < 0.13


def test_a_near_duplicate_of_another_split_is_refused_and_replaced() -> None:
    order = Order(("knapsack",), count=4, split="test")
    made = list(make(order))
    copied = replace(made[1], id="copied", split="train", text=made[1].text.replace("1", "2"))
    refusals = Refusals()
    again = list(make(order, against=[copied], refusals=refusals))
    assert len(again) == 4
    assert made[1].id not in {problem.id for problem in again}
    assert [problem.id for problem in again[2:]] == [problem.id for problem in made[2:]]
    assert {problem.split for problem in again} == {"test"}
    assert len(refusals.notes) == 1
    assert "copied" in refusals.notes[0]


def test_likeness_masks_numbers_and_knows_splits() -> None:
    problem = draw("transportation", 1)
    other = replace(problem, id="other", split="elsewhere", text=problem.text.replace("1", "7"))
    assert jaccard(grams(problem.text), grams(other.text)) > NEAR
    assert LikenessIndex([other]).nearest(problem) == ("other", pytest.approx(1, abs=0.4))
    assert LikenessIndex([replace(other, split=problem.split)]).nearest(problem) is None
    assert shared(grams("one two"), grams("one two")) == 1.0


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"families": ("nothing",)}, "no family"),
        ({"sizes": ("huge",)}, "size is one of"),
        ({"variants": ("odd",)}, "variant is one of"),
        ({"split": "dev"}, "split is one of"),
        ({"count": 0}, "at least 1"),
        ({"variants": ("unbounded",)}, "none of the families"),
    ],
)
def test_a_wrong_order_says_what_is_wrong(changes: dict, part: str) -> None:
    with pytest.raises(PyriteError, match=part):
        Order(**{"families": ("knapsack",), **changes})


def test_make_and_show_from_the_command_line(tmp_path) -> None:
    path = tmp_path / "problems.jsonl"
    result = runner.invoke(app, ["problems", "make", "--family", "lot-sizing", "--count", "3", "--out", str(path)])
    assert result.exit_code == 0, result.output
    assert [problem.id for problem in read_problems(path, strict=True)] == [
        f"lot-sizing-small-plain-{k}" for k in range(3)
    ]
    result = runner.invoke(app, ["problems", "show", "lot-sizing-small-plain-1", "--problems", str(path)])
    assert result.exit_code == 0
    assert "subject to\n" in result.output
    assert "plan (what is not named is 0)" in result.output
    assert result.output == runner.invoke(app, ["problems", "show", "lot-sizing-small-plain-1"]).output
    line = runner.invoke(app, ["problems", "show", "lot-sizing-small-plain-1", "--json"]).stdout
    assert json.loads(line)["id"] == "lot-sizing-small-plain-1"


def test_list_names_every_family() -> None:
    result = runner.invoke(app, ["problems", "list", "--json"])
    assert [item["family"] for item in json.loads(result.stdout)] == list(FAMILIES)
    text = runner.invoke(app, ["problems", "list"]).output
    assert all(name in text for name in FAMILIES)


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "no-such-thing"],
        ["show", "knapsack-small-plain-²"],
        ["show", "x", "--problems", "missing.jsonl"],
        ["make", "--family", "x"],
        ["make", "--family", "knapsack", "--out", "missing/folder/file.jsonl"],
        ["pairs", "missing.jsonl"],
    ],
)
def test_wrong_use_is_one_error(arguments: list[str]) -> None:
    result = runner.invoke(app, ["problems", *arguments])
    assert isinstance(result.exception, PyriteError)
    assert "\n" not in result.exception.message
