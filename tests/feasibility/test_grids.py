"""The physics of grids against an oracle in complex numbers, and against pandapower where that is installed."""

from __future__ import annotations

import cmath
import importlib.util
import json
import math
import random
from dataclasses import replace

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.plans.grids.flows import flows, mismatches
from pyrite.feasibility.plans.grids.grid import Branch, Bus, GeneratingUnit, Grid, islands
from pyrite.feasibility.plans.grids.rules import GridRules
from pyrite.feasibility.plans.plan import Plan
from pyrite.feasibility.plans.rules import worst
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.rationals import from_float

needs_pandapower = pytest.mark.skipif(importlib.util.find_spec("pandapower") is None, reason="pandapower (extra grid)")


def random_grid(chance: random.Random, physics: str = "ac") -> Grid:
    """A connected grid with taps, shifts, shunts and charging."""
    count = chance.randint(2, 7)
    names = [f"b{k}" for k in range(count)]
    pairs = [(chance.randrange(k), k) for k in range(1, count)]
    pairs += [tuple(chance.sample(range(count), 2)) for _ in range(chance.randint(0, 4))]  # type: ignore[misc]
    branches = tuple(
        Branch(
            f"l{k}", names[a], names[b], chance.uniform(0, 0.1), chance.uniform(0.02, 0.3), chance.uniform(0, 0.1),
            chance.choice([1.0, chance.uniform(0.9, 1.1)]), chance.choice([0.0, chance.uniform(-20, 20)]),
            chance.choice([None, 120.0]),
        )
        for k, (a, b) in enumerate(pairs)
    )  # fmt: skip
    buses = tuple(
        Bus(name, chance.uniform(0, 90), chance.uniform(-20, 40), chance.uniform(0, 5), chance.uniform(-5, 20))
        for name in names
    )
    units = tuple(GeneratingUnit(f"g{k}", chance.choice(names), 0, 300, -200, 200, (0.01, 20, 5)) for k in range(3))
    return Grid("random", physics, buses, units, branches, names[0], chance.choice([1.0, 10.0, 100.0]))


def complex_balance(grid: Grid, vm: dict[str, float], va: dict[str, float]) -> dict[str, complex]:
    """What branches and shunts take from each bus in MVA, by admittances in complex numbers: V conj(Y V)."""
    voltage = {name: cmath.rect(vm[name], math.radians(va[name])) for name in vm}
    taken = {bus.name: (bus.conductance - 1j * bus.susceptance) * vm[bus.name] ** 2 for bus in grid.buses}
    for branch in grid.branches:
        series = 1 / complex(branch.r, branch.x)
        ratio = branch.tap * cmath.exp(1j * math.radians(branch.shift))
        start, end = voltage[branch.start], voltage[branch.end]
        inner = start / ratio
        into = (inner - end) * series + inner * 0.5j * branch.b
        out = (end - inner) * series + end * 0.5j * branch.b
        taken[branch.start] += grid.base * start * (into / ratio.conjugate()).conjugate()
        taken[branch.end] += grid.base * end * out.conjugate()
    return taken


@pytest.mark.parametrize("seed", range(60))
def test_flows_agree_with_complex_numbers(seed: int) -> None:
    chance = random.Random(seed)
    grid = random_grid(chance)
    vm = {bus.name: chance.uniform(0.8, 1.2) for bus in grid.buses}
    va = {bus.name: chance.uniform(-60, 60) for bus in grid.buses}
    pg = {unit.name: chance.uniform(0, 100) for unit in grid.generators}
    qg = {unit.name: chance.uniform(-50, 50) for unit in grid.generators}
    active, reactive = mismatches(grid, flows(grid, vm, va), vm, pg, qg)
    taken = complex_balance(grid, vm, va)
    for bus in grid.buses:
        given = sum(complex(pg[u.name], qg[u.name]) for u in grid.generators if u.bus == bus.name)
        wanted = given - complex(bus.demand, bus.reactive_demand) - taken[bus.name]
        assert active[bus.name] == pytest.approx(wanted.real, abs=1e-8 * grid.base)
        assert reactive[bus.name] == pytest.approx(wanted.imag, abs=1e-8 * grid.base)


