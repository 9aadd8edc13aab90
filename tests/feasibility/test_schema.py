"""The schema file, and the validator held against jsonschema on it."""

from __future__ import annotations

import copy
import json
import random
import re
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.language.document import schema
from pyrite.feasibility.language.document.confirming import confirm
from pyrite.feasibility.language.document.reading import MAX_FINDINGS
from pyrite.feasibility.language.document.schema import formulation_schema, validate
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.language.names import resolve
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.verdict import Finding

SCHEMA = formulation_schema()


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """ECMA 262, the dialect of JSON Schema, has no `$` before a last line break; Python's `re` does."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError("pattern")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        for pattern, item in patterns.items():
            for key, value in instance.items():
                if re.search(pattern.replace("$", r"\Z"), key):
                    yield from validator.descend(value, item, path=key, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        patterns = [pattern.replace("$", r"\Z") for pattern in schema.get("patternProperties", {})]
        for key, value in instance.items():
            if key in schema.get("properties", {}) or any(re.search(pattern, key) for pattern in patterns):
                continue
            if allowed is False:
                yield jsonschema.ValidationError(f"additional {key!r}")
            else:
                yield from validator.descend(value, allowed, path=key)


ORACLE = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"pattern": _pattern, "patternProperties": _pattern_properties, "additionalProperties": _additional},
)(SCHEMA)


def nodes(schema: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place of the schema that describes a value."""
    yield path, schema
    for key in ("properties", "patternProperties", "$defs"):
        for name, item in schema.get(key, {}).items():
            yield from nodes(item, f"{path}/{key}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], f"{path}/{key}")
    for place, item in enumerate(schema.get("anyOf", ())):
        yield from nodes(item, f"{path}/anyOf/{place}")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("path", "node"), list(nodes(SCHEMA)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_node_has_a_description_and_examples_that_are_valid(path: str, node: dict[str, Any]) -> None:
    assert len(node["description"]) > 3
    assert node["examples"]
    for example in node["examples"]:
        jsonschema.Draft202012Validator({**node, "$defs": SCHEMA["$defs"]}).validate(example)


def test_every_object_is_closed() -> None:
    closed = [node for path, node in nodes(SCHEMA) if node.get("type") == "object"]
    assert all("additionalProperties" in node for node in closed)
    assert sum(node["additionalProperties"] is False for node in closed) == len(closed) - 1  # all but `values`


def test_the_examples_stand_up() -> None:
    for example in SCHEMA["examples"]:
        assert validate(example) == []
        resolved, findings = resolve(Formulation.from_dict(example), policy=Policy())
        assert resolved is not None, findings


_names = st.sampled_from(["x", "y_1", "P", "sum", "2x", "", "a b", "x\n", "é", "x" * 64, "x" * 65])
_sections = ["sets", "parameters", "variables", "objective", "constraints", "values", "index"]
_keys = st.sampled_from([*_sections, "domain", "lower", "upper", "sense", "expression", "for", "extra", "ub"])
_choices = ["continuous", "integer", "binary", "minimize", "maximize", "feasibility"]
_numbers = [0, 1, -3, 1.0, 1.5, Fraction(1, 3)]
_leaves = st.sampled_from(
    [
        None,
        True,
        False,
        *_numbers,
        *_choices,
        "",
        "x",
        "P",
        "x\n",
        "x" * 100,
        "x" * 101,
        "a\tb",
        [],
        {},
        ["P"],
        {"x": 1},
    ]
).map(copy.deepcopy)
_documents = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys | _names, inner, max_size=4),
    max_leaves=10,
)


