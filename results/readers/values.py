"""What rows of every layout are made of: ids, texts in parts, chat messages, choices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...feasibility.errors import PyriteError

_CUT = ("limit", "max_new_tokens", "max_completion_tokens")
_THOUGHT = ("thinking", "reasoning", "redacted_thinking", "reasoning_content")


def id_of(value: Any) -> str | None:
    """A problem's id: a text, or a whole number as its digits; None for anything else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else None


def squeezed(text: str) -> str:
    """A text with single blanks for all its white space: layout tells no texts apart."""
    return " ".join(text.split())


def number_of(value: Any) -> int | None:
    """A sample's number, also as text; None when there is none. Raises PyriteError for anything else."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.strip().isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PyriteError(f"'sample' is a whole number from 0, not {str(value)[:60]!r}")
    return value


def seconds_of(value: Any) -> float | None:
    """The seconds that an answer took; None for what is no number, or for one beyond every float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 else None


def finish_word(value: Any) -> str:
    """The word for an ending: a text, or a map that holds one as its type. Raises PyriteError for anything else.

    >>> finish_word({"type": "length"}), finish_word("FinishReason.MAX_TOKENS"), finish_word("limit")
    ('length', 'MAX_TOKENS', 'length')
    """
    if isinstance(value, Mapping) and isinstance(value.get("type"), str):
        value = value["type"]
    if not isinstance(value, str):
        raise PyriteError(f"'finish' is a word such as stop or length, not {str(value)[:60]!r}")
    word = value.rsplit(".", 1)[-1] if value.startswith(("FinishReason.", "StopReason.")) else value
    return "length" if word.strip().lower() in _CUT else word


def text_of(value: Any) -> str | None:
    """The text of an answer: a text, the text parts of a list of parts, or a JSON object as its text.

    Parts that are thinking are left out: they are kept apart by whoever wrote them.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("parts"), list) and not is_formulation(value):
        value = value["parts"]  # Gemini's content
    if isinstance(value, list):
        parts = [_part(item) for item in value]
        if all(part is not None for part in parts):
            return "".join(part for part in parts if part is not None)
    if isinstance(value, dict) and isinstance(value.get("text"), str) and value.get("type") in ("text", "output_text"):
        return str(value["text"])
    return json.dumps(value, ensure_ascii=False)


def is_formulation(value: Any) -> bool:
    """Whether an object is a formulation, or the beginning of one: then it is the answer itself, not its wrapping."""
    return isinstance(value, Mapping) and any(name in value for name in ("variables", "objective", "constraints"))


def _part(item: Any) -> str | None:
    if isinstance(item, str):
        return item
    if not isinstance(item, Mapping) or is_formulation(item):
        return None
    if item.get("type") in _THOUGHT or item.get("thought") is True:
        return ""
    if item.get("type") == "tool_use":  # Anthropic
        return tool_calls([{"name": item.get("name"), "arguments": item.get("input")}])
    return item["text"] if isinstance(item.get("text"), str) else None


def message_answer(message: Any, finish: str | None) -> tuple[str | None, str | None]:
    """The text of a chat message and how it ended; a tool call is its arguments, a refusal is one."""
    if not isinstance(message, Mapping):
        raise PyriteError("a choice has no message")
    text = text_of(message.get("content"))
    if not text and isinstance(message.get("refusal"), str) and message["refusal"]:
        return message["refusal"], "refusal"
    if not text and isinstance(message.get("tool_calls"), list) and message["tool_calls"]:
        return tool_calls(message["tool_calls"]), finish
    return text, finish


def tool_calls(calls: Iterable[Any]) -> str:
    """Tool calls as text, one JSON object a line: what a model wrote as a call is a wrapper around its answer."""
    lines = []
    for call in calls:
        function = call.get("function", call) if isinstance(call, Mapping) else {}
        if isinstance(function, Mapping):
            lines.append(json.dumps({"name": function.get("name"), "arguments": function.get("arguments")}))
    return "\n".join(lines)


def first_of(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The value of the first of these keys under which the row has one: null is none."""
    return next((row[name] for name in names if row.get(name) is not None), None)
