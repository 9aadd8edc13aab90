"""Pyrite in inspect_ai: ``pyrite/pyrite_formulation`` (task) and ``pyrite/pyrite_scorer`` (scorer).

Found by inspect through the entry-point group ``inspect_ai`` once both packages are installed::

    inspect eval pyrite/pyrite_formulation -T problems=problems.jsonl --model openai/gpt-4o-mini
    inspect score logs/some.eval --scorer pyrite/pyrite_scorer -S problems=problems.jsonl

A score is a dict with surface, substance and each stage; a stage that is unknown or was not asked is NaN, which
inspect's metrics leave out (None would count as 0).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

from ..feasibility.errors import PyriteError
from ..feasibility.finish import STOP, Answered, known_finish
from ..feasibility.one_line import one_line
from ..feasibility.policy import read_policy
from ..models.prompts import SYSTEM, Prompt
from ..problems.files import read_problems
from ..problems.problem import Problem
from .service import JudgeService, as_numbers, why

_METRICS = {"*": [mean(), stderr()]}
_MAKERS = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


@scorer(metrics=_METRICS)
def pyrite_scorer(problems: str = "", policy: str = "", workers: int | None = None, language: str = "auto") -> Scorer:
    """Surface, substance and every stage of each sample's output.

    The problem of a sample is its metadata's ``problem`` (a line of ``problems.jsonl``, which ``pyrite_formulation``
    puts there), or else the one whose id the sample has in the file ``problems``. ``policy`` is a policy file,
    ``workers`` the processes that judge (default: one a core), ``language`` as in :func:`pyrite.score`. A sample
    without problem has no score (NaN) and says so.
    """
    known = {problem.id: problem for problem in read_problems(problems)} if problems else {}
    service = JudgeService(read_policy(policy or None), workers)

    async def score(state: TaskState, target: Target) -> Score:
        try:
            problem = _problem_of(state, known)
        except PyriteError as error:
            return Score.unscored(explanation=error.message)
        # A sample that was interrupted has an output without choices, which has no stop reason.
        given = state.output if state.output and state.output.choices else None
        text = given.completion if given else ""
        finish = known_finish(given.stop_reason) if given else "no-output"
        answer = text if finish == STOP else Answered(text, finish)
        verdict = await anyio.to_thread.run_sync(partial(service.judge, problem, answer, language))
        code, sentence = why(verdict)
        task_name = problem.task if language != "code" else "code"
        return Score(
            value=dict(as_numbers(verdict, task_name)),
            answer=text,
            explanation=one_line(sentence, 500),
            metadata={"code": code, "proof": verdict.proof, "verdict": verdict.to_dict()},
        )

    return score


@task
def pyrite_formulation(
    problems: str, style: str = "short", policy: str = "", workers: int | None = None, language: str = "auto"
) -> Task:
    """Ask a model for formulations and judge them.

    ``problems`` is a ``problems.jsonl``; ``style`` is ``short`` or ``full``, how much of the language the prompt tells.
    The other arguments are the scorer's.
    """
    if style not in SYSTEM:
        raise PyriteError(f"style is {' or '.join(SYSTEM)}, not {style!r}")
    prompt = Prompt(style=style)  # type: ignore[arg-type]
    samples = [
        Sample(
            id=problem.id,
            input=_messages(prompt, problem),
            target="" if problem.optimum is None else str(problem.optimum),
            metadata={"problem": problem.to_dict(), "family": problem.family},
        )
        for problem in read_problems(problems)
    ]
    judge = pyrite_scorer(policy=policy, workers=workers, language=language)
    return Task(dataset=MemoryDataset(samples, name="pyrite"), solver=generate(), scorer=judge)


def _messages(prompt: Prompt, problem: Problem) -> list[ChatMessage]:
    return [_MAKERS[turn["role"]](content=turn["content"]) for turn in prompt.messages(problem)]


def _problem_of(state: TaskState, known: dict[str, Problem]) -> Problem:
    document: Any = (state.metadata or {}).get("problem")
    if isinstance(document, dict):
        return Problem.from_dict(document)
    if str(state.sample_id) in known:
        return known[str(state.sample_id)]
    raise PyriteError(f"sample {one_line(state.sample_id, 80)!r} has no problem: give -S problems=problems.jsonl")
