"""Settings of several studies in one table: as they answered the problems that all of them were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..feasibility.errors import PyriteError
from ..results.comparing import Change, adjusted, compare_outcome
from ..results.observing import Observed
from ..results.statistics import Rate
from .summary import OUTCOMES, StudyRow, answers_of, rates_of, same_seeds


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """A setting with both scores on the shared problems, and the difference from the baseline, paired by problem."""

    row: StudyRow
    problems: int
    rates: Mapping[str, Rate]
    """``surface``, ``substance``, ``substance_given_surface``."""
    comparisons: Mapping[str, Change]
    """Empty for the baseline, and where the two share no seed."""


def joined(rows: Sequence[StudyRow], baseline: StudyRow) -> list[JoinedRow]:
    """``rows`` (``baseline`` one of them) on their shared problems, Holm's adjustment over both scores of all of them.

    Raises PyriteError when no problem was asked of every row.
    """
    shared = set.intersection(*(set(answers_of(row).problems) for row in rows))
    if not shared:
        raise PyriteError("no problem was asked of every setting: there is nothing to set side by side")
    found: list[JoinedRow] = []
    groups: list[list[Change]] = []
    for row in rows:
        found.append(JoinedRow(row, len(shared), rates_of(_only(answers_of(row), shared)), {}))
        pair = same_seeds(baseline, row) if row is not baseline else None
        if pair is None:
            groups.append([])
            continue
        one, two = (_only(side, shared) for side in pair)
        groups.append([compare_outcome(one, two, outcome) for outcome in OUTCOMES])
    return [
        replace(item, comparisons={change.outcome: change for change in group if change.pairs})
        for item, group in zip(found, adjusted(groups), strict=True)
    ]


def _only(seen: Observed, problems: set[str]) -> Observed:
    kept = [number for number, name in enumerate(seen.problems) if name in problems]
    return seen.only(np.isin(seen.problem, kept))
