"""Teaching in stages: which examples when, with which coordinates held still.

A stage is a training of its own: warm-up and decay of the learning rate begin again, and the optimizer forgets its
moments. Held coordinates (CPI-FT's frozen cores: theta_t+1 = theta_t + M * Delta_t, arXiv 2508.21741, stage 4) are
written back after each step of the optimizer, for a gradient of zero would not hold them: weight decay and momentum
move them all the same. They stay as they are to the bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import TrainerCallback, get_scheduler

from ..order import EpochOrder
from .cores import TaskCore, learning


@dataclass(frozen=True, slots=True)
class TrainingStage:
    """Some steps on some of the rows."""

    tasks: tuple[str, ...]
    rows: tuple[int, ...]
    steps: int
    held: TaskCore = field(default_factory=dict)
    """Coordinates that do not move."""


def starts(stages: Sequence[TrainingStage]) -> list[int]:
    """The steps done before each stage begins."""
    return [sum(stage.steps for stage in stages[:place]) for place in range(len(stages))]


class StagedOrder(EpochOrder):
    """All steps of all stages as one pass: within a stage its rows again and again, each time in a new order that the
    seed decides; with ``lengths`` so that ``group`` examples in turn are of similar length."""

    def __init__(
        self,
        stages: Sequence[TrainingStage],
        per_step: int,
        seed: int,
        lengths: Sequence[int] | None = None,
        group: int = 1,
    ) -> None:
        super().__init__(sum(stage.steps for stage in stages) * per_step, seed)
        self._stages, self._per_step, self._by_length, self._together = tuple(stages), per_step, lengths, group

    def __iter__(self) -> Iterator[int]:
        for number, stage in enumerate(self._stages):
            left = stage.steps * self._per_step
            seed = int.from_bytes(hashlib.sha256(f"stage/{self._seed}/{number}".encode()).digest()[:4], "big")
            lengths = None if self._by_length is None else [self._by_length[row] for row in stage.rows]
            order = EpochOrder(len(stage.rows), seed, lengths, self._together)
            while left > 0:
                rows = [stage.rows[place] for place in order][:left]
                yield from rows
                left -= len(rows)
                order.epoch += 1


class Turns(TrainerCallback):  # type: ignore[misc]
    """Holds what a stage holds, and lets the optimizer forget when a new stage begins."""

    def __init__(self, stages: Sequence[TrainingStage]) -> None:
        self._stages, self._starts = stages, starts(stages)
        self._stage = -1
        self._held: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Begin a stage where one begins, also when a stopped run goes on inside it."""
        stage = max(place for place, start in enumerate(self._starts) if start <= state.global_step)
        if stage == self._stage:
            return
        if state.global_step == self._starts[stage] and stage:
            rest["optimizer"].state.clear()
        self._stage = stage
        parameters = learning(rest["model"])
        self._held = []
        for name, places in self._stages[stage].held.items():
            flat = parameters[name].view(-1)
            here = places.to(flat.device)
            self._held.append((flat, here, flat[here].clone()))

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Put held coordinates back."""
        for flat, places, values in self._held:
            flat[places] = values


def staged_schedule(kind: str, optimizer: Any, stages: Sequence[TrainingStage], warmup: float) -> Any:
    """The learning rate of every stage by itself: ``warmup`` is a share of the stage's steps."""
    idle = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)  # a schedule is made on some optimizer
    single = [get_scheduler(kind, idle, round(warmup * stage.steps), stage.steps).lr_lambdas[0] for stage in stages]
    begins = starts(stages)

    def factor(step: int) -> float:
        stage = max(place for place, start in enumerate(begins) if start <= step)
        return float(single[stage](step - begins[stage]))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
