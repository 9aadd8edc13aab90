"""What grounds an equivalence: nothing left over, names kept, maps paid for; and what the checker says to the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from formulations import model, real, whole

from pyrite import Formulation, equivalent
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.evidence import Comparison, Containment, Correspondence, Preference
from pyrite.feasibility.equivalence.maps import Affine
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program


def relation(a: Program, b: Program, **options: Any) -> str:
    """The relation, its evidence checked once more."""
    found = compare(a, b, **options)
    if found.relation != "unknown":
        assert check(a, b, found).holds
        assert found.checked
    return found.relation


def test_unrelated_answers_are_not_equivalent() -> None:
    """Two boxes with a row each, of other shapes: no decision of the one is a decision of the other."""
    answer = model({"p": real(0, 5), "q": real(0, 9)}, "", "p + 3*q >= 7", "p <= 4")
    reference = model({"x": real(0, 50), "y": real(0, 2)}, "", "x - y >= 1")
    assert relation(answer, reference) != "equivalent"


def test_a_total_does_not_hide_a_flipped_row() -> None:
    variables = {"x": real(0, 11), "y": real(-2, 8)}
    reference = model(variables, "", "x + 2*y <= 14", "5*x + 3*y <= 74")
    answer = model({**variables, "s": real(None)}, "", "x + 2*y >= 14", "5*x + 3*y <= 74", "s == x + y")
    assert relation(answer, reference) == "incomparable"


@pytest.mark.parametrize("added", ["", "slack", "total", "renamed row"])
def test_limits_exchanged_between_names(added: str) -> None:
    """Bread's limit on cake and cake's on bread, whatever stands beside it."""
    variables = {"bread": real(), "cake": real()}
    reference = model(variables, "max 3*bread + 3*cake", "bread + cake <= 20", "bread <= 15", "cake <= 12")
    rows = ["bread + cake <= 20", "bread <= 12", "cake <= 15"]
    if added == "slack":
        variables, rows[0] = {**variables, "slack": real()}, "bread + cake + slack == 20"
    elif added == "total":
        variables = {**variables, "loaves": real(None)}
        rows[0] = "loaves <= 20"
        rows.append("loaves == bread + cake")
    assert relation(model(variables, "max 3*bread + 3*cake", *rows), reference) == "incomparable"


def test_a_wrong_number_in_a_balance_is_no_other_origin() -> None:
    """Stock counted from another zero would make both agree; no row but the wrong one says so."""

    def months(stock: str, demand: int) -> Program:
        variables = {"make1": real(0, 50), "make2": real(0, 50), f"{stock}1": real(None), f"{stock}2": real(None)}
        return model(
            variables, "min 2*make1 + 3*make2", f"{stock}1 == 10 + make1 - {demand}",
            f"{stock}2 == {stock}1 + make2 - 30", "make1 + make2 >= 40",
        )  # fmt: skip

    assert relation(months("stock", 25), months("inv", 20)) != "equivalent"
    assert relation(months("stock", 20), months("inv", 20)) == "equivalent"


def test_negative_half_first() -> None:
    reference = model({"x": real(-5, 10), "y": real()}, "min 3*x + 2*y", "x + y >= 4", "y <= 12")
    halves = {"x_neg": real(), "x_pos": real(), "y": real()}
    answer = model(
        halves, "min 3*x_pos - 3*x_neg + 2*y", "x_pos - x_neg + y >= 4", "y <= 12",
        "x_pos - x_neg >= -5", "x_pos - x_neg <= 10",
    )  # fmt: skip
    assert relation(answer, reference) == "equivalent"


def test_an_origin_is_paid_for_by_rows() -> None:
    one = model({"x": whole(0, 1), "y": real()}, "max 3*y", "-x + 2*y <= 3")
    other = model({"x": whole(-1, 0), "y": real()}, "max 3*y", "-x + 2*y <= 3")
    assert relation(one, other) != "equivalent"


def test_a_decision_that_the_text_names_is_not_left_out() -> None:
    reference = model({"make": real(0, 9), "stock": real(None)}, "min 2*make", "stock == make - 4", "stock >= 0")
    answer = model({"make": real(0, 9)}, "min 2*make", "make >= 4")
    assert relation(answer, reference) == "equivalent"
    found = compare(answer, reference, text="How much to make, and how much to keep in stock?")
    assert (found.relation, found.code) == ("unknown", "decision-missing")


def test_the_checker_tests_totality_itself() -> None:
    """A map that leaves a free decision out is refused although every row's claim is certified."""
    a = model({"x": real(0, 5)}, "")
    b = model({"x": real(0, 5), "extra": real(0, 3)}, "")
    found = compare(a, a)
    assert found.a_in_b is not None
    certificates = [c for c in found.a_in_b.certificates if c.target.number == 0]
    more = [replace(c, target=replace(c.target, number=1), columns={}) for c in certificates]
    forged = Comparison(
        "equivalent", "certified",
        Correspondence((Affine({0: 1}), Affine({}, 0)), (Affine({0: 1}),), "forged", b_open=frozenset({1})),
        Containment("proved", (*certificates, *more), proof="certified"),
        Containment("proved", tuple(certificates), proof="certified"),
        found.preference or Preference("same"),
    )  # fmt: skip
    report = check(a, b, forged)
    assert report.holds
    assert report.objections == ["left-over"]


