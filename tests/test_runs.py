"""Runs and comparisons from Python: the numbers of the commands, and nothing of a stranger's text as markup."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pyrite
from pyrite.feasibility.errors import PyriteError
from pyrite.runs import frame, html_tables

ROOT = Path(__file__).parents[1]
GATE = ROOT / "tests" / "gate"
EVIL = "<script>alert(1)</script>\x1b[31m"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of twelve stored outputs; the second answers some problems with another's answer."""
    folder = tmp_path_factory.mktemp("runs")
    problems = [json.loads(line) for line in (GATE / "problems.jsonl").read_text().splitlines()]
    outputs = [json.loads(line) for line in (GATE / "outputs.jsonl").read_text().splitlines()]
    problems = problems[:12]
    names = {problem["id"] for problem in problems}
    first = [output for output in outputs if output["problem_id"] in names and output["sample"] == 4]
    second = [{**output, "output": EVIL} if place % 2 == 0 else output for place, output in enumerate(first)]
    write(folder / "p.jsonl", problems)
    for name, rows in (("first", first), ("second", second)):
        write(folder / f"{name}.jsonl", rows)
        command = [sys.executable, "-m", "pyrite", "score", "p.jsonl", f"{name}.jsonl", "--out", name, "--workers", "1"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "first", folder / "second"


def test_a_run_is_what_its_files_say(runs: tuple[Path, Path]) -> None:
    run = pyrite.load_run(runs[0])
    summary = json.loads((runs[0] / "summary.json").read_text())
    assert len(run) == summary["outputs"] == len(run.outputs)
    for outcome in ("surface", "substance"):
        assert run.rate(outcome).to_dict() == summary[outcome]
    assert run.rate("substance", given_surface=True).to_dict() == summary["substance_given_surface"]
    key = next(iter(run.verdicts))
    assert run.verdicts[key].problem_id == run.problems[key[0]].id == run.outputs[key].problem_id
    assert repr(run).startswith(f"<run first: {len(run)} outputs to 12 problems, surface ")


def test_a_frame_has_a_row_an_output(runs: tuple[Path, Path]) -> None:
    pandas = pytest.importorskip("pandas")
    run = pyrite.load_run(runs[0])
    table = run.frame()
    assert isinstance(table, pandas.DataFrame)
    assert len(table) == len(run)
    assert table.surface.sum() == run.rate("surface").passed
    assert (table.substance == True).sum() == run.rate("substance").passed  # noqa: E712 - None is neither


def test_polars_has_the_same_rows(runs: tuple[Path, Path]) -> None:
    polars = pytest.importorskip("polars")
    run = pyrite.load_run(runs[0])
    table = run.frame(library="polars")
    assert isinstance(table, polars.DataFrame)
    assert table.shape == run.frame().shape
    assert table["surface"].sum() == run.rate("surface").passed
    assert table["substance"].sum() == run.rate("substance").passed


def test_a_comparison_is_the_commands(runs: tuple[Path, Path]) -> None:
    found = pyrite.compare(*runs)
    command = [sys.executable, "-m", "pyrite", "compare", *map(str, runs), "--json"]
    printed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found.records() == printed["changes"]
    assert len(found.flips) == len(printed["flips"])
    assert found.changes["surface"].lost == sum(flip.outcome == "surface" for flip in found.flips) > 0
    assert "substance" in repr(found)
    assert "(Holm)" in repr(found)
    assert repr(pyrite.compare(pyrite.load_run(runs[0]), runs[1])) == repr(found)


def test_what_they_show_in_a_notebook_is_text(runs: tuple[Path, Path]) -> None:
    shown: list[Any] = [pyrite.load_run(runs[1]), pyrite.compare(*runs), *pyrite.load_run(runs[1]).verdicts.values()]
    for item in shown:
        page = item._repr_html_()
        assert "<script" not in page
        assert "\x1b" not in page
        assert "<table" in page
    bad = pyrite.Verdict.from_dict({"problem_id": EVIL, "stages": {"parses": {"status": "fail", "code": EVIL}}})
    assert "<script" not in bad._repr_html_()
    assert "\x1b" not in repr(bad)


def test_score_takes_paths(runs: tuple[Path, Path]) -> None:
    folder = runs[0].parent
    verdicts = pyrite.score(folder / "p.jsonl", str(folder / "first.jsonl"), workers=0)
    stored = pyrite.load_run(runs[0]).verdicts
    assert {(v.problem_id, v.sample): (v.surface, v.substance) for v in verdicts} == {
        key: (v.surface, v.substance) for key, v in stored.items()
    }


def test_a_problem_from_a_file(runs: tuple[Path, Path], tmp_path: Path) -> None:
    problems = runs[0].parent / "p.jsonl"
    wanted = json.loads(problems.read_text().splitlines()[3])
    assert pyrite.Problem.from_file(problems, wanted["id"]).text == wanted["text"]
    (tmp_path / "one.json").write_text(json.dumps(wanted, indent=2))
    assert pyrite.Problem.from_file(tmp_path / "one.json").id == wanted["id"]
    with pytest.raises(PyriteError, match="one problem is wanted; it has 12: "):
        pyrite.Problem.from_file(problems)
    with pytest.raises(PyriteError, match="problem 'nobody' is wanted"):
        pyrite.Problem.from_file(problems, "nobody")
    (tmp_path / "bad.jsonl").write_text('{"id": "x"}\nno\n')
    with pytest.raises(PyriteError, match="line 2 is no JSON"):
        pyrite.Problem.from_file(tmp_path / "bad.jsonl")


def test_bad_words_are_said(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match="is not a run folder"):
        pyrite.load_run(tmp_path)
    with pytest.raises(PyriteError, match="the outcome is one of"):
        pyrite.load_run(runs[0]).rate("substence")
    with pytest.raises(PyriteError, match="pandas or polars"):
        frame([], "dask")
    assert html_tables([]) == ""
