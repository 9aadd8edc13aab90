"""Batch results of OpenAI, vLLM and their like: a ``custom_id`` and the response of one request a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...feasibility.errors import PyriteError
from .protocol import FileRow, ReadAnswer
from .values import id_of, message_answer, text_of

_LONG = ("context_length_exceeded", "maximum context length", "too many tokens", "prompt is too long")
_FILTER = ("content_filter", "content_policy", "content management policy")


class Batch:
    """``{"custom_id": ..., "response": {"status_code": 200, "body": {"choices": [...]}}, "error": null}``; also the
    results of Anthropic's batches and plain chat completions with an id."""

    title = "batch results"

    def claims(self, row: FileRow) -> bool:
        """A custom id with a response or a result, or choices as a chat completion has them."""
        if "custom_id" in row and any(isinstance(row.get(name), Mapping) for name in ("response", "result", "error")):
            return True
        return isinstance(row.get("choices"), list)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer a choice."""
        found = id_of(row.get("custom_id")) or id_of(row.get("problem_id")) or id_of(row.get("id"))
        body, error = _body(row)
        if body is None:
            yield ReadAnswer(found, None, finish=request_failure(error), extra={"error": error})
            return
        answers = list(body_answers(body))
        for number, (text, finish) in enumerate(answers):
            yield ReadAnswer(found, text, number if len(answers) > 1 else None, finish)


def _body(row: FileRow) -> tuple[Mapping[str, Any] | None, str]:
    """The body of a response that succeeded, else what is said of the error."""
    result = row.get("result")
    if isinstance(result, Mapping):  # Anthropic
        message = result.get("message")
        if result.get("type") == "succeeded" and isinstance(message, Mapping):
            return message, ""
        return None, _words(result.get("error") or result.get("type"))
    if isinstance(row.get("choices"), list):
        return row, ""
    response = row.get("response")
    if not isinstance(response, Mapping):
        return None, _words(row.get("error"))
    body = response.get("body", response)
    status = response.get("status_code", 200)
    if not isinstance(body, Mapping):
        return None, _words(row.get("error") or body)
    if status != 200 or (body.get("error") and not body.get("choices")):
        return None, _words(body.get("error") or row.get("error") or status)
    return body, ""


def body_answers(body: Mapping[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """(text, finish) of every choice of a chat completion, completion, response or message. Raises PyriteError."""
    choices = body.get("choices")
    if isinstance(choices, list):
        if not choices:
            raise PyriteError("the response has no choices")
        for choice in choices:
            if not isinstance(choice, Mapping):
                raise PyriteError("a choice is no object")
            finish = choice.get("finish_reason")
            if "message" in choice:
                yield message_answer(choice["message"], finish)
            else:
                yield text_of(choice.get("text")), finish
        return
    output = body.get("output")
    if isinstance(output, list):  # the Responses API
        texts = [text_of(item.get("content")) for item in output if _is_message(item)]
        status, details = body.get("status"), body.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, Mapping) else status
        yield "".join(text or "" for text in texts), reason if status == "incomplete" else "stop"
        return
    if "content" in body:  # Anthropic
        yield text_of(body["content"]), body.get("stop_reason")
        return
    raise PyriteError("the response has neither choices nor output")


def _is_message(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("type", "message") == "message"


def request_failure(error: str) -> str:
    """The finish of a request that failed: a prompt too long and a filter have their own."""
    words = error.lower()
    if any(word in words for word in _LONG):
        return "prompt-too-long"
    return "content-filter" if any(word in words for word in _FILTER) else "failed"


def _words(error: Any) -> str:
    if isinstance(error, Mapping):
        inner = error.get("error")
        if isinstance(inner, Mapping):
            error = inner
        parts = [str(error[name]) for name in ("code", "type", "message") if error.get(name)]
        return ": ".join(parts)[:500]
    return str(error)[:500]


BATCH = Batch()
