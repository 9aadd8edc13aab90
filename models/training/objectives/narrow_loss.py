"""trl's ``SFTTrainer`` with the loss on few positions.

The loss is the mean negative log-likelihood of the answers' tokens, as trl's; only the positions that predict one of
them pass the output matrix, which on a small model is a fifth of the work.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.nn import functional
from trl import SFTTrainer

from ...methods import Method

ROUND = 16
"""Few different sizes: on a CPU every new one costs a kernel that is made and kept, and memory used once."""


class SupervisedTrainer(SFTTrainer):  # type: ignore[misc]
    """trl's trainer with the loss on few positions, where the method and the model allow it."""

    method: Method

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        takes_positions = "logits_to_keep" in inspect.signature(self.method.inner(self.model).forward).parameters
        # Packed rows come without padding, and keep trl's own loss.
        self._narrow = takes_positions and self.method.narrow and not self.args.packing

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch; ``num_items_in_batch`` is the number of answer tokens of the whole optimizer step."""
        if return_outputs or not self._narrow:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        following = inputs["labels"][:, 1:]
        needed = (following != -100).any(dim=0).nonzero()
        first, last = int(needed[0]), int(needed[-1])
        first = max(0, last + 1 - -(-(last + 1 - first) // ROUND) * ROUND)
        columns = torch.arange(first, last + 1, device=following.device)
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            use_cache=False,
            logits_to_keep=columns,
        ).logits
        targets = following[:, columns]
        learned = targets != -100
        if self.args.loss_type == "dft":
            losses = functional.cross_entropy(logits[learned].float(), targets[learned], reduction="none")
            total = (losses * torch.exp(-losses).detach()).sum()
        else:
            total = functional.cross_entropy(logits[learned].float(), targets[learned], reduction="sum")
        count = learned.sum() if num_items_in_batch is None else num_items_in_batch
        loss = total / torch.as_tensor(count, device=total.device).clamp(min=1)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            # Each process has its part of the tokens; gradients are averaged.
            loss = loss * self.accelerator.num_processes
        return loss
