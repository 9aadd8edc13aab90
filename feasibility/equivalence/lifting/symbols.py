"""Affine expressions over index families in a normal form: equal dictionaries say the same for all data.

An expression is a sum of summands ``coefficient * sum(parameters * variable for loops if conditions)``. Products are
multiplied out, nested sums joined, conditions brought to one form, and loops renamed so that neither their names nor
their order matters. What does not fit (products of variables, division by a sum) raises :class:`NotLiftable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, permutations
from typing import Any, TypeAlias

from ...language.grammar.syntax import (
    Binary,
    Condition,
    Expression,
    Index,
    IndexComparison,
    IndexMember,
    IndexName,
    IndexSum,
    Logical,
    NameReference,
    Negative,
    Not,
    Number,
    Square,
    Sum,
)
from ...language.names import Resolved
from ...rationals import Exact, Fraction

SymbolPlace: TypeAlias = tuple[Any, ...]
"""``("i", ((name, weight), ...), number)`` or ``("m", member)``."""
SymbolTest: TypeAlias = tuple[Any, ...]
Loops: TypeAlias = tuple[tuple[str, str], ...]
Powers: TypeAlias = tuple[tuple[tuple[str, tuple[SymbolPlace, ...]], int], ...]
SymbolVariable: TypeAlias = "tuple[str, tuple[SymbolPlace, ...]] | None"
Summand: TypeAlias = tuple[Loops, tuple[SymbolTest, ...], Powers, SymbolVariable]
SymbolTerms: TypeAlias = dict[Summand, Fraction]

MOST_LOOPS = 4
MOST_SUMMANDS = 400
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class NotLiftable(Exception):  # noqa: N818 - not a fault: the formulations are compared on their data instead
    """Something that the normal form cannot hold; the message says what."""


# Places and conditions ------------------------------------------------------------------------------------------------


def linear(terms: Mapping[str, int], number: int) -> SymbolPlace:
    return ("i", tuple(sorted((n, w) for n, w in terms.items() if w)), number)


def place(node: Index, scope: Mapping[str, str]) -> SymbolPlace:
    """An index as a place; names that no loop binds are members."""
    if isinstance(node, IndexName):
        if node.name in scope:
            return linear({node.name: 1}, 0)
        return linear({}, int(node.name)) if node.name.isdigit() else ("m", node.name)
    if isinstance(node, IndexMember):
        member = node.member
        return linear({}, int(member)) if isinstance(member, int) or member.isdigit() else ("m", member)
    assert isinstance(node, IndexSum)
    left, right = place(node.left, scope), place(node.right, scope)
    if left[0] == "m" or right[0] == "m":
        raise NotLiftable("index arithmetic with a member that is no number")
    if node.operator == "*":
        if left[1] and right[1]:
            raise NotLiftable("a product of indices")
        factor, other = (left[2], right) if not left[1] else (right[2], left)
        return linear({n: w * factor for n, w in other[1]}, other[2] * factor)
    sign = 1 if node.operator == "+" else -1
    terms = dict(left[1])
    for name, weight in right[1]:
        terms[name] = terms.get(name, 0) + sign * weight
    return linear(terms, left[2] + sign * right[2])


def moved(where: SymbolPlace, names: Mapping[str, SymbolPlace]) -> SymbolPlace:
    """The place with names replaced."""
    if where[0] == "m":
        return where
    terms: dict[str, int] = {}
    number = where[2]
    for name, weight in where[1]:
        target = names.get(name)
        if target is None:
            terms[name] = terms.get(name, 0) + weight
        elif target[0] == "m":
            if where[1:] != (((name, 1),), 0):
                raise NotLiftable("index arithmetic with a member that is no number")
            return target
        else:
            number += weight * target[2]
            for inner, w in target[1]:
                terms[inner] = terms.get(inner, 0) + weight * w
    return linear(terms, number)


def compared(operator: str, left: SymbolPlace, right: SymbolPlace) -> SymbolTest:
    """A comparison in one form: ``("le", place)`` is place <= 0; equality is symmetric."""
    if left[0] == "m" or right[0] == "m":
        if operator not in ("==", "!="):
            raise NotLiftable("an order of members that are no numbers")
        return (operator, *sorted((left, right), key=repr))
    terms = dict(left[1])
    for name, weight in right[1]:
        terms[name] = terms.get(name, 0) - weight
    number = left[2] - right[2]
    if operator in (">", ">="):
        terms, number = {n: -w for n, w in terms.items()}, -number
    if operator in ("<", ">"):
        number += 1
    difference = linear(terms, number)
    if operator in ("==", "!="):
        if difference[1] and difference[1][0][1] < 0:
            difference = linear({n: -w for n, w in difference[1]}, -difference[2])
        return (operator, difference)
    return ("le", difference)


def conditions_of(node: Condition, scope: Mapping[str, str], negated: bool = False) -> tuple[SymbolTest, ...]:
    """The condition as tests that all hold; an alternative is one test."""
    if isinstance(node, Not):
        return conditions_of(node.operand, scope, not negated)
    if isinstance(node, Logical):
        parts = [conditions_of(node.left, scope, negated), conditions_of(node.right, scope, negated)]
        if (node.operator == "and") != negated:
            return tuple(sorted({*parts[0], *parts[1]}, key=repr))
        return (("or", tuple(sorted(parts, key=repr))),)
    assert isinstance(node, IndexComparison)
    operator = _OPPOSITE[node.operator] if negated else node.operator
    return (compared(operator, place(node.left, scope), place(node.right, scope)),)


def moved_test(one: SymbolTest, names: Mapping[str, SymbolPlace]) -> SymbolTest:
    """The test with names replaced, in its normal form again."""
    if one[0] == "or":
        branches = [tuple(sorted((moved_test(t, names) for t in branch), key=repr)) for branch in one[1]]
        return ("or", tuple(sorted(branches, key=repr)))
    if one[0] == "le":
        return compared("<=", moved(one[1], names), linear({}, 0))
    if len(one) == 2:
        return compared(one[0], moved(one[1], names), linear({}, 0))
    return compared(one[0], moved(one[1], names), moved(one[2], names))


def settled(one: SymbolTest) -> bool | None:
    """Whether a test holds whatever its names stand for, or never; None when it depends on them."""
    if one[0] == "or":
        branches = [[settled(t) for t in branch] for branch in one[1]]
        if any(all(value is True for value in branch) for branch in branches):
            return True
        return False if all(False in branch for branch in branches) else None
    if len(one) == 3:
        if one[1] == one[2]:
            return bool(one[0] == "==")
        distinct = one[1][0] == one[2][0] == "m" or (
            one[1][0] != one[2][0] and not (one[1][1] if one[1][0] == "i" else one[2][1])
        )
        return bool(one[0] == "!=") if distinct else None
    if one[1][1]:
        return None
    value = one[1][2]
    return bool(value <= 0 if one[0] == "le" else (value == 0) == (one[0] == "=="))


# Summands and sums ----------------------------------------------------------------------------------------------------


def renamed(summand: Summand, names: Mapping[str, SymbolPlace]) -> Summand:
    """Free names and loops replaced; ``names`` maps a loop to a bare name."""
    loops, conditions, powers, variable = summand
    return (
        tuple((moved(linear({n: 1}, 0), names)[1][0][0], s) for n, s in loops),
        tuple(sorted({moved_test(t, names) for t in conditions}, key=repr)),
        tuple(sorted((((p, tuple(moved(w, names) for w in at)), e) for (p, at), e in powers), key=repr)),
        None if variable is None else (variable[0], tuple(moved(w, names) for w in variable[1])),
    )


def canonical(summand: Summand) -> Summand:
    """The summand with its loops named $0, $1 ... in the order that writes it least."""
    loops = summand[0]
    if not loops:
        return renamed(summand, {})
    if len(loops) > MOST_LOOPS:
        raise NotLiftable(f"a sum over more than {MOST_LOOPS} loops")
    best: Summand | None = None
    for order in permutations(range(len(loops))):
        chosen = [loops[k] for k in order]
        if any(a[1] > b[1] for a, b in pairwise(chosen)):
            continue
        names = {name: linear({f"${k}": 1}, 0) for k, (name, _) in enumerate(chosen)}
        _, conditions, powers, variable = renamed(((), *summand[1:]), names)
        tried = (tuple((f"${k}", s) for k, (_, s) in enumerate(chosen)), conditions, powers, variable)
        if best is None or repr(tried) < repr(best):
            best = tried
    assert best is not None
    return best


def collect(pairs: list[tuple[Summand, Fraction]]) -> SymbolTerms:
    """The sum, like summands together."""
    total: SymbolTerms = {}
    for (loops, conditions, powers, variable), coefficient in pairs:
        known = [settled(one) for one in conditions]
        if False in known:
            continue
        left = tuple(one for one, value in zip(conditions, known, strict=True) if value is None)
        one = canonical((loops, left, powers, variable))
        value = total.get(one, Fraction(0)) + coefficient
        if value:
            total[one] = value
        else:
            total.pop(one, None)
    if len(total) > MOST_SUMMANDS:
        raise NotLiftable("an expression with too many terms")
    return total


def plus(first: SymbolTerms, second: SymbolTerms, weight: Exact = 1) -> SymbolTerms:
    """``first + weight * second``; both are in normal form, so keys only meet."""
    total = dict(first)
    for summand, coefficient in second.items():
        value = total.get(summand, Fraction(0)) + weight * coefficient
        if value:
            total[summand] = value
        else:
            total.pop(summand, None)
    return total


def multiply_powers(first: Powers, second: Powers) -> Powers:
    found: dict[tuple[str, tuple[SymbolPlace, ...]], int] = {}
    for atom, exponent in (*first, *second):
        found[atom] = found.get(atom, 0) + exponent
    return tuple(sorted(((a, e) for a, e in found.items() if e), key=repr))


def times(first: SymbolTerms, second: SymbolTerms) -> SymbolTerms:
    """The product; at most one factor of each pair of summands holds a variable."""
    pairs = []
    for one, a in first.items():
        for other, b in second.items():
            names = {name: linear({f"{name}'": 1}, 0) for name, _ in other[0]}
            loops, conditions, powers, variable = renamed(other, names)
            if one[3] is not None and variable is not None:
                raise NotLiftable("a product of variables")
            joined = (
                one[0] + loops, one[1] + conditions, multiply_powers(one[2], powers), one[3] or variable,
            )  # fmt: skip
            pairs.append((joined, a * b))
    return collect(pairs)


def substituted(terms: SymbolTerms, names: Mapping[str, SymbolPlace]) -> SymbolTerms:
    """Free names replaced by places."""
    return collect([(renamed(s, names), c) for s, c in terms.items()])


def summed(terms: SymbolTerms, loops: Loops, conditions: tuple[SymbolTest, ...]) -> SymbolTerms:
    """The sum of the expression over further loops."""
    found = []
    for (inner, others, powers, variable), c in terms.items():
        fresh = {name: linear({f"{name}'": 1}, 0) for name, _ in inner}
        ((renamed_loops, renamed_others, renamed_powers, renamed_variable)) = renamed(
            (inner, others, powers, variable), fresh
        )
        found.append(((loops + renamed_loops, conditions + renamed_others, renamed_powers, renamed_variable), c))
    return collect(found)


def number(value: Fraction) -> SymbolTerms:
    return {((), (), (), None): value} if value else {}


# From trees -----------------------------------------------------------------------------------------------------------


def read(node: Expression, resolved: Resolved, scope: Mapping[str, str]) -> SymbolTerms:
    """The normal form of an expression whose free names ``scope`` binds to sets."""
    if isinstance(node, Number):
        return number(Fraction(node.value))
    if isinstance(node, Negative):
        return plus({}, read(node.operand, resolved, scope), Fraction(-1))
    if isinstance(node, Square):
        one = read(node.operand, resolved, scope)
        return times(one, one)
    if isinstance(node, NameReference):
        return _reference(node, resolved, scope)
    if isinstance(node, Sum):
        inner = {**scope, **{g.name: g.set_name for g in node.generators}}
        conditions = conditions_of(node.condition, inner) if node.condition is not None else ()
        return summed(
            read(node.body, resolved, inner), tuple((g.name, g.set_name) for g in node.generators), conditions
        )
    assert isinstance(node, Binary)
    left, right = read(node.left, resolved, scope), read(node.right, resolved, scope)
    if node.operator in "+-":
        return plus(left, right, Fraction(1 if node.operator == "+" else -1))
    return times(left, right if node.operator == "*" else _inverse(right))


def _inverse(terms: SymbolTerms) -> SymbolTerms:
    if len(terms) != 1:
        raise NotLiftable("division by a sum")
    (((loops, conditions, powers, variable), coefficient),) = terms.items()
    if loops or conditions or variable is not None:
        raise NotLiftable("division by a sum")
    return {((), (), tuple((atom, -e) for atom, e in powers), None): 1 / coefficient}


def _reference(node: NameReference, resolved: Resolved, scope: Mapping[str, str]) -> SymbolTerms:
    if not node.indices and node.name in scope:
        return {((), (), ((("#", (linear({node.name: 1}, 0),)), 1),), None): Fraction(1)}
    places = tuple(place(index, scope) for index in node.indices)
    if node.name in resolved.variables:
        return {((), (), (), (node.name, places)): Fraction(1)}
    return {((), (), (((node.name, places), 1),), None): Fraction(1)}
