"""Each lint on a sentence with the fault and on the same sentence without it."""

from __future__ import annotations

import pytest

from pyrite.feasibility.programs.compiling import build
from pyrite.problems.lints import lint
from pyrite.problems.problem import Problem

TEXT = "At least 60% of the carts are golf carts. At most 75 carts are rented. A golf cart costs 4, a pull cart 3."


def found(*rows: str, text: str = TEXT) -> set[str]:
    whole = {"domain": "integer", "lower": 0}
    reference = {
        "variables": {"golf": whole, "pull": whole},
        "objective": {"sense": "maximize", "expression": "4*golf + 3*pull"},
        "constraints": {f"r{k}": row for k, row in enumerate(rows)},
    }
    problem = Problem.from_dict({"id": "p", "text": text, "reference": reference})
    assert problem.reference is not None
    return {code for code, _ in lint(problem, build(problem.reference))}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (("golf >= 60*(golf + pull)", "golf + pull <= 75"), "percent-above-one"),
        (("golf >= 0.6*(golf + pull)", "golf + golf <= 75"), "variable-twice"),
        (("golf >= 0.6*(golf + pull)", "golf + pull <= 75", "2*golf + 2*pull <= 150"), "repeated-row"),
        (("golf >= 0.6*(golf + pull)",), "unused-number"),
        (("golf >= 0.6*(golf + pull)", "golf + pull >= 75"), "operator-against-text"),
        (("golf >= 0.6", "golf + pull <= 75"), "fraction-bound"),
    ],
)
def test_a_fault_is_seen(rows: tuple[str, ...], code: str) -> None:
    assert code in found(*rows)


def test_an_average_is_no_sum() -> None:
    assert "average-as-sum" in found("golf + pull <= 75", text="The average age is at most 75; costs 4 and 3.")


def test_the_right_formulation_raises_none() -> None:
    assert found("golf >= 0.6*(golf + pull)", "golf + pull <= 75") == set()
