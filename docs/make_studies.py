"""Fills the tables in reports/studies/*/README.md from the cells beside them, a function each, so it is long.

``python docs/make_studies.py`` writes between ``<!-- table: NAME -->`` and ``<!-- end -->``; ``tests/studies/
test_reports.py`` fails when a table is out of date. ``--results`` writes results.json and pictures as
well, ``--sampled LABEL=RUN ...`` the counts that pass@k is computed from. Names of reports: only those are written.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pyrite.reports.charts import Score, letter_of, plane, standalone
from pyrite.results.collection import read_run
from pyrite.results.comparing import Change, compare_pass_at_k
from pyrite.results.observing import OUTCOMES, Observed
from pyrite.results.run import write_json
from pyrite.results.statistics import Rate, pass_at_k_by_problem, rate_of
from pyrite.studies.follow_up import families_of, follow_ups
from pyrite.studies.joining import JoinedRow, joined
from pyrite.studies.layer_tables import layer_tables
from pyrite.studies.pages import write_study
from pyrite.studies.plan import Study, read_study
from pyrite.studies.records import CellResult, read_result
from pyrite.studies.scaling.report import Scaling, readable, scaling_of
from pyrite.studies.summary import StudyRow, answers_of, rows_of
from pyrite.studies.tables import measured, used

REPORTS = Path(__file__).parents[1] / "reports" / "studies"
STUDIES = {
    "methods": "toy-methods",
    "tasks": "toy-tasks",
    "layers": "toy-layers",
    "scaling": "toy-scaling",
    "ladder": "toy-ladder",
    "emulated": "toy-emulated",
    "smollm2-methods": "methods",
    "smollm2-scaling": "scaling",
    "smollm2-companions": "companions",
    "smollm2-tasks": "tasks",
    "smollm2-signals": "signals",
    "smollm2-layers": "layers",
}
"""Folder of the report -> name of the study's file."""

JOINED = {"smollm2": ("smollm2-methods", "smollm2-companions", "smollm2-signals", "smollm2-layers")}
"""Folder of a report without cells of its own -> the reports whose settings at 400 examples it sets side by side."""

