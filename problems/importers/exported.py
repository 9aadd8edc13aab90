"""Rows that ``pyrite problems export`` wrote: parquet files, or what Hugging Face ``datasets`` made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...feasibility.errors import PyriteError
from ..columns import from_row, is_ours
from ..problem import Problem
from .records import ConvertedRecord, ImportOptions, RowError, SourceRow

NAME = "pyrite"


def recognises(columns: Mapping[str, Any]) -> bool:
    """All columns of the export."""
    return is_ours(columns)


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """The problem as it was. Raises RowError when a cell is broken."""
    try:
        return ConvertedRecord(Problem.from_dict(from_row(row.columns)))
    except PyriteError as error:
        raise RowError("unreadable-row", "", error.message) from error
