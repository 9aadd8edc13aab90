"""Scoring inside a worker process: one judge a problem, and how far the output in hand has come."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ..policy import Policy
from ..verdict import Ladder, Verdict
from ..workers.board import BOARD_SIZE, Board
from ..workers.inside import Handler, Tell
from .ladder import Judge
from .prepared import unprepared
from .reference import Reference
from .remembered import Remembered

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
        self.remembered = Remembered()

    def judge(self, problem_id: str, questions: Mapping[str, Question]) -> Judge:
        """The judge of this problem. KeyError when ``questions`` does not know it."""
        question = questions[problem_id]
        known = self._judges.get(problem_id)
        if known is not None and known[0].reference is question.reference:
            self._judges.move_to_end(problem_id)
            return known[0]
        judge = Judge(question.reference, self.policy, remembered=self.remembered)
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

    sending = Sending(cache.remembered)

    def handle(output: JudgedText, questions: Mapping[str, Any], board: Board, tell: Tell) -> tuple[SentVerdict, bool]:
        problem_id, sample, text = output
        judge = cache.judge(problem_id, questions)
        verdict = judge.judge(text, problem_id, sample, _Marker(board, judge.task.ladder).watch)
        cache.weigh(problem_id)
        return sending.sent(verdict), any(result.code == "memory-limit" for result in verdict.stages.values())

    return handle


SAME = 256
"""Verdicts that a worker and its pool hold to tell that one is the same again."""


@dataclass(frozen=True, slots=True)
class SentVerdict:
    """A verdict on its way to the pool: itself with a ``number`` of its process, or only that of the one it repeats."""

    process: int
    number: int
    pickled: bytes | None
    problem_id: str = ""
    sample: int = 0
    seconds: float = 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle, as that of a verdict's stages."""
        return SentVerdict, tuple(getattr(self, name) for name in self.__slots__)


class Sending:
    """The worker's end: a verdict that repeats one of the last :data:`SAME` is a number."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered
        self._process = os.getpid()
        self._next = 0
        self._numbers: OrderedDict[int, tuple[Verdict, int]] = OrderedDict()

    def sent(self, verdict: Verdict) -> SentVerdict:
        """What goes over the line."""
        # Verdicts that are remembered share their stages; what is held here keeps its address.
        address = id(verdict.stages)
        first = self._numbers.get(address)
        if first is not None and first[0].stages is verdict.stages:
            return SentVerdict(self._process, first[1], None, verdict.problem_id, verdict.sample, verdict.seconds)
        number = self._next
        self._next += 1
        self._numbers[address] = verdict, number
        if len(self._numbers) > SAME:
            self._numbers.popitem(last=False)
        return SentVerdict(self._process, number, self._remembered.pickled(verdict))


class Receiving:
    """The pool's end: whole verdicts again. Messages of a process come in the order in which it sent them."""

    def __init__(self) -> None:
        self._firsts: dict[int, OrderedDict[int, tuple[Verdict, int]]] = {}

    @property
    def processes(self) -> int:
        """How many have sent something, those that are gone included until :meth:`only`."""
        return len(self._firsts)

    def received(self, sent: SentVerdict) -> tuple[Verdict, int]:
        """The verdict that was meant, and how many bytes it takes in pickle."""
        firsts = self._firsts.setdefault(sent.process, OrderedDict())
        if sent.pickled is None:
            known, size = firsts[sent.number]
            return replace(known, problem_id=sent.problem_id, sample=sent.sample, seconds=sent.seconds), size
        firsts.pop(sent.number, None)  # of an earlier process of this number
        verdict, size = pickle.loads(sent.pickled), len(sent.pickled)  # noqa: S301 - of a worker of our own
        firsts[sent.number] = verdict, size
        if len(firsts) > SAME:
            firsts.popitem(last=False)
        return verdict, size

    def only(self, processes: Collection[int]) -> None:
        """Forget the verdicts of processes that are gone."""
        for process in self._firsts.keys() - set(processes):
            del self._firsts[process]


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
