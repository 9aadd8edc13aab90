"""A table once, shown everywhere: rich in a terminal, plain when piped, and as Markdown, CSV or LaTeX for papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ...feasibility.one_line import harmless, lines
from ..escaping import shortened

if TYPE_CHECKING:
    from rich.table import Table as RichTable

CellValue: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: its title, and whether it holds numbers (set to the right)."""

    title: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells as people read them, with the same cells as bare values in ``values`` for programs.

    ``name`` is short and stable (a file name, a JSON key); ``notes`` stand under the table: method, meaning, caveats.
    """

    name: str
    title: str
    columns: Sequence[TableColumn]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    records: Sequence[dict[str, CellValue]] = field(default_factory=tuple)

    def plain(self) -> str:
        """Columns lined up with spaces; no colours, no box; as wide as it needs to be."""
        grid = [[_cell(column.title) for column in self.columns], *[[_cell(cell) for cell in row] for row in self.rows]]
        widths = [max(len(line[i]) for line in grid) for i in range(len(self.columns))]
        out = [self.title]
        for number, line in enumerate(grid):
            cells = []
            for i, cell in enumerate(line):
                cells.append(cell.rjust(widths[i]) if self.columns[i].numeric else cell.ljust(widths[i]))
            out.append("  ".join(cells).rstrip())
            if number == 0:
                out.append("  ".join("-" * width for width in widths))
        return lines("\n".join([*out, *self.notes])) + "\n"

    def rich(self) -> RichTable:
        """The table for a terminal. Cells are text: brackets in names are no markup."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(
            title=Text(lines(self.title), style="bold"), title_justify="left", box=SIMPLE_HEAD, pad_edge=False
        )
        for column in self.columns:
            table.add_column(
                Text(_cell(column.title)), justify="right" if column.numeric else "left", no_wrap=column.numeric
            )
        for row in self.rows:
            table.add_row(*[Text(_cell(cell)) for cell in row])
        if self.notes:
            table.caption = Text(lines("\n".join(self.notes)), style="dim")
            table.caption_justify = "left"
        return table

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: the records, and the notes."""
        return {"title": self.title, "rows": list(self.records), "notes": list(self.notes)}


def _cell(text: str) -> str:
    """A cell as it is printed: one line, and nothing in it that a CI system takes for a command."""
    return harmless(shortened(text, 200))


def show_tables(tables: Sequence[Table]) -> None:
    """Print tables on standard output: rich on a terminal, plain lines when piped."""
    import sys

    if not sys.stdout.isatty():
        sys.stdout.write("\n".join(table.plain() for table in tables))
        sys.stdout.flush()
        return
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table.rich())
        console.print()
