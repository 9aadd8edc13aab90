"""A Ray cluster as everything that runs on one needs it: joined, looked after while one waits, and left again.

Ray runs a task again that a lost process or node had in hand; what a task itself raises ends the command. A cluster
whose nodes are all gone ends it with exit code 3: what was finished is kept.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import Any

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line

TRIES = 20
"""How often a task is begun again when the process or the node that had it is lost."""

_LOOK = 5.0
"""Seconds after which a silent cluster is looked at."""

_PATIENCE = {"RAY_agent_register_timeout_ms": "300000"}
"""For a cluster that is started here: Ray's own processes take their time on a busy machine."""

_MUST_AGREE = ("pyrite", "highspy", "numpy", "scipy")


class RayCluster:
    """The cluster at an address (``auto``: the one this machine belongs to; None: one that is started on this machine).

    Raises PyriteError when Ray is not installed, does not start, or no cluster answers there.
    """

    def __init__(self, address: str | None) -> None:
        self._ray, self._ours = _connected(address)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self._ours and self._ray.is_initialized():
            self._ray.shutdown()

    @property
    def cores(self) -> list[int]:
        """The processors of each node that has some."""
        return [int(node["Resources"]["CPU"]) for node in self._nodes()]

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return int(self._ray.cluster_resources().get("GPU", 0))

    def remote(self, function: Callable[..., Any], cpus: int = 1, gpus: int = 0) -> Any:
        """The function as a task: ``remote(...)(arguments)`` gives a reference. Lost ones are begun again."""
        return self._ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=TRIES)(function).remote

    def put(self, value: Any) -> Any:
        """A value that many tasks need, carried once."""
        return self._ray.put(value)

    def first(self, references: Sequence[Any]) -> Any:
        """One of the references whose task has ended, whenever that is. Raises PyriteError when the cluster is gone."""
        with self._told():
            while not (ready := self._ray.wait(list(references), num_returns=1, timeout=_LOOK)[0]):
                if not self._nodes():
                    raise PyriteError(f"the Ray cluster has no node left; {_AGAIN}", exit_code=3)
            return ready[0]

    def get(self, reference: Any) -> Any:
        """What a task gave, whenever it comes. Raises the PyriteError that it raised, or one that all is gone."""
        self.first([reference])
        with self._told():
            return self._ray.get(reference)

    def cancel(self, references: Sequence[Any]) -> None:
        """End tasks that nobody waits for any more."""
        for reference in references:
            with suppress(Exception):  # the cluster may be gone
                self._ray.cancel(reference, force=True)

    def _nodes(self) -> list[Mapping[str, Any]]:
        return [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Ray's errors as ours."""
        errors = self._ray.exceptions
        try:
            yield
        except errors.RayTaskError as error:
            if isinstance(error.cause, PyriteError):
                raise error.cause from None
            raise
        except (errors.RayError, ConnectionError) as error:
            raise PyriteError(f"the Ray cluster is lost ({_words(error)}); {_AGAIN}", exit_code=3) from error


_AGAIN = "what was done is kept, run the same command again to go on"


def versions() -> dict[str, str]:
    """What decides verdicts."""
    found = {}
    for name in _MUST_AGREE:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a clone on the path, which is not installed
            found[name] = "not installed"
    return found


def must_agree(theirs: Mapping[str, str]) -> None:
    """On a node: raises PyriteError when a version that decides verdicts is another one than on the calling machine."""
    for name, version in versions().items():
        if version != theirs.get(name):
            raise PyriteError(
                f"a node of the Ray cluster has {name} {version}, this machine {theirs.get(name)}: their verdicts may "
                "differ; install the same version everywhere"
            )


def _words(error: Exception) -> str:
    text = str(error).strip()
    return one_line(text.splitlines()[0], 200) if text else type(error).__name__


def _connected(address: str | None) -> tuple[Any, bool]:
    """Ray, connected; and whether that was done here."""
    if address is None:
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
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
        where = "Ray does not start here" if address is None else f"no Ray cluster answers at {address}"
        raise PyriteError(f"{where}: {_words(error)}") from error
    for number, handler in handlers.items():  # Ray's would end the program without a word
        with suppress(ValueError, TypeError):
            signal.signal(number, handler)
    return ray, True


__all__ = ["TRIES", "RayCluster", "must_agree", "versions"]
