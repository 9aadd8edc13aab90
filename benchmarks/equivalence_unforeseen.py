"""Honest rewrites that nobody had in mind when the check was written, for a blind run.

They were written apart from the check, which has not been changed for them: what comes out is how it does on other
people's habits. ``LATEST`` are those that were written last. Once the check is changed for one of these, that one
belongs to the other table. As in ``equivalence_rewrites``, each takes a draft and a random generator, changes the draft
in place and says whether it applied.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from fractions import Fraction

from benchmarks.equivalence_drafts import Draft
from benchmarks.equivalence_geometry import Col, Line, Number, propagated
from benchmarks.equivalence_rewrites import Rewrite


def _alike(
    draft: Draft, chance: random.Random, count: int, domains: Sequence[bool] = (True, False)
) -> list[int] | None:
    """Columns of the core, all whole or all not, that stand in rows."""
    model = draft.model
    used = {j for row in model.rows if len(row.terms) > 1 for j in row.terms}
    core = [j for j in draft.kept if j is not None and j in used]
    for whole in chance.sample(list(domains), len(domains)):
        fitting = [j for j in core if model.columns[j].whole == whole]
        if len(fitting) >= count:
            return chance.sample(fitting, count)
    return None


def _with(k: int) -> Callable[[Number, Sequence[Number]], Sequence[Number]]:
    """The value plus that of column k, whatever happens to a caller's k later."""
    return lambda x, plan: [x + plan[k]]


def cumulative_sums(draft: Draft, chance: random.Random) -> bool:
    """What has been made up to each step instead of what is made in it."""
    chosen = _alike(draft, chance, chance.choice([2, 3]))
    if chosen is None:
        return False
    names = [draft.model.columns[j].name for j in chosen]
    first = names[0]
    for name in names[1:]:
        place = {c.name: j for j, c in enumerate(draft.model.columns)}
        j, k = place[name], place[first]
        old = draft.model.columns[j]
        column = Col(draft.fresh(f"{name}_so_far", chance), old.whole, None, None)
        draft.replace(j, [column], [1], 0, _with(k), {k: -1}, row=(old.low, old.high))
        first = column.name
    return True


def differences(draft: Draft, chance: random.Random) -> bool:
    """How much more than the first instead of how much."""
    chosen = _alike(draft, chance, 2)
    if chosen is None:
        return False
    j, k = chosen
    old = draft.model.columns[j]
    column = Col(draft.fresh(f"{old.name}_more", chance), old.whole, None, None)
    draft.replace(j, [column], [1], 0, lambda x, plan: [x - plan[k]], {k: 1}, row=(old.low, old.high))
    return True


def average_and_half_difference(draft: Draft, chance: random.Random) -> bool:
    """Two amounts by their average and half their difference."""
    chosen = _alike(draft, chance, 2, [False])
    if chosen is None:
        return False
    j, k = chosen
    old, other = draft.model.columns[j], draft.model.columns[k]
    mean = Col(draft.fresh("average", chance), False, None, None)
    # x = 2 mean - y, then y = mean - half.
    plus_other = _with(k)
    (m,) = draft.replace(
        j, [mean], [2], 0, lambda x, plan: [Fraction(plus_other(x, plan)[0]) / 2], {k: -1}, (old.low, old.high)
    )
    k -= k > j
    half = Col(draft.fresh("half_difference", chance), False, None, None)
    draft.replace(k, [half], [-1], 0, lambda y, plan: [plan[m] - y], {m: 1}, (other.low, other.high))
    return True


def percent(draft: Draft, chance: random.Random) -> bool:
    """A share of the most instead of the amount."""
    entries = [j for row in draft.model.rows if len(row.terms) > 1 for j in row.terms] + list(draft.model.cost)
    usable = [
        j for j, c in enumerate(draft.model.columns)
        if not c.whole and c.low == 0 and c.high is not None and c.high > 0 and entries.count(j) >= 2
    ]  # fmt: skip
    if not usable:
        return False
    j = chance.choice(usable)
    old = draft.model.columns[j]
    scale = Fraction(old.high) / 100
    column = Col(draft.fresh(f"percent_of_{old.name}", chance), False, 0, 100)
    draft.replace(j, [column], [scale], 0, lambda x, _: [Fraction(x) / scale])
    return True


