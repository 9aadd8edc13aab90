"""A family's reference carries nothing that the text does not say: neither the size of a big-M nor what a yes means."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pyrite.feasibility.scoring.ladder import Judge
from pyrite.problems.families import draw


def turned(expression: str) -> str:
    """The same rows where a yes means the other order."""
    held = re.sub(r"\(1 - (y\d)\)", r"@\1", expression)
    return re.sub(r"\*(y\d)", r"*(1 - \1)", held).replace("@", "")


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_a_job_shop_takes_any_large_number_and_either_orientation(seed: int) -> None:
    problem = draw("job-shop", seed, "small")
    assert problem.reference is not None
    document: dict[str, Any] = problem.reference.to_dict()
    text = json.dumps(document)
    horizon = max(map(int, re.findall(r"(\d+)\*", text)))
    assert str(horizon) in problem.text
    other = {**document, "constraints": {name: turned(row) for name, row in document["constraints"].items()}}
    judge = Judge(problem.as_reference())
    for answer in (text.replace(f"{horizon}*", "9999*"), json.dumps(other)):
        verdict = judge.judge(answer)
        assert (verdict.substance, verdict.proof) == (True, "certified")
    # Both at once may be beyond the proof, and is never refuted.
    assert judge.judge(json.dumps(other).replace(f"{horizon}*", "500*")).substance is not False
    short = judge.judge(text.replace(f"{horizon}*", f"{horizon // 3}*"))
    assert short.substance is not True
