"""Whole weights out of a model that several processes hold in parts. Every process takes part; the first gets them."""

from __future__ import annotations

from typing import Any, cast

import torch

from ...feasibility.errors import PyriteError


def gather(model: Any, split: str, first: bool) -> dict[str, torch.Tensor]:
    """The model's tensors on the CPU of the first process (empty on the others), by the model's own names.

    ``split`` is ``FSDP`` or ``ZeRO 3``. Frozen parameters are left out when the model is a base with an adapter, whose
    method has said by :func:`check_adapter` that it does not need them. Raises PyriteError when a tensor is missing.
    """
    left_out = _frozen(model) if hasattr(model, "peft_config") else set()
    found = _gather_fsdp(model, bool(left_out)) if split == "FSDP" else _gather_zero(model, left_out, first)
    if first and (missing := model.state_dict().keys() - left_out - found.keys()):
        raise PyriteError(f"{split} did not give {min(missing)}, so no whole checkpoint can be written; use ddp")
    return found


def _gather_fsdp(model: Any, without_frozen: bool) -> dict[str, torch.Tensor]:
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=without_frozen)
    return cast("dict[str, torch.Tensor]", get_model_state_dict(model, options=options))


def _gather_zero(model: Any, left_out: set[str], first: bool) -> dict[str, torch.Tensor]:
    from deepspeed import zero

    found: dict[str, torch.Tensor] = {}
    names: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if name in left_out:
            continue
        earlier = names.setdefault(id(parameter), name)
        if earlier != name:  # a shared parameter under its other name
            if first:
                found[name] = found[earlier]
            continue
        with zero.GatheredParameters([parameter]):
            if first:
                found[name] = parameter.detach().to("cpu", copy=True)
    if first:
        stored = model.state_dict()  # of a parameter that is split it holds nothing, of a buffer all
        buffers = (name for name, _ in model.named_buffers(remove_duplicate=False))
        found |= {name: stored[name].cpu() for name in buffers if name in stored}
    return found


def _frozen(model: Any) -> set[str]:
    parameters = model.named_parameters(remove_duplicate=False)
    return {name for name, parameter in parameters if not parameter.requires_grad}


def check_adapter(model: Any, name: str) -> None:
    """See that an adapter can be saved from split weights. Raises PyriteError before any work when it cannot."""
    from peft import get_peft_model_state_dict

    if any(config.is_prompt_learning for config in model.peft_config.values()):
        reason = "its virtual tokens are computed from whole weights"
    elif hasattr(model.base_model, "update_and_allocate"):
        reason = "it looks at whole gradients"
    else:
        whole = model.state_dict()
        frozen = _frozen(model)
        learned = {key: value for key, value in whole.items() if key not in frozen}
        missing = set(get_peft_model_state_dict(model, whole)) - set(get_peft_model_state_dict(model, learned))
        if not missing:
            return
        reason = f"it keeps parameters that do not learn ({min(missing)})"
    raise PyriteError(f"method {name!r} does not go with weights split over processes: {reason}; use ddp")
