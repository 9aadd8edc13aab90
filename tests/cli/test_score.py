"""``pyrite score`` as a whole process: tables, JSON, bad input, Ctrl-C, resume."""

import json
import os
import signal
import subprocess
import sys
import time

import commands
import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import read_policy

PYRITE = [sys.executable, "-c", "from pyrite.cli.main import main; main()"]
GOOD = {
    "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10"},
}
LOOSE = {**GOOD, "constraints": {"oven": "2*bread + 4*cake <= 1240"}}
PROBLEMS = [
    {"id": "ref", "text": "With a reference.", "reference": GOOD, "units": {"oven": "hours"}, "family": "mix"},
    {"id": "opt", "text": "With an optimum.", "optimum": 180},
    {"id": "bare", "text": "With nothing."},
]
TEXTS = [json.dumps(GOOD), json.dumps(LOOSE), "I would bake.", json.dumps(GOOD).replace("<=", "<")]


def pyrite(*arguments, **options):
    """The command in this process; scoring too, unless the test says how many workers."""
    alone = arguments[:1] == ("score",) and "--workers" not in arguments and "--help" not in arguments
    return commands.pyrite(*arguments, *(("--workers", 0) if alone else ()), **options)


def lines(path, records):
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return path


@pytest.fixture
def files(tmp_path):
    outputs = [
        {"problem_id": problem["id"], "sample": sample, "output": text}
        for problem in PROBLEMS
        for sample, text in enumerate(TEXTS)
    ]
    return lines(tmp_path / "problems.jsonl", PROBLEMS), lines(tmp_path / "outputs.jsonl", outputs)


def one_line(done, code):
    """A failure: one line that begins with the program's name, nothing on standard output, no traceback."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("pyrite: ")
    return line


def test_the_table_of_a_run(files, tmp_path):
    done = pyrite("score", *files, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "12 outputs to 3 problems" in done.stdout
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert rows["parses"][1:4] == ["9", "3", "0"]
    assert rows["surface"][1:4] == ["6", "6", "0"]
    assert "\x1b" not in done.stdout, "plain when piped"
    assert "first failures: " in done.stdout
    assert "strict-inequality 3" in done.stdout
    assert "12 outputs judged in" in done.stderr
    verdicts = [json.loads(line) for line in (tmp_path / "run" / "verdicts.jsonl").read_text().splitlines()]
    assert [(v["problem_id"], v["sample"]) for v in verdicts] == [(p["id"], s) for p in PROBLEMS for s in range(4)]
    assert [v["substance"] for v in verdicts] == [True, False, False, False] * 2 + [True, True, False, False]
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["substance"]["passed"] == 4
    assert summary["families"]["mix"]["outputs"] == 4


def test_resume_judges_nothing_twice_and_gives_the_same_bytes(files, tmp_path):
    run = tmp_path / "run"
    first = pyrite("score", *files, "--out", run)
    verdicts, summary = (run / "verdicts.jsonl").read_bytes(), (run / "summary.json").read_bytes()
    again = pyrite("score", *files, "--out", run)
    assert again.returncode == 0
    assert "12 of 12 outputs were judged before" in again.stderr
    assert (run / "verdicts.jsonl").read_bytes() == verdicts
    (run / "verdicts.jsonl").write_bytes(b"".join(verdicts.splitlines(keepends=True)[:5]) + b'{"problem_')
    third = pyrite("score", *files, "--out", run)
    assert "5 of 12 outputs were judged before" in third.stderr
    assert (run / "summary.json").read_bytes() == summary
    assert third.stdout == first.stdout == again.stdout


def test_policies_are_not_mixed(files, tmp_path):
    run = tmp_path / "run"
    assert pyrite("score", *files, "--out", run).returncode == 0
    line = one_line(pyrite("score", *files, "--out", run, "--set", "value_tolerance=0.05"), 2)
    assert "value_tolerance was 1e-06 and is now 0.05" in line


def test_json_is_the_summary_with_verdicts_only_without_a_folder(files, tmp_path):
    done = pyrite("score", *files, "--json")
    document = json.loads(done.stdout)
    assert document["substance"]["passed"] == 4
    assert len(document["verdicts"]) == 12
    done = pyrite("score", *files, "--json", "--out", tmp_path / "run")
    assert "verdicts" not in json.loads(done.stdout)


def test_outputs_from_standard_input(files):
    done = pyrite("score", files[0], "-", stdin=files[1].read_text(), timeout=60)
    assert "12 outputs to 3 problems" in done.stdout
    one_line(pyrite("score", "-", "-", stdin=""), 2)


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_number_of_workers_changes_nothing(files, workers):
    done = pyrite("score", *files, "--json", "--workers", workers)
    document = json.loads(done.stdout)
    assert [v["substance"] for v in document["verdicts"][:4]] == [True, False, False, False]


def test_a_policy_file_and_single_settings(files, tmp_path):
    (tmp_path / "policy.toml").write_text("time_limit = 5\nvalue_tolerance = 1e-4\n")
    done = pyrite("score", *files, "--policy", tmp_path / "policy.toml", "--set", "value_tolerance=0.001")
    assert "value_tolerance=0.001, time_limit=5.0" in done.stdout
    (tmp_path / "policy.json").write_text('{"policy": {"extraction": "whole"}}')
    assert "extraction=whole" in pyrite("score", *files, "--policy", tmp_path / "policy.json").stdout


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("time_limit", "--set takes name=value"),
        ("speed=3", "unknown setting 'speed'; known are "),
        ("time_limit=fast", "time_limit is a number, not 'fast'"),
        ("max_rows=1.5", "max_rows is a whole number"),
        ("nonlinear=maybe", "nonlinear is true or false"),
        ("time_limit=-1", "time_limit must not be negative"),
        ("extraction=first", "extraction is last-object or whole"),
    ],
)
def test_wrong_settings_are_one_line(setting, reason):
    with pytest.raises(PyriteError, match=reason) as caught:
        read_policy(None, [setting])
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


def test_a_wrong_setting_on_the_command_line(files):
    assert "unknown setting 'speed'" in one_line(pyrite("score", *files, "--set", "speed=3"), 2)


def test_outputs_that_already_lie_in_the_run_folder(files, tmp_path):
    """What an answering model wrote there is scored in place."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "outputs.jsonl").write_bytes(files[1].read_bytes())
    (run / "run.json").write_text('{"model": "smol"}')
    assert pyrite("score", files[0], run / "outputs.jsonl", "--out", run).returncode == 0
    assert (run / "outputs.jsonl").read_bytes() == files[1].read_bytes()
    assert json.loads((run / "run.json").read_text())["model"] == "smol"
    assert len((run / "verdicts.jsonl").read_text().splitlines()) == 12


