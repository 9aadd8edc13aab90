"""Every exported table in one LaTeX document: it compiles, and nothing runs off the page (skipped without pdflatex)."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reporting import BAKERY, RIGHT, WRONG, two_runs, verdict, write_run

from pyrite.api import score
from pyrite.problems.families import draw
from pyrite.problems.planning import ask_for_plans
from pyrite.reports.tables.changes import log_tables
from pyrite.reports.tables.latex import latex
from pyrite.reports.tables.overview import all_tables
from pyrite.reports.tables.sensitivity import examine, sensitivity_tables
from pyrite.reports.tables.table import Table, TableColumn
from pyrite.results.collection import read_collection
from pyrite.results.score_logs import compare_logs, read_score_log
from pyrite.studies.pages import write_study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here (texlive-latex-recommended has it)"),
]

ROOT = Path(__file__).parents[2]
HOSTILE = r"a_model & 100 % of #1 {x} $\alpha$ ~^ \input{/etc/passwd} " + "long_name_without_a_break" * 6
PAGES = {
    "article": r"\documentclass{article}",
    "two columns": r"\documentclass[twocolumn,10pt,a4paper]{article}",
    "letter, 12 pt": r"\documentclass[12pt,letterpaper]{article}",
}


def compiled(tables: list[str], head: str, folder: Path) -> str:
    """The compiler's log; a document that does not compile fails here."""
    body = "\n\\clearpage\n".join(tables)
    start = "\\usepackage{lmodern}\\usepackage[T1]{fontenc}\\usepackage{booktabs,graphicx}\n"
    (folder / "all.tex").write_text(
        f"{head}\n{start}\\begin{{document}}\n{body}\n\\end{{document}}\n", encoding="utf-8"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    return (folder / "all.log").read_text(errors="replace")


def overfull(log: str) -> list[str]:
    return re.findall(r"(?:Overfull \\[hv]box|Float too large)[^\n]*", log)


def reports(folder: Path) -> list[str]:
    """Stored answers, hostile names and labels, flips, pass@k, sensitivity, plans beside formulations."""
    stored = read_collection([ROOT / "docs" / "examples" / "run"])
    ids = [f"{HOSTILE[:60]} {i}" for i in range(80)]
    rows = [{**BAKERY, "id": problem, "family": HOSTILE[:90]} for problem in ids]
    names = {HOSTILE[:70].replace("/", "-"): ("schema", "value", None), "b": (None, "value", "sound")}
    hostile = [
        write_run(folder / name, [verdict(p, stage, k) for p in ids for k, stage in enumerate(stages)], rows)
        for name, stages in names.items()
    ]
    collections = [stored, read_collection(hostile), read_collection(two_runs(folder))]
    tables = [table for collection in collections for table in all_tables(collection)]
    tables += sensitivity_tables(collections[2], [examine(run) for run in collections[2].runs])
    return [*map(latex, tables + planned(folder))]


def planned(folder: Path) -> list[Table]:
    problems = [draw("knapsack", seed, "small") for seed in range(3)]
    both = [*problems, *ask_for_plans(problems)]
    answers = {problem.id: '{"values": {"nothing": 1}}' if problem.task == "plan" else WRONG for problem in both}
    verdicts = score(both, [{"problem_id": name, "output": text} for name, text in answers.items()])
    run = write_run(folder / "plans", verdicts, [problem.to_dict() for problem in both], answers)
    return all_tables(read_collection([run]))


def logs(folder: Path) -> list[str]:
    paths = []
    for name, text in (("first", RIGHT), ("second", WRONG)):
        path = folder / f"{name}.jsonl"
        path.write_text(
            "".join(f'{{"doc_id": {i}, "doc": {{}}, "acc": {int(text == RIGHT or i % 3 > 0)}}}\n' for i in range(30))
        )
        paths.append(path)
    first, second = map(read_score_log, paths)
    return [latex(table) for table in log_tables(HOSTILE[:60], HOSTILE[60:], *compare_logs(first, second))]


def studies(folder: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location("make_studies", ROOT / "docs" / "make_studies.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = maker
    spec.loader.exec_module(maker)
    written = []
    for name in maker.STUDIES:
        if (ROOT / "reports" / "studies" / name / "cells").is_dir():
            here = maker.found(name)
            write_study(here.study, folder / name, here.results)
            written += [path.read_text(encoding="utf-8") for path in sorted((folder / name).glob("*.tex"))]
    return written


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("tables")
    return [*reports(folder), *logs(folder), *studies(folder)]


@pytest.mark.parametrize("page", PAGES)
def test_every_exported_table_fits_its_page(tables: list[str], page: str, tmp_path: Path) -> None:
    assert len(tables) > 30
    assert overfull(compiled(tables, PAGES[page], tmp_path)) == []


def test_the_compiler_would_have_said_so(tmp_path: Path) -> None:
    """The control: the same table without its scaling is seen to run off the page."""
    columns = [TableColumn(f"column {i}", False) for i in range(12)]
    table = latex(Table("wide", "Wide", columns, [["some words here"] * 12], (), []))
    bare = re.sub(r"\\resizebox.*\n", "", table).replace(r"\end{tabular}}", r"\end{tabular}")
    assert overfull(compiled([bare], PAGES["article"], tmp_path))
    assert not overfull(compiled([table], PAGES["article"], tmp_path))
