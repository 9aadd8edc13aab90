"""Honest rewrites of a small program, to be combined in any order: none of them changes a decision or its worth.

Each takes a draft and a random generator, changes the draft in place and says whether it applied; the table
``REWRITES`` names them. Names, order, rows and defined columns are here, changes of single columns next door.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor, gcd

from benchmarks import equivalence_columns as columns
from benchmarks.equivalence_columns import pick
from benchmarks.equivalence_drafts import Draft, binds
from benchmarks.equivalence_geometry import Col, Line, Number

Rewrite = Callable[[Draft, random.Random], bool]


def generic_names(draft: Draft, chance: random.Random) -> bool:
    """Every column under a name that says nothing."""
    numbers = list(range(1, len(draft.model.columns) + 1))
    chance.shuffle(numbers)
    stem = chance.choice(["x", "v", "x_", "var"])
    for number, column in zip(numbers, draft.model.columns, strict=True):
        column.name = f"{stem}{number}"
    draft.kept = [None] * len(draft.kept)
    for number, row in enumerate(draft.model.rows):
        row.name = f"c{number}"
    return True


def one_renamed(draft: Draft, chance: random.Random) -> bool:
    """One column under another name."""
    j = pick(draft, chance)
    if j is None:
        return False
    taken = {c.name for c in draft.model.columns}
    pool = (
        ["units_of_one_kind", "pieces_made", "amount", "level", "n_items"]
        if chance.random() < 0.5
        else ["q1", "k", "p7"]
    )
    name = chance.choice(pool)
    name = f"alt_{name}" if draft.side == "b" and binds(name) else name
    if name in taken:
        return False
    draft.model.columns[j].name = name
    draft.kept = [None if k == j else k for k in draft.kept]
    return True


def generic_permuted(draft: Draft, chance: random.Random) -> bool:
    """The names that say nothing exchanged among their columns."""
    usable = [j for j, c in enumerate(draft.model.columns) if not binds(c.name)]
    if len(usable) < 2:
        return False
    names = [draft.model.columns[j].name for j in usable]
    chance.shuffle(names)
    for j, name in zip(usable, names, strict=True):
        draft.model.columns[j].name = name
    draft.kept = [None if k in usable else k for k in draft.kept]
    return True


def respelled(draft: Draft, chance: random.Random) -> bool:
    """Names with a capital, which are the same words."""
    for column in draft.model.columns:
        if binds(column.name):
            column.name = column.name.capitalize()
    return True


def reordered(draft: Draft, chance: random.Random) -> bool:
    """Columns and rows in another order."""
    model = draft.model
    order = list(range(len(model.columns)))
    chance.shuffle(order)
    place = {j: p for p, j in enumerate(order)}
    model.columns = [model.columns[j] for j in order]
    for row in model.rows:
        row.terms = {place[j]: c for j, c in row.terms.items()}
    chance.shuffle(model.rows)
    model.cost = {place[j]: c for j, c in model.cost.items()}
    draft.kept = [None if k is None else place[k] for k in draft.kept]
    draft.write.append(lambda plan: [plan[j] for j in order])
    draft.read.append(lambda plan: [plan[place[j]] for j in range(len(order))])
    return True


def rows_rescaled(draft: Draft, chance: random.Random) -> bool:
    """Rows times numbers, often negative."""
    for row in draft.model.rows:
        factor = chance.choice([1, 2, 3, -1, -2, Fraction(1, 2), Fraction(-5, 3), Fraction(1, 10)])
        row.terms = {j: c * factor for j, c in row.terms.items()}
        low = None if row.low is None else row.low * factor
        high = None if row.high is None else row.high * factor
        row.low, row.high = (low, high) if factor > 0 else (high, low)
    return bool(draft.model.rows)


def cost_rescaled(draft: Draft, chance: random.Random) -> bool:
    """The objective times a positive number plus a constant."""
    if not draft.model.cost:
        return False
    factor = chance.choice([2, 10, Fraction(1, 4), 3])
    draft.model.cost = {j: c * factor for j, c in draft.model.cost.items()}
    draft.model.constant = draft.model.constant * factor + chance.choice([0, 5, -3])
    return True


def sense_turned(draft: Draft, chance: random.Random) -> bool:
    """Least of the negative for the most."""
    if draft.model.maximize is None:
        return False
    draft.model.maximize = not draft.model.maximize
    draft.model.cost = {j: -c for j, c in draft.model.cost.items()}
    draft.model.constant = -draft.model.constant
    return True


def _rounded_bounds(column: Col) -> None:
    if column.whole:
        column.low = None if column.low is None else ceil(column.low)
        column.high = None if column.high is None else floor(column.high)


def slack(draft: Draft, chance: random.Random) -> bool:
    """Inequalities as equations with a slack or surplus."""
    model = draft.model
    usable = [r for r in model.rows if r.terms and r.low != r.high]
    if not usable:
        return False
    for row in chance.sample(usable, min(len(usable), chance.choice([1, 1, 2, 3]))):
        low, high, terms = row.low, row.high, dict(row.terms)
        whole = all(model.columns[j].whole and Fraction(c).denominator == 1 for j, c in terms.items())
        side = high if high is not None else low
        assert side is not None
        whole = whole and Fraction(side).denominator == 1 and chance.random() < 0.5
        name = draft.fresh(f"{'spare' if high is not None else 'surplus'}_{row.name}", chance)
        top = high - low if high is not None and low is not None else None
        sign = 1 if high is not None else -1

        def value(
            plan: Sequence[Number], terms: dict[int, Number] = terms, side: Number = side, sign: int = sign
        ) -> Number:
            return sign * (side - sum(c * plan[j] for j, c in terms.items()))

        k = draft.add(Col(name, whole, 0, top), value)
        row.terms[k] = sign
        row.low = row.high = side
    return True


def total(draft: Draft, chance: random.Random) -> bool:
    """A defined column for a row's body, which the row or a bound then limits."""
    model = draft.model
    usable = [i for i, r in enumerate(model.rows) if len(r.terms) > 1]
    if not usable:
        return False
    row = model.rows[chance.choice(usable)]
    terms, low, high = dict(row.terms), row.low, row.high
    as_bound = chance.random() < 0.4
    whole = all(model.columns[j].whole and Fraction(c).denominator == 1 for j, c in terms.items())
    column = Col(draft.fresh(f"total_{row.name}", chance), whole and chance.random() < 0.3, None, None)
    k = draft.add(column, lambda plan: sum(c * plan[j] for j, c in terms.items()))
    if as_bound:
        column.low, column.high = low, high
        row.terms, row.low, row.high, row.name = {**{j: -c for j, c in terms.items()}, k: 1}, 0, 0, f"{row.name} is"
    else:
        row.terms = {k: 1}
        model.rows.append(Line(f"{row.name} is", {**{j: -c for j, c in terms.items()}, k: 1}, 0, 0))
    return True


