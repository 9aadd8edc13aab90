"""Random syntax trees of everything the grammar can write, and random formulations that use few names."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from pyrite.feasibility.language.grammar import syntax as s
from pyrite.feasibility.language.grammar.tokens import RESERVED
from pyrite.feasibility.rationals import simplify

IDENTIFIERS = ("x", "y", "make", "profit", "P", "T", "p", "t", "i", "_z9", "E1", "e", "sums", "Inf")


def names(words: tuple[str, ...] = IDENTIFIERS) -> st.SearchStrategy[str]:
    """Identifiers: some that look odd, and any others."""
    anything = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in RESERVED)
    return st.sampled_from(words) | anything


def numbers() -> st.SearchStrategy[s.Number]:
    """Decimals that are not negative: the minus is a node of its own."""
    decimals = st.builds(
        lambda digits, places: simplify(Fraction(digits, 10**places)), st.integers(0, 10**12), st.integers(0, 15)
    )
    return st.builds(s.Number, st.integers(0, 1000) | decimals)


def members() -> st.SearchStrategy[s.IndexMember]:
    """Quoted members of any characters, and whole numbers of either sign."""
    texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6) | st.sampled_from(
        ["a'b", 'a"b', "\\", "'\""]
    )
    return st.builds(s.IndexMember, texts | st.integers(-50, 50))


def indices() -> st.SearchStrategy[s.Index]:
    """Index arithmetic."""
    return st.recursive(
        st.builds(s.IndexName, names()) | members(),
        lambda inner: st.builds(s.IndexSum, st.sampled_from("+-*"), inner, inner),
        max_leaves=5,
    )


def conditions() -> st.SearchStrategy[s.Condition]:
    """Comparisons joined by and, or, not."""
    comparison = st.builds(s.IndexComparison, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), indices(), indices())
    return st.recursive(
        comparison,
        lambda inner: st.builds(s.Not, inner) | st.builds(s.Logical, st.sampled_from(["and", "or"]), inner, inner),
        max_leaves=5,
    )


def generators() -> st.SearchStrategy[s.Generator]:
    """name in set."""
    return st.builds(s.Generator, names(), names())


def expressions() -> st.SearchStrategy[s.Expression]:
    """Everything an expression can be."""
    leaves = numbers() | st.builds(s.NameReference, names(), st.lists(indices(), max_size=3).map(tuple))

    def extend(inner: st.SearchStrategy[s.Expression]) -> st.SearchStrategy[s.Expression]:
        loops = st.lists(generators(), min_size=1, max_size=3).map(tuple)
        return (
            st.builds(s.Binary, st.sampled_from("+-*/"), inner, inner)
            | st.builds(s.Negative, inner)
            | st.builds(s.Square, inner)
            | st.builds(s.Sum, inner, loops, st.none() | conditions())
        )

    return st.recursive(leaves, extend, max_leaves=12)


def relations() -> st.SearchStrategy[s.RelationSyntax]:
    """One relation, or a chain of two in one direction."""
    one = st.builds(
        lambda a, op, b: s.RelationSyntax((a, b), (op,)),
        expressions(),
        st.sampled_from(["<=", ">=", "=="]),
        expressions(),
    )
    chain = st.builds(
        lambda a, b, c, op: s.RelationSyntax((a, b, c), (op, op)),
        expressions(),
        expressions(),
        expressions(),
        st.sampled_from(["<=", ">="]),
    )
    return one | chain


def families() -> st.SearchStrategy[s.ForClause]:
    """The text of "for"."""
    return st.builds(s.ForClause, st.lists(generators(), min_size=1, max_size=3).map(tuple), st.none() | conditions())
