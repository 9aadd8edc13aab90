"""Indices at work: which member ``t-1`` stands for, whether ``i != j`` holds, which key looks up ``stock[p,t-1]``.

Every index and condition is compiled once into a function of ``env``, the list that holds the current member of each
bound name in its slot. Used by ``expansion``; the arithmetic of coefficients is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, TypeAlias

from ..language.grammar.syntax import (
    Condition,
    Generator,
    Index,
    IndexComparison,
    IndexMember,
    IndexName,
    IndexSum,
    Logical,
    Member,
    NameReference,
    Node,
    Not,
)
from .program import member_name

Env: TypeAlias = list[Any]
IndexKey: TypeAlias = Callable[[Env], Any]
IndexTest: TypeAlias = Callable[[Env], bool]
IndexScope: TypeAlias = Mapping[str, tuple[int, str]]
"""Bound name -> its slot in ``env`` and the set it runs over."""

_ORDER: dict[str, Callable[[int, int], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Trouble(Exception):  # noqa: N818 - not a fault of the program but something to report
    """Something to report while writing out; ``node`` is where in the expression."""

    def __init__(self, code: str, message: str, node: Node | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.node, self.hint = code, message, node, hint


class Lookup:
    """Compiles indices, keys and conditions over the given sets."""

    def __init__(self, sets: Mapping[str, tuple[Member, ...]]) -> None:
        self.sets = sets
        self.width = 0  # slots that env needs
        self._known: dict[str, frozenset[Member]] = {}

    def members(self, set_name: str) -> frozenset[Member]:
        """The members of a set, for asking what is in it."""
        if set_name not in self._known:
            self._known[set_name] = frozenset(self.sets[set_name])
        return self._known[set_name]

    def loops(
        self, generators: tuple[Generator, ...], condition: Condition | None, scope: IndexScope
    ) -> tuple[dict[str, tuple[int, str]], int, list[tuple[Member, ...]], IndexTest | None]:
        """The scope inside these loops, their first slot, the sets they run over, and the compiled condition."""
        first = max((slot for slot, _ in scope.values()), default=-1) + 1
        inner = dict(scope)
        for offset, generator in enumerate(generators):
            inner[generator.name] = (first + offset, generator.set_name)
        self.width = max(self.width, first + len(generators))
        test = None if condition is None else self.condition(condition, inner)
        return inner, first, [self.sets[generator.set_name] for generator in generators], test

    def key(self, node: NameReference, index: tuple[str, ...], scope: IndexScope) -> tuple[IndexKey, frozenset[int]]:
        """What looks up a reference, and the slots it reads: a member for one index, else a tuple of members."""
        names = [position.name for position in node.indices if isinstance(position, IndexName)]
        if names and len(names) == len(node.indices) and all(name in scope for name in names):
            slots = [scope[name][0] for name in names]
            return itemgetter(*slots), frozenset(slots)
        used: set[int] = set()
        functions = [
            self.index(position, scope, used, name) for position, name in zip(node.indices, index, strict=True)
        ]
        if len(functions) == 1:
            return functions[0], frozenset(used)
        if not used:
            fixed = tuple([function([]) for function in functions])
            return (lambda env: fixed), frozenset()
        return (lambda env: tuple([function(env) for function in functions])), frozenset(used)

    def index(self, node: Index, scope: IndexScope, used: set[int], set_name: str | None) -> Callable[[Env], Member]:
        """A function that gives the member an index stands for; the slots it reads are added to ``used``."""
        if isinstance(node, IndexName) and node.name in scope:
            slot = scope[node.name][0]
            used.add(slot)
            return itemgetter(slot)
        if isinstance(node, IndexName | IndexMember):
            member = self._written(node.name if isinstance(node, IndexName) else node.member, set_name)
            return lambda env: member
        parts: list[tuple[str, Callable[[Env], Member]]] = []
        left: Index = node
        while isinstance(left, IndexSum):
            parts.append((left.operator, self.index(left.right, scope, used, None)))
            left = left.left
        start = self.index(left, scope, used, None)
        parts.reverse()

        def arithmetic(env: Env) -> Member:
            total = start(env)
            for operator, part in parts:
                other = part(env)
                if type(total) is not int or type(other) is not int:
                    odd = other if type(total) is int else total
                    raise Trouble(
                        "index-not-a-number", f"index arithmetic with {odd!r}, which is not a whole number", node
                    )
                total = total + other if operator == "+" else total - other if operator == "-" else total * other
            return total

        return arithmetic

    def _written(self, member: Member, set_name: str | None) -> Member:
        """The member of the set that is written so: ``2`` and ``"2"`` mean the same when only one of them is there."""
        if set_name is None or member in self.members(set_name):
            return member
        return next((known for known in self.sets[set_name] if str(known) == str(member)), member)

    def missing(self, node: NameReference, index: tuple[str, ...], key: Any) -> Trouble:
        """Why a key was not found: a member outside its set, or a parameter without this value."""
        members = key if isinstance(key, tuple) else (key,)
        written = member_name(node.name, members)
        for position, member, set_name in zip(node.indices, members, index, strict=True):
            if member not in self.members(set_name):
                return Trouble(
                    "outside-set",
                    f"{written} does not exist: {member} is not in {set_name}",
                    node,
                    self._advice(position, member, set_name),
                )
        return Trouble(
            "missing-value", f"no value is given for {written}", node, "give the value, or leave the case out"
        )

    def _advice(self, position: Index, member: Member, set_name: str) -> str:
        """Which condition would leave the failing cases out: for ``t-1`` at the first t, ``if t > 1``."""
        if isinstance(position, IndexSum) and isinstance(position.left, IndexName) and type(member) is int:
            known = [item for item in self.sets[set_name] if type(item) is int]
            if isinstance(position.right, IndexMember) and type(position.right.member) is int and known:
                step = -position.right.member if position.operator == "-" else position.right.member
                name = position.left.name
                if position.operator in "+-" and step < 0 and member < min(known):
                    return f"add `if {name} > {min(known) - step - 1}`"
                if position.operator in "+-" and step > 0 and member > max(known):
                    return f"add `if {name} < {max(known) - step + 1}`"
        return "leave these cases out with `if`"

    def condition(self, node: Condition, scope: IndexScope) -> IndexTest:
        """The compiled condition."""
        flip = False
        while isinstance(node, Not):
            flip, node = not flip, node.operand
        test = self._comparison(node, scope) if isinstance(node, IndexComparison) else self._logical(node, scope)
        return (lambda env: not test(env)) if flip else test

    def _logical(self, node: Logical, scope: IndexScope) -> IndexTest:
        operator = node.operator
        parts: list[IndexTest] = []
        left: Condition = node
        while isinstance(left, Logical) and left.operator == operator:
            parts.append(self.condition(left.right, scope))
            left = left.left
        parts.append(self.condition(left, scope))
        parts.reverse()
        if operator == "and":
            return lambda env: all(part(env) for part in parts)
        return lambda env: any(part(env) for part in parts)

    def _comparison(self, node: IndexComparison, scope: IndexScope) -> IndexTest:
        used: set[int] = set()
        left = self.index(node.left, scope, used, _set_of(node.right, scope))
        right = self.index(node.right, scope, used, _set_of(node.left, scope))
        operator = node.operator
        if operator == "==":
            return lambda env: left(env) == right(env)
        if operator == "!=":
            return lambda env: left(env) != right(env)
        compare = _ORDER[operator]

        def ordered(env: Env) -> bool:
            one, two = left(env), right(env)
            if type(one) is int and type(two) is int:
                return compare(one, two)
            odd = two if type(one) is int else one
            raise Trouble(
                "index-not-a-number",
                f"`{operator}` compares {odd!r}, which is not a whole number",
                node,
                "compare words with == and != only",
            )

        return ordered


def _set_of(node: Index, scope: IndexScope) -> str | None:
    return scope[node.name][1] if isinstance(node, IndexName) and node.name in scope else None