def test_generic_names_bind_nothing() -> None:
    reference = model({"x": real(), "y": real()}, "max 3*x + 3*y", "x + y <= 20", "x <= 15", "y <= 12")
    answer = model({"x": real(), "y": real()}, "max 3*x + 3*y", "x + y <= 20", "x <= 12", "y <= 15")
    assert relation(answer, reference) == "equivalent"


def test_a_map_may_be_any_affine_one() -> None:
    """Sum and difference for two amounts; a map that loses something is refused by name."""
    reference = {
        "variables": {"total": real(0, 20), "lead": real(-8, 8)},
        "objective": {"sense": "maximize", "expression": "2*total + lead"},
        "constraints": {"one": "3*total - lead <= 50"},
    }
    answer = {
        "variables": {"a": real(None), "b": real(None)},
        "objective": {"sense": "maximize", "expression": "3*a + b"},
        "constraints": {"one": "2*a + 4*b <= 50", "two": "0 <= a + b <= 20", "three": "-8 <= a - b <= 8"},
    }
    found = equivalent(answer, reference, mapping={"total": "a + b", "lead": "a - b"})
    assert (found.relation, found.proof) == ("equivalent", "certified")
    with pytest.raises(PyriteError, match="what 'a' is"):
        equivalent(answer, reference, mapping={"total": "a + b"})


def test_both_sides_without_names_and_with_splits() -> None:
    """Two whole numbers, each in two parts, and two others read as one; singleton rows are bounds."""
    one = model({"x": whole(0, 9), "y": whole(0, 9)}, "min x + 2*y", "x + y >= 3", "x - y <= 2")
    both = model(
        {name: whole() for name in "uvpq"}, "min u + v + 2*p + 2*q", "u + v + p + q >= 3", "u + v - p - q <= 2",
        "u + v <= 9", "p + q <= 9",
    )  # fmt: skip
    assert relation(both, one) == relation(one, both) == "equivalent"
    lone = model({"x": whole(None)}, "min x", "x >= 3", "x <= 9")
    parts = model({"u": whole(None), "v": whole(None)}, "min u + v", "u + v >= 3", "u + v <= 9", "u >= 0", "v >= 0")
    assert relation(parts, lone) == "equivalent"


def test_a_sum_of_undetermined_parts_is_no_surplus() -> None:
    """Overtime that nothing asks for, and a spare column in the same equation: neither is determined."""
    variables = {"copper": whole(0, 3), "phones": whole(0, 4)}
    reference = model(variables, "max phones", "phones + copper >= 5")
    answer = model({**variables, "overtime": real(0, 1), "spare": real()}, "max phones",
                   "phones + copper == 5 + overtime + spare")  # fmt: skip
    assert relation(answer, reference) != "equivalent"


