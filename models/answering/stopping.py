"""Where an answer ends: at the end of the first JSON object, or at the model's own end token.

The scanner sees each generated token once. It counts braces outside strings; when they balance, the piece is read as
JSON, and only a readable, non-empty object ends the answer, so ``let {x} be the number`` does not.
"""

from __future__ import annotations

import json
from typing import Any


class JsonEnd:
    """Follows one answer, piece by piece.

    >>> end = JsonEnd()
    >>> [end.feed(piece) for piece in ('Let {x} be: ', '{"a": "}', '"', '}')]
    [False, False, False, True]
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, piece: str) -> bool:
        """True when a JSON object ends within ``piece``."""
        for char in piece:
            if self._depth == 0:
                if char == "{":
                    self._depth, self._quoted, self._escaped = 1, False, False
                    self._pieces = [char]
                continue
            self._pieces.append(char)
            if self._escaped:
                self._escaped = False
            elif self._quoted:
                if char == "\\":
                    self._escaped = True
                elif char == '"':
                    self._quoted = False
            elif char == '"':
                self._quoted = True
            elif char == "{":
                self._depth += 1
            elif char == "}":
                self._depth -= 1
                if self._depth == 0 and self._readable():
                    return True
        return False

    def _readable(self) -> bool:
        try:
            return bool(json.loads("".join(self._pieces)))
        except (ValueError, RecursionError):
            return False


class TokenText:
    """Tokens as text, one at a time and remembered; enough to follow braces and quotes, not to join characters."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._known: dict[int, str] = {}

    def __call__(self, token: int) -> str:
        text = self._known.get(token)
        if text is None:
            text = self._known[token] = str(self._tokenizer.decode([token], skip_special_tokens=True))
        return text


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends an answer: the tokenizer's and those of the model's generation settings."""
    found = {tokenizer.eos_token_id}
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    found.update(configured if isinstance(configured, list) else [configured])
    return frozenset(token for token in found if token is not None)
