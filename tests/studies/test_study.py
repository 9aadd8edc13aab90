"""A study end to end on a tiny model: stopped at random it ends as undisturbed, and goes on from its records alone."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path

import pytest
from study_files import write_tiny_study
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError, StoppedError
from pyrite.studies.pages import write_study
from pyrite.studies.plan import read_study
from pyrite.studies.records import read_result
from pyrite.studies.study import StudyRun

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The study's file and its folder, run through the command in one go."""
    folder = tmp_path_factory.mktemp("study")
    path = write_tiny_study(folder)
    result = CliRunner().invoke(app, ["study", str(path), "--out", str(folder / "out")], catch_exceptions=False)
    assert result.exit_code == 0
    assert "LoRA" in result.stdout
    return path, folder / "out"


def test_a_study_leaves_records_tables_pictures_and_a_page(undisturbed: tuple[Path, Path]) -> None:
    path, out = undisturbed
    study = read_study(path)
    results = json.loads((out / "results.json").read_text())
    assert results["cells_finished"] == results["cells"] == 2
    assert [row["labels"]["method"] for row in results["settings"]] == ["LoRA", "none"]
    chosen = results["chosen"][0]
    assert len(chosen["candidates"]) == 2
    assert chosen["learning_rate"] in {item["learning_rate"] for item in chosen["candidates"]}
    assert [point["examples"] for point in chosen["curve"]] == [1, 2]
    assert {"surface", "substance"} == set(results["settings"][1]["comparisons"])
    for name in ("study.csv", "study.tex", "study.md", "plane.svg", "cost.svg", "curve-1.svg"):
        assert (out / name).stat().st_size, name
    record = read_result(out / "cells", study.cells[0].name)
    assert record is not None
    assert record.parameters["trainable"] > 0
    assert record.tokens["seen"] > record.tokens["learned"] > 0
    assert record.made_by["versions"]["pyrite"]
    assert not list(out.glob("work/*/candidate-*")), "the search leaves counts, no weights"


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]


def test_the_page_leads_to_every_cells_pages(undisturbed: tuple[Path, Path]) -> None:
    out = undisturbed[1]
    parser = _Links()
    parser.feed((out / "index.html").read_text())
    links = [link for link in parser.links if not link.startswith(("data:", "#"))]
    assert len([link for link in links if link.endswith("report/index.html")]) == 2
    assert all((out / link).is_file() for link in links), links


def test_what_is_finished_is_not_done_again_and_goes_elsewhere_by_its_records_alone(
    undisturbed: tuple[Path, Path], tmp_path: Path
) -> None:
    path, out = undisturbed
    study = read_study(path)
    shutil.copytree(out / "cells", tmp_path / "cells")
    run = StudyRun(study, tmp_path, say=lambda text: pytest.fail(text))
    run.run()
    write_study(study, tmp_path, run.results())
    assert (tmp_path / "results.json").read_bytes() == (out / "results.json").read_bytes()
    assert "run elsewhere" in (tmp_path / "index.html").read_text()


