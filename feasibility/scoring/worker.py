"""Scoring inside a worker process: one judge a problem, and how far the output in hand has come."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..policy import Policy
from ..verdict import Ladder, Verdict
from ..workers.board import BOARD_SIZE, Board
from ..workers.inside import Handler, Tell
from .ladder import Judge
from .prepared import unprepared
from .reference import Reference

__all__ = ["BOARD_SIZE", "STATES", "Board", "JudgeCache", "JudgedText", "Question", "judging"]

STATES = ("", "begun", "pass", "fail", "unknown", "skipped")
"""What a mark on the board says of a stage."""

JudgedText: TypeAlias = tuple[str, int, str]
"""Problem id, sample, text."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the outputs to a problem share: its reference, or why that could not be prepared."""

    reference: Reference
    trouble: str | None = None


class JudgeCache:
    """One judge a problem, the least recently used forgotten first; big programs count for more."""

    def __init__(self, policy: Policy, capacity: int = 2_000) -> None:
        self.policy = policy
        self.capacity = capacity
        self._judges: OrderedDict[str, tuple[Judge, int]] = OrderedDict()
        self._weight = 0

    def judge(self, problem_id: str, questions: Mapping[str, Question]) -> Judge:
        """The judge of this problem. KeyError when ``questions`` does not know it."""
        question = questions[problem_id]
        known = self._judges.get(problem_id)
        if known is not None and known[0].reference is question.reference:
            self._judges.move_to_end(problem_id)
            return known[0]
        judge = Judge(question.reference, self.policy)
        if question.trouble is not None:
            judge.prepared = unprepared(judge.reference, question.trouble)
        self._weight += 1 - (known[1] if known is not None else 0)
        self._judges[problem_id] = (judge, 1)
        self._judges.move_to_end(problem_id)
        return judge

    def weigh(self, problem_id: str) -> None:
        """Count what the judge holds by now, and forget others if it is too much."""
        judge, old = self._judges[problem_id]
        program = judge.prepared.program if judge.is_prepared else None
        new = 1 if program is None else 1 + (len(program.columns) + len(program.rows)) // 100
        if new != old:
            self._judges[problem_id] = (judge, new)
            self._weight += new - old
        while self._weight > self.capacity and len(self._judges) > 1:
            _, (_, weight) = self._judges.popitem(last=False)
            self._weight -= weight


def judging(policy: Policy) -> Handler:
    """A worker's start: import everything that judging needs."""
    cache = JudgeCache(policy)
    Judge(Reference(), policy).judge(_WARM_UP)

    def handle(output: JudgedText, questions: Mapping[str, Any], board: Board, tell: Tell) -> tuple[Verdict, bool]:
        problem_id, sample, text = output
        judge = cache.judge(problem_id, questions)
        verdict = judge.judge(text, problem_id, sample, _Marker(board, judge.task.ladder).watch)
        cache.weigh(problem_id)
        return verdict, any(result.code == "memory-limit" for result in verdict.stages.values())

    return handle


class _Marker:
    """Writes on the board how an output gets on."""

    def __init__(self, board: Board, ladder: Ladder) -> None:
        self.board = board
        self.places = {stage: place for place, stage in enumerate(ladder.stages)}

    def watch(self, stage: str, state: str) -> None:
        """See :data:`.stages.protocol.Watch`."""
        if stage == "reference":
            self.board.prepare(state == "begun")
        else:
            self.board.mark(self.places[stage], STATES.index(state))


_WARM_UP = (
    '{"variables":{"x":{"domain":"integer","lower":0}},"objective":{"sense":"maximize","expression":"x"},'
    '"constraints":{"c":"2*x <= 3"}}'
)
