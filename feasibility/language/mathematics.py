"""A formulation as mathematics: syntax trees to signs, which are written as plain text here and as HTML in reports.

Trees are walked with an explicit stack, because a chain ``a + b + ...`` may be a hundred thousand terms deep, and the
result is cut at a number of tokens, with a sign that it was cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from ..one_line import one_line
from ..rationals import Exact, show
from .formulation import Data, Formulation, Parameter, Values, Variable
from .grammar.parsing import ExpressionError, parse_expression, parse_family, parse_relation
from .grammar.syntax import (
    Condition,
    Expression,
    Generator,
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

_THIN = "\u202f"
"""A thin space, between a number and what it multiplies."""

MAX_TOKENS = 600
"""Signs of one expression that a page shows; a longer one is cut."""

MAX_NAME = 3 * MAX_TOKENS
"""Characters of one sign, which may be a whole text that does not read."""

_SIGNS = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "<": "<", ">": ">", "=": "="}


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of a formula: its ``kind`` (variable, parameter, operator, text ...) and what stands below it."""

    kind: str
    text: str
    below: str = ""

    def plain(self) -> str:
        """As in a line of text."""
        below = f"[{self.below}]" if self.below else ""
        if self.kind == "sum":
            return f"∑({self.below}) "
        if self.kind == "over":
            return f"   {self.text}"
        return f" {self.text} " if self.kind == "operator" or self.text == "·" else self.text + below


# The same row stands in the reference and in most outputs, on every page of its problem. Errors are not remembered.
read_relation = lru_cache(maxsize=4096)(parse_relation)
read_expression = lru_cache(maxsize=4096)(parse_expression)


def short(text: str) -> str:
    """A name or a list of indices, cut where it would flood the page."""
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"


_Item: TypeAlias = "Sign | tuple[Expression, int]"
"""What the walk has still to write: a sign, or a tree with the precedence it must have without parentheses."""

_ADD, _MULTIPLY, _NEGATE, _POWER, _ATOM = 1, 2, 3, 4, 5
"""How tightly a tree holds together; a sum sign holds like a product."""


class Writer:
    """Writes expressions as signs. ``kinds`` says which names are variables and which are parameters."""

    def __init__(self, kinds: Mapping[str, str] | None = None, limit: int = MAX_TOKENS) -> None:
        self.kinds = kinds or {}
        self.limit = limit

    def expression(self, tree: Expression) -> list[Sign]:
        """The signs of one expression, at most ``limit`` of them."""
        done: list[Sign] = []
        left: list[_Item] = [(tree, 0)]
        while left:
            item = left.pop()
            if isinstance(item, Sign):
                done.append(item)
                if len(done) >= self.limit:
                    return [*done, Sign("cut", "…")]
                continue
            parts = self._parts(*item)
            left.extend(reversed(parts))
        return done

    def _parts(self, tree: Expression, outer: int) -> list[_Item]:
        if isinstance(tree, Number):
            return [Sign("number", show(tree.value))]
        if isinstance(tree, NameReference):
            below = ",".join(index_text(index) for index in tree.indices)
            return [Sign(self.kinds.get(tree.name, "name"), tree.name, below)]
        parts: list[_Item]
        if isinstance(tree, Negative):
            own, parts = _NEGATE, [Sign("text", "−"), (tree.operand, _NEGATE)]
        elif isinstance(tree, Square):
            own, parts = _POWER, [(tree.operand, _ATOM), Sign("text", "²")]
        elif isinstance(tree, Sum):
            own, parts = (
                _MULTIPLY,
                [Sign("sum", "∑", over_text(tree.generators, tree.condition)), (tree.body, _MULTIPLY)],
            )
        elif tree.operator in "+-":
            own = _ADD
            last = _POWER if isinstance(tree.right, Negative) else _MULTIPLY  # not "− −y"
            parts = [(tree.left, _ADD), Sign("operator", "−" if tree.operator == "-" else "+"), (tree.right, last)]
        else:
            own = _MULTIPLY
            sign = Sign("text", "·" if tree.operator == "*" else " / ")
            if tree.operator == "*" and isinstance(tree.left, Number) and isinstance(tree.right, NameReference):
                sign = Sign("text", _THIN)  # 3 bread
            # A sum swallows everything to its right, so on the left of a product it needs its parentheses.
            first = _NEGATE if isinstance(tree.left, Sum) else _MULTIPLY
            parts = [(tree.left, first), sign, (tree.right, _NEGATE if not isinstance(tree.right, Sum) else _MULTIPLY)]
        if own < outer:
            return [Sign("text", "("), *parts, Sign("text", ")")]
        return parts

    def relation(self, text: str, over: str | None = None) -> list[Sign]:
        """The signs of a constraint; text that does not read by the grammar is shown as it is."""
        try:
            relation = read_relation(text)
            family = None if over is None else parse_family(over)
        except ExpressionError:
            return [Sign("text", text), *([Sign("text", f"   for {over}")] if over else [])]
        signs: list[Sign] = []
        for place, term in enumerate(relation.terms):
            if place:
                signs.append(Sign("operator", _SIGNS[relation.operators[place - 1]]))
            signs += self.expression(term)
        if family is not None:
            signs.append(Sign("over", "for all " + over_text(family.generators, family.condition)))
        return signs

    def objective(self, text: str) -> list[Sign]:
        """The signs of an objective; text that does not read by the grammar is shown as it is."""
        try:
            return self.expression(read_expression(text))
        except ExpressionError:
            return [Sign("text", text)]


