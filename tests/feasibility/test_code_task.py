"""Programs on the ladder: which text is the program, surface and substance, and killed workers."""

from __future__ import annotations

import json

import pytest

from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.languages import by_task, fenced, task_of
from pyrite.feasibility.scoring.pool import Pool
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.scoring.tasks import get_task

pytest.importorskip("pydantic_monty")

BAKERY = Formulation.from_dict(
    {
        "variables": {
            "bread": {"domain": "integer", "lower": 0, "upper": 50},
            "cake": {"domain": "integer", "lower": 0},
        },
        "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
        "constraints": {"oven": "2*bread + 4*cake <= 120"},
    }
)
RIGHT = """The model:
```python
import gurobipy as gp
from gurobipy import GRB
m = gp.Model("bakery")
bread = m.addVar(vtype=GRB.INTEGER, ub=50, name="bread")
cake = m.addVar(vtype=GRB.INTEGER, name="cake")
m.addConstr(2*bread + 4*cake <= 120, "oven")
m.setObjective(3*bread + 5*cake, GRB.MAXIMIZE)
m.optimize()
print(m.objVal, bread.X)
```
It prints the best plan."""
JSON = '{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": "maximize", "expression": "x"}}'


@pytest.mark.parametrize(
    ("old", "new", "failure", "substance"),
    [
        ("", "", None, True),
        ("4*cake <= 120", "3*cake <= 120", "sound", False),
        ("ub=50, ", "", "sound", False),
        ("3*bread + 5*cake", "3*bread + 4*cake", "value", False),
        ("GRB.MAXIMIZE", "GRB.MINIMIZE", "value", False),
        ("m.optimize()", "pass", "runs", False),
        ("vtype=GRB.INTEGER, ub", "vtype=GRB.WHOLE, ub", "runs", False),
        ("cake = m.addVar", "cake = m.addVars", "runs", False),
        ("import gurobipy as gp", "import gurobipy as gp:", "parses", False),
    ],
)
def test_both_scores_of_a_program(old: str, new: str, failure: str | None, substance: bool) -> None:
    verdict = Judge(Reference(formulation=BAKERY), None, get_task("code")).judge(
        RIGHT.replace(old, new) if old else RIGHT
    )
    assert verdict.ladder.task == "code"
    assert verdict.first_failure == failure
    assert verdict.substance is substance
    assert verdict.surface == (failure not in ("parses", "runs"))
    assert verdict.from_dict(verdict.to_dict()).ladder.surface == ("parses", "runs", "declares")


def test_what_cannot_be_recorded_is_unknown_and_no_failure() -> None:
    text = RIGHT.replace("m.optimize()", "m.addSOS(1, [bread, cake])\nm.optimize()")
    verdict = Judge(Reference(formulation=BAKERY), None, get_task("code")).judge(text)
    assert (verdict.first_failure, verdict.first_unknown, verdict.substance) == (None, "runs", None)
    assert not verdict.surface


def test_the_language_is_found_by_the_text() -> None:
    assert task_of(RIGHT) == task_of(RIGHT[:200]) == "code"
    assert task_of(JSON) == task_of(f"```json\n{JSON}\n```\nimport nothing") == task_of("Sure!") == "formulation"
    assert task_of(JSON, "code") == "code"
    assert by_task([RIGHT, JSON, RIGHT]) == {"formulation": [1], "code": [0, 2]}


def test_a_notebook_is_named_whether_in_a_fence_or_not() -> None:
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": ["import pulp"]}], "nbformat": 4}, indent=1)
    for text in (notebook, f"{notebook}\n", f"```python\n{notebook}\n```"):
        assert task_of(text) == "code"
        assert Judge(None, None, get_task("code")).judge(text).stages["parses"].code == "notebook"


def test_a_programs_own_fences_do_not_end_it() -> None:
    program = (
        'text = """\n```\n"""\nimport gurobipy as gp\n'
        "m = gp.Model()\nx = m.addVar(ub=3)\nm.setObjective(x, -1)\nm.optimize()"
    )
    verdict = Judge(None, None, get_task("code")).judge(fenced(program))
    assert verdict.optimum == 3


def test_an_endless_program_does_not_hold_up_the_others() -> None:
    endless = "```python\nwhile True:\n    pass\n```"
    big = "```python\nx = 10 ** 10 ** 8\n```"
    with Pool(Policy(time_limit=5.0), workers=1, task="code") as pool:
        tasks = [("p", sample, text) for sample, text in enumerate((endless, big, RIGHT))]
        verdicts = list(pool.judge(tasks, {"p": Reference(optimum=175)}))
    assert [verdict.stages["runs"].code for verdict in verdicts[:2]] == ["time-limit", "time-limit"]
    assert verdicts[2].substance is True
