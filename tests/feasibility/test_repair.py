"""Repairs of form: valid documents stay as they are, benign spellings come back, harmful changes stay harmful."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from pyrite.feasibility.codes import CODES
from pyrite.feasibility.language.document.reading import read_json
from pyrite.feasibility.language.grammar.tokens import tokenize
from pyrite.feasibility.language.repair import repair
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.repairs import REPAIRS, digest

POLICY = Policy(max_digits=400)
Document = dict[str, Any]


def strict(document: Document) -> Any:
    return read_json(json.dumps(document), POLICY)[0]


def words(value: Any) -> Any:
    """A document with its expressions cut into words, so that white space does not count."""
    if isinstance(value, dict):
        return {key: words(entry) for key, entry in value.items()}
    if isinstance(value, str):
        return [token.text for token in tokenize(value)]
    return value


def in_expressions(document: Document, change: Callable[[str], str]) -> Document:
    changed = copy.deepcopy(document)
    if "expression" in changed["objective"]:
        changed["objective"]["expression"] = change(changed["objective"]["expression"])
    for name, entry in changed["constraints"].items():
        if isinstance(entry, str):
            changed["constraints"][name] = change(entry)
        else:
            entry["expression"] = change(entry["expression"])
    return changed


def _implicit(text: str) -> str:
    return re.sub(r"(?<![\w./*'\" ])(?<!\*\* )(\d+(?:\.\d+)?) ?\* ?(?=[a-df-wyz(]\w*)(?![^\[]*\])", r"\1 ", text)


IN_EXPRESSIONS: dict[str, Callable[[str], str]] = {
    "times": lambda text: text.replace("**", "\0").replace("*", "×").replace("\0", "**"),
    "dot": lambda text: text.replace("**", "\0").replace("*", "·").replace("\0", "**"),
    "cdot": lambda text: text.replace("**", "\0").replace("*", r" \cdot ").replace("\0", "**"),
    "minus": lambda text: text.replace("-", "−"),
    "at most": lambda text: text.replace("<=", "≤"),
    "at least": lambda text: text.replace(">=", "≥"),
    "entities": lambda text: text.replace("<", "&lt;").replace(">", "&gt;"),
    "leq": lambda text: text.replace("<=", r"\leq").replace(">=", r"\geq"),
    "full-width": lambda text: text.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}),
    "caret": lambda text: text.replace("**", "^"),
    "square": lambda text: text.replace("**2", "²"),
    "one": lambda text: re.sub(r"(?<![\w.'\"\]])([a-z]\w*)(?=\s*(?:\+|<=|>=|==|\Z))(?!\[)", r"\1**1", text),
    "comment": lambda text: f"{text}  # why",
    "dollars": lambda text: f"${text}$" if "$" not in text else text,
    "implicit": _implicit,
    "reversed": lambda text: text.replace("<=", "=<") if text.count("=") == 1 else text,
}


def _capitals(document: Document) -> Document:
    changed = copy.deepcopy(document)
    for variable in changed["variables"].values():
        variable["domain"] = variable["domain"].capitalize()
    changed["objective"]["sense"] = changed["objective"]["sense"].upper()
    return changed


def _other_words(document: Document) -> Document:
    changed = copy.deepcopy(document)
    for variable in changed["variables"].values():
        if "upper" in variable:
            variable["ub"] = variable.pop("upper")
        if "lower" in variable:
            variable["lb"] = variable.pop("lower")
        variable["type"] = {"integer": "int", "continuous": "real", "binary": "bool"}[variable.pop("domain")]
    changed["objective"]["sense"] = {"minimize": "min", "maximize": "max"}.get(
        changed["objective"]["sense"], changed["objective"]["sense"]
    )
    return changed


def _texts(document: Document) -> Document:
    changed = copy.deepcopy(document)
    for variable in changed["variables"].values():
        for side in ("lower", "upper"):
            if isinstance(variable.get(side), int | float):
                variable[side] = str(variable[side])
    return changed


def _explained(document: Document) -> Document:
    return {**copy.deepcopy(document), "explanation": "because 2*x <= 3", "notes": ["a", "b"]}


def _maps(document: Document) -> Document:
    changed = copy.deepcopy(document)
    for name, entry in changed["constraints"].items():
        if isinstance(entry, str):
            changed["constraints"][name] = {"expression": entry}
    return changed


def _variables_list(document: Document) -> Document:
    changed = copy.deepcopy(document)
    changed["variables"] = [{"name": name, **entry} for name, entry in changed["variables"].items()]
    return changed


SHAPES = [_capitals, _other_words, _texts, _explained, _maps, _variables_list]

TEXTS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "trailing commas": lambda text: re.sub(r'(["\d}\]l])}', r"\1,}", text),
    "comments": lambda text: re.sub(r'^{"', '{ // it "begins"\n /* here: {} */ "', text),
    "no-break spaces": lambda text: text.replace('": ', '":\u00a0'),
    "typographic quotes": lambda text: re.sub(r'"(\w+)":', r"“\1”:", text),
    "no quotes": lambda text: re.sub(r'"([A-Za-z_]\w*)": (?=["{\[\d-])', r"\1: ", text),
    "single quotes": lambda text: text if "'" in text or "\\" in text else text.replace('"', "'"),
    "Python": lambda text: text.replace("null", "None"),
    "no last brace": lambda text: text[:-1],
    "a wrapper": lambda text: f'{{"reasoning": "hm", "formulation": {text}}}',
    "a list": lambda text: f"[{text}]",
    "a text": json.dumps,
    "a tool call": lambda text: json.dumps({"name": "submit", "arguments": text}),
    "escaped": lambda text: json.dumps(text)[1:-1],
    "thought about": lambda text: f"<think>{{draft}}</think>\nHere:\n```json\n{text}\n```\n",
}


@given(documents())
def test_a_valid_document_is_left_as_it_is(document: Document) -> None:
    found = repair(json.dumps(document), POLICY)
    assert found is not None
    assert (found.document, found.repairs) == (strict(document), ())


@pytest.mark.parametrize("written", ["$x$  # why", "$x  # why$", "\\(x\\) /* why */"])
def test_a_comment_behind_a_formula_or_in_it(written: str) -> None:
    document = {"variables": {"x": {}}, "objective": {"sense": "minimize", "expression": written}, "constraints": {}}
    found = repair(json.dumps(document), POLICY)
    assert found is not None
    assert found.document["objective"]["expression"].strip() == "x"
    assert {"latex", "expression-comment"} <= set(found.repairs)


@given(documents(), st.data())
def test_benign_deformations_come_back(document: Document, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(IN_EXPRESSIONS)), max_size=2, unique=True))
    deformed = document
    for name in names:
        deformed = in_expressions(deformed, IN_EXPRESSIONS[name])
    shape = data.draw(st.sampled_from([None, *SHAPES]))
    deformed = shape(deformed) if shape else deformed
    text = TEXTS[data.draw(st.sampled_from(sorted(TEXTS)))](json.dumps(deformed, ensure_ascii=False))
    found = repair(text, POLICY)
    assert found is not None, text
    assert words(found.document) == words(strict(document)), (text, found.repairs)
    assert set(found.repairs) <= set(REPAIRS)


def _number(document: Document) -> Document:
    return in_expressions(document, lambda text: re.sub(r"(\d+)", lambda found: str(int(found[1]) + 1), text, count=1))


def _relation(document: Document) -> Document:
    return in_expressions(document, lambda text: text.replace("<=", ">=", 1) if text.count("<=") == 1 else text)


def _sense(document: Document) -> Document:
    changed = copy.deepcopy(document)
    flipped = {"minimize": "maximize", "maximize": "minimize"}
    changed["objective"]["sense"] = flipped.get(changed["objective"]["sense"], changed["objective"]["sense"])
    return changed


def _dropped(document: Document) -> Document:
    changed = copy.deepcopy(document)
    if changed["constraints"]:
        changed["constraints"].popitem()
    return changed


def _unbounded(document: Document) -> Document:
    changed = copy.deepcopy(document)
    for variable in changed["variables"].values():
        if variable["domain"] != "binary":
            variable["lower"] = None
    return changed


@given(documents(), st.sampled_from([_number, _relation, _sense, _dropped, _unbounded]), st.data())
def test_a_harmful_change_stays_what_it_is(
    document: Document, harm: Callable[[Document], Document], data: st.DataObject
) -> None:
    harmed = harm(document)
    deformed = in_expressions(harmed, IN_EXPRESSIONS[data.draw(st.sampled_from(sorted(IN_EXPRESSIONS)))])
    text = TEXTS[data.draw(st.sampled_from(sorted(TEXTS)))](json.dumps(deformed, ensure_ascii=False))
    found = repair(text, POLICY)
    assert found is not None
    assert words(found.document) == words(strict(harmed))


VARIABLES = {"x": {"domain": "integer", "lower": 0}, "y": {"domain": "integer", "lower": 0}}


def _given(constraint: str, **variables: Any) -> str:
    return json.dumps(
        {
            "variables": VARIABLES | variables,
            "objective": {"sense": "maximize", "expression": "x + y"},
            "constraints": {"c": constraint},
        }
    )


AMBIGUOUS = [
    "5%*x <= 3",
    "x => y",
    "x < 3",
    "1/2x <= 3",
    "x**2y <= 3",
    "2x <= 1,5",
    "0x10 <= 3",
    "x y <= 3",
    "x <= 3 for all t",
    "x // 2 <= 3",
    "x <= 1.200,50",
    "x <= 1 000",
    "x[1,000] <= 3",
    "x <= 3; y <= 2",
    r"\sum_{i} x_i <= 3",
    "x <= 3 or y <= 2",
    "x <= 120 minutes",
    "max(x, y) <= 3",
    "x <= 3 // y",
    "x <= 3 // y is why",
    "x <= 3 // 2",
    "3 // why <= x",
    "x <= 3 // why(2)",
    r"1/\frac{1}{2} x <= 3",
    r"2\frac{1}{2} x <= 3",
    r"\frac{1}{2} 3 <= x",
    "x + +y <= 3",
]


@pytest.mark.parametrize("constraint", AMBIGUOUS)
def test_nothing_ambiguous_is_repaired(constraint: str) -> None:
    from pyrite.feasibility.scoring.ladder import Judge

    verdict = Judge(policy=Policy(repair="form")).judge(_given(constraint))
    assert not verdict.surface
    assert verdict.substance_after_repair is False
    assert not verdict.repaired or not verdict.repaired["surface"]


SPELLINGS = [
    (r"\frac{1}{2} x + y <= 3", "((1)/(2))*x + y <= 3", {"latex", "implicit-product"}),
    (r"\frac{1}{2}(x + y) <= 3", "((1)/(2))*(x + y) <= 3", {"latex", "implicit-product"}),
    (r"\dfrac{\frac{1}{2}x}{3} \, y <= 3", "((((1)/(2))*x)/(3))*y <= 3", {"latex", "implicit-product"}),
    (r"\frac{x}{2} + y <= 3", "((x)/(2)) + y <= 3", {"latex"}),
    (r"1/\frac{1}{2}*x <= 3", "1/((1)/(2))*x <= 3", {"latex"}),
    (r"2\cdot{}x <= 3", "2*x <= 3", {"latex"}),
    ("2\times x <= 3", "2*x <= 3", {"latex"}),
    ("\frac{1}{2}*x <= 3", "((1)/(2))*x <= 3", {"latex"}),
    ("x <= 3 // at most, by contract", "x <= 3", {"expression-comment"}),
    ("x <= 3 // why", "x <= 3", {"expression-comment"}),
    ("+2*x <= +3", "2*x <= 3", {"number-spelling"}),
    ("2*(+x + y) <= 3", "2*(x + y) <= 3", {"number-spelling"}),
    *((f"2{sign}x <= 3", "2*x <= 3", {"unicode-operator"}) for sign in "✕✖⋅∗·×⨯\u0387"),
]


@pytest.mark.parametrize(("written", "meant", "repairs"), SPELLINGS)
def test_a_spelling_comes_back(written: str, meant: str, repairs: set[str]) -> None:
    found = repair(_given(written), POLICY)
    assert found is not None
    assert [token.text for token in tokenize(found.document["constraints"]["c"])] == [
        token.text for token in tokenize(meant)
    ]
    assert set(found.repairs) == repairs


PLAIN = _given("2*x <= 3")
TEXT_SPELLINGS = [
    (PLAIN.replace("2*x <= 3", r"2 \cdot x \leq 3"), "latex"),
    (PLAIN.replace("2*x <= 3", r"\(2*x \le 3\)"), "latex"),
    (PLAIN.replace('"sense": "maximize", "expression"', '"Maximise"'), "other-word"),
    (PLAIN.replace('{"variables"', '{"$schema": "https://x", "variables"'), "extra-key"),
    ("Sure:\n" + json.dumps(json.loads(PLAIN), indent=1).replace("\n", "\n> ").replace("{", "> {", 1), "odd-space"),
    (json.dumps({"role": "assistant", "content": f"Sure:\n{PLAIN}"}), "wrapper"),
]


@pytest.mark.parametrize(("text", "code"), TEXT_SPELLINGS)
def test_a_text_comes_back(text: str, code: str) -> None:
    found = repair(text, POLICY)
    assert found is not None
    assert words(found.document) == words(json.loads(PLAIN))
    assert code in found.repairs


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("2*x <= 3", r"2*x \leqx 3"),
        PLAIN.replace("2*x <= 3", r"5\% * x <= 3"),
        PLAIN.replace('"expression"', '"minimize": "y", "expression"'),
        PLAIN.replace('"sense": "maximize", "expression"', '"maximize": "x", "minimize"'),
        PLAIN.replace('"sense": "maximize", "expression": "x + y"', '"maximize": true'),
    ],
)
def test_no_text_is_guessed(text: str) -> None:
    from pyrite.feasibility.scoring.ladder import Judge

    verdict = Judge(policy=Policy(repair="form")).judge(text)
    assert verdict.substance_after_repair is False, verdict.repaired


AMBIGUOUS_SHAPES = [
    {"z": {"domain": "integer"}},
    {"z": {"domain": "NonNegativeIntegers", "lower": -5}},
    {"z": {"domain": "NonNegativeIntegers", "lower": None}},
    {"z": {"domain": "integer", "lower": "inf"}},
    {"z": {"domain": "integer", "lower": "1/3"}},
    {"z": {"domain": "integer", "lower": "10%"}},
    {"z": {"domain": "integer", "lower": 0, "lb": 1}},
    {"z": {"domain": "integer", "lower": 0, "step": 5}},
    {"x-y": {"domain": "integer", "lower": 0}},
    {"z": "integer"},
    {"z": {"domain": "nonnegative", "lower": 0}},
]


@pytest.mark.parametrize("variables", AMBIGUOUS_SHAPES)
def test_no_shape_is_guessed(variables: dict[str, Any]) -> None:
    from pyrite.feasibility.scoring.ladder import Judge

    verdict = Judge(policy=Policy(repair="form")).judge(_given("x + y <= 3", **variables))
    assert verdict.substance_after_repair is False, verdict.repaired


@pytest.mark.parametrize(
    "text",
    [
        _given("x + y <= 3")[:-2],
        _given("x + y <= 3").replace('"c":', '"c": "x <= 1", "c":'),
        _given("x + y <= 3").replace('3"}', '3", ...}'),
        f'{{"first": {_given("x <= 3")}, "second": {_given("x <= 4")}}}',
        f"[{_given('x <= 3')}, {_given('x <= 4')}]",
        f'{{"sets": {{"T": [1, 2]}}, "formulation": {_given("x <= 3")}}}',
        f"<think>{_given('x <= 3')[:-1]}",
        _given("x + y <= 3").replace("0}", "1,000}"),
        _given("x + y <= 3").replace("0}", "007}"),
        _given("x + y <= 3").replace("0}", "NaN}"),
    ],
)
def test_what_is_cut_doubled_or_left_out_is_not_repaired(text: str) -> None:
    from pyrite.feasibility.scoring.ladder import Judge

    verdict = Judge(policy=Policy(repair="form")).judge(text)
    assert verdict.substance_after_repair is False, verdict.repaired


def test_every_repair_undoes_a_code() -> None:
    assert set(REPAIRS) <= set(CODES)
    assert len(digest()) == 16


@given(st.text(st.sampled_from(list("{}[]\"':,\\$&;#/*^²≤×−x2 \u00a0ｘ％=<>")), max_size=40))
def test_whatever_stands_there_nothing_breaks(noise: str) -> None:
    repair(noise, POLICY)
    repair(_given(noise), POLICY)
    repair(_given("x <= 3").replace('"c"', noise), POLICY)


@pytest.mark.parametrize(
    "piece", ["{'variables':", "[", '{"variables": {', "\\frac{", "(", "1,000,", "&lt;", "$", "2x", "x_{1}"]
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    import time

    text = (piece * 60_000)[:60_000]
    clock = time.perf_counter()
    repair(text, POLICY)
    repair(_given(text), POLICY)
    assert time.perf_counter() - clock < 10
