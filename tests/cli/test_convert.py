"""``pyrite convert`` as a person and as a program use it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from commands import pyrite
from formulations import INDEXED as PLAN
from formulations import PLAIN as BAKERY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bakery.json").write_text(json.dumps(BAKERY))
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    return tmp_path


def test_around_the_formats_and_back(folder: Path) -> None:
    names = ["bakery.json", "a.mof.json", "b.lp", "c.mps", "d.json"]
    for one, two in pairwise(names):
        done = pyrite("convert", folder / one, folder / two)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert done.stderr == f"{folder / two}: 2 variables, 2 constraints\n"
    assert json.loads((folder / "d.json").read_text()) == BAKERY


def test_an_indexed_formulation_is_written_out(folder: Path) -> None:
    done = pyrite("convert", folder / "plan.json", folder / "plan.lp", "--json")
    assert json.loads(done.stdout) == {
        "from": "json", "to": "lp", "columns": 12, "rows": 7, "integers": 6, "quadratic": False, "notes": []
    }  # fmt: skip
    assert " labor_1: + make_bread_1 + make_cake_1 <= 40" in (folder / "plan.lp").read_text().splitlines()
    done = pyrite("convert", folder / "plan.lp", "-", "--to", "mof")
    assert json.loads(done.stdout)["variables"][0] == {"name": "make[bread,1]"}


def test_standard_input_and_output(folder: Path) -> None:
    done = pyrite("convert", "-", "-", "--from", "json", "--to", "MPS", stdin=json.dumps(BAKERY))
    assert done.stdout.startswith("NAME pyrite\nOBJSENSE\n    MAX\n")
    assert done.stderr == ""


def test_notes_go_to_standard_error(folder: Path) -> None:
    document = {**BAKERY, "constraints": {"third": "bread/3 <= 5"}}
    done = pyrite("convert", "-", "-", "--from", "json", "--to", "lp", stdin=json.dumps(document))
    assert done.returncode == 0
    expected = "pyrite: row third: 1/3 has no short finite decimal and is written as 0.33333333333333333"
    assert done.stderr.startswith(expected)


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["nope.json", "x.lp"], "", "nope.json: there is no such file"),
        (["bakery.json", "x.nl"], "", "x.nl: the suffix says no format"),
        (["-", "x.lp"], "", "- has no suffix: say --from json, mof, lp or mps"),
        (["bakery.json", "-", "--to", "gms"], "", "--to is json, mof, lp or mps, not 'gms'"),
        (["bakery.json", "-", "--to", "lp", "--json"], "", "--json and OUT - both want standard output"),
        (["bakery.json", "no/folder/x.lp"], "", "no/folder/x.lp cannot be written"),
        (["-", "x.lp", "--from", "lp"], "max x", "standard input: not LP: line 1: the file has no `end`"),
        (["-", "x.lp", "--from", "json"], "{}", "standard input: "),
        (["-", "x.lp", "--from", "json"], json.dumps({**BAKERY, "constraints": {"c": "q <= 1"}}), "undeclared-name"),
        (
            ["-", "x.lp", "--from", "mps"],
            "ROWS\n N OBJ\nSOS\nENDATA\n",
            "MPS feature `SOS` at line 3 has no counterpart",
        ),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], stdin: str, message: str
) -> None:
    monkeypatch.chdir(folder)
    done = pyrite("convert", *arguments, stdin=stdin)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("pyrite: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["bakery.json", "plan.json"]  # nothing half-written


def test_an_existing_file_is_kept_when_the_conversion_fails(folder: Path) -> None:
    target = folder / "old.lp"
    target.write_text("keep me")
    bad = {**BAKERY, "constraints": {"c": "bread/cake <= 1"}}
    assert pyrite("convert", "-", target, "--from", "json", stdin=json.dumps(bad)).returncode == 2
    assert target.read_text() == "keep me"
