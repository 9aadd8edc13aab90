"""The formulation as data: what the JSON says, with exact numbers and expressions still as text.

Reading text strictly is in ``reading``, the schema in ``schema``, names and grammar in ``references``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

from ..rationals import Exact, from_decimal, from_json_number, simplify, to_decimal
from .document.writing import ExactDecimal, to_json
from .grammar.syntax import Member

Domain: TypeAlias = Literal["continuous", "integer", "binary"]
Sense: TypeAlias = Literal["minimize", "maximize", "feasibility"]

Values: TypeAlias = "Exact | Mapping[str, Values]"
"""A number, or nested maps keyed by set members written as strings, one level an index."""


_LARGE = 10**40
"""Whole numbers from here on are written as 1e40, which strict reading takes; 41 digits it does not."""


def exact_number(value: object) -> Exact:
    """A JSON number as an exact one: ints and Fractions as they are, floats by their shortest decimal (0.1 is 1/10)."""
    return value.exact if isinstance(value, ExactDecimal) else from_json_number(value)


def exact_values(values: object) -> Values:
    """``values`` of a parameter with every number exact."""
    if isinstance(values, Mapping):
        return {str(key): exact_values(value) for key, value in values.items()}
    return exact_number(values)


def plain_number(value: Exact) -> int | float:
    """The number as JSON writes it: an int, or a float.

    A decimal with more digits than a float holds becomes an :class:`ExactDecimal`, which :func:`.writing.to_json`
    writes out in full. Only a number without a finite decimal (1/3) is rounded to the nearest float.
    """
    value = simplify(value)
    try:
        number = float(value)
    except OverflowError:  # beyond every float: the whole number, which JSON can hold
        return round(value)
    if isinstance(value, int):
        return value if abs(value) < _LARGE else ExactDecimal(value)
    return number if from_decimal(repr(number)) == value or to_decimal(value) is None else ExactDecimal(value)


def plain_values(values: Values) -> Any:
    """The inverse of :func:`exact_values`."""
    if isinstance(values, Mapping):
        return {key: plain_values(value) for key, value in values.items()}
    return plain_number(values)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Known numbers: one (``index`` empty) or one for each combination of members of the sets in ``index``."""

    values: Values
    index: tuple[str, ...] = ()

    def value_at(self, members: tuple[Member, ...]) -> Exact | None:
        """The number at these members, or None when none is given."""
        values: Values = self.values
        for member in members:
            if not isinstance(values, Mapping):
                return None
            found = values.get(str(member))
            if found is None:
                return None
            values = found
        return None if isinstance(values, Mapping) else values

    def items(self) -> Iterator[tuple[tuple[str, ...], Exact]]:
        """Every given number with its keys (as strings), in the order given."""

        def walk(values: Values, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Exact]]:
            if isinstance(values, Mapping):
                for key, value in values.items():
                    yield from walk(value, (*keys, key))
            else:
                yield keys, values

        return walk(self.values, ())


@dataclass(frozen=True, slots=True)
class Variable:
    """Unknowns: one, or one for each combination of members of the sets in ``index``. No bound given is no bound."""

    domain: Domain
    lower: Exact | None = None
    upper: Exact | None = None
    index: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Objective:
    """What is sought. ``expression`` is None exactly when ``sense`` is feasibility."""

    sense: Sense
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A relation, or a family of relations when ``over`` (JSON key ``for``) is given."""

    expression: str
    over: str | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """Sets and parameters that belong to the problem rather than to a formulation."""

    sets: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read ``{"sets": ..., "parameters": ...}``, both optional; the document is taken to be valid."""
        return cls(_read_sets(document), _read_parameters(document))

    def to_dict(self) -> dict[str, Any]:
        """The inverse of :meth:`from_dict`."""
        return {"sets": _write_sets(self.sets), "parameters": _write_parameters(self.parameters)}


