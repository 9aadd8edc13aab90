"""Cores whose columns may be one decision in parts: told apart in every reading, honest splits never refuted."""

from __future__ import annotations

import random
import time

import pytest
from formulations import model, real, whole

from pyrite.feasibility.equivalence import deciding
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.proving import clock
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program

BIT = {"domain": "binary"}

DIFFERENT = {
    # A split by sign that is whole in both readings; the price of steel is another one.
    "cost beside a split": (
        model({"steel": real(1, 8.5), "less": real(0, 2), "more": real(0, 8)}, "max 8*steel + 2*less - 2*more"),
        model({"steel": real(1, 8.5), "cake": real(-2, 8)}, "max 2*steel - 2*cake"),
    ),
    # Both readings of each side have other numbers of plans at each cost.
    "whole numbers, one more decision": (
        model({"y": whole(), "bonus": BIT, "v": whole(None, 0)}, "max -2*y", "y - 2*v <= 9",
              "1.5*y + 2*bonus + v <= 0"),
        model({"x": whole(), "y": whole()}, "min -2*y", "2*x + y <= 9", "1.5*y - x <= 0"),
    ),
    # However the whole numbers of the answer are read, there are infinitely many.
    "a bound forgotten": (
        model({"x3": whole(0, 3), "x1": whole(None), "m": whole(None, 0)}, "max 3*x1 + 3*x3 - m", "x1 - 2*m >= 4",
              "3*x1 + x3 - m <= 8"),
        model({"x1": whole(), "x2": whole(), "x3": whole(0, 3)}, "max 3*x1 + x2 + 3*x3", "x1 + 2*x2 >= 4",
              "3*x1 + x2 + x3 <= 8"),
    ),
    # A further decision, in two parts, that is no whole number as all of the reference's are.
    "a decision added, in parts": (
        model({"guards": whole(-1, 1), "both": whole(None), "v": real(), "w": real()}, "min 2.5*both - v - w",
              "2*guards - both <= 1", "0 <= both - guards <= 1", "v + w <= 1"),
        model({"guards": whole(-1, 1), "y": BIT}, "min 2.5*guards + 2.5*y", "guards - y <= 1"),
    ),
}  # fmt: skip

HONEST = {
    # Both sides split a whole number: neither number of plans says anything.
    "parts on both sides": (
        model({"v2": BIT, "v1": whole(), "v3": whole()}, "min 3*v2 + v1 + v3", "3*v2 - v1 - v3 >= 0", "v2 - 2*v1 <= 1",
              "v1 + v3 <= 3"),
        model({"more": whole(-2, 1), "part": whole(), "rest": whole()}, "min more + 3*part + 3*rest",
              "3*part + 3*rest - more >= 2", "part + rest <= 1"),
    ),
    # One of two parts by levels, each of which needs the one before.
    "parts and levels": (
        model({"chairs": whole(0, 3), "b": whole(), "m": whole(-2, 0), "first": BIT, "second": BIT},
              "max -2*chairs - m", "-2*b - 2*m - 2*first - 2*second >= 0", "1 <= b + first + second <= 5",
              "first - second >= 0"),
        model({"milk": whole(0, 2), "chairs": whole(0, 3), "w": whole(1, 5)}, "max milk - 2*chairs",
              "2*milk - 2*w >= 0"),
    ),
    # Weights 1, 2, 3 and 5: some numbers can be written in several ways, along no direction of two columns.
    "weights": (
        model({"x": whole(), "w5": BIT, "w1": BIT, "w2": BIT, "w3": BIT},
              "min 3*x + 15*w5 + 3*w1 + 6*w2 + 9*w3 - 3", "2*x + 5*w5 + w1 + 2*w2 + 3*w3 <= 8",
              "5*w5 + w1 + 2*w2 + 3*w3 <= 8"),
        model({"x": whole(), "z": whole(-1)}, "min 3*x + 3*z", "2*x + z <= 7"),
    ),
}  # fmt: skip


def relation(a: Program, b: Program) -> str:
    """With time enough on a busy machine; the evidence holds."""
    found = deciding.compare(a, b, Policy(equivalence_seconds=100.0))
    assert check(a, b, found).holds
    return found.relation


