"""Small pieces of syntax trees, in the place of what they stand for."""

from __future__ import annotations

import ast
from typing import TypeVar

PREFIX = "_pyrite_"
"""In front of every name that the recorders own; no program may use it."""

SyntaxNode = TypeVar("SyntaxNode", bound=ast.AST)


def truth_of(value: ast.expr) -> ast.expr:
    """The condition as a call that asks the recorder for its truth."""
    if isinstance(value, ast.Constant):
        return value
    return call_of("truth", value, value)


def is_text(value: ast.expr) -> bool:
    """A text, bytes or None as written."""
    return isinstance(value, ast.Constant) and (isinstance(value.value, str | bytes) or value.value is None)


def is_plain(index: ast.expr) -> bool:
    """Whether the index may be evaluated twice."""
    kinds = (ast.Name, ast.Constant, ast.Tuple, ast.Load, ast.BinOp, ast.operator)
    return all(isinstance(part, kinds) for part in ast.walk(index))


def index_of(index: ast.expr) -> ast.expr:
    """An index as an expression: a slice becomes a call."""
    if isinstance(index, ast.Slice):
        parts = [part or placed(ast.Constant(None), index) for part in (index.lower, index.upper, index.step)]
        return placed(ast.Call(name_of("slice"), parts, []), index)
    return index


def call_of(name: str, place: ast.AST, *arguments: ast.expr) -> ast.expr:
    """A call of one of the recorders' functions, in this place."""
    return placed(ast.Call(name_of(f"{PREFIX}_{name}"), list(arguments), []), place)


def assign_to(name: str, value: ast.expr, place: ast.AST) -> ast.stmt:
    """``name = value``, in this place."""
    return placed(ast.Assign([ast.Name(name, ast.Store())], value), place)


def name_of(name: str) -> ast.expr:
    """The name, read."""
    return ast.Name(name, ast.Load())


def text_of(value: str) -> ast.expr:
    """The text as a constant."""
    return ast.Constant(value)


def no_arguments() -> ast.arguments:
    """The arguments of a function that takes none."""
    return ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def placed(node: SyntaxNode, place: ast.AST) -> SyntaxNode:
    """The node with the place of the one it stands for, so that errors name the program's own line."""
    if hasattr(place, "lineno"):
        return ast.copy_location(node, place)
    return node
