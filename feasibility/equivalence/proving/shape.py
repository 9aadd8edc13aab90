"""Differences that no correspondence repairs: what every affine bijection that keeps the order leaves as it is.

The number of plans and how many share each cost level (small whole-number cores); the dimension; whether there is a
best plan; the number of vertices and their costs up to scale (small polytopes); ranges of columns that a name binds.
They hold of cores in which nothing can be read as one column any more and no column stands for the objective alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact, divide
from ...solver.solving import solve
from ..evidence import Difference
from ..maps import add_term
from .clock import in_time
from .fingerprint import Fingerprint, SamplePlan
from .mapping import statements

_FACETS = 16
_DIMENSIONS = 4


def difference(
    a: Fingerprint, b: Fingerprint, binding: Mapping[int, int], policy: Policy, deadline: float
) -> Difference | None:
    """What sets the two cores apart whatever the correspondence (one that keeps ``binding``), or None.

    Raises OutOfTimeError at the deadline.
    """
    if _hidden(a.program) or _hidden(b.program):
        return None
    found = _by_names(a, b, binding)
    if found is None and not _has_parts(a.program, deadline) and not _has_parts(b.program, deadline):
        found = _by_counting(a, b, binding) or _by_dimension(a, b) or _by_vertices(a, b, binding, deadline)
    return found or _by_best(a, b, policy, deadline)


_CONSTRAINTS = 40


def _has_parts(program: Program, deadline: float) -> bool:
    """Whether the columns may hold one decision in parts, however it is written: a direction along which plans move
    without cost and without any row or bound taking notice but two. Such plans are counted more than once."""
    count = len(program.columns)
    free = [terms for terms, low, high in statements(program) if low is None or low != high]
    kept = [terms for terms, low, high in statements(program) if low is not None and low == high]
    kept.append(program.objective.linear)
    if len(free) > _CONSTRAINTS:
        return True
    if count <= _rank([dict(t) for t in kept if t]):
        return False
    for left_out in combinations(range(len(free)), min(2, len(free))):
        in_time(deadline)
        rows = [dict(t) for i, t in enumerate(free) if i not in left_out] + [dict(t) for t in kept if t]
        if _rank(rows) < count:
            return True
    return False


def _hidden(program: Program) -> bool:
    """A continuous column that is all of the objective: rows may press it, and then it is no decision."""
    if len(program.objective.linear) != 1:
        return False
    (j,) = program.objective.linear
    column = program.columns[j]
    return not column.is_integer and sum(j in row.linear for row in program.rows) > 0


def _by_counting(a: Fingerprint, b: Fingerprint, binding: Mapping[int, int]) -> Difference | None:
    if a.every is None or b.every is None:
        finite, other = (a, b) if a.every is not None else (b, a)
        if finite.every is None or not _spreads(other):
            return None
        return Difference("count", str(len(finite.every)), "infinitely many plans", "enumerated")
    if len(a.every) != len(b.every):
        return Difference("count", f"{len(a.every)} plans", f"{len(b.every)} plans", "enumerated")
    ours, theirs = _levels(a), _levels(b)
    if [len(level) for level in ours] != [len(level) for level in theirs]:
        return Difference("levels", str([len(v) for v in ours]), str([len(v) for v in theirs]), "enumerated")
    named = sorted((j, k) for k, j in binding.items())
    cast_a = [Counter(tuple(p[j] for j, _ in named) for p in level) for level in ours]
    cast_b = [Counter(tuple(p[k] for _, k in named) for p in level) for level in theirs]
    if cast_a != cast_b:
        return Difference("plans by name", "by their cost", "the named variables take other values", "enumerated")
    return None


def _levels(side: Fingerprint) -> list[list[SamplePlan]]:
    """All plans by cost, the cheapest first."""
    levels: dict[Exact, list[SamplePlan]] = {}
    for plan in side.every or ():
        levels.setdefault(side.program.objective.value(plan), []).append(plan)
    return [levels[value] for value in sorted(levels)]


def _spreads(side: Fingerprint) -> bool:
    """Whether the plans are shown to be infinitely many: two that agree in the whole columns and differ in others."""
    whole = [j for j, c in enumerate(side.program.columns) if c.is_integer]
    seen: dict[tuple[Exact, ...], SamplePlan] = {}
    for point in side.points:
        first = seen.setdefault(tuple(point[j] for j in whole), point)
        if first != point:
            return True
    return False


def _by_names(a: Fingerprint, b: Fingerprint, binding: Mapping[int, int]) -> Difference | None:
    for k, j in sorted(binding.items()):
        mine, yours = a.ranges[j], b.ranges[k]
        if mine == yours or j not in a.sure or k not in b.sure:
            continue
        whole = a.program.columns[j].is_integer and b.program.columns[k].is_integer
        open_ends = [end is None for end in mine] != [end is None for end in yours]
        if whole or open_ends or not _proportional(mine, yours):
            said = [" to ".join("no end" if e is None else str(e) for e in ends) for ends in (mine, yours)]
            return Difference(f"range of {b.program.columns[k].name}", said[0], said[1], "solver-trusted")
    return None


def _proportional(mine: Sequence[Exact | None], yours: Sequence[Exact | None]) -> bool:
    """One range is the other in another unit (or both have an open end: then nothing is said)."""
    low, high = mine
    least, most = yours
    if low is None or high is None or least is None or most is None:
        return True
    return low * most == high * least and (low > 0) == (least > 0) and (high > 0) == (most > 0)


def _by_dimension(a: Fingerprint, b: Fingerprint) -> Difference | None:
    if a.program.is_mixed_integer or b.program.is_mixed_integer:
        # A bijection of whole plans need not be affine: one-hot columns span more dimensions than what they say.
        return None
    for first, second in ((a, b), (b, a)):
        least, most = _rank_of(first.points), _most(second.program)
        if least > most:
            said = f"at least {least} dimensions", f"at most {most}"
            ours, theirs = said if first is a else said[::-1]
            return Difference("dimension", ours, theirs, "solver-trusted")
    return None


def _rank_of(points: Sequence[SamplePlan]) -> int:
    """The dimension that these plans span."""
    if not points:
        return 0
    start = points[0]
    return _rank(
        [{j: p - q for j, (p, q) in enumerate(zip(point, start, strict=True)) if p != q} for point in points[1:]]
    )


def _most(program: Program) -> int:
    rows = [dict(r.linear) for r in program.rows if r.lower is not None and r.lower == r.upper]
    rows += [{j: 1} for j, c in enumerate(program.columns) if c.lower is not None and c.lower == c.upper]
    return len(program.columns) - _rank(rows)


def _rank(rows: list[dict[int, Exact]]) -> int:
    pivots: dict[int, dict[int, Exact]] = {}
    for row in rows:
        rest = dict(row)
        for j in sorted(pivots):
            if j in rest:
                factor = rest[j]
                for k, c in pivots[j].items():
                    add_term(rest, k, -factor * c)
        if rest:
            pivot = min(rest)
            lead = rest[pivot]
            pivots[pivot] = {k: divide(c, lead) for k, c in rest.items()}
    return len(pivots)


def _by_vertices(a: Fingerprint, b: Fingerprint, binding: Mapping[int, int], deadline: float) -> Difference | None:
    ours, theirs = vertices(a, deadline), vertices(b, deadline)
    if ours is None or theirs is None:
        return None
    if len(ours) != len(theirs):
        return Difference("vertices", f"{len(ours)} vertices", f"{len(theirs)} vertices", "solver-trusted")
    named = sorted((j, k) for k, j in binding.items() if a.ranges[j][1] and b.ranges[k][1])
    first = _cast(a, ours, [j for j, _ in named])
    second = _cast(b, theirs, [k for _, k in named])
    if first != second:
        return Difference("vertices", "by their costs", "the vertices have other costs", "solver-trusted")
    return None


def _cast(side: Fingerprint, found: set[SamplePlan], named: list[int]) -> Counter[tuple[Exact, ...]]:
    """The vertices by cost, on a scale from 0 to 1, and by the named columns in units of their upper ends."""
    costs = {v: side.program.objective.value(v) for v in found}
    low, high = min(costs.values(), default=0), max(costs.values(), default=0)
    cast: Counter[tuple[Exact, ...]] = Counter()
    for v, cost in costs.items():
        place: Exact = divide(cost - low, high - low) if high != low else 0
        units = [divide(v[j], top) for j in named if (top := side.ranges[j][1])]
        cast[place, *units] += 1
    return cast


def vertices(side: Fingerprint, deadline: float) -> set[SamplePlan] | None:
    """All vertices of a small bounded continuous core, exactly; None when it is none."""
    program, count = side.program, len(side.program.columns)
    if count > _DIMENSIONS or any(c.is_integer for c in program.columns) or any(None in r for r in side.ranges):
        return None
    equations: list[tuple[dict[int, Exact], Exact]] = []
    facets: list[tuple[dict[int, Exact], Exact]] = []
    for terms, low, high in statements(program):
        if low is not None and low == high:
            equations.append((dict(terms), low))
        else:
            facets += [(dict(terms), end) for end in (low, high) if end is not None]
    if len(facets) > _FACETS:
        return None
    found: set[SamplePlan] = set()
    missing = count - _rank([terms for terms, _ in equations])
    for chosen in combinations(facets, missing):
        in_time(deadline)
        point = _solved([*equations, *chosen], count)
        if point is not None and all(
            (low is None or value >= low) and (high is None or value <= high)
            for terms, low, high in statements(program)
            for value in (sum((c * point[j] for j, c in terms.items()), start=Fraction(0)),)
        ):
            found.add(point)
    return found


def _solved(system: list[tuple[dict[int, Exact], Exact]], count: int) -> SamplePlan | None:
    """The only solution of the equations, or None."""
    pivots: dict[int, dict[int, Exact]] = {}
    for terms, side in system:
        rest: dict[int, Exact] = {**terms, count: side}
        for j in sorted(pivots):
            if j in rest:
                factor = rest[j]
                for k, c in pivots[j].items():
                    add_term(rest, k, -factor * c)
        keys = [j for j in rest if j < count]
        if not keys:
            if rest.get(count):
                return None
            continue
        pivot = min(keys)
        lead = rest[pivot]
        solved = {k: divide(c, lead) for k, c in rest.items()}
        for other in pivots.values():
            if pivot in other:
                factor = other[pivot]
                for k, c in solved.items():
                    add_term(other, k, -factor * c)
        pivots[pivot] = solved
    if len(pivots) < count:
        return None
    return tuple(pivots[j].get(count, 0) for j in range(count))


def _by_best(a: Fingerprint, b: Fingerprint, policy: Policy, deadline: float) -> Difference | None:
    states = []
    for side in (a, b):
        answer = solve(side.program, policy, deadline=deadline)
        if answer.proof != "certified" or answer.status not in ("optimal", "unbounded"):
            return None
        states.append(answer.status)
    if states[0] == states[1]:
        return None
    words = {"optimal": "there is a best plan", "unbounded": "there is no best plan"}
    return Difference("best plan", words[states[0]], words[states[1]], "solver-trusted")
