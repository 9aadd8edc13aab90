"""Which outputs changed sides between two runs, and why: the judge's own sentence for each."""

from __future__ import annotations

from dataclasses import dataclass

from ..feasibility.verdict import LOOKS, Verdict
from .collection import Run
from .comparing import Flip, flips


@dataclass(frozen=True, slots=True)
class ExplainedFlip:
    """One output whose surface or substance differs between two runs.

    ``direction`` is ``lost`` (right before, wrong now) or ``gained`` (wrong before, right now). ``stage``, ``code`` and
    ``why`` say where and why the wrong one of the two fails: the second run's when lost, the first's when gained.
    """

    problem_id: str
    sample: int
    outcome: str
    direction: str
    stage: str
    code: str
    why: str


def explained(first: Run, second: Run) -> list[ExplainedFlip]:
    """Every flip with its reason: losses first, substance before surface, then by problem."""
    verdicts = {
        "lost": {(v.problem_id, v.sample): v for v in second.verdicts},
        "gained": {(v.problem_id, v.sample): v for v in first.verdicts},
    }
    found = [
        _explained(flip, verdicts[flip.direction][flip.problem_id, flip.sample])
        for flip in flips(first.observed, second.observed)
    ]
    order = {"lost": 0, "gained": 1, "substance": 0, "surface": 1}
    return sorted(found, key=lambda f: (order[f.direction], order.get(f.outcome, 2), f.problem_id, f.sample))


def _explained(flip: Flip, wrong: Verdict) -> ExplainedFlip:
    stage = wrong.first_failure
    if flip.outcome == "surface" and stage not in LOOKS:  # cannot be, unless a run's verdicts contradict themselves
        stage = None
    result = wrong.result(stage) if stage is not None else None
    return ExplainedFlip(
        problem_id=flip.problem_id,
        sample=flip.sample,
        outcome=flip.outcome,
        direction=flip.direction,
        stage=stage or "",
        code=(result.code or "") if result else "",
        why=(result.message or "") if result else "",
    )
