"""Differences under the names alone: whatever else corresponds to what, a meaningful name on both sides is one column.

Each plan of the one side goes with plans of the other that give the named columns the same values (a continuous one in
another unit perhaps, which the end of its range tells). So no correspondence is left where the values of a plan are
those of no plan of the other side, or where the best plans at two choices of values stand in one order here and in
another there. Nothing is asked of the columns without a common name: they may be auxiliaries, parts or encodings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...policy import Policy
from ...programs.program import Program, Quadratic
from ...rationals import Exact, Fraction, divide, magnitude, show, simplify
from ...solver.words import enumeration
from ...verdict import Proof
from ..evidence import Certificate, Difference, NamedEvidence, NamedPair, RangeEnd, Target
from ..maps import Affine, linear_part
from .claims import ClaimSource
from .clock import in_time, solve
from .preference import cost

_MOST_COLUMNS = 60
_PLANS = 10
"""Plans of each side whose named values are tried."""

_AIM = Target("objective", 0, "upper")
_Values = tuple[Exact, ...]


@dataclass(frozen=True, slots=True)
class _Best:
    """The best plan at one choice of values: None where there is none or it is not known."""

    empty: bool
    plan: tuple[Exact, ...] | None = None
    value: Exact | None = None


class _Side:
    """One program and what it says where its named columns are fixed."""

    def __init__(self, program: Program, columns: Sequence[int], policy: Policy, deadline: float) -> None:
        self.program, self.columns, self.policy, self.deadline = program, columns, policy, deadline
        self.cost = linear_part(cost(program))
        self.known: dict[_Values, _Best] = {}

    def named(self, plan: Sequence[Exact]) -> _Values:
        return tuple(plan[j] for j in self.columns)

    def fixed(self, values: _Values, tolerance: Exact = 0) -> Program:
        """The plans with these values, the rows wider by the tolerance."""
        columns = list(self.program.columns)
        for j, value in zip(self.columns, values, strict=True):
            columns[j] = replace(columns[j], domain="continuous", lower=value, upper=value)
        rows = list(self.program.rows)
        if tolerance:
            rows = [replace(r, lower=_wider(r.lower, -tolerance), upper=_wider(r.upper, tolerance)) for r in rows]
        return Program(columns, rows, "minimize", Quadratic(dict(self.cost.terms), {}, self.cost.constant))

    def keeps(self, values: _Values) -> bool:
        """Whether the values are within the named columns' own bounds, whole ones whole."""
        for j, value in zip(self.columns, values, strict=True):
            column = self.program.columns[j]
            if column.lower is not None and value < column.lower:
                return False
            if column.upper is not None and value > column.upper:
                return False
            if column.is_integer and Fraction(value).denominator != 1:
                return False
        return True

    def best(self, values: _Values) -> _Best:
        """The best plan with these values."""
        if values not in self.known:
            in_time(self.deadline)
            self.known[values] = self._best(values)
        return self.known[values]

    def _best(self, values: _Values) -> _Best:
        if not self.keeps(values):
            return _Best(True)
        answer = solve(self.fixed(values), self.policy, deadline=self.deadline)
        if answer.status == "infeasible":
            return _Best(True)
        if answer.status != "optimal" or answer.proof != "certified" or not answer.exact_point:
            return _Best(False)
        return _Best(False, answer.point, answer.objective)

    def plans(self) -> Iterator[tuple[Exact, ...]]:
        """The best plan, and those at the ends of the named columns' ranges."""
        goals: list[dict[int, Exact]] = [dict(self.cost.terms)]
        goals += [{j: sign} for j in self.columns for sign in (1, -1)]
        for goal in goals[: 2 * _PLANS]:
            in_time(self.deadline)
            program = Program(self.program.columns, self.program.rows, "minimize", Quadratic(goal))
            answer = solve(program, self.policy, deadline=self.deadline)
            if answer.point is not None and answer.exact_point and answer.status == "optimal":
                yield answer.point


def _wider(side: Exact | None, by: Exact) -> Exact | None:
    return None if side is None else simplify(side + by * max(1, magnitude(side)))


