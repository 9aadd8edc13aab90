"""Inequalities of second order over a program's plans: what a row that a binary column switches says when it is on.

A row ``u - v + M x <= M - 1`` says nothing to a relaxation. Times ``x`` it says ``x u - x v + x <= 0``, and with the
products as columns of their own that is linear (reformulation and linearisation: Sherali, Adams 1990; for mixed binary
programs 1994). Equations times a column tie the products together. Where a sum of such inequalities reads 0 <= 0, all
of them hold as equations: in the ordering formulation of a tour the order numbers are the positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ...policy import Policy
from ...programs.program import Column, Program, Quadratic, Row
from ...rationals import Exact, Fraction, simplify
from ...solver import highs
from ..evidence import Certificate, Product, Target
from ..maps import add_term
from .clock import for_solver, now

_MOST_PAIRS, _MOST_PRODUCTS = 3_000, 8_000
_DENOMINATORS = (1, 64, 10_000)
_AIM = Target("objective", 0, "upper")
_Pair = tuple[int, int]


@dataclass(slots=True)
class SecondOrder:
    """The program with a column for each product that is used, and a row for each inequality of second order.

    Columns and rows of the program come first, under their own numbers; row ``own + n`` is ``products[n]``.
    """

    program: Program
    own: int
    columns: int
    pairs: dict[_Pair, int]
    products: list[Product]
    tight: Certificate | None = None
    paired: dict[int, set[int]] = field(default_factory=dict)
    """The columns that a binary column is multiplied with."""
    choices: dict[int, list[frozenset[int]]] = field(default_factory=dict)
    """The equations of binary columns that a column is multiplied with, by their members."""


def second_order(program: Program, policy: Policy, deadline: float) -> SecondOrder | None:
    """The program with its products, or None where no row is switched by a binary column, or too many are."""
    paired = _pairs(program)
    count = sum(map(len, paired.values()))
    if not 0 < count <= _MOST_PAIRS:
        return None
    products = list(_products(program, paired))
    if len(products) > _MOST_PRODUCTS:
        return None
    columns, pairs = list(program.columns), {}
    for x, others in sorted(paired.items()):
        for u in sorted(others):
            pairs[x, u] = len(columns)
            name = f"{program.columns[x].name}*{program.columns[u].name}"
            columns.append(Column(name, "continuous", None, None, name))
    rows = [_row(program, product, pairs) for product in products]
    found = SecondOrder(program, len(program.rows), len(program.columns), pairs, products, None, paired)
    for product in products:
        if product.side.kind == "row" and product.times is not None and product.times not in paired:
            row = program.rows[product.side.number]
            if row.lower is not None and row.lower == row.upper:
                found.choices.setdefault(product.times, []).append(frozenset(row.linear))
    # Not all of the time: without equations the products may serve as well.
    deadline = now() + (deadline - now()) * 2 / 3
    found.tight = _tight(len(columns), rows, products, policy, deadline)
    if found.tight is not None:
        for n in found.tight.products:
            rows[n] = replace(rows[n], lower=rows[n].upper)
    found.program = Program(columns, [*program.rows, *rows], "feasibility")
    return found


def is_binary(column: Column) -> bool:
    """Whether the column is 0 or 1 by its own bounds."""
    return column.is_integer and column.lower is not None and column.upper is not None and (
        column.lower >= 0 and column.upper <= 1
    )  # fmt: skip


def _pairs(program: Program) -> dict[int, set[int]]:
    """{binary column: columns that it is multiplied with}: those of the rows that it switches, and of its equations."""
    binary = {j for j, column in enumerate(program.columns) if is_binary(column)}
    paired: dict[int, set[int]] = {}
    by_other: dict[int, set[int]] = {}
    for row in program.rows:
        switch = _switch(row, binary)
        if switch is not None:
            for u in row.linear.keys() - {switch}:
                paired.setdefault(switch, set()).add(u)
                by_other.setdefault(u, set()).add(switch)
    for row in program.rows:
        if not _is_choice(row, binary):
            continue
        for u in sorted(set().union(*(paired.get(j, set()) for j in row.linear))):
            # Of a choice whose every other member is multiplied with a column, all are.
            if 2 * len(by_other[u] & row.linear.keys()) >= max(4, len(row.linear)):
                for x in row.linear:
                    paired.setdefault(x, set()).add(u)
    return paired


def _switch(row: Row, binary: set[int]) -> int | None:
    """The one binary column of a row that has others."""
    if row.body.quadratic or len(row.linear) < 2:
        return None
    found = [j for j in row.linear if j in binary]
    return found[0] if len(found) == 1 else None


def _is_choice(row: Row, binary: set[int]) -> bool:
    """Whether the row is an equation of binary columns."""
    equation = row.lower is not None and row.lower == row.upper and len(row.linear) > 1
    return equation and not row.body.quadratic and binary.issuperset(row.linear)


def _products(program: Program, paired: Mapping[int, set[int]]) -> Iterator[Product]:
    """Switched rows and bounds times their binary column and what it lacks to 1; choices times a column, and alone."""
    binary = {j for j, column in enumerate(program.columns) if is_binary(column)}
    bounds: dict[int, list[Target]] = {}
    for u, column in enumerate(program.columns):
        bounds[u] = list(_sides("column", u, column.lower, column.upper))
    for number, row in enumerate(program.rows):
        if len(row.linear) == 1 and not row.body.quadratic:
            bounds[next(iter(row.linear))] += _sides("row", number, row.lower, row.upper)
    for number, row in enumerate(program.rows):
        x = _switch(row, binary)
        if x is not None:
            for side in _sides("row", number, row.lower, row.upper):
                yield Product(side, x)
                yield Product(side, x, complement=True)
        elif _is_choice(row, binary):
            yield Product(Target("row", number, "upper"))
            common = set.intersection(*(paired.get(j, set()) for j in row.linear))
            for u in sorted(common):
                yield Product(Target("row", number, "upper"), u)
    for x, others in sorted(paired.items()):
        for u in sorted(others):
            for side in bounds[u]:
                yield Product(side, x)
                yield Product(side, x, complement=True)


def _sides(kind: Literal["row", "column"], number: int, low: Exact | None, high: Exact | None) -> Iterator[Target]:
    if high is not None:
        yield Target(kind, number, "upper")
    if low is not None:
        yield Target(kind, number, "lower")


def _row(program: Program, product: Product, pairs: Mapping[_Pair, int]) -> Row:
    """The product as a row over columns and products."""
    aim, sign = product.side, 1 if product.side.side == "upper" else -1
    if aim.kind == "row":
        row = program.rows[aim.number]
        body, low, high = row.linear, row.lower, row.upper
    else:
        column = program.columns[aim.number]
        body, low, high = {aim.number: 1}, column.lower, column.upper
    end = high if sign > 0 else low
    assert end is not None
    limit = sign * end
    equation = low is not None and low == high
    j = product.times
    terms: dict[int, Exact] = {}
    bound: Exact = limit if j is None or product.complement else 0
    if j is not None:
        turn = -1 if product.complement else 1
        for k, c in body.items():
            add_term(terms, j if k == j else pairs[(j, k) if (j, k) in pairs else (k, j)], turn * sign * c)
        add_term(terms, j, -turn * limit)
    if j is None or product.complement:
        for k, c in body.items():
            add_term(terms, k, sign * c)
    return Row("product", Quadratic(terms), bound if equation else None, bound, "product")


def _tight(count: int, rows: list[Row], products: list[Product], policy: Policy, deadline: float) -> Certificate | None:
    """A sum of the inequalities that reads 0 <= 0, with as many of them as there can be; None where there is none.

    The dual of making as many of them strict as can be, over the cone of all multiples of plans.
    """
    columns = [Column(str(k), "continuous", None, None, "z") for k in range(count)]
    columns.append(Column("s", "continuous", 1, None, "s"))
    written = []
    goal: dict[int, Exact] = {}
    for row, product in zip(rows, products, strict=True):
        terms = dict(row.linear)
        add_term(terms, count, -(row.upper or 0))
        if row.lower is None and not product.complement:
            goal[len(columns)] = 1
            terms[len(columns)] = 1
            columns.append(Column("t", "continuous", 0, 1, "t"))
        written.append(Row("r", Quadratic(terms), None if row.lower is None else 0, 0, "r"))
    floats = highs.to_floats(Program(columns, written, "maximize", Quadratic(goal)))
    answer = highs.run(floats, policy, deadline=for_solver(deadline))
    if answer.outcome != "optimal" or not answer.duals:
        return None
    for denominator in _DENOMINATORS:
        found = {n: simplify(Fraction(-y).limit_denominator(denominator)) for n, y in enumerate(answer.duals)}
        found = {n: y for n, y in found.items() if y}
        if any(y > 0 and rows[n].lower is None for n, y in found.items()) and _cancels(rows, found):
            return Certificate(_AIM, "multipliers", products=found)
    return None


def _cancels(rows: list[Row], multipliers: Mapping[int, Exact]) -> bool:
    """Whether the sum reads 0 <= 0, with no inequality turned round."""
    terms: dict[int, Exact] = {}
    bound: Exact = 0
    for n, y in multipliers.items():
        row = rows[n]
        if y < 0 and row.lower is None:
            return False
        assert row.upper is not None
        bound += y * row.upper
        for k, c in row.linear.items():
            add_term(terms, k, y * c)
    return not terms and not bound
