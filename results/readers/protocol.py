"""What a reader is: it knows one layout of rows, and says what each row answers.

A reader of an outside package registers under the entry points ``pyrite.readers``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

FileRow: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What a row says. ``problem_id`` None: the row does not name its problem (``prompt`` may tell which it is).

    ``text`` is the answer, or None when there is none; ``finish`` how it ended, in the program's own words; ``place``
    the number of the problem in the program's own order, from 0, for layouts that count their problems. ``ids`` holds
    every id that the row has by its name, the likeliest first, where it is not clear which of them is the problem's;
    ``filter`` the name of the filter after which a layout repeats its answers.
    """

    problem_id: str | None
    text: str | None
    sample: int | None = None
    finish: str | None = None
    seconds: float | None = None
    prompt: str | None = None
    place: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    filter: str | None = None


@runtime_checkable
class Reader(Protocol):
    """Reads the rows of one layout."""

    @property
    def title(self) -> str:
        """What the layout is called, for messages."""
        ...

    def claims(self, row: FileRow) -> bool:
        """Whether a row is of this layout."""
        ...

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """The answers of one row. Raises PyriteError when the row is broken."""
        ...
