"""The commands that tune and answer, on a tiny model: whole pipelines, kills, refusals, exit codes."""

import json
import time

import pytest
from forked import killed_when, needs_fork
from tiny_model import bakeries, make_tiny
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import generating
from pyrite.problems.lines import write_lines
from pyrite.results.outputs import read_outputs


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("problems")
    write_lines(folder / "train.jsonl", (problem.to_dict() for problem in bakeries(24)))
    write_lines(folder / "test.jsonl", (problem.to_dict() for problem in bakeries(10, first=100)))
    return folder


@pytest.fixture
def recipe(tiny, files, tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(
        f"""name = "tiny"
[model]
source = "{tiny}"
device = "cpu"
dtype = "float32"
threads = 1
[data]
file = "{files / "train.jsonl"}"
count = 24
[schedule]
steps = 6
batch_size = 3
learning_rate = 0.01
checkpoints = [3]
[answers]
max_new_tokens = 16
batch_size = 4
[answers.problems]
file = "{files / "test.jsonl"}"
count = 10
"""
    )
    return path


def pyrite(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


def outputs(path):
    return {output.key: output.output for output in read_outputs(path)}


def answer(tiny, files, out, *more):
    limits = ["--device", "cpu", "--dtype", "float32", "--threads", 1, "--batch-size", 4, "--max-new-tokens", 16]
    return pyrite("answer", "--model", tiny, "--problems", files / "test.jsonl", "--out", out, *limits, *more)


def test_run_does_everything_and_then_nothing(recipe, tmp_path):
    out = tmp_path / "run"
    first = pyrite("run", recipe, "--out", out, "--json")
    assert first.exit_code == 0, first.output
    document = json.loads(first.stdout)
    assert [(row["run"], row["training_examples"]) for row in document["runs"]] == [
        ("base", 0),
        ("step-3", 9),
        ("step-6", 18),
    ]
    for row in document["runs"]:
        assert row["outputs"] == 10
        for name in ("surface", "substance"):
            assert row[name]["passed"] + row[name]["failed"] + row[name]["unknown"] == 10
    assert (out / "report" / "index.html").is_file()
    assert (out / "curve.svg").read_text().startswith("<svg")
    assert "18 examples" in (out / "curve.svg").read_text()
    run = json.loads((out / "runs" / "step-6" / "run.json").read_text())
    assert run["answered_by"]["method"] == "lora"
    assert run["answered_by"]["answers"]["decoding"] == "free"
    assert run["training_examples"] == 18
    before = {path: path.stat().st_mtime_ns for path in out.rglob("outputs.jsonl")}
    again = pyrite("run", recipe, "--out", out, "--json")
    assert json.loads(again.stdout)["runs"] == document["runs"]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("outputs.jsonl")} == before


def test_a_folder_of_another_recipe_is_refused(recipe, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(recipe.read_text().replace("steps = 6", "steps = 7"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").write_text("{}")
    result = pyrite("run", other, "--out", tmp_path / "run")
    assert isinstance(result.exception, PyriteError)
    assert "belongs to another recipe" in result.exception.message


def test_learning_and_asking_the_same_problems_is_refused(recipe, files, tmp_path):
    recipe.write_text(recipe.read_text().replace("test.jsonl", "train.jsonl"))
    result = pyrite("run", recipe, "--out", tmp_path / "run")
    assert "problems are both learned and asked" in result.exception.message


def test_method_none_asks_the_base_model_alone(recipe, tmp_path):
    recipe.write_text(recipe.read_text() + '[method]\nname = "none"\n')
    result = pyrite("run", recipe, "--out", tmp_path / "run", "--json")
    assert result.exit_code == 0, result.exception
    assert [row["run"] for row in json.loads(result.stdout)["runs"]] == ["base"]


def test_answer_goes_on_and_refuses_to_mix(tiny, files, tmp_path):
    out = tmp_path / "run"
    first = answer(tiny, files, out, "--json")
    assert json.loads(first.stdout)["answered"] == 10
    again = answer(tiny, files, out, "--json")
    assert (json.loads(again.stdout)["before"], json.loads(again.stdout)["answered"]) == (10, 0)
    mixed = answer(tiny, files, out, "--decoding", "grammar")
    assert "answers.decoding = 'free', and now it is 'grammar'" in mixed.exception.message
    assert len(outputs(out / "outputs.jsonl")) == 10


def test_references_fix_the_names(tiny, files, tmp_path):
    result = answer(tiny, files, tmp_path / "run", "--decoding", "names")
    assert result.exit_code == 0, result.exception
    found = outputs(tmp_path / "run" / "outputs.jsonl").values()
    assert all(text.startswith('{"variables":{"bread":{"domain":') for text in (t.replace(" ", "") for t in found))
    assert json.loads((tmp_path / "run" / "run.json").read_text())["answered_by"]["answers"]["decoding"] == "names"


def test_worked_examples_come_from_a_file(tiny, files, tmp_path):
    more = ("--examples", 2, "--examples-from", files / "train.jsonl")
    assert answer(tiny, files, tmp_path / "run", *more).exit_code == 0
    identity = json.loads((tmp_path / "run" / "run.json").read_text())["answered_by"]
    assert identity["prompt"]["examples"] == ["bakery-0", "bakery-1"]
    assert "--examples-from FILE" in answer(tiny, files, tmp_path / "other", "--examples", 1).exception.message


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("nothing", "'nothing' is no model"),
        ("x.gguf", "there is no file x.gguf"),
        ("http://127.0.0.1:9/v1", "names no model"),
        (".", "holds no model"),
    ],
)
def test_a_model_that_is_not_there_is_one_line(model, said, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = answer(model, files, tmp_path / "run")
    assert said in result.exception.message
    assert "\n" not in result.exception.message


def test_tune_checks_a_recipe_without_working(recipe, tmp_path):
    assert pyrite("tune", recipe, "--check").exit_code == 0
    recipe.write_text("[schedule]\nstps = 3")
    assert "[schedule] has no key 'stps'; did you mean 'steps'" in pyrite("tune", recipe, "--check").exception.message


def test_tune_lists_methods_and_recipes():
    listed = pyrite("tune", "--methods").output
    assert all(f"\n{name} " in f"\n{listed}" for name in ("none", "full", "lora", "dora", "prefix_tuning", "vera"))
    assert "demo" in pyrite("tune", "--list").output


@needs_fork
def test_kill_9_while_answering_and_going_on_gives_the_same_outputs(tiny, files, tmp_path, monkeypatch):
    assert answer(tiny, files, tmp_path / "whole").exit_code == 0
    path = tmp_path / "killed" / "outputs.jsonl"
    choose = generating._choose
    with monkeypatch.context() as slowly:
        slowly.setattr(generating, "_choose", lambda *given: (time.sleep(0.05), choose(*given))[1])
        killed_when(
            lambda: answer(tiny, files, tmp_path / "killed"),
            lambda: path.exists() and path.read_text().count("\n") >= 5,
        )
    assert 5 <= len(outputs(path)) < 10
    with path.open("a") as file:
        file.write('{"problem_id": "bakery-10')  # as if it had died within a line
    assert answer(tiny, files, tmp_path / "killed").exit_code == 0
    assert outputs(path) == outputs(tmp_path / "whole" / "outputs.jsonl")
