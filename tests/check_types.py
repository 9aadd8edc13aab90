"""mypy, strict, over the package, its tests and its benchmarks: ``python tests/check_types.py``.

The repository's root is the package ``pyrite`` whatever the clone is called, which no command line of mypy can say; its
programming interface takes each file with the name under which it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from architecture import ROOT, sources
from mypy import build, main, modulefinder
from mypy.errors import CompileError

LOOSE = ("tests", "benchmarks")
"""Folders that pytest and ``python -m`` put on the path themselves: their top files are modules of their own."""


def named_files() -> Iterator[tuple[str, Path]]:
    """Every file that is checked, with its import name."""
    for name, path in sources().items():
        parts = ("pyrite", *name.split("."))
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path
    for path in sorted((ROOT / "tests").rglob("*.py")):
        inner = path.relative_to(ROOT / "tests").with_suffix("").parts
        yield ".".join(inner if len(inner) == 1 else ("tests", *inner)), path
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        yield f"benchmarks.{path.stem}", path


def check() -> int:
    """Print what mypy finds and give its exit status."""
    _, options = main.process_options(["--config-file", str(ROOT / "pyproject.toml"), "-c", "pass"])
    files = [modulefinder.BuildSource(str(path), name, None) for name, path in named_files()]
    try:
        found = build.build(files, options).errors
    except CompileError as error:
        found = error.messages
    for line in found:
        print(line)  # noqa: T201 - a program
    print(f"{len(files)} files, {sum(': error:' in line for line in found)} errors")  # noqa: T201
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(check())
