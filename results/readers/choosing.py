"""Which of a row's texts is the model's answer, where a question or a known answer stands beside it."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Any, Final

from ...feasibility.errors import PyriteError
from .names import ASSISTANT, LONGEST, folded, role_of
from .unwrapping import said
from .values import squeezed

_MODELS: Final = re.compile(
    r"(?:response|completion|prediction|generation|generated_text)s?|predict|preds?|predicted|generated"
    r"|output_(?:text|list)|(?:model|llm|generated|predicted|assistant|actual)_"
    r"(?:output|response|answer|completion|text|prediction|generation|content)s?"
    r"|raw_(?:output|response|answer|completion|prediction|generation)s?"
)
_OTHERS: Final = (("output", "outputs", "answer"), ("content", "text"), ("message", "result"))
"""Names that a question or a known answer may have too, those first that are more often the model's."""
_ASKING: Final = frozenset({"content", "text"})


class UndecidedError(PyriteError):
    """Several texts of a row may be the answer: no row of the file is judged before somebody says which."""


def _is_models(name: str) -> bool:
    """Whether only a model's text has such a name."""
    return len(name) <= LONGEST and _matches(name)


@lru_cache(maxsize=4096)
def _matches(name: str) -> bool:
    return _MODELS.fullmatch(name) is not None


def answer_name(row: Mapping[str, Any]) -> str | None:
    """The name under which a row (as :func:`usual` gives it) has its answer, None when there is none.

    A name that only a model's text has comes first, and null is no answer. Raises UndecidedError when two names that
    may be the model's hold different texts.

    >>> answer_name({"id": 1, "output": "what is known", "prediction": "what was said"})
    'prediction'
    """
    if row.get("problem_id") is not None and row.get("output") is not None:
        return "output"  # Pyrite's own lines
    there = {name: value for name, value in row.items() if value is not None and _may_answer(name, value)}
    texts = {name for name, value in there.items() if not isinstance(value, bool | int | float)}
    for allowed in (texts, set(there)):  # a number beside a text was read out of it
        for names in ([name for name in row if _is_models(name)], *_OTHERS):
            found = [name for name in names if name in allowed]
            if found:
                _same(row, found)
                return found[0]
    return None


def _may_answer(name: str, value: Any) -> bool:
    if name in _OTHERS[-1]:  # anything has such a name: Ollama's and HELM's are maps
        return isinstance(value, Mapping) and role_of(value) in (*ASSISTANT, "")
    return _is_models(name) or any(name in names for names in _OTHERS)


def _same(row: Mapping[str, Any], names: list[str]) -> None:
    if len(names) > 1:
        first = [item.text for item in said(row[names[0]])]
        for other in names[1:]:
            if [item.text for item in said(row[other])] != first:
                raise UndecidedError(
                    f"{names[0]!r} and {other!r} hold different texts, and either may be the answer; say which: "
                    f"--map problem_id=KEY,output={names[0]} or --map problem_id=KEY,output={other}"
                )


def has_answer(row: Mapping[str, Any]) -> bool:
    """Whether a row (as :func:`usual` gives it) has a name for an answer, null or not."""
    return any(_may_answer(name, value) for name, value in row.items())


def has_model_answer(row: Mapping[str, Any]) -> bool:
    """Whether a row (as :func:`usual` gives it) has a text under a name that only a model's text has."""
    return any(value is not None and _is_models(name) for name, value in row.items())


def is_answer_name(name: str) -> bool:
    """Whether a column of this name may hold answers."""
    return _may_answer(folded(name), None)


def without_question(row: Mapping[str, Any], questions: Container[str]) -> Mapping[str, Any]:
    """The row with a problem's own text under ``prompt``, where it stands under a name that an answer may have.

    A model that only repeats the question keeps its answer, unless its name is one of questions or another is clearer.
    ``questions`` are the problems' texts, squeezed.
    """
    if row.get("problem_id") is not None and row.get("output") is not None:
        return row
    models = any(_is_models(folded(name)) for name, value in row.items() if value)
    for name, value in row.items():
        asking = folded(name) in _ASKING or (models and not _is_models(folded(name)))
        if asking and isinstance(value, str) and is_answer_name(name) and squeezed(value) in questions:
            return {"prompt": value, **{key: item for key, item in row.items() if key != name}}
    return row
