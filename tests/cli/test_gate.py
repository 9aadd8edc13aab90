"""The gate as a command: baselines, files for CI systems, exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

import pytest

from pyrite.cli.main import main
from pyrite.reports.gate.deciding import BrokenRule, Decision, RuleResult
from pyrite.reports.gate.github import SUMMARY_BYTES, commands, summary

GOOD = (
    '{"variables":{"x":{"domain":"integer","lower":0}},"objective":{"sense":"maximize","expression":"3*x"},'
    '"constraints":{"cap":"2*x <= 7"}}'
)
BAD = GOOD.replace('"2*x <= 7"', '"2*x <= 7","low":"x >= 9"')


def pyrite(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, with these variables and without the CI system's own."""
    out, err = io.StringIO(), io.StringIO()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    with (
        mock.patch.dict(os.environ, kept | environment, clear=True),
        mock.patch.object(sys, "argv", ["pyrite", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    code = ended.value.code
    return subprocess.CompletedProcess([], code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


def make_run(folder: Path, outputs: dict[str, str], problems: int = 12) -> Path:
    """A scored run: problems p0.. with one reference, an output each."""
    folder.mkdir(parents=True)
    lines = [
        json.dumps({"id": f"p{i}", "text": "Pack.", "reference": json.loads(GOOD), "family": "packing"})
        for i in range(problems)
    ]
    (folder / "in.jsonl").write_text("\n".join(lines) + "\n")
    answers = [
        json.dumps({"problem_id": f"p{i}", "sample": 0, "output": outputs.get(f"p{i}", GOOD)}) for i in range(problems)
    ]
    (folder / "out.jsonl").write_text("\n".join(answers) + "\n")
    done = pyrite("score", folder / "in.jsonl", folder / "out.jsonl", "--out", folder / "run", "--workers", 0)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A good run, a regressed one, and the good one's baseline."""
    base = tmp_path_factory.mktemp("gate")
    good = make_run(base / "good", {})
    bad = make_run(base / "bad", {f"p{i}": BAD for i in range(9)})
    baseline = base / "baseline.json"
    done = pyrite("gate", good, "--write-baseline", baseline)
    assert done.returncode == 0, done.stderr
    return good, bad, baseline


def test_baseline_is_byte_stable_and_small(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    good, _, baseline = runs
    again = tmp_path / "again.json"
    assert pyrite("gate", good, "--write-baseline", again).returncode == 0
    assert again.read_bytes() == baseline.read_bytes()
    document = json.loads(baseline.read_text())
    assert document["problems"]["p0"][2] == "ppppppppp/p"
    assert sum('"p' in line and "packing" in line for line in baseline.read_text().splitlines()) == 12


def test_pass_and_fail(runs: tuple[Path, Path, Path]) -> None:
    good, bad, baseline = runs
    passed = pyrite("gate", good, "--baseline", baseline)
    assert passed.returncode == 0
    assert "gate PASSED" in passed.stdout
    failed = pyrite("gate", bad, "--baseline", baseline)
    assert failed.returncode == 1
    assert "stages.feasible.max_drop" in failed.stdout
    assert "p0: feasible" in failed.stdout
    document = json.loads(pyrite("gate", bad, "--baseline", baseline, "--json").stdout)
    assert document["decision"] == "fail"
    assert len(document["broken"]) == 9


def test_rules_file_and_flags(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, bad, baseline = runs
    rules = tmp_path / "gate.toml"
    rules.write_text('[gate]\nprotected = ["p11"]\n[gate.stages.feasible]\nmin_rate = 0.1\n')
    kept = pyrite("gate", bad, "--baseline", baseline, "--rules", rules)
    assert kept.returncode == 1, "a file that names one stage does not take the defaults away"
    assert "stages.substance.max_drop" in kept.stdout
    rules.write_text(rules.read_text().replace("[gate]\n", '[gate]\noff = ["feasible", "substance"]\n'))
    off = pyrite("gate", bad, "--baseline", baseline, "--rules", rules)
    assert off.returncode == 0
    assert "a loss of it passes this gate" in off.stdout
    assert pyrite("gate", bad, "--baseline", baseline, "--off", "feasible", "--off", "substance").returncode == 0
    assert pyrite("gate", bad, "--baseline", baseline, "--rules", rules, "--protect", "p0").returncode == 1
    assert pyrite("gate", bad, "--baseline", baseline, "--rules", rules, "--max-broken", "feasible=8").returncode == 1
    wrong = pyrite("gate", bad, "--baseline", baseline, "--max-drop", "feasable=0.1")
    assert wrong.returncode == 2
    assert "did you mean feasible?" in wrong.stderr


def test_junit_has_a_case_a_problem(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, bad, baseline = runs
    path = tmp_path / "junit.xml"
    pyrite("gate", bad, "--baseline", baseline, "--junit", path, "--pages", "https://ci.example/report")
    root = ElementTree.parse(path).getroot()
    cases = root.findall(".//testcase")
    assert len(cases) == 13
    assert int(root.attrib["failures"]) == len(root.findall(".//failure")) == 10
    text = root.findall(".//failure")[1].text or ""
    assert "https://ci.example/report/problems/p0.html" in text
    assert "cap" in text


def test_gitlab_code_quality(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, bad, baseline = runs
    path = tmp_path / "quality.json"
    pyrite("gate", bad, "--baseline", baseline, "--code-quality", path)
    issues = json.loads(path.read_text())
    assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(issues[0])
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}


def test_github_annotations_and_summary(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, bad, baseline = runs
    page = tmp_path / "summary.md"
    done = pyrite("gate", bad, "--baseline", baseline, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(page))
    lines = [line for line in done.stdout.splitlines() if line.startswith("::")]
    notes = [line for line in lines if not line.startswith(("::stop-commands::", "::pyrite-"))]
    assert len(notes) == 10
    assert notes[0].startswith("::error file=")
    assert "baseline.json,line=1,title=pyrite gate%3A stages." in notes[0]
    token = lines[10].removeprefix("::stop-commands::")
    assert lines[-1] == f"::{token}::"
    assert done.stdout.index("gate FAILED") > done.stdout.index("::stop-commands::"), "foreign text stands between"
    assert "## Gate failed" in page.read_text()


def test_summary_keeps_to_its_limit() -> None:
    broken = tuple(BrokenRule(f"problem-{i}", "feasible", "because | of <b>\n" * 20, "", False) for i in range(20_000))
    rule = RuleResult("stages.feasible.max_drop", "fail", "100 % lost\nreally")
    decision = Decision("fail", (rule,), (), broken, (), (), (), (), (), "base", "run")
    text = summary(decision)
    assert len(text.encode()) < SUMMARY_BYTES
    assert "more" in text[-100:]
    assert "<b>" not in text
    first = commands(decision, "base.json")[0]
    assert "100 %25 lost really" in first


@pytest.mark.parametrize("damage", ["no verdicts", "unjudged", "unanswered", "no folder"])
def test_incomplete_runs_are_refused(runs: tuple[Path, Path, Path], tmp_path: Path, damage: str) -> None:
    import shutil

    good, _, _ = runs
    copy = tmp_path / "copy"
    if damage != "no folder":
        shutil.copytree(good, copy)
    if damage == "no verdicts":
        (copy / "verdicts.jsonl").unlink()
    if damage == "unjudged":
        lines = (copy / "verdicts.jsonl").read_text().splitlines()
        (copy / "verdicts.jsonl").write_text("\n".join(lines[:-1]) + "\n")
    if damage == "unanswered":
        for name in ("verdicts.jsonl", "outputs.jsonl"):
            lines = (copy / name).read_text().splitlines()
            (copy / name).write_text("\n".join(line for line in lines if '"p3"' not in line) + "\n")
    done = pyrite("gate", copy, "--write-baseline", tmp_path / "b.json")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "b.json").exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"format": "other"}', '{"format": "pyrite baseline 1", "problems": {"p": []}}']
)
def test_damaged_baselines_are_refused(runs: tuple[Path, Path, Path], tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    done = pyrite("gate", runs[0], "--baseline", path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_another_policy_is_refused(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    good, _, baseline = runs
    folder = good.parent
    done = pyrite(
        "score", folder / "in.jsonl", folder / "out.jsonl", "--out", tmp_path / "run", "--set", "value_tolerance=0.05"
    )
    assert done.returncode == 0, done.stderr
    done = pyrite("gate", tmp_path / "run", "--baseline", baseline)
    assert done.returncode == 2
    assert "value_tolerance" in done.stderr


def test_a_gate_that_cannot_decide_is_an_error_in_every_format(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    good, _, _ = runs
    junit, output = tmp_path / "junit.xml", tmp_path / "output"
    missing = tmp_path / "no.json"
    done = pyrite("gate", good, "--baseline", missing, "--junit", junit, GITHUB_ACTIONS="true")
    assert done.returncode == 2
    root = ElementTree.parse(junit).getroot()
    assert (root.attrib["errors"], root.attrib["failures"]) == ("1", "0")
    assert "no such file" in (root.findall(".//error")[0].text or "")
    assert [line for line in done.stdout.splitlines() if line.startswith("::error file=")]
    assert not output.exists()


def test_the_action_gets_rates_as_outputs(runs: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, bad, baseline = runs
    output = tmp_path / "output"
    pyrite("gate", bad, "--baseline", baseline, GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(output))
    found = dict(line.split("=") for line in output.read_text().splitlines())
    assert found["decision"] == "fail"
    assert float(found["substance-run"]) < float(found["substance-baseline"]) == 1.0


def test_a_baseline_of_another_version_is_compared_on_what_both_have(
    runs: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """The third stage was called otherwise once; a stage that is gone, and one that is not known here."""
    good, bad, baseline = runs
    document = json.loads(baseline.read_text())
    old = tmp_path / "old.json"
    document["stages"] = ["parses", "schema", "references", "feasible", "robust"]
    for record in document["problems"].values():
        record[2:] = [f"{letters[:3]}{letters[4]}p/{letters[-1]}" for letters in record[2:]]
    old.write_text(json.dumps(document))
    assert pyrite("gate", good, "--baseline", old).returncode == 0
    assert pyrite("gate", bad, "--baseline", old).returncode == 1


def test_rules_name_stages_of_every_ladder(tmp_path: Path) -> None:
    reference = json.loads(GOOD)
    plan = json.dumps({"values": {"x": 3}, "objective": 9})
    worse = json.dumps({"values": {"x": 1}, "objective": 3})
    lines = [json.dumps({"id": f"p{i}", "text": "Pack.", "task": "plan", "reference": reference}) for i in range(12)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    for name, text in (("good", plan), ("bad", worse)):
        answers = [json.dumps({"problem_id": f"p{i}", "sample": 0, "output": text}) for i in range(12)]
        (tmp_path / "out.jsonl").write_text("\n".join(answers) + "\n")
        done = pyrite("score", tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--out", tmp_path / name, "--workers", 0)
        assert done.returncode == 0, done.stderr
    baseline, rules = tmp_path / "base.json", tmp_path / "gate.toml"
    assert pyrite("gate", tmp_path / "good", "--write-baseline", baseline).returncode == 0
    rules.write_text("[gate]\noff = ['substance']\n[gate.stages.optimal]\nmin_rate = 0.9\n")
    done = pyrite("gate", tmp_path / "good", "--baseline", baseline, "--rules", rules)
    assert done.returncode == 0, done.stdout + done.stderr
    done = pyrite("gate", tmp_path / "bad", "--baseline", baseline, "--rules", rules)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "optimal is 0.0 %" in done.stdout
    done = pyrite(
        "gate", tmp_path / "bad", "--baseline", baseline, "--max-broken", "inequalities=0", "--off", "substance"
    )
    assert done.returncode == 0
    done = pyrite("gate", tmp_path / "good", "--baseline", baseline, "--min-rate", "sound=0.9")
    assert done.returncode == 0
    assert "no problem has a known result for sound in both runs, so its limits were not applied" in done.stdout
    done = pyrite("gate", tmp_path / "good", "--baseline", baseline, "--min-rate", "optimum=0.9")
    assert done.returncode == 2
    assert "did you mean optimal?" in done.stderr
