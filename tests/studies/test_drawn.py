"""Sets that a study draws once: the same problems as the pipeline draws, read from then on, never another's."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import pyrite.models.data as data
from pyrite.feasibility.errors import PyriteError
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sections import ProblemSection
from pyrite.studies.drawn import draw, lay_out

SECTION = ProblemSection(families=("knapsack", "product-mix"), count=6, texts="plain")


class Words:
    """A tokenizer that cuts at blanks."""

    eos_token_id = 0
    chat_template = None

    def __init__(self, *extra: str) -> None:
        self.extra = extra

    def get_vocab(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.extra)}

    def __call__(self, text: str, **rest: Any) -> dict[str, list[int]]:
        return {"input_ids": [len(word) for word in text.split()]}


def _no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*rest: Any) -> None:
        raise AssertionError("it was drawn before")

    monkeypatch.setattr(data, "draw_problems", refuse)


def test_the_second_cell_reads_what_the_first_has_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = data.draw_problems(SECTION, "train").problems
    assert draw(SECTION, "train", Prompt(), Words(), tmp_path) == drawn
    _no_drawing(monkeypatch)
    assert draw(SECTION, "train", Prompt(), Words("other"), tmp_path) == drawn  # nobody counts its tokens
    for other, split in ((SECTION, "test"), (dataclasses.replace(SECTION, count=7), "train")):
        with pytest.raises(AssertionError, match="drawn before"):
            draw(other, split, Prompt(), Words(), tmp_path)


def test_where_tokens_are_counted_another_tokenizer_or_prompt_draws_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = dataclasses.replace(SECTION, max_tokens=100_000)
    plain = Prompt(fallback="plain")
    first = draw(section, "train", plain, Words(), tmp_path)
    _no_drawing(monkeypatch)
    assert draw(section, "train", plain, Words(), tmp_path) == first
    briefly = dataclasses.replace(plain, system="Answer briefly.")
    for prompt, tokenizer in ((plain, Words("other")), (briefly, Words())):
        with pytest.raises(AssertionError, match="drawn before"):
            draw(section, "train", prompt, tokenizer, tmp_path)


def test_the_pipeline_finds_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = parse_recipe(
        '[method]\nname = "full"\n[data]\nfamilies = ["knapsack"]\ncount = 3\n'
        '[answers.problems]\nfamilies = ["knapsack"]\ncount = 2\n'
    )
    lay_out(recipe, Prompt(), Words(), tmp_path, tmp_path / "run")
    lines = {name: (tmp_path / "run" / name).read_text().splitlines() for name in ("learned.jsonl", "problems.jsonl")}
    learned, asked = ([json.loads(line)["id"] for line in lines[name]] for name in lines)
    assert (len(learned), len(asked)) == (3, 2)
    assert not set(learned) & set(asked)
    _no_drawing(monkeypatch)
    lay_out(recipe, Prompt(), Words(), tmp_path, tmp_path / "run")  # what is there stays
    lay_out(recipe, Prompt(), Words(), tmp_path, tmp_path / "another")


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    draw(SECTION, "train", Prompt(), Words(), tmp_path)
    (path,) = (tmp_path / "work" / "drawn").iterdir()
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PyriteError, match="link"):
        draw(SECTION, "train", Prompt(), Words(), tmp_path)
