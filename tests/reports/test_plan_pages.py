"""Plans in reports: how much of each kind of rule is kept, formulation against plan, the page, the grid drawn."""

import json
import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.plans.grids.flows import flows, mismatches
from pyrite.feasibility.plans.grids.grid import Branch, Bus, GeneratingUnit, Grid
from pyrite.feasibility.plans.grids.rules import GridRules
from pyrite.feasibility.plans.plan import Plan
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.rationals import from_float
from pyrite.problems.families import draw
from pyrite.problems.planning import ask_for_plans
from pyrite.problems.problem import Problem
from pyrite.reports.pages.grid_picture import HEIGHT, WIDTH, draw_grid
from pyrite.reports.pages.site import write_site
from pyrite.reports.tables.plans import plan_tables
from pyrite.results.collection import read_collection
from pyrite.results.keeping import kept_rules
from pyrite.results.two_tasks import two_tasks

BUSES = ("north", "east", "south")


def triangle(demand: tuple[float, float] = (0.0, 0.0)) -> Grid:
    """Three buses whose demands are what a plan with these voltages leaves, so that this plan is feasible."""
    buses = (Bus("north", place=(0, 2)), Bus("east", *demand, place=(2, 0)), Bus("south", place=(-1, -1)))
    units = (GeneratingUnit("g1", "north", 0, 300, -200, 200, (0.0, 10, 0)),)
    ends = (("north", "east"), ("east", "south"), ("south", "north"))
    lines = tuple(Branch(f"{a}-{b}", a, b, 0.01, 0.1, 0.02, limit=250) for a, b in ends)
    return Grid("triangle", "ac", buses, units, lines, "north")


VOLTAGE = {"north": 1.0, "east": 0.98, "south": 0.99}
ANGLE = {"north": 0.0, "east": -3.0, "south": -1.5}


def solved_triangle() -> tuple[Grid, dict]:
    """The grid whose demand balances at these voltages, and its plan."""
    free = triangle()
    none = {"g1": 0.0}
    active, reactive = mismatches(free, flows(free, VOLTAGE, ANGLE), VOLTAGE, none, none)
    buses = tuple(
        bus if bus.name == "north" else replace(bus, demand=active[bus.name], reactive_demand=reactive[bus.name])
        for bus in free.buses
    )
    plan = {"vm": VOLTAGE, "va": ANGLE, "pg": {"g1": -active["north"]}, "qg": {"g1": -reactive["north"]}}
    return replace(free, buses=buses), {"values": plan}


