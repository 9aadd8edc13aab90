"""The ``pyrite`` command. Command modules stay light: heavy imports happen inside the functions that need them."""

from __future__ import annotations

import sys

import click
import typer

from ..feasibility.errors import PyriteError

app = typer.Typer(
    name="pyrite",
    help="Scores optimization formulations written by language models twice: surface (does it look right) and "
    "substance (is it right).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; a PyriteError becomes one line on standard error and its exit code."""
    try:
        app(standalone_mode=False)
    except PyriteError as error:
        print(f"pyrite: {error.message}", file=sys.stderr)  # noqa: T201 - this is the command line
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        print(f"pyrite: {error.format_message()}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        print("pyrite: stopped; run the same command again to go on", file=sys.stderr)  # noqa: T201
        sys.exit(3)
    except BrokenPipeError:
        sys.exit(0)
