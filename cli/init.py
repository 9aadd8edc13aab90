"""``pyrite init``: the files that a project starts with."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from .console import echo, next_step

_FILES = {
    "recipe.toml": "recipe.toml",
    "eval/gate.toml": "gate.toml",
    ".github/workflows/gate.yml": "gate.yml",
}
"""Where each file goes, and its name among the examples."""


def register(app: typer.Typer) -> None:
    """Add ``init``."""
    app.command("init")(init_command)


def init_command(
    folder: Annotated[Path, typer.Argument(help="The project's folder (made when missing).")] = Path("."),
) -> None:
    """Write a recipe, the gate's rules and a workflow; what is there already stays as it is."""
    if folder.exists() and not folder.is_dir():
        raise PyriteError(f"{folder} is a file; give a folder")
    examples = resources.files("pyrite.docs.examples")
    for place, name in _FILES.items():
        target = folder / place
        if target.exists() or target.is_symlink():
            echo(f"{one_line(target)}: there already, left as it is")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(examples.joinpath(name).read_text(encoding="utf-8"))
        echo(f"{one_line(target)}: written")
    next_step(f"pyrite run {folder / 'recipe.toml'}")
