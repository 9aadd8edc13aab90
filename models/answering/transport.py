"""One POST to an OpenAI-compatible server: the key stays with its host, and the server's words come back in one line.

- A redirect is followed only to the same scheme, host and port; the key never goes anywhere else.
- User and password in an address, and its query, are used and never shown; the key is struck out of all messages.
- Answers are bounded in size, and read as JSON or as the events of a stream that nobody asked for.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from ...feasibility.errors import PyriteError

MOST_BYTES: Final = 64 * 1024**2
_AGAIN: Final = frozenset({408, 409, 425, 429})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD: Final = ("insufficient_quota", "exceeded your current quota", "billing")


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go. ``shown`` is the address without user, password and query: for files and messages."""

    url: str
    shown: str
    login: str | None


def place_of(address: str) -> Address:
    """The parts of a base address such as ``http://user:password@host:8000/v1``. Raises PyriteError."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PyriteError("an endpoint's address begins with http:// or https:// and a host")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise PyriteError("the port of an endpoint's address is a number") from error
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/") + "/chat/completions"
    login = None
    if parts.username is not None:
        login = base64.b64encode(f"{parts.username}:{parts.password or ''}".encode()).decode()
    url = urlunsplit((parts.scheme, host + port, path, parts.query, ""))
    return Address(url, urlunsplit((parts.scheme, host + port, path, "", "")), login)


class RequestRefusedError(Exception):
    """The server answered with an error that asking again does not change."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code, self.said = code, said


class LaterError(Exception):
    """Something that may go better later; ``pause`` is how long the server asks to wait, in seconds."""

    def __init__(self, said: str, pause: float | None = None) -> None:
        super().__init__(said)
        self.pause = pause


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def post(place: Address, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """The server's answer. Raises RefusedError, LaterError, and PyriteError for a redirect to another host."""
    data, url = json.dumps(body).encode(), place.url
    for _ in range(4):
        try:
            return document_of(_send(place, url, data, timeout))
        except urllib.error.HTTPError as error:
            if error.code not in _REDIRECTS:
                raise _judged(error) from error
            url = _redirected(place, url, error.headers.get("Location", ""))
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise LaterError(one_line(str(reason) or type(error).__name__)) from error
    raise PyriteError(f"{place.shown} redirects without end")


def _send(place: Address, url: str, data: bytes, timeout: float) -> bytes:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    key = api_key()
    if key:
        headers["Authorization"] = f"Bearer {key}"
    elif place.login:
        headers["Authorization"] = f"Basic {place.login}"
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - http(s) only, see place_of
    with urllib.request.build_opener(_NoRedirects).open(request, timeout=timeout) as response:
        raw: bytes = response.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise RequestRefusedError(200, f"the answer is larger than {MOST_BYTES // 1024**2} MiB")
        length = response.headers.get("Content-Length")
        if length and length.isdigit() and len(raw) < int(length):
            raise LaterError("the connection broke within the answer")
    return raw


def _redirected(place: Address, url: str, location: str) -> str:
    """The new address, when it is on the same host; else PyriteError: the key must not go there."""
    target = urlsplit(urljoin(url, location))
    here = urlsplit(url)
    if not location or (target.scheme, target.netloc) != (here.scheme, here.netloc):
        shown = one_line(urlunsplit((target.scheme, target.hostname or "", target.path, "", "")))
        raise PyriteError(
            f"{place.shown} redirects to {shown or 'nowhere'}; the key is not sent to another host: give that address"
        )
    return urlunsplit(target)


def _judged(error: urllib.error.HTTPError) -> RequestRefusedError | LaterError:
    said = _said(error)
    for_good = any(word in said.lower() for word in _FOR_GOOD)
    if (error.code in _AGAIN and not for_good) or error.code >= 500:
        return LaterError(f"{error.code} {said}", _retry_after(error.headers.get("Retry-After")))
    return RequestRefusedError(error.code, said)


def document_of(raw: bytes) -> dict[str, Any]:
    """The JSON of an answer. An error inside of a 200 counts as the error that it names."""
    text = raw.decode("utf-8", "replace")
    try:
        document = _events(text) if text.lstrip().startswith("data:") else json.loads(text)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise LaterError(f"no JSON came back: {one_line(text[:80]) or 'nothing'}") from error
    if not isinstance(document, dict):
        raise LaterError("no JSON object came back")
    failure = document.get("error")
    if failure and not document.get("choices"):
        said, code = words_of(failure), failure.get("code") if isinstance(failure, dict) else None
        refused = isinstance(code, int) and 400 <= code < 500 and code not in _AGAIN
        if refused or any(word in said.lower() for word in _FOR_GOOD):
            raise RequestRefusedError(code if isinstance(code, int) else 200, said)
        raise LaterError(f"an error inside of a 200: {said}")
    if not document.get("choices"):
        raise LaterError("an answer without choices")
    return document


def _events(text: str) -> dict[str, Any]:
    """A stream of events that nobody asked for, put together."""
    parts: list[str] = []
    finish = None
    for line in text.splitlines():
        payload = line.removeprefix("data:").strip()
        if not line.startswith("data:") or payload in ("", "[DONE]"):
            continue
        choice = json.loads(payload)["choices"][0] if '"choices"' in payload else {}
        delta = choice.get("delta") or choice.get("message") or {}
        parts.append(delta.get("content") or "")
        finish = choice.get("finish_reason") or finish
    message = {"role": "assistant", "content": "".join(parts)}
    return {"choices": [{"message": message, "finish_reason": finish}]}


def _said(error: urllib.error.HTTPError) -> str:
    """What the server says, in one line."""
    try:
        text = error.read(20_000).decode("utf-8", "replace")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = text
    except (OSError, http.client.HTTPException):
        document = error.reason
    return words_of(document)


def words_of(document: Any) -> str:
    """The words of an error document, in one line."""
    for name in ("error", "detail", "message"):
        if isinstance(document, dict) and document.get(name):
            inner = document[name]
            if name == "error" and isinstance(inner, dict):
                kinds = [str(inner[key]) for key in ("message", "code", "type") if inner.get(key)]
                return one_line(" - ".join(kinds))
            return one_line(inner if isinstance(inner, str) else json.dumps(inner))
    return one_line(document if isinstance(document, str) else json.dumps(document, default=str))


def one_line(text: str) -> str:
    """Foreign words for a message: printable, in one line, without the key, at most 300 characters."""
    key = api_key()
    if key:
        text = text.replace(key, "***")
    plain = "".join(char if char.isprintable() else " " for char in text[:3000])
    return " ".join(plain.split())[:300]


def api_key() -> str | None:
    """The key, if the environment has one."""
    return os.environ.get("PYRITE_API_KEY") or os.environ.get("OPENAI_API_KEY") or None


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait: given as such, or as the date when to come again."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
