"""MathOptFormat (``.mof.json``, version 1): variables, an objective, and constraints as functions in sets.

Written: ``Variable``, ``ScalarAffineFunction`` and ``ScalarQuadraticFunction`` in ``LessThan``, ``GreaterThan``,
``EqualTo``, ``Interval``, ``Integer`` and ``ZeroOne``. Read: the same, and vector functions in sets that are nothing
but rows (``Nonnegatives``, ``Nonpositives``, ``Zeros``, ``HyperRectangle``), one row an output. Everything else is
refused by its name in the format. A quadratic function there is ``a'x + 0.5 x'Qx + c``.

Not carried: starting values, and the names of constraints that are bounds of one variable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import PyriteError
from ..policy import Policy
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, divide
from .common import NameTable, Notes, Unsupported, add_product, add_term

FORMAT = "MathOptFormat"
_HALF = divide(1, 2)
_SCALAR_SETS = {"LessThan", "GreaterThan", "EqualTo", "Interval"}
_VECTOR_SETS = {"Nonnegatives", "Nonpositives", "Zeros", "HyperRectangle", "Reals"}


def write_mof(program: Program, notes: Notes) -> str:
    """The program as MathOptFormat 1.2 text."""
    names = NameTable.of((column.name for column in program.columns), lambda name: bool(name))
    for new, old in names.changed.items():
        notes.add(f"the name {old!r} is not unique and is changed to {new}")
    writer = _Writer(program, names.safe, notes)
    variables = [f'{{"name": {json.dumps(name, ensure_ascii=False)}}}' for name in names.safe]
    lines = ["{", '"version": {"major": 1, "minor": 2},']
    lines.append('"variables": [' + _listed(variables) + "],")
    lines.append(f'"objective": {writer.objective()},')
    lines.append('"constraints": [' + _listed(list(writer.constraints())) + "]")
    return "\n".join([*lines, "}"]) + "\n"


def _listed(items: list[str]) -> str:
    return "".join(f"\n  {item}{',' if position < len(items) - 1 else ''}" for position, item in enumerate(items))


class _Writer:
    def __init__(self, program: Program, names: list[str], notes: Notes) -> None:
        self.program, self.notes = program, notes
        self.names = [json.dumps(name, ensure_ascii=False) for name in names]

    def objective(self) -> str:
        if self.program.sense == "feasibility":
            return '{"sense": "feasibility"}'
        sense = "min" if self.program.sense == "minimize" else "max"
        return f'{{"sense": "{sense}", "function": {self.function(self.program.objective, "the objective")}}}'

    def constraints(self) -> Iterator[str]:
        for j, column in enumerate(self.program.columns):
            function = f'{{"type": "Variable", "name": {self.names[j]}}}'
            for item in self.domain(column):
                yield f'{{"function": {function}, "set": {item}}}'
        for row in self.program.rows:
            function = self.function(row.body, f"row {row.name}")
            sides = self.interval(row.lower, row.upper, f"row {row.name}")
            if sides is None:
                raise Unsupported("program", ["`free row` (a row with no side)"], row.name)
            yield f'{{"name": {json.dumps(row.name, ensure_ascii=False)}, "function": {function}, "set": {sides}}}'

    def domain(self, column: Column) -> Iterator[str]:
        if column.domain == "binary":
            yield '{"type": "ZeroOne"}'
            if (column.lower, column.upper) == (0, 1):
                return
        elif column.domain == "integer":
            yield '{"type": "Integer"}'
        sides = self.interval(column.lower, column.upper, f"a bound of {column.name}")
        if sides is not None:
            yield sides

    def interval(self, lower: Exact | None, upper: Exact | None, where: str) -> str | None:
        number = self.notes.number
        if lower is None and upper is None:
            return None
        if lower is None:
            assert upper is not None
            return f'{{"type": "LessThan", "upper": {number(upper, where)}}}'
        if upper is None:
            return f'{{"type": "GreaterThan", "lower": {number(lower, where)}}}'
        if lower == upper:
            return f'{{"type": "EqualTo", "value": {number(lower, where)}}}'
        return f'{{"type": "Interval", "lower": {number(lower, where)}, "upper": {number(upper, where)}}}'

    def function(self, body: Quadratic, where: str) -> str:
        number = self.notes.number
        affine = ", ".join(
            f'{{"coefficient": {number(value, where)}, "variable": {self.names[j]}}}'
            for j, value in body.linear.items()
        )
        constant = number(body.constant, where)
        if not body.quadratic:
            return f'{{"type": "ScalarAffineFunction", "terms": [{affine}], "constant": {constant}}}'
        products = ", ".join(
            f'{{"coefficient": {number(2 * value if j == k else value, where)}, '
            f'"variable_1": {self.names[j]}, "variable_2": {self.names[k]}}}'
            for (j, k), value in body.quadratic.items()
        )
        return (
            f'{{"type": "ScalarQuadraticFunction", "affine_terms": [{affine}], '
            f'"quadratic_terms": [{products}], "constant": {constant}}}'
        )


def read_mof(text: str, notes: Notes, policy: Policy) -> Program:
    """The program in a MathOptFormat text.

    Raises Unsupported naming every feature that has no counterpart, PyriteError for what is no MathOptFormat.
    """
    from ..language.document.reading import read_json

    document, findings = read_json(text, policy)
    if findings:
        raise PyriteError(f"not {FORMAT}: {findings[0].message}")
    try:
        return _Reader(document, notes).program()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise PyriteError(f"not {FORMAT}: {_explain(error)}") from error


def _explain(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


class _Reader:
    def __init__(self, document: Any, notes: Notes) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("version"), dict):
            raise PyriteError(f"not {FORMAT}: no `version`")
        if document["version"].get("major") != 1:
            raise PyriteError(f"{FORMAT} version {document['version'].get('major')} is not read; version 1 is")
        self.document, self.notes = document, notes
        self.refused: list[str] = []
        self.columns: list[Column] = []
        self.number: dict[str, int] = {}
        self.rows: list[Row] = []

    def program(self) -> Program:
        for item in self.document["variables"]:
            name = item["name"]
            if not isinstance(name, str) or name in self.number:
                raise PyriteError(f"not {FORMAT}: variable {name!r} is not a unique string")
            self.number[name] = len(self.columns)
            self.columns.append(Column(name, "continuous", None, None, name))
        objective = self.document["objective"]
        sense, body = objective["sense"], Quadratic()
        if sense in ("min", "max"):
            body = self.scalar(objective["function"], "objective") or body
        elif sense != "feasibility":
            raise PyriteError(f"not {FORMAT}: sense {sense!r}")
        for position, item in enumerate(self.document["constraints"], 1):
            self.constraint(item, position)
        if self.refused:
            raise Unsupported(FORMAT, self.refused)
        every = [*self.document["variables"], *self.document["constraints"]]
        if any("primal_start" in item or "dual_start" in item for item in every):
            self.notes.add("starting values (primal_start, dual_start) are not carried")
        senses: Any = {"min": "minimize", "max": "maximize", "feasibility": "feasibility"}
        return Program(self.columns, self.rows, senses[sense], body)

    def refuse(self, feature: str) -> None:
        if feature not in self.refused:
            self.refused.append(feature)

    def constraint(self, item: Mapping[str, Any], position: int) -> None:
        function, target = item["function"], item["set"]
        kind, set_kind = function["type"], target["type"]
        name = item.get("name") or f"c{position}"
        if kind.startswith("Vector"):
            self.vector(function, target, name)
        elif kind == "Variable":
            self.bound(self.columns[self.number[function["name"]]], target, item.get("name"))
        elif set_kind not in _SCALAR_SETS:
            known = set_kind in ("Integer", "ZeroOne")
            self.refuse(f"`{set_kind}` (of a {kind})" if known else f"`{set_kind}` (scalar set)")
        else:
            body = self.scalar(function, "constraint")
            if body is not None:
                self.row(name, body, *_sides(target))

    def row(self, name: str, body: Quadratic, lower: Exact | None, upper: Exact | None) -> None:
        shift, body.constant = body.constant, 0
        lower = None if lower is None else lower - shift
        self.rows.append(Row(name, body, lower, None if upper is None else upper - shift, name))

    def bound(self, column: Column, target: Mapping[str, Any], name: str | None) -> None:
        kind = target["type"]
        if kind == "Integer":
            column.domain = "integer" if column.domain == "continuous" else column.domain
        elif kind == "ZeroOne":
            column.domain = "binary"
            self.tighten(column, 0, 1)
        elif kind in _SCALAR_SETS:
            self.tighten(column, *_sides(target))
        else:
            self.refuse(f"`{kind}` (scalar set)")
            return
        if name:
            self.notes.add("names of constraints that are bounds of one variable are not carried")

    @staticmethod
    def tighten(column: Column, lower: Exact | None, upper: Exact | None) -> None:
        if lower is not None:
            column.lower = lower if column.lower is None else max(column.lower, lower)
        if upper is not None:
            column.upper = upper if column.upper is None else min(column.upper, upper)

    def vector(self, function: Mapping[str, Any], target: Mapping[str, Any], name: str) -> None:
        kind = target["type"]
        if kind not in _VECTOR_SETS:
            self.refuse(f"`{kind}` (vector set)")
            return
        if kind == "Reals":
            return
        bodies = self.outputs(function)
        sides: list[tuple[Exact | None, Exact | None]] = [(0, None)] * len(bodies)
        if kind == "HyperRectangle":
            sides = list(zip(target["lower"], target["upper"], strict=True))
        elif kind != "Nonnegatives":
            sides = [(0 if kind == "Zeros" else None, 0)] * len(bodies)
        for output, (body, (lower, upper)) in enumerate(zip(bodies, sides, strict=True), 1):
            self.row(f"{name}[{output}]", body, lower, upper)
        self.notes.add(f"the vector constraint {name} is written as {len(bodies)} rows")

    def outputs(self, function: Mapping[str, Any]) -> list[Quadratic]:
        if function["type"] == "VectorOfVariables":
            return [Quadratic({self.number[name]: 1}) for name in function["variables"]]
        bodies = [Quadratic(constant=_exact(value)) for value in function["constants"]]
        for item in function.get("terms", function.get("affine_terms", ())):
            self.affine(_output(bodies, item), item["scalar_term"])
        for item in function.get("quadratic_terms", ()):
            self.product(_output(bodies, item), item["scalar_term"])
        return bodies

    def scalar(self, function: Mapping[str, Any], place: str) -> Quadratic | None:
        kind = function["type"]
        if kind == "Variable":
            return Quadratic({self.number[function["name"]]: 1})
        if kind in ("ScalarAffineFunction", "ScalarQuadraticFunction"):
            body = Quadratic(constant=_exact(function["constant"]))
            for item in function.get("terms", function.get("affine_terms", ())):
                self.affine(body, item)
            for item in function.get("quadratic_terms", ()):
                self.product(body, item)
            return body
        if kind == "ScalarNonlinearFunction":
            nodes = [node["type"] for node in function["node_list"] if isinstance(node, dict)]
            others = [node for node in nodes if node not in ("+", "-", "*", "real", "variable", "node")]
            self.refuse(f"`{kind}` ({place} with {', '.join(f'`{node}`' for node in dict.fromkeys(others or nodes))})")
        elif kind.startswith("Vector"):
            self.refuse(f"`{kind}` ({place} with several outputs)")
        else:
            self.refuse(f"`{kind}` ({place})")
        return None

    def affine(self, body: Quadratic, item: Mapping[str, Any]) -> None:
        add_term(body, self.number[item["variable"]], _exact(item["coefficient"]))

    def product(self, body: Quadratic, item: Mapping[str, Any]) -> None:
        j, k = self.number[item["variable_1"]], self.number[item["variable_2"]]
        add_product(body, j, k, _exact(item["coefficient"]) * (_HALF if j == k else 1))


def _output(bodies: list[Quadratic], item: Mapping[str, Any]) -> Quadratic:
    """The output that a term of a vector function belongs to, counted from 1."""
    index = item["output_index"]
    if not isinstance(index, int) or not 1 <= index <= len(bodies):
        raise ValueError(f"output_index {index!r} of {len(bodies)} outputs")
    return bodies[index - 1]


def _exact(value: Any) -> Exact:
    from ..language.formulation import exact_number

    return exact_number(value)


def _sides(target: Mapping[str, Any]) -> tuple[Exact | None, Exact | None]:
    """Lower and upper of a scalar set."""
    kind = target["type"]
    if kind == "LessThan":
        return None, _exact(target["upper"])
    if kind == "GreaterThan":
        return _exact(target["lower"]), None
    if kind == "EqualTo":
        return _exact(target["value"]), _exact(target["value"])
    return _exact(target["lower"]), _exact(target["upper"])
