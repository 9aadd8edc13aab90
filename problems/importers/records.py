"""What an import says: rows with their place in the file, remarks about cells, and the problems that came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...feasibility.policy import Policy
from ...feasibility.rationals import Exact, magnitude
from ...feasibility.scoring.reference import KnownStatus
from ..problem import Problem
from ..readings import Integrality
from .answers import StatedAnswer, read_answer


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One record: its file, its number there (lines, or items of an array, from 1) and its columns."""

    file: Path
    number: int
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one cell that a person should know.

    ``kept`` is False when the row did not become a problem. ``column`` is empty when the whole row is meant.
    """

    file: str
    row: int
    column: str
    code: str
    message: str
    kept: bool

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.message}" + ("" if self.kept else " (row left out)")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "kept": self.kept,
        }


class RowError(Exception):
    """A row that cannot become a problem; the rest of the file goes on."""

    def __init__(self, code: str, column: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user chose. ``columns`` maps our fields (id, text, optimum, ...) to columns of a table."""

    integrality: Integrality = "whole"
    columns: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)


@dataclass(slots=True)
class ConvertedRecord:
    """One row as a problem, with remarks as (code, column, message)."""

    problem: Problem
    remarks: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Import:
    """The outcome of one import: every row is in ``problems`` or in a remark with ``kept`` False."""

    format: str
    read: int = 0
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def left_out(self) -> list[Remark]:
        """The rows that did not become problems."""
        return [remark for remark in self.remarks if not remark.kept]

    def counts(self) -> dict[str, Any]:
        """Counts for the report: rows, problems by what can be judged, statuses, and remarks by code."""
        kinds: Counter[str] = Counter(problem_kind(problem) for problem in self.problems)
        statuses: Counter[str] = Counter(problem.status for problem in self.problems if problem.status is not None)
        return {
            "format": self.format,
            "read": self.read,
            "imported": len(self.problems),
            "left_out": len(self.left_out),
            "kinds": dict(sorted(kinds.items())),
            "statuses": dict(sorted(statuses.items())),
            "remarks": dict(sorted(Counter(remark.code for remark in self.remarks).items())),
        }


def problem_kind(problem: Problem) -> str:
    """What the problem can be judged by: ``formulation``, ``value``, ``status`` or ``nothing``."""
    if problem.reference is not None:
        return "formulation"
    if problem.optimum is not None:
        return "value"
    return "status" if problem.status is not None else "nothing"


@dataclass(frozen=True, slots=True)
class Label:
    """What an answer cell contributes to a problem."""

    optimum: Exact | None
    status: KnownStatus | None
    extra: Mapping[str, Any]
    remarks: tuple[tuple[str, str, str], ...]


_LARGEST = 1e300
"""Answers beyond it are no optimum that a double could hold."""


def label(cell: object, column: str) -> Label:
    """Turn an answer cell into optimum and status. Raises RowError when the cell is missing or unreadable.

    An answer that had to be interpreted is kept word for word under ``stated_answer``.
    """
    answer: StatedAnswer = read_answer(cell)
    if answer.kind == "missing":
        raise RowError("no-answer", column, "no answer")
    if answer.kind == "unreadable":
        raise RowError("unreadable-answer", column, f"the answer is not one number: {answer.reason}")
    if answer.kind == "no-optimum":
        message = f"{str(cell)[:60]!r} does not say whether infeasible or unbounded; kept without a label"
        return Label(None, None, {"stated_answer": cell}, (("no-optimum-stated", column, message),))
    if answer.kind == "status":
        remark = ("status-answer", column, f"{str(cell)[:60]!r} read as {answer.status}")
        return Label(None, answer.status, {"stated_answer": cell}, (remark,))
    if answer.value is not None and magnitude(answer.value) > _LARGEST:
        raise RowError("unreadable-answer", column, f"the answer is beyond {_LARGEST:.0e}")
    if answer.notes:
        message = f"{str(cell)[:60]!r} read as {float(answer.value or 0):.12g} ({', '.join(answer.notes)})"
        return Label(answer.value, "optimal", {"stated_answer": cell}, (("answer-interpreted", column, message),))
    return Label(answer.value, "optimal", {}, ())


def text_of(columns: Mapping[str, Any], names: Iterable[str]) -> tuple[str, str]:
    """The first non-empty string among these columns, with its column. Raises RowError."""
    names = list(names)
    for name in names:
        value = columns.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip(), name
    raise RowError("no-question", next((name for name in names if name in columns), names[0]), "no question")


def plain_extra(columns: Mapping[str, Any], used: Iterable[str]) -> dict[str, Any]:
    """The columns that were not used, to be kept; names that Pyrite gives a meaning get a ``source_`` prefix."""
    used = set(used)
    reserved = ("id", "text", "reference", "optimum", "status", "data", "family", "source", "split", "units")
    kept = {}
    for name, value in columns.items():
        if name not in used and value is not None and value != "":
            kept[f"source_{name}" if name in reserved else name] = value
    return kept
