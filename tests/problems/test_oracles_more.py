"""Optima of drawn references against roads that share no code with them: graph algorithms, dynamic programs, brute
force, and scipy on formulations of another shape."""

from __future__ import annotations

import importlib
import math
from itertools import pairwise, permutations, product
from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp, minimize

from pyrite.problems.families.drawing import Drawing
from pyrite.problems.families.proving import Proved, prove

SEEDS = range(8)


def drawn(module: str, size: str, seed: int, variant: str = "plain") -> tuple[Any, float | None]:
    """The instance of one drawing, and the optimum of its reference (None when the drawing was refused)."""
    family = importlib.import_module(f"pyrite.problems.families.{module}")
    made = family._instance(Drawing.start(family.FAMILY.name, seed, size, variant))
    proved = prove(family.FAMILY.draft(Drawing.start(family.FAMILY.name, seed, size, variant)), variant)
    if not isinstance(proved, Proved):
        return made, None
    return made, float(proved.optimum)


def compare(module: str, size: str, oracle: Any, variant: str = "plain", tolerance: float = 1e-6) -> None:
    compared = 0
    for seed in SEEDS:
        made, optimum = drawn(module, size, seed, variant)
        if optimum is None:
            continue
        assert optimum == pytest.approx(oracle(made), rel=tolerance, abs=tolerance), (module, size, seed)
        compared += 1
    assert compared >= 3, "too few drawings were proved to say anything"


# Networks -------------------------------------------------------------------------------------------------------


def max_flow(made: Any) -> float:
    graph = nx.DiGraph()
    for (a, b), capacity in zip(made.network.links, made.capacity, strict=True):
        graph.add_edge((a, "out"), (b, "in"), capacity=capacity)
    for node in range(len(made.network.nodes)):
        graph.add_edge((node, "in"), (node, "out"))
    if made.station:
        graph[made.station[0], "in"][made.station[0], "out"]["capacity"] = made.station[1]
    return nx.maximum_flow_value(graph, (0, "out"), (len(made.network.nodes) - 1, "in"))


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_max_flow(size):
    compare("max_flow", size, max_flow)


@pytest.mark.parametrize("variant", ["redundant", "sometimes"])
def test_max_flow_through_a_limited_node(variant):
    compare("max_flow", "medium", max_flow, variant)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_shortest_path(size):
    def oracle(made: Any) -> float:
        graph = nx.DiGraph()
        graph.add_weighted_edges_from((a, b, d) for (a, b), d in zip(made.network.links, made.length, strict=True))
        return nx.dijkstra_path_length(graph, 0, len(made.network.nodes) - 1)

    compare("shortest_path", size, oracle)


def held_karp(distance: Any) -> float:
    count = len(distance)
    best = {(1 << k, k): distance[0][k] for k in range(1, count)}
    for visited in range(2, 1 << count, 2):
        for last in range(1, count):
            if (visited, last) not in best:
                continue
            for following in range(1, count):
                if not visited >> following & 1:
                    key = (visited | 1 << following, following)
                    length = best[visited, last] + distance[last][following]
                    best[key] = min(best.get(key, math.inf), length)
    return min(best[(1 << count) - 2, k] + distance[k][0] for k in range(1, count))


def every_tour(distance: Any) -> float:
    return min(
        sum(distance[a][b] for a, b in zip((0, *order), (*order, 0), strict=True))
        for order in permutations(range(1, len(distance)))
    )


@pytest.mark.parametrize(("size", "oracle"), [("small", every_tour), ("medium", every_tour), ("large", held_karp)])
def test_traveling_salesman(size, oracle):
    compare("traveling_salesman", size, lambda made: oracle(made.distance))


# Schedules and projects -----------------------------------------------------------------------------------------


