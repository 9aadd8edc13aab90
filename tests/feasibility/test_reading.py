"""Strict reading and extraction: Python's own decoder as oracle, hostile texts in bounded time, exact numbers."""

from __future__ import annotations

import json
import time
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.feasibility.language.document.reading import extract, read_json
from pyrite.feasibility.language.document.scanning import nesting_exceeds, oddities, scan
from pyrite.feasibility.language.formulation import Constraint, Formulation, Objective, Parameter, Variable
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.rationals import from_decimal, simplify, to_decimal

POLICY = Policy()
WHOLE = Policy(extraction="whole")

_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    ["{", '"', "\\", "}{", "NaN", "é"]
)
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts
)
documents = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4), max_leaves=12
)
objects = st.dictionaries(_texts, documents, max_size=4)


class RefusedError(Exception):
    """What the oracle does not take."""


def strict(text: str) -> Any:
    """The oracle: Python's decoder with everything refused that strict reading refuses (numbers of any length)."""

    def pairs(entries: list[tuple[str, Any]]) -> dict[str, Any]:
        if any(count > 1 for count in Counter(key for key, _ in entries).values()):
            raise RefusedError
        return dict(entries)

    def constant(_: str) -> None:
        raise RefusedError

    return json.loads(text, parse_float=from_decimal, parse_int=int, parse_constant=constant, object_pairs_hook=pairs)


