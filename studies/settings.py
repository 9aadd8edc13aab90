"""A study's own tables: ``[search]``, ``[also]``, ``[analysis]``, ``[estimate]`` and a method's ``pairs``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..feasibility.errors import PyriteError


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSection:
    """``[search]``: the learning rate is chosen by substance on validation problems, which no table shows.

    Every method gets the same number of rates: ``learning_rates`` as they stand, or ``factors`` of the method's own
    rate. Nothing said: no search, the recipe's rate. A method in ``[axes]`` may name rates of its own, as many.
    """

    learning_rates: tuple[float, ...] = ()
    factors: tuple[float, ...] = ()
    problems: int = 30  # validation problems asked of each candidate, told and drawn as [answers.problems]
    seeds: Literal["each", "first"] = "each"  # first: the other seeds of a setting take the first one's rate

    def __post_init__(self) -> None:
        if self.learning_rates and self.factors:
            raise PyriteError("learning_rates or factors, not both")
        if any(not 0 < rate < float("inf") for rate in (*self.learning_rates, *self.factors)):
            raise PyriteError("rates and factors are above 0")
        if len(set(self.rates)) < len(self.rates):
            raise PyriteError("the same value stands twice")
        if self.problems < 1:
            raise PyriteError(f"problems is at least 1, not {self.problems}")

    @property
    def rates(self) -> tuple[float, ...]:
        """Whichever was given."""
        return self.learning_rates or self.factors


ROLES = ("model", "expert", "teacher")
"""What a cell that was tuned before can be to a later one (``after``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsSection:
    """``pairs`` of a method: its objective learns from judged answers that ``after.model`` gave to training problems.

    The problems are the first of ``[data]``; what is drawn is what ``pyrite pairs`` draws.
    """

    kind: Literal["right-wrong", "surface-matched", "form-only", "labels", "right"] = "surface-matched"
    problems: int = 100
    samples: int = 8
    temperature: float = 1.0
    cap: int = 4  # lines a problem

    def __post_init__(self) -> None:
        if min(self.problems, self.samples) < 1 or self.cap < 0 or not self.temperature > 0:
            raise PyriteError("problems and samples are at least 1, cap is not negative, temperature is above 0")


SIZES = ("parameters", "pretraining tokens")
"""Of a model before it is tuned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSection:
    """``[analysis]``: what is made of the cells."""

    kind: Literal["table", "scaling", "layers"] = "table"
    baseline: str | None = None  # a value of the first axis that every other is compared with, by its label

    size_axes: tuple[str, ...] = ("method.options.r",)  # scaling: what is X, an axis a factor; D is data.count
    sizes: tuple[str, ...] = ("parameters",)  # scaling: what X is where an axis's values are models, a factor each
    hold_out: int = 1  # scaling: largest values of X and of D that are kept out of the fit
    draws: int = 200  # scaling: bootstrap refits
    exchange_problems: int = 40  # layers: how many of the asked problems each exchange of layers is asked

    def __post_init__(self) -> None:
        if not self.size_axes or self.hold_out < 0 or self.draws < 0 or self.exchange_problems < 1:
            raise PyriteError(
                "size_axes names an axis, hold_out and draws are at least 0, exchange_problems at least 1"
            )
        if not self.sizes or len(set(self.sizes)) < len(self.sizes) or not set(self.sizes) <= set(SIZES):
            raise PyriteError(f"sizes are {' and '.join(SIZES)}, or one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSection:
    """``[estimate]``: rates for ``--plan`` until cells of the same method have been timed.

    The defaults were measured on the embedded model (135 million parameters) on two CPU cores.
    """

    parameters: float = 135e6  # of the model that is tuned; time grows with it
    tokens_per_second: float = 410.0  # in training
    seconds_per_answer: float = 1.06
    tokens_per_example: float = 330.0
    method_factors: dict[str, float] = field(default_factory=dict)  # how much longer a method trains, by its label
