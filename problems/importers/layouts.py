"""What an importer is, and those that come with Pyrite. Adding one: an object of this shape, and one line in
``pyproject.toml`` under ``pyrite.importers`` (of Pyrite, or of a package of your own).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ...feasibility.plugins import Registry
from . import complexor, exported, folders, industryor, mamo, nl4opt, optibench, optmath, questions, tabular
from .records import ConvertedRecord, ImportOptions, Remark, SourceRow
from .rows import read_rows


@runtime_checkable
class Layout(Protocol):
    """A way in which a published set is laid out."""

    name: str
    """The word for ``--format``."""

    def recognises(self, columns: Mapping[str, Any]) -> bool:
        """Whether a row with these columns is of this layout, beyond doubt."""
        ...

    def claims(self, folder: Path) -> bool:
        """Whether a folder is of this layout by the files in it."""
        return False

    def rows(self, path: Path) -> Iterator[SourceRow | Remark]:
        """The rows of a file or folder; a row that cannot be read is a remark."""
        return read_rows(path)

    def convert(self, row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
        """One row as problems. Raises RowError naming the column; the other rows go on."""
        ...


class _Rows(Layout):
    def __init__(
        self,
        name: str,
        recognises: Callable[[Mapping[str, Any]], bool],
        convert: Callable[[SourceRow, ImportOptions], ConvertedRecord],
    ) -> None:
        self.name, self._recognises, self._convert = name, recognises, convert

    def recognises(self, columns: Mapping[str, Any]) -> bool:
        return self._recognises(columns)

    def convert(self, row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
        return [self._convert(row, options)]


class _Folders(Layout):
    def __init__(
        self,
        name: str,
        recognises: Callable[[Mapping[str, Any]], bool],
        convert: Callable[[SourceRow, ImportOptions], list[ConvertedRecord]],
        files_too: bool,
    ) -> None:
        self.name, self._recognises, self._convert, self._files_too = name, recognises, convert, files_too

    def recognises(self, columns: Mapping[str, Any]) -> bool:
        return self._recognises(columns)

    def claims(self, folder: Path) -> bool:
        return complexor.folder_format(folder) == self.name

    def rows(self, path: Path) -> Iterator[SourceRow | Remark]:
        folders = not self._files_too or (path.is_dir() and complexor.folder_format(path) is not None)
        return complexor.read_folders(path, self.name) if folders else read_rows(path)

    def convert(self, row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
        return self._convert(row, options)


class _ProgramFolders(Layout):
    name = folders.NAME

    def recognises(self, columns: Mapping[str, Any]) -> bool:
        return folders.recognises(columns)

    def claims(self, folder: Path) -> bool:
        return complexor.folder_format(folder) is None and folders.claims(folder)

    def rows(self, path: Path) -> Iterator[SourceRow | Remark]:
        return folders.rows(path)

    def convert(self, row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
        return folders.convert(row, options)


EXPORTED = _Rows(exported.NAME, exported.recognises, exported.convert)
NL4OPT = _Rows(nl4opt.NAME, nl4opt.recognises, nl4opt.convert)
MAMO = _Rows(mamo.NAME, mamo.recognises, mamo.convert)
OPTIBENCH = _Rows(optibench.NAME, optibench.recognises, optibench.convert)
INDUSTRYOR = _Rows(industryor.NAME, industryor.recognises, industryor.convert)
OPTMATH = _Rows(optmath.NAME, optmath.recognises, optmath.convert)
QUESTIONS = _Rows(questions.NAME, questions.recognises, questions.convert)
FOLDERS = _ProgramFolders()
TABLE = _Rows(tabular.NAME, tabular.recognises, tabular.convert)
COMPLEXOR = _Folders(complexor.COMPLEXOR, lambda columns: False, complexor.convert_complexor, files_too=False)
NLP4LP = _Folders(
    complexor.NLP4LP,
    complexor.recognises,
    lambda row, options: [complexor.convert_nlp4lp(row, options)],
    files_too=True,
)

_FIRST = ("pyrite", "nl4opt", "mamo", "optibench", "industryor", "optmath", "table", "nlp4lp", "questions")

LAYOUTS: Registry[Layout] = Registry("pyrite.importers", "format", Layout)  # type: ignore[type-abstract]
"""Layouts by name; ``table`` is any table with a column mapping."""


def in_turn() -> list[Layout]:
    """Every layout in the order in which rows are shown to them: Pyrite's own first."""
    names = [*(name for name in _FIRST if name in LAYOUTS), *(name for name in LAYOUTS if name not in _FIRST)]
    return [LAYOUTS.get(name) for name in names]
