"""Rewards out of verdicts: named shapes over the ladder, computed in parallel by processes that can be killed.

===============  ==================================================================================================
``surface``      1 when the answer looks right, else 0
``value``        1 when its optimum is the right one, else 0, whatever its plan does to the rules of the problem: the
                 "execution accuracy" that solver-informed rewards usually pay for
``feasible``     1 when a solver finds a point (formulations), or the plan keeps every rule (plans), else 0
``kept``         the share of the problem's rules that a plan keeps (0 where no plan can be read); for formulations
                 as ``feasible``
``substance``    1 when it is right, else 0
``ladder``       the share of its ladder's stages that it passes, of those that the problem allows to ask
===============  ==================================================================================================

What is unknown (a limit ran out, nothing to compare with) gives no reward (``None``), neither 1 nor 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..feasibility.closing import Closing
from ..feasibility.errors import PyriteError, PyriteWarning
from ..feasibility.plans.rules import KINDS
from ..feasibility.policy import Policy
from ..feasibility.scoring.pool import Pool
from ..feasibility.settings import near
from ..feasibility.verdict import PLAN, Verdict
from ..problems.problem import Problem

Reward: TypeAlias = float | None
RewardShape: TypeAlias = Callable[[Verdict, Policy], Reward]

CONSTANT_STEPS = 20
"""Calls in a row without a difference after which the reward is said to teach nothing."""


def _surface(verdict: Verdict, policy: Policy) -> Reward:
    if verdict.surface:
        return 1.0
    undecided = any(verdict.result(stage).status == "unknown" for stage in verdict.ladder.surface)
    failed = any(verdict.result(stage).status == "fail" for stage in verdict.ladder.surface)
    return None if undecided and not failed else 0.0


def _value(verdict: Verdict, policy: Policy) -> Reward:
    stage = "optimal" if verdict.ladder.task == PLAN.task else "value"
    if not verdict.ladder.asks(stage, verdict.strongest):
        return None
    result = verdict.result(stage)
    if result.status == "pass":
        return 1.0
    if result.status in ("fail", "unknown"):
        return 0.0 if result.status == "fail" else None
    if verdict.first_failure == "sound" and None not in (verdict.optimum, verdict.reference_optimum):
        # The ladder stopped at the broken rule; the two numbers are there all the same.
        ours, right = float(verdict.optimum or 0.0), float(verdict.reference_optimum or 0.0)
        return float(abs(ours - right) <= policy.value_tolerance * max(1.0, abs(right)))
    return 0.0 if verdict.first_failure is not None else None


def _feasible(verdict: Verdict, policy: Policy) -> Reward:
    last = "equalities" if verdict.ladder.task == PLAN.task else "feasible"
    statuses = [verdict.result(stage).status for stage in verdict.ladder.upto(last)]
    if "fail" in statuses:
        return 0.0
    return 1.0 if all(status == "pass" for status in statuses) else None


def _kept(verdict: Verdict, policy: Policy) -> Reward:
    if verdict.ladder.task != PLAN.task:
        return _feasible(verdict, policy)
    if not verdict.surface:
        return _surface(verdict, policy)
    tables = [verdict.result(kind).details for kind in KINDS]
    rules = sum(int(table.get("rules", 0)) for table in tables)
    if any(verdict.result(kind).status == "unknown" for kind in KINDS):
        return None
    return sum(int(table.get("kept", 0)) for table in tables) / rules if rules else 1.0


def _substance(verdict: Verdict, policy: Policy) -> Reward:
    return None if verdict.substance is None else float(verdict.substance)


def _ladder(verdict: Verdict, policy: Policy) -> Reward:
    asked = [stage for stage in verdict.ladder.stages if verdict.ladder.asks(stage, verdict.strongest)]
    statuses = [verdict.result(stage).status for stage in asked]
    if "unknown" in statuses:
        return None
    return sum(status == "pass" for status in statuses) / len(asked)


SHAPES: dict[str, RewardShape] = {
    "surface": _surface,
    "value": _value,
    "feasible": _feasible,
    "kept": _kept,
    "substance": _substance,
    "ladder": _ladder,
}


def shape_of(name: str) -> RewardShape:
    """The reward of that name. Raises PyriteError with a near miss."""
    if name not in SHAPES:
        raise PyriteError(f"there is no reward {name!r}; {near(name, SHAPES)}")
    return SHAPES[name]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a batch of answers was worth: their rewards and their verdicts, in order."""

    rewards: list[Reward]
    verdicts: list[Verdict]

    def rates(self) -> dict[str, float]:
        """Shares of the answers by verdict, to be reported beside any reward; unknown ones are not counted as right."""
        many = max(1, len(self.verdicts))
        return {
            "surface": sum(verdict.surface for verdict in self.verdicts) / many,
            "value": sum(_value(verdict, Policy()) == 1.0 for verdict in self.verdicts) / many,
            "substance": sum(verdict.substance is True for verdict in self.verdicts) / many,
            "unknown": sum(verdict.substance is None for verdict in self.verdicts) / many,
        }