@given(documents, st.sampled_from([None, 1]), st.booleans())
def test_reads_what_python_writes(document: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    found, findings = read_json(text, Policy(max_digits=400))
    assert findings == []
    assert found == strict(text)


def test_whole_numbers_stay_ints_and_decimals_are_exact() -> None:
    found, _ = read_json("[1, 1.0, 0.1, 1e3, 1.5e-2, -0]", POLICY)
    assert found == [1, 1, Fraction(1, 10), 1000, Fraction(3, 200), 0]
    assert [type(number) for number in found] == [int, int, Fraction, int, Fraction, int]


_signs = ["{", "}", "[", "]", ":", ",", " ", "\n", '"a"', '"b"', '"{"', '"\\""', '"', "\\", '"\\u12"', '"a": 1', "'a'"]
_values = ["1", "-1", "01", "1.5", "1e2", "1.", "tru", "true", "null", "NaN", "Infinity", "-Infinity"]
_pieces = st.sampled_from([*_signs, *_values, "// x\n", "é", "\ufeff", "\x00", "\\u0041"])


@given(st.lists(_pieces, max_size=14).map("".join))
@example("[1,]")
@example('{"a":1,}')
@example('{"a" 1}')
def test_accepts_exactly_what_python_accepts_strictly(text: str) -> None:
    try:
        expected = strict(text.removeprefix("\ufeff"))
    except (RefusedError, ValueError):
        found, findings = read_json(text, POLICY)
        assert found is None
        assert findings
        return
    assert read_json(text, POLICY) == (expected, [])


@given(st.lists(_pieces, max_size=14).map("".join))
def test_the_scanner_agrees_with_the_decoder(text: str) -> None:
    """Python's decoder, as lenient as it is, and the scanner see the same values end at the same place."""
    start = len(text) - len(text.lstrip(" \n"))
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        found = scan(text, start, 64)
        assert found.end is None
        assert found.truncated or found.problem
        assert start <= found.stop <= len(text)
    else:
        assert scan(text, start, 64).end == end


@given(documents)
def test_depth_is_measured_without_recursion(document: Any) -> None:
    def depth(value: Any) -> int:
        if isinstance(value, dict):
            return 1 + max(map(depth, value.values()), default=0)
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    text = json.dumps(document)
    assert not nesting_exceeds(text, 0, len(text), depth(document))
    assert depth(document) == 0 or nesting_exceeds(text, 0, len(text), depth(document) - 1)
    limited = scan(text, 0, max(0, depth(document) - 1))
    assert (limited.too_deep is not None) == (depth(document) > 0)


def test_oddities_have_their_pointers() -> None:
    text = '{"a": [1, {"b": NaN, "b": 2}], "a/~": {"x": {}, "x": -Infinity}}'
    assert [(o.kind, o.text, o.path) for o in oddities(text, 0, len(text))] == [
        ("constant", "NaN", "/a/1/b"),
        ("duplicate", "b", "/a/1/b"),
        ("duplicate", "x", "/a~1~0/x"),
        ("constant", "-Infinity", "/a~1~0/x"),
    ]
    assert [text[o.at : o.end] for o in oddities(text, 0, len(text))] == ["NaN", '"b"', '"x"', "-Infinity"]


def test_a_key_that_is_written_in_two_ways_is_a_duplicate() -> None:
    assert [finding.code for finding in read_json(r'{"a": 1, "\u0061": 2}', POLICY)[1]] == ["duplicate-key"]


def test_all_problems_of_a_text_are_reported() -> None:
    text = '{"a": NaN, "a": 1e99999, "b": {"c": 1, "c": Infinity}}'
    codes = Counter(finding.code for finding in extract(text, POLICY).findings)
    assert codes == {"not-finite": 2, "duplicate-key": 2, "number-too-long": 1}


@pytest.mark.parametrize("number", ["1e999999999", "1e-999999999", "1" * 41, "0." + "1" * 41, "1e41", "9" * 100_000])
def test_numbers_are_bounded(number: str) -> None:
    start = time.process_time()
    document, findings = read_json(f'{{"a": {number}}}', POLICY)
    assert document is None
    assert [finding.code for finding in findings] == ["number-too-long"]
    assert time.process_time() - start < 1


@pytest.mark.parametrize("number", ["1e40", "1e-40", "1" * 40, "0." + "1" * 39, "1e+00040"])
def test_numbers_within_the_bounds_are_read(number: str) -> None:
    assert read_json(number, POLICY) == (simplify(Fraction(number)), [])


SYNTAX = [
    ("{'a': 1}", "single-quotes", "'", "double quotes"),
    ("{a: 1}", "unquoted-key", "a", "double quotes"),
    ('{"a": 1,}', "trailing-comma", "}", "comma before }"),
    ('{"a": [1,]}', "trailing-comma", "]", "comma before ]"),
    ('{"a": 1 "b": 2}', "missing-comma", '"', "comma"),
    ('{"a" 1}', "bad-syntax", "1", '"name": value'),
    ('{"a": 1 // one\n}', "comment", "/", "remove"),
    ('{"a": True}', "python-literal", "T", "true"),
    ('{"a": "x\ny"}', "control-character", "\n", "\\n"),
    (r'{"a": "\d"}', "bad-syntax", "\\", "backslash"),
    ('{"a": ...}', "ellipsis", ".", "everything"),
    ('{"a": +1}', "number-spelling", "+", "plus"),
    ('{"a": [1}', "bad-syntax", "}", "other bracket"),
    ("{“a”: 1}", "smart-quotes", "“", "double quotes"),
    ('{"a":\u00a01}', "odd-space", "\u00a0", "ordinary space"),
    ('{"a": x}', "bad-syntax", "x", "double quotes"),
]


@pytest.mark.parametrize(("text", "code", "pointed", "hint"), SYNTAX)
def test_syntax_errors_point_at_the_character(text: str, code: str, pointed: str, hint: str) -> None:
    for findings in (extract(text, POLICY).findings, read_json(text, POLICY)[1]):
        (finding,) = findings
        assert (finding.code, text[finding.at : finding.end]) == (code, pointed)
        assert hint in finding.hint


@pytest.mark.parametrize("end", [1, 5, 9, 12, 17, 22, 26, 29])
def test_truncated(end: int) -> None:
    text = r'{"a": {"b": [tru' + r'e, "x\u0041"], "c": -1.5e3}}'
    cut = "Here: " + text[:end]
    (finding,) = extract(cut, POLICY).findings
    assert finding.code == "truncated"
    assert cut[finding.at :] == text[:end]


_prose = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="{}"), max_size=30)
_braces = st.sampled_from(
    ["", r"\frac{1}{2} ", "the set {1, ..., n} ", "{x in X} ", "} ", "{", "{ ", '"quoted {" ', "{}} "]
)


