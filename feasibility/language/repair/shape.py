"""Repairs of a document's shape: other words for keys and choices, lists for maps, texts for numbers, odd names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from ...rationals import from_decimal
from ..document.attempts import held_formulations, is_formulation
from ..document.schema import NAME, is_number
from ..document.words import (
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
from ..grammar.tokens import RESERVED
from .expressions import repair_constraint, repair_family, repair_objective
from .text import Endless, RefusedError

_KNOWN: Final = {
    "formulation": ("sets", "parameters", "variables", "objective", "constraints"),
    "variable": ("index", "domain", "lower", "upper"),
    "objective": ("sense", "expression"),
    "constraint": ("for", "expression"),
    "parameter": ("index", "values"),
}
_BRACES: Final = re.compile(r"([A-Za-z][A-Za-z0-9]*)_\{([A-Za-z0-9]+)\}")


def unwrap(value: Any, load: Any, codes: set[str]) -> dict[str, Any]:
    """The formulation that a JSON value is or holds. Raises RefusedError when it holds several different ones."""
    if is_formulation(value):
        return dict(value)
    if isinstance(value, Mapping) and {"sets", "parameters"} & {str(key).lower() for key in value}:
        raise RefusedError
    held = held_formulations(value, load)
    if not held or any(other != held[0] for other in held[1:]):
        raise RefusedError
    codes.add("wrapper")
    return held[0]


class Shaper:
    """Repairs one document; the deviations are gathered in ``codes``. Raises RefusedError."""

    def __init__(self, codes: set[str], taken: frozenset[str]) -> None:
        self.codes = codes
        self.taken = taken
        """Names of the problem's data, which new spellings must keep away from."""
        self.names: dict[str, str] = {}

    def formulation(self, value: Mapping[str, Any]) -> dict[str, Any]:
        document = self.keys(value, "formulation")
        if isinstance(document.get("variables"), list):
            document["variables"] = self.by_name(document["variables"], "variables-as-list")
        for section in ("sets", "parameters", "variables"):
            if section in document and not isinstance(document[section], dict):
                raise RefusedError
        self.respell([name for section in ("sets", "parameters", "variables") for name in document.get(section, ())])
        declared = frozenset(
            self.names.get(name, name)
            for part in ("sets", "parameters", "variables")
            for name in document.get(part, ())
        )
        for section, repair in (("parameters", self.parameter), ("variables", self.variable)):
            if section in document:
                document[section] = {
                    self.names.get(name, name): repair(entry) for name, entry in document[section].items()
                }
        if "sets" in document:
            document["sets"] = {self.names.get(name, name): entry for name, entry in document["sets"].items()}
        if "objective" in document:
            document["objective"] = self.objective(document["objective"], declared | self.taken)
        if "constraints" in document:
            document["constraints"] = self.constraints(document["constraints"], declared | self.taken)
        return document

    def keys(self, value: Any, node: str) -> dict[str, Any]:
        """The entries under their own keys; what is about the model is left away."""
        if not isinstance(value, Mapping):
            raise RefusedError
        known = _KNOWN[node]
        found: dict[str, Any] = {}
        for key, entry in value.items():
            word = key.strip().lower()
            if key in known:
                name = key
            elif word in known:
                self.codes.add("case-of-word")
                name = word
            elif other_word(key, node) in known:
                self.codes.add("other-word")
                name = str(other_word(key, node))
            elif is_extra(key, node) and (entry is None or isinstance(entry, str) or _texts(entry)):
                self.codes.add("extra-key")
                continue
            else:
                name = key
            if name in found:
                raise RefusedError
            found[name] = entry
        return found

    def by_name(self, rows: list[Any], code: str) -> dict[str, Any]:
        """A list of maps that say their names, as a map."""
        found: dict[str, Any] = {}
        for row in rows:
            if not isinstance(row, Mapping):
                raise RefusedError
            name = row.get("name")
            if not isinstance(name, str) or name in found:
                raise RefusedError
            found[name] = {key: entry for key, entry in row.items() if key != "name"}
        self.codes.add(code)
        return found

    def respell(self, names: list[str]) -> None:
        """Find a plain spelling for every name that needs one, different from all others."""
        odd = [name for name in names if NAME.fullmatch(name) is None]
        used = {name for name in names if name not in odd} | self.taken | RESERVED
        for number, name in enumerate(odd, start=1):
            braces = _BRACES.fullmatch(name)
            pieces = re.findall(r"[^\W_]+", name)
            if len(name) > 100 or (braces is None and len(pieces) > 1 and any(piece in names for piece in pieces)):
                raise RefusedError  # white-bread could be white minus bread
            if re.fullmatch(r"[\d.]+", name) or not pieces or set(name) & set("+*/<>=()[],'\"\\"):
                raise RefusedError
            letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
            new = f"{braces[1]}_{braces[2]}" if braces else re.sub(r"\W+", "_", letters).strip("_")[:50]
            if not new or not new.isidentifier():
                new = f"v{number}"
            if new in used:
                new = next(f"{new}_{n}" for n in range(2, len(names) + 3) if f"{new}_{n}" not in used)
            used.add(new)
            self.names[name] = new
        if odd:
            self.codes.add("bad-name")

    def index(self, value: Any) -> Any:
        return [self.names.get(name, name) for name in value] if isinstance(value, list) and _texts(value) else value

    def parameter(self, value: Any) -> dict[str, Any]:
        document = self.keys(value, "parameter")
        if "index" in document:
            document["index"] = self.index(document["index"])
        if "values" in document:
            document["values"] = self.values(document["values"])
        return document

    def values(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.values(entry) for key, entry in value.items()}
        return self.number(value) if isinstance(value, str) and not isinstance(value, Endless) else _finite(value)

    def number(self, text: str) -> Any:
        """A number in quotes."""
        if THOUSANDS_TEXT.fullmatch(text):
            self.codes |= {"number-as-text", "thousands-separator"}
            return from_decimal(text.strip().replace(",", ""))
        if not NUMBER_TEXT.fullmatch(text) or len(text) > 40:
            raise RefusedError
        self.codes.add("number-as-text")
        return from_decimal(text.strip())

    def variable(self, value: Any) -> dict[str, Any]:
        document = self.keys(value, "variable")
        if "index" in document:
            document["index"] = self.index(document["index"])
        for side in ("lower", "upper"):
            if side in document:
                document[side] = self.bound(document[side], side)
        if isinstance(document.get("domain"), str):
            self.domain(document)
        return document

    def bound(self, value: Any, side: str) -> Any:
        if isinstance(value, Endless):
            if (value == "Infinity") != (side == "upper"):
                raise RefusedError
            return None
        if not isinstance(value, str):
            return value
        if unlimited(side, value):
            self.codes.add("infinite-bound")
            return None
        return self.number(value)

    def domain(self, document: dict[str, Any]) -> None:
        word = document["domain"]
        if word in ("continuous", "integer", "binary"):
            return
        if word.strip().lower() in ("continuous", "integer", "binary"):
            self.codes.add("case-of-word")
            document["domain"] = word.strip().lower()
            return
        if plain(word) in DOMAINS:
            self.codes.add("other-word")
            document["domain"] = DOMAINS[plain(word)]
            return
        if plain(word) in LIMITED_DOMAINS:
            domain, least = LIMITED_DOMAINS[plain(word)]
            lower = document.get("lower", least)
            if not is_number(lower) or lower < least:
                raise RefusedError  # the word and the bound contradict each other
            self.codes.add("other-word")
            document["domain"], document["lower"] = domain, lower

    def objective(self, value: Any, declared: frozenset[str]) -> Any:
        if isinstance(value, str):
            said = SENTENCE.match(value)
            if said is None:
                raise RefusedError
            self.codes.add("objective-as-text")
            value = {"sense": SENSES[said[1].lower()], "expression": value[said.end() :]}
        document = self.keys(self.said_by_sense(value), "objective")
        sense = document.get("sense")
        if isinstance(sense, str) and sense not in ("minimize", "maximize", "feasibility"):
            word = sense.strip().lower()
            if word in ("minimize", "maximize", "feasibility"):
                self.codes.add("case-of-word")
                document["sense"] = word
            elif word in SENSES:
                self.codes.add("other-word")
                document["sense"] = SENSES[word]
        if isinstance(document.get("expression"), str):
            document["expression"] = repair_objective(document["expression"], self.names, declared, self.codes)
        return document

    def said_by_sense(self, value: Any) -> Any:
        """``{"maximize": "3*x"}`` with its sense and its expression under their own keys."""
        if not isinstance(value, Mapping) or len(value) != 1:
            return value
        ((key, expression),) = value.items()
        word = str(key).strip().lower()
        sense = word if word in ("minimize", "maximize") else SENSES.get(word)
        if sense is None or not isinstance(expression, str):
            return value
        self.codes.add("other-word")
        return {"sense": sense, "expression": expression}

    def constraints(self, value: Any, declared: frozenset[str]) -> dict[str, Any]:
        if isinstance(value, list):
            value = self.numbered(value)
        if not isinstance(value, Mapping):
            raise RefusedError
        return {name: self.constraint(entry, declared) for name, entry in value.items()}

    def numbered(self, rows: list[Any]) -> dict[str, Any]:
        """A list of constraints, as a map under their own names or numbers."""
        self.codes.add("constraints-as-list")
        found: dict[str, Any] = {}
        for number, row in enumerate(rows, start=1):
            name = f"c{number}"
            if isinstance(row, Mapping):
                said = row.get("name")
                if isinstance(said, str) and said and said not in found:
                    name = said
                row = {key: entry for key, entry in row.items() if key != "name"}
            elif not isinstance(row, str):
                raise RefusedError
            if name in found:
                raise RefusedError
            found[name] = row
        return found

    def constraint(self, value: Any, declared: frozenset[str]) -> Any:
        if isinstance(value, str):
            return repair_constraint(value, self.names, declared, self.codes)
        document = self.keys(value, "constraint")
        if isinstance(document.get("expression"), str):
            document["expression"] = repair_constraint(document["expression"], self.names, declared, self.codes)
        if "for" in document and document["for"] in (None, ""):
            del document["for"]
        if list(document) == ["expression"]:
            self.codes.add("constraint-as-map")
            return document["expression"]
        if isinstance(document.get("for"), str):
            document["for"] = repair_family(document["for"], self.names, self.codes)
        return document


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _finite(value: Any) -> Any:
    if isinstance(value, Endless):
        raise RefusedError
    return value
