"""What an objective is: which signal teaches. Adding one: a small file with an object of this shape, and one line in
``pyproject.toml`` under ``pyrite.objectives`` (of Pyrite, or of a package of your own).

An objective says what data it learns from, which of trl's trainers does the work, and that trainer's configuration.
Which parameters learn is the method's business; checkpoints, resuming, the order of the examples and several processes
are the same for every objective: ``tuning`` puts them on the trainer that the objective names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ....problems.problem import Problem
from ...methods import Method
from ...prompts import Prompt
from ...sections import ScheduleSection


@dataclass(frozen=True, slots=True)
class Lessons:
    """The data that an objective makes of problems."""

    dataset: Any
    """A ``datasets.Dataset`` with the columns that the objective's trainer reads; ``input_ids`` gives lengths."""
    left_out: tuple[str, ...] = ()
    """Ids of the problems that were too long."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """What they were made of, for each checkpoint's record; a run goes on only with the same."""
    rows: Mapping[str, range] = field(default_factory=dict)
    """The rows of each task, where they are taught by task."""

    def __len__(self) -> int:
        return len(self.dataset)


@runtime_checkable
class TuningObjective(Protocol):
    """A signal to learn from. Options are what stands under ``[objective.options]`` of a recipe."""

    name: str
    """The word in recipes."""

    summary: str
    """One line for people, with the objective's source."""

    draws: bool = True
    """Whether it learns from the problems of ``[data]``; else it reads a file of its own."""

    by_task: bool = False
    """Whether rows made of some problems may be taught apart from the others and in a given order."""

    logged: tuple[str, ...] = ()
    """What its trainer logs besides the loss that is worth a place in ``training.jsonl``."""

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The complete options, before any work and without a model. Raises PyriteError naming the option."""
        ...

    def check_recipe(self, method: Method, schedule: ScheduleSection) -> None:
        """Raise PyriteError for a method or a schedule that does not go with this objective."""
        return

    def lessons(
        self, problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, schedule: ScheduleSection, options: Any
    ) -> Lessons:
        """The training data. Raises PyriteError when nothing can be learned from these problems."""
        ...

    def taught(self, options: Mapping[str, Any]) -> frozenset[str]:
        """The texts of the problems that it reads from a file of its own: they must not be asked afterwards."""
        return frozenset()

    def refer(self, lessons: Lessons, model: Any, tokenizer: Any, batch_size: int) -> Lessons:
        """The lessons with what the base model says of them. ``model`` is as loaded: no method has touched it yet, so
        that it is the reference of every method, and nobody keeps a second copy of it."""
        return lessons

    def arguments(self, options: Mapping[str, Any], tokenizer: Any) -> dict[str, Any]:
        """What the trainer's constructor takes besides model, data and configuration."""
        return {}

    def labelled(self, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """The batch as methods see it: ``input_ids``, ``attention_mask`` and ``labels``."""
        return batch

    def trainer(self) -> type[Any]:
        """A subclass of transformers' ``Trainer`` that takes the loss; instances have ``method``, a :class:`Method`."""
        ...

    def configure(self, settings: Mapping[str, Any], schedule: ScheduleSection, options: Mapping[str, Any]) -> Any:
        """The trainer's configuration: ``settings`` (keywords that every trainer takes) with what is its own."""
        ...

    def counts(self, batch: Mapping[str, Any]) -> tuple[int, int]:
        """Tokens that go through the model for a batch, padding not counted, and those that the loss is taken on."""
        ...