def index_text(index: Index) -> str:
    """An index as it stands below a name."""
    if isinstance(index, IndexName):
        return index.name
    if isinstance(index, IndexMember):
        return str(index.member)
    assert isinstance(index, IndexSum)
    # Index arithmetic is short, but a chain may be long: follow the left side in a loop.
    parts: list[str] = []
    current: Index = index
    while isinstance(current, IndexSum):
        right = index_text(current.right)
        parts.append({"-": "−", "*": "·"}.get(current.operator, current.operator) + right)
        current = current.left
        if len(parts) > 20:
            return "…" + "".join(reversed(parts))
    return index_text(current) + "".join(reversed(parts))


def over_text(generators: Iterable[Generator], condition: Condition | None) -> str:
    """``p ∈ P, t ∈ T, t > 1``."""
    text = ", ".join(f"{item.name} ∈ {item.set_name}" for item in generators)
    return text if condition is None else f"{text}, {_condition(condition)}"


def _condition(condition: Condition) -> str:
    if isinstance(condition, IndexComparison):
        return f"{index_text(condition.left)} {_SIGNS[condition.operator]} {index_text(condition.right)}"
    if isinstance(condition, Not):
        return f"not ({_condition(condition.operand)})"
    assert isinstance(condition, Logical)
    parts = []
    current: Condition = condition
    while isinstance(current, Logical) and current.operator == condition.operator:
        parts.append(current.right)
        current = current.left
        if len(parts) > 20:
            break
    texts = [_condition(part) for part in (current, *reversed(parts))]
    return f" {condition.operator} ".join(texts)


@dataclass(frozen=True, slots=True)
class MathRow:
    """One line of a formulation on a page. ``kind`` is objective, constraint, variable, set or parameter.

    ``key`` is what the row is about (a constraint's name); ``source`` the text it was written from.
    """

    kind: str
    key: str
    signs: tuple[Sign, ...]
    source: str

    def plain(self) -> str:
        """The formula as one line of text."""
        return "".join(sign.plain() for sign in self.signs).replace(_THIN, " ")