def sum_of_columns(draft: Draft, chance: random.Random) -> bool:
    """A defined column that nothing else uses, or that the objective uses for its parts."""
    model = draft.model
    if len(model.columns) < 2:
        return False
    chosen = chance.sample(range(len(model.columns)), 2)
    common = chance.choice([1, 2])
    terms = dict.fromkeys(chosen, common)
    column = Col(draft.fresh("total_" + "_".join(model.columns[j].name for j in chosen), chance), False, None, None)
    k = draft.add(column, lambda plan: sum(c * plan[j] for j, c in terms.items()))
    model.rows.append(Line(f"{column.name} is", {**{j: -c for j, c in terms.items()}, k: 1}, 0, 0))
    if chance.random() < 0.6 and all(j in model.cost for j in chosen):
        shared = Fraction(model.cost[chosen[0]]) / common
        for j in chosen:
            model.cost[j] = model.cost[j] - shared * common
        model.cost = {j: c for j, c in {**model.cost, k: shared}.items() if c}
    return True


def objective_column(draft: Draft, chance: random.Random) -> bool:
    """The objective through a column that an equation or a pressing inequality defines."""
    model = draft.model
    if model.maximize is None or not model.cost:
        return False
    cost, constant = dict(model.cost), model.constant
    name = draft.fresh(chance.choice(["profit", "cost", "objective_value"]), chance)
    k = draft.add(Col(name, False, None, None), lambda plan: constant + sum(c * plan[j] for j, c in cost.items()))
    tight = chance.random() < 0.5
    low = constant if tight or not model.maximize else None
    high = constant if tight or model.maximize else None
    model.rows.append(Line("objective is", {**{j: -c for j, c in cost.items()}, k: 1}, low, high))
    model.cost, model.constant = {k: 1}, 0
    return True


def redundant_row(draft: Draft, chance: random.Random) -> bool:
    """A sum of rows and bounds, loosened or not."""
    model = draft.model
    sides: list[tuple[dict[int, Number], Number]] = []
    for row in model.rows:
        if row.high is not None:
            sides.append((row.terms, row.high))
        if row.low is not None:
            sides.append(({j: -c for j, c in row.terms.items()}, -row.low))
    for j, column in enumerate(model.columns):
        if column.high is not None:
            sides.append(({j: 1}, column.high))
        if column.low is not None:
            sides.append(({j: -1}, -column.low))
    if not sides:
        return False
    terms: dict[int, Number] = {}
    limits: list[Number] = [0, 0, 1, Fraction(7, 2)]
    limit = chance.choice(limits)
    for body, side in chance.sample(sides, min(len(sides), chance.randint(1, 3))):
        weight = chance.randint(1, 3)
        limit += weight * side
        for j, c in body.items():
            terms[j] = terms.get(j, 0) + weight * c
    terms = {j: c for j, c in terms.items() if c}
    if terms:
        model.rows.insert(chance.randrange(len(model.rows) + 1), Line("also", terms, None, limit))
    return bool(terms)


