"""``pyrite card``: the model card of a tuned checkpoint, with the scores of its runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import echo


def register(app: typer.Typer) -> None:
    """Add ``card``."""
    app.command("card")(card_command)


def card_command(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint that pyrite tune or run wrote.")],
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Scored runs that the checkpoint, or its base model, answered.")
    ] = None,
) -> None:
    """Write the checkpoint's README.md for the Hugging Face hub: recipe, data, base, and both scores of these runs."""
    from ..models.card import write_card

    echo(write_card(checkpoint, runs or ()))
