"""OptMATH-Bench: ``{"en_question", "en_answer", "id"}``, a JSON array; a value only.

Re-labelled copies of other sets (NL4OPT, MAMO, OptiBench) circulate in the same columns and are read the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .labelled import value_problem
from .records import ConvertedRecord, ImportOptions, SourceRow

NAME = "optmath"


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like OptMATH?"""
    return "en_question" in columns and "en_answer" in columns


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row as a value-only problem."""
    del options  # a value has no domains to choose
    return value_problem(row, source="OptMATH", questions=["en_question"], answers=["en_answer"], ids=["id", "index"])
