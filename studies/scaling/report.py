"""Finished cells as points, every law over them, and the tables that say what may be said."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...feasibility.errors import PyriteError
from ...reports.tables.table import CellValue, Table, TableColumn
from ..plan import SEED, Cell, Study
from ..records import CellResult
from ..settings import SIZES
from ..summary import pooled, seed_of
from .analysis import FORMS, Crossing, Fitted, analyse, crossings, document, log_odds
from .law import Points, fit_shared

COUNT = "data.count"
MEASURES = ("loss", "surface", "substance")
"""Held-out loss in nats a token; surface and substance as minus their log-odds, which fall like a loss."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Laws by group (the labels of all axes that are neither sizes, counts nor seeds), factor, measure and form."""

    laws: Mapping[tuple[str, str, str, str], Fitted]
    refused: Mapping[tuple[str, str, str], str]
    crossings: Mapping[tuple[str, str, str], Sequence[Crossing]]
    """By two groups and the factor, for the loss."""
    shared: Mapping[str, Mapping[str, Any]]
    """Where there are several factors: the paper's second stage, beta and E from all of them, by group."""


def scaling_of(study: Study, results: Mapping[str, CellResult]) -> Scaling:
    """Every law that the finished cells allow; what they do not allow is said."""
    chosen = study.analysis
    laws: dict[tuple[str, str, str, str], Fitted] = {}
    refused: dict[tuple[str, str, str], str] = {}
    shared: dict[str, Mapping[str, Any]] = {}
    groups = list(dict.fromkeys(_group(study, cell) for cell in study.cells))
    for group in groups:
        losses: dict[str, Points] = {}
        for factor, measure in itertools.product(factors_of(study), MEASURES):
            try:
                points = points_of(study, results, group, factor, measure)
                for form in FORMS:
                    laws[group, factor.name, measure, form] = analyse(points, form, chosen.hold_out, chosen.draws)
                if measure == "loss":
                    losses[factor.name] = points
            except PyriteError as error:
                refused[group, factor.name, measure] = error.message
        if len(losses) > 1:
            found = fit_shared(losses)
            shared[group] = {
                name: {"log_a": law.log_a, "alpha": law.alpha, "beta": law.beta, "e": law.e}
                for name, law in found.items()
            }
    return Scaling(laws, refused, _crossings(study, results, groups, laws), shared)


def _group(study: Study, cell: Cell) -> str:
    own = {*study.analysis.size_axes, COUNT, SEED}
    return ", ".join(label for axis, label in cell.labels.items() if axis not in own) or study.name


@dataclass(frozen=True, slots=True)
class Factor:
    """One X of the law: an axis of numbers, or what is counted of the models that an axis names."""

    axis: str
    size: str | None = None
    """One of ``analysis.sizes``; None: the axis's values are X themselves."""

    @property
    def name(self) -> str:
        """As tables and results say it."""
        return self.size or self.axis


def factors_of(study: Study) -> list[Factor]:
    """Every X that the study asks about."""
    found = []
    for axis in study.analysis.size_axes:
        numbers = all(isinstance(value, int | float) for value in study.axes[axis])
        found += [Factor(axis)] if numbers else [Factor(axis, size) for size in study.analysis.sizes]
    return found


