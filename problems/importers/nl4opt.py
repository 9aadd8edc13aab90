"""NL4OPT (competition, generation track): declarations become a formulation.

Each row is ``{id: {document, vars, obj_declaration, const_declarations, order_mapping, ...}}``. The declarations are

===========  =======================================================
objective    sum of ``terms``; the direction is a word of the text
objvar       sum of ``vars``
linear       sum of ``terms``           ``<=`` or ``>=``  ``limit``
sum          sum of all variables       ``<=`` or ``>=``  ``limit``
upperbound   ``var``                    ``<=``            ``limit``
lowerbound   ``var``                    ``>=``            ``limit``
ratio        ``var``                    ``<=`` or ``>=``  ``limit`` times the sum of all variables
xby          ``x_var``                  ``<=`` or ``>=``  ``param`` times ``y_var``
xy           ``x_var``                  ``<=`` or ``>=``  ``y_var``
===========  =======================================================

The set gives no domains. Every variable gets a lower bound of zero, and the integrality rule is the user's
(:class:`.records.ImportOptions`): ``whole`` makes them integer, ``fractional`` continuous. Both readings are solved,
and both optima are recorded under ``readings``. Strict words of the text ("must exceed") are weak relations here, as in
the set's own declarations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...feasibility.language.formulation import Constraint, Domain, Formulation, Objective, Sense, Variable
from ...feasibility.programs.compiling import build
from ...feasibility.rationals import Exact, to_text
from ..problem import Problem
from ..readings import READINGS, outcome_of, read_as
from .names import identifiers
from .quantities import quantity
from .records import ConvertedRecord, ImportOptions, RowError, SourceRow

NAME = "nl4opt"

_MAXIMIZE = frozenset(
    {
        "maximize",
        "maximise",
        "maximizing",
        "maximized",
        "maximised",
        "maximizes",
        "maximum",
        "max",
        "highest",
        "most",
        "increase",
        "greatest",
        "largest",
    }
)
_MINIMIZE = frozenset(
    {
        "minimize",
        "minimise",
        "minimizing",
        "minimized",
        "minimised",
        "minimizes",
        "minimum",
        "min",
        "lowest",
        "least",
        "reduce",
        "decrease",
        "smallest",
        "fewest",
    }
)
_OPERATORS = {"LESS_OR_EQUAL": "<=", "GREATER_OR_EQUAL": ">=", "EQUAL": "=="}


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like NL4OPT?"""
    return _unwrap(columns)[1] is not None


