"""Scoring without holding what is scored: lines of outputs in, lines of verdicts out, some tens of bytes an output.

Outputs come from one file or from the shards of a folder, JSON lines or parquet. The run folder, its lines and its
summary are those of :func:`.scoring.score_outputs`. What is held of an output is a hash of its text, its place in the
tally, and, while it is judged, itself. Going on reads the verdicts that were written since the tally was kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from ..feasibility.disk import plain_file
from ..feasibility.errors import PyriteError, StoppedError
from ..feasibility.policy import Policy
from ..feasibility.scoring.languages import task_of
from ..feasibility.scoring.reference import Reference
from ..feasibility.verdict import Verdict
from ..problems.lines import Complaint, LineWriter, complain, documents
from ..problems.problem import Problem
from .engines import Engine, Local
from .lines import VerdictLines
from .outputs import Output
from .run import RunFolder
from .shards import read_shards, shards
from .tally import SampleIndex, Tally
from .tally_file import TallyFile

LARGE: Final = 64 * 2**20
"""Bytes of an outputs file from which the command streams it."""

_REMARKS: Final = 1000
"""Complaints that are kept; the rest is counted."""

_WORTH: Final = 20_000
"""Verdicts from which the tally is kept beside them, and kept anew after as many more."""


@dataclass(slots=True)
class Streamed:
    """What one go of scoring did; ``tally`` counts all verdicts of the folder, ``remarks`` are about the file's lines.

    ``unsaid`` remarks are not kept.
    """

    tally: Tally
    read: int = 0
    judged: int = 0
    workers: int = 0
    killed: int = 0
    remarks: list[Complaint] = field(default_factory=list)
    unsaid: int = 0

    def remark(self, file: str, line: int, reason: str, strict: bool) -> None:
        """Keep a complaint, or count it. With ``strict`` it is raised as PyriteError."""
        if strict or len(self.remarks) < _REMARKS:
            complain(self.remarks, Complaint(file, line, reason), strict)
        else:
            self.unsaid += 1


def score_lines(
    problems: Sequence[Problem],
    outputs: str | os.PathLike[str],
    policy: Policy | None = None,
    *,
    folder: RunFolder,
    workers: int | None = None,
    language: str = "auto",
    strict: bool = False,
    told: Callable[[int], None] = lambda done: None,
    engine: Engine | None = None,
) -> Streamed:
    """Judge the outputs that the folder has no verdict for, and write them there; ``outputs`` as in :mod:`.shards`.

    Memory does not grow with the texts. Lines without ``sample`` are counted as
    :func:`~pyrite.results.outputs.read_outputs` does; lines that cannot be used, and outputs to unknown problems, are
    remarks (with ``strict`` the first raises PyriteError). Raises PyriteError as
    :func:`~pyrite.results.scoring.score_outputs` does, and StoppedError on KeyboardInterrupt.
    """
    chosen = policy or Policy()
    folder.create()
    with folder.verdict_writer() as file:
        counted = TallyFile(folder.tally, folder.verdicts)
        found = Streamed(_counted(folder, counted))
        folder.check(chosen, problems, scored=len(found.tally) > 0)
        folder.settle(chosen, problems, scored=len(found.tally) > 0)
        stream = _Stream(problems, Path(outputs), folder, found, language, strict)
        try:
            for task in ("formulation", "code"):
                if task == "formulation" or stream.programs:
                    _judge(stream, task, chosen, VerdictLines(file), workers, told, engine or Local(), counted)
        except KeyboardInterrupt:
            text = f"stopped after {found.judged:,} outputs; run the same command again to go on"
            raise StoppedError(text) from None
    if not found.read:
        first = f"; {found.remarks[0]}" if found.remarks else ""
        raise PyriteError(f"{outputs}: no usable output in it{first}")
    return found


def _judge(
    stream: _Stream,
    task: str,
    policy: Policy,
    file: VerdictLines,
    workers: int | None,
    told: Callable[[int], None],
    engine: Engine,
    counted: TallyFile,
) -> None:
    if task == "code":
        from ..feasibility.recording import require_sandbox

        require_sandbox()
    found = stream.found
    before = found.judged
    with engine.open(policy, workers, task) as pool:
        found.workers = pool.size
        try:
            for verdict in pool.judge(stream.tasks(task), stream.references):
                file.write(verdict)
                found.tally.put(verdict)
                found.judged += 1
                if not found.judged % _WORTH:
                    counted.save(found.tally, stream.folder.verdicts.stat().st_size)
                told(before + pool.finished)
        finally:
            found.killed += pool.killed
            if found.judged > before and len(found.tally) >= _WORTH:
                counted.save(found.tally, stream.folder.verdicts.stat().st_size)


def _counted(folder: RunFolder, counted: TallyFile) -> Tally:
    """The verdicts that the folder holds: those that were counted before, and the rest one by one."""
    tally, reached = counted.load()
    if plain_file(folder.verdicts):
        for _, line in documents(folder.verdicts, [], strict=False, may_be_empty=True, start=reached):
            try:
                tally.put(Verdict.from_dict(line))
            except PyriteError as error:
                raise PyriteError(f"{folder.verdicts}: {error.message}") from error
    return tally


class _Stream:
    """The file's outputs, once for each task that some of them are judged as."""

    def __init__(
        self,
        problems: Sequence[Problem],
        path: Path,
        folder: RunFolder,
        found: Streamed,
        language: str,
        strict: bool,
    ) -> None:
        self.references: Mapping[str, Reference] = {problem.id: problem.as_reference() for problem in problems}
        self.path, self.folder, self.found = path, folder, found
        self.language, self.strict = language, strict
        self.programs = False
        """Some outputs are judged as programs, which is left to a second reading."""
        self._stored = _stored(folder)
        self._own = folder.outputs.exists() and any(folder.outputs.samefile(file) for file in shards(path))

    def tasks(self, task: str) -> Iterator[tuple[str, int, str]]:
        """The outputs of this task that have no verdict yet, each copied into the folder before it is judged."""
        first = task == "formulation"
        with ExitStack() as stack:
            copy = stack.enter_context(LineWriter(self.folder.outputs)) if first and not self._own else None
            for output in self._outputs(first):
                if copy is not None:
                    self._copied(copy, output)
                if self.found.tally.rows[output.key]:
                    continue
                asked = task_of(output.answer, self.language)
                self.programs |= asked == "code"
                # What asks for nothing else is judged at the first reading.
                if (asked == "code") != first:
                    yield output.problem_id, output.sample, output.answer

    def _outputs(self, first: bool) -> Iterator[Output]:
        """Every usable output; remarks are made at the first reading."""
        found = self.found
        seen = SampleIndex()
        single = len(shards(self.path)) == 1
        following: dict[str, int] = {}
        complaints: list[Complaint] = []
        for label, number, document in read_shards(self.path, complaints, strict=self.strict):
            for complaint in complaints if first else ():
                found.remark(complaint.file, complaint.line, complaint.reason, self.strict)
            complaints.clear()
            reason = None
            try:
                name = document.get("problem_id")
                output = Output.from_dict(document, following.get(name, 0) if isinstance(name, str) else 0)
                if seen[output.key]:
                    where = f"line {seen[output.key]}" if single else "an earlier line"
                    reason = (
                        f"problem {output.problem_id!r} sample {output.sample} was already given in {where}; "
                        "the first counts"
                    )
            except PyriteError as error:
                reason = error.message
            if reason is None:
                seen[output.key] = number
                following[output.problem_id] = max(following.get(output.problem_id, 0), output.sample + 1)
                if output.problem_id not in self.references:
                    reason = f"problem {output.problem_id!r} is not among the problems; passed over"
            if reason is not None:
                if first:
                    found.remark(label, number, reason, self.strict)
                continue
            found.read += first
            yield output
        for complaint in complaints if first else ():
            found.remark(complaint.file, complaint.line, complaint.reason, self.strict)

    def _copied(self, copy: LineWriter, output: Output) -> None:
        """Into the folder, unless it is there. The same key must be the same text."""
        known = self._stored[output.key]
        if not known:
            copy.write(output.to_dict())
            self._stored[output.key] = _hash(output.output)
        elif known != _hash(output.output):
            raise PyriteError(
                f"{self.folder.outputs} holds another text for problem {output.problem_id!r} sample {output.sample}; "
                "score into another folder"
            )


def _stored(folder: RunFolder) -> SampleIndex:
    """A hash of each text that the folder holds."""
    stored = SampleIndex()
    if plain_file(folder.outputs) and folder.outputs.stat().st_size:
        for _, document in documents(folder.outputs, [], strict=False, may_be_empty=True):
            try:
                output = Output.from_dict(document)
            except PyriteError:
                continue
            stored[output.key] = _hash(output.output)
    return stored


def _hash(text: str) -> int:
    """64 bits of a text, never 0."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") or 1


__all__ = ["LARGE", "Streamed", "score_lines"]
