"""From the bytes of a file, or a folder, to rows: compression, archives, tables, encodings, JSON in every form.

What a file is, is told by its first bytes. Sizes are bounded: nothing unpacks to more than ``MOST_BYTES``.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...feasibility.disk import read_bytes
from ...feasibility.errors import PyriteError
from ...problems.parquet import json_value, read_parquet
from .documents import inner_rows
from .tables import read_csv

_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, NotImplementedError, EOFError, RuntimeError)
MOST_BYTES: Final = 4 * 1024**3
_GZIP, _ZSTD, _ZIP, _PARQUET, _ARROW = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1", b"ARROW1"
_BZIP2, _BZIP2_BLOCK, _BZIP2_END, _XZ = b"BZh", b"1AY&SY", b"\x17rE8P\x90", b"\xfd7zXZ\x00"
_XZ_MEMORY: Final = 256 * 1024**2
_XZ_STREAMS: Final = 256
_ZIP_ZSTD: Final = 93


@dataclass(slots=True)
class Rows:
    """The rows of a file as (number from 1, row), what could not be read as (number, reason), and remarks."""

    rows: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_rows(path: str, label: str) -> Rows:
    """Everything that a file, a folder or standard input (``-``) holds. Raises PyriteError when it cannot be read."""
    if path != "-" and Path(path).is_dir():
        return _folder(Path(path), label)
    return _from_bytes(_bytes(path, label), label)


def _bytes(path: str, label: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read()
        return read_bytes(path, MOST_BYTES)
    except FileNotFoundError as error:
        raise PyriteError(f"{label}: there is no such file") from error
    except OSError as error:
        raise PyriteError(f"{label} cannot be read: {error.strerror}") from error


def _from_bytes(raw: bytes, label: str, depth: int = 0) -> Rows:
    for _ in range(3):
        if raw.startswith(_GZIP):
            raw = _unpacked(gzip.GzipFile(fileobj=io.BytesIO(raw)), label, "gzip")
        elif raw.startswith(_ZSTD):
            raw = _unpacked(_zstd(raw, label), label, "zstd")
        elif raw.startswith(_BZIP2) and raw[4:10] in (_BZIP2_BLOCK, _BZIP2_END):
            raw = _unpacked(bz2.BZ2File(io.BytesIO(raw)), label, "bzip2")
        elif raw.startswith(_XZ):
            raw = _unpacked(_Xz(raw), label, "xz")
        else:
            break
    if raw.startswith(_ZIP):
        return _archive(raw, label, depth)
    if raw.startswith(_PARQUET):
        return _parquet(raw, label)
    if raw.startswith(_ARROW):
        return _arrow([raw], label)
    if not raw.strip(b"\x00\r\n\t "):
        raise PyriteError(f"{label} is empty" + (" but for zeros" if raw.strip() else ""))
    rows = Rows()
    text = decoded(raw, rows.notes)
    table = read_csv(text, label)
    if table is not None:
        rows.rows, rows.broken = table
        return rows
    return _json(text, rows, label)


def _unpacked(stream: Any, label: str, what: str) -> bytes:
    try:
        raw: bytes = stream.read(MOST_BYTES + 1)
    except (*_DAMAGED, ValueError) as error:
        raise PyriteError(f"{label}: the {what} data is damaged: {error}") from error
    if len(raw) > MOST_BYTES:
        raise PyriteError(f"{label}: unpacks to more than {MOST_BYTES // 1024**3} GiB")
    return raw


class _Xz:
    """xz data as something to read once: the memory that a stream may ask for is bounded, as lzma's own file is not."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def read(self, most: int) -> bytes:
        """At most so many bytes. Raises EOFError when the data ends early."""
        parts: list[bytes] = []
        rest, size = self.raw, 0
        while rest.startswith(_XZ) and size < most:
            if len(parts) == _XZ_STREAMS:  # what is left is copied for each
                raise EOFError(f"it has more than {_XZ_STREAMS} streams")
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            parts.append(stream.decompress(rest, most - size))
            size += len(parts[-1])
            if not stream.eof and size < most:
                raise EOFError("it ends early")
            rest = stream.unused_data.lstrip(b"\x00")
        return b"".join(parts)


def _zstd(raw: bytes, label: str) -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        pass
    else:
        return zstd.ZstdFile(io.BytesIO(raw))
    pa = _pyarrow(label, "zstd")
    return pa.CompressedInputStream(pa.BufferReader(raw), "zstd")


def _pyarrow(label: str, what: str) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise PyriteError(f"{label}: {what} needs pyarrow: pip install 'pyrite[parquet]'") from error
    return pyarrow


# Text --------------------------------------------------------------------------------------------------------------


