"""Recipes: a TOML file that says which model is tuned how, on what, and how it is asked afterwards.

A recipe is read and checked completely before any work; every complaint names the key. The sections are the classes of
``sections``, the keys are their fields.
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ..feasibility.disk import read_whole
from ..feasibility.errors import PyriteError
from ..feasibility.settings import from_table, near
from .methods import get_method
from .sections import (
    AnswersSection,
    CompanionsSection,
    MethodSection,
    ModelSection,
    ObjectiveSection,
    ProblemSection,
    PromptSection,
    Recipe,
    ScheduleSection,
)
from .training.objectives import get_objective

__all__ = [
    "AnswersSection",
    "CompanionsSection",
    "MethodSection",
    "ModelSection",
    "ObjectiveSection",
    "ProblemSection",
    "PromptSection",
    "Recipe",
    "ScheduleSection",
    "parse_recipe",
    "read_recipe",
    "recipe_names",
    "recipe_text",
    "with_steps",
]


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe file, or a committed one by its bare name (``demo``). Raises PyriteError naming file and key."""
    return parse_recipe(recipe_text(path), str(path))


def recipe_text(path: str | Path) -> str:
    """A recipe as written: a file, or a committed one by its bare name."""
    path = Path(path)
    if not path.suffix and not path.exists() and path.name in recipe_names():
        return resources.files(__package__).joinpath("recipes", f"{path.name}.toml").read_text(encoding="utf-8")
    if not path.exists():
        raise PyriteError(f"there is no recipe {path}; give a file, or one of {', '.join(recipe_names())}")
    return read_whole(path, 1_000_000)


def recipe_names() -> list[str]:
    """The recipes that come with Pyrite."""
    folder = resources.files(__package__).joinpath("recipes")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def parse_recipe(text: str, where: str = "recipe") -> Recipe:
    """Read and check a recipe's text.

    >>> parse_recipe('[schedule]\\nstep = 3')
    Traceback (most recent call last):
    pyrite.feasibility.errors.PyriteError: recipe: [schedule] has no key 'step'; did you mean 'steps'?
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PyriteError(f"{where} is no TOML: {error}") from error
    recipe = from_table(Recipe, document, where)
    _check(recipe, where)
    return recipe


def _check(recipe: Recipe, where: str) -> None:
    schedule, data, asked = recipe.schedule, recipe.data, recipe.answers.problems
    if not re.fullmatch(r"\w[\w.+-]{0,99}", recipe.name):
        raise PyriteError(f"{where}: name is a folder's name (letters, digits, _, -, + and .), not {recipe.name!r}")
    _at_least(where, "schedule", schedule, steps=0, batch_size=1, accumulation=1, max_length=32, save_every=1, seed=0)
    _at_least(where, "model", recipe.model, threads=0)
    _at_least(where, "prompt", recipe.prompt, examples=0)
    for name in ("learning_rate", "weight_decay", "max_grad_norm", "warmup", "epochs"):
        value = getattr(schedule, name)
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise PyriteError(f"{where}: schedule.{name} is a number from 0, not {value}")
    if schedule.warmup > 1:
        raise PyriteError(f"{where}: schedule.warmup is a share of the steps (0 to 1), not {schedule.warmup}")
    if not schedule.steps and not schedule.epochs:
        raise PyriteError(f"{where}: schedule.steps or schedule.epochs must be above 0")
    if any(step < 1 for step in schedule.checkpoints) or len(set(schedule.checkpoints)) < len(schedule.checkpoints):
        raise PyriteError(f"{where}: schedule.checkpoints are different step numbers from 1")
    if schedule.steps and any(step > schedule.steps for step in schedule.checkpoints):
        raise PyriteError(f"{where}: schedule.checkpoints go beyond schedule.steps ({schedule.steps})")
    for key, section in (("data", data), ("answers.problems", asked)):
        _check_problems(where, key, section)
    try:
        recipe.answers.settings()
    except PyriteError as error:
        raise PyriteError(f"{where}: [answers] {error.message}") from error
    try:
        chosen = recipe.companions.chosen()
        if chosen and recipe.answers.back_end != "transformers":
            raise PyriteError(f"back_end {recipe.answers.back_end!r} takes no companions")
    except PyriteError as error:
        raise PyriteError(f"{where}: [companions] {error.message}") from error
    try:
        method = get_method(recipe.method.name)
        method.check(recipe.method.options)
    except PyriteError as error:
        raise PyriteError(f"{where}: [method] {error.message}") from error
    if not method.trains:
        return
    try:
        objective = get_objective(recipe.objective.name)
        objective.check(recipe.objective.options)
    except PyriteError as error:
        raise PyriteError(f"{where}: [objective] {error.message}") from error
    if objective.draws and not data.families and not data.file:
        raise PyriteError(f"{where}: [data] needs families or a file to train on")
    try:
        objective.check_recipe(method, schedule)
    except PyriteError as error:
        raise PyriteError(f"{where}: {error.message}") from error


def _check_problems(where: str, key: str, section: ProblemSection) -> None:
    _at_least(where, key, section, count=1, first_seed=0, max_tokens=0)
    if section.file and section.texts != "varied":
        raise PyriteError(f"{where}: {key}.texts is about generated families; a file's problems are told as they are")
    if section.families and section.file:
        raise PyriteError(f"{where}: [{key}] takes families or a file, not both")
    if not section.variants:
        raise PyriteError(f"{where}: {key}.variants is empty")
    if section.families:
        from ..problems.families import FAMILIES, VARIANTS

        for kind, names, known in (("families", section.families, FAMILIES), ("variants", section.variants, VARIANTS)):
            for name in names:
                if name not in known:
                    raise PyriteError(f"{where}: {key}.{kind} has no {name!r}; {near(name, known)}")


def _at_least(where: str, section: str, values: Any, **least: int) -> None:
    for name, bound in least.items():
        if getattr(values, name) < bound:
            raise PyriteError(f"{where}: {section}.{name} is at least {bound}, not {getattr(values, name)}")


def with_steps(recipe: Recipe, steps: int, checkpoints: Sequence[int]) -> Recipe:
    """The same recipe with another length."""
    schedule = dataclasses.replace(recipe.schedule, steps=steps, checkpoints=tuple(checkpoints))
    return dataclasses.replace(recipe, schedule=schedule)
