"""All cells of a study in one folder: what is left is run, in several processes where asked, and the rest is told.

``cells/`` holds one JSON a finished cell and is all that a study needs to go on elsewhere; ``work/`` holds the cells'
runs, with their pages and weights.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from ..feasibility.disk import make_folder, write_whole
from ..feasibility.errors import PyriteError, StoppedError
from ..feasibility.workers.apart import run_apart
from .answering import Say
from .locking import alone
from .plan import Cell, Study, parse_study
from .records import CellResult, read_result
from .running import run_cell


@dataclass(slots=True)
class StudyRun:
    """A study in its folder."""

    study: Study
    out: Path
    say: Say = lambda text: None
    failed: dict[str, str] = field(default_factory=dict)
    """Cells that stopped with an error, and what it said; they are tried again by the next go."""

    def results(self) -> dict[str, CellResult]:
        """The finished cells by name, in the study's order."""
        found = {cell.name: read_result(self.out / "cells", cell.name) for cell in self.study.cells}
        return {name: result for name, result in found.items() if result is not None}

    def missing(self) -> list[Cell]:
        """The cells that are not finished, in the order in which they are run."""
        done = self.results()
        left = [cell for cell in self.study.cells if cell.name not in done]
        return sorted(left, key=self._depth)

    def _depth(self, cell: Cell) -> int:
        """How many cells at most follow one upon another before this one."""
        waits = cell.waits_for
        return 1 + max(self._depth(other) for other in self.study.cells if other.name in waits) if waits else 0

    def begun(self, cell: Cell) -> bool:
        """Something of the cell lies in its folder of work."""
        return (self.out / "work" / cell.name).is_dir()

    def run(self, jobs: int = 1, engine: str = "local", address: str | None = None) -> None:
        """Run every missing cell. A cell that fails is noted and the others go on; what stops on purpose stops all.

        ``engine`` ``ray``: on the cluster at ``address``, see :func:`~.on_ray.run_on_ray`.
        Raises PyriteError (exit code 3) when another process works in the folder.
        """
        if (jobs > 1 or engine == "ray") and self.study.base.model.threads == 0:
            cells = f"{jobs} processes" if engine != "ray" else "cells side by side"
            raise PyriteError(f"{cells} would each take every core; set model.threads in the study")
        make_folder(self.out)
        write_whole(self.out / "study.toml", self.study.text)
        with alone(self.out / ".lock", wait=False) as ours:
            if not ours:
                raise PyriteError(f"another process works in {self.out}; wait for it", exit_code=3)
            if engine == "ray":
                from .on_ray import run_on_ray

                run_on_ray(self.study, self.missing(), self.out, address, self.say, self.failed)
                return
            if jobs == 1:
                for cell in self.missing():
                    self._one(cell, lambda c=cell: run_cell(self.study, c, self.out, self._about(c)))  # type: ignore[misc]
                return
            self._side_by_side(jobs)

    def _side_by_side(self, jobs: int) -> None:
        """A process a cell; a cell that takes another's rate waits for it."""
        left = self.missing()
        running: dict[Future[None], Cell] = {}
        stopped: StoppedError | None = None
        with ThreadPoolExecutor(jobs) as pool:
            while left or running:
                waits = {cell.name for cell in [*left, *running.values()]}
                ready = [cell for cell in left if not cell.waits_for & waits]
                for cell in ready[: jobs - len(running)]:
                    left.remove(cell)
                    running[pool.submit(self._one, cell, lambda c=cell: self._apart(c))] = cell  # type: ignore[misc]
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    del running[future]
                    try:
                        future.result()
                    except StoppedError as error:
                        left.clear()
                        stopped = error
                        if running:
                            self.say("stopped: cells at work are let finish, no other begins")
        if stopped is not None:
            raise stopped

    def _apart(self, cell: Cell) -> None:
        run_apart(_run_one, self.study.text, cell.name, str(self.out), heard=self._about(cell))

    def _one(self, cell: Cell, work: Callable[[], object]) -> None:
        try:
            work()
        except StoppedError:
            raise
        except PyriteError as error:
            # Also a cell that had too little memory, or an endpoint that was gone: the next may do with less.
            self.failed[cell.name] = error.message
            self.say(f"{cell.name}: failed: {error.message}")

    def _about(self, cell: Cell) -> Say:
        return lambda text: self.say(f"{cell.name}: {text}")


def _run_one(text: str, name: str, out: str, tell: Say) -> None:
    """A cell in a process of its own."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    study = parse_study(text)
    run_cell(study, next(cell for cell in study.cells if cell.name == name), Path(out), tell)


def settings_of(study: Study) -> list[tuple[tuple[tuple[str, str], ...], Sequence[Cell]]]:
    """The settings in the study's order, each with its repetitions."""
    groups: dict[tuple[tuple[str, str], ...], list[Cell]] = {}
    for cell in study.cells:
        groups.setdefault(cell.setting, []).append(cell)
    return list(groups.items())
