"""Tables of plans: how much of each kind of rule is kept, and formulation against plan of the same problems."""

from __future__ import annotations

from dataclasses import asdict

from ...results.collection import Collection
from ...results.keeping import kept_rules
from ...results.two_tasks import two_tasks
from ..charts import percent
from .table import CellValue, Table, TableColumn


def rules_table(collection: Collection) -> Table | None:
    """The share of rules kept, by kind and family; None when no run holds a plan that could be read."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    unread: dict[str, None] = {}
    for run in collection.runs:
        for kept in kept_rules(run):
            if kept.unread:
                unread[f"{run.name}, {kept.family or 'no family'}: {kept.unread:,} answers hold no plan to read."] = (
                    None
                )
            share = f"{percent(kept.share)} ({100 * kept.low:.1f}–{100 * kept.high:.1f})"
            name = f"{kept.kind}: {kept.group}" if kept.group else kept.kind
            whole = f"{kept.whole:,} ({percent(kept.whole / kept.plans, 0)})"
            rows.append([kept.family, run.name, name, f"{kept.plans:,}", f"{kept.rules:,}", share, whole])
            records.append({"run": run.name, **asdict(kept)})
    if not rows:
        return None
    columns = [TableColumn(title, numeric=False) for title in ("family", "run", "rules")]
    columns += [TableColumn(title) for title in ("plans", "rules held", "kept", "plans that keep all")]
    notes = [
        "Kept: mean over the plans that could be read of the share of rules kept, 95 % interval clustered by problem.",
        *unread,
    ]
    return Table("rules-kept", "Rules that plans keep", columns, rows, notes, records)


def two_tasks_table(collection: Collection) -> Table | None:
    """Formulation and plan of the same problems side by side; None when nothing was asked both ways."""
    rows: list[list[str]] = []
    records: list[dict[str, CellValue]] = []
    for run in collection.runs:
        found = two_tasks(run)
        if found is None:
            continue
        right = (found.both + found.formulation_only, found.both + found.plan_only)
        rates = [f"{count:,} ({percent(count / found.pairs)})" if found.pairs else "–" for count in right]
        counts = [found.both, found.formulation_only, found.plan_only, found.neither, found.unknown]
        rows.append([run.name, f"{found.pairs:,}", *rates, *[f"{count:,}" for count in counts], f"{found.p:.2g}"])
        records.append({"run": run.name, "pairs": found.pairs, **asdict(found)})
    if not rows:
        return None
    titles = ["pairs", "formulation right", "plan right", "both", "models, does not solve", "solves, does not model"]
    columns = [
        TableColumn("run", numeric=False),
        *[TableColumn(title) for title in [*titles, "neither", "unknown", "p"]],
    ]
    notes = [
        "Right is substance; pairs with an unknown are left out. p: both are right equally often (exact McNemar test, "
        "or sign-flip over problems where there are several answers a problem)."
    ]
    return Table("two-tasks", "Can it model what it cannot solve?", columns, rows, notes, records)


def plan_tables(collection: Collection) -> list[Table]:
    """Those of both that have something to say."""
    return [table for table in (two_tasks_table(collection), rules_table(collection)) if table is not None]
