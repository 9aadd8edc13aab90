"""The decoding loop: a batch of prompts in, answers out, with nothing computed for rows that have ended.

Against ``generate`` of transformers it saves: the prompts' common beginning is computed once for the whole batch; a row
leaves the batch as soon as its JSON object is complete; keys and values are appended in place instead of copied at each
step; several tokens of a row are checked in one pass where they could be guessed (``drafting``). Models that keep other
state than keys and values (or put virtual tokens of their own before a row) go through ``generate`` with the same
stopping rule.

What is not covered: beam search, encoder-decoder models.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from .decoding import Constraint, mask_logits
from .drafting import Shared, Tracker
from .stopping import JsonEnd, TokenText

_SHARED_AT_LEAST = 16  # tokens of common beginning from which a separate pass pays
_BLOCK = 64  # positions by which keys and values grow
_FORCED_AT_MOST = 12  # tokens without a choice that are checked in one pass


@dataclass(slots=True)
class Row:
    """One answer in the making. ``uniform`` draws the numbers that a sampled row uses; None is greedy."""

    number: int
    prompt: list[int]
    limit: int
    temperature: float = 0.0
    top_p: float = 1.0
    uniform: np.random.Generator | None = None
    constraint: Constraint | None = None
    tokens: list[int] = field(default_factory=list)
    finish: str = ""
    seconds: float = 0.0
    end: JsonEnd = field(default_factory=JsonEnd)
    tracker: Tracker | None = None


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


@torch.inference_mode()
def generate_rows(
    model: Any, rows: Sequence[Row], *, pad: int, ends: frozenset[int], text: TokenText, drafts: int = 0
) -> Iterator[Row]:
    """Answer the rows; each is yielded when it ends, with ``tokens``, ``finish`` (stop, length) and ``seconds``.

    ``drafts`` is how many tokens of a row are guessed at most and checked in one pass; 0 guesses none. Raises torch's
    out-of-memory errors; rows that were yielded before stay answered.
    """
    started = time.perf_counter()
    device = next(model.parameters()).device
    active = list(rows)
    logits, cache, mask = _prefill(model, active, pad, device)
    if not all(type(layer) is RoomyLayer for layer in cache.layers):
        drafts = 0  # a sliding window counts places, and refused drafts would fill it
    shared = Shared()
    for row in active:
        row.tracker = Tracker(row.prompt, drafts, shared) if drafts else None
    guesses: list[list[int]] = [[] for _ in active]
    while True:
        kept = _settle(logits, active, guesses, ends, text)
        width = logits.shape[1]
        columns = torch.arange(width, device=device)
        mask[:, -width:] = columns <= torch.tensor(kept, device=device).unsqueeze(1)  # column 0 is no guess
        staying = []
        for place, row in enumerate(active):
            if row.finish:
                row.seconds = time.perf_counter() - started
                yield row
            else:
                staying.append(place)
        if not staying:
            return
        if len(staying) < len(active):
            index = torch.tensor(staying, device=device)
            cache.batch_select_indices(index)
            mask = mask[index]
            active = [active[place] for place in staying]
        guesses = [_guess(row) for row in active]
        width = 1 + max(len(guess) for guess in guesses)
        block = [[row.tokens[-1], *guess] for row, guess in zip(active, guesses, strict=True)]
        ids = torch.tensor([part + [pad] * (width - len(part)) for part in block], device=device)
        real = torch.tensor([[1] * len(part) + [0] * (width - len(part)) for part in block], device=device)
        positions = mask.sum(dim=1, keepdim=True) + torch.arange(width, device=device)
        mask = torch.cat((mask, real), dim=1)
        logits = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=width,
        ).logits


def _guess(row: Row) -> list[int]:
    """What may follow: first what the grammar leaves no choice about, then what was written before."""
    room = row.limit - len(row.tokens) - 1
    if row.tracker is None or room < 1:
        return []
    forced = [] if row.constraint is None else row.constraint.forced()
    return forced[: min(room, _FORCED_AT_MOST)] or row.tracker.propose(room)


def _settle(
    logits: torch.Tensor, rows: Sequence[Row], guesses: Sequence[Sequence[int]], ends: frozenset[int], text: TokenText
) -> list[int]:
    """Choose each row's tokens from ``logits`` (rows, 1 + guesses, vocabulary); how many guesses each row kept.

    The first column says what follows the last token; each further column counts only where every guess before it is
    what the model chose.
    """
    kept = [0] * len(rows)
    going = list(range(len(rows)))
    for column in range(logits.shape[1]):
        here = logits[:, column] if len(going) == len(rows) else logits[going, column]
        chosen = _choose(here, [rows[place] for place in going])
        on = []
        for place, token in zip(going, chosen, strict=True):
            row, guess = rows[place], guesses[place]
            _take(row, token, ends, text)
            if column < len(guess) and token == guess[column] and not row.finish:
                kept[place] += 1
                on.append(place)
        going = on
        if not going:
            break
    for row, guess, count in zip(rows, guesses, kept, strict=True):
        if row.tracker is not None:
            row.tracker.learn(len(guess), count)
    return kept


def _take(row: Row, token: int, ends: frozenset[int], text: TokenText) -> None:
    if token in ends:
        row.finish = "stop"
        return
    row.tokens.append(token)
    if row.tracker is not None:
        row.tracker.append(token)
    if (row.constraint is not None and row.constraint.take(token)) or row.end.feed(text(token)):
        row.finish = "stop"
    elif len(row.tokens) >= row.limit:
        row.finish = "length"


def _prefill(model: Any, rows: Sequence[Row], pad: int, device: Any) -> tuple[torch.Tensor, DynamicCache, torch.Tensor]:
    """The logits after each prompt (rows, 1, vocabulary), the cache and the mask (rows, positions) of what is real."""
    shared = _common_beginning([row.prompt for row in rows])
    if len(rows) == 1 or shared < _SHARED_AT_LEAST:
        shared = 0
    cache = roomy_cache(model.config)
    if shared:
        beginning = torch.tensor([rows[0].prompt[:shared]], device=device)
        model(
            input_ids=beginning,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=torch.tensor([shared - 1], device=device),
        )
        cache.batch_repeat_interleave(len(rows))
    longest = max(len(row.prompt) for row in rows) - shared
    ids, mask = [], []
    for row in rows:
        rest = row.prompt[shared:]
        gap = longest - len(rest)
        ids.append([pad] * gap + rest)
        mask.append([1] * shared + [0] * gap + [1] * len(rest))
    full_mask = torch.tensor(mask, device=device)
    positions = (full_mask.cumsum(dim=1) - 1).clamp(min=0)[:, shared:]
    output = model(
        input_ids=torch.tensor(ids, device=device),
        attention_mask=full_mask,
        position_ids=positions,
        past_key_values=cache,
        use_cache=True,
        # As a tensor: a slice of the last position is not contiguous, and torch then copies the output matrix per row.
        logits_to_keep=torch.tensor([longest - 1], device=device),
    )
    return output.logits[:, -1:], cache, full_mask


def _common_beginning(prompts: Sequence[Sequence[int]]) -> int:
    """How many first tokens all prompts share, leaving each at least one of its own."""
    count = 0
    for tokens in zip(*prompts, strict=False):
        if len(set(tokens)) > 1:
            break
        count += 1
    return min(count, min(len(prompt) for prompt in prompts) - 1)


def _choose(logits: torch.Tensor, rows: Sequence[Row]) -> list[int]:
    """The next token of each row: the likeliest, or drawn by the row's own random numbers."""
    if any(row.constraint is not None for row in rows):
        logits = mask_logits(logits, [row.constraint for row in rows])
    best: list[int] = logits.argmax(dim=-1).tolist()
    for place, row in enumerate(rows):
        if row.uniform is not None:
            best[place] = draw(logits[place], row.temperature, row.top_p, float(row.uniform.random()))
    return best


