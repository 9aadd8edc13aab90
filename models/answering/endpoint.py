"""An OpenAI-compatible endpoint as an answerer: ``http://host:8000/v1#model``. It answers; it cannot be tuned here.

An overloaded or broken answer is asked for again with growing pauses (``Retry-After`` is honoured); when that does not
help, answering stops with exit code 3 and goes on later where it was. A prompt that the server refuses by itself (too
long, filtered, malformed) is recorded as *not answered*, and the run goes on; what would be refused for every prompt
(the key, the model, a field of the request) ends it with the server's words. The key, if the endpoint wants one, is
read from ``PYRITE_API_KEY`` or ``OPENAI_API_KEY`` and written nowhere (see :mod:`.transport`).

What is not covered: streaming, and constrained decoding (no two servers ask for it alike).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from ...feasibility.errors import PyriteError
from ...results.outputs import Output
from ...results.readers.batches import body_answers, request_failure
from ..prompts import Prompt
from ..settings import Settings
from .answering import Request, sample_seed
from .transport import Address, LaterError, RequestRefusedError, one_line, place_of, post

_LONGEST_PAUSE: Final = 60.0
_FOR_ALL: Final = frozenset({401, 402, 403, 404, 405, 429})
_TOO_MANY: Final = 5
"""So many refusals before the first answer: the request is wrong, not the prompts."""
_NO_SYSTEM: Final = ("system role", "role: system", "'system'", '"system"', "system message", "system prompt")


@dataclass(frozen=True, slots=True)
class Asking:
    """How to ask, where servers differ.

    ``fields`` sets (any JSON value), leaves out (None) or renames (``"->name"``) fields of the request, ``template``
    are arguments of the chat template (``chat_template_kwargs``), ``timeout`` is seconds a request.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    template: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 300.0

    def body(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """The request as this server wants it."""
        found = dict(plain)
        if self.template:
            found["chat_template_kwargs"] = dict(self.template)
        for name, value in self.fields.items():
            old = found.pop(name, None)
            if isinstance(value, str) and value.startswith("->"):
                found[value[2:]] = old
            elif value is not None:
                found[name] = value
        return found

    def identity(self) -> dict[str, Any]:
        """What decides answers, for run.json; empty when nothing is out of the ordinary."""
        parts = {"request": dict(self.fields), "template": dict(self.template)}
        return {name: part for name, part in parts.items() if part}


def parse_fields(texts: Sequence[str], option: str = "--request") -> dict[str, Any]:
    """``name=value`` (JSON, else a text), ``name=`` (leave out), ``name:other`` (rename). Raises PyriteError."""
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        old, colon, new = text.partition(":")
        if not sign and colon and old and new:
            found[old] = f"->{new}"
        elif not sign or not name:
            raise PyriteError(f"{option} is name=value, name= (leave out) or name:other (rename), not {text!r}")
        elif not value:
            found[name] = None
        else:
            try:
                found[name] = json.loads(value)
            except (ValueError, RecursionError):
                found[name] = value
    return found


@dataclass(slots=True)
class EndpointAnswerer:
    """Asks an endpoint, ``parallel`` requests at once. ``attempts`` and ``pause`` (seconds, doubling) say how long."""

    address: str
    prompt: Prompt
    settings: Settings
    parallel: int = 4
    attempts: int = 6
    pause: float = 1.0
    asking: Asking = field(default_factory=Asking)
    note: Any = field(default=lambda text: None)
    _place: Address = field(init=False)
    _lock: Any = field(init=False, default_factory=Lock)
    _answered: int = field(init=False, default=0)
    _refused: int = field(init=False, default=0)
    _fold: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        base, _, model = self.address.partition("#")
        self._place = place_of(base)
        if not model:
            raise PyriteError(f"an endpoint is written http://host/v1#MODEL; {self._place.shown} names no model")
        if self.settings.decoding != "free":
            raise PyriteError("constrained decoding needs the model itself; an endpoint decodes on its own")
        if self.parallel < 1:
            raise PyriteError(f"--parallel is at least 1, not {self.parallel}")
        if not self.asking.timeout > 0:
            raise PyriteError(f"--timeout is more than 0 seconds, not {self.asking.timeout}")

    @property
    def url(self) -> str:
        """Where requests go, without what must not be shown."""
        return self._place.shown

    @property
    def model(self) -> str:
        """The name that the endpoint knows the model by."""
        return self.address.partition("#")[2]

    def identity(self) -> dict[str, Any]:
        """Address, model, prompt, decoding. The weights behind an endpoint are not known here."""
        return {
            "model": f"{self.url.removesuffix('/chat/completions')}#{self.model}",
            "weights": None,
            "prompt": self.prompt.identity(),
            "answers": self.settings.identity() | self.asking.identity(),
            "back_end": "endpoint",
        }

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """As asked, a few rounds of parallel requests at a time."""
        size = self.parallel * 4
        return [list(requests[at : at + size]) for at in range(0, len(requests), size)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers as they come. What was answered before a failure is handed out before it is raised."""
        failure: PyriteError | None = None
        held: list[Output] = []  # refusals before the first answer: perhaps the request is wrong, not the prompts
        with ThreadPoolExecutor(self.parallel) as pool:
            asked = [pool.submit(self.ask, request) for request in batch]
            for done in as_completed(asked):
                if done.cancelled():
                    continue
                error = done.exception()
                if error is None:
                    output = done.result()
                    held.append(output)
                    if self._answered:
                        yield from held
                        held.clear()
                elif isinstance(error, PyriteError):
                    failure = failure or error
                    for other in asked:
                        other.cancel()
                else:
                    raise error
        if failure is not None:
            raise failure
        yield from held

    @property
    def has_answered(self) -> bool:
        """Whether any prompt was answered: a refusal is then the prompt's fault."""
        return self._answered > 0

    def body(self, request: Request) -> dict[str, Any]:
        """The request as this server wants it."""
        settings = self.settings
        plain: dict[str, Any] = {
            "model": self.model,
            "messages": self.prompt.messages(request.problem),
            "max_tokens": settings.max_new_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": sample_seed(settings.seed, request.key) % 2**31,
        }
        return self.asking.body(plain)

    def ask(self, request: Request) -> Output:
        """One answer, from any thread. Raises PyriteError when it does not come or every prompt would be refused."""
        body = self.body(request)
        started = time.monotonic()
        try:
            document, folded = self._patiently(body)
        except RequestRefusedError as error:
            return self._recorded(request, error, body, time.monotonic() - started)
        with self._lock:
            self._answered += 1
        return self.output_of(request, document, folded, time.monotonic() - started)

    def output_of(
        self, request: Request, document: dict[str, Any], folded: bool = False, seconds: float = 0.0
    ) -> Output:
        """The answer in what the server said. Raises PyriteError when it is no chat completion."""
        try:
            text, finish = next(iter(body_answers(document)))
            message = document["choices"][0].get("message") or {}
        except (PyriteError, StopIteration, KeyError, TypeError, AttributeError) as error:
            raise PyriteError(f"{self.url} answered something that is no chat completion") from error
        extra: dict[str, Any] = usage_of({"body": document})
        for name in ("reasoning_content", "reasoning"):
            if isinstance(message.get(name), str) and message[name]:
                extra["reasoning"] = message[name]
        if folded:
            extra["system"] = "folded into the first question"
        said = finish if isinstance(finish, str) else None
        if text is None and said in (None, "stop"):
            said = "no-output"
        return Output(request.problem.id, request.sample, text or "", said, round(seconds, 3), extra)

    def _recorded(
        self, request: Request, error: RequestRefusedError, body: Mapping[str, Any], seconds: float
    ) -> Output:
        """A prompt that the server refused, as not answered; PyriteError when every prompt would be refused."""
        if error.code in _FOR_ALL or _names_a_field(error.said, body):
            advice = "" if error.code in _FOR_ALL else "; --request sets, renames or leaves out fields"
            raise PyriteError(f"{self.url} refused the request ({error.code}): {error.said}{advice}")
        with self._lock:
            self._refused += 1
            hopeless = not self._answered and self._refused >= _TOO_MANY
        if hopeless:
            raise PyriteError(
                f"{self.url} refused the first {_TOO_MANY} prompts; the last time ({error.code}): {error.said}"
            )
        extra = {"tokens": 0, "prompt_tokens": 0, "error": f"{error.code}: {error.said}"}
        finish = request_failure(error.said)
        return Output(request.problem.id, request.sample, "", finish, round(seconds, 3), extra)

    def _patiently(self, body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """The answer, after as many attempts as it takes, and whether the system text had to be folded."""
        reason = ""
        wanted: float | None = None
        folded = self._fold
        for attempt in range(self.attempts):
            try:
                return post(self._place, _folded(body) if folded else body, self.asking.timeout), folded
            except RequestRefusedError as error:
                if folded or not _refuses_system(error):
                    raise
                # Some templates have no system turn: the same text in front of the first question.
                self._fold = folded = True
                reason, wanted = error.said, 0.0
            except LaterError as error:
                reason, wanted = str(error), error.pause
            if attempt + 1 < self.attempts:
                time.sleep(min(wanted if wanted is not None else self.pause * 2**attempt, _LONGEST_PAUSE))
        raise PyriteError(
            f"{self.url} did not answer after {self.attempts} attempts ({one_line(reason)}); "
            "what was answered is kept, run the same command again to go on",
            exit_code=3,
        )


def _refuses_system(error: RequestRefusedError) -> bool:
    said = error.said.lower()
    return error.code in (400, 422, 500) and any(word in said for word in _NO_SYSTEM)


def _folded(body: dict[str, Any]) -> dict[str, Any]:
    """The same request with the system text in front of the first question."""
    turns = [dict(turn) for turn in body["messages"]]
    if not turns or turns[0]["role"] != "system":
        return body
    first, rest = turns[0], turns[1:]
    rest[0]["content"] = f"{first['content']}\n\n{rest[0]['content']}"
    return {**body, "messages": rest}


def _names_a_field(said: str, body: Mapping[str, Any]) -> bool:
    """Whether the server complains about a field of the request, which all prompts share."""
    words = said.lower()
    about = ("unsupported", "not supported", "extra", "unknown", "unrecognized", "unexpected", "not permitted")
    named = any(f"'{name}'" in words or f'"{name}"' in words for name in body if name not in ("messages", "model"))
    return named and any(word in words for word in about)


def usage_of(response: Any) -> dict[str, Any]:
    """Tokens of answer and prompt, as a response's ``body`` says them; 0 where it does not."""
    body = response.get("body", response) if isinstance(response, Mapping) else None
    usage = body.get("usage") if isinstance(body, Mapping) else None
    counts = usage if isinstance(usage, Mapping) else {}
    return {
        "tokens": _count(counts.get("completion_tokens")),
        "prompt_tokens": _count(counts.get("prompt_tokens")),
    }


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
