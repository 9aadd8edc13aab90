"""A plan as an answer writes it: values of named variables, nested by index, and perhaps a claimed objective.

    {"values": {"make": {"bread": {"1": 3, "2": 0}}, "open": 1}, "objective": 42}

Reading asks three questions that become three stages: is the document of the right form (``schema``), are all the
asked names there and no others (``names``), and which number stands where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..language.grammar.syntax import Member
from ..rationals import FRACTIONS, Exact
from ..verdict import Finding

AskedValues: TypeAlias = Mapping[str, tuple[tuple[Member, ...], ...]]
"""What a plan has to give: variable -> its tuples of members (one empty tuple for a variable without index)."""

PlanKey: TypeAlias = tuple[str, tuple[str, ...]]
"""A value's place: variable and members as text."""

MAX_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """Exact values by place. ``claimed`` is the objective that the answer states; it is never believed."""

    values: Mapping[PlanKey, Exact]
    claimed: Exact | None = None

    def of(self, variable: str, members: tuple[Member, ...] = ()) -> Exact:
        """One value. Raises KeyError when the plan does not give it."""
        return self.values[variable, tuple(str(member) for member in members)]


@dataclass(slots=True)
class Reading:
    """What was found in a document: form and names each with their findings, and the plan when both are in order."""

    plan: Plan | None = None
    form: list[Finding] = field(default_factory=list)
    names: list[Finding] = field(default_factory=list)


def read_plan(document: Any, asked: AskedValues) -> Reading:
    """Read a document (exact numbers, as the strict reader gives them) as a plan for what is asked."""
    reading = Reading()
    if not isinstance(document, Mapping) or not isinstance(document.get("values"), Mapping):
        reading.form.append(Finding("plan-form", 'a plan is an object with "values", an object of numbers by name'))
        return reading
    for key in document:
        if key not in ("values", "objective"):
            reading.form.append(Finding("plan-form", f"unknown key {_shown(key)}", _pointer((key,))))
    claimed = document.get("objective")
    if claimed is not None and not _is_number(claimed):
        reading.form.append(Finding("not-a-number", "objective is a number or left out", "/objective"))
    found: dict[PlanKey, Exact] = {}
    given: Mapping[str, Any] = document["values"]
    for variable, tuples in asked.items():
        depth = len(tuples[0]) if tuples else 0
        if variable in given and (tuples or given[variable] != {}):  # over an empty set there is nothing to give
            _collect(variable, given[variable], depth, found, reading.form)
    if not reading.form:
        reading.names.extend(_name_findings(given, asked, found))
    if not reading.form and not reading.names:
        reading.plan = Plan(found, claimed if _is_number(claimed) else None)
    for findings in (reading.form, reading.names):
        del findings[MAX_FINDINGS:]
    return reading


def plan_schema(asked: AskedValues) -> dict[str, Any]:
    """The JSON Schema (Draft 2020-12) of a plan for what is asked; what :func:`read_plan` calls form and names."""

    def level(tuples: tuple[tuple[Member, ...], ...], depth: int) -> dict[str, Any]:
        if depth == len(tuples[0]):
            return {"type": "number"}
        groups: dict[str, list[tuple[Member, ...]]] = {}
        for members in tuples:
            groups.setdefault(str(members[depth]), []).append(members)
        inner = {name: level(tuple(group), depth + 1) for name, group in groups.items()}
        return {"type": "object", "properties": inner, "required": list(inner), "additionalProperties": False}

    variables = {name: level(tuples, 0) for name, tuples in asked.items() if tuples}
    values = {
        "type": "object",
        "properties": variables,
        "required": list(variables),
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"values": values, "objective": {"type": ["number", "null"]}},
        "required": ["values"],
        "additionalProperties": False,
    }


def write_plan(plan: Plan, digits: int | None = None) -> dict[str, Any]:
    """The document of a plan, for references and examples: numbers as floats, rounded to ``digits`` when given."""
    document: dict[str, Any] = {}
    for (variable, members), value in plan.values.items():
        number = _plain(value, digits)
        if not members:
            document[variable] = number
            continue
        place = document.setdefault(variable, {})
        for member in members[:-1]:
            place = place.setdefault(member, {})
        place[members[-1]] = number
    written: dict[str, Any] = {"values": document}
    if plan.claimed is not None:
        written["objective"] = _plain(plan.claimed, digits)
    return written


def _collect(variable: str, value: Any, depth: int, found: dict[PlanKey, Exact], findings: list[Finding]) -> None:
    """Every number under a variable, by its members; anything that is not as deep as the index, or no number, is said.

    Without recursion: the document may be deep, but only ``depth`` levels of it are walked.
    """
    level: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for _ in range(depth):
        below: list[tuple[tuple[str, ...], Any]] = []
        for members, entry in level:
            if isinstance(entry, Mapping):
                below.extend(((*members, str(key)), inner) for key, inner in entry.items())
            elif len(findings) < MAX_FINDINGS:
                text = f"{variable} has {depth} {'index' if depth == 1 else 'indices'}: numbers by member stand here"
                findings.append(Finding("plan-form", text, _pointer(("values", variable, *members))))
        level = below
    for members, entry in level:
        if _is_number(entry):
            found[variable, members] = entry
        elif len(findings) < MAX_FINDINGS:
            where = _pointer(("values", variable, *members))
            if isinstance(entry, Mapping | list):
                findings.append(Finding("plan-form", f"{variable} has no more indices: a number stands here", where))
            else:
                findings.append(Finding("not-a-number", f"a number stands here, not {_shown(entry)}", where))


def _name_findings(given: Mapping[str, Any], asked: AskedValues, found: Mapping[PlanKey, Exact]) -> Iterator[Finding]:
    """What is missing and what nobody asked for, in the order of the question and then of the answer."""
    wanted = {(name, tuple(str(member) for member in members)) for name, tuples in asked.items() for members in tuples}
    for name, tuples in asked.items():
        if name not in given:
            if tuples:
                yield Finding("no-value", f"no value is given for {name}", "/values")
            continue
        for members in tuples:
            key = (name, tuple(str(member) for member in members))
            if key not in found:
                yield Finding("no-value", f"no value is given for {_place(key)}", _pointer(("values", name)))
    for key in found:
        if key not in wanted:
            yield Finding("unknown-place", f"there is no {_shown(_place(key))}", _pointer(("values", key[0], *key[1])))
    for name in given:
        if name not in asked:
            yield Finding("unknown-place", f"there is no variable {_shown(name)}", _pointer(("values", name)))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, *FRACTIONS)) and not isinstance(value, bool)


def _place(key: PlanKey) -> str:
    return f"{key[0]}[{','.join(key[1])}]" if key[1] else key[0]


def _shown(value: Any) -> str:
    return repr(value if isinstance(value, str) and len(value) <= 60 else str(value)[:60])


def _pointer(keys: tuple[Any, ...]) -> str:
    return "".join("/" + str(key)[:100].replace("~", "~0").replace("/", "~1") for key in keys)


def _plain(value: Exact, digits: int | None) -> int | float:
    if value == int(value):
        return int(value)
    return float(value) if digits is None else round(float(value), digits)