@pytest.mark.parametrize("seed", range(10))
def test_losses_are_what_resistance_takes(seed: int) -> None:
    """A lossless branch gives back what it takes; any other loses r times its current squared (no charging here)."""
    chance = random.Random(seed)
    grid = random_grid(chance)
    grid = replace(grid, branches=tuple(replace(b, b=0.0, tap=1.0, shift=0.0) for b in grid.branches))
    vm = {bus.name: chance.uniform(0.9, 1.1) for bus in grid.buses}
    va = {bus.name: chance.uniform(-30, 30) for bus in grid.buses}
    for branch in grid.branches:
        flow = flows(grid, vm, va)[branch.name]
        start, end = (cmath.rect(vm[n], math.radians(va[n])) for n in (branch.start, branch.end))
        current = abs(start - end) / abs(complex(branch.r, branch.x))
        assert flow.start + flow.end == pytest.approx(grid.base * branch.r * current**2, abs=1e-9 * grid.base)
        assert flow.loading == pytest.approx(grid.base * current, rel=1e-9)


def test_direct_current_is_the_small_angle_limit() -> None:
    grid = random_grid(random.Random(1), "dc")
    plain = replace(grid, branches=tuple(replace(b, r=0.0, b=0.0, tap=1.0, shift=0.0) for b in grid.branches))
    va = {bus.name: 1e-4 * k for k, bus in enumerate(grid.buses)}
    ones = {bus.name: 1.0 for bus in grid.buses}
    exact = flows(replace(plain, physics="ac"), ones, va)
    for name, flow in flows(plain, {}, va).items():
        assert flow.start == pytest.approx(exact[name].start, rel=1e-6, abs=1e-12)
        assert flow.start == -flow.end


def test_islands() -> None:
    buses = tuple(Bus(name) for name in "abcde")
    branches = (Branch("1", "a", "b", 0, 1), Branch("2", "c", "d", 0, 1))
    assert islands(Grid("x", "dc", buses, (), branches, "c")) == [{"c", "d"}, {"a", "b"}, {"e"}]


def test_a_grid_survives_json() -> None:
    grid = random_grid(random.Random(3))
    assert Grid.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid
    free = replace(grid, generators=(GeneratingUnit("g", "b0", 0, 10),))
    text = json.dumps(free.to_dict())
    assert "Infinity" not in text
    assert Grid.from_dict(json.loads(text)) == free


TWO = {
    "name": "two", "physics": "dc", "base": 100, "slack": "1",
    "buses": [{"name": "1"}, {"name": "2", "demand": 50}],
    "generators": [{"name": "g1", "bus": "1", "lowest": 0, "highest": 90}],
    "branches": [{"name": "1-2", "start": "1", "end": "2", "r": 0, "x": 0.1, "limit": 60}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"physics": "cfd"}, "physics is ac or dc"),
        ({"buses": "many"}, "buses are a list"),
        ({"buses": [{"name": "1"}, {"name": "1"}]}, "is there twice"),
        ({"buses": [{"name": "1"}]}, "there is no bus '2'"),
        ({"slack": "9"}, "there is no bus '9'"),
        ({"base": 0}, "base must be above zero"),
        ({"base": float("nan")}, "is a number"),
        ({"branches": [{"name": "a", "start": "1", "end": "1", "r": 0, "x": 1}]}, "one end only"),
        ({"branches": [{"name": "a", "start": "1", "end": "2", "r": 0, "x": 0}]}, "no impedance"),
        ({"branches": [{"name": "a", "start": "1", "end": "2", "r": "0", "x": 1}]}, "is a number"),
        ({"generators": [{"name": "g", "bus": "1", "lowest": 0}]}, "missing"),
        ({"generators": [{"name": "g", "bus": "1", "lowest": 0, "highest": 1, "price": 3}]}, "unknown field 'price'"),
        ({"generators": [{"name": "g", "bus": "1", "lowest": 0, "highest": 1, "cost": [1]}]}, "list of 3"),
    ],
)
def test_a_broken_grid_is_one_line(change: dict[str, object], says: str) -> None:
    with pytest.raises(PyriteError, match=says) as caught:
        Grid.from_dict({**TWO, **change})
    assert "\n" not in str(caught.value)


# The published cases --------------------------------------------------------------------------------------------------

KNOWN = {"ieee9": 5296.69, "ieee14": 8081.53, "ieee30": 8906.14, "ieee118": 129660.7}
"""Optimal costs of MATPOWER's own solver. pandapower holds the slack's voltage fixed, so its optimum may lie above."""


def solved(case: str, physics: str) -> tuple[Grid, Plan, float]:
    from pyrite.problems.grids.cases import base_grid

    grid, dispatch = base_grid(case, physics)
    values = {(n, (m,)): from_float(v) for n, table in dispatch.values.items() for m, v in table.items()}
    return grid, Plan(values), dispatch.cost


@pytest.fixture(scope="module")
def nine() -> tuple[Grid, Plan, float]:
    return solved("ieee9", "ac")


