"""The page of a study: the table, the pictures, and every cell with its record and its run. Needs no server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from ..models.recipes import ProblemSection
from ..reports import pages as report_pages
from ..reports.charts import letter_of
from ..reports.escaping import visible
from ..reports.tables.table import Table
from .plan import SEED, Cell, Study
from .records import CellResult
from .study import settings_of
from .summary import StudyRow, seed_of
from .tables import duration, used

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
_MORE_STYLE = """
.study { font-size: .86rem; }
table.study th, table.study td { padding-right: 1.1rem; }
table.study thead th { max-width: 8.5rem; }
table.study thead th.n { white-space: normal; }
table.study tbody th, table.study td.run { white-space: nowrap; }
table.study td small { display: block; font-size: .78rem; color: var(--quiet); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; max-width: 60em;
  margin: 1rem 0 0; }
@media (max-width: 40rem) { dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin: 0 0 .5rem; } }
dl.facts dt { color: var(--quiet); } dl.facts dd { margin: 0; }
ol.letters { columns: 13rem; list-style: none; padding: 0; margin: 0; font-size: .9rem; max-width: 70rem; }
ol.letters b { display: inline-block; width: 2em; }
"""
_WITH_INTERVAL = re.compile(r"(?P<value>[^()]+?) \((?P<interval>[^()]+)\)")


def page(
    study: Study,
    rows: Sequence[StudyRow],
    results: Mapping[str, CellResult],
    tables: Sequence[Table],
    pictures: Mapping[str, str],
    out: Path,
) -> str:
    """The whole document. ``pictures`` are inline SVGs by name, ``curve-N`` that of the N-th row; ``out`` is where the
    page will lie, from which links to the cells' own pages are made where these exist."""
    title = visible(f"Study {study.name}")
    done = f"{len(results)} of {len(study.cells)} cells are finished."
    if len(results) < len(study.cells):
        done += " What is missing is in no number here."
    parts = [
        f'{_HEAD}<title>{title}</title>\n<style>{_style()}</style>\n</head>\n<body>\n<a class="skip" href="#main">',
        'Skip to the content</a>\n<header class="top">\n<p class="kicker">Pyrite study</p>\n',
        f'<h1>{visible(study.name)}</h1>\n<p class="lead">{done}</p>\n{_facts(study)}</header>\n<main id="main">\n',
        *[html_table(table) for table in tables],
        _figures(rows, pictures),
        _cells(study, results, out),
        "</main>\n<footer><p>Everything on this page is in this folder; nothing is fetched.</p></footer>\n",
        "</body>\n</html>\n",
    ]
    return "".join(parts)


def _style() -> str:
    folder = resources.files(report_pages).joinpath("templates")
    return folder.joinpath("style.css").read_text(encoding="utf-8") + _MORE_STYLE


def _facts(study: Study) -> str:
    """What every cell shares, unless an axis says otherwise: model, problems learned, problems asked."""
    base = study.base
    facts = {"model": str(base.model.source), "learns": _problems(base.data), "asked": _problems(base.answers.problems)}
    facts |= {f"also asked: {name}": _problems(section) for name, section in study.also.items()}
    shown = [(name, said) for name, said in facts.items() if f"{name}.source" not in study.axes]
    lines = "".join(f"<dt>{visible(name)}</dt><dd>{visible(said)}</dd>\n" for name, said in shown)
    return f'<dl class="facts">\n{lines}</dl>\n'


def _problems(section: ProblemSection) -> str:
    """``100 problems of product-mix, knapsack, plain texts``."""
    if section.file:
        return f"problems of {Path(section.file).name}"
    kinds = section.families or section.grids
    return f"{section.count} problems of {', '.join(kinds) or 'all families'}, {section.texts} texts"


