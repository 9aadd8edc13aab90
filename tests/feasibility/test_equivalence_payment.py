"""A unit must be paid for by what is new: sums of equations, as rows or costs, bear out no number a second time."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from formulations import model, real, whole

from pyrite.feasibility.equivalence import deciding
from pyrite.feasibility.equivalence.evidence import Comparison
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program


def compare(a: Program, b: Program) -> Comparison:
    return deciding.compare(a, b, Policy(equivalence_seconds=60.0))


def test_a_cost_that_an_equation_settles_bears_out_no_unit() -> None:
    """Storage 22.5 against 22: coats in units of 6/5 fit every statement, for what they say is one statement."""
    answer = model(
        {"guards": real(0, 2), "coats": real(0, 5), "total_storage": real(None), "unused_wheat": real(0, 10)},
        "min 3*guards + 2*coats - 2*unused_wheat + 27",
        "coats - unused_wheat == -5",
        "total_storage >= 22.5",
        "coats + total_storage + 5*unused_wheat == 50",
    )
    variables = {"guards": real(0, 2), "wheat": real(0, 10), "coats": real(0, 5)}
    reference = model(variables, "min 3*guards + 2*wheat + 2*coats + 7", "wheat + coats == 5", "5*wheat - coats >= 22")
    assert compare(answer, reference).relation != "equivalent"
    assert compare(reference, answer).relation != "equivalent"


def pair(seed: int) -> tuple[Program, Program]:
    """Two limits on one decision, among rows and costs that are sums of the same equations; wheat maybe as its rest."""
    draw = random.Random(seed)
    whole, most, times = draw.choice([4, 5, 8]), draw.choice([8, 10]), draw.choice([3, 5])
    first = times * whole - (times + 1) * Fraction(draw.choice([1, 2, 3]), draw.choice([2, 3, 4]))
    second = first - Fraction(draw.choice([1, 2, 3]), draw.choice([2, 4]))
    variables = {"guards": real(0, 2), "wheat": real(0, most), "coats": real(0, draw.choice([5, 9]))}
    common = [f"wheat + coats == {whole}"]
    for _ in range(draw.randrange(4)):
        by, beside, kind = draw.choice([1, 2, 3]), draw.choice([1, 2]), draw.choice(["row", "equation", "sum"])
        body = f"{by}*wheat + {by}*coats"
        if kind == "row":
            common.append(f"{body} + {beside}*guards <= {by * whole + 2 * beside}")
            continue
        variables["mead"] = real(0, 6)
        side = by * whole + 3
        common.append(
            f"{body} + mead == {side}"
            if kind == "equation"
            else f"{body} + mead + {beside}*guards <= {side + 3 * beside}"
        )
    objective = draw.choice(
        ["min 3*guards + 2*wheat + 2*coats", "min 3*guards", "max guards + 5*wheat + 5*coats", "min 2*coats + 3*guards"]
    )
    reference = model(variables, objective, *common, f"{times}*wheat - coats >= {second}")
    rows = [*common, f"{times}*wheat - coats >= {first}"]
    mine = dict(variables)
    if draw.random() < 0.5:
        mine["total_storage"] = real(None)
        rows[-1:] = [f"total_storage >= {first}", f"total_storage == {times}*wheat - coats"]
    if draw.random() < 0.5:
        mine["unused_wheat"] = mine.pop("wheat")
        objective, *rows = (text.replace("wheat", f"({most} - unused_wheat)") for text in (objective, *rows))
    return model(mine, objective, *rows), reference


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(n, marks=pytest.mark.slow) for n in range(8, 300))])
def test_sums_of_equations_bear_out_no_unit(seed: int) -> None:
    answer, reference = pair(seed)
    assert compare(answer, reference).relation != "equivalent"
    assert compare(reference, answer).relation != "equivalent"


@pytest.mark.parametrize("seed", range(12))
def test_over_whole_numbers_limits_are_those_that_some_plan_reaches(seed: int) -> None:
    """A negated column beside rounded sides is borne out by them; a side that cuts off one plan more is not."""
    rng = random.Random(seed)
    step, most, price = rng.choice((2, 3, 5)), rng.randint(4, 9), rng.choice((3, 7))
    kept = {"vans": whole(0, 6), "cars": whole(0, 6)}
    turned = {"vans": whole(0, 6), "minus_cars": whole(-6, 0)}
    reference = model(
        kept, f"max {price}*vans + 2*cars", f"{step}*vans + {2 * step}*cars <= {step * most}", "cars - vans <= 2"
    )

    def answer(slack: Fraction) -> Program:
        rows = (f"{step}*vans - {2 * step}*minus_cars <= {float(step * most + slack)}", "-minus_cars - vans <= 2.75")
        return model(turned, f"max {price}*vans - 2*minus_cars", *rows)

    for slack, alike in ((Fraction(step) - Fraction(1, 4), True), (Fraction(step), False), (Fraction(-1, 4), False)):
        for one, other in ((answer(slack), reference), (reference, answer(slack))):
            assert (compare(one, other).relation == "equivalent") == alike, slack
