"""What two programs say of the units of columns that share a name, as they are written.

A row that both write alike pins the units of its columns: in other units it would read otherwise. A row of other
numbers over the same columns says which unit would explain them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ...programs.program import Program
from ...rationals import Exact, divide, simplify
from .own_rows import normalised
from .preference import cost

NamedUnits = Mapping[int, tuple[Exact, Exact]]
"""{column of B: scale and shift} of the columns whose unit is not A's."""


def free_units(a: Program, b: Program, pairs: Mapping[int, int], loose: frozenset[int] = frozenset()) -> list[int]:
    """Columns of B, continuous on a side or ``loose`` (no name binds them), that no statement alike in both programs
    pins to A's unit."""
    free = {k for k, j in pairs.items() if k in loose or not (a.columns[j].is_integer and b.columns[k].is_integer)}
    return _unpinned(free, list(_alike(a, b, pairs))) if free else []


def _unpinned(free: set[int], alike: Sequence[tuple[set[int], bool]]) -> list[int]:
    """Those of the columns that nothing of what is ``alike`` pins; ``free`` is used up."""
    # A row with a limit of zero, or an objective, speaks of its columns' units together: one that is known tells all.
    for columns, absolute in alike:
        if absolute:
            free -= columns
    changed = True
    while changed and free:
        changed = False
        for columns, absolute in alike:
            if not absolute and columns & free and not columns <= free:
                free -= columns
                changed = True
    return sorted(free)


def settled_units(a: Program, b: Program, pairs: Mapping[int, int]) -> bool:
    """Whether every continuous column is pinned to A's unit and stands in two statements at least that are alike."""
    continuous = {k for k, j in pairs.items() if not (a.columns[j].is_integer and b.columns[k].is_integer)}
    if not continuous:
        return True
    alike = list(_alike(a, b, pairs))
    if _unpinned(set(continuous), alike):
        return False
    count = Counter(k for columns, absolute in alike if absolute or len(columns) > 1 for k in columns)
    return all(count[k] > 1 for k in continuous)


def guessed(a: Program, b: Program, pairs: Mapping[int, int], free: Sequence[int]) -> NamedUnits:
    """Units of the ``free`` columns that most of the rows say which hold a column of known unit, and most bounds."""
    votes: dict[int, Counter[Exact]] = {k: Counter() for k in free}
    by_columns: dict[frozenset[int], list[Mapping[int, Exact]]] = defaultdict(list)
    for row in a.rows:
        by_columns[frozenset(row.linear)].append(row.linear)
    bodies = [(row.linear, by_columns[frozenset(pairs[k] for k in row.linear)]) for row in b.rows]
    bodies.append((cost(b).linear, [cost(a).linear]))
    for yours, candidates in bodies:
        for mine in candidates:
            known = [divide(c, mine[pairs[k]]) for k, c in yours.items() if k not in votes and pairs[k] in mine]
            for k in [k for k in yours if k in votes and pairs[k] in mine] if known else ():
                votes[k][simplify(divide(mine[pairs[k]], yours[k]) * max(known, key=known.count))] += 1
    for k in free:
        mine_, yours_ = a.columns[pairs[k]], b.columns[k]
        for x, y in ((mine_.lower, yours_.lower), (mine_.upper, yours_.upper)):
            if x and y:
                votes[k][divide(y, x)] += 1
    best = {k: max(count, key=lambda v: count[v]) for k, count in votes.items() if count}
    return {k: (scale, 0) for k, scale in best.items() if scale > 0 and scale != 1}


def agreements(a: Program, b: Program, pairs: Mapping[int, int], units: NamedUnits) -> int:
    """Statements of B, its objective included, that are statements of A in these units."""
    said: set[object] = set()
    for body, side in limited_sides(a):
        said.add((*_form(body, side),))
    count = 0
    for terms, side in limited_sides(b):
        body, constant = _read(terms, pairs, units)
        count += (*_form(body, simplify(side - constant)),) in said
    mine, yours = cost(a).linear, _read(cost(b).linear, pairs, units)[0]
    return count + (_form(mine, 0) == _form(yours, 0))


def mostly_said(a: Program, b: Program) -> bool:
    """Whether under equal names at least half of what both write is the same, so that they number alike.

    Generic names may be in another order on the other side; then hardly a row and hardly a price is the same. Of rows
    of several columns and of prices one may differ anyway. With products each row must be the same.
    """
    here = {c.name: j for j, c in enumerate(a.columns)}
    pairs = {k: here[c.name] for k, c in enumerate(b.columns) if c.name in here}
    if not len(pairs) == len(b.columns) == len(a.columns):
        return False
    said = {_form(body, side) for body, side in limited_sides(a) if len(body) > 1}
    yours = [_form(_read(body, pairs, {})[0], side) for body, side in limited_sides(b) if len(body) > 1]
    rows = sum(form in said for form in yours)
    ours, theirs = cost(a), cost(b)
    prices: dict[object, Exact] = dict(ours.linear.items())
    prices.update(ours.quadratic.items())
    read: dict[object, Exact] = {pairs[k]: c for k, c in theirs.linear.items()}
    read.update((tuple(sorted((pairs[j], pairs[k]))), c) for (j, k), c in theirs.quadratic.items())
    same = sum(prices.get(mark) == c for mark, c in read.items())
    enough = len(yours) if ours.quadratic or theirs.quadratic else (len(yours) - 1) / 2
    every = len(prices.keys() | read.keys())
    # Without a row in common the prices alone must say it.
    return rows >= enough and 2 * same >= every - 1 and (rows > 0 or same == every)


def _alike(a: Program, b: Program, pairs: Mapping[int, int]) -> Iterator[tuple[set[int], bool]]:
    """Columns of the rows that both write alike, the objective too; whether that alone fixes their units."""
    said = {_form(body, side) for body, side in limited_sides(a)}
    for terms, side in limited_sides(b):
        if _form(_read(terms, pairs, {})[0], side) in said:
            yield set(terms), bool(side)
    ours, theirs = cost(a), cost(b)
    if ours.linear and ours.linear == _read(theirs.linear, pairs, {})[0]:
        # Prices that are the same to the number: in other units they would not be.
        yield set(theirs.linear), True


def _read(terms: Mapping[int, Exact], pairs: Mapping[int, int], units: NamedUnits) -> tuple[dict[int, Exact], Exact]:
    """A sum over B's columns as one over A's, and its constant."""
    body: dict[int, Exact] = {}
    constant: Exact = 0
    for k, c in terms.items():
        scale, shift = units.get(k, (1, 0))
        if scale:
            body[pairs[k]] = simplify(c * scale)
        constant += c * shift
    return body, constant


def limited_sides(program: Program) -> Iterator[tuple[Mapping[int, Exact], Exact]]:
    """Every side of rows and bounds as ``body <= limit``."""
    bodies = [(row.linear, row.lower, row.upper) for row in program.rows if row.linear]
    bodies += [({j: 1}, c.lower, c.upper) for j, c in enumerate(program.columns)]
    for body, low, high in bodies:
        if high is not None:
            yield body, high
        if low is not None:
            yield {j: -c for j, c in body.items()}, -low


def _form(body: Mapping[int, Exact], side: Exact) -> tuple[object, Exact]:
    if not body:
        return (), side
    key, factor = normalised(body, 1)
    return key, simplify(side * factor)
