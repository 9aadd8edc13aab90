"""Equivalence for all numbers over the sets at hand: the columns' correspondence is known, the parameters are symbols.

Where families do not match as families (an answer writes ``bread`` and ``cake`` for ``make[p]``), both formulations are
written out over the sets as they are given, and every row and bound of one side, read through the correspondence that
was found on the data at hand, must be a row of the other side times a positive number and powers of parameters, or
follow from the bounds of its variables. Everything is an identity of exact polynomials in the parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ...language.formulation import Data
from ...language.names import Resolved
from ...programs.program import Program
from ...rationals import Fraction
from ..evidence import Correspondence
from ..maps import Affine
from .checking import (
    ONE,
    BrokenIdentity,
    Checker,
    Monomial,
    Polynomial,
    SymbolicCell,
    SymbolicForm,
    SymbolicLine,
    SymbolicWriter,
    add_form,
)
from .proof import ParameterSign
from .signs import Assumptions
from .symbols import NotLiftable

MOST_COLUMNS = 300
"""Columns of a side that are written out with symbols."""
MOST_SOURCES = 60
"""Rows over the same variables that are tried for one row."""


@dataclass(frozen=True)
class LiftedSide:
    """One side written out: every row and bound, the cost, and for each column what it is on the other side."""

    program: Program
    lines: list[SymbolicLine]
    cost: SymbolicForm
    cells: list[SymbolicCell]
    bounds: Mapping[SymbolicCell, tuple[Fraction | None, Fraction | None]]


def prove_columns(
    a: tuple[Resolved, Program], b: tuple[Resolved, Program], maps: Correspondence, data: Data
) -> tuple[tuple[str, ParameterSign], ...]:
    """The signs under which A and B are equivalent for all numbers over these sets. Raises NotLiftable."""
    if maps.a_merges or maps.b_merges or maps.a_open or maps.b_open or None in (*maps.forward, *maps.backward):
        raise NotLiftable("the variables do not correspond one by one")
    try:
        ours, theirs = _side(*a), _side(*b)
    except BrokenIdentity as trouble:
        raise NotLiftable(str(trouble)) from trouble
    _inverse(maps.forward, maps.backward)
    _inverse(maps.backward, maps.forward)
    assumptions = Assumptions(data)
    _contained(theirs, _images(maps.forward, ours), ours, assumptions)
    _contained(ours, _images(maps.backward, theirs), theirs, assumptions)
    if (ours.program.sense == "feasibility") != (theirs.program.sense == "feasibility"):
        raise NotLiftable("only one side has an objective")
    read = _without_constant(_read(theirs.cost, theirs, _images(maps.forward, ours)))
    cost = _without_constant(ours.cost)
    found = next(_factors(read, cost, assumptions), None) if read and cost else None
    if (read or cost) and (found is None or _less(read, cost, found)):
        raise NotLiftable("the objectives are not proportional for all data")
    return tuple(sorted(assumptions.used.items()))


def _inverse(images: Sequence[Affine | None], back: Sequence[Affine | None]) -> None:
    """There and back again is where one began, whatever the rows say: rows change with the data."""
    for k, image in enumerate(images):
        assert image is not None
        if image.through(back) != Affine({k: 1}):
            raise NotLiftable("the variables correspond only on the data at hand")


def _side(resolved: Resolved, program: Program) -> LiftedSide:
    if len(program.columns) > MOST_COLUMNS:
        raise NotLiftable(f"more than {MOST_COLUMNS} columns")
    lines, cost = SymbolicWriter(resolved, resolved.sets).lines()
    cells: list[SymbolicCell] = [(column.variable, column.members) for column in program.columns]
    bounds = {
        cell: (None if c.lower is None else Fraction(c.lower), None if c.upper is None else Fraction(c.upper))
        for cell, c in zip(cells, program.columns, strict=True)
    }
    return LiftedSide(program, [line for rows in lines.values() for line in rows.values()], cost, cells, bounds)


def _images(images: Sequence[Affine | None], source: LiftedSide) -> list[tuple[SymbolicForm, bool]]:
    """Each image as a form over the source's columns, and whether it is whole on whole columns."""
    found = []
    for image in images:
        assert image is not None
        form: SymbolicForm = {source.cells[j]: {ONE: Fraction(c)} for j, c in image.terms.items()}
        if image.constant:
            form[None] = {ONE: Fraction(image.constant)}
        whole = image.constant.denominator == 1 and all(
            c.denominator == 1 and source.program.columns[j].is_integer for j, c in image.terms.items()
        )
        found.append((form, whole))
    return found


