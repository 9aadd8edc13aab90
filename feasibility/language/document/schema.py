"""Stage 2: is a document valid against ``formulation.schema.json``, and if not, what is wrong and where.

The schema file (JSON Schema, Draft 2020-12) is what counts, and the tests hold this validator to accept exactly what
jsonschema accepts on it. Written by hand, it is a hundred times faster, does not recurse, and blames the branch that
the writer meant: it looks first at what kind of thing stands there, then at what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from math import isfinite
from typing import Any, Final

from ...rationals import FRACTIONS, NUMBERS
from ...verdict import Finding
from ..suggestions import closest, escape, shorten
from .reading import MAX_FINDINGS
from .words import (
    DOMAINS,
    LIMITED_DOMAINS,
    NUMBER_TEXT,
    SENSES,
    SENTENCE,
    THOUSANDS_TEXT,
    is_extra,
    other_word,
    plain,
    unlimited,
)

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
LABEL: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}")

_SECTIONS: Final = ("sets", "parameters", "variables", "objective", "constraints")
_MEANT: Final = {
    "lb": "lower",
    "ub": "upper",
    "min": "lower",
    "max": "upper",
    "lower_bound": "lower",
    "upper_bound": "upper",
    "type": "domain",
    "vartype": "domain",
    "indices": "index",
    "expr": "expression",
    "value": "values",
    "forall": "for",
    "direction": "sense",
    "vars": "variables",
    "params": "parameters",
    "data": "parameters",
    "subject_to": "constraints",
    "goal": "objective",
}
_DOMAINS: Final = ("continuous", "integer", "binary")
_SENSES: Final = ("minimize", "maximize", "feasibility")


@cache
def formulation_schema() -> dict[str, Any]:
    """The JSON Schema of formulations, as a document (do not change it)."""
    text = files(__package__).joinpath("formulation.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def validate(document: Any) -> list[Finding]:
    """All problems of a document, with the JSON pointer of each; an empty list when it is valid.

    At most ``MAX_FINDINGS`` are listed. ``document`` is what :func:`.reading.read_json` gives; plain floats are
    accepted too if they are finite.

    >>> [finding.message for finding in validate({"variables": {"x": {"domain": "int", "lower": 0}},
    ...     "objective": {"sense": "feasibility"}, "constraints": {}})]
    ["the domain is 'int', but continuous, integer or binary is needed"]
    """
    check = _Check()
    with suppress(_EnoughError):
        check.formulation(document)
    return check.findings


class _EnoughError(Exception):
    """As many problems were found as are reported."""


def is_number(value: Any) -> bool:
    """Whether the value counts as a JSON number here: finite and not a boolean."""
    kind = type(value)
    return kind is int or kind in FRACTIONS or (kind is float and isfinite(value))


def is_member(value: Any) -> bool:
    """Whether the value can be a set member: a whole number or a short text without control characters."""
    kind = type(value)
    if kind is str:
        return LABEL.fullmatch(value) is not None
    return kind is int or (kind is float and value.is_integer()) or (kind in FRACTIONS and value.denominator == 1)


class _Check:
    """One method a node of the schema; each is called with the value and its JSON pointer."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(self, code: str, message: str, where: str, hint: str = "") -> None:
        self.findings.append(Finding(code, message, where, hint=hint))
        if len(self.findings) == MAX_FINDINGS:
            raise _EnoughError

    # What every node needs.

    def object(self, value: Any, where: str, what: str, hint: str) -> bool:
        if type(value) is dict:
            return True
        self.add("wrong-type", f"{what} is {_kind(value)}, but a map is needed", where, hint)
        return False

    def keys(
        self, value: Mapping[str, Any], known: tuple[str, ...], required: tuple[str, ...], where: str, what: str
    ) -> None:
        """Nothing unknown, nothing missing; what stands there under another word is not also called missing."""
        if all([key in known for key in value]) and all([key in value for key in required]):  # noqa: C419 - faster
            return
        for key in value:
            if key not in known:
                self.unknown_key(key, known, what, where, f"{what} has no entry {shorten(key)}")
        spelled = {_spelled(key, known, _NODES[what]) for key in value if key not in known}
        for key in required:
            if key not in value and key not in spelled:
                self.add("missing-key", f"{what} has no {key!r}", where, f"add {key!r}")

    def unknown_key(self, key: str, known: tuple[str, ...], what: str, where: str, message: str) -> None:
        """A key that the language does not have, by what it probably is."""
        node = _NODES[what]
        place = f"{where}/{escape(key)}"
        if key.strip().lower() in known:
            self.add("case-of-word", message, place, f"write {key.strip().lower()!r}")
        elif other_word(key, node) in known:
            self.add("other-word", message, place, f"write {other_word(key, node)!r}")
        elif is_extra(key, node):
            self.add("extra-key", message, place, "leave it away; say what you think outside of the object")
        else:
            self.add("unknown-key", message, place, closest(key, known, _MEANT) or f"known are {', '.join(known)}")

    def named(self, value: Any, where: str, what: str, item: Callable[[Any, str], None]) -> None:
        """A map from identifiers to items."""
        if not self.object(value, where, f"{what!r}", 'write {"name": ...}, a map by name'):
            return
        for name, entry in value.items():
            if NAME.fullmatch(name) is None:
                self.add(
                    "bad-name",
                    f"{shorten(name)} cannot be a name",
                    f"{where}/{escape(name)}",
                    _rename(name),
                )
            else:
                item(entry, f"{where}/{name}")

    def choice(self, value: Any, choices: tuple[str, ...], where: str, what: str) -> bool:
        if value in choices:
            return True
        needed = " or ".join([", ".join(choices[:-1]), choices[-1]])
        message = f"the {what} is {_show(value)}, but {needed} is needed"
        word = value.strip().lower() if isinstance(value, str) else ""
        meant = SENSES.get(word) if what == "sense" else DOMAINS.get(plain(word))
        limited = LIMITED_DOMAINS.get(plain(word)) if what == "domain" else None
        if word in choices:
            self.add("case-of-word", message, where, f"write {word!r}")
        elif limited:
            self.add("other-word", message, where, f'write {limited[0]!r} and "lower": {limited[1]}')
        elif meant:
            self.add("other-word", message, where, f"write {meant!r}")
        else:
            self.add("bad-choice", message, where, closest(value, choices, {}) if isinstance(value, str) else "")
        return False

    def text(self, value: Any, where: str, what: str) -> None:
        if type(value) is not str:
            hint = 'write it in quotes: "3*x + 2*y <= 40"'
            self.add("wrong-type", f"{what} is {_kind(value)}, but a text is needed", where, hint)
        elif not value:
            self.add("empty-text", f"{what} is empty", where, "write it, or leave the whole entry away")

    def index(self, value: Any, where: str) -> None:
        if type(value) is not list:
            hint = f'write ["{value}"]' if isinstance(value, str) and NAME.fullmatch(value) else 'write ["P", "T"]'
            self.add("wrong-type", f"'index' is {_kind(value)}, but a list of set names is needed", where, hint)
            return
        for place, name in enumerate(value):
            if type(name) is not str:
                self.add("wrong-type", f"a set name is {_kind(name)}, but a text is needed", f"{where}/{place}")
            elif NAME.fullmatch(name) is None:
                self.add("bad-name", f"{shorten(name)} cannot be the name of a set", f"{where}/{place}", _rename(name))

    def bound(self, value: Any, where: str, what: str) -> None:
        if value is None or is_number(value):
            return
        message = f"{what!r} is {_kind(value)}, but a number or null is needed"
        if unlimited(what, value):
            self.add("infinite-bound", message, where, "write null for no bound")
        elif isinstance(value, str) and (NUMBER_TEXT.fullmatch(value) or THOUSANDS_TEXT.fullmatch(value)):
            self.add("number-as-text", message, where, f"write {value.strip().replace(',', '')} without quotes")
        else:
            self.add("wrong-type", message, where, "write a number, or null for no bound")

    # The nodes.

    def formulation(self, value: Any) -> None:
        what = "the formulation"
        if not self.object(value, "", what, 'write {"variables": ..., "objective": ..., "constraints": ...}'):
            return
        for key in value:
            if key not in _SECTIONS:
                self.unknown_key(key, _SECTIONS, what, "", f"{what} has no section {shorten(key)}")
        spelled = {_spelled(key, _SECTIONS, "formulation") for key in value if key not in _SECTIONS}
        for key in ("variables", "objective", "constraints"):
            if key not in value and key not in spelled:
                hint = 'write "constraints": {} if there are none' if key == "constraints" else f"add {key!r}"
                self.add("missing-section", f"{what} has no {key!r}", "", hint)
        if "sets" in value:
            self.named(value["sets"], "/sets", "sets", self.members)
        if "parameters" in value:
            self.named(value["parameters"], "/parameters", "parameters", self.parameter)
        if isinstance(value.get("variables"), list):
            message = "'variables' is a list, but a map is needed"
            self.add("variables-as-list", message, "/variables", 'write {"name": {...}}, a map by name')
        elif "variables" in value:
            self.named(value["variables"], "/variables", "variables", self.variable)
            if value["variables"] == {}:
                self.add("no-variables", "there are no variables", "/variables", "declare at least one")
        if "objective" in value:
            self.objective(value["objective"])
        if "constraints" in value:
            self.constraints(value["constraints"])

    def members(self, value: Any, where: str) -> None:
        if type(value) is not list:
            self.add(
                "wrong-type", f"a set is {_kind(value)}, but a list of members is needed", where, "write [1, 2, 3]"
            )
            return
        for place, member in enumerate(value):
            if not is_member(member):
                if type(member) is str:
                    message = "a member is an empty or too long text, or has a line break"
                else:
                    message = f"a member is {_kind(member)}, but a whole number or a text is needed"
                self.add("bad-member", message, f"{where}/{place}", "write 1 to 100 characters, or a whole number")

    def parameter(self, value: Any, where: str) -> None:
        hint = f'write {{"values": {value}}}' if is_number(value) else 'write {"index": ["P"], "values": {...}}'
        if not self.object(value, where, "a parameter", hint):
            return
        self.keys(value, ("index", "values"), ("values",), where, "a parameter")
        if "index" in value:
            self.index(value["index"], f"{where}/index")
        if "values" in value:
            self.values(value["values"], f"{where}/values")

    def values(self, value: Any, where: str) -> None:
        """Nested maps down to numbers, followed without recursion and in the order of the text."""
        todo = [(value, where)]
        while todo:
            value, where = todo.pop()
            if type(value) is dict:
                if all(map(is_number, value.values())):
                    continue
                todo.extend((entry, f"{where}/{escape(key)}") for key, entry in reversed(value.items()))
            elif not is_number(value):
                hint = 'key them by member: {"bread": 3}' if type(value) is list else "write the number itself"
                self.add("wrong-type", f"a value is {_kind(value)}, but a number or a map is needed", where, hint)

    def variable(self, value: Any, where: str) -> None:
        if not self.object(value, where, "a variable", 'write {"domain": "continuous", "lower": 0}'):
            return
        domain = value.get("domain")
        self.keys(value, ("index", "domain", "lower", "upper"), ("domain",), where, "a variable")
        known = "domain" in value and self.choice(domain, _DOMAINS, f"{where}/domain", "domain")
        if known and domain != "binary" and "lower" not in value:
            hint = 'add "lower": 0, or "lower": null for none'
            self.add("missing-key", "the variable does not say its lower bound", where, hint)
        if "index" in value:
            self.index(value["index"], f"{where}/index")
        for side in ("lower", "upper"):
            if side in value:
                self.bound(value[side], f"{where}/{side}", side)

    def objective(self, value: Any) -> None:
        where = "/objective"
        if isinstance(value, str) and SENTENCE.match(value):
            message = "the objective is a text, but a map is needed"
            self.add("objective-as-text", message, where, 'write {"sense": "maximize", "expression": "3*x"}')
            return
        if not self.object(value, where, "the objective", 'write {"sense": "minimize", "expression": "3*x"}'):
            return
        self.keys(value, ("sense", "expression"), ("sense",), where, "the objective")
        sense = value.get("sense")
        known = "sense" in value and self.choice(sense, _SENSES, f"{where}/sense", "sense")
        if known and sense == "feasibility":
            if "expression" in value:
                self.add(
                    "unexpected-expression",
                    "the sense feasibility has no expression",
                    f"{where}/expression",
                    "remove the expression, or write minimize or maximize",
                )
            return
        if "expression" in value:
            self.text(value["expression"], f"{where}/expression", "the expression")
        elif known:
            self.add("missing-key", "the objective has no 'expression'", where, "say what to " + sense)

    def constraints(self, value: Any) -> None:
        if isinstance(value, list):
            message = "'constraints' is a list, but a map is needed"
            self.add("constraints-as-list", message, "/constraints", 'write {"name": "3*x <= 40"}, a map by name')
            return
        if not self.object(value, "/constraints", "'constraints'", 'write {"name": "3*x <= 40"}, a map by name'):
            return
        for name, entry in value.items():
            where = f"/constraints/{escape(name)}"
            if LABEL.fullmatch(name) is None:
                self.add(
                    "bad-name",
                    f"{shorten(name)} cannot be the name of a constraint",
                    where,
                    "write 1 to 100 characters without line breaks",
                )
            elif type(entry) is str:
                self.text(entry, where, "the constraint")
            elif type(entry) is dict and list(entry) == ["expression"]:
                message = "a constraint without 'for' needs no map"
                self.add("constraint-as-map", message, where, "write its expression as the constraint's text")
            elif type(entry) is dict:
                self.keys(entry, ("for", "expression"), ("for", "expression"), where, "a constraint in a map")
                for key in ("for", "expression"):
                    if key in entry:
                        self.text(entry[key], f"{where}/{key}", f"{key!r}")
            else:
                self.add(
                    "wrong-type",
                    f"a constraint is {_kind(entry)}, but a text or a map is needed",
                    where,
                    'write "3*x <= 40", or {"for": "p in P", "expression": "x[p] <= 40"}',
                )


_NODES: Final = {
    "the formulation": "formulation",
    "a variable": "variable",
    "a parameter": "parameter",
    "the objective": "objective",
    "a constraint in a map": "constraint",
}


def _spelled(key: str, known: Iterable[str], node: str) -> str | None:
    """The known key that an unknown one stands for."""
    word = key.strip().lower()
    return word if word in known else other_word(key, node)


def _kind(value: Any) -> str:
    """What a JSON value is, as a person says it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, NUMBERS):
        return "a number"
    return f"a {type(value).__name__}"


def _show(value: Any) -> str:
    return shorten(value) if isinstance(value, str) else _kind(value)


def _rename(name: str) -> str:
    """A name that would do."""
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:60]
    if plain and plain[0].isdigit():
        plain = f"_{plain}"
    advice = "use letters, digits and _, no digit first, at most 64 characters"
    return f"{advice}, such as {plain}" if plain else advice
