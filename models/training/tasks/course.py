"""How a recipe's tasks are taught (``[tasks]``): in turn, kept apart (CPI-FT), or apart and merged.

CPI-FT (arXiv 2508.21741): a short tuning on each task alone shows its core; tasks with similar cores form a group; what
the probes learned is fused into one model; then each group is taught in its turn, with the cores of the groups before
it held still. What is ours, besides what ``cores``, ``blending`` and ``stages`` name: a task is a family of problems;
stage k is taught on the problems of group k (``data = "all"``: of every task), in equal parts; the schedule's steps
are dealt out by the groups' numbers of tasks; the order of the groups is drawn by the schedule's seed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ....feasibility.errors import PyriteError
from ....problems.problem import Problem
from ...methods import Method
from ...sections import Recipe, TasksSection
from .blending import Blended, fuse, merge_ties
from .cores import TaskCore, copied, core_of, groups, learning, modules, similarities, size, union
from .stages import TrainingStage

LEAST = 2
"""Problems that a task needs, and tasks that a plan needs."""


def by_family(problems: Sequence[Problem]) -> dict[str, tuple[Problem, ...]]:
    """The problems of each task, in the order in which tasks first appear. Raises PyriteError when there is one task
    only, or one with one problem."""
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        if not problem.family:
            raise PyriteError(f"[tasks] a task is a family, and problem {problem.id!r} names none")
        found.setdefault(problem.family, []).append(problem)
    if len(found) < LEAST:
        raise PyriteError(
            f"[tasks] needs at least {LEAST} families to teach by task, and there is only {next(iter(found))!r}"
        )
    for task, asked in found.items():
        if len(asked) < LEAST:
            raise PyriteError(
                f"[tasks] task {task!r} has {len(asked)} problem, and each needs at least {LEAST}; raise [data] count"
            )
    return {task: tuple(asked) for task, asked in found.items()}


def folder_name(task: str) -> str:
    """A folder for a task. A family of a foreign file may be any text, ``../..`` as well."""
    if re.fullmatch(r"\w[\w-]{0,60}", task):
        return task
    return "task-" + hashlib.sha256(task.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def probe_recipe(recipe: Recipe, task: str, tasks: int) -> Recipe:
    """The recipe of a tuning on one task alone: ``probe_steps`` long; to be merged, its part of the whole schedule."""
    section = recipe.tasks
    steps = section.probe_steps
    if section.plan == "merged":
        steps = recipe.schedule.steps and max(1, round(recipe.schedule.steps / tasks))
    # A tracker is told of the tuning itself, not of what comes before it.
    schedule = dataclasses.replace(recipe.schedule, steps=steps, checkpoints=(), report_to=())
    data = recipe.data if recipe.data.file else dataclasses.replace(recipe.data, families=(task,))
    return dataclasses.replace(recipe, tasks=TasksSection(), schedule=schedule, data=data)


@dataclass(frozen=True, slots=True)
class Probe:
    """What tuning on one task alone left: a checkpoint and its record."""

    folder: Path
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """The tasks of a recipe, with their probes where the plan has some."""

    section: TasksSection
    seed: int
    tasks: Mapping[str, tuple[Problem, ...]]
    probes: Mapping[str, Probe]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every task's problems, task by task."""
        return tuple(problem for asked in self.tasks.values() for problem in asked)

    @property
    def merged_steps(self) -> int:
        """Steps of all tasks together."""
        return sum(probe.record["step"] for probe in self.probes.values())

    @property
    def loss(self) -> float:
        """The last losses of the probes, on average."""
        return float(sum(probe.record["loss"] for probe in self.probes.values()) / len(self.probes))

    def used(self) -> dict[str, Any]:
        """What the probes took."""
        records = [probe.record for probe in self.probes.values()]
        return {
            "seen": sum(record["tokens"]["seen"] for record in records),
            "learned": sum(record["tokens"]["learned"] for record in records),
            "seconds": round(sum(record["seconds"] for record in records), 3),
        }

    def merge(self, model: Any, method: Method) -> dict[str, Any]:
        """Put what the tasks taught apart into the model, by TIES; gives what the record says."""
        before = copied(learning(model))
        after = {task: self._weights(task, model, method) for task in self.tasks}
        _put(model, merge_ties(before, after, self.section.density, self.section.scale))
        return {"plan": "merged", "tasks": list(self.tasks), "probes": self.used()}

    def begin(
        self, model: Any, method: Method, rows: Mapping[str, range], steps: int
    ) -> tuple[list[TrainingStage], dict[str, Any]]:
        """The stages, and what the record says of them. ``model`` is as the method prepared it; where the plan has
        probes it holds the fused weights afterwards. ``rows`` are each task's rows in the training data."""
        turns = [[task] for task in self.tasks]
        if not self.probes:
            random.Random(self.seed).shuffle(turns)  # noqa: S311 - an order, no secret
            stages = self._stages(turns, rows, steps, {})
            return stages, {"plan": self.section.plan, "stages": _told(stages)}
        before = copied(learning(model))
        cores = {task: self._core(task, before, model, method) for task in self.tasks}
        alike = similarities(cores)
        turns = groups(list(self.tasks), alike, self.section.threshold)
        random.Random(self.seed).shuffle(turns)  # noqa: S311 - an order, no secret
        blended = self._fused(turns, before, cores, model, method)
        _put(model, blended.weights)
        stages = self._stages(turns, rows, steps, cores)
        return stages, {
            "plan": self.section.plan,
            "groups": turns,
            "jaccard": [[one, other, round(value, 6)] for (one, other), value in alike.items()],
            "jaccard_by_chance": round(_chance(cores, before), 6),
            "cores": {task: {"coordinates": size(core), "modules": modules(core)} for task, core in cores.items()},
            "fused": {name: getattr(blended, name) for name in ("curved", "straight", "transplanted", "contested")},
            "stages": _told(stages),
            "probes": {"steps": self.section.probe_steps, **self.used()},
        }

    def _weights(self, task: str, model: Any, method: Method) -> dict[str, Any]:
        method.resume(model, self.probes[task].folder)
        return copied(learning(model))

    def _core(self, task: str, before: Mapping[str, Any], model: Any, method: Method) -> TaskCore:
        section = self.section
        but = () if section.embeddings else _embeddings(method.inner(model), model)
        after = self._weights(task, model, method)
        core = core_of(before, after, section.core, by_tensor=section.scope == "tensor", but=but)
        if not core:
            raise PyriteError(
                f"[tasks] the core of {task!r} is empty: core = {section.core:g} of what learns is less than one "
                "number, or nothing moved; raise core or probe_steps"
            )
        return core

    def _fused(
        self, turns: list[list[str]], before: Any, cores: Mapping[str, TaskCore], model: Any, method: Method
    ) -> Blended:
        tasks = [(partial(self._weights, task, model, method), cores[task]) for group in turns for task in group]
        return fuse(before, tasks, self.section.blend, updates=self.section.slerp == "updates")

    def _stages(
        self, turns: list[list[str]], rows: Mapping[str, range], steps: int, cores: Mapping[str, TaskCore]
    ) -> list[TrainingStage]:
        if steps < len(turns):
            raise PyriteError(f"[tasks] {len(turns)} stages need at least as many steps, and there are {steps}")
        found: list[TrainingStage] = []
        done = taught = 0
        for group in turns:
            taught += len(group)
            # So that every later stage has at least one step too.
            until = min(max(round(steps * taught / len(self.tasks)), done + 1), steps - (len(turns) - len(found) - 1))
            before = [task for turn in turns[: len(found)] for task in turn]
            learned = list(self.tasks) if self.section.data == "all" else group
            held = union([cores[task] for task in before]) if cores else {}
            found.append(TrainingStage(tuple(group), _even(learned, rows), until - done, held))
            done = until
        return found


