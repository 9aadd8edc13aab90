"""The studies in reports/studies: what their READMEs and results say is what their cells say."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tomllib
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest

from pyrite.studies import follow_up
from pyrite.studies.pages import write_study

ROOT = Path(__file__).parents[2]
LAWS = "\n## The laws\n"
WITH_LAWS = {"scaling", "ladder", "smollm2-scaling"}
UNDECIDED = {"ladder", "smollm2-scaling"}
"""Laws that their points do not hold: other processors find other ones."""
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
INTERVAL = re.compile(r"\[-?[\d.e+-]+, -?[\d.e+-]+\]")


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_studies", ROOT / "docs" / "make_studies.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def reports(*, tables: bool = False) -> list[str]:
    readmes = sorted(ROOT.glob("reports/studies/*/README.md"))
    known = [path.parent for path in readmes if (path.parent / "cells").is_dir()]
    assert known
    return [path.name for path in known if not tables or "<!-- table: " in (path / "README.md").read_text()]


def filled(*, tables: bool = False) -> list[object]:
    """Reports whose tables are to be computed; a law's bootstrap takes most of a minute."""
    return [pytest.param(name, marks=[pytest.mark.slow] * (name in WITH_LAWS)) for name in reports(tables=tables)]


@pytest.mark.parametrize("report", filled(tables=True))
def test_the_tables_are_those_of_the_cells(maker: ModuleType, report: str) -> None:
    readme = (ROOT / "reports" / "studies" / report / "README.md").read_text(encoding="utf-8")
    found = maker.filled(report)
    told, _, law = readme.partition(LAWS)
    now, _, fitted = found.partition(LAWS)
    assert told == now, "run `python docs/make_studies.py --results`"
    # The ends of a bootstrap's intervals move with the processor's linear algebra; where few points decide little
    # (see that report) the fit itself does.
    law, fitted = (INTERVAL.sub("[]", text) for text in (law, fitted))
    assert NUMBER.sub("#", law) == NUMBER.sub("#", fitted)
    if report not in UNDECIDED:
        numbers = [[float(text) for text in NUMBER.findall(page)] for page in (law, fitted)]
        assert numbers[1] == pytest.approx(numbers[0], rel=0.02, abs=0.02)


def test_a_report_of_several_studies_says_what_their_cells_say(maker: ModuleType) -> None:
    for report in maker.JOINED:
        readme = ROOT / "reports" / "studies" / report / "README.md"
        assert readme.read_text(encoding="utf-8") == maker.filled(report), "run `python docs/make_studies.py --results`"
        rows = maker.side_by_side(report)
        assert {row.problems for _, _, row in rows} == {100}
        assert len({(title, part) for title, part, _ in rows}) == len(rows) > 25
        asked = {
            problem
            for cell in cells_of("smollm2-companions", "proxy-tuning")
            for problem, _ in answers(cell, "substance")
        }
        assert len(asked) == 100
        for title, part, row in rows:  # counted again, from the cells' files alone
            states = [answers(cell, "substance") for cell in cells_of(part, title)]
            right = sum(state == "1" for own in states for (problem, _), state in own.items() if problem in asked)
            assert row.rates["substance"].passed == right


@pytest.mark.parametrize("report", reports())
def test_no_cell_is_lost_or_unknown(maker: ModuleType, report: str) -> None:
    """Every committed cell is one of the study's file as it stands, and results.json counts them all."""
    here = maker.found(report)
    folder = ROOT / "reports" / "studies" / report
    assert {path.stem for path in (folder / "cells").glob("*.json")} == set(here.results)
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert told["cells_finished"] == len(here.results)
    assert {item["cell"] for item in told["chosen"]} == set(here.results)


@pytest.mark.parametrize("report", reports())
def test_every_method_that_learns_tried_as_many_rates(maker: ModuleType, report: str) -> None:
    """The same search effort: each setting's first seed has as many candidates as the study's file names."""
    here = maker.found(report)
    wanted = len(here.study.search.rates)
    for cell in here.study.cells:
        result = here.results.get(cell.name)
        if result is not None and cell.rates and cell.rate_from is None:
            assert [item["learning_rate"] for item in result.candidates] == list(cell.rates)
            assert len(cell.rates) == wanted
            assert result.learning_rate in cell.rates


