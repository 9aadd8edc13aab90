"""Writing the free MPS format.

The objective's constant stands in RHS with its sign turned, as HiGHS, SCIP, CPLEX and Gurobi have it. Both bounds of
every integer column are written, because their default differs between readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..programs.program import Program, Row
from ..rationals import Exact, divide
from .common import NameTable, Notes, Unsupported, remark
from .mps_reading import KEYWORDS

_NAME = re.compile(r"[!-~]+\Z")
_HALF = divide(1, 2)


def fits(name: str) -> bool:
    """Whether free MPS takes this name: printable, no spaces, not a keyword, no comment sign in front."""
    plain = _NAME.match(name) is not None and len(name) <= 200 and name[0] not in "*$'\""
    return plain and name.upper() not in KEYWORDS


def write_mps(program: Program, notes: Notes) -> str:
    """The program as free MPS text."""
    columns = NameTable.of((column.name for column in program.columns), fits)
    rows = NameTable.of((row.name for row in program.rows), fits)
    return "\n".join(_Writer(program, columns, rows, notes).lines()) + "\n"


class _Writer:
    def __init__(self, program: Program, columns: NameTable, rows: NameTable, notes: Notes) -> None:
        self.program, self.columns, self.rows, self.notes = program, columns, rows, notes
        self.ranges: list[tuple[str, str, str]] = []
        self.named = list(self.split(zip(program.rows, rows.safe, strict=True)))

    def split(self, named: Iterable[tuple[Row, str]]) -> Iterator[tuple[Row, str]]:
        """Rows with their names; a row whose sides cross, which RANGES cannot say, becomes two."""
        taken = set(self.rows.safe)
        for row, name in named:
            if row.lower is None or row.upper is None or row.lower <= row.upper:
                yield row, name
                continue
            low, high = f"{name}_low", f"{name}_high"
            while low in taken or high in taken:
                low, high = f"{low}_", f"{high}_"
            taken |= {low, high}
            self.ranges.append((name, low, high))
            yield replace(row, upper=None), low
            yield replace(row, lower=None), high

    def lines(self) -> Iterator[str]:
        program = self.program
        yield from self.remarks()
        yield "NAME pyrite"
        if program.sense == "maximize":
            yield "OBJSENSE"
            yield "    MAX"
        yield "ROWS"
        yield " N OBJ"
        for row, name in self.named:
            yield f" {self.kind(row)} {name}"
        yield "COLUMNS"
        yield from self.entries()
        yield from self.right_sides()
        yield from self.bounds()
        if program.objective.quadratic:
            yield "QUADOBJ"
            for (j, k), value in program.objective.quadratic.items():
                number = self.notes.number(2 * value if j == k else value, "the objective")
                yield f"    {self.columns.safe[j]} {self.columns.safe[k]} {number}"
        for row, name in self.named:
            yield from self.matrix(row, name)
        yield "ENDATA"

    def remarks(self) -> Iterator[str]:
        if self.program.sense == "feasibility":
            yield remark("*", "sense", "feasibility")
        for new, old in self.columns.changed.items():
            yield remark("*", "column", new, old)
        halves = {name: low for name, low, _ in self.ranges}
        for new, old in self.rows.changed.items():
            yield remark("*", "row", halves.get(new, new), old)
        for name, low, high in self.ranges:
            yield remark("*", "range", low, high)
            if name not in self.rows.changed:
                yield remark("*", "row", low, name)
        for column, name in zip(self.program.columns, self.columns.safe, strict=True):
            if column.domain == "binary" and (column.lower, column.upper) != (0, 1):
                yield remark("*", "binary", name)

    @staticmethod
    def kind(row: Row) -> str:
        if row.lower is None and row.upper is None:
            raise Unsupported("program", ["`free row` (a row with no side)"], row.name)
        if row.lower == row.upper:
            return "E"
        return "G" if row.upper is None else "L"

    def entries(self) -> Iterator[str]:
        by_column: list[list[tuple[str, Exact, str]]] = [[] for _ in self.program.columns]
        for j, value in self.program.objective.linear.items():
            by_column[j].append(("OBJ", value, "the objective"))
        for row, name in self.named:
            for j, value in row.body.linear.items():
                by_column[j].append((name, value, f"row {row.name}"))
        integer = False
        for column, name, entries in zip(self.program.columns, self.columns.safe, by_column, strict=True):
            if column.is_integer != integer:
                integer = column.is_integer
                yield self.marker(integer)
            for row_name, value, where in entries or [("OBJ", 0, "")]:
                yield f"    {name} {row_name} {self.notes.number(value, where)}"
        if integer:
            yield self.marker(False)

    @staticmethod
    def marker(begins: bool) -> str:
        return f"    MARKER 'MARKER' 'INT{'ORG' if begins else 'END'}'"

    def right_sides(self) -> Iterator[str]:
        number = self.notes.number
        yield "RHS"
        constant = self.program.objective.constant
        if constant != 0:
            yield f"    RHS OBJ {number(-constant, 'the objective')}"
        for row, name in self.named:
            side = row.lower if row.upper is None else row.upper
            if side:
                yield f"    RHS {name} {self.notes.side(side, f'row {row.name}')}"
        ranges = [
            (name, row, row.upper - row.lower)
            for row, name in self.named
            if row.lower is not None and row.upper is not None and row.lower != row.upper
        ]
        if ranges:
            yield "RANGES"
        for name, row, width in ranges:
            yield f"    RNG {name} {self.notes.side(width, f'row {row.name}')}"

    def bounds(self) -> Iterator[str]:
        yield "BOUNDS"
        number = self.notes.side
        for column, name in zip(self.program.columns, self.columns.safe, strict=True):
            where, lower, upper = f"a bound of {column.name}", column.lower, column.upper
            if column.domain == "binary" and (lower, upper) == (0, 1):
                yield f" BV BND {name}"
            elif lower is None and upper is None:
                yield f" FR BND {name}"
            elif lower is not None and lower == upper:
                yield f" FX BND {name} {number(lower, where)}"
            else:
                if lower is None:
                    yield f" MI BND {name}"
                elif lower != 0 or upper is not None:
                    yield f" LO BND {name} {number(lower, where)}"
                if upper is not None:
                    yield f" UP BND {name} {number(upper, where)}"
                elif column.is_integer:
                    yield f" PL BND {name}"

    def matrix(self, row: Row, name: str) -> Iterator[str]:
        if not row.body.quadratic:
            return
        yield f"QCMATRIX {name}"
        for (j, k), value in row.body.quadratic.items():
            one, two = self.columns.safe[j], self.columns.safe[k]
            number = self.notes.number(value if j == k else value * _HALF, f"row {row.name}")
            yield f"    {one} {two} {number}"
            if j != k:
                yield f"    {two} {one} {number}"
