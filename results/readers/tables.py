"""Tables as text: CSV and its like, with the lines that programs put before the header."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from ...feasibility.errors import PyriteError
from .choosing import is_answer_name
from .names import is_id_name

CsvRows: TypeAlias = tuple[list[tuple[int, Mapping[str, Any]]], list[tuple[int, str]]]

_DELIMITERS: Final = ",;\t|"
_BEFORE: Final = re.compile(r'[\r\n]+|#[^\r\n]*|"?sep=(.)"?[ \t]*(?=[\r\n])')
_HEADER: Final = 20_000
"""Characters among which a header ends."""


def read_csv(text: str, label: str) -> CsvRows | None:
    """The rows of a table and what could not be read of it, by their numbers; None when the text is no table.

    A table has a header with a column for ids or answers, or one of plain words. Raises PyriteError when two columns
    for answers have the same name.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    head, delimiter = _before_header(text)
    if re.match(r"\s*(?:[\[{]|\Z)", head):
        return None
    found = _header(head, delimiter)
    if found is None:
        return None
    names, delimiter = found
    for name in names:
        if names.count(name) > 1 and (is_answer_name(name) or is_id_name(name)):
            raise PyriteError(f"{label}: two columns are called {name!r}; rename one")
    return _rows(head, names, delimiter)


def _before_header(text: str) -> tuple[str, str]:
    """The text from its header on, and the delimiter that a line ``sep=;`` before it names."""
    place, said = len(text) - len(text.lstrip("\ufeff")), ""
    while found := _BEFORE.match(text, place):
        place, said = found.end(), found.group(1) or said
    return text[place:], said


def _header(text: str, said: str) -> tuple[list[str], str] | None:
    """The names of the columns and the delimiter that gives most known names, then most names."""
    best: tuple[tuple[int, int], list[str], str] | None = None
    for delimiter in said or _DELIMITERS:
        try:
            names = next(csv.reader(io.StringIO(text[:_HEADER], newline=""), delimiter=delimiter), [])
        except (csv.Error, TypeError, ValueError):
            continue
        names = [name.strip() for name in names]
        if any(len(name) > 100 or "\n" in name for name in names):
            continue
        known = sum(is_answer_name(name) or is_id_name(name) for name in names)
        plain = len(names) > 1 and all(re.fullmatch(r"[\w .\-]+", name) for name in names)
        answers = any(is_answer_name(name) for name in names)
        if ((known and len(names) > 1) or answers or plain) and (best is None or (known, len(names)) > best[0]):
            best = (known, len(names)), names, delimiter
    if best is None or text.startswith("|"):
        return None
    return best[1], best[2]


def _rows(text: str, names: Sequence[str], delimiter: str) -> CsvRows:
    rows: list[tuple[int, Mapping[str, Any]]] = []
    broken: list[tuple[int, str]] = []
    called = [name or f"Unnamed: {place}" for place, name in enumerate(names)]  # as pandas reads its own index
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate((line for line in reader if line), start=1):
            if number == 1:
                continue
            if len(cells) != len(names):
                broken.append((number, "the row has more or fewer fields than the header"))
                continue
            cell = dict(zip(called, cells, strict=True))
            rows.append((number, {name: text or None for name, text in cell.items() if text or name in names}))
    except csv.Error as error:
        broken.append((number + 1, f"not CSV: {error}"))
    return rows, broken
