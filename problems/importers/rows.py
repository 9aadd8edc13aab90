"""Rows out of files: JSON arrays, JSON lines, CSV, TSV, parquet and saved Hugging Face datasets.

A row that cannot be read becomes a remark and the rest goes on; a file that cannot be read at all is a PyriteError.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...feasibility.disk import open_input, read_whole
from ...feasibility.errors import PyriteError
from ..parquet import read_parquet
from .records import Remark, SourceRow

_LISTS = ("data", "rows", "problems", "examples", "instances", "train", "test", "validation")
"""Keys under which a JSON object may hold its rows."""

_CELL = 10_000_000
"""Characters of one CSV cell."""

_LINE = 100_000_000
"""Characters of one line of JSON."""

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow")


def read_rows(path: Path) -> Iterator[SourceRow | Remark]:
    """Every row of a file, or of all files with a known suffix in a folder (in order of their names).

    A folder made by ``datasets.save_to_disk`` is read with the ``datasets`` library. Raises PyriteError when the path
    does not exist, holds nothing readable, or is not text of its kind.
    """
    if not path.exists():
        raise PyriteError(f"{path} does not exist; give the path of a file or folder")
    if path.is_dir():
        yield from _read_folder(path)
        return
    suffix = path.suffix.casefold()
    try:
        open_input(path).close()  # no pipe and no device
        if suffix in (".csv", ".tsv"):
            yield from _read_csv(path, "\t" if suffix == ".tsv" else ",")
        elif suffix == ".parquet":
            for number, columns in enumerate(read_parquet(path, str(path)), start=1):
                yield _row(path, number, columns)
        elif suffix == ".arrow":
            yield from _read_dataset(path)
        elif suffix in (".jsonl", ".ndjson"):
            yield from _read_lines(path)
        else:
            yield from _read_json(path)
    except UnicodeDecodeError as error:
        raise PyriteError(f"{path} is not UTF-8 text (byte {error.start}); is it a table at all?") from error
    except (OSError, csv.Error) as error:
        raise PyriteError(f"{path} cannot be read: {error}") from error


def _read_folder(path: Path) -> Iterator[SourceRow | Remark]:
    if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
        yield from _read_dataset(path)
        return
    files = sorted(file for file in path.iterdir() if file.is_file() and file.suffix.casefold() in SUFFIXES)
    if not files:
        raise PyriteError(f"{path} holds no {', '.join(SUFFIXES)} file; give the path of a benchmark")
    for file in files:
        yield from read_rows(file)


def _row(file: Path, number: int, document: Any) -> SourceRow | Remark:
    if isinstance(document, Mapping):
        return SourceRow(file, number, document)
    message = f"a row is an object with named columns, not a {type(document).__name__}"
    return Remark(file.name, number, "", "not-an-object", message, kept=False)


def _read_lines(path: Path) -> Iterator[SourceRow | Remark]:
    with path.open(encoding="utf-8-sig") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LINE + 1), ""), start=1):
            if len(line) > _LINE:
                raise PyriteError(f"{path}, line {number}: longer than {_LINE:,} characters")
            if not line.strip():
                continue
            try:
                document = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Remark(path.name, number, "", "not-json", f"not JSON: {str(error)[:100]}", kept=False)
                continue
            yield _row(path, number, document)


def _read_json(path: Path) -> Iterator[SourceRow | Remark]:
    text = read_whole(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and _is_object(lines[0]):  # JSON lines under the name .json, as several published sets are
            yield from _read_lines(path)
            return
        raise PyriteError(f"{path} is neither JSON nor JSON lines: {str(error)[:100]}") from error
    yield from _rows_of(path, document)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _rows_of(path: Path, document: Any) -> Iterator[SourceRow | Remark]:
    if isinstance(document, Mapping):
        for name in _LISTS:
            if isinstance(document.get(name), list):
                document = document[name]
                break
    if isinstance(document, list):
        for number, item in enumerate(document, start=1):
            yield _row(path, number, item)
    elif isinstance(document, Mapping) and document and all(isinstance(item, Mapping) for item in document.values()):
        for number, (key, item) in enumerate(document.items(), start=1):  # {"17": {...}, "18": {...}}
            yield _row(path, number, {"id": key, **item})
    else:
        yield _row(path, 1, document)


def _read_csv(path: Path, separator: str) -> Iterator[SourceRow | Remark]:
    csv.field_size_limit(_CELL)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=separator)
        if not reader.fieldnames:
            raise PyriteError(f"{path} has no header line")
        for columns in reader:
            number = reader.line_num
            if columns.get(None) or None in columns.values():
                message = f"{len(reader.fieldnames)} columns in the header, another number in this row"
                yield Remark(path.name, number, "", "ragged-row", message, kept=False)
                continue
            yield SourceRow(path, number, columns)


def _read_dataset(path: Path) -> Iterator[SourceRow | Remark]:
    try:
        import datasets
    except ImportError as error:
        raise PyriteError("saved datasets need the extra `models`: pip install 'pyrite[models]'") from error
    loaded = datasets.Dataset.from_file(str(path)) if path.is_file() else datasets.load_from_disk(str(path))
    parts = loaded.items() if isinstance(loaded, datasets.DatasetDict) else [(None, loaded)]
    number = 0
    for split, part in parts:
        for columns in part:
            number += 1
            if split is not None and columns.get("split") is None:
                columns = {**columns, "split": split}
            yield _row(path, number, columns)
