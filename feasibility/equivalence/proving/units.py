"""Changes of unit between paired columns: B's value = scale * A's value + shift, found from the data.

Dollars and thousands, hours and minutes: a column measured in another unit has all its coefficients multiplied by the
same number. A scale is proposed only when at least two entries of the column agree on it, so that a single wrong
coefficient is never explained away as a unit. Proposals only; the prover decides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from ...programs.program import Program, Row
from ...rationals import Exact, divide, simplify
from .clock import in_time

Unit = tuple[Exact, Exact]
"""Scale and shift."""


def units(a: Program, b: Program, pairs: Mapping[int, int], deadline: float) -> dict[int, Unit] | None:
    """Scale and shift for each column of B in ``pairs`` (B's column -> A's); None when nothing is out of unit."""
    partner = {j: k for k, j in pairs.items()}
    votes: dict[int, list[Exact]] = defaultdict(list)
    for mine, yours in _paired_bodies(a, b, partner):
        in_time(deadline)
        ratios = {partner[j]: divide(yours[partner[j]], c) for j, c in mine.items() if partner.get(j) in yours}
        if len(ratios) < 2:
            # A row of one column says nothing by its coefficient; what it allows is looked at below.
            continue
        # The row's own scale is what most of its columns say; a column that says otherwise is in another unit.
        common = _most(list(ratios.values()))
        for k, ratio in ratios.items():
            votes[k].append(divide(common, ratio))
    single_a, single_b = _single(a), _single(b)
    for j, k in partner.items():
        in_time(deadline)
        votes[k].extend(_limit_ratios(a, b, j, k, single_a.get(j, ()), single_b.get(k, ())))
    scales: dict[int, Exact] = {}
    for k, found in votes.items():
        if not found:
            continue
        count = Counter(found)
        value, times = max(count.items(), key=lambda item: (item[1], item[0] == 1))
        if value > 0 and value != 1 and times >= 2 and times > count.get(1, 0):
            scales[k] = value
    result: dict[int, Unit] = {}
    changed = bool(scales)
    used = {j for row in a.rows for j in row.linear}
    for k, j in pairs.items():
        scale = scales.get(k, 1)
        shift = _shift(a, b, j, k, scale) if j in used else 0
        changed = changed or bool(shift)
        result[k] = (scale, shift)
    return result if changed else None


def _single(program: Program) -> dict[int, list[Row]]:
    """The rows that hold one column alone, by that column."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in program.rows:
        if len(row.linear) == 1:
            found[next(iter(row.linear))].append(row)
    return found


def _limit_ratios(
    a: Program, b: Program, j: int, k: int, alone_a: Sequence[Row], alone_b: Sequence[Row]
) -> list[Exact]:
    """B's limits on the column over A's: bounds, and rows of the same name over this column alone."""
    mine, yours = a.columns[j], b.columns[k]
    pairs = [(mine.lower, yours.lower), (mine.upper, yours.upper)]
    ours = {row.name: row for row in alone_a}
    for row in alone_b:
        if row.name in ours:
            other = ours[row.name]
            for left, right in ((other.lower, row.lower), (other.upper, row.upper)):
                if left is not None and right is not None:
                    pairs.append((divide(left, other.linear[j]), divide(right, row.linear[k])))
    return [divide(right, left) for left, right in pairs if left and right]


def _paired_bodies(
    a: Program, b: Program, partner: Mapping[int, int]
) -> list[tuple[Mapping[int, Exact], Mapping[int, Exact]]]:
    """Rows over the same columns (by name where several), and the objectives."""
    by_columns: dict[frozenset[int], list[int]] = defaultdict(list)
    for number, row in enumerate(b.rows):
        by_columns[frozenset(row.linear)].append(number)
    bodies: list[tuple[Mapping[int, Exact], Mapping[int, Exact]]] = [(a.objective.linear, b.objective.linear)]
    for row in a.rows:
        if not all(j in partner for j in row.linear):
            continue
        candidates = by_columns.get(frozenset(partner[j] for j in row.linear), [])
        named = [number for number in candidates if b.rows[number].name == row.name]
        if named or len(candidates) == 1:
            bodies.append((row.linear, b.rows[(named or candidates)[0]].linear))
    return bodies


def _most(values: list[Exact]) -> Exact:
    """The most frequent value; among equals 1, then the first."""
    count = Counter(values)
    return max(count, key=lambda v: (count[v], v == 1))


def _shift(a: Program, b: Program, j: int, k: int, scale: Exact) -> Exact:
    """The shift that makes the columns' bounds agree, when both ends (or the only one) ask for the same; else 0."""
    mine, yours = a.columns[j], b.columns[k]
    shifts = {
        simplify(theirs - scale * ours)
        for ours, theirs in ((mine.lower, yours.lower), (mine.upper, yours.upper))
        if ours is not None and theirs is not None
    }
    if (
        len(shifts) != 1
        or (mine.lower is None) != (yours.lower is None)
        or (mine.upper is None) != (yours.upper is None)
    ):
        return 0
    return shifts.pop()
