"""Answer cells and declared quantities, as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyrite.feasibility.rationals import to_text
from pyrite.problems.importers.answers import read_answer
from pyrite.problems.importers.names import identifier, identifiers
from pyrite.problems.importers.quantities import quantity

NUMBERS = {
    "$1,200": 1200,
    "1.2e3": 1200,
    "1.2E+3": 1200,
    "3/4": Fraction(3, 4),
    "-3/4": Fraction(-3, 4),
    "1 1/2": Fraction(3, 2),
    "\\frac{3}{4}": Fraction(3, 4),
    "$\\frac{3}{4}$": Fraction(3, 4),
    "1.2 × 10^3": 1200,
    "1.200,50": Fraction(2401, 2),
    "1,5": Fraction(3, 2),
    "1 200": 1200,
    "-$3": -3,
    "\\$10,000": 10000,
    "10,000.50 dollars": Fraction(20001, 2),
    "about 12.5": Fraction(25, 2),
    "25 units": 25,
    "The maximum profit is $1,200.": 1200,
    "five hundred": 500,
    "4.5 million": 4_500_000,
    "−7": -7,
    "12.": 12,
    "**42**": 42,
    " 99.0000 ": 99,
}


@pytest.mark.parametrize(("cell", "value"), NUMBERS.items())
def test_numbers(cell, value):
    answer = read_answer(cell)
    assert (answer.kind, answer.value) == ("number", value)


@pytest.mark.parametrize("cell", [None, "", "  ", "N/A", "nan", "None", "-", float("nan"), [], {}, [None]])
def test_missing(cell):
    assert read_answer(cell).kind == "missing"


@pytest.mark.parametrize("cell", ["No Best Solution", "no optimal solution.", "No solution", "infeasible or unbounded"])
def test_no_optimum_does_not_say_which(cell):
    answer = read_answer(cell)
    assert (answer.kind, answer.value, answer.status) == ("no-optimum", None, None)


@pytest.mark.parametrize(
    ("cell", "status"),
    [("Infeasible", "infeasible"), ("The problem is infeasible.", "infeasible"), ("no feasible solution", "infeasible"),
     ("unbounded", "unbounded"), ("inf", "unbounded"), (float("inf"), "unbounded")],
)  # fmt: skip
def test_status(cell, status):
    answer = read_answer(cell)
    assert (answer.kind, answer.status) == ("status", status)


@pytest.mark.parametrize(
    ("cell", "part"),
    [("12%", "percentage"), ("x=3, y=4", "2 numbers"), ("5 to 6", "2 numbers"), ("3/0", "zero"), ("1e999", "exponent"),
     ("a lot", "no number"), (True, "truth value"), ([1, 2], "2 values"), ({"x": 1}, "named values"),
     ("1,2,3", "no number"), ("9" * 3000, "characters"), ("9" * 100, "digits")],
)  # fmt: skip
def test_unreadable_says_why(cell, part):
    answer = read_answer(cell)
    assert answer.kind == "unreadable"
    assert part in answer.reason


def test_what_was_interpreted_is_noted():
    assert read_answer("12").notes == ()
    assert read_answer("$1,200").notes == ("currency", "thousands")
    assert read_answer([12.5]).notes == ("single-item-list",)


@given(
    st.integers(-(10**12), 10**12), st.sampled_from(["{:,}", "{}", "${:,}", "{:,} euros", "{:,} units", "answer: {}"])
)
def test_any_whole_number_survives_its_dress(value, dress):
    assume(not (value < -9_999 and set(str(value)[1:]) == {"9"}))  # a marker for "no optimum"
    assert read_answer(dress.format(value)).value == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_any_decimal_is_exact(value):
    assert read_answer(f"{value:f}").value == Fraction(value)
    assert read_answer(float(value)).value == Fraction(repr(float(value)))


@given(st.text(max_size=60))
def test_any_text_has_an_answer(cell):
    answer = read_answer(cell)
    assert (answer.value is not None) == (answer.kind == "number")
    assert (answer.reason != "") == (answer.kind == "unreadable")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40%", Fraction(2, 5)), ("thirty percent", Fraction(3, 10)), ("twice", 2), ("three times", 3),
        ("half", Fraction(1, 2)), ("third", Fraction(1, 3)), ("one third", Fraction(1, 3)),
        ("one hundred thousand", 100_000),
        ("$4,000", 4000), ("8000 minutes", 8000), ("twenty-five", 25), ("a dozen", 12), ("1.5 million", 1_500_000),
        ("lots", None), ("", None), ("two hundred and six", 206), ("3 or 4", None),
        ("x" * 500, None),
    ],
)  # fmt: skip
def test_quantities(text, value):
    assert quantity(text) == value


@given(st.fractions(max_denominator=10**6))
def test_decimal_text_is_exact(value):
    text = to_text(value)
    plain = text.strip("()").split("/")
    assert Fraction(plain[0]) / (Fraction(plain[1]) if len(plain) > 1 else 1) == value


@given(st.lists(st.text(max_size=12), max_size=8))
def test_identifiers_are_identifiers_and_distinct(words):
    names = identifiers(words)
    assert len(set(names)) == len(words)
    assert all(name.isidentifier() and name.isascii() for name in names)
    assert identifier("for") == "x_for"
