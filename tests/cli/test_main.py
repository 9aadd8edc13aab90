"""The shell around the commands: help, exit codes, one line for every error, and how fast it starts."""

import importlib
import json
import resource
import subprocess
import sys

import commands
import pytest
import typer

from pyrite.cli import main as main_module
from pyrite.cli.console import coloured, table
from pyrite.feasibility.errors import PyriteError

PYRITE = [sys.executable, "-c", "from pyrite.cli.main import main; main()"]


def pyrite(*arguments, **options):
    return commands.pyrite(*arguments, **options)


def best_of(count, action):
    """Processor seconds of the shortest of some runs, all processes of a run together.

    On a quiet machine that is about what a person waits; wall-clock seconds would measure the neighbours.
    """
    times = []
    for _ in range(count):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        action()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def test_help_lists_the_commands_and_is_fast():
    done = pyrite("--help")
    assert done.returncode == 0
    for command in ("score", "check"):
        assert command in done.stdout
    assert best_of(5, lambda: pyrite("--help")) < 0.4


def test_check_is_fast(tmp_path):
    path = tmp_path / "f.json"
    path.write_text(
        '{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": "maximize", "expression": "x"},'
        ' "constraints": {"cap": "2*x <= 9"}}'
    )
    assert pyrite("check", str(path)).returncode == 0
    assert best_of(3, lambda: pyrite("check", str(path))) < 1.5


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from pyrite.cli import main; "
        "print([m for m in ('numpy', 'scipy', 'highspy', 'pyomo', 'torch', 'rich', 'jsonschema') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_scoring_needs_no_torch_and_no_pyomo(tmp_path):
    """What only some outputs need is imported for those only."""
    code = (
        "import sys; from pyrite import check; check('{}'); "
        "print([m for m in ('torch', 'transformers', 'jinja2', 'pyomo') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["scores"], "No such command 'scores'"),
        (["check"], "Missing argument 'formulation'"),
        (["score", "a", "b", "--fast"], "No such option: --fast"),
        (["score", "a", "b", "--workers", "many"], "Invalid value for '--workers'"),
        (["score", "a", "b", "--workers", "-1"], "Invalid value for '--workers'"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments, reason):
    done = pyrite(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert reason in done.stderr
    assert done.stderr.startswith("pyrite: ")
    assert done.stderr.count("\n") == 1


def test_without_arguments_the_help_is_shown():
    done = pyrite()
    assert "Usage: pyrite" in done.stdout + done.stderr
    assert not (done.stdout + done.stderr).startswith("pyrite: ")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PyriteError("no such thing"), 2, "pyrite: no such thing\n"),
        (PyriteError("stopped half way", exit_code=3), 3, "pyrite: stopped half way\n"),
        (typer.Exit(1), 1, ""),
        (KeyboardInterrupt(), 3, "pyrite: stopped; run the same command again to go on\n"),
        (typer.Abort(), 3, "pyrite: stopped; run the same command again to go on\n"),
    ],
)
def test_exit_codes(monkeypatch, capsys, error, code, said):
    def command(**_):
        raise error

    monkeypatch.setattr(main_module, "app", command)
    with pytest.raises(SystemExit) as caught:
        main_module.main()
    assert caught.value.code == code
    assert capsys.readouterr().err == said


def test_a_reader_that_goes_away_is_no_error():
    code = "from pyrite.cli.main import main; import sys; sys.argv = ['pyrite', 'check', '-', '--json']; main()"
    text = json.dumps({"variables": {}})
    command = f"echo '{text}' | {sys.executable} -c \"{code}\" | head -c 1 > /dev/null"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_every_command_module_registers_something():
    for name in main_module.COMMANDS:
        app = typer.Typer()
        importlib.import_module(f"pyrite.cli.{name}").register(app)
        assert app.registered_commands or app.registered_groups


def test_tables_ignore_colours_when_they_measure():
    red = coloured("10", "red")
    assert table(("", "n"), [("a", red), ("bc", "7")]).replace(red, "10") == "     n\na   10\nbc   7"


def test_a_missing_extra_is_one_line(tmp_path, monkeypatch, capsys):
    """The base install has no torch; a command that needs it says what to install."""
    problems = tmp_path / "problems.jsonl"
    problems.write_text('{"id": "p", "text": "Pack."}\n')
    for name in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in [name for name in sys.modules if name.startswith("pyrite.models.")]:
        monkeypatch.delitem(sys.modules, name)
    arguments = ["pyrite", "answer", "--model", "embedded", "--problems", str(problems), "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        importlib.import_module("pyrite.cli.main").main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "pip install 'pyrite[models]'" in said
    assert "Traceback" not in said
