"""Notebooks run without Jupyter: a cell's statements, and the text of its last expression."""

from __future__ import annotations

import ast
import json
import shlex
from pathlib import Path
from typing import Any

from commands import pyrite


def code_cells(path: Path) -> list[dict[str, Any]]:
    """The cells with code, in order."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def run_cell(source: str, names: dict[str, Any]) -> str | None:
    """What the cell shows: the ``repr`` of its last line; a line ``!pyrite ...`` is run as the command."""
    lines = source.splitlines()
    for line in lines:
        if line.startswith("!"):
            arguments = shlex.split(line[1:].format(**names))
            assert arguments[0] == "pyrite"
            done = pyrite(*arguments[1:])
            assert done.returncode == 0, done.stderr
    tree = ast.parse("\n".join("" if line.startswith("!") else line for line in lines))
    last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if last is not None:
        tree.body.pop()
    exec(compile(tree, "cell", "exec"), names)
    if last is None:
        return None
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return None if value is None else repr(value)


def shown(cell: dict[str, Any]) -> str | None:
    """The stored text of a cell's result."""
    for output in cell["outputs"]:
        if output["output_type"] == "execute_result":
            return "".join(output["data"]["text/plain"])
    return None
