"""Several processes for one training run: which one this is, what they share, and how weights are split among them.

A launcher (``accelerate launch``, ``torchrun``) starts the processes and says in their environment what each is; the
libraries do the work. What is not covered: splitting one model by layers or within a layer (pipeline and tensor
parallelism).
"""

from __future__ import annotations

import dataclasses
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from ...feasibility.disk import read_object
from ...feasibility.errors import PyriteError
from ...feasibility.workers.limits import usable_cores
from ..devices import Compute

T = TypeVar("T")

_FILE_SECONDS = 60.0  # a network file system may keep a folder's old listing this long
_WAIT = timedelta(minutes=30)  # the first process fetches and converts weights while the others wait


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of one run, seen from one of them."""

    rank: int = 0
    """This process's number over all machines; number 0 prints, writes and decides."""
    count: int = 1
    on_machine: int = 1
    """How many of them run on this machine."""
    split: str = ""
    """How weights, gradients and optimizer are split: not at all (empty), ``FSDP`` or ``ZeRO N``."""

    @property
    def first(self) -> bool:
        """Whether this is number 0."""
        return self.rank == 0

    @property
    def splits_weights(self) -> bool:
        """Whether no process holds all weights while training."""
        return self.split in ("FSDP", "ZeRO 3")

    def threads(self, wanted: int) -> int:
        """CPU threads of this process: as asked for, else its share of the usable cores."""
        return wanted or max(1, usable_cores() // self.on_machine)

    def identity(self) -> dict[str, Any]:
        """What the record of a checkpoint says."""
        return {"count": self.count, "split": self.split}

    def describe(self) -> str:
        """A few words for people; nothing for one process."""
        if self.count == 1 and not self.split:
            return ""
        return f"; {self.count} processes, {self.split or 'each with all weights'}"

    def join(self, compute: Compute) -> Compute:
        """Meet the others. Gives the compute of this process, which has a GPU of its own where there are GPUs."""
        if self.count == 1 and not self.split:
            return compute
        from accelerate import PartialState

        kind, _, number = compute.device.partition(":")
        if number:
            raise PyriteError(f"model.device is {compute.device!r}, and each of {self.count} processes takes its own")
        state = PartialState(cpu=kind == "cpu" and not self.uses_deepspeed, backend=self.backend(kind), timeout=_WAIT)
        if state.num_processes != self.count:
            raise PyriteError(f"{self.count} processes were started, and accelerate sees {state.num_processes}")
        return dataclasses.replace(compute, device=str(state.device)) if kind == "cuda" else compute

    def leave(self) -> None:
        """End the group when all are done; threads of its that outlive the interpreter now and then abort it."""
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized():
            distributed.barrier()
            distributed.destroy_process_group()

    @property
    def uses_deepspeed(self) -> bool:
        """Whether DeepSpeed trains."""
        return self.split.startswith("ZeRO")

    def backend(self, device: str) -> str | None:
        """The library that carries the sums between processes; None leaves it to accelerate."""
        return "gloo" if device == "cpu" and (self.count > 1 or self.split) else None

    def decide(self, action: Callable[[], T]) -> T:
        """Let the first process do something that must be done once; every process gets what it gave or raised."""
        if self.count == 1:
            return action()
        from torch import distributed

        box: list[Any] = [None]
        if self.first:
            try:
                box = [(action(), None)]
            except PyriteError as error:
                box = [(None, (error.message, error.exit_code))]
        distributed.broadcast_object_list(box, src=0)
        result, failed = box[0]
        if failed is not None:
            raise PyriteError(failed[0], exit_code=failed[1])
        return result  # type: ignore[no-any-return]

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Within: one process of each machine before the others, which then find what it has made."""
        if self.count == 1:
            yield
            return
        from accelerate import PartialState

        with PartialState().local_main_process_first():
            yield

    def share(self, folder: Path) -> None:
        """See that ``folder`` is the same for every process. Raises PyriteError on each when it is not."""
        if self.count == 1:
            return
        from torch import distributed

        mark = folder / self.decide(lambda: _leave_mark(folder))
        until = time.monotonic() + _FILE_SECONDS
        while not (seen := mark.exists()) and time.monotonic() < until:
            time.sleep(0.2)
        found: list[Any] = [None] * self.count
        distributed.all_gather_object(found, seen)
        if self.first:
            mark.unlink()
        if not all(found):
            raise PyriteError(
                f"{folder} is not one folder for all {self.count} processes: "
                "put it on a file system that every machine shares"
            )


def _leave_mark(folder: Path) -> str:
    mark = folder / f".mark-{uuid.uuid4().hex}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise PyriteError(f"{folder} cannot be written: {error.strerror}") from error
    return mark.name


def this_process() -> Processes:
    """What the launcher says in the environment; one process when there is none."""
    if "LOCAL_RANK" not in os.environ:
        return Processes()
    count = _number("WORLD_SIZE", 1)
    return Processes(_number("RANK", 0), count, _number("LOCAL_WORLD_SIZE", count), _split())


def one_process(what: str) -> None:
    """Raise PyriteError when a launcher has started several processes of something that is done by one."""
    count = this_process().count
    if count > 1:
        raise PyriteError(
            f"{what} is done by one process, and {count} were started: tune with `accelerate launch ... tune RECIPE`, "
            f"then {what} without it"
        )


def _number(name: str, otherwise: int) -> int:
    try:
        return int(os.environ.get(name, otherwise))
    except ValueError:
        raise PyriteError(f"the environment's {name} is {os.environ[name]!r}, which is no number") from None


def _split() -> str:
    if os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        return "FSDP"
    if os.environ.get("ACCELERATE_USE_DEEPSPEED", "").lower() != "true":
        return ""
    path = os.environ.get("ACCELERATE_DEEPSPEED_CONFIG_FILE", "none")
    if path == "none":
        return f"ZeRO {_number('ACCELERATE_DEEPSPEED_ZERO_STAGE', 2)}"
    try:
        settings = read_object(path, "DeepSpeed configuration", links=True)
        return f"ZeRO {int(settings['zero_optimization']['stage'])}"
    except (ValueError, KeyError, TypeError) as error:
        raise PyriteError(f"{path} does not say zero_optimization.stage, which DeepSpeed needs") from error


def launch_config(name: str) -> Path:
    """The file of a committed accelerate configuration (``ddp``, ``fsdp``, ...). Raises PyriteError on another name."""
    folder = Path(str(resources.files("pyrite.models").joinpath("recipes", "accelerate")))
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml")))
        raise PyriteError(f"there is no launch configuration {name!r}; known are {known}")
    return path