def decoded(raw: bytes, notes: list[str]) -> str:
    """The text of a file: by its byte order mark, else UTF-16 where every other byte is zero, UTF-8, Windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    head = raw[:2000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[first::2].count(0) > 0.9 * len(head[first::2]) and head[1 - first :: 2].count(0) == 0:
            notes.append(f"read as {encoding.upper()} (there is no byte order mark)")
            return raw.decode(encoding, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        notes.append(f"not UTF-8 (byte {error.start + 1} is 0x{raw[error.start]:02x}): read as Windows-1252")
        return raw.decode("cp1252", "replace")


def _json(text: str, rows: Rows, label: str) -> Rows:
    """One JSON value, or one a line; values side by side in one line are taken apart."""
    whole = _whole(text)
    if whole is not None:
        rows.rows = list(enumerate(inner_rows(whole, label), start=1))
        return rows
    if _spans_lines(text):
        _stream(text, rows)
        return rows
    lines = text.split("\n")
    if len(lines) < 3 and "\r" in text.strip():
        lines = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate(lines, start=1):
        content = line.strip("\r\ufeff\x1e \t")
        bare = content.strip("\x00")
        if not bare:
            if content:
                rows.broken.append((number, f"{len(content):,} zero bytes and nothing else (a machine that died?)"))
            continue
        _line(number, content, number == len(lines), rows)
    if not rows.rows and text.lstrip("\ufeff\x1e \t\r\n\x00")[:1] not in ("{", "["):
        said = f": {rows.broken[0][1]}" if rows.broken else ""
        raise PyriteError(f"{label} is neither JSON nor CSV with a header line{said}")
    if len(rows.rows) == 1 and not rows.broken:
        rows.rows = list(enumerate(inner_rows(rows.rows[0][1], label), start=1))
    return rows


def _spans_lines(text: str) -> bool:
    """Whether the text begins with an object over several lines, as printed ones are, and more comes after it."""
    if not re.match(r"[\ufeff\s]*\{\s*\n", text[:1000]):
        return False
    try:
        _, end = json.JSONDecoder().raw_decode(text, text.index("{"))
    except (ValueError, RecursionError):
        return False
    return "\n" in text[:end].strip()


def _stream(text: str, rows: Rows) -> None:
    """Objects one after the other, each over as many lines as it takes; the first broken one ends it."""
    decoder, between = json.JSONDecoder(), re.compile(r"[\s,\x1e\ufeff\x00]*")
    place, line, counted = 0, 1, 0
    while True:
        place = between.match(text, place).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, place), place
        if place == len(text):
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            rows.broken.append((line, f"not JSON: {reason}; what follows is not read"))
            return
        if isinstance(value, dict):
            rows.rows.append((line, value))
        else:
            rows.broken.append((line, f"a JSON object is needed, not {json.dumps(value)[:40]}"))


def _line(number: int, line: str, last: bool, rows: Rows) -> None:
    content = line.strip("\x00")
    decoder = json.JSONDecoder()
    place, count = 0, 0
    try:
        while place < len(content):
            value, place = decoder.raw_decode(content, place)
            place = re.compile(r"[\s,]*").match(content, place).end()  # type: ignore[union-attr]
            if not isinstance(value, dict):
                rows.broken.append((number, f"a JSON object is needed, not {json.dumps(value)[:40]}"))
                continue
            rows.rows.append((number, value))
            count += 1
    except json.JSONDecodeError as error:
        zeros = " (zero bytes: a machine that died while writing?)" if "\x00" in line else ""
        half = " (the last line, half written?)" if last and not zeros else ""
        rows.broken.append((number, f"not JSON: {error.msg} at character {error.pos + 1}{half}{zeros}"))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        rows.broken.append((number, f"not readable JSON: {reason}"))
    if count > 1:
        rows.notes.append(f"line {number} holds {count} objects; each was read")


def _whole(text: str) -> Any:
    """The document when the text is one JSON value over all its lines, else None."""
    stripped = text.strip("\ufeff \t\r\n\x00")
    if stripped[:1] not in "{[" or (stripped[:1] == "{" and "\n" not in stripped):
        return None
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError):
        return None


# Archives and tables ------------------------------------------------------------------------------------------------


def _archive(raw: bytes, label: str, depth: int) -> Rows:
    """inspect's ``.eval``, an archive with a file a sample; or one with a single file."""
    rows = Rows()
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [info for info in archive.infolist() if re.fullmatch(r"samples/[^/]+\.json", info.filename)]
            if not names:
                return _lone(archive, raw, label, depth)
            if sum(info.file_size for info in names) > MOST_BYTES:
                raise PyriteError(f"{label}: unpacks to more than {MOST_BYTES // 1024**3} GiB")
            for number, info in enumerate(sorted(names, key=lambda item: item.filename), start=1):
                try:
                    value = json.loads(_member(archive, raw, info, label).decode("utf-8", "replace"))
                except (*_DAMAGED, ValueError, RecursionError) as error:
                    rows.broken.append((number, f"{info.filename[:100]}: {str(error)[:200]}"))
                    continue
                if isinstance(value, dict):
                    rows.rows.append((number, value))
    except (*_DAMAGED, ValueError) as error:  # ValueError: a name that is no text
        raise PyriteError(f"{label}: the archive is damaged: {error}") from error
    return rows


