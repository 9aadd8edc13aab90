"""Foreign folders, full disks, signals and defects, over the commands as a shell sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from commands import pyrite

from pyrite.cli.console import bold
from pyrite.cli.main import main
from pyrite.feasibility.disk import plain_file, write_whole
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.one_line import in_json, lines, one_line, printed

PYRITE = [sys.executable, "-m", "pyrite"]
NASTY = "p\n::error::PWNED\r\x1b[31m\x9b2J\u202eabc\u2066##[error]x\u2028::warning::y"
GOOD = (
    '{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": "maximize", '
    '"expression": "3*x"}, "constraints": {"cap": "2*x <= 9"}}'
)


def test_one_line_is_one_harmless_line() -> None:
    shown = one_line(NASTY)
    assert "\n" not in shown
    assert shown.isprintable()
    assert one_line("plain words, 3 <= x & ünïcode — 数") == "plain words, 3 <= x & ünïcode — 数"
    ended = f"{bold('ours')}\n::error::theirs\x07\x1b[31m"
    assert printed(ended) == "\x1b[1mours\x1b[0m\n: :error::theirs<U+0007><U+001B>[31m"
    assert printed(lines(ended)) == printed(ended)
    assert printed(bold("::error::x \x1b[31m")) == "\x1b[1m: :error::x <U+001B>[31m\x1b[0m"
    assert printed("\ue000 ##[x ##vso[y") == "\ue000 # #[x # #vso[y"
    document = {"text": NASTY, "lone": "\ud800", "old": "##[command] ##vso[task]"}
    text = in_json(json.dumps(document, ensure_ascii=False, indent=1))
    assert json.loads(text) == document
    assert "##[" not in text
    assert "##vso[" not in text
    assert text.replace("\n", "").isprintable()


def _run_folder(tmp_path: Path) -> Path:
    (tmp_path / "p.jsonl").write_text('{"id": "p", "text": "t", "optimum": 12}\n')
    (tmp_path / "o.jsonl").write_text(json.dumps({"problem_id": "p", "output": GOOD}) + "\n")
    assert pyrite("score", "p.jsonl", "o.jsonl", "--out", "run", "--workers", 0, cwd=tmp_path).returncode == 0
    return tmp_path / "run"


def test_a_folder_from_elsewhere_does_not_reach_outside(tmp_path: Path) -> None:
    run = _run_folder(tmp_path)
    mine, victim = tmp_path / "mine", tmp_path / "victim"
    mine.mkdir()
    (mine / "notes.txt").write_text("precious")
    victim.write_text("secret")
    (run / "report").mkdir()
    (run / "report" / "problems").symlink_to(mine)
    (run / "report" / "status.json").write_text('{"problems/notes.txt": ["x"], "written": ["problems/notes.txt 0"]}')
    done = pyrite("report", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "is a link" in done.stderr
    assert (mine / "notes.txt").read_text() == "precious"

    (run / "report" / "problems").unlink()
    (run / "report" / "problems").mkdir()
    (run / "report" / "problems" / "notes.txt").write_text("precious too")
    (run / "report" / "index.html").symlink_to(victim)
    for name in ("run.json", "summary.json", "problems.jsonl"):
        (run / f"{name}.part").symlink_to(victim)
    assert pyrite("report", "run", cwd=tmp_path).returncode == 0
    assert (run / "report" / "problems" / "notes.txt").read_text() == "precious too"
    assert victim.read_text() == "secret"
    assert not (run / "report" / "index.html").is_symlink()

    for name in ("verdicts.jsonl", "outputs.jsonl", "run.json"):
        kept = (run / name).read_text()
        (run / name).unlink()
        (run / name).symlink_to(victim)
        done = pyrite("score", "p.jsonl", "o.jsonl", "--out", "run", "--workers", 0, cwd=tmp_path)
        assert done.returncode == 2, name
        assert "is a link" in done.stderr
        assert victim.read_text() == "secret"
        (run / name).unlink()
        (run / name).write_text(kept)


def test_a_page_that_is_gone_is_removed_and_one_that_was_changed_stays(tmp_path: Path) -> None:
    run = _run_folder(tmp_path)
    assert pyrite("report", "run", cwd=tmp_path).returncode == 0
    page = run / "report" / "problems" / "p.html"
    text = page.read_text()
    for change in (False, True):
        text = page.read_text() if page.exists() else text
        page.write_text(text + ("mine" if change else ""))
        for name in ("problems.jsonl", "outputs.jsonl", "verdicts.jsonl"):
            (run / name).write_text((run / name).read_text().replace('"p"', '"q"'))
        assert pyrite("report", "run", cwd=tmp_path).returncode == 0
        assert page.exists() is change
        for name in ("problems.jsonl", "outputs.jsonl", "verdicts.jsonl"):
            (run / name).write_text((run / name).read_text().replace('"q"', '"p"'))
        assert change or pyrite("report", "run", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("verdicts.jsonl", '{"problem_id": "p", "sample": 0, "stages": {"parses": 3}}\n'),
        ("verdicts.jsonl", '{"problem_id": "p", "sample": [], "stages": []}\n'),
        ("verdicts.jsonl", '{"problem_id": "p", "sample": 0, "stages": {"parses": {"status": "perhaps"}}}\n'),
        ("run.json", '{"policy": 5}'),
        ("run.json", '{"policy": {"time_limit": "long"}}'),
        ("run.json", '{"policy": {}, "versions": 7, "problem_set_hash": []}'),
    ],
)
def test_damaged_files_are_one_line_and_never_an_answer_of_no(tmp_path: Path, name: str, text: str) -> None:
    run = _run_folder(tmp_path)
    (run / name).write_text(text)
    for command in ("score p.jsonl o.jsonl --out run --workers 0", "report run", "gate run --write-baseline b.json"):
        done = pyrite(*command.split(), cwd=tmp_path)
        assert done.returncode in (0, 2), (command, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or len(done.stderr.strip().splitlines()) == 1, (command, done.stderr)


def test_lone_surrogates_do_not_break_a_baseline(tmp_path: Path) -> None:
    run = _run_folder(tmp_path)
    for name in ("problems.jsonl", "outputs.jsonl", "verdicts.jsonl"):
        (run / name).write_text((run / name).read_text().replace('"p"', '"p\\ud800"'))
    done = pyrite("gate", "run", "--write-baseline", "b.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_code_3(tmp_path: Path) -> None:
    run = _run_folder(tmp_path)
    with open("/dev/full", "w") as full:
        command = [*PYRITE, "score", "p.jsonl", "o.jsonl", "--workers", "0", "--json"]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert run.is_dir()
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000)); import signal; "
    ignore = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    for arguments in (
        ["score", "p.jsonl", "o.jsonl", "--out", "new", "--workers", "0"],
        ["problems", "make", "--family", "knapsack", "--count", "30", "--out", "many.jsonl"],
        ["report", "run", "--out", "pages"],
    ):
        run_it = f"import sys; sys.argv = ['pyrite', *{arguments!r}]; from pyrite.cli.main import main; main()"
        code = limit + ignore + run_it
        # Python itself puts half-written .pyc files in place under such a limit, which later imports die of.
        kept = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=kept
        )
        assert done.returncode in (2, 3), (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("report run --format csv --out pages", ["outputs.csv", "stages.csv"]),
        ("report run --format markdown --out pages", ["report.md"]),
        ("report run --format latex --out pages", ["report.tex"]),
        ("report run --format parquet --out pages", ["outputs.parquet"]),
        ("convert model.json pages/model.lp", ["model.lp"]),
        ("convert model.json pages/model.mps", ["model.mps"]),
        ("gate run --baseline base.json --junit pages/j.xml --code-quality pages/q.json", ["j.xml", "q.json"]),
        ("gate run --write-baseline pages/b.json", ["b.json"]),
    ],
)
def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path, command: str, names: list[str]) -> None:
    if "parquet" in command:
        pytest.importorskip("pyarrow")
    _run_folder(tmp_path)
    (tmp_path / "model.json").write_text(GOOD)
    (tmp_path / "pages").mkdir()
    for name in names:
        (tmp_path / "pages" / name).write_text("good")
        (tmp_path / "pages" / name).chmod(0o640)
    done = in_this_process(tmp_path, "gate run --write-baseline base.json")
    assert done == 0
    with small_files(20):
        assert in_this_process(tmp_path, command) == 3
    for name in names[:1]:
        assert (tmp_path / "pages" / name).read_text() == "good"
    assert [path.name for path in (tmp_path / "pages").iterdir() if path.name.startswith(".")] == []
    assert in_this_process(tmp_path, command) == 0
    for name in names:
        assert (tmp_path / "pages" / name).read_bytes() != b"good"


def in_this_process(folder: Path, command: str) -> int:
    """The exit code of a command that is run here, in the folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.object(sys, "argv", ["pyrite", *command.split()]), pytest.raises(SystemExit) as ended:
            main()
    finally:
        os.chdir(before)
    return int(ended.value.code or 0)


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes meanwhile."""
    resource = pytest.importorskip("resource")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writes = sys.dont_write_bytecode
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
        sys.dont_write_bytecode = writes


@pytest.mark.parametrize("name", ["outputs.jsonl", "verdicts.jsonl", "run.json", "summary.json", "problems.jsonl"])
def test_nothing_is_written_through_a_hard_link(tmp_path: Path, name: str) -> None:
    run, victim = _run_folder(tmp_path), tmp_path / "victim"
    text = (run / name).read_text()
    if name == "verdicts.jsonl":
        text = ""  # so that there is something to append
    victim.write_text(text)
    (run / name).unlink()
    os.link(victim, run / name)
    more = json.loads((tmp_path / "o.jsonl").read_text()) | {"sample": 1}
    (tmp_path / "o.jsonl").write_text((tmp_path / "o.jsonl").read_text() + json.dumps(more) + "\n")
    code = in_this_process(tmp_path, "score p.jsonl o.jsonl --out run --workers 0")
    assert code == (2 if name in ("outputs.jsonl", "verdicts.jsonl") else 0)
    assert in_this_process(tmp_path, "report run") in (0, 2)
    assert victim.read_text() == text


def test_a_cache_of_python_that_is_cut_is_said_and_no_defect() -> None:
    code = (
        "import sys; from pyrite.cli import main, check\n"
        "def broken(*a): raise EOFError('marshal data too short')\n"
        "check.read_policy = broken\n"
        "sys.argv = ['pyrite', 'check', '-']\n"
        "main.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], input=GOOD, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "__pycache__" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_like_ctrl_c(tmp_path: Path, number: int) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": "p", "text": "t", "optimum": 12}\n')
    lines = (json.dumps({"problem_id": "p", "sample": n, "output": GOOD}) + "\n" for n in range(40_000))
    (tmp_path / "o.jsonl").write_text("".join(lines))
    command = [*PYRITE, "score", "p.jsonl", "o.jsonl", "--out", "run", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    verdicts = tmp_path / "run" / "verdicts.jsonl"
    until = time.monotonic() + 60
    while time.monotonic() < until and not (verdicts.exists() and verdicts.stat().st_size):
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "run the same command again to go on" in said


def test_a_defect_has_its_own_code() -> None:
    code = (
        "import sys; from pyrite.cli import main, check\n"
        "import pyrite.feasibility.policy as p\n"
        "def broken(*a): raise ZeroDivisionError('x\\n::error::y')\n"
        "check.read_policy = broken\n"
        "sys.argv = ['pyrite', 'check', '-']\n"
        "main.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], input=GOOD, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "a defect of Pyrite" in done.stderr


def test_files_are_written_whole_beside_whatever_lies_there(tmp_path: Path) -> None:
    target, victim = tmp_path / "a.json", tmp_path / "victim"
    victim.write_text("secret")
    target.symlink_to(victim)
    write_whole(target, ["one", "\ud800", "two"])
    assert target.read_text(encoding="utf-8").startswith("one")
    assert not target.is_symlink()
    assert victim.read_text() == "secret"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PyriteError, match="no plain file"):
        plain_file(tmp_path / "pipe")
