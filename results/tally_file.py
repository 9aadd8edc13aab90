"""The tally of a run so far, kept beside its verdicts, so that going on need not read gigabytes of them again.

``verdicts.tally`` says how many bytes of ``verdicts.jsonl`` it has counted, and what they were; only what was written
after is read. It is made from the verdicts and can be deleted at any time: one that does not fit them, is damaged or is
of another make is passed over, and all verdicts are counted again.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..feasibility.disk import open_input, plain_file, write_whole_with
from ..feasibility.errors import PyriteError
from ..feasibility.verdict import Verdict
from .tally import Tally

_FORMAT: Final = 1
_TAIL: Final = 4096
"""Bytes before the place that is reached by which the file is known again."""
_HEAD: Final = 64 * 2**20
_ROW: Final = 3 * 8
_DIGEST: Final = 16


class TallyFile:
    """The file of one run; ``verdicts`` is where the run's verdicts are."""

    def __init__(self, path: Path, verdicts: Path) -> None:
        self.path, self.verdicts = path, verdicts

    def save(self, tally: Tally, reached: int) -> None:
        """Keep the tally of the first ``reached`` bytes of the verdicts."""
        problems, columns, kinds = tally.state()
        head = {
            "format": _FORMAT,
            "bytes": reached,
            "tail": self._tail(reached),
            "count": len(tally),
            "problems": problems,
            "kinds": [kind.to_dict() for kind in kinds],
        }
        digest = blake2b(digest_size=_DIGEST)

        def write(draft: Path) -> None:
            with open(draft, "wb") as file:
                for number in range(1 + len(columns)):  # one column at a time is in memory twice
                    part = columns[number - 1].astype("<i8").tobytes() if number else json.dumps(head).encode() + b"\n"
                    digest.update(part)
                    file.write(part)
                file.write(digest.digest())

        write_whole_with(self.path, write)

    def load(self) -> tuple[Tally, int]:
        """The tally and the bytes it has counted; an empty one and 0 when nothing usable is there."""
        try:
            return self._loaded()
        except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError, PyriteError):
            return Tally(), 0

    def _loaded(self) -> tuple[Tally, int]:
        if not plain_file(self.path) or not plain_file(self.verdicts):
            return Tally(), 0
        with open_input(self.path) as file:
            line = file.readline(_HEAD)
            head: dict[str, Any] = json.loads(line)
            count, reached = int(head["count"]), int(head["bytes"])
            # The size is known before anything of that size is read.
            if head["format"] != _FORMAT or self.path.stat().st_size != len(line) + count * _ROW + _DIGEST:
                return Tally(), 0
            body = file.read(count * _ROW)
            digest = blake2b(line, digest_size=_DIGEST)
            digest.update(body)
            if file.read() != digest.digest():
                return Tally(), 0
        if self.verdicts.stat().st_size < reached or self._tail(reached) != head["tail"]:
            return Tally(), 0
        columns = np.frombuffer(body, dtype="<i8").reshape(3, count)
        kinds = [Verdict.from_dict(kind) for kind in head["kinds"]]
        return Tally.from_state([str(name) for name in head["problems"]], columns, kinds), reached

    def _tail(self, reached: int) -> str:
        with open_input(self.verdicts) as file:
            start = max(0, reached - _TAIL)
            file.seek(start)
            return blake2b(file.read(reached - start), digest_size=16).hexdigest()


__all__ = ["TallyFile"]
