"""The MPS format: written free, read free or fixed (fixed when no name holds a space).

Sections: NAME, OBJSENSE, ROWS, COLUMNS with integer markers, RHS, RANGES, BOUNDS, QUADOBJ / QMATRIX, QCMATRIX, ENDATA.
The objective's constant stands in RHS with its sign turned, as HiGHS, CPLEX and Gurobi have it. Both bounds of every
integer column are written, because their default differs between readers. SOS, indicators and semi-continuous bounds
are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..errors import PyriteError
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, divide, simplify
from .common import Draft, Names, Notes, Remarks, Unsupported, add_product, add_term, read_number, remark

_READ = "NAME OBJSENSE ROWS COLUMNS RHS RANGES BOUNDS QUADOBJ QMATRIX QCMATRIX ENDATA"
_NOT_READ = "SOS SOS1 SOS2 INDICATORS CSECTION GENCONS PWLOBJ PWLNAM LAZYCONS USERCUTS"
_WORDS = "MARKER OBJNAME MAX MIN RNG BND OBJ QSECTION"
_SECTIONS, _REFUSED = frozenset(_READ.split()), frozenset(_NOT_READ.split())
_KEYWORDS = _SECTIONS | _REFUSED | frozenset(_WORDS.split())
_NAME = re.compile(r"[!-~]+\Z")
_HALF = divide(1, 2)


def fits(name: str) -> bool:
    """Whether free MPS takes this name: printable, no spaces, not a keyword, no comment sign in front."""
    plain = _NAME.match(name) is not None and len(name) <= 200 and name[0] not in "*$'\""
    return plain and name.upper() not in _KEYWORDS


def write_mps(program: Program, notes: Notes) -> str:
    """The program as free MPS text."""
    columns = Names.of((column.name for column in program.columns), fits)
    rows = Names.of((row.name for row in program.rows), fits)
    return "\n".join(_Writer(program, columns, rows, notes).lines()) + "\n"


class _Writer:
    def __init__(self, program: Program, columns: Names, rows: Names, notes: Notes) -> None:
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
                yield f"    RHS {name} {number(side, f'row {row.name}')}"
        ranges = [
            (name, row, row.upper - row.lower)
            for row, name in self.named
            if row.lower is not None and row.upper is not None and row.lower != row.upper
        ]
        if ranges:
            yield "RANGES"
        for name, row, width in ranges:
            yield f"    RNG {name} {number(width, f'row {row.name}')}"

    def bounds(self) -> Iterator[str]:
        yield "BOUNDS"
        number = self.notes.number
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


def read_mps(text: str, notes: Notes) -> Program:
    """The program in an MPS text. Raises Unsupported or PyriteError with the line."""
    return _Reader(notes).read(text)


@dataclass(slots=True)
class _Side:
    kind: str
    body: Quadratic = field(default_factory=Quadratic)
    right: Exact = 0
    width: Exact | None = None


class _Reader:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.remarks = Remarks()
        self.draft = Draft()
        self.rows: dict[str, _Side] = {}
        self.free: set[str] = set()
        self.objective: str | None = None
        self.sense = "MIN"
        self.section = ""
        self.target = ""
        self.integer = False
        self.lowered: set[int] = set()
        self.vectors: dict[str, str] = {}
        self.where = ""

    def read(self, text: str) -> Program:
        for number, line in enumerate(text.splitlines(), 1):
            self.where = f"line {number}"
            if line.startswith("*"):
                self.remarks.read(line[1:])
                continue
            words = line.split()
            if not words:
                continue
            if not line[0].isspace():
                self.header(words)
                if self.section == "ENDATA":
                    break
                continue
            if self.section in ("", "NAME"):
                self.fail("stands outside every section")
            self.line(words)
        if self.section != "ENDATA":
            raise PyriteError("not MPS: the file ends without ENDATA; it may be cut off")
        return self.remarks.apply(self.program())

    def fail(self, reason: str) -> None:
        raise PyriteError(f"not MPS: {self.where}: {reason}")

    def header(self, words: list[str]) -> None:
        name = words[0].upper()
        if name == "QSECTION":
            name = "QCMATRIX"
        if name not in _SECTIONS:
            if name in (
                "SOS",
                "SOS1",
                "SOS2",
                "INDICATORS",
                "CSECTION",
                "GENCONS",
                "PWLOBJ",
                "LAZYCONS",
                "USERCUTS",
                "PWLNAM",
            ):
                raise Unsupported("MPS", [f"`{name}`"], self.where)
            self.fail(f"{words[0][:40]!r} is no section that is read")
        self.section = name
        self.target = words[1] if len(words) > 1 else ""
        if name == "OBJSENSE" and self.target:
            self.line([self.target])
        if name == "QCMATRIX" and self.target == self.objective:
            self.section = "QMATRIX"
        elif name == "QCMATRIX" and self.target not in self.rows:
            self.fail(f"row {self.target!r} is not in ROWS")

    def line(self, words: list[str]) -> None:
        if self.section == "OBJSENSE":
            self.sense = "MAX" if words[0].upper().startswith("MAX") else "MIN"
        elif self.section == "ROWS":
            self.row(words)
        elif self.section == "COLUMNS":
            self.column(words)
        elif self.section in ("RHS", "RANGES"):
            self.side(words)
        elif self.section == "BOUNDS":
            self.bound(words)
        else:
            self.product(words)

    def row(self, words: list[str]) -> None:
        if len(words) != 2 or words[0].upper() not in ("N", "E", "L", "G"):
            self.fail("a row is a letter (N, E, L, G) and a name")
        kind, name = words[0].upper(), words[1]
        if name in self.rows or name in self.free or name == self.objective:
            self.fail(f"row {name!r} is there twice")
        if kind != "N":
            self.rows[name] = _Side(kind)
        elif self.objective is None:
            self.objective = name
            self.goal = Quadratic()
        else:
            self.free.add(name)
            self.notes.add(f"the free row {name} (a second N row) constrains nothing and is left out")

    def column(self, words: list[str]) -> None:
        if len(words) >= 3 and words[1].strip("'\"").upper() == "MARKER":
            self.integer = words[2].strip("'\"").upper() == "INTORG"
            return
        if len(words) not in (3, 5):
            self.fail("a column line is a name and one or two pairs of row and number")
        j = self.draft.column(words[0])
        if self.integer:
            self.draft.domain[j] = "integer"
        for name, value in zip(words[1::2], words[2::2], strict=True):
            number = read_number(value, self.where)
            if name == self.objective:
                add_term(self.goal, j, number)
            elif name in self.rows:
                add_term(self.rows[name].body, j, number)
            elif name not in self.free:
                self.fail(f"row {name!r} is not in ROWS")

    def side(self, words: list[str]) -> None:
        if len(words) % 2 == 1:
            vector, words = words[0], words[1:]
            if self.vectors.setdefault(self.section, vector) != vector:
                raise Unsupported("MPS", [f"`second {self.section} vector {vector}`"], self.where)
        for name, value in zip(words[::2], words[1::2], strict=True):
            number = read_number(value, self.where)
            if self.section == "RHS" and name == self.objective:
                self.goal.constant = -number
            elif name in self.rows and self.section == "RHS":
                self.rows[name].right = number
            elif name in self.rows:
                self.rows[name].width = number
            elif name not in self.free:
                self.fail(f"row {name!r} is not in ROWS")

    def bound(self, words: list[str]) -> None:
        kind = words[0].upper()
        if kind in ("SC", "SI"):
            raise Unsupported("MPS", [f"`{kind}` (semi-continuous bound)"], self.where)
        if kind not in ("LO", "UP", "FX", "FR", "MI", "PL", "BV", "LI", "UI"):
            self.fail(f"{words[0]!r} is no kind of bound that is read")
        valued = kind in ("LO", "UP", "FX", "LI", "UI")
        rest = words[1:]
        # The vector's name may be missing; BV, FR, MI and PL may carry a number that means nothing.
        if (valued and len(rest) == 3) or (not valued and len(rest) >= 2 and rest[1] in self.draft.columns):
            rest = rest[1:]
        if not rest or rest[0] not in self.draft.columns or (valued and len(rest) != 2):
            self.fail(f"the bound {' '.join(words)[:60]!r} names no column")
        j = self.draft.columns[rest[0]]
        value = read_number(rest[1], self.where) if valued else 0
        lower, upper = self.draft.lower, self.draft.upper
        if kind in ("LI", "UI", "BV"):
            self.draft.domain[j] = "integer"
        if kind in ("LO", "LI", "FX"):
            lower[j] = value
            self.lowered.add(j)
        if kind in ("UP", "UI", "FX"):
            upper[j] = value
            if kind != "FX" and value < 0 and j not in self.lowered and lower[j] == 0:
                lower[j] = None
                self.notes.add(f"{rest[0]}: a negative upper bound without a lower one is read as no lower bound")
        elif kind in ("FR", "MI"):
            lower[j] = None
            self.lowered.add(j)
            upper[j] = None if kind == "FR" else upper[j]
        elif kind == "PL":
            upper[j] = None
        elif kind == "BV":
            lower[j], upper[j] = 0, 1
            self.draft.domain[j] = "binary"

    def product(self, words: list[str]) -> None:
        if len(words) != 3 or words[0] not in self.draft.columns or words[1] not in self.draft.columns:
            self.fail("a second-order term is two columns and a number")
        j, k = self.draft.columns[words[0]], self.draft.columns[words[1]]
        value = read_number(words[2], self.where)
        if self.section == "QCMATRIX":
            add_product(self.rows[self.target].body, j, k, value)
        elif self.section == "QMATRIX" or j == k:  # half of a full symmetric matrix
            add_product(self.goal, j, k, value * _HALF)
        else:
            add_product(self.goal, j, k, value)

    def program(self) -> Program:
        if self.objective is None:
            raise PyriteError("not MPS: ROWS has no N row, so there is no objective")
        rows = [Row(name, item.body, *_sides(item), name) for name, item in self.rows.items()]
        sense = "maximize" if self.sense == "MAX" else "minimize"
        columns: list[Column] = self.draft.finish()
        return Program(columns, rows, "maximize" if sense == "maximize" else "minimize", self.goal)


def _sides(item: _Side) -> tuple[Exact | None, Exact | None]:
    """Lower and upper of a row; a range's sign matters only for an equation."""
    right, width = item.right, item.width
    if item.kind == "E":
        if width is None:
            return right, right
        return (right, simplify(right + width)) if width >= 0 else (simplify(right + width), right)
    size = None if width is None else (width if width >= 0 else -width)
    if item.kind == "L":
        return (None if size is None else simplify(right - size)), right
    return right, (None if size is None else simplify(right + size))
