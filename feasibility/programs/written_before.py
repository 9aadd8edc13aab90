"""Rows that come again: what a linear relation writes out to, by the names of its variables.

Answers to one problem share most of their rows. A relation of numbers, arithmetic and variables without an index means
the same whatever else a formulation declares, so its terms are gathered once, by name, and then only renumbered. What
is not as simple as that has no short cut and is compiled; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from ..language.grammar.syntax import Binary, Expression, NameReference, Negative, Number, RelationSyntax
from ..rationals import Exact, divide, simplify

KEPT: Final = 4096
"""Trees whose terms are remembered; then all are forgotten at once."""

MARGIN: Final = 10_000
"""Terms that a policy must still allow for the short cut: more than a remembered text can hold."""

_BITS: Final = 64
"""Of a number in the text: what few hundred characters make of such stays far below ``pieces.MAX_BITS``."""

TextTree: TypeAlias = Expression | RelationSyntax


@dataclass(frozen=True, slots=True)
class WrittenOut:
    """The terms of a linear tree in the order in which they are written, zero coefficients included.

    Of a relation ``constant`` is 0 and the sides are in ``lower`` and ``upper``.
    """

    linear: tuple[tuple[str, Exact], ...]
    constant: Exact = 0
    lower: Exact | None = None
    upper: Exact | None = None


class WrittenBefore:
    """Remembers by the tree itself: equal texts have one tree (:mod:`..language.known_texts`), and it is held here."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[TextTree, WrittenOut | None]] = {}

    def of(self, tree: TextTree) -> WrittenOut | None:
        """The terms of a tree of numbers, arithmetic and names without an index; None: it has to be compiled."""
        known = self._known.get(id(tree))
        if known is not None and known[0] is tree:
            return known[1]
        if len(self._known) >= KEPT:
            self._known.clear()
        written = write_out(tree)
        self._known[id(tree)] = tree, written
        return written


def write_out(tree: TextTree) -> WrittenOut | None:
    """The terms of a tree without indices and sums, in which every name is a variable; None: no short cut."""
    sides = tree.terms if isinstance(tree, RelationSyntax) else (tree,)
    gathered = [_Linear() for _ in sides]
    for into, side in zip(gathered, sides, strict=True):
        if not into.add(side, 1):
            return None
    body = gathered[0]
    if not isinstance(tree, RelationSyntax):
        return WrittenOut(tuple(body.terms.items()), simplify(body.constant)) if body.terms else None
    if len(gathered) != 2 or not (gathered[0].terms or gathered[1].terms):
        return None
    operator, other = tree.operators[0], gathered[1]
    if not body.terms:  # `3 <= x` reads as `x >= 3`
        body, other = other, body
        operator = {"<=": ">=", ">=": "<="}.get(operator, operator)
    for name, value in other.terms.items():
        body.terms[name] = body.terms.get(name, 0) - value
    bound = simplify(other.constant - body.constant)
    return WrittenOut(
        tuple(body.terms.items()),
        lower=None if operator == "<=" else bound,
        upper=None if operator == ">=" else bound,
    )


class _Linear:
    """Terms by name, in the order in which they come."""

    __slots__ = ("constant", "terms")

    def __init__(self) -> None:
        self.terms: dict[str, Exact] = {}
        self.constant: Exact = 0

    def add(self, node: Expression, scale: Exact) -> bool:
        """``scale`` times a tree; False when it is not simply linear, and nothing here is to be used."""
        parts: list[tuple[Expression, bool]] = []
        while isinstance(node, Binary) and node.operator in "+-":
            parts.append((node.right, node.operator == "-"))
            node = node.left
        parts.append((node, False))
        return all(self._part(part, -scale if minus else scale) for part, minus in reversed(parts))

    def _part(self, node: Expression, scale: Exact) -> bool:
        if isinstance(node, NameReference):
            self.terms[node.name] = self.terms.get(node.name, 0) + scale
            return True
        if isinstance(node, Number):
            self.constant += scale * node.value
            return _short(node.value)
        if isinstance(node, Negative):
            return self._part(node.operand, -scale)
        if isinstance(node, Binary):
            return self.add(node, scale) if node.operator in "+-" else self._product(node, scale)
        return False

    def _product(self, node: Expression, scale: Exact) -> bool:
        """One factor with variables at most; the others are gathered into the scale first."""
        varying: Expression | None = None
        while True:
            last = not (isinstance(node, Binary) and node.operator in "*/")
            factor = node if last else node.right  # type: ignore[union-attr]
            number = _number(factor)
            if number is not None:
                below = not last and node.operator == "/"  # type: ignore[union-attr]
                if below and number == 0:
                    return False
                scale = divide(scale, number) if below else scale * number
            elif varying is not None or (not last and node.operator == "/"):  # type: ignore[union-attr]
                return False
            else:
                varying = factor
            if last:
                break
            node = node.left  # type: ignore[union-attr]
        if varying is None:
            self.constant += scale
            return True
        return self._part(varying, scale)


def _short(value: Exact) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= _BITS


def _number(node: Expression) -> Exact | None:
    """The value of a number with or without signs; None for all else (sums of numbers are compiled)."""
    sign = 1
    while isinstance(node, Negative):
        sign, node = -sign, node.operand
    return sign * node.value if isinstance(node, Number) and _short(node.value) else None
