"""Attention of a few new positions over many old ones, without copying keys and values for each group of heads.

Models with grouped-query attention (arXiv 2305.13245) keep fewer heads of keys than of queries. transformers' ``sdpa``
repeats the keys for every query head as soon as there is a mask and more than one new position; for the few positions
that a pass with drafts has, that copy costs more than the attention. Here the query heads of a group become rows of one
head instead. What is not covered: softcapping and learned position biases; they stay with transformers' own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

NAME = "pyrite_packed"
_FEW = 32  # positions up to which rows are packed; a long prompt is better served by transformers' own


def use_packed_attention(model: Any) -> None:
    """Switch a model that runs on ``sdpa`` and groups its query heads; any other model is left as it is."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    config = model.config
    heads, kept = getattr(config, "num_attention_heads", None), getattr(config, "num_key_value_heads", None)
    if getattr(config, "_attn_implementation", None) != "sdpa" or not heads or not kept or heads == kept:
        return
    AttentionInterface.register(NAME, packed_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **rest: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """As transformers' attention functions: query (rows, heads, positions, width), keys and values (rows, kept heads,
    all positions, width), mask (rows, 1, positions, all positions); gives (rows, positions, heads, width)."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    rows, heads, positions, width = query.shape
    kept = key.shape[1]
    plain = heads == kept or not 1 < positions <= _FEW or attention_mask is None or attention_mask.shape[1] != 1
    if plain or rest.get("softcap") is not None or rest.get("position_bias") is not None:
        found: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **rest
        )
        return found
    assert attention_mask is not None
    if attention_mask.dtype == torch.bool:
        allowed = attention_mask
        attention_mask = query.new_zeros(allowed.shape).masked_fill(~allowed, torch.finfo(query.dtype).min)
    group = heads // kept
    mask = attention_mask.unsqueeze(2).expand(-1, 1, group, positions, -1).reshape(rows, 1, group * positions, -1)
    packed = functional.scaled_dot_product_attention(
        query.reshape(rows, kept, group * positions, width), key, value, attn_mask=mask, scale=scaling
    )
    return packed.reshape(rows, heads, positions, width).transpose(1, 2).contiguous(), None
