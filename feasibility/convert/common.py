"""What all file formats share: exact decimals, names a format can take, remarks that read back, refusals by name.

Numbers: a rational with a finite decimal of at most ``MAX_DIGITS`` digits is written exactly and reads back exactly.
Any other (1/3) is written with 17 significant digits, which is what a solver's float keeps, and a note says so.

Names: LP and MPS cannot write every name. A name that is changed is recorded in a comment of the file
(``\\ pyrite column ["make_bread_1", "make[bread,1]"]``), other programs skip it, and reading puts the name back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import NoReturn

from ..errors import PyriteError
from ..language.formulation import Domain, Sense
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, Fraction, from_decimal, magnitude, simplify, to_decimal

MAX_DIGITS = 40
INFINITE = 10**20
"""Bounds and sides of this size and more are infinite: HiGHS, SCIP, CPLEX and Gurobi read 1e20 so in LP and MPS."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
_SEVENTEEN = Context(prec=17)


class Unsupported(PyriteError):  # noqa: N818 - the name says what the feature is
    """Something a format has and the other side has not; ``features`` are its exact names."""

    def __init__(self, format_name: str, features: list[str], where: str = "") -> None:
        first = features[0]
        others = len(features) - 1
        more = f" (and {others} more: {', '.join(features[1:4])}{', ...' if others > 3 else ''})" if others else ""
        place = f" at {where}" if where else ""
        super().__init__(f"{format_name} feature {first}{place} has no counterpart and is not converted{more}")
        self.features = features


@dataclass(slots=True)
class Notes:
    """What a person should know about a conversion; each sentence once."""

    kept: dict[str, None] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The sentences in the order in which they came."""
        return list(self.kept)

    def add(self, line: str) -> None:
        """Keep a sentence unless it is there already."""
        self.kept[line] = None

    def number(self, value: Exact, where: str) -> str:
        """The number's decimal; a note when it had to be rounded."""
        text, exact = decimal_text(value)
        if not exact:
            self.add(f"{where}: {value} has no short finite decimal and is written as {text} (17 significant digits)")
        return text

    def side(self, value: Exact, where: str) -> str:
        """The decimal of a bound or side. Raises Unsupported when LP and MPS would read it as infinite."""
        return self.number(finite(value, where), where)


def decimal_text(value: Exact) -> tuple[str, bool]:
    """A decimal for the number, and whether it is exact.

    >>> decimal_text(Fraction(1, 8)), decimal_text(Fraction(1, 3)), decimal_text(-12)
    (('0.125', True), ('0.33333333333333333', False), ('-12', True))
    """
    text = to_decimal(value, MAX_DIGITS)
    return (_rounded(Fraction(value)), False) if text is None else (text, True)


def _rounded(value: Fraction) -> str:
    return str(_SEVENTEEN.divide(Decimal(value.numerator), Decimal(value.denominator))).replace("E", "e")


def is_number(text: str) -> bool:
    """Whether the text is a decimal such as ``-1.5e3``."""
    return _NUMBER.match(text) is not None


def read_number(text: str, where: str) -> Exact:
    """The decimal's exact value. Raises PyriteError for what is no number or absurdly long."""
    if len(text) < 19 and text.isdecimal() and text.isascii():  # most numbers of most files
        return int(text)
    match = _NUMBER.match(text)
    if match is None:
        raise PyriteError(f"{where}: {text[:40]!r} is not a number")
    exponent = match.group(2)
    if len(text) > 400 or (exponent and len(exponent) > 5) or (exponent and abs(int(exponent[1:])) > 400):
        raise PyriteError(f"{where}: the number {text[:20]}... has too many digits")
    return from_decimal(text)


def finite(value: Exact, where: str) -> Exact:
    """The bound or side as it is. Raises Unsupported when LP and MPS would read it as infinite."""
    if magnitude(value) >= INFINITE:
        raise Unsupported("program", [f"`bound of {float(value):g}` (1e20 and more is infinite in LP and MPS)"], where)
    return value


@dataclass(slots=True)
class Sides:
    """The two sides of a row, or the bounds of a column, while a file is read. ``where`` begins every message."""

    where: str
    notes: Notes
    lower: Exact | None = None
    upper: Exact | None = None

    def fail(self, reason: str) -> NoReturn:
        """Raise PyriteError for this row or column."""
        raise PyriteError(f"{self.where} {reason}")

    def add(self, relation: str, value: Exact | str | None, constant: Exact = 0) -> None:
        """``body <= value`` and so on, where ``constant`` is moved from the body; ``+`` and ``-`` are infinite values.

        An infinite side on the harmless side is no side; on the other it can be met by nothing, and raises PyriteError.
        """
        if not isinstance(value, str) and value is not None and magnitude(value) >= INFINITE:
            text = f"{float(value):g}" if magnitude(value) < 10**300 else "that number"
            self.notes.add(f"{self.where}: {text} is read as infinite (1e20 and more are)")
            value = "+" if value > 0 else "-"
        if isinstance(value, str):
            if relation == "=" or (relation == ">=") == (value == "+"):
                self.fail(f"is {relation} {'-' if value == '-' else ''}infinity, which nothing can be")
            if relation == ">=":
                self.lower = None
            else:
                self.upper = None
            return
        bound = None if value is None else simplify(value - constant)
        if relation != "<=":
            self.lower = bound
        if relation != ">=":
            self.upper = bound