def points_of(study: Study, results: Mapping[str, CellResult], group: str, factor: Factor, measure: str) -> Points:
    """The points of one group over one factor, seeds of tuning taken together.

    Other size axes stay at their first values. Of models that differ in two sizes those are taken that share one value
    of the other size (to three digits: pretraining ends with a whole step), the value at which most sizes of this
    factor are there, the larger of two such values. Models of one size are points of their own. Raises PyriteError
    where no cell says the measure, a model's size is not known, or models of one size have read differently much and
    only parameters are asked for.
    """
    axis, chosen = factor.axis, study.analysis
    others = {other: study.axes[other][0] for other in chosen.size_axes if other != axis}
    at: dict[tuple[float, ...], dict[tuple[float, float, str], list[tuple[int, CellResult]]]] = {}
    for cell in study.cells:
        if cell.name not in results or _group(study, cell) != group:
            continue
        if any(cell.values[other] != value for other, value in others.items()):
            continue
        result = results[cell.name]
        x = float(cell.values[axis]) if factor.size is None else _size(result, factor.size)
        fixed = tuple(float(f"{_size(result, size):.3g}") for size in chosen.sizes if factor.size not in {None, size})
        point = (x, float(cell.values[COUNT]), cell.labels[axis])
        at.setdefault(fixed, {}).setdefault(point, []).append((seed_of(cell), result))
    if not at:
        raise PyriteError(f"no finished cell says its {measure}")
    taken = at[max(at, key=lambda fixed: (len({x for x, _, _ in at[fixed]}), fixed))]
    if factor.size and len(chosen.sizes) == 1:
        _one_reading(taken)
    values = [(x, d, _value(found, measure)) for (x, d, _), found in sorted(taken.items())]
    known = [(x, d, value) for x, d, value in values if value is not None]
    if not known:
        raise PyriteError(f"no finished cell says its {measure}")
    x_, d_, value_ = (np.array(column, dtype=np.float64) for column in zip(*known, strict=True))
    return Points(x_, d_, value_)


def _one_reading(points: Mapping[tuple[float, float, str], Sequence[tuple[int, CellResult]]]) -> None:
    read: dict[float, tuple[str, str]] = {}
    for (x, _, label), found in points.items():
        known = found[0][1].tokens.get("pretraining")
        said = f"{known:.3g}" if known else ""
        before, others = read.setdefault(x, (label, said))
        if others != said:
            raise PyriteError(
                f"{before} and {label} are of one size and have not read equally much: "
                f'sizes = ["{SIZES[0]}", "{SIZES[1]}"] takes them apart'
            )


def _size(result: CellResult, size: str) -> float:
    """Of the model that was tuned, without what a method adds to it."""
    if size == "parameters":
        total, trainable = result.parameters["total"], result.parameters["trainable"]
        known = total if trainable == total else total - trainable
    else:
        known = result.tokens.get("pretraining", 0)
    if not known:
        raise PyriteError(f"the {size} of {result.recipe['model']['source']} are in no record")
    return float(known)


def _value(measured: Sequence[tuple[int, CellResult]], measure: str) -> float | None:
    if measure == "loss":
        losses = [result.held_out_loss for _, result in measured if result.held_out_loss is not None]
        return sum(losses) / len(losses) if losses else None
    states = pooled([(seed, result.last) for seed, result in measured]).column(measure)
    passed, known = int((states == 1).sum()), int((states < 2).sum())
    return -log_odds(passed, known) if known else None


def _crossings(
    study: Study,
    results: Mapping[str, CellResult],
    groups: Sequence[str],
    laws: Mapping[tuple[str, str, str, str], Fitted],
) -> dict[tuple[str, str, str], Sequence[Crossing]]:
    counts = [float(count) for count in study.axes[COUNT]]
    found: dict[tuple[str, str, str], Sequence[Crossing]] = {}
    for (one, two), factor in itertools.product(itertools.combinations(groups, 2), factors_of(study)):
        pair = [laws.get((group, factor.name, "loss", "multiplicative")) for group in (one, two)]
        if pair[0] is None or pair[1] is None:
            continue
        sizes = [set(points_of(study, results, group, factor, "loss").x.tolist()) for group in (one, two)]
        found[one, two, factor.name] = [
            crossings(pair[0], pair[1], (x, x), min(counts) / 10, max(counts) * 100)
            for x in sorted(sizes[0] & sizes[1])
        ]
    return found


