"""What changed, as cells and records: the same for two runs and for two logs of other harnesses."""

from __future__ import annotations

from ...results.comparing import Change, Flip
from ..charts import percent
from .scores import joined
from .table import CellValue, Table, TableColumn


def change_columns(first: str, second: str) -> list[TableColumn]:
    """The columns of a table of changes."""
    titles = ["pairs", first, second, "change, points", "lost", "gained", "unknown", "p", "p (Holm)"]
    return [TableColumn("outcome", numeric=False), *[TableColumn(title) for title in titles]]


def change_cells(change: Change) -> list[str]:
    """One outcome as people read it."""
    return [
        change.outcome,
        f"{change.pairs:,}",
        percent(change.first),
        percent(change.second),
        f"{100 * change.difference:+.1f} ({100 * change.low:+.1f} to {100 * change.high:+.1f})",
        f"{change.lost:,}",
        f"{change.gained:,}",
        f"{change.unknown:,}",
        p_text(change.p),
        p_text(change.p_holm),
    ]


def change_record(change: Change) -> dict[str, CellValue]:
    """One outcome for programs."""
    names = ("outcome", "pairs", "problems", "first", "second", "difference", "low", "high", "both", "lost", "gained")
    return {name: getattr(change, name) for name in (*names, "neither", "unknown", "p", "p_holm", "test")}


def log_tables(
    first: str, second: str, changes: list[Change], flips: list[Flip], most: int | None = None
) -> list[Table]:
    """Two logs of other harnesses: every score, and every question whose score flipped, losses first."""
    tests = sorted({change.test for change in changes})
    notes = [
        f"p: {joined(tests) or 'nothing to compare'}, two-sided; Holm: adjusted over {len(changes)}. Change: with "
        "its 95 % interval for paired answers, by question. Pairs with an unknown are left out."
    ]
    rows, records = [change_cells(change) for change in changes], [change_record(change) for change in changes]
    tables = [Table("changes", f"{first} → {second}", change_columns("first", "second"), rows, notes, records)]
    if flips:
        shown = flips if most is None else flips[:most]
        left = [f"{len(flips) - len(shown):,} more flips; --json lists all."] if len(shown) < len(flips) else []
        tables.append(
            Table(
                "flips",
                f"Flips, {first} → {second}",
                [TableColumn(title, False) for title in ("score", "flip", "question")] + [TableColumn("try")],
                [[flip.outcome, flip.direction, flip.problem_id, f"{flip.sample}"] for flip in shown],
                left,
                [
                    {"score": f.outcome, "direction": f.direction, "question": f.problem_id, "try": f.sample}
                    for f in flips
                ],
            )
        )
    return tables


def p_text(p: float) -> str:
    """A p-value as papers print it."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
