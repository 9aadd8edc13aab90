"""Answering on the nodes of a Ray cluster: each batch is a task, the model stays loaded in the processes that do them.

The batches are those that one machine would make, so that greedy answers are the same wherever they come from. They
come back in order, a few ahead; one whose process or node is lost is answered again elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...feasibility.errors import PyriteError
from ...results.cluster import RayCluster, must_agree, versions
from ...results.outputs import Output
from .answering import Answerer, Request
from .making import make_answerer

if TYPE_CHECKING:
    from ..companions import Companions
    from ..prompts import Prompt
    from ..settings import Settings
    from ..sources import Source

_AHEAD = 2
"""Batches that are on their way for each place."""


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """What a node needs to answer as this machine would; ``source`` is found there under the same name or path."""

    source: Source
    prompt: Prompt
    settings: Settings
    compute: tuple[str, str, int]
    back_end: str
    companions: Companions | None
    versions: dict[str, str] = field(default_factory=versions)


class RayAnswerer:
    """An :class:`~.answering.Answerer` on the cluster at ``address``; ``present`` are answers that are there already.

    Raises PyriteError for an endpoint, which answers where it is served, and when there is no cluster.
    """

    def __init__(
        self, carried: RemoteModel, address: str | None, present: frozenset[tuple[str, int]] = frozenset()
    ) -> None:
        if carried.source.kind == "endpoint":
            raise PyriteError(f"{carried.source.name} answers where it is served; leave --engine ray out")
        self._cluster = RayCluster(address)
        self._present = present
        cpus, gpus = self._share(carried)
        self._shared = self._cluster.put(carried)
        self._begin = self._cluster.remote(answer_part, cpus, gpus)
        self._ask = self._cluster.remote(plan_there, cpus, gpus)
        cores = self._cluster.cores
        self.size = max(1, self._cluster.gpus // gpus if gpus else sum(count // cpus for count in cores))
        self._identity: dict[str, Any] | None = None
        self._batches: list[list[Request]] = []
        self._next = 0
        self._pending: dict[tuple[str, int], Any] = {}

    def _share(self, carried: RemoteModel) -> tuple[int, int]:
        """Processors and GPUs of one loaded model; without a number of threads it has a node to itself."""
        device, _, threads = carried.compute
        cores = self._cluster.cores
        gpus = carried.settings.tensor_parallel if self._cluster.gpus and device != "cpu" else 0
        cpus = threads or (1 if gpus else min(cores, default=1))
        if not any(count >= cpus for count in cores):
            self.close()
            raise PyriteError(f"no node of the cluster has {cpus} processors (--threads); the largest has {max(cores)}")
        return cpus, gpus

    def close(self) -> None:
        """Leave the cluster."""
        self._cluster.close()

    def identity(self) -> dict[str, Any]:
        """Who it is, as a node says it."""
        if self._identity is None:
            self._identity, _ = self._cluster.get(self._ask(self._shared, []))
        return self._identity

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """The batches, as a node makes them."""
        self._identity, places = self._cluster.get(self._ask(self._shared, list(requests)))
        self._batches = [[requests[place] for place in batch] for batch in places]
        self._next = 0
        return self._batches

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers of a batch of the plan; the following ones are begun meanwhile."""
        self._begin_some(batch[0].key)
        reference = self._pending.pop(batch[0].key)
        try:
            yield from self._cluster.get(reference)
        except BaseException:
            self._cluster.cancel([reference, *self._pending.values()])
            raise

    def _begin_some(self, wanted: tuple[str, int]) -> None:
        while self._next < len(self._batches):
            enough = len(self._pending) >= _AHEAD * self.size
            if enough and wanted in self._pending:
                return
            batch = self._batches[self._next]
            self._next += 1
            if batch[0].key == wanted or any(request.key not in self._present for request in batch):
                self._pending[batch[0].key] = self._begin(self._shared, batch)


_KNOWN: dict[str, tuple[RemoteModel, Answerer]] = {}


def _answerer(carried: RemoteModel) -> Answerer:
    """The one of this Ray process: a model is loaded once."""
    must_agree(carried.versions)
    known = _KNOWN.get("answerer")
    if known is None or known[0] != carried:
        made = make_answerer(
            carried.source,
            carried.prompt,
            carried.settings,
            carried.compute,
            back_end=carried.back_end,
            companions=carried.companions,
        )
        _KNOWN["answerer"] = known = carried, made
    return known[1]


def plan_there(carried: RemoteModel, requests: list[Request]) -> tuple[dict[str, Any], list[list[int]]]:
    """On a node: who answers, and the batches as places in ``requests``."""
    answerer = _answerer(carried)
    places = {request.key: place for place, request in enumerate(requests)}
    return answerer.identity(), [[places[request.key] for request in batch] for batch in answerer.plan(requests)]


def answer_part(carried: RemoteModel, batch: list[Request]) -> list[Output]:
    """On a node: the answers to a batch."""
    return list(_answerer(carried).answer(batch))


__all__ = ["RayAnswerer", "RemoteModel"]
