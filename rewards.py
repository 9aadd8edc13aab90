"""Rewards for other people's trainers: what the auditor says of an answer, as a plain function.

>>> import pyrite.rewards
>>> bakery = {"id": "bakery", "text": "Bread earns 3 and takes 2 of 9 hours ...", "optimum": 12}
>>> right = '''{"variables": {"bread": {"domain": "integer", "lower": 0}},
...   "objective": {"sense": "maximize", "expression": "3*bread"}, "constraints": {"hours": "2*bread <= 9"}}'''
>>> reward = pyrite.rewards.trl("substance", workers=0)
>>> reward(prompts=["..."] * 3, completions=[right, right.replace("3*", "4*"), "Sure!"], problem=[bakery] * 3)
[1.0, 0.0, 0.0]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .feasibility.errors import PyriteError
from .feasibility.finish import LENGTH, Answered
from .feasibility.policy import Policy
from .problems.problem import Problem
from .results.rewards import SHAPES, Judged, Reward, Rewarder, shape_of

__all__ = ["SHAPES", "Judged", "Reward", "Rewarder", "shape_of", "trl"]

RewardedProblem = Problem | Mapping[str, Any] | str


def trl(
    shape: str = "substance",
    problems: Iterable[RewardedProblem] = (),
    *,
    policy: Policy | None = None,
    workers: int | None = None,
    eos_token_id: int | None = None,
) -> Callable[..., list[Reward]]:
    """A reward function for trl: ``GRPOTrainer(reward_funcs=pyrite.rewards.trl("ladder"), ...)``, also for RLOO.

    ``shape`` is one of ``SHAPES``. The data set has a column ``problem`` with each problem's JSON as text (a column of
    dicts is filled up with empty fields by ``datasets``), or ``problem_id`` with ``problems`` given here. ``workers``
    processes judge a batch in parallel (default: one a core); what goes over the policy's limits is unknown and gets
    ``None``, which trl leaves out. With ``eos_token_id`` an answer whose tokens do not end with it counts as cut, as
    ``pyrite score`` counts ``finish = length``.

    Surface, value, substance and unknown of each batch are logged beside the reward. Formulations and plans are
    judged; programs are not (they get what prose gets). A reward that tells nothing apart for 20 steps is warned of
    once. Raises PyriteError for a shape that does not exist and for an answer whose problem is not known.
    """
    rewarder = Rewarder(shape, policy, workers)
    known: dict[str, Problem] = {}
    for item in problems:
        problem = _problem(item)
        known[problem.id] = problem
    read: dict[str, Problem] = {}

    def reward(
        prompts: Sequence[Any],
        completions: Sequence[Any],
        *,
        problem: Sequence[RewardedProblem] | None = None,
        problem_id: Sequence[str] | None = None,
        completion_ids: Sequence[Sequence[int]] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **others: Any,
    ) -> list[Reward]:
        asked = _asked(problem, problem_id, known, read)
        texts = [_text(completion) for completion in completions]
        if eos_token_id is not None and completion_ids is not None:
            texts = [
                text if ids and ids[-1] == eos_token_id else Answered(text, LENGTH)
                for text, ids in zip(texts, completion_ids, strict=True)
            ]
        found = rewarder.judge(asked, texts)
        if log_metric is not None:
            for name, rate in found.rates().items():
                log_metric(name, rate)
        return found.rewards

    reward.__name__ = f"pyrite_{shape}"
    return reward


def _asked(
    problems: Sequence[RewardedProblem] | None,
    names: Sequence[str] | None,
    known: Mapping[str, Problem],
    read: dict[str, Problem],
) -> list[Problem]:
    if problems is not None:
        return [_cached(item, read) for item in problems]
    if names is None:
        raise PyriteError("the data set needs a column 'problem' (a problem's dict or JSON) or 'problem_id'")
    for name in names:
        if name not in known:
            raise PyriteError(f"an answer is to problem {name!r}, which is not among the problems given")
    return [known[name] for name in names]


def _cached(item: RewardedProblem, read: dict[str, Problem]) -> Problem:
    if not isinstance(item, str):
        return _problem(item)
    if item not in read:
        read[item] = _problem(item)
    return read[item]


def _problem(item: RewardedProblem) -> Problem:
    if isinstance(item, Problem):
        return item
    if isinstance(item, str):
        try:
            item = json.loads(item)
        except (ValueError, RecursionError) as error:
            raise PyriteError(f"a problem of the data set is no JSON: {str(error)[:200]}") from error
    if not isinstance(item, Mapping):
        raise PyriteError(f"a problem of the data set is no object, but {type(item).__name__}")
    return Problem.from_dict(item)


def _text(completion: Any) -> str:
    """A completion as trl hands it over: text, or messages of which the last is the answer."""
    if isinstance(completion, str):
        return completion
    content = completion[-1].get("content") if completion else None
    return content if isinstance(content, str) else ""
