"""Several models behind one next token: what tuning changed in small models, added to the scores of another.

    log p(x) = log p_base(x) + sum of alpha_i (log p_expert_i(x) - log p_anti_expert_i(x)) - log Z

With one delta, alpha 1 and a larger base this is proxy-tuning (arXiv 2401.08565, there on logits) and emulated
fine-tuning's up-scaling (arXiv 2310.12962, there on log-probabilities): a softmax does not see what is added to all
its scores, so the two are the same distribution. A base that is smaller than the expert gives down-scaling; several
deltas with weights that add up to 1 interpolate what several tunings reward. ``keep_top_p`` is emulated fine-tuning's
conservative filter: a delta counts only for tokens in its expert's nucleus; the paper's exact rule is not printed
where we could read it.

Writing ahead (``speculate``): the first expert writes a few tokens, and all other models check them in one pass. Greedy
rows keep what the sum would have chosen, and are token for token those without writing ahead. Sampled rows follow
speculative sampling (arXiv 2211.17192): a token drawn from the expert's q stays with probability min(1, p/q), else one
is drawn from the part of p above q, so that answers have the sum's distribution p exactly, though other random numbers
than without writing ahead.

What is not covered: models of different vocabularies, models that answer only through ``generate``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...feasibility.errors import PyriteError
from ...problems.problem import Problem
from ..companions import Companions
from ..embedded import Note
from ..prompts import Prompt
from ..sources import Loaded, Source, base_of, load, parse_source, refuse_other_vocabulary
from .attention import use_packed_attention
from .next_token import NextToken, OneModel
from .stopping import end_tokens

Weighted = tuple[float, int, int]
"""alpha, and the numbers of expert and anti-expert among the members."""


class Combined:
    """The sum as a :class:`~pyrite.models.answering.next_token.NextToken`. Member 0 is the base.

    ``prompts`` are the rows' prompts for each further member; ``width`` is how many tokens all of them know.
    """

    def __init__(
        self,
        members: Sequence[NextToken],
        prompts: Sequence[Sequence[Sequence[int]]],
        deltas: Sequence[Weighted],
        width: int,
        keep_top_p: float = 1.0,
        speculate: int = 0,
    ) -> None:
        self._members, self._prompts, self._deltas, self._width = members, prompts, deltas, width
        self._keep_top_p, self._speculate = keep_top_p, speculate
        self._ahead: list[torch.Tensor] = []
        self.takes_drafts = True

    def prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Each member begins with its own rendering of the rows."""
        given = [prompts, *self._prompts]
        found = [member.prefill(own) for member, own in zip(self._members, given, strict=True)]
        self.takes_drafts = all(member.takes_drafts for member in self._members)
        return self._sum(found)

    def propose(
        self, last: Sequence[int], room: int, choose: Callable[[torch.Tensor, int], list[int]]
    ) -> list[list[int]] | None:
        """The first expert writes ahead; its scores are kept for :meth:`step`."""
        count = min(self._speculate, room)
        if not self._speculate or not self.takes_drafts:
            return None
        expert = self._members[self._deltas[0][1]]
        tokens = list(last)
        written: list[list[int]] = [[] for _ in last]
        for column in range(count + 1):
            logits = expert.step([[token] for token in tokens])
            self._ahead.append(logits)
            if column < count:
                tokens = choose(logits[:, 0, : self._width], column)
                for row, token in zip(written, tokens, strict=True):
                    row.append(token)
        return written

    def step(self, block: Sequence[Sequence[int]]) -> torch.Tensor:
        """One pass of every member, less what the first expert computed while it wrote ahead."""
        known = {self._deltas[0][1]: torch.cat(self._ahead, dim=1)} if self._ahead else {}
        self._ahead = []
        return self._sum(
            [known[number] if number in known else member.step(block) for number, member in enumerate(self._members)]
        )

    def accept(self, kept: Sequence[int]) -> None:
        """The same for all members."""
        for member in self._members:
            member.accept(kept)

    def keep(self, places: Sequence[int]) -> None:
        """The same rows in all members."""
        for member in self._members:
            member.keep(places)

    def _sum(self, logits: Sequence[torch.Tensor]) -> torch.Tensor:
        base = logits[0]
        total = base[..., : self._width].float()
        scores = {number: logits[number][..., : self._width].float().log_softmax(dim=-1) for number in self._asked()}
        for alpha, expert, anti in self._deltas:
            delta = scores[expert] - scores[anti]
            if self._keep_top_p < 1:
                delta = delta.masked_fill(~nucleus(scores[expert].exp(), self._keep_top_p), 0.0)
            total = total + alpha * delta
        if base.shape[-1] == self._width:
            return total
        whole = total.new_full(base.shape, float("-inf"))  # tokens that the tokenizer does not have
        whole[..., : self._width] = total
        return whole

    def _asked(self) -> set[int]:
        return {number for _, expert, anti in self._deltas for number in (expert, anti)}