@given(_prose, _braces, objects, _prose, st.booleans())
def test_the_object_is_found_in_prose(
    before: str, braces: str, document: dict[str, Any], after: str, fenced: bool
) -> None:
    text = json.dumps(document)
    inside = f"```json\n{text}\n```" if fenced else text
    found = extract(before + braces + inside + after, Policy(max_digits=400))
    assert found.findings == []
    assert found.document == strict(text)
    assert (found.start, found.end) == (len(before + braces + inside) - len(text) - 4 * fenced, found.start + len(text))
    around = before.removeprefix("\ufeff") + braces + "```json```" * fenced + after
    assert found.surrounding == len("".join(around.split()))


@given(st.lists(objects, min_size=1, max_size=4), _prose)
def test_the_last_object_counts(many: list[dict[str, Any]], between: str) -> None:
    found = extract(between.join(map(json.dumps, many)), Policy(max_digits=400))
    assert found.document == strict(json.dumps(many[-1]))


@given(st.lists(_pieces | st.sampled_from(['{"variables":{}}', "{'a'", "{a:"]), max_size=20).map("".join))
def test_whatever_is_found_is_a_complete_object(text: str) -> None:
    found = extract(text, POLICY)
    if found.end:
        try:
            assert isinstance(json.loads(text[found.start : found.end]), dict)
        except ValueError:
            pytest.fail("not JSON")
    assert (found.document is None) == bool(found.findings)


def test_parts_of_a_broken_object_are_no_answer() -> None:
    inner = '{"x": {"domain": "integer", "lower": 0}}'
    for text in (
        f'{{"variables": {inner}, oops, "objective": {{"sense": "maximize"}}}}',
        f'{{"variables": {inner}, "obj',
    ):
        assert extract(text, POLICY).document is None
    assert extract(f'{{"variables": {inner}, oops }}', POLICY).findings[0].code == "bad-syntax"
    assert extract(f'{{"variables": {inner}, "o', POLICY).findings[0].code == "truncated"
    again = '{"variables": {oops. Once more: {"variables": {"x": {"domain": "binary"}}} and that is it'
    assert extract(again, POLICY).document == {"variables": {"x": {"domain": "binary"}}}


def test_whole_extraction() -> None:
    assert extract(' \n{"a": 1}\n', WHOLE).document == {"a": 1}
    assert extract('\ufeff{"a": 1}', WHOLE).document == {"a": 1}
    for text in ('```json\n{"a": 1}\n```', 'It is {"a": 1}', '{"a": 1} {"b": 2}', '[{"a": 1}]'):
        found = extract(text, WHOLE)
        assert found.document is None
        assert found.findings[0].code == "surrounding-text"
    assert extract("[1]", WHOLE).findings[0].code == "not-an-object"


def test_read_json_takes_one_value_only() -> None:
    assert read_json("\ufeff[1]", POLICY) == ([1], [])
    assert read_json("[1] 2", POLICY)[1][0].code == "surrounding-text"
    assert read_json("[1", POLICY)[1][0].code == "truncated"
    assert read_json(" ", POLICY)[1][0].code == "empty-output"
    assert read_json("x", POLICY)[1][0].code == "bad-syntax"


@pytest.mark.parametrize("text", [r'{"\ud800": 1}', '{"a": ["\udc00"]}', r'{"a": "\udc00\ud800"}'])
def test_lone_surrogates_are_refused(text: str) -> None:
    assert [finding.code for finding in extract(text, POLICY).findings] == ["lone-surrogate"]


@pytest.mark.parametrize("text", [r'{"a": "\ud83d\ude00"}', r'{"a": "\\ud800"}'])
def test_surrogate_pairs_are_characters(text: str) -> None:
    assert extract(text, POLICY).document == json.loads(text)