def _small(draft: Draft, chance: random.Random, most: int) -> tuple[int, int, int] | None:
    """A whole column with its least and largest value, not too far apart."""
    ranges = propagated(draft.model)
    usable = []
    for j, column in enumerate(draft.model.columns):
        low, high = ranges[j]
        if column.whole and low is not None and high is not None and 1 < high - low <= most:
            usable.append((j, int(low), int(high)))
    return chance.choice(usable) if usable else None


def one_at_a_time(draft: Draft, chance: random.Random) -> bool:
    """A whole number as a sum of binaries, all worth one."""
    found = _small(draft, chance, 5)
    if found is None:
        return False
    j, low, high = found
    old = draft.model.columns[j]
    columns = [Col(f"{old.name}_unit{n}", True, 0, 1) for n in range(high - low)]
    draft.replace(
        j, columns, [1] * len(columns), low, lambda x, _: [int(n < x - low) for n in range(high - low)],
    )  # fmt: skip
    return True


def one_hot(draft: Draft, chance: random.Random) -> bool:
    """A whole number by which of its values it takes."""
    found = _small(draft, chance, 5)
    if found is None:
        return False
    j, low, high = found
    old = draft.model.columns[j]
    values = list(range(low, high + 1))
    columns = [Col(f"{old.name}_is_{n}".replace("-", "m"), True, 0, 1) for n in values]
    numbers = draft.replace(j, columns, values, 0, lambda x, _: [int(x == v) for v in values])
    draft.model.rows.append(Line("one value", dict.fromkeys(numbers, 1), 1, 1))
    return True


def odd_digits(draft: Draft, chance: random.Random) -> bool:
    """Digits with weights 1, 2, 3, 5 in any order."""
    found = _small(draft, chance, 11)
    if found is None:
        return False
    j, low, high = found
    old = draft.model.columns[j]
    weights = [1]
    for weight in (2, 3, 5):
        if sum(weights) < high - low:
            weights.append(weight)
    order = chance.sample(weights, len(weights))
    columns = [Col(f"{old.name}_w{w}", True, 0, 1) for w in order]

    def values(x: Number, _: Sequence[Number]) -> Sequence[Number]:
        rest, taken = x - low, {}
        for weight in sorted(weights, reverse=True):
            taken[weight] = int(rest >= weight)
            rest -= weight * taken[weight]
        return [taken[w] for w in order]

    draft.replace(j, columns, order, low, values, row=(None, high))
    return True


def two_steps(draft: Draft, chance: random.Random) -> bool:
    """A column replaced by its sum with another, and that by what it is above a third."""
    chosen = _alike(draft, chance, 3)
    if chosen is None:
        return False
    names = [draft.model.columns[j].name for j in chosen]
    j, k, i = chosen
    old = draft.model.columns[j]
    column = Col(draft.fresh(f"{names[0]}_{names[1]}_less_{names[2]}", chance), old.whole, None, None)
    draft.replace(
        j, [column], [1], 0, lambda x, plan: [x + plan[k] - 2 * plan[i]], {k: -1, i: 2}, row=(old.low, old.high)
    )
    return True


def larger_big_m(draft: Draft, chance: random.Random) -> bool:
    """A larger number where a binary switches a column, and the smaller one as the column's bound."""
    model = draft.model
    for row in chance.sample(model.rows, len(model.rows)):
        if row.low is not None or row.high != 0 or len(row.terms) != 2:
            continue
        for b, c in row.terms.items():
            (other,) = [j for j in row.terms if j != b]
            switch, column, amount = model.columns[b], model.columns[other], row.terms[other]
            if switch.whole and (switch.low, switch.high) == (0, 1) and c < 0 and amount > 0:
                # At b = 1 the row said no more than this bound; at b = 0 it is unchanged.
                most = Fraction(-c) / amount
                column.high = most if column.high is None else min(column.high, most)
                row.terms[b] = c * chance.choice([2, 10])
                return True
    return False