def every_schedule(made: Any) -> float:
    """The longest way through the graph of steps, for every order of the jobs on every machine."""
    jobs, machines = range(len(made.jobs)), range(len(made.machines))
    best = math.inf
    for orders in product(*(permutations(jobs) for _ in machines)):
        graph = nx.DiGraph()
        graph.add_nodes_from((j, m) for j in jobs for m in machines)
        for j in jobs:
            graph.add_edges_from(((j, a), (j, b)) for a, b in pairwise(made.route[j]))
        for m, order in zip(machines, orders, strict=True):
            graph.add_edges_from(((a, m), (b, m)) for a, b in pairwise(order))
        if not nx.is_directed_acyclic_graph(graph):
            continue
        end: dict[tuple[int, int], float] = {}
        for j, m in nx.topological_sort(graph):
            end[j, m] = made.time[j][m] + max((end[before] for before in graph.predecessors((j, m))), default=0)
        if all(due is None or end[j, made.route[j][-1]] <= due for j, due in enumerate(made.due)):
            best = min(best, max(end.values()))
    return best


@pytest.mark.parametrize(("size", "variant"), [("small", "plain"), ("small", "sometimes"), ("medium", "plain")])
def test_job_shop(size, variant):
    compare("job_shop", size, every_schedule, variant)


def every_saving(made: Any) -> float:
    """Whole days are enough: the constraints are totally unimodular."""
    best = math.inf
    for saved in product(*(range(most + 1) for most in made.saves)):
        first, second, last = (n - s for n, s in zip(made.normal, saved, strict=True))
        if max(first, second) + last <= made.deadline:
            best = min(best, sum(s * c for s, c in zip(saved, made.cost, strict=True)))
    return best


def saving_by_paths(made: Any) -> float:
    """Every way through the network, shortened as needed: another formulation than times of milestones."""
    graph = nx.MultiDiGraph()
    for k, (a, b) in enumerate(made.network.links):
        graph.add_edge(a, b, key=k)
    paths = nx.all_simple_edge_paths(graph, 0, len(made.network.nodes) - 1)
    ways = [[key for _, _, key in path] for path in paths]
    rows = np.zeros((len(ways), len(made.normal)))
    sides = []
    for row, way in zip(rows, ways, strict=True):
        row[way] = -1
        sides.append(made.deadline - sum(made.normal[k] for k in way))
    found = linprog(made.cost, A_ub=rows, b_ub=sides, bounds=[(0, most) for most in made.saves])
    assert found.status == 0
    return found.fun


@pytest.mark.parametrize(
    ("size", "oracle"), [("small", every_saving), ("small", saving_by_paths), ("medium", saving_by_paths)]
)
def test_project_crashing(size, oracle):
    compare("project_crashing", size, oracle)


# Production, staff, media, goals --------------------------------------------------------------------------------


def stock_levels(made: Any) -> float:
    """A dynamic program over the stock at the end of each period, one product."""
    costs = {made.opening[0]: 0.0}
    for t in range(len(made.periods)):
        following: dict[int, float] = {}
        for stock, cost in costs.items():
            for lot in range(made.capacity[t] + 1):
                left = stock + lot - made.demand[0][t]
                if left >= 0 and not (made.store is not None and t == 0 and left > made.store):
                    total = cost + lot * made.cost[0][t] + left * made.holding[0]
                    following[left] = min(following.get(left, math.inf), total)
        costs = following
    return min(cost for stock, cost in costs.items() if stock >= made.closing)


@pytest.mark.parametrize("variant", ["plain", "sometimes"])
def test_production_planning_small(variant):
    compare("production_planning", "small", stock_levels, variant)


@pytest.mark.parametrize("size", ["medium", "large"])
def test_production_planning_without_stock_variables(size):
    def oracle(made: Any) -> float:
        """Stock written out as what was made so far less what was asked for so far."""
        goods, length = len(made.goods), len(made.periods)
        cost = np.array(made.cost, dtype=float)
        constant = 0.0
        rows, sides = [], []
        for p in range(goods):
            for t in range(length):
                row = np.zeros((goods, length))
                row[p, : t + 1] = -1
                rows.append(row.ravel())
                sides.append(made.opening[p] - sum(made.demand[p][: t + 1]))
                cost[p, : t + 1] += made.holding[p]
                constant += made.holding[p] * (made.opening[p] - sum(made.demand[p][: t + 1]))
        for t in range(length):
            row = np.zeros((goods, length))
            row[:, t] = made.hours
            rows.append(row.ravel())
            sides.append(made.capacity[t])
        whole = made.story.domain == "integer" and size != "large"
        found = milp(
            cost.ravel(),
            constraints=LinearConstraint(np.array(rows), ub=sides),
            integrality=np.full(cost.size, int(whole)),
        )
        assert found.success
        return found.fun + constant

    compare("production_planning", size, oracle)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_workforce(size):
    def oracle(made: Any) -> float:
        covers = LinearConstraint(np.array(made.covers).T, lb=made.need)
        found = milp(made.cost, constraints=covers, integrality=np.ones(len(made.cost)))
        assert found.success
        return found.fun

    compare("workforce", size, oracle)