# Bad input ------------------------------------------------------------------------------------------------------------


def test_missing_and_empty_files(files, tmp_path):
    (tmp_path / "empty").write_text("")
    problems, outputs = files
    assert "there is no such file" in one_line(pyrite("score", tmp_path / "nothing", outputs), 2)
    assert "there is no such file" in one_line(pyrite("score", problems, tmp_path / "nothing"), 2)
    assert "is empty" in one_line(pyrite("score", tmp_path / "empty", outputs), 2)
    assert "is empty" in one_line(pyrite("score", problems, tmp_path / "empty"), 2)
    assert "there is no such file" in one_line(pyrite("score", *files, "--policy", tmp_path / "none.toml"), 2)
    assert "is a file" in one_line(pyrite("score", *files, "--out", outputs), 2)


def test_broken_lines_are_named_and_counted_and_strict_stops(files):
    problems, outputs = files
    good = outputs.read_text().splitlines()
    mixed = [
        good[0],
        "{broken",
        good[1],
        json.dumps({"problem_id": "nobody", "output": "x"}),
        good[1],
        '{"problem_id": "opt", "output": 3}',
        good[2],
    ]
    lines(outputs, mixed)
    done = pyrite("score", problems, outputs)
    assert done.returncode == 0
    # A number is a text without an answer: it counts, as wrong.
    assert "4 outputs to 2 problems" in done.stdout
    for said in (
        f"{outputs}, line 2: not JSON",
        f"{outputs}, line 5: problem 'ref' sample 1 was already given with the same text in line 3; the first counts",
        "2 remarks on the files' lines",
        f"problem 'nobody' (sample 0) is not in {problems}",
        "1 outputs answer unknown problems and were passed over",
    ):
        assert said in done.stderr
    assert "line 2: not JSON" in one_line(pyrite("score", problems, outputs, "--strict"), 2)
    lines(outputs, [mixed[3]])
    assert "problem 'nobody' (sample 0) is not in" in one_line(pyrite("score", problems, outputs, "--strict"), 2)
    done = pyrite("score", problems, outputs)
    assert done.returncode == 2
    assert "no output answers a problem" in done.stderr


