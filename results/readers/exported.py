"""Rows of ``outputs.parquet`` as ``pyrite export`` writes them: the columns, and all else as JSON text in ``extra``."""

from __future__ import annotations

from collections.abc import Iterator

from ..exchange import OUTPUT_COLUMNS, output_from_row
from ..outputs import Output
from .protocol import FileRow, ReadAnswer


class Exported:
    """Every column of the export and no other."""

    title = "outputs.parquet of pyrite export"

    def claims(self, row: FileRow) -> bool:
        """Whether these are the columns of the export."""
        return set(row) == set(OUTPUT_COLUMNS)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer. Raises PyriteError when a cell is of another kind."""
        output = Output.from_dict(output_from_row(row))
        yield ReadAnswer(
            output.problem_id, output.output, output.sample, output.finish, output.seconds, extra=output.extra
        )


EXPORTED = Exported()
