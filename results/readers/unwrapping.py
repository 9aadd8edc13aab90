"""The answers in one value, whoever wrapped them: choices, candidates, messages, lists of texts.

A formulation that is given as an object is an answer, never a wrapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ...feasibility.errors import PyriteError
from .names import ASSISTANT, USER, finish_in, role_of
from .values import is_formulation, message_answer, text_of

_WRAPPINGS: Final = (
    *("message", "content", "parts", "text", "generated_text", "output_text", "output", "outputs", "completion"),
    *("completions", "response", "responses", "generations", "turns"),
)
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Spoken:
    """One answer: its text or None, how it ended, and its number where it has one."""

    text: str | None
    finish: str | None = None
    number: int | None = None


def said(value: Any) -> list[Spoken]:
    """The answers in a value, at least one. Raises PyriteError when a wrapping is broken.

    >>> [item.text for item in said([{"generated_text": "a"}, {"generated_text": "b"}])]
    ['a', 'b']
    >>> said({"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]})
    [Spoken(text='a', finish='STOP', number=None)]
    """
    return _said(value, 0)


def numbered(answers: Sequence[Spoken]) -> Iterator[tuple[int | None, Spoken]]:
    """The answers with their samples: their own numbers when all have one, else their order; none for a single one."""
    numbers = [answer.number for answer in answers]
    if None in numbers or len(set(numbers)) < len(numbers):
        numbers = list(range(len(answers)))
    for number, answer in zip(numbers, answers, strict=True):
        yield number if len(answers) > 1 else None, answer


def completions(body: Mapping[str, Any], silent: bool = False) -> Iterator[Spoken]:
    """The answers of a chat completion, completion, response or message of any provider. Raises PyriteError.

    ``silent``: a choice without a text is an answer that is none (a server may say nothing), not a broken file.
    """
    choices, candidates, output = body.get("choices"), body.get("candidates"), body.get("output")
    if isinstance(choices, list):
        if not choices:
            raise PyriteError("the response has no choices")
        for choice in choices:
            yield _choice(choice, silent)
    elif isinstance(candidates, list) or "promptFeedback" in body:  # Gemini
        feedback = body.get("promptFeedback")
        if not candidates and isinstance(feedback, Mapping) and feedback.get("blockReason"):
            yield Spoken(None, "content-filter")
        elif not isinstance(candidates, list) or not candidates:
            raise PyriteError("the response has no candidates")
        else:
            for candidate in candidates:
                yield _candidate(candidate)
    elif isinstance(output, list):  # the Responses API
        yield _response(body, output)
    elif isinstance(output, Mapping) and "message" in output:  # Bedrock
        yield Spoken(message_answer(output["message"], None)[0], _word(finish_in(body)))
    elif "content" in body:  # Anthropic
        yield Spoken(text_of(body["content"]), _word(finish_in(body)))
    else:
        raise PyriteError("the response has neither choices nor output")


def _word(finish: str | list[Any] | None) -> str | None:
    return finish if isinstance(finish, str) else None


def _choice(choice: Any, silent: bool) -> Spoken:
    if not isinstance(choice, Mapping):
        raise PyriteError("a choice is no object")
    try:
        finish, number = _word(finish_in(choice)), _number(choice)
    except PyriteError:
        if not silent:
            raise
        finish = number = None
    if "message" in choice:
        text, finish = message_answer(choice["message"], finish)
        return Spoken(text, finish, number)
    if "text" in choice:
        return Spoken(text_of(choice["text"]), finish, number)
    turns = choice.get("turns")
    if isinstance(turns, list) and len(turns) == 1:  # MT-bench
        return Spoken(text_of(turns[0]), finish, number)
    if silent:
        return Spoken(None, finish, number)
    raise PyriteError(
        f"a choice has {len(turns)} turns, where one answer is needed"
        if isinstance(turns, list)
        else "a choice has neither message nor text"
    )


def _candidate(candidate: Any) -> Spoken:
    if not isinstance(candidate, Mapping):
        raise PyriteError("a candidate is no object")
    finish, content = _word(finish_in(candidate)), candidate.get("content")
    if content is None and finish is None:
        raise PyriteError("a candidate has neither content nor a reason for its end")
    empty = isinstance(content, Mapping) and "parts" not in content  # cut or stopped before its first word
    return Spoken(None if empty else text_of(content), finish, _number(candidate))


def _response(body: Mapping[str, Any], output: list[Any]) -> Spoken:
    texts = [text_of(item.get("content")) for item in output if _is_message(item)]
    status, details = body.get("status"), body.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else status
    return Spoken("".join(text or "" for text in texts), reason if status == "incomplete" else "stop")


def _is_message(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("type", "message") == "message"


def _number(item: Mapping[str, Any]) -> int | None:
    index = item.get("index")
    return index if isinstance(index, int) and not isinstance(index, bool) and index >= 0 else None


def _said(value: Any, depth: int) -> list[Spoken]:
    if depth > _DEEPEST or is_formulation(value):
        return [Spoken(text_of(value))]
    if isinstance(value, Mapping):
        return _of_map(value, depth)
    if isinstance(value, list) and value:
        return _of_list(value, depth)
    return [Spoken(text_of(value))]


def _of_map(value: Mapping[str, Any], depth: int) -> list[Spoken]:
    own = value.get("object") == "response" and isinstance(value.get("output"), list)
    if own or isinstance(value.get("choices"), list) or isinstance(value.get("candidates"), list):
        return list(completions(value))
    finish = _word(finish_in(value)) if _speaks(value) else None
    if "role" in value:
        return [Spoken(*message_answer(value, finish))]
    name = next((name for name in _WRAPPINGS if value.get(name) is not None), None)
    if name is None or not _speaks(value):
        return [Spoken(text_of(value))]
    found = _said(value[name], depth + 1)
    number = _number(value)
    return [
        replace(item, finish=item.finish or finish, number=number if len(found) == 1 else item.number) for item in found
    ]


def _speaks(value: Any, depth: int = 0) -> bool:
    """Whether a value wraps texts: no formulation is in it or beside them."""
    if isinstance(value, str):
        return True
    if depth > _DEEPEST or is_formulation(value):
        return False
    if isinstance(value, list):
        return bool(value) and all(_speaks(item, depth + 1) for item in value)
    if not isinstance(value, Mapping) or any(is_formulation(item) for item in value.values()):
        return False
    return any(name in value for name in (*_WRAPPINGS, "choices", "candidates"))


def _of_list(value: list[Any], depth: int) -> list[Spoken]:
    if all(item is None or isinstance(item, str) for item in value):
        return [Spoken(item) for item in value]
    maps = [item for item in value if isinstance(item, Mapping)]
    if len(maps) == len(value):
        if all("role" in item for item in maps) and not any(isinstance(item.get("type"), str) for item in maps):
            return _conversation(maps)
        if any(item.get("type") == "message" for item in maps):
            return list(completions({"output": value}))
    typed = any(isinstance(item.get("type"), str) for item in maps)  # the parts of one text
    if typed or len(maps) not in (0, len(value)) or not _speaks(value):
        return [Spoken(text_of(value))]
    return [item for inner in value for item in _said(inner, depth + 1)]


def _conversation(messages: list[Mapping[str, Any]]) -> list[Spoken]:
    """The last message of the assistant; when nobody else speaks, each message is an answer."""
    if all(role_of(message) in ASSISTANT for message in messages):
        return [Spoken(*message_answer(message, None)) for message in messages]
    return [Spoken(*message_answer(last_answer(messages), None))]


def last_answer(messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The assistant's last message. Raises PyriteError when there is none, or the user has the last word."""
    found: Mapping[str, Any] | None = None
    for message in messages:
        if role_of(message) in ASSISTANT:
            found = message
        elif role_of(message) in USER:
            found = None
    if found is None:
        raise PyriteError("the conversation has no message of an assistant after the last of its user")
    return {**found, "content": found.get("content", found.get("value"))}
