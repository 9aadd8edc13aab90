"""The same formulation as a Pyomo model: indexed Sets, Params, Vars and Constraints under their own names.

For users who go on from there, for any solver Pyomo finds, and as a second opinion: everything after the parser is
Pyomo's own arithmetic (floats), so that a mistake in ``compiling`` and one here would have to coincide.

Pyomo is imported inside the functions: it takes about a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import PyriteError
from ..language.formulation import Data, Formulation, Parameter
from ..language.grammar.syntax import (
    Binary,
    Condition,
    Expression,
    Generator,
    Index,
    IndexComparison,
    IndexMember,
    IndexName,
    Logical,
    Member,
    NameReference,
    Negative,
    Not,
    Number,
    RelationSyntax,
    Square,
)
from ..policy import Policy

if TYPE_CHECKING:
    from ..language.names import Resolved

ModelBound: TypeAlias = Mapping[str, tuple[Member, str]]
"""Bound name -> its member at this moment, and the set it runs over."""


def to_pyomo(formulation: Formulation, data: Data | None = None, policy: Policy | None = None) -> Any:
    """A ``ConcreteModel`` of the formulation over its own and the problem's data.

    Components carry the formulation's names; a name that Pyomo cannot take (``oven capacity``, ``name``) is changed,
    and every component keeps the original in ``.doc``. The objective is called ``objective``. Products of more than
    two variables and divisions by variables are kept: some solvers take them.

    Raises Rejected when names or grammar are wrong, PyriteError when an index leaves its set or a value is missing.
    """
    from ..language.names import resolve
    from ..programs.compiling import Rejected

    resolved, findings = resolve(formulation, data or Data(), policy or Policy())
    if resolved is None:
        raise Rejected(findings)
    return _Builder(resolved).build()


class _Builder:
    def __init__(self, resolved: Resolved) -> None:
        import pyomo.environ as pyo

        self.pyo = pyo
        self.resolved = resolved
        self.model = pyo.ConcreteModel()
        self.components: dict[str, Any] = {}
        self.sets: dict[str, Any] = {}
        self.unit: Any = None

    def build(self) -> Any:
        pyo, resolved = self.pyo, self.resolved
        for name, members in resolved.sets.items():
            self.sets[name] = self._add(name, pyo.Set(initialize=list(members), doc=name))
        for name, parameter in resolved.parameters.items():
            index = [self.sets[item] for item in parameter.index]
            values = self._values(parameter)
            component = pyo.Param(*index, initialize=values, within=pyo.Reals, doc=name)
            self.components[name] = self._add(name, component)
        domains = {"continuous": pyo.Reals, "integer": pyo.Integers, "binary": pyo.Binary}
        for name, variable in resolved.variables.items():
            index = [self.sets[item] for item in variable.index]
            bounds = (_float(variable.lower), _float(variable.upper))
            component = pyo.Var(*index, domain=domains[variable.domain], bounds=bounds, doc=name)
            self.components[name] = self._add(name, component)
        sense = pyo.maximize if resolved.sense == "maximize" else pyo.minimize
        expression = 0 if resolved.objective is None else self._guarded("objective", resolved.objective, {})
        self._add("objective", pyo.Objective(expr=self._kept(expression), sense=sense, doc="objective"))
        for name, item in resolved.constraints.items():
            self._constraint(name, item.relation, item.family)
        return self.model

    def _add(self, name: str, component: Any) -> Any:
        """Add under this name, made an identifier that is free and that no attribute of the model has."""
        plain = re.sub(r"\W", "_", name)
        plain = plain if plain and (plain[0].isalpha() or plain[0] == "_") else f"c_{plain}"
        while hasattr(self.model, plain):
            plain += "_"
        self.model.add_component(plain, component)
        return component

    def _values(self, parameter: Parameter) -> dict[Any, float]:
        """All values given, keyed as Pyomo indexes: a member for one set, else a tuple; None for no set."""
        if not parameter.index:
            value = parameter.value_at(())
            return {} if value is None else {None: float(value)}
        values = {}
        for members in self._given(parameter):
            value = parameter.value_at(members)
            if value is not None:
                values[members[0] if len(members) == 1 else members] = float(value)
        return values

    def _given(self, parameter: Parameter) -> Iterator[tuple[Member, ...]]:
        written = [{str(member): member for member in self.resolved.sets[name]} for name in parameter.index]
        for keys in dict(parameter.items()):
            if len(keys) == len(written) and all(key in known for key, known in zip(keys, written, strict=True)):
                yield tuple([known[key] for key, known in zip(keys, written, strict=True)])

    # -- constraints ---------------------------------------------------------------------------------------------

    def _constraint(self, name: str, relation: RelationSyntax, family: Any) -> None:
        pyo = self.pyo
        if family is None:
            self._add(name, pyo.Constraint(expr=self._guarded(name, relation, {}), doc=name))
            return
        names = [generator.name for generator in family.generators]
        rows = {}
        for inner in self._combinations(family.generators, family.condition, {}):
            members = tuple([inner[name][0] for name in names])
            where = f"{name}[{','.join(map(str, members))}]"
            rows[members[0] if len(members) == 1 else members] = self._guarded(where, relation, inner)
        index = pyo.Set(initialize=list(rows), dimen=len(names), doc=f"where {name} holds")
        self._add(f"{name}_index", index)
        self._add(
            name, pyo.Constraint(index, rule=lambda model, *key: rows[key[0] if len(key) == 1 else key], doc=name)
        )

    def _guarded(self, where: str, what: Expression | RelationSyntax, bound: ModelBound) -> Any:
        try:
            return self._relation(what, bound) if isinstance(what, RelationSyntax) else self._expression(what, bound)
        except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
            reason = str(error).strip("'\" ").split("\n")[0]
            raise PyriteError(f"{where}: Pyomo cannot write this out: {reason}") from error

    def _relation(self, relation: RelationSyntax, bound: ModelBound) -> Any:
        sides = [self._expression(term, bound) for term in relation.terms]
        if len(sides) == 3:
            if any(self._varies(side) for side in (sides[0], sides[2])):
                raise ValueError("in a chain only the middle may hold variables")
            low, body, high = sides if relation.operators[0] == "<=" else sides[::-1]
            # bounds that cross would be decided (and refused) at once too
            return (self._kept(low) if low > high else low, self._kept(body), high)
        left, right = sides
        if not self._varies(right):
            left = self._kept(left)
        if relation.operators[0] == "<=":
            return left <= right
        return left >= right if relation.operators[0] == ">=" else left == right

    def _kept(self, side: Any) -> Any:
        """The side as an expression: Pyomo decides a relation between plain numbers while it is written."""
        if self._varies(side):
            return side
        if self.unit is None:
            one = self.pyo.Param(initialize=1, mutable=True, doc="one, so that rows without variables are kept")
            self.unit = self._add("unit", one)
        return side * self.unit

    @staticmethod
    def _varies(side: Any) -> bool:
        return hasattr(side, "is_potentially_variable") and bool(side.is_potentially_variable())

    # -- expressions ---------------------------------------------------------------------------------------------

    def _expression(self, node: Expression, bound: ModelBound) -> Any:
        if isinstance(node, Number):
            return node.value if isinstance(node.value, int) else float(node.value)
        if isinstance(node, NameReference):
            return self._reference(node, bound)
        if isinstance(node, Negative):
            return -self._expression(node.operand, bound)
        if isinstance(node, Square):
            return self._expression(node.operand, bound) ** 2
        if isinstance(node, Binary):
            return self._binary(node, bound)
        loops = self._combinations(node.generators, node.condition, bound)
        return self.pyo.quicksum(self._expression(node.body, inner) for inner in loops)

    def _binary(self, node: Binary, bound: ModelBound) -> Any:
        chain: list[Binary] = []
        left: Expression = node
        while isinstance(left, Binary):  # chains lean to the left and may be long
            chain.append(left)
            left = left.left
        total = self._expression(left, bound)
        for step in reversed(chain):
            right = self._expression(step.right, bound)
            if step.operator == "+":
                total = total + right
            elif step.operator == "-":
                total = total - right
            else:
                total = total * right if step.operator == "*" else total / right
        return total

    def _reference(self, node: NameReference, bound: ModelBound) -> Any:
        if not node.indices and node.name in bound:
            return bound[node.name][0]
        component = self.components[node.name]
        if not node.indices:
            return component if node.name in self.resolved.variables else component.value
        declared: Any = self.resolved.variables.get(node.name) or self.resolved.parameters[node.name]
        members = [self._index(index, bound, name) for index, name in zip(node.indices, declared.index, strict=True)]
        return component[members[0] if len(members) == 1 else tuple(members)]

    def _index(self, node: Index, bound: ModelBound, set_name: str | None = None) -> Member:
        if isinstance(node, IndexName | IndexMember):
            if isinstance(node, IndexName) and node.name in bound:
                return bound[node.name][0]
            member = node.name if isinstance(node, IndexName) else node.member
            if set_name is None or member in self.sets[set_name]:
                return member
            return next((known for known in self.sets[set_name] if str(known) == str(member)), member)
        left, right = self._index(node.left, bound), self._index(node.right, bound)
        if not isinstance(left, int) or not isinstance(right, int):
            raise TypeError(f"index arithmetic with {left!r} and {right!r}")
        return left + right if node.operator == "+" else left - right if node.operator == "-" else left * right

    # -- loops and conditions ------------------------------------------------------------------------------------

    def _combinations(
        self, generators: tuple[Generator, ...], condition: Condition | None, bound: ModelBound
    ) -> Iterator[ModelBound]:
        """What is bound inside these loops, a combination at a time."""
        names = [generator.name for generator in generators]
        sets = [generator.set_name for generator in generators]
        for members in product(*(list(self.sets[name]) for name in sets)):
            inner = {**bound, **dict(zip(names, zip(members, sets, strict=True), strict=True))}
            if condition is None or self._holds(condition, inner):
                yield inner

    def _holds(self, node: Condition, bound: ModelBound) -> bool:
        if isinstance(node, Not):
            return not self._holds(node.operand, bound)
        if isinstance(node, IndexComparison):
            return self._compare(node, bound)
        parts: list[Condition] = []
        left: Condition = node
        while isinstance(left, Logical) and left.operator == node.operator:
            parts.append(left.right)
            left = left.left
        decide = all if node.operator == "and" else any
        return decide(self._holds(part, bound) for part in [left, *reversed(parts)])

    def _compare(self, node: IndexComparison, bound: ModelBound) -> bool:
        left = self._index(node.left, bound, _set_of(node.right, bound))
        right = self._index(node.right, bound, _set_of(node.left, bound))
        if node.operator in ("==", "!="):
            return (left == right) == (node.operator == "==")
        if not isinstance(left, int) or not isinstance(right, int):
            raise TypeError(f"{left!r} {node.operator} {right!r} compares what are not whole numbers")
        if node.operator in ("<", ">"):
            return left < right if node.operator == "<" else left > right
        return left <= right if node.operator == "<=" else left >= right


def _set_of(node: Index, bound: ModelBound) -> str | None:
    return bound[node.name][1] if isinstance(node, IndexName) and node.name in bound else None


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
