"""trl's ``GRPOTrainer`` with Pyrite's prompts, and the auditor as its reward function."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from trl import GRPOTrainer

from ....feasibility.errors import PyriteError
from ....feasibility.finish import LENGTH, Answered
from ....problems.problem import Problem
from ....results.rewards import Reward, Rewarder
from ..order import GroupOrder
from .sampling import SamplingTrainer


class AuditReward:
    """The reward of answers, given as tokens; logs surface, value, substance and unknown beside it."""

    def __init__(self, shape: str, workers: int | None, tokenizer: Any) -> None:
        self.__name__ = f"pyrite_{shape}"
        self._rewarder = Rewarder(shape, workers=workers)
        self._tokenizer = tokenizer
        self._problems: dict[str, Problem] = {}

    def __call__(
        self,
        prompts: Sequence[str],
        completions: Sequence[str],
        problem: Sequence[str],
        completion_ids: Sequence[Sequence[int]],
        log_metric: Callable[[str, float], None],
        **others: Any,
    ) -> list[Reward]:
        """See trl's reward functions. The answers are read as in scoring: what did not end counts as cut."""
        found = self._rewarder.judge([self._problem(text) for text in problem], [*map(self._answer, completion_ids)])
        for name, rate in found.rates().items():
            log_metric(name, rate)
        return found.rewards

    def close(self) -> None:
        """End the judging processes."""
        self._rewarder.close()

    def _problem(self, text: str) -> Problem:
        if text not in self._problems:
            self._problems[text] = Problem.from_dict(json.loads(text))
        return self._problems[text]

    def _answer(self, ids: Sequence[int]) -> str:
        ended = bool(ids) and ids[-1] == self._tokenizer.eos_token_id
        text: str = self._tokenizer.decode(ids[:-1] if ended else ids, skip_special_tokens=True)
        return text if ended else Answered(text, LENGTH)


class AuditedTrainer(SamplingTrainer, GRPOTrainer):  # type: ignore[misc]
    """GRPO on prompts that are tokens already."""

    def __init__(self, **arguments: Any) -> None:
        model, beta = arguments["model"], arguments["args"].beta
        adapters = hasattr(model, "peft_config")
        if beta and not adapters:
            raise PyriteError(
                f"objective 'grpo': beta = {beta:g} needs a method of peft's (lora ...), whose base stays at hand "
                "as the reference; here beta is 0"
            )
        super().__init__(**arguments)
        if "ref" in getattr(model, "peft_config", {}):
            # trl's copy of the adapter as it is now, which after a stop is not where training began. Without it the
            # reference is the model without adapter.
            model.delete_adapter("ref")

    def train(self, *arguments: Any, **named: Any) -> Any:
        """As trl's; the judging processes end with it."""
        try:
            return super().train(*arguments, **named)
        finally:
            for function in self.reward_funcs:
                function.close()

    def _get_train_sampler(self, dataset: Any = None) -> GroupOrder:
        # trl draws the order of an epoch from a generator that a stopped run has not advanced.
        return GroupOrder(
            len(self.train_dataset),
            self.args.seed,
            self.args.generation_batch_size // self.num_generations,
            self.num_generations,
            self.num_iterations * self.args.steps_per_generation,
        )
