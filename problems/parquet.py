"""Parquet files written and read row by row, a file of any size in little memory, and a hostile one within limits.

A parquet file of a few kilobytes may say a long text once and repeat it a million times (a dictionary), or hold pages
that unpack to gigabytes. So text columns are read as dictionaries, what rows would hold is counted before they are
made, and the sizes that the file states are held against limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from ..feasibility.disk import storable, write_whole_with
from ..feasibility.errors import PyriteError

Kind: TypeAlias = Literal["text", "integer", "number", "boolean"]

MOST_BYTES: Final = 4 * 1024**3
"""Bytes that all rows of one file may hold once they are unpacked."""

MOST_ROW_GROUP: Final = 2 * 1024**3
"""Bytes that one row group may say it unpacks to."""

_BATCH: Final = 256
_WRITTEN: Final = 1_000
_AT_ONCE: Final = 64 * 1024**2
"""Bytes of rows that are made at once."""
_CELL: Final = 64
"""Bytes that a cell costs at least; without it, a column of nothing would be free."""


def pyarrow_parquet(label: str) -> Any:
    """The library. Raises PyriteError with how to install it."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise PyriteError(f"{label}: parquet needs pyarrow: pip install 'pyrite[parquet]'") from error
    return pyarrow.parquet


def write_parquet(path: Path, columns: Mapping[str, Kind], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write the rows, all or nothing, with these columns (a missing one is null); gives how many there were.

    Lone surrogates, which parquet's texts cannot hold, become U+FFFD, numbers beyond 64 bits null.
    Raises PyriteError when it cannot be written.
    """
    parquet = pyarrow_parquet(str(path))
    import pyarrow

    types = {"text": pyarrow.string, "integer": pyarrow.int64, "number": pyarrow.float64, "boolean": pyarrow.bool_}
    schema = pyarrow.schema([(name, types[kind]()) for name, kind in columns.items()])
    count = 0

    def write(draft: Path) -> None:
        nonlocal count
        source = iter(rows)
        with parquet.ParquetWriter(draft, schema, compression="zstd") as writer:
            while part := list(islice(source, _WRITTEN)):
                count += len(part)
                cells = {name: [_cell(row.get(name), kind) for row in part] for name, kind in columns.items()}
                writer.write_table(pyarrow.Table.from_pydict(cells, schema=schema))

    write_whole_with(path, write)
    return count


def _cell(value: Any, kind: Kind) -> Any:
    """The value as the column holds it; a number beyond what it can hold is null."""
    if isinstance(value, str):
        return storable(value)
    if kind == "number" and value is not None:
        return float(value) if abs(value) < 1e300 else None
    return None if kind == "integer" and value is not None and not -(2**63) <= value < 2**63 else value


def read_parquet(source: Any, label: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The rows of a file (a path, or a file open for bytes), a few at a time.

    Raises PyriteError for what is no parquet, is damaged, or unpacks to more than the limits.
    """
    parquet = pyarrow_parquet(label)
    import pyarrow

    try:
        with _open(parquet, source, label, columns) as file:
            spent = 0
            for batch in file.iter_batches(batch_size=_BATCH, columns=None if columns is None else list(columns)):
                batch.validate(full=True)  # damaged offsets would be read from foreign memory
                cost = sum(_cost(column) for column in batch.columns)
                spent += cost
                if spent > MOST_BYTES:
                    raise PyriteError(f"{label}: its rows hold more than {MOST_BYTES // 1024**3} GiB")
                step = max(1, _AT_ONCE * batch.num_rows // max(cost, 1))
                for start in range(0, batch.num_rows, step):
                    yield from map(json_value, batch.slice(start, step).to_pylist())
    except KeyError as error:
        raise PyriteError(f"{label}: Python has no values for a column of arrow type {error}") from error
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        raise PyriteError(f"{label}: the parquet file is damaged: {str(error)[:200]}") from error
    except MemoryError as error:
        raise PyriteError(f"{label}: the parquet file unpacks to more than the memory") from error


def json_value(value: Any) -> Any:
    """A table's value as JSON has it: bytes are a text that was stored so; times and decimals are what they print."""
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _open(parquet: Any, source: Any, label: str, columns: Sequence[str] | None) -> Any:
    """The file, after its stated sizes were looked at, with its texts to be read as dictionaries."""
    first = parquet.ParquetFile(source)
    metadata = first.metadata
    for number in range(metadata.num_row_groups):
        # Of the whole group: asked for a column of a damaged file, pyarrow 26 ends the process by a C++ exception.
        stated = metadata.row_group(number).total_byte_size
        if not 0 <= stated <= MOST_ROW_GROUP:
            size = stated / 1024**3
            raise PyriteError(f"{label}: row group {number + 1} says it unpacks to {size:,.1f} GiB; write smaller ones")
    texts = [
        column.path
        for column in (metadata.schema.column(place) for place in range(metadata.num_columns))
        if column.physical_type == "BYTE_ARRAY" and (columns is None or column.path.partition(".")[0] in columns)
    ]
    if hasattr(source, "seek"):
        source.seek(0)
    else:
        first.close()
    return parquet.ParquetFile(source, read_dictionary=texts, metadata=metadata)


def _cost(array: Any) -> int:
    """Bytes that the rows of an arrow array will hold, a text of a dictionary counted as often as it is said."""
    import pyarrow

    kind = array.type
    if pyarrow.types.is_dictionary(kind):
        import pyarrow.compute as pc

        sizes = pc.binary_length(array.dictionary)
        return _CELL * len(array) + (pc.sum(pc.take(sizes, array.indices)).as_py() or 0)
    if pyarrow.types.is_struct(kind):
        return _CELL * len(array) + sum(_cost(array.field(place)) for place in range(kind.num_fields))
    if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) or pyarrow.types.is_map(kind):
        return _CELL * len(array) + _cost(array.flatten() if not pyarrow.types.is_map(kind) else array.items)
    return _CELL * len(array) + int(array.nbytes)
