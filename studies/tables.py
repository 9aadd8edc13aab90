"""The one table of a study, and the grid of its cells, as tables of reports: terminal, HTML, CSV, LaTeX, Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..reports.tables.changes import p_text
from ..reports.tables.scores import record_of, with_interval
from ..reports.tables.table import CellValue, Table, TableColumn
from ..results.comparing import Change
from .plan import Study
from .records import CellResult
from .summary import OUTCOMES, StudyRow, telling_axes


def study_table(study: Study, rows: Sequence[StudyRow]) -> Table:
    """A row a setting: both scores, the difference from the baseline, what transfers, and what it cost."""
    axes = telling_axes(study)
    baseline = study.analysis.baseline
    titles = [*axes, "surface", "substance", "subst. | surf."]
    if baseline is not None:
        titles += [f"substance − {baseline}, points", "p (Holm)"]
    titles += [f"{name}: {outcome}" for name in study.also for outcome in OUTCOMES]
    titles += ["held-out loss", "KL from base", "trainable", "tokens", "seconds", "rate", "seeds"]
    cells, records = [], []
    for row in rows:
        line = [*(row.labels[axis] for axis in axes)]
        line += [with_interval(row.rates[name]) for name in (*OUTCOMES, "substance_given_surface")]
        if baseline is not None:
            line += _difference(row)
        line += [with_interval(row.also[name][outcome]) for name in study.also for outcome in OUTCOMES]
        line += [_average(measured(row, name)) for name in MEASURES]
        line += [f"{row.cells[0].parameters['trainable']:,}", _mean([cell.tokens["seen"] for cell in row.cells])]
        line += [_mean([used(cell) for cell in row.cells]), chosen_rates(row), _repetitions(row)]
        cells.append(line)
        records.append(_record(row))
    columns = [TableColumn(title, numeric=number >= len(axes)) for number, title in enumerate(titles)]
    return Table(
        "study", f"Study {study.name}: both scores, 95 % intervals", columns, cells, _notes(study, rows), records
    )


def _notes(study: Study, rows: Sequence[StudyRow]) -> list[str]:
    notes = [
        "Intervals are over problems; repetitions of a setting are answers to the same problems. Means a cell: "
        "tokens of the chosen tuning alone, seconds of everything, the search of rates and answering included. "
        "Held-out loss and KL(base || tuned) along references of asked problems, nats a token."
    ]
    if study.search.rates:
        notes.append(
            f"The rate is chosen of {len(study.search.rates)} by substance on {study.search.problems} validation "
            "problems that no table shows, the same number for every method."
        )
    if study.analysis.baseline is not None:
        notes.append(
            f"Differences are paired by problem and seed (against {study.analysis.baseline}, all else equal); p by "
            "exact McNemar or sign flips by problem, Holm's adjustment over both scores of all rows."
        )
    short = [row for row in rows if len(row.cells) < row.wanted]
    if short:
        notes.append(f"Not finished: {len(short)} of these settings have fewer seeds than the study wants.")
    if any(row.wanted == 1 for row in rows):
        notes.append("One seed alone does not say what another seed would find.")
    return notes


MEASURES = ("held_out_loss", "kl_base_tuned")


def measured(row: StudyRow, name: str) -> list[float]:
    """A measure of each repetition that has it: ``held_out_loss`` or ``kl_base_tuned``, both in nats a token."""
    found = [
        cell.held_out_loss if name == "held_out_loss" else cell.forgetting.get("kl_base_tuned") for cell in row.cells
    ]
    return [float(value) for value in found if value is not None]


def _average(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "–"


def _repetitions(row: StudyRow) -> str:
    return f"{len(row.cells)}" if len(row.cells) == row.wanted else f"{len(row.cells)} of {row.wanted}"


def used(cell: CellResult) -> float:
    """Seconds of a whole cell, over all goes."""
    return sum(cell.seconds.values())


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):,.0f}" if values else "–"


def chosen_rates(row: StudyRow) -> str:
    """The learning rates of the repetitions, each once."""
    rates = sorted({cell.learning_rate for cell in row.cells if cell.learning_rate is not None})
    return " ".join(f"{rate:g}" for rate in rates) or "–"


def _difference(row: StudyRow) -> list[str]:
    change = row.comparisons.get("substance")
    return ["–", "–"] if change is None else [change_text(change), p_text(change.p_holm)]


def change_text(change: Change) -> str:
    """The difference in points with its interval: ``+3.0 (-1.5 to +7.5)``."""
    return f"{100 * change.difference:+.1f} ({100 * change.low:+.1f} to {100 * change.high:+.1f})"


def _record(row: StudyRow) -> dict[str, CellValue]:
    record: dict[str, CellValue] = {**row.labels, "repetitions": len(row.cells), "wanted": row.wanted}
    record["trainable"] = row.cells[0].parameters["trainable"]
    record["tokens"] = sum(cell.tokens["seen"] for cell in row.cells) / len(row.cells)
    record["seconds"] = round(sum(map(used, row.cells)) / len(row.cells), 1)
    record["learning_rates"] = chosen_rates(row)
    for name in MEASURES:
        values = measured(row, name)
        record[name] = round(sum(values) / len(values), 6) if values else None
    for name, rate in row.rates.items():
        record |= record_of(name, rate)
    for name, rates in row.also.items():
        for outcome in OUTCOMES:
            record |= record_of(f"{name}_{outcome}", rates[outcome])
    for outcome, change in row.comparisons.items():
        for key in ("difference", "low", "high", "p", "p_holm"):
            record[f"{outcome}_against_baseline_{key}"] = round(getattr(change, key), 10)
    return record


def grid_table(study: Study, states: Mapping[str, str], left: Mapping[str, float]) -> Table:
    """Every cell with its state and, where it is not finished, how long it will take."""
    rows = [
        [
            *cell.labels.values(),
            "as another seed" if cell.rate_from else str(len(cell.rates) or "–"),
            states[cell.name],
            duration(left.get(cell.name, 0.0)),
        ]
        for cell in study.cells
    ]
    records: list[dict[str, CellValue]] = [
        {**cell.labels, "cell": cell.name, "state": states[cell.name], "seconds_left": round(left.get(cell.name, 0.0))}
        for cell in study.cells
    ]
    columns = [TableColumn(axis, numeric=False) for axis in study.axes]
    columns += [TableColumn("rates tried"), TableColumn("state", numeric=False), TableColumn("left, about")]
    total = sum(left.values())
    done = sum(state == "finished" for state in states.values())
    notes = [
        f"{done} of {len(study.cells)} cells are finished; about {duration(total)} of work is left on one process."
    ]
    return Table("cells", f"Cells of {study.name}", columns, rows, notes, records)


def duration(seconds: float) -> str:
    """``3 h 20 min``, ``40 min``, ``12 s``; a dash for nothing.

    >>> duration(12000), duration(95), duration(0)
    ('3 h 20 min', '2 min', '–')
    """
    if seconds <= 0:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


__all__ = ["chosen_rates", "duration", "grid_table", "study_table", "used"]
