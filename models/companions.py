"""Companions: other models that help while answering, by their next-token scores.

A delta is a tuned model (``expert``) and the same model before it was tuned (``anti_expert``); what tuning changed
there is added to the scores of the model that answers (proxy-tuning, arXiv 2401.08565; emulated fine-tuning, arXiv
2310.12962).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from ..feasibility.errors import PyriteError

_MOST_SPECULATED = 16


@dataclass(frozen=True, slots=True)
class Delta:
    """One expert with its weight. Both are written as a ``--model`` is."""

    expert: str = ""
    anti_expert: str | None = None  # nothing said: the expert's own base, by its record
    alpha: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """``deltas`` are added up. ``keep_top_p`` below 1 is emulated fine-tuning's filter: a delta counts only for the
    tokens in its expert's smallest set of that probability. ``speculate`` tokens are written ahead by the first expert
    and checked in one pass of the others (0: none)."""

    deltas: tuple[Delta, ...] = ()
    keep_top_p: float = 1.0
    speculate: int = 0

    def __post_init__(self) -> None:
        for delta in self.deltas:
            if not delta.expert:
                raise PyriteError("a companion needs an expert: a model as --model takes it")
            if not math.isfinite(delta.alpha):
                raise PyriteError(f"alpha is a finite number, not {delta.alpha}")
        if not 0 < self.keep_top_p <= 1:
            raise PyriteError(f"keep_top_p lies above 0 and is at most 1, not {self.keep_top_p}")
        if not 0 <= self.speculate <= _MOST_SPECULATED:
            raise PyriteError(f"speculate is 0 to {_MOST_SPECULATED} tokens, not {self.speculate}")
        if self.speculate and not self.deltas:
            raise PyriteError("speculate needs an expert, which writes ahead")

    def __bool__(self) -> bool:
        return bool(self.deltas)

    def settings(self) -> dict[str, Any]:
        """What is not a model: for run.json."""
        return {key: value for key, value in asdict(self).items() if key != "deltas"}


def companions_of(
    experts: list[str], anti_experts: list[str], alphas: list[float], *, keep_top_p: float = 1.0, speculate: int = 0
) -> Companions:
    """The companions of a command line: options that are repeated, in the same order.

    Raises PyriteError when their numbers do not go together.
    """
    if not experts:
        if anti_experts or alphas or speculate or keep_top_p < 1:
            raise PyriteError("--anti-expert, --alpha, --keep-top-p and --speculate go with --expert MODEL")
        return Companions()
    for option, given in (("--anti-expert", anti_experts), ("--alpha", alphas)):
        if given and len(given) != len(experts):
            raise PyriteError(f"{len(experts)} --expert and {len(given)} {option}: give one for each expert, or none")
    anti: list[str | None] = [*anti_experts] or [None] * len(experts)
    weights = alphas or [1.0] * len(experts)
    deltas = [
        Delta(expert=expert, anti_expert=other, alpha=alpha)
        for expert, other, alpha in zip(experts, anti, weights, strict=True)
    ]
    return Companions(deltas=tuple(deltas), keep_top_p=keep_top_p, speculate=speculate)
