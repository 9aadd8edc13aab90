"""``pyrite check`` as a whole process: reads like a linter, exits like one."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import pyrite
from formulations import INDEXED
from formulations import PLAIN as GOOD

PYRITE = [sys.executable, "-c", "from pyrite.cli.main import main; main()"]


def check(document, *arguments, stdin=None):
    if document is not None:
        stdin = document if isinstance(document, str) else json.dumps(document)
    return pyrite("check", "-", *arguments, stdin=stdin)


def changed(part, **values):
    return {**GOOD, part: {**GOOD[part], **values}}


def test_the_first_example_of_the_language():
    done = check(GOOD)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == (
        "ok  parses\n"
        "ok  schema\n"
        "ok  names\n"
        "ok  builds    mixed-integer, 2 columns, 2 rows\n"
        "ok  feasible\n"
        "ok  bounded   optimum 180  certified\n"
        "\n"
        "surface: yes   substance: yes (decided by bounded)   proof: certified\n"
    )


def test_the_second_example_of_the_language():
    done = check(INDEXED)
    assert done.returncode == 0
    assert "mixed-integer, 12 columns, 7 rows" in done.stdout
    assert "optimum 600  certified" in done.stdout


def test_an_error_points_at_the_character_and_says_what_to_write():
    done = check(changed("constraints", oven="2*bread + 4*pie < 120"))
    assert done.returncode == 1
    assert "NO  names     strict-inequality" in done.stdout
    lines = done.stdout.splitlines()
    row = lines.index("      2*bread + 4*pie < 120")
    assert lines[row + 1].rstrip() == "                      ^"
    assert lines[row + 2] == "  hint: write <="


def test_a_fault_in_the_text_points_into_the_text():
    text = json.dumps(GOOD).replace('"oven": ', '"oven": NaN, "x": ')
    done = check(text)
    assert "parses: not-finite" in done.stdout
    line = next(line for line in done.stdout.splitlines() if "NaN," in line)
    caret = done.stdout.splitlines()[done.stdout.splitlines().index(line) + 1]
    assert line[caret.index("^") :].startswith("NaN")


def test_a_long_line_is_cut_around_the_caret():
    long = " + ".join(["bread"] * 200) + " + pie <= 1"
    done = check(changed("constraints", long=long))
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if set(line.strip()) == {"^"})
    assert lines[at - 1][lines[at].index("^") :].startswith("pie")
    assert len(lines[at - 1]) < 120


def test_control_characters_of_an_output_do_not_reach_the_terminal():
    done = check(json.dumps(GOOD).replace("oven", "ov\\u001b[31men").replace("<= 120", "<= \\u0007\\u001b[2J"))
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_a_terminal_without_the_letters_gets_their_numbers():
    text = json.dumps(GOOD, ensure_ascii=False).replace("oven", "Öfen ∑").replace("2*bread", "2*pie")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    command = [*PYRITE, "check", "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, env=environment, check=False)
    assert done.returncode == 1
    assert b"/constraints/\xd6fen \\u2211" in done.stdout


def test_a_conflict_is_listed_with_its_numbers():
    done = check(changed("constraints", contract="bread >= 70"))
    assert done.returncode == 1
    assert "no plan is possible: oven, contract and cake >= 0 cannot hold together" in done.stdout
    assert "      oven: 2*bread + 4*cake <= 120" in done.stdout
    assert "      contract: bread >= 70" in done.stdout
    assert "      bound: cake >= 0" in done.stdout


def test_against_a_problem(tmp_path):
    problems = tmp_path / "p.jsonl"
    problem = {"id": "bakery", "text": "Bake.", "reference": GOOD, "units": {"oven": "hours"}}
    problems.write_text(json.dumps(problem) + "\n" + json.dumps({"id": "other", "text": "x"}) + "\n")
    arguments = ("--problem", "bakery", "--problems", problems)
    assert check(GOOD, *arguments).returncode == 0
    done = check(changed("constraints", oven="2*bread + 4*cake <= 1240"), *arguments)
    assert done.returncode == 1
    assert "its plan breaks the problem: oven uses 1,240 hours, 120 exist (1,120 too many)" in done.stdout
    done = check(GOOD, "--problem", "cakery", "--problems", problems)
    assert done.returncode == 2
    assert done.stderr == f"pyrite: {problems} has no problem 'cakery'; it has bakery, other\n"


def test_json():
    done = check(GOOD, "--json")
    document = json.loads(done.stdout)
    assert document["ok"] is True
    assert document["stages"]["bounded"]["plan"] == {"bread": 60.0, "cake": 0.0}
    document = json.loads(check("prose", "--json").stdout)
    assert document["ok"] is False
    assert document["stages"]["parses"]["code"] == "no-json"


def test_unknown_is_no_yes():
    done = check({**changed("constraints", area="bread*cake >= 3")})
    assert done.returncode == 1
    assert "??  builds    nonlinear" in done.stdout
    assert "substance: unknown" in done.stdout


def test_a_file_and_its_absence(tmp_path):
    path = tmp_path / "f.json"
    path.write_text("\ufeff" + json.dumps(GOOD), encoding="utf-8")
    assert pyrite("check", path).returncode == 0
    path.write_bytes(b"\xff\xfe{}")
    for arguments, reason in (
        ((tmp_path / "none.json",), "there is no such file"),
        ((path,), "is not UTF-8 (byte 1); save it as UTF-8"),
        ((path, "--problem", "p"), "--problem ID and --problems FILE go together"),
    ):
        done = pyrite("check", *arguments)
        assert done.returncode == 2
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("solver", ["appsi_highs"])
def test_a_second_opinion_agrees(solver):
    done = check(INDEXED, "--solver", solver)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"second opinion: {solver} agrees: optimal, 600 (here: optimal, 600)" in done.stdout
    document = json.loads(check(changed("constraints", contract="bread >= 70"), "--solver", solver, "--json").stdout)
    assert document["second_opinion"]["status"] == "infeasible"
    assert document["second_opinion"]["agrees"] is True
    assert document["ok"] is False


def test_a_second_opinion_that_disagrees_is_said_and_exits_1(monkeypatch, capsys, tmp_path):
    import typer

    from pyrite.cli import check as module
    from pyrite.feasibility.pyomo import solving as pyomo_solving

    lie = pyomo_solving.PyomoAnswer("optimal", 181.0)
    monkeypatch.setattr(pyomo_solving, "solve_with", lambda *_, **__: lie)
    path = tmp_path / "f.json"
    path.write_text(json.dumps(GOOD))
    with pytest.raises(typer.Exit) as caught:
        module.check_command(str(path), None, None, "other", None, None, False)
    assert caught.value.exit_code == 1
    assert "second opinion: other DISAGREES: optimal, 181 (here: optimal, 180)" in capsys.readouterr().out


def test_an_unknown_solver_is_one_line():
    done = check(GOOD, "--solver", "no-such-solver")
    assert done.returncode == 2
    assert done.stderr.startswith("pyrite: solver 'no-such-solver' is not on this machine; Pyomo finds: ")


def test_a_formulation_that_outlives_its_limit_is_shown_as_far_as_it_came():
    """Large enough that the worker is killed in the middle of solving; the stages before it passed."""
    members = list(range(300))
    document = {
        "sets": {"S": members},
        "variables": {"x": {"index": ["S", "S"], "domain": "continuous", "lower": 0, "upper": 1}},
        "objective": {"sense": "maximize", "expression": "sum(x[i,j]*(i + 0.37*j) for i in S for j in S)"},
        "constraints": {"c": {"for": "i in S", "expression": "sum(x[i,j]*0.1 for j in S) <= 3"}},
    }
    done = check(document, "--set", "time_limit=0.2")
    assert done.returncode == 1
    assert "ok  schema" in done.stdout
    assert "time-limit" in done.stdout
    assert "substance: unknown" in done.stdout


def test_hostile_formulations_end_within_the_limit():
    sets = {"S": list(range(1000))}
    document = {
        **GOOD,
        "sets": sets,
        "constraints": {"c": {"for": "i in S, j in S, k in S", "expression": "i*bread <= j*k"}},
    }
    started = time.monotonic()
    assert "builds: too-many-rows" in check(document).stdout
    assert "parses: " in check("[" * 1_000_000).stdout
    assert time.monotonic() - started < 100


def test_model_files_are_read_by_their_suffix(tmp_path: Path) -> None:
    import gzip

    lp, packed = tmp_path / "a.lp", tmp_path / "a.qps.gz"
    lp.write_text("minimize\n obj: 2x + 3y\nst\n c1: x + y >= 4\n c2: 2x + y >= 5\n d: x >= -inf\nend\n")
    done = pyrite("check", lp)
    assert done.returncode == 0
    assert "optimum 8" in done.stdout
    assert "line 6: row d has only infinite sides" in done.stderr
    text = "NAME\nROWS\n N C\n G R\nCOLUMNS\n X C 1 R 1\nRHS\n RHS R 2\nQSECTION C\n X X 2\nENDATA\n"
    packed.write_bytes(gzip.compress(text.encode()))
    done = pyrite("check", packed)
    assert (done.returncode, "optimum 6" in done.stdout) == (0, True)
    packed.write_bytes(gzip.compress(text.encode())[:40])
    done = pyrite("check", packed)
    assert (done.returncode, done.stderr.count("\n"), "not whole gzip" in done.stderr) == (2, 1, True)


def test_what_convert_writes_is_never_too_long_for_check(tmp_path: Path) -> None:
    lp, document = tmp_path / "long.lp", tmp_path / "long.json"
    terms = " + ".join(f"{number}.25 a_variable_with_a_long_name_{number}" for number in range(1, 3000))
    lp.write_text(f"min\n obj: {terms}\nst\n c: a_variable_with_a_long_name_1 >= 1\nend\n")
    done = pyrite("convert", lp, document)
    assert "`check` takes it" in done.stderr
    assert pyrite("check", document).returncode == 0
    strict = pyrite("check", document, "--set", "max_expression_chars=50000")
    assert strict.returncode == 1