HOSTILE = {
    "brackets": "[",
    "braces": "{",
    "objects": '{"a":',
    "flipped quotes": '{":',
    "keys": '{":{"',
    "escapes": '"\\',
    "broken objects": '{"a":x',
    "strings with braces": '{"a":"{',
    "complete objects": '{"a":1}',
    "escaped quotes": '{"\\"',
    "broken and closed": '{"a":1,x}',
    "lists": '{"a":[',
    "closing": "}",
    "fences": "```json\n{",
    "prose": "{x} \\frac{1}{2} ",
    "python": "{'a':",
    "digits": "1",
    "commas": '{"a":1,"b":"{"},',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("start", ["", '{"a":"', '{"variables":'])
def test_hostile_texts_take_linear_time(name: str, start: str) -> None:
    """60,000 characters each; anything quadratic would take minutes."""
    text = start + (HOSTILE[name] * 60_000)[:60_000]
    clock = time.process_time()
    found = extract(text, POLICY)
    read_json(text, POLICY)
    assert time.process_time() - clock < 10
    assert (found.document is None) == bool(found.findings)


@pytest.mark.parametrize("bracket", ["[", '{"a":', '[{"a":'])
def test_a_million_brackets(bracket: str) -> None:
    text = (bracket * 1_000_000)[:1_000_000]
    assert [finding.code for finding in extract(text, POLICY).findings] == ["too-deep"]
    assert [finding.code for finding in read_json(text, POLICY)[1]] == ["too-deep"]


@pytest.mark.parametrize("size", [3_000_000, pytest.param(50_000_000, marks=pytest.mark.slow)])
def test_many_megabytes(size: int) -> None:
    text = '{"a":"' + "x" * size + '"}'
    clock = time.process_time()
    assert [finding.code for finding in extract(text, POLICY).findings] == ["output-too-long"]
    assert [finding.code for finding in read_json(text, POLICY)[1]] == ["output-too-long"]
    assert time.process_time() - clock < 1
    assert extract(text, Policy(max_output_chars=10**8)).document is not None


def test_deep_but_allowed_nesting() -> None:
    text = '{"a":' * 64 + "1" + "}" * 64
    assert extract(text, POLICY).findings == []
    assert extract('{"a":' + text + "}", POLICY).findings[0].code == "too-deep"


_exact = st.builds(
    lambda digits, places: simplify(Fraction(digits, 10**places)), st.integers(-(10**39), 10**39), st.integers(0, 39)
)


@given(_exact | st.sampled_from([10**40, -(10**40), Fraction(1, 10**40)]))
def test_decimals_survive_writing_and_reading(value: Fraction) -> None:
    text = to_decimal(value)
    assert text is not None
    assert read_json(text, POLICY) == (value, [])


_words = st.text("abcxyz", min_size=1, max_size=4)


@st.composite
def formulations(draw: st.DrawFn) -> Formulation:
    """Any formulation that can be written; its texts need not mean anything."""
    bound = st.none() | _exact
    members = st.lists(_words | st.integers(-9, 9), max_size=3).map(tuple)
    index = st.lists(_words, max_size=2).map(tuple)
    values = st.recursive(_exact, lambda inner: st.dictionaries(_words, inner, max_size=3), max_leaves=5)
    return Formulation(
        variables=draw(
            st.dictionaries(
                _words,
                st.builds(Variable, st.sampled_from(["continuous", "integer", "binary"]), bound, bound, index),
                max_size=3,
            )
        ),
        objective=draw(st.just(Objective("feasibility")) | st.builds(Objective, st.just("maximize"), _words)),
        constraints=draw(st.dictionaries(_words, st.builds(Constraint, _words, st.none() | _words), max_size=3)),
        sets=draw(st.dictionaries(_words, members, max_size=3)),
        parameters=draw(st.dictionaries(_words, st.builds(Parameter, values, index), max_size=3)),
    )


@given(formulations(), st.sampled_from([None, 2]))
def test_formulations_survive_writing_and_reading_exactly(formulation: Formulation, indent: int | None) -> None:
    document, findings = read_json(formulation.to_json(indent), POLICY)
    assert findings == []
    assert document is not None
    assert Formulation.from_dict(document) == formulation
    assert Formulation.from_dict(formulation.to_dict()) == formulation


@given(formulations())
def test_plain_json_keeps_all_but_the_longest_decimals(formulation: Formulation) -> None:
    """``json.dumps`` of the document works too; it rounds to floats, and so does the exact text."""
    plain = json.loads(json.dumps(formulation.to_dict()))
    assert plain == json.loads(formulation.to_json())
