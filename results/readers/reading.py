"""Any file of answers as outputs: the layout is found by content, rows find their problems, losses are named."""

from __future__ import annotations

import difflib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...feasibility.errors import PyriteError
from ...feasibility.finish import STOP, known_finish
from ...feasibility.plugins import Registry
from ...problems.lines import Complaint, Records, complain, label_of
from ...problems.problem import Problem
from ..outputs import Output
from .choosing import UndecidedError, without_question
from .containers import keys_of, read_rows
from .documents import opened
from .matching import match, unusual_id
from .plain import Mapped
from .protocol import FileRow, ReadAnswer, Reader
from .values import squeezed

READERS: Final[Registry[Reader]] = Registry("pyrite.readers", "reader", Reader)  # type: ignore[type-abstract]
FIELDS: Final = ("problem_id", "output", "sample", "finish")
"""What ``--map`` can name."""


def read_answers(
    path: str | os.PathLike[str],
    problems: Sequence[Problem] = (),
    mapping: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Records[Output]:
    """The outputs of a file, a folder or standard input (``-``), whoever wrote it.

    Broken rows, rows that repeat a sample, and remarks about the file are complaints; with ``strict`` the first one
    raises PyriteError. Whose answer a row is, ``matching`` tells: by id, prompt, number or order. Raises PyriteError
    when the layout is not known, naming the keys that were found, or two texts of a row may be its answer.
    """
    label = label_of(path)
    found = read_rows(str(path), label)
    records: Records[Output] = Records()
    for note in found.notes:
        records.complaints.append(Complaint(label, 1, note))
    for number, reason in found.broken:
        complain(records.complaints, Complaint(label, number, reason), strict)
    if not found.rows:
        first = f"; line {found.broken[0][0]}: {found.broken[0][1]}" if found.broken else ""
        raise PyriteError(f"{label}: no usable output in it{first}")
    rows = _rows(found.rows, problems, mapping)
    reader = _reader(label, rows, found.rows, mapping)
    unusual = None if mapping and "problem_id" in mapping else unusual_id(rows, {problem.id for problem in problems})
    answers: list[tuple[int, ReadAnswer]] = []
    for number, row in rows:
        try:
            if not reader.claims(row):
                raise PyriteError(f"not like the other rows ({reader.title}): it has {', '.join(keys_of([row], 8))}")
            answers += [(number, _also_named(answer, row, unusual)) for answer in reader.answers(row)]
        except UndecidedError as error:
            raise PyriteError(f"{label}, line {number}: {error.message}") from error
        except PyriteError as error:
            complain(records.complaints, Complaint(label, number, error.message), strict)
        except RecursionError:
            complain(records.complaints, Complaint(label, number, "nested too deeply"), strict)
    matches = match(label, answers, problems)
    records.complaints += [Complaint(label, 1, note) for note in matches.notes]
    for number, reason in matches.lost:
        complain(records.complaints, Complaint(label, number, reason), strict)
    _collect(records, matches.found, label, strict)
    if not records:
        first = f"; {records.complaints[0]}" if records.complaints else ""
        raise PyriteError(f"{label}: no usable output in it{first}")
    return records


def _also_named(answer: ReadAnswer, row: FileRow, name: str | None) -> ReadAnswer:
    """The answer with the id that stands under an unusual name, behind its others."""
    if name is None:
        return answer
    given = {} if answer.problem_id is None else {"problem_id": answer.problem_id}
    return replace(answer, ids={**(answer.ids or given), name: str(row[name])})


def _rows(
    rows: list[tuple[int, FileRow]], problems: Sequence[Problem], mapping: Mapping[str, str] | None
) -> list[tuple[int, FileRow]]:
    """The rows; of a document that is none itself those that it holds, and no problem's text as an answer."""
    if len(rows) == 1 and _claiming([rows[0][1]], mapping) is None:
        rows = list(enumerate(opened(rows[0][1], {problem.id for problem in problems}), start=1))
    if mapping is not None:
        return rows
    questions = {squeezed(problem.text) for problem in problems}
    return [(number, without_question(row, questions)) for number, row in rows]


def parse_map(text: str) -> dict[str, str]:
    """``problem_id=custom_id,output=response.text`` as a dict. Raises PyriteError."""
    found: dict[str, str] = {}
    for item in text.split(","):
        name, sign, path = (part.strip() for part in item.partition("="))
        if not sign or not path or name not in FIELDS:
            raise PyriteError(f"--map takes NAME=KEY with NAME one of {', '.join(FIELDS)}, not {item!r}")
        found[name] = path
    if "output" not in found:
        raise PyriteError("--map needs output=KEY: where the answer's text is")
    return found


def _claiming(first: Sequence[FileRow], mapping: Mapping[str, str] | None) -> Reader | None:
    """The reader that claims most of the first rows, of several the first."""
    readers = [READERS.get(name) for name in READERS.names()] if mapping is None else [Mapped(mapping)]
    claimed = [sum(reader.claims(row) for row in first) for reader in readers]
    return readers[claimed.index(max(claimed))] if any(claimed) else None


def _reader(
    label: str,
    rows: Sequence[tuple[int, FileRow]],
    given: Sequence[tuple[int, FileRow]],
    mapping: Mapping[str, str] | None,
) -> Reader:
    """Who reads the rows. Raises PyriteError naming the keys of the rows as they were given."""
    reader = _claiming([row for _, row in rows[:20]], mapping)
    if reader is not None:
        return reader
    keys = keys_of([row for _, row in given[:20]])
    if mapping is not None:
        raise PyriteError(f"{label}: no row has {mapping['output']!r}; it has {', '.join(keys)}")
    raise PyriteError(
        f"{label}: no known layout; its rows have {', '.join(keys) or 'no keys'}. "
        "Name them: --map problem_id=KEY,output=KEY"
    )


def _collect(
    records: Records[Output], answers: Sequence[tuple[int, str, ReadAnswer]], label: str, strict: bool
) -> None:
    """Answers as outputs with numbers for samples; what is said twice is named."""
    seen: dict[tuple[str, int], tuple[int, str]] = {}
    following: dict[str, int] = {}
    texts: dict[tuple[str, str], int] = {}
    filters: dict[str, str] = {}
    for number, identifier, answer in answers:
        if answer.filter is not None and filters.setdefault(identifier, answer.filter) != answer.filter:
            continue  # a layout that repeats each document for every filter
        sample = following.get(identifier, 0) if answer.sample is None else answer.sample
        text = "" if answer.text is None else answer.text
        before = seen.get((identifier, sample))
        if before is not None:
            same = " with the same text" if before[1] == text else ""
            reason = (
                f"problem {identifier!r} sample {sample} was already given{same} in line {before[0]}; the first counts"
            )
            complain(records.complaints, Complaint(label, number, reason), strict)
            continue
        twin = texts.get((identifier, text))
        if twin is not None and answer.sample is None and text:
            reason = f"the same answer to {identifier!r} as in line {twin}; it counts as sample {sample}"
            records.complaints.append(Complaint(label, number, reason))
        texts.setdefault((identifier, text), number)
        seen[identifier, sample] = (number, text)
        following[identifier] = max(following.get(identifier, 0), sample + 1)
        finish = answer.finish
        if answer.text is None and known_finish(finish) == STOP:
            finish = "no-output"
        extra = {key: _finite(value) for key, value in answer.extra.items()}
        records.append(Output(identifier, sample, text, finish, answer.seconds, extra))


def _finite(value: Any) -> Any:
    """NaN and Infinity, which JSON does not have, as null; what JSON cannot hold at all, as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict | list):
        try:
            json.dumps(value, allow_nan=False)
        except (ValueError, TypeError, RecursionError):
            return str(value)[:200]
        return value
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)[:200]


def stranger(identifier: str, ids: Sequence[str]) -> str:
    """A hint for an id that no problem has."""
    near = difflib.get_close_matches(identifier.lower(), [known.lower() for known in ids], n=1, cutoff=0.8)
    meant = next((known for known in ids if near and known.lower() == near[0]), None)
    return f"; did you mean {meant!r}?" if meant else ""
