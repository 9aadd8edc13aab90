"""Verdicts as arrays: one row an output, one column a stage, so that every statistic is a few sums.

A cell says ``PASS``, ``FAIL``, ``UNKNOWN`` or ``ABSENT``. A stage after a failed one has failed too (the output never
gets there), a stage that the problem's reference does not allow is absent, and unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..feasibility.verdict import ALL_STAGES, CODE, LADDERS, NOT_ASKED, STAGES, SURFACE, Verdict

FAIL, PASS, UNKNOWN, ABSENT = 0, 1, 2, 3

OUTCOMES: tuple[str, ...] = (*ALL_STAGES, "surface", "substance")
"""The columns: the stages of all ladders, then the two scores."""

States: TypeAlias = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Observed:
    """The outputs of one run. ``states`` is (outputs, outcomes); ``problem`` and ``family`` number each row's group.

    Rows are sorted by problem id and sample, so that nothing depends on the order of the file.
    """

    problems: tuple[str, ...]
    families: tuple[str, ...]
    samples: tuple[int, ...]
    problem: NDArray[np.int64]
    family: NDArray[np.int64]
    states: States

    def __len__(self) -> int:
        return len(self.samples)

    def column(self, outcome: str) -> States:
        """The states of one stage or score, one an output."""
        return self.states[:, OUTCOMES.index(outcome)]

    def keys(self) -> list[tuple[str, int]]:
        """(problem id, sample) of each row."""
        return [(self.problems[p], s) for p, s in zip(self.problem.tolist(), self.samples, strict=True)]

    def only(self, rows: NDArray[np.bool_]) -> Observed:
        """The same, with some of the rows. Problems and families keep their numbers."""
        samples = tuple(s for s, keep in zip(self.samples, rows.tolist(), strict=True) if keep)
        return Observed(self.problems, self.families, samples, self.problem[rows], self.family[rows], self.states[rows])

    @property
    def has_samples(self) -> bool:
        """Some problem was answered more than once."""
        return len(self) > len(np.unique(self.problem))

    @property
    def passes_surface(self) -> NDArray[np.bool_]:
        """Rows that pass stages 1-3."""
        rows: NDArray[np.bool_] = self.column("surface") == PASS
        return rows


def states_of(verdict: Verdict) -> list[int]:
    """The row of one verdict: the stages (absent are those of other ladders), surface, substance."""
    ladder = verdict.ladder
    found: dict[str, int] = {}
    failed: set[str] = set()
    for stage in ladder.stages:
        result = verdict.result(stage)
        status = result.status
        never = result.code == NOT_ASKED.code or not ladder.asks(stage, verdict.strongest)
        before = failed - set(ladder.together) if stage in ladder.together else failed
        if status == "skipped" and never:
            found[stage] = ABSENT
        elif before or status == "fail":
            failed.add(stage)
            found[stage] = FAIL
        else:
            found[stage] = {"pass": PASS, "unknown": UNKNOWN}.get(status, ABSENT)
    row = [found.get(stage, ABSENT) for stage in ALL_STAGES]
    substance = verdict.substance
    looks = {found.get(stage, ABSENT) for stage in ladder.surface}
    # A program that cannot be recorded is neither: its surface is unknown.
    unrecorded = ladder.task == CODE.task and UNKNOWN in looks and FAIL not in looks
    row.append(PASS if verdict.surface else UNKNOWN if unrecorded else FAIL)
    row.append(state_of_substance(substance))
    return row


def state_of_substance(substance: bool | None) -> int:
    """The cell of a substance that is known, or is not."""
    return UNKNOWN if substance is None else PASS if substance else FAIL


def observe(verdicts: Iterable[Verdict], families: Mapping[str, str | None] | None = None) -> Observed:
    """Arrays of a run's verdicts. ``families`` names the family of a problem; a problem without one is its own."""
    ordered = sorted(verdicts, key=lambda verdict: (verdict.problem_id, verdict.sample))
    problems: dict[str, int] = {}
    groups: dict[str, int] = {}
    problem, family, states = [], [], []
    for verdict in ordered:
        identifier = verdict.problem_id
        problem.append(problems.setdefault(identifier, len(problems)))
        group = (families or {}).get(identifier) or ""
        family.append(groups.setdefault(group, len(groups)))
        states.append(states_of(verdict))
    return Observed(
        problems=tuple(problems),
        families=tuple(groups),
        samples=tuple(verdict.sample for verdict in ordered),
        problem=np.array(problem, dtype=np.int64),
        family=np.array(family, dtype=np.int64),
        states=np.array(states, dtype=np.int8).reshape(len(ordered), len(OUTCOMES)),
    )


def asked_stages(*observed: Observed) -> tuple[str, ...]:
    """The stages that tables of these outputs show: the ladders that some output climbs, each whole.

    Without any output it is the ladder of formulations.
    """
    wanted: set[str] = set()
    for ladder in LADDERS.values():
        own = [stage for stage in ladder.stages if sum(stage in other.stages for other in LADDERS.values()) == 1]
        columns = [ALL_STAGES.index(stage) for stage in own or ladder.stages]
        if any((part.states[:, columns] != ABSENT).any() for part in observed if len(part)):
            wanted.update(ladder.stages)
    return tuple(stage for stage in ALL_STAGES if stage in wanted) or STAGES


def after_repair(observed: Observed, verdicts: Sequence[Verdict]) -> Observed:
    """The same rows with *substance after repair* in the place of substance; ``verdicts`` in the order of the rows."""
    states = observed.states.copy()
    column = OUTCOMES.index("substance")
    for row, verdict in enumerate(verdicts):
        states[row, column] = state_of_substance(verdict.substance_after_repair)
    return replace(observed, states=states)


def strongest_counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """What substance means in this run: how many outputs are judged by which strongest stage."""
    counts: dict[str, int] = {}
    for stage in ALL_STAGES:
        count = sum(verdict.strongest == stage for verdict in verdicts)
        if count:
            counts[stage] = count
    return counts


__all__ = [
    "ABSENT",
    "FAIL",
    "OUTCOMES",
    "PASS",
    "SURFACE",
    "UNKNOWN",
    "Observed",
    "after_repair",
    "asked_stages",
    "observe",
    "states_of",
    "strongest_counts",
]
