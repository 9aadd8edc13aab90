"""Which line of an output's formulation stands for which line of the reference, and whether both say the same.

Lines are paired by name and by the signs they share. ``same`` means: the same relation after collecting terms, moving
everything to one side, scaling, putting numbers in the place of scalar parameters and folding the spelling of names.
``different`` means *written* differently: two lines can be marked so and mean the same (an indexed family and its
members written out); what is wrong is for the verdict to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...feasibility.language.formulation import Formulation
from ...feasibility.language.grammar.parsing import ExpressionError
from ...feasibility.language.grammar.syntax import Binary, Expression, NameReference, Negative, Number, Square
from ...feasibility.language.mathematics import MathRow, Writer, read_expression, read_relation
from ...feasibility.programs.correspondence import words
from ...feasibility.rationals import Exact, Fraction
from .formulas import differing, row_html

ASSIGN_AT_MOST = 80
"""Beyond this many lines of a kind they are paired by name alone."""


@lru_cache(maxsize=20_000)
def fold(name: str) -> str:
    """A name without case, separators and number of spelling."""
    return "_".join(words(name)) or name


@dataclass(frozen=True, slots=True)
class AligningReader:
    """How to read one formulation: scalar parameters as their ``numbers``, and names that are another's ``renames``."""

    numbers: Mapping[str, Exact] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)

    def fold(self, name: str) -> str:
        """The name as the other formulation spells it, folded."""
        return fold(self.renames.get(name, name))


PLAIN = AligningReader()


@dataclass(frozen=True, slots=True)
class AlignedCell:
    """One line of one formulation in an aligned table. ``mark`` is same, different, extra or empty (no reference)."""

    row: MathRow
    mark: str
    html: str


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """One line of the table: the reference's (None: it has no such line) and one cell a run (None: missing there)."""

    kind: str
    key: str
    reference: MathRow | None
    cells: tuple[AlignedCell | None, ...]


def canonical(text: str, reader: AligningReader = PLAIN) -> frozenset[tuple[Any, ...]] | None:
    """What a relation says, in a form that equals that of another way to write it; None when it does not read."""
    try:
        relation = read_relation(text)
    except ExpressionError:
        return None
    found = set()
    for place, operator in enumerate(relation.operators):
        terms = Counter[str]()
        _collect(terms, relation.terms[place], Fraction(1), reader)
        _collect(terms, relation.terms[place + 1], Fraction(-1), reader)
        found.add(_scaled(terms, operator))
    return frozenset(found)


def canonical_expression(text: str, reader: AligningReader = PLAIN) -> tuple[Any, ...] | None:
    """The same for an objective: its collected terms."""
    try:
        tree = read_expression(text)
    except ExpressionError:
        return None
    terms = Counter[str]()
    _collect(terms, tree, Fraction(1), reader)
    return tuple(sorted((key, value) for key, value in terms.items() if value))


def _scaled(terms: Mapping[str, Any], operator: str) -> tuple[Any, ...]:
    kept = sorted((key, value) for key, value in terms.items() if value)
    lead = next((abs(value) for key, value in kept if key), Fraction(1))
    sign = -1 if operator == ">=" else 1
    if operator == "==":
        first = next((value for key, value in kept if key), Fraction(1))
        sign = 1 if first > 0 else -1
    return ("==" if operator == "==" else "<=", *((key, sign * value / lead) for key, value in kept))


def _collect(terms: Any, tree: Expression, factor: Fraction, reader: AligningReader) -> None:
    """Add ``factor`` times the tree to ``terms``, sign text by coefficient; what is not a sum stays one term."""
    left = [(tree, factor)]
    while left:
        node, scale = left.pop()
        if isinstance(node, Binary) and node.operator in "+-":
            left.append((node.left, scale))
            left.append((node.right, -scale if node.operator == "-" else scale))
        elif isinstance(node, Negative):
            left.append((node.operand, -scale))
        else:
            number, key = _product(node, reader)
            terms[key] += scale * number


def _product(tree: Expression, reader: AligningReader) -> tuple[Fraction, str]:
    """A product as its number and the text of its other factors, sorted."""
    number = Fraction(1)
    names: list[str] = []
    left: list[tuple[Expression, bool]] = [(tree, False)]
    while left:
        node, below = left.pop()
        value = _number(node, reader)
        if value is not None and (value or not below):
            number = number / value if below else number * value
        elif isinstance(node, Binary) and node.operator in "*/":
            left.append((node.left, below))
            left.append((node.right, below != (node.operator == "/")))
        elif isinstance(node, Negative):
            number = -number
            left.append((node.operand, below))
        else:
            names.append(("1/" if below else "") + _text(node, reader))
    return number, "*".join(sorted(names))


def _number(node: Expression, reader: AligningReader) -> Fraction | None:
    if isinstance(node, Number):
        return Fraction(node.value)
    if isinstance(node, NameReference) and not node.indices and node.name in reader.numbers:
        return Fraction(reader.numbers[node.name])
    return None


