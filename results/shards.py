"""Outputs in Pyrite's own form, line by line from one file or from the files of a folder, JSON lines or parquet.

Only what needs no guessing is read here: ``problem_id`` and ``output`` in every row. Files of a folder are its shards,
read in the order of their names; a run folder is its ``outputs.jsonl``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ..feasibility.disk import open_input
from ..feasibility.errors import PyriteError
from ..problems.lines import Complaint, documents
from ..problems.parquet import pyarrow_parquet, read_parquet
from .exchange import OUTPUT_COLUMNS, output_from_row

_LOOKED_AT: Final = 50
"""Rows of a file that tell whether all of it is in Pyrite's own form."""

_PARQUET: Final = b"PAR1"


def shards(path: str | os.PathLike[str]) -> list[Path]:
    """The files behind a path that holds outputs; empty where there is none (``-``, or another kind of folder)."""
    place = Path(path)
    if str(path) == "-":
        return []
    if place.is_file():
        return [place]
    run = place / "outputs.jsonl"
    if run.is_file():
        return [run]
    for pattern in ("*.parquet", "*.jsonl"):
        found = sorted(file for file in place.glob(pattern) if file.is_file())
        if found:
            return found
    return []


def size_of(path: str | os.PathLike[str]) -> int:
    """Bytes of all shards."""
    return sum(file.stat().st_size for file in shards(path))


def count_rows(path: str | os.PathLike[str]) -> int:
    """Lines and rows of all shards, for showing how far it is."""
    return sum(_rows(file) for file in shards(path))


def are_outputs(path: str | os.PathLike[str]) -> bool:
    """Whether every shard is in Pyrite's own form, as far as its first rows tell."""
    files = shards(path)
    try:
        return bool(files) and all(_is_own(file) for file in files)
    except (OSError, ValueError, RecursionError, PyriteError):
        return False


def read_shards(
    path: str | os.PathLike[str], complaints: list[Complaint], strict: bool
) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """The rows of every shard in order: the shard, the number from 1, the line. Broken ones are complaints.

    Raises PyriteError when a shard cannot be read, and with ``strict`` for the first broken row.
    """
    for file in shards(path) or [Path(path)]:
        label = str(file)
        if not _is_parquet(file):
            for number, document in documents(file, complaints, strict):
                yield label, number, document
            continue
        for number, row in enumerate(read_parquet(label, label), start=1):
            try:
                yield label, number, _document(row)
            except PyriteError as error:
                if strict:
                    raise PyriteError(f"{label}, row {number}: {error.message}") from error
                complaints.append(Complaint(label, number, error.message))


def _is_parquet(file: Path) -> bool:
    if not file.is_file():
        return False
    with open_input(file) as opened:
        return bool(opened.read(len(_PARQUET)) == _PARQUET)


def _rows(file: Path) -> int:
    if _is_parquet(file):
        return int(pyarrow_parquet(str(file)).ParquetFile(str(file)).metadata.num_rows)
    with open_input(file) as opened:
        return sum(block.count(b"\n") for block in iter(lambda: opened.read(1 << 20), b""))


def _is_own(file: Path) -> bool:
    if _is_parquet(file):
        rows: list[Any] = list(islice(read_parquet(str(file), str(file)), _LOOKED_AT))
    else:
        with open_input(file) as opened:
            lines = [opened.readline(1 << 20) for _ in range(_LOOKED_AT)]
        rows = [json.loads(line) for line in lines if line.strip()]
    return bool(rows) and all(
        isinstance(row, dict) and isinstance(row.get("problem_id"), str) and isinstance(row.get("output"), str)
        for row in rows
    )


def _document(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of a table as a line of ``outputs.jsonl``: empty cells are not there."""
    if set(row) == set(OUTPUT_COLUMNS):
        return output_from_row(row)
    return {name: value for name, value in row.items() if value is not None}


__all__ = ["are_outputs", "count_rows", "read_shards", "shards", "size_of"]
