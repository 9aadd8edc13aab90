"""Packed attention against transformers' own, and which models it is used for."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import make_tiny
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from pyrite.models.answering import Settings
from pyrite.models.answering.attention import NAME, packed_attention, use_packed_attention
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.sources import load, parse_source


@given(
    st.integers(1, 4),
    st.sampled_from([(4, 2), (9, 3), (6, 1), (4, 4)]),
    st.integers(1, 40),
    st.integers(0, 20),
    st.booleans(),
    st.integers(0, 2**20),
)
@settings(max_examples=60, deadline=None)
def test_it_gives_what_transformers_gives(rows, heads, positions, before, as_numbers, seed):
    generator = torch.Generator().manual_seed(seed)
    total, (queries, kept) = before + positions, heads
    query = torch.randn(rows, queries, positions, 8, generator=generator)
    key, value = (torch.randn(rows, kept, total, 8, generator=generator) for _ in "kv")
    mask = torch.rand(rows, 1, positions, total, generator=generator) < 0.6
    mask[..., 0] = True  # some place to look at
    if as_numbers:
        mask = torch.zeros(mask.shape).masked_fill(~mask, torch.finfo(torch.float32).min)
    module = SimpleNamespace(num_key_value_groups=queries // kept, is_causal=True)
    given = (module, query, key, value, mask)
    ours, _ = packed_attention(*given, scaling=0.3)
    theirs, _ = sdpa_attention_forward(*given, scaling=0.3)
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_a_model_that_answers_uses_it_and_one_that_learns_does_not(tmp_path):
    loaded = load(parse_source(str(make_tiny(tmp_path))), choose_compute("cpu", "float32", 1))
    config = loaded.model.config
    assert config.num_key_value_heads < config.num_attention_heads, "without grouped heads nothing here is tried"
    assert config._attn_implementation == "sdpa"
    LocalAnswerer(loaded, Prompt(), Settings())
    assert config._attn_implementation == NAME


@pytest.mark.parametrize("change", [{"num_key_value_heads": 4}, {"_attn_implementation": "eager"}])
def test_other_models_are_left_alone(change):
    config = SimpleNamespace(
        **{"num_attention_heads": 4, "num_key_value_heads": 2, "_attn_implementation": "sdpa", **change}
    )
    use_packed_attention(SimpleNamespace(config=config))
    assert config._attn_implementation != NAME