@pytest.mark.parametrize("name", DIFFERENT)
def test_apart_in_every_reading(name: str) -> None:
    answer, reference = DIFFERENT[name]
    assert relation(answer, reference) == "incomparable"
    assert relation(reference, answer) == "incomparable"


@pytest.mark.parametrize("name", HONEST)
def test_other_ways_to_write_parts_are_never_refuted(name: str) -> None:
    answer, reference = HONEST[name]
    assert relation(answer, reference) in ("equivalent", "unknown")
    assert relation(reference, answer) in ("equivalent", "unknown")


def test_a_sum_hides_no_decision_that_has_one_value() -> None:
    """The answer's x can only be 0. The sum x + y of the reference is not the answer's y alone."""
    answer = model(
        {"x": whole(0, 10), "y": real(0, 2), "z": real(0, 7.5)}, "min 3*x + 3*y + 3*z",
        "0.5*x + 0.5*y + z <= 3", "15*x + 5*y <= 5",
    )  # fmt: skip
    reference = model(
        {"x": real(0, 10), "y": real(0, 2), "z": real(0, 7.5)}, "min 3*x + 3*y + 3*z",
        "0.5*x + 0.5*y + z <= 3", "5*x + 5*y <= 5",
    )  # fmt: skip
    assert relation(answer, reference) != "equivalent"
    assert relation(reference, answer) != "equivalent"


def test_digits_under_one_name_in_two_bases_are_not_one_decision() -> None:
    """The last digit of x2 is a bit here and the whole of x2 there (seed 727272/10266)."""
    answer = model(
        {"x1": whole(0, 3), "x3": whole(0, 3), "x2_digit4": BIT, "x2_digit2": BIT, "x2_digit1": BIT},
        "max 5*x3 + 10*x2_digit4 + 5*x2_digit2 + 2.5*x2_digit1",
        "5*x3 + x1 <= 0", "4*x2_digit4 + 2*x2_digit2 + x2_digit1 <= 4",
    )  # fmt: skip
    reference = model(
        {"x1": whole(0, 3), "x3": whole(0, 3), "x2_digit1": whole(0, 4)}, "max 5*x3 + 2.5*x2_digit1", "5*x3 + x1 <= 0"
    )
    assert relation(answer, reference) == "equivalent"
    assert relation(reference, answer) == "equivalent"


def test_a_level_and_a_part_of_the_next_are_not_counted_as_two_decisions() -> None:
    """Corn is 1, one more by unit1, one by both parts of unit0, which have an end together (blind 20270108/41)."""
    answer = model(
        {"chairs": whole(-1, 0), "tablets": whole(1, 4), "corn_unit1": BIT, "corn_unit0_part": whole(0),
         "corn_unit0_part_b": whole(0)},
        "min 3*chairs + 2*tablets + 2.5*corn_unit1 + 2.5*corn_unit0_part + 2.5*corn_unit0_part_b + 2.5",
        "-tablets + chairs + corn_unit1 + corn_unit0_part + corn_unit0_part_b >= -4",
        "chairs + 3*corn_unit1 + 3*corn_unit0_part + 3*corn_unit0_part_b >= 0",
        "corn_unit0_part + corn_unit0_part_b <= 1",
    )  # fmt: skip
    reference = model(
        {"chairs": whole(-1, 0), "tablets": whole(1, 4), "corn": whole(0, 3)}, "min 3*chairs + 2*tablets + 2.5*corn",
        "corn - tablets + chairs >= -3", "3*corn + chairs >= 3",
    )  # fmt: skip
    assert relation(answer, reference) in ("equivalent", "unknown")
    assert relation(reference, answer) in ("equivalent", "unknown")


