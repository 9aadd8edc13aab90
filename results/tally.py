"""Verdicts counted and let go: what summaries need of millions of outputs, in some tens of bytes an output.

Outputs that are alike in all that a summary asks (the states of their stages, their codes, what decides, ...) share
one *kind*; an output is then three numbers: its problem, its sample, its kind.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..feasibility.verdict import StageResult, Verdict
from .observing import OUTCOMES, Observed, state_of_substance, states_of

_FAR = 10**6
"""Samples up to which a problem's are numbered in an array, unless it holds them more thinly than one in _THIN."""
_THIN = 64


class SampleIndex:
    """A whole number (not 0) for each problem and sample: arrays where samples are counted from 0, as they mostly are.

    >>> index = SampleIndex()
    >>> index["p", 3] = 7
    >>> index["p", 3], index["p", 2], index["q", 10**12], len(index)
    (7, 0, 0, 1)
    """

    def __init__(self) -> None:
        self._dense: dict[str, array[int]] = {}
        self._sparse: dict[str, dict[int, int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, key: tuple[str, int]) -> int:
        problem, sample = key
        dense = self._dense.get(problem)
        if dense is not None and 0 <= sample < len(dense):
            return dense[sample]
        return self._sparse.get(problem, {}).get(sample, 0)

    def __setitem__(self, key: tuple[str, int], number: int) -> None:
        problem, sample = key
        if not self[key]:
            self._count += 1
        dense = self._dense.setdefault(problem, array("Q"))
        if 0 <= sample < len(dense):
            dense[sample] = number
        elif 0 <= sample < min(_FAR, _THIN + 2 * len(dense)):
            dense.extend([0] * (sample + 1 - len(dense)))
            dense[sample] = number
            moved = self._sparse.get(problem, {})
            for other in [other for other in moved if 0 <= other < len(dense)]:
                dense[other] = moved.pop(other)
        else:
            self._sparse.setdefault(problem, {})[sample] = number


@dataclass(frozen=True, slots=True)
class Counted:
    """``count`` outputs to one problem that are alike; ``verdict`` is the first of them, without its evidence."""

    verdict: Verdict
    count: int
    number: int
    """Of this problem and kind together, as :meth:`Tally.pairs` numbers them."""


class Tally:
    """The verdicts of a run, counted."""

    def __init__(self, verdicts: Iterable[Verdict] = ()) -> None:
        self.rows = SampleIndex()
        self.kinds: list[Verdict] = []
        self._problems: dict[str, int] = {}
        self._numbers: dict[object, int] = {}
        self._problem, self._sample, self._kind = array("q"), array("q"), array("q")
        for verdict in verdicts:
            self.add(verdict)

    def __len__(self) -> int:
        return len(self._kind)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self._problem.append(self._problems.setdefault(verdict.problem_id, len(self._problems)))
        self._sample.append(verdict.sample)
        self._kind.append(self._kind_of(verdict))

    def put(self, verdict: Verdict) -> None:
        """Count a verdict in the place of an earlier one of the same output that was put, if there is one."""
        key = verdict.problem_id, verdict.sample
        row = self.rows[key]
        if row:
            self._kind[row - 1] = self._kind_of(verdict)
            return
        self.add(verdict)
        self.rows[key] = len(self)

    def state(self) -> tuple[list[str], list[NDArray[np.int64]], list[Verdict]]:
        """All of it: the problems' ids, problem, sample and kind (three columns) of each output, and the kinds."""
        columns = [self._column(name) for name in ("problem", "sample", "kind")]
        return list(self._problems), columns, list(self.kinds)

    @classmethod
    def from_state(cls, problems: Sequence[str], columns: NDArray[np.int64], kinds: Sequence[Verdict]) -> Self:
        """The tally of this state, as if every verdict had been put. Raises ValueError when it does not fit."""
        tally = cls()
        tally._problems = {name: number for number, name in enumerate(problems)}
        tally.kinds = list(kinds)
        tally._numbers = {_mark(verdict): kind for kind, verdict in enumerate(kinds)}
        problem, sample, kind = columns
        sound = len(tally._problems) == len(problems) and len(tally._numbers) == len(kinds)
        for numbers, most in ((problem, len(problems)), (kind, len(kinds))):
            sound = sound and (not len(numbers) or (numbers.min() >= 0 and int(numbers.max()) < most))
        if not sound:
            raise ValueError("the parts of a tally do not fit together")
        tally._problem, tally._sample, tally._kind = (array("q", part.tobytes()) for part in (problem, sample, kind))
        for row, (place, number) in enumerate(zip(problem.tolist(), sample.tolist(), strict=True), start=1):
            tally.rows[problems[place], number] = row
        return tally

    def _kind_of(self, verdict: Verdict) -> int:
        mark = _mark(verdict)
        kind = self._numbers.get(mark)
        if kind is None:
            kind = self._numbers[mark] = len(self.kinds)
            self.kinds.append(_slim(verdict))
        return kind

    @property
    def problems(self) -> set[str]:
        """The ids of the problems that were answered."""
        return set(self._problems)

    def groups(self) -> list[tuple[Verdict, int]]:
        """One verdict of each kind, whatever its problem, with how many there are."""
        counts = np.bincount(self._column("kind"), minlength=len(self.kinds)).tolist()
        return [(verdict, count) for verdict, count in zip(self.kinds, counts, strict=True) if count]

    def pairs(self) -> tuple[list[Counted], NDArray[np.int64]]:
        """The outputs by problem and kind, and the number of its pair for each row of :meth:`observe`, in its order."""
        if not len(self):
            return [], np.zeros(0, dtype=np.int64)
        mixed = self._column("problem") * len(self.kinds) + self._column("kind")
        values, inverse, counts = np.unique(mixed, return_inverse=True, return_counts=True)
        names = list(self._problems)
        found = []
        for number, (value, count) in enumerate(zip(values.tolist(), counts.tolist(), strict=True)):
            problem, kind = divmod(value, len(self.kinds))
            found.append(Counted(replace(self.kinds[kind], problem_id=names[problem]), count, number))
        return found, np.asarray(inverse, dtype=np.int64)[self._order()]

    def observe(self, families: Mapping[str, str | None] | None = None, *, repaired: bool = False) -> Observed:
        """The arrays of :func:`.observing.observe`; ``repaired``: substance is that after repair."""
        order, names = self._order(), list(self._problems)
        table = np.zeros((len(self.kinds), len(OUTCOMES)), dtype=np.int8)
        for kind, verdict in enumerate(self.kinds):
            table[kind] = states_of(verdict)
            if repaired:
                table[kind, OUTCOMES.index("substance")] = state_of_substance(verdict.substance_after_repair)
        problem = self._column("problem")[order]
        kept = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
        place = np.zeros(len(names), dtype=np.int64)
        place[kept] = np.arange(len(names))
        groups: dict[str, int] = {}
        family = [groups.setdefault((families or {}).get(names[p]) or "", len(groups)) for p in kept.tolist()]
        numbered = place[problem]
        return Observed(
            problems=tuple(names[p] for p in kept.tolist()),
            families=tuple(groups),
            samples=tuple(self._column("sample")[order].tolist()),
            problem=numbered,
            family=np.array(family, dtype=np.int64)[numbered] if len(self) else np.zeros(0, dtype=np.int64),
            states=table[self._column("kind")[order]].reshape(len(self), len(OUTCOMES)),
        )

    def _column(self, name: str) -> NDArray[np.int64]:
        held: array[int] = {"problem": self._problem, "sample": self._sample, "kind": self._kind}[name]
        # A copy: an array that numpy looks into cannot grow.
        return np.array(held, dtype=np.int64)

    def _order(self) -> NDArray[np.int64]:
        """The rows by problem id and sample."""
        names = list(self._problems)
        rank = np.zeros(len(names), dtype=np.int64)
        rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
        return np.lexsort((self._column("sample"), rank[self._column("problem")]))


def _mark(verdict: Verdict) -> object:
    """All that summaries ask of a verdict."""
    reading = verdict.reading
    repaired = verdict.repaired
    return (
        verdict.ladder.task,
        verdict.strongest,
        tuple((name, result.status, result.code) for name, result in verdict.stages.items()),
        verdict.reference_optimum is None,
        None if reading is None else (str(reading["name"]), bool(reading.get("first", True))),
        None if repaired is None else (verdict.substance_after_repair, tuple(map(str, repaired.get("repairs", ())))),
    )


def _slim(verdict: Verdict) -> Verdict:
    """The verdict without evidence, messages and what names its output."""
    stages = {name: StageResult(result.status, result.code) for name, result in verdict.stages.items()}
    reading: dict[str, Any] | None = None
    if verdict.reading is not None:
        reading = {"name": str(verdict.reading["name"]), "first": bool(verdict.reading.get("first", True))}
    repaired: dict[str, Any] | None = None
    if verdict.repaired is not None:
        made = list(map(str, verdict.repaired.get("repairs", ())))
        repaired = {"repairs": made, "substance": verdict.repaired.get("substance")}
    known = None if verdict.reference_optimum is None else 0.0
    return Verdict(
        stages, verdict.strongest, reference_optimum=known, ladder=verdict.ladder, repaired=repaired, reading=reading
    )
