"""A recipe from problems to pages, as a library: what it leaves behind, what it tells, and that it goes on."""

from __future__ import annotations

import io
import json
import os
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.recipes import parse_recipe
from pyrite.pipeline import Event, Pipeline
from pyrite.problems.lines import write_lines


def recipe(folder: Path, **schedule: object) -> str:
    make_tiny(folder / "model")
    write_lines(folder / "learn.jsonl", (problem.to_dict() for problem in bakeries(12)))
    asked = [{"id": f"asked-{n}", "text": f"How many of {n} loaves?", "optimum": n} for n in (1, 2)]
    write_lines(folder / "ask.jsonl", asked)
    return (
        f'name = "small"\n[model]\nsource = "{folder / "model"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "lora"\n[data]\nfile = "{folder / "learn.jsonl"}"\ncount = 12\n'
        "[schedule]\nsteps = 2\nbatch_size = 2\n"
        f'[answers]\nmax_new_tokens = 8\n[answers.problems]\nfile = "{folder / "ask.jsonl"}"\ncount = 2\n'
    )


@dataclass
class Finished:
    """A pipeline that ran to its end once, for all tests here."""

    text: str
    folder: Path
    result: dict[str, Any]
    events: list[Event]
    printed: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("pipeline")
    text = recipe(folder)
    events: list[Event] = []
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = Pipeline(parse_recipe(text), folder / "out", text, told=events.append).run()
    return Finished(text, folder / "out", result, events, printed.getvalue())


@pytest.mark.filterwarnings("ignore")
def test_a_recipe_becomes_runs_and_pages_and_nothing_is_printed(finished: Finished) -> None:
    text, out, result, events = finished.text, finished.folder, finished.result, finished.events
    assert finished.printed == ""
    assert [row["run"] for row in result["runs"]] == ["base", "step-2"]
    assert [row["outputs"] for row in result["runs"]] == [2, 2]
    assert Path(result["report"]).is_file()
    begun = [event.text for event in events if event.kind == "begun"]
    assert begun == ["problems", "base answers", "tuning", "answers", "scores", "forgetting", "report"]
    assert begun == [event.text for event in events if event.kind == "ended"]
    progress = [event for event in events if event.kind == "progress"]
    assert {(event.text, event.done, event.total) for event in progress} >= {
        ("answering (base)", 2, 2),
        ("answering (step-2)", 2, 2),
    }
    json.dumps(result)
    card = (out / "tuning" / "checkpoint-2" / "README.md").read_text(encoding="utf-8")
    assert "| base | the base model | 2 | 2 |" in card
    assert "| step-2 | this checkpoint | 2 | 2 |" in card
    cost = result["runs"][1]["forgetting"]
    assert cost["kl_base_tuned"] > 0
    assert cost["texts"] == 2
    assert cost["along"] == "the base model's answers"

    again: list[Event] = []
    second = Pipeline(parse_recipe(text), out, text, told=again.append).run()
    assert second["runs"] == result["runs"]
    assert not [event for event in again if event.kind == "progress"], "nothing was left to answer"

    other = text.replace("steps = 2", "steps = 3")
    with pytest.raises(PyriteError, match="belongs to another recipe"):
        Pipeline(parse_recipe(other), out, other).run()


@pytest.mark.parametrize("name", ["../../esc", "/etc/x", "a/b", "..", "", ".hidden", "a\\nb"])
def test_a_name_does_not_leave_the_folder_of_runs(name: str) -> None:
    with pytest.raises(PyriteError, match="folder's name"):
        parse_recipe(f'name = "{name}"')


DAMAGE = ("", "5", "[]", "{}", '{"surface": 5, "stages": [], "training_examples": "x"}', "[" * 100_000, "pipe", "link")
"""What can stand in a file's place: other text, a named pipe, a link to a file without end."""

READ_AGAIN = (
    "recipe.json",
    "problems.jsonl",
    "learned.jsonl",
    "seconds.json",
    "runs/base/run.json",
    "runs/base/summary.json",
    "runs/base/outputs.jsonl",
    "runs/base/verdicts.jsonl",
    "runs/step-2/run.json",
    "tuning/training.jsonl",
    "tuning/checkpoint-2/pyrite.json",
)


def _broken(folder: Path, name: str, how: str) -> None:
    path = folder / name
    if how in ("pipe", "link"):
        path.unlink()
        os.mkfifo(path) if how == "pipe" else path.symlink_to("/dev/zero")
    else:
        path.write_text(how, encoding="utf-8")


@pytest.mark.filterwarnings("ignore")
def test_scores_of_a_damaged_folder_are_one_line(finished: Finished, tmp_path: Path) -> None:
    refused = []
    for name in ("runs/base/run.json", "runs/base/summary.json", "runs/base/outputs.jsonl", "seconds.json"):
        for number, how in enumerate(DAMAGE):
            folder = tmp_path / f"{name.replace('/', '-')}-{number}"
            shutil.copytree(finished.folder, folder, ignore=shutil.ignore_patterns("tuning"))
            _broken(folder, name, how)
            pipeline = Pipeline(parse_recipe(finished.text), folder, finished.text)
            try:
                pipeline.result()
                pipeline._keep_seconds()
            except PyriteError as error:
                refused.append(error.message)
    assert len(refused) >= 25
    assert all(str(tmp_path) in message for message in refused)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READ_AGAIN)
def test_a_damaged_folder_is_gone_on_with_or_refused_in_one_line(finished: Finished, tmp_path: Path, name: str) -> None:
    refused = []
    for number, how in enumerate(DAMAGE):
        folder = tmp_path / str(number)
        shutil.copytree(finished.folder, folder)
        _broken(folder, name, how)
        try:
            Pipeline(parse_recipe(finished.text), folder, finished.text).run()
        except PyriteError as error:
            refused.append(error.message)
    assert len(refused) >= 2, "a pipe and a link at least"


def test_other_folders_beside_runs_are_none_of_them(finished: Finished, tmp_path: Path) -> None:
    shutil.copytree(finished.folder, tmp_path / "out", ignore=shutil.ignore_patterns("tuning"))
    for name in ("mine", "step-", "step-x", "step-\u00b2"):
        shutil.copytree(tmp_path / "out" / "runs" / "base", tmp_path / "out" / "runs" / name)
    pipeline = Pipeline(parse_recipe(finished.text), tmp_path / "out", finished.text)
    assert [run.name for run in pipeline.runs()] == ["base", "step-2"]
