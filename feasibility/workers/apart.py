"""A function in a process of its own, for libraries that give memory and settings back only when they end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

from ..errors import PyriteError

T = TypeVar("T")


def run_apart(function: Callable[..., T], *arguments: Any) -> T:
    """What the function gives or raises, computed in a fresh process; all of it must go through pickle.

    The process ends with this one, however that ends. Raises PyriteError (exit code 3) when it dies on its own.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        result, error = here.recv()
        process.join(10)
    except EOFError:
        process.join()
        raise PyriteError(
            f"the process that answered died ({process.exitcode}; -9 is often a lack of memory); what was answered is "
            "kept, run the same command again to go on",
            exit_code=3,
        ) from None
    finally:
        process.terminate()
        process.join()
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def _work(channel: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    found: tuple[Any, PyriteError | None]
    try:
        found = (function(*arguments), None)
    except PyriteError as error:
        found = (None, error)
    channel.send(found)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(3)