def rows_of(formulation: Formulation, shared: Formulation | None = None, most: int = 200) -> list[MathRow]:
    """Every line of a formulation, objective first; at most ``most`` of each kind. ``shared`` names more variables."""
    kinds = dict.fromkeys(formulation.parameters, "parameter") | dict.fromkeys(formulation.variables, "variable")
    writer = Writer(kinds)
    objective = formulation.objective
    signs = [Sign("word", objective.sense + (" " if objective.expression else ""))]
    if objective.expression is not None:
        signs += writer.objective(objective.expression)
    rows = [MathRow("objective", "objective", tuple(signs), objective.expression or "")]
    for name, constraint in list(formulation.constraints.items())[:most]:
        signs = writer.relation(constraint.expression, constraint.over)
        rows.append(MathRow("constraint", name, tuple(signs), f"{constraint.expression}|{constraint.over or ''}"))
    for name, variable in list(formulation.variables.items())[:most]:
        rows.append(MathRow("variable", name, tuple(variable_signs(name, variable)), repr(variable)))
    for name, members in list(formulation.sets.items())[:most]:
        listed = ", ".join(short(str(member)) for member in members[:12]) + (", …" if len(members) > 12 else "")
        signs = [Sign("name", name), Sign("operator", "="), Sign("text", "{" + listed + "}")]
        rows.append(MathRow("set", name, tuple(signs), repr(members[:1000])))
    for name, parameter in list(formulation.parameters.items())[:most]:
        rows.append(MathRow("parameter", name, tuple(_parameter_signs(name, parameter)), repr(parameter)[:20_000]))
    return rows


_DOMAINS = {"continuous": "real", "integer": "whole", "binary": "0 or 1"}


def variable_signs(name: str, variable: Variable) -> list[Sign]:
    """``0 ≤ make[P,T] ≤ 50, whole``."""
    signs = []
    if variable.lower is not None:
        signs += [Sign("number", show(variable.lower)), Sign("operator", "≤")]
    signs.append(Sign("variable", name, ",".join(variable.index)))
    if variable.upper is not None:
        signs += [Sign("operator", "≤"), Sign("number", show(variable.upper))]
    words = _DOMAINS.get(variable.domain, variable.domain)
    if variable.domain != "binary" and variable.lower is None:
        words += ", no lower bound" if variable.upper is not None else ", unbounded"
    return [*signs, Sign("text", ", "), Sign("word", words)]


def _parameter_signs(name: str, parameter: Parameter) -> list[Sign]:
    signs = [Sign("parameter", name, ",".join(parameter.index)), Sign("operator", "=")]
    if not isinstance(parameter.values, Mapping):
        return [*signs, Sign("number", show(parameter.values))]
    listed = list(_first_items(parameter.values, 8))
    for place, (keys, value) in enumerate(listed[:7]):
        signs.append(Sign("text", (", " if place else "") + f"{','.join(keys)}: "))
        signs.append(Sign("number", show(value)))
    if len(listed) > 7:
        signs.append(Sign("text", ", …"))
    return signs


def _first_items(values: Values, most: int) -> Iterable[tuple[tuple[str, ...], Exact]]:
    for count, item in enumerate(Parameter(values).items()):
        if count >= most:
            return
        yield item


def mathematics(formulation: Formulation, data: Data | None = None) -> str:
    """Objective, constraints, domains, then sets and parameters (shortened when long), a line each.

    Text that does not read by the grammar is shown as it is.

    >>> print(mathematics(Formulation.from_dict({"variables": {"x": {"domain": "integer", "lower": 0}},
    ...     "objective": {"sense": "maximize", "expression": "3*x"}, "constraints": {"cap": "2*x <= 9"}})))
    maximize  3 x
    subject to
      cap:  2 x ≤ 9
    where
      0 ≤ x, whole
    """
    given = data or Data()
    whole = replace(
        formulation,
        sets={**given.sets, **formulation.sets},
        parameters={**given.parameters, **formulation.parameters},
    )
    rows = rows_of(whole)
    lines = [one_line(row.plain()).replace(" ", "  ", 1) for row in rows if row.kind == "objective" and row.source]
    lines = lines or ["find any plan"]
    named = [(one_line(row.key), row) for row in rows if row.kind == "constraint"]
    width = max((len(key) for key, _ in named), default=0)
    parts = {
        "subject to": [f"{f'{key}:':<{width + 1}}  {row.plain()}" for key, row in named],
        "where": [row.plain() for row in rows if row.kind == "variable"],
        "given": [row.plain() for row in rows if row.kind in ("set", "parameter")],
    }
    for title, found in parts.items():
        lines += [title, *(f"  {one_line(line)}" for line in found)] if found else []
    return "\n".join(lines)