def nucleus(probabilities: torch.Tensor, share: float) -> torch.Tensor:
    """Which tokens (..., vocabulary) are in the smallest set of likeliest tokens with probability ``share``."""
    ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    return torch.zeros_like(probabilities, dtype=torch.bool).scatter(-1, order, before < share)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The companions of one model, loaded and found to go with it."""

    companions: Companions
    members: tuple[Loaded, ...]
    """Every model once; member 0 is the base."""
    deltas: tuple[Weighted, ...]

    def identity(self) -> dict[str, Any]:
        """For run.json: every model's own identity, and how they are added up."""
        named = [
            {"alpha": alpha, "expert": self.members[expert].identity, "anti_expert": self.members[anti].identity}
            for alpha, expert, anti in self.deltas
        ]
        return {"deltas": named, **self.companions.settings()}

    def ends(self) -> frozenset[int]:
        """An answer ends where any of the models would end it."""
        return frozenset().union(*(end_tokens(member.model, member.tokenizer) for member in self.members))

    def longest(self, problem: Problem, prompt: Prompt) -> int:
        """Tokens of the problem's prompt for the model that renders it longest."""
        templates = {member.tokenizer.chat_template: member.tokenizer for member in self.members}
        return max(len(prompt.tokens(problem, tokenizer)) for tokenizer in templates.values())

    def following(self, pad: int, problems: Sequence[Problem], prompt: Prompt) -> Combined:
        """The sum for these rows; each model is asked in its own chat template."""
        members = [OneModel(member.model, pad, member.prefill) for member in self.members]
        prompts = [[prompt.tokens(problem, other.tokenizer) for problem in problems] for other in self.members[1:]]
        width = len(self.members[0].tokenizer)
        return Combined(members, prompts, self.deltas, width, self.companions.keep_top_p, self.companions.speculate)


def load_ensemble(base: Loaded, source: Source, companions: Companions, note: Note = lambda text: None) -> Ensemble:
    """Load what the companions name beside a loaded base. Raises PyriteError for models that do not go together."""
    members, numbers = [base], {source.text: 0}

    def number(found: Source) -> int:
        if found.text not in numbers:
            loaded = load(found, base.compute, note)
            note(f"{found.text}: a companion")
            _check_goes_with(base, loaded, found.text)
            use_packed_attention(loaded.language_model)
            numbers[found.text] = len(members)
            members.append(loaded)
        return numbers[found.text]

    _check_goes_with(base, base, source.text)
    deltas = []
    for delta in companions.deltas:
        expert = parse_source(delta.expert)
        anti = parse_source(delta.anti_expert) if delta.anti_expert is not None else base_of(expert)
        if anti is None:
            raise PyriteError(f"{delta.expert} does not say what it was before it was tuned; give --anti-expert MODEL")
        deltas.append((delta.alpha, number(expert), number(anti)))
    return Ensemble(companions, tuple(members), tuple(deltas))


def _check_goes_with(base: Loaded, other: Loaded, name: str) -> None:
    if other.plain_generate:
        raise PyriteError(f"{name} answers only through transformers' generate, so its scores cannot be added up")
    if other.restored is not None and other.restored.ending:
        raise PyriteError(f"{name} puts placeholders into its prompts, and its scores cannot be added up")
    refuse_other_vocabulary(base, other, name)
