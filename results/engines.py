"""Where outputs are judged: in worker processes of this machine, or on the nodes of a Ray cluster.

Every engine judges with the same killable workers and the same policy, so that the verdicts are the same wherever they
were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from ..feasibility.errors import PyriteError
from ..feasibility.policy import Policy
from ..feasibility.scoring.pool import OutputTask, Pool
from ..feasibility.scoring.reference import Reference
from ..feasibility.verdict import Verdict

ENGINES = ("local", "ray")


class Judging(Protocol):
    """What scoring needs of a pool: verdicts in the order of the tasks, and what it took."""

    @property
    def size(self) -> int:
        """How many outputs are judged at once."""
        ...

    @property
    def finished(self) -> int:
        """Outputs judged so far, whether handed out or not."""
        ...

    @property
    def killed(self) -> int:
        """Workers that were killed or died while judging."""
        ...

    def judge(self, tasks: Iterable[OutputTask], references: Mapping[str, Reference]) -> Iterator[Verdict]:
        """The verdicts in the order of ``tasks``, which are drawn as they are needed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Engine(Protocol):
    """Opens a pool for one policy and one task."""

    def open(self, policy: Policy, workers: int | None, task: str | None) -> Judging:
        """A pool; leave it by ``with``."""
        ...


@dataclass(frozen=True, slots=True)
class Local:
    """Worker processes of this machine."""

    def open(self, policy: Policy, workers: int | None, task: str | None) -> Judging:
        """See :class:`Engine`."""
        return Pool(policy, workers, task)


@dataclass(frozen=True, slots=True)
class OnRay:
    """A Ray cluster: the one at ``address`` (``auto``: the one this machine belongs to), or one of this machine."""

    address: str | None = None

    def open(self, policy: Policy, workers: int | None, task: str | None) -> Judging:
        """See :class:`Engine`. ``workers``: how many outputs at once in the whole cluster, at most."""
        from .on_ray import RayPool

        return RayPool(policy, workers, task, self.address)


def get_engine(name: str, address: str | None = None) -> Engine:
    """The engine of this name. Raises PyriteError for another word, or an address without Ray."""
    if name not in ENGINES:
        raise PyriteError(f"--engine is {' or '.join(ENGINES)}, not {name!r}")
    if name == "local" and address is not None:
        raise PyriteError("--address is about a Ray cluster: add --engine ray")
    return Local() if name == "local" else OnRay(address)
