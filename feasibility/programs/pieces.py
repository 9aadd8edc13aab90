"""What an expression is compiled to: functions that add exact terms, scaled, to what is collected so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..language.grammar.syntax import Node
from ..rationals import FRACTIONS, Exact, divide, show
from .indexing import Env, Trouble

MAX_BITS = 16_384
"""Bits of numerator or denominator of an intermediate number (about 4,900 digits)."""

PieceValue: TypeAlias = Callable[[Env], Exact]
Emit: TypeAlias = "Callable[[Env, Exact, Terms], None]"


class Terms:
    """The terms collected so far, by column; zero coefficients may still be among them."""

    __slots__ = ("constant", "linear", "quadratic")

    def __init__(self) -> None:
        self.linear: dict[int, Exact] = {}
        self.quadratic: dict[tuple[int, int], Exact] = {}
        self.constant: Exact = 0


@dataclass(slots=True)
class Piece:
    """A compiled expression.

    ``degree`` counts variables multiplied; ``value`` gives the number when it is 0. ``terms`` is how many terms one
    evaluation surely writes, ``tries`` how many combinations it goes through at most; ``slots`` are those it reads.
    ``column`` is there for a variable alone.
    """

    degree: int
    emit: Emit
    value: PieceValue | None = None
    terms: int = 1
    tries: int = 1
    slots: frozenset[int] = frozenset()
    column: Callable[[Env], int] | None = None


def bounded(value: Exact, node: Node | None = None) -> Exact:
    """The number itself, unless it has grown beyond :data:`MAX_BITS`."""
    bits = (
        value.bit_length() if type(value) is int else max(value.numerator.bit_length(), value.denominator.bit_length())
    )
    if bits > MAX_BITS:
        raise Trouble(
            "number-too-large", f"an intermediate number has more than {int(MAX_BITS * 0.30103):,} digits", node
        )
    return value


def constant_piece(value: PieceValue, slots: frozenset[int] = frozenset(), terms: int = 1, tries: int = 1) -> Piece:
    """A piece of degree 0 from its value function."""

    def emit(env: Env, scale: Exact, into: Terms) -> None:
        into.constant += scale * value(env)
        if type(into.constant) is not int:
            bounded(into.constant)

    return Piece(0, emit, value, terms, tries, slots)


NO_SLOTS: frozenset[int] = frozenset()


def number_piece(value: Exact) -> Piece:
    return constant_piece(lambda env: value)


def once(value: PieceValue) -> PieceValue:
    """The same number, computed at its first use: it depends on no bound name."""
    known: list[Exact] = []

    def remembered(env: Env) -> Exact:
        if not known:
            known.append(value(env))
        return known[0]

    return remembered


def factor_value(literal: Exact, numbers: list[tuple[bool, PieceValue, Node]]) -> PieceValue:
    """The product of all numbers in a product, as one function."""
    if not numbers:
        return lambda env: literal
    if len(numbers) == 1 and literal == 1 and not numbers[0][0]:
        return numbers[0][1]

    def value(env: Env) -> Exact:
        total = literal
        for below, number, node in numbers:
            factor = number(env)
            if below:
                if factor == 0:
                    raise Trouble("division-by-zero", "this divides by zero", node)
                total = divide(total, factor)
            else:
                total = total * factor
            bounded(total, node)
        return total

    return value


def scaled_piece(piece: Piece, factor: PieceValue, slots: frozenset[int], literal: Exact | None = None) -> Piece:
    """``factor * piece``."""
    inner = piece.emit
    if piece.value is not None:
        value = piece.value
        return constant_piece(
            lambda env: bounded(factor(env) * value(env)), piece.slots | slots, piece.terms, piece.tries
        )

    def emit(env: Env, scale: Exact, into: Terms) -> None:
        value = factor(env)
        inner(env, value if scale == 1 else scale * value, into)

    def emit_literal(env: Env, scale: Exact, into: Terms) -> None:
        inner(env, scale * literal, into)  # type: ignore[operator]

    chosen = emit if literal is None else emit_literal
    return Piece(piece.degree, chosen, None, piece.terms, piece.tries, piece.slots | slots)


def size(value: Exact) -> Exact:
    """The absolute value."""
    return value if value >= 0 else -value


def describe(value: Exact) -> str:
    """A coefficient for a message: short, however many digits it has."""
    if type(value) in FRACTIONS and value.numerator.bit_length() - value.denominator.bit_length() > 900:
        value = int(value)
    if type(value) is int and value.bit_length() > 900:
        return f"about {'-' if value < 0 else ''}1e{int(value.bit_length() * 0.30103)}"
    return show(value) if size(value) < 10**15 else f"{float(value):.6g}"