def _text(node: Expression, reader: AligningReader) -> str:
    if isinstance(node, Square) and isinstance(node.operand, NameReference) and not node.operand.indices:
        return f"{reader.fold(node.operand.name)}²"
    parts = []
    for sign in Writer(limit=400).expression(node):
        below = f"[{sign.below}]" if sign.below else ""
        parts.append((reader.fold(sign.text) if sign.kind == "name" else sign.text) + below)
    return "".join(parts)


def scalars(*formulations: Formulation | None) -> dict[str, Exact]:
    """The parameters that are one number, by name."""
    found: dict[str, Exact] = {}
    for formulation in formulations:
        for name, parameter in (formulation.parameters if formulation else {}).items():
            if not isinstance(parameter.values, Mapping):
                found[name] = parameter.values
    return found


def _meaning(row: MathRow, reader: AligningReader) -> Any:
    if row.kind == "constraint":
        text, _, over = row.source.rpartition("|")
        said = canonical(text, reader)
        return row.source if said is None else (said, over)
    if row.kind == "objective":
        said_terms = canonical_expression(row.source, reader) if row.source else ()
        return (row.signs[0].text, said_terms if said_terms is not None else row.source)
    return (reader.fold(row.key), row.source)


def align(
    reference: Sequence[MathRow],
    runs: Sequence[Sequence[MathRow] | None],
    reader: AligningReader = PLAIN,
    readers: Sequence[AligningReader] = (),
) -> list[AlignedLine]:
    """The table of all lines. ``runs`` has None for an output whose formulation could not be read."""
    known = [readers[i] if i < len(readers) else reader for i in range(len(runs))]
    lines: list[AlignedLine] = []
    for kind in ("objective", "constraint", "variable", "parameter", "set"):
        wanted = [row for row in reference if row.kind == kind]
        columns: list[list[MathRow | None]] = []
        extras: list[tuple[int, MathRow]] = []
        for run, rows in enumerate(runs):
            ours = [row for row in rows or () if row.kind == kind]
            paired = _pair(wanted, ours, known[run])
            columns.append([ours[j] if j is not None else None for j in paired])
            used = set(paired)
            extras += [(run, row) for j, row in enumerate(ours) if j not in used]
        for i, row in enumerate(wanted):
            cells = tuple(_cell(column[i], row, reader, known[r]) for r, column in enumerate(columns))
            lines.append(AlignedLine(kind, row.key, row, cells))
        lines += _extras(kind, extras, len(runs), bool(reference))
    return lines


def _extras(kind: str, extras: Sequence[tuple[int, MathRow]], runs: int, has_reference: bool) -> list[AlignedLine]:
    """Lines that the reference has not; those of one name in several runs share a line."""
    grouped: dict[str, list[AlignedCell | None]] = {}
    for run, row in extras:
        cells = grouped.setdefault(fold(row.key), [None] * runs)
        if cells[run] is not None:
            cells = grouped.setdefault(f"{row.key} #{run} {len(grouped)}", [None] * runs)
        cells[run] = AlignedCell(row, "extra" if has_reference else "", row_html(row))
    return [AlignedLine(kind, next(c.row.key for c in cells if c), None, tuple(cells)) for cells in grouped.values()]


def _cell(row: MathRow | None, reference: MathRow, theirs: AligningReader, ours: AligningReader) -> AlignedCell | None:
    if row is None:
        return None
    if row.signs == reference.signs or _meaning(row, ours) == _meaning(reference, theirs):
        return AlignedCell(row, "same", row_html(row))
    return AlignedCell(row, "different", row_html(row, differing(row.signs, reference.signs)))


def _pair(wanted: Sequence[MathRow], ours: Sequence[MathRow], reader: AligningReader) -> list[int | None]:
    """For each wanted line the number of ours that stands for it."""
    by_name = {reader.fold(row.key): j for j, row in reversed(list(enumerate(ours)))}
    if len(wanted) * len(ours) > ASSIGN_AT_MOST**2:
        return [by_name.get(fold(row.key)) for row in wanted]
    if not wanted or not ours:
        return [None] * len(wanted)
    from scipy.optimize import linear_sum_assignment

    bags = [_bag(row, reader) for row in ours]
    costs = []
    for row in wanted:
        bag, name = _bag(row, PLAIN), fold(row.key)
        costs.append([-_likeness(bag, other) - 0.6 * (by_name.get(name) == j) for j, other in enumerate(bags)])
    paired: list[int | None] = [None] * len(wanted)
    for i, j in zip(*linear_sum_assignment(costs), strict=True):
        # Lines that share little but signs such as + and <= are not each other's counterpart.
        if -costs[i][j] >= 0.34:
            paired[int(i)] = int(j)
    return paired


def _bag(row: MathRow, reader: AligningReader) -> Counter[str]:
    return Counter(
        reader.fold(sign.text) + sign.below if sign.kind in ("variable", "parameter", "name") else sign.text
        for sign in row.signs
        if sign.kind not in ("operator", "text")
    )


def _likeness(ours: Counter[str], theirs: Counter[str]) -> float:
    total = (ours | theirs).total()
    return (ours & theirs).total() / total if total else 0.0
