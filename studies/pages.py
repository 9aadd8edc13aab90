"""What a study leaves to read: results, the table in every format, pictures, and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..feasibility.disk import make_folder, write_whole
from ..reports.charts import CurvePoint, Score, learning_curve, plane, standalone
from ..reports.cost import CostPoint, cost_against
from ..reports.tables.exports import markdown, table_csv
from ..reports.tables.latex import latex
from ..reports.tables.table import Table
from ..results.run import write_json
from ..results.statistics import rate_of
from .follow_up import families_of, family_table, follow_up_table, follow_ups
from .layer_tables import layer_tables, layers_document
from .page import page
from .plan import Study
from .records import Asked, CellResult
from .scaling.report import crossing_table, scaling_document, scaling_of, scaling_table
from .summary import StudyRow, pooled, results_document, rows_of, seed_of
from .tables import study_table


def write_study(study: Study, out: Path, results: Mapping[str, CellResult]) -> list[Table]:
    """Write everything that follows from the finished cells; gives the tables. The same cells give the same results."""
    rows = rows_of(study, results)
    tables, more = [study_table(study, rows)], {}
    compared = follow_ups(study, rows)
    if compared:
        tables.append(follow_up_table(compared))
    if study.analysis.kind == "table" and len(families_of(rows)) > 1:
        tables.append(family_table(rows))
    if study.analysis.kind == "scaling":
        scaling = scaling_of(study, results)
        tables += [scaling_table(scaling), *([crossing_table(scaling)] if scaling.crossings else [])]
        more = scaling_document(scaling)
    if study.analysis.kind == "layers":
        tables += layer_tables(study, results)
        more = layers_document(study, results)
    make_folder(out)
    write_json(out / "results.json", results_document(study, rows, results) | more)
    for table in tables:
        write_whole(out / f"{table.name}.csv", table_csv(table))
        write_whole(out / f"{table.name}.tex", latex(table))
    write_whole(out / "study.md", "\n".join(markdown(table) for table in tables))
    pictures = _pictures(study, rows)
    for name, svg in pictures.items():
        write_whole(out / f"{name}.svg", standalone(svg) + "\n")
    write_whole(out / "index.html", page(study, rows, results, tables, pictures, out))
    return tables


def _pictures(study: Study, rows: Sequence[StudyRow]) -> dict[str, str]:
    found: dict[str, str] = {}
    if any(row.rates["surface"].rate is not None for row in rows):
        found["plane"] = plane([Score(row.title, row.rates["surface"], row.rates["substance"]) for row in rows])
    points = [
        CostPoint(row.title, sum(cell.flops for cell in row.cells) / len(row.cells), row.rates["substance"], number)
        for number, row in enumerate(rows)
        if any(cell.flops for cell in row.cells)
    ]
    if points:
        found["cost"] = cost_against(points)
    for number, row in enumerate(rows):
        curve = _curve(study, row)
        if len({point.examples for point in curve}) > 1:
            found[f"curve-{number + 1}"] = learning_curve(curve, f"curve{number + 1}")
    return found


def _curve(study: Study, row: StudyRow) -> list[CurvePoint]:
    """The checkpoints of a setting, repetitions pooled."""
    seeds = {cell.name: seed_of(cell) for cell in study.cells}
    by_examples: dict[int, list[tuple[int, Asked]]] = {}
    for cell in row.cells:
        for asked in cell.asked:
            by_examples.setdefault(asked.examples, []).append((seeds[cell.cell], asked))
    points = []
    for examples, asked_then in sorted(by_examples.items()):
        seen = pooled(asked_then)
        points.append(CurvePoint(row.title, examples, rate_of(seen, "surface"), rate_of(seen, "substance")))
    return points