def apart_by_names(
    a: Program, b: Program, pairs: Mapping[int, int], policy: Policy, deadline: float
) -> Difference | None:
    """What sets the programs apart under ``pairs``, {column of B: of A} by names that bind; None where nothing does.

    Raises OutOfTimeError at the deadline.
    """
    if not pairs or max(len(a.columns), len(b.columns)) > _MOST_COLUMNS:
        return None
    told = [p for k, j in sorted(pairs.items()) if (p := _pair(a, b, j, k, policy, deadline)) is not None]
    if not told:
        return None
    sides = _Side(a, [p.ours for p in told], policy, deadline), _Side(b, [p.theirs for p in told], policy, deadline)
    scales = [p.scale for p in told]
    seen: dict[_Values, None] = {}
    for number, side in enumerate(sides):
        for plan in _few(side):
            values = side.named(plan)
            there = _carried(values, scales, number)
            if sides[1 - number].best(there).empty:
                found = _no_plan(sides, told, number, plan, there)
                if found is not None:
                    return found
            seen.setdefault(values if number == 0 else _carried(values, scales, 1))
    return _order(sides, told, list(seen)) if a.sense != "feasibility" or b.sense != "feasibility" else None


def _few(side: _Side) -> list[tuple[Exact, ...]]:
    found: dict[tuple[Exact, ...], None] = {}
    for plan in side.plans():
        found.setdefault(plan)
        if len(found) >= _PLANS:
            break
    plans = list(found)
    if not side.program.is_mixed_integer and len(plans) > 1:
        plans += [tuple(divide(x + y, 2) for x, y in zip(plans[0], plan, strict=True)) for plan in plans[1:4]]
    return plans


def _carried(values: _Values, scales: Sequence[Exact], number: int) -> _Values:
    """The values of side ``number`` as those of the other one."""
    if number == 0:
        return tuple(simplify(v * s) for v, s in zip(values, scales, strict=True))
    return tuple(divide(v, s) for v, s in zip(values, scales, strict=True))


def _pair(a: Program, b: Program, j: int, k: int, policy: Policy, deadline: float) -> NamedPair | None:
    """The pair with its unit: 1 for whole numbers, else what an end of both ranges says; None when neither tells."""
    if a.columns[j].is_integer and b.columns[k].is_integer:
        return NamedPair(j, k, 1)
    for sign in (1, -1):
        first, second = _end(a, j, sign, policy, deadline), _end(b, k, sign, policy, deadline)
        if first is None or second is None:
            continue
        ours, theirs = first.plan[j], second.plan[k]
        if ours and theirs and (ours > 0) == (theirs > 0):
            return NamedPair(j, k, divide(theirs, ours), sign, first, second)
    return None


def _end(program: Program, j: int, sign: int, policy: Policy, deadline: float) -> RangeEnd | None:
    """The end of a column's range: a plan that reaches it and the proof that none goes further."""
    in_time(deadline)
    answer = solve(Program(program.columns, program.rows, "maximize", Quadratic({j: sign})), policy, deadline=deadline)
    if answer.status != "optimal" or answer.point is None or not answer.exact_point:
        return None
    source = ClaimSource(program, policy, deadline)
    outcome = source.prove(Affine({j: sign}), sign * answer.point[j], _AIM)
    if outcome.certificate is None:
        return None
    return RangeEnd(tuple(answer.point), outcome.certificate)


def _no_plan(
    sides: tuple[_Side, _Side], pairs: Sequence[NamedPair], number: int, plan: tuple[Exact, ...], values: _Values
) -> Difference | None:
    """A plan of one side with named values that no plan of the other has, by more than the rows' tolerance."""
    other = sides[1 - number]
    certificate = None
    if other.keeps(values):
        tolerance = Fraction(repr(other.policy.row_tolerance))
        source = ClaimSource(other.fixed(values, tolerance), other.policy, other.deadline)
        certificate = source.prove(Affine({}, 1), 0, _AIM).certificate
        if certificate is None:
            return None
    elif _barely(other, values):
        return None
    evidence = NamedEvidence(tuple(pairs), "plan", "b" if number else "a", plan, certificate)
    said = "admitted", "not admitted"
    ours, theirs = said if number == 0 else said[::-1]
    kind = f"a plan with {_told(sides[number], plan)}"
    return Difference(kind, ours, theirs, _proof(pairs, certificate), evidence)


