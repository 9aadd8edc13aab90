"""A study's cells on the nodes of a Ray cluster: the study's text goes out, a finished cell's JSON comes back.

Nodes need no common disk. Each works in a folder of its own (below its temporary folder, named by the study) where a
cell that was begun goes on; runs, pages and weights stay there. A cell whose process or node is lost is begun again by
Ray, on the same node or another.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..feasibility.disk import make_folder, read_whole, write_whole
from ..feasibility.errors import PyriteError
from ..feasibility.workers.apart import run_apart
from ..results.cluster import RayCluster, must_agree, versions
from .answering import Say
from .plan import Cell, Study, parse_study
from .records import read_result
from .running import run_cell


def run_on_ray(
    study: Study, left: Sequence[Cell], out: Path, address: str | None, say: Say, failed: dict[str, str]
) -> None:
    """Run the cells that are ``left`` on the cluster at ``address`` (see :class:`~pyrite.results.cluster.RayCluster`).

    A cell that fails is noted in ``failed`` and the others go on. Raises PyriteError (exit code 3) when the cluster is
    gone: finished cells are there, the same command goes on.
    """
    cluster = RayCluster(address)
    pending: dict[Any, Cell] = {}
    try:
        left = list(left)
        shared = cluster.put((study.text, versions()))
        while left or pending:
            waits = {cell.name for cell in [*left, *pending.values()]}
            for cell in [cell for cell in left if not cell.waits_for & waits]:
                left.remove(cell)
                before = {name: _record(out, name) for name in _needed(study, cell, out)}
                pending[_begin(cluster, cell)(shared, cell.name, before)] = cell
                say(f"{cell.name}: sent out")
            reference = cluster.first(list(pending))
            cell = pending.pop(reference)
            text, reason = cluster.get(reference)
            if reason:
                failed[cell.name] = reason
                say(f"{cell.name}: failed: {reason}")
                continue
            write_whole(make_folder(out / "cells") / f"{cell.name}.json", text)
            read_result(out / "cells", cell.name)  # what came back is a result, or is refused here
            say(f"{cell.name}: finished")
    finally:
        cluster.cancel(list(pending))
        cluster.close()


def _begin(cluster: RayCluster, cell: Cell) -> Any:
    """The task of a cell: as many processors as its model has threads, and a GPU where there are some to be had."""
    device = cell.recipe.model.device
    gpus = 1 if cluster.gpus and (device == "auto" or device.startswith("cuda")) else 0
    return cluster.remote(run_carried, max(1, cell.recipe.model.threads), gpus)


def _needed(study: Study, cell: Cell, out: Path) -> set[str]:
    """The finished cells that a cell needs, and those that they needed: weights that are not there are tuned again."""
    cells = {other.name: other for other in study.cells}
    found: set[str] = set()
    waiting = set(cell.waits_for)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= cells[name].waits_for - found
    return {name for name in found if (out / "cells" / f"{name}.json").is_file()}


def _record(out: Path, name: str) -> str:
    return read_whole(out / "cells" / f"{name}.json")


def run_carried(shared: tuple[str, Mapping[str, str]], name: str, before: Mapping[str, str]) -> tuple[str, str]:
    """On a node: do a cell in a process of its own; gives its JSON, or why it failed."""
    text, theirs = shared
    must_agree(theirs)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    home = make_folder(Path(tempfile.gettempdir()) / f"pyrite-study-{digest}")
    for other, record in before.items():
        write_whole(make_folder(home / "cells") / f"{other}.json", record)
    try:
        return run_apart(_cell, text, name, str(home)), ""
    except PyriteError as error:
        return "", error.message


def _cell(text: str, name: str, home: str) -> str:
    study = parse_study(text)
    run_cell(study, next(cell for cell in study.cells if cell.name == name), Path(home))
    return read_whole(Path(home) / "cells" / f"{name}.json")


__all__ = ["run_carried", "run_on_ray"]
