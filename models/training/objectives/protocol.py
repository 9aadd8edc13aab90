"""What an objective is: which signal teaches. Adding one: a small file with an object of this shape, and one line in
``pyproject.toml`` under ``pyrite.objectives`` (of Pyrite, or of a package of your own).

An objective says what data it learns from, which of trl's trainers does the work, and that trainer's configuration.
Which parameters learn is the method's business; checkpoints, resuming, the order of the examples and several processes
are the same for every objective: ``tuning`` puts them on the trainer that the objective names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    def __len__(self) -> int:
        return len(self.dataset)


@runtime_checkable
class TuningObjective(Protocol):
    """A signal to learn from. Options are what stands under ``[objective.options]`` of a recipe."""

    name: str
    """The word in recipes."""

    summary: str
    """One line for people, with the objective's source."""

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

    def trainer(self) -> type[Any]:
        """A subclass of transformers' ``Trainer`` that takes the loss; instances have ``method``, a :class:`Method`."""
        ...

    def configure(self, settings: Mapping[str, Any], schedule: ScheduleSection, options: Mapping[str, Any]) -> Any:
        """The trainer's configuration: ``settings`` (keywords that every trainer takes) with what is its own."""
        ...

    def counts(self, batch: Mapping[str, Any]) -> tuple[int, int]:
        """Tokens that go through the model for a batch, padding not counted, and those that the loss is taken on."""
        ...
