"""Training pairs, and references as mathematics."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.language.formulation import Data, Formulation
from pyrite.feasibility.language.mathematics import mathematics
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.families.drawing import Stream
from pyrite.problems.lines import write_lines
from pyrite.problems.pairs import FAULTS, damages, preferences, supervised
from pyrite.problems.problem import Problem
from pyrite.problems.showing import shown


@pytest.mark.parametrize("family", FAMILIES)
def test_a_supervised_completion_is_right_and_compact(family: str) -> None:
    problem = draw(family, 11)
    pair = supervised(problem)
    assert pair["prompt"] == problem.text
    assert ": " not in re.sub(r'"[^"]*"', "", pair["completion"])
    verdict = Judge(problem.as_reference()).judge(pair["completion"])
    assert verdict.surface
    assert verdict.substance is not False


@pytest.mark.parametrize("family", FAMILIES)
def test_rejected_answers_hold_on_the_surface_and_fail_in_substance(family: str) -> None:
    problem = draw(family, 12)
    pairs = preferences(problem, 3)
    assert pairs, "no fault changes this problem"
    assert len({pair["fault"] for pair in pairs}) == len(pairs)
    assert pairs == preferences(problem, 3)
    judge = Judge(problem.as_reference())
    for pair in pairs:
        assert pair["chosen"] == problem.reference.to_json()
        verdict = judge.judge(pair["rejected"])
        assert verdict.surface
        assert verdict.substance is False


def test_every_fault_occurs() -> None:
    seen = set()
    for size in ("small", "medium"):
        for family in FAMILIES:
            seen |= {fault for fault, _ in damages(draw(family, 2, size).reference, Stream(family))}
    assert seen == set(FAULTS)


def test_a_problem_without_reference_has_no_pair(tmp_path) -> None:
    bare = Problem("bare", "How many?", optimum=3)
    with pytest.raises(PyriteError, match="bare"):
        supervised(bare)
    path = tmp_path / "problems.jsonl"
    write_lines(path, [bare.to_dict(), draw("knapsack", 0).to_dict()])
    out = tmp_path / "pairs.jsonl"
    for kind, keys in (("supervised", {"prompt", "completion"}), ("preference", {"prompt", "chosen", "rejected"})):
        result = CliRunner().invoke(app, ["problems", "pairs", str(path), "--kind", kind, "--out", str(out)])
        assert result.exit_code == 0, result.output
        (line,) = out.read_text().splitlines()
        assert keys < set(json.loads(line))
    assert "no optimum" not in shown(bare)
    assert "Stored: optimum 3" in shown(bare)


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_reference_reads_as_mathematics(family: str, size: str) -> None:
    problem = draw(family, 8, size)
    text = mathematics(problem.reference, problem.data)
    assert "*" not in text
    for name in (*problem.reference.variables, *problem.reference.constraints):
        assert name in text


def test_parentheses_keep_the_meaning() -> None:
    document = {
        "sets": {"T": [1, 2, 3]},
        "parameters": {"c": {"index": ["T"], "values": {"1": 1, "2": 2, "3": 3}}},
        "variables": {"x": {"index": ["T"], "domain": "continuous", "lower": None}, "y": {"domain": "binary"}},
        "objective": {"sense": "minimize", "expression": "2*(y - sum(c[t]*x[t] for t in T if t > 1)) - (y + 1) - -y"},
        "constraints": {"flow": {"for": "t in T if t > 1 and not t == 3", "expression": "(x[t] - x[t-1])**2/2 <= 4*y"}},
    }
    text = mathematics(Formulation.from_dict(document), Data())
    assert "2 · (y − ∑(t ∈ T, t > 1) c[t] · x[t]) − (y + 1) − (−y)" in text
    assert "(x[t] − x[t−1])² / 2 ≤ 4 y   for all t ∈ T, t > 1 and not (t = 3)" in text
    assert "x[T], real, unbounded" in text
