"""trl's ``DPOTrainer`` and ``KTOTrainer`` on tokens and reference likelihoods that are there already."""

from __future__ import annotations

from typing import Any

import torch
from trl import DPOTrainer, KTOTrainer

from ...methods import Method


class _Prepared:
    """Put before one of trl's trainers: the data set comes as tokens, with what the reference says of every answer."""

    def __init__(self, **arguments: Any) -> None:
        # Without a reference trl puts a copy of the adapter beside it, which checkpoints would then hold. The reference
        # has been asked already, so a module that computes nothing stands in its place.
        arguments["ref_model"] = _Silent(arguments["model"].config)
        super().__init__(**arguments)
        self.ref_model = None

    def _prepare_dataset(self, dataset: Any, *rest: Any, **more: Any) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Any, *rest: Any, **more: Any) -> Any:
        return dataset


class _Silent(torch.nn.Module):
    """A reference that is never asked."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config
        self.base_model_prefix = ""


class PairTrainer(_Prepared, DPOTrainer):  # type: ignore[misc]
    """DPO and its variants."""


class LabelTrainer(_Prepared, KTOTrainer):  # type: ignore[misc]
    """KTO; its second pass over mismatched answers is shown to the method as well."""

    method: Method

    def _compute_kl_logps(self, model: Any, batch: Any) -> Any:
        if "KL_input_ids" not in batch:
            return super()._compute_kl_logps(model, batch)
        inner = self.accelerator.unwrap_model(self.model)
        names = ("input_ids", "attention_mask", "completion_mask")
        self.method.on_batch(inner, self.objective.labelled({name: batch[f"KL_{name}"] for name in names}))
        found = super()._compute_kl_logps(model, batch)
        self.method.on_batch(inner, self.objective.labelled({name: batch[name] for name in names}))
        return found
