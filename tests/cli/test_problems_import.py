"""`pyrite problems import` and `pyrite problems audit` as a person meets them."""

from __future__ import annotations

import json

import pytest
import typer
from benchmark_rows import MAMO, OPTIBENCH, nl4opt_record, write_nl4opt
from typer.testing import CliRunner

from pyrite.cli import audit, importing
from pyrite.feasibility.errors import PyriteError

app = typer.Typer(pretty_exceptions_enable=False)
importing.register(app)
audit.register(app)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def mamo(tmp_path):
    path = tmp_path / "mamo.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in MAMO))
    return path


def test_import_counts_on_stdout_remarks_on_stderr(mamo, tmp_path):
    out = tmp_path / "problems.jsonl"
    result = run("import", mamo, "--out", out)
    assert result.exit_code == 0
    assert "read      4 rows" in result.stdout
    assert f"imported  2 problems into {out}" in result.stdout
    assert "left out  2 rows" in result.stdout
    assert "judged by value 2" in result.stdout
    assert "mamo.jsonl, row 4, column Answer: no answer (row left out)" in result.stderr
    assert [json.loads(line)["optimum"] for line in out.read_text().splitlines()] == [120, 1200]


def test_import_json(mamo, tmp_path):
    result = run("import", mamo, "--out", tmp_path / "p.jsonl", "--json", "--quiet")
    document = json.loads(result.stdout)
    assert (document["read"], document["imported"], document["left_out"]) == (4, 2, 2)
    assert document["notes"][1] == {
        "file": "mamo.jsonl", "row": 3, "column": "Question", "code": "no-question",
        "message": "no question", "kept": False,
    }  # fmt: skip
    assert result.stderr == ""


def test_import_then_audit_of_nl4opt(tmp_path):
    good, bad = (
        nl4opt_record(),
        nl4opt_record(document="Another kiln with an impossible order, and nothing to be done."),
    )
    bad["const_declarations"] = [*bad["const_declarations"], {"type": "sum", "limit": "1", "operator": "LESS_OR_EQUAL"}]
    out = tmp_path / "p.jsonl"
    imported = run(
        "import", write_nl4opt(tmp_path / "dev.jsonl", good, bad), "--out", out, "--integrality", "fractional"
    )
    assert "column const_declarations: the reference is itself infeasible as declared" in imported.stderr
    assert json.loads(out.read_text().splitlines()[0])["integrality"] == "fractional"
    result = run("audit", out)
    assert result.exit_code == 1
    assert "nl4opt-101: infeasible-reference: the reference is infeasible" in result.stdout
    assert "references: 2 build; infeasible 1, optimal 1; certified 2" in result.stdout


def test_audit_json_and_exit_codes(mamo, tmp_path):
    out = tmp_path / "p.jsonl"
    run("import", mamo, "--out", out)
    result = run("audit", out, "--json", "--workers", 2)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["wrong"], document["counts"]["problems"]) == (False, 2)
    with out.open("a") as stream:
        stream.write("{broken\n")
    result = run("audit", out, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["counts"]["unreadable_lines"] == 1


def test_audit_shows_every_problem_when_asked(mamo, tmp_path):
    out = tmp_path / "p.jsonl"
    run("import", mamo, "--out", out)
    quiet, full = run("audit", out).stdout, run("audit", out, "--all").stdout
    assert "mamo-easy-1" not in quiet
    assert [line.split()[-1] for line in full.splitlines() if line.startswith("mamo-")] == ["well", "well"]


def test_map(tmp_path):
    path, out = tmp_path / "t.jsonl", tmp_path / "p.jsonl"
    path.write_text(json.dumps({"q": "How many?", "z": "$7"}) + "\n")
    assert run("import", path, "--map", "text=q,optimum=z", "--out", out).exit_code == 0
    assert json.loads(out.read_text())["optimum"] == 7


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--format", "xlsx"], "there is no format 'xlsx'"),
        (["--integrality", "real"], "whole or fractional"),
        (["--map", "question=Question"], "there is no field 'question'"),
        (["--format", "nl4opt"], "none of 4 rows became a problem; the first: mamo.jsonl, row 1"),
    ],
)
def test_wrong_use_is_one_line(mamo, tmp_path, arguments, part):
    result = run("import", mamo, "--out", tmp_path / "p.jsonl", *arguments)
    assert isinstance(result.exception, PyriteError)
    assert part in result.exception.message
    assert "\n" not in result.exception.message
    assert result.exception.exit_code == 2
    assert not (tmp_path / "p.jsonl").exists()


def test_an_unknown_layout_and_a_missing_folder(tmp_path, mamo):
    strange = tmp_path / "strange.json"
    strange.write_text('[{"prompt": "a"}]')
    assert "no known layout: its columns are prompt" in str(run("import", strange, "--out", tmp_path / "p").exception)
    assert "does not exist" in str(run("import", mamo, "--out", tmp_path / "no" / "p.jsonl").exception)
    for option in (["--threshold", "0"], ["--seconds", "0"]):
        assert option[0] in str(run("audit", mamo, *option).exception)


def test_ambiguous_objectives_are_kept_and_reported(tmp_path):
    path = tmp_path / "opti.json"
    path.write_text(json.dumps(OPTIBENCH))
    result = run("import", path, "--out", tmp_path / "p.jsonl")
    assert "which is the objective value: Whether to open in A, Whether to open in B?" in result.stderr
    assert "judged by nothing 1, value 1" in result.stdout
