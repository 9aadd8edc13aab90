"""JSON lines, read line by line so that one broken line never takes the others with it.

Writers append whole lines and flush; a process that dies leaves at most one half line at the end, which the next
writer cuts off and readers report.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from ..feasibility.closing import Closing
from ..feasibility.disk import cannot_write, open_input, own_file, plain_file, write_whole
from ..feasibility.errors import PyriteError

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")
MAX_LINE = 256 * 1024**2
"""Bytes of one line: what is no JSON-lines file (a device, a disk image) must not fill the memory."""

_BOMS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line that could not be used: where it stands (from 1) and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class Records(list[T], Generic[T]):
    """What a file held, in its order, with the lines that could not be used in ``complaints``."""

    def __init__(self, items: Iterable[T] = (), complaints: Iterable[Complaint] = ()) -> None:
        super().__init__(items)
        self.complaints: list[Complaint] = list(complaints)


def read_lines(path: str | os.PathLike[str], strict: bool = False) -> Records[dict[str, Any]]:
    """The JSON objects of a JSON-lines file, whatever they say; an empty file is an empty list."""
    records: Records[dict[str, Any]] = Records()
    for _, document in documents(path, records.complaints, strict, may_be_empty=True):
        records.append(document)
    return records


def write_lines(path: str | os.PathLike[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Replace the file by these records, all or nothing."""
    write_whole(path, (line_of(record) for record in records))


def append_lines(path: str | os.PathLike[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Append whole lines and flush; a half-written last line is repaired first."""
    with LineWriter(path) as writer:
        for record in records:
            writer.write(record, flush=False)


class LineWriter(Closing):
    """Appends records to a JSON-lines file, each as one whole line, flushed to the operating system.

    One writer at a time: a second one, in this process or another, raises PyriteError. Where the system has no file
    locks (Windows) that is not checked.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> _ = path.write_text('{"a": 1}\\n{"a": ')          # a process died here
    >>> with LineWriter(path) as writer:
    ...     writer.write({"a": 2})
    >>> path.read_text()
    '{"a": 1}\\n{"a":2}\\n'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._broken = False
        try:
            plain_file(self.path)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            self._file: IO[str] = open(os.open(self.path, flags, 0o666), "a", encoding="utf-8", newline="\n")  # noqa: SIM115 - see close
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            own_file(self.path, self._file.fileno())
        except PyriteError:
            self._file.close()
            raise
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                self._file.close()
                raise PyriteError(f"{path}: another process is writing to it; wait for it or stop it") from error
        repair_last_line(self.path)

    def write(self, record: Mapping[str, Any], flush: bool = True) -> None:
        """One record, one line."""
        self.write_line(line_of(record), flush)

    def write_line(self, line: str, flush: bool = True) -> None:
        """A line that :func:`line_of` made."""
        try:
            self._file.write(line)
            if flush:
                self._file.flush()
        except OSError as error:
            self._broken = True
            raise cannot_write(self.path, error) from error

    def close(self) -> None:
        """Flush and close."""
        try:
            self._file.close()
        except OSError as error:
            if not self._broken:  # else it was told, and what could not be written is lost anyway
                raise cannot_write(self.path, error) from error


def repair_last_line(path: str | os.PathLike[str]) -> bool:
    """Make the file end with a whole line: a last line that is not JSON is cut off. True when something was changed."""
    try:
        file = open(path, "rb+")  # noqa: SIM115 - the with statement follows
    except FileNotFoundError:
        return False
    with file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return False
        file.seek(size - 1)
        if file.read(1) == b"\n":
            return False
        start = _last_line_start(file, size)
        file.seek(start)
        tail = file.read()
        try:
            complete = isinstance(json.loads(tail.decode("utf-8")), dict)
        except (ValueError, RecursionError):
            complete = False
        if complete:
            file.write(b"\n")
        else:
            file.truncate(start)
        return True


def documents(
    path: str | os.PathLike[str],
    complaints: list[Complaint],
    strict: bool,
    may_be_empty: bool = False,
    start: int = 0,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of the file with their line numbers (from 1); blank lines are passed over.

    ``start`` is the byte at which a line begins; lines are counted from there.
    """
    label, empty = label_of(path), True
    for number, raw in _raw_lines(path, start):
        if number == 1:
            for bom, name in _BOMS:
                if raw.startswith(bom):
                    raise PyriteError(f"{label}: this is {name}; save it as UTF-8")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw.strip():
            continue
        empty = False
        reason = None
        try:
            document = json.loads(raw.decode("utf-8"))
            if not isinstance(document, dict):
                reason = f"a JSON object is needed, this is {_kind(document)}"
        except UnicodeDecodeError as error:
            reason = (
                f"not UTF-8 (byte {error.start + 1} of the line is 0x{raw[error.start]:02x}); save the file as UTF-8"
            )
        except json.JSONDecodeError as error:
            half = "" if raw.endswith(b"\n") else " (the last line, half written?)"
            reason = f"not JSON: {error.msg} at character {error.pos + 1}{half}"
        except (ValueError, RecursionError) as error:
            reason = f"not readable JSON: {'nested too deeply' if isinstance(error, RecursionError) else error}"
        if reason is not None:
            complain(complaints, Complaint(label, number, reason), strict)
            continue
        yield number, document
    if empty and not may_be_empty:
        raise PyriteError(f"{label} is empty: one JSON object a line is needed")


def _raw_lines(path: str | os.PathLike[str], start: int) -> Iterator[tuple[int, bytes]]:
    if str(path) == "-":
        yield from enumerate(sys.stdin.buffer, start=1)
        return
    try:
        with open_input(path) as file:
            if start:
                file.seek(start)
            number = 0
            while raw := file.readline(MAX_LINE + 1):
                number += 1
                if len(raw) > MAX_LINE:
                    raise PyriteError(f"{path}, line {number}: longer than {MAX_LINE:,} bytes; is this JSON lines?")
                yield number, raw
    except FileNotFoundError as error:
        raise PyriteError(f"{path}: there is no such file") from error
    except IsADirectoryError as error:
        raise PyriteError(f"{path} is a folder; a JSON-lines file is needed") from error
    except OSError as error:
        raise PyriteError(f"{path} cannot be read: {error.strerror}") from error


def complain(complaints: list[Complaint], complaint: Complaint, strict: bool) -> None:
    """Note the complaint; with ``strict`` raise it."""
    if strict:
        raise PyriteError(str(complaint))
    complaints.append(complaint)


def some(records: Records[T], path: str | os.PathLike[str], what: str) -> Records[T]:
    """The records; PyriteError when there is none, with the first complaint."""
    if not records:
        first = f"; {records.complaints[0]}" if records.complaints else ""
        raise PyriteError(f"{label_of(path)}: no usable {what} in it{first}")
    return records


def label_of(path: str | os.PathLike[str]) -> str:
    """How messages call the file."""
    return "standard input" if str(path) == "-" else str(path)


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, list):
        return "a list"
    return "a string" if isinstance(value, str) else "a number"


def line_of(record: Mapping[str, Any]) -> str:
    """One line, always UTF-8 and always JSON.

    Lone surrogates (from hostile text) stay as escapes; NaN and Infinity, which JSON does not have, become null.
    """
    try:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        record = _finite(record)
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(record, separators=(",", ":"))
    return text + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _last_line_start(file: IO[bytes], size: int) -> int:
    """The offset after the last newline, searched from the end in blocks."""
    position = size
    while position > 0:
        step = min(1 << 16, position)
        position -= step
        file.seek(position)
        found = file.read(step).rfind(b"\n")
        if found >= 0:
            return position + found + 1
    return 0
