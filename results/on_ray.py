"""Judging on a Ray cluster: outputs go out in small parts, verdicts come back in order, and what is lost is done again.

A part is a Ray task of one processor. In the Ray process that runs it, one killable worker judges, as on a single
machine: what hangs is killed there, and never by Ray. A Ray process, or a node, that dies takes only parts in hand with
it: Ray runs them again elsewhere. At most a few parts a processor are on their way, so that a run of any length needs
little memory here.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from types import TracebackType
from typing import Any, Self

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from ..feasibility.policy import Policy
from ..feasibility.scoring.pool import OutputTask, Pool
from ..feasibility.scoring.reference import Reference
from ..feasibility.verdict import Verdict

PART = 32
"""Outputs of one Ray task, at most."""
AHEAD = 4
"""Parts that are on their way for each processor."""
TRIES = 20
"""How often a part is begun again when the process or the node that had it is lost."""
_LOOK = 5.0
"""Seconds after which a silent cluster is looked at."""
_MUST_AGREE = ("pyrite", "highspy", "numpy", "scipy")


class RayPool:
    """Judges on a cluster as :class:`~pyrite.feasibility.scoring.pool.Pool` does here.

    Raises PyriteError when Ray is not installed, when no cluster is at the address, and when a node has another
    version of Pyrite or of the solver: its verdicts could differ.
    """

    def __init__(self, policy: Policy, workers: int | None, task: str | None, address: str | None) -> None:
        self.policy, self.task = policy, task
        self.finished = self.killed = 0
        self._ray, self._ours = _connected(address)
        there = int(self._ray.cluster_resources().get("CPU", 0))
        self.size = max(1, there if workers is None else min(workers or 1, there))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self._ours and self._ray.is_initialized():
            self._ray.shutdown()

    def judge(self, tasks: Sequence[OutputTask], references: Mapping[str, Reference]) -> Iterator[Verdict]:
        """The verdicts in the order of ``tasks``. KeyError when a task names a problem without reference."""
        for problem_id, _, _ in tasks:
            if problem_id not in references:
                raise KeyError(problem_id)
        part = max(1, min(PART, len(tasks) // (2 * self.size)))
        remote = self._ray.remote(num_cpus=1, max_retries=TRIES)(judge_part)
        shared = self._ray.put((self.policy, self.task, versions()))
        starts = iter(range(0, len(tasks), part))
        pending: deque[Any] = deque()
        try:
            while True:
                while len(pending) < AHEAD * self.size and (start := next(starts, None)) is not None:
                    mine = list(tasks[start : start + part])
                    asked = {name: references[name] for name in {task[0] for task in mine}}
                    pending.append(remote.remote(shared, mine, asked))
                if not pending:
                    return
                verdicts, killed = self._got(pending[0])
                pending.popleft()
                self.killed += killed
                self.finished += len(verdicts)
                yield from verdicts
        finally:
            for reference in pending:
                with suppress(Exception):  # the cluster may be gone
                    self._ray.cancel(reference, force=True)

    def _got(self, reference: Any) -> tuple[list[Verdict], int]:
        """What a part gave, whenever it comes. Raises PyriteError (exit code 3) when the cluster is gone."""
        errors = self._ray.exceptions
        again = "what was judged is kept, run the same command again to go on"
        try:
            while not self._ray.wait([reference], timeout=_LOOK)[0]:
                if not any(node["Alive"] and node["Resources"].get("CPU") for node in self._ray.nodes()):
                    raise PyriteError(f"the Ray cluster has no node left; {again}", exit_code=3)
            found: tuple[list[Verdict], int] = self._ray.get(reference)
        except errors.RayTaskError as error:
            if isinstance(error.cause, PyriteError):
                raise error.cause from None
            raise
        except (errors.RayError, ConnectionError) as error:
            words = one_line(str(error).strip().splitlines()[0], 200) if str(error).strip() else type(error).__name__
            raise PyriteError(f"the Ray cluster is lost ({words}); {again}", exit_code=3) from error
        return found


def judge_part(
    shared: tuple[Policy, str | None, Mapping[str, str]], tasks: list[OutputTask], references: Mapping[str, Reference]
) -> tuple[list[Verdict], int]:
    """On a node: judge in the killable worker of this Ray process; gives the verdicts and how many workers it took."""
    policy, task, theirs = shared
    for name, version in versions().items():
        if version != theirs.get(name):
            raise PyriteError(
                f"a node of the Ray cluster has {name} {version}, this machine {theirs.get(name)}: their verdicts may "
                "differ; install the same version everywhere"
            )
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


def versions() -> dict[str, str]:
    """What decides verdicts."""
    found = {}
    for name in _MUST_AGREE:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a clone on the path, which is not installed
            found[name] = "not installed"
    return found


def _connected(address: str | None) -> tuple[Any, bool]:
    """Ray, connected; and whether that was done here. An address None starts a cluster of this machine."""
    try:
        import ray
    except ImportError as error:
        raise PyriteError("--engine ray needs ray: pip install 'pyrite[ray]'") from error
    if ray.is_initialized():
        return ray, False
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ray.init(
            address="local" if address is None else address,
            log_to_driver=False,
            configure_logging=False,
            **({"include_dashboard": False} if address is None else {}),
        )
    except Exception as error:
        # Ray raises bare exceptions when a node does not start in time.
        words = one_line(str(error).strip().splitlines()[0], 200) if str(error).strip() else type(error).__name__
        where = "Ray does not start here" if address is None else f"no Ray cluster answers at {address}"
        raise PyriteError(f"{where}: {words}") from error
    for number, handler in handlers.items():  # Ray's would end the program without a word
        with suppress(ValueError, TypeError):
            signal.signal(number, handler)
    return ray, True
