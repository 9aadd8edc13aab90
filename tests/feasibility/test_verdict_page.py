"""docs/verdicts.md says what verdicts hold: every field that occurs is in its tables, and every field there occurs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from case_files import all_cases

from pyrite import Formulation, Policy, Problem
from pyrite.feasibility.language.formulation import Data
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.scoring.tasks import get_task
from pyrite.feasibility.verdict import CODE, FORMULATION, LADDERS, PLAN

pytest.importorskip("pydantic_monty")

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {"Stage by": FORMULATION.task, "Programs": CODE.task, "Plans": PLAN.task}
COMMON = {"status", "code", "message", "findings"}

DATA = {
    "sets": {"P": ["a", "b"]},
    "parameters": {"gain": {"index": ["P"], "values": {"a": 3, "b": 5}}, "cap": {"values": 7}},
}
BY_NAME = {
    "variables": {"make": {"index": ["P"], "domain": "continuous", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "sum(gain[p]*make[p] for p in P)"},
    "constraints": {"cap_row": "sum(make[p] for p in P) <= cap"},
}
BREAD = {
    "variables": {"bread": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread"},
    "constraints": {"oven": "2*bread <= 9"},
}
PROGRAM = """```python
import coptpy as cp
m = cp.Envr().createModel("bakery")
x = m.addVars(2, ub={0: 5, 1: 6}, nameprefix="x")
m.addConstr(x[0] + x[1] <= 9)
m.setObjective(x[0] + 2 * x[1], cp.COPT.MAXIMIZE)
m.solve()
m.solve()
```"""


def documented() -> dict[tuple[str, str], set[str]]:
    """(task, stage) or ("", "line" or "every"): the fields in the page's tables."""
    fields: dict[tuple[str, str], set[str]] = defaultdict(set)
    section = ""
    for line in (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells or cells[0] in ("field", "stage") or set(cells[0]) == {"-"}:
            continue
        task = next((task for start, task in SECTIONS.items() if section.startswith(start)), "")
        if task:
            for stage in cells[0].split(", "):
                fields[task, stage] |= set(re.findall(r"`(\w+)`", cells[1]))
        else:
            fields["", "line" if section == "The line" else "every"] |= set(re.findall(r"`(\w+)`", cells[0]))
    return fields


def other_data() -> str:
    """An answer of which it is not proved that it holds for all data: its rule is the reference's at hand only."""
    document = json.loads(json.dumps(BY_NAME))
    document["constraints"]["cap_row"] = "sum(make[p] for p in P) <= 7*cap/7"
    document["variables"]["make"]["upper"] = 1000
    return json.dumps(document)


def wrong_parameter() -> tuple[Reference, str]:
    """A problem with two parameters of one value, and an answer that takes the wrong one."""
    data = json.loads(json.dumps(DATA))
    data["parameters"]["floor"] = {"values": 7}
    mistaken = json.loads(json.dumps(BY_NAME).replace("<= cap", "<= floor"))
    return Reference(Formulation.from_dict(BY_NAME), data=Data.from_dict(data)), json.dumps(mistaken)


def of_another_shape() -> tuple[Reference, str]:
    """Names that mean nothing, and sets of plans that no correspondence can bring together."""
    pair = {name: {"domain": "integer", "lower": 0, "upper": 9} for name in ("x", "y")}
    document = BREAD | {"variables": pair, "objective": {"sense": "maximize", "expression": "3*x + 2*y"}}
    document["constraints"] = {"oven": "x + y <= 9"}
    other = (
        json.dumps(document).replace("x", "v1").replace("mav1imize", "maximize").replace("ev1pression", "expression")
    )
    return Reference(Formulation.from_dict(document)), other.replace("integer", "continuous", 1)


def rare() -> Iterator[dict[str, Any]]:
    """Verdicts with the fields that no case file needs."""
    bread = json.dumps(BREAD)
    with_data = Reference(Formulation.from_dict(BY_NAME), data=Data.from_dict(DATA))
    for text in (json.dumps(BY_NAME), other_data()):
        yield Judge(with_data).judge(text).to_dict()
    for reference, text in (wrong_parameter(), of_another_shape()):
        yield Judge(reference).judge(text).to_dict()
    repeated = json.loads(bread) | {"constraints": {"oven": "0.333333333333333*bread <= 9"}}
    yield Judge().judge(json.dumps(repeated)).to_dict()
    yield Judge(Reference(optimum=12), Policy(repair="form")).judge(bread.replace("<=", "≤")).to_dict()
    negated = BREAD | {"objective": {"sense": "minimize", "expression": "-6*bread"}}
    yield Judge(Reference(Formulation.from_dict(BREAD))).judge(json.dumps(negated)).to_dict()
    readings: dict[str, dict[str, Any]] = {"whole": {}, "fractional": {}}
    problem = Problem.from_dict({"id": "p", "text": "t", "reference": BREAD, "readings": readings})
    yield Judge(problem.as_reference()).judge(bread).to_dict()
    yield Judge(task=get_task("code")).judge(PROGRAM).to_dict()
    plan = Problem.from_dict({"id": "p", "text": "t", "task": "plan", "reference": BREAD})
    yield Judge(plan.as_reference()).judge('{"values": {"bread": 3}, "objective": 9}').to_dict()


@pytest.fixture(scope="module")
def occurring() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    verdicts = [
        Judge(case.problem.as_reference(), case.policy, get_task(case.asked)).judge(case.output).to_dict()
        for case in all_cases()
    ]
    for verdict in [*verdicts, *rare()]:
        found["", "line"] |= set(verdict)
        for stage, result in verdict["stages"].items():
            fields = {field.removesuffix("_exact").removesuffix("_omitted") for field in result}
            found[verdict.get("task", "formulation"), stage] |= fields - COMMON
    return found


@pytest.mark.parametrize("task", LADDERS)
def test_every_field_that_occurs_is_documented(occurring, task):
    fields = documented()
    assert occurring["", "line"] <= fields["", "line"]
    shared = FORMULATION.stages[3:] if task == CODE.task else ()
    for stage in LADDERS[task].stages:
        table = fields[FORMULATION.task if stage in shared else task, stage]
        assert occurring[task, stage] <= table, stage


def test_every_documented_field_occurs(occurring):
    # The solver's tests make up a solver whose point is denied; a plan that leaves no value for a variable of the
    # reference, although stage 9 has a correspondence, is not known.
    never = {("formulation", "feasible", "violated"), ("formulation", "sound", "conflict")}
    missing = {(*place, field) for place, fields in documented().items() for field in fields - occurring[place]}
    assert {entry for entry in missing if entry[0]} <= never
    assert {entry for entry in missing if not entry[0]} == {("", "every", field) for field in COMMON}


def test_the_page_on_auditing_lists_every_setting_of_the_policy():
    page = (ROOT / "docs" / "auditing.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)  # a bare bar would begin another cell
    told = {row.replace("\\|", "|").replace("`", "") for row in rows}
    for name, meaning in Policy.meanings().items():
        assert f"| {name} | {getattr(Policy(), name)} | {meaning.replace('`', '')} |" in told
    assert page.count("\n| `") == len(Policy.meanings())
    assert f"Policy {Policy().digest}: the defaults." in page