@st.composite
def nearly_valid(draw: st.DrawFn) -> Any:
    """One of the schema's examples with a few places changed."""
    document = copy.deepcopy(draw(st.sampled_from(SCHEMA["examples"])))
    for _ in range(draw(st.integers(0, 3))):
        container, key = draw(st.sampled_from(list(places(document)) or [(None, None)]))
        if container is None:
            break
        action = draw(st.sampled_from(["replace", "remove", "add", "rename", "copy"]))
        if action == "replace":
            container[key] = draw(_documents)
        elif action == "remove":
            del container[key]
        elif isinstance(container, list):
            container.append(draw(_leaves))
        elif action == "add":
            container[draw(_keys | _names)] = draw(_documents)
        elif action == "rename":
            container[draw(_keys | _names)] = container.pop(key)
        else:
            container[draw(_keys | _names)] = copy.deepcopy(container[key])
    return document


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a document, as its container and key."""
    if isinstance(document, dict | list):
        for key in list(document) if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from places(document[key])


@given(nearly_valid() | _documents)
def test_accepts_exactly_what_jsonschema_accepts(document: Any) -> None:
    findings = validate(document)
    assert (findings == []) == ORACLE.is_valid(document), findings


LEAVES: list[Any] = [
    None, True, False, 0, 1, -3, 1.0, 1.5, Fraction(1, 3), "", "x", "P", "x\n", "x" * 100, "x" * 101, "a\tb", [], {},
    ["P"],
    {"x": 1}, "continuous", "integer", "binary", "minimize", "maximize", "feasibility", "x <= 1", [1, 2],
    [1, 1.0], ["a", "a"],
]  # fmt: skip
KEYS = [
    "sets", "parameters", "variables", "objective", "constraints", "values", "index", "domain", "lower", "upper",
    "sense", "expression", "for", "extra", "ub", "x", "y_1", "2x", "", "a b", "x\n", "é", "x" * 64, "x" * 65,
]  # fmt: skip


def random_document(chance: random.Random) -> Any:
    """An example of the schema with up to four places changed, or any small value."""
    if chance.random() < 0.05:
        return copy.deepcopy(chance.choice(LEAVES))
    document = copy.deepcopy(chance.choice(SCHEMA["examples"]))
    for _ in range(chance.randint(0, 4)):
        found = list(places(document))
        if not found:
            break
        container, key = chance.choice(found)
        action = chance.randrange(5)
        if action == 0:
            container[key] = copy.deepcopy(chance.choice(LEAVES))
        elif action == 1:
            del container[key]
        elif isinstance(container, list):
            container.append(copy.deepcopy(chance.choice(LEAVES)))
        elif action == 2:
            container[chance.choice(KEYS)] = copy.deepcopy(chance.choice(LEAVES))
        elif action == 3:
            container[chance.choice(KEYS)] = container.pop(key)
        else:
            container[chance.choice(KEYS)] = copy.deepcopy(container[key])
    return document


def agree(count: int, seed: int) -> tuple[int, int]:
    """How many random documents both accept and refuse; an AssertionError shows one on which they differ."""
    chance = random.Random(seed)
    counts = [0, 0]
    for _ in range(count):
        document = random_document(chance)
        findings = validate(document)
        second = confirm(document, findings[0].where if findings else "")
        assert second.refused is bool(findings), (document, findings, second)
        counts[bool(findings)] += 1
    return counts[0], counts[1]


def test_both_validators_agree_on_random_documents() -> None:
    accepted, refused = agree(1_000, 1)
    assert accepted > 100
    assert refused > 100


@pytest.mark.slow
def test_both_validators_agree_on_many_random_documents() -> None:
    agree(100_000, 2)


def test_a_refusal_is_confirmed_with_its_place() -> None:
    document = {**GOOD, "variables": {"x": {"domain": "whole", "lower": 0}}}
    verdict = Judge(Reference()).judge(json.dumps(document))
    assert verdict.stages["schema"].status == "fail"
    second = verdict.stages["schema"].details["jsonschema"]
    assert (second["confirmed"], second["path"], second["rule"]) == (True, "$.variables.x.domain", "enum")
    assert second["schema_path"].startswith("properties/variables/patternProperties/")
    assert second["schema_path"].endswith("/properties/domain/enum")


def test_a_disagreement_is_a_defect_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "validate", lambda _: [Finding("wrong-type", "made up", "/x")])
    stage = Judge(Reference()).judge(json.dumps(GOOD)).stages["schema"]
    assert (stage.status, stage.code) == ("unknown", "schema-disagreement")


@pytest.mark.parametrize("values", ["deep", "long", "many"])
def test_what_jsonschema_cannot_take_is_not_asked(values: str) -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = {"a": deep}
    hard = {"deep": deep, "long": list(range(2_000)), "many": {f"k{i}": {} for i in range(30_000)}}[values]
    start = time.perf_counter()
    second = confirm({**GOOD, "objective": 3, "parameters": {"p": {"values": hard}}})
    assert second.refused is None
    assert time.perf_counter() - start < 1


@given(nearly_valid())
def test_findings_point_into_the_document(document: Any) -> None:
    for finding in validate(document):
        value = document
        for part in finding.where.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            value = value[int(key)] if isinstance(value, list) else value[key]


@given(nearly_valid())
def test_a_valid_document_can_be_read_and_written(document: Any) -> None:
    if validate(document) == []:
        formulation = Formulation.from_dict(document)
        assert validate(formulation.to_dict()) == []
        assert Formulation.from_dict(formulation.to_dict()) == formulation


BREAD = {"domain": "integer", "lower": 0}
GOOD: dict[str, Any] = {
    "variables": {"x": BREAD},
    "objective": {"sense": "maximize", "expression": "x"},
    "constraints": {"c": "x <= 1"},
}

MESSAGES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"variables": {"x": {"domain": "integer", "lower": 0, "ub": 3}}}, "other-word", "/variables/x/ub", "'upper'"),
    ({"variables": {"x": {"domain": "integer", "lower": 0, "uper": 3}}}, "unknown-key", "/variables/x/uper", "'upper'"),
    ({"variables": {"x": {"domain": "integer", "lower": 0, "zzz": 3}}}, "unknown-key", "/variables/x/zzz", "known are"),
    ({"variables": {"x": {"domain": "integer"}}}, "missing-key", "/variables/x", "null for none"),
    ({"variables": {"x": {"domain": "int", "lower": 0}}}, "other-word", "/variables/x/domain", "'integer'"),
    ({"variables": {"x": {"domain": 3, "lower": 0}}}, "bad-choice", "/variables/x/domain", ""),
    (
        {"variables": {"x": {"domain": "integer", "lower": "0"}}},
        "number-as-text",
        "/variables/x/lower",
        "without quotes",
    ),
    ({"variables": {"x": {**BREAD, "index": "P"}}}, "wrong-type", "/variables/x/index", '["P"]'),
    ({"variables": {"x": {**BREAD, "index": ["P", 3]}}}, "wrong-type", "/variables/x/index/1", ""),
    ({"variables": {"x": 3}}, "wrong-type", "/variables/x", '"domain"'),
    ({"variables": ["x"]}, "variables-as-list", "/variables", "map"),
    ({"variables": {}}, "no-variables", "/variables", "at least one"),
    ({"variables": {"my x": BREAD}}, "bad-name", "/variables/my x", "my_x"),
    ({"objective": {"sense": "max", "expression": "x"}}, "other-word", "/objective/sense", "'maximize'"),
    ({"objective": {"sense": "minimize"}}, "missing-key", "/objective", "minimize"),
    ({"objective": {"sense": "minimize", "expression": 3}}, "wrong-type", "/objective/expression", "quotes"),
    ({"objective": "3*x"}, "wrong-type", "/objective", '"sense"'),
    (
        {"objective": {"sense": "feasibility", "expression": "x"}},
        "unexpected-expression",
        "/objective/expression",
        "remove",
    ),
    ({"constraints": ["x <= 1"]}, "constraints-as-list", "/constraints", "map"),
    ({"constraints": {"c": 3}}, "wrong-type", "/constraints/c", '"for"'),
    ({"constraints": {"c": {"expression": "x <= 1"}}}, "constraint-as-map", "/constraints/c", "text"),
    (
        {"constraints": {"c": {"for": "p in P", "expression": "x", "if": "p > 1"}}},
        "unknown-key",
        "/constraints/c/if",
        "",
    ),
    ({"constraints": {"a/b~": {"for": "", "expression": "x"}}}, "empty-text", "/constraints/a~1b~0/for", ""),
    ({"constraints": {"line\nbreak": "x <= 1"}}, "bad-name", "/constraints/line\nbreak", "line breaks"),
    ({"parameters": {"a": 3}}, "wrong-type", "/parameters/a", '{"values": 3}'),
    ({"parameters": {"a": {"values": [1, 2]}}}, "wrong-type", "/parameters/a/values", "member"),
    ({"parameters": {"a": {"values": {"x": {"y": "3"}}}}}, "wrong-type", "/parameters/a/values/x/y", "number"),
    ({"parameters": {"a": {"index": ["P"], "value": 3}}}, "other-word", "/parameters/a/value", "'values'"),
    ({"sets": {"P": {"a": 1}}}, "wrong-type", "/sets/P", "[1, 2, 3]"),
    ({"sets": {"P": [1, True]}}, "bad-member", "/sets/P/1", "whole"),
    ({"sets": {"P": ["a", ""]}}, "bad-member", "/sets/P/1", "characters"),
    ({"subject_to": {}}, "other-word", "/subject_to", "'constraints'"),
    ({"notes": ""}, "extra-key", "/notes", "leave it away"),
]


@pytest.mark.parametrize(("change", "code", "where", "hint"), MESSAGES)
def test_messages_blame_the_right_branch(change: dict[str, Any], code: str, where: str, hint: str) -> None:
    finding = validate({**GOOD, **change})[0]
    assert (finding.code, finding.where) == (code, where)
    assert hint in finding.hint


def test_all_problems_are_reported() -> None:
    findings = validate({"variables": {"2": 1, "x": {"domain": "real", "lb": 0}}, "objective": 3, "extra": None})
    assert [finding.code for finding in findings] == [
        "unknown-key",
        "missing-section",
        "bad-name",
        "other-word",
        "other-word",
        "wrong-type",
    ]


def test_the_number_of_findings_is_bounded() -> None:
    start = time.perf_counter()
    assert len(validate({**GOOD, "variables": {f"x{i}": i for i in range(100_000)}})) == MAX_FINDINGS
    assert len(validate({**GOOD, "sets": {"P": ["" for _ in range(100_000)]}})) == MAX_FINDINGS
    assert len(validate({**GOOD, **{f"variable{i}": i for i in range(100_000)}})) == MAX_FINDINGS
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("document", [None, 3, "x", [], [GOOD], True])
def test_what_is_no_map_is_no_formulation(document: Any) -> None:
    assert [finding.code for finding in validate(document)] == ["wrong-type"]


def test_deep_values_are_followed_without_recursion() -> None:
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = {"a": deep}
    (finding,) = validate({**GOOD, "parameters": {"p": {"values": deep}}})
    assert finding.code == "wrong-type"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), True, None, "3"])
def test_what_is_no_number_is_refused(number: Any) -> None:
    assert validate({**GOOD, "parameters": {"p": {"values": number}}})


def test_small_documents_take_well_below_a_millisecond() -> None:
    start = time.perf_counter()
    for _ in range(1_000):
        validate(SCHEMA["examples"][1])
    assert time.perf_counter() - start < 1
