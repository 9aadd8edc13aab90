"""Supervised finetuning: the answer of the reference, token by token, by trl's ``SFTTrainer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....feasibility.errors import PyriteError
from ....problems.problem import Problem
from ...data import encode_all
from ...methods import Method
from ...prompts import Prompt
from ...sections import ScheduleSection
from .protocol import Lessons, TuningObjective


class Supervised(TuningObjective):
    """Cross-entropy on the answers; what other ways to imitate answers inherit from."""

    name = "supervised"
    summary = "the reference's answer, token by token (cross-entropy on the answer alone)"
    by_task = True
    loss_type = "nll"
    """trl's word for the loss of a token."""

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if options:
            raise PyriteError(f"objective {self.name!r} has no options, got {next(iter(options))!r}")
        return {}

    def check_recipe(self, method: Method, schedule: ScheduleSection) -> None:
        if schedule.packing and not method.packs:
            raise PyriteError(
                f"schedule.packing does not go with method {method.name!r}, which must know where each example begins"
            )

    def lessons(
        self, problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, schedule: ScheduleSection, options: Any
    ) -> Lessons:
        from datasets import Dataset

        examples, left_out = encode_all(problems, prompt, tokenizer, schedule.max_length)
        rows = {
            "input_ids": [list(example.tokens) for example in examples],
            "labels": [example.labels for example in examples],
        }
        return Lessons(Dataset.from_dict(rows), tuple(left_out))

    def trainer(self) -> type[Any]:
        from .narrow_loss import SupervisedTrainer

        return SupervisedTrainer

    def configure(self, settings: Mapping[str, Any], schedule: ScheduleSection, options: Mapping[str, Any]) -> Any:
        from trl import SFTConfig

        from .narrow_loss import ROUND

        return SFTConfig(
            **settings,
            loss_type=self.loss_type,
            packing=schedule.packing,
            pad_to_multiple_of=None if schedule.packing else ROUND,
            max_length=schedule.max_length,
            dataset_kwargs=None if schedule.packing else {"skip_prepare_dataset": True},
        )

    def counts(self, batch: Mapping[str, Any]) -> tuple[int, int]:
        labels, mask = batch["labels"], batch.get("attention_mask")
        seen = labels.numel() if mask is None else mask.sum().item()
        return int(seen), int((labels != -100).sum().item())


SUPERVISED = Supervised()
