"""References of a public benchmark, judged against themselves and with a row left out; plain search is the oracle."""

import itertools
import json
import os
from pathlib import Path

import pytest

from pyrite.feasibility.scoring.ladder import Judge
from pyrite.problems.importers.importing import import_problems

DATA = Path(os.environ.get("PYRITE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
NL4OPT = DATA / "nl4opt" / "dev.jsonl"

pytestmark = pytest.mark.skipif(not NL4OPT.exists(), reason="the public data are not here")


@pytest.fixture(scope="module")
def problems():
    return import_problems(NL4OPT).problems


def test_every_reference_is_right_for_itself(problems):
    """Also those that are infeasible or unbounded, which the published labels hide."""
    statuses = set()
    for problem in problems:
        verdict = Judge(problem.as_reference()).judge(problem.reference.to_json())
        assert verdict.substance is True, problem.id
        statuses |= {result.code for result in verdict.stages.values()}
    assert {"both-infeasible", "both-unbounded"} <= statuses


def test_a_dropped_row_is_judged_as_plain_search_judges_it(problems):
    """Bring the small whole-number problems before an oracle that tries every plan in a box.

    Where the oracle finds a plan that the damaged formulation allows and the reference forbids, the verdict must not be
    right; the verdict may be wrong for plans outside of the box as well, so the converse is not asked.
    """
    asked = caught = 0
    for problem in problems:
        reference = problem.reference
        if len(reference.variables) != 2 or any(
            v.domain != "integer" or v.upper is not None for v in reference.variables.values()
        ):
            continue
        document = reference.to_dict()
        for name in document["constraints"]:
            rest = {key: row for key, row in document["constraints"].items() if key != name}
            verdict = Judge(problem.as_reference()).judge(json.dumps({**document, "constraints": rest}))
            stray = stray_plan(document, rest)
            asked += 1
            if stray:
                caught += 1
                # Two empty sets of plans are the same however they came about; here there is a plan.
                assert verdict.substance is not True, (problem.id, name, stray)
    assert asked > 100
    assert caught > asked / 4


def stray_plan(document, rest, box=14):
    """A whole plan of the box that the remaining rows allow and all rows together forbid."""
    names = list(document["variables"])
    everything = [compiled(row) for row in document["constraints"].values()]
    kept = [compiled(row) for row in rest.values()]
    for plan in itertools.product(range(box), repeat=len(names)):
        point = dict(zip(names, plan, strict=True))
        if all(eval(row, {}, point) for row in kept) and not all(eval(row, {}, point) for row in everything):
            return point
    return None


def compiled(row):
    return compile(row, "row", "eval")
