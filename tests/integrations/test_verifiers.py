"""In verifiers (skipped where it is not installed): the taskset by its id, rewards, metrics, unknowns, replay."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

vf = pytest.importorskip("verifiers.v1")

from verifiers.v1.errors import TaskError  # noqa: E402
from verifiers.v1.graph import MessageNode  # noqa: E402
from verifiers.v1.types import AssistantMessage, UserMessage  # noqa: E402

from pyrite.feasibility.errors import PyriteError  # noqa: E402
from pyrite.integrations.verifiers import PyriteConfig, PyriteTaskConfig, PyriteTaskset  # noqa: E402

PROBLEM = {"id": "bakery", "text": "Bread 3, cake 5; oven 120, shelf 50.", "optimum": 175}
RIGHT = (
    '{"variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}}, '
    '"objective": {"sense": "maximize", "expression": "3*bread + 5*cake"}, '
    '"constraints": {"oven": "2*bread + 4*cake <= 120", "shelf": "bread <= 50"}}'
)


def task(folder: Path, problem: Any = PROBLEM, **config: Any) -> Any:
    (folder / "p.jsonl").write_text(json.dumps(problem) + "\n", encoding="utf-8")
    settings = PyriteConfig(problems=str(folder / "p.jsonl"), task=PyriteTaskConfig(workers=1, **config))
    (found,) = PyriteTaskset(settings)
    return found


def scored(one: Any, reply: str, stop: str | None = None) -> Any:
    trace = vf.Trace(
        agent=vf.AgentInfo(config=vf.AgentConfig()),
        task=vf.TraceTask(type="PyriteTask", data=one.data),
        nodes=[
            MessageNode(parent=None, message=UserMessage(content=one.data.prompt_text), sampled=False),
            MessageNode(parent=0, message=AssistantMessage(content=reply), sampled=True),
        ],
        stop_condition=stop,
    )
    asyncio.run(one.score(trace))
    return trace


def test_rewards_and_metrics_are_the_auditors(tmp_path: Path) -> None:
    one = task(tmp_path)
    assert one.key == "bakery"
    assert PROBLEM["text"] in one.data.prompt_text
    assert "JSON" in one.data.system_prompt
    right, wrong, prose = (scored(one, text) for text in (RIGHT, RIGHT.replace("4*cake", "3*cake"), "Sure!"))
    assert [trace.reward for trace in (right, wrong, prose)] == [1.0, 0.0, 0.0]
    assert [trace.metrics["surface"] for trace in (right, wrong, prose)] == [1.0, 1.0, 0.0]
    assert "equivalent" not in right.metrics  # no reference formulation: not asked
    assert "its optimum is 200" in wrong.info["pyrite"]["why"]
    assert scored(one, RIGHT[:60], "max_output_tokens").reward == 0.0
    assert scored(task(tmp_path, shape="surface"), RIGHT.replace("4*cake", "3*cake")).reward == 1.0


def test_an_unknown_is_no_reward(tmp_path: Path) -> None:
    one = task(tmp_path, shape="value", problem={**PROBLEM, "optimum": None})
    with pytest.raises(TaskError, match="no reward"):
        scored(one, RIGHT)


def test_the_taskset_is_found_by_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from verifiers.v1.utils.loaders import import_taskset

    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "integrations"))
    monkeypatch.delitem(sys.modules, "pyrite_formulation", raising=False)
    assert import_taskset("pyrite-formulation").PyriteTaskset is PyriteTaskset
    for config, words in (
        (PyriteConfig(), "give a file of problems"),
        (PyriteConfig(problems="nowhere.jsonl"), "no such file"),
        (PyriteConfig(problems="x", style="long"), "style is"),
        (PyriteConfig(problems="x", task=PyriteTaskConfig(shape="round")), "round"),
    ):
        with pytest.raises(PyriteError, match=words):
            list(PyriteTaskset(config))
