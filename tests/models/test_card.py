"""Model cards: what a checkpoint's README says is what its record and its runs say; foreign text cannot break out."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from commands import pyrite
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.card import card
from pyrite.models.recipes import parse_recipe, read_recipe
from pyrite.models.sources import read_record, weights_digest
from pyrite.models.training.trackers import reporting, require_trackers
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import write_lines

RECIPE = """
name = "tiny"
[model]
source = "{model}"
device = "cpu"
threads = 1
[data]
file = "{folder}/learned.jsonl"
[schedule]
steps = 2
batch_size = 2
[forgetting]
prompts = 0
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, and runs that it and its base answered, as far as cards look at them."""
    folder = tmp_path_factory.mktemp("card")
    model = make_tiny(folder / "model")
    write_lines(folder / "learned.jsonl", (problem.to_dict() for problem in bakeries(4)))
    (folder / "recipe.toml").write_text(RECIPE.format(model=model, folder=folder), encoding="utf-8")
    tune(read_recipe(folder / "recipe.toml"), folder / "tuned")
    record = read_record(folder / "tuned" / "checkpoint-2")
    tuned = {"checkpoint_weights": weights_digest(folder / "tuned" / "checkpoint-2")}
    for name, more, passed in (("base", {}, 1), ("step-2", tuned, 3)):
        identity = {"model": "tiny", "weights": record["base"]["weights"], **more}
        rate = {"passed": passed, "failed": 4 - passed, "unknown": 0, "rate": passed / 4, "low": 0.1, "high": 0.9}
        summary = dict.fromkeys(("surface", "substance", "substance_given_surface"), rate)
        (folder / name).mkdir()
        (folder / name / "run.json").write_text(json.dumps({"answered_by": identity}), encoding="utf-8")
        document = {"outputs": 4, "problems": 4, "policy_digest": "abc", **summary}
        (folder / name / "summary.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def front(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_a_card_says_what_record_and_runs_say(done: Path, tmp_path: Path) -> None:
    checkpoint = done / "tuned" / "checkpoint-2"
    text = (checkpoint / "README.md").read_text(encoding="utf-8")
    record = read_record(checkpoint)
    assert "Not known yet" in text
    assert "model-index" not in front(text)
    for known in (record["base"]["weights"], record["recipe_digest"]):
        assert known in text
    assert json.loads(text.split("```json\n")[1].split("\n```")[0]) == record["recipe"]
    assert "More Information Needed" not in text
    assert pyrite("card", checkpoint, done / "base", done / "step-2").returncode == 0
    text = (checkpoint / "README.md").read_text(encoding="utf-8")
    metrics = front(text)["model-index"][0]["results"][0]["metrics"]
    assert {m["type"]: m["value"] for m in metrics}["substance"] == 0.75
    rows = [line for line in text.splitlines() if re.match(r"\| (base|step-2) \| th(e base|is ch)", line)]
    assert [row.split(" | ")[1] for row in rows] == ["the base model", "this checkpoint"]
    other = json.loads((done / "step-2" / "run.json").read_text(encoding="utf-8"))
    other["answered_by"]["checkpoint_weights"] = "0" * 64
    (tmp_path / "run.json").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "summary.json").write_bytes((done / "step-2" / "summary.json").read_bytes())
    for arguments, words in (
        ((checkpoint, tmp_path), "answered by another model"),
        ((checkpoint, done), "no summary of both scores"),
        ((done,), "no checkpoint of Pyrite"),
    ):
        ended = pyrite("card", *arguments)
        assert ended.returncode == 2
        assert words in ended.stderr
        assert ended.stderr.count("\n") == 1


def test_foreign_names_stay_within_their_place(done: Path) -> None:
    record = json.loads((done / "tuned" / "checkpoint-2" / "pyrite.json").read_text(encoding="utf-8"))
    evil = "a\n---\nlicense: mit\n# `</summary>```\n| x | <script>\x1b[31m"
    record["base"]["source"] = record["method"]["name"] = record["compute"] = evil
    record["recipe"]["data"]["file"] = record["recipe"]["name"] = evil
    text = card(record)
    assert set(front(text)) <= {"base_model", "pipeline_tag", "tags"}
    assert text.count("\n---\n") == 1
    assert "\x1b" not in text
    assert not re.search(r"^license", text, re.M)
    assert sum(line.startswith("# ") for line in text.splitlines()) == 1
    with pytest.raises(PyriteError, match="not a record of this version"):
        card({"base": {}})


def test_trackers_are_no_part_of_what_decides_the_weights() -> None:
    text = 'data.families = ["knapsack"]\n'
    plain, told = parse_recipe(text), parse_recipe(text + 'schedule.report_to = ["tensorboard", "wandb"]')
    assert plain.digest == told.digest
    with pytest.raises(PyriteError, match="schedule"):
        parse_recipe('schedule.report_to = ["mlflow"]')


def test_a_tracker_that_is_missing_or_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setitem(require_trackers.__globals__, "find_spec", lambda name: None)
    with pytest.raises(PyriteError, match=r"pip install 'pyrite\[wandb\]'"):
        require_trackers(["wandb"])
    refusal = type("UsageError", (Exception,), {"__module__": "wandb.errors"})
    with pytest.raises(PyriteError, match=r"wandb refuses.*no key.*offline"), reporting(["wandb"]):  # noqa: PT012
        sys.stdout.write("a banner")
        raise refusal("no key")
    assert capsys.readouterr().out == ""
    with pytest.raises(ZeroDivisionError), reporting(["wandb"]):
        1 / 0  # noqa: B018 - a defect stays one


@pytest.mark.parametrize("name", ["trackio", "wandb", "tensorboard"])
def test_the_real_trackers_hear_the_losses(
    name: str, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in {
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(tmp_path),
        "TRACKIO_DIR": str(tmp_path / "trackio"),
        "WANDB_SILENT": "true",
    }.items():
        monkeypatch.setenv(variable, value)
    pytest.importorskip(name)  # some read their variables when they are imported
    ended = pyrite("tune", done / "recipe.toml", "--out", tmp_path / "out", "--set", f'schedule.report_to=["{name}"]')
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
    written = {
        "trackio": lambda: list((tmp_path / "trackio").rglob("*.db")),
        "wandb": lambda: list(tmp_path.rglob("*.wandb")),
        "tensorboard": lambda: list((tmp_path / "out").rglob("events.out.tfevents.*")),
    }[name]()
    assert written
