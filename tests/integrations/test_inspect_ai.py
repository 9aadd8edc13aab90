"""In inspect_ai (skipped where it is not installed): a task, a scorer, and stored logs scored again."""

from __future__ import annotations

import json
import math
import os

import pytest

inspect = pytest.importorskip("inspect_ai")

from inspect_ai.log import read_eval_log  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402

import pyrite  # noqa: E402
from pyrite.integrations.inspect_ai import pyrite_formulation, pyrite_scorer  # noqa: E402
from pyrite.problems.problem import Problem  # noqa: E402
from pyrite.results.readers.reading import read_answers  # noqa: E402

PROBLEM = {"text": "Bread 3, cake 5; oven 120, shelf 50.", "optimum": 175}
RIGHT = (
    '{"variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}}, '
    '"objective": {"sense": "maximize", "expression": "3*bread + 5*cake"}, '
    '"constraints": {"oven": "2*bread + 4*cake <= 120", "shelf": "bread <= 50"}}'
)
ANSWERS = [(RIGHT, "stop"), (RIGHT.replace("4*cake", "3*cake"), "stop"), ("Sure!", "stop"), (RIGHT, "max_tokens")]


def output(text: str, reason: str) -> ModelOutput:
    made = ModelOutput.from_content("mockllm/model", text, stop_reason=reason)
    made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # or it would be counted by a download
    return made


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("inspect")
    problems = folder / "problems.jsonl"
    lines = [json.dumps({**PROBLEM, "id": f"b{i}"}) for i in range(len(ANSWERS))]
    problems.write_text("\n".join(lines) + "\n")
    model = get_model("mockllm/model", custom_outputs=[output(*answer) for answer in ANSWERS])
    os.environ["INSPECT_LOG_DIR"] = str(folder)
    task = pyrite_formulation(str(problems), workers=1)
    (done,) = inspect.eval(task, model=model, display="none", log_dir=str(folder), max_samples=1)
    return done


def test_each_stage_is_a_metric_and_unknown_is_in_no_mean(log) -> None:
    assert log.status == "success"
    found = {score.name: score for score in log.results.scores}
    assert found["surface"].metrics["mean"].value == pytest.approx(2 / 4)
    assert found["substance"].metrics["mean"].value == pytest.approx(1 / 4)
    assert math.isnan(found["equivalent"].metrics["mean"].value)  # no reference: asked of none
    assert found["equivalent"].unscored_samples == 4


def test_a_sample_says_why(log) -> None:
    scores = [sample.scores["pyrite_scorer"] for sample in log.samples]
    assert scores[0].explanation == "right"
    assert scores[1].explanation == "value: its optimum is 200, the right one is 175 (off by 25)"
    assert scores[1].metadata["code"] == "other-value"
    assert scores[3].value["parses"] == 0.0  # the token limit ended it: it counts as cut


def test_a_stored_log_is_scored_again(log) -> None:
    stored = read_eval_log(log.location)
    again = inspect.score(stored, pyrite_scorer(workers=1), action="overwrite", display="none")
    for before, after in zip(stored.samples, again.samples, strict=True):
        first, second = before.scores["pyrite_scorer"], after.scores["pyrite_scorer"]
        assert repr(first.value) == repr(second.value)


def test_a_sample_that_was_interrupted_is_no_answer(log) -> None:
    """Its output has no choices; scoring the log again must not stumble over it."""
    stored = read_eval_log(log.location)
    stored.samples[0].output = ModelOutput(model="mockllm/model")
    again = inspect.score(stored, pyrite_scorer(workers=1), action="overwrite", display="none")
    assert again.status == "success"
    scores = [sample.scores["pyrite_scorer"] for sample in again.samples]
    assert scores[0].value["surface"] == 0.0
    assert scores[0].metadata["code"] == "no-output"
    assert scores[1].metadata["code"] == "other-value"


def test_the_log_is_an_outputs_file_too(log) -> None:
    """What inspect stored, ``pyrite score`` reads to the same verdicts."""
    problems = [Problem.from_dict(sample.metadata["problem"]) for sample in log.samples]
    read = read_answers(log.location, problems)
    verdicts = pyrite.score(problems, read, workers=0)
    stored = [sample.scores["pyrite_scorer"].metadata["verdict"] for sample in log.samples]
    assert [verdict.first_failure for verdict in verdicts] == [None, "value", "parses", "parses"]
    assert [verdict.to_dict()["stages"] for verdict in verdicts] == [document["stages"] for document in stored]
