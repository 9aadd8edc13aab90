"""Ten kinds of honest rewrite and eleven kinds of error, applied to a compiled program; and the peers' ways to compare.

Each kind is a function of a program and a random generator; it returns the changed program, or None where it does not
apply (no bound to drop, no whole numbers to expand). Used by the tests and by the benchmark page.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from math import floor

from pyrite.feasibility.convert.flat import to_formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.feasibility.rationals import Exact, divide, simplify
from pyrite.feasibility.solver.solving import solve

Kind = Callable[[Program, random.Random], Program | None]

MOST_DIGITS = 12
"""Binary digits of an expanded whole number."""


# Rewrites ---------------------------------------------------------------------------------------------------------


def renamed(program: Program, chance: random.Random) -> Program:
    """Every variable and row under a name that says nothing."""
    numbers = list(range(len(program.columns)))
    chance.shuffle(numbers)
    columns = [
        replace(c, name=f"v{n}", variable=f"v{n}", members=()) for n, c in zip(numbers, program.columns, strict=True)
    ]
    rows = [replace(r, name=f"r{i}", constraint=f"r{i}", members=()) for i, r in enumerate(program.rows)]
    return Program(columns, rows, program.sense, program.objective)


def reordered(program: Program, chance: random.Random) -> Program:
    """Variables and rows in another order."""
    order = list(range(len(program.columns)))
    chance.shuffle(order)
    place = {j: p for p, j in enumerate(order)}
    rows = [replace(r, body=_moved(r.body, place)) for r in program.rows]
    chance.shuffle(rows)
    return Program([program.columns[j] for j in order], rows, program.sense, _moved(program.objective, place))


def rescaled(program: Program, chance: random.Random) -> Program | None:
    """Every row times a number, often negative, so that <= becomes >=."""
    if not program.rows:
        return None
    rows = [_times(row, chance.choice([2, 3, -1, -2, Fraction(1, 2), Fraction(-5, 3)])) for row in program.rows]
    return Program(program.columns, rows, program.sense, program.objective)


def other_unit(program: Program, chance: random.Random) -> Program | None:
    """One continuous variable in another unit (thousands, minutes)."""
    entries = Counter(j for row in program.rows for j in row.linear) + Counter(program.objective.linear)
    usable = [j for j, c in enumerate(program.columns) if not c.is_integer and entries[j] >= 2]
    if not usable or program.is_quadratic:
        return None
    j = chance.choice(usable)
    return substitute(program, j, chance.choice([1000, 60, 100, Fraction(1, 12)]))


def with_slacks(program: Program, chance: random.Random) -> Program | None:
    """Up to three inequalities as equations with a slack variable."""
    usable = [i for i, r in enumerate(program.rows) if r.linear and (r.lower is None) != (r.upper is None)]
    if not usable:
        return None
    columns, rows = list(program.columns), list(program.rows)
    for i in chance.sample(usable, min(3, len(usable))):
        row = rows[i]
        sign = 1 if row.upper is not None else -1
        side = row.upper if row.upper is not None else row.lower
        columns.append(Column(f"slack_{i}", "continuous", 0, None, f"slack_{i}"))
        rows[i] = replace(row, body=Quadratic({**row.linear, len(columns) - 1: sign}), lower=side, upper=side)
    return Program(columns, rows, program.sense, program.objective)


def with_valid_rows(program: Program, chance: random.Random) -> Program | None:
    """Two rows added that the others imply: sums of rows, loosened a little."""
    usable = [r for r in program.rows if r.linear and r.upper is not None]
    if not usable:
        return None
    rows = list(program.rows)
    for number in range(2):
        chosen = chance.sample(usable, min(len(usable), chance.randint(1, 3)))
        terms: dict[int, Exact] = {}
        side: Exact = chance.choice([0, 1, 5])
        for row in chosen:
            weight = chance.randint(1, 3)
            for j, c in row.linear.items():
                terms[j] = simplify(terms.get(j, 0) + weight * c)
            assert row.upper is not None
            side += weight * row.upper
        rows.append(
            Row(f"valid_{number}", Quadratic({j: c for j, c in terms.items() if c}), None, side, f"valid_{number}")
        )
    chance.shuffle(rows)
    return Program(program.columns, rows, program.sense, program.objective)


def objective_variable(program: Program, chance: random.Random) -> Program | None:
    """The objective through a variable that an equation or an inequality defines."""
    if program.is_quadratic or program.sense == "feasibility" or not program.objective.linear:
        return None
    columns = [*program.columns, Column("objective_value", "continuous", None, None, "objective_value")]
    terms = {**{j: -c for j, c in program.objective.linear.items()}, len(columns) - 1: 1}
    constant = program.objective.constant
    lower, upper = chance.choice(
        [(constant, constant), (None, constant) if program.sense == "maximize" else (constant, None)]
    )
    row = Row("define_objective", Quadratic(terms), lower, upper, "define_objective")
    return Program(columns, [*program.rows, row], program.sense, Quadratic({len(columns) - 1: 1}))


def digits(program: Program, chance: random.Random) -> Program | None:
    """One whole number as the sum of its binary digits."""
    usable = [j for j, c in enumerate(program.columns) if c.domain == "integer" and c.lower is not None]
    chance.shuffle(usable)
    if program.is_quadratic:
        return None
    for j in usable[:3]:
        column = program.columns[j]
        highest = column.upper if column.upper is not None else _largest(program, j)
        assert column.lower is not None
        if highest is None or not 1 < highest - column.lower < 2**MOST_DIGITS:
            continue
        count = (floor(highest) - floor(column.lower)).bit_length()
        columns = [c for k, c in enumerate(program.columns) if k != j]
        start = len(columns)
        columns += [Column(f"{column.name}_bit{k}", "binary", 0, 1, f"{column.name}_bit{k}") for k in range(count)]
        place = {k: p for p, k in enumerate(k for k in range(len(program.columns)) if k != j)}

        def expand(body: Quadratic, j: int = j, start: int = start, count: int = count, low: Exact = column.lower,
                   place: Mapping[int, int] = place) -> tuple[Quadratic, Exact]:  # fmt: skip
            weight = body.linear.get(j, 0)
            terms = {place[k]: c for k, c in body.linear.items() if k != j}
            if weight:
                terms.update({start + k: simplify(weight * 2**k) for k in range(count)})
            return Quadratic(terms, {}, simplify(body.constant + weight * low)), simplify(weight * low)

        rows = []
        for row in program.rows:
            body, moved = expand(row.body)
            rows.append(_shifted(replace(row, body=Quadratic(body.linear)), -moved))
        if column.upper is not None:
            terms = {start + k: 2**k for k in range(count)}
            rows.append(Row(f"{column.name}_most", Quadratic(terms), None, column.upper - column.lower, "most"))
        return Program(columns, rows, program.sense, expand(program.objective)[0])
    return None


def other_basis(program: Program, chance: random.Random) -> Program | None:
    """A variable replaced by its sum with another (``u = x + y``, so ``x = u - y``), under a new name."""
    if program.is_quadratic or len(program.columns) < 2 or not program.rows:
        return None
    pairs = [
        (j, k)
        for j, c in enumerate(program.columns)
        for k, d in enumerate(program.columns)
        if j != k and c.is_integer == d.is_integer
    ]
    # Without rows for both there is nothing that could tell what the new variable means.
    used = [p for p in pairs if all(any(q in r.linear for r in program.rows) for q in p)]
    if not used:
        return None
    j, k = chance.choice(used)
    old = program.columns[j]

    def change(body: Quadratic) -> Quadratic:
        terms = dict(body.linear)
        terms[k] = simplify(terms.get(k, 0) - terms.get(j, 0))
        return Quadratic({i: c for i, c in terms.items() if c}, {}, body.constant)

    name = f"{old.name} and {program.columns[k].name}"
    columns = list(program.columns)
    columns[j] = Column(name, "integer" if old.is_integer else "continuous", None, None, name)
    rows = [replace(r, body=change(r.body)) for r in program.rows]
    if old.lower is not None or old.upper is not None:
        rows.append(Row(f"{old.name} range", Quadratic({j: 1, k: -1}), old.lower, old.upper, f"{old.name} range"))
    return Program(columns, rows, program.sense, change(program.objective))


def written_out(program: Program, chance: random.Random) -> Program:
    """Written out as a flat formulation with plain names and read again."""
    del chance
    return build(to_formulation(program))


# Errors -----------------------------------------------------------------------------------------------------------


def dropped(program: Program, chance: random.Random) -> Program | None:
    """A constraint left away."""
    if not program.rows:
        return None
    rows = list(program.rows)
    rows.pop(chance.randrange(len(rows)))
    return Program(program.columns, rows, program.sense, program.objective)


def loosened(program: Program, chance: random.Random) -> Program | None:
    """A side moved outwards by a tenth or so."""
    return _side_moved(program, chance, 1)


def tightened(program: Program, chance: random.Random) -> Program | None:
    """A side moved inwards."""
    return _side_moved(program, chance, -1)


def flipped(program: Program, chance: random.Random) -> Program | None:
    """<= for >= or the reverse."""
    usable = [i for i, r in enumerate(program.rows) if (r.lower is None) != (r.upper is None)]
    if not usable:
        return None
    i = chance.choice(usable)
    row = program.rows[i]
    return _with_row(program, i, replace(row, lower=row.upper, upper=row.lower))


def coefficient(program: Program, chance: random.Random) -> Program | None:
    """A coefficient changed."""
    usable = [(i, j) for i, r in enumerate(program.rows) for j in r.linear]
    if not usable:
        return None
    i, j = chance.choice(usable)
    terms = dict(program.rows[i].linear)
    terms[j] = simplify(terms[j] * chance.choice([2, Fraction(1, 2), Fraction(11, 10), Fraction(3, 4)]))
    return _with_row(program, i, replace(program.rows[i], body=Quadratic(terms)))


def wrong_variable(program: Program, chance: random.Random) -> Program | None:
    """A coefficient given to another variable."""
    usable = [
        (i, j, k)
        for i, r in enumerate(program.rows)
        for j in r.linear
        for k in range(len(program.columns))
        if k != j and r.linear.get(k) != r.linear[j]
    ]
    if not usable:
        return None
    i, j, k = chance.choice(usable[:5000])
    terms = dict(program.rows[i].linear)
    terms[j], terms[k] = terms.get(k, 0), terms[j]
    return _with_row(program, i, replace(program.rows[i], body=Quadratic({p: c for p, c in terms.items() if c})))


def exchanged(program: Program, chance: random.Random) -> Program | None:
    """Two variables' coefficients in a row, bounds, or objective coefficients exchanged."""
    pairs = [(j, k) for j in range(len(program.columns)) for k in range(j)]
    chance.shuffle(pairs)
    for j, k in pairs[:50]:
        ways = ["row", "bounds", "objective"]
        chance.shuffle(ways)
        for way in ways:
            changed = _exchange(program, j, k, way, chance)
            if changed is not None:
                return changed
    return None


