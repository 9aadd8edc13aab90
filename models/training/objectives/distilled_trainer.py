"""trl's ``DistillationTrainer`` with Pyrite's prompts, order and sources of weights."""

from __future__ import annotations

from typing import Any

import torch
from trl import DistillationTrainer

from ....feasibility.errors import PyriteError
from ...devices import choose_compute
from ...sources import load, parse_source
from ..order import GroupOrder
from .sampling import SamplingTrainer


class TaughtTrainer(SamplingTrainer, DistillationTrainer):  # type: ignore[misc]
    """The teacher is any source of weights with the student's vocabulary."""

    def __init__(self, *, teacher: str, **arguments: Any) -> None:
        model = arguments["model"]
        compute = choose_compute(str(model.device), str(model.dtype).removeprefix("torch."), torch.get_num_threads())
        loaded = load(parse_source(teacher), compute)
        if loaded.tokenizer.get_vocab() != arguments["processing_class"].get_vocab():
            raise PyriteError(f"the teacher {teacher} has another vocabulary than the model; take one of its family")
        if not loaded.merged or loaded.prefill is not None:
            raise PyriteError(f"the teacher {teacher} is no plain model: its method cannot be merged into its weights")
        super().__init__(teacher_model=loaded.model, **arguments)

    def _get_train_sampler(self, dataset: Any = None) -> GroupOrder:
        # trl draws the order of an epoch from a generator that a stopped run has not advanced.
        passes = self.args.gradient_accumulation_steps
        together = self.args.per_device_train_batch_size * self.accelerator.num_processes * passes
        return GroupOrder(len(self.train_dataset), self.args.seed, together, 1, passes)
