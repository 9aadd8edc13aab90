"""Plain question sets: ``question`` and ``answer`` (in any case), a row each; a value or a status.

Ids come from ``id``, ``index`` or ``problem_id``, else from the file's name and the row, so that sets can be put
together; with a source column (``source``, ``dataset``) the source is what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..problem import Problem
from .records import ConvertedRecord, ImportOptions, SourceRow, label, plain_extra, text_of

NAME = "questions"
_QUESTIONS = ("question", "problem", "prompt", "problem_statement", "description")
_ANSWERS = ("answer", "final_answer", "ground_truth", "label", "gold", "optimal_value")
_IDS = ("id", "index", "problem_id", "question_id")


def _column(columns: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The column of the first of these names, whatever its case."""
    folded = {str(name).casefold(): name for name in columns}
    return next((folded[name] for name in names if name in folded), None)


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like a plain question with its answer?"""
    return _column(columns, _QUESTIONS) is not None and _column(columns, _ANSWERS) is not None


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row as a value-only problem. Raises RowError naming the column."""
    del options  # a value has no domains to choose
    columns = row.columns
    question = _column(columns, _QUESTIONS) or _QUESTIONS[0]
    answer = _column(columns, _ANSWERS) or _ANSWERS[0]
    text, _ = text_of(columns, [question])
    read = label(columns.get(answer), answer)
    named = _column(columns, _IDS)
    identity = columns[named] if named is not None and columns[named] not in (None, "") else None
    source = _column(columns, ("source", "dataset"))
    problem = Problem(
        id=f"{row.file.stem}-{row.number if identity is None else identity}",
        text=text,
        optimum=read.optimum,
        status=read.status,
        source=str(columns[source]) if source is not None and columns[source] else row.file.stem,
    )
    used = {question, answer, *((named,) if named else ()), *((source,) if source else ())}
    return ConvertedRecord(replace(problem, extra={**plain_extra(columns, used), **read.extra}), list(read.remarks))
