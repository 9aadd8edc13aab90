"""Runs and comparisons as objects, for notebooks and scripts: ``load_run(folder)``, ``compare(a, b)``.

They show themselves as the tables that the commands print, in a terminal and in a notebook, and give their rows as a
data frame. Nothing here judges: it reads what ``pyrite score`` wrote.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .feasibility.errors import PyriteError
from .feasibility.one_line import one_line
from .feasibility.verdict import Verdict
from .problems.problem import Problem
from .results.collection import Collection, read_collection, run_names
from .results.collection import Run as StoredRun
from .results.comparing import Change
from .results.outputs import Output
from .results.statistics import Rate, conditional_rate, rate_of

if TYPE_CHECKING:
    from .reports.tables.overview import Pair
    from .reports.tables.table import Table


class LoadedRun:
    """One scored run, read from its folder.

    ``problems`` by id, ``outputs`` and ``verdicts`` by (problem id, sample); ``notes`` say what in the files could not
    be used, ``document`` is ``run.json``.
    """

    def __init__(self, stored: StoredRun) -> None:
        self.stored = stored
        self.name = stored.name
        self.folder = stored.folder
        self.document: Mapping[str, Any] = stored.document
        self.notes: Sequence[str] = stored.notes
        self.problems: Mapping[str, Problem] = stored.problems
        self.outputs: Mapping[tuple[str, int], Output] = stored.outputs
        self.verdicts: Mapping[tuple[str, int], Verdict] = {
            (verdict.problem_id, verdict.sample): verdict for verdict in stored.verdicts
        }

    def __len__(self) -> int:
        return len(self.verdicts)

    def rate(self, outcome: str = "substance", given_surface: bool = False) -> Rate:
        """The rate of ``surface``, ``substance`` or a stage with its 95 % interval, clustered by problem.

        Raises PyriteError for an outcome that does not exist.
        """
        from .results.observing import OUTCOMES

        if outcome not in OUTCOMES:
            raise PyriteError(f"the outcome is one of {', '.join(OUTCOMES)}, not {outcome!r}")
        ask = conditional_rate if given_surface else rate_of
        return ask(self.stored.observed, outcome)

    def records(self) -> list[dict[str, Any]]:
        """A dict an output: both scores, every stage's status and code, optimum, proof, relation, seconds."""
        from .reports.tables.exports import output_records

        return list(output_records(Collection([self.stored])))

    def frame(self, library: str = "pandas") -> Any:
        """:meth:`records` as a data frame of ``pandas`` or ``polars``. Raises PyriteError where it is not installed."""
        return frame(self.records(), library)

    def tables(self) -> list[Table]:
        """The tables that ``pyrite report`` prints."""
        from .reports.tables.overview import all_tables

        return all_tables(Collection([self.stored]))

    def __repr__(self) -> str:
        return f"<run {one_line(self.name, 60)}: {_scores(self)}>"

    def _repr_html_(self) -> str:
        from .reports.tables.overview import stages_table
        from .reports.tables.scores import scores_table

        collection = Collection([self.stored])
        return html_tables([scores_table(collection), stages_table(collection)])


class RunComparison:
    """Two runs on the same problems.

    ``changes`` holds one entry a stage and score (Holm-adjusted p-values, intervals of the paired difference), and
    ``flips`` the outputs whose surface or substance changed.
    """

    def __init__(self, first: LoadedRun, second: LoadedRun, pair: Pair, mixed: Sequence[str]) -> None:
        self.first, self.second, self.pair = first, second, pair
        self.mixed = mixed
        self.changes: Mapping[str, Change] = {change.outcome: change for change in pair.changes}
        self.flips = pair.flips

    def records(self) -> list[dict[str, Any]]:
        """A dict an outcome: pairs, lost, gained, both rates, difference, interval, p-values."""
        from .reports.tables.overview import changes_table

        return [dict(record) for record in changes_table(self.pair).records]

    def frame(self, library: str = "pandas") -> Any:
        """:meth:`records` as a data frame."""
        return frame(self.records(), library)

    def __repr__(self) -> str:
        change = self.changes.get("substance")
        if change is None or not change.pairs:
            return f"<comparison {self.first.name} -> {self.second.name}: no output has a known substance in both>"
        return (
            f"<comparison {one_line(self.first.name, 40)} -> {one_line(self.second.name, 40)}: substance "
            f"{100 * change.difference:+.1f} points ({100 * change.low:+.1f} to {100 * change.high:+.1f}), "
            f"{change.gained} gained, {change.lost} lost, p = {change.p_holm:.2g} (Holm)>"
        )

    def _repr_html_(self) -> str:
        from .reports.tables.overview import changes_table, flips_table

        return html_tables([changes_table(self.pair), flips_table(self.pair, 40)])


