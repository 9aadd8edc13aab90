"""The decoding loop: a batch of prompts in, answers out, with nothing computed for rows that have ended.

Against ``generate`` of transformers it saves: the prompts' common beginning is computed once for the whole batch; a row
leaves the batch as soon as its JSON object is complete; keys and values are appended in place instead of copied at each
step; several tokens of a row are checked in one pass where they could be guessed (``drafting``). Models that keep other
state than keys and values (or put virtual tokens of their own before a row) go through ``generate`` with the same
stopping rule.

What is not covered: beam search, encoder-decoder models.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from .decoding import DecodingConstraint, mask_logits
from .drafting import Shared, Tracker
from .next_token import NextToken
from .stopping import JsonEnd, TokenText

_FORCED_AT_MOST = 12  # tokens without a choice that are checked in one pass


@dataclass(slots=True)
class AnswerRow:
    """One answer in the making. ``uniform`` draws the numbers that a sampled row uses; None is greedy."""

    number: int
    prompt: list[int]
    limit: int
    temperature: float = 0.0
    top_p: float = 1.0
    uniform: np.random.Generator | None = None
    constraint: DecodingConstraint | None = None
    tokens: list[int] = field(default_factory=list)
    finish: str = ""
    seconds: float = 0.0
    end: JsonEnd = field(default_factory=JsonEnd)
    tracker: Tracker | None = None
    drafted: int = 0
    """Tokens that were guessed, and how many of them were kept."""
    accepted: int = 0


@torch.inference_mode()
def generate_rows(
    following: NextToken, rows: Sequence[AnswerRow], *, ends: frozenset[int], text: TokenText, drafts: int = 0
) -> Iterator[AnswerRow]:
    """Answer the rows by one model or several; each is yielded when it ends, with ``tokens``, ``finish`` (stop, length)
    and ``seconds``.

    ``drafts`` is how many tokens of a row are guessed at most and checked in one pass; 0 guesses none. Raises torch's
    out-of-memory errors; rows that were yielded before stay answered.
    """
    started = time.perf_counter()
    active = list(rows)
    logits = following.prefill([row.prompt for row in active])
    if not following.takes_drafts:
        drafts = 0
    shared = Shared()
    for row in active:
        row.tracker = Tracker(row.prompt, drafts, shared) if drafts else None
    guesses: list[list[int]] = [[] for _ in active]
    while True:
        kept = _settle(logits, active, guesses, ends, text)
        following.accept(kept)
        for row, guess, count in zip(active, guesses, kept, strict=True):
            row.drafted += len(guess)
            row.accepted += count
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
            following.keep(staying)
            active = [active[place] for place in staying]
        room = min(row.limit - len(row.tokens) - 1 for row in active)
        ahead = following.propose([row.tokens[-1] for row in active], room, partial(_choose_ahead, rows=active))
        guesses = [_guess(row) for row in active] if ahead is None else ahead
        logits = following.step([[row.tokens[-1], *guess] for row, guess in zip(active, guesses, strict=True)])


def _guess(row: AnswerRow) -> list[int]:
    """What may follow: first what the grammar leaves no choice about, then what was written before."""
    room = row.limit - len(row.tokens) - 1
    if row.tracker is None or room < 1:
        return []
    forced = [] if row.constraint is None else row.constraint.forced()
    return forced[: min(room, _FORCED_AT_MOST)] or row.tracker.propose(room)


def _settle(
    logits: torch.Tensor,
    rows: Sequence[AnswerRow],
    guesses: Sequence[Sequence[int]],
    ends: frozenset[int],
    text: TokenText,
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


def _take(row: AnswerRow, token: int, ends: frozenset[int], text: TokenText) -> None:
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


def _choose(logits: torch.Tensor, rows: Sequence[AnswerRow]) -> list[int]:
    """The next token of each row: the likeliest, or drawn by the row's own random numbers."""
    if any(row.constraint is not None for row in rows):
        logits = mask_logits(logits, [row.constraint for row in rows])
    best: list[int] = logits.argmax(dim=-1).tolist()
    for place, row in enumerate(rows):
        if row.uniform is not None:
            best[place] = draw(logits[place], row.temperature, row.top_p, float(row.uniform.random()))
    return best


def _choose_ahead(logits: torch.Tensor, column: int, *, rows: Sequence[AnswerRow]) -> list[int]:
    """As :func:`_choose`, with the random number that each row will use ``column`` tokens from now."""
    best: list[int] = logits.argmax(dim=-1).tolist()
    for place, row in enumerate(rows):
        if row.uniform is not None:
            uniform = float(copy.deepcopy(row.uniform).random(column + 1)[column])
            best[place] = draw(logits[place], row.temperature, row.top_p, uniform)
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


@torch.inference_mode()
def plain_generate(
    model: Any, rows: Sequence[AnswerRow], *, pad: int, ends: frozenset[int], text: TokenText
) -> Iterator[AnswerRow]:
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
