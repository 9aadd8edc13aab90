"""Numbers: what a program printed for a simple fraction is read as that fraction, by every reader, and nothing else."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility import rationals
from pyrite.feasibility.convert import read
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.language.document.reading import read_json
from pyrite.feasibility.language.formulation import Formulation, exact_number, plain_number
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.rationals import (
    FLOAT_DIGITS,
    from_decimal,
    printed_fractions,
    show,
    significant_digits,
    simplify,
    to_decimal,
    to_text,
)
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.reference import Reference


def model(third: str, kind: str = "integer") -> dict[str, object]:
    return {
        "variables": {
            "mangos": {"domain": kind, "lower": 100, "upper": 150},
            "guavas": {"domain": kind, "lower": 0},
        },
        "objective": {"sense": "maximize", "expression": "3*mangos + 4*guavas"},
        "constraints": {"third": f"guavas <= {third}*mangos"},
    }


@given(st.integers(-3000, 3000), st.integers(1, 1000))
def test_printed_floats_are_the_fractions_they_print(numerator: int, denominator: int) -> None:
    value = Fraction(numerator, denominator)
    for text in (repr(float(value)), f"{float(value):.17g}", f"{float(value):.16g}"):
        if significant_digits(text) in FLOAT_DIGITS or Fraction(text) == value:
            assert from_decimal(text) == value


@given(st.integers(1, 10**14 - 1), st.integers(0, 20))
def test_shorter_decimals_are_exact(digits: int, places: int) -> None:
    text = f"{digits}e-{places}"
    assert from_decimal(text) == Fraction(digits, 10**places)
    assert printed_fractions(text) == {}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=22, min_value=-(10**6), max_value=10**6))
def test_what_is_written_is_read_back(decimal: object) -> None:
    value = from_decimal(str(decimal))
    text = to_text(value)
    top, _, bottom = text.strip("()").partition("/")
    assert simplify(from_decimal(top) / Fraction(bottom or 1)) == value
    written = to_decimal(value)
    assert written is None or from_decimal(written) == value


@pytest.mark.parametrize("text", ["0.123456789012345", "1.2345678901234567e-15", "123456789.123457", "0.333333333333",
                                  "0.33333", "9007199254740993.5", "0.0009990009990009", "0." + "3" * 30])  # fmt: skip
def test_other_long_numbers_stay(text: str) -> None:
    assert from_decimal(text) == Fraction(text)


@pytest.mark.parametrize(("text", "value"), [
    ("0.30000000000000004", Fraction(3, 10)), ("33.333333333333336", Fraction(100, 3)), ("2.0000000000000004", 2),
    ("1333.3333333333333", Fraction(4000, 3)), ("0.0033333333333333335", Fraction(1, 300)),
])  # fmt: skip
def test_every_reader_reads_alike(text: str, value: Fraction) -> None:
    """The language, JSON numbers, Python floats, LP, MPS and MathOptFormat."""
    assert from_decimal(text) == value
    assert read_json(f'{{"a": {text}}}', Policy()) == ({"a": value}, [])
    assert exact_number(float(text)) == value
    expected = build(Formulation.from_dict({
        "variables": {"x": {"domain": "continuous", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "x"},
        "constraints": {"r": f"{text}*x >= 1"},
    }))  # fmt: skip
    assert expected.rows[0].linear == {0: value}
    lp = f"Minimize\n obj: x\nSubject To\n r: {text} x >= 1\nEnd\n"
    mps = f"NAME\nROWS\n N obj\n G r\nCOLUMNS\n x obj 1 r {text}\nRHS\n rhs r 1\nENDATA\n"
    mof = {
        "version": {"major": 1, "minor": 7},
        "variables": [{"name": "x"}],
        "objective": {"sense": "min", "function": {"type": "Variable", "name": "x"}},
        "constraints": [{
            "function": {"type": "ScalarAffineFunction", "constant": 0,
                         "terms": [{"coefficient": float(text), "variable": "x"}]},
            "set": {"type": "GreaterThan", "lower": 1},
        }],
    }  # fmt: skip
    for body, kind in ((lp, "lp"), (mps, "mps"), (json.dumps(mof), "mof")):
        assert read(body, kind).rows[0].linear == {0: value}, kind


@pytest.mark.parametrize("text", ["0.3333333333333333", "0.333333333333333315", "0.333333333333333"])
@pytest.mark.parametrize("kind", ["integer", "continuous"])
def test_a_printed_third_is_a_third(text: str, kind: str) -> None:
    """It was called a certified restriction because it misses 1/3 by 1e-15, and its optimum 646 instead of 650."""
    problem = Reference(Formulation.from_dict(model("1/3", kind)))
    verdict = Judge(problem).judge(json.dumps(model(text, kind)))
    assert verdict.substance is True
    assert verdict.optimum == 650
    assert verdict.stages["parses"].details["read_as"] == {text: "1/3"}


def test_a_rounded_third_is_not() -> None:
    rounded, exact = (build(Formulation.from_dict(model(text))) for text in ("0.33333", "1/3"))
    found = compare(rounded, exact, Policy())
    assert found.relation == "restriction"
    assert "read_as" not in Judge(Reference()).judge(json.dumps(model("0.33333"))).stages["parses"].details


def test_plain_numbers_come_back() -> None:
    for value in (Fraction(1, 3), Fraction(2, 7), Fraction(-100, 3), Fraction(1, 10), 10**45, Fraction(1, 10**25)):
        assert exact_number(plain_number(value)) == value
    assert show(Fraction(1, 3)) == "0.333333"


@given(
    st.lists(st.sampled_from(["0.", "3" * 7, "3" * 8, "6", "7", ".", "e3", " ", "x", "1" * 15, "0" * 6]), max_size=8)
)
def test_nothing_is_lost_by_looking_for_the_point_first(parts: list[str]) -> None:
    text = "".join(parts)
    if rationals._PRINTED.search(text):
        assert rationals._PERHAPS_PRINTED.search(text)
