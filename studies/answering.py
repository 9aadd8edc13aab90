"""What cells do as the pipeline does: answers into a run folder, the recipe with a chosen rate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..feasibility.disk import shaped
from .plan import trains

if TYPE_CHECKING:
    from ..models.prompts import Prompt
    from ..models.sections import Recipe
    from ..problems.problem import Problem

Say = Callable[[str], None]
"""Hears what happens, a sentence at a time."""


def prompt_of(recipe: Recipe) -> tuple[Prompt, Any]:
    """The recipe's prompt, and the tokenizer of its model."""
    from ..models.data import recipe_prompt
    from ..models.sources import load_tokenizer, parse_source

    tokenizer = load_tokenizer(parse_source(recipe.model.source, recipe.model.adapter), lambda text: None)
    return recipe_prompt(recipe.prompt, recipe.data), tokenizer


def answer(recipe: Recipe, checkpoint: Path | None, asked: Sequence[Problem], prompt: Prompt, run: Path) -> None:
    """Have a checkpoint, or the model itself, answer what is not answered yet in ``run``."""
    from ..models.answering.into_run import answer_into
    from ..models.answering.making import make_answerer
    from ..models.sources import parse_source

    model, settings = recipe.model, recipe.answers.settings()
    source = parse_source(str(checkpoint)) if checkpoint else parse_source(model.source, model.adapter)
    answerer = make_answerer(
        source,
        prompt,
        settings,
        (model.device, model.dtype, model.threads),
        note=lambda text: None,
        back_end=recipe.answers.back_end,
        companions=recipe.companions.chosen(),
    )
    answer_into(run, answerer, list(asked), settings)


def with_rate(recipe: Recipe, rate: float | None) -> Recipe:
    """The recipe with another learning rate (None: its own), and without the base model, which is a row of its own."""
    schedule = recipe.schedule if rate is None else dataclasses.replace(recipe.schedule, learning_rate=rate)
    answers = dataclasses.replace(recipe.answers, base=not trains(recipe))
    # Forgetting is measured by the study, against the model that nothing was tuned of: see measuring.
    forgetting = dataclasses.replace(recipe.forgetting, prompts=0)
    return dataclasses.replace(recipe, schedule=schedule, answers=answers, forgetting=forgetting)


def last_checkpoint(run: Path) -> tuple[Path | None, int]:
    """The last checkpoint of a pipeline's folder and its training examples; None for a method that does not train."""
    from ..models.sources import RECORD
    from ..models.training.checkpoints import whole_checkpoints

    done = whole_checkpoints(run / "tuning") if (run / "tuning").is_dir() else {}
    if not done:
        return None, 0
    path = done[max(done)]
    with shaped(path / RECORD, "record"):
        return path, int(checkpoint_record(path)["examples"])


def checkpoint_record(checkpoint: Path | None) -> dict[str, Any]:
    """What Pyrite wrote beside a checkpoint; empty for none."""
    from ..models.sources import read_record

    return {} if checkpoint is None else dict(read_record(checkpoint))
