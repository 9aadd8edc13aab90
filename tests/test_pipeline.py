"""A recipe from problems to pages, as a library: what it leaves behind, what it tells, and that it goes on."""

from __future__ import annotations

import json
from pathlib import Path

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


@pytest.mark.filterwarnings("ignore")
def test_a_recipe_becomes_runs_and_pages_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = recipe(tmp_path)
    events: list[Event] = []
    capfd.readouterr()
    result = Pipeline(parse_recipe(text), tmp_path / "out", text, told=events.append).run()
    assert capfd.readouterr().out == ""
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
    card = (tmp_path / "out" / "tuning" / "checkpoint-2" / "README.md").read_text(encoding="utf-8")
    assert "| base | the base model | 2 | 2 |" in card
    assert "| step-2 | this checkpoint | 2 | 2 |" in card
    cost = result["runs"][1]["forgetting"]
    assert cost["kl_base_tuned"] > 0
    assert cost["texts"] == 2
    assert cost["along"] == "the base model's answers"

    again: list[Event] = []
    second = Pipeline(parse_recipe(text), tmp_path / "out", text, told=again.append).run()
    assert second["runs"] == result["runs"]
    assert not [event for event in again if event.kind == "progress"], "nothing was left to answer"

    other = text.replace("steps = 2", "steps = 3")
    with pytest.raises(PyriteError, match="belongs to another recipe"):
        Pipeline(parse_recipe(other), tmp_path / "out", other).run()


@pytest.mark.parametrize("name", ["../../esc", "/etc/x", "a/b", "..", "", ".hidden", "a\\nb"])
def test_a_name_does_not_leave_the_folder_of_runs(name: str) -> None:
    with pytest.raises(PyriteError, match="folder's name"):
        parse_recipe(f'name = "{name}"')
