"""The page of a study in Chromium: the committed table of methods, by its records alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, DRIVER, Browser

from pyrite.reports.charts import letter_of
from pyrite.studies.pages import write_study
from pyrite.studies.plan import read_study
from pyrite.studies.study import StudyRun

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium with its driver on this machine"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study")
    study = read_study(ROOT / "studies" / "recipes" / "toy-methods.toml")
    shutil.copytree(ROOT / "reports" / "studies" / "methods" / "cells", out / "cells")
    results = StudyRun(study, out).results()
    assert len(results) > 20
    write_study(study, out, results)
    return out / "index.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        opened.open(Path(__file__))
        opened.requests()
        yield opened


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_reads_at_every_width(browser: Browser, page: Path, width: int, dark: bool) -> None:
    browser.view(width, dark=dark)
    browser.open(page)
    assert browser.run("return document.documentElement.scrollWidth") == width
    cut = browser.run(
        "return [...document.querySelectorAll('table.study td, table.study tbody th')]"
        ".filter((cell) => cell.firstChild && cell.getClientRects()[0].height > 60).map((cell) => cell.innerText)"
    )
    assert cut == [], "a number is broken over lines"
    assert [found for found in browser.axe() if found["impact"] in ("serious", "critical")] == []
    assert browser.console() == []


def test_a_letter_is_the_same_method_in_every_picture(browser: Browser, page: Path) -> None:
    """Those without a training cost are in one picture alone, and take their letter with them."""
    browser.open(page)
    legend = browser.run(
        "return [...document.querySelectorAll('ol.letters li')]"
        ".map((item) => [item.firstChild.textContent, item.lastChild.textContent])"
    )
    assert isinstance(legend, list)
    named = {letter: title.strip() for letter, title in legend}
    assert list(named) == [letter_of(number) for number in range(len(legend))]
    said = browser.run("return document.getElementById('cost-d').textContent")
    assert isinstance(said, str)
    costs = dict(item.split(" ", 1) for item in said.split(" operations")[0:1] + said.split(". ")[1:])
    assert "base" not in said
    assert all(text.startswith(f"{named[letter]}:") for letter, text in costs.items())
    assert len(costs) > 10


def test_nothing_is_fetched(browser: Browser, page: Path) -> None:
    browser.requests()
    browser.open(page)
    asked = [url for url in browser.requests() if not url.startswith(("data:", "about:"))]
    assert asked
    assert all(url.startswith(page.parent.resolve().as_uri()) for url in asked)
