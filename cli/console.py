"""What commands share for talking to people and programs: notes, tables, progress, JSON.

Results go to standard output; notes and progress to standard error. Colours and bars appear on terminals only, so that
what is piped or redirected is plain text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from ..feasibility.disk import open_input
from ..feasibility.errors import PyriteError
from ..feasibility.one_line import in_json, lines, one_line, ours, printed, unstyled

SHOWN = 5
"""Broken lines that are shown one by one; the rest is counted."""


def echo(text: object = "", err: bool = False) -> None:
    """Lines on standard output. Foreign text in them has gone through ``one_line``; what was missed is harmless."""
    typer.echo(printed(text), err=err)


def note(text: str) -> None:
    """A line on standard error, and one only."""
    echo(lines(text).replace("\n", " "), err=True)


def notes(complaints: Sequence[object], what: str) -> None:
    """The first few complaints, one a line, and how many there are in all."""
    for complaint in complaints[:SHOWN]:
        note(f"pyrite: {one_line(complaint, 1_000)}")
    if len(complaints) > SHOWN:
        note(f"pyrite: ... and {len(complaints) - SHOWN:,} more")
    if complaints:
        note(f"pyrite: {len(complaints):,} {what}")


def print_json(document: Any) -> None:
    """The document on standard output, for programs."""
    typer.echo(in_json(json.dumps(document, indent=2, ensure_ascii=False)))


def bold(text: str, color: str | None = None) -> str:
    """The text in bold (and in colour) on a terminal; ``typer.echo`` takes the codes out when piped."""
    return ours(typer.style(lines(text), bold=True, fg=color))


def dim(text: str) -> str:
    """Less important text."""
    return ours(typer.style(lines(text), dim=True))


def coloured(text: str, color: str) -> str:
    """The text in colour on a terminal."""
    return ours(typer.style(lines(text), fg=color))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1, indent: str = "") -> str:
    """Columns padded with blanks; the first ``left`` are flush left, the others flush right. Widths ignore colours.

    >>> print(table(("stage", "pass"), [("parses", "10"), ("schema", "7")]))
    stage   pass
    parses    10
    schema     7
    """
    shown = [[lines(cell).replace("\n", " ") for cell in row] for row in (header, *rows)]
    plain = [[unstyled(cell) for cell in line] for line in shown]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    text = []
    for line, bare in zip(shown, plain, strict=True):
        cells = []
        for place, (cell, short, width) in enumerate(zip(line, bare, widths, strict=True)):
            blank = " " * (width - len(short))
            cells.append(cell + blank if place < left else blank + cell)
        text.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(text)


def next_step(command: str) -> None:
    """What people usually do next, as a line on standard error that can be pasted."""
    note(f"next: {command}")


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error when that is a terminal, else a plain line every minute, for logs.

    Call what it gives with the number done so far.
    """
    if not sys.stderr.isatty() or total < 2:
        yield _minutes(total, what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


MINUTE = 60.0
"""Seconds between two lines of progress in a log."""


def _minutes(total: int, what: str) -> Callable[[int], None]:
    import time

    started = said = time.monotonic()
    first: int | None = None

    def show(done: int) -> None:
        nonlocal said, first
        first = done if first is None else first  # a run that goes on begins with what was done before
        now = time.monotonic()
        if now - said < MINUTE:
            return
        said = now
        rate = (done - first) / (now - started)
        if done - first < min(20, (total - first) / 10):
            rate = 0  # the first of a batch that is answered at once says nothing about the pace
        left = f", about {max(1, round((total - done) / rate / 60)):,} min left" if rate > 0 else ""
        note(f"{what}: {done:,} of {total:,}{left}")

    return show


def read_text(path: str, limit: int = 100_000_000) -> str:
    """The whole text of a file, or of standard input for ``-``; gzip is unpacked, up to ``limit`` bytes.

    Raises PyriteError when it is missing, too long or not UTF-8.
    """
    label = "standard input" if path == "-" else path
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(limit + 1)
        else:
            with open_input(path) as file:
                raw = file.read(limit + 1)
    except FileNotFoundError as error:
        raise PyriteError(f"{path}: there is no such file") from error
    except OSError as error:
        raise PyriteError(f"{path} cannot be read: {error.strerror}") from error
    if raw[:2] == b"\x1f\x8b":
        raw = _unpacked(raw, limit, label)
    if len(raw) > limit:
        raise PyriteError(f"{label} is longer than {limit:,} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PyriteError(f"{label} is not UTF-8 (byte {error.start + 1}); save it as UTF-8") from error


def _unpacked(raw: bytes, limit: int, label: str) -> bytes:
    import gzip
    import io
    import zlib

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
            return file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PyriteError(f"{label} is not whole gzip: {error}") from error
