"""The table of both scores, with what stands beside them: substance after repair, not answered, never asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...results.collection import Collection, Run
from ...results.statistics import Cluster, Rate, conditional_rate, gap_of, method_sentence, rate_of
from ...results.summary import not_answered_in_words, reasons
from ..charts import percent
from .table import CellValue, Table, TableColumn

AFTER_REPAIR = "substance after repair"


def with_interval(rate: Rate) -> str:
    """``83.3 % (77.1–88.0)``."""
    if rate.rate is None:
        return "–"
    return f"{percent(rate.rate)} ({100 * rate.low:.1f}–{100 * rate.high:.1f})"


def bounds(rate: Rate) -> str:
    """What the unknowns leave open: ``80.0–85.0 %``; a dash when nothing is unknown."""
    if not rate.unknown or rate.floor is None or rate.ceiling is None:
        return "–"
    return f"{100 * rate.floor:.1f}–{100 * rate.ceiling:.1f} %"


def record_of(prefix: str, rate: Rate) -> dict[str, CellValue]:
    """The rate's fields as bare values, their names after ``prefix``."""
    return {f"{prefix}_{key}": value for key, value in rate.to_dict().items()}


def scores_table(collection: Collection, cluster: Cluster = "problem") -> Table:
    """Both scores of each run, the score among those that look right, and the gap between looking and being.

    Where it happened in some run: substance after repair, outputs that are no answer, problems that were never asked.
    """
    rows, records = [], []
    shown = beside(collection)
    for run in collection.runs:
        observed = run.observed
        surface, substance = rate_of(observed, "surface", cluster), rate_of(observed, "substance", cluster)
        given, gap = conditional_rate(observed, "substance", cluster), gap_of(observed, cluster)
        shown_gap = "–" if gap is None else f"{100 * gap.gap:.1f} ({100 * gap.low:.1f}–{100 * gap.high:.1f})"
        rows.append(
            [
                run.name,
                f"{len(observed):,}",
                *([f"{sum(run.not_answered.values()):,}"] if shown.not_answered else []),
                *([f"{run.never_asked:,}"] if shown.never_asked else []),
                with_interval(surface),
                with_interval(substance),
                *([repaired_text(run, cluster)] if shown.repaired else []),
                with_interval(given),
                shown_gap,
                f"{substance.unknown:,}",
                bounds(substance),
            ]
        )
        record: dict[str, CellValue] = {"run": run.name, "outputs": len(observed)}
        record |= record_of("surface", surface) | record_of("substance", substance)
        record |= record_of("substance_given_surface", given)
        if gap is not None:
            record |= {"gap": round(gap.gap, 10), "gap_low": round(gap.low, 10), "gap_high": round(gap.high, 10)}
        record["substance_means"] = run.meaning
        records.append(record | _beside_record(run, shown, cluster))
    titles = [*(["not answered"] if shown.not_answered else []), *(["never asked"] if shown.never_asked else [])]
    titles += ["surface", "substance", *([AFTER_REPAIR] if shown.repaired else [])]
    titles += ["substance given surface", "gap, points", "unknown", "if all failed–passed"]
    notes = [f"Substance is: {joined(sorted({run.meaning for run in collection.runs}))}."]
    notes += sorted({method_sentence(run.observed, cluster) for run in collection.runs if len(run.observed)})
    notes.append(
        "Gap: surface minus substance, paired bootstrap over problems (10,000 draws, fixed seed). Unknown "
        "verdicts are in no rate; the last column is the rate of substance if all of them had failed or passed."
    )
    notes += beside_notes(collection)
    columns = [TableColumn("run", numeric=False), TableColumn("outputs"), *[TableColumn(title) for title in titles]]
    return Table("scores", "Surface and substance", columns, rows, notes, records)


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the rates: whether any run was repaired, has outputs without answer, problems never asked."""

    repaired: bool
    not_answered: bool
    never_asked: bool


def beside(collection: Collection) -> Beside:
    """What some run of these has."""
    runs = collection.runs
    return Beside(
        repaired=any(run.was_repaired for run in runs),
        not_answered=any(run.not_answered for run in runs),
        never_asked=any(run.never_asked for run in runs),
    )


def repaired_rate(run: Run, cluster: Cluster = "problem") -> Rate | None:
    """The rate of substance after repair; None for a run whose policy repairs nothing."""
    return None if run.repaired is None else rate_of(run.repaired, "substance", cluster)


def repaired_text(run: Run, cluster: Cluster = "problem") -> str:
    """The same in a cell of a table."""
    rate = repaired_rate(run, cluster)
    return "–" if rate is None else with_interval(rate)


def _beside_record(run: Run, shown: Beside, cluster: Cluster) -> dict[str, CellValue]:
    record: dict[str, CellValue] = {}
    rate = repaired_rate(run, cluster)
    if shown.repaired and rate is not None:
        record |= record_of("substance_after_repair", rate)
    if shown.not_answered:
        record |= {"not_answered": sum(run.not_answered.values()), "not_answered_reasons": reasons(run.not_answered)}
    if shown.never_asked:
        record["not_asked"] = run.never_asked
    return record


def beside_notes(collection: Collection) -> list[str]:
    """The sentences about what stands beside the rates, none where nothing does."""
    notes = []
    if beside(collection).repaired:
        notes.append(
            "Substance after repair: substance, had the output only been spelled right; the repairs are the policy's."
        )
    for run in collection.runs:
        words = not_answered_in_words(run.not_answered, run.never_asked)
        if words:
            notes.append(f"{run.name}: {words}.")
    return notes


def joined(parts: Sequence[str]) -> str:
    """Parts of a note in one sentence."""
    return "; ".join(parts)