def _exchange(program: Program, j: int, k: int, way: str, chance: random.Random) -> Program | None:
    """The two columns exchanged in one place; None where both have the same there."""
    place = {j: k, k: j}

    def swap(terms: Mapping[int, Exact]) -> dict[int, Exact]:
        return {place.get(i, i): c for i, c in terms.items()}

    if way == "row":
        usable = [i for i, r in enumerate(program.rows) if r.linear.get(j) != r.linear.get(k)]
        if not usable:
            return None
        i = chance.choice(usable)
        return _with_row(program, i, replace(program.rows[i], body=Quadratic(swap(program.rows[i].linear))))
    if way == "objective":
        linear = program.objective.linear
        if linear.get(j) == linear.get(k):
            return None
        return Program(program.columns, program.rows, program.sense, replace_linear(program.objective, swap(linear)))
    c, d = program.columns[j], program.columns[k]
    if (c.lower, c.upper) == (d.lower, d.upper) or c.domain != d.domain:
        return None
    columns = list(program.columns)
    columns[j] = replace(c, lower=d.lower, upper=d.upper)
    columns[k] = replace(d, lower=c.lower, upper=c.upper)
    return Program(columns, program.rows, program.sense, program.objective)


def fractional(program: Program, chance: random.Random) -> Program | None:
    """Whole numbers allowed to be fractional."""
    usable = [j for j, c in enumerate(program.columns) if c.is_integer]
    if not usable:
        return None
    chosen = set(usable) if chance.random() < 0.5 else {chance.choice(usable)}
    columns = [replace(c, domain="continuous") if j in chosen else c for j, c in enumerate(program.columns)]
    return Program(columns, program.rows, program.sense, program.objective)


