"""Any file of answers as outputs: the layout is found by content, rows find their problems, losses are named."""

from __future__ import annotations

import difflib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...feasibility.errors import PyriteError
from ...feasibility.plugins import Registry
from ...problems.lines import Complaint, Records, complain, label_of
from ...problems.problem import Problem
from ..outputs import Output
from .containers import keys_of, read_rows
from .plain import Mapped
from .protocol import ReadAnswer, Reader

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
    raises PyriteError. Rows without an id are matched by the problem's text in their prompt, or by their order when
    there are as many as problems. Raises PyriteError when the layout is not known, naming the keys that were found.
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
    reader = _reader(label, [row for _, row in found.rows], mapping)
    answers: list[tuple[int, ReadAnswer]] = []
    for number, row in found.rows:
        try:
            if not reader.claims(row):
                raise PyriteError(f"not like the other rows ({reader.title}): it has {', '.join(keys_of([row], 8))}")
            answers += [(number, answer) for answer in reader.answers(row)]
        except PyriteError as error:
            complain(records.complaints, Complaint(label, number, error.message), strict)
    _collect(records, _Matched(label, answers, problems).run(), label, strict)
    if not records:
        first = f"; {records.complaints[0]}" if records.complaints else ""
        raise PyriteError(f"{label}: no usable output in it{first}")
    return records


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


def _reader(label: str, rows: Sequence[Mapping[str, Any]], mapping: Mapping[str, str] | None) -> Reader:
    """The first reader that claims the first rows."""
    first = rows[:20]
    if mapping is not None:
        mapped = Mapped(mapping)
        if not any(mapped.claims(row) for row in first):
            raise PyriteError(f"{label}: no row has {mapping['output']!r}; it has {', '.join(keys_of(list(first)))}")
        return mapped
    for name in READERS.names():
        reader = READERS.get(name)
        if any(reader.claims(row) for row in first):
            return reader
    raise PyriteError(
        f"{label}: no known layout; its rows have {', '.join(keys_of(list(first))) or 'no keys'}. "
        "Name them: --map problem_id=KEY,output=KEY"
    )


class _Matched:
    """Answers with the ids of their problems."""

    def __init__(self, label: str, answers: list[tuple[int, ReadAnswer]], problems: Sequence[Problem]) -> None:
        self.label, self.answers, self.problems = label, answers, problems
        self.ids = {problem.id for problem in problems}

    def run(self) -> Iterator[tuple[int, str, ReadAnswer]]:
        nameless = [answer for _, answer in self.answers if answer.problem_id is None]
        by_prompt = self.by_prompt(nameless) if nameless else {}
        in_order = self.in_order() if nameless and not by_prompt else None
        order = 0
        for number, answer in self.answers:
            if answer.problem_id is not None:
                yield number, self.known(answer.problem_id), answer
            elif by_prompt:
                yield number, by_prompt[id(answer)], answer
            else:
                assert in_order is not None
                place = order if answer.place is None else answer.place
                yield number, in_order[place], answer
                order += 1

    def known(self, identifier: str) -> str:
        """The id as the problems have it: white space around it is dropped when only that makes the difference."""
        if identifier not in self.ids and identifier.strip() in self.ids:
            return identifier.strip()
        return identifier

    def by_prompt(self, nameless: list[ReadAnswer]) -> dict[int, str]:
        """Which problem each prompt states; empty unless every prompt states exactly one."""
        texts: dict[str, list[str]] = {}
        for problem in self.problems:
            texts.setdefault(problem.text.strip(), []).append(problem.id)
        found: dict[int, str] = {}
        for answer in nameless:
            prompt = (answer.prompt or "").strip()
            stated = [ids for text, ids in texts.items() if len(text) > 20 and text in prompt] if prompt else []
            exact = texts.get(prompt)
            if exact is not None:
                stated = [exact]
            if len(stated) != 1 or len(stated[0]) != 1:
                return {}
            found[id(answer)] = stated[0][0]
        return found

    def in_order(self) -> list[str]:
        """The problems in their order, when the rows are as many. Raises PyriteError when they are not."""
        ids = [problem.id for problem in self.problems]
        places = {answer.place for _, answer in self.answers}
        rows = len(places) if None not in places else len(self.answers)
        fits = rows == len(ids) and (None in places or places == set(range(len(ids))))
        if not ids or not fits:
            raise PyriteError(
                f"{self.label}: its rows name no problem, and they cannot be matched by order or prompt: "
                f"{rows:,} rows, {len(ids):,} problems. Add an id to each row: --map problem_id=KEY,output=KEY"
            )
        return ids


def _collect(
    records: Records[Output], answers: Iterator[tuple[int, str, ReadAnswer]], label: str, strict: bool
) -> None:
    """Answers as outputs with numbers for samples; what is said twice is named."""
    seen: dict[tuple[str, int], tuple[int, str]] = {}
    following: dict[str, int] = {}
    texts: dict[tuple[str, str], int] = {}
    filters: dict[str, Any] = {}
    for number, identifier, answer in answers:
        named = answer.extra.get("filter")
        if named is not None and filters.setdefault(identifier, named) != named:
            continue  # lm-eval repeats each document for every filter
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
        if answer.text is None and (finish is None or finish == "stop"):
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