def _barely(side: _Side, values: _Values) -> bool:
    """Whether the values pass the columns' bounds by less than the rows' tolerance."""
    tolerance = Fraction(repr(side.policy.row_tolerance))
    for j, value in zip(side.columns, values, strict=True):
        column = side.program.columns[j]
        low, high = _wider(column.lower, -tolerance), _wider(column.upper, tolerance)
        if (low is not None and value < low) or (high is not None and value > high):
            return False
        if column.is_integer and magnitude(value - round(value)) > Fraction(repr(side.policy.integer_tolerance)):
            return False
    return True


def _order(sides: tuple[_Side, _Side], pairs: Sequence[NamedPair], choices: Sequence[_Values]) -> Difference | None:
    """Two choices of values whose best plans stand in one order on the one side and in another on the other."""
    scales = [p.scale for p in pairs]
    first, second = sides
    for v in choices:
        for w in choices:
            here, there = (first.best(v), first.best(w)), tuple(second.best(_carried(x, scales, 0)) for x in (v, w))
            ours, theirs = [best.value for best in here], [best.value for best in there]
            if None in ours or None in theirs:
                continue
            for number, (mine, yours) in enumerate(((ours, theirs), (theirs, ours))):
                x, y, z, u = (*mine, *yours)
                assert x is not None and y is not None and z is not None and u is not None  # noqa: PT018
                if x < y and z >= u and _clear(y - x, x, y, first.policy):
                    found = _ranked(sides, pairs, number, (v, w))
                    if found is not None:
                        return found
    return None


def _clear(gap: Exact, x: Exact, y: Exact, policy: Policy) -> bool:
    return gap > Fraction(repr(policy.row_tolerance)) * max(1, magnitude(x), magnitude(y))


def _ranked(
    sides: tuple[_Side, _Side], pairs: Sequence[NamedPair], number: int, choices: tuple[_Values, _Values]
) -> Difference | None:
    """Side ``number`` has the first choice before the second, the other one has not."""
    scales = [p.scale for p in pairs]
    one, other = sides[number], sides[1 - number]
    v, w = choices if number == 0 else tuple(_carried(x, scales, 0) for x in choices)
    v_there, w_there = tuple(_carried(x, scales, 0) for x in choices) if number == 0 else choices
    better, worse = one.best(v), other.best(w_there)
    floor, same = one.best(w).value, worse.value
    assert better.plan is not None and worse.plan is not None and floor is not None and same is not None  # noqa: PT018
    here = _least(one, w, floor)
    there = _least(other, v_there, same)
    if here is None or there is None:
        return None
    evidence = NamedEvidence(tuple(pairs), "order", "b" if number else "a", better.plan, here, worse.plan, there, floor)
    said = "better", "no better"
    ours, theirs = said if number == 0 else said[::-1]
    kind = f"{_told(one, better.plan)} against {_told(other, worse.plan)}"
    return Difference(kind, ours, theirs, _proof(pairs, here, there), evidence)


def _least(side: _Side, values: _Values, limit: Exact) -> Certificate | None:
    """The certificate that no plan with these values costs less than the limit."""
    program = side.fixed(values)
    claim = ClaimSource(Program(program.columns, program.rows, "feasibility"), side.policy, side.deadline)
    return claim.prove(side.cost.scaled(-1), -limit, _AIM).certificate


def _proof(pairs: Sequence[NamedPair], *certificates: Certificate | None) -> Proof:
    """Certified, unless a search's word is among the certificates or under a unit."""
    used = [c for c in certificates if c is not None]
    used += [end.certificate for pair in pairs for end in (pair.first, pair.second) if end is not None]
    return "solver-trusted" if any(c.method == "solver" for c in used) else "certified"


def _told(side: _Side, plan: Sequence[Exact]) -> str:
    """The named values of a plan, in words."""
    values = [(side.program.columns[j].name, plan[j]) for j in side.columns]
    return enumeration([f"{name} = {show(value)}" for name, value in values], most=4)