class Rewarder(Closing):
    """Judges batches of answers by one pool that stays between the calls; leave it by ``with`` or :meth:`close`.

    ``workers`` processes (default: one a core) share a batch. An answer that goes over the policy's limits has its
    worker killed and is unknown; the others go on in new ones, so that a batch takes at most (hostile answers / workers
    + 1) time limits longer. With 0 workers everything happens here, where limits are the solver's alone.
    """

    def __init__(self, shape: str = "substance", policy: Policy | None = None, workers: int | None = None) -> None:
        self.shape, self.policy = shape, policy or Policy()
        self._reward = shape_of(shape)
        self._workers = workers
        self._pool: Pool | None = None
        self._watch = _Watch(shape)

    def close(self) -> None:
        """End the workers; the next call starts new ones."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def judge(self, problems: Sequence[Problem], answers: Sequence[str]) -> Judged:
        """The rewards of answers to these problems, one each, in their order.

        Warns once (PyriteWarning) when for ``CONSTANT_STEPS`` calls nothing told one answer from another. Raises
        PyriteError when two different problems have one id.
        """
        if len(problems) != len(answers):
            raise PyriteError(f"{len(answers)} answers to {len(problems)} problems: give a problem for each answer")
        known: dict[str, Problem] = {}
        for problem in problems:
            if known.setdefault(problem.id, problem) != problem:
                raise PyriteError(f"two different problems have the id {problem.id!r}")
        references = {name: problem.as_reference() for name, problem in known.items()}
        tasks = [(problem.id, place, text) for place, (problem, text) in enumerate(zip(problems, answers, strict=True))]
        if self._pool is None:
            self._pool = Pool(self.policy, self._workers)
        verdicts = list(self._pool.judge(tasks, references))
        rewards = [self._reward(verdict, self.policy) for verdict in verdicts]
        self._watch.see([problem.id for problem in problems], rewards)
        return Judged(rewards, verdicts)


class _Watch:
    """Notices that a reward tells nothing apart."""

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self._still = 0
        self._answers = 0
        self._said = False
        self._seen: set[Reward] = set()

    def see(self, problems: Sequence[str], rewards: Sequence[Reward]) -> None:
        """A call's rewards."""
        groups: dict[str, set[Reward]] = {}
        for name, reward in zip(problems, rewards, strict=True):
            groups.setdefault(name, set()).add(reward)
        alone = len(groups) == len(problems)  # one answer a problem: they can only be told from one another
        here = {reward for reward in rewards if reward is not None}
        differs = len(self._seen | here) > 1 if alone else any(len(found - {None}) > 1 for found in groups.values())
        self._still, self._answers = (0, 0) if differs else (self._still + 1, self._answers + len(rewards))
        self._seen = set() if differs else self._seen | here
        if self._still < CONSTANT_STEPS or self._said:
            return
        self._said = True
        values = sorted(self._seen - {None}, key=lambda reward: reward or 0.0)
        what = f"has been {values[0]:g}" if len(values) == 1 else "is the same within every problem's answers"
        what = what if values else "is unknown"
        warnings.warn(
            f"the reward {self._shape!r} {what} for {self._still} steps ({self._answers:,} answers): nothing is "
            "learned from it; ask easier problems, start from a model that gets some right, or take another shape",
            PyriteWarning,
            stacklevel=3,
        )
