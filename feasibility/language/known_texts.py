"""Trees of texts that come again: the rows of a problem's answers are much alike, and are read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, TypeVar

from ..policy import Policy
from .grammar.parsing import parse_expression, parse_relation
from .grammar.syntax import Binary, Expression, NameReference, Negative, Number, RelationSyntax, Square

T = TypeVar("T")

SHORT: Final = 300
"""Characters of a text that is remembered."""

KEPT: Final = 2048
"""Texts of each kind that are remembered, for the last two kinds of policy."""


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A text's tree, and the ``names`` in it when it holds nothing but numbers, arithmetic and names without an index.

    ``names`` is None when it holds more (sums, indices), or when the text is longer than :data:`SHORT`.
    """

    tree: T
    names: frozenset[str] | None = None


class KnownTexts:
    """Reads texts under one policy. Both methods raise ExpressionError for what the grammar does not allow."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._readers = _readers(policy.max_digits, policy.max_nesting, min(policy.max_expression_chars, SHORT))

    def expression(self, text: str) -> Read[Expression]:
        """An expression that stands alone."""
        return self._readers[0](text) if len(text) <= SHORT else Read(parse_expression(text, self._policy))

    def relation(self, text: str) -> Read[RelationSyntax]:
        """What a constraint says."""
        return self._readers[1](text) if len(text) <= SHORT else Read(parse_relation(text, self._policy))


def forget_texts() -> None:
    """As in a process that has read none yet: for measuring."""
    _readers.cache_clear()


@lru_cache(maxsize=2)
def _readers(
    digits: int, nesting: int, chars: int
) -> tuple[Callable[[str], Read[Expression]], Callable[[str], Read[RelationSyntax]]]:
    """For all policies that agree in what decides how a short text reads: those of answers and of references do."""
    policy = Policy(max_digits=digits, max_nesting=nesting, max_expression_chars=chars)

    def expression(text: str) -> Read[Expression]:
        tree = parse_expression(text, policy)
        return Read(tree, plain_names((tree,)))

    def relation(text: str) -> Read[RelationSyntax]:
        tree = parse_relation(text, policy)
        return Read(tree, plain_names(tree.terms))

    return lru_cache(maxsize=KEPT)(expression), lru_cache(maxsize=KEPT)(relation)


def plain_names(trees: Iterable[Expression]) -> frozenset[str] | None:
    """The names of trees without sums and indices; None where there are such."""
    names: set[str] = set()
    todo = list(trees)
    while todo:
        node = todo.pop()
        if isinstance(node, NameReference):
            if node.indices:
                return None
            names.add(node.name)
        elif isinstance(node, Binary):
            todo += (node.left, node.right)
        elif isinstance(node, Negative | Square):
            todo.append(node.operand)
        elif not isinstance(node, Number):
            return None
    return frozenset(names)
