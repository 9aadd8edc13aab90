"""Exact branch and bound for programs with few integers: certified, often before HiGHS would have begun.

Depth first over exact dictionaries (``simplex``). Every leaf is closed by evidence that ``exactness`` has checked with
the leaf's own bounds: a Farkas certificate, a weak-duality bound no better than the best plan, or a whole point. The
search is cut by a budget of work, not of time, so that the same program always ends the same way.

Land and Doig, Econometrica 28, 1960; rounding of bounds to the objective's granularity is folklore.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..programs.program import Program
from ..rationals import Exact, divide
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
    constant = sign * program.objective.constant
    closer = exactness.BoundProver(program)
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
        common, numerators = dictionary.numerators()
        value = divide(*dictionary.objective_fraction()) + constant
        worse = best_value is not None and (value > best_value - step if step else value >= best_value)
        chosen = -1 if worse else _most_fractional(numerators, common, integers)
        if not worse and chosen < 0:
            point = dictionary.point()
            if exactness.violations(program, point):
                return Tree("stopped", best, nodes)
            best, best_value = tuple(point), sign * program.objective.value(point)
        if chosen < 0:
            # The leaf is closed by its bound, and the bound is what has to be proved.
            assert best_value is not None
            if not closer.reaches(*dictionary.dual_numerators(), bounds, best_value - step, beyond=bool(step)):
                return Tree("stopped", best, nodes)
            continue
        low = numerators[chosen] // common
        high = low + 1
        down, up = dictionary, dictionary.copy()
        down.tighten(chosen, None, low)
        up.tighten(chosen, high, None)
        below, above = list(bounds), list(bounds)
        below[chosen] = (bounds[chosen][0], low)
        above[chosen] = (high, bounds[chosen][1])
        # The nearer side is searched first: it is popped last in, first out.
        if 2 * (numerators[chosen] - low * common) <= common:
            stack += [(up, above), (down, below)]
        else:
            stack += [(down, below), (up, above)]
    return Tree("infeasible" if best is None else "optimal", best, nodes)


def _most_fractional(numerators: list[int], common: int, integers: list[int]) -> int:
    """The column farthest from a whole number, by numerators over one denominator; -1 when all are whole."""
    chosen, farthest = -1, 0
    for j in integers:
        part = numerators[j] % common
        if part:
            away = min(part, common - part)
            if away > farthest:
                chosen, farthest = j, away
    return chosen