@dataclass(slots=True)
class NameTable:
    """Unique names that a format can take, for each column or row in order, and the remarks that record changes."""

    safe: list[str]
    changed: dict[str, str]

    @classmethod
    def of(cls, names: Iterable[str], fits: Callable[[str], bool], taken: Iterable[str] = ()) -> NameTable:
        """Keep every name that ``fits``; make the others from letters, digits and ``_``. ``taken`` is not used."""
        used = {name.lower() for name in taken}
        safe: list[str] = []
        changed: dict[str, str] = {}
        wanted = list(names)
        # names that can stay keep their claim against names made up for others
        claimed = {name for name in wanted if fits(name)}
        given: set[str] = set()
        tried: dict[str, int] = {}
        for name in wanted:
            if name in claimed and name not in given and name.lower() not in used:
                given.add(name)
                safe.append(name)
                continue
            base = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:60]
            base = base if re.match(r"[A-Za-z]", base) and fits(base) else f"n_{base}".rstrip("_")
            new = base
            while new in given or new in claimed or new.lower() in used:
                tried[base] = tried.get(base, 1) + 1
                new = f"{base}_{tried[base]}"
            given.add(new)
            safe.append(new)
            changed[new] = name
        return cls(safe, changed)


def remark(sign: str, kind: str, *words: str) -> str:
    """A comment line that reads back: kind and words, each word as JSON so that it has no spaces to misread."""
    return f"{sign} pyrite {kind} {json.dumps(words)}"


@dataclass(slots=True)
class Remarks:
    """The remarks of a file: changed names, ranges that were split, binaries, and a sense the format lacks."""

    columns: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[str, str]] = field(default_factory=dict)
    binary: set[str] = field(default_factory=set)
    feasibility: bool = False

    def read(self, comment: str) -> None:
        """Take in one comment; anything that is not a remark is somebody's own comment and skipped."""
        head, _, rest = comment.strip().partition(" ")
        if head != "pyrite":
            return
        kind, _, text = rest.partition(" ")
        try:
            words = json.loads(text)
        except ValueError:
            return
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            return
        if kind == "column" and len(words) == 2:
            self.columns[words[0]] = words[1]
        elif kind == "row" and len(words) == 2:
            self.rows[words[0]] = words[1]
        elif kind == "range" and len(words) == 2:
            self.ranges[words[0]] = (words[0], words[1])
        elif kind == "binary" and len(words) == 1:
            self.binary.add(words[0])
        elif kind == "sense" and words == ["feasibility"]:
            self.feasibility = True

    def apply(self, program: Program) -> Program:
        """The program with its own names, ranges, binaries and sense back."""
        rows: list[Row] = []
        upper_of = dict(self.ranges.values())
        by_name = {row.name: row for row in program.rows}
        joined = {high for low, high in self.ranges.values() if low in by_name and high in by_name}
        for row in program.rows:
            if row.name in joined:
                continue
            partner = by_name.get(upper_of.get(row.name, ""))
            if partner is not None and partner.body == row.body:
                row.upper = partner.upper
            elif partner is not None:
                rows.append(partner)
            rows.append(row)
        for row in rows:
            row.name = row.constraint = self.rows.get(row.name, row.name)
        for column in program.columns:
            if column.name in self.binary and column.domain == "integer":
                column.domain = "binary"
            column.name = column.variable = self.columns.get(column.name, column.name)
        sense: Sense = program.sense
        empty = not program.objective.linear and not program.objective.quadratic
        if self.feasibility and empty:
            sense = "feasibility"
        return Program(program.columns, rows, sense, program.objective)


def plain(program: Program) -> Program:
    """The same program without its history: every column and row stands for itself, as after reading a file.

    This is what writing and reading preserves.
    """
    columns = [Column(item.name, item.domain, item.lower, item.upper, item.name) for item in program.columns]
    rows = [Row(row.name, row.body, row.lower, row.upper, row.name) for row in program.rows]
    return Program(columns, rows, program.sense, program.objective)


@dataclass(slots=True)
class DocumentDraft:
    """A program while a file is read: columns and rows by name, in order of appearance."""

    columns: dict[str, int] = field(default_factory=dict)
    lower: list[Exact | None] = field(default_factory=list)
    upper: list[Exact | None] = field(default_factory=list)
    domain: list[Domain] = field(default_factory=list)

    def column(self, name: str) -> int:
        """The column's number; a new one is continuous with the bounds that LP and MPS take for granted: 0 and none."""
        if name not in self.columns:
            self.columns[name] = len(self.columns)
            self.lower.append(0)
            self.upper.append(None)
            self.domain.append("continuous")
        return self.columns[name]

    def finish(self) -> list[Column]:
        """The columns as a program holds them."""
        parts = zip(self.columns, self.domain, self.lower, self.upper, strict=True)
        return [Column(name, domain, lower, upper, name) for name, domain, lower, upper in parts]


def add_term(body: Quadratic, j: int, coefficient: Exact) -> None:
    """Add to a linear coefficient; what becomes zero leaves."""
    if j not in body.linear:  # nearly always
        if coefficient != 0:
            body.linear[j] = coefficient
        return
    total = simplify(body.linear.get(j, 0) + coefficient)
    if total == 0:
        body.linear.pop(j, None)
    else:
        body.linear[j] = total


def add_product(body: Quadratic, j: int, k: int, coefficient: Exact) -> None:
    """Add to the coefficient of ``x_j * x_k``."""
    pair = (j, k) if j <= k else (k, j)
    total = simplify(body.quadratic.get(pair, 0) + coefficient)
    if total == 0:
        body.quadratic.pop(pair, None)
    else:
        body.quadratic[pair] = total
