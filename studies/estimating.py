"""How long a study will take: by what its own finished cells took, else by the rates in ``[estimate]``."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean

from ..models.sections import Recipe
from .plan import Cell, Study, trains
from .records import CellResult
from .tables import used


def work_of(study: Study, cell: Cell) -> tuple[float, int]:
    """Training tokens and answers of a whole cell, its search included."""
    recipe = cell.recipe
    learns = trains(recipe)
    examples = seen_examples(recipe) if learns else 0
    tries = len(cell.rates) if cell.rates and cell.rate_from is None else 0
    points = len({*recipe.schedule.checkpoints, recipe.schedule.steps or -1}) if learns else 1
    answers = recipe.answers.problems.count * recipe.answers.samples * points
    answers += sum(section.count for section in study.also.values()) * recipe.answers.samples
    answers += tries * study.search.problems * recipe.answers.samples
    # The chosen candidate is not tuned again.
    return examples * max(1, tries) * study.estimate.tokens_per_example, answers


def seen_examples(recipe: Recipe) -> float:
    """Examples that go through the model, repeated ones counted again."""
    schedule = recipe.schedule
    per_step = schedule.batch_size * schedule.accumulation
    tasks = recipe.tasks
    alone = tasks.probe_steps * len(recipe.data.families) * per_step if tasks.plan == "isolated" else 0
    if schedule.steps:
        return alone + schedule.steps * per_step
    return alone + schedule.epochs * recipe.data.count


def estimate(study: Study, cell: Cell) -> float:
    """Seconds of a whole cell by the rates of ``[estimate]``."""
    rates = study.estimate
    tokens, answers = work_of(study, cell)
    factor = rates.method_factors.get(cell.labels.get("method", cell.recipe.method.name), 1.0)
    scale = rates.parameters / 135e6
    return scale * (tokens / rates.tokens_per_second * factor + answers * rates.seconds_per_answer)


def seconds_left(study: Study, results: Mapping[str, CellResult]) -> dict[str, float]:
    """Seconds of each cell that is not finished.

    The estimate is multiplied by how far estimates were off for finished cells of the same method, or of any.
    """
    off: dict[str, list[float]] = {}
    for cell in study.cells:
        if cell.name in results and (expected := estimate(study, cell)) > 0:
            off.setdefault(cell.labels.get("method", ""), []).append(used(results[cell.name]) / expected)
    overall = mean([ratio for ratios in off.values() for ratio in ratios]) if off else 1.0
    return {
        cell.name: estimate(study, cell) * (mean(off.get(cell.labels.get("method", ""), [overall])))
        for cell in study.cells
        if cell.name not in results
    }
