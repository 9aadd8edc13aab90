"""Where an answer ends: at the end of the first formulation (or plan) outside of thinking, or at the end token.

Which object is a formulation, and what is thinking, is decided by the same functions as when outputs are read
(:mod:`pyrite.feasibility.language.document.reading`): a draft inside of thinking, ``{}``, ``let {x} be`` or a map of
numbers do not end an answer. A formulation in a wrapper does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...feasibility.language.document.attempts import MENTION, held_formulations, is_formulation
from ...feasibility.language.document.thinking import Follower, kept_marks


class JsonEnd:
    """Follows one answer, piece by piece. ``thinking`` says that the prompt has opened thinking already.

    With ``plan`` an object with "values" that is an object ends the answer, and a formulation does not.

    The scanner sees each character once. It counts braces outside strings; when they balance, the piece is read as
    JSON, and only a readable formulation ends the answer.

    >>> end = JsonEnd()
    >>> [end.feed(piece) for piece in ('<think> {"variables": {"x": 0}, "objective": {}} </think>', ' {"a": "}"} ',
    ...     '{"variables": {"x": "', '}"}, "objective": {}}')]
    [False, False, False, True]
    """

    def __init__(self, thinking: bool = False, plan: bool = False) -> None:
        self._plan = plan
        self._follower = Follower(thinking)
        self._pieces: list[str] = []
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, piece: str) -> bool:
        """True when a formulation outside of thinking ends within ``piece``."""
        for char in piece:
            if self._follower.feed(char) or self._follower.thinking:
                self._depth = 0
            elif self._object_ends(char) and self._is_answer():
                return True
        return False

    def _object_ends(self, char: str) -> bool:
        """Take one character; True when the braces balance with it."""
        if self._depth == 0:
            if char == "{":
                self._depth, self._quoted, self._escaped = 1, False, False
                self._pieces = [char]
            return False
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
            return self._depth == 0
        return False

    def _is_answer(self) -> bool:
        text = "".join(self._pieces)
        if self._plan:
            document = _load(text) if '"values"' in text else None
            return isinstance(document, dict) and isinstance(document.get("values"), dict)
        if not MENTION.search(text):
            return False
        document = _load(text)
        return is_formulation(document) or bool(held_formulations(document, _load))


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class TokenText:
    """Tokens as text, without special tokens except those that say what is thinking (``[THINK]``, ``<|channel|>``).

    Called, one token at a time and remembered: enough to follow braces, quotes and marks, not to join characters.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        special = _special_tokens(tokenizer)
        marks = kept_marks(special.values())
        self._known = {number: mark for number, mark in special.items() if mark in marks}
        self._marks = frozenset(self._known)
        self._hidden = frozenset(special) - self._marks

    def identity(self) -> dict[str, list[str]]:
        """For run.json: the special tokens that stay in the text, if there are any."""
        return {"kept_marks": sorted(self._known[number] for number in self._marks)} if self._marks else {}

    def __call__(self, token: int) -> str:
        text = self._known.get(token)
        if text is None:
            text = self._known[token] = str(self._tokenizer.decode([token], skip_special_tokens=True))
        return text

    def whole(self, tokens: Sequence[int]) -> str:
        """An answer's text."""
        if self._marks.isdisjoint(tokens):
            return str(
                self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
            )
        shown = [token for token in tokens if token not in self._hidden]
        return str(self._tokenizer.decode(shown, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _special_tokens(tokenizer: Any) -> dict[int, str]:
    found = {
        number: token.content
        for number, token in getattr(tokenizer, "added_tokens_decoder", {}).items()
        if token.special
    }
    return found | dict(zip(tokenizer.all_special_ids, map(str, tokenizer.all_special_tokens), strict=True))


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends an answer: the tokenizer's and those of the model's generation settings."""
    found = {tokenizer.eos_token_id}
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    found.update(configured if isinstance(configured, list) else [configured])
    return frozenset(token for token in found if token is not None)
