"""Judging from inside another program's loop: answers come one by one, from any thread, and are judged in batches.

A harness scores many samples at once and must not wait for one hostile answer longer than the policy allows. One
thread owns the pool of killable workers; whatever has arrived while a batch was judged makes the next batch.
"""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from ..feasibility.policy import Policy
from ..feasibility.scoring.languages import by_task
from ..feasibility.scoring.pool import Pool
from ..feasibility.scoring.reference import Reference
from ..feasibility.verdict import LADDERS, Verdict
from ..problems.problem import Problem
from ..results.observing import FAIL, OUTCOMES, PASS, states_of

_MOST_AT_ONCE = 256

_Ask = tuple[Problem, str, str, "Future[Verdict]"]


class JudgeService:
    """Judges answers for a program that has many in flight. Safe from any thread; close it, or the exit of Python does.

    ``workers`` processes judge (default: one a core). A problem is named by its id: two different problems under one
    id raise ValueError.
    """

    def __init__(self, policy: Policy | None = None, workers: int | None = None) -> None:
        self.policy = policy or Policy()
        self._workers = workers
        self._waiting: queue.SimpleQueue[_Ask | None] = queue.SimpleQueue()
        self._problems: dict[str, Problem] = {}
        self._references: dict[str, Reference] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, problem: Problem | Mapping[str, Any], text: str, language: str = "auto") -> Future[Verdict]:
        """The verdict of one answer, to come. ``language`` as in :func:`pyrite.score`. Raises PyriteError for a broken
        problem, ValueError for an id that stands for another one, RuntimeError when the service is closed."""
        known = problem if isinstance(problem, Problem) else Problem.from_dict(problem)
        with self._lock:
            if self._closed:
                raise RuntimeError("this judge is closed")
            if self._problems.setdefault(known.id, known) != known:
                raise ValueError(f"two different problems have the id {known.id!r}")
            if known.id not in self._references:
                self._references[known.id] = known.as_reference()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="pyrite-judge", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            future: Future[Verdict] = Future()
            self._waiting.put((known, text, language, future))
        return future

    def judge(self, problem: Problem | Mapping[str, Any], text: str, language: str = "auto") -> Verdict:
        """The verdict, waited for."""
        return self.submit(problem, text, language).result()

    def close(self) -> None:
        """Judge what waits, then end the workers."""
        with self._lock:
            self._closed, thread = True, self._thread
        if thread is not None and thread.is_alive():
            self._waiting.put(None)
            thread.join()
        atexit.unregister(self.close)

    def _serve(self) -> None:
        pools: dict[str | None, Pool] = {}
        try:
            open_ = True
            while open_:
                batch = [self._waiting.get()]
                while len(batch) < _MOST_AT_ONCE and not self._waiting.empty():
                    batch.append(self._waiting.get())
                open_ = None not in batch
                self._judge([ask for ask in batch if ask and ask[3].set_running_or_notify_cancel()], pools)
        finally:
            for pool in pools.values():
                pool.close()

    def _judge(self, batch: list[_Ask], pools: dict[str | None, Pool]) -> None:
        for language in sorted({ask[2] for ask in batch}):
            asks = [ask for ask in batch if ask[2] == language]
            try:
                for task, places in by_task((text for _, text, _, _ in asks), language).items():
                    if task not in pools:
                        pools[task] = Pool(self.policy, self._workers, task)
                    jobs = [(asks[place][0].id, 0, asks[place][1]) for place in places]
                    references = {name: self._references[name] for name, _, _ in jobs}
                    for place, verdict in zip(places, pools[task].judge(jobs, references), strict=True):
                        asks[place][3].set_result(verdict)
            except Exception as error:  # noqa: BLE001 - whoever waits hears of it, and the next batch is judged
                for ask in asks:
                    if not ask[3].done():
                        ask[3].set_exception(error)


def as_numbers(verdict: Verdict, task: str = "formulation") -> dict[str, float]:
    """Surface, substance and every stage of the task's ladder: 1 passed, 0 failed, NaN unknown or not asked.

    A stage after a failed one has failed too, as in Pyrite's tables. The keys depend on ``task`` alone, so that all
    answers have the same ones; a program among formulations has NaN at the stages that only formulations climb.
    """
    values = {PASS: 1.0, FAIL: 0.0}
    states = dict(zip(OUTCOMES, states_of(verdict), strict=True))
    names = ("surface", "substance", *LADDERS[task].stages)
    return {name: values.get(states[name], float("nan")) for name in names}


def why(verdict: Verdict) -> tuple[str | None, str]:
    """Code and sentence of the first stage that failed or is unknown; ``(None, "right")`` when there is none."""
    for stage in verdict.ladder.stages:
        result = verdict.result(stage)
        if result.status in ("fail", "unknown"):
            return result.code, f"{stage}: {result.message}"
    return None, "right" if verdict.substance else "nothing to compare with"