def html_table(table: Table) -> str:
    """A table of reports as HTML; every cell is text, an interval stands under its value, the first column stays."""
    columns = table.columns
    head = "".join(f'<th scope="col"{_numeric(column.numeric)}>{visible(column.title)}</th>' for column in columns)
    body = []
    for row in table.rows:
        first = f'<th scope="row">{visible(row[0])}</th>'
        rest = "".join(
            f"<td{_numeric(column.numeric)}>{_cell(cell, column.numeric)}</td>"
            for column, cell in zip(columns[1:], row[1:], strict=True)
        )
        body.append(f"<tr>{first}{rest}</tr>\n")
    notes = "".join(f'<p class="note">{visible(note)}</p>\n' for note in table.notes)
    title = visible(table.title)
    return (
        f'<section>\n<h2>{title}</h2>\n<div class="scroll" role="region" aria-label="{title}" tabindex="0">'
        f'<table class="data study"><thead><tr>{head}</tr></thead>\n<tbody>{"".join(body)}</tbody></table></div>\n'
        f"{notes}</section>\n"
    )


def _numeric(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _cell(cell: str, numeric: bool) -> str:
    found = _WITH_INTERVAL.fullmatch(cell) if numeric else None
    if found is None:
        return visible(cell)
    return f"{visible(found['value'])}<small>{visible(found['interval'])}</small>"


def _figures(rows: Sequence[StudyRow], pictures: Mapping[str, str]) -> str:
    if not pictures:
        return ""
    titles = {f"curve-{number + 1}": row.title for number, row in enumerate(rows)}
    letters = "".join(f"<li><b>{letter_of(k)}</b>{visible(row.title)}</li>\n" for k, row in enumerate(rows))
    shown = []
    for name, svg in pictures.items():
        caption = f"<figcaption>{visible(titles[name])}</figcaption>" if name in titles else ""
        shown.append(f"<figure>{svg}{caption}</figure>\n")
    return (
        f'<section>\n<h2>Pictures</h2>\n<ol class="letters">\n{letters}</ol>\n'
        f'<div class="figures">\n{"".join(shown)}</div>\n</section>\n'
    )


def _cells(study: Study, results: Mapping[str, CellResult], out: Path) -> str:
    """A row a setting, a column a repetition: its run's pages, its record, how long it took."""
    settings = settings_of(study)
    seeds = sorted({seed_of(cell) for cell in study.cells})
    head = "".join(f'<th scope="col">{"run" if len(seeds) == 1 else f"seed {seed}"}</th>' for seed in seeds)
    body = []
    for setting, cells in settings:
        name = ", ".join(label if axis == "method" else f"{axis} {label}" for axis, label in setting)
        by_seed = {seed_of(cell): cell for cell in cells}
        line = "".join(f'<td class="run">{_run(by_seed.get(seed), results, out)}</td>' for seed in seeds)
        body.append(f'<tr><th scope="row">{visible(name)}</th>{line}</tr>\n')
    return (
        '<section>\n<h2>Cells</h2>\n<p class="note">The pages of each run, its record, and how long all of it took, '
        'the search of its rate included.</p>\n<div class="scroll" role="region" aria-label="Cells" tabindex="0">'
        f'<table class="data study"><thead><tr><th scope="col">{" ".join(a for a in study.axes if a != SEED)}</th>'
        f"{head}</tr></thead>\n<tbody>{''.join(body)}</tbody></table></div>\n</section>\n"
    )


def _run(cell: Cell | None, results: Mapping[str, CellResult], out: Path) -> str:
    if cell is None:
        return '<span class="off">the same</span>'
    result = results.get(cell.name)
    if result is None:
        return "not finished"
    pages = Path("work") / cell.name / "run" / "report" / "index.html"
    shown = f'<a href="{quote(pages.as_posix())}">pages</a>' if (out / pages).is_file() else "run elsewhere"
    record = quote(f"cells/{cell.name}.json")
    return f'{shown} · <a href="{record}">record</a> · {duration(used(result))}'


__all__ = ["html_table", "page"]
