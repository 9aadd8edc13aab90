"""Pyrite in verifiers (its version 1): a taskset of optimization problems whose reward is the auditor's.

Loaded by the package ``pyrite_formulation``, which is what verifiers imports by the id of that name::

    vf-eval pyrite-formulation --env.taskset.problems problems.jsonl --model MODEL

Answers are judged in killable workers, many at once. An unknown is no reward: the rollout ends as an error of the task
with the reason, so that no trainer takes it for a wrong answer. Scoring needs no runtime, so that stored traces are
scored again offline. What is not covered: programs as answers (``language`` is formulations and plans).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import verifiers.v1 as vf

from ..feasibility.errors import PyriteError
from ..feasibility.finish import LENGTH, Answered
from ..feasibility.policy import read_policy
from ..feasibility.verdict import Verdict
from ..models.prompts import SYSTEM, Prompt
from ..problems.files import read_problems
from ..problems.problem import Problem
from ..results.rewards import shape_of
from .service import JudgeService, as_numbers, why

_SERVICES: dict[tuple[str, int | None], JudgeService] = {}
_LOCK = threading.Lock()


def _service(policy: str, workers: int | None) -> JudgeService:
    """One judge for all tasks of this process with the same policy."""
    with _LOCK:
        key = (policy, workers)
        if key not in _SERVICES:
            _SERVICES[key] = JudgeService(read_policy(policy or None), workers)
        return _SERVICES[key]


class PyriteData(vf.TaskData):
    """A problem on the wire: the line of ``problems.jsonl``, as text."""

    problem: str


class PyriteTaskConfig(vf.TaskConfig):
    """``--env.taskset.task.*``: the reward's shape, a policy file, how many processes judge (nothing: one a core)."""

    shape: str = "substance"
    policy: str = ""
    workers: int | None = None


class PyriteTask(vf.Task[PyriteData, vf.State, PyriteTaskConfig]):
    """One problem: the last reply is the answer."""

    @property
    def key(self) -> str:
        """The problem's id."""
        return str(self.data.name)

    async def _verdict(self, trace: Any) -> Verdict:
        text = trace.last_reply
        answer = Answered(text, LENGTH) if trace.is_truncated else text
        # Metrics and reward ask for the same verdict.
        judged: dict[tuple[str, bool], Future[Verdict]] = self.__dict__.setdefault("_judged", {})
        key = (text, trace.is_truncated)
        if key not in judged:
            service = _service(self.config.policy, self.config.workers)
            # Two tasksets may use one id for different problems: what the judge goes by is the content.
            problem = {**json.loads(self.data.problem), "id": hashlib.sha256(self.data.problem.encode()).hexdigest()}
            judged[key] = service.submit(problem, answer, "formulation")
        return await asyncio.wrap_future(judged[key])

    @vf.metric
    async def stages(self, trace: vf.Trace) -> dict[str, float]:
        """Surface, substance and each stage, 1 or 0; what is unknown or was not asked is left out."""
        verdict = await self._verdict(trace)
        code, sentence = why(verdict)
        trace.info["pyrite"] = {"code": code, "why": sentence[:500]}
        numbers = as_numbers(verdict, verdict.ladder.task)
        return {name: value for name, value in numbers.items() if value == value}  # not NaN

    @vf.reward
    async def reward(self, trace: vf.Trace) -> float:
        """The shape's number (:data:`pyrite.rewards.SHAPES`). Raises PyriteError for an unknown."""
        verdict = await self._verdict(trace)
        policy = _service(self.config.policy, self.config.workers).policy
        number = shape_of(self.config.shape)(verdict, policy)
        if number is None:
            raise PyriteError(f"no reward: unknown, or nothing to compare with ({why(verdict)[1][:200]})")
        return float(number)


class PyriteConfig(vf.TasksetConfig):
    """``--env.taskset.*``: the problems, and how much of the language the system prompt tells (short or full)."""

    problems: str = ""
    style: str = "short"
    task: PyriteTaskConfig = PyriteTaskConfig()


class PyriteTaskset(vf.Taskset[PyriteTask, PyriteConfig]):
    """The problems of a file, in its order."""

    def load(self) -> Iterator[PyriteTask]:
        """Every problem as a task. Raises PyriteError for a missing file, an unknown style or shape."""
        if not self.config.problems:
            raise PyriteError("give a file of problems: --env.taskset.problems problems.jsonl")
        if self.config.style not in SYSTEM:
            raise PyriteError(f"style is {' or '.join(SYSTEM)}, not {self.config.style!r}")
        shape_of(self.config.task.shape)
        prompt = Prompt(style=self.config.style)
        for number, problem in enumerate(read_problems(self.config.problems)):
            yield PyriteTask(_data(number, problem, prompt), self.config.task)


def _data(number: int, problem: Problem, prompt: Prompt) -> PyriteData:
    turns = {turn["role"]: turn["content"] for turn in prompt.messages(problem)}
    return PyriteData(
        idx=number,
        name=problem.id,
        prompt=turns["user"],
        system_prompt=turns.get("system"),
        problem=json.dumps(problem.to_dict()),
    )
