"""Constrained decoding with llguidance: at each step only tokens that keep the answer within a grammar.

"Valid by construction" holds for what is complete: an answer that runs into the token limit is cut and reported as
such, and every answer is judged again whatever the grammar promised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ...feasibility.errors import PyriteError
from .own_keys import Closers, OwnKeys
from .stopping import TokenText


class Grammars:
    """Compiles grammars for one tokenizer. ``width`` is the number of logits of the model, at least the vocabulary."""

    def __init__(self, tokenizer: Any, width: int, ends: Sequence[int]) -> None:
        from llguidance.hf import from_tokenizer

        try:
            self._tokenizer = from_tokenizer(tokenizer, n_vocab=width, eos_token=list(ends))
        except (ValueError, TypeError, RuntimeError) as error:
            raise PyriteError(f"constrained decoding needs a fast tokenizer: {error}") from error
        self._compiled: dict[str, Any] = {}
        self._words = tokenizer
        self._closers: Closers | None = None

    def start(self, grammar: str, *, own_keys: bool = False) -> DecodingConstraint:
        """A fresh constraint for one answer; ``own_keys`` keeps the names of its constraints different.

        Raises PyriteError when the grammar is refused.
        """
        from llguidance import LLMatcher

        first = self._compiled.get(grammar)
        if first is None:
            first = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(grammar))
            if first.is_error():
                raise PyriteError(f"the grammar was refused: {str(first.get_error()).splitlines()[0]}")
            self._compiled[grammar] = first
        if not own_keys:
            return DecodingConstraint(first.deep_copy())
        if self._closers is None:
            self._closers = Closers(self._words)
        return DecodingConstraint(first.deep_copy(), OwnKeys(), self._closers, TokenText(self._words))


class DecodingConstraint:
    """Where one answer stands in its grammar."""

    def __init__(
        self,
        matcher: Any,
        keys: OwnKeys | None = None,
        closers: Closers | None = None,
        text: TokenText | None = None,
    ) -> None:
        self._matcher = matcher
        self._keys, self._closers, self._text = keys, closers, text

    def fill(self, bits: torch.Tensor) -> None:
        """Write which tokens may follow: bit i of the row of 32-bit words is token i."""
        self._matcher.unsafe_compute_mask_ptr(bits.data_ptr(), bits.numel() * bits.element_size())
        if self._keys is None or self._closers is None:
            return
        allowed = bits.clone()
        for token in self._keys.forbidden(self._closers):
            bits[token // 32] &= ~(1 << (token % 32)) if token % 32 < 31 else 0x7FFFFFFF
        if not bits.any():
            bits.copy_(allowed)  # a name as long as names may be: it must end, and is judged as what it is

    def forced(self) -> list[int]:
        """The tokens that the grammar leaves no choice about, as the tokenizer would write them; often none."""
        return list(self._matcher.compute_ff_tokens())

    def take(self, token: int) -> bool:
        """Go on with a token; True when the answer is complete and nothing can follow."""
        if not self._matcher.consume_token(token):
            raise PyriteError(f"the grammar lost its way: {self._matcher.get_error() or 'token refused'}")
        if self._keys is not None and self._text is not None:
            self._keys.feed(self._text(token))
        return bool(self._matcher.is_stopped())


def mask_logits(logits: torch.Tensor, constraints: Sequence[DecodingConstraint | None]) -> torch.Tensor:
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
