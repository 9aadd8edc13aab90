"""Whole weights out of a model that several processes hold in parts. Every process takes part; the first gets them."""

from __future__ import annotations

from typing import Any, cast

import torch

from ...feasibility.errors import PyriteError


def gather(model: Any, split: str, first: bool, *, without_frozen: bool) -> dict[str, torch.Tensor]:
    """The model's tensors on the CPU of the first process (empty on the others), by the model's own names.

    ``split`` is ``FSDP`` or ``ZeRO 3``. ``without_frozen`` leaves out what does not learn, for a method that adds to a
    base and has said by ``check_split`` that it does not need it. Raises PyriteError when a tensor is missing.
    """
    left_out = _frozen(model) if without_frozen else set()
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
