"""Branch and bound that HiGHS's relaxations steer and exact arithmetic closes.

A float search proves nothing: HiGHS has called feasible programs infeasible and missed better plans where coefficients
span many sizes. Here HiGHS only solves relaxations. A leaf counts as closed when ``exactness`` has accepted, under the
leaf's own bounds, a Farkas certificate or a weak-duality bound (Neumaier and Shcherbina, Math. Programming 99, 2004:
any multipliers prove something once the bounds of the columns absorb what they leave), and a plan counts when it keeps
every row exactly. The splits ``x <= k`` and ``x >= k + 1`` cover all whole numbers, so closed leaves prove the whole.

What HiGHS proposes for a leaf may prove nothing; then the exact simplex is asked where the program is small enough, and
otherwise the leaf is split further. Columns with few values are split first.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..policy import Policy
from ..programs.program import Program
from ..rationals import Exact, Fraction, from_float, simplify
from . import exactness, linear, linear_algebra
from .branching import Tree
from .highs import FloatProgram, Nodes, SolverAnswer
from .linear import relax, roundings
from .simplex import Budget, Dictionary
from .solution import ConflictMember, Farkas
from .tightening import granularity

Box = list[tuple[Exact | None, Exact | None]]


def certify(
    program: Program,
    floats: FloatProgram,
    policy: Policy,
    *,
    nodes: int,
    deadline: float,
    known: tuple[Exact, ...] | None = None,
    cost: bool = True,
) -> Tree:
    """Search all whole points of a linear program: its optimum, its emptiness, or where the search stopped.

    ``floats`` are the program's; ``nodes`` and ``deadline`` bound the search, ``known`` is an exact plan to beat.
    With ``cost`` off, or without an objective, the first exact plan ends it.
    """
    return _Search(program, floats, policy, deadline, known, cost and program.sense != "feasibility").run(nodes)


@dataclass(slots=True)
class _Leaf:
    bounds: Box
    depth: int


@dataclass(slots=True)
class _Search:
    program: Program
    floats: FloatProgram
    policy: Policy
    deadline: float
    best: tuple[Exact, ...] | None
    cost: bool
    best_value: Exact | None = None
    sign: int = 1
    step: Exact = 0
    integers: list[int] = field(default_factory=list)
    support: set[ConflictMember] = field(default_factory=set)
    root: Box = field(default_factory=list)
    last: Box = field(default_factory=list)
    gaps: bool = False

    def run(self, nodes: int) -> Tree:
        program = self.program
        self.sign = -1 if program.sense == "maximize" else 1
        self.integers = [j for j, column in enumerate(program.columns) if column.domain != "continuous"]
        costs = program.objective.linear
        if self.cost and costs and all(program.columns[j].domain != "continuous" for j in costs):
            self.step = granularity(costs.values())
        if self.best is not None:
            self.best_value = self.sign * program.objective.value(self.best)
        self.root = [(column.lower, column.upper) for column in program.columns]
        self.last = list(self.root)
        lines = Nodes(self.floats, self.policy, cost=self.cost)
        if not lines.usable:
            return Tree("stopped", self.best)
        stack, visited = [_Leaf(self.root, 0)], 0
        while stack:
            if visited >= nodes or time.monotonic() >= self.deadline:
                return Tree("stopped", self.best, visited)
            leaf = stack.pop()
            visited += 1
            children = self._visit(lines, leaf)
            if self.best is not None and not self.cost:
                return Tree("optimal", self.best, visited)
            if children is None:
                self.gaps = True
            else:
                stack += children
        if self.gaps:
            return Tree("stopped", self.best, visited)
        if self.best is None:
            return Tree("infeasible", None, visited, tuple(sorted(self.support)))
        return Tree("optimal", self.best, visited)

    def _visit(self, lines: Nodes, leaf: _Leaf) -> list[_Leaf] | None:
        """What is left to search below a leaf: nothing once it is closed; None when neither closed nor split."""
        answer = lines.solve(self._changes(leaf.bounds), self.deadline)
        if answer.outcome == "infeasible":
            for y in roundings(answer.farkas):
                if self._closed(exactness.complete_farkas(self.program, dict(enumerate(y))), leaf):
                    return []
        elif answer.outcome == "optimal" and len(answer.point) == len(self.program.columns):
            if self._bounded(answer, leaf.bounds):
                return []
            chosen = self._most_fractional(answer.point, leaf.bounds)
            if chosen is not None:
                return self._split(leaf, chosen, answer.point[chosen])
            self._try(answer.point, leaf.bounds)
            if self.best is not None and (not self.cost or self._bounded(answer, leaf.bounds)):
                return []
        return self._exactly(leaf, answer)

    def _exactly(self, leaf: _Leaf, answer: SolverAnswer) -> list[_Leaf] | None:
        """HiGHS's word was not good enough here: the exact simplex, or else a split of any column that is not fixed."""
        program, bounds = self.program, leaf.bounds
        split = self._any_open(answer.point, bounds)
        if len(program.columns) * len(program.rows) <= linear.REPAIR:
            dictionary = Dictionary(self._at(bounds), objective=self.cost)
            if answer.columns:
                dictionary.install(answer.columns, answer.rows, self.deadline)
            verdict, evidence = dictionary.solve(Budget(pivots=500, deadline=self.deadline))
            if isinstance(evidence, Farkas) and self._closed(evidence, leaf):
                return []
            if verdict == "optimal":
                point = dictionary.point()
                if self._dominated(exactness.proved_bound(program, dictionary.duals(), bounds)):
                    return []
                fractional = [j for j in self.integers if point[j].denominator != 1]
                if fractional:
                    chosen = min(fractional, key=lambda j: self._width(bounds[j]))
                    return self._split(leaf, chosen, point[chosen])
                self._offer(tuple(point))
                if not self.cost or self._dominated(exactness.proved_bound(program, dictionary.duals(), bounds)):
                    return []
        elif split is None:
            rest = relax(self._at(bounds), self.policy, self.deadline, objective=self.cost)
            if rest.farkas is not None and self._closed(rest.farkas, leaf):
                return []
            if rest.point is not None:
                self._offer(rest.point)
                if not self.cost or self._dominated(exactness.proved_bound(program, rest.duals, bounds)):
                    return []
        return None if split is None else self._split(leaf, split, None)

    # -- evidence ----------------------------------------------------------------------------------------------------

    def _closed(self, farkas: Farkas, leaf: _Leaf) -> bool:
        """Whether the certificate holds here; what it uses is remembered as part of the reason."""
        if not exactness.proves_infeasible(self.program, farkas, leaf.bounds):
            return False
        if farkas.crossed is not None:
            kind, number = farkas.crossed
            if kind == "row":
                self.support.add(("row", number))
            else:
                self._uses(number, "lower", leaf.bounds)
                self._uses(number, "upper", leaf.bounds)
            return True
        self.support |= {("row", i) for i, y in farkas.rows.items() if y}
        for j, z in farkas.columns.items():
            if z:
                self._uses(j, "lower" if z > 0 else "upper", leaf.bounds)
        return True

    def _uses(self, j: int, side: str, bounds: Box) -> None:
        k = 0 if side == "lower" else 1
        if bounds[j][k] == self.root[j][k]:
            self.support.add(("lower" if k == 0 else "upper", j))
        else:
            self.support.add(("integer", j))

    def _bounded(self, answer: SolverAnswer, bounds: Box) -> bool:
        """Whether multipliers near HiGHS's prove that nothing below this leaf beats the best plan."""
        if self.best_value is None or not self.cost:
            return False
        program = self.program
        near = [self.sign * y for y in answer.duals]
        attempts: list[Callable[[], dict[int, Exact] | None]] = [
            lambda: {i: simplify(Fraction(y).limit_denominator(10**6)) for i, y in enumerate(near) if abs(y) > 1e-9},
            lambda: {i: from_float(y) for i, y in enumerate(near) if y},
            lambda: self._basis_duals(answer, bounds),
        ]
        worth = self.sign * sum(float(c) * answer.point[j] for j, c in program.objective.linear.items()) + float(
            self.sign * program.objective.constant
        )
        slack = 1e-6 * max(1.0, abs(float(self.best_value)))
        if worth < float(self.best_value) - float(self.step) - slack:
            return False
        for attempt in attempts:
            duals = attempt()
            if duals is not None and self._dominated(exactness.proved_bound(program, duals, bounds)):
                return True
        return False

    def _basis_duals(self, answer: SolverAnswer, bounds: Box) -> dict[int, Exact] | None:
        solved = linear_algebra.solve_basis(self._at(bounds), answer.columns, answer.rows, self.deadline)
        return None if solved is None else solved[1]

    def _dominated(self, bound: Exact | None) -> bool:
        if bound is None or self.best_value is None:
            return False
        if self.step:
            return self.sign * bound > self.best_value - self.step
        return self.sign * bound >= self.best_value

    # -- plans -------------------------------------------------------------------------------------------------------

    def _try(self, floats: Sequence[float], bounds: Box) -> None:
        """The whole numbers of a relaxation's point, fixed, and the rest solved exactly."""
        fixed = list(bounds)
        for j in self.integers:
            fixed[j] = (round(floats[j]), round(floats[j]))
        rest = relax(self._at(fixed), self.policy, self.deadline, objective=self.cost)
        if rest.status == "optimal" and rest.point is not None:
            self._offer(rest.point)

    def _offer(self, point: tuple[Exact, ...]) -> None:
        value = self.sign * self.program.objective.value(point)
        if self.best_value is not None and value >= self.best_value:
            return
        if not exactness.violations(self.program, point):
            self.best, self.best_value = point, value

    def _at(self, bounds: Box) -> Program:
        """The program under a leaf's bounds, integrality left out."""
        columns = [
            replace(column, domain="continuous", lower=low, upper=high)
            for column, (low, high) in zip(self.program.columns, bounds, strict=True)
        ]
        return Program(columns, self.program.rows, self.program.sense, self.program.objective)

    # -- splitting ---------------------------------------------------------------------------------------------------

    def _changes(self, bounds: Box) -> dict[int, tuple[float, float]]:
        """What HiGHS must be told to go from the last leaf to this one."""
        changed = {
            j: (
                -math.inf if bounds[j][0] is None else float(bounds[j][0] or 0),
                math.inf if bounds[j][1] is None else float(bounds[j][1] or 0),
            )
            for j in self.integers
            if bounds[j] != self.last[j]
        }
        self.last = bounds
        return changed

    @staticmethod
    def _width(pair: tuple[Exact | None, Exact | None]) -> Exact | float:
        low, high = pair
        return math.inf if low is None or high is None else high - low

    def _most_fractional(self, point: Sequence[float], bounds: Box) -> int | None:
        """The fractional column of the narrowest kind (binary before general), and among those the most fractional."""
        chosen, best = None, (math.inf, 0.0)
        for j in self.integers:
            away = abs(point[j] - round(point[j]))
            if away > 1e-7 and bounds[j][0] != bounds[j][1]:
                key = (0.0 if self._width(bounds[j]) <= 1 else 1.0, -away)
                if chosen is None or key < best:
                    chosen, best = j, key
        return chosen

    def _any_open(self, point: Sequence[float], bounds: Box) -> int | None:
        """The column with the fewest values left, when some column is not fixed."""
        opened = [j for j in self.integers if bounds[j][0] is None or bounds[j][0] != bounds[j][1]]
        return min(opened, key=lambda j: self._width(bounds[j]), default=None)

    def _split(self, leaf: _Leaf, j: int, at: float | Exact | None) -> list[_Leaf]:
        low, high = leaf.bounds[j]
        if at is not None and math.isfinite(at):
            floor = math.floor(at)
        elif low is not None and high is not None:
            floor = math.floor((low + high) / 2)
        else:
            floor = math.floor(low) if low is not None else math.ceil(high) - 1 if high is not None else 0
        if high is not None:
            floor = min(floor, math.ceil(high) - 1)
        if low is not None:
            floor = max(floor, math.floor(low))
        below, above = list(leaf.bounds), list(leaf.bounds)
        below[j], above[j] = (low, floor), (floor + 1, high)
        down, up = _Leaf(below, leaf.depth + 1), _Leaf(above, leaf.depth + 1)
        # The nearer side is searched first: it is popped last in, first out.
        return [up, down] if at is None or at - floor <= 0.5 else [down, up]
