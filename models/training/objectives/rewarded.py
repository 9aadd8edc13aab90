"""GRPO with the auditor as reward, by trl's ``GRPOTrainer``: sample a group of answers a problem, judge, reinforce.

The reward is a named shape over the ladder (see :mod:`pyrite.results.rewards`); surface, value and substance of the
sampled answers are logged beside it at every step, so that what the reward buys is not what the run is judged by.

Methods that aim at prompts (LoReFT, DiReFT, SoftCoT) aim at them while answers are sampled as well. What is not
covered: weights split over processes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ....feasibility.errors import PyriteError
from ....problems.problem import Problem
from ....results.rewards import SHAPES
from ...methods import Method
from ...prompts import Prompt
from ...sections import ScheduleSection
from .judged_answers import check_options, number, whole
from .protocol import Lessons, TuningObjective

GRPO_LOSSES = ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo")
"""trl's loss types; a test holds them against its source."""


_BY_SEQUENCE = ("grpo", "sapo", "luspo")


def _one_of(*names: str) -> tuple[Any, str]:
    return (lambda value: value in names), f"one of {', '.join(names)}"


class Sampling(TuningObjective):
    """What objectives share that sample answers while they train."""

    def check_recipe(self, method: Method, schedule: ScheduleSection) -> None:
        """Rows hold one answer, and what aims at prompts must do so while answers are sampled."""
        if schedule.packing:
            raise PyriteError(f"schedule.packing does not go with objective {self.name!r}: a row holds one answer")
        if type(method).on_batch is not Method.on_batch and type(method).prefill is Method.prefill:
            raise PyriteError(
                f"objective {self.name!r} does not go with method {method.name!r}, which aims at each prompt and does "
                "not say how while answers are sampled (prefill)"
            )

    def answers(self, options: Mapping[str, Any]) -> int:
        """Answers that are sampled to each problem."""
        return 1

    def lessons(
        self, problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, schedule: ScheduleSection, options: Any
    ) -> Lessons:
        """The prompts that fit with their new tokens. Raises PyriteError when a step asks for more than there are."""
        from datasets import Dataset

        new_tokens, answers = options["max_new_tokens"], self.answers(options)
        rows, left_out = [], []
        for problem in problems:
            asked = prompt.tokens(problem, tokenizer)
            if len(asked) + new_tokens > schedule.max_length:
                left_out.append(problem.id)
                continue
            # trl tokenizes prompts by itself; here a prompt is its tokens, written out.
            rows.append({"prompt": json.dumps(asked), "problem": json.dumps(problem.to_dict())})
        if not rows:
            raise PyriteError(f"no prompt and {new_tokens} new tokens fit schedule.max_length = {schedule.max_length}")
        size = schedule.batch_size * schedule.accumulation
        if size % answers:
            raise PyriteError(
                f"objective {self.name!r}: schedule.batch_size * accumulation ({size}) is no multiple of "
                f"num_generations ({answers})"
            )
        if size // answers > len(rows):
            raise PyriteError(
                f"objective {self.name!r}: a step asks {size // answers} problems, and there are {len(rows)}"
            )
        return Lessons(Dataset.from_list(rows), tuple(left_out))

    def labelled(self, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """The sampled answers behind their prompts."""
        import torch

        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
        hidden = torch.cat([torch.zeros_like(batch["prompt_mask"]), batch["completion_mask"]], dim=1)
        return {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(hidden == 0, -100)}

    def counts(self, batch: Mapping[str, Any]) -> tuple[int, int]:
        """Tokens of prompts and answers, and of the answers."""
        learned = int(batch["completion_mask"].sum().item())
        return int(batch["prompt_mask"].sum().item()) + learned, learned


class _Grpo(Sampling):
    name = "grpo"
    summary = "a reward by the auditor on sampled answers, by trl's GRPOTrainer (arXiv 2402.03300; GSPO 2507.18071)"
    logged = (
        "reward",
        "reward_std",
        "frac_reward_zero_std",
        "surface",
        "value",
        "substance",
        "unknown",
        "kl",
        "entropy",
        "completions/mean_length",
        "completions/clipped_ratio",
    )

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        known = {
            "reward": ("substance", *_one_of(*SHAPES)),
            "num_generations": (8, whole(2), "a whole number from 2 (answers a problem)"),
            "loss_type": ("dapo", *_one_of(*GRPO_LOSSES)),
            "importance_sampling_level": ("token", *_one_of("token", "sequence")),
            "scale_rewards": ("group", *_one_of("group", "batch", "none")),
            "beta": (0.0, number(0), "a number from 0 (weight of the KL term)"),
            "epsilon": (0.2, number(0, above=True), "a number above 0"),
            "temperature": (1.0, number(0, above=True), "a number above 0"),
            "top_p": (1.0, number(0, 1, above=True), "a number above 0, at most 1"),
            "max_new_tokens": (256, whole(1), "a whole number from 1"),
            "workers": (0, whole(0), "a whole number from 0 (judging processes; 0: one a core)"),
        }
        complete = check_options(self.name, options, known)
        sequence = complete["importance_sampling_level"] == "sequence"
        if (sequence and complete["loss_type"] not in _BY_SEQUENCE) or (
            not sequence and complete["loss_type"] == "luspo"
        ):
            raise PyriteError(
                f"objective 'grpo': loss_type {complete['loss_type']!r} does not go with importance_sampling_level "
                f"{complete['importance_sampling_level']!r}; by sequence go {', '.join(_BY_SEQUENCE)} (GSPO: grpo)"
            )
        return complete

    def answers(self, options: Mapping[str, Any]) -> int:
        return int(options["num_generations"])

    def trainer(self) -> type[Any]:
        from .rewarded_trainer import AuditedTrainer

        return AuditedTrainer

    def arguments(self, options: Mapping[str, Any], tokenizer: Any) -> dict[str, Any]:
        from .rewarded_trainer import AuditReward

        return {"reward_funcs": AuditReward(options["reward"], options["workers"] or None, tokenizer)}

    def configure(self, settings: Mapping[str, Any], schedule: ScheduleSection, options: Mapping[str, Any]) -> Any:
        from trl import GRPOConfig

        same = (
            "num_generations",
            "loss_type",
            "importance_sampling_level",
            "scale_rewards",
            "beta",
            "epsilon",
            "temperature",
            "top_p",
        )
        return GRPOConfig(
            **{**settings, "train_sampling_strategy": "random"},
            **{name: options[name] for name in same},
            max_completion_length=options["max_new_tokens"],
        )


GRPO = _Grpo()
