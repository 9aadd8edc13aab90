"""Maps between two small cores: each column of B from one of A, with sign, shift and scale, or from a few by a row.

The true ranges of two columns allow at most three ways to read one as the other; rows that hold one unpaired column
each propose changes of basis; sample plans of both cores prune before anything is proved. What a map may *ground* is
the checker's business: free numbers are paid for by rows (``checking/payment.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ...programs.program import Program
from ...rationals import Exact, divide, magnitude, simplify
from ..maps import Affine, add_term
from ..naming import key
from .clock import in_time, is_late
from .fingerprint import Fingerprint, keeps
from .preference import cost

_OPPOSITE = {"not", "left", "non", "no", "rest", "remaining", "un", "without", "spare"}
_VOTES = 8
_STEPS = 3_000
_BY_ROWS = 4
"""Unpaired columns up to which a change of basis is proposed for them."""


Statement = tuple[Mapping[int, Exact], Exact | None, Exact | None]
"""Terms with a lower and an upper side."""


@dataclass(slots=True)
class Pairing:
    """Two cores to be matched. ``binding``/``hints``: {column of B: of A} by names that bind, or only suggest."""

    a: Fingerprint
    b: Fingerprint
    binding: Mapping[int, int]
    hints: Mapping[int, int]
    deadline: float
    evidence_a: Sequence[Statement] = ()
    evidence_b: Sequence[Statement] = ()
    steps: int = _STEPS
    forward: list[Affine | None] = field(default_factory=list)

    @property
    def exhausted(self) -> bool:
        """Whether the search ran to its end."""
        return self.steps >= 0 and not is_late(self.deadline)


def maps(pairing: Pairing) -> Iterator[tuple[list[Affine], list[Affine]]]:
    """Complete maps, each with its inverse, that the sample plans of both sides and their costs do not rule out."""
    a, b = pairing.a, pairing.b
    if len(a.program.columns) != len(b.program.columns):
        return
    pairing.forward = [None] * len(b.program.columns)
    seen: set[object] = set()
    everything = set(range(len(a.program.columns)))
    for forward in _extended(pairing, everything, set(everything)):
        mark = tuple((tuple(sorted(f.terms.items())), f.constant) for f in forward)
        if mark in seen:
            continue
        seen.add(mark)
        backward = inverse(forward)
        if backward is None or not _fits(b, a, backward) or not _ranks_alike(a, b, forward):
            continue
        yield forward, backward


def _extended(pairing: Pairing, free_a: set[int], free_b: set[int]) -> Iterator[list[Affine]]:
    pairing.steps -= 1
    if pairing.steps < 0 or is_late(pairing.deadline):
        return
    if not free_b:
        yield [f for f in pairing.forward if f is not None]
        return
    order = sorted(free_b, key=lambda k: (k not in pairing.binding, k not in pairing.hints, k))
    chosen = order[:1] if len(order) > 3 or order[0] in pairing.binding else order
    for k in chosen:
        yield from _placed(pairing, k, free_a, free_b)
    if len(free_b) <= _BY_ROWS and not free_b <= pairing.binding.keys():
        taken = set(pairing.binding.values())
        for j, k, image in _by_rows(pairing, free_a, free_b):
            if k in pairing.binding or j in taken:
                continue
            pairing.forward[k] = image
            if _fits(pairing.a, pairing.b, pairing.forward, {k}):
                yield from _extended(pairing, free_a - {j}, free_b - {k})
            pairing.forward[k] = None


def _placed(pairing: Pairing, k: int, free_a: set[int], free_b: set[int]) -> Iterator[list[Affine]]:
    a, b = pairing.a.program, pairing.b.program
    if k in pairing.binding:
        partners = [pairing.binding[k]]
    else:
        free = free_a - set(pairing.binding.values())
        partners = sorted(
            free, key=lambda j: (pairing.hints.get(k) != j, a.columns[j].is_integer != b.columns[k].is_integer, j)
        )
    for j in partners:
        if j not in free_a:
            continue
        opposite = _opposite(a.columns[j].name, b.columns[k].name)
        for scale, shift in ways(pairing, j, k):
            if opposite and scale > 0:
                continue
            pairing.forward[k] = Affine({j: scale}, shift)
            if _fits(pairing.a, pairing.b, pairing.forward, {k}):
                yield from _extended(pairing, free_a - {j}, free_b - {k})
            pairing.forward[k] = None


def _opposite(ours: str, theirs: str) -> bool:
    """``left_crates`` is not ``crates`` but what is left of them."""
    first, second = set(key(ours)), set(key(theirs))
    return bool(_OPPOSITE & (first ^ second)) and not {w for w in first if len(w) > 2}.isdisjoint(second)


def ways(pairing: Pairing, j: int, k: int) -> list[tuple[Exact, Exact]]:
    """Scales and shifts that read column j of A as column k of B: the identity, then what the ranges allow.

    A name that binds keeps the sign, the origin and a whole column's unit; a unit or an origin moves, never both.
    """
    (low, high), (least, most) = pairing.a.ranges[j], pairing.b.ranges[k]
    whole = pairing.a.program.columns[j].is_integer or pairing.b.program.columns[k].is_integer
    bound = k in pairing.binding
    found: list[tuple[Exact, Exact]] = [(1, 0)]
    if low is not None and high is not None and least is not None and most is not None:
        if low == high and least == most:
            found.append((1, simplify(least - low)))
            if low and least and not whole:
                found.append((divide(least, low), 0))
        elif low != high and least != most:
            scale = divide(most - least, high - low)
            if not whole or scale == 1:
                found += [(scale, simplify(least - scale * low)), (simplify(-scale), simplify(most + scale * low))]
    elif low is not None and high is None and least is not None and most is None:
        found.append((1, simplify(least - low)))
        if low and least and divide(least, low) > 0:
            found.append((divide(least, low), 0))
    elif low is None and high is not None and least is not None and most is None:
        found.append((-1, simplify(least + high)))
    elif low is not None and high is None and least is None and most is not None:
        found.append((-1, simplify(most + low)))
    elif low is None and high is None and least is None and most is None:
        found.append((-1, 0))
    if not whole:
        found += [(scale, 0) for scale in (*_scales_by_rows(pairing, j, k), *_scales_by_cost(pairing, j, k))]
    found = [(scale, shift) for scale, shift in found if not shift or magnitude(scale) == 1]
    if bound:
        found = [(scale, shift) for scale, shift in found if scale > 0 and (magnitude(scale) == 1 or not whole)]
    return list(dict.fromkeys(found))


def _scales_by_rows(pairing: Pairing, j: int, k: int) -> list[Exact]:
    """Scales for two columns without a finite range: what the ratio of their limits in rows of one column says."""
    ours, theirs = _limits(pairing.evidence_a, j), _limits(pairing.evidence_b, k)
    return [divide(y, x) for x in ours[:2] for y in theirs[:2] if (y > 0) == (x > 0)]


def _limits(evidence: Sequence[Statement], j: int) -> list[Exact]:
    """What rows of one column say of it, zero apart."""
    ends = {divide(end, t[j]) for t, low, high in evidence if len(t) == 1 and j in t for end in (low, high) if end}
    return sorted(ends)


def _fits(
    source: Fingerprint, target: Fingerprint, images: Sequence[Affine | None], fresh: set[int] | None = None
) -> bool:
    """The source's sample plans, read through the (partial) map, keep what they cover of the target."""
    have = [(k, image) for k, image in enumerate(images) if image is not None]
    return all(keeps(target.program, {k: f.value(point) for k, f in have}, fresh) for point in source.points)


