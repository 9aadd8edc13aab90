"""Constrained decoding with llguidance: at each step only tokens that keep the answer within a grammar.

"Valid by construction" holds for what is complete: an answer that runs into the token limit is cut and reported as
such, and every answer is judged again whatever the grammar promised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ...feasibility.errors import PyriteError


class Grammars:
    """Compiles grammars for one tokenizer. ``width`` is the number of logits of the model, at least the vocabulary."""

    def __init__(self, tokenizer: Any, width: int, ends: Sequence[int]) -> None:
        from llguidance.hf import from_tokenizer

        try:
            self._tokenizer = from_tokenizer(tokenizer, n_vocab=width, eos_token=list(ends))
        except (ValueError, TypeError, RuntimeError) as error:
            raise PyriteError(f"constrained decoding needs a fast tokenizer: {error}") from error
        self._compiled: dict[str, Any] = {}

    def start(self, grammar: str) -> Constraint:
        """A fresh constraint for one answer. Raises PyriteError when the grammar is refused."""
        from llguidance import LLMatcher

        first = self._compiled.get(grammar)
        if first is None:
            first = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(grammar))
            if first.is_error():
                raise PyriteError(f"the grammar was refused: {str(first.get_error()).splitlines()[0]}")
            self._compiled[grammar] = first
        return Constraint(first.deep_copy())


class Constraint:
    """Where one answer stands in its grammar."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def fill(self, bits: torch.Tensor) -> None:
        """Write which tokens may follow: bit i of the row of 32-bit words is token i."""
        self._matcher.unsafe_compute_mask_ptr(bits.data_ptr(), bits.numel() * bits.element_size())

    def forced(self) -> list[int]:
        """The tokens that the grammar leaves no choice about, as the tokenizer would write them; often none."""
        return list(self._matcher.compute_ff_tokens())

    def take(self, token: int) -> bool:
        """Go on with a token; True when the answer is complete and nothing can follow."""
        if not self._matcher.consume_token(token):
            raise PyriteError(f"the grammar lost its way: {self._matcher.get_error() or 'token refused'}")
        return bool(self._matcher.is_stopped())


def mask_logits(logits: torch.Tensor, constraints: Sequence[Constraint | None]) -> torch.Tensor:
    """The logits (rows, vocabulary) with every token that a row's grammar forbids at minus infinity."""
    width = logits.shape[-1]
    words = (width + 31) // 32
    bits = torch.full((len(constraints), words), -1, dtype=torch.int32)
    for row, constraint in enumerate(constraints):
        if constraint is not None:
            constraint.fill(bits[row])
    places = torch.arange(32, dtype=torch.int32)
    allowed = ((bits.unsqueeze(-1) >> places) & 1).bool().view(len(constraints), words * 32)[:, :width]
    return logits.masked_fill(~allowed.to(logits.device), float("-inf"))
