"""Writing out expressions: from a syntax tree to sparse exact terms, one combination of indices after another.

A tree is turned once into nested functions (:class:`Piece`) in which names are already looked up: bound names are
slots of one list ``env``, variables and parameters are dicts keyed by members. A family of 40,000 rows then only runs
these functions; it never walks the tree again. Nothing here is text that is evaluated.

Long chains (``a + b + c + ...``) are flattened with loops, so depth of recursion is the nesting of parentheses and
sums, which the grammar bounds. Intermediate numbers are bounded too (``pieces.MAX_BITS``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from typing import Any

from ..language.formulation import Parameter, Variable
from ..language.grammar.syntax import Binary, Expression, Member, NameReference, Negative, Node, Number, Square, Sum
from ..rationals import FRACTIONS, Exact, divide
from .indexing import Env, IndexScope, Lookup, Trouble
from .pieces import (
    NO_SLOTS,
    Emit,
    Piece,
    PieceValue,
    Terms,
    bounded,
    constant_piece,
    factor_value,
    number_piece,
    once,
    scaled_piece,
)

TRIES_PER_TERM = 10
"""How many combinations may be gone through, conditions included, for each term that the policy allows."""


class Expander:
    """Compiles expressions over given sets, parameters and columns. One for each program.

    ``budget`` limits the combinations that all sums together may go through.
    """

    def __init__(
        self,
        sets: Mapping[str, tuple[Member, ...]],
        parameters: Mapping[str, Parameter],
        variables: Mapping[str, Variable],
        columns: Mapping[str, Mapping[Any, int]],
        max_terms: int,
    ) -> None:
        self.lookup = Lookup(sets)
        self.sets, self.parameters, self.variables, self.columns = sets, parameters, variables, columns
        self.max_terms = max_terms
        self.budget = max_terms * TRIES_PER_TERM
        self._tables: dict[str, dict[Any, Exact]] = {}

    # -- expressions ---------------------------------------------------------------------------------------------

    def compile(self, node: Expression, scope: IndexScope) -> Piece:
        """The compiled form. Raises Trouble for what no quadratic program can hold."""
        if isinstance(node, Number):
            return number_piece(node.value)
        if isinstance(node, NameReference):
            return self._reference(node, scope)
        if isinstance(node, Binary):
            return self._chain(node, scope) if node.operator in "+-" else self._product(node, scope)
        if isinstance(node, Negative):
            return self._negative(node, scope)
        if isinstance(node, Square):
            piece = self.compile(node.operand, scope)
            return self._times(piece, piece, node)
        return self._sum(node, scope)

    def _negative(self, node: Negative, scope: IndexScope) -> Piece:
        sign, inner = -1, node.operand
        while isinstance(inner, Negative):
            sign, inner = -sign, inner.operand
        piece = self.compile(inner, scope)
        return piece if sign == 1 else scaled_piece(piece, lambda env: -1, NO_SLOTS)

    def _chain(self, node: Expression, scope: IndexScope) -> Piece:
        """``a + b - c ...``: one loop over the parts."""
        parts: list[tuple[bool, Piece]] = []
        while isinstance(node, Binary) and node.operator in "+-":
            parts.append((node.operator == "-", self.compile(node.right, scope)))
            node = node.left
        parts.append((False, self.compile(node, scope)))
        parts.reverse()
        pieces = [piece for _, piece in parts]
        slots = frozenset().union(*(piece.slots for piece in pieces))
        terms, tries = sum(piece.terms for piece in pieces), sum(piece.tries for piece in pieces)
        if all(piece.value is not None for piece in pieces):
            values = [(minus, piece.value) for minus, piece in parts if piece.value is not None]

            def value(env: Env) -> Exact:
                total: Exact = 0
                for minus, part in values:
                    total = total - part(env) if minus else total + part(env)
                return total if type(total) is int else bounded(total)

            return constant_piece(value, slots, terms, tries)
        emits = [(minus, piece.emit) for minus, piece in parts]

        def emit(env: Env, scale: Exact, into: Terms) -> None:
            for minus, part in emits:
                part(env, -scale if minus else scale, into)

        return Piece(max(piece.degree for piece in pieces), emit, None, terms, tries, slots)

    def _product(self, node: Expression, scope: IndexScope) -> Piece:
        """``a * b / c ...``: numbers are gathered into one factor, at most two parts may hold variables."""
        whole = node
        factors: list[tuple[bool, Expression, Node]] = []
        while isinstance(node, Binary) and node.operator in "*/":
            factors.append((node.operator == "/", node.right, node))
            node = node.left
        factors.append((False, node, whole))
        factors.reverse()
        numbers: list[tuple[bool, PieceValue, Node]] = []
        literal: Exact = 1
        slots: frozenset[int] = frozenset()
        result: Piece | None = None
        terms = tries = 1
        for below, factor, at in factors:
            piece = self.compile(factor, scope)
            if piece.value is not None:
                if isinstance(factor, Number) and not (below and factor.value == 0):
                    literal = bounded(divide(literal, factor.value) if below else literal * factor.value, at)
                else:
                    numbers.append((below, piece.value, factor))
                slots |= piece.slots
                terms, tries = max(terms, piece.terms), max(tries, piece.tries)
            elif below:
                raise Trouble(
                    "division-by-variable",
                    "this divides by an expression with variables",
                    factor,
                    "multiply both sides by it, or model the ratio with another variable",
                )
            else:
                result = piece if result is None else self._times(result, piece, whole)
        value = factor_value(literal, numbers)
        if result is None:
            return constant_piece(value, slots, terms, tries)
        if not numbers and literal == 1:
            return result
        scaled = scaled_piece(result, value, slots, None if numbers else literal)
        scaled.terms, scaled.tries = max(result.terms, terms), max(result.tries, tries)
        return scaled

    def _times(self, left: Piece, right: Piece, node: Node) -> Piece:
        """The product of two pieces, of which either may hold variables."""
        slots = left.slots | right.slots
        if left.value is not None and right.value is not None:
            one, two = left.value, right.value
            return constant_piece(
                lambda env: bounded(one(env) * two(env), node), slots, left.terms, max(left.tries, right.tries)
            )
        degree = left.degree + right.degree
        if degree > 2:
            raise Trouble(
                "nonlinear",
                f"this multiplies {degree} variables; an objective or a row holds at most products of two",
                node,
            )
        limit = self.max_terms
        if left.column is not None and right.column is not None:
            return Piece(2, _pair(left.column, right.column), None, 1, 1, slots)

        def emit(env: Env, scale: Exact, into: Terms) -> None:
            one = Terms()
            left.emit(env, scale, one)
            two = Terms()
            right.emit(env, 1, two)
            if len(into.quadratic) + len(one.linear) * len(two.linear) > 2 * limit:
                raise Trouble("too-many-terms", f"products of sums write out to more than {limit:,} terms", node)
            quadratic = into.quadratic
            for j, a in one.linear.items():
                for k, b in two.linear.items():
                    pair = (j, k) if j <= k else (k, j)
                    quadratic[pair] = quadratic.get(pair, 0) + a * b
            for here, there in ((one, two), (two, one)):
                if there.constant:
                    for j, a in here.linear.items():
                        into.linear[j] = into.linear.get(j, 0) + a * there.constant
            into.constant += one.constant * two.constant

        return Piece(degree, emit, None, left.terms * right.terms, left.tries + right.tries, slots)

    # -- sums ----------------------------------------------------------------------------------------------------

    def _sum(self, node: Sum, scope: IndexScope) -> Piece:
        inner, first, members, test = self.lookup.loops(node.generators, node.condition, scope)
        last = first + len(members)
        count = prod(map(len, members))
        body = self.compile(node.body, inner)
        tries = count * max(1, body.tries)
        self.allow(0 if test else count * body.terms, tries, "this sum", node)
        slots = body.slots | frozenset(slot for slot, _ in scope.values()) if test else body.slots
        slots -= frozenset(range(first, last))
        single = members[0] if len(members) == 1 else None

        def combinations() -> Any:
            self.spend(count, node)
            return product(*members)

        if body.value is not None:
            term = body.value

            def value(env: Env) -> Exact:
                total: Exact = 0
                for env[first:last] in combinations():
                    if test is None or test(env):
                        total += term(env)
                        if type(total) is not int:
                            bounded(total, node)
                return total

            if not slots:
                return constant_piece(once(value))
            return constant_piece(value, slots, 0 if test else count * body.terms, tries)
        part = body.emit

        def emit(env: Env, scale: Exact, into: Terms) -> None:
            for env[first:last] in combinations():
                if test is None or test(env):
                    part(env, scale, into)

        def emit_all(env: Env, scale: Exact, into: Terms) -> None:
            for env[first:last] in combinations():
                part(env, scale, into)

        def emit_single(env: Env, scale: Exact, into: Terms) -> None:
            self.spend(count, node)
            for env[first] in single or ():
                part(env, scale, into)

        chosen = emit if test else emit_single if single is not None else emit_all
        return Piece(body.degree, chosen, None, 0 if test else count * body.terms, tries, slots)

    def spend(self, tries: int, node: Node | None = None) -> None:
        """Take ``tries`` combinations from the budget."""
        self.budget -= tries
        if self.budget < 0:
            limit = self.max_terms * TRIES_PER_TERM
            raise Trouble("too-many-terms", f"all sums together go through more than {limit:,} combinations", node)

    def allow(self, terms: int, tries: int, what: str, node: Node | None = None) -> None:
        """Refuse before looping what surely exceeds the policy."""
        if terms > self.max_terms:
            raise Trouble(
                "too-many-terms", f"{what} writes out to {terms:,} terms; the limit is {self.max_terms:,}", node
            )
        limit = self.max_terms * TRIES_PER_TERM
        if tries > limit:
            raise Trouble("too-many-terms", f"{what} goes through {tries:,} combinations; the limit is {limit:,}", node)

    # -- names ---------------------------------------------------------------------------------------------------

    def _reference(self, node: NameReference, scope: IndexScope) -> Piece:
        name = node.name
        if not node.indices and name in scope:
            slot = scope[name][0]

            def number(env: Env) -> Exact:
                member = env[slot]
                if type(member) is not int:
                    raise Trouble(
                        "index-not-a-number", f"{name} stands for {member!r} here, which is not a number", node
                    )
                return member

            return constant_piece(number, frozenset((slot,)))
        declared = self.variables.get(name)
        index = declared.index if declared is not None else self.parameters[name].index
        key, slots = self.lookup.key(node, index, scope)
        if declared is None:
            table = self._table(name)

            def value(env: Env) -> Exact:
                try:
                    return table[key(env)]
                except KeyError:
                    raise self.lookup.missing(node, index, key(env)) from None

            if not slots:
                return constant_piece(once(value))
            return constant_piece(value, slots)
        columns = self.columns[name]

        def column(env: Env) -> int:
            try:
                return columns[key(env)]
            except KeyError:
                raise self.lookup.missing(node, index, key(env)) from None

        def emit(env: Env, scale: Exact, into: Terms) -> None:
            try:
                j = columns[key(env)]
            except KeyError:
                raise self.lookup.missing(node, index, key(env)) from None
            linear = into.linear
            if j in linear:
                linear[j] = bounded(linear[j] + scale, node)
            else:
                linear[j] = scale

        fixed = None if slots else columns.get(key([]))
        if fixed is None:
            return Piece(1, emit, None, 1, 1, slots, column)

        def emit_fixed(env: Env, scale: Exact, into: Terms) -> None:
            linear = into.linear
            linear[fixed] = bounded(linear[fixed] + scale, node) if fixed in linear else scale

        return Piece(1, emit_fixed, None, 1, 1, slots, column)

    def _table(self, name: str) -> dict[Any, Exact]:
        """A parameter's numbers keyed as :meth:`Lookup.key` looks them up."""
        if name not in self._tables:
            parameter = self.parameters[name]
            level: list[tuple[tuple[Member, ...], Any]] = [((), parameter.values)]
            for set_name in parameter.index:
                written = {str(member): member for member in self.sets[set_name]}
                level = [
                    ((*members, written[key]), inner)
                    for members, values in level
                    if isinstance(values, Mapping)
                    for key, inner in values.items()
                    if key in written
                ]
            single = len(parameter.index) == 1
            self._tables[name] = {
                members[0] if single else members: value
                for members, value in level
                if type(value) is int or type(value) in FRACTIONS
            }
        return self._tables[name]


def _pair(left: Callable[[Env], int], right: Callable[[Env], int]) -> Emit:
    """The product of two variables, the most frequent second-order term."""

    def emit(env: Env, scale: Exact, into: Terms) -> None:
        j, k = left(env), right(env)
        pair = (j, k) if j <= k else (k, j)
        quadratic = into.quadratic
        quadratic[pair] = bounded(quadratic[pair] + scale) if pair in quadratic else scale

    return emit
