"""What a tuning method is. Adding one: a small file with an object of this shape, and one line in ``pyproject.toml``
under ``pyrite.methods`` (of Pyrite, or of a package of your own).

A method says which parameters learn, and whatever the rest must know about it: nothing else in Pyrite asks for a method
by its name. The data, the schedule, the loss, checkpoints and resuming are the same for all of them. A class that
inherits from :class:`Method` has the answers of most methods already and writes only what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..prompts import Prompt


@runtime_checkable
class Prefill(Protocol):
    """What a method does to the hidden states of a prompt, and of nothing that is written after it."""

    def begin(self, prompts: Sequence[Sequence[int]], device: Any) -> None:
        """Before everything else: the prompts of the rows, as tokens."""
        ...

    def shareable(self, lengths: Sequence[int]) -> int:
        """How many first tokens rows with prompts of these lengths may have computed once for all of them."""
        ...

    def aim(self, places: Any, lengths: Any) -> None:
        """Before a pass of the model: ``places`` (rows, positions) counts a row's tokens from 0, with -1 for padding;
        ``lengths`` (rows) are the whole prompts' tokens. A pass without aim is left alone."""
        ...

    def rest(self) -> None:
        """After the prompt: the passes that follow are left alone."""
        ...


@dataclass(frozen=True, slots=True)
class Restored:
    """A model with what was learned, ready to answer, and what answering must know about it."""

    model: Any
    inner: Any = None
    """The language model itself where ``model`` is wrapped around it; None when they are the same."""
    merged: bool = True
    """Plain weights with nothing on top: they can be written as one model that other programs read."""
    plain_generate: bool = False
    """It adds positions or keeps state of its own, and answers only through transformers' ``generate``."""
    prefill: Prefill | None = None
    ending: tuple[int, ...] = ()
    """Tokens that end each prompt, in training as in answering."""

    @property
    def language_model(self) -> Any:
        """The language model without what is wrapped around it."""
        return self.model if self.inner is None else self.inner


@runtime_checkable
class Method(Protocol):
    """A way to tune. Options are what stands under ``[method.options]`` of a recipe."""

    name: str
    """The word in recipes."""

    summary: str
    """One line for ``pyrite tune --methods``, with the method's source."""

    learning_rate: float
    """The learning rate where a recipe names none."""

    trains: bool = True
    """False only for the base model as it is."""

    packs: bool = True
    """Whether several examples may share one row (False when it depends on where an example begins)."""

    narrow: bool = True
    """Whether positions stay where the tokens are, so that the loss may ask for the logits of a few of them."""

    adds: bool = False
    """Whether it adds to a frozen base, which a checkpoint then leaves out."""

    blends: bool = True
    """Whether what learns are free numbers, of which any may be kept, exchanged or blended without the others."""

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The complete options, before any work and without a model. Raises PyriteError naming the option."""
        ...

    def helper(self, options: Mapping[str, Any]) -> str:
        """Another model that it needs, as ``--model`` takes it; empty: none. It is loaded, frozen, and handed over."""
        return ""

    def prompt(self, prompt: Prompt, tokenizer: Any, options: Mapping[str, Any]) -> Prompt:
        """The prompt with what the method adds to it."""
        return prompt

    def prepare(self, model: Any, options: Mapping[str, Any], helper: Any = None) -> Any:
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

    def restore(self, model: Any, folder: Path, helper: Any = None) -> Restored:
        """A freshly loaded base model with what was learned, ready to answer (merged where that is possible)."""
        ...

    def inner(self, model: Any) -> Any:
        """The language model inside of what :meth:`prepare` gave."""
        return model

    def check_split(self, model: Any) -> None:
        """Raise PyriteError when what it learns cannot be saved from weights that are split over processes."""
        return

    def decays(self, parameter: str) -> bool:
        """Whether the schedule's weight decay may apply to the learning parameter of that name."""
        return True

    def prefill(self, model: Any) -> Prefill | None:
        """What the prepared ``model`` does to prompts that it answers while it trains; None when nothing."""
        return None

    def on_batch(self, model: Any, batch: Mapping[str, Any]) -> None:
        """Before each training pass: ``input_ids``, ``attention_mask`` and ``labels``, each (rows, positions)."""
        return

    def on_step(self, model: Any, step: int) -> None:
        """After the gradients of a step were applied, before they are cleared."""
        return
