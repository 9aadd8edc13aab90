"""Answers and cells of a study on a Ray cluster of several nodes: those of one machine, whatever is lost on the way."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import pyrite
from study_files import write_tiny_study
from tiny_model import make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Settings
from pyrite.models.answering.on_ray import RayAnswerer, RemoteModel
from pyrite.models.prompts import Prompt
from pyrite.models.sources import parse_source
from pyrite.problems.files import read_problems
from pyrite.studies import on_ray
from pyrite.studies.plan import parse_study
from pyrite.studies.study import StudyRun

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_an_endpoint_answers_where_it_is_served() -> None:
    carried = RemoteModel(
        parse_source("http://localhost:9/v1#m"), Prompt("short"), Settings(), ("cpu", "auto", 1), "", None
    )
    with pytest.raises(PyriteError, match="where it is served"):
        RayAnswerer(carried, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["study", "tiny.toml", "--address", "auto"], "add --engine ray"),
        (["study", "tiny.toml", "--engine", "ray", "--jobs", "2"], "--jobs is about this machine"),
        (["answer", "--model", "m", "--problems", "p", "--out", "o", "--engine", "spark"], "local or ray"),
    ],
)
def test_what_does_not_go_together(words: list[str], said: str, tmp_path: Path) -> None:
    make_tiny(tmp_path / "m")
    (tmp_path / "p").write_text(json.dumps({"id": "a", "text": "b"}) + "\n")
    write_tiny_study(tmp_path).rename(tmp_path / "tiny.toml")
    done = pyrite(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


class Ordered:
    """In the place of a cluster: tasks are done here, one when it is waited for, the last one first."""

    gpus = 0

    def __init__(self, address: str | None) -> None:
        self.done: dict[int, Any] = {}
        self.asked: list[tuple[Any, ...]] = []

    def remote(self, function: Any, cpus: int = 1, gpus: int = 0) -> Any:
        def begin(*arguments: Any) -> int:
            self.asked.append((function, *arguments))
            return len(self.asked) - 1

        return begin

    def put(self, value: Any) -> Any:
        return value

    def first(self, references: list[int]) -> int:
        function, *arguments = self.asked[references[-1]]
        self.done[references[-1]] = function(*arguments)
        return references[-1]

    def get(self, reference: int) -> Any:
        return self.done[reference]

    def cancel(self, references: list[int]) -> None:
        assert not references

    def close(self) -> None:
        pass


@pytest.mark.slow
def test_cells_are_carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes out and comes back is enough: the nodes' folder is another one, and a cell waits for what it needs."""
    monkeypatch.setattr(on_ray, "RayCluster", Ordered)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "node"))
    (tmp_path / "node").mkdir()
    text = write_tiny_study(tmp_path, seeds="[0, 1]").read_text(encoding="utf-8")
    study = parse_study(text.replace("[search]", '[search]\nseeds = "first"'))
    told: list[str] = []
    there, here = StudyRun(study, tmp_path / "there", told.append), StudyRun(study, tmp_path / "here")
    there.run(engine="ray")
    assert not there.failed
    assert not (tmp_path / "there" / "work").exists()
    first, second = (cell.name for cell in study.cells if cell.labels["method"] == "LoRA")
    assert told.index(f"{first}: finished") < told.index(f"{second}: sent out")
    here.run()
    assert len(here.results()) == 3
    same_results(there, here)


def same_results(there: StudyRun, here: StudyRun) -> None:
    for name, cell in here.results().items():
        other = there.results()[name]
        ours, theirs = ((c.asked, c.also, c.loss, c.learning_rate, c.weights) for c in (cell, other))
        assert ours == theirs


def ray_processes(beginning: str) -> list[Any]:
    """Ray's processes that are at this work now."""
    import psutil

    return [item for item in psutil.process_iter(["name"]) if (item.info["name"] or "").startswith(beginning)]


