"""On-policy distillation: the student answers, and learns a teacher's next-token distribution along its own answers.

It is done by trl's ``DistillationTrainer`` (generalized knowledge distillation, arXiv 2306.13649).

What is not covered: teachers with another vocabulary, teachers whose method is not merged into plain weights, weights
split over processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....feasibility.errors import PyriteError
from ...sections import ScheduleSection
from .judged_answers import check_options, number, text, whole
from .rewarded import Sampling


class _Distillation(Sampling):
    name = "distillation"
    summary = "a teacher's next-token distribution along the student's own answers (arXiv 2306.13649)"
    logged = ("entropy", "completions/mean_length", "completions/clipped_ratio")

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        known = {
            "teacher": ("", text, "a model as --model takes it"),
            "beta": (1.0, number(0, 1), "a number from 0 (forward KL) to 1 (reverse KL)"),
            "temperature": (1.0, number(0, above=True), "a number above 0"),
            "max_new_tokens": (256, whole(1), "a whole number from 1"),
        }
        complete = check_options(self.name, options, known)
        if not complete["teacher"]:
            raise PyriteError("objective 'distillation' needs teacher = a model, as --model takes it")
        return complete

    def trainer(self) -> type[Any]:
        from .distilled_trainer import TaughtTrainer

        return TaughtTrainer

    def arguments(self, options: Mapping[str, Any], tokenizer: Any) -> dict[str, Any]:
        return {"teacher": options["teacher"]}

    def configure(self, settings: Mapping[str, Any], schedule: ScheduleSection, options: Mapping[str, Any]) -> Any:
        from trl import DistillationConfig

        return DistillationConfig(
            **{**settings, "train_sampling_strategy": "random"},
            beta=options["beta"],
            temperature=options["temperature"],
            max_completion_length=options["max_new_tokens"],
        )


DISTILLATION = _Distillation()