def _ranks_alike(a: Fingerprint, b: Fingerprint, forward: Sequence[Affine]) -> bool:
    points = a.points[:25]
    ours = [a.program.objective.value(p) for p in points]
    theirs = [b.program.objective.value([f.value(p) for f in forward]) for p in points]
    return all(
        (ours[i] > ours[j]) - (ours[i] < ours[j]) == (theirs[i] > theirs[j]) - (theirs[i] < theirs[j])
        for i in range(len(points))
        for j in range(i)
    )


def _by_rows(pairing: Pairing, free_a: set[int], free_b: set[int]) -> list[tuple[int, int, Affine]]:
    """Changes of basis ``x_k = s x_j + sum t_m x_m + c`` that rows of A and B with one unpaired column propose.

    ``s`` is 1 or -1, or what makes their costs the same: a penalty is 7 times what is beyond the aim.
    """
    tally: Counter[tuple[int, int, Exact, tuple[tuple[int, Exact], ...], Exact]] = Counter()
    same: list[Affine | None] = [Affine({j: 1}) for j in range(len(pairing.a.program.columns))]
    ours = list(_readings(pairing.a, pairing.evidence_a, free_a, same))
    for k, b, mine, low_b, high_b in _readings(pairing.b, pairing.evidence_b, free_b, pairing.forward):
        in_time(pairing.deadline)
        for j, a, theirs, low_a, high_a in ours:
            for scale in (1, -1, *_scales_by_cost(pairing, j, k)):
                factor = divide(b * scale, a)
                terms: dict[int, Exact] = {}
                for m in {*mine, *theirs}:
                    add_term(terms, m, divide(factor * theirs.get(m, 0) - mine.get(m, 0), b))
                if not terms:
                    continue
                low, high = (low_a, high_a) if factor > 0 else (high_a, low_a)
                ends = ((low_b, low), (high_b, high))
                shifts = {divide(x - factor * y, b) for x, y in ends if x is not None and y is not None}
                if len(shifts) == 1:
                    tally[j, k, scale, tuple(sorted(terms.items())), shifts.pop()] += 1
    best = sorted(tally, key=lambda v: (-tally[v], v[4] != 0, len(v[3])))[:_VOTES]
    return [(j, k, Affine({**dict(terms), j: scale}, shift)) for j, k, scale, terms, shift in best]