def _even(tasks: Sequence[str], rows: Mapping[str, range]) -> tuple[int, ...]:
    """Rows of the tasks in equal parts: a task with fewer rows has them again."""
    most = max(len(rows[task]) for task in tasks)
    return tuple(rows[task][place % len(rows[task])] for place in range(most) for task in tasks)


def _told(stages: Sequence[TrainingStage]) -> list[dict[str, Any]]:
    return [
        {"tasks": list(stage.tasks), "steps": stage.steps, "rows": len(stage.rows), "held": size(stage.held)}
        for stage in stages
    ]


def sentences(told: Mapping[str, Any]) -> Iterator[str]:
    """What people are told before a course begins."""
    for one, other, value in told.get("jaccard", ()):
        yield f"cores of {one} and {other}: Jaccard {value:.3f} (by chance {told['jaccard_by_chance']:.3f})"
    for task, core in told.get("cores", {}).items():
        most, count = next(iter(core["modules"].items()))
        yield f"core of {task}: {core['coordinates']:,} numbers, {count / core['coordinates']:.0%} of them in {most}"
    stages = told["stages"]
    for number, stage in enumerate(stages, 1):
        held = f", {stage['held']:,} numbers held" if stage["held"] else ""
        yield f"stage {number} of {len(stages)}: {', '.join(stage['tasks'])}, {stage['steps']} steps{held}"
    if told["plan"] == "isolated" and len(stages) == 1:
        yield "all tasks are one group, so that no core is held: raise tasks.threshold to keep them apart"


def _chance(cores: Mapping[str, TaskCore], before: Mapping[str, Any]) -> float:
    """The Jaccard of two random cores of the mean size: p / (2 - p)."""
    share = float(sum(map(size, cores.values())) / len(cores) / sum(tensor.numel() for tensor in before.values()))
    return share / (2 - share)


def _put(model: Any, weights: Mapping[str, Any]) -> None:
    for name, tensor in learning(model).items():
        tensor.copy_(weights[name])


def _embeddings(inner: Any, model: Any) -> tuple[str, ...]:
    """The names of what learns in the embeddings, on the way in and out."""
    places = [inner.get_input_embeddings(), inner.get_output_embeddings()]
    own = {id(parameter) for place in places if place is not None for parameter in place.parameters()}
    return tuple(name for name, parameter in model.named_parameters() if id(parameter) in own)
