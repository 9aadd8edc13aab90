"""A function in a process of its own, for libraries that give memory and settings back only when they end."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..errors import PyriteError
from .board import Board
from .inside import Handler, Tell
from .pool import Workers
from .work import Failure, Job, Work

T = TypeVar("T")


def run_apart(function: Callable[..., T], *arguments: Any, heard: Callable[[Any], None] | None = None) -> T:
    """What the function gives or raises, computed in a fresh process; all of it must go through pickle.

    With ``heard`` the function gets one argument more, by the name ``tell``: what it says there is heard here while it
    works. The process ends with this one, however that ends. Raises PyriteError (exit code 3) when it dies on its own,
    and RuntimeError with its traceback when the function has a defect.
    """
    work = Work(f"{__name__}:caller", heard is not None, visible=True)
    with Workers[Any, Any](work, 1) as workers:
        result: T = next(workers.run([Job((function, arguments))], _broken, heard=heard or (lambda told: None)))
        return result


_kept: Workers[Any, Any] | None = None


def run_beside(function: Callable[..., T], *arguments: Any) -> T:
    """As :func:`run_apart`, in one process that is kept for the next call: a start costs half a second.

    For many small calls that may kill their process: it takes the call in hand with it, and the next call gets another
    one. What a call leaves behind in the process, the next one finds there.
    """
    global _kept
    if _kept is None:
        _kept = Workers(Work(f"{__name__}:caller", False, visible=True), 1)
        atexit.register(_kept.close)
    found: list[T] = list(_kept.run([Job((function, arguments))], _broken))  # to its end: one left early is closed
    return found[0]


def caller(telling: bool) -> Handler:
    """The inside: calls what it is sent."""

    def call(payload: Any, shared: Mapping[str, Any], board: Board, tell: Tell) -> tuple[Any, bool]:
        function, arguments = payload
        return (function(*arguments, tell=tell) if telling else function(*arguments)), False

    return call


def _broken(payload: Any, failure: Failure) -> Any:
    if failure.raised is not None:
        raise RuntimeError(f"in a process of its own: {failure.message}\n{failure.raised.trace}")
    raise PyriteError(
        f"the process at work died ({failure.message}; SIGKILL is often a lack of memory); what was done is kept, run "
        "the same command again to go on",
        exit_code=3,
    )
