"""Exact branch and bound for programs with few integers: certified, often before HiGHS would have begun.

Depth first over exact dictionaries (``simplex``). Every leaf is closed by evidence that ``exactness`` has checked with
the leaf's own bounds: a Farkas certificate, a weak-duality bound no better than the best plan, or a whole point. The
search is cut by a budget of work, not of time, so that the same program always ends the same way.

Land and Doig, Econometrica 28, 1960; rounding of bounds to the objective's granularity is folklore.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from ..programs.program import Program
from ..rationals import Exact
from . import exactness
from .simplex import Budget, Dictionary
from .solution import ConflictMember, Farkas
from .tightening import granularity

Ending: TypeAlias = Literal["optimal", "infeasible", "stopped"]


@dataclass(slots=True)
class Tree:
    """How the search ended, and the best whole plan found (also when stopped).

    ``support``: when it ended infeasible, rows, bounds and integralities that are so by themselves, as far as recorded.
    """

    ending: Ending
    point: tuple[Exact, ...] | None = None
    nodes: int = 0
    support: tuple[ConflictMember, ...] = ()


def search(
    program: Program,
    root: Dictionary,
    *,
    work: int,
    deadline: float | None = None,
    known: tuple[Exact, ...] | None = None,
) -> Tree:
    """Optimise over the integers from the relaxation's optimal dictionary, which is used up.

    ``work`` bounds the entries that may be recomputed. ``known`` is a feasible plan to beat: the search then proves it
    optimal or finds a better one. A program without objective ends at its first whole point. Linear programs only.
    """
    integers = [j for j, column in enumerate(program.columns) if column.domain != "continuous"]
    sign = -1 if program.sense == "maximize" else 1
    costs = program.objective.linear
    step: Exact = 0
    if costs and all(program.columns[j].domain != "continuous" for j in costs):
        step = granularity(costs.values())
    best, best_value = known, None if known is None else sign * program.objective.value(known)
    budget = Budget(pivots=max(work // max(len(root.table) * root.columns, 40), 1), deadline=deadline)
    bounds = [(column.lower, column.upper) for column in program.columns]
    stack: list[tuple[Dictionary, list[tuple[Exact | None, Exact | None]]]] = [(root, bounds)]
    nodes = 0
    while stack:
        dictionary, bounds = stack.pop()
        nodes += 1
        if not budget.spend():
            return Tree("stopped", best, nodes)
        verdict, evidence = dictionary.reoptimize(budget)
        if verdict == "infeasible" and isinstance(evidence, Farkas):
            if not exactness.proves_infeasible(program, evidence, bounds):
                return Tree("stopped", best, nodes)
            continue
        if verdict != "optimal":
            return Tree("stopped", best, nodes)
        point = dictionary.point()
        chosen = _most_fractional(point, integers)
        value = sign * program.objective.value(point)
        if chosen is None and (best_value is None or value < best_value):
            if exactness.violations(program, point):
                return Tree("stopped", best, nodes)
            best, best_value = tuple(point), value
        if best_value is not None and (value > best_value - step if step else value >= best_value):
            # The leaf is closed by its bound, and the bound is what has to be proved.
            bound = exactness.proved_bound(program, dictionary.duals(), bounds)
            if bound is None or not (sign * bound > best_value - step if step else sign * bound >= best_value):
                return Tree("stopped", best, nodes)
            continue
        if chosen is None:
            return Tree("stopped", best, nodes)
        x = Fraction(point[chosen])
        low, high = math.floor(x), math.ceil(x)
        down, up = dictionary, dictionary.copy()
        down.tighten(chosen, None, low)
        up.tighten(chosen, high, None)
        below, above = list(bounds), list(bounds)
        below[chosen] = (bounds[chosen][0], low)
        above[chosen] = (high, bounds[chosen][1])
        # The nearer side is searched first: it is popped last in, first out.
        if x - low <= Fraction(1, 2):
            stack += [(up, above), (down, below)]
        else:
            stack += [(down, below), (up, above)]
    return Tree("infeasible" if best is None else "optimal", best, nodes)


def _most_fractional(point: list[Exact], integers: list[int]) -> int | None:
    chosen, distance = None, Fraction(0)
    for j in integers:
        x = point[j]
        if x.denominator != 1:
            part = Fraction(x) % 1
            away = min(part, 1 - part)
            if away > distance:
                chosen, distance = j, away
    return chosen