@pytest.fixture(scope="module")
def fourteen() -> tuple[Grid, Plan, float]:
    return solved("ieee14", "ac")


@needs_pandapower
@pytest.mark.parametrize("case", ["ieee9", "ieee14", "ieee30", pytest.param("ieee118", marks=pytest.mark.slow)])
def test_pandapower_keeps_our_rules(case: str) -> None:
    grid, plan, cost = solved(case, "ac")
    rules = GridRules(grid)
    assert worst(rules.checks(plan, Policy(balance_tolerance=1e-6))) == []
    assert float(rules.objective(plan)) == pytest.approx(cost, rel=1e-9)
    assert KNOWN[case] * (1 - 1e-4) <= cost <= KNOWN[case] * 1.02


@needs_pandapower
@pytest.mark.parametrize("case", ["ieee9", "ieee14", "ieee30", "ieee57", "ieee118"])
def test_direct_current_keeps_our_rules(case: str) -> None:
    grid, plan, cost = solved(case, "dc")
    rules = GridRules(grid)
    assert worst(rules.checks(plan, Policy(balance_tolerance=1e-6))) == []
    assert float(rules.objective(plan)) == pytest.approx(cost, rel=1e-6)


@needs_pandapower
def test_one_megawatt_is_missed_where_it_was_taken(fourteen: tuple[Grid, Plan, float]) -> None:
    grid, plan, _ = fourteen
    for bus in grid.buses:
        more = replace(bus, demand=bus.demand + 1)
        changed = replace(grid, buses=tuple(more if b.name == bus.name else b for b in grid.buses))
        broken = worst(GridRules(changed).checks(plan, Policy()))
        assert [check.name for check in broken] == [f"active balance at {bus.name}"]
        assert float(broken[0].amount) == pytest.approx(1, abs=1e-3)
        assert broken[0].unit == "MW"


EVERY_GRID = [("ieee9", "ac")]
EVERY_GRID_SLOWLY = [
    *((case, "ac") for case in ("ieee14", "ieee30", "ieee118")),
    *((case, "dc") for case in ("ieee9", "ieee14", "ieee30", "ieee57", "ieee118")),
]


@needs_pandapower
@pytest.mark.parametrize(
    ("case", "physics"), [*EVERY_GRID, *(pytest.param(*way, marks=pytest.mark.slow) for way in EVERY_GRID_SLOWLY)]
)
def test_a_thousand_perturbations_fail_where_they_were_made(case: str, physics: str) -> None:
    grid, plan, _ = solved(case, physics)
    chance = random.Random(7)
    neighbours = {bus.name: {bus.name} for bus in grid.buses}
    for branch in grid.branches:
        neighbours[branch.start].add(branch.end)
        neighbours[branch.end].add(branch.start)
    rules, policy = GridRules(grid), Policy()
    assert worst(rules.checks(plan, policy)) == []
    for _ in range(1000):
        variable, (member,) = chance.choice([key for key in plan.values if key != ("va", (grid.slack,))])
        step = chance.choice([-1, 1]) * chance.uniform(1, 5) * {"pg": 1, "qg": 1, "va": 1, "vm": 0.01}[variable]
        moved = Plan({**plan.values, (variable, (member,)): plan.of(variable, (member,)) + from_float(step)})
        broken = [check.name for check in worst(rules.checks(moved, policy))]
        if variable in ("pg", "qg"):
            place = next(unit.bus for unit in grid.generators if unit.name == member)
            word = "active" if variable == "pg" else "reactive"
            assert f"{word} balance at {place}" in broken
            assert all(place in name or f"[{member}]" in name for name in broken)
        else:
            places = {name.rpartition(" ")[2] for name in broken if "balance" in name}
            assert member in places
            assert places <= neighbours[member]


@needs_pandapower
def test_other_units_are_recognised(nine: tuple[Grid, Plan, float]) -> None:
    grid, plan, _ = nine
    rules = GridRules(grid)
    exact = Policy()

    def scaled(**factors: float) -> Plan:
        return Plan({key: value * from_float(factors.get(key[0], 1.0)) for key, value in plan.values.items()})

    assert rules.other_units(plan, exact) == ""
    assert "per unit" in rules.other_units(scaled(pg=1 / grid.base, qg=1 / grid.base), exact)
    assert "radians" in rules.other_units(scaled(va=math.pi / 180), exact)
    both = scaled(pg=1 / grid.base, qg=1 / grid.base, va=math.pi / 180)
    assert "per unit and angles" in rules.other_units(both, exact)
    assert rules.other_units(scaled(pg=1.2), exact) == ""