def test_one_plan_only() -> None:
    """All bounds drawn in there is nothing left to pair; as the rows stand there is."""
    names = model(
        {"nc": whole(), "nd": whole()}, "min nc + nd", "20*nc + 30*nd >= 500", "4*nc + 5*nd <= 90", "nd <= nc"
    )
    parts = model(
        {name: whole() for name in ("r1", "r2", "s1", "s2")}, "min r1 + r2 + s1 + s2",
        "30*r1 + 30*r2 + 20*s1 + 20*s2 >= 500", "r1 + r2 - s1 - s2 <= 0", "5*r1 + 5*r2 + 4*s1 + 4*s2 <= 90",
    )  # fmt: skip
    assert relation(names, parts) == "equivalent"


def test_a_family_is_counted_from_another_start() -> None:
    """Orders 1 to 3 against 0 to 2, the first one fixed: the family moves together."""

    def order(first: int) -> Program:
        document = {
            "sets": {"N": [1, 2, 3]},
            "variables": {
                "u": {"index": ["N"], "domain": "continuous", "lower": first, "upper": first + 2},
                "x": {"index": ["N", "N"], "domain": "binary"},
            },
            "objective": {"sense": "minimize", "expression": "sum((i + 2*j)*x[i,j] for i in N for j in N if i != j)"},
            "constraints": {
                "out": {"for": "i in N", "expression": "sum(x[i,j] for j in N if j != i) == 1"},
                "in": {"for": "j in N", "expression": "sum(x[i,j] for i in N if i != j) == 1"},
                "self": {"for": "i in N", "expression": "x[i,i] == 0"},
                "start": f"u[1] == {first}",
                "after": {"for": "i in N, j in N if i != 1 and j != 1 and i != j",
                          "expression": "u[i] - u[j] + 3*x[i,j] <= 2"},
                "low": {"for": "i in N if i != 1", "expression": f"u[i] >= {first + 1}"},
            },
        }  # fmt: skip
        return build(Formulation.from_dict(document))

    assert relation(order(1), order(0)) == "equivalent"


def test_a_side_without_plans_is_told_without_a_correspondence() -> None:
    none = model({"z": real()}, "min z", "z <= -1")
    some = model({"bread": real(0, 4), "cake": real(0, 2)}, "max bread + cake", "bread + 2*cake <= 5")
    assert relation(none, some) == "restriction"
    assert relation(some, none) == "relaxation"


def test_a_difference_smaller_than_the_tolerance_is_not_told() -> None:
    third = model({"guava": whole(0), "mango": whole(100, 150)}, "max 4*guava + 3*mango", "guava <= 1/3*mango")
    near = model({"guava": whole(0), "mango": whole(100, 150)}, "max 4*guava + 3*mango", "guava <= 0.33333333*mango")
    found = compare(near, third)
    assert (found.relation, found.code) == ("unknown", "within-tolerance")


def test_whole_cores_are_told_apart_by_their_plans() -> None:
    """Other numbers of plans: no correspondence at all can make them agree, and the proof says what it is."""
    one = model({"a": whole(0, 3), "b": whole(0, 4)}, "max 3*a + 5*b", "2*a + 3*b <= 12", "a - b <= 2")
    two = model({"c": whole(0, 3), "d": whole(0, 4)}, "max 3*c + 5*d", "2*c + 3*d <= 11", "c - d <= 2")
    found = compare(one, two)
    assert (found.relation, found.proof) == ("relaxation", "enumerated")
    rows = ("2*c + 3*d <= 12", "c <= 2*e", "d <= 3*e")
    many = model({"c": whole(0, 3), "d": whole(0, 4), "e": whole(0, 1)}, "max 3*c + 5*d", *rows)
    found = compare(one, many)
    assert (found.relation, found.proof) == ("incomparable", "enumerated")
    assert found.difference is not None