def sums_and_differences_of_equations(draft: Draft, chance: random.Random) -> bool:
    """Two equations by their sum and their difference."""
    equations = [row for row in draft.model.rows if row.low is not None and row.low == row.high]
    if len(equations) < 2:
        return False
    one, other = chance.sample(equations, 2)
    first, second, a, b = dict(one.terms), dict(other.terms), one.low, other.low
    for row, sign in ((one, 1), (other, -1)):
        terms = {j: first.get(j, 0) + sign * second.get(j, 0) for j in {*first, *second}}
        row.terms = {j: c for j, c in terms.items() if c}
        row.low = row.high = a + sign * b
    return True


def equation_added(draft: Draft, chance: random.Random) -> bool:
    """An equation's multiple added to another row, or to the objective."""
    model = draft.model
    equations = [row for row in model.rows if row.low is not None and row.low == row.high and row.terms]
    if not equations:
        return False
    equation, weight = chance.choice(equations), chance.choice([1, -1, 2, Fraction(1, 2)])
    others = [row for row in model.rows if row is not equation]
    assert equation.low is not None
    if model.cost and (not others or chance.random() < 0.4):
        for j, c in equation.terms.items():
            model.cost[j] = model.cost.get(j, 0) + weight * c
        model.cost = {j: c for j, c in model.cost.items() if c}
        model.constant -= weight * equation.low
        return bool(model.cost)
    if not others:
        return False
    row = chance.choice(others)
    terms = dict(row.terms)
    for j, c in equation.terms.items():
        terms[j] = terms.get(j, 0) + weight * c
    row.terms = {j: c for j, c in terms.items() if c}
    row.low = None if row.low is None else row.low + weight * equation.low
    row.high = None if row.high is None else row.high + weight * equation.low
    return True


def column_of_one(draft: Draft, chance: random.Random) -> bool:
    """A column that is always one carries the constants."""
    model = draft.model
    k = draft.add(Col(draft.fresh("one", chance), False, 1, 1), lambda plan: 1)
    for row in model.rows:
        side = row.high if row.high is not None else row.low
        if side and row.terms and chance.random() < 0.6:
            row.terms[k] = -side
            row.high = None if row.high is None else row.high - side
            row.low = None if row.low is None else row.low - side
    return True


def copied(draft: Draft, chance: random.Random) -> bool:
    """A copy of a column, equal to it, that some rows use."""
    model = draft.model
    j = chance.randrange(len(model.columns))
    old = model.columns[j]
    uses = [row for row in model.rows if j in row.terms]
    if not uses:
        return False
    k = draft.add(Col(draft.fresh(f"{old.name}_copy", chance), old.whole, old.low, None), lambda plan: plan[j])
    for row in chance.sample(uses, chance.randint(1, len(uses))):
        row.terms[k] = row.terms.pop(j)
    model.rows.append(Line("copy", {j: 1, k: -1}, 0, 0))
    return True


def absolute_value(draft: Draft, chance: random.Random) -> bool:
    """The absolute value, by its two rows, for a column that is never negative and costs."""
    model = draft.model
    if model.maximize is None:
        return False
    sign = -1 if model.maximize else 1
    usable = [j for j, c in model.cost.items() if sign * c > 0 and model.columns[j].low is not None
              and model.columns[j].low >= 0]  # fmt: skip
    if not usable:
        return False
    j = chance.choice(usable)
    k = draft.add(Col(draft.fresh(f"size_of_{model.columns[j].name}", chance), False, None, None), lambda plan: plan[j])
    model.cost[k] = model.cost.pop(j)
    model.rows += [Line("up", {k: 1, j: -1}, 0, None), Line("down", {k: 1, j: 1}, 0, None)]
    return True


def least_of_two(draft: Draft, chance: random.Random) -> bool:
    """The gain as the least of two rows, of which one is never the least."""
    model = draft.model
    if not model.maximize or not model.cost:
        return False
    cost, constant = dict(model.cost), model.constant
    name = draft.fresh("gain", chance)
    k = draft.add(Col(name, False, None, None), lambda plan: constant + sum(c * plan[j] for j, c in cost.items()))
    terms = {k: 1, **{j: -c for j, c in cost.items()}}
    model.rows += [Line("gain one", terms, None, constant), Line("gain two", dict(terms), None, constant + 3)]
    model.cost, model.constant = {k: 1}, 0
    return True


# Written after differences of named values, parts and corners had come in ----------------------------------


