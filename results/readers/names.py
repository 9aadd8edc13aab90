"""What rows call things: the usual names of ids, questions and endings, in any case and spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from ...feasibility.errors import PyriteError
from .values import finish_word, id_of, text_of

IDS: Final = (
    *("problem_id", "custom_id", "id", "task_id", "question_id", "instance_id", "sample_id", "qid", "uid", "index"),
    *("idx", "problem", "name", "record_id", "key"),
)
NAMING: Final = frozenset({"problem_id", "custom_id", "id", "task_id", "question_id", "instance_id", "qid", "uid"})
"""Ids that name what was asked, and nothing else; the others may be a place, a text or anybody's name."""
PLACES: Final = frozenset({"index", "idx"})
FINISHES: Final = ("finish", "finish_reason", "stop_reason", "stopping_reason", "done_reason", "stop_type")
SAMPLES: Final = ("sample", "sample_index", "epoch", "repeat", "attempt", "trial")
CONVERSATIONS: Final = ("messages", "conversations", "conversation")
PROMPTS: Final = (
    *("prompt", "question", "input", "instruction", "query", "user_input", "problem_text", "problem", "full_prompt"),
    *("user_prompt", "origin_prompt", "example", "contents", "request", "inputs", "doc", "instance", *CONVERSATIONS),
)
LONGEST: Final = 60
"""Characters of a name that is looked at."""
_INSIDE: Final = ("metadata", "meta", "doc", "inputs", "input", "instance", "vars", "origin_input", "problem")
"""Maps in which what was asked keeps its id."""

ASSISTANT: Final = ("assistant", "gpt", "model", "ai", "bot")
USER: Final = ("user", "human")


def folded(key: str) -> str:
    """A name in lower case with underscores: ``actualOutput`` is ``actual_output``. Long ones stay as they are."""
    return _folded(key) if len(key) <= LONGEST else key


@lru_cache(maxsize=4096)
def _folded(key: str) -> str:
    return re.sub(r"[\s\-]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key.strip())).lower()


class UsualRow(dict[str, Any]):
    """A row by its usual names."""


def usual(row: Mapping[str, Any]) -> UsualRow:
    """The row by names in lower case with underscores (``actualOutput``, ``ID``); an exact name counts first."""
    if isinstance(row, UsualRow):
        return row
    found = UsualRow({folded(key): value for key, value in row.items()})
    found.update(row)
    return found


def ids_in(row: Mapping[str, Any]) -> dict[str, str]:
    """Every id that a row has, by its name, the likeliest first. Raises PyriteError when it has but ids of no kind.

    >>> ids_in({"id": None, "task_id": 7, "metadata": {"problem_id": "p1"}})
    {'task_id': '7', 'metadata.problem_id': 'p1'}
    """
    own = usual(row)
    found = {name: own[name] for name in IDS if own.get(name) is not None}
    for place in _INSIDE:
        inner = own.get(place)
        if isinstance(inner, Mapping):
            named = usual(inner)
            found |= {f"{place}.{name}": named[name] for name in IDS if name in NAMING and named.get(name) is not None}
    ids = {name: text for name, value in found.items() if (text := id_of(value)) is not None}
    if not ids:
        for name, value in found.items():
            if name in NAMING and value != "" and value == value:  # NaN is how a table says that there is none
                raise PyriteError(
                    f"{name!r} is a {type(value).__name__}, not a text or a whole number; "
                    "say where the id is: --map problem_id=KEY,output=KEY"
                )
    return ids


def is_id_name(name: str) -> bool:
    """Whether a column of this name may hold ids."""
    return folded(name) in IDS


def prompt_in(row: Mapping[str, Any]) -> str | None:
    """What was asked, as far as the row says it: every text under a usual name, one after the other."""
    own = usual(row)
    texts = [text for name in PROMPTS if name in own for text in _asked(own[name])]
    return "\n".join(dict.fromkeys(texts)) or None


def _asked(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts of a question: a text, a map that holds one, the last message of the user."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif depth > 4:
        return
    elif isinstance(value, Mapping):
        for name in (*PROMPTS, "text", "parts"):
            if name in value:
                yield from _asked(value[name], depth + 1)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        if any("role" in item or "from" in item for item in value):
            mine = [item for item in value if role_of(item) in USER]
            value = mine[-1:]
        for item in value:
            inner = item.get("content", item.get("value", item.get("prompt", item.get("parts", item.get("text")))))
            text = text_of(inner) if isinstance(inner, list) else inner
            yield from _asked(text, depth + 1)


def role_of(message: Mapping[str, Any]) -> str:
    """Who speaks in a chat message, in lower case."""
    return str(message.get("role", message.get("from", "")))[:40].lower()


def finish_in(row: Mapping[str, Any]) -> str | list[Any] | None:
    """How an answer ended, a list for several answers. Raises PyriteError when it is no word."""
    own = usual(row)
    for place in (own, own.get("details"), own.get("meta_info")):
        if isinstance(place, Mapping):
            for name in FINISHES:
                value = place.get(name)
                if value is not None:
                    return value if isinstance(value, list) else finish_word(value)
    return "length" if own.get("stopped_limit") is True else None