def test_weights_that_say_one_number_twice_are_not_counted() -> None:
    """1 + 2 + 2 is 5 in weights 1, 2, 3, 5, beside directions that are decisions of their own (blind 20270208/409)."""
    answer = model(
        {"milk": whole(-2, 0), "tablets": whole(0, 3), "cars": whole(0), "chairs_w2": BIT, "chairs_w1": BIT,
         "chairs_w3": BIT, "chairs_w5": BIT},
        "min 3*milk + tablets + 5*cars",
        "2*milk + tablets + 3*cars + 2*chairs_w2 + chairs_w1 + 3*chairs_w3 + 5*chairs_w5 <= 3",
        "0.5*milk + tablets + 5*cars <= 3", "1.5*tablets + 1.5*milk >= 0",
        "2*chairs_w2 + chairs_w1 + 3*chairs_w3 + 5*chairs_w5 <= 7",
    )  # fmt: skip
    reference = model(
        {"milk": whole(-2, 0), "tablets": whole(0, 3), "cars": whole(0), "chairs": whole(0)},
        "min 3*milk + tablets + 5*cars", "2*milk + tablets + 3*cars + chairs <= 3",
        "0.5*milk + tablets + 5*cars <= 3", "1.5*tablets + 1.5*milk >= 0",
    )  # fmt: skip
    assert relation(answer, reference) in ("equivalent", "unknown")
    assert relation(reference, answer) in ("equivalent", "unknown")


def test_a_sum_of_parts_may_be_a_part_itself() -> None:
    """Hours are 2 less what is under plus what is over, and that is in two parts (blind, latest 20270209/41)."""
    answer = model(
        {"guards": real(0, 7.5), "trucks": real(0, 7.5), "hours_under": real(0, 2), "hours_over_part": real(0),
         "hours_over_part_b": real(0)},
        "feasibility",
        "guards - 5*hours_under + 5*hours_over_part + 5*hours_over_part_b <= 2",
        "5*trucks - hours_under + hours_over_part + hours_over_part_b <= 16",
        "hours_over_part + hours_over_part_b <= 2",
    )  # fmt: skip
    reference = model(
        {"hours": real(0, 4), "guards": real(0, 7.5), "trucks": real(0, 7.5)}, "feasibility", "5*hours + guards <= 12",
        "hours + 5*trucks <= 18",
    )  # fmt: skip
    assert relation(answer, reference) in ("equivalent", "unknown")
    assert relation(reference, answer) in ("equivalent", "unknown")


def test_a_part_that_a_row_fixes_is_not_a_free_part() -> None:
    """The answer may not choose x2, the reference may; as sums both are whole numbers from 2 to 9 (939393/3889)."""
    variables = {"x1": whole(-1, 0), "x2": BIT, "x3": whole(0, 5)}
    answer = model(variables, "max -2*x1 + 2*x2 + x3", "2*x2 >= 1")
    reference = model(variables, "max -2*x1 + 2*x2 + x3", "2*x3 >= 3")
    assert relation(answer, reference) != "equivalent"
    assert relation(reference, answer) != "equivalent"
    fixed = {**variables, "x2": whole(1, 1)}
    assert relation(model(fixed, "max -2*x1 + 2*x2 + x3"), answer) == "equivalent"


@pytest.mark.parametrize("weight", [1, 2])
@pytest.mark.parametrize(("name", "low", "high"), [("x2", 0, 4), ("y", 0, 4)])
def test_a_decision_more_beside_its_like_is_no_part_of_it(weight: int, name: str, low: int, high: int) -> None:
    """t takes from the budget as x2 does and costs nothing; the reference does not know it (939393/7573)."""
    plain = {"x1": whole(0, 2), "x3": whole(0, 4)}
    answer = model(
        {**plain, name: whole(low, high), "t": BIT}, "max 3*x1 - 2*x3 + 7", f"0.5*x1 + {name} + {weight}*t <= 4"
    )
    reference = model({**plain, "x2": whole(0, 4)}, "max 3*x1 - 2*x3 + 7", "0.5*x1 + x2 <= 4")
    assert relation(answer, reference) != "equivalent"
    assert relation(reference, answer) != "equivalent"


def test_parts_with_an_end_of_their_own_together_are_parts() -> None:
    answer = model(
        {"x1": whole(0, 2), "u": whole(0), "v": whole(0)}, "max 3*x1 + u + v", "0.5*x1 + u + v <= 4", "u + v <= 4"
    )
    reference = model({"x1": whole(0, 2), "x2": whole(0, 4)}, "max 3*x1 + x2", "0.5*x1 + x2 <= 4")
    assert relation(answer, reference) == "equivalent"
    assert relation(reference, answer) == "equivalent"