def _read(form: SymbolicForm, target: LiftedSide, images: Sequence[tuple[SymbolicForm, bool]]) -> SymbolicForm:
    """A form over the target's columns as one over the source's."""
    place = {cell: images[k][0] for k, cell in enumerate(target.cells)}
    total: SymbolicForm = {}
    for cell, weight in form.items():
        add_form(total, {None: {ONE: Fraction(1)}} if cell is None else place[cell], weight)
    return total


def _contained(
    target: LiftedSide, images: Sequence[tuple[SymbolicForm, bool]], source: LiftedSide, assumptions: Assumptions
) -> None:
    """Every row, bound and whole number of the target holds on the source's plans."""
    for column, (_, whole) in zip(target.program.columns, images, strict=True):
        if column.is_integer and not whole:
            raise NotLiftable(f"{column.name} is not whole for all data")
    over: dict[frozenset[SymbolicCell], list[SymbolicLine]] = {}
    for line in source.lines:
        over.setdefault(frozenset(c for c in line.form if c is not None), []).append(line)
    for line in target.lines:
        read = _read(line.form, target, images)
        cells = frozenset(c for c in read if c is not None)
        for sign in (1, -1) if line.equation else (1,):
            aim: SymbolicForm = {}
            add_form(aim, read, {ONE: Fraction(sign)})
            if not _shown(aim, over.get(cells, []), source, assumptions):
                raise NotLiftable("a row does not follow from one row of the other side for all data")


def _shown(aim: SymbolicForm, rows: Sequence[SymbolicLine], source: LiftedSide, assumptions: Assumptions) -> bool:
    for row in rows[:MOST_SOURCES]:
        before = dict(assumptions.used)
        for factor in _factors(aim, row.form, assumptions, equation=row.equation):
            if _nonpositive(_less(aim, row.form, factor), assumptions):
                return True
        assumptions.used = before
    before = dict(assumptions.used)
    total: SymbolicForm = {None: dict(aim.get(None, {}))}
    for cell, value in aim.items():
        if cell is None:
            continue
        for monomial, coefficient in value.items():
            bound = source.bounds[cell][1 if coefficient > 0 else 0]
            if bound is None or not assumptions.nonnegative([(name, e) for (name, _), e in monomial]):
                assumptions.used = before
                return False
            add_form(total, {None: {monomial: coefficient}}, {ONE: bound} if bound else {})
    if _nonpositive(total, assumptions):
        return True
    assumptions.used = before
    return False


def _factors(
    target: SymbolicForm, source: SymbolicForm, assumptions: Assumptions, *, equation: bool = False
) -> Iterator[Polynomial]:
    """Single-term factors that could turn the source's variables into the target's: from one entry's terms."""
    cell = min((c for c in target if c is not None), key=repr, default=None)
    if cell is None or cell not in source:
        return
    aim, coefficient = min(target[cell].items(), key=lambda item: repr(sorted(item[0], key=repr)))
    for monomial, value in islice(source[cell].items(), 20):
        ratio = _ratio(aim, monomial)
        number = coefficient / value
        if number < 0 and not equation:
            continue
        before = dict(assumptions.used)
        if all(assumptions.allow(name, "> 0") for (name, _), _ in ratio):
            yield {ratio: number}
        assumptions.used = before


def _ratio(above: Monomial, below: Monomial) -> Monomial:
    exponents = dict(above)
    for atom, exponent in below:
        exponents[atom] = exponents.get(atom, 0) - exponent
    return frozenset((atom, e) for atom, e in exponents.items() if e)


def _less(target: SymbolicForm, source: SymbolicForm, factor: Polynomial) -> SymbolicForm:
    """``target - factor * source``."""
    rest: SymbolicForm = {}
    add_form(rest, target, {ONE: Fraction(1)})
    add_form(rest, source, {m: -v for m, v in factor.items()})
    return rest


def _nonpositive(form: SymbolicForm, assumptions: Assumptions) -> bool:
    """A constant that is at most zero by signs that the data have."""
    for cell, value in form.items():
        if cell is not None:
            return False
        for monomial in value:
            assumptions.nonnegative([(name, e) for (name, _), e in monomial])
    return Checker(dict(assumptions.used)).nonpositive(form)


def _without_constant(form: SymbolicForm) -> SymbolicForm:
    return {cell: value for cell, value in form.items() if cell is not None}
