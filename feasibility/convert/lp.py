"""The LP format (CPLEX's, as HiGHS, Gurobi and SCIP read it): writing.

What the format lacks is put into remarks that read back: a two-sided row becomes two rows (``a_low``, ``a_high``),
since readers differ on ``-5 <= x + y <= 5``; a binary with tighter bounds becomes a general integer; the sense
feasibility becomes ``minimize 0``. Both bounds of every variable are written, because the default (lower bound zero) is
a trap.
Reading is in ``lp_reading``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact
from .common import NameTable, Notes, Unsupported, remark
from .lp_words import RESERVED

KEYWORDS = RESERVED | {"nan", "obj", "constraints", "indicator"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_WIDTH = 200


def fits(name: str) -> bool:
    """Whether every LP reader takes this name: no keyword, nothing that could be the exponent of a number."""
    plain = _NAME.match(name) is not None and len(name) <= 200 and name.lower() not in KEYWORDS
    return plain and not re.match(r"[eE]\d*\Z|[eE]\d+", name)


def write_lp(program: Program, notes: Notes) -> str:
    """The program as LP text."""
    columns = NameTable.of((column.name for column in program.columns), fits)
    rows = NameTable.of((row.name for row in program.rows), fits)
    return "\n".join(_Writer(program, columns, rows, notes).lines()) + "\n"


class _Writer:
    def __init__(self, program: Program, columns: NameTable, rows: NameTable, notes: Notes) -> None:
        self.program, self.columns, self.rows, self.notes = program, columns, rows, notes
        self.ranges = self.split_names()

    def split_names(self) -> dict[str, tuple[str, str]]:
        """Row name -> the names of its two halves, for rows with two different sides."""
        halves: dict[str, tuple[str, str]] = {}
        taken = set(self.rows.safe)
        for row, name in zip(self.program.rows, self.rows.safe, strict=True):
            if row.lower is not None and row.upper is not None and row.lower != row.upper:
                pair = []
                for side in ("low", "high"):
                    new = f"{name}_{side}"
                    while new in taken:
                        new += "_"
                    taken.add(new)
                    pair.append(new)
                halves[name] = (pair[0], pair[1])
        return halves

    def lines(self) -> Iterator[str]:
        program = self.program
        yield from self.remarks()
        yield "maximize" if program.sense == "maximize" else "minimize"
        yield from self.wrap(" obj:", self.objective())
        yield "subject to"
        for row, name in zip(program.rows, self.rows.safe, strict=True):
            yield from self.row(row, name)
        yield "bounds"
        for column, name in zip(program.columns, self.columns.safe, strict=True):
            if not (column.domain == "binary" and (column.lower, column.upper) == (0, 1)):
                yield f" {self.bounds(column, name)}"
        kinds = [self.kind(column) for column in program.columns]
        for section in ("general", "binary"):
            names = [name for name, kind in zip(self.columns.safe, kinds, strict=True) if kind == section]
            if names:
                yield section
                yield from self.wrap("", names)
        yield "end"

    def remarks(self) -> Iterator[str]:
        if self.program.sense == "feasibility":
            yield remark("\\", "sense", "feasibility")
        for new, old in self.columns.changed.items():
            yield remark("\\", "column", new, old)
        for new, old in self.rows.changed.items():
            yield remark("\\", "row", self.ranges.get(new, (new,))[0], old)
        for name, (low, high) in self.ranges.items():
            yield remark("\\", "range", low, high)
            if name not in self.rows.changed:
                yield remark("\\", "row", low, name)
        for column, name in zip(self.program.columns, self.columns.safe, strict=True):
            if column.domain == "binary" and self.kind(column) == "general":
                yield remark("\\", "binary", name)

    @staticmethod
    def kind(column: Column) -> str:
        if column.domain == "binary" and (column.lower, column.upper) == (0, 1):
            return "binary"
        return "continuous" if column.domain == "continuous" else "general"

    @staticmethod
    def wrap(start: str, words: list[str]) -> Iterator[str]:
        line = start
        for word in words:
            if len(line) + len(word) > _WIDTH:
                yield line
                line = " "
            line += f" {word}"
        yield line

    def objective(self) -> list[str]:
        """All terms; also ``0 x`` where needed, so that columns first appear in their own order."""
        body = self.program.objective
        used = sorted(body.linear)
        for row in self.program.rows:
            used.extend(row.body.linear)
            used.extend(j for pair in row.body.quadratic for j in pair)
        in_order = list(dict.fromkeys(used)) == list(range(len(self.program.columns))) and not body.quadratic
        wanted = sorted(body.linear) if in_order else range(len(self.columns.safe))
        linear = {j: body.linear.get(j, 0) for j in wanted}
        words = self.linear(linear, "the objective")
        if body.constant != 0:
            words.append(self.term(body.constant, "", "the objective"))
        if body.quadratic:
            doubled = {pair: 2 * value for pair, value in body.quadratic.items()}
            words += ["+", "[", *self.products(doubled, "the objective"), "]", "/", "2"]
        return words

    def term(self, coefficient: Exact, name: str, where: str) -> str:
        size = -coefficient if coefficient < 0 else coefficient
        sign = "-" if coefficient < 0 else "+"
        text = self.notes.number(size, where)
        return f"{sign} {text} {name}".rstrip() if size != 1 or not name else f"{sign} {name}"

    def linear(self, terms: dict[int, Exact], where: str) -> list[str]:
        return [self.term(value, self.columns.safe[j], where) for j, value in terms.items()]

    def products(self, terms: dict[tuple[int, int], Exact], where: str) -> list[str]:
        names = self.columns.safe
        return [
            self.term(value, f"{names[j]} ^2" if j == k else f"{names[j]} * {names[k]}", where)
            for (j, k), value in terms.items()
        ]

    def row(self, row: Row, name: str) -> Iterator[str]:
        where = f"row {row.name}"
        words = self.body(row.body, where)
        side = self.notes.side
        if row.lower is None and row.upper is None:
            raise Unsupported("program", ["`free row` (a row with no side)"], row.name)
        if row.lower is not None and row.lower == row.upper:
            yield from self.wrap(f" {name}:", [*words, f"= {side(row.lower, where)}"])
            return
        low, high = self.ranges.get(name, (name, name))
        if row.lower is not None:
            yield from self.wrap(f" {low}:", [*words, f">= {side(row.lower, where)}"])
        if row.upper is not None:
            yield from self.wrap(f" {high}:", [*words, f"<= {side(row.upper, where)}"])

    def body(self, body: Quadratic, where: str) -> list[str]:
        words = self.linear(body.linear, where)
        if body.quadratic:
            words += ["+", "[", *self.products(body.quadratic, where), "]"]
        return words or [f"0 {self.columns.safe[0]}"]

    def bounds(self, column: Column, name: str) -> str:
        where = f"a bound of {column.name}"
        number = self.notes.side
        if column.lower is None and column.upper is None:
            return f"{name} free"
        if column.lower is not None and column.lower == column.upper:
            return f"{name} = {number(column.lower, where)}"
        if column.upper is None:
            assert column.lower is not None
            return f"{name} >= {number(column.lower, where)}"
        low = "-inf" if column.lower is None else number(column.lower, where)
        return f"{low} <= {name} <= {number(column.upper, where)}"