def levels(draft: Draft, chance: random.Random) -> bool:
    """A whole number by binaries of which each needs the one before: at least one, at least two, ..."""
    found = _small(draft, chance, 4)
    if found is None:
        return False
    j, low, high = found
    old = draft.model.columns[j]
    columns = [Col(f"{old.name}_at_least{n}", True, 0, 1) for n in range(1, high - low + 1)]
    numbers = draft.replace(
        j, columns, [1] * len(columns), low, lambda x, _: [int(n < x - low) for n in range(high - low)]
    )
    for first, second in itertools.pairwise(numbers):
        draft.model.rows.append(Line("in order", {first: 1, second: -1}, 0, None))
    return True


def over_and_under(draft: Draft, chance: random.Random) -> bool:
    """How far above and how far below a middle value, each up to its end."""
    usable = [
        j for j, c in enumerate(draft.model.columns)
        if not c.whole and c.low is not None and c.high is not None and c.high - c.low > 1
    ]  # fmt: skip
    if not usable:
        return False
    j = chance.choice(usable)
    old = draft.model.columns[j]
    assert old.low is not None
    assert old.high is not None
    middle = old.low + Fraction(old.high - old.low) / chance.choice([2, 3])
    pair = [Col(f"{old.name}_over", False, 0, old.high - middle), Col(f"{old.name}_under", False, 0, middle - old.low)]

    def values(x: Number, _: Sequence[Number]) -> Sequence[Number]:
        above: Number = x - middle
        return [above if above > 0 else 0, -above if above < 0 else 0]

    draft.replace(j, pair, [1, -1], middle, values)
    return True


def lots(draft: Draft, chance: random.Random) -> bool:
    """An amount that need not be whole as it stands, equal to a whole number of lots."""
    usable = [j for j, c in enumerate(draft.model.columns) if c.whole]
    if not usable:
        return False
    j = chance.choice(usable)
    old = draft.model.columns[j]
    k = draft.add(Col(draft.fresh(f"lots_of_{old.name}", chance), True, old.low, old.high), lambda plan: plan[j])
    old.whole = False
    draft.model.rows.append(Line("lots", {j: 1, k: -1}, 0, 0))
    return True


def limit_as_column(draft: Draft, chance: random.Random) -> bool:
    """A row's limit as a column that an equation of its own sets."""
    usable = [row for row in draft.model.rows if row.terms and row.high is not None and row.low is None]
    if not usable:
        return False
    row = chance.choice(usable)
    limit = row.high
    assert limit is not None
    k = draft.add(Col(draft.fresh(f"limit_of_{row.name}", chance), False, None, None), lambda plan: limit)
    row.terms[k], row.high = -1, 0
    draft.model.rows.append(Line("the limit is", {k: 2}, 2 * limit, 2 * limit))
    return True


def thrice_less(draft: Draft, chance: random.Random) -> bool:
    """Three times one amount less another instead of the one."""
    chosen = _alike(draft, chance, 2, [False])
    if chosen is None:
        return False
    j, k = chosen
    old = draft.model.columns[j]
    third = Fraction(1, 3)
    column = Col(draft.fresh(f"thrice_{old.name}", chance), False, None, None)
    draft.replace(
        j, [column], [third], 0, lambda x, plan: [3 * x - plan[k]], {k: third}, row=(old.low, old.high)
    )  # fmt: skip
    return True


LATEST: dict[str, Rewrite] = {
    "levels": levels,
    "over and under": over_and_under,
    "lots": lots,
    "limit as a column": limit_as_column,
    "thrice less": thrice_less,
}
"""The last to be written; a blind run draws from these alone with ``--latest``."""

UNFORESEEN: dict[str, Rewrite] = {
    "cumulative sums": cumulative_sums,
    "differences": differences,
    "average, half difference": average_and_half_difference,
    "percent": percent,
    "one at a time": one_at_a_time,
    "one-hot": one_hot,
    "digits 1, 2, 3, 5": odd_digits,
    "two steps": two_steps,
    "larger big-M": larger_big_m,
    "sum and difference of equations": sums_and_differences_of_equations,
    "equation added": equation_added,
    "column of one": column_of_one,
    "copied column": copied,
    "absolute value": absolute_value,
    "least of two": least_of_two,
}
