"""What a tuning method is. Adding one: a small file with an object of this shape, and one line in ``methods/__init__``.

A method says which of the model's parameters learn. The data, the schedule, the loss on the completion, checkpoints and
resuming are the same for all of them and live in ``tuning``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Method(Protocol):
    """A way to tune. Options are what stands under ``[method.options]`` of a recipe."""

    name: str
    """The word in recipes."""

    summary: str
    """One line for ``pyrite tune --methods``, with the method's source."""

    trains: bool
    """False only for the base model as it is."""

    packs: bool
    """Whether several examples may share one row (False when the method adds positions of its own to each row)."""

    learning_rate: float
    """The learning rate where a recipe names none."""

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The complete options, before any work and without a model. Raises PyriteError naming the option."""
        ...

    def prepare(self, model: Any, options: Mapping[str, Any]) -> Any:
        """The model to train: exactly the parameters that learn have ``requires_grad``."""
        ...

    def save(self, model: Any, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        """Write what was learned into ``folder``.

        ``state`` has the whole tensors by the model's own names when the model itself holds only parts of them
        (weights split over processes); those that do not learn may be missing from it when the method adds to a base.
        """
        ...

    def resume(self, model: Any, folder: Path) -> None:
        """Put what :meth:`save` wrote back into a prepared model, so that training goes on from there."""
        ...

    def restore(self, model: Any, folder: Path) -> Any:
        """A freshly loaded base model with what was learned, ready to answer (merged where that is possible)."""
        ...