def test_duplicate_problem_ids(files):
    problems, outputs = files
    lines(problems, [*PROBLEMS, PROBLEMS[0]])
    done = pyrite("score", problems, outputs)
    assert done.returncode == 0
    assert "line 4: the id 'ref' was already used in line 1; the first counts" in done.stderr
    assert "line 4" in one_line(pyrite("score", problems, outputs, "--strict"), 2)


def test_wrong_encodings(files, tmp_path):
    problems, outputs = files
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(
        outputs.read_text().encode() + '{"problem_id": "opt", "sample": 9, "output": "süß"}\n'.encode("latin-1")
    )
    done = pyrite("score", problems, latin)
    assert done.returncode == 0
    assert "not UTF-8 (byte" in done.stderr
    assert "read as Windows-1252" in done.stderr
    assert "13 outputs" in done.stdout
    latin.write_text(outputs.read_text(), encoding="utf-16")
    assert "12 outputs" in pyrite("score", problems, latin).stdout


def test_huge_and_hostile_outputs_lose_nothing(files):
    """50 MB of text, a million brackets, a thousand million index combinations: verdicts like all others."""
    problems, outputs = files
    sets = {"S": list(range(1000))}
    boundless = {
        "sets": sets,
        "variables": {"x": {"index": ["S", "S", "S"], "domain": "continuous", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "sum(x[i,j,k] for i in S for j in S for k in S)"},
        "constraints": {},
    }
    texts = [TEXTS[0], "x" * 50_000_000, "[" * 1_000_000, '{"a":' * 1_000_000, json.dumps(boundless), TEXTS[0]]
    lines(outputs, [{"problem_id": "opt", "output": text} for text in texts])
    done = pyrite("score", problems, outputs, "--json")
    assert done.returncode == 0, done.stderr
    verdicts = json.loads(done.stdout)["verdicts"]
    firsts = [next((s for s, r in v["stages"].items() if r["status"] != "pass"), None) for v in verdicts]
    codes = [v["stages"][stage].get("code") if stage else None for v, stage in zip(verdicts, firsts, strict=True)]
    assert codes[1] == "output-too-long"
    assert codes[4] == "too-many-columns"
    assert [v["substance"] for v in verdicts] == [True, False, False, False, False, True]


# Stopping -------------------------------------------------------------------------------------------------------------


def test_ctrl_c_leaves_a_resumable_run(files, tmp_path):
    problems, outputs = files
    rows = [f"r{i}: 1" for i in range(3)]
    slow = {**GOOD, "constraints": {**GOOD["constraints"], **dict.fromkeys(rows, "bread >= 1")}}
    texts = [
        json.dumps({**slow, "objective": {"sense": "maximize", "expression": f"{n}*bread"}}) for n in range(1, 1201)
    ]
    lines(outputs, [{"problem_id": "bare", "output": text} for text in texts])
    run = tmp_path / "run"
    command = [*PYRITE, "score", str(problems), str(outputs), "--out", str(run), "--workers", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    verdicts = run / "verdicts.jsonl"
    until = time.monotonic() + 30
    while time.monotonic() < until and not (verdicts.exists() and verdicts.stat().st_size > 2_000):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert "of 1,200 outputs; run the same command again to go on" in err
    assert out == ""
    done = len(verdicts.read_text().splitlines())
    assert 0 < done < 1200
    again = pyrite("score", problems, outputs, "--out", run, timeout=120)
    assert again.returncode == 0, again.stderr
    assert f"{done:,} of 1,200 outputs were judged before" in again.stderr
    kept = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert [v["sample"] for v in kept] == list(range(1200))
    wrong = [v for n, v in enumerate(kept, 1) if v.get("optimum") != 60.0 * n]
    assert not wrong, wrong[:2]


def test_a_killed_run_goes_on_too(files, tmp_path):
    problems, outputs = files
    run = tmp_path / "run"
    assert pyrite("score", problems, outputs, "--out", run).returncode == 0
    whole = (run / "verdicts.jsonl").read_bytes()
    process = subprocess.Popen(
        [*PYRITE, "score", str(problems), str(outputs), "--out", str(run)], start_new_session=True
    )
    process.kill()
    process.wait()
    assert pyrite("score", problems, outputs, "--out", run).returncode == 0
    assert (run / "verdicts.jsonl").read_bytes() == whole


def test_two_at_once_into_one_folder_is_refused(files, tmp_path):
    from pyrite.results.run import RunFolder

    run = tmp_path / "run"
    assert pyrite("score", *files, "--out", run).returncode == 0
    with RunFolder(run).verdict_writer():
        assert "another process is writing to it" in pyrite("score", *files, "--out", run).stderr
