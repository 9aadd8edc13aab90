"""Problem sets of a study, drawn once for all its cells and kept: drawing proves every problem, which takes time."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..feasibility.disk import make_folder, plain_file
from ..problems.files import read_problems
from ..problems.lines import write_lines
from .naming import digest_of

if TYPE_CHECKING:
    from ..models.prompts import Prompt
    from ..models.sections import ProblemSection, Recipe
    from ..problems.problem import Problem


def draw(section: ProblemSection, split: str, prompt: Prompt, tokenizer: Any, out: Path) -> tuple[Problem, ...]:
    """Problems of a section, as the pipeline draws them; where another cell has drawn them, from the folder ``drawn``.

    ``out`` is the study's folder. Two cells that draw the same set at once write the same file, each as a whole.
    """
    from ..models.data import draw_problems

    if section.file is not None:
        return draw_problems(section, split, prompt, tokenizer).problems
    decides = {"section": asdict(section), "split": split}
    if section.max_tokens:  # what fits depends on who counts
        decides |= {"prompt": prompt.identity(tokenizer), "tokenizer": _hash(tokenizer)}
    target = out / "work" / "drawn" / f"{digest_of(decides)}.jsonl"
    if not plain_file(target):
        make_folder(target.parent)
        write_lines(
            target, (problem.to_dict() for problem in draw_problems(section, split, prompt, tokenizer).problems)
        )
    return tuple(read_problems(target))


def lay_out(recipe: Recipe, prompt: Prompt, tokenizer: Any, out: Path, run: Path) -> None:
    """What the pipeline in ``run`` would draw, put where it looks for it."""
    make_folder(run)
    if not plain_file(run / "problems.jsonl"):
        asked = draw(recipe.answers.problems, "test", prompt, tokenizer, out)
        write_lines(run / "problems.jsonl", (problem.to_dict() for problem in asked))
    if not plain_file(run / "learned.jsonl"):
        learned = draw(recipe.data, "train", prompt, tokenizer, out) if recipe.data.is_named else ()
        write_lines(run / "learned.jsonl", (problem.to_dict() for problem in learned))


def _hash(tokenizer: Any) -> str:
    """Of its words and of how it cuts a text; a library's newer way of writing a tokenizer down changes nothing."""
    probe = tokenizer("Maximize 3 x_1 + 2.5 ice_cream; limit: 1,000.\n", add_special_tokens=False)["input_ids"]
    said = repr([sorted(tokenizer.get_vocab().items()), probe])
    return hashlib.sha256(said.encode()).hexdigest()
