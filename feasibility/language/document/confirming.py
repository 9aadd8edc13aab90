"""The second word on stage 2: jsonschema on the same schema file, for every document that the fast validator refuses.

jsonschema is the checker that counts. It is slow and recurses, so it is asked about failures only, and about documents
whose size and depth it can take; a document beyond that stands refused by the fast validator alone, and says so. The
tests hold both to the same answer on many random documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from ...rationals import FRACTIONS, Fraction
from .schema import formulation_schema, is_number

MOST_VALUES = 20_000
"""Values of a document, all depths together, up to which jsonschema is asked."""
LONGEST_LIST = 500
"""Entries of a list up to which it is asked: comparing all entries of 2,000 takes it 3 s."""
DEEPEST = 60
"""Nesting up to which it is asked: it recurses several frames a level."""
_ERRORS = 50


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What jsonschema says. ``refused`` None: it was not asked, for the ``reason``.

    ``path`` is the place in the document (``$.variables.x``), ``rule`` the keyword of the schema that is broken and
    ``schema_path`` where it stands in the schema file.
    """

    refused: bool | None
    path: str = ""
    rule: str = ""
    schema_path: str = ""
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for a verdict."""
        if self.refused is None:
            return {"confirmed": False, "reason": self.reason}
        return {"confirmed": self.refused, "path": self.path, "rule": self.rule, "schema_path": self.schema_path}


def confirm(document: Any, where: str = "") -> Confirmation:
    """Ask jsonschema about a document. ``where`` (a JSON pointer) is the place that its error should be near.

    Never raises: what jsonschema cannot take is not asked, and what it breaks on is a reason.
    """
    reason = _too_much(document)
    if reason:
        return Confirmation(None, reason=reason)
    try:
        errors = list(islice(_validator().iter_errors(document), _ERRORS))
    except RecursionError:
        return Confirmation(None, reason="jsonschema recursed too deeply")
    if not errors:
        return Confirmation(False)
    wanted = [part.replace("~1", "/").replace("~0", "~") for part in where.split("/")[1:]]
    error = max(errors, key=lambda error: _nearness(list(error.absolute_path), wanted))
    while error.context:
        # Of the branches of a choice, the one that came furthest says most.
        error = max(error.context, key=lambda inner: _nearness(list(inner.absolute_path), wanted))
    schema_path = "/".join(map(str, error.absolute_schema_path))
    return Confirmation(True, error.json_path[:300], str(error.validator), schema_path[:300])


def _nearness(path: list[Any], wanted: list[str]) -> tuple[int, int]:
    """How many steps two places share, and minus how far they part."""
    shared = 0
    for step, other in zip(path, wanted, strict=False):
        if str(step) != other:
            break
        shared += 1
    return shared, -abs(len(path) - len(wanted))


def _too_much(document: Any) -> str:
    """Why jsonschema is not asked, or nothing. Works without recursion on any document."""
    seen, level, depth = 0, [document], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return f"nested deeper than {DEEPEST} levels"
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                if len(value) > LONGEST_LIST:
                    return f"a list has more than {LONGEST_LIST} entries"
                below.extend(value)
        seen += len(below)
        if seen > MOST_VALUES:
            return f"it has more than {MOST_VALUES:,} values"
        level = below
    return ""


@cache
def _validator() -> Any:
    """The schema's validator with exact numbers, and with patterns as JSON Schema means them.

    In ECMA 262, the dialect of JSON Schema, ``$`` does not match before a last line break; in Python it does.
    """
    import jsonschema

    def pattern(_: Any, wanted: str, value: Any, __: Any) -> Iterator[Any]:
        if isinstance(value, str) and not _search(wanted, value):
            yield jsonschema.ValidationError(f"does not match {wanted!r}")

    def pattern_properties(validator: Any, patterns: Any, value: Any, _: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for wanted, item in patterns.items():
                for key, inner in value.items():
                    if _search(wanted, key):
                        yield from validator.descend(inner, item, path=key, schema_path=wanted)

    def additional(validator: Any, allowed: Any, value: Any, schema: Any) -> Iterator[Any]:
        if not isinstance(value, dict):
            return
        for key, inner in value.items():
            if key in schema.get("properties", {}):
                continue
            if any(_search(wanted, key) for wanted in schema.get("patternProperties", {})):
                continue
            if allowed is False:
                yield jsonschema.ValidationError("an additional property", path=(key,))
            else:
                yield from validator.descend(inner, allowed, path=key)

    def whole(_: Any, value: Any) -> bool:
        return is_number(value) and (not isinstance(value, (float, *FRACTIONS)) or Fraction(value).denominator == 1)

    types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": lambda _, value: is_number(value), "integer": whole}
    )
    rules = {"pattern": pattern, "patternProperties": pattern_properties, "additionalProperties": additional}
    return jsonschema.validators.extend(jsonschema.Draft202012Validator, rules, type_checker=types)(
        formulation_schema()
    )


def _search(wanted: str, text: str) -> bool:
    return re.search(wanted.replace("$", r"\Z"), text) is not None
