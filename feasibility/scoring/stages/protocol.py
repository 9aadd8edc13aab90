"""What a stage is, and what an output on its way up must offer the ladder.

A stage is one question. It reads from the attempt what earlier stages left there, leaves what later ones need, and
answers with a :class:`~...verdict.StageResult`. The ladder knows stages by this Protocol alone, so a task of another
kind (a plan, a program that states a model) brings stages and an attempt of its own and the ladder stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from ...policy import Policy
from ...verdict import StageResult

Watch: TypeAlias = Callable[[str, str], None]
"""Told (stage, state) with state begun, pass, fail, unknown or skipped; the stage ``reference`` is begun and done."""

AttemptT_contra = TypeVar("AttemptT_contra", contravariant=True)


class Attempt(Protocol):
    """One output on its way up a ladder: what the stages know of it so far."""

    policy: Policy
    results: dict[str, StageResult]
    """The stages that are answered, in the order of the ladder."""

    deadline: float
    """The ``time.monotonic()`` value at which its time is over."""

    waited: float
    """Seconds that went into the problem and not into this output (preparing its reference)."""

    def missing(self, need: str) -> StageResult | None:
        """The answer of a stage that needs what is not there (unknown, or skipped); None when it is there."""
        ...

    def evidence(self) -> dict[str, Any]:
        """The verdict's own fields at the end: any of optimum, reference_optimum, proof, relation, witness."""
        ...


class Stage(Protocol[AttemptT_contra]):
    """One yes/no/unknown question about an output."""

    @property
    def name(self) -> str:
        """The word in verdicts, tables and codes, such as ``feasible``."""
        ...

    @property
    def title(self) -> str:
        """The question, for people."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """What must be there before it is asked, in words that the attempt's ``missing`` understands."""
        ...

    def ask(self, attempt: AttemptT_contra) -> StageResult:
        """The answer. What ``needs`` names is there. An exception becomes ``unknown`` with ``internal-error``."""
        ...
