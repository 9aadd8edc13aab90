"""The header of a GGUF file, walked before a library reads it.

The ``gguf`` package (0.19) believes every count and length: an array said to hold 2^60 numbers in a file of 100 bytes
is read without end, because what lies beyond the file is an empty slice. So the whole header is walked here first,
with each count held against the bytes that are left. Format: GGUF 2 and 3, little-endian
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

from ..feasibility.errors import PyriteError

_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of the scalar types by their number."""
_STRING, _ARRAY = 8, 9
_LEAST = {**_SIZES, _STRING: 8, _ARRAY: 12}
"""Bytes that a value of each type takes at least."""
_DEEPEST = 4
_MOST_DIMENSIONS = 4
_LEAST_KEY, _LEAST_TENSOR = 8 + 4 + 1, 8 + 4 + 4 + 8


class _BadHeaderError(Exception):
    """What is wrong with the header."""


class _Walk:
    """A place in the file that only moves forward, and never beyond the end."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self.data, self.at, self.size = data, 0, len(data)

    def skip(self, count: int, what: str) -> int:
        """Where these bytes begin."""
        if count > self.size - self.at:
            raise _BadHeaderError(f"{what} goes {count - (self.size - self.at):,} bytes beyond the end of the file")
        start = self.at
        self.at += count
        return start

    def u32(self, what: str) -> int:
        (value,) = struct.unpack_from("<I", self.data, self.skip(4, what))
        return int(value)

    def u64(self, what: str) -> int:
        (value,) = struct.unpack_from("<Q", self.data, self.skip(8, what))
        return int(value)

    def count(self, what: str, least: int) -> int:
        """A number of things that take at least so many bytes each."""
        value = self.u64(what)
        if value * least > self.size - self.at:
            raise _BadHeaderError(f"{what} is {value:,}, more than the file has room for")
        return value

    def string(self, what: str) -> bytes:
        start = self.skip(self.count(f"the length of {what}", 1), what)
        return bytes(self.data[start : self.at])

    def value(self, kind: int, what: str, depth: int = 0) -> None:
        if kind in _SIZES:
            self.skip(_SIZES[kind], what)
        elif kind == _STRING:
            self.skip(self.count(f"the length of {what}", 1), what)
        elif kind == _ARRAY and depth < _DEEPEST:
            inner = self.u32(what)
            if inner not in _LEAST:
                raise _BadHeaderError(f"{what} is an array of type {inner}, which there is not")
            count = self.count(f"the length of {what}", _LEAST[inner])
            if inner in _SIZES:
                self.skip(count * _SIZES[inner], what)
            else:
                for _ in range(count):
                    self.value(inner, what, depth + 1)
        else:
            raise _BadHeaderError(
                f"{what} nests too deeply" if kind == _ARRAY else f"{what} has type {kind}, which there is not"
            )


def check_gguf_header(path: Path) -> None:
    """Raises PyriteError, one line, when the header is cut, counts more than the file holds, or is of no known kind."""
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise _BadHeaderError("the file is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                _walk(_Walk(data))
    except _BadHeaderError as error:
        raise PyriteError(f"{path} cannot be read as a GGUF language model: {error}") from None
    except (OSError, ValueError) as error:
        raise PyriteError(f"{path} cannot be read: {error}") from error


def _walk(walk: _Walk) -> None:
    if walk.data[: min(4, walk.size)] != b"GGUF":
        raise _BadHeaderError("it does not begin with GGUF")
    walk.skip(4, "the beginning")
    version = walk.u32("the version")
    if version not in (2, 3):
        big = version in (2 << 24, 3 << 24)
        raise _BadHeaderError(
            "its numbers are big-endian; only little-endian files are read" if big else f"version {version}"
        )
    tensors = walk.count("the number of tensors", _LEAST_TENSOR)
    entries = walk.count("the number of entries", _LEAST_KEY)
    alignment = 32
    for number in range(1, entries + 1):
        key = walk.string(f"the name of entry {number}")
        kind, start = walk.u32(f"entry {number}"), walk.at
        walk.value(kind, f"entry {number}")
        if key == b"general.alignment":
            alignment = _alignment(walk, kind, start)
    offsets = [_tensor(walk, number) for number in range(1, tensors + 1)]
    begin = -(-walk.at // alignment) * alignment
    for number, (offset, size) in enumerate(offsets, 1):
        if offset % alignment or begin + offset + size > walk.size:
            raise _BadHeaderError(
                f"tensor {number} lies beyond the end of the file or off its place; the file is cut or damaged"
            )


def _alignment(walk: _Walk, kind: int, start: int) -> int:
    if kind != 4:
        raise _BadHeaderError("general.alignment is no 32 bit number")
    (value,) = struct.unpack_from("<I", walk.data, start)
    if value == 0 or value & (value - 1) or value > 1 << 20:
        raise _BadHeaderError(f"general.alignment is {value}, not a power of two")
    return int(value)


def _tensor(walk: _Walk, number: int) -> tuple[int, int]:
    """Offset and bytes of one tensor."""
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    what = f"tensor {number}"
    walk.string(f"the name of {what}")
    dimensions = walk.u32(what)
    if not 0 < dimensions <= _MOST_DIMENSIONS:
        raise _BadHeaderError(f"{what} has {dimensions:,} dimensions")
    elements = 1
    for _ in range(dimensions):
        elements *= walk.u64(what)
    kind, offset = walk.u32(what), walk.u64(what)
    try:
        block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    except (ValueError, KeyError):
        raise _BadHeaderError(f"{what} has type {kind}, which the gguf library does not know") from None
    return offset, elements // block * size
