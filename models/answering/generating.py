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

_NUMBERS_AHEAD = 3  # random numbers a token where a model writes ahead: its guess, whether it stays, what comes instead
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
    """Tokens that were guessed, how many of them were kept, and how many were looked at and refused (the guesses behind
    a refused one are not looked at)."""
    accepted: int = 0
    refused: int = 0
    proposed: list[torch.Tensor] | None = None
    """Where a model writes ahead for a sampled row: the probabilities that each guess was drawn from."""


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
        for row, guess in zip(active, guesses, strict=True):
            row.drafted += len(guess)
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
        for row in active:
            row.proposed = None
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
        guessed = [guesses[place][column] if column < len(guesses[place]) else None for place in going]
        chosen = _choose(here, [rows[place] for place in going], guessed, column)
        on = []
        for place, token, guess in zip(going, chosen, guessed, strict=True):
            row = rows[place]
            _take(row, token, ends, text)
            row.accepted += token == guess
            row.refused += guess is not None and token != guess
            if token == guess and not row.finish:
                kept[place] += 1
                on.append(place)
        going = on
        if not going:
            break
    for row, block, count in zip(rows, guesses, kept, strict=True):
        if row.tracker is not None:
            row.tracker.learn(len(block), count)
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


def _choose(
    logits: torch.Tensor, rows: Sequence[AnswerRow], guesses: Sequence[int | None] = (), column: int = 0
) -> list[int]:
    """The next token of each row: the likeliest, or drawn by the row's own random numbers.

    Where a model has written ahead for a sampled row, its guess is held to the rule of speculative sampling.
    """
    if any(row.constraint is not None for row in rows):
        logits = mask_logits(logits, [row.constraint for row in rows])
    best: list[int] = logits.argmax(dim=-1).tolist()
    for place, row in enumerate(rows):
        if row.uniform is None:
            continue
        if row.proposed is None:
            best[place] = draw(logits[place], row.temperature, row.top_p, float(row.uniform.random()))
            continue
        ahead, keep, instead = row.uniform.random(_NUMBERS_AHEAD).tolist()
        guess = guesses[place]
        if guess is None:
            best[place] = draw(logits[place], row.temperature, row.top_p, ahead)
        else:
            wanted = distribution(logits[place], row.temperature, row.top_p)
            best[place] = keep_or_replace(wanted, row.proposed[column], guess, keep, instead)
    return best


def _choose_ahead(logits: torch.Tensor, column: int, *, rows: Sequence[AnswerRow]) -> list[int]:
    """What the model that writes ahead chooses, ``column`` tokens from now: of the three random numbers that a sampled
    row will use there, the first."""
    best: list[int] = logits.argmax(dim=-1).tolist()
    for place, row in enumerate(rows):
        if row.uniform is not None:
            at = _NUMBERS_AHEAD * column
            uniform = float(copy.deepcopy(row.uniform).random(at + 1)[at])
            best[place] = draw(logits[place], row.temperature, row.top_p, uniform)
            row.proposed = [*(row.proposed or []), distribution(logits[place], row.temperature, row.top_p)]
    return best


def keep_or_replace(wanted: torch.Tensor, proposed: torch.Tensor, guess: int, keep: float, instead: float) -> int:
    """Speculative sampling (arXiv 2211.17192): a token with the distribution ``wanted`` out of a guess drawn from
    ``proposed`` (probabilities; the second may be shorter).

    The guess stays with probability min(1, wanted / proposed); else a token is drawn from what ``wanted`` has more than
    ``proposed``. ``keep`` and ``instead`` are uniform in [0, 1), independent of the guess and of each other.
    """
    if keep * float(proposed[guess]) < float(wanted[guess]):
        return guess
    left = wanted.clone()
    left[: len(proposed)] -= proposed
    total = left.clamp_(min=0).cumsum(dim=-1)
    if not total[-1] > 0:  # the two are one but for rounding
        total = wanted.cumsum(dim=-1)
    place = int(torch.searchsorted(total, instead * total[-1].item(), right=True).item())
    return min(place, int(torch.nonzero(left if left.any() else wanted)[-1].item()))


def distribution(logits: torch.Tensor, temperature: float, top_p: float) -> torch.Tensor:
    """The probabilities (vocabulary) that :func:`draw` draws from."""
    probabilities, order = torch.softmax(logits.double() / temperature, dim=-1).sort(descending=True, stable=True)
    kept = int((probabilities.cumsum(dim=-1) < top_p).sum().item()) + 1
    probabilities[kept:] = 0
    return torch.zeros_like(probabilities).scatter(-1, order, probabilities / probabilities.sum())


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
