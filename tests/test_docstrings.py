"""The examples in docstrings are true. Run by module name, because the clone may be called anything."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("cli", "feasibility", "problems", "models", "reports")


def modules_with_examples() -> list[str]:
    """Every module of the package whose text has an example."""
    files = [*ROOT.glob("*.py"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    names = []
    for path in sorted(files):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            names.append(".".join(("pyrite", *(part for part in parts if part != "__init__"))))
    return names


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed
