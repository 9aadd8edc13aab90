"""Claims proved case by case over their own binary columns, each case by multipliers; products of columns included.

First over the rows that speak of the claim's columns alone, which is quick, and one proof serves all claims that are
the same up to the columns' numbers (a family's). Then over all rows, as long as that is seen to lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...policy import Policy
from ...programs.program import Program, Quadratic, Row
from ...rationals import Exact, Fraction, simplify
from ...solver import highs
from ..evidence import Cases, Certificate, Target
from .clock import for_solver, is_late
from .products import SecondOrder, is_binary
from .sums import completed, whole_factor, within

_MOST_BINARIES, _MOST_CASES = 12, 64
_WIDE_CASES, _WIDE_FAILURES = 12, 3
"""Cases of one claim over all rows, and claims that may fail before all rows are no longer tried."""

_DENOMINATORS = (1, 64, 10_000)


_OPEN = Target("objective", 0, "upper")
"""The target of a proof that is not yet one of a claim's."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A program cut down to some columns and rows, with their numbers in the whole one."""

    program: Program
    columns: Sequence[int]
    rows: Sequence[int]


class CaseProver:
    """Proofs by cases over one program with its products. A proof is kept for all claims of the same form."""

    def __init__(self, whole: SecondOrder, policy: Policy, deadline: float) -> None:
        self.whole, self.policy, self.deadline = whole, policy, deadline
        self._known: dict[object, Certificate | None] = {}
        self._failures = 0
        self._far = False

    def prove(self, terms: Mapping[int, Exact], limit: Exact, target: Target, *, wide: bool) -> Certificate | None:
        """The certificate that ``terms <= limit`` at every plan, or None; ``wide``: over all rows if need be."""
        binary = [j for j in terms if is_binary(self.whole.program.columns[j])]
        if len(binary) > _MOST_BINARIES:
            return None
        for far in (False, True) if wide or self._far else (False,):
            place = self._near(terms, far=far)
            mine = {j: p for p, j in enumerate(place.columns)}
            local = {mine[j]: c for j, c in terms.items()}
            mark = _mark(place.program, local, limit)
            if mark not in self._known:
                self._known[mark] = _Tree(place.program, local, limit, self.policy, self.deadline, _MOST_CASES).proof()
            found = self._known[mark]
            if found is not None:
                self._far = self._far or far
                return self._told(found, place, target)
        if not wide or self._failures >= _WIDE_FAILURES or is_late(self.deadline):
            return None
        tree = _Tree(
            self.whole.program, terms, limit, self.policy, self.deadline, _WIDE_CASES, nodes=self._nodes, split=binary
        )
        found = tree.proof()
        if found is None:
            self._failures += 1
            return None
        everything = _Place(self.whole.program, range(len(self.whole.program.columns)), range(len(self._rows)))
        return self._told(found, everything, target)

    @property
    def _rows(self) -> Sequence[Row]:
        return self.whole.program.rows

    @cached_property
    def _nodes(self) -> highs.Nodes:
        return highs.Nodes(highs.to_floats(self.whole.program), self.policy, cost=True)

    @cached_property
    def _rows_of(self) -> dict[int, list[int]]:
        index: dict[int, list[int]] = {}
        for number, row in enumerate(self._rows):
            for j in row.linear:
                index.setdefault(j, []).append(number)
        return index

    def _near(self, terms: Mapping[int, Exact], *, far: bool) -> _Place:
        """The rows over the claim's columns, those that its binary ones are multiplied with, and their products.

        ``far``: over the other members of the binary columns' choices, too, where a choice is multiplied with a column
        of the claim.
        """
        whole, program = self.whole, self.whole.program
        first = sorted(terms, key=lambda j: (terms[j], j))
        columns = dict.fromkeys(first)
        for x in first:
            columns |= dict.fromkeys(sorted(whole.paired.get(x, ())))
        switches = [x for x in first if x in whole.paired]
        if far:
            for u in [u for u in columns if u not in whole.paired]:
                for choice in whole.choices.get(u, ()):
                    switches += [x for x in sorted(choice) if x not in columns]
                    columns |= dict.fromkeys(sorted(choice))
            for x in list(switches):
                columns |= dict.fromkeys(sorted(whole.paired[x]))
        near = set(columns)
        columns |= dict.fromkeys(whole.pairs[x, u] for x in switches for u in sorted(whole.paired[x]) if u in near)
        place = {j: p for p, j in enumerate(columns)}
        numbers = sorted(
            {n for j in columns for n in self._rows_of.get(j, ()) if place.keys() >= self._rows[n].linear.keys()}
        )
        rows = []
        for number in numbers:
            row = self._rows[number]
            body = Quadratic({place[j]: c for j, c in sorted(row.linear.items(), key=lambda item: place[item[0]])})
            rows.append(Row("row", body, row.lower, row.upper, "row"))
        order = sorted(range(len(rows)), key=lambda n: _row_mark(rows[n]))
        cut = [replace(program.columns[j], name=str(p), variable=str(p)) for j, p in place.items()]
        return _Place(Program(cut, [rows[n] for n in order], "feasibility"), list(columns), [numbers[n] for n in order])

    def _told(self, found: Certificate, place: _Place, target: Target) -> Certificate:
        """The certificate in the program's own columns and rows and in products."""
        own = self.whole.own
        rows = {place.rows[n]: y for n, y in found.rows.items()}
        split = found.cases
        return Certificate(
            target,
            found.method,
            {n: y for n, y in rows.items() if n < own},
            {place.columns[p]: w for p, w in found.columns.items()},
            found.factor,
            products={n - own: y for n, y in rows.items() if n >= own},
            cases=None if split is None else Cases(
                place.columns[split.column],
                split.at,
                self._told(split.below, place, target),
                self._told(split.above, place, target),
            ),
        )  # fmt: skip