def bounds_as_rows(draft: Draft, chance: random.Random) -> bool:
    """Bounds written as rows of one column."""
    done = False
    for j, column in enumerate(draft.model.columns):
        if chance.random() < 0.6 and (column.low, column.high) != (None, None):
            factor = chance.choice([1, 1, 2, -1])
            sides = [None if v is None else v * factor for v in (column.low, column.high)]
            low, high = sides if factor > 0 else sides[::-1]
            if low is not None and high is not None and chance.random() < 0.5:
                draft.model.rows.append(Line(f"least {column.name}", {j: factor}, low, None))
                draft.model.rows.append(Line(f"most {column.name}", {j: factor}, None, high))
            else:
                draft.model.rows.append(Line(f"limits {column.name}", {j: factor}, low, high))
            column.low = column.high = None
            done = True
    return done


def rows_as_bounds(draft: Draft, chance: random.Random) -> bool:
    """Rows of one column written as bounds."""
    model = draft.model
    singles = [row for row in model.rows if len(row.terms) == 1]
    for row in singles:
        ((j, c),) = row.terms.items()
        sides = [None if v is None else Fraction(v) / c for v in (row.low, row.high)]
        low, high = sides if c > 0 else sides[::-1]
        column = model.columns[j]
        lows = [v for v in (low, column.low) if v is not None]
        highs = [v for v in (high, column.high) if v is not None]
        column.low, column.high = max(lows, default=None), min(highs, default=None)
        _rounded_bounds(column)
        model.rows.remove(row)
    return bool(singles)


def equation_as_two(draft: Draft, chance: random.Random) -> bool:
    """Equations and ranges as two inequalities."""
    model = draft.model
    both = [row for row in model.rows if row.low is not None and row.high is not None]
    for row in both:
        model.rows.append(Line(f"{row.name} too", {j: -c for j, c in row.terms.items()}, -row.high, None))
        row.high = None
    return bool(both)


def rounded(draft: Draft, chance: random.Random) -> bool:
    """Sides of rows in whole numbers moved by less than one step."""
    done = False
    for row in draft.model.rows:
        whole = all(draft.model.columns[j].whole and Fraction(c).denominator == 1 for j, c in row.terms.items())
        if not whole or not row.terms or row.low == row.high:
            continue
        step = gcd(*(int(c) for c in row.terms.values()))
        if row.high is not None and Fraction(row.high).denominator == 1:
            row.high = (row.high // step) * step + Fraction(chance.randint(0, 3), 4) * step
            done = True
        if row.low is not None and Fraction(row.low).denominator == 1:
            row.low = -((-row.low) // step) * step - Fraction(chance.randint(0, 3), 4) * step
            done = True
    return done


def repeated(draft: Draft, chance: random.Random) -> bool:
    """A row written twice, the second time scaled."""
    if not draft.model.rows:
        return False
    row = chance.choice(draft.model.rows)
    low, high = (None if v is None else v * 2 for v in (row.low, row.high))
    draft.model.rows.append(Line(f"{row.name} again", {j: 2 * c for j, c in row.terms.items()}, low, high))
    return True


REWRITES: dict[str, Rewrite] = {
    "generic names": generic_names,
    "one renamed": one_renamed,
    "generic names permuted": generic_permuted,
    "respelled": respelled,
    "reordered": reordered,
    "rows rescaled": rows_rescaled,
    "objective rescaled": cost_rescaled,
    "sense turned": sense_turned,
    "other unit": columns.other_unit,
    "shifted": columns.shifted,
    "negated": columns.negated,
    "complement": columns.complemented,
    "digits": columns.digits,
    "split by sign": columns.split_signs,
    "split in parts": columns.split_parts,
    "other basis": columns.other_basis,
    "slack": slack,
    "total of a row": total,
    "sum of columns": sum_of_columns,
    "objective column": objective_column,
    "redundant row": redundant_row,
    "bounds as rows": bounds_as_rows,
    "rows as bounds": rows_as_bounds,
    "equation as two": equation_as_two,
    "eliminated": columns.eliminated,
    "rounded sides": rounded,
    "row repeated": repeated,
}
