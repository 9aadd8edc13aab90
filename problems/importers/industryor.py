"""IndustryOR: ``{"en_question", "en_answer", "difficulty", "id", ...}``, a row each; a value or "No Best Solution"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .labelled import value_problem
from .records import ConvertedRecord, ImportOptions, SourceRow

NAME = "industryor"


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like IndustryOR? It shares its columns with OptMATH and adds the difficulty."""
    return "en_question" in columns and "en_answer" in columns and "difficulty" in columns


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row as a value-only problem; ``difficulty`` and ``type`` are kept as they are."""
    del options  # a value has no domains to choose
    return value_problem(row, source="IndustryOR", questions=["en_question"], answers=["en_answer"])
