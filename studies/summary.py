"""The finished cells as rows: repetitions pooled, both scores with intervals, comparisons with a baseline.

Repetitions (seeds) of a setting are answers of one problem under several numbers, so intervals treat what one problem
was answered as hanging together, and comparisons pair problem with problem and seed with seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..results.comparing import Change, adjusted, compare_outcome
from ..results.observing import Observed
from ..results.statistics import Rate, conditional_rate, rate_of
from .plan import SEED, Cell, Study
from .records import Asked, CellResult
from .study import settings_of

OUTCOMES = ("surface", "substance")
_SAMPLES_A_SEED = 100_000


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One setting: the labels of its axes and what its finished repetitions found together."""

    labels: Mapping[str, str]
    wanted: int
    cells: Sequence[CellResult]
    rates: Mapping[str, Rate]
    """``surface``, ``substance``, ``substance_given_surface``."""
    also: Mapping[str, Mapping[str, Rate]]
    comparisons: Mapping[str, Change]
    """Surface and substance against the baseline; empty for the baseline itself, or when it is not finished."""
    telling: Sequence[str]
    """The axes that tell the study's rows apart, see :func:`telling_axes`."""

    @property
    def title(self) -> str:
        """The labels of the telling axes in one line."""
        told = {axis: self.labels[axis] for axis in self.telling}
        return ", ".join(label if axis == "method" else f"{axis} {label}" for axis, label in told.items())

    def spread(self, outcome: str) -> tuple[float, float] | None:
        """The lowest and the highest rate of a single repetition."""
        found = [rate_of(cell.last.observed(), outcome).rate for cell in self.cells]
        known = [rate for rate in found if rate is not None]
        return (min(known), max(known)) if known else None


def telling_axes(study: Study) -> list[str]:
    """The axes with more than one value, repetitions left out; the first one where there is none."""
    axes = [axis for axis in study.axes if axis != SEED]
    return [axis for axis in axes if len(study.axes[axis]) > 1] or axes[:1]


def rows_of(study: Study, results: Mapping[str, CellResult]) -> list[StudyRow]:
    """One row a setting that has a finished cell, comparisons adjusted over all of them by Holm's method."""
    rows = []
    for setting, cells in settings_of(study):
        done = [(seed_of(cell), results[cell.name]) for cell in cells if cell.name in results]
        if not done:
            continue
        rates = rates_of(pooled([(seed, result.last) for seed, result in done]))
        also = {}
        for name in study.also:
            seen = pooled([(seed, result.also[name]) for seed, result in done if name in result.also])
            also[name] = {outcome: rate_of(seen, outcome) for outcome in OUTCOMES}
        found = [result for _, result in done]
        rows.append(StudyRow(dict(setting), len(cells), found, rates, also, {}, telling_axes(study)))
    return _compared(study, rows)


def rates_of(observed: Observed) -> dict[str, Rate]:
    """Both scores, and substance of what passes surface."""
    rates = {outcome: rate_of(observed, outcome) for outcome in OUTCOMES}
    return rates | {"substance_given_surface": conditional_rate(observed, "substance")}


def seed_of(cell: Cell) -> int:
    """The number of a cell's repetition."""
    return int(cell.recipe.schedule.seed)


