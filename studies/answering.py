"""Drawing a recipe's problems and having a model answer them into a run folder, as the pipeline does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..models.prompts import Prompt
    from ..models.sections import ProblemSection, Recipe
    from ..problems.problem import Problem


def draw(section: ProblemSection, split: str, prompt: Prompt, tokenizer: Any) -> tuple[Problem, ...]:
    """Problems of a section, as the pipeline draws them."""
    from ..models.data import draw_problems

    return draw_problems(section, split, prompt, tokenizer).problems


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
