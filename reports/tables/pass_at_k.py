"""pass@k as tables: of each run, and of two runs on the same problems: did tuning sharpen, or widen?"""

from __future__ import annotations

from ...results.collection import Collection, Run
from ...results.comparing import compare_pass_at_k
from ...results.statistics import pass_at_k_of
from ..charts import percent
from .table import CellValue, Table, TableColumn

PASS_AT = (1, 2, 4, 5, 8, 10, 16, 32, 64, 100)


def pass_at_k_table(collection: Collection) -> Table | None:
    """pass@k of both scores, for runs with several answers a problem; None when no run has them."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    for run in collection.runs:
        if not run.observed.has_samples:
            continue
        for k in PASS_AT:
            cells: list[str] = []
            record: dict[str, CellValue] = {"run": run.name, "k": k}
            for outcome in ("surface", "substance"):
                at = pass_at_k_of(run.observed, outcome, k)
                if at is None:
                    continue
                cells.append(f"{percent(at.rate)} ({100 * at.low:.1f}–{100 * at.high:.1f})")
                cells.append(f"{at.left_out:,}")
                record |= {f"{outcome}": at.rate, f"{outcome}_low": at.low, f"{outcome}_high": at.high}
                record |= {f"{outcome}_problems": at.problems, f"{outcome}_left_out": at.left_out}
            if len(cells) == 4:
                rows.append([run.name, f"{k}", *cells])
                records.append(record)
    if not rows:
        return None
    columns = [TableColumn("run", numeric=False), TableColumn("k"), TableColumn("surface"), TableColumn("left out")]
    columns += [TableColumn("substance"), TableColumn("left out")]
    notes = [
        "pass@k: the unbiased estimator of Chen et al. (arXiv 2107.03374), mean over problems; those with fewer than k "
        "known answers are left out."
    ]
    return Table("pass-at-k", "pass@k", columns, rows, notes, records)


def pass_at_k_changes_table(first: Run, second: Run) -> Table | None:
    """pass@k of both scores before and after; None when no problem has several known answers in both runs."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    for k in PASS_AT:
        for outcome in ("surface", "substance"):
            found = compare_pass_at_k(first.observed, second.observed, outcome, k)
            if found is None:
                continue
            rows.append(
                [
                    f"{k}",
                    outcome,
                    percent(found.first),
                    percent(found.second),
                    f"{100 * found.difference:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})",
                    f"{found.problems:,}",
                ]
            )
            record: dict[str, CellValue] = {"k": k, "score": outcome, "first": found.first, "second": found.second}
            record |= {"difference": found.difference, "low": found.low, "high": found.high, "problems": found.problems}
            records.append(record)
    if not any(record["k"] != 1 for record in records):
        return None
    columns = [TableColumn("k"), TableColumn("score", numeric=False), TableColumn(first.name), TableColumn(second.name)]
    columns += [TableColumn("difference, points"), TableColumn("problems")]
    notes = [
        "pass@k: the unbiased estimator of Chen et al. (arXiv 2107.03374), mean over the problems with at least k "
        "known answers in both runs; bootstrap over problems. A gain at k = 1 that is lost at large k is sharpening: "
        "what was found now and then is found at once, and nothing new is found (arXiv 2504.13837)."
    ]
    return Table("pass-at-k", "pass@k, before and after", columns, rows, notes, records)