def load_run(folder: str | os.PathLike[str]) -> LoadedRun:
    """Read a scored run's folder. Raises PyriteError when it is no run or was never scored.

    >>> from pyrite import load_run
    >>> run = load_run("docs/examples/run")                           # doctest: +SKIP
    >>> run.rate("substance").rate, run.frame().groupby("family").substance.mean()   # doctest: +SKIP
    """
    return LoadedRun(read_collection([Path(folder)]).runs[0])


def compare(
    first: LoadedRun | str | os.PathLike[str],
    second: LoadedRun | str | os.PathLike[str],
    *,
    allow_mixed: bool = False,
) -> RunComparison:
    """Compare two runs on the same problems: exact McNemar or sign flips, paired intervals, every flip.

    Raises PyriteError naming the first difference when policies, judges or problems differ; with ``allow_mixed`` it is
    kept in ``mixed`` instead.
    """
    from .reports.tables.overview import pair_of

    paths = [item.folder if isinstance(item, LoadedRun) else Path(item) for item in (first, second)]
    collection = read_collection(paths, allow_mixed=allow_mixed)
    for run, name in zip(collection.runs, run_names(paths), strict=True):
        run.name = name
    runs = [LoadedRun(run) for run in collection.runs]
    return RunComparison(runs[0], runs[1], pair_of(*collection.runs), collection.mixed)


def frame(records: Sequence[Mapping[str, Any]], library: str = "pandas") -> Any:
    """Records as a data frame of ``pandas`` or ``polars``. Raises PyriteError for another one or one not installed."""
    if library not in ("pandas", "polars"):
        raise PyriteError(f"data frames come from pandas or polars, not {library!r}")
    try:
        if library == "polars":
            import polars

            return polars.DataFrame([dict(record) for record in records], infer_schema_length=None)
        import pandas
    except ImportError as error:
        extra = "frames" if library == "pandas" else library
        raise PyriteError(f"{library} is not installed: pip install 'pyrite[{extra}]'") from error
    return pandas.DataFrame([dict(record) for record in records])


def html_tables(tables: Iterable[Table]) -> str:
    """Tables as HTML for a notebook: every cell is text."""
    parts = []
    for table in tables:
        head = "".join(f"<th>{html.escape(column.title)}</th>" for column in table.columns)
        sides = ["right" if column.numeric else "left" for column in table.columns]
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:{side}">{html.escape(one_line(cell, 200))}</td>'
                for side, cell in zip(sides, row, strict=False)
            )
            + "</tr>"
            for row in table.rows
        )
        notes = "".join(f"<p><small>{html.escape(one_line(note))}</small></p>" for note in table.notes)
        parts.append(
            f"<p><strong>{html.escape(one_line(table.title))}</strong></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}"
        )
    return "".join(parts)


def _scores(run: LoadedRun) -> str:
    def text(outcome: str) -> str:
        rate = run.rate(outcome)
        return f"{outcome} –" if rate.rate is None else f"{outcome} {100 * rate.rate:.1f} %"

    return f"{len(run):,} outputs to {len(run.problems):,} problems, {text('surface')}, {text('substance')}"