def unbounded_variable(program: Program, chance: random.Random) -> Program | None:
    """A bound forgotten."""
    usable = [(j, s) for j, c in enumerate(program.columns) for s in ("lower", "upper") if getattr(c, s) is not None]
    if not usable:
        return None
    j, side = chance.choice(usable)
    columns = list(program.columns)
    columns[j] = replace(columns[j], **{side: None}, domain="integer" if columns[j].is_integer else "continuous")
    return Program(columns, program.rows, program.sense, program.objective)


def objective_coefficient(program: Program, chance: random.Random) -> Program | None:
    """A coefficient of the objective changed."""
    if not program.objective.linear:
        return None
    terms = dict(program.objective.linear)
    j = chance.choice(sorted(terms))
    terms[j] = simplify(terms[j] * chance.choice([2, Fraction(1, 2), Fraction(11, 10), -1]))
    return Program(program.columns, program.rows, program.sense, replace_linear(program.objective, terms))


def sense(program: Program, chance: random.Random) -> Program | None:
    """Minimise for maximise."""
    del chance
    if program.sense == "feasibility":
        return None
    other = "minimize" if program.sense == "maximize" else "maximize"
    return Program(program.columns, program.rows, other, program.objective)


REWRITES: dict[str, Kind] = {
    "renaming": renamed,
    "reordering": reordered,
    "row scaling and direction": rescaled,
    "unit change": other_unit,
    "slack variables": with_slacks,
    "added valid inequalities": with_valid_rows,
    "objective through a variable": objective_variable,
    "digit expansion": digits,
    "invertible combination": other_basis,
    "written out": written_out,
}
ERRORS: dict[str, Kind] = {
    "exchanged": exchanged,
    "constraint dropped": dropped,
    "loosened": loosened,
    "tightened": tightened,
    "direction flipped": flipped,
    "coefficient changed": coefficient,
    "wrong variable": wrong_variable,
    "integrality dropped": fractional,
    "bound dropped": unbounded_variable,
    "objective coefficient changed": objective_coefficient,
    "sense flipped": sense,
}