def pooled(asked: Sequence[tuple[int, Asked]]) -> Observed:
    """Several repetitions as one: their seeds become numbers of samples."""
    problems = sorted({problem for _, item in asked for problem in item.problems})
    families = sorted({family for _, item in asked for family in item.families})
    where = {name: number for number, name in enumerate(problems)}
    family_of = {name: number for number, name in enumerate(families)}
    rows = []
    for seed, item in asked:
        seen = item.observed()
        for row, sample in enumerate(seen.samples):
            problem = where[seen.problems[int(seen.problem[row])]]
            family = family_of[seen.families[int(seen.family[row])]] if seen.families else 0
            rows.append((problem, seed * _SAMPLES_A_SEED + sample, family, seen.states[row]))
    rows.sort(key=lambda row: row[:2])
    return Observed(
        tuple(problems),
        tuple(families),
        tuple(row[1] for row in rows),
        np.array([row[0] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([row[3] for row in rows], dtype=np.int8),
    )


def _compared(study: Study, rows: list[StudyRow]) -> list[StudyRow]:
    """Each row against the row that differs from it in the first axis alone and has the baseline there."""
    if study.analysis.baseline is None:
        return rows
    first = next(iter(study.axes))
    groups: list[list[Change]] = []
    for row in rows:
        other = {**row.labels, first: study.analysis.baseline}
        base = next((item for item in rows if dict(item.labels) == other), None)
        pair = same_seeds(base, row) if base is not None and base is not row else None
        groups.append([compare_outcome(*pair, outcome) for outcome in OUTCOMES] if pair else [])
    return [
        replace(row, comparisons={change.outcome: change for change in group if change.pairs})
        for row, group in zip(rows, adjusted(groups), strict=True)
    ]


def answers_by_seed(row: StudyRow) -> dict[int, Asked]:
    """What each finished repetition of a setting answered at last."""
    return {int(cell.recipe["schedule"]["seed"]): cell.last for cell in row.cells}


def answers_of(row: StudyRow) -> Observed:
    """What a setting answered at last, its finished repetitions taken together."""
    return pooled(list(answers_by_seed(row).items()))


def same_seeds(base: StudyRow, row: StudyRow) -> tuple[Observed, Observed] | None:
    """The answers of two settings under the seeds that both have; None when they share none."""
    one, two = answers_by_seed(base), answers_by_seed(row)
    if _seedless(base) and len(one) == 1:
        one = dict.fromkeys(two, base.cells[0].last)
    if _seedless(row) and len(two) == 1:
        two = dict.fromkeys(one, row.cells[0].last)
    both = sorted(set(one) & set(two))
    if not both:
        return None
    return pooled([(seed, one[seed]) for seed in both]), pooled([(seed, two[seed]) for seed in both])


def _seedless(row: StudyRow) -> bool:
    """What neither learns nor borrows what was learned answers the same whatever the seed: it stands against each."""
    recipe = row.cells[0].recipe
    return not row.cells[0].flops and not recipe.get("companions", {}).get("expert")


def results_document(study: Study, rows: Sequence[StudyRow], results: Mapping[str, CellResult]) -> dict[str, Any]:
    """``results.json``: everything that a second run of the study finds again to the bit; no seconds, no machine."""
    return {
        "format": 1,
        "study": study.name,
        "axes": {axis: list(values) for axis, values in study.axes.items()},
        "baseline": study.analysis.baseline,
        "cells_finished": len(results),
        "cells": len(study.cells),
        "settings": [_row_document(row) for row in rows],
        "chosen": [
            {
                "cell": cell.name,
                "labels": dict(cell.labels),
                "learning_rate": results[cell.name].learning_rate,
                "candidates": list(results[cell.name].candidates),
                "loss": results[cell.name].loss,
                "held_out_loss": _rounded(results[cell.name].held_out_loss),
                "kl_base_tuned": _rounded(results[cell.name].forgetting.get("kl_base_tuned")),
                **({"pairs": dict(results[cell.name].pairs)} if results[cell.name].pairs else {}),
                "curve": [_point(asked) for asked in results[cell.name].asked],
            }
            for cell in study.cells
            if cell.name in results
        ],
    }


def _rounded(value: float | None) -> float | None:
    """To what two goes of the same arithmetic agree on."""
    return None if value is None else round(value, 6)


def _point(asked: Asked) -> dict[str, Any]:
    observed = asked.observed()
    return {
        "run": asked.run,
        "examples": asked.examples,
        "cut": asked.cut,
        **{outcome: rate_of(observed, outcome).to_dict() for outcome in OUTCOMES},
    }


def _row_document(row: StudyRow) -> dict[str, Any]:
    first = row.cells[0]
    return {
        "labels": dict(row.labels),
        "repetitions": len(row.cells),
        "wanted": row.wanted,
        "parameters": dict(first.parameters),
        "tokens": [dict(cell.tokens) for cell in row.cells],
        "flops": [cell.flops for cell in row.cells],
        "examples": first.examples,
        **{name: rate.to_dict() for name, rate in row.rates.items()},
        "also": {name: {key: rate.to_dict() for key, rate in rates.items()} for name, rates in row.also.items()},
        "comparisons": {name: _change(change) for name, change in row.comparisons.items()},
    }


def _change(change: Change) -> dict[str, Any]:
    names = ("pairs", "problems", "lost", "gained", "difference", "low", "high", "p", "p_holm", "test")
    return {name: round(value, 10) if isinstance(value := getattr(change, name), float) else value for name in names}


__all__ = ["OUTCOMES", "SEED", "StudyRow", "pooled", "results_document", "rows_of", "seed_of"]
