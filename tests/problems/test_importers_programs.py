"""Folders of programs as references."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyrite.problems.importers.importing import import_problems

pytest.importorskip("pydantic_monty")

PROGRAM = """
import pulp
m = pulp.LpProblem("bakery", pulp.LpMaximize)
bread = pulp.LpVariable("bread", 0, 50, cat="Integer")
cake = pulp.LpVariable("cake", 0, cat="Integer")
m += 3 * bread + 5 * cake
m += 2 * bread + 4 * cake <= 120, "oven"
m.solve()
"""


@pytest.mark.skip(reason="two importers claim such a folder, and the one without recording wins")
def test_a_folder_of_programs_imports_as_references(tmp_path: Path) -> None:
    for name, program in (("a", PROGRAM), ("b", "import os\nos.remove('question.txt')"), ("c", None)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "question.txt").write_text("A bakery bakes bread and cake.")
        if program is not None:
            (folder / "code.py").write_text(program)
    (tmp_path / "a" / "answer.txt").write_text("175")
    found = import_problems(tmp_path)
    assert found.format == "programs"
    assert [problem.id for problem in found.problems] == ["a"]
    problem = found.problems[0]
    assert problem.reference is not None
    assert list(problem.reference.variables) == ["bread", "cake"]
    assert problem.optimum == 175
    assert [(remark.code, remark.kept) for remark in found.remarks] == [("outside-world", False), ("no-program", False)]
    assert (tmp_path / "b" / "question.txt").exists()
