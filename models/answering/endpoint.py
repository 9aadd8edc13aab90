"""An OpenAI-compatible endpoint as an answerer: ``http://host:8000/v1#model``. It answers; it cannot be tuned here.

A refused or overloaded request is tried again with growing pauses (``Retry-After`` is honoured); when that does not
help, answering stops with exit code 3 and goes on later where it was. The key, if the endpoint wants one, is read from
``PYRITE_API_KEY`` or ``OPENAI_API_KEY`` and written nowhere.

What is not covered: streaming, and constrained decoding (no two servers ask for it alike).
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from ...feasibility.errors import PyriteError
from ...results.outputs import Output
from ..prompts import Prompt
from ..settings import Settings
from .answering import Request, sample_seed

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class EndpointAnswerer:
    """Asks an endpoint, ``parallel`` requests at once. ``attempts`` and ``pause`` (seconds, doubling) say how long."""

    address: str
    prompt: Prompt
    settings: Settings
    parallel: int = 4
    attempts: int = 6
    pause: float = 1.0
    timeout: float = 300.0
    note: Any = field(default=lambda text: None)

    def __post_init__(self) -> None:
        if "#" not in self.address or not self.address.partition("#")[2]:
            raise PyriteError(f"an endpoint is written http://host/v1#MODEL; {self.address} names no model")
        if self.settings.decoding != "free":
            raise PyriteError("constrained decoding needs the model itself; an endpoint decodes on its own")
        if self.parallel < 1:
            raise PyriteError(f"--parallel is at least 1, not {self.parallel}")

    @property
    def url(self) -> str:
        """Where requests go."""
        return self.address.partition("#")[0].rstrip("/") + "/chat/completions"

    @property
    def model(self) -> str:
        """The name that the endpoint knows the model by."""
        return self.address.partition("#")[2]

    def identity(self) -> dict[str, Any]:
        """Address, model, prompt, decoding. The weights behind an endpoint are not known here."""
        return {
            "model": self.address,
            "weights": None,
            "prompt": self.prompt.identity(),
            "answers": self.settings.identity(),
            "back_end": "endpoint",
        }

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """As asked, a few rounds of parallel requests at a time."""
        size = self.parallel * 4
        return [list(requests[at : at + size]) for at in range(0, len(requests), size)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers as they come. What was answered before a failure is handed out before it is raised."""
        failure: PyriteError | None = None
        with ThreadPoolExecutor(self.parallel) as pool:
            asked = [pool.submit(self._ask, request) for request in batch]
            for done in as_completed(asked):
                if done.cancelled():
                    continue
                error = done.exception()
                if error is None:
                    yield done.result()
                elif isinstance(error, PyriteError):
                    failure = failure or error
                    for other in asked:
                        other.cancel()
                else:
                    raise error
        if failure is not None:
            raise failure

    def _ask(self, request: Request) -> Output:
        settings = self.settings
        body: dict[str, Any] = {
            "model": self.model,
            "messages": self.prompt.messages(request.problem),
            "max_tokens": settings.max_new_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": sample_seed(settings.seed, request.key) % 2**31,
        }
        started = time.monotonic()
        document = self._post(body)
        try:
            choice = document["choices"][0]
            text = choice["message"].get("content") or ""
            finish = choice.get("finish_reason") or "stop"
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise PyriteError(f"{self.url} answered something that is no chat completion") from error
        usage = document.get("usage") or {}
        extra = {"tokens": usage.get("completion_tokens") or 0, "prompt_tokens": usage.get("prompt_tokens") or 0}
        seconds = round(time.monotonic() - started, 3)
        return Output(request.problem.id, request.sample, str(text), str(finish), seconds, extra)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        reason = ""
        for attempt in range(self.attempts):
            try:
                return self._once(body)
            except urllib.error.HTTPError as error:
                said = _message(error)
                if error.code not in _AGAIN:
                    raise PyriteError(f"{self.url} refused the request ({error.code}): {said}") from error
                reason, wanted = f"{error.code} {said}", _retry_after(error)
            except (OSError, http.client.HTTPException) as error:
                reason, wanted = str(getattr(error, "reason", "") or error or type(error).__name__), None
            except ValueError as error:
                raise PyriteError(f"{self.url} answered something that is no JSON: {error}") from error
            if attempt + 1 < self.attempts:
                time.sleep(min(wanted if wanted is not None else self.pause * 2**attempt, _LONGEST_PAUSE))
        raise PyriteError(
            f"{self.url} did not answer after {self.attempts} attempts ({reason}); "
            "what was answered is kept, run the same command again to go on",
            exit_code=3,
        )

    def _once(self, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        key = os.environ.get("PYRITE_API_KEY") or os.environ.get("OPENAI_API_KEY")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)  # noqa: S310 - http(s) only
        with urllib.request.urlopen(request, timeout=self.timeout) as response:  # noqa: S310
            document = json.loads(response.read().decode("utf-8", "replace"))
        if not isinstance(document, dict):
            raise ValueError("not an object")
        return document


def _message(error: urllib.error.HTTPError) -> str:
    """What the server says, in one line."""
    try:
        text = error.read(2000).decode("utf-8", "replace")
        document = json.loads(text)
        inner = document.get("error", document) if isinstance(document, dict) else text
        said = inner.get("message", inner) if isinstance(inner, dict) else inner
    except (OSError, ValueError, http.client.HTTPException):
        said = error.reason
    return " ".join(str(said).split())[:200]


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    try:
        return max(0.0, float(error.headers.get("Retry-After", "")))
    except (ValueError, AttributeError):
        return None
