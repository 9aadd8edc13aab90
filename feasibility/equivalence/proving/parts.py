"""Columns that are one decision written in parts: halves of a free variable, digits of a whole number, equal sums.

Found on the program as it stands, its single-column rows read as bounds: parallel columns, that is the same entries up
to a factor in every row and in the objective. With few rows everything is parallel; halves and digits are told by their
bounds, digits by a common name too, and sums are only tried when nothing else fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from ...programs.correspondence import Words, words
from ...programs.program import Column, Program
from ...rationals import Exact, divide, magnitude
from ..evidence import Merge
from ..merging import with_bounds
from .clock import in_time
from .parallel import parallel

_NEGATIVE = {"neg", "negative", "minus", "down", "under", "short"}
_POSITIVE = {"pos", "positive", "plus", "up", "over"}
_ENDINGS = {"bit", "digit", "part", "half", "pos", "neg", "plus", "minus", "positive", "negative", "b", "d"}


def groups(program: Program, kept: frozenset[int], deadline: float, *, sums: bool) -> tuple[Merge, ...]:
    """Groups of columns to be read as one, ``kept`` ones in none. ``sums``: any parallel columns, not only parts."""
    found = []
    for members in _parallel(program, kept, deadline):
        in_time(deadline)
        columns = with_bounds(program, members).columns
        left = dict(members)
        while len(left) > 1:
            chosen = next(_parts(columns, left, deadline, sums=sums), None)
            if chosen is None:
                break
            base = min((left[j] for j in chosen), key=magnitude)
            found.append(_oriented(columns, {j: divide(left[j], base) for j in chosen}))
            for j in chosen:
                del left[j]
    return tuple(found)


def _parallel(program: Program, kept: frozenset[int], deadline: float) -> Iterator[dict[int, Exact]]:
    """Classes of parallel columns, each with its factor."""

    def left_out(j: int, held: Mapping[int, Exact]) -> bool:
        in_time(deadline)
        return _is_slack(program, j, held)

    yield from parallel(
        program, (j for j in range(len(program.columns)) if j not in kept), bounds=False, left_out=left_out
    )


def _is_slack(program: Program, j: int, held: Mapping[int, Exact]) -> bool:
    """A continuous column of one equation only, without cost."""
    (i, *more) = held
    if more or i < 0 or program.columns[j].is_integer:
        return False
    row = program.rows[i]
    return row.lower is not None and row.lower == row.upper


def _parts(
    columns: list[Column], left: Mapping[int, Exact], deadline: float, *, sums: bool
) -> Iterator[tuple[int, ...]]:
    ordered = sorted(left, key=lambda j: magnitude(left[j]))
    halves = [j for j in ordered if columns[j].lower == 0 and columns[j].upper is None]
    for same in (True, False):
        for x, y in combinations(halves, 2):
            in_time(deadline)
            opposite = left[x] * left[y] < 0 and (not columns[x].is_integer or left[x] == -left[y])
            if opposite and (_stem(columns[x]) == _stem(columns[y])) == same:
                yield x, y
        if same or sums:
            yield from _digits(columns, left, ordered, deadline, same)
    if sums:
        smallest = min(left.values(), key=magnitude)
        weights = {j: divide(m, smallest) for j, m in left.items()}
        if not columns[ordered[0]].is_integer or _covers(columns, weights):
            yield tuple(left)


def _digits(
    columns: list[Column], left: Mapping[int, Exact], ordered: list[int], deadline: float, same: bool
) -> Iterator[tuple[int, ...]]:
    """Chains in which each step is one more than all smaller digits can say."""
    for x in ordered:
        column = columns[x]
        if not column.is_integer or column.lower != 0 or column.upper is None or column.upper < 1:
            continue
        in_time(deadline)
        chain, base = [x], column.upper + 1
        while True:
            following = next((y for y in ordered if _follows(columns, left, chain, y, base, same)), None)
            if following is None:
                break
            chain.append(following)
            most = columns[following].upper
            assert most is not None
            base *= most + 1
        if len(chain) > 1:
            yield tuple(chain)


def _follows(
    columns: list[Column], left: Mapping[int, Exact], chain: list[int], y: int, base: Exact, same: bool
) -> bool:
    column = columns[y]
    return (
        y not in chain
        and left[y] == left[chain[0]] * base
        and column.lower == 0
        and column.upper is not None
        and column.upper >= 1
        and (not same or _stem(column) == _stem(columns[chain[0]]))
    )


def _stem(column: Column) -> Words:
    """A part's name without its number and ending."""
    parts = [w for w in words(re.sub(r"\d+", " ", column.name)) if w not in _ENDINGS]
    return tuple(parts) or words(re.sub(r"\d+", " ", column.name))[:1]


def _covers(columns: list[Column], weights: Mapping[int, Exact]) -> bool:
    """The weighted whole-number ranges reach every whole number of the merged range."""
    reach: Exact | None = 0
    for j, weight in sorted(weights.items(), key=lambda item: magnitude(item[1])):
        if weight.denominator != 1 or (reach is not None and magnitude(weight) > 1 + reach):
            return False
        low, high = columns[j].lower, columns[j].upper
        if low is None or high is None:
            reach = None
        elif reach is not None:
            reach += magnitude(weight) * (high - low)
    return True


def _oriented(columns: list[Column], weights: dict[int, Exact]) -> Merge:
    """The group with a name, and with what its name calls negative taken away."""
    names = {j: words(re.sub(r"(?<=[A-Za-z])(?=\d)", " ", columns[j].name)) for j in weights}
    mixed = len({w > 0 for w in weights.values()}) == 2
    misnamed = any(
        (w > 0 and not _NEGATIVE.isdisjoint(names[j])) or (w < 0 and not _POSITIVE.isdisjoint(names[j]))
        for j, w in weights.items()
    )
    if misnamed if mixed else next(iter(weights.values())) < 0:
        weights = {j: -w for j, w in weights.items()}
    common: list[str] = []
    for together in zip(*names.values(), strict=False):
        if len(set(together)) > 1:
            break
        common.append(together[0])
    while len(common) > 1 and common[-1] in _ENDINGS:
        common.pop()
    return Merge(weights, "_".join(common) or f"{columns[min(weights)].name}_merged")
