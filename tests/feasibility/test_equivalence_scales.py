"""A scale that one statement alone decides fits whatever it says: never the ground of an equivalence."""

from __future__ import annotations

import random

import pytest
from formulations import model, real

from pyrite.feasibility.equivalence import deciding
from pyrite.feasibility.equivalence.checking.equations import Equations
from pyrite.feasibility.equivalence.checking.scales import Agreement, unpaid_scales
from pyrite.feasibility.equivalence.evidence import Comparison
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program


def compare(a: Program, b: Program) -> Comparison:
    return deciding.compare(a, b, Policy(equivalence_seconds=60.0))


def test_a_coefficient_is_not_explained_by_a_unit_that_all_else_cancels() -> None:
    """3 corn + wheat in the answer, 3 corn - wheat in the reference: wheat by halves, beside its total, fits both."""
    answer = model(
        {"wheat": real(0), "corn_and_wheat": real(None)},
        "min 3*corn_and_wheat",
        "corn_and_wheat <= 9",
        "13 <= 3*corn_and_wheat - 2*wheat <= 16",
        "corn_and_wheat - wheat >= 1",
    )
    reference = model(
        {"corn": real(1), "wheat": real(0)}, "min 3*corn + 3*wheat", "corn + wheat <= 9", "13 <= 3*corn - wheat <= 16"
    )
    assert compare(answer, reference).relation != "equivalent"
    assert compare(reference, answer).relation != "equivalent"


def pair(seed: int, *, alike: bool) -> tuple[Program, Program]:
    """Rows about the sum of two or three columns, and one row where wheat weighs otherwise: in both the same or not."""
    draw = random.Random(seed)
    times, most = draw.choice([2, 3, 5]), draw.choice([6, 9, 20])
    weight = draw.choice([1, 2, 3])
    other = weight if alike else draw.choice([k for k in (1, 2, 3, 4, 6) if k != weight])
    oats = draw.random() < 0.4
    total = "corn + wheat" + " + oats" * oats
    low = draw.randrange(most * times // 2)
    ends = (low, low + draw.randrange(1, 6))
    row = draw.choice(["{low} <= {body} <= {high}", "{body} <= {high}", "{body} >= {low}"])
    objective = draw.choice(["min {sum}", "max {sum}", "max {times}*({sum})", "max oats" if oats else "min {sum}"])
    also = draw.choice(["", "{sum} >= 1", "2*({sum}) <= " + str(2 * most + 3)])

    def side(by: int, sum_: str, names: dict[str, object], more: list[str]) -> Program:
        body = f"{times}*({sum_}) - {by}*wheat"
        rows = [f"{sum_} <= {most}", row.format(low=ends[0], high=ends[1], body=body), *more]
        rows += [also.format(sum=sum_)] if also else []
        return model(names, objective.format(sum=sum_, times=times), *rows)

    columns = {"wheat": real(0)} | ({"oats": real(0, 4)} if oats else {})
    ours = {**columns, "corn_and_wheat": real(None)}
    hidden = "corn_and_wheat" + " + oats" * oats
    answer = side(other, hidden, ours, ["corn_and_wheat - wheat >= 0"])
    return answer, side(weight, total, {**columns, "corn": real(0)}, [])


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(n, marks=pytest.mark.slow) for n in range(8, 300))])
def test_another_weight_is_no_other_unit(seed: int) -> None:
    answer, reference = pair(seed, alike=False)
    for one, other in ((answer, reference), (reference, answer)):
        found = compare(one, other)
        if found.relation == "equivalent":  # the row has nothing to say beside the others
            assert found.correspondence is not None
            maps = [*found.correspondence.forward, *found.correspondence.backward]
            assert all(abs(c) == 1 for image in maps if image is not None for c in image.terms.values())


@pytest.mark.parametrize("seed", range(8))
def test_the_same_weight_beside_a_total_is_equivalent(seed: int) -> None:
    answer, reference = pair(seed, alike=True)
    assert compare(answer, reference).relation == "equivalent"
    assert compare(reference, answer).relation == "equivalent"


def test_what_each_statement_says_of_the_scales() -> None:
    """Two rows that hold the unit pay for it, one does not; a limit of zero leaves the row its own factor."""
    scales = {(0, 0): "unit"}
    limited, again = Agreement({0: 1}, {0: 2}, (10,)), Agreement({0: 3, 1: 1}, {0: 6, 1: 1}, (8,))
    level, beside = Agreement({0: 1}, {0: 2}, (0,)), Agreement({0: 1, 1: 1}, {0: 2, 1: 1})
    none = Equations()
    assert not unpaid_scales(scales, {}, [limited, again], none)
    assert not unpaid_scales(scales, {}, [limited, beside], none)
    assert unpaid_scales(scales, {}, [limited], none) == {"unit"}
    assert unpaid_scales(scales, {}, [limited, level], none) == {"unit"}
    assert unpaid_scales(scales, {0: "origin"}, [limited, limited], none) == {"unit"}
    assert not unpaid_scales({}, {}, [limited], none)