def as_plan(document: dict) -> Plan:
    return Plan({(v, (m,)): from_float(float(x)) for v, t in document["values"].items() for m, x in t.items()})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Formulations and plans of six problems (four right formulations, two right plans), a grid right and wrong."""
    folder = tmp_path_factory.mktemp("plans")
    drawn = [draw("product-mix", seed) for seed in range(6)]
    problems = list(ask_for_plans(drawn, both=True))
    grid, plan = solved_triangle()
    problems += [
        Problem(id=f"grid-{k}", text="g", task="plan", grid=grid, family="triangle", extra={"plan": plan})
        for k in range(3)
    ]
    answers = []
    for place, problem in enumerate(problems):
        if problem.grid is not None:
            continue
        number = place // 2
        if problem.task == "plan":
            document = json.loads(json.dumps(problem.extra["plan"]))
            if number >= 2:
                first = next(iter(document["values"]))
                document["values"][first] = 100_000
            text = json.dumps(document) if number != 5 else "I cannot"
        else:
            text = problem.reference.to_json() if number < 4 else "{}"
        answers.append({"problem_id": problem.id, "output": text})
    missing = json.loads(json.dumps(plan))
    missing["values"]["pg"]["g1"] += 12
    for k, text in enumerate((json.dumps(plan), json.dumps(missing), "nothing <b>")):
        answers.append({"problem_id": f"grid-{k}", "output": text})
    (folder / "p.jsonl").write_text("\n".join(json.dumps(p.to_dict()) for p in problems), encoding="utf-8")
    (folder / "o.jsonl").write_text("\n".join(json.dumps(a) for a in answers), encoding="utf-8")
    arguments = [str(folder / "p.jsonl"), str(folder / "o.jsonl"), "--out", str(folder / "run"), "--workers", "1"]
    assert CliRunner().invoke(app, ["score", *arguments]).exit_code == 0
    return read_collection([folder / "run"])


def test_formulation_and_plan_side_by_side(run):
    found = two_tasks(run.runs[0])
    assert (found.both, found.formulation_only, found.plan_only, found.neither, found.unknown) == (2, 2, 0, 2, 0)
    assert found.p == pytest.approx(0.5)  # two changed pairs, both one way
    table = plan_tables(run)[0]
    assert table.rows[0][1:5] == ["6", "4 (66.7 %)", "2 (33.3 %)", "2"]


def test_rules_kept_by_kind_and_group(run):
    kept = {(k.family, k.kind, k.group): k for k in kept_rules(run.runs[0])}
    balance = kept["triangle", "equalities", "active balance"]
    assert (balance.plans, balance.rules, balance.whole, balance.unread) == (2, 6, 1, 1)
    assert balance.share == pytest.approx((1 + 2 / 3) / 2)
    assert kept["triangle", "equalities", "reactive balance"].share == 1
    assert kept["triangle", "bounds", ""].whole == 2
    assert kept["product-mix", "inequalities", ""].unread == 1
    assert 0 <= balance.low <= balance.share <= balance.high <= 1
    text = "\n".join(table.plain() for table in plan_tables(run))
    assert "run, triangle: 1 answers hold no plan to read." in text


def test_stored_counts_of_strangers_are_not_believed_blindly(run):
    stored = run.runs[0]
    verdict = next(v for v in stored.verdicts if v.problem_id == "grid-0")
    for details in ({"rules": "many", "kept": 1}, {"rules": 1, "kept": 5}, {"rules": 2, "kept": 1, "groups": [3]}):
        broken = replace(verdict.stages["equalities"], details=details)
        changed = replace(verdict, stages={**verdict.stages, "equalities": broken})
        kept_rules(replace(stored, verdicts=[changed]))


def test_the_page_of_a_grid_says_where_it_fails(run, tmp_path):
    write_site(run, tmp_path / "report")
    page = (tmp_path / "report" / "problems" / "grid-1.html").read_text(encoding="utf-8")
    assert "active balance at north" in page
    assert "12 MW" in page
    assert "Rules kept" in page
    assert "The formulation" not in page
    assert 'class="bus bad"' in page
    right = (tmp_path / "report" / "problems" / "grid-0.html").read_text(encoding="utf-8")
    assert 'class="bus bad"' not in right
    assert "Every bus keeps its rules." in right
    unread = (tmp_path / "report" / "problems" / "grid-2.html").read_text(encoding="utf-8")
    assert "chart power" not in unread
    assert "<b>" not in unread.replace("<bdi>", "")
    plan = (tmp_path / "report" / "problems" / "product-mix-small-plain-2-plan.html").read_text(encoding="utf-8")
    assert "broken rule" in plan
    assert "100,000" in plan
    assert "The nearest plan that keeps every rule" in plan
    index = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "Can it model what it cannot solve?" in index


def numbers(svg: str, name: str, attributes: tuple[str, ...]) -> list[list[float]]:
    root = ET.fromstring(svg)
    space = {"s": "http://www.w3.org/2000/svg"}
    return [[float(found.attrib[a]) for a in attributes] for found in root.iterfind(f".//s:{name}", space)]


@pytest.mark.parametrize("seed", range(6))
def test_any_grid_is_drawn_inside_its_frame(seed):
    """Names with markup, buses at one place, buses without place, everything broken: well-formed and inside."""
    chance = random.Random(seed)
    count = chance.choice([1, 2, 5, 40, 118])
    place = [None, (0.0, 0.0), (1e9, -1e9), (float("inf"), 0.0)]
    buses = tuple(
        Bus(f"<b{k}>&", 10 * chance.random(), place=chance.choice(place) if seed < 4 else (chance.random(), k))
        for k in range(count)
    )
    lines = tuple(
        Branch(f"l{k}", buses[k - 1].name, buses[k].name, 0.0, 0.1, limit=chance.choice([None, 0.001]))
        for k in range(1, count)
    )
    grid = Grid("any", "ac", buses, (GeneratingUnit("g", buses[0].name, 0, 1),), lines, buses[0].name)
    values = {"vm": {b.name: 5.0 for b in buses}, "va": {b.name: 90 * chance.random() for b in buses}}
    values |= {"pg": {"g": 1e30}, "qg": {"g": -1e30}}
    svg = draw_grid(grid, GridRules(grid).checks(as_plan({"values": values}), Policy()), "x")
    assert svg is not None
    assert len(numbers(svg, "line", ("x1",))) == count - 1
    for x, y in numbers(svg, "circle", ("cx", "cy")):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert not re.search(r"nan|inf\b", svg)


def test_a_grid_beyond_reading_is_not_drawn():
    buses = tuple(Bus(f"b{k}") for k in range(401))
    assert draw_grid(Grid("large", "dc", buses, (), (), "b0"), (), "x") is None


def test_labels_do_not_overlap():
    from pyrite.reports.pages import grid_picture

    grid, plan = solved_triangle()
    moved = json.loads(json.dumps(plan))
    moved["values"]["vm"] = dict.fromkeys(BUSES, 1.3)
    svg = draw_grid(grid, GridRules(grid).checks(as_plan(moved), Policy()), "x")
    assert svg.count("MVAr") >= 2
    boxes: list[grid_picture.PictureBox] = []
    at = {"north": (100.0, 100.0), "east": (104.0, 100.0), "south": (101.0, 103.0)}
    for bus in BUSES:
        grid_picture._label(grid, at, bus, ["10 MW", "20 MVAr"], 5.0, boxes)
    assert boxes
    assert not any(grid_picture._overlap(a, b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])
