"""Honest rewrites of single columns: other units, shifts, signs, digits, splits, bases, elimination.

A rewrite that only rows could bear out (a unit, a shift, a sign, a basis) is made where at least two of them do.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor

from benchmarks.equivalence_drafts import Draft
from benchmarks.equivalence_geometry import Col, Number, propagated


def pick(
    draft: Draft,
    chance: random.Random,
    test: Callable[[Col], bool] = lambda c: True,
    test_number: Callable[[int], bool] = lambda j: True,
) -> int | None:
    """A column that passes the tests; those of the core more often."""
    usable = [j for j, c in enumerate(draft.model.columns) if test(c) and test_number(j)]
    core = [j for j in usable if j in draft.kept]
    if core and chance.random() < 0.7:
        return chance.choice(core)
    return chance.choice(usable) if usable else None


def _entries(draft: Draft) -> Counter[int]:
    """In how many rows a column stands, the objective counted too.

    A unit, shift, sign or basis that no row bears out cannot be told from a changed bound, so it is not made.
    """
    return Counter(j for row in draft.model.rows if len(row.terms) > 1 for j in row.terms) + Counter(
        draft.model.cost.keys()
    )


def other_unit(draft: Draft, chance: random.Random) -> bool:
    """A continuous column in another unit, under its name."""
    entries = _entries(draft)
    j = pick(draft, chance, lambda c: not c.whole, lambda j: entries[j] >= 2)
    if j is None:
        return False
    factors: list[Number] = [10, 100, 12, Fraction(1, 60), Fraction(1, 4)]
    old, factor = draft.model.columns[j], chance.choice(factors)
    column = Col(old.name, False, *(None if v is None else Fraction(v) / factor for v in (old.low, old.high)))
    place = draft.kept.index(j) if j in draft.kept else None
    new = draft.replace(j, [column], [factor], 0, lambda x, _: [Fraction(x) / factor])
    if place is not None:
        draft.kept[place] = new[0]
    return True


def shifted(draft: Draft, chance: random.Random) -> bool:
    """The amount above the lower bound (or another number) for the amount."""
    entries = _entries(draft)
    j = pick(draft, chance, lambda c: c.low is not None and _fits(c, c.low), lambda j: entries[j] >= 2)
    if j is None:
        return False
    old = draft.model.columns[j]
    assert old.low is not None
    by = old.low if old.low and chance.random() < 0.7 else chance.choice([1, 2, 3])
    column = Col(draft.fresh(f"extra_{old.name}", chance), old.whole, old.low - by, _minus(old.high, by))
    draft.replace(j, [column], [1], by, lambda x, _: [x - by])
    return True


def negated(draft: Draft, chance: random.Random) -> bool:
    """The column's negative under another name."""
    entries = _entries(draft)
    j = pick(draft, chance, test_number=lambda j: entries[j] >= 2)
    if j is None:
        return False
    old = draft.model.columns[j]
    column = Col(draft.fresh(f"minus_{old.name}", chance), old.whole, _minus(0, old.high), _minus(0, old.low))
    draft.replace(j, [column], [-1], 0, lambda x, _: [-x])
    return True


def _fits(column: Col, value: Number) -> bool:
    return not column.whole or Fraction(value).denominator == 1


def _minus(a: Number | None, b: Number | None) -> Number | None:
    return None if a is None or b is None else a - b


def complemented(draft: Draft, chance: random.Random) -> bool:
    """What is left up to the upper bound for the amount; 1 - x for a binary."""
    entries = _entries(draft)
    j = pick(draft, chance, lambda c: c.high is not None and _fits(c, c.high), lambda j: entries[j] >= 2)
    if j is None:
        return False
    old = draft.model.columns[j]
    high = old.high
    assert high is not None
    column = Col(draft.fresh(f"unused_{old.name}", chance), old.whole, 0, _minus(high, old.low))
    draft.replace(j, [column], [-1], high, lambda x, _: [high - x])
    return True


