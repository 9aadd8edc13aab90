"""What trainers share that sample answers while they train: prompts as tokens, and methods that aim at prompts."""

from __future__ import annotations

import json
from typing import Any

import torch

from ...methods import Method


class SamplingTrainer:
    """Put before one of trl's trainers that generate; the names are trl's."""

    # What the trainer behind it has.
    model: Any
    accelerator: Any
    method: Method

    def _tokenize_prompts(self, prompts: list[str]) -> Any:
        # trl tokenizes prompts by itself; here a prompt is its tokens, written out.
        return [json.loads(prompt) for prompt in prompts], None, {}

    def _generate_single_turn(self, prompt_ids: list[list[int]], *rest: Any, **more: Any) -> Any:
        """trl's, with the method aimed at the prompts in the first pass, and at nothing that is written after it."""
        inner = self.accelerator.unwrap_model(self.model)
        prefill = self.method.prefill(inner)
        if prefill is None:
            return super()._generate_single_turn(prompt_ids, *rest, **more)  # type: ignore[misc]
        device = self.accelerator.device
        lengths = torch.tensor([len(prompt) for prompt in prompt_ids], device=device)
        # trl pads on the left.
        places = torch.arange(int(lengths.max()), device=device) - (lengths.max() - lengths).unsqueeze(1)
        with torch.no_grad():
            prefill.begin(prompt_ids, device)
        prefill.aim(places.clamp(min=-1), lengths)
        hook = inner.register_forward_hook(lambda *_: prefill.rest())
        try:
            return super()._generate_single_turn(prompt_ids, *rest, **more)  # type: ignore[misc]
        finally:
            hook.remove()
            prefill.rest()
