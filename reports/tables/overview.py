"""The tables of a report: scores, stages, families, what changed between runs, reasons. One source for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from ...feasibility.verdict import ALL_STAGES, LOOKS
from ...results.collection import Collection, Run
from ...results.comparing import (
    Change,
    adjusted,
    compare_outcome,
    compare_runs,
    different_comparisons,
    power_sentence,
)
from ...results.decomposition import Decomposition, decompose, in_words
from ...results.flipping import ExplainedFlip, explained
from ...results.observing import asked_stages
from ...results.statistics import Cluster, conditional_rate, rate_of
from ..escaping import shortened
from .changes import change_cells, change_columns, change_record
from .effort import Prices, effort_table
from .pass_at_k import pass_at_k_table
from .plans import plan_tables
from .scores import AFTER_REPAIR, bounds, joined, record_of, scores_table, with_interval
from .table import CellValue, Table, TableColumn


@dataclass(frozen=True)
class Pair:
    """Everything about two runs on the same problems."""

    first: Run
    second: Run
    changes: Sequence[Change]
    flips: Sequence[ExplainedFlip]
    split: Decomposition | None
    power: str
    tests: int

    @property
    def words(self) -> str:
        """The decomposition as the sentence under the table."""
        if self.split is None:
            return "No output has a known substance in both runs, so there is no gain to split."
        return in_words(self.split, self.first.name, self.second.name)


def stages_table(collection: Collection, cluster: Cluster = "problem") -> Table:
    """Every stage: passed, failed, unknown, not asked; the rate of all outputs and of those that pass the surface."""
    rows, records = [], []
    for number, stage in enumerate(asked_stages(*(run.observed for run in collection.runs)), 1):
        for run in collection.runs:
            rate = rate_of(run.observed, stage, cluster)
            given = conditional_rate(run.observed, stage, cluster)
            rows.append(
                [
                    f"{number} {stage}",
                    run.name,
                    f"{rate.passed:,}",
                    f"{rate.failed:,}",
                    f"{rate.unknown:,}",
                    f"{rate.absent:,}",
                    with_interval(rate),
                    "–" if stage in LOOKS else with_interval(given),
                    bounds(rate),
                ]
            )
            records.append(
                {"stage": stage, "run": run.name, **record_of("all", rate), **record_of("given_surface", given)}
            )
    titles = ["pass", "fail", "unknown", "not asked", "of all", "of those that pass the surface"]
    columns = [
        TableColumn("stage", numeric=False),
        TableColumn("run", numeric=False),
        *[TableColumn(title) for title in titles],
    ]
    columns.append(TableColumn("if unknown failed–passed"))
    notes = ["An output that fails a stage counts as failed in every later one; not asked: the reference says nothing."]
    return Table("stages", "The ladder", columns, rows, notes, records)


def families_table(collection: Collection) -> Table | None:
    """Both scores by family of problems; None when no problem has one."""
    names = sorted({name for run in collection.runs for name in run.families.values() if name})
    if not names:
        return None
    rows, records = [], []
    for name in names:
        for run in collection.runs:
            part = run.observed.only(run.observed.family == _family_number(run, name))
            if not len(part):
                continue
            surface, substance = rate_of(part, "surface"), rate_of(part, "substance")
            given = conditional_rate(part, "substance")
            rows.append(
                [name, run.name, f"{len(part):,}", *[with_interval(rate) for rate in (surface, substance, given)]]
            )
            records.append(
                {
                    "family": name,
                    "run": run.name,
                    "outputs": len(part),
                    **record_of("surface", surface),
                    **record_of("substance", substance),
                    **record_of("substance_given_surface", given),
                }
            )
    titles = ["outputs", "surface", "substance", "substance given surface"]
    columns = [
        TableColumn("family", numeric=False),
        TableColumn("run", numeric=False),
        *[TableColumn(title) for title in titles],
    ]
    return Table("families", "Families of problems", columns, rows, (), records)


def _family_number(run: Run, name: str) -> int:
    families = run.observed.families
    return families.index(name) if name in families else -1


def _place(stage: str) -> int:
    return ALL_STAGES.index(stage) if stage in ALL_STAGES else len(ALL_STAGES)


def reasons_table(collection: Collection, most: int = 15) -> Table:
    """The most common reasons of a first failure, over all runs."""
    counts = [
        Counter(
            (verdict.first_failure, verdict.result(verdict.first_failure).code or "?")
            for verdict in run.verdicts
            if verdict.first_failure is not None
        )
        for run in collection.runs
    ]
    total: Counter[tuple[str, str]] = Counter()
    for count in counts:
        total.update(count)
    ranked = sorted(total, key=lambda key: (-total[key], _place(key[0]), key[1]))[:most]
    rows = [[stage, code, *[f"{count[stage, code]:,}" for count in counts]] for stage, code in ranked]
    records: list[dict[str, CellValue]] = []
    for stage, code in ranked:
        record: dict[str, CellValue] = {"stage": stage, "code": code}
        record |= {run.name: count[stage, code] for run, count in zip(collection.runs, counts, strict=True)}
        records.append(record)
    columns = [TableColumn("stage", numeric=False), TableColumn("reason", numeric=False)]
    columns += [TableColumn(run.name) for run in collection.runs]
    return Table("reasons", "Where outputs fail first", columns, rows, (), records)


def pair_of(first: Run, second: Run) -> Pair:
    """Compare two runs; with repairs in both, *substance after repair* is one of the outcomes."""
    changes = compare_runs(first.observed, second.observed)
    if first.repaired and second.repaired and (first.was_repaired or second.was_repaired):
        third = compare_outcome(first.repaired, second.repaired, "substance")
        if third.pairs:
            changes = adjusted([[*changes, replace(third, outcome=AFTER_REPAIR)]])[0]
    substance = next((change for change in changes if change.outcome == "substance"), None)
    # The power of what was seen: as many pairs, and as much churn the better way as there was.
    pairs = substance.problems if substance else 0
    churn = min(substance.gained, substance.lost) / substance.pairs if substance and substance.pairs else 0.0
    return Pair(
        first=first,
        second=second,
        changes=changes,
        flips=explained(first, second),
        split=decompose(first.observed, second.observed),
        power=power_sentence(pairs, churn),
        tests=different_comparisons([changes]),
    )


def pairs_of(collection: Collection) -> list[Pair]:
    """Every run against the first, p-values adjusted by Holm's method over all of these comparisons together."""
    if collection.mixed:
        return []
    pairs = [pair_of(collection.runs[0], run) for run in collection.runs[1:]]
    groups = [pair.changes for pair in pairs]
    total = different_comparisons(groups)
    return [replace(pair, changes=changes, tests=total) for pair, changes in zip(pairs, adjusted(groups), strict=True)]


