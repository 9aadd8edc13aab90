"""Several endpoints of one model at once: whoever is free takes the next request, and a dead one loses nothing.

Written as one ``--model`` with commas, ``http://a/v1#m,http://b/v1#m``. Requests that an endpoint could not answer go
back to the others; answering stops (exit code 3) when none is left, and goes on later with whatever addresses there
are then: they are no part of a run's identity, the model's name is.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from ...feasibility.errors import PyriteError
from ...results.outputs import Output
from .answering import Request
from .endpoint import EndpointAnswerer

_ATTEMPTS = 3
"""How often one of several is asked before the others take its requests."""


def addresses_of(text: str) -> list[str]:
    """The addresses of a ``--model``: a comma before http:// or https:// parts them."""
    return [part.strip() for part in re.split(r",\s*(?=https?://)", text)]


@dataclass(slots=True)
class SeveralEndpoints:
    """Asks every endpoint with its own parallel requests. All serve the same model by the same name."""

    members: Sequence[EndpointAnswerer]
    note: Any = field(default=lambda text: None)
    _alive: list[EndpointAnswerer] = field(init=False)

    def __post_init__(self) -> None:
        names = sorted({member.model for member in self.members})
        if len(names) > 1:
            raise PyriteError(f"several endpoints answer as one model, and these serve {', '.join(names)}")
        if len({member.url for member in self.members}) < len(self.members):
            raise PyriteError("an endpoint was given twice; --parallel says how many requests each gets at once")
        self._alive = list(self.members)
        for member in self.members:
            member.attempts = min(member.attempts, _ATTEMPTS)

    def identity(self) -> dict[str, Any]:
        """As one endpoint's, without addresses: copies of one model may come and go."""
        first = self.members[0]
        return first.identity() | {"model": f"endpoints#{first.model}"}

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """As asked, a few rounds of parallel requests at a time."""
        size = sum(member.parallel for member in self.members) * 4
        return [list(requests[at : at + size]) for at in range(0, len(requests), size)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers as they come. Raises the last endpoint's PyriteError when none is left."""
        waiting = deque(batch)
        held: list[Output] = []  # refusals before the first answer, as with one endpoint
        failure: PyriteError | None = None
        with ThreadPoolExecutor(sum(member.parallel for member in self.members)) as pool:
            running: dict[Future[Output], tuple[EndpointAnswerer, Request]] = {}
            while waiting or running:
                for member in self._alive:
                    mine = sum(other is member for other, _ in running.values())
                    for _ in range(min(member.parallel - mine, len(waiting))):
                        request = waiting.popleft()
                        running[pool.submit(member.ask, request)] = (member, request)
                if not running:
                    break
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    member, request = running.pop(done)
                    error = done.exception()
                    if error is None:
                        held.append(done.result())
                    elif isinstance(error, PyriteError):
                        failure = error
                        waiting.append(request)
                        self._lose(member, error)
                    else:
                        raise error
                if any(member.has_answered for member in self.members):
                    yield from held
                    held.clear()
        if waiting and failure is not None:
            raise PyriteError(f"no endpoint is left; the last one: {failure.message}", exit_code=failure.exit_code)
        yield from held

    def _lose(self, member: EndpointAnswerer, error: PyriteError) -> None:
        if member in self._alive:
            self._alive.remove(member)
            left = f"{len(self._alive)} of {len(self.members)} endpoints are left" if self._alive else "none is left"
            self.note(f"pyrite: {error.message}; its requests go to the others, {left}")
