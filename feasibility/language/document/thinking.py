"""Where in a text the answer stands: after the thinking, within the model's own turn.

The rule, the same when answers are read and when they are ended (:mod:`pyrite.models.answering.stopping`):

1. The text ends for us where the model's turn ends: at the first end-of-turn mark behind visible text.
2. Nothing up to the last end-of-thinking mark counts.
3. When thinking is opened after that and not closed, there is no answer: it is *unfinished*.

Marks are told by their form, not by model: ``<think>``, ``<thinking>``, ``[THINK]``, ``<|begin_of_thought|>``,
``<|START_THINKING|>``, ``<seed:think>``, ``◁think▷``, gpt-oss channels (also where a tokenizer left out its special
tokens: ``analysisWe need ...assistantfinal``), Gemma's ``<|channel>thought``, Granite's sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_WORD: Final = "think|thinking|thoughts?|reasoning|reflection|scratchpad|analysis"
_CORE: Final = "think|thinking|thought|reasoning"
_BAR: Final = r"[|｜]"
_JOIN: Final = r"[_▁ ]"

OPENING: Final = re.compile(
    rf"<(?:[a-z]{{1,12}}[:_])?(?:{_WORD})(?:\s[^<>\n]{{0,80}})?(?<!/)>"
    rf"|<{_BAR}(?:(?:begin|start){_JOIN}(?:of{_JOIN})?(?:{_CORE})|(?:{_CORE})(?:{_JOIN}(?:begin|start))?){_BAR}>"
    rf"|\[(?:THINK|THINKING|REASONING)\]"
    r"|◁think▷"
    r"|<\|inner_prefix\|>"
    r"|<\|channel\|?>\s*(?:analysis|thought|commentary(?!\s*to=))"
    r"|^Here is my thought process:",
    re.IGNORECASE | re.MULTILINE,
)
"""Thinking begins."""

CLOSING: Final = re.compile(
    rf"</\s*(?:[a-z]{{1,12}}[:_])?(?:{_WORD})\s*>"
    rf"|<{_BAR}(?:end{_JOIN}(?:of{_JOIN})?(?:{_CORE})|(?:{_CORE}){_JOIN}end|/(?:{_CORE})){_BAR}>"
    rf"|\[/(?:THINK|THINKING|REASONING)\]"
    r"|◁/think▷"
    r"|<\|inner_suffix\|>"
    r"|<channel\|>"
    r"|<\|channel\|?>\s*(?:final|commentary(?=\s*to=))(?:(?:\s*<\|constrain\|>\s*\w+|\s*to=[\w.]+){0,3}\s*<\|message\|>)?"
    r"|^Here is my response:",
    re.IGNORECASE | re.MULTILINE,
)
"""Thinking has ended; what follows is the answer."""

# gpt-oss decoded without its special tokens: the channels' names are glued to the texts.
_BARE_OPENING: Final = re.compile(r"\s*analysis(?=[A-Z\"'{\[(])")
_BARE_CLOSING: Final = re.compile(r"assistant(?:final|commentary(?=\s*to=))")

_TURN: Final = re.compile(
    r"<\|im_end\|>|<\|im_start\|>|<\|eot_id\|>|<\|eom_id\|>|<\|endoftext\|>|<\|end_of_text\|>|<\|return\|>|<\|call\|>"
    r"|<\|end\|>(?!\s*<\|start\|>assistant)|<\|end_of_turn\|>|<\|END_OF_TURN_TOKEN\|>|<\|user\|>|<end_of_turn>"
    r"|<start_of_turn>|<turn\|>|<\|turn>|<eos>|<｜end▁of▁sentence｜>|<｜User｜>|\[INST\]"
    r"|</s>"
)
# What may stand in front of everything where special tokens were kept.
_HEAD: Final = re.compile(
    r"(?:\s|\ufeff|<s>|<bos>|<\|begin_of_text\|>|<\|im_start\|>(?:assistant)?|<\|start\|>(?:assistant)?"
    r"|<start_of_turn>(?:model)?|<\|turn>(?:model)?|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<｜Assistant｜>|<\|assistant\|>)*"
)
# Without any of this there is no mark at all, which is what most texts can be told by at once.
_ANGLED: Final = re.compile(r"<[/|｜A-Za-z]")
_SQUARE: Final = re.compile(r"\[/?(?:[TtRr]|INST)")
_BARE: Final = re.compile(r"\s*analysis")
# Marks that only together say what is thinking, where a tokenizer has them as tokens of their own.
_CHANNEL: Final = frozenset({"<|channel|>", "<|channel>"})
_CHANNEL_PARTS: Final = frozenset({"<|start|>", "<|end|>", "<|message|>", "<|constrain|>", "<|call|>", "<|return|>"})
_LONGEST_MARK: Final = 120
_LAST: Final = frozenset(">]▷:lstyLSTY")
"""The last characters of all marks."""


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """The answer is ``text[start:end]``; ``thought`` says that thinking was closed before it.

    ``open_at`` is the offset of thinking that was opened after ``start`` and never closed, or None.
    """

    start: int
    end: int
    thought: bool = False
    open_at: int | None = None


def answer_span(text: str) -> AnswerSpan:
    """Which part of an output is the answer, in linear time.

    >>> text = "<think>{draft}</think> {final}<|im_end|>"
    >>> span = answer_span(text)
    >>> text[span.start:span.end]
    ' {final}'
    >>> answer_span("<think> {draft} wait").open_at
    0
    """
    if not _may_hold_marks(text):
        return AnswerSpan(0, len(text))
    end = _turn_end(text)
    start, thought = 0, False
    for mark in CLOSING.finditer(text, 0, end):
        start, thought = mark.end(), True
    bare = _BARE_OPENING.match(text, 0, end)
    if bare:
        for mark in _BARE_CLOSING.finditer(text, bare.end(), end):
            if mark.end() > start:
                start, thought = mark.end(), True
        if not thought:
            return AnswerSpan(start, end, open_at=bare.start())
    opened = OPENING.search(text, start, end)
    return AnswerSpan(start, end, thought, opened.start() if opened else None)


def _may_hold_marks(text: str) -> bool:
    # Each of these looks for one character first, which takes a fraction of what alternatives in one pattern take.
    return bool(_ANGLED.search(text) or _SQUARE.search(text) or "◁" in text or "ere is my" in text or _BARE.match(text))


def opened_thinking(text: str) -> str:
    """What follows from where thinking was opened and not closed, the mark included; empty when it was not.

    >>> opened_thinking("<|im_start|>assistant\\n<think>\\n")
    '<think>\\n'
    >>> opened_thinking("<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n")
    ''
    """
    start = max((mark.end() for mark in CLOSING.finditer(text)), default=0)
    opened = OPENING.search(text, start)
    return text[opened.start() :] if opened else ""


def closing_mark(opening: str) -> str:
    """What ends the thinking that a text beginning with an opening mark has opened.

    >>> closing_mark("<think>\\n"), closing_mark("<|begin_of_thought|>"), closing_mark("[THINK]")
    ('</think>', '<|end_of_thought|>', '[/THINK]')
    """
    found = OPENING.match(opening)
    if not found:
        raise ValueError(f"no thinking begins with {opening[:40]!r}")
    mark = found.group()
    if mark.startswith("<|channel|>"):
        return "<|end|><|start|>assistant<|channel|>final<|message|>"
    if mark.startswith("<|channel"):
        return "<channel|>"
    if mark == "<|inner_prefix|>":
        return "<|inner_suffix|>"
    if mark.lower().startswith("here is"):
        return "\nHere is my response:"
    if mark.startswith("<") and mark[1] in "|｜":
        turned, count = re.subn(r"(?i)begin|start", lambda word: "END" if word.group().isupper() else "end", mark)
        return turned if count else f"{mark[:2]}/{mark[2:]}"
    if mark.startswith("<"):
        return f"</{mark[1:-1].split()[0]}>"  # without attributes
    return f"{mark[0]}/{mark[1:]}"


def kept_marks(special: Iterable[str]) -> frozenset[str]:
    """Those of a tokenizer's special tokens without which a text does not tell what is thinking.

    >>> sorted(kept_marks(["<s>", "[THINK]", "[/THINK]", "<|end|>"]))
    ['[/THINK]', '[THINK]']
    >>> sorted(kept_marks(["<|channel|>", "<|message|>", "<|end|>", "<|endoftext|>"]))
    ['<|channel|>', '<|end|>', '<|message|>']
    """
    found = frozenset(special)
    channel = _CHANNEL_PARTS if found & _CHANNEL else frozenset()
    return frozenset(
        mark
        for mark in found
        if mark in _CHANNEL or mark in channel or OPENING.fullmatch(mark) or CLOSING.fullmatch(mark)
    )


def _turn_end(text: str) -> int:
    """Offset of the first end-of-turn mark that has visible text before it, or the text's length."""
    head = _HEAD.match(text)
    start = head.end() if head else 0
    for found in _TURN.finditer(text, start):
        # </s> also ends a word that is struck through.
        if found.group() != "</s>" or text.find("<s>", start, found.start()) < 0:
            return found.start()
    return len(text)


class Follower:
    """The same rule for a text that is still being written: is what comes now thinking, and has the turn ended?

    ``thinking`` at the start says that the prompt itself opened it (some templates end with ``<think>``).
    """

    def __init__(self, thinking: bool = False) -> None:
        self.thinking = thinking
        self._tail = ""
        self._begun = False

    def feed(self, char: str) -> bool:
        """Take one character; True when thinking has just ended (whatever was written before does not count)."""
        if not self._begun:
            self._tail += char
            if _BARE_OPENING.match(self._tail):
                self.thinking = self._begun = True
            elif len(self._tail) > 40:
                self._begun = True
        else:
            self._tail = (self._tail + char)[-_LONGEST_MARK:]
        if char not in _LAST:
            return False
        if _ends(CLOSING, self._tail) or (char in "ly" and self.thinking and _ends(_BARE_CLOSING, self._tail)):
            self.thinking = False
            return True
        if _ends(OPENING, self._tail):
            self.thinking = True
        return False


def _ends(pattern: re.Pattern[str], tail: str) -> bool:
    """Whether a mark ends exactly where the text ends now."""
    return any(mark.end() == len(tail) for mark in pattern.finditer(tail))