def _lone(archive: zipfile.ZipFile, raw: bytes, label: str, depth: int) -> Rows:
    """The rows of the only file of an archive. Raises PyriteError when there are more, or it has none."""
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) != 1 or depth:
        held = ", ".join(archive.namelist()[:5])
        raise PyriteError(
            f"{label} is an archive without samples/*.json or a single file (it holds {held or 'nothing'})"
        )
    if files[0].file_size > MOST_BYTES:
        raise PyriteError(f"{label}: unpacks to more than {MOST_BYTES // 1024**3} GiB")
    try:
        return _from_bytes(_member(archive, raw, files[0], label), label, depth + 1)
    except PyriteError as error:
        raise PyriteError(
            f"{label} is an archive without samples/*.json, and of its one file: {error.message}"
        ) from error


def _member(archive: zipfile.ZipFile, raw: bytes, info: zipfile.ZipInfo, label: str) -> bytes:
    """The bytes of a file in an archive. inspect packs its logs by zstd, which Python's zipfile reads from 3.14 on."""
    if info.compress_type != _ZIP_ZSTD:
        return archive.read(info)
    header = raw[info.header_offset : info.header_offset + 30]
    if len(header) < 30 or header[:4] != _ZIP or info.flag_bits & 1:
        raise zipfile.BadZipFile("its header is damaged or it is encrypted")
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    start = info.header_offset + 30 + names
    stream = _zstd(raw[start : start + info.compress_size], label)
    parts, size = [], 0
    while size <= info.file_size and (part := stream.read(min(1 << 20, info.file_size + 1 - size))):
        parts.append(part)
        size += len(part)
    found = b"".join(parts)
    if size != info.file_size or zlib.crc32(found) != info.CRC:
        raise zipfile.BadZipFile("its size or checksum is wrong")
    return found


def _parquet(raw: bytes, label: str) -> Rows:
    return _table(list(read_parquet(io.BytesIO(raw), label)))


def _arrow(files: list[bytes], label: str) -> Rows:
    """Arrow files and streams, as Hugging Face data sets are saved."""
    pyarrow = _pyarrow(label, "arrow")
    from pyarrow import ipc

    rows: list[dict[str, Any]] = []
    try:
        for raw in files:
            reader = ipc.open_file(raw) if raw.startswith(_ARROW) else ipc.open_stream(raw)
            rows += _values(reader.read_all())
    except KeyError as error:
        raise PyriteError(f"{label}: Python has no values for a column of arrow type {error}") from error
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
        raise PyriteError(f"{label}: the arrow data is damaged: {str(error)[:200]}") from error
    return _table(rows)


def _values(table: Any) -> list[dict[str, Any]]:
    """A table's rows. Offsets are held against the buffers first: damaged ones would be read from foreign memory."""
    table.validate(full=True)
    return [json_value(row) for row in table.to_pylist()]


def _table(rows: list[dict[str, Any]]) -> Rows:
    return Rows(list(enumerate(rows, start=1)))


def _folder(path: Path, label: str) -> Rows:
    """A run folder, or a data set as Hugging Face saves it (arrow or parquet files)."""
    run = path / "outputs.jsonl"
    if run.is_file():
        return _from_bytes(_bytes(str(run), str(run)), str(run))
    arrow = sorted(path.glob("*.arrow"))
    if arrow:
        return _arrow([_bytes(str(file), str(file)) for file in arrow], label)
    several = _splits(path)
    if len(several) > 1:
        raise PyriteError(f"{label} holds several splits ({', '.join(several)}); name one: {label}/{several[0]}")
    if several:
        return _folder(path / several[0], label)
    for pattern in ("*.parquet", "*.eval", "samples_*.jsonl", "*.jsonl", "*.json"):
        files = sorted(file for file in path.glob(pattern) if not file.name.startswith(("dataset_info", "state")))
        if files:
            return _together(files)
    raise PyriteError(f"{label} is a folder without outputs.jsonl, *.arrow, *.parquet, *.eval or *.jsonl")


def _splits(path: Path) -> list[str]:
    return sorted(inner.name for inner in path.iterdir() if inner.is_dir() and any(inner.glob("*.arrow")))


def _together(files: list[Path]) -> Rows:
    """Several files of one kind, one after the other."""
    rows = Rows()
    for file in files:
        part = _from_bytes(_bytes(str(file), str(file)), str(file))
        rows.rows += part.rows
        rows.broken += [(number, f"{file.name}: {reason}") for number, reason in part.broken]
        rows.notes += [f"{file.name}: {note}" for note in part.notes]
    return rows


def keys_of(rows: Iterator[Mapping[str, Any]] | list[Mapping[str, Any]], most: int = 20) -> list[str]:
    """The keys that rows have, in the order in which they are met."""
    found: dict[str, None] = {}
    for row in rows:
        found.update(dict.fromkeys(str(key) for key in row))
    return list(found)[:most]