@pytest.mark.parametrize("report", filled())
def test_the_table_for_papers_is_that_of_the_cells(maker: ModuleType, report: str, tmp_path: Path) -> None:
    here = maker.found(report)
    write_study(here.study, tmp_path, here.results)
    kept = ROOT / "reports" / "studies" / report / "study.tex"
    assert kept.read_bytes() == (tmp_path / "study.tex").read_bytes(), "run `python docs/make_studies.py --results`"


def test_the_small_sibling_is_made_where_the_study_looks_for_it() -> None:
    text = (ROOT / "studies" / "recipes" / "toy-methods.toml").read_text(encoding="utf-8")
    recipe = tomllib.loads((ROOT / "models" / "recipes" / "toy-small.toml").read_text(encoding="utf-8"))
    steps = recipe["data"]["count"] // recipe["schedule"]["batch_size"]
    assert recipe["name"] == "toy-small"
    assert f'"runs/toy-small/checkpoint-{steps}"' in text or "toy-small" not in text


def cells_of(report: str, method: str) -> list[dict]:
    cells = (ROOT / "reports" / "studies" / report / "cells").glob("*.json")
    read = [json.loads(path.read_text(encoding="utf-8")) for path in cells]
    return [cell for cell in read if (cell["labels"]["method"], cell["labels"]["data.count"]) == (method, "400")]


def answers(cell: dict, outcome: str) -> dict[tuple[str, int], str]:
    last = cell["asked"][-1]
    names = [last["problems"][number] for number in last["problem"]]
    return dict(zip(zip(names, last["samples"], strict=True), last["states"][outcome], strict=True))


def test_what_a_method_adds_is_counted_answer_by_answer(maker: ModuleType) -> None:
    """An oracle without the package's statistics: the cells' JSON, and answers that changed sides."""
    here = maker.found("methods")
    cells = {path.stem: json.loads(path.read_text()) for path in (here.folder / "cells").glob("*.json")}
    counted: dict[tuple[str, str, str, str], list[int]] = {}
    for cell in here.study.cells:
        for role, before in cell.after.items():
            if cell.name not in cells or before not in cells:
                continue
            for outcome in ("surface", "substance"):
                one, two = answers(cells[before], outcome), answers(cells[cell.name], outcome)
                pairs = [(one[key], two[key]) for key in one if one[key] in "01" and two[key] in "01"]
                key = (cell.labels["method"], role, cells[before]["labels"]["method"], outcome)
                sums = counted.setdefault(key, [0, 0, 0])
                for place, number in enumerate((pairs.count(("0", "1")), pairs.count(("1", "0")), len(pairs))):
                    sums[place] += number
    found = {
        (item.title, item.role, item.before, outcome): [change.gained, change.lost, change.pairs]
        for item in maker.follow_ups(here.study, here.rows)
        for outcome, change in item.changes.items()
    }
    assert counted
    assert found == counted


def test_families_share_out_all_answers(maker: ModuleType) -> None:
    here = maker.found("methods")
    table = follow_up.family_table(here.rows)
    families = follow_up.families_of(here.rows)
    assert len(families) > 1
    for row, record in zip(here.rows, table.records, strict=True):
        for outcome in ("surface", "substance"):
            for state in ("passed", "failed", "unknown"):
                parts = [record[f"{family}_{outcome}_{state}"] for family in families]
                assert sum(parts) == getattr(row.rates[outcome], state)


def test_pass_at_k_is_the_share_of_draws_with_a_right_answer(
    maker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted over every way to draw k of a problem's known answers."""
    counts = {
        "surface": {"a": [3, 4, 5], "b": [0, 5, 5], "c": [1, 3, 5]},
        "substance": {"a": [1, 4, 5], "b": [0, 5, 5], "c": [1, 2, 5]},
    }
    file = tmp_path / "sampled.json"
    file.write_text(json.dumps({"models": {"full, seed 0": counts, "later, seed 0": counts}}))
    monkeypatch.setattr(maker, "_SAMPLED", file)
    lines = maker.coverage("methods").splitlines()
    told = [cell.strip() for cell in lines[2].split("|")[2:-1]]
    for k, said in zip((1, 2, 4), told, strict=False):
        values = []
        for right, known, _ in counts["substance"].values():
            draws = [any(draw) for draw in combinations([1] * right + [0] * (known - right), k)]
            values += [sum(draws) / len(draws)] if draws else []
        assert said == f"{100 * sum(values) / len(values):.0f}"
    assert lines[4].split("|")[2].strip().startswith("+0 [")