def _scales_by_cost(pairing: Pairing, j: int, k: int) -> list[Exact]:
    """The scale, other than 1 and -1, in which column k of B costs what column j of A does; none for whole numbers."""
    a, b = pairing.a.program, pairing.b.program
    ours, theirs = cost(a).linear.get(j, 0), cost(b).linear.get(k, 0)
    if not ours or not theirs or a.columns[j].is_integer or b.columns[k].is_integer:
        return []
    scale = divide(ours, theirs)
    return [] if magnitude(scale) == 1 else [scale]


_Reading = tuple[int, Exact, dict[int, Exact], Exact | None, Exact | None]


def _readings(
    side: Fingerprint,
    evidence: Sequence[Statement],
    free: set[int],
    images: Sequence[Affine | None],
) -> Iterator[_Reading]:
    """Rows that hold one unpaired column: the column, its coefficient, the rest in A's terms, the shifted sides."""
    ranges: list[Statement] = [({j: 1}, *side.ranges[j]) for j in free if None not in side.ranges[j]]
    for terms, lower, upper in (*evidence, *ranges):
        here = [j for j in terms if j in free]
        if len(here) != 1:
            continue
        rest: dict[int, Exact] = {}
        shift: Exact = 0
        for j, c in terms.items():
            image = images[j]
            if j in free or image is None:
                continue
            for m, d in image.terms.items():
                add_term(rest, m, c * d)
            shift += c * image.constant
        low = None if lower is None else lower - shift
        high = None if upper is None else upper - shift
        yield here[0], terms[here[0]], rest, low, high


def inverse(forward: Sequence[Affine]) -> list[Affine] | None:
    """The map's inverse by exact elimination; None when it has none."""
    count = len(forward)
    if all(len(f.terms) == 1 for f in forward):
        found: list[Affine | None] = [None] * count
        for k, f in enumerate(forward):
            ((j, scale),) = f.terms.items()
            found[j] = Affine({k: divide(1, scale)}, divide(-f.constant, scale))
        return None if any(f is None for f in found) else [f for f in found if f is not None]
    rows: list[dict[int, Exact]] = []
    for k, f in enumerate(forward):
        rows.append({**dict(f.terms), count + k: 1, 2 * count: -f.constant})
    for j in range(count):
        place = next((i for i in range(j, count) if rows[i].get(j)), None)
        if place is None:
            return None
        rows[j], rows[place] = rows[place], rows[j]
        lead = rows[j][j]
        rows[j] = {c: divide(v, lead) for c, v in rows[j].items() if v}
        for i in range(count):
            if i != j and rows[i].get(j):
                factor = rows[i][j]
                for c, v in rows[j].items():
                    add_term(rows[i], c, -factor * v)
    return [
        Affine({c - count: v for c, v in row.items() if count <= c < 2 * count}, row.get(2 * count, 0)) for row in rows
    ]


def statements(program: Program) -> list[Statement]:
    """Rows and bounds of a program, as evidence."""
    rows: list[Statement] = [(r.linear, r.lower, r.upper) for r in program.rows if r.linear]
    rows += [({j: 1}, c.lower, c.upper) for j, c in enumerate(program.columns) if (c.lower, c.upper) != (None, None)]
    return rows