def scaling_document(scaling: Scaling) -> dict[str, Any]:
    """For results.json, in full precision."""
    return {
        "scaling": {
            "laws": [
                {"group": group, "axis": axis, "measure": measure, **document(fitted)}
                for (group, axis, measure, _), fitted in scaling.laws.items()
            ],
            "refused": [
                {"group": group, "axis": axis, "measure": measure, "why": why}
                for (group, axis, measure), why in scaling.refused.items()
            ],
            "crossings": [
                {
                    "between": [one, two],
                    "axis": axis,
                    "x": item.x,
                    "examples": list(item.at),
                    "share_of_draws_that_cross": item.crossed,
                    "interval": item.interval,
                }
                for (one, two, axis), items in scaling.crossings.items()
                for item in items
            ],
            "shared": dict(scaling.shared),
        }
    }


def scaling_table(scaling: Scaling) -> Table:
    """A row a law: how well it holds where it was not fitted, one prediction with its interval, then the exponents."""
    rows, records = [], []
    for (group, axis, measure, form), fitted in scaling.laws.items():
        last = fitted.predictions[-1] if fitted.predictions else None
        said = f"{_with(last.predicted, (last.low, last.high))}, was {readable(last.measured, 3)}" if last else "–"
        rows.append(
            [group, axis, measure, form, readable(fitted.fit_error, 4)]
            + ["–" if fitted.held_out_error is None else readable(fitted.held_out_error, 4), said]
            + [_with(getattr(fitted.law, name), fitted.intervals[name]) for name in ("alpha", "beta")]
        )
        record: dict[str, CellValue] = {"group": group, "axis": axis, "measure": measure, "form": form}
        record |= {"fit_error": fitted.fit_error, "held_out_error": fitted.held_out_error}
        records.append(record | {name: getattr(fitted.law, name) for name in ("alpha", "beta", "e")})
    notes = [
        "Loss in nats a token of held-out references; surface and substance as minus log-odds. Errors: mean absolute "
        "deviations; the prediction is at the largest point, kept out of the fit, with the 95 % interval of the law.",
        *(f"{group}, {axis}, {measure}: {why}." for (group, axis, measure), why in scaling.refused.items()),
    ]
    titles = ["", "size", "measure", "law", "fit error", "held-out error", "at the largest", "alpha", "beta"]
    columns = [TableColumn(title, numeric=number > 3) for number, title in enumerate(titles)]
    return Table("scaling", "The scaling law and what it predicts", columns, rows, notes, records)


def crossing_table(scaling: Scaling) -> Table:
    """Where two groups' losses cross over the number of examples, or that they do not."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    for (one, two, axis), items in scaling.crossings.items():
        for item in items:
            at = ", ".join(f"{root:,.0f}" for root in item.at) or "no crossing"
            within = f"{item.interval[0]:,.0f} to {item.interval[1]:,.0f}" if item.interval else "not decided"
            rows.append([one, two, f"{axis} {item.x:g}", at, within, f"{100 * item.crossed:.0f} %"])
            records.append({"one": one, "two": two, "x": item.x, "crossings": at, "crossed": item.crossed})
    titles = ["", "against", "at", "examples", "95 %", "of draws cross"]
    columns = [TableColumn(title, numeric=number > 2) for number, title in enumerate(titles)]
    notes = [
        "From a tenth of the fewest to a hundred times the most examples; critical points hang on small differences"
    ]
    return Table("crossings", "Where the laws of the loss cross", columns, rows, notes, records)


def readable(value: float, digits: int) -> str:
    """A number of a law with so many digits behind the point; one that points do not hold may be of any size.

    >>> [readable(value, 2) for value in (0.1234, -1234.5, 1.7e28, float("inf"))]
    ['0.12', '-1234.50', '2e+28', 'inf']
    """
    return f"{value:.{digits}f}" if abs(value) < 1e5 else f"{value:.0e}"


def _with(value: float, bounds: tuple[float, float]) -> str:
    return f"{readable(value, 3)} ({readable(bounds[0], 3)} to {readable(bounds[1], 3)})"