def _row_mark(row: Row) -> tuple[object, ...]:
    ends = [(end is not None, end or 0) for end in (row.lower, row.upper)]
    return tuple(row.linear), tuple(row.linear.values()), *ends


def _mark(program: Program, terms: Mapping[int, Exact], limit: Exact) -> object:
    columns = tuple((c.is_integer, c.lower, c.upper) for c in program.columns)
    rows = tuple((tuple(r.linear.items()), r.lower, r.upper) for r in program.rows)
    return columns, rows, tuple(sorted(terms.items())), limit


class _Tree:
    """One claim over one program, split over its binary columns until multipliers show every case."""

    def __init__(
        self,
        program: Program,
        terms: Mapping[int, Exact],
        limit: Exact,
        policy: Policy,
        deadline: float,
        most: int,
        *,
        nodes: highs.Nodes | None = None,
        split: Sequence[int] | None = None,
    ) -> None:
        self.program, self.terms, self.limit = program, dict(terms), limit
        self.deadline, self.left = deadline, most
        goal = Program(program.columns, program.rows, "maximize", Quadratic(dict(terms)))
        self.nodes = nodes or highs.Nodes(highs.to_floats(goal), policy, cost=True)
        self.shared = nodes is not None
        columns = program.columns
        self.factor = whole_factor(program, terms)
        self.split = [j for j in terms if is_binary(columns[j])] if split is None else list(split)

    def proof(self) -> Certificate | None:
        """The certificate, with the target left open; None when some case is not shown."""
        if not self.nodes.usable:
            return None
        if self.shared:
            cost = np.zeros(len(self.program.columns))
            for j, c in self.terms.items():
                cost[j] = -float(c)
            self.nodes.price(cost)
        found = self._case({})
        if self.shared:
            columns = self.program.columns
            self.nodes.bound({j: (_float(columns[j].lower, -1), _float(columns[j].upper, 1)) for j in self.split})
        return found

    def _case(self, fixed: dict[int, int]) -> Certificate | None:
        """The proof where these columns have these values."""
        self.left -= 1
        if self.left < 0 or is_late(self.deadline):
            return None
        columns = self.program.columns
        bounds = {
            j: (float(fixed[j]),) * 2 if j in fixed else (_float(columns[j].lower, -1), _float(columns[j].upper, 1))
            for j in self.split
        }  # fmt: skip
        answer = self.nodes.solve(bounds, for_solver(self.deadline))
        case = list(columns)
        for j, value in fixed.items():
            case[j] = replace(case[j], lower=value, upper=value)
        program = Program(case, self.program.rows, "feasibility")
        if answer.outcome == "infeasible":
            found = None if answer.farkas is None else _empty(program, answer.farkas)
            if found is not None:
                return found
        elif answer.outcome == "optimal" and answer.duals:
            found = self._by_multipliers(program, answer.duals)
            if found is not None:
                return found
            reach = sum(float(c) * answer.point[j] for j, c in self.terms.items())
            if reach <= float(self.limit) + 1e-7 * max(1.0, abs(float(self.limit))):
                # It holds, but not by these multipliers: no finer case will be any better.
                return None
        return self._by_cases(fixed, answer.point if answer.outcome == "optimal" else [])

    def _by_cases(self, fixed: dict[int, int], point: Sequence[float]) -> Certificate | None:
        left = [j for j in self.split if j not in fixed]
        if not left:
            return None
        j = max(left, key=lambda j: min(point[j], 1 - point[j])) if point else left[0]
        # The case where the column is on first: it is the one that fails where one does.
        above = self._case({**fixed, j: 1})
        below = None if above is None else self._case({**fixed, j: 0})
        if above is None or below is None:
            return None
        return Certificate(_OPEN, "cases", cases=Cases(j, 0, below, above))

    def _by_multipliers(self, program: Program, duals: Sequence[float]) -> Certificate | None:
        for rows in _rounded([-y for y in duals]):
            found = completed(program, self.terms, rows)
            known = None if found is None else within(found, self.limit, self.factor, _OPEN)
            if known is not None:
                return known
        return None


def _empty(program: Program, farkas: Sequence[float]) -> Certificate | None:
    """Multipliers that show that there is no plan."""
    largest = max(map(abs, farkas), default=0.0)
    for rows in _rounded([-y / largest for y in farkas] if largest else []):
        found = completed(program, {}, rows)
        if found is not None and found.bound < 0:
            return Certificate(_OPEN, "empty", found.rows, found.columns)
    return None


def _rounded(multipliers: Sequence[float]) -> Iterator[dict[int, Exact]]:
    for denominator in _DENOMINATORS:
        rows = {
            i: simplify(Fraction(y).limit_denominator(denominator)) for i, y in enumerate(multipliers) if abs(y) > 1e-9
        }
        yield {i: y for i, y in rows.items() if y}


def _float(end: Exact | None, sign: int) -> float:
    return sign * float("inf") if end is None else float(end)
