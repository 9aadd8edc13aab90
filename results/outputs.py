"""What language models answered: the lines of ``outputs.jsonl``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..feasibility.errors import PyriteError
from ..feasibility.finish import STOP, Answered, known_finish
from ..problems.lines import Complaint, Records, complain, documents, label_of, some

_KNOWN = ("problem_id", "sample", "output", "finish", "seconds")


@dataclass(frozen=True, slots=True)
class Output:
    """What a language model answered to a problem: a line of ``outputs.jsonl``.

    ``finish`` is ``stop`` or ``length`` where known, ``seconds`` how long the answer took. ``extra`` keeps every field
    that Pyrite does not know.
    """

    problem_id: str
    sample: int
    output: str
    finish: str | None = None
    seconds: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        """What names this output within a run."""
        return self.problem_id, self.sample

    @property
    def answer(self) -> str:
        """The text as it is judged: it remembers when something else than the model ended it (``finish``)."""
        finish = known_finish(self.finish)
        return self.output if finish == STOP else Answered(self.output, finish)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], sample: int = 0) -> Self:
        """Read a line; ``sample`` stands in when the line gives none. Raises PyriteError naming the field.

        >>> Output.from_dict({"problem_id": "p1", "output": "{}"}).key
        ('p1', 0)
        """
        problem_id, text = document.get("problem_id"), document.get("output")
        if not isinstance(problem_id, str) or not problem_id:
            raise PyriteError("an output needs a non-empty string 'problem_id'")
        if not isinstance(text, str):
            raise PyriteError("an output needs a string 'output' (the raw text; it may be empty)")
        number = document.get("sample", sample)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise PyriteError(f"'sample' is a whole number from 0, not {number!r}")
        finish, seconds = document.get("finish"), document.get("seconds")
        if finish is not None and not isinstance(finish, str):
            raise PyriteError(f"'finish' is a word such as stop or length, not {finish!r}")
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
            raise PyriteError(f"'seconds' is a number, not {seconds!r}")
        extra = {key: value for key, value in document.items() if key not in _KNOWN}
        return cls(problem_id, number, text, finish, seconds, extra)

    def to_dict(self) -> dict[str, Any]:
        """The line: known fields in a fixed order, nothing empty."""
        document: dict[str, Any] = {"problem_id": self.problem_id, "sample": self.sample, "output": self.output}
        if self.finish is not None:
            document["finish"] = self.finish
        if self.seconds is not None:
            document["seconds"] = self.seconds
        document.update(self.extra)
        return document


_TOKENS = ("tokens", "completion_tokens", "output_tokens")
_PROMPT_TOKENS = ("prompt_tokens", "input_tokens")


def tokens_of(output: Output) -> int | None:
    """How many tokens the answer took, where its line says so (also below ``usage``, as endpoints report it)."""
    return _said(output, _TOKENS)


def prompt_tokens_of(output: Output) -> int | None:
    """How many tokens were asked, where the line says so."""
    return _said(output, _PROMPT_TOKENS)


def _said(output: Output, names: tuple[str, ...]) -> int | None:
    usage = output.extra.get("usage")
    for place in (output.extra, usage if isinstance(usage, Mapping) else {}):
        for name in names:
            value = place.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
                return value
    return None


def read_outputs(path: str | os.PathLike[str], strict: bool = False) -> Records[Output]:
    """The outputs of a JSON-lines file (``-``: standard input).

    Broken lines are complaints; with ``strict`` the first one raises PyriteError.

    A line without ``sample`` gets the number after the highest that its problem has so far. Of two lines with the same
    problem and sample the first counts.
    """
    records: Records[Output] = Records()
    seen: dict[tuple[str, int], int] = {}
    following: dict[str, int] = {}
    for number, document in documents(path, records.complaints, strict):
        try:
            problem_id = document.get("problem_id")
            free = following.get(problem_id, 0) if isinstance(problem_id, str) else 0
            output = Output.from_dict(document, sample=free)
            if output.key in seen:
                raise PyriteError(
                    f"problem {output.problem_id!r} sample {output.sample} was already given in line "
                    f"{seen[output.key]}; the first counts"
                )
        except PyriteError as error:
            complain(records.complaints, Complaint(label_of(path), number, error.message), strict)
            continue
        seen[output.key] = number
        following[output.problem_id] = max(following.get(output.problem_id, 0), output.sample + 1)
        records.append(output)
    return some(records, path, "output")
