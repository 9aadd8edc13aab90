"""How names are used inside expressions: declared, with the right number of indices, and the right kind of index.

Trees are walked with a list of what is still to do, never by recursion: a sum of 10,000 terms is 10,000 levels deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..verdict import Finding
from .document.reading import MAX_FINDINGS
from .formulation import Parameter, Variable
from .grammar.syntax import (
    Binary,
    Condition,
    Expression,
    ForClause,
    Generator,
    Index,
    IndexComparison,
    IndexMember,
    IndexName,
    IndexSum,
    Logical,
    Member,
    NameReference,
    Negative,
    Node,
    Not,
    RelationSyntax,
    Square,
    Sum,
)
from .suggestions import closest, shorten

_ORDER: Final = frozenset({"<", "<=", ">", ">="})


@dataclass(slots=True)
class Symbols:
    """Everything that is declared, with what checking needs to know about each set (worked out when first asked)."""

    sets: Mapping[str, tuple[Member, ...]]
    parameters: Mapping[str, Parameter]
    variables: Mapping[str, Variable]
    _members: dict[str, frozenset[Member]] = field(default_factory=dict)
    _written: dict[str, frozenset[str]] = field(default_factory=dict)
    _whole: dict[str, bool] = field(default_factory=dict)

    def members(self, name: str) -> frozenset[Member]:
        """The members of a declared set."""
        if name not in self._members:
            self._members[name] = frozenset(self.sets[name])
        return self._members[name]

    def written(self, name: str) -> frozenset[str]:
        """The members of a declared set as the keys of values write them."""
        if name not in self._written:
            self._written[name] = frozenset(map(str, self.sets[name]))
        return self._written[name]

    def whole(self, name: str) -> bool:
        """Whether all members of a declared set are whole numbers."""
        if name not in self._whole:
            self._whole[name] = all(isinstance(member, int) for member in self.sets[name])
        return self._whole[name]

    def texts(self, name: str) -> bool:
        """Whether no member of a declared set is a whole number."""
        return not any(isinstance(member, int) for member in self.sets[name])

    def kind(self, name: str) -> str:
        """``a set``, ``a parameter``, ``a variable`` or the empty text."""
        if name in self.sets:
            return "a set"
        if name in self.parameters:
            return "a parameter"
        return "a variable" if name in self.variables else ""

    def no_set(self, name: str, where: str, node: Node | None = None) -> Finding:
        """The finding that ``name`` is not a declared set."""
        kind = self.kind(name)
        message = f"{shorten(name)} is {kind}, not a set" if kind else f"the set {shorten(name)} is not declared"
        hint = closest(name, self.sets) or 'declare it under "sets" with its members'
        return Finding(
            "undeclared-set", message, where, node.at if node else None, node.end if node else None, hint=hint
        )


@dataclass(slots=True)
class BoundName:
    """A name bound by ``for``; ``set_name`` is None when that set is not declared, which is reported at the loop."""

    generator: Generator
    set_name: str | None
    where: str


class Usage:
    """The check of one text: one of ``objective`` and ``constraint`` is called, once, and gives all findings."""

    def __init__(self, symbols: Symbols, where: str) -> None:
        self.symbols = symbols
        self.where = where
        self.findings: list[Finding] = []
        self.unknown: set[str] = set()

    def objective(self, expression: Expression) -> list[Finding]:
        """Check an expression that stands alone."""
        self.expression(expression, {})
        return self.finish()

    def constraint(self, relation: RelationSyntax | None, family: ForClause | None, for_where: str) -> list[Finding]:
        """Check a relation (None: it did not parse) under the loops of its ``for``, whose pointer is given."""
        scope: dict[str, BoundName] = {}
        inside = self.where
        if family is not None:
            self.where = for_where
            scope = self.bind(family.generators, scope)
            if family.condition is not None:
                self.condition(family.condition, scope)
        self.where = inside
        if relation is None:
            return self.findings
        for term in relation.terms:
            self.expression(term, scope)
        if len(relation.terms) == 3:
            for term in (relation.terms[0], relation.terms[2]):
                self.constant(term)
        return self.finish()

    @property
    def full(self) -> bool:
        """As many findings as are reported: the rest of the text is not looked at, which bounds the work."""
        return len(self.findings) >= MAX_FINDINGS

    def finish(self) -> list[Finding]:
        return sorted(self.findings, key=lambda finding: (finding.where == self.where, finding.at or 0))

    def add(self, code: str, message: str, node: Node, hint: str = "") -> None:
        self.findings.append(Finding(code, message, self.where, node.at, node.end, hint))

    # Loops and names.

    def bind(self, generators: Iterable[Generator], outer: Mapping[str, BoundName]) -> dict[str, BoundName]:
        """The names in scope inside of these loops."""
        scope = dict(outer)
        for generator in generators:
            if self.full:
                break
            name, set_name = generator.name, generator.set_name
            kind = "a bound name" if name in scope else self.symbols.kind(name)
            if kind:
                self.add("shadowed-name", f"{name!r} is already {kind}", generator, "choose another name for the loop")
            known = set_name in self.symbols.sets
            if not known:
                self.findings.append(self.symbols.no_set(set_name, self.where, generator))
            bound = BoundName(generator, set_name if known else None, self.where)
            scope[name] = bound
        return scope

    def expression(self, expression: Expression, scope: dict[str, BoundName]) -> None:
        todo: list[tuple[Expression, dict[str, BoundName]]] = [(expression, scope)]
        while todo and len(self.findings) < MAX_FINDINGS:
            node, scope = todo.pop()
            while isinstance(node, Binary):  # most of a tree is the left side of a chain
                todo.append((node.right, scope))
                node = node.left
            if isinstance(node, NameReference):
                self.reference(node, scope)
            elif isinstance(node, Negative | Square):
                todo.append((node.operand, scope))
            elif isinstance(node, Sum):
                inner = self.bind(node.generators, scope)
                if node.condition is not None:
                    self.condition(node.condition, inner)
                todo.append((node.body, inner))

    def reference(self, node: NameReference, scope: Mapping[str, BoundName]) -> None:
        name, symbols = node.name, self.symbols
        bound = scope.get(name)
        if bound is not None:
            if node.indices:
                self.add("wrong-arity", f"{name!r} is a bound name and has no index", node, f"write {name}")
            elif bound.set_name is not None and not symbols.whole(bound.set_name):
                message = f"{name!r} runs over {bound.set_name!r}, whose members are not all whole numbers"
                self.add("index-not-a-number", message, node, "use it as an index, or give a parameter over the set")
            return
        item = symbols.variables.get(name) or symbols.parameters.get(name)
        if item is None:
            if name in symbols.sets:
                hint = f"sum over it: sum(... for i in {name})"
                self.add("set-as-number", f"{name!r} is a set and has no value", node, hint)
            elif name not in self.unknown:
                self.unknown.add(name)
                known = [*symbols.variables, *symbols.parameters, *scope]
                hint = closest(name, known) or "declare it as a variable or a parameter"
                self.add("undeclared-name", f"{shorten(name)} is not declared", node, hint)
            for index in node.indices:
                self.index(index, None, scope)
            return
        if len(node.indices) != len(item.index):
            kind, wanted = symbols.kind(name), len(item.index)
            has = {0: "no index", 1: "one index"}.get(wanted, f"{wanted} indices")
            over = f" ({', '.join(item.index)})" if wanted else ""
            letters = ",".join(set_name[:1].lower() for set_name in item.index)
            hint = f"write {name}[{letters}]" if wanted else f"write {name}"
            self.add("wrong-arity", f"{name!r} is {kind} with {has}{over}, not {len(node.indices)}", node, hint)
            for index in node.indices:
                self.index(index, None, scope)
            return
        for index, set_name in zip(node.indices, item.index, strict=True):
            self.index(index, set_name if set_name in symbols.sets else None, scope)

    def constant(self, expression: Expression) -> None:
        """The ends of a chain ``lo <= e <= hi`` hold no variables."""
        todo = [expression]
        while todo:
            node = todo.pop()
            if isinstance(node, NameReference) and node.name in self.symbols.variables:
                message = f"an end of a chain is a number, but {node.name!r} is a variable"
                self.add("chain-with-variables", message, node, "write two constraints")
                return
            if isinstance(node, Binary):
                todo += (node.right, node.left)
            elif isinstance(node, Negative | Square):
                todo.append(node.operand)
            elif isinstance(node, Sum):
                todo.append(node.body)

    # Indices and conditions.

    def index(self, node: Index, set_name: str | None, scope: Mapping[str, BoundName]) -> None:
        """An index that must lie in the set; None when the set is not known."""
        if isinstance(node, IndexSum):
            self.arithmetic(node, scope)
        elif isinstance(node, IndexName) and node.name in scope:
            bound = scope[node.name]
            if bound.set_name is not None and set_name is not None and bound.set_name != set_name:
                own, wanted = self.symbols.members(bound.set_name), self.symbols.members(set_name)
                if own and wanted and own.isdisjoint(wanted):
                    message = f"{node.name!r} runs over {bound.set_name!r}, but the index runs over {set_name!r}"
                    self.add("wrong-set", message, node, "check the order of the indices")
        elif set_name is not None:
            self.member(node, set_name, scope)

    def member(self, node: IndexName | IndexMember, set_name: str, scope: Mapping[str, BoundName]) -> None:
        """A member that is written out must exist."""
        member = node.name if isinstance(node, IndexName) else node.member
        members = self.symbols.members(set_name)
        if member in members:
            return
        hint = ""
        if isinstance(node, IndexName):
            kind = self.symbols.kind(node.name)
            if kind == "a set":
                hint = f"bind a name to its members: for i in {node.name}"
            elif kind:
                hint = f"{node.name!r} is {kind}; an index is a bound name, a member or whole-number arithmetic"
            else:
                hint = closest(node.name, [*map(str, self.symbols.sets[set_name]), *scope])
                hint = hint or "bind it with 'for', or write a member of the set"
        elif isinstance(member, int):
            hint = f"write '{member}' in quotes" if str(member) in members else "write a member of the set"
        else:
            whole = str(member) in self.symbols.written(set_name)
            hint = "write it without quotes" if whole else closest(member, map(str, self.symbols.sets[set_name]))
        self.add("unknown-member", f"{shorten(str(member))} is not a member of {set_name!r}", node, hint)

    def arithmetic(self, index: Index, scope: Mapping[str, BoundName]) -> None:
        """Arithmetic needs whole numbers on both sides."""
        todo: list[Index] = [index]
        while todo:
            node = todo.pop()
            if isinstance(node, IndexSum):
                todo += (node.right, node.left)
                continue
            if isinstance(node, IndexName):
                bound = scope.get(node.name)
                if bound is None:
                    message = f"{node.name!r} is not a bound name, and arithmetic needs whole numbers"
                    self.add("index-not-a-number", message, node, "bind it with 'for', or write the number")
                    continue
                good = bound.set_name is None or self.symbols.whole(bound.set_name)
                message = f"{node.name!r} runs over {bound.set_name!r}, whose members are not all whole numbers"
            else:
                good = isinstance(node.member, int)
                message = f"{shorten(str(node.member))} is not a whole number"
            if not good:
                self.add("index-not-a-number", message, node, "arithmetic such as t-1 needs whole-number members")

    def condition(self, condition: Condition, scope: Mapping[str, BoundName]) -> None:
        todo = [condition]
        while todo and not self.full:
            node = todo.pop()
            if isinstance(node, Logical):
                todo += (node.right, node.left)
            elif isinstance(node, Not):
                todo.append(node.operand)
            else:
                self.comparison(node, scope)

    def comparison(self, node: IndexComparison, scope: Mapping[str, BoundName]) -> None:
        sides = (node.left, node.right)
        kinds = [self.side(side, other, scope) for side, other in (sides, sides[::-1])]
        if None in kinds:
            return
        if node.operator in _ORDER and kinds != ["whole", "whole"]:
            message = f"{node.operator!r} needs whole numbers on both sides"
            self.add("comparison-type", message, node, "compare texts with == or != only")
        elif set(kinds) == {"whole", "text"}:
            message = "a whole number is compared with a text, which are never equal"
            self.add("comparison-type", message, node, "compare members of the same set")

    def side(self, node: Index, other: Index, scope: Mapping[str, BoundName]) -> str | None:
        """``whole``, ``text``, ``mixed``, or None when it was reported or cannot be known."""
        if isinstance(node, IndexSum):
            self.arithmetic(node, scope)
            return "whole"
        if isinstance(node, IndexName) and node.name in scope:
            bound = scope[node.name]
            if bound.set_name is None:
                return None
            if self.symbols.whole(bound.set_name):
                return "whole"
            return "text" if self.symbols.texts(bound.set_name) else "mixed"
        if isinstance(node, IndexMember) and isinstance(node.member, int):
            return "whole"
        across = scope.get(other.name) if isinstance(other, IndexName) else None
        if across is not None and across.set_name is not None:
            before = len(self.findings)
            self.member(node, across.set_name, scope)
            return "text" if len(self.findings) == before else None
        if across is None and isinstance(node, IndexName):
            message = f"{node.name!r} is not a bound name"
            self.add("undeclared-name", message, node, "bind it with 'for', or quote it if it is a member")
            return None
        return "text" if across is None else None
