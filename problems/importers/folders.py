"""A folder a problem, as ORThought and others publish: a text, an answer, and the program that gave it.

The text is the first of ``question.txt``, ``description.txt``, ``problem.txt``, ``text.txt`` (or ``.md``); the answer
the first of ``answer``, ``solution``, ``label``, ``optimum``, ``ground_truth``, ``result`` as ``.txt`` or ``.json`` (a
number, or an object with ``objective``, ``answer``, ``optimal_value`` ...); the program the first of ``code.py``,
``model.py``, ``solution.py``, ``reference.py``, ``gt_code.py``. The program is recorded in the sandbox (see
``docs/code.md``), never run, and the model that it declares becomes the reference formulation. Where that cannot be
done, the stated answer is kept with a remark that says why; a problem with neither is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...feasibility.disk import read_whole
from ...feasibility.errors import PyriteError
from ...feasibility.language.formulation import Formulation
from ...feasibility.recording import Recording, SourceTrouble, record, require_sandbox
from ...feasibility.workers.apart import run_beside
from ..problem import Problem
from .records import ConvertedRecord, ImportOptions, Label, Remark, RowError, SourceRow, label

NAME = "folders"
_TEXTS = tuple(f"{name}.{end}" for name in ("question", "description", "problem", "text") for end in ("txt", "md"))
_ANSWERS = tuple(
    f"{name}.{end}"
    for name in ("answer", "solution", "label", "optimum", "ground_truth", "result")
    for end in ("txt", "json")
)
_PROGRAMS = (
    "code.py",
    "model.py",
    "solution.py",
    "reference.py",
    "gt_code.py",
    "optimus_code.py",
    "gurobi_code.py",
)
_KEYS = (
    "objective",
    "objective_value",
    "obj",
    "optimal_value",
    "optimum",
    "answer",
    "value",
    "label",
    "result",
)
_MAX_FILE = 2_000_000
_MOST = 100_000


def _first(folder: Path, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if (folder / name).is_file()), None)


def _is_problem(folder: Path) -> bool:
    return _first(folder, _TEXTS) is not None and _first(folder, (*_ANSWERS, *_PROGRAMS)) is not None


def claims(path: Path) -> bool:
    """Whether the folder, or the first folder in it that says, is laid out so."""
    inner = sorted(item for item in path.iterdir() if item.is_dir())
    return any(_is_problem(folder) for folder in (path, *inner[:50]))


def rows(path: Path) -> Iterator[SourceRow | Remark]:
    """A row for each problem's folder, in order of names; its files are the columns."""
    if not path.is_dir():
        raise PyriteError(f"{path}: this layout is a folder with one folder a problem")
    folders = [path] if _is_problem(path) else sorted(item for item in path.iterdir() if item.is_dir())[:_MOST]
    number = 0
    for folder in folders:
        found = [name for group in (_TEXTS, _ANSWERS, _PROGRAMS) if (name := _first(folder, group)) is not None]
        if not found:
            continue
        number += 1
        columns: dict[str, Any] = {"name": folder.resolve().name, "set": path.resolve().name}
        for name in found:
            kind = "text" if name in _TEXTS else "answer" if name in _ANSWERS else "program"
            try:
                content = read_whole(folder / name, _MAX_FILE)
                columns[kind] = json.loads(content) if name.endswith(".json") else content
                columns[f"{kind} file"] = name
            except (ValueError, PyriteError, RecursionError) as error:
                message = f"cannot be read: {str(error)[:80]}"
                yield Remark(folder.name, number, name, "unreadable-file", message, kept=True)
        yield SourceRow(folder, number, columns)


def recognises(columns: Mapping[str, Any]) -> bool:
    """Rows of a file are never of this layout."""
    del columns
    return False


def convert(row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
    """A folder as a problem. Raises RowError without a text, or with neither a model nor an answer."""
    del options  # the domains are the program's own
    text = row.columns.get("text")
    if not isinstance(text, str) or not text.strip():
        raise RowError("no-question", "question.txt", "no question")
    reference, remarks = _reference(row)
    read = _answer(row, reference)
    program = row.columns.get("program")
    problem = Problem(
        id=f"{row.columns['set']}-{row.columns['name']}"
        if row.columns["set"] != row.columns["name"]
        else row.file.name,
        text=text.strip(),
        reference=reference,
        optimum=read.optimum,
        status=read.status,
        source=str(row.columns["set"]),
        extra={**({"source_program": program} if program else {}), **read.extra},
    )
    return [ConvertedRecord(problem, [*remarks, *read.remarks])]


def _reference(row: SourceRow) -> tuple[Formulation | None, list[tuple[str, str, str]]]:
    """The model that the program declares, with remarks; none when there is no program, or it cannot be recorded."""
    program, where = row.columns.get("program"), str(row.columns.get("program file") or "program")
    if not isinstance(program, str) or not program.strip():
        return None, []
    has_answer = _cell(row.columns.get("answer")) not in (None, "", {})
    try:
        require_sandbox()
    except PyriteError as error:
        code, message = "no-sandbox", str(error)
    else:
        recording = _record(program)
        if recording.formulation is not None:
            return recording.formulation, [("recorded", where, note) for note in recording.notes]
        assert recording.trouble is not None
        code, message = recording.trouble.code, recording.trouble.message
    if not has_answer:
        raise RowError(code, where, f"no answer, and no model: {message}")
    return None, [(code, where, f"no reference, the answer alone: {message}")]


def _record(program: str) -> Recording:
    """A program recorded in a process that may die of it, and is kept for the next one."""
    try:
        return run_beside(record, program)
    except PyriteError:
        dead = SourceTrouble("worker-died", "the process that read the program died", certain=False)
        return Recording("text", trouble=dead)


def _answer(row: SourceRow, reference: Formulation | None) -> Label:
    """The stated answer; a problem with a reference may have none, or one that cannot be read."""
    where = str(row.columns.get("answer file") or "answer")
    cell = _cell(row.columns.get("answer"))
    try:
        return label(cell, where)
    except RowError as error:
        if reference is None:
            raise
        return Label(None, None, {}, ((error.code, where, f"{error.message}; the program is the reference"),))


def _cell(answer: Any) -> Any:
    """The answer in an object: the first of the usual names that says something, a status beside it, its only value."""
    if not isinstance(answer, Mapping):
        return answer.strip() if isinstance(answer, str) else answer
    named = next((key for key in _KEYS if answer.get(key) is not None), None)
    if named is not None:
        return _cell(answer[named])
    if isinstance(answer.get("status"), str) and answer["status"].casefold() != "optimal":
        return answer["status"]
    return next(iter(answer.values())) if len(answer) == 1 else (answer or None)
