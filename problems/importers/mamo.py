"""MAMO (optimization part): ``{"id", "Question", "Answer", "Category", "Type"}``, a JSON line each; a value only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .labelled import value_problem
from .records import ConvertedRecord, ImportOptions, SourceRow

NAME = "mamo"


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like MAMO?"""
    return "Question" in columns and "Answer" in columns


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row as a value-only problem; ``Type`` (easy_lp, complex_lp) becomes the family."""
    del options  # a value has no domains to choose
    kind = str(row.columns.get("Type") or "").strip().casefold()
    source = {"easy_lp": "MAMO easy", "complex_lp": "MAMO complex"}.get(kind, "MAMO")
    return value_problem(row, source=source, questions=["Question"], answers=["Answer"], family=["Type"])
