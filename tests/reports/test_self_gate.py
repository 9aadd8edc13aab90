"""The checker on stored outputs of a real model: every stage of every one as the committed baseline has it."""

from __future__ import annotations

from pathlib import Path

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.pool import Pool
from pyrite.problems.files import read_problems
from pyrite.reports.gate.snapshot import of_run, read_baseline
from pyrite.results.opinions import second_opinions, summary
from pyrite.results.outputs import read_outputs
from pyrite.results.run import RunFolder
from pyrite.results.scoring import score_outputs

STORED = Path(__file__).parent.parent / "gate"


def test_no_verdict_moved(tmp_path: Path) -> None:
    problems = read_problems(STORED / "problems.jsonl", strict=True)
    outputs = read_outputs(STORED / "outputs.jsonl", strict=True)
    folder = RunFolder(tmp_path / "run")
    todo = folder.begin(Policy(), problems, outputs)
    references = {problem.id: problem.as_reference() for problem in problems}
    tasks = [(output.problem_id, output.sample, output.output) for output in todo]
    with Pool(Policy(), 2) as pool, folder.verdict_writer() as writer:
        for verdict in pool.judge(tasks, references):
            writer.write(verdict.to_dict())
    baseline, now = read_baseline(STORED / "baseline.json"), of_run(folder.path)
    assert now.policy_digest == baseline.policy_digest, "the default policy changed: write a new baseline"
    assert now.problems.keys() == baseline.problems.keys()
    moved = [
        f"{identifier} sample {sample}: {before} -> {after}"
        for identifier, entry in baseline.problems.items()
        for sample, (before, after) in enumerate(zip(entry.states, now.problems[identifier].states, strict=True))
        if before != after
    ]
    assert not moved, "verdicts moved; look at each, then write a new baseline (tests/gate/README.md)"


def test_another_solver_agrees_with_every_verdict() -> None:
    """All outputs of the self-gate through the indexed Pyomo model and SCIP (HiGHS without the extra)."""
    problems = read_problems(STORED / "problems.jsonl", strict=True)
    outputs = read_outputs(STORED / "outputs.jsonl", strict=True)
    scored = score_outputs(problems, outputs, Policy(), workers=2)
    found = summary(second_opinions(scored.verdicts, outputs, problems, Policy(), workers=2))
    assert found["asked"] > 80
    assert found["disagree"] == []
    assert found["agree"] > 0.9 * found["asked"]