def test_a_side_without_plans_by_rounding_is_shown() -> None:
    """Half of x1 = -2 or -1 leaves u = 0 alone, and then r2 asks for more than three of the digit."""
    answer = model(
        {"x1": whole(-2, -1), "digit": whole(0, 3), "u": BIT}, "max -2*x1 + 3*digit - 3*u", "-digit - u <= -1",
        "0.5*x1 + u <= 0", "3*x1 + 2*digit + 3*u >= 4",
    )  # fmt: skip
    reference = model({"x1": whole(-2, -1), "x2": whole(-2, 1), "x3": BIT}, "max -2*x1 + 3*x2 + 3*x3", "x3 - x2 <= 2")
    found = deciding.compare(answer, reference, Policy(equivalence_seconds=100.0))
    assert (found.relation, found.proof) == ("restriction", "certified")
    assert check(answer, reference, found).holds


def test_only_work_counts_until_the_outer_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that goes by while the thread does not work takes nothing from a comparison, up to the outer limit."""
    wall, worked = [100.0], [7.0]
    monkeypatch.setattr(time, "monotonic", lambda: wall[0])
    monkeypatch.setattr(time, "thread_time", lambda: worked[0])
    with clock.working(100.0, 120.0):
        wall[0] = 110.0
        assert not clock.is_late(105.0)
        worked[0] = 12.5
        assert clock.is_late(105.0)
        worked[0] = 8.0
        wall[0] = 120.5
        with pytest.raises(clock.OutOfTimeError):
            clock.in_time(105.0)
    assert clock.is_late(120.0)


@pytest.mark.parametrize("seed", range(24))
def test_what_the_objective_presses_to_nothing_is_no_partner_of_what_rows_fix(seed: int) -> None:
    """An objective's slack is 0 at the best plans, a decision that rows hold at 0 in all of them (550011/16691)."""
    rng = random.Random(seed)
    price, size, most = rng.choice((2, 3, 5)), rng.choice((2, 3, 4)), rng.randint(4, 7)
    reference = model(
        {"x1": real(0), "x2": {"domain": "integer", "lower": 0}, "x3": real(0)},
        f"max {price}*x1 + {price}*x3",
        f"x1 + x2 + x3 <= {most}",
        f"{size}*x2 + {size}*x3 <= 1",
        f"3*x1 + 0.5*x2 <= {most + 8}",
    )
    shifted = {"domain": "integer", "lower": -1}
    columns = {"x1": real(0), "x3": real(0), "var_13": {"domain": "continuous", "lower": None}, "w46": shifted}
    rows = [
        f"x1 + x3 + w46 + spare_room == {most - 1}",
        f"{size}*x3 + {size}*w46 <= {1 - size}",
        f"3*x1 + 0.5*w46 <= {most + 7.5}",
        f"-{price}*x1 - {price}*x3 + var_13 + w_45 == 0",
    ]
    answer = model({**columns, "spare_room": real(0), "w_45": real(0)}, "max var_13", *rows)
    for one, other in ((answer, reference), (reference, answer)):
        assert deciding.compare(one, other).relation in ("equivalent", "unknown")


@pytest.mark.parametrize("seed", range(12))
def test_of_two_rows_that_say_the_same_either_may_be_the_one_that_is_left(seed: int) -> None:
    """What is left at zero is said twice, by both halves at zero and both at one; a row that another says hides it not.

    Over whole numbers ``p <= v`` follows from ``4 v >= 3 p - 2``, too, which notices both halves moving (121212/3291).
    """
    rng = random.Random(seed)
    limit, times = rng.randint(1, 3), rng.randint(1, 3)
    first, second = limit + rng.randint(1, 2), limit + times
    price, room = rng.choice((3, 5)), rng.randint(4, 6)
    kept = {"y": whole(1, 2), "z": whole(-1, 0)}
    reference = model(
        {"x": whole(-1, 2), **kept}, f"min {price}*x + 5*y - 2*z + 7", f"y + x <= {room}", "x <= 0"
    )  # fmt: skip
    answer = model(
        {**kept, "var_43": BIT, "x_pos": whole(0, 2)},
        f"min 5*y - 2*z - {price}*var_43 + {price}*x_pos + 7",
        f"y - var_43 + x_pos <= {room}",
        "x_pos <= var_43",
        f"{first}*x_pos - {second}*var_43 <= {limit}",
    )
    for one, other in ((answer, reference), (reference, answer)):
        assert deciding.compare(one, other).relation in ("equivalent", "unknown")