def test_advertising_small_by_trying_everything():
    def oracle(made: Any) -> float:
        tops = [min(made.budget // c, made.most.get(m, 10**9)) for m, c in enumerate(made.cost)]
        best = -math.inf

        def choose(m: int, spots: list[int], money: int) -> None:
            nonlocal best
            if m == len(tops):
                total = sum(spots)
                if made.share and 10 * spots[made.share[0]] < made.share[1] * total:
                    return
                best = max(best, sum(r * s for r, s in zip(made.reach, spots, strict=True)))
                return
            for count in range(made.least.get(m, 0), min(tops[m], money // made.cost[m]) + 1):
                choose(m + 1, [*spots, count], money - count * made.cost[m])

        if math.prod(top + 1 for top in tops) > 300_000:
            pytest.skip("too many plans to try")
        choose(0, [], made.budget)
        return best

    for seed in (0, 1, 2, 3, 4, 5):
        made, optimum = drawn("advertising", "small", seed)
        if optimum is None or math.prod(made.budget // c + 1 for c in made.cost) > 200_000:
            continue
        assert optimum == oracle(made)


@pytest.mark.parametrize("size", ["medium", "large"])
def test_advertising_with_groups(size):
    def oracle(made: Any) -> float:
        count = len(made.media)
        rows = np.vstack([np.array(made.cost), -np.array(made.touches)])
        bounds = Bounds([made.least.get(m, 0) for m in range(count)], [made.most.get(m, np.inf) for m in range(count)])
        found = milp(
            -np.array(made.reach), constraints=LinearConstraint(rows, ub=[made.budget, *(-n for n in made.needed)]),
            bounds=bounds, integrality=np.full(count, int(size == "medium")),
        )  # fmt: skip
        assert found.success
        return -found.fun

    compare("advertising", size, oracle)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_goal_programming_by_the_pieces_of_its_penalties(size):
    def oracle(made: Any) -> float:
        """One number for each goal, above both straight pieces of its penalty, instead of shortfall and excess."""
        doings, goals = len(made.doings), len(made.goals)
        rows, sides = [[*made.hard, *([0] * goals)]], [made.limit]
        for g in range(goals):
            penalty = [-(k == g) for k in range(goals)]
            rows.append([-made.under[g] * a for a in made.adds[g]] + penalty)
            sides.append(-made.under[g] * made.target[g])
            rows.append([made.over[g] * a for a in made.adds[g]] + penalty)
            sides.append(made.over[g] * made.target[g])
        whole = made.story.domain == "integer" and size != "large"
        found = milp(
            [0] * doings + [1] * goals, constraints=LinearConstraint(np.array(rows, dtype=float), ub=sides),
            integrality=[int(whole)] * doings + [0] * goals,
        )  # fmt: skip
        assert found.success
        return found.fun

    compare("goal_programming", size, oracle)


# Money and power ------------------------------------------------------------------------------------------------


def every_support(made: Any) -> float:
    """The first-order conditions as a linear system, for every set of assets held and the return binding or not."""
    risk, gain = np.array(made.risk, dtype=float), np.array([float(g) for g in made.gain])
    best = math.inf
    for held in product((False, True), repeat=len(gain)):
        for binding in (False, True):
            if not any(held):
                continue
            cov, mu = risk[np.ix_(held, held)], gain[list(held)]
            rows = np.vstack([np.ones_like(mu), mu][: 1 + binding])
            side = [1.0, float(made.target)][: 1 + binding]
            system = np.block([[2 * cov, rows.T], [rows, np.zeros((len(rows), len(rows)))]])
            answer = np.linalg.lstsq(system, np.concatenate([np.zeros_like(mu), side]), rcond=None)[0]
            x = answer[: len(mu)]
            if (
                np.allclose(rows @ x, side, atol=1e-9)
                and x.min() >= -1e-9
                and abs(x.sum() - 1) <= 1e-9
                and mu @ x >= float(made.target) - 1e-9
            ):
                best = min(best, x @ cov @ x)
    return best


@pytest.mark.parametrize("size", ["small", "medium"])
def test_portfolio_by_its_first_order_conditions(size):
    compare("portfolio", size, every_support)


def test_portfolio_by_sequential_programming():
    def oracle(made: Any) -> float:
        risk, gain = np.array(made.risk, dtype=float), np.array([float(g) for g in made.gain])
        count = len(gain)
        found = minimize(
            lambda x: x @ risk @ x, np.eye(count)[int(gain.argmax())], jac=lambda x: 2 * risk @ x, method="SLSQP",
            bounds=[(0, None)] * count, options={"ftol": 1e-12, "maxiter": 500},
            constraints=[
                {"type": "eq", "fun": lambda x: x.sum() - 1, "jac": lambda x: np.ones(count)},
                {"type": "ineq", "fun": lambda x: gain @ x - float(made.target), "jac": lambda x: gain},
            ],
        )  # fmt: skip
        x = np.clip(found.x, 0, None)  # it may stop for lack of progress; what counts is that the plan is feasible
        assert abs(x.sum() - 1) < 1e-7
        assert gain @ x > float(made.target) - 1e-6
        return x @ risk @ x

    compare("portfolio", "large", oracle, tolerance=1e-5)


def commitments(made: Any) -> float:
    """Dynamic program over which plants run; in each hour the cheapest output by merit order above the minima."""
    count = len(made.plants)

    def dispatch(on: tuple[int, ...], demand: int) -> float:
        left = demand - sum(low for low, o in zip(made.low, on, strict=True) if o)
        if left < 0 or (made.most is not None and sum(on) > made.most):
            return math.inf
        total = sum((f + u * low) for f, u, low, o in zip(made.fixed, made.unit, made.low, on, strict=True) if o)
        for unit, room in sorted((made.unit[g], made.high[g] - made.low[g]) for g in range(count) if on[g]):
            step = min(left, room)
            total, left = total + unit * step, left - step
        return total if left == 0 else math.inf

    states = list(product((0, 1), repeat=count))
    small = made.hours == 1
    costs = {made.running: 0.0}
    for demand in made.demand:
        costs = {
            on: dispatch(on, demand)
            + min(
                cost
                + (0 if small else sum(s for s, o, was in zip(made.start, on, before, strict=True) if o and not was))
                for before, cost in costs.items()
            )
            for on in states
        }
    return min(costs.values())


@pytest.mark.parametrize(("size", "variant"), [("small", "plain"), ("medium", "plain"), ("medium", "sometimes")])
def test_unit_commitment(size, variant):
    compare("unit_commitment", size, commitments, variant)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
def test_dc_power_flow_by_distribution_factors(size):
    def oracle(made: Any) -> float:
        """Angles eliminated: flows are linear in the injections (power transfer distribution factors)."""
        buses = len(made.buses)
        ends = np.array([[(k == a) - (k == b) for k in range(buses)] for a, b in made.lines], dtype=float)
        strength = np.diag(made.susceptance)
        laplacian = ends.T @ strength @ ends
        factors = np.zeros((len(made.lines), buses))
        factors[:, 1:] = strength @ ends[:, 1:] @ np.linalg.inv(laplacian[1:, 1:])
        place = np.zeros((buses, len(made.sites)))
        for g, site in enumerate(made.sites):
            place[site, g] = 1
        flow, fixed = factors @ place, factors @ np.array(made.demand, dtype=float)
        limit = np.array(made.limit, dtype=float)
        found = linprog(
            made.cost, A_ub=np.vstack([flow, -flow]), b_ub=np.concatenate([limit + fixed, limit - fixed]),
            A_eq=np.ones((1, len(made.sites))), b_eq=[sum(made.demand)], bounds=[(0, most) for most in made.most],
        )  # fmt: skip
        assert found.status == 0
        return found.fun

    compare("dc_power_flow", size, oracle)
