"""Stored optima against algorithms that share no code with Pyrite: flows, assignment, dynamic programming, brute force.

Each oracle reads only the numbers of the problem (parameters of the indexed forms), never its expressions.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, linear_sum_assignment, linprog, milp

from pyrite.feasibility.language.formulation import Parameter
from pyrite.problems.families import draw
from pyrite.problems.problem import Problem

SEEDS = range(6)


def tables(problem: Problem) -> list[np.ndarray]:
    """The parameters as arrays, in the order in which the family declares them."""
    sets = {**problem.data.sets, **problem.reference.sets}
    found = []
    for item in {**problem.data.parameters, **problem.reference.parameters}.values():
        found.append(array(item, sets))
    return found


def array(item: Parameter, sets: dict) -> np.ndarray:
    shape = [len(sets[name]) for name in item.index]
    values = np.empty(shape)
    for at in itertools.product(*map(range, shape)):
        values[at] = item.value_at(tuple(sets[name][k] for name, k in zip(item.index, at, strict=True)))
    return values


def extra_rows(problem: Problem, *expected: str) -> bool:
    """Has this draw constraints beyond those the oracle knows?"""
    return set(problem.reference.constraints) != set(expected)


def drawn(family: str, size: str, *expected: str) -> list[Problem]:
    """Draws whose constraints are exactly those that the oracle models; there must be several."""
    found: list[Problem] = []
    for seed in range(40):
        if not extra_rows(problem := draw(family, seed, size), *expected):
            found.append(problem)
        if len(found) == len(SEEDS):
            return found
    raise AssertionError(f"too few {family} problems fit the oracle")


@pytest.mark.parametrize("size", ["medium", "large"])
def test_assignment_is_what_linear_sum_assignment_finds(size: str) -> None:
    for seed in SEEDS:
        problem = draw("assignment", seed, size)
        (value,) = tables(problem)
        maximize = problem.reference.objective.sense == "maximize"
        rows, columns = linear_sum_assignment(value, maximize=maximize)
        assert value[rows, columns].sum() == problem.optimum


@pytest.mark.parametrize("size", ["medium", "large"])
def test_transportation_is_a_minimum_cost_flow(size: str) -> None:
    import networkx

    for problem in drawn("transportation", size, "from_origin", "to_destination"):
        cost, supply, demand = tables(problem)
        graph = networkx.DiGraph()
        for i, amount in enumerate(supply):
            graph.add_edge("source", f"o{i}", capacity=int(amount), weight=0)
        for i, j in itertools.product(range(len(supply)), range(len(demand))):
            graph.add_edge(f"o{i}", f"d{j}", weight=int(2 * cost[i, j]))
        for j, amount in enumerate(demand):
            graph.add_node(f"d{j}", demand=int(amount))
        graph.add_node("source", demand=-int(demand.sum()))
        assert Fraction(networkx.min_cost_flow_cost(graph), 2) == problem.optimum


@pytest.mark.parametrize("size", ["medium", "large"])
def test_transshipment_is_a_minimum_cost_flow(size: str) -> None:
    import networkx

    for problem in drawn("transshipment", size, "send", "pass_on", "receive", "handle"):
        first, second, supply, demand, room = tables(problem)
        graph = networkx.DiGraph()
        graph.add_node("source", demand=-int(demand.sum()))
        for i, amount in enumerate(supply):
            graph.add_edge("source", f"s{i}", capacity=int(amount), weight=0)
            for h in range(first.shape[1]):
                graph.add_edge(f"s{i}", f"in{h}", weight=int(first[i, h]))
        for h in range(first.shape[1]):
            graph.add_edge(f"in{h}", f"out{h}", weight=0, capacity=int(room[h]))
            for k in range(len(demand)):
                graph.add_edge(f"out{h}", f"c{k}", weight=int(second[h, k]))
        for k, amount in enumerate(demand):
            graph.add_node(f"c{k}", demand=int(amount))
        assert networkx.min_cost_flow_cost(graph) == problem.optimum


@pytest.mark.parametrize("size", ["medium", "large"])
def test_one_dimensional_knapsack_is_what_dynamic_programming_finds(size: str) -> None:
    checked = 0
    for problem in drawn("knapsack", size, "fits"):
        worth, load, room = tables(problem)
        if len(room) != 1:
            continue
        checked += 1
        best = np.zeros(int(room[0]) + 1, dtype=int)
        for value, weight in zip(worth.astype(int), load[:, 0].astype(int), strict=True):
            best[weight:] = np.maximum(best[weight:], best[:-weight] + value)
        assert best[-1] == problem.optimum
    assert checked


def test_several_dimensional_knapsack_is_what_milp_finds() -> None:
    for problem in drawn("knapsack", "medium", "fits"):
        worth, load, room = tables(problem)
        answer = milp(-worth, constraints=LinearConstraint(load.T, ub=room), integrality=1, bounds=(0, 1))
        assert round(-answer.fun) == problem.optimum


def test_capital_budgeting_is_what_enumeration_finds() -> None:
    for problem in drawn("capital-budgeting", "medium", "spending"):
        value, cost, budget = tables(problem)
        choices = (np.array(choice) for choice in itertools.product((0, 1), repeat=len(value)))
        best = max(choice @ value for choice in choices if (choice @ cost <= budget).all())
        assert best == problem.optimum


@pytest.mark.parametrize("seed", SEEDS)
def test_set_covering_is_what_enumeration_finds(seed: int) -> None:
    problem = draw("set-covering", seed, "medium")
    cost, covers = tables(problem)
    choices = (np.array(choice) for choice in itertools.product((0, 1), repeat=len(cost)))
    assert min(choice @ cost for choice in choices if (covers @ choice >= 1).all()) == problem.optimum


def test_lot_sizing_is_what_wagner_and_whitin_find() -> None:
    """Without a limit that binds, each lot serves a run of periods: the dynamic program of 1958."""
    checked = 0
    for seed in range(30):
        problem = draw("lot-sizing", seed, "medium")
        demand, setup, cost, hold = tables(problem)
        limit = int(problem.reference.constraints["setup_needed"].expression.split("<=")[1].split("*")[0])
        if limit < demand.sum():
            continue
        checked += 1
        assert wagner_whitin(demand, setup, cost, float(hold)) == problem.optimum
    assert checked >= 5


@pytest.mark.parametrize("seed", SEEDS)
def test_lot_sizing_of_many_products_is_what_wagner_and_whitin_find(seed: int) -> None:
    problem = draw("lot-sizing", seed, "large")
    demand, setup, cost, hold = tables(problem)
    found = sum(wagner_whitin(demand[i], setup[i], cost[i], hold[i]) for i in range(len(hold)))
    assert found == problem.optimum


def wagner_whitin(demand: np.ndarray, setup: np.ndarray, cost: np.ndarray, hold: float) -> float:
    periods = len(demand)

    @cache
    def best(first: int) -> float:
        if first == periods:
            return 0.0
        options = []
        for last in range(first, periods):
            lots = sum(demand[t] * (cost[first] + (t - first) * hold) for t in range(first, last + 1))
            options.append(setup[first] + lots + best(last + 1))
        return min(options)

    return best(0)


@pytest.mark.parametrize("seed", SEEDS)
def test_bin_packing_is_what_trying_every_choice_of_bins_finds(seed: int) -> None:
    problem = draw("bin-packing", seed, "medium")
    count, size, room, fee = tables(problem)
    best = None
    for used in itertools.product((0, 1), repeat=len(room)):
        price = float(np.dot(used, fee))
        if (best is None or price < best) and fits(
            count.astype(int), size.astype(int), [int(r) for r, u in zip(room, used, strict=True) if u]
        ):
            best = price
    assert best == problem.optimum


def fits(count: np.ndarray, size: np.ndarray, rooms: list[int]) -> bool:
    """Depth-first search: the largest things first, into every container that differs."""
    things = sorted((int(s) for c, s in zip(count, size, strict=True) for _ in range(c)), reverse=True)

    @cache
    def place(k: int, left: tuple[int, ...]) -> bool:
        if k == len(things):
            return True
        if sum(left) < sum(things[k:]):
            return False
        for space in set(left):
            if space >= things[k]:
                after = list(left)
                after[after.index(space)] -= things[k]
                if place(k + 1, tuple(sorted(after))):
                    return True
        return False

    return place(0, tuple(sorted(rooms)))


@pytest.mark.parametrize("seed", SEEDS)
def test_facility_location_is_what_trying_every_choice_of_sites_finds(seed: int) -> None:
    """For each choice of sites the rest is a transportation problem, solved by scipy."""
    problem = draw("facility-location", seed, "medium")
    fixed, cost, demand, capacity = tables(problem)
    sites, clients = cost.shape
    serve = np.kron(np.ones((1, sites)), np.eye(clients))
    limit = np.kron(np.eye(sites), np.ones((1, clients)))
    best = np.inf
    for opened in itertools.product((0, 1), repeat=sites):
        answer = linprog(
            cost.ravel(), A_ub=np.vstack((limit, -serve)), b_ub=np.concatenate((capacity * opened, -demand))
        )
        if answer.status == 0:
            best = min(best, answer.fun + np.dot(opened, fixed))
    assert best == pytest.approx(float(problem.optimum), rel=1e-7)


@pytest.mark.parametrize("size", ["medium", "large"])
@pytest.mark.parametrize("seed", SEEDS)
def test_blending_is_what_linprog_finds(seed: int, size: str) -> None:
    problem = draw("blending", seed, size)
    cost, content, need, *most = tables(problem)
    if extra_rows(problem, "need", *(["supply_limit"] if most else [])):
        pytest.skip("has a rule that this oracle does not know")
    bounds = [(0, None if not most else most[0][i]) for i in range(len(cost))]
    answer = linprog(cost, A_ub=-content.T, b_ub=-need, bounds=bounds)
    assert answer.fun == pytest.approx(float(problem.optimum), rel=1e-7)


@pytest.mark.parametrize("size", ["medium", "large"])
@pytest.mark.parametrize("seed", SEEDS)
def test_cutting_stock_is_what_milp_finds(seed: int, size: str) -> None:
    problem = draw("cutting-stock", seed, size)
    yields, orders, *price = tables(problem)
    cost = price[0] if price else np.ones(len(yields))
    answer = milp(cost, constraints=LinearConstraint(yields.T, lb=orders), integrality=1)
    assert round(answer.fun) == problem.optimum
