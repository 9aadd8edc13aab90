"""Records as JSON lines: to a file, all or nothing, or to standard output as they come; counted as they go."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import in_json


def write_records(out: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Records as JSON lines, each as soon as it is there (standard output), or all or nothing (a file)."""
    from ..problems.lines import write_lines

    if out != "-":
        if not Path(out).absolute().parent.is_dir():
            raise PyriteError(f"{Path(out).parent} is no folder; make it first")
        write_lines(out, records)
        return
    for record in records:
        sys.stdout.write(in_json(json.dumps(record, ensure_ascii=False)) + "\n")
        sys.stdout.flush()


def counted(records: Iterable[dict[str, Any]], total: int | None, what: str) -> Iterator[dict[str, Any]]:
    """The records, counted on standard error when that is a terminal, and in one line at the end."""
    done = 0
    for record in records:
        yield record
        done += 1
        if sys.stderr.isatty():
            typer.echo(f"\r{done:,}{f' of {total:,}' if total else ''} {what}", err=True, nl=False)
    typer.echo(f"{chr(13) if sys.stderr.isatty() else 'pyrite: '}{done:,} {what} written", err=True)
