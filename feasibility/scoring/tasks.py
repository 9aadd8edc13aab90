"""The tasks: what a text is read as, and which questions are then asked about it, in which order.

A task is a ladder with its reader: the first stages read the text into an attempt, the later ones question what was
read. A new task is a module with its stages and its attempt, and an entry in ``TASKS``; the ladder, the pool, the files
and the tables know only :class:`Task` and the ladder that each verdict carries.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any, Protocol

from ..errors import PyriteError
from ..language.formulation import Formulation
from ..policy import Policy
from ..verdict import FORMULATION, PLAN, Ladder
from .prepared import Preparing
from .stages.attempt import FormulationAttempt
from .stages.planned import Keeps, Optimal, ParsesPlan, PlanAttempt, PlanNames, PlanSchema
from .stages.protocol import Attempt, Stage, Watch
from .stages.substance import SUBSTANCE
from .stages.surface import Names, Parses, Schema


class Task(Protocol):
    """A ladder with its reader."""

    @property
    def ladder(self) -> Ladder:
        """The names of the stages, and which of them are surface."""
        ...

    @property
    def stages(self) -> tuple[Stage[Any], ...]:
        """The stages in the ladder's order."""
        ...

    def attempt(self, text: str, preparing: Preparing, watch: Watch) -> Attempt:
        """An output at the foot of the ladder."""
        ...

    def strongest(self, preparing: Preparing) -> str:
        """The stage that decides substance, by what the problem's reference allows."""
        ...


class FormulationTask:
    """Formulations: is the optimization model that the text states the right one?"""

    ladder = FORMULATION
    stages: tuple[Stage[Any], ...] = (
        Parses(),
        Schema(),
        Names(),
        *SUBSTANCE,
    )

    def attempt(self, text: str, preparing: Preparing, watch: Watch) -> FormulationAttempt:
        """A text at the foot of the ladder."""
        return self._attempt(text, None, preparing, watch)

    def attempt_given(self, formulation: Formulation, preparing: Preparing, watch: Watch) -> FormulationAttempt:
        """A formulation that is already read: it passes ``parses``, and the schema is checked again."""
        return self._attempt("", formulation, preparing, watch)

    def strongest(self, preparing: Preparing) -> str:
        """See :attr:`.reference.Reference.strongest`."""
        return preparing.reference.strongest

    def _attempt(self, text: str, given: Formulation | None, preparing: Preparing, watch: Watch) -> FormulationAttempt:
        policy: Policy = preparing.policy
        return FormulationAttempt(text, given, policy, preparing, time.monotonic() + policy.time_limit, watch)


FORMULATIONS = FormulationTask()


class PlanTask:
    """Plans: does the solution that the text states keep the problem's rules, and is it the best one?"""

    ladder = PLAN
    stages: tuple[Stage[Any], ...] = (
        ParsesPlan(),
        PlanSchema(),
        PlanNames(),
        Keeps("bounds", "does every value keep its bounds?"),
        Keeps("integrality", "is whole what has to be whole?"),
        Keeps("inequalities", "does the plan keep every inequality?"),
        Keeps("equalities", "does the plan keep every equality?"),
        Optimal(),
    )

    def attempt(self, text: str, preparing: Preparing, watch: Watch) -> PlanAttempt:
        """A text at the foot of the ladder."""
        policy: Policy = preparing.policy
        return PlanAttempt(text, policy, preparing, time.monotonic() + policy.time_limit, watch)

    def strongest(self, preparing: Preparing) -> str:
        """``optimal`` when there is an optimum to compare with, else ``equalities``: the last kind of rule."""
        reference = preparing.reference
        if reference.optimum is not None or reference.status == "optimal":
            return "optimal"
        return "optimal" if reference.formulation is not None and reference.status is None else "equalities"


PLANS = PlanTask()

TASKS: dict[str, str] = {
    "formulation": f"{__name__}:FORMULATIONS",
    "code": f"{__package__}.code_task:PROGRAMS",
    "plan": f"{__name__}:PLANS",
}
"""Where each task is found (module:object): what is not asked for is not imported."""


def get_task(name: str) -> Task:
    """The task of this name. Raises PyriteError, with the names there are, when there is none."""
    place = TASKS.get(name)
    if place is None:
        raise PyriteError(f"there is no task {name!r}; there is {', '.join(sorted(TASKS))}")
    module, _, attribute = place.partition(":")
    task: Task = getattr(import_module(module), attribute)
    return task
