"""The journeys of docs/architecture.md: every file that they name is there, and is entered in that order."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import architecture
import pytest
from reporting import BAKERY, RIGHT, two_runs
from study_files import TUNED, write_tiny_study
from tiny_model import make_tiny

from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.rendering import to_json
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build, parse_formulation
from pyrite.models.recipes import parse_recipe
from pyrite.models.training.tuning import tune
from pyrite.problems.generating import Order, make
from pyrite.problems.problem import Problem
from pyrite.reports.pages.site import write_site
from pyrite.results.collection import read_collection
from pyrite.results.outputs import Output
from pyrite.results.scoring import score_outputs
from pyrite.studies.pages import write_study
from pyrite.studies.plan import read_study
from pyrite.studies.study import StudyRun

PAGE = (architecture.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FILES = sorted(architecture.sources().values())


def journey(title: str) -> list[Path]:
    """The files that a journey names, in order."""
    text = PAGE[PAGE.index(f"**{title}") :].split("\n\n")[0]
    found = []
    for name in re.findall(r"`([\w/]+\.py)`", text):
        hits = [path for path in FILES if path.as_posix().endswith(f"/{name}")]
        assert hits, f"{name} is not there"
        found.append(min(hits, key=lambda path: len(path.parts)))
    return found


def entered(action: Callable[[], object]) -> list[Path]:
    """The package's files in the order in which the action first calls something in them."""
    order: dict[str, None] = {}

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name not in ("<module>", "__set_name__"):
            order.setdefault(frame.f_code.co_filename)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        action()
    finally:
        sys.setprofile(before)
    return [Path(name) for name in order]


def judge() -> object:
    scored = score_outputs([Problem.from_dict(BAKERY)], [Output("bakery", 0, RIGHT)], Policy(), workers=0)
    return [verdict.substance for verdict in scored.verdicts]


def draw() -> object:
    return [problem.to_dict() for problem in make(Order(("knapsack",), count=1, seed=5))]


def relate() -> object:
    first, second = (build(parse_formulation(RIGHT)) for _ in range(2))
    return to_json(first, second, compare(first, second, Policy()))


def show() -> object:
    with TemporaryDirectory() as folder:
        runs = two_runs(Path(folder))
        return write_site(read_collection(runs), Path(folder) / "pages")


def learn() -> object:
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_tiny(folder / "model")
        text = TUNED.format(model=folder / "model")
        return tune(parse_recipe(text), folder / "out").record


def study() -> object:
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = read_study(write_tiny_study(folder))
        run = StudyRun(found, folder / "out")
        run.run()
        assert not run.failed
        return write_study(found, run.out, run.results())


@pytest.mark.parametrize(
    ("title", "action"),
    [
        ("From text to verdict", judge),
        pytest.param("From recipe to checkpoint", learn, marks=pytest.mark.slow),
        pytest.param("From study to table", study, marks=pytest.mark.slow),
        ("From verdict to page", show),
        ("From seed to problem", draw),
        ("From pair to relation", relate),
    ],
)
def test_a_journey_is_as_the_page_tells_it(title: str, action: Callable[[], object]) -> None:
    told = journey(title)
    order = entered(action)
    missing = [path.name for path in told if path not in order]
    assert not missing
    assert [path.name for path in order if path in told] == [path.name for path in told]


def test_the_journey_to_a_verdict_is_short() -> None:
    assert len(journey("From text to verdict")) <= 12


@pytest.mark.parametrize("title", re.findall(r"^\*\*(From [a-z ]+)", PAGE, re.MULTILINE))
def test_what_a_journey_names_is_there(title: str) -> None:
    assert journey(title)


def test_what_is_to_be_touched_is_there() -> None:
    folders = {f"{parent.as_posix()}/" for path in FILES for parent in path.parents}
    folders |= {f"{folder.as_posix()}/" for folder in architecture.ROOT.glob("reports/**/templates")}
    for row in re.findall(r"^\| [a-z ]+ \| (.*) \|$", PAGE, re.MULTILINE):
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", row):
            places = folders if name.endswith("/") else {path.as_posix() for path in FILES}
            assert any(place.endswith(f"/{name}") for place in places), name