def digits(draft: Draft, chance: random.Random) -> bool:
    """A whole number as binary or decimal digits."""
    ranges = propagated(draft.model)
    usable = [
        j for j, c in enumerate(draft.model.columns)
        if c.whole and c.low is not None and _fits(c, c.low)
        and (high := ranges[j][1]) is not None and 1 < high - c.low <= 40
    ]  # fmt: skip
    if not usable:
        return False
    j = chance.choice(usable)
    old, low = draft.model.columns[j], draft.model.columns[j].low
    assert low is not None
    limit = ranges[j][1]
    assert limit is not None
    most, base = floor(limit) - low, chance.choice([2, 2, 10])
    weights, column = [1], []
    while weights[-1] * base <= most:
        weights.append(weights[-1] * base)
    if chance.random() < 0.5:
        weights.reverse()
    tops = {w: (base - 1 if w != max(weights) else int(most // w)) for w in weights}
    column = [Col(f"{old.name}_digit{w}", True, 0, tops[w]) for w in weights]
    if chance.random() < 0.3:
        for n, c in enumerate(column):
            c.name = draft.fresh(f"{old.name}_d{n}", chance) if n == 0 else f"{column[0].name}_{n}"
    reach = sum(w * tops[w] for w in weights)

    def values(x: Number, _: Sequence[Number]) -> Sequence[Number]:
        rest, found = x - low, {}
        for w in sorted(weights, reverse=True):
            found[w] = min(int(rest // w), tops[w])
            rest -= w * found[w]
        return [found[w] for w in weights]

    high = old.high if old.high is None or reach > old.high - low else None
    draft.replace(j, column, weights, low, values, row=(None, high))
    return True


def split_signs(draft: Draft, chance: random.Random) -> bool:
    """A column that may be negative as the difference of two that may not, either first."""
    j = pick(draft, chance, lambda c: c.low is None or c.low < 0)
    if j is None:
        return False
    old = draft.model.columns[j]
    pair = [Col(draft.fresh(f"{old.name}_pos", chance), old.whole, 0, None, part=True)]
    draft.model.columns.append(pair[0])
    pair.append(Col(draft.fresh(f"{old.name}_neg", chance), old.whole, 0, None, part=True))
    draft.model.columns.pop()
    row = (old.low, old.high)
    if chance.random() < 0.4 and old.low is not None and old.high is not None and old.high >= 0:
        # The halves' own bounds say it.
        pair[0].high, pair[1].high, row = old.high, -old.low, (None, None)
    if chance.random() < 0.5:
        draft.replace(j, pair, [1, -1], 0, lambda x, _: [max(x, 0), max(-x, 0)], row=row)
    else:
        draft.replace(j, pair[::-1], [-1, 1], 0, lambda x, _: [max(-x, 0), max(x, 0)], row=row)
    return True


def split_parts(draft: Draft, chance: random.Random) -> bool:
    """An amount as the sum of two parts that nothing tells apart."""
    j = pick(draft, chance, lambda c: c.low is not None and c.low >= 0)
    if j is None:
        return False
    old = draft.model.columns[j]
    names = [draft.fresh(f"{old.name}_part", chance)]
    names.append(f"{names[0]}_b")
    columns = [Col(name, old.whole, 0, None, part=True) for name in names]
    share = chance.choice([0, 1, Fraction(1, 2)])

    def values(x: Number, _: Sequence[Number]) -> Sequence[Number]:
        first = floor(x * share) if old.whole else x * share
        return [first, x - first]

    draft.replace(j, columns, [1, 1], 0, values, row=(old.low or None, old.high))
    return True


def other_basis(draft: Draft, chance: random.Random) -> bool:
    """A column replaced by its sum with another.

    Not the parts of an amount: one of them beside their sum reads like a decision of its own.
    """
    model = draft.model
    entries = _entries(draft)
    usable = [j for j, c in enumerate(model.columns) if not c.part]
    pairs = [(j, k) for j in usable for k in usable if j != k and entries[j] >= 2 and entries[k]]
    pairs = [(j, k) for j, k in pairs if model.columns[j].whole == model.columns[k].whole]
    if not pairs:
        return False
    j, k = chance.choice(pairs)
    old = model.columns[j]
    column = Col(draft.fresh(f"{old.name}_and_{model.columns[k].name}", chance), old.whole, None, None)
    draft.replace(j, [column], [1], 0, lambda x, plan: [x + plan[k]], {k: -1}, row=(old.low, old.high))
    return True


def eliminated(draft: Draft, chance: random.Random) -> bool:
    """A column solved for from an equation."""
    model = draft.model
    usable = []
    for i, row in enumerate(model.rows):
        if row.low is None or row.low != row.high or len(row.terms) < 2:
            continue
        for j, c in row.terms.items():
            rest = [Fraction(d) / c for k, d in row.terms.items() if k != j] + [Fraction(row.low) / c]
            fits = all(r.denominator == 1 for r in rest) and all(model.columns[k].whole for k in row.terms)
            if fits or not model.columns[j].whole:
                usable.append((i, j))
    if not usable:
        return False
    i, j = chance.choice(usable)
    row = model.rows.pop(i)
    assert row.low is not None
    pivot = row.terms[j]
    others = {k: Fraction(-c) / pivot for k, c in row.terms.items() if k != j}
    old = model.columns[j]
    draft.replace(j, [], [], Fraction(row.low) / pivot, lambda x, _: [], others, row=(old.low, old.high))
    return True