def answers(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (folder / "outputs.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in found:
        line.pop("seconds")
    return found


def question(folder: Path, *, problems: int, batch: int, tokens: int) -> list[str]:
    """The command that has a tiny model, made here, answer some problems."""
    model, file = make_tiny(folder / "model"), folder / "problems.jsonl"
    chosen = read_problems(EXAMPLES / "problems.jsonl")[:problems]
    file.write_text("".join(json.dumps(problem.to_dict()) + "\n" for problem in chosen), encoding="utf-8")
    asked = ["answer", "--model", str(model), "--problems", str(file), "--device", "cpu", "--dtype", "float32"]
    return [*asked, "--threads", "1", "--batch-size", str(batch), "--max-new-tokens", str(tokens)]


@pytest.mark.slow
def test_answers_are_those_of_one_machine(cluster: Any, tmp_path: Path) -> None:
    asked = question(tmp_path, problems=9, batch=2, tokens=8)
    done = pyrite(*asked, "--out", str(tmp_path / "here"))
    assert not done.returncode, done.stderr
    there = tmp_path / "there"
    done = pyrite(*asked, "--out", str(there), "--engine", "ray", "--address", cluster.address)
    assert not done.returncode, done.stderr
    assert answers(there) == answers(tmp_path / "here")
    whole = (there / "outputs.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (there / "outputs.jsonl").write_text("".join(whole[:3]), encoding="utf-8")
    done = pyrite(*asked, "--out", str(there), "--engine", "ray", "--address", cluster.address)
    assert not done.returncode, done.stderr
    assert answers(there) == answers(tmp_path / "here")


def disturbed(cluster: Any, folder: Path, tokens: int, disturb: Callable[[int], bool], times: int) -> list[int]:
    """How many of 24 answers were there at each disturbance, of ``times``; the answers are those of one machine."""
    asked = question(folder, problems=24, batch=1, tokens=tokens)
    there, here = folder / "there", folder / "here"
    written = there / "outputs.jsonl"
    lost: list[int] = []

    def watch() -> None:
        while len(lost) < times:
            come = written.read_text(encoding="utf-8").count("\n") if written.exists() else 0
            if come > 5 * len(lost) and disturb(come):
                lost.append(come)
            time.sleep(0.05)

    threading.Thread(target=watch, daemon=True).start()
    done = pyrite(*asked, "--out", str(there), "--engine", "ray", "--address", cluster.address)
    assert not done.returncode, done.stderr
    assert len(lost) == times
    assert lost[-1] < 24
    done = pyrite(*asked, "--out", str(here))
    assert not done.returncode, done.stderr
    assert answers(there) == answers(here)
    return lost


@pytest.mark.slow
def test_answers_lose_nothing_with_a_process(cluster: Any, tmp_path: Path) -> None:
    """The process that holds the model is killed in the middle, more than once."""

    def kill(come: int) -> bool:
        found = ray_processes("ray::answer_p")
        for process in found[:1]:
            process.kill()
        return bool(found)

    lost = disturbed(cluster, tmp_path, 200, kill, times=2)
    assert 0 < lost[0] < lost[1]


@pytest.mark.slow
def test_answers_lose_nothing_with_a_node(cluster: Any, tmp_path: Path) -> None:
    """A machine goes with the batch that it has in hand, and whatever it had answered is there."""
    second = cluster.add_node(num_cpus=1)

    def remove(come: int) -> bool:
        # Both machines are at work by then: one alone answers one at a time.
        both = come > 5 and len(ray_processes("ray::answer_p")) > 1
        if both:
            cluster.remove_node(second, allow_graceful=False)
        return both

    disturbed(cluster, tmp_path, 120, remove, times=1)


@pytest.mark.slow
def test_a_study_loses_nothing_with_a_node(cluster: Any, tmp_path: Path) -> None:
    """Cells run side by side on two machines, and one machine goes."""
    second = cluster.add_node(num_cpus=1)
    text = write_tiny_study(tmp_path, seeds="[0, 1]").read_text(encoding="utf-8")
    study = parse_study(text)
    lost: list[int] = []

    def remove_it() -> None:
        while not lost:
            if len(ray_processes("ray::run_carr")) > 1:
                cluster.remove_node(second, allow_graceful=False)
                lost.append(1)
            time.sleep(0.2)

    threading.Thread(target=remove_it, daemon=True).start()
    there, here = StudyRun(study, tmp_path / "there"), StudyRun(study, tmp_path / "here")
    there.run(engine="ray", address=cluster.address)
    assert lost
    assert not there.failed
    here.run()
    assert len(here.results()) == 3
    same_results(there, here)


@pytest.mark.slow
def test_a_study_loses_nothing_with_a_process(cluster: Any, tmp_path: Path) -> None:
    study = parse_study(write_tiny_study(tmp_path).read_text(encoding="utf-8"))
    lost: list[int] = []

    def kill_one() -> None:
        while not lost:
            for process in ray_processes("ray::run_carr"):
                if process.children():
                    process.kill()
                    lost.append(process.pid)
                    return
            time.sleep(0.2)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    there, here = StudyRun(study, tmp_path / "there"), StudyRun(study, tmp_path / "here")
    there.run(engine="ray", address=cluster.address)
    assert lost
    assert not there.failed
    here.run()
    assert len(here.results()) == 2
    same_results(there, here)
