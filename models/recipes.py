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
from ..feasibility.settings import from_table, near, parse_toml
from .methods import Method, get_method
from .sections import (
    AnswersSection,
    CompanionsSection,
    ForgettingSection,
    MethodSection,
    ModelSection,
    ObjectiveSection,
    ProblemSection,
    PromptSection,
    Recipe,
    ScheduleSection,
    TasksSection,
)
from .training.objectives import TuningObjective, get_objective

__all__ = [
    "AnswersSection",
    "CompanionsSection",
    "ForgettingSection",
    "MethodSection",
    "ModelSection",
    "ObjectiveSection",
    "ProblemSection",
    "PromptSection",
    "Recipe",
    "ScheduleSection",
    "TasksSection",
    "parse_recipe",
    "read_recipe",
    "recipe_from",
    "recipe_names",
    "recipe_text",
    "with_steps",
]


def read_recipe(path: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe file, or a committed one by its bare name (``demo``). Raises PyriteError naming file and key.

    ``settings`` are other values, ``schedule.steps=50``, put over the file's.
    """
    return parse_recipe(recipe_text(path), str(path), settings)


def recipe_text(path: str | Path, settings: Sequence[str] = ()) -> str:
    """A recipe as written: a file, or a committed one by its bare name; ``settings`` are noted in front."""
    changed = "".join(f"# changed by --set {shortest(setting)}\n" for setting in settings)
    return changed + _text(Path(path))


def shortest(setting: str) -> str:
    """A setting as a comment can hold it."""
    return " ".join(setting.split())


def _text(path: Path) -> str:
    if not path.suffix and not path.is_file() and path.name in recipe_names():
        return resources.files(__package__).joinpath("recipes", f"{path.name}.toml").read_text(encoding="utf-8")
    if not path.exists():
        raise PyriteError(f"there is no recipe {path}; give a file, or one of {', '.join(recipe_names())}")
    return read_whole(path, 1_000_000)


def recipe_names() -> list[str]:
    """The recipes that come with Pyrite."""
    folder = resources.files(__package__).joinpath("recipes")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def parse_recipe(text: str, where: str = "recipe", settings: Sequence[str] = ()) -> Recipe:
    """Read and check a recipe's text, with other values put over it where ``settings`` say so.

    >>> parse_recipe('[schedule]\\nstep = 3')
    Traceback (most recent call last):
    pyrite.feasibility.errors.PyriteError: recipe: [schedule] has no key 'step'; did you mean 'steps'?
    """
    document = parse_toml(text, where)
    for setting in settings:
        _put(document, setting)
    return recipe_from(document, where)


def recipe_from(document: dict[str, Any], where: str) -> Recipe:
    """A recipe from its tables. Raises PyriteError naming ``where`` and the key for what does not go together."""
    recipe = _with_prompt_text(from_table(Recipe, document, where), where)
    _check(recipe, where)
    return recipe


def _put(document: dict[str, Any], setting: str) -> None:
    """Put ``section.key=value`` into the document; the value is TOML, or a bare word."""
    path, equals, text = (part.strip() for part in setting.partition("="))
    keys = path.split(".")
    if not equals or not all(keys):
        raise PyriteError(f"--set takes section.key=value, such as schedule.steps=50, not {setting!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    place = document
    for key in keys[:-1]:
        below = place.setdefault(key, {})
        if not isinstance(below, dict):
            raise PyriteError(f"--set {setting}: {key} is no section")
        place = below
    place[keys[-1]] = value


def _with_prompt_text(recipe: Recipe, where: str) -> Recipe:
    """``[prompt] file`` read into ``system``: what decides the weights is the wording, not where it lies."""
    prompt = recipe.prompt
    if not prompt.file:
        return recipe
    if prompt.system:
        raise PyriteError(f"{where}: [prompt] takes system or file, not both")
    return dataclasses.replace(recipe, prompt=dataclasses.replace(prompt, file="", system=own_prompt(prompt.file)))


def own_prompt(path: str) -> str:
    """The system prompt in a file, without blanks around it. Raises PyriteError when there is none or it is empty."""
    if not Path(path).is_file():
        raise PyriteError(f"there is no prompt file {path}")
    text = read_whole(Path(path), 100_000).strip()
    if not text:
        raise PyriteError(f"the prompt file {path} is empty")
    return text


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
    _check_forgetting(where, recipe.forgetting, data)
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
    if objective.draws and not data.is_named:
        raise PyriteError(f"{where}: [data] needs families, grids or a file to train on")
    try:
        objective.check_recipe(method, schedule)
        _check_tasks(recipe, method, objective)
    except PyriteError as error:
        raise PyriteError(f"{where}: {error.message}") from error


def _check_problems(where: str, key: str, section: ProblemSection) -> None:
    _at_least(where, key, section, count=1, first_seed=0, max_tokens=0)
    if section.file and section.texts != "varied":
        raise PyriteError(f"{where}: {key}.texts is about generated families; a file's problems are told as they are")
    if sum(map(bool, (section.families, section.grids, section.file))) > 1:
        raise PyriteError(f"{where}: [{key}] takes families, grids or a file, one of them")
    _check_grids(where, key, section)
    if not section.variants:
        raise PyriteError(f"{where}: {key}.variants is empty")
    if section.families:
        from ..problems.families import FAMILIES, VARIANTS

        for kind, names, known in (("families", section.families, FAMILIES), ("variants", section.variants, VARIANTS)):
            for name in names:
                if name not in known:
                    raise PyriteError(f"{where}: {key}.{kind} has no {name!r}; {near(name, known)}")


def _check_grids(where: str, key: str, section: ProblemSection) -> None:
    if not section.grids:
        if section.physics != "ac" or section.outages != "none":
            raise PyriteError(f"{where}: {key}.physics and {key}.outages are about grids, and none is named")
        return
    if section.task != "plan":
        raise PyriteError(f'{where}: {key}.task is "plan" where grids are named: a grid is asked for its dispatch')
    from ..problems.grids.cases import check_case

    for case in section.grids:
        try:
            check_case(case, section.physics)
        except PyriteError as error:
            raise PyriteError(f"{where}: {key}.grids: {error.message}") from error


def _check_forgetting(where: str, section: ForgettingSection, data: ProblemSection) -> None:
    _at_least(where, "forgetting", section, prompts=0, count=1)
    if section.families:
        _check_problems(where, "forgetting", ProblemSection(families=section.families, count=section.count))
    trained = [name for name in section.families if name in data.families]
    if trained:
        raise PyriteError(f"{where}: forgetting.families are families that are not trained, and {trained[0]!r} is")


def _check_tasks(recipe: Recipe, method: Method, objective: TuningObjective) -> None:
    tasks, families = recipe.tasks, recipe.data.families
    if tasks.plan == "mixed":
        if tasks != TasksSection():
            raise PyriteError('[tasks] has keys that plan = "mixed" does not use; say plan, or leave them out')
        return
    if not 0 < tasks.core < 1:
        raise PyriteError(
            f"tasks.core is a share above 0 and below 1, not {tasks.core:g}: with 0 nothing would be kept apart, with "
            "1 nothing could learn after the first group"
        )
    if tasks.probe_steps < 1:
        raise PyriteError(f"tasks.probe_steps is at least 1, not {tasks.probe_steps}")
    for name, value in (("threshold", tasks.threshold), ("blend", tasks.blend), ("density", tasks.density)):
        if not 0 <= value <= 1 or (name == "density" and not value):
            raise PyriteError(f"tasks.{name} lies between 0 and 1, not {value:g}")
    if not math.isfinite(tasks.scale) or tasks.scale <= 0:
        raise PyriteError(f"tasks.scale is a number above 0, not {tasks.scale:g}")
    if families and len(set(families)) < 2:
        raise PyriteError(f"[tasks] needs at least 2 families to teach by task, and there is only {families[0]!r}")
    if not objective.by_task:
        raise PyriteError(f"objective {objective.name!r} cannot be taught by task; take supervised or dft")
    if tasks.plan != "sequential" and not method.blends:
        raise PyriteError(f"method {method.name!r} cannot be blended number by number; take full or lora")
    if recipe.schedule.packing:
        raise PyriteError("schedule.packing does not go with [tasks]: a row holds one example of one task")
    if tasks.plan == "merged" and recipe.schedule.checkpoints:
        raise PyriteError("schedule.checkpoints do not go with merging: there is one model, at the end")


def _at_least(where: str, section: str, values: Any, **least: int) -> None:
    for name, bound in least.items():
        if getattr(values, name) < bound:
            raise PyriteError(f"{where}: {section}.{name} is at least {bound}, not {getattr(values, name)}")


def with_steps(recipe: Recipe, steps: int, checkpoints: Sequence[int]) -> Recipe:
    """The same recipe with another length."""
    schedule = dataclasses.replace(recipe.schedule, steps=steps, checkpoints=tuple(checkpoints))
    return dataclasses.replace(recipe, schedule=schedule)
