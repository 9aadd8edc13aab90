"""Batch results of OpenAI, vLLM, Gemini and their like: a ``custom_id`` and the response of one request a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .names import ids_in, prompt_in
from .protocol import FileRow, ReadAnswer
from .unwrapping import completions, numbered

_LONG = ("context_length_exceeded", "maximum context length", "too many tokens", "prompt is too long")
_FILTER = ("content_filter", "content_policy", "content management policy")
_NAMES = ("custom_id", "key", "recordId")
_RESPONSES = ("response", "result", "error", "modelOutput")


class Batch:
    """``{"custom_id": ..., "response": {"status_code": 200, "body": {"choices": [...]}}, "error": null}``; also the
    results of Anthropic's, Gemini's and Bedrock's batches, and plain chat completions with an id."""

    title = "batch results"

    def claims(self, row: FileRow) -> bool:
        """A custom id with a response or a result, or choices as a chat completion has them."""
        if any(name in row for name in _NAMES) and any(isinstance(row.get(name), Mapping) for name in _RESPONSES):
            return True
        return _holds(row, "choices") or _holds_candidates(row) or _is_response(row)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer a choice."""
        ids, prompt = ids_in(row), prompt_in(row)
        if "custom_id" in ids:
            ids = {"custom_id": ids["custom_id"], **ids}
        found = next(iter(ids.values()), None)
        body, error = _body(row)
        if body is None:
            finish = request_failure(error)
            yield ReadAnswer(found, None, finish=finish, prompt=prompt, extra={"error": error}, ids=ids)
            return
        for sample, answer in numbered(list(completions(body))):
            yield ReadAnswer(found, answer.text, sample, answer.finish, prompt=prompt, ids=ids)


def _holds(row: FileRow, name: str) -> bool:
    """Whether a list of maps stands under a name."""
    found = row.get(name)
    return isinstance(found, list) and all(isinstance(item, Mapping) for item in found)


def _holds_candidates(row: FileRow) -> bool:
    """Whether a row has candidates as Gemini writes them; others are texts that somebody chose from."""
    return _holds(row, "candidates") and all(
        isinstance(item.get("content"), Mapping) or "finishReason" in item for item in row["candidates"]
    )


def _is_response(row: FileRow) -> bool:
    """Whether a row is a response of OpenAI's Responses API."""
    return row.get("object") == "response" and isinstance(row.get("output"), list)


def _body(row: FileRow) -> tuple[Mapping[str, Any] | None, str]:
    """The body of a response that succeeded, else what is said of the error."""
    result = row.get("result")
    if isinstance(result, Mapping):  # Anthropic
        message = result.get("message")
        if result.get("type") == "succeeded" and isinstance(message, Mapping):
            return message, ""
        return None, _words(result.get("error") or result.get("type"))
    if _holds(row, "choices") or _holds_candidates(row) or _is_response(row):
        return row, ""
    response = row.get("response", row.get("modelOutput"))
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
    """(text, finish) of every choice that a server gave; one that says nothing has no text. Raises PyriteError."""
    for answer in completions(body, silent=True):
        yield answer.text, answer.finish


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
