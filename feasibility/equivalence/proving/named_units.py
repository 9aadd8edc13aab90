"""May columns under one name be in other units? A difference under the names as written is one only if none repairs it.

A name keeps sign and origin, but a continuous column may be in any unit: ``x_k = s_k x_j`` with ``s_k > 0``; a column
that no name binds may have another sign and origin too, be it whole or not. For a
plan ``p`` of A that its image keeps a row of B is linear in ``s``; that a plan of B keeps a row of A is linear in
``1/s``. So a few plans of both sides leave a polyhedron of units each way, and linear programs tell what they have in
common: nothing, one choice, or more. A choice that is left is tried; the plans that refute it cut it off.

Pinned beforehand is a column in a row that both sides write alike (another unit would have changed it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ...policy import Policy
from ...programs.program import Column, Program, Quadratic, Row
from ...rationals import Exact, divide, simplify
from ..evidence import Comparison
from ..maps import Affine
from .clock import in_time, solve
from .preference import cost
from .written_units import NamedUnits, free_units

_ROUNDS = 12
"""Choices of units that are tried."""

_MOST = 4_000
"""Rows over the units, as plans times rows of the other side, beyond which nothing is said."""

NamedPlan = Sequence[Exact]
UnitRange = tuple[Exact | None, Exact | None]
UnitAttempt = Callable[[NamedUnits], Comparison]


class StillOpenError(Exception):
    """Units may be left that make the two alike."""


@dataclass(slots=True)
class UnitSearch:
    """Two programs of equally many columns, ``pairs`` is {column of B: of A} by names that bind.

    ``loose`` ones of them are paired without a name that binds.
    ``plans``: what is known of either side's plans; ``more`` finds some, others refute a choice of units.
    """

    a: Program
    b: Program
    pairs: Mapping[int, int]
    policy: Policy
    deadline: float
    more: Callable[[], tuple[Sequence[NamedPlan], Sequence[NamedPlan]]]
    restricted: Callable[[int, NamedPlan], NamedPlan] = lambda _, plan: plan
    loose: frozenset[int] = frozenset()
    plans: tuple[list[NamedPlan], list[NamedPlan]] = field(default_factory=lambda: ([], []))

    @property
    def own(self) -> set[int]:
        """Columns whose sign and origin are not kept either: an objective by name, and what no name binds."""
        first, second = set(cost(self.a).linear), set(cost(self.b).linear)
        return {k for k, j in self.pairs.items() if first == {j} or second == {k} or k in self.loose}

    @property
    def free(self) -> list[int]:
        """Columns of B whose unit is not pinned by being whole under a name or by a row that both sides write alike."""
        return free_units(self.a, self.b, self.pairs, self.loose)

    def tried(
        self, attempt: UnitAttempt, free: Sequence[int], guess: NamedUnits
    ) -> Iterator[tuple[NamedUnits, Comparison]]:
        """Choices of units, a ``guess`` first, and what ``attempt`` found under them, refuted ones cut off.

        Ends when no choice is left. Raises StillOpenError when that cannot be told.
        """
        for number in range(_ROUNDS):
            choice = guess or self._choice(free)
            if choice is not None and number == (1 if guess else 0):
                for side, plans in enumerate(self.more()):
                    for plan in plans:
                        self._keep(side, plan)
                choice = self._choice(free)
            if choice is None:
                return
            before = [len(known) for known in self.plans]
            found = attempt(choice)
            self.learn(found)
            yield choice, found
            if not guess and [len(known) for known in self.plans] == before:
                break
            guess = {}
        raise StillOpenError

    def learn(self, found: Comparison) -> None:
        """Keep the plans that a comparison shows."""
        for number, side in enumerate((found.a_in_b, found.b_in_a)):
            if side is not None and side.witness is not None:
                self._keep(number, self.restricted(number, side.witness.plan))
        if found.preference is not None and found.preference.better:
            self._keep(1, self.restricted(1, found.preference.better))
            self._keep(1, self.restricted(1, found.preference.worse))

    def _keep(self, number: int, plan: NamedPlan) -> None:
        count = len((self.a, self.b)[number].columns)
        if len(plan) == count and tuple(plan) not in map(tuple, self.plans[number]):
            self.plans[number].append(plan)

    def _choice(self, free: Sequence[int]) -> NamedUnits | None:
        """Units that no known plan rules out; None when there are none. Raises StillOpenError."""
        in_time(self.deadline)
        back, own = {j: k for k, j in self.pairs.items()}, self.own
        mine = [self.pairs[k] for k in free]
        ways = (
            _Way(self, 0, self.pairs, free, [k for k in free if k in own]),
            _Way(self, 1, back, mine, [self.pairs[k] for k in free if k in own]),
        )
        if any(way.some({}) is None for way in ways):
            return None
        box: dict[int, UnitRange] = {}
        for _ in range(2):
            narrowed = ways[0].ranges(box)
            if narrowed is None:
                return None
            turned = ways[1].ranges({self.pairs[k]: _turned(v) for k, v in narrowed.items()})
            if turned is None:
                return None
            box = {k: _turned(turned[self.pairs[k]]) for k in narrowed}
            if any(high is not None and (low > high or high <= 0) for low, high in box.values() if low is not None):
                return None
            if all(low == high for low, high in box.values()):
                break
        return ways[0].some(box)


def _turned(interval: UnitRange) -> UnitRange:
    """The reciprocals of an interval of positive numbers."""
    low, high = interval
    return (0 if not high else divide(1, high), divide(1, low) if low else None)


@dataclass(slots=True)
class _Way:
    """The units that carry the known plans of side ``number`` into the other one.

    ``pairs``: {column of the other side: of this one}; ``own`` columns have a sign and an origin of their own, too.
    The unknowns are a scale for each free column, then the shifts, last the least gap of an order that must be strict.
    """

    search: UnitSearch
    number: int
    pairs: Mapping[int, int]
    free: Sequence[int]
    own: Sequence[int]
    _rows: list[Row] | None = None

    @property
    def gap(self) -> int:
        """The number of the last unknown."""
        return len(self.free) + len(self.own)

    def _known(self) -> list[Row]:
        """What the known plans say of the units."""
        if self._rows is None:
            found: dict[object, Row] = {}
            for terms, low, high in self._stated():
                row = Row("plan", Quadratic(terms), low, high, "plan")
                found.setdefault((tuple(sorted(terms.items())), low, high), row)
            self._rows = list(found.values())
            self._rows += [
                Row("positive", Quadratic({n: 1, self.gap: -1}), 0, None, "positive")
                for n, k in enumerate(self.free)
                if k not in self.own
            ]
        return self._rows

    def _stated(self) -> Iterator[tuple[dict[int, Exact], Exact | None, Exact | None]]:
        source, target = (self.search.a, self.search.b)[:: 1 if self.number == 0 else -1]
        plans = self.search.plans[self.number]
        if len(plans) * (len(target.rows) + len(target.columns)) > _MOST:
            raise StillOpenError
        bodies: list[tuple[Mapping[int, Exact], Exact | None, Exact | None]]
        bodies = [(row.linear, row.lower, row.upper) for row in target.rows if not row.body.quadratic]
        bodies += [({k: 1}, c.lower, c.upper) for k, c in enumerate(target.columns)]
        for plan in plans:
            in_time(self.search.deadline)
            for terms, low, high in bodies:
                if low is not None or high is not None:
                    image = self._image(terms, plan)
                    yield dict(image.terms), _minus(low, image.constant), _minus(high, image.constant)
        yield from self._ordered(cost(source), cost(target), plans)

    def _image(self, terms: Mapping[int, Exact], plan: NamedPlan) -> Affine:
        """The sum at the image of a plan, as a function of the units."""
        image: dict[int, Exact] = {}
        constant: Exact = 0
        for k, c in terms.items():
            value = c * plan[self.pairs[k]]
            if k not in self.free:
                constant += value
                continue
            if value:
                image[self.free.index(k)] = simplify(value)
            if k in self.own:
                image[len(self.free) + self.own.index(k)] = c
        return Affine(image, simplify(constant))

    def _ordered(
        self, mine: Quadratic, yours: Quadratic, plans: Sequence[NamedPlan]
    ) -> Iterator[tuple[dict[int, Exact], Exact | None, Exact | None]]:
        """Plans one after the other by cost here stand in this order there, strictly where they do here."""
        if mine.quadratic or yours.quadratic:
            return
        ranked = sorted((mine.value(plan), number) for number, plan in enumerate(plans))
        for (value, first), (following, second) in pairwise(ranked):
            near, far = (self._image(yours.linear, plans[number]) for number in (first, second))
            rise = far.plus(near.scaled(-1))
            if value == following:
                yield dict(rise.terms), simplify(-rise.constant), simplify(-rise.constant)
            else:
                yield {**rise.terms, self.gap: -1}, simplify(-rise.constant), None

    def _most(self, box: Mapping[int, UnitRange], goal: int, sign: int) -> tuple[str, tuple[Exact, ...]]:
        """The most of one unknown within the box. Raises StillOpenError where it is not decided exactly."""
        rows = self._known()
        if any(not row.linear and not _admits(row) for row in rows):
            return "infeasible", ()
        columns = []
        for n in range(self.gap):
            low, high = box.get(self.free[n], (0, None)) if n < len(self.free) else (None, None)
            if n < len(self.free) and self.free[n] in self.own:
                low, high = None, None
            columns.append(Column(f"s{n}", "continuous", low, high, f"s{n}"))
        columns.append(Column("gap", "continuous", 0, 1, "gap"))
        program = Program(columns, [row for row in rows if row.linear], "maximize", Quadratic({goal: sign}))
        answer = solve(program, self.search.policy, deadline=self.search.deadline)
        if answer.status not in ("optimal", "infeasible", "unbounded") or answer.proof != "certified":
            raise StillOpenError
        if answer.status == "optimal" and not answer.exact_point:
            raise StillOpenError
        return answer.status, tuple(answer.point or ())

    def ranges(self, box: Mapping[int, UnitRange]) -> dict[int, UnitRange] | None:
        """How far each scale can go within the box; None when none is left."""
        found: dict[int, UnitRange] = {}
        for n, k in enumerate(self.free):
            if k in self.own:
                continue
            low, high = box.get(k, (0, None))
            if low != high:
                status, point = self._most(box, n, -1)
                if status == "infeasible":
                    return None
                low = point[n]
                status, point = self._most(box, n, 1)
                high = None if status == "unbounded" else point[n]
            found[k] = (low, high)
        return found

    def some(self, box: Mapping[int, UnitRange]) -> NamedUnits | None:
        """Some units in the box; None when there are none."""
        status, point = self._most(box, self.gap, 1)
        if status == "infeasible" or not point[-1]:
            return None
        for n, k in enumerate(self.free):
            if k in self.own and not point[n]:
                point = self._moved(box, n, point)
                if not point[n]:
                    return None
        shifts = {k: point[len(self.free) + n] for n, k in enumerate(self.own)}
        return {k: (point[n], shifts.get(k, 0)) for n, k in enumerate(self.free)}

    def _moved(self, box: Mapping[int, UnitRange], n: int, point: tuple[Exact, ...]) -> tuple[Exact, ...]:
        """A point with unknown ``n`` not zero, half way to one of its ends; the same point where both are zero."""
        for sign in (1, -1):
            status, end = self._most(box, n, sign)
            if status != "optimal":
                raise StillOpenError
            if end[n]:
                return tuple(divide(x + y, 2) for x, y in zip(point, end, strict=True))
        return point


def _minus(side: Exact | None, by: Exact) -> Exact | None:
    return None if side is None else simplify(side - by)


def _admits(row: Row) -> bool:
    """Whether a row without columns holds."""
    return (row.lower is None or row.lower <= 0) and (row.upper is None or row.upper >= 0)
