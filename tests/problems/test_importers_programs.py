"""Folders of programs as references."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyrite.problems.importers import folders
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.problem import Problem

PROGRAM = """
import pulp
m = pulp.LpProblem("bakery", pulp.LpMaximize)
bread = pulp.LpVariable("bread", 0, 50, cat="Integer")
cake = pulp.LpVariable("cake", 0, cat="Integer")
m += 3 * bread + 5 * cake
m += 2 * bread + 4 * cake <= 120, "oven"
m.solve()
"""
CALLBACK = "import gurobipy as gp\nm = gp.Model()\nx = m.addVar(ub=1)\nm.optimize(lambda model, where: None)\n"


def _lay_out(root: Path, programs: dict[str, tuple[str | None, str | None]]) -> Path:
    """One folder a problem, from its program and its answer file's text."""
    for name, (program, answer) in programs.items():
        folder = root / "bakery" / name
        folder.mkdir(parents=True)
        (folder / "question.txt").write_text("A bakery bakes bread and cake.")
        if program is not None:
            (folder / "code.py").write_text(program)
        if answer is not None:
            (folder / ("answer.json" if answer.startswith("{") else "answer.txt")).write_text(answer)
    return root / "bakery"


def test_a_folder_of_programs_imports_as_references(tmp_path: Path) -> None:
    pytest.importorskip("pydantic_monty")
    path = _lay_out(
        tmp_path,
        {
            "a": (PROGRAM, "175"),
            "b": ("import os\nos.remove('question.txt')", None),
            "c": (None, None),
            "d": (CALLBACK, '{"status": "optimal", "obj": 0}'),
            "e": (PROGRAM, "either 175 or 176"),
            "f": (CALLBACK, '{"status": "infeasible", "obj": null}'),
            "g": (PROGRAM, None),
        },
    )
    found = import_problems(path)
    assert found.format == "folders"
    kept = {problem.id.removeprefix("bakery-"): problem for problem in found.problems}
    assert list(kept) == ["a", "d", "e", "f", "g"]
    for name in "aeg":
        reference = kept[name].reference
        assert reference is not None
        assert list(reference.variables) == ["bread", "cake"]
    assert [kept[name].optimum for name in "adeg"] == [175, 0, None, None]
    assert kept["d"].reference is kept["f"].reference is None
    assert kept["f"].status == "infeasible"
    remarks = [(remark.file, remark.code, remark.kept) for remark in found.remarks]
    assert remarks == [
        ("b", "outside-world", False),
        ("c", "no-answer", False),
        ("d", "not-recorded", True),
        ("e", "unreadable-answer", True),
        ("f", "not-recorded", True),
        ("f", "status-answer", True),
        ("g", "no-answer", True),
    ]
    assert (path / "b" / "question.txt").exists()
    assert [Problem.from_dict(problem.to_dict()) for problem in found.problems] == found.problems


def test_without_the_sandbox_the_answers_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = import_problems(_lay_out(tmp_path, {"a": (PROGRAM, "175"), "b": (PROGRAM, None)}))
    assert [(problem.id, problem.optimum, problem.reference) for problem in found.problems] == [("bakery-a", 175, None)]
    assert [(remark.code, remark.kept) for remark in found.remarks] == [("no-sandbox", True), ("no-sandbox", False)]
    assert all("pip install 'pyrite[code]'" in remark.message for remark in found.remarks)


def test_a_program_that_ends_its_process_ends_its_row_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pydantic_monty")
    monkeypatch.setattr(folders, "record", _die)
    found = import_problems(_lay_out(tmp_path, {"a": (PROGRAM, "175"), "b": (PROGRAM, None)}))
    assert [problem.id for problem in found.problems] == ["bakery-a"]
    assert [(remark.code, remark.kept) for remark in found.remarks] == [("worker-died", True), ("worker-died", False)]


def _die(program: str) -> None:
    import os

    os._exit(9)