SCORES = ("surface", "substance")
KEPT = ("results.json", "study.tex", "plane.svg", "cost.svg")
_BLOCK = re.compile(r"<!-- table: ([\w-]+) -->\n.*?<!-- end -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A study with its committed cells."""

    study: Study
    results: dict[str, CellResult]
    rows: list[StudyRow]
    folder: Path


@cache
def found(report: str) -> Found:
    """The study of a report's folder. Raises PyriteError for a cell that is none."""
    study, folder = read_study(STUDIES[report]), REPORTS / report
    known = {cell.name: read_result(folder / "cells", cell.name) for cell in study.cells}
    results = {name: result for name, result in known.items() if result is not None}
    return Found(study, results, rows_of(study, results), folder)


def _points(value: float) -> str:
    return f"{100 * value:.0f}"


def _rate(rate: Rate) -> str:
    """``86/200 = 43 [35, 52]``."""
    if rate.rate is None:
        return "–"
    return f"{rate.passed}/{rate.known} = {_points(rate.rate)} [{_points(rate.low)}, {_points(rate.high)}]"


def _change(change: Change | None) -> list[str]:
    """``+12 [+5, +19]`` and its adjusted p."""
    if change is None:
        return ["–", "–"]
    said = f"{100 * change.difference:+.0f} [{100 * change.low:+.0f}, {100 * change.high:+.0f}]"
    return [said, "< 0.001" if change.p_holm < 0.001 else f"{change.p_holm:.3f}"]


def _table(titles: list[str], lines: list[list[str]]) -> str:
    rows = [titles, ["---"] * len(titles), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _mean(values: list[float], digits: int = 2) -> str:
    return f"{sum(values) / len(values):,.{digits}f}" if values else "–"


def scores(report: str) -> str:
    """Both scores of every setting and the difference from the baseline."""
    here = found(report)
    titles = ["method", "seeds", "trainable", "surface", "substance", "substance given surface"]
    titles += [f"substance − {here.study.analysis.baseline}, points", "p (Holm)"]
    lines = []
    for row in here.rows:
        line = [row.title, f"{len(row.cells)}", f"{row.cells[0].parameters['trainable']:,}"]
        line += [_rate(row.rates[name]) for name in ("surface", "substance", "substance_given_surface")]
        lines.append(line + _change(row.comparisons.get("substance")))
    return _table(titles, lines)


def costs(report: str) -> str:
    """Rates tried and chosen, tokens, seconds, loss, distance from the base, and the further sets."""
    here = found(report)
    titles = ["method", "rates tried, chosen", "tokens a run", "seconds a cell", "held-out loss", "KL from the untuned"]
    titles += [f"{name.replace('-', ' ')}: {outcome}" for name in here.study.also for outcome in SCORES]
    lines = []
    for row in here.rows:
        tried = [item["learning_rate"] for cell in row.cells for item in cell.candidates]
        chosen = row.cells[0].learning_rate
        line = [row.title, ", ".join(f"**{rate:g}**" if rate == chosen else f"{rate:g}" for rate in tried) or "–"]
        line += [_mean([cell.tokens["seen"] for cell in row.cells], 0), _mean([used(cell) for cell in row.cells], 0)]
        line += [_mean(measured(row, name)) for name in ("held_out_loss", "kl_base_tuned")]
        line += [_rate(row.also[name][outcome]) for name in here.study.also for outcome in SCORES]
        lines.append(line)
    return _table(titles, lines)


def after(report: str) -> str:
    """What a method adds to the one that it comes after."""
    here = found(report)
    titles = [
        "method",
        "against",
        "surface: gained, lost",
        "points",
        "p",
        "substance: gained, lost",
        "points",
        "p (Holm)",
    ]
    lines = []
    for item in follow_ups(here.study, here.rows):
        line = [item.title, f"{item.before} ({item.role})"]
        for change in (item.changes[outcome] for outcome in SCORES):
            line += [f"{change.gained}, {change.lost}", *_change(change)]
        lines.append(line)
    return _table(titles, lines)


def families(report: str) -> str:
    """Substance, and behind it surface, family by family."""
    here = found(report)
    names = families_of(here.rows)
    lines = []
    for row in here.rows:
        seen = answers_of(row)
        line = [row.title]
        for name in names:
            own = seen.family == seen.families.index(name)
            passed = [int((seen.column(outcome)[own] == 1).sum()) for outcome in SCORES]
            line.append(f"{passed[0]}, {passed[1]} of {int(own.sum())}")
        lines.append(line)
    return _table(["method", *(f"{name}: surface, substance" for name in names)], lines)


@cache
def side_by_side(report: str) -> list[tuple[str, str, JoinedRow]]:
    """Title, report and scores of every setting at 400 examples, on the problems that all were asked; LoRA's first."""
    told, rows = [], []
    for part in JOINED[report]:
        for row in found(part).rows:
            label = row.labels["method"]
            if row.labels["data.count"] != "400" or (label, part) == ("full", "smollm2-companions"):
                continue  # full tuning by itself: on a GPU (methods) and on a CPU (signals; companions has it too)
            told.append((label, part))
            rows.append(row)
    return [
        (*title, row)
        for title, row in zip(told, joined(rows, rows[told.index(("LoRA", JOINED[report][0]))]), strict=True)
    ]


def together_with(report: str) -> str:
    """Both scores of every setting of several studies, on the same problems."""
    titles = ["", "method", "study", "seeds", "learns", "rates tried"]
    titles += ["surface", "substance", "substance given surface"]
    lines = []
    for number, (title, part, item) in enumerate(side_by_side(report)):
        cell = item.row.cells[0]
        line = [
            letter_of(number),
            title,
            f"[{part.removeprefix('smollm2-')}](../{part}/README.md)",
            f"{len(item.row.cells)}",
        ]
        line += [f"{cell.parameters['trainable']:,}", f"{len(cell.candidates) or '–'}"]
        line += [_rate(item.rates[name]) for name in ("surface", "substance", "substance_given_surface")]
        lines.append(line + _change(item.comparisons.get("substance")))
    return _table([*titles, "substance − LoRA, points", "p (Holm)"], lines)


def matrix(report: str) -> str:
    """Base of one size against tuning of another: surface, substance; on the diagonal what was tuned itself."""
    rows = {row.labels["method"]: row for row in found(report).rows}
    sizes = [title.removesuffix(" tuned") for title in rows if title.endswith(" tuned")]

    def cell(title: str) -> str:
        passed = [rows[title].rates[name].passed for name in SCORES] if title in rows else []
        return f"{passed[0]}, {passed[1]}" if passed else "–"

    lines = [
        [f"{base} wide", cell(f"{base} untuned")]
        + [cell(f"{base} tuned" if base == size else f"{base} with the tuning of {size}") for size in sizes]
        for base in sizes
    ]
    return _table(["base", "untuned", *(f"tuning of {size}" for size in sizes)], lines)


def _layer_table(report: str, number: int) -> str:
    here = found(report)
    table = layer_tables(here.study, here.results)[number]
    return _table([column.title for column in table.columns], [list(row) for row in table.rows])


def moved(report: str) -> str:
    """How far weights and states moved, layer by layer."""
    return _layer_table(report, 0)


def exchanged(report: str) -> str:
    """What exchanged layers carry."""
    return _layer_table(report, 1)


_SAMPLED = REPORTS / "methods" / "sampled.json"
"""By model: surface and substance of many answers to each problem, as [right, known, all]: all that pass@k needs."""


def write_sampled(labelled: list[str]) -> None:
    """``LABEL=RUN`` of scored runs, ``--samples 64``, into sampled.json."""
    models: dict[str, dict[str, dict[str, list[int]]]] = {}
    for label, _, run in (item.rpartition("=") for item in labelled):
        seen = read_run(Path(run), label).observed
        models[label] = {score: {} for score in SCORES}
        for score, (number, name) in product(SCORES, enumerate(seen.problems)):
            own = seen.column(score)[seen.problem == number]
            models[label][score][name] = [int((own == 1).sum()), int((own < 2).sum()), len(own)]
    write_json(_SAMPLED, {"format": 1, "models": models})


def _sampled(counts: dict[str, dict[str, list[int]]], score: str) -> Observed:
    """One score as the statistics take it; the order of answers is of no interest to pass@k."""
    names = sorted(counts[score])
    states = np.concatenate([np.repeat([1, 0, 2], np.diff([0, *counts[score][name]])) for name in names])
    sizes = [counts[score][name][2] for name in names]
    columns = np.full((len(states), len(OUTCOMES)), 3, dtype=np.int8)
    columns[:, OUTCOMES.index(score)] = states
    return Observed(
        tuple(names),
        (),
        tuple(number for size in sizes for number in range(size)),
        np.repeat(np.arange(len(names)), sizes),
        np.zeros(len(states), dtype=np.int64),
        columns,
    )


def coverage(report: str, score: str = "substance") -> str:
    """pass@k for k = 1 to 64, and the difference from the model before."""
    models = json.loads(_SAMPLED.read_text(encoding="utf-8"))["models"]
    ks = (1, 2, 4, 8, 16, 32, 64)
    lines = []
    for label, counts in models.items():
        seen, before = _sampled(counts, score), f"full, seed {label[-1]}"
        values = [[*pass_at_k_by_problem(seen, score, k).values()] for k in ks]
        lines.append([label, *(f"{100 * sum(value) / len(value):.0f}" if value else "–" for value in values)])
        if before != label and before in models:
            changes = [compare_pass_at_k(_sampled(models[before], score), seen, score, k) for k in ks]
            said = [
                f"{100 * c.difference:+.0f} [{100 * c.low:+.0f}, {100 * c.high:+.0f}]" if c else "–" for c in changes
            ]
            lines.append(["− before", *said])
    return _table([f"{score}, pass@k", *(f"k = {k}" for k in ks)], lines)


def coverage_surface(report: str) -> str:
    """The same of surface."""
    return coverage(report, "surface")


@cache
def _scaling(report: str) -> Scaling:
    here = found(report)
    return scaling_of(here.study, here.results)


_WORDS = {"method.options.r": "rank"}


def _factors(scaling: Scaling) -> tuple[dict[str, str], list[str]]:
    """What tables call each factor of the law, and the first columns' titles: one factor needs no column of its own."""
    words = {factor: _WORDS.get(factor, factor) for _, factor, _, _ in scaling.laws}
    return words, [] if len(words) == 1 else ["X"]


def laws(report: str) -> str:
    """Both laws of every measure: errors, exponents with intervals."""
    scaling = _scaling(report)
    words, first = _factors(scaling)
    lines = []
    for (_, factor, measure, form), fitted in scaling.laws.items():
        held = "–" if fitted.held_out_error is None else readable(fitted.held_out_error, 3)
        inside = sum(item.low <= item.measured <= item.high for item in fitted.predictions)
        line = [words[factor]] * len(first)
        line += [measure, form, readable(fitted.fit_error, 3), held, f"{inside} of {len(fitted.predictions)}"]
        for name in ("alpha", "beta", "e"):
            low, high = fitted.intervals[name]
            line.append(f"{readable(getattr(fitted.law, name), 2)} [{readable(low, 2)}, {readable(high, 2)}]")
        lines.append(line)
    alpha = "alpha (X)" if first else f"alpha ({next(iter(words.values()))})"
    titles = [*first, "measure", "law", "fit error", "held-out error", "held-out points within"]
    return _table([*titles, alpha, "beta (examples)", "E"], lines)


def predictions(report: str) -> str:
    """What the multiplicative law says of the points that it was not fitted on."""
    scaling = _scaling(report)
    words, first = _factors(scaling)
    lines = []
    for (_, factor, measure, form), fitted in scaling.laws.items():
        for item in fitted.predictions:
            if form == "multiplicative":
                said = f"{readable(item.predicted, 2)} [{readable(item.low, 2)}, {readable(item.high, 2)}]"
                line = [words[factor]] * len(first) + [measure, f"{item.x:,.0f}" if first else f"{item.x:g}"]
                lines.append([*line, f"{item.d:g}", f"{item.measured:.2f}", said])
    titles = [*first, "measure", "at" if first else next(iter(words.values()))]
    return _table([*titles, "examples", "measured", "predicted"], lines)


def together(report: str) -> str:
    """The paper's two stages: one beta and one E of the loss for all factors, then each factor's alpha."""
    (factors,) = _scaling(report).shared.values()
    lines = [[name, *(f"{law[key]:.3f}" for key in ("alpha", "beta", "e"))] for name, law in factors.items()]
    return _table(["X", "alpha (X)", "beta (examples)", "E"], lines)


def grid(report: str) -> str:
    """Held-out loss, surface and substance at every point."""
    here = found(report)
    (axis,) = here.study.analysis.size_axes
    points = {(row.labels[axis], row.labels["data.count"]): row for row in here.rows}
    sizes, counts = (list(dict.fromkeys(place[side] for place in points)) for side in (0, 1))
    lines = []
    for size in sizes:
        own = [points.get((size, count)) for count in counts]
        line = [size if axis in _WORDS else _model(next(row for row in own if row is not None))]
        lines.append(line + ["–" if row is None else _point(row) for row in own])
    return _table([_WORDS.get(axis, "model"), *(f"{count} examples" for count in counts)], lines)


def _model(row: StudyRow) -> str:
    cell, again = row.cells[0], row.labels["model.source"].endswith("-again")
    said = f"{cell.parameters['total']:,} parameters, {cell.tokens['pretraining'] / 1e6:.1f} M tokens"
    return said + (", second pretraining" if again else "")


def _best_readers(report: str) -> list[tuple[float, StudyRow]]:
    """The loss of each model before tuning, with its setting of the most examples; the best reader first."""
    known = json.loads((REPORTS / report / "bases.json").read_text(encoding="utf-8"))["bases"]
    here = found(report)
    most = str(max(here.study.axes["data.count"]))
    rows = [row for row in here.rows if row.labels["data.count"] == most]
    told = [(float(known[row.labels["model.source"]]["held_out_loss"]), row) for row in rows]
    return sorted(told, key=lambda item: item[0])


def bases(report: str) -> str:
    """The models before tuning, the best reader first, and what tuning on the most examples makes of each."""
    lines = [
        [letter_of(number), _model(row), f"{loss:.3f}", *(_rate(row.rates[score]) for score in SCORES)]
        for number, (loss, row) in enumerate(_best_readers(report))
    ]
    return _table(["", "model", "loss before tuning", *SCORES], lines)


def _plane(scores: list[Score], path: Path) -> None:
    path.write_text(standalone(plane(scores)) + "\n", encoding="utf-8")


def _point(row: StudyRow) -> str:
    seen = answers_of(row)
    surface, right = rate_of(seen, "surface"), rate_of(seen, "substance")
    return f"{_mean(measured(row, 'held_out_loss'))}; {surface.passed}, {right.passed} of {len(seen)}"


TABLES: dict[str, Callable[[str], str]] = {
    "scores": scores,
    "costs": costs,
    "after": after,
    "families": families,
    "moved": moved,
    "exchanged": exchanged,
    "coverage": coverage,
    "coverage_surface": coverage_surface,
    "laws": laws,
    "predictions": predictions,
    "together": together,
    "matrix": matrix,
    "bases": bases,
    "side": together_with,
    "grid": grid,
}


def filled(report: str) -> str:
    """A report's README with its tables as the cells have them. ``<!-- table: tasks-scores -->``: another report's."""

    def block(match: re.Match[str]) -> str:
        name = match[1]
        place, _, table = name.rpartition("-")
        return f"<!-- table: {name} -->\n{TABLES[table](place or report)}\n<!-- end -->"

    return _BLOCK.sub(block, (REPORTS / report / "README.md").read_text(encoding="utf-8"))


def main() -> None:
    """Write every report, or those that the command names (with ``--sampled``: every one)."""
    named = [] if "--sampled" in sys.argv else [word for word in sys.argv[1:] if not word.startswith("--")]
    if "--sampled" in sys.argv:
        write_sampled(sys.argv[sys.argv.index("--sampled") + 1 :])
    for report in STUDIES:
        if named and report not in named:
            continue
        if not (REPORTS / report / "README.md").exists():
            continue
        here = found(report)
        if "--results" in sys.argv:
            with TemporaryDirectory() as place:
                write_study(here.study, Path(place), here.results)
                for name in KEPT:
                    if (Path(place) / name).exists():
                        (here.folder / name).write_bytes((Path(place) / name).read_bytes())
            if (here.folder / "bases.json").exists():
                rows = [row for _, row in _best_readers(report)]
                scores = [Score(_model(row), row.rates["surface"], row.rates["substance"]) for row in rows]
                _plane(scores, here.folder / "bases.svg")
        (here.folder / "README.md").write_text(filled(report), encoding="utf-8")
        sys.stdout.write(
            f"{here.folder.relative_to(REPORTS.parents[1])}: {len(here.results)} of {len(here.study.cells)} cells\n"
        )
    for report in JOINED:
        if named and report not in named:
            continue
        readme = REPORTS / report / "README.md"
        readme.write_text(filled(report), encoding="utf-8")
        rows = side_by_side(report)
        _plane(
            [Score(t, item.rates["surface"], item.rates["substance"]) for t, _, item in rows],
            readme.parent / "plane.svg",
        )


if __name__ == "__main__":
    main()