# How the peers decide -----------------------------------------------------------------------------------------------


def same_optimum(a: Program, b: Program) -> bool:
    """Optimum match, as most benchmarks score: both solve to the same value within 1e-6."""
    first, second = solve(a, Policy()), solve(b, Policy())
    if first.objective is None or second.objective is None:
        return first.status == second.status
    return abs(first.objective - second.objective) <= Fraction(1, 10**6) * max(1, abs(second.objective))


def same_rows(a: Program, b: Program) -> bool:
    """Canonical row match, as NL4OPT scores declarations: the same rows by name of variable, exact numbers."""

    def rows(program: Program) -> Counter[object]:
        names = [c.name for c in program.columns]
        return Counter((frozenset((names[j], c) for j, c in r.linear.items()), r.lower, r.upper) for r in program.rows)

    def goal(program: Program) -> object:
        return program.sense, frozenset((program.columns[j].name, c) for j, c in program.objective.linear.items())

    return rows(a) == rows(b) and goal(a) == goal(b)


def same_graph(a: Program, b: Program) -> bool:
    """Graph isomorphism as ORGEval tests it: the coloured bipartite graphs of columns and rows (networkx)."""
    import networkx as nx
    from networkx.algorithms.isomorphism import categorical_edge_match, categorical_node_match

    def graph(program: Program) -> nx.Graph:
        made = nx.Graph()
        for j, c in enumerate(program.columns):
            made.add_node(("c", j), label=(c.is_integer, c.lower, c.upper, program.objective.linear.get(j, 0)))
        for i, r in enumerate(program.rows):
            made.add_node(("r", i), label=("row", r.lower, r.upper))
            for j, coefficient in r.linear.items():
                made.add_edge(("c", j), ("r", i), weight=Fraction(coefficient))
        made.graph["sense"] = program.sense
        return made

    first, second = graph(a), graph(b)
    if a.sense != b.sense or len(first) != len(second) or first.number_of_edges() != second.number_of_edges():
        return False
    if nx.weisfeiler_lehman_graph_hash(first, node_attr="label", edge_attr="weight") != nx.weisfeiler_lehman_graph_hash(
        second, node_attr="label", edge_attr="weight"
    ):
        return False
    if len(first) > 60:
        # Beyond this the exact test may take exponential time; the refinement's "same" is taken for an isomorphism.
        return True
    return bool(
        nx.is_isomorphic(first, second, categorical_node_match("label", None), categorical_edge_match("weight", 0))
    )


