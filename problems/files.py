"""Problem files, and what identifies a set of problems."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable

from ..feasibility.errors import PyriteError
from .lines import Complaint, Records, complain, documents, label_of, some
from .problem import Problem


def read_problems(path: str | os.PathLike[str], strict: bool = False) -> Records[Problem]:
    """The problems of a JSON-lines file (``-``: standard input).

    A broken line is a complaint, and the rest is read; with ``strict`` it raises PyriteError. Of two problems with one
    id the first counts. Raises PyriteError when the file is missing, is empty or holds no usable line.
    """
    records: Records[Problem] = Records()
    seen: dict[str, int] = {}
    for number, document in documents(path, records.complaints, strict):
        try:
            problem = Problem.from_dict(document)
            if problem.id in seen:
                raise PyriteError(
                    f"the id {problem.id!r} was already used in line {seen[problem.id]}; the first counts"
                )
        except PyriteError as error:
            complain(records.complaints, Complaint(label_of(path), number, error.message), strict)
            continue
        seen[problem.id] = number
        records.append(problem)
    return some(records, path, "problem")


def problem_set_hash(problems: Iterable[Problem]) -> str:
    """A short hash of the problems, whatever their order: two runs with one hash answered the same questions."""
    lines = sorted(json.dumps(problem.to_dict(), sort_keys=True, ensure_ascii=False) for problem in problems)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]
