"""The page of memory on which a worker writes what it is doing, so that whoever kills it knows whose fault it was.

Writing several fields to shared memory is not atomic (``struct.pack_into`` even zeroes them first), and a reader that
believes half a record kills an innocent worker. So each record carries its checksum and is read again until that fits.
"""

from __future__ import annotations

import mmap
import struct
import time
from dataclasses import dataclass
from zlib import crc32

_RECORD = struct.Struct("=Qd?")
_SUM = struct.Struct("=I")
_HEAD = _RECORD.size + _SUM.size
_TRIES = 10_000

MARKS = 32
"""Places for marks, one byte each."""

BOARD_SIZE = _HEAD + MARKS


@dataclass(frozen=True, slots=True)
class Progress:
    """What the board says: job ``number`` (None: idle) under way since ``started`` (monotonic), and how far.

    ``preparing``: what is under way is not the job itself but something that it shares with other jobs.
    """

    number: int | None
    started: float
    preparing: bool
    marks: bytes


class Board:
    """The page between a worker (who writes) and its pool (who reads)."""

    def __init__(self, descriptor: int) -> None:
        self._page = mmap.mmap(descriptor, BOARD_SIZE)
        self._last = Progress(None, 0.0, False, bytes(MARKS))
        self._spent = 0.0

    def begin(self, number: int) -> None:
        """A job is taken up. Its record is written last: who reads the new number reads the new time and marks too."""
        self._page[_HEAD:BOARD_SIZE] = bytes(MARKS)
        self._write(number + 1, time.monotonic(), False)

    def rest(self) -> None:
        """Nothing is under way."""
        self._write(0, 0.0, False)

    def prepare(self, begun: bool) -> None:
        """The job's own clock stops while something shared is prepared, which has a clock of its own."""
        progress = self.read()
        number = 0 if progress.number is None else progress.number + 1
        if begun:
            self._spent = time.monotonic() - progress.started
            self._write(number, time.monotonic(), True)
        else:
            self._write(number, time.monotonic() - self._spent, False)

    def mark(self, place: int, value: int) -> None:
        """How the job gets on: a byte at one of the :data:`MARKS` places; zero at the begin."""
        self._page[_HEAD + place] = value

    def read(self) -> Progress:
        """What is under way. A record that stays torn (its writer died in the middle) gives the last whole one."""
        for _ in range(_TRIES):
            head = self._page[:_HEAD]
            record = head[: _RECORD.size]
            if _SUM.unpack_from(head, _RECORD.size)[0] == crc32(record):
                number, started, preparing = _RECORD.unpack(record)
                marks = self._page[_HEAD:BOARD_SIZE]
                self._last = Progress(number - 1 if number else None, started, preparing, marks)
                break
            if not any(head):
                break  # a new page: nothing was ever written
        return self._last

    def close(self) -> None:
        """Give the page back."""
        self._page.close()

    def _write(self, number: int, started: float, preparing: bool) -> None:
        record = _RECORD.pack(number, started, preparing)
        self._page[:_HEAD] = record + _SUM.pack(crc32(record))
