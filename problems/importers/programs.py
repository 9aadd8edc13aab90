"""Folders of programs: one folder a problem, with ``question.txt`` and the program that answers it, ``code.py``.

This is how ORThought and others publish references. The program is recorded in the sandbox (see ``docs/code.md``) and
never run, and the model that it declares becomes the reference formulation. An optional ``answer.txt`` (or
``optimum.txt``) is one number, the optimum as published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...feasibility.disk import read_whole
from ...feasibility.errors import PyriteError
from ...feasibility.recording import record, require_sandbox
from ...feasibility.workers.apart import run_apart
from ..problem import Problem
from .answers import read_answer
from .records import ConvertedRecord, ImportOptions, Remark, RowError, SourceRow

NAME = "programs"
_PROGRAMS = ("code.py", "solution.py", "reference.py", "model.py")
_QUESTIONS = ("question.txt", "problem.txt", "description.txt", "question.md", "description.md")
_ANSWERS = ("answer.txt", "optimum.txt")
_MAX_FILE = 1_000_000


class Programs:
    """The layout: see the module."""

    name = NAME

    def recognises(self, columns: Mapping[str, Any]) -> bool:
        """Rows of a file are never of this layout."""
        return False

    def claims(self, folder: Path) -> bool:
        """A folder, or the first of its folders that says, has a question and a program."""
        inner = sorted(item for item in folder.iterdir() if item.is_dir())
        return any(_found(one, _PROGRAMS) and _found(one, _QUESTIONS) for one in (folder, *inner))

    def rows(self, path: Path) -> Iterator[SourceRow | Remark]:
        """A row for each folder that holds a question or a program, in the order of names."""
        if not path.is_dir():
            raise PyriteError(f"{path}: the {NAME} layout is a folder with one folder a problem")
        own = _found(path, _PROGRAMS) is not None
        number = 0
        for folder in [path] if own else sorted(item for item in path.iterdir() if item.is_dir()):
            columns: dict[str, Any] = {"name": folder.name}
            for column, names in (("program", _PROGRAMS), ("question", _QUESTIONS), ("answer", _ANSWERS)):
                file = _found(folder, names)
                if file is not None:
                    columns[column] = _read(file)
            if len(columns) > 1:
                number += 1
                yield SourceRow(folder, number, columns)

    def convert(self, row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
        """One problem with the recorded model as its reference. Raises RowError when there is no text or no model."""
        del options  # the domains are the program's own
        text, program = row.columns.get("question"), row.columns.get("program")
        if not isinstance(text, str) or not text.strip():
            raise RowError("no-text", "question", f"there is no {' or '.join(_QUESTIONS[:2])}")
        if not isinstance(program, str):
            raise RowError("no-program", "program", f"there is no {' or '.join(_PROGRAMS[:2])}")
        require_sandbox()
        recording = run_apart(record, program)
        if recording.formulation is None:
            assert recording.trouble is not None
            raise RowError(recording.trouble.code, "program", recording.trouble.message)
        remarks = [("recorded", "program", note) for note in recording.notes]
        answer = read_answer(row.columns.get("answer"))
        if answer.kind == "unreadable":
            remarks.append(("unreadable-answer", "answer", answer.reason))
        problem = Problem(
            id=str(row.columns["name"]),
            text=text.strip(),
            reference=recording.formulation,
            optimum=answer.value,
            status=answer.status,
            source=NAME,
        )
        return [ConvertedRecord(problem, remarks)]


PROGRAMS = Programs()


def _found(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read(file: Path) -> str | None:
    """The file's text; None for what is too long or no text, which the row then lacks."""
    try:
        return read_whole(file, _MAX_FILE)
    except PyriteError:
        return None
