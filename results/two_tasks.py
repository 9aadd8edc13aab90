"""One model asked twice for the same problem: can it model what it cannot solve?

A plan problem says in ``plan_of`` which problem asks for the formulation. Both answers of a run are held together by
problem and sample; pairs with an unknown are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..feasibility.verdict import PLAN
from .collection import Run
from .comparing import mcnemar, sign_flip


@dataclass(frozen=True, slots=True)
class TwoTasks:
    """Pairs of answers by substance: formulation and plan right, one of them, none; ``unknown`` pairs are in no count.

    ``p`` is two-sided, of both being right equally often: the exact McNemar test, or with several answers a problem a
    sign-flip test over problems.
    """

    both: int
    formulation_only: int
    plan_only: int
    neither: int
    unknown: int
    p: float

    @property
    def pairs(self) -> int:
        """Pairs whose two substances are known."""
        return self.both + self.formulation_only + self.plan_only + self.neither


def two_tasks(run: Run) -> TwoTasks | None:
    """The pairs of a run; None when no problem was asked both ways."""
    verdicts = {(verdict.problem_id, verdict.sample): verdict for verdict in run.verdicts}
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    unknown = seen = 0
    differences: dict[str, list[int]] = {}
    for (identifier, sample), verdict in verdicts.items():
        problem = run.problems.get(identifier)
        asked = problem.extra.get("plan_of") if problem is not None and verdict.ladder.task == PLAN.task else None
        other = verdicts.get((asked, sample)) if isinstance(asked, str) else None
        if other is None or other.ladder.task == PLAN.task:
            continue
        seen += 1
        if other.substance is None or verdict.substance is None:
            unknown += 1
        else:
            counts[other.substance, verdict.substance] += 1
            differences.setdefault(identifier, []).append(other.substance - verdict.substance)
    if not seen:
        return None
    if any(len(found) > 1 for found in differences.values()):
        p = sign_flip(np.array([sum(found) / len(found) for found in differences.values()], dtype=np.float64))
    else:
        p = mcnemar(counts[True, False], counts[False, True])
    both, formulation_only, plan_only, neither = counts.values()
    return TwoTasks(both, formulation_only, plan_only, neither, unknown, p)
