"""Reading the MPS format, free or fixed; one reader whose sections share names, so it is long.

Sections: NAME, OBJSENSE, OBJNAME, ROWS, COLUMNS with integer markers, RHS, RANGES, BOUNDS, QUADOBJ and QSECTION (one
triangle), QMATRIX and QCMATRIX (the whole symmetric matrix), ENDATA. What programs read in different ways is refused
with its line: a second vector, an entry or a bound given twice, a negative upper bound without a lower one, half of a
QMATRIX. As HiGHS and SCIP have it, an integer column of a MARKER without any bound lies in [0, 1] and 1e20 and more is
infinite (both with a note), and the objective's constant is minus its RHS. SOS, indicators and semi-continuous bounds
are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from ..errors import PyriteError
from ..programs.program import Program, Quadratic, Row
from ..rationals import Exact, divide
from .common import DocumentDraft, Notes, Remarks, Sides, Unsupported, add_product, add_term, is_number, read_number

_READ = "NAME OBJSENSE OBJNAME ROWS COLUMNS RHS RANGES BOUNDS QUADOBJ QMATRIX QSECTION QCMATRIX ENDATA"
_NOT_READ = "SOS SOS1 SOS2 INDICATORS CSECTION GENCONS PWLOBJ PWLNAM LAZYCONS USERCUTS"
_WORDS = "MARKER MAX MIN RNG BND OBJ"
_SECTIONS, _REFUSED = frozenset(_READ.split()), frozenset(_NOT_READ.split())
KEYWORDS = _SECTIONS | _REFUSED | frozenset(_WORDS.split())
"""Words that are no names in files written here."""

_SENSES = {
    **dict.fromkeys(("MAX", "MAXIMIZE", "MAXIMISE", "MAXIMUM"), "maximize"),
    **dict.fromkeys(("MIN", "MINIMIZE", "MINIMISE", "MINIMUM"), "minimize"),
}
_WITH_ARGUMENT = frozenset({"NAME", "OBJSENSE", "OBJNAME", "QSECTION", "QCMATRIX", "ENDATA"})
_SAYS_MAXIMUM = re.compile(r"\*\s*(obj)?sense\s*[:=]?\s*max|\*\s*objective\b.*\(max(imum|imi[sz]e)?\)", re.IGNORECASE)
"""What PuLP and GLPK write above a maximisation instead of OBJSENSE; the prices below it are those to be maximised."""
_LINES = re.compile(r"\r\n|\n|\r")
_INFINITE = frozenset({"inf", "infinity"})
_FORTRAN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)[dD][+-]?\d+\Z")
_FRACTION = re.compile(r"[+-]?\d+/\d+\Z")
_HALF = divide(1, 2)
_LOWER, _UPPER = frozenset({"LO", "LI", "MI"}), frozenset({"UP", "UI", "PL"})
_VALUED = frozenset({"LO", "UP", "FX", "LI", "UI"})
_KINDS = _LOWER | _UPPER | frozenset({"FX", "FR", "BV"})


class _BrokenMPSError(PyriteError):
    """A line that does not fit; in another layout it might."""


def read_mps(text: str, notes: Notes) -> Program:
    """The program in an MPS text. Raises Unsupported or PyriteError with the line."""
    lines = _LINES.split(text)
    ours = Notes()
    try:
        program = _Reader(ours, _free_words).read(lines)
    except _BrokenMPSError as error:
        fixed = Notes()
        try:
            program = _Reader(fixed, _fixed_words).read(lines)
        except PyriteError:
            raise error from None
        if not any(" " in name for name in [*(c.name for c in program.columns), *(r.name for r in program.rows)]):
            raise error from None
        fixed.add("read as fixed MPS, by the columns of its fields: the names hold blanks")
        ours = fixed
    for line in ours.lines:
        notes.add(line)
    return program


def _free_words(line: str, section: str) -> list[str]:
    del section
    return [word for word in re.split(r"[ \t]+", line) if word]


_FIELDS = ((1, 3), (4, 12), (14, 22), (24, 36), (39, 47), (49, 61))
_GAPS = ((0, 1), (3, 4), (12, 14), (22, 24), (36, 39), (47, 49))


def _fixed_words(line: str, section: str) -> list[str]:
    """The fields of a fixed line, columns 2-3, 5-12, 15-22, 25-36, 40-47 and 50-61, as the words of a free one."""
    if section in ("OBJSENSE", "OBJNAME"):
        return line.split()
    if "\t" in line or line[61:].strip(" ") or any(line[a:b].strip(" ") for a, b in _GAPS):
        raise _BrokenMPSError("a line does not keep to the columns of fixed MPS")
    kind, *rest = (line[start:end].strip(" ") for start, end in _FIELDS)
    if section in ("ROWS", "BOUNDS"):
        rest = [kind, *rest]
    elif kind:
        raise _BrokenMPSError("a line does not keep to the columns of fixed MPS")
    return [word for word in rest if word]


@dataclass(slots=True)
class _Side:
    """A row while it is read: its letter, right-hand side and range as written."""

    kind: str
    body: Quadratic = field(default_factory=Quadratic)
    right: Exact | str | None = None
    width: Exact | str | None = None
    line: int = 0


class _Reader:
    def __init__(self, notes: Notes, words_of: Callable[[str, str], list[str]]) -> None:
        self.notes, self.words_of = notes, words_of
        self.remarks = Remarks()
        self.draft = DocumentDraft()
        self.rows: dict[str, _Side] = {}
        self.goals: dict[str, Quadratic] = {}
        self.goal_name: str | None = None
        self.constants: set[str] = set()
        self.sense: str | None = None
        self.says_maximum = 0
        self.section = ""
        self.target = ""
        self.opened: set[str] = set()
        self.integer = False
        self.last_column = ""
        self.entries: set[str] = set()
        self.by_marker: set[int] = set()
        self.touched: set[int] = set()
        self.set_lower: dict[int, Exact | None] = {}
        self.set_upper: dict[int, Exact | None] = {}
        self.negative: dict[int, int] = {}
        self.vectors: dict[str, str] = {}
        self.products: dict[tuple[str, str], dict[tuple[int, int], Exact]] = {}
        self.line = 0

    def read(self, lines: list[str]) -> Program:
        for self.line, line in enumerate(lines, 1):
            if line.startswith("*"):
                self.remarks.read(line[1:])
                self.says_maximum = self.says_maximum or (self.line if _SAYS_MAXIMUM.match(line) else 0)
                continue
            if not line or line.isspace():
                continue
            if self.section == "ENDATA":
                self.notes.add(f"line {self.line}: what follows ENDATA is not read")
                break
            if line[0] in " \t" or not self.header(line):
                self.data(line)
        if self.section != "ENDATA":
            self.fail("the file ends without ENDATA; it may be cut off")
        return self.remarks.apply(self.program())

    def fail(self, reason: str) -> NoReturn:
        raise _BrokenMPSError(f"not MPS: line {self.line}: {reason}")

    def refuse(self, feature: str) -> NoReturn:
        raise Unsupported("MPS", [f"`{feature}`"], f"line {self.line}")

    # -- sections ------------------------------------------------------------------------------------------------

    def header(self, line: str) -> bool:
        """Open a section; False when the line is data that is not indented."""
        words = line.split()
        name = words[0].upper()
        if name in _REFUSED:
            self.refuse(name)
        if name not in _SECTIONS:
            if self.section in ("", "NAME") or (len(words) == 1 and self.section not in ("OBJSENSE", "OBJNAME", "RHS")):
                self.fail(f"{words[0][:40]!r} is no section that is read")
            return False
        self.close()
        if len(words) > 1 and name not in _WITH_ARGUMENT:
            self.fail(f"{name} with more words: a section, or a data line without the blank in front?")
        if name in self.opened and name not in ("QSECTION", "QCMATRIX"):
            self.fail(f"a second section {name}")
        if name == "RHS" and "RANGES" in self.opened:
            self.fail("RANGES stands before RHS, which programs read in different ways")
        self.opened.add(name)
        self.section = name
        self.target = words[1] if len(words) > 1 else ""
        if name == "NAME" and any(word.upper().strip("()") in _SENSES for word in words[2:]):
            self.notes.add(
                f"line {self.line}: MPS has the sense in OBJSENSE; {words[-1]} on the NAME line says nothing"
            )
        if name in ("OBJSENSE", "OBJNAME") and self.target:
            self.data(" " + " ".join(words[1:]))
        if name in ("QSECTION", "QCMATRIX"):
            self.open_matrix(name)
        return True

    def open_matrix(self, name: str) -> None:
        if self.target not in self.rows and self.target not in self.goals:
            self.fail(f"{name} names no row: {self.target[:40]!r}")
        if name == "QSECTION" and self.target in self.rows:
            self.refuse("QSECTION of a constraint")
        if name == "QCMATRIX" and self.target in self.goals:
            self.refuse("QCMATRIX of the objective")
        if (name, self.target) in self.products:
            self.fail(f"a second {name} {self.target[:40]}")
        self.products[name, self.target] = {}

    def close(self) -> None:
        """What must have been said when a section ends."""
        if self.section == "OBJSENSE" and self.sense is None:
            self.fail("OBJSENSE says neither MAX nor MIN")
        if self.section == "OBJNAME" and self.goal_name is None:
            self.fail("OBJNAME names no row")
        if self.section == "COLUMNS" and self.integer:
            self.notes.add("the last MARKER 'INTORG' has no 'INTEND'; all columns after it are integer")

    def data(self, line: str) -> None:
        words = self.words_of(line, self.section)
        for place in range(2, len(words)):
            word = words[place]
            if word[0] == "$":
                if word in self.rows or word in self.draft.columns or word in self.goals:
                    self.fail(f"{word[:40]!r}: a comment or a name?")
                del words[place:]
                break
        if words[0][0] == "*":
            self.fail("a comment's * stands in the first column")
        reader = {
            "OBJSENSE": self.objective_sense,
            "OBJNAME": self.objective_name,
            "ROWS": self.row,
            "COLUMNS": self.column,
            "RHS": self.side,
            "RANGES": self.side,
            "BOUNDS": self.bound,
        }.get(self.section)
        if reader is not None:
            reader(words)
        elif self.section.startswith("Q"):
            self.product(words)
        else:
            self.fail(f"{words[0][:40]!r} stands outside every section")

    def objective_sense(self, words: list[str]) -> None:
        sense = _SENSES.get(words[0].upper())
        if len(words) != 1 or sense is None:
            self.fail(f"OBJSENSE is MAX or MIN, not {' '.join(words)[:40]!r}")
        if self.sense not in (None, sense):
            self.fail("OBJSENSE says two things")
        self.sense = sense

    def objective_name(self, words: list[str]) -> None:
        if len(words) != 1 or self.goal_name not in (None, words[0]):
            self.fail("OBJNAME is one name")
        self.goal_name = words[0]

    # -- numbers -------------------------------------------------------------------------------------------------

    def number(self, text: str) -> Exact:
        if _FORTRAN.match(text):
            self.notes.add(f"line {self.line}: {text[:30]} is read with a Fortran exponent (D as e)")
            text = re.sub("[dD]", "e", text)
        elif _FRACTION.match(text):
            self.fail(f"{text[:40]!r} is a fraction; MPS has decimals only")
        elif not is_number(text):
            self.fail(f"{text[:40]!r} is not a number")
        return read_number(text, f"line {self.line}")

    def value(self, text: str) -> Exact | str:
        """A number, or ``+`` / ``-`` when it is infinite."""
        bare = text.lower()
        if bare.lstrip("+-") in _INFINITE:
            return "-" if bare[0] == "-" else "+"
        return self.number(text)

    # -- rows and columns ----------------------------------------------------------------------------------------

    def row(self, words: list[str]) -> None:
        if len(words) != 2 or words[0].upper() not in ("N", "E", "L", "G"):
            self.fail("a row is a letter (N, E, L, G) and a name")
        kind, name = words[0].upper(), words[1]
        if name in self.rows or name in self.goals:
            self.fail(f"row {name[:40]!r} is there twice")
        if kind == "N":
            self.goals[name] = Quadratic()
        else:
            self.rows[name] = _Side(kind)

    def column(self, words: list[str]) -> None:
        if len(words) >= 2 and words[1].strip("\"'").upper() == "MARKER" and words[1] not in self.rows:
            self.marker(words)
            return
        if len(words) not in (3, 5):
            self.fail("a column line is a name and one or two pairs of row and number")
        name = words[0]
        if name != self.last_column:
            if name in self.draft.columns:
                self.fail(f"column {name[:40]!r} is there twice: its lines do not stand together")
            self.last_column, self.entries = name, set()
        j = self.draft.column(name)
        if self.integer:
            self.draft.domain[j] = "integer"
            self.by_marker.add(j)
        for row, text in zip(words[1::2], words[2::2], strict=True):
            if row in self.entries:
                self.fail(f"column {name[:40]!r} has row {row[:40]!r} twice")
            self.entries.add(row)
            number = self.number(text)
            if row in self.rows:
                add_term(self.rows[row].body, j, number)
            elif row in self.goals:
                add_term(self.goals[row], j, number)
            else:
                self.fail(f"row {row[:40]!r} is not in ROWS")

    def marker(self, words: list[str]) -> None:
        quoted = words[1][0] in "\"'"
        kind = words[2].strip("\"'").upper() if len(words) == 3 else ""
        if kind in ("SOSORG", "SOSEND"):
            self.refuse("SOS")
        if not quoted or kind not in ("INTORG", "INTEND"):
            self.fail("a marker is a name, 'MARKER' in quotes, and 'INTORG' or 'INTEND'")
        if self.integer == (kind == "INTORG"):
            self.fail(f"{words[2]} follows {words[2] if self.integer else 'no INTORG'}")
        self.integer = kind == "INTORG"
        self.last_column = ""  # a column on both sides of a marker would be of both kinds

    # -- sides and bounds ----------------------------------------------------------------------------------------

    def vector(self, name: str) -> None:
        if self.vectors.setdefault(self.section, name) != name:
            self.refuse(f"second {self.section} vector {name[:40]}")

    def side(self, words: list[str]) -> None:
        if not 2 <= len(words) <= 5:
            self.fail(f"a line of {self.section} is a name and one or two pairs of row and number")
        if len(words) % 2 == 1:
            if (words[0] in self.rows or words[0] in self.goals) and self.vectors.get(self.section) != words[0]:
                # As a vector's name it may be meant, or its number is missing: readers differ.
                self.fail(f"{words[0][:40]!r} is a row: its number in {self.section} is missing, or it names a vector")
            self.vector(words[0])
            words = words[1:]
        for name, text in zip(words[::2], words[1::2], strict=True):
            value = self.value(text)
            if name in self.rows:
                row = self.rows[name]
                if (row.right if self.section == "RHS" else row.width) is not None:
                    self.fail(f"row {name[:40]!r} has a second value in {self.section}")
                row.line = self.line
                if self.section == "RHS":
                    row.right = value
                else:
                    row.width = value
            elif name not in self.goals:
                self.fail(f"row {name[:40]!r} is not in ROWS")
            elif self.section == "RHS":
                self.constant(name, value)
            else:
                self.notes.add(f"line {self.line}: a range on the objective row {name[:40]} says nothing")

    def constant(self, name: str, value: Exact | str) -> None:
        if isinstance(value, str) or name in self.constants:
            self.fail(f"the objective {name[:40]!r} has an infinite or a second constant")
        self.constants.add(name)
        self.goals[name].constant = -value

    def bound(self, words: list[str]) -> None:
        kind = words[0].upper()
        if kind in ("SC", "SI", "SN"):
            raise Unsupported("MPS", [f"`{kind}` (semi-continuous bound)"], f"line {self.line}")
        if kind not in _KINDS:
            self.fail(f"{words[0][:40]!r} is no kind of bound that is read")
        name, text = self.bounded(words[1:], kind in _VALUED)
        j = self.draft.columns[name]
        value = self.value(text) if kind in _VALUED else None
        before = (self.draft.lower[j], self.draft.upper[j], self.draft.domain[j] != "continuous")
        again = j in self.touched
        self.touched.add(j)
        if kind in ("LI", "UI"):
            self.draft.domain[j] = "integer"
        elif kind == "BV":
            self.draft.domain[j] = "binary"
        sides = Sides(f"line {self.line}: {name[:40]}", self.notes, self.draft.lower[j], self.draft.upper[j])
        if kind == "BV":
            sides.add(">=", 0)
            sides.add("<=", 1)
        elif kind in ("FR", "FX"):
            sides.add(">=", value if kind == "FX" else "-")
            sides.add("<=", value if kind == "FX" else "+")
        elif kind in _LOWER:
            sides.add(">=", "-" if value is None else value)
        else:
            sides.add("<=", "+" if value is None else value)
            if value is not None and sides.upper is not None and sides.upper < 0:
                self.negative[j] = self.line
        for given, relevant, bound in (
            (self.set_lower, kind not in _UPPER, sides.lower),
            (self.set_upper, kind not in _LOWER, sides.upper),
        ):
            if relevant and given.setdefault(j, bound) != bound:
                self.fail(f"{name[:40]!r} has two different bounds on one side; the first or the last may be meant")
        after = (sides.lower, sides.upper, self.draft.domain[j] != "continuous")
        if again and kind in ("FR", "FX", "BV") and after != before:
            self.fail(f"{name[:40]!r} has a bound before this {kind}; the first or the last may be meant")
        self.draft.lower[j], self.draft.upper[j] = sides.lower, sides.upper

    def bounded(self, rest: list[str], valued: bool) -> tuple[str, str]:
        """The column of a bound and its number; the vector's name, and a number that means nothing, may be missing."""
        columns = self.draft.columns
        spot = 1 if len(rest) == 3 else 0
        if len(rest) == 2 and not valued and rest[1] in columns:
            if rest[0] in columns and self.vectors.get("BOUNDS") != rest[0]:
                self.fail(f"{' '.join(rest)[:60]!r}: which of the two columns is bounded?")
            spot = 1
        shape = len(rest) - spot
        if not 1 <= len(rest) <= 3 or rest[spot] not in columns or (valued and shape != 2):
            self.fail(f"the bound {' '.join(rest)[:60]!r} names no column, or has no number")
        if spot == 1:
            self.vector(rest[0])
        if not valued and shape == 2 and not is_number(rest[spot + 1]):
            self.fail(f"{rest[spot + 1][:40]!r} is not a number")
        return rest[spot], rest[spot + 1] if shape == 2 else ""

    # -- second order --------------------------------------------------------------------------------------------

    def product(self, words: list[str]) -> None:
        if len(words) not in (3, 5):
            self.fail("a second-order term is two columns and a number")
        matrix = self.products.setdefault((self.section, self.target), {})
        for other, text in zip(words[1::2], words[2::2], strict=True):
            for name in (words[0], other):
                if name not in self.draft.columns:
                    self.fail(f"column {name[:40]!r} is not in COLUMNS")
            pair = self.draft.columns[words[0]], self.draft.columns[other]
            triangle = self.section in ("QUADOBJ", "QSECTION")
            if pair in matrix or (triangle and pair[::-1] in matrix):
                twice = "is one triangle and has" if triangle else "has"
                self.fail(f"{self.section} {twice} {words[0][:40]} {other[:40]} twice")
            matrix[pair] = self.number(text)

    def add_products(self, goal: str) -> None:
        """Add every matrix to its body: ``x'Qx / 2`` in the objective, ``x'Qx`` in a row."""
        names = list(self.draft.columns)
        for (section, target), matrix in self.products.items():
            where = target or goal
            body = self.rows[where].body if where in self.rows else self.goals[where]
            whole = section in ("QMATRIX", "QCMATRIX")
            for (j, k), value in matrix.items():
                if whole and matrix.get((k, j)) != value:
                    raise PyriteError(
                        f"not MPS: {section} is a whole symmetric matrix, and {names[j][:40]} {names[k][:40]} differs "
                        f"from {names[k][:40]} {names[j][:40]}, or one of them is missing"
                    )
                halved = section != "QCMATRIX" and (whole or j == k)
                add_product(body, j, k, value * _HALF if halved else value)

    # -- the end -------------------------------------------------------------------------------------------------

    def program(self) -> Program:
        if not self.goals:
            self.fail("ROWS has no N row, so there is no objective")
        goal = self.goal_name or next(iter(self.goals))
        if goal not in self.goals:
            self.fail(f"OBJNAME {goal[:40]!r} is no N row")
        if self.says_maximum and self.sense is None:
            self.line = self.says_maximum
            self.fail("this comment says that the objective is maximized; without OBJSENSE it is minimized: write one")
        for name in self.goals:
            if name != goal:
                self.notes.add(f"the free row {name[:40]} (another N row) constrains nothing and is left out")
        self.settle_bounds()
        self.add_products(goal)
        rows = []
        for name, item in self.rows.items():
            row = self.sided(name, item)
            if row is not None:
                rows.append(row)
        sense = self.sense or "minimize"
        return Program(self.draft.finish(), rows, "maximize" if sense == "maximize" else "minimize", self.goals[goal])

    def settle_bounds(self) -> None:
        names = list(self.draft.columns)
        for j, line in self.negative.items():
            if j not in self.set_lower:
                self.line = line
                self.fail(
                    f"{names[j][:40]} has a negative upper bound and no lower one: CPLEX, Gurobi and CBC take that for "
                    "no lower bound, HiGHS and SCIP for 0; add MI or LO"
                )
        taken = [j for j in self.by_marker if j not in self.touched]
        for j in taken:
            self.draft.domain[j] = "binary"
            self.draft.upper[j] = 1
        if taken:
            first = names[min(taken)][:40]
            what = (
                f"{first} is an integer" if len(taken) == 1 else f"{len(taken):,} columns such as {first} are integers"
            )
            self.notes.add(f"{what} without any bound: read as 0 or 1, as MPS has it")

    def sided(self, name: str, item: _Side) -> Row | None:
        sides = Sides(f"line {item.line}: row {name[:40]}", self.notes)
        right: Exact | str = 0 if item.right is None else item.right
        relation = {"E": "=", "L": "<=", "G": ">="}[item.kind]
        sides.add(relation, right)
        width = item.width
        base = sides.upper if item.kind == "L" else sides.lower
        if width is not None and base is not None:
            negative = width == "-" if isinstance(width, str) else width < 0
            below = item.kind == "L" or (item.kind == "E" and negative)
            if isinstance(width, str):
                sides.add(">=" if below else "<=", "-" if below else "+")
            else:
                size = -width if negative else width
                sides.add(">=" if below else "<=", base - size if below else base + size)
        elif width is not None:
            sides.fail("has an infinite side and a range")
        if sides.lower is None and sides.upper is None:
            self.notes.add(f"row {name[:40]} has only infinite sides, says nothing and is left out")
            return None
        return Row(name, item.body, sides.lower, sides.upper, name)
