"""Judging on a Ray cluster: outputs go out in small parts, verdicts come back in order, and what is lost is done again.

A part is a Ray task of one processor. In the Ray process that runs it, one killable worker judges, as on a single
machine: what hangs is killed there, and never by Ray. A Ray process, or a node, that dies takes only parts in hand with
it: Ray runs them again elsewhere. At most a few parts a processor are on their way, so that a run of any length needs
little memory here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..feasibility.closing import Closing
from ..feasibility.policy import Policy
from ..feasibility.scoring.pool import OutputTask, Pool
from ..feasibility.scoring.reference import Reference
from ..feasibility.verdict import Verdict
from .cluster import RayCluster, must_agree, versions

PART = 32
"""Outputs of one Ray task, at most."""
AHEAD = 4
"""Parts that are on their way for each processor."""


class RayPool(Closing):
    """Judges on a cluster as :class:`~pyrite.feasibility.scoring.pool.Pool` does here.

    Raises PyriteError when Ray is not installed, when no cluster is at the address, and when a node has another
    version of Pyrite or of the solver: its verdicts could differ.
    """

    def __init__(self, policy: Policy, workers: int | None, task: str | None, address: str | None) -> None:
        self.policy, self.task = policy, task
        self.finished = self.killed = 0
        self._cluster = RayCluster(address)
        there = sum(self._cluster.cores)
        self.size = max(1, there if workers is None else min(workers or 1, there))

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._cluster.close()

    def judge(self, tasks: Iterable[OutputTask], references: Mapping[str, Reference]) -> Iterator[Verdict]:
        """The verdicts in the order of ``tasks``, which are drawn as they are needed.

        KeyError when a task names a problem without reference; before anything runs, where they are a sequence.
        """
        part = PART
        if isinstance(tasks, Sequence):
            for problem_id, _, _ in tasks:
                if problem_id not in references:
                    raise KeyError(problem_id)
            part = max(1, min(PART, len(tasks) // (2 * self.size)))
        begin = self._cluster.remote(judge_part)
        shared = self._cluster.put((self.policy, self.task, versions()))
        waiting = iter(tasks)
        pending: deque[Any] = deque()
        try:
            while True:
                while len(pending) < AHEAD * self.size and (mine := list(islice(waiting, part))):
                    asked = {name: references[name] for name in {task[0] for task in mine}}
                    pending.append(begin(shared, mine, asked))
                if not pending:
                    return
                verdicts, killed = self._cluster.get(pending[0])
                pending.popleft()
                self.killed += killed
                self.finished += len(verdicts)
                yield from verdicts
        finally:
            self._cluster.cancel(pending)


def judge_part(
    shared: tuple[Policy, str | None, Mapping[str, str]], tasks: list[OutputTask], references: Mapping[str, Reference]
) -> tuple[list[Verdict], int]:
    """On a node: judge in the killable worker of this Ray process; gives the verdicts and how many workers it took."""
    policy, task, theirs = shared
    must_agree(theirs)
    pool = _pool(policy, task)
    before = pool.killed
    return list(pool.judge(tasks, references)), pool.killed - before


_POOLS: dict[tuple[str, str | None], Pool] = {}
"""The one pool of this Ray process, by policy and task."""


def _pool(policy: Policy, task: str | None) -> Pool:
    key = (policy.digest, task)
    if key not in _POOLS:
        for other in _POOLS.values():
            other.close()
        _POOLS.clear()
        _POOLS[key] = Pool(policy, 1, task)
    return _POOLS[key]
