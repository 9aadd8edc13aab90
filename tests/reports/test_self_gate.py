"""The checker on stored outputs of a real model: every stage of every one as the committed baseline has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pyrite.feasibility.policy import Policy
from pyrite.problems.files import read_problems
from pyrite.problems.problem import Problem
from pyrite.reports.gate.snapshot import of_run, read_baseline
from pyrite.results.opinions import second_opinions, summary
from pyrite.results.outputs import Output, read_outputs
from pyrite.results.run import RunFolder
from pyrite.results.scoring import Scored, score_outputs

STORED = Path(__file__).parent.parent / "gate"


@dataclass
class Stored:
    """The stored outputs, scored once for all tests here."""

    problems: list[Problem]
    outputs: list[Output]
    scored: Scored
    folder: RunFolder


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    problems = read_problems(STORED / "problems.jsonl", strict=True)
    outputs = read_outputs(STORED / "outputs.jsonl", strict=True)
    folder = RunFolder(tmp_path_factory.mktemp("stored") / "run")
    return Stored(problems, outputs, score_outputs(problems, outputs, Policy(), folder=folder, workers=2), folder)


def test_no_verdict_moved(stored: Stored) -> None:
    baseline, now = read_baseline(STORED / "baseline.json"), of_run(stored.folder.path)
    assert now.policy_digest == baseline.policy_digest, "the default policy changed: write a new baseline"
    assert now.problems.keys() == baseline.problems.keys()
    moved = [
        f"{identifier} sample {sample}: {before} -> {after}"
        for identifier, entry in baseline.problems.items()
        for sample, (before, after) in enumerate(zip(entry.states, now.problems[identifier].states, strict=True))
        if before != after
    ]
    assert not moved, "verdicts moved; look at each, then write a new baseline (tests/gate/README.md)"


def test_another_solver_agrees_with_every_verdict(stored: Stored) -> None:
    """All outputs of the self-gate through the indexed Pyomo model and SCIP (HiGHS without the extra)."""
    opinions = second_opinions(stored.scored.verdicts, stored.outputs, stored.problems, Policy(), workers=2)
    found = summary(opinions)
    assert found["asked"] > 80
    assert found["disagree"] == []
    assert found["agree"] > 0.9 * found["asked"]