# Help ---------------------------------------------------------------------------------------------------------------


def replace_linear(body: Quadratic, terms: dict[int, Exact]) -> Quadratic:
    """The body with other linear terms."""
    return Quadratic({j: c for j, c in terms.items() if c}, dict(body.quadratic), body.constant)


def substitute(program: Program, j: int, scale: Exact) -> Program:
    """Column j measured so that its old value is ``scale`` times the new one."""

    def change(body: Quadratic) -> Quadratic:
        return Quadratic({k: simplify(c * scale) if k == j else c for k, c in body.linear.items()}, {}, body.constant)

    columns = list(program.columns)
    old = columns[j]
    lower = None if old.lower is None else divide(old.lower, scale)
    upper = None if old.upper is None else divide(old.upper, scale)
    columns[j] = replace(old, lower=lower, upper=upper)
    rows = [replace(r, body=change(r.body)) for r in program.rows]
    return Program(columns, rows, program.sense, change(program.objective))


def _moved(body: Quadratic, place: Mapping[int, int]) -> Quadratic:
    pairs = {tuple(sorted((place[j], place[k]))): c for (j, k), c in body.quadratic.items()}
    return Quadratic({place[j]: c for j, c in body.linear.items()}, pairs, body.constant)


def _times(row: Row, factor: Exact) -> Row:
    body = Quadratic({j: simplify(c * factor) for j, c in row.linear.items()})
    low = None if row.lower is None else simplify(row.lower * factor)
    high = None if row.upper is None else simplify(row.upper * factor)
    return replace(row, body=body, lower=low if factor > 0 else high, upper=high if factor > 0 else low)


def _shifted(row: Row, shift: Exact) -> Row:
    return replace(
        row,
        lower=None if row.lower is None else simplify(row.lower + shift),
        upper=None if row.upper is None else simplify(row.upper + shift),
    )


def _with_row(program: Program, number: int, row: Row) -> Program:
    rows = list(program.rows)
    rows[number] = row
    return Program(program.columns, rows, program.sense, program.objective)


def _side_moved(program: Program, chance: random.Random, direction: int) -> Program | None:
    usable = [(i, s) for i, r in enumerate(program.rows) for s in ("lower", "upper") if getattr(r, s) is not None]
    if not usable:
        return None
    i, side = chance.choice(usable)
    row = program.rows[i]
    value: Exact = getattr(row, side)
    step = max(1, simplify(abs(Fraction(value)) / 10)) * direction * (1 if side == "upper" else -1)
    if row.lower is not None and row.upper is not None and direction < 0:
        return None
    return _with_row(program, i, replace(row, **{side: simplify(value + step)}))


def _largest(program: Program, j: int) -> Exact | None:
    """The largest value of a column over all plans, if there is one."""
    solution = solve(Program(program.columns, program.rows, "maximize", Quadratic({j: 1})), Policy())
    return solution.objective if solution.status == "optimal" else None
