"""Exact branch and bound for programs with few integers: certified, often before HiGHS would have begun.

Depth first over exact dictionaries (``simplex``). Every leaf is closed by evidence that ``exactness`` has checked with
the leaf's own bounds: a Farkas certificate, a weak-duality bound no better than the best plan, or a whole point. The
search is cut by a budget of work, not of time, so that the same program always ends the same way.

Land and Doig, Econometrica 28, 1960; the column to branch on by the penalties of Driebeek (Management Science 12,
1966); rounding of bounds to the objective's granularity is folklore.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..programs.program import Program
from ..rationals import Exact, divide
from . import exactness
from .simplex import Budget, Dictionary
from .solution import ConflictMember, Farkas
from .tightening import granularity

_PORTIONS = 5
"""Times that the work may be granted in all; again only while the share of the tree that is closed keeps pace."""

_NO_WAY = 1e300
"""The penalty of a side on which the row alone leaves nothing."""

Ending: TypeAlias = Literal["optimal", "infeasible", "stopped"]
_Node: TypeAlias = tuple[Dictionary, list[tuple[Exact | None, Exact | None]], float]
"""The parent's dictionary under the node's bounds, the bounds, and the node's share of the tree."""


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
    beyond: Exact | None = None,
) -> Tree:
    """Optimise over the integers from the relaxation's optimal dictionary, which is used up.

    ``work`` bounds the entries that may be recomputed; a search that has closed its share of the tree by then may go
    on, up to five times as long. ``known`` is a feasible plan to beat: the search then proves it optimal or finds a
    better one. With ``beyond``, only whether the objective can be better than that number is asked: the search ends at
    the first plan that shows it, or infeasible. A program without objective ends at its first whole point. Linear
    programs only.
    """
    integers = [j for j, column in enumerate(program.columns) if column.domain != "continuous"]
    sign = -1 if program.sense == "maximize" else 1
    costs = program.objective.linear
    step: Exact = 0
    if costs and all(program.columns[j].domain != "continuous" for j in costs):
        step = granularity(costs.values())
    best, best_value = known, None if known is None else sign * program.objective.value(known)
    portion = max(work // max(len(root.table) * root.columns, 40), 1)
    budget = Budget(pivots=portion, deadline=deadline)
    bounds = [(column.lower, column.upper) for column in program.columns]
    stack: list[_Node] = [(root, bounds, 1.0)]
    nodes, granted = 0, 1
    constant = sign * program.objective.constant
    closer = exactness.BoundProver(program)
    if beyond is not None:
        best_value = sign * beyond
        if step:
            # Rounded to what the objective can reach: only then is the next better value a step away.
            best_value = constant + step * math.ceil(divide(best_value - constant, step))
    while stack:
        dictionary, bounds, share = stack.pop()
        nodes += 1
        verdict, evidence = dictionary.reoptimize(budget) if budget.spend() else ("stopped", None)
        while verdict == "stopped" and budget.pivots < 0 and granted < _PORTIONS:
            if 1.0 - share - sum(open_share for _, _, open_share in stack) < granted / (_PORTIONS + 1):
                break
            granted, budget.pivots = granted + 1, portion
            verdict, evidence = dictionary.reoptimize(budget)
        if verdict == "infeasible" and isinstance(evidence, Farkas):
            if not exactness.proves_infeasible(program, evidence, bounds):
                return Tree("stopped", best, nodes)
            continue
        if verdict != "optimal":
            return Tree("stopped", best, nodes)
        common, numerators = dictionary.numerators()
        top, under = dictionary.objective_fraction()
        worse = False
        if best_value is not None:
            most = (best_value - step - constant) * under
            worse = top > most if step else top >= most
        chosen, down_first = (-1, True) if worse else _split(dictionary, numerators, common, integers)
        if not worse and chosen < 0:
            point = dictionary.point()
            if exactness.violations(program, point):
                return Tree("stopped", best, nodes)
            best, best_value = tuple(point), sign * program.objective.value(point)
            if beyond is not None:
                return Tree("optimal", best, nodes)
        if chosen < 0:
            # The leaf is closed by its bound, and the bound is what has to be proved.
            assert best_value is not None
            if not closer.reaches(*dictionary.dual_numerators(), bounds, best_value - step, beyond=bool(step)):
                return Tree("stopped", best, nodes)
            continue
        sides = _sides((dictionary, bounds, share), chosen, numerators[chosen] // common)
        # Popped last in, first out.
        stack += sides[::-1] if down_first else sides
    return Tree("infeasible" if best is None else "optimal", best, nodes)


def _sides(node: _Node, column: int, low: int) -> list[_Node]:
    """The node with the column at most ``low``, and with it above; its dictionary is used up."""
    down, bounds, share = node
    up = down.copy()
    down.tighten(column, None, low)
    up.tighten(column, low + 1, None)
    below, above = list(bounds), list(bounds)
    below[column] = (bounds[column][0], low)
    above[column] = (low + 1, bounds[column][1])
    return [(down, below, share / 2), (up, above, share / 2)]


def _split(dictionary: Dictionary, numerators: list[int], common: int, integers: list[int]) -> tuple[int, bool]:
    """The column to branch on (-1 when all are whole), and whether its lower side is searched first.

    The one whose cheaper side costs most: a lower bound on what each side costs is the first step of the dual simplex
    method there. Nothing rests on these floats but the order of the search.
    """
    fractional = [(j, numerators[j] % common) for j in integers if numerators[j] % common]
    if len(fractional) < 2:
        return (fractional[0][0], 2 * fractional[0][1] <= common) if fractional else (-1, True)
    moves = _moves(dictionary)
    place = {unknown: i for i, unknown in enumerate(dictionary.basic)}
    best: tuple[float, float, float] | None = None
    chosen, down_first = -1, True
    for j, part in fractional:
        down, up = _penalties(dictionary.table[place[j]], moves)
        share = part / common
        down, up = min(down * share, _NO_WAY), min(up * (1 - share), _NO_WAY)
        rank = min(down, up), max(down, up), min(share, 1 - share)
        if best is None or rank > best:
            best, chosen = rank, j
            down_first = down < up or (down == up and 2 * part <= common)
    return chosen, down_first


def _moves(dictionary: Dictionary) -> list[tuple[int, int, int]]:
    """Nonbasic unknowns (positions) that may move: the way (0: both), and what a step costs."""
    found = []
    slopes = dictionary.table[-1]
    for s, unknown in enumerate(dictionary.nonbasic):
        low, high, value = dictionary.lower[unknown], dictionary.upper[unknown], dictionary.values[s]
        if low is not None and low == high:
            continue
        way = 1 if low is not None and value <= low else -1 if high is not None and value >= high else 0
        found.append((s, way, abs(slopes[s])))
    return found


def _penalties(row: list[int], moves: list[tuple[int, int, int]]) -> tuple[float, float]:
    """What a step down and a step up of the row's unknown cost at least."""
    down = up = _NO_WAY
    for s, way, price in moves:
        t = row[s]
        if not t:
            continue
        try:
            ratio = price / abs(t)
        except OverflowError:
            ratio = _NO_WAY
        if way >= 0:
            up, down = (min(up, ratio), down) if t > 0 else (up, min(down, ratio))
        if way <= 0:
            up, down = (min(up, ratio), down) if t < 0 else (up, min(down, ratio))
    return down, up
