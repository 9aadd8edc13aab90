"""What may follow: one model, or several, behind the same few calls.

The loop of ``generating`` chooses tokens and knows nothing of models, caches or masks; a :class:`NextToken` knows
nothing of how tokens are chosen. What is not covered: encoder-decoder models; models that keep other state than keys
and values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from ..methods import Prefill

_SHARED_AT_LEAST = 16  # tokens of common beginning from which a separate pass pays
_BLOCK = 64  # positions by which keys and values grow


class NextToken(Protocol):
    """Logits for a batch of rows that grow. A row is a prompt, then blocks of tokens of which some are kept."""

    takes_drafts: bool
    """Whether tokens of a block may be refused again; known after :meth:`prefill`."""

    def prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Begin with these rows: the logits after each prompt, (rows, 1, vocabulary)."""
        ...

    def propose(
        self, last: Sequence[int], room: int, choose: Callable[[torch.Tensor, int], list[int]]
    ) -> list[list[int]] | None:
        """At most ``room`` tokens that may follow each row's ``last``, the same number for all; None: no opinion.

        ``choose`` takes scores (rows, vocabulary) and how many tokens ahead they are, and chooses as the loop will.
        What is proposed must be the next block.
        """
        ...

    def step(self, block: Sequence[Sequence[int]]) -> torch.Tensor:
        """Append each row's tokens (one at the least): the logits after each, (rows, longest, vocabulary)."""
        ...

    def accept(self, kept: Sequence[int]) -> None:
        """How many of each row's tokens after the first stay, of those since the last call; the others never were."""
        ...

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these rows only, in this order."""
        ...


class OneModel:
    """One model with its keys and values. ``prefill`` is what a method does to the hidden states of the prompts."""

    def __init__(self, model: Any, pad: int, change: Prefill | None = None) -> None:
        self._model, self._pad, self._change = model, pad, change
        self._device = next(model.parameters()).device
        self._cache = roomy_cache(model.config)
        self._mask = torch.empty(0)
        self._open = 1  # positions since the last word on what stays
        self.takes_drafts = True

    def prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """The prompts' common beginning is computed once, the rest of each padded on the left."""
        try:
            if self._change is not None:
                self._change.begin(prompts, self._device)
            logits = self._prefill(prompts)
        finally:
            if self._change is not None:
                self._change.rest()
        # A sliding window counts places, and refused drafts would fill it.
        self.takes_drafts = all(type(layer) is RoomyLayer for layer in self._cache.layers)
        return logits

    def _prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        lengths = [len(prompt) for prompt in prompts]
        shared = _common_beginning(prompts)
        if self._change is not None:
            shared = min(shared, self._change.shareable(lengths))
        if len(prompts) == 1 or shared < _SHARED_AT_LEAST:
            shared = 0
        if shared:
            beginning = torch.tensor([list(prompts[0][:shared])], device=self._device)
            self._aim(torch.arange(shared, device=self._device).unsqueeze(0), [max(lengths)])
            self._model(
                input_ids=beginning,
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=torch.tensor([shared - 1], device=self._device),
            )
            self._cache.batch_repeat_interleave(len(prompts))
        longest = max(lengths) - shared
        gaps = [longest - (length - shared) for length in lengths]
        ids = [[self._pad] * gap + list(prompt[shared:]) for gap, prompt in zip(gaps, prompts, strict=True)]
        mask = [[1] * shared + [0] * gap + [1] * (longest - gap) for gap in gaps]
        self._mask = torch.tensor(mask, device=self._device)
        positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)[:, shared:]
        self._aim(positions.masked_fill(self._mask[:, shared:] == 0, -1), lengths)
        output = self._model(
            input_ids=torch.tensor(ids, device=self._device),
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            # As a tensor: a slice of the last position is not contiguous, and torch then copies the output matrix per
            # row.
            logits_to_keep=torch.tensor([longest - 1], device=self._device),
        )
        self._open = 1
        logits: torch.Tensor = output.logits[:, -1:]
        return logits

    def _aim(self, places: torch.Tensor, lengths: list[int]) -> None:
        if self._change is not None:
            self._change.aim(places, torch.tensor(lengths, device=self._device))

    def propose(
        self, last: Sequence[int], room: int, choose: Callable[[torch.Tensor, int], list[int]]
    ) -> list[list[int]] | None:
        """One model alone has nobody who writes ahead."""
        return None

    def step(self, block: Sequence[Sequence[int]]) -> torch.Tensor:
        """Rows with fewer tokens are padded on the right; what is padded is masked for good."""
        width = max(len(part) for part in block)
        self._open += width
        ids = torch.tensor([[*part, *[self._pad] * (width - len(part))] for part in block], device=self._device)
        real = torch.tensor([[1] * len(part) + [0] * (width - len(part)) for part in block], device=self._device)
        positions = self._mask.sum(dim=1, keepdim=True) + torch.arange(width, device=self._device)
        self._mask = torch.cat((self._mask, real), dim=1)
        logits: torch.Tensor = self._model(
            input_ids=ids,
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=width,
        ).logits
        return logits

    def accept(self, kept: Sequence[int]) -> None:
        """Refused tokens stay in the cache and are masked."""
        columns = torch.arange(self._open, device=self._device)  # column 0 is no guess
        self._mask[:, -self._open :] = columns <= torch.tensor(list(kept), device=self._device).unsqueeze(1)
        self._open = 0

    def keep(self, places: Sequence[int]) -> None:
        """Nothing is computed for the other rows from here on."""
        index = torch.tensor(list(places), device=self._device)
        self._cache.batch_select_indices(index)
        self._mask = self._mask[index]


class RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer with room to grow: appending a position writes it instead of copying all."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: Any
        self.values: Any
        self._room: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Append positions; gives all keys and values so far, each (rows, heads, positions, width)."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        used = self.get_seq_length()
        total = used + key_states.shape[-2]
        if self._room is None or total > self._room[0].shape[-2]:
            capacity = (total // _BLOCK + 1) * _BLOCK
            rooms = []
            for old, new in ((self.keys, key_states), (self.values, value_states)):
                room = new.new_empty((*new.shape[:-2], capacity, new.shape[-1]))
                if used:
                    room[..., :used, :] = old
                rooms.append(room)
            self._room = (rooms[0], rooms[1])
        keys, values = self._room
        keys[..., used:total, :] = key_states
        values[..., used:total, :] = value_states
        self.keys, self.values = keys[..., :total, :], values[..., :total, :]
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep these rows."""
        self._room = None
        super().batch_select_indices(indices)

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Repeat every row."""
        self._room = None
        super().batch_repeat_interleave(repeats)


def roomy_cache(config: Any) -> DynamicCache:
    """An empty cache; layers that attend to everything get room, sliding-window layers stay transformers' own."""
    cache = DynamicCache(config=config)
    cache.layers = [RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    if getattr(cache, "layer_class_to_replicate", None) is DynamicLayer:
        cache.layer_class_to_replicate = RoomyLayer
    return cache


def _common_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """How many first tokens all prompts share, leaving each at least one of its own."""
    count = 0
    for tokens in zip(*prompts, strict=False):
        if len(set(tokens)) > 1:
            break
        count += 1
    return min(count, min(len(prompt) for prompt in prompts) - 1)
