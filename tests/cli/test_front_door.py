"""The first minute: version, help, completion, init, lists, the quick demo, limits, other values, what to do next."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pyrite.cli.console import progress
from pyrite.feasibility.errors import PyriteError
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe, read_recipe, recipe_text
from pyrite.problems.problem import Problem

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_version_is_said_once_and_the_same(pyrite):
    from importlib import metadata

    import pyrite as package

    assert pyrite("--version").stdout == f"pyrite {package.__version__}\n"
    assert metadata.version("pyrite") == package.__version__


@pytest.mark.parametrize(
    "command", ["", "score", "check", "report", "tune", "init", "demo", "answer", "gate", "problems"]
)
def test_h_is_help(pyrite, command):
    done = pyrite(*command.split(), "-h")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: pyrite")


def test_completion_knows_the_commands(pyrite, monkeypatch):
    monkeypatch.setenv("_PYRITE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "pyrite sc")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert pyrite().stdout.split() == ["score"]


def test_init_writes_what_works_and_leaves_what_is_there(pyrite, tmp_path):
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "gate.toml").write_text("mine")
    done = pyrite("init", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "eval" / "gate.toml").read_text() == "mine"
    assert (tmp_path / ".github" / "workflows" / "gate.yml").is_file()
    read_recipe(tmp_path / "recipe.toml")
    assert "next: pyrite run" in done.stderr
    assert "left as it is" in pyrite("init", tmp_path).stdout


def test_lists_load_neither_torch_nor_peft():
    text = (
        "import sys; sys.argv = ['pyrite', 'tune', '{}']\n"
        "from pyrite.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert not {{'torch', 'peft', 'transformers'}} & set(sys.modules)"
    )
    for option, known in (("--list", "study"), ("--methods", "prefix_tuning")):
        done = subprocess.run([sys.executable, "-c", text.format(option)], capture_output=True, text=True, check=True)
        assert known in done.stdout


def test_every_method_has_a_summary_in_plain_words():
    pytest.importorskip("peft")
    from pyrite.models.methods import method_names
    from pyrite.models.methods.summaries import SUMMARIES

    assert set(SUMMARIES) == set(method_names())
    assert all(10 < len(summary) < 100 and "configuration class" not in summary for summary in SUMMARIES.values())


@pytest.mark.slow  # five runs of forty answers; about ten seconds on two idle cores
def test_the_quick_demo_needs_no_model(pyrite, tmp_path):
    done = pyrite("demo", "--quick", "--out", tmp_path / "demo", "--json")
    rows = {row["run"]: row for row in json.loads(done.stdout)["runs"]}
    assert [rows[name]["training_examples"] for name in ("base", "step-24", "step-200")] == [0, 48, 400]
    assert rows["base"]["surface"]["passed"] == 0
    assert rows["step-200"]["surface"]["passed"] == 37
    index = (tmp_path / "demo" / "report" / "index.html").read_text(encoding="utf-8")
    assert index.index('class="chart learning"') < index.index('id="scores-title"')
    assert "From base to step-200" in index


def test_the_examples_are_what_the_pages_say(pyrite):
    done = pyrite(
        "check", EXAMPLES / "bakery-answer.txt", "--problem", "bakery", "--problems", EXAMPLES / "bakery.jsonl"
    )
    assert done.returncode == 1
    assert "shelf uses 60 pieces, 50 exist (10 too many)" in done.stdout


def test_the_stored_run_is_a_run():
    import pyrite as package

    run = package.load_run(EXAMPLES / "run")
    assert (run.rate("surface").passed, len(run.verdicts)) == (37, 40)


def test_limit_takes_the_first_problems(pyrite, tmp_path):
    files = EXAMPLES / "problems.jsonl", EXAMPLES / "outputs" / "base.jsonl"
    done = pyrite("score", *files, "--limit", 3, "--workers", 0, "--json", "--out", tmp_path / "run")
    assert json.loads(done.stdout)["outputs"] == 3
    assert pyrite("score", *files, "--limit", 0).returncode == 2


def test_set_puts_values_over_a_recipe():
    recipe = read_recipe("demo", ["schedule.steps=60", "schedule.checkpoints=[20]", "model.source=other/name"])
    assert (recipe.schedule.steps, recipe.schedule.checkpoints, recipe.model.source) == (60, (20,), "other/name")
    assert recipe_text("demo", ["schedule.steps=60"]).startswith("# changed by --set schedule.steps=60\n# The demo")
    with pytest.raises(PyriteError, match="did you mean 'steps'"):
        read_recipe("demo", ["schedule.step=60"])
    for wrong in ("schedule.steps", "=3", "name.x=3", "schedule..steps=1"):
        with pytest.raises(PyriteError, match="--set"):
            read_recipe("demo", [wrong])


def test_own_prompts_are_read_hashed_and_recorded(tmp_path):
    words = tmp_path / "prompt.txt"
    words.write_text("Model this.\n")
    text = recipe_text("demo")
    plain = parse_recipe(text)
    own = parse_recipe(text, settings=[f"prompt.file={words}"])
    assert own.prompt.system == "Model this."
    assert own == parse_recipe(text, settings=["prompt.system=Model this."])
    assert own.digest != plain.digest
    prompt = Prompt(system=own.prompt.system)
    assert prompt.messages(Problem(id="p", text="q"))[0] == {"role": "system", "content": "Model this."}
    assert prompt.identity()["system"] == "Model this."
    assert prompt.identity()["hash"] != Prompt().identity()["hash"]
    words.write_text(" \n")
    for wrong in (str(words), str(tmp_path / "none.txt")):
        with pytest.raises(PyriteError, match="prompt file"):
            parse_recipe(text, settings=[f"prompt.file={wrong}"])


def test_a_log_gets_a_line_a_minute(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with progress(100, "judging") as tell:
        for done in range(1, 100):
            now[0] += 2
            tell(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "judging: 30 of 100, about 2 min left"
    assert len(lines) == 3


def test_the_first_of_a_batch_promises_nothing(monkeypatch, capsys):
    """Answers come sixteen at a time: the first one is there when the whole batch nearly is."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with progress(40, "answering") as tell:
        tell(0)
        for done, at in ((1, 95), (16, 160), (17, 255), (32, 330)):
            now[0] = at
            tell(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "answering: 1 of 40"
    assert lines[1] == "answering: 16 of 40, about 4 min left"


def test_compare_prints_every_format_and_python_gives_the_same_flips(pyrite, tmp_path):
    from reporting import two_runs

    import pyrite as package

    runs = two_runs(tmp_path)
    assert "| gained | surface | bakery |" in pyrite("compare", *runs, "--format", "markdown").stdout
    assert r"\resizebox" in pyrite("compare", *runs, "--format", "latex").stdout
    head, row = pyrite("compare", *runs, "--format", "csv").stdout.splitlines()
    assert head.split(",")[:2] == ["problem_id", "sample"]
    (flip,) = package.compare(*runs).flips
    assert (flip.problem_id, flip.direction, flip.code) == ("bakery", "gained", "undeclared-name")
    assert row.startswith("bakery,0,surface,gained,names,undeclared-name,")
    assert pyrite("compare", *runs, "--format", "odt").returncode == 2