@pytest.mark.parametrize("least", [-1, -2])
def test_names_that_say_nothing_tell_no_difference_where_another_pairing_may_fit(least: int) -> None:
    """w and y stand for each other, which is not shown: the one is whole because a row makes it so (121212/6662)."""

    def plan(first: str, second: str, kind: dict[str, object]) -> Program:
        rows = f"2*desks - {second} + pipes <= -3", f"3*{first} + desks + 3*{second} == 3"
        last = f"{first} - {second} + 3*desks <= 1"
        variables = {"desks": BIT, first: whole(least, 0), "pipes": whole(-2, -1), second: kind}
        return model(variables, "min 2.5*desks + 3*pipes", *rows, last)

    answer, reference = plan("w", "y", real(1, 1 - least)), plan("y", "w", whole(1, 1 - least))
    for one, other in ((answer, reference), (reference, answer)):
        assert deciding.compare(one, other).relation in ("equivalent", "unknown")


@pytest.mark.parametrize("least", [140, 90])
@pytest.mark.parametrize("high", [32, 16])
def test_digits_of_which_the_lowest_was_eliminated_are_no_other_number(least: int, high: int) -> None:
    """What the row leaves is the digit: the others are half the stock, rounded down, and no column (343434/17389)."""
    steps = [2**n for n in range(1, high.bit_length())]
    digits = " - ".join(f"{step}*stock_1_digit{step}" for step in steps)
    rest = "make_1 <= 180", "make_2 <= 190", "stock_2 >= 30"
    made = {"make_1": whole(), "make_2": whole(), "stock_2": whole()}
    answer = model(
        made | {f"stock_1_digit{step}": BIT for step in steps},
        f"min 30*make_1 + 21*make_2 + 4*stock_2 - {4 * least}",
        *rest,
        f"make_1 + make_2 - stock_2 == {2 * least}",
        f"{least} <= make_1 - {digits} <= {least + 1}",
    )
    reference = model(
        made | {"stock_1": whole(0, 2 * high - 1)},
        "min 26*make_1 + 21*make_2 + 4*stock_1 + 4*stock_2",
        *rest,
        f"make_1 - stock_1 == {least}",
        f"stock_1 + make_2 - stock_2 == {least}",
    )
    for one, other in ((answer, reference), (reference, answer)):
        assert deciding.compare(one, other).relation in ("equivalent", "unknown")


@pytest.mark.parametrize("most", [1, 2])
def test_one_column_less_another_is_no_decision_where_parts_are_left(most: int) -> None:
    """Workers are y + 1, in two parts of which one was eliminated; y less the other says neither (565656/12459)."""
    kept = {"chairs": whole(0, 2), "y": whole(-1, 1 + most)}
    answer = model(kept | {"x26": whole()}, "min 2*chairs", f"0 <= y <= {most}", "y - x26 >= -1")
    reference = model(kept | {"workers": whole(1, 1 + most)}, "min 2*chairs", "workers - y == 1")
    for one, other in ((answer, reference), (reference, answer)):
        assert deciding.compare(one, other).relation in ("equivalent", "unknown")


def test_a_part_that_is_told_through_a_fixed_column_is_a_part() -> None:
    """``y`` in weights 1, 2, 3 says 3 twice; the first part stands as ``acres`` more, which is -2 at every plan."""
    columns = {"acres": whole(-2, None), "y_w2": whole(0, 1), "y_w3": whole(0, 1), "y_w1_and_acres": whole(None, None)}
    y = "2*y_w2 + 3*y_w3 + y_w1_and_acres - acres"
    answer = model(
        columns, f"min acres + 2.5*({y})", f"3*acres + {y} <= -2", f"{y} <= 5", "acres <= -2", f"{y} <= 4",
        "0 <= y_w1_and_acres - acres <= 1",
    )  # fmt: skip
    reference = model(
        {"acres": whole(-2, None), "y": whole(0, None)},
        "min acres + 2.5*y",
        "3*acres + y <= -2",
        "y <= 5",
        "acres <= -2",
    )
    assert relation(answer, reference) in ("equivalent", "unknown")
    assert relation(reference, answer) in ("equivalent", "unknown")