def draw(logits: torch.Tensor, temperature: float, top_p: float, uniform: float) -> int:
    """A token from softmax(logits / temperature) cut to the smallest set with probability ``top_p``.

    ``uniform`` in [0, 1) picks it by its place in the order of falling probability, so a row's draws depend on
    nothing but its own numbers.
    """
    probabilities, order = torch.softmax(logits.double() / temperature, dim=-1).sort(descending=True, stable=True)
    total = probabilities.cumsum(dim=-1)
    kept = int((total < top_p).sum().item()) + 1
    total = total[:kept]
    place = int(torch.searchsorted(total, uniform * total[-1].item(), right=True).item())
    return int(order[min(place, kept - 1)].item())


def uses_plain_generate(model: Any) -> bool:
    """Whether the loop above cannot serve this model: virtual tokens before each row, or state other than a cache."""
    active = getattr(model, "active_peft_config", None)
    if active is not None and getattr(active, "is_prompt_learning", False):
        return True
    return bool(getattr(model, "_is_stateful", False) or getattr(model, "pyrite_plain_generate", False))


@torch.inference_mode()
def plain_generate(
    model: Any, rows: Sequence[Row], *, pad: int, ends: frozenset[int], text: TokenText
) -> Iterator[Row]:
    """The same as :func:`generate_rows` through transformers' ``generate``: for models that keep state of their own."""
    from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

    started = time.perf_counter()
    device = next(model.parameters()).device
    longest = max(len(row.prompt) for row in rows)
    ids = torch.tensor([[pad] * (longest - len(row.prompt)) + row.prompt for row in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(row.prompt)) + [1] * len(row.prompt) for row in rows], device=device)
    ended = min(ends)

    class Choose(LogitsProcessor):  # type: ignore[misc]
        """Chooses each row's token itself and leaves generate no other choice."""

        def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            forced = torch.full_like(scores, float("-inf"))
            going = [place for place, row in enumerate(rows) if not row.finish]
            chosen = _choose(scores[going], [rows[place] for place in going]) if going else []
            for place, token in zip(going, chosen, strict=True):
                row = rows[place]
                _take(row, token, ends, text)
                row.seconds = time.perf_counter() - started
                forced[place, token] = 0.0
            for place in set(range(len(rows))) - set(going):
                forced[place, ended] = 0.0
            return forced

    class Finished(StoppingCriteria):  # type: ignore[misc]
        """A row stops when it has ended."""

        def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
            return torch.tensor([bool(row.finish) for row in rows], device=input_ids.device)

    model.generate(
        input_ids=ids,
        attention_mask=mask,
        max_new_tokens=max(row.limit for row in rows),
        do_sample=False,
        pad_token_id=pad,
        logits_processor=LogitsProcessorList([Choose()]),
        stopping_criteria=StoppingCriteriaList([Finished()]),
    )
    for row in rows:
        row.finish = row.finish or "length"
        yield row
