"""What a study leaves to read: results, the table in every format, pictures, and a page that needs no server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from ..feasibility.disk import make_folder, write_whole
from ..reports import pages as report_pages
from ..reports.charts import CurvePoint, Score, learning_curve, plane, standalone
from ..reports.cost import CostPoint, cost_against
from ..reports.escaping import visible
from ..reports.tables.exports import markdown, table_csv
from ..reports.tables.latex import latex
from ..reports.tables.table import Table
from ..results.run import write_json
from ..results.statistics import rate_of
from .layer_tables import layer_tables, layers_document
from .plan import Study
from .records import Asked, CellResult
from .scaling.report import crossing_table, scaling_document, scaling_of, scaling_table
from .summary import StudyRow, pooled, results_document, rows_of, seed_of
from .tables import study_table, used

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
"""
_MORE_STYLE = (
    "main{padding:1rem}.wide{overflow-x:auto}.pictures{display:flex;flex-wrap:wrap;gap:1rem}figure{max-width:34rem}"
)


def write_study(study: Study, out: Path, results: Mapping[str, CellResult]) -> list[Table]:
    """Write everything that follows from the finished cells; gives the tables. The same cells give the same results."""
    rows = rows_of(study, results)
    tables, more = [study_table(study, rows)], {}
    if study.analysis.kind == "scaling":
        scaling = scaling_of(study, results)
        tables += [scaling_table(scaling), *([crossing_table(scaling)] if scaling.crossings else [])]
        more = scaling_document(scaling)
    if study.analysis.kind == "layers":
        tables += layer_tables(study, results)
        more = layers_document(study, results)
    write_json(out / "results.json", results_document(study, rows, results) | more)
    make_folder(out)
    for table in tables:
        write_whole(out / f"{table.name}.csv", table_csv(table))
        write_whole(out / f"{table.name}.tex", latex(table))
    write_whole(out / "study.md", "\n".join(markdown(table) for table in tables))
    pictures = _pictures(study, rows)
    style = _style()
    for name, svg in pictures.items():
        write_whole(out / f"{name}.svg", standalone(svg) + "\n")
    write_whole(out / "index.html", _page(study, rows, results, tables, pictures, style, out))
    return tables


def _style() -> str:
    folder = resources.files(report_pages).joinpath("templates")
    return folder.joinpath("style.css").read_text(encoding="utf-8") + _MORE_STYLE


def _pictures(study: Study, rows: Sequence[StudyRow]) -> dict[str, str]:
    found: dict[str, str] = {}
    known = [row for row in rows if row.rates["surface"].rate is not None]
    if known:
        scores = [Score(row.title, row.rates["surface"], row.rates["substance"]) for row in known]
        found["plane"] = plane(scores)
    trained = [row for row in known if any(cell.flops for cell in row.cells)]
    if trained:
        points = [
            CostPoint(row.title, sum(cell.flops for cell in row.cells) / len(row.cells), row.rates["substance"])
            for row in trained
        ]
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


def _page(
    study: Study,
    rows: Sequence[StudyRow],
    results: Mapping[str, CellResult],
    tables: Sequence[Table],
    pictures: Mapping[str, str],
    style: str,
    out: Path,
) -> str:
    title = visible(f"Study {study.name}")
    parts = [_HEAD, f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"]
    done = f"{len(results)} of {len(study.cells)} cells are finished."
    parts.append(
        f"<p>{done} {'' if len(results) == len(study.cells) else 'What is missing is in no number here.'}</p>\n"
    )
    parts += [html_table(table) for table in tables]
    parts.append('<div class="pictures">\n')
    titles = {f"curve-{number + 1}": row.title for number, row in enumerate(rows)}
    legend = "; ".join(f"{chr(65 + k % 26)} {row.title}" for k, row in enumerate(rows))
    for name, svg in pictures.items():
        said = titles.get(name, legend)
        parts.append(f"<figure>{svg}<figcaption>{visible(said)}</figcaption></figure>\n")
    parts.append("</div>\n<h2>Cells</h2>\n<ul>\n")
    for cell in study.cells:
        result = results.get(cell.name)
        said = visible(", ".join(f"{axis} {label}" for axis, label in cell.labels.items()))
        page = Path("work") / cell.name / "run" / "report" / "index.html"
        if result is None:
            parts.append(f"<li>{said}: not finished</li>\n")
            continue
        shown = (
            f'<a href="{quote(page.as_posix())}">{said}</a>' if (out / page).is_file() else f"{said} (run elsewhere)"
        )
        record = quote(f"cells/{cell.name}.json")
        parts.append(f'<li>{shown}: {used(result):,.0f} s, <a href="{record}">its record</a></li>\n')
    parts.append("</ul>\n</main>\n</body>\n</html>\n")
    return "".join(parts)


def html_table(table: Table) -> str:
    """A table of reports as HTML; every cell is text."""
    head = "".join(f'<th scope="col">{visible(column.title)}</th>' for column in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{visible(cell)}</td>" for cell in row) + "</tr>\n" for row in table.rows)
    notes = "".join(f"<p>{visible(note)}</p>\n" for note in table.notes)
    return (
        f'<section><h2>{visible(table.title)}</h2>\n<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>\n{notes}</section>\n"
    )
