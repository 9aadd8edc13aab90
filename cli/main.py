"""The ``pyrite`` command. Command modules stay light: heavy imports happen inside the functions that need them."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
import warnings
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Annotated, TextIO

import typer

from ..feasibility.errors import PyriteError, PyriteWarning
from ..feasibility.one_line import lines, one_line

COMMANDS = (
    "problems",
    "score",
    "check",
    "equivalent",
    "convert",
    "report",
    "export",
    "compare",
    "view",
    "gate",
    "demo",
    "init",
    "run",
    "study",
    "tune",
    "answer",
    "pairs",
    "card",
    "shrink",
)
"""Modules of this folder, in the order of the help page; each has ``register(app)``."""

app = typer.Typer(
    name="pyrite",
    help="Scores optimization formulations written by language models twice: surface (does it look right) and "
    "substance (is it right).",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from .. import __version__

        typer.echo(f"pyrite {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Scores optimization formulations written by language models twice: surface (does it look right) and substance
    (is it right).
    """


for _name in COMMANDS:
    import_module(f".{_name}", __package__).register(app)

# Typer brings its own copy of click or uses the real one, depending on its version; its exceptions tell which.
_ClickException: type[Exception] = typer.BadParameter.__mro__[2]

_MODELS = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "llguidance", "gguf", "safetensors")
_EXTRAS = {**dict.fromkeys(_MODELS, "models"), "vllm": "vllm", "pyscipopt": "exact", "pyarrow": "parquet"}
"""Which extra brings a library that the base install lacks."""


ISSUES = "the project's issue tracker"
"""Where a defect is reported."""


def main() -> None:
    """Run the command line; whatever happens ends with one line on standard error and a documented exit code.

    0 done, 1 the answer is no, 2 wrong use or bad input, 3 stopped before the end and resumable, 4 a defect of Pyrite.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a letter shows its number; that must not end the program.
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning  # type: ignore[assignment] # it takes whatever else it is given
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), _stopped)
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
    except OSError as error:
        _drop(sys.stdout)
        _say(f"pyrite: standard output cannot be written: {error.strerror}")
        code = code or 3
    try:
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)
    sys.exit(code)


def _run() -> int:
    """The exit code of the command; anything that goes wrong is said in one line."""
    try:
        code = app(standalone_mode=False, prog_name="pyrite")
    except PyriteError as error:
        return _say(f"pyrite: {one_line(error.message)}", error.exit_code)
    except typer.Exit as error:
        return error.exit_code
    except _ClickException as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        # A command without its arguments: the message is the help page.
        return _say(message if type(error).__name__ == "NoArgsIsHelpError" else f"pyrite: {one_line(message)}", 2)
    except (KeyboardInterrupt, typer.Abort) as error:
        if isinstance(error.__cause__, EOFError):  # click takes every one for the end of what a person types
            return _ended(error.__cause__)
        return _say("pyrite: stopped; run the same command again to go on", 3)
    except BrokenPipeError:
        # The reader has gone (`| head`); nothing more can be said to it, not even at exit.
        _drop(sys.stdout)
        return 0
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            return _defect(error)
        return _say(f"pyrite: this needs {error.name}, which is not installed: pip install 'pyrite[{extra}]'", 2)
    except OSError as error:
        return _system(error)
    except MemoryError:
        return _say("pyrite: out of memory; nothing that was written is lost", 3)
    except Exception as error:  # noqa: BLE001 - a crash must never look like an answer of "no"
        return _defect(error)
    # Outside of its standalone mode, click hands back the code of `raise typer.Exit(code)`.
    return code if isinstance(code, int) else 0


def _stopped(number: int, frame: FrameType | None) -> None:
    """SIGTERM and SIGHUP end a command as Ctrl-C does."""
    raise KeyboardInterrupt


def _ended(error: EOFError) -> int:
    """Where more was to come: in Python's own cache of compiled modules, or it is a defect.

    Python (3.11 to 3.13 at least) puts a half-written .pyc in its place when the disk is full, and then dies of it.
    """
    if "marshal data" not in str(error):
        return _defect(error)
    advice = "delete the __pycache__ folders of the installation and run the same command again"
    return _say(f"pyrite: Python's cache of compiled modules is damaged (was the disk full?); {advice}", 3)


def _system(error: OSError) -> int:
    """What the operating system refused: a full disk can be mended, other things are for the user to correct."""
    place = f"{one_line(error.filename)}: " if error.filename is not None else ""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    advice = "; make room and run the same command again" if full else ""
    return _say(f"pyrite: {place}{error.strerror or one_line(error)}{advice}", 3 if full else 2)


def _defect(error: Exception) -> int:
    """Code 4, with the place; the whole traceback when PYRITE_TRACEBACK is set."""
    if os.environ.get("PYRITE_TRACEBACK"):
        for line in "".join(traceback.format_exception(error)).splitlines():
            _say(lines(line))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    what = f"{type(error).__name__}: {one_line(error, 300)}{place}"
    return _say(
        f"pyrite: a defect of Pyrite, not an answer: {what}; please report it to {ISSUES} with what "
        "PYRITE_TRACEBACK=1 in the environment adds",
        4,
    )


def _show_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
    """Ours are one line; others' as Python shows them."""
    if issubclass(category, PyriteWarning):
        _say(f"pyrite: {one_line(message)}")
    else:
        _say(lines(warnings.formatwarning(message, category, filename, lineno).rstrip()))


def _drop(stream: TextIO) -> None:
    """Nothing more reaches this stream, not even what Python flushes at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(line: str, code: int = 0) -> int:
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is the command line
    return code