def _unwrap(columns: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any] | None]:
    """The id and the record, whether the row is ``{id: record}`` or the record itself."""
    if "obj_declaration" in columns and "const_declarations" in columns:
        identity = columns.get("id")
        return (None if identity is None else str(identity)), columns
    if len(columns) == 1:
        key, record = next(iter(columns.items()))
        if isinstance(record, Mapping) and "obj_declaration" in record:
            return str(key), record
    return None, None


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row as a problem with a reference formulation and both readings. Raises RowError naming the declaration."""
    identity, record = _unwrap(row.columns)
    if record is None:
        raise RowError("other-layout", "", "no obj_declaration and const_declarations")
    document = record.get("document")
    if not isinstance(document, str) or not document.strip():
        raise RowError("no-question", "document", "no question")
    declared = _Declarations(record)
    objective = declared.objective()
    constraints = declared.constraints()
    names = declared.names

    domain: Domain = "integer" if options.integrality == "whole" else "continuous"
    reference = Formulation({name: Variable(domain, lower=0) for name in names}, objective, constraints)
    program = build(reference, policy=options.policy)
    outcomes = {reading: outcome_of(read_as(program, reading), options.policy) for reading in READINGS}
    chosen = outcomes[options.integrality]
    remarks = list(declared.remarks)
    if chosen.status == "unknown":
        remarks.append(("unsolved", "const_declarations", f"the reference was not solved: {chosen.message}"))
    elif chosen.status != "optimal":
        remarks.append((chosen.status, "const_declarations", f"the reference is itself {chosen.status} as declared"))
    if outcomes["whole"].differs(outcomes["fractional"]):
        both = ", ".join(f"{name} {outcomes[name].show()}" for name in ("whole", "fractional"))
        remarks.append(("readings-differ", "", f"the optimum depends on the integrality rule: {both}"))
    problem = Problem(
        id=f"nl4opt-{identity}" if identity is not None else f"{row.file.stem}-{row.number}",
        text=document.strip(),
        reference=reference,
        optimum=chosen.objective,
        status=None if chosen.status == "unknown" else chosen.status,
        source="NL4OPT",
        readings={name: outcome.to_dict() for name, outcome in outcomes.items()},
        extra={
            "integrality": options.integrality,
            "labelled_by": "reference",
            "entities": dict(zip(names, declared.entities, strict=True)),
        },
    )
    return ConvertedRecord(problem, remarks)


class _Declarations:
    """The declarations of one record, with entities resolved to our variable names."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        entities = record.get("vars")
        if not isinstance(entities, Sequence) or isinstance(entities, str) or not entities:
            raise RowError("no-variables", "vars", "no variables are declared")
        self.remarks: list[tuple[str, str, str]] = []
        declared = [str(entity) for entity in entities]
        places = self._distinct(declared)
        self.names = identifiers(self.entities)
        self._record = record
        self._mentions: dict[str, int] = {}
        mapping = record.get("order_mapping")
        if isinstance(mapping, Mapping):
            for mention, place in mapping.items():
                if isinstance(place, int) and 0 <= place < len(places):
                    self._mentions[str(mention)] = places[place]
        for place, entity in zip(places, declared, strict=True):
            self._mentions.setdefault(entity, place)
        for mention, place in self._mentions.items():
            alike = next((k for k, entity in enumerate(self.entities) if _fold(entity) == _fold(mention)), place)
            if alike != place:
                self.remarks.append((
                    "mention-elsewhere", "order_mapping",
                    f"{mention[:40]!r} is mapped to {self.entities[place]!r} and is spelled like "
                    f"{self.entities[alike]!r}; the mapping is followed",
                ))  # fmt: skip
        self._folded = {_fold(mention): place for mention, place in self._mentions.items()}

    def _distinct(self, declared: list[str]) -> list[int]:
        """The place of each declared entity among the distinct ones: the set invents variables that are another one's
        singular (`kayaks`, `kayak`)."""
        self.entities: list[str] = []
        places: list[int] = []
        for entity in declared:
            twin = next((k for k, known in enumerate(self.entities) if _fold(known) == _fold(entity)), None)
            if twin is None:
                places.append(len(self.entities))
                self.entities.append(entity)
                continue
            places.append(twin)
            message = f"{entity[:40]!r} is {self.entities[twin]!r} once more; read as one variable"
            self.remarks.append(("duplicate-entity", "vars", message))
        return places

    def _name(self, mention: object, column: str) -> str:
        place = self._mentions.get(str(mention))
        if place is None:
            place = self._folded.get(_fold(str(mention)))
        if place is None:
            known = ", ".join(map(repr, self.entities))
            raise RowError("unknown-entity", column, f"{str(mention)[:60]!r} is none of the variables {known}")
        return self.names[place]

    def _number(self, item: Mapping[str, Any], key: str, column: str) -> Exact:
        cell = item.get(key)
        value = None if cell is None else quantity(str(cell))
        if value is None:
            raise RowError("not-a-number", column, f"{key} {str(cell)[:60]!r} is not a number")
        return value

    def _linear(self, terms: object, column: str) -> str:
        if not isinstance(terms, Mapping) or not terms:
            raise RowError("no-terms", column, "no terms")
        parts = []
        for mention, cell in terms.items():
            value = quantity(str(cell))
            if value is None:
                raise RowError("not-a-number", column, f"coefficient {str(cell)[:60]!r} is not a number")
            parts.append(_times(value, self._name(mention, column)))
        return " + ".join(parts)

    def objective(self) -> Objective:
        item = self._record.get("obj_declaration")
        column = "obj_declaration"
        if not isinstance(item, Mapping):
            raise RowError("no-objective", column, "the objective is not an object")
        sense = _sense(str(item.get("direction", "")))
        if item.get("type") == "objvar" or ("terms" not in item and "vars" in item):
            mentions = item.get("vars") or []
            body = " + ".join(self._name(mention, column) for mention in mentions)
            if not body:
                raise RowError("no-terms", column, "no variables in the objective")
        else:
            body = self._linear(item.get("terms"), column)
        return Objective(sense, body)

    def constraints(self) -> dict[str, Constraint]:
        items = self._record.get("const_declarations")
        if not isinstance(items, Sequence) or isinstance(items, str):
            raise RowError("no-constraints", "const_declarations", "the constraints are not a list")
        written: dict[str, Constraint] = {}
        for number, item in enumerate(items, start=1):
            column = f"const_declarations[{number - 1}]"
            if not isinstance(item, Mapping):
                raise RowError("not-an-object", column, "the declaration is not an object")
            kind = str(item.get("type", "")).casefold()
            written[f"{kind}_{number}"] = Constraint(self._relation(kind, item, column))
        return written

    def _relation(self, kind: str, item: Mapping[str, Any], column: str) -> str:
        operator = _OPERATORS.get(str(item.get("operator", "")).strip().upper())
        if operator is None:
            raise RowError("unknown-operator", column, f"operator {str(item.get('operator'))[:40]!r} is not known")
        everything = " + ".join(self.names)
        if kind in ("xby", "xy"):
            left, right = self._name(item.get("x_var"), column), self._name(item.get("y_var"), column)
            factor = self._number(item, "param", column) if kind == "xby" else 1
            return f"{left} {operator} {_times(factor, right)}"
        if kind not in ("linear", "sum", "upperbound", "lowerbound", "ratio"):
            raise RowError("unknown-declaration", column, f"declaration type {kind[:40]!r} is not known")
        limit = to_text(self._number(item, "limit", column))
        if kind == "linear":
            return f"{self._linear(item.get('terms'), column)} {operator} {limit}"
        if kind == "sum":
            return f"{everything} {operator} {limit}"
        if kind == "ratio":
            limit = f"{limit}*({everything})"
        return f"{self._name(item.get('var'), column)} {operator} {limit}"


def _sense(direction: str) -> Sense:
    words = set(re.findall(r"[a-z]+", direction.casefold()))
    if words & _MAXIMIZE and not words & _MINIMIZE:
        return "maximize"
    if words & _MINIMIZE and not words & _MAXIMIZE:
        return "minimize"
    raise RowError("unknown-direction", "obj_declaration", f"direction {direction[:40]!r} is neither up nor down")


def _fold(mention: str) -> str:
    """Case, quotes, full stops and plural endings do not tell entities apart."""
    words = re.findall(r"[a-z0-9]+", mention.casefold())
    return " ".join(re.sub(r"(?<=[a-z]{2})(?:es|s)$", "", word) for word in words)


def _times(value: Exact, name: str) -> str:
    return name if value == 1 else f"{to_text(value)}*{name}"