def test_a_table_of_half_a_study_says_so(undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    path, out = undisturbed
    study = read_study(path)
    name = study.cells[0].name
    (tmp_path / "cells").mkdir()
    shutil.copy(out / "cells" / f"{name}.json", tmp_path / "cells")
    results = StudyRun(study, tmp_path).results()
    write_study(study, tmp_path, results)
    assert json.loads((tmp_path / "results.json").read_text())["cells_finished"] == 1
    assert "not finished" in (tmp_path / "index.html").read_text()
    shown = CliRunner().invoke(app, ["study", str(path), "--out", str(tmp_path), "--status", "--json"])
    states = {row["cell"]: row["state"] for row in json.loads(shown.stdout)["rows"]}
    assert states == {name: "finished", study.cells[1].name: "missing"}


def test_a_damaged_record_is_refused_in_one_line(undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    study, out = read_study(undisturbed[0]), undisturbed[1]
    shutil.copytree(out / "cells", tmp_path / "cells")
    place = tmp_path / "cells" / f"{study.cells[0].name}.json"
    whole = json.loads(place.read_text())
    states = whole["asked"][0]["states"]
    for damage in (
        "{",
        "[]",
        json.dumps({**whole, "format": 9}),
        json.dumps({**whole, "cell": "another"}),
        json.dumps({**whole, "asked": [{**whole["asked"][0], "states": {**states, "surface": "7" * 2}}]}),
        json.dumps({**whole, "asked": [{**whole["asked"][0], "states": {**states, "surface": "1"}}]}),
    ):
        place.write_text(damage)
        with pytest.raises(PyriteError, match="no result of a cell"):
            StudyRun(study, tmp_path).results()


def stopped_and_started(path: Path, out: Path, stops: list[int]) -> None:
    """Run in this process, stopped after so many sentences each time, then to the end."""
    study = read_study(path)
    for stop in [*stops, -1]:
        left = [stop]

        def say(text: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt

        run = StudyRun(study, out, say)
        try:
            run.run()
        except KeyboardInterrupt:
            continue
    write_study(study, out, run.results())


def test_a_stopped_study_ends_as_an_undisturbed_one(undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    path, out = undisturbed
    stopped_and_started(path, tmp_path, [4])
    assert (tmp_path / "results.json").read_bytes() == (out / "results.json").read_bytes()


def test_a_failing_cell_lets_the_others_go_on(tmp_path: Path) -> None:
    text = write_tiny_study(tmp_path).read_text().replace("r = 4", 'r = 4, target_modules = ["nowhere"]')
    path = tmp_path / "failing.toml"
    path.write_text(text)
    result = CliRunner().invoke(app, ["study", str(path), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, PyriteError)
    assert result.exception.exit_code == 3
    assert "1 of 2 cells failed" in result.exception.message
    assert json.loads((tmp_path / "out" / "results.json").read_text())["cells_finished"] == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_only_a_stop_keeps_further_cells_from_beginning(
    jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little memory, a dead endpoint and a killed process have exit code 3 as a stop has, and stop one cell."""
    study = read_study(write_tiny_study(tmp_path, seeds="[0, 1, 2]"))
    names = [cell.name for cell in study.cells]
    begun: list[str] = []
    errors: list[Exception] = []

    def begin(name: str) -> None:
        begun.append(name)
        if name == names[0]:
            raise errors[0]
        time.sleep(0.2)  # so that the error is there before another place is free

    monkeypatch.setattr("pyrite.studies.study.run_cell", lambda study, cell, out, say: begin(cell.name))
    monkeypatch.setattr("pyrite.studies.study.run_apart", lambda work, text, name, out, heard: begin(name))
    for error in (PyriteError("out of memory", exit_code=3), StoppedError("stopped")):
        begun[:], errors[:] = [], [error]
        run = StudyRun(study, tmp_path / "out")
        with pytest.raises(StoppedError) if isinstance(error, StoppedError) else nullcontext():
            run.run(jobs)
        if isinstance(error, StoppedError):
            assert len(begun) <= jobs
        else:
            assert sorted(begun) == sorted(names)
            assert run.failed == {names[0]: "out of memory"}


@pytest.mark.slow
def test_a_cell_whose_process_is_killed_is_told_and_the_others_go_on(
    undisturbed: tuple[Path, Path], tmp_path: Path
) -> None:
    path, out = undisturbed
    command = [sys.executable, "-m", "pyrite.cli", "study", str(path), "--out", str(tmp_path), "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = ""
        while "learning rate" not in told:
            told += process.stderr.readline()
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout
        os.kill(int(children.split()[0]), signal.SIGKILL)
        told += process.stderr.read()
    assert process.returncode == 3
    failed = re.findall(r"(?m)^(\S+): failed: the process at work died \(.*SIGKILL", told)
    assert len(failed) == 1
    assert [read_result(tmp_path / "cells", cell.name) is None for cell in read_study(path).cells].count(True) == 1
    assert read_result(tmp_path / "cells", failed[0]) is None
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    assert (tmp_path / "results.json").read_bytes() == (out / "results.json").read_bytes()


@pytest.mark.slow
def test_a_study_killed_ten_times_ends_as_an_undisturbed_one(undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    """SIGKILL at random moments, of the whole command, with one process and with two."""
    path, out = undisturbed
    chance = random.Random(7)
    command = [sys.executable, "-m", "pyrite.cli", "study", str(path), "--out", str(tmp_path)]
    for kill in range(10):
        process = subprocess.Popen(
            [*command, "--jobs", str(1 + kill % 2)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(4, 25))
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    assert (tmp_path / "results.json").read_bytes() == (out / "results.json").read_bytes()
