"""Differences that no correspondence repairs: by names alone, by number, parts and corners; what forbids them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from formulations import model, real, whole

from pyrite.feasibility.equivalence import deciding
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.evidence import Comparison, NamedEvidence
from pyrite.feasibility.equivalence.proving import relating
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program

PLENTY = {"domain": "continuous", "lower": 0}


def compare(a: Program, b: Program) -> Comparison:
    """With time enough on a busy machine."""
    return deciding.compare(a, b, Policy(equivalence_seconds=100.0))


def parts(sense: str, *more: str) -> Program:
    """Bread in two parts that a total over one of them hides, beside cake."""
    variables = {"one": PLENTY, "two": PLENTY, "cake": real(0, 9), "half": real(None)}
    rows = ("one + two + 2*cake <= 20", "one + two - cake <= 7", "half == one + cake", *more)
    return model(variables, f"{sense} 3*one + 3*two + 5*cake", *rows)


def whole_bread(sense: str) -> Program:
    variables = {"bread": PLENTY, "cake": real(0, 9)}
    return model(variables, f"{sense} 3*bread + 5*cake", "bread + 2*cake <= 20", "bread - cake <= 7")


def evidence(found: Comparison) -> NamedEvidence:
    assert found.difference is not None
    assert isinstance(found.difference.evidence, NamedEvidence)
    return found.difference.evidence


def test_the_order_of_named_values_is_enough() -> None:
    """Which auxiliaries there are, and how bread is written, does not matter: cake is the worse the more of it."""
    answer, reference = parts("min"), whole_bread("max")
    found = compare(answer, reference)
    assert (found.relation, found.proof) == ("incomparable", "certified")
    assert check(answer, reference, found).holds


def test_a_unit_is_borne_out_by_the_ends_of_the_ranges() -> None:
    """Twelve to the dozen: ninety of the cakes are no plan of the reference, seven and a half dozen would be."""
    answer = model({"cake": real(0, 108), "z": whole(0, 3), "w": whole(0, 3)}, "max cake + z", "cake + 12*z + w <= 110")
    reference = model({"cake": real(0, 9), "z": whole(0, 3)}, "max 12*cake + z", "cake + z <= 8")
    found = compare(answer, reference)
    assert found.relation == "incomparable"
    assert check(answer, reference, found).holds


@pytest.mark.parametrize(
    "change",
    [
        lambda e: replace(e, plan=tuple(v + 100 for v in e.plan)),
        lambda e: replace(e, pairs=tuple(replace(p, scale=p.scale * 2) for p in e.pairs)),
        lambda e: replace(e, pairs=tuple(replace(p, ours=0) for p in e.pairs)),
        lambda e: replace(e, side="b" if e.side == "a" else "a"),
        lambda e: replace(e, floor=e.floor + 1000),
        lambda e: replace(e, certificate=None, other_certificate=None),
        lambda e: replace(e, kind="plan"),
    ],
)
def test_forged_evidence_is_refused(change: Any) -> None:
    answer, reference = parts("min"), whole_bread("max")
    found = compare(answer, reference)
    assert found.difference is not None
    forged = replace(found, difference=replace(found.difference, evidence=change(evidence(found))))
    assert not check(answer, reference, forged).holds


def test_a_decision_of_its_own_is_a_difference() -> None:
    """Nothing determines the overtime, and it is no part of anything: the reference has no such decision."""
    variables = {"milk": real(0, 2), "vans": real(0, 5)}
    rows = ("milk + vans <= 3", "5*vans + 1.5*milk >= 12")
    reference = model(variables, "max milk + 3*vans", *rows)
    answer = model({**variables, "bonus": real(0, 1)}, "max milk + 3*vans", "milk + vans + bonus <= 3", rows[1])
    assert compare(answer, reference).relation == "incomparable"
    finite = model({"x": whole(0, 4), "y": whole(0, 2)}, "min 3*x + 2*y", "x - 2*y <= 1")
    more = model({"x": whole(0, 4), "y": whole(0, 2), "overtime": real(0, 1)}, "min 3*x + 2*y", "x - 2*y <= 1")
    assert compare(more, finite).relation == "incomparable"


@pytest.mark.parametrize(
    "answer",
    [
        # A slack in two parts, one of them eliminated: nothing but a slack that is not full.
        model({"x": whole(0, 4), "y": whole(0, 2), "s": real()}, "min 3*x + 2*y", "x - 2*y + s <= 1"),
        # A whole number by which of its values it takes: no affine map, and the same decision.
        model(
            {"y": whole(0, 2), **{f"is{n}": whole(0, 1) for n in range(5)}},
            "min 3*is1 + 6*is2 + 9*is3 + 12*is4 + 2*y",
            "is0 + is1 + is2 + is3 + is4 == 1",
            "is1 + 2*is2 + 3*is3 + 4*is4 - 2*y <= 1",
        ),
        # Digits that write a number more than once.
        model(
            {"y": whole(0, 2), "a": whole(0, 1), "b": whole(0, 1), "c": whole(0, 2)},
            "min 3*a + 3*b + 3*c + 2*y",
            "a + b + c - 2*y <= 1",
            "a + b + c <= 4",
        ),
        # Weights 1, 2, 3, which write 3 in two ways, told apart by a row that says nothing new.
        model(
            {"y": whole(0, 2), "p": whole(0, 1), "q": whole(0, 1), "r": whole(0, 1)},
            "min 3*p + 6*q + 9*r + 2*y",
            "p + 2*q + 3*r - 2*y <= 1",
            "p + 2*q + 3*r <= 4",
            "p + 3*q + r + y <= 9",
        ),
        # Its size by two rows: the objective chooses it.
        model(
            {"x": whole(0, 4), "y": whole(0, 2), "size": real(None)},
            "min 3*size + 2*y",
            "x - 2*y <= 1",
            "size >= x",
            "size >= -x",
        ),
    ],
)
def test_other_ways_to_write_a_decision_are_never_refuted(answer: Program) -> None:
    reference = model({"x": whole(0, 4), "y": whole(0, 2)}, "min 3*x + 2*y", "x - 2*y <= 1")
    assert compare(answer, reference).relation in ("equivalent", "unknown")
    assert compare(reference, answer).relation in ("equivalent", "unknown")


def test_hidden_parts_are_never_refuted() -> None:
    """Parts of an amount, told apart by a total and by a redundant row."""
    reference = whole_bread("max")
    assert compare(parts("max"), reference).relation in ("equivalent", "unknown")
    assert compare(parts("max", "3*one + 2*two + cake <= 200"), reference).relation in ("equivalent", "unknown")


def test_parts_of_a_decision_that_nothing_depends_on() -> None:
    """How far above and below the middle: a column in no row in two parts, each with its own end."""
    rows = ("u - 2*x <= 5", "0.5*n + 1.5*x >= 4")
    variables = {"x": real(0, 2), "n": whole(1, 2), "u": real(-2, 5.5)}
    reference = model({**variables, "y": real(0, 10)}, "max x", *rows)
    answer = model({**variables, "y_over": real(0, 5), "y_under": real(0, 5)}, "max x", *rows)
    assert compare(answer, reference).relation in ("equivalent", "unknown")
    assert compare(reference, answer).relation in ("equivalent", "unknown")


def test_a_decision_that_the_objective_presses_stays_one() -> None:
    """The milk is pressed upon its limit where nothing else is said of it, and not where a further row holds it."""
    variables = {"v2": real(0, 2), "v1": real(0, 4)}
    reference = model({"milk": real(0, 2), "y": real(0, 4)}, "max 2.5*milk", "y + milk <= 1")
    answer = model(variables, "max 2.5*v2", "v1 + v2 <= 1", "5*v1 - 2*v2 <= 11", "v2 <= 1")
    assert compare(answer, reference).relation in ("equivalent", "unknown")
    assert compare(reference, answer).relation in ("equivalent", "unknown")


def test_one_row_alone_bears_out_no_unit() -> None:
    """A coefficient changed is no other unit of a column that one row and limits which never bind speak of."""
    variables = {"vans": real(0, 7.5), "corn": real(1, 5), "bread": real(-5, 0)}
    reference = model(variables, "min 3*vans + 3*corn", "5*vans - 2*bread + corn == 10")
    answer = model(variables, "min 3*vans + 3*corn", "5*vans - 2.2*bread + corn == 10")
    assert compare(answer, reference).relation != "equivalent"
    tenths = {**variables, "bread": real(-50, 0)}
    scaled = model(tenths, "min 3*vans + 3*corn", "5*vans - 0.2*bread + corn == 10")
    assert compare(scaled, reference).relation == "equivalent"


def test_both_limits_of_one_body_are_one_statement() -> None:
    """Written as two rows, too: 2.2 for 2 in both is no other unit that two rows bear out (121212/18383)."""
    variables = {"boxes": real(0, 2), "guards": real(0, 10)}
    rest = "1.5*guards + 1.5*boxes <= 7", "boxes + guards <= 3"
    reference = model(variables, "min 2*guards + 7", *rest, "1 <= boxes - 2*guards <= 4")
    two_rows = model(variables, "min 2*guards + 7", *rest, "boxes - 2*guards >= 1", "3*boxes - 6*guards <= 12")
    answer = model(variables, "min 2*guards + 7", *rest, "boxes - 2.2*guards >= 1", "boxes - 2.2*guards <= 4")
    for right in (reference, two_rows):
        assert compare(answer, right).relation == "restriction"
        assert compare(right, answer).relation == "relaxation"
    assert compare(reference, two_rows).relation == compare(two_rows, reference).relation == "equivalent"


def test_corners_of_mixed_programs() -> None:
    """One price changed under other names: the corners of the two parts stand in another order."""
    rows = ("x + 2*y + 2*b <= 9", "3*x + y - b <= 8")
    renamed = ("u + 2*v + 2*w <= 9", "3*u + v - w <= 8")
    reference = model({"x": real(0, 4), "y": real(0, 4), "b": whole(0, 1)}, "max 3*x + 4*y + b", *rows)
    answer = model({"u": real(0, 4), "v": real(0, 4), "w": whole(0, 1)}, "max 5*u + v + w", *renamed)
    assert compare(answer, reference).relation not in ("equivalent", "unknown")
    same = model({"u": real(0, 4), "v": real(0, 4), "w": whole(0, 1)}, "max 3*u + 4*v + w", *renamed)
    assert compare(same, reference).relation == "equivalent"


def test_a_defect_of_the_search_is_unknown_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a crash nor a refutation, even when one was at hand before."""
    program = model({"x": whole(0, 4)}, "max x")

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(deciding, "proposals", broken)
    found = compare(program, program)
    assert (found.relation, found.code) == ("unknown", "internal-error")
    assert "ZeroDivisionError" in found.message


def test_a_plan_that_cannot_be_handed_out_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = model({"x_pos": PLENTY, "x_neg": PLENTY, "y": real(0, 4)}, "max x_pos - x_neg + y", "x_pos - x_neg <= 5")
    reference = model({"x": real(None), "y": real(0, 4)}, "max x + y", "x <= 4")

    def broken(*_: Any) -> Any:
        raise ValueError("made up")

    assert compare(answer, reference).relation == "relaxation"
    monkeypatch.setattr(relating, "unmerged_plan", broken)
    assert compare(answer, reference).relation in ("unknown", "incomparable")
