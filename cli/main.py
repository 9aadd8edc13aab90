"""The ``pyrite`` command. Command modules stay light: heavy imports happen inside the functions that need them."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from io import TextIOWrapper

import typer

from ..feasibility.errors import PyriteError, PyriteWarning

COMMANDS = (
    "problems",
    "score",
    "check",
    "equivalent",
    "convert",
    "report",
    "compare",
    "gate",
    "demo",
    "run",
    "tune",
    "answer",
    "shrink",
)
"""Modules of this folder, in the order of the help page; each has ``register(app)``."""

app = typer.Typer(
    name="pyrite",
    help="Scores optimization formulations written by language models twice: surface (does it look right) and "
    "substance (is it right).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root() -> None:
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


def main() -> None:
    """Run the command line; a PyriteError becomes one line on standard error and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a letter shows its number; that must not end the program.
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning
    try:
        code = app(standalone_mode=False, prog_name="pyrite")
    except PyriteError as error:
        _say(f"pyrite: {error.message}")
        sys.exit(error.exit_code)
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except _ClickException as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        # A command without its arguments: the message is the help page.
        _say(message if type(error).__name__ == "NoArgsIsHelpError" else f"pyrite: {message}")
        sys.exit(2)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _say(f"pyrite: this needs {error.name}, which is not installed: pip install 'pyrite[{extra}]'")
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        _say("pyrite: stopped; run the same command again to go on")
        sys.exit(3)
    except BrokenPipeError:
        # The reader has gone (`| head`); nothing more can be said to it, not even at exit.
        sys.stdout = None
        sys.exit(0)
    # Outside of its standalone mode, click hands back the code of `raise typer.Exit(code)`.
    sys.exit(code if isinstance(code, int) else 0)


def _show_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
    """Ours are one line; others' as Python shows them."""
    if issubclass(category, PyriteWarning):
        _say(f"pyrite: {message}")
    else:
        _say(warnings.formatwarning(message, category, filename, lineno).rstrip())


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - this is the command line
