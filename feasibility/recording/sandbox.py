"""A program run inside the sandbox until it hands its model to a solver; the only file that knows pydantic-monty.

The sandbox is an interpreter of its own in a process of its own: no file, no network, a clock that stands still, limits
of time, memory and recursion, and its parent kills it when it does not keep the time. The program's words never reach a
terminal. The one function of the host that it can call ends the run, and the program is not resumed: it cannot catch
that.
"""

from __future__ import annotations

import atexit
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from ..errors import PyriteError

if TYPE_CHECKING:
    import pydantic_monty


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one program may use: seconds, bytes of the sandbox's heap, calls inside calls."""

    seconds: float = 5.0
    memory: int = 512 * 1024**2
    recursion: int = 1000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    ``how``: ``solved`` (``text`` is the recorded model), ``refused`` (``code``, ``text``), ``absent`` (a stand-in lacks
    ``name``; ``text`` is the stand-in's title), ``outside`` (a file or another process: ``text``), ``finished``
    (without a solver), ``raised`` (``code`` is the kind of error, ``text`` what it says, ``line`` where in the text
    given to the sandbox), ``time``, ``memory``, ``died``. ``caught`` are errors that the program caught itself.
    """

    how: Literal["solved", "refused", "absent", "outside", "finished", "raised", "time", "memory", "died"]
    text: str = ""
    code: str = ""
    name: str = ""
    line: int | None = None
    caught: list[tuple[str, str]] = field(default_factory=list)


_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""The one time that a clock in the sandbox shows."""

_pool: pydantic_monty.Monty | None = None
_prepared: dict[tuple[str, SandboxLimits], bytes] = {}
"""Sandboxes that have read the recorders' text already, as this process's own sandbox wrote them down."""


def require_sandbox() -> None:
    """Raises PyriteError, with what to install, when the sandbox is not there."""
    import importlib.util

    if importlib.util.find_spec("pydantic_monty") is None:
        raise PyriteError("reading programs needs the sandbox: pip install 'pyrite[code]'")


def _sandboxes() -> pydantic_monty.Monty:
    """This process's sandboxes: started once, ended with the process."""
    global _pool
    if _pool is None:
        require_sandbox()
        import pydantic_monty

        _pool = pydantic_monty.Monty(min_processes=1, max_processes=1, max_checkouts_per_worker=200)
        _pool.__enter__()
        atexit.register(_pool.__exit__, None, None, None)
    return _pool


def run(preparation: str, program: str, limits: SandboxLimits | None = None) -> Ended:
    """Run a rewritten program after the recorders' text. Raises PyriteError when the sandbox is not installed."""
    limits = limits or SandboxLimits()
    pool = _sandboxes()
    import pydantic_monty as monty

    session = pool.checkout(
        script_name="program.py",
        limits={
            "max_feed_duration_secs": limits.seconds,
            "max_memory": limits.memory,
            "max_recursion_depth": limits.recursion,
            "max_suspensions": 100,
            "max_total_sleep_secs": 0.0,
        },
        os_policy={"sleep": "zero", "datetime": _NOON, "random_start": {"seed": 0}},
    )
    key = (preparation, limits)
    try:
        with session as inside:
            if key in _prepared:
                inside.load_session(_prepared[key])
            else:
                inside.feed_run(preparation, print_callback=_nothing)
                _prepared[key] = inside.dump()
            return _drive(inside, program)
    except monty.MontyCrashedError as error:
        return Ended(
            "time" if error.timed_out or "timeout" in str(error) or "duration" in str(error) else "died", str(error)
        )


def _drive(session: Any, program: str) -> Ended:
    import pydantic_monty as monty

    try:
        state = session.feed_start(program, print_callback=_nothing)
        while True:
            if isinstance(state, monty.NameLookupSnapshot):
                state = state.resume()
            elif isinstance(state, monty.FunctionSnapshot) and not state.is_os_function and not _is_ours(state):
                # A name that nobody defined is called: the sandbox asks whether the host has it.
                state = state.resume({"exception": NameError(f"name '{state.function_name}' is not defined")})
            else:
                break
    except (monty.MontyRuntimeError, monty.MontySyntaxError) as error:
        return _raised(error, session)
    if isinstance(state, monty.MontyComplete):
        return _ending(_asked(session, "_pyrite__ending")) or Ended("finished", caught=_caught(session))
    if not isinstance(state, monty.FunctionSnapshot):
        return Ended("outside", "something that only the world outside can answer")
    return _called(state)


_HOST_CALL = "_pyrite_ended"


def _is_ours(call: Any) -> bool:
    return str(call.function_name) == _HOST_CALL


def _called(call: Any) -> Ended:
    """A call of the host: a recorder's, or one of the operating system."""
    if call.is_os_function:
        return Ended("outside", str(call.function_name))
    return _ending(list(call.args)) or Ended("died", "the sandbox ended a program in a way that does not exist")


def _ending(words: Any) -> Ended | None:
    """What a recorder said last: how it ends, and two texts."""
    if not isinstance(words, list) or len(words) != 3 or not all(type(word) is str for word in words):
        return None
    how, first, second = words
    if how == "solved":
        return Ended("solved", first)
    if how == "refused":
        return Ended("refused", second, code=first)
    return Ended("absent", first, name=second) if how == "absent" else None


def _raised(error: Any, session: Any) -> Ended:
    inner = error.exception()
    kind, text = type(inner).__name__, str(inner)
    if kind == "TimeoutError" and "limit" in text:
        return Ended("time", text)
    if kind == "MemoryError":
        return Ended("memory", text)
    frames = [frame for frame in error.traceback() if "input-1" in frame.filename or frame.filename == "program.py"]
    line = frames[-1].line if frames else None
    ending = _ending(_asked(session, "_pyrite__ending"))
    return ending or Ended("raised", text, code=kind, line=line, caught=_caught(session))


def _caught(session: Any) -> list[tuple[str, str]]:
    """The errors that the program caught."""
    found = _asked(session, "_pyrite__caught")
    pairs = found if isinstance(found, list) else []
    return [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list) and len(pair) == 2]


def _asked(session: Any, name: str) -> Any:
    """A value of the sandbox; None when it cannot say any more."""
    import pydantic_monty as monty

    try:
        return session.feed_run(name, print_callback=_nothing)
    except monty.MontyError:
        return None


def _nothing(stream: str, text: str) -> None:
    """What a program prints is not ours to show."""
