"""Changes of a small program that may do harm: what a wrong answer does to the right model.

Each takes a model and a random generator, changes the model in place and says whether it applied. The table
``CHANGES`` names them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

from benchmarks.equivalence_drafts import draw_row
from benchmarks.equivalence_geometry import Col, Model, Number

Change = Callable[[Model, random.Random], bool]


def _exchange(terms: dict[int, Number], j: int, k: int) -> bool:
    first, second = terms.pop(j, 0), terms.pop(k, 0)
    terms.update({i: c for i, c in ((j, second), (k, first)) if c})
    return first != second


def exchanged(model: Model, chance: random.Random) -> bool:
    """Two columns' coefficients in a row, bounds, or costs exchanged."""
    if len(model.columns) < 2:
        return False
    j, k = chance.sample(range(len(model.columns)), 2)
    what = chance.choice(["row", "bounds", "cost"])
    if what == "row":
        rows = [r for r in model.rows if r.terms.get(j) != r.terms.get(k)]
        return bool(rows) and _exchange(chance.choice(rows).terms, j, k)
    if what == "cost":
        return _exchange(model.cost, j, k)
    c, d = model.columns[j], model.columns[k]
    before = c.low, c.high
    c.low, c.high, d.low, d.high = d.low, d.high, c.low, c.high
    return before != (c.low, c.high)


def side_changed(model: Model, chance: random.Random) -> bool:
    """Another right-hand side."""
    usable = [r for r in model.rows if r.terms]
    if not usable:
        return False
    row = chance.choice(usable)
    by = chance.choice([1, -1, 2, -2, Fraction(1, 2), 5])
    if row.low == row.high:
        row.low = row.high = row.low + by
    elif row.high is not None and (row.low is None or row.high + by >= row.low):
        row.high += by
    elif row.low is not None and row.high is None:
        row.low += by
    else:
        return False
    return True


def row_dropped(model: Model, chance: random.Random) -> bool:
    """A row left away."""
    if not model.rows:
        return False
    model.rows.pop(chance.randrange(len(model.rows)))
    return True


def row_flipped(model: Model, chance: random.Random) -> bool:
    """At least for at most."""
    usable = [r for r in model.rows if (r.low is None) != (r.high is None)]
    if not usable:
        return False
    row = chance.choice(usable)
    row.low, row.high = row.high, row.low
    return True


def equation_loosened(model: Model, chance: random.Random) -> bool:
    """An inequality for an equation."""
    usable = [r for r in model.rows if r.low is not None and r.low == r.high]
    if not usable:
        return False
    row = chance.choice(usable)
    if chance.random() < 0.5:
        row.low = None
    else:
        row.high = None
    return True


def coefficient(model: Model, chance: random.Random) -> bool:
    """Another coefficient in a row."""
    usable = [(r, j) for r in model.rows for j in r.terms]
    if not usable:
        return False
    row, j = chance.choice(usable)
    row.terms[j] *= chance.choice([2, -1, Fraction(1, 2), 3, Fraction(11, 10)])
    return True


def wrong_column(model: Model, chance: random.Random) -> bool:
    """A coefficient given to another column."""
    usable = [(r, j, k) for r in model.rows for j in r.terms for k in range(len(model.columns)) if k not in r.terms]
    if not usable:
        return False
    row, j, k = chance.choice(usable)
    row.terms[k] = row.terms.pop(j)
    return True


def bound_changed(model: Model, chance: random.Random) -> bool:
    """A bound moved."""
    usable = [(c, s) for c in model.columns for s in ("low", "high") if getattr(c, s) is not None]
    if not usable:
        return False
    column, side = chance.choice(usable)
    setattr(column, side, getattr(column, side) + chance.choice([1, -1, 2]))
    return column.low is None or column.high is None or column.low <= column.high


def bound_dropped(model: Model, chance: random.Random) -> bool:
    """A bound forgotten."""
    usable = [(c, s) for c in model.columns for s in ("low", "high") if getattr(c, s) is not None]
    if not usable:
        return False
    column, side = chance.choice(usable)
    setattr(column, side, None)
    return True


def domain_changed(model: Model, chance: random.Random) -> bool:
    """Whole for any number or the reverse."""
    column = chance.choice(model.columns)
    column.whole = not column.whole
    return True


def cost_changed(model: Model, chance: random.Random) -> bool:
    """Another coefficient in the objective."""
    if not model.cost:
        return False
    j = chance.choice(sorted(model.cost))
    model.cost[j] *= chance.choice([2, -1, Fraction(1, 2), Fraction(11, 10), 4])
    return True


def sense_flipped(model: Model, chance: random.Random) -> bool:
    """The most for the least."""
    if model.maximize is None:
        return False
    model.maximize = not model.maximize
    return True


def row_added(model: Model, chance: random.Random) -> bool:
    """A row that nobody asked for."""
    model.rows.append(draw_row(chance, model.columns, chance.randrange(9)))
    return True


def decision_added(model: Model, chance: random.Random) -> bool:
    """A further decision that nothing determines, with or without a part in rows and objective."""
    whole = chance.random() < 0.6
    taken = {c.name for c in model.columns}
    name = chance.choice([n for n in ("overtime", "open_shop", "bonus", "t", "x9") if n not in taken])
    model.columns.append(Col(name, whole, 0, chance.choice([1, 1, 3])))
    k = len(model.columns) - 1
    if model.rows and chance.random() < 0.5:
        chance.choice(model.rows).terms[k] = chance.choice([1, -1, 2])
    if model.maximize is not None and chance.random() < 0.4:
        model.cost[k] = chance.choice([1, -1, 4])
    return True


CHANGES: dict[str, Change] = {
    "exchanged": exchanged,
    "side changed": side_changed,
    "row dropped": row_dropped,
    "row flipped": row_flipped,
    "equation loosened": equation_loosened,
    "coefficient changed": coefficient,
    "wrong column": wrong_column,
    "bound changed": bound_changed,
    "bound dropped": bound_dropped,
    "domain changed": domain_changed,
    "cost changed": cost_changed,
    "sense flipped": sense_flipped,
    "row added": row_added,
    "decision added": decision_added,
}
