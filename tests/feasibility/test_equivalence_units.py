"""Columns of one name in other units, beside other rewrites: what the names alone refute may be the same after all."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks import equivalence_compound as compound
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.equivalence.proving.written_units import free_units
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program

from .test_equivalence_rules import model, real, relation, whole


def test_quarter_units_beside_a_negated_column_split_by_sign() -> None:
    """Called incomparable, certified, once: the names hold, and one of the named columns is in another unit."""
    names = ("quiz_hours", "late_short", "noise_short", "noise_over", "late_over")
    answer = model(
        {name: real() for name in (*names, "x_39_pos", "x52")},
        "max -late_short - 3*noise_over - 0.75*late_over",
        "3*quiz_hours + late_short - 0.25*late_over - 5*x_39_pos + 5*x52 == 16",
        "6*quiz_hours + noise_short - noise_over - 6*x_39_pos + 6*x52 == 30",
        "8*quiz_hours - 4*x_39_pos + 4*x52 <= 9",
        "x_39_pos - x52 <= 0",
    )
    reference = model(
        {name: real() for name in ("talk_hours", *names)},
        "min late_short + 3*late_over + 3*noise_over",
        "5*talk_hours + 3*quiz_hours + late_short - late_over == 16",
        "6*talk_hours + 6*quiz_hours + noise_short - noise_over == 30",
        "4*talk_hours + 8*quiz_hours <= 9",
    )
    patient = Policy(equivalence_seconds=60)
    for a, b in ((answer, reference), (reference, answer)):
        found = compare(a, b, patient)
        assert (found.relation, found.proof) == ("equivalent", "certified")
        assert check(a, b, found).holds


def test_whole_columns_of_generic_names_may_have_another_origin() -> None:
    """Digits of a column moved by one, and other prices of the same order: refuted, certified, once."""
    reference = model(
        {"x1": whole(0, 4), "x2": whole(1, 2)}, "max 2.5*x1 + x2", "2*x2 + 2*x1 >= 5", "2*x2 - 2*x1 >= -5",
        "-5 <= -x2 - x1 <= -1", "2 <= 0.5*x1 + x2 <= 6",
    )  # fmt: skip
    moved = "(4*x1_digit4 + 2*x1_digit2 + x1_digit1)"
    digits = {name: whole(0, 1) for name in ("x1_digit4", "x1_digit2", "x1_digit1")}

    def answer(price: str, most: int = 5) -> Program:
        return model(
            {"x2": whole(1, 2), **digits}, f"max x2 + {price}*{moved}", f"2*x2 + 2*{moved} >= 7",
            f"2*x2 - 2*{moved} >= -7", f"-6 <= -x2 - {moved} <= -2", f"2.5 <= x2 + 0.5*{moved} <= 6.5",
            f"{moved} <= {most}",
        )  # fmt: skip

    assert relation(answer("2.5"), reference) == "equivalent"
    found = compare(answer("1.25"), reference, Policy(equivalence_seconds=60))
    assert found.relation in ("unknown", "equivalent")
    assert relation(answer("2.5", most=2), reference) not in ("equivalent", "unknown")


def test_two_columns_in_other_units_that_no_row_of_its_own_tells() -> None:
    """Each row holds both, so no row has a column of known unit."""
    reference = model(
        {"bread": real(), "cake": real()}, "max 3*bread + 2*cake", "bread + 2*cake <= 14", "3*bread + cake <= 12"
    )
    other = model(
        {"bread": real(), "cake": real()}, "max 0.75*bread + 20*cake", "0.25*bread + 20*cake <= 14",
        "0.75*bread + 10*cake <= 12",
    )  # fmt: skip
    assert relation(other, reference) == "equivalent"
    dearer = model(
        {"bread": real(), "cake": real()}, "max 0.75*bread + 30*cake", "0.25*bread + 20*cake <= 14",
        "0.75*bread + 10*cake <= 12",
    )  # fmt: skip
    assert relation(dearer, reference) == "objective-differs"


def test_a_changed_limit_is_told_in_the_units_that_the_other_rows_say() -> None:
    """In the units as written neither holds all plans of the other."""
    reference = model(
        {"bread": real(0, 8), "cake": whole(0, 5)}, "max 3*bread + 2*cake", "bread + 2*cake <= 10", "bread >= cake - 3"
    )
    wider = model(
        {"bread": real(0, 0.8), "cake": whole(0, 5)}, "max 30*bread + 2*cake", "10*bread + 2*cake <= 11",
        "10*bread >= cake - 3",
    )  # fmt: skip
    assert relation(wider, reference) == "relaxation"


def test_a_limit_that_one_scale_would_explain_stays_a_difference() -> None:
    """Prices that are the same to the number pin the units: 41 hours are not 40 in another unit."""
    variables = {"bread": real(), "cake": real()}
    reference = model(variables, "max 3*bread + 2*cake", "bread + 2*cake <= 40")
    answer = model(variables, "max 3*bread + 2*cake", "bread + 2*cake <= 41")
    assert free_units(answer, reference, {0: 0, 1: 1}) == []
    assert relation(answer, reference) == "relaxation"


def judged(pairs: int, seed: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for outcome in compound.outcomes(pairs, seed, units=True):
        counts[outcome.fault or "right"] += 1
        counts[outcome.group] += 1
        if outcome.relation == "unknown":
            counts[f"unknown {outcome.group}"] += 1
    return counts


@pytest.mark.parametrize("pairs", [40, pytest.param(3_000, marks=pytest.mark.slow)])
def test_other_units_among_other_rewrites(pairs: int) -> None:
    """Named columns in other units with shifts, signs, complements, digits, splits, totals and eliminated columns."""
    counts = judged(pairs, 880_100)
    assert counts["honest"] >= pairs / 2
    assert counts["false equivalent"] == 0
    assert not [fault for fault in counts if fault.startswith("honest refuted")]
    assert counts["evidence refused"] == 0
    assert counts["unknown honest"] <= 0.3 * counts["honest"]
    assert counts["unknown different"] <= 0.3 * counts["different"]