def changes_table(pair: Pair) -> Table:
    """Every stage and score in both runs, with the test of the difference."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    for change in pair.changes:
        rows.append(change_cells(change))
        records.append(change_record(change))
    tests = sorted({change.test for change in pair.changes})
    notes = [
        f"p: {joined(tests) or 'nothing to compare'}, two-sided; Holm: adjusted for {pair.tests} different "
        "comparisons. Change: paired bootstrap over problems (10,000 draws, fixed seed), 95 %. Pairs with an unknown "
        "are left out.",
        pair.power,
        pair.words,
    ]
    title = f"{pair.first.name} → {pair.second.name}"
    return Table("changes", title, change_columns(pair.first.name, pair.second.name), rows, notes, records)


def flips_table(pair: Pair, most: int | None = None) -> Table:
    """Every output whose surface or substance flipped, losses first, with the reason of the wrong one."""
    chosen = pair.flips if most is None else pair.flips[:most]
    samples = any(flip.sample for flip in pair.flips)
    rows = [
        [
            flip.direction,
            flip.outcome,
            flip.problem_id,
            *([f"{flip.sample}"] if samples else []),
            shortened(f"{flip.code}: {flip.why}", 160),
        ]
        for flip in chosen
    ]
    records: list[dict[str, CellValue]] = [dict(asdict(flip)) for flip in pair.flips]
    columns = [TableColumn("flip", False), TableColumn("outcome", False), TableColumn("problem", False)]
    columns += [*([TableColumn("sample")] if samples else []), TableColumn("why", False)]
    notes = []
    if any(flip.direction == "lost" for flip in pair.flips):
        notes.append(f"Why, when lost: what is wrong in {pair.second.name}.")
    if any(flip.direction == "gained" for flip in pair.flips):
        notes.append(f"Why, when gained: what was wrong in {pair.first.name}.")
    if len(chosen) < len(pair.flips):
        notes.append(f"{len(pair.flips) - len(chosen):,} more flips; --json lists all.")
    return Table("flips", f"Flips, {pair.first.name} → {pair.second.name}", columns, rows, notes, records)


def all_tables(collection: Collection, cluster: Cluster = "problem", prices: Prices | None = None) -> list[Table]:
    """The tables of a report in their order; of several runs, each against the first."""
    tables = [scores_table(collection, cluster), stages_table(collection, cluster)]
    tables += [table for table in (families_table(collection), pass_at_k_table(collection)) if table is not None]
    tables += [*plan_tables(collection), reasons_table(collection)]
    effort = effort_table(collection, prices)
    if effort is not None:
        tables.append(effort)
    for pair in pairs_of(collection):
        tables += [changes_table(pair), *([flips_table(pair, 40)] if pair.flips else [])]
    return tables
