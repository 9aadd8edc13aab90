"""Scoring on a Ray cluster of several nodes: the verdicts of one machine, in order, whatever is lost on the way."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.problems.files import read_problems
from pyrite.results import on_ray
from pyrite.results.cluster import versions as cluster_versions
from pyrite.results.engines import Local, OnRay, get_engine
from pyrite.results.outputs import read_outputs
from pyrite.results.run import RunFolder
from pyrite.results.scoring import score_outputs

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_engines_by_name() -> None:
    assert get_engine("local") == Local()
    assert get_engine("ray", "auto") == OnRay("auto")
    for name, address, words in (("spark", None, "local or ray"), ("local", "auto", "add --engine ray")):
        with pytest.raises(PyriteError, match=words):
            get_engine(name, address)


def test_a_node_with_other_versions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its verdicts may differ: nothing of it is taken."""
    shared = (Policy(), None, {**cluster_versions(), "highspy": "0.0"})
    with pytest.raises(PyriteError, match=r"has highspy .*, this machine 0\.0"):
        on_ray.judge_part(shared, [], {})


def lines(run: RunFolder) -> list[dict[str, Any]]:
    """The verdicts as written, without the seconds that they took."""
    found = [json.loads(line) for line in run.verdicts.read_text(encoding="utf-8").splitlines()]
    for line in found:
        line.pop("seconds")
    return found


def ray_processes() -> list[Any]:
    import psutil

    return [item for item in psutil.process_iter(["name"]) if (item.info["name"] or "").startswith("ray::judge_par")]


@pytest.mark.slow
def test_a_lost_process_and_a_lost_node_lose_nothing(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    monkeypatch.setattr(on_ray, "PART", 1)
    second = cluster.add_node(num_cpus=1)
    problems = read_problems(EXAMPLES / "problems.jsonl")
    outputs = list(read_outputs(EXAMPLES / "outputs" / "step-200.jsonl"))[:24]
    local, there = RunFolder(tmp_path / "local"), RunFolder(tmp_path / "ray")
    score_outputs(problems, outputs, folder=local, workers=1)
    lost: list[Any] = []
    orphans: list[psutil.Process] = []

    def told(done: int) -> None:
        if done >= 2 and not lost:
            victim = next(iter(ray_processes()))
            orphans.extend(victim.children(recursive=True))
            victim.kill()
            lost.append(victim)
        elif done >= 6 and len(lost) == 1:
            cluster.remove_node(second, allow_graceful=False)
            lost.append(second)

    scored = score_outputs(problems, outputs, folder=there, engine=OnRay(cluster.address), told=told)
    assert len(lost) == 2
    assert scored.judged == len(outputs)
    assert lines(there) == lines(local)
    assert [line["problem_id"] for line in lines(there)] == [output.problem_id for output in outputs]
    deadline = time.monotonic() + 60
    while any(orphan.is_running() and orphan.status() != "zombie" for orphan in orphans):
        assert time.monotonic() < deadline, "a worker outlived the Ray process that it belonged to"
        time.sleep(0.5)