@dataclass(frozen=True, slots=True)
class Formulation:
    """An optimization model as written. Equal when they say the same, in the same order or not."""

    variables: Mapping[str, Variable]
    objective: Objective
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    sets: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a JSON document that is valid against the schema (stage 2 is where an invalid one is explained).

        Raises KeyError, TypeError, ValueError or AttributeError for one that is not, as far as it is noticed here.

        >>> f = Formulation.from_dict({"variables": {"x": {"domain": "integer", "lower": 0}},
        ...     "objective": {"sense": "maximize", "expression": "3*x"}, "constraints": {"cap": "2*x <= 7"}})
        >>> f.variables["x"].lower, f.constraints["cap"].expression
        (0, '2*x <= 7')
        """
        variables = {
            name: Variable(
                domain=_word(item["domain"]),
                lower=None if item.get("lower") is None else exact_number(item["lower"]),
                upper=None if item.get("upper") is None else exact_number(item["upper"]),
                index=_names(item.get("index", ())),
            )
            for name, item in document["variables"].items()
        }
        constraints = {
            name: Constraint(item)
            if isinstance(item, str)
            else Constraint(_text(item["expression"]), _text(item["for"]))
            for name, item in document["constraints"].items()
        }
        sought = document["objective"].get("expression")
        sense = _word(document["objective"]["sense"])
        objective = Objective(sense, None if sought is None else _text(sought))
        return cls(variables, objective, constraints, _read_sets(document), _read_parameters(document))

    def to_dict(self) -> dict[str, Any]:
        """The JSON document, in the canonical order: sets, parameters, variables, objective, constraints."""
        document: dict[str, Any] = {}
        if self.sets:
            document["sets"] = _write_sets(self.sets)
        if self.parameters:
            document["parameters"] = _write_parameters(self.parameters)
        document["variables"] = {name: _write_variable(item) for name, item in self.variables.items()}
        objective: dict[str, Any] = {"sense": self.objective.sense}
        if self.objective.expression is not None:
            objective["expression"] = self.objective.expression
        document["objective"] = objective
        document["constraints"] = {
            name: item.expression if item.over is None else {"for": item.over, "expression": item.expression}
            for name, item in self.constraints.items()
        }
        return document

    def to_json(self, indent: int | None = None) -> str:
        """JSON text, every decimal exact; without ``indent`` the compact form that models are taught to write."""
        return to_json(self.to_dict(), indent)


def _word(value: Any) -> Any:
    """A domain or a sense: a text, whichever it is (what it may be is the schema's question)."""
    return _text(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is needed, not {str(value)[:40]!r}")
    return value


def _names(values: Any) -> tuple[str, ...]:
    names = tuple(values)
    if isinstance(values, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"an index is a list of names of sets, not {str(values)[:40]!r}")
    return names


def _read_sets(document: Mapping[str, Any]) -> dict[str, tuple[Member, ...]]:
    # 1.0 is a whole number in JSON, and is the member 1.
    return {
        name: tuple(member if isinstance(member, str) else int(member) for member in members)
        for name, members in document.get("sets", {}).items()
    }


def _read_parameters(document: Mapping[str, Any]) -> dict[str, Parameter]:
    return {
        name: Parameter(exact_values(item["values"]), _names(item.get("index", ())))
        for name, item in document.get("parameters", {}).items()
    }


def _write_sets(sets: Mapping[str, tuple[Member, ...]]) -> dict[str, list[Member]]:
    return {name: list(members) for name, members in sets.items()}


def _write_parameters(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    written = {}
    for name, item in parameters.items():
        document: dict[str, Any] = {"index": list(item.index)} if item.index else {}
        document["values"] = plain_values(item.values)
        written[name] = document
    return written


def _write_variable(item: Variable) -> dict[str, Any]:
    document: dict[str, Any] = {"index": list(item.index)} if item.index else {}
    document["domain"] = item.domain
    if item.lower is not None:
        document["lower"] = plain_number(item.lower)
    elif item.domain != "binary":
        document["lower"] = None
    if item.upper is not None:
        document["upper"] = plain_number(item.upper)
    return document
