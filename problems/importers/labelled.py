"""Layouts that give a question and a final value, a row each: MAMO, IndustryOR and OptMATH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..problem import Problem
from .names import identifier
from .records import ConvertedRecord, SourceRow, label, plain_extra, text_of


def value_problem(
    row: SourceRow,
    *,
    source: str,
    questions: Sequence[str],
    answers: Sequence[str],
    ids: Sequence[str] = ("id",),
    family: Sequence[str] = (),
) -> ConvertedRecord:
    """A problem from the first filled column of each list. Raises RowError when question or answer is missing.

    The strongest stage of such a problem is the value: there is no formulation to compare plans with.
    """
    columns: Mapping[str, Any] = row.columns
    text, question = text_of(columns, questions)
    answer = next((name for name in answers if columns.get(name) is not None), answers[0])
    read = label(columns.get(answer), answer)
    identity = next((columns[name] for name in ids if columns.get(name) is not None), None)
    prefix = identifier(source).replace("_", "-")
    kind = next((str(columns[name]) for name in family if columns.get(name)), None)
    used = {question, answer, *(name for name in ids if name in columns), *family}
    problem = Problem(
        # without an id of its own a row is named by its file, so that several sets can be put together
        id=f"{prefix}-{identity}" if identity is not None else f"{row.file.stem}-{row.number}",
        text=text,
        optimum=read.optimum,
        status=read.status,
        family=kind,
        source=source,
        extra={**plain_extra(columns, used), **read.extra},
    )
    return ConvertedRecord(problem, list(read.remarks))
