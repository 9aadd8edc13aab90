"""Auxiliary columns: formulas for the columns of one program that the other does not have.

Totals, slacks and objective variables are defined by an equation, or pressed against one row by the objective. Several
columns that together read as one (the digits of a whole number, the two halves of a free variable) are merged. A change
of basis is found from rows of the same name. Every formula is a proposal; the prover decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...programs.correspondence import words
from ...programs.program import Program, Row
from ...rationals import Exact, divide, magnitude, simplify
from ..evidence import Merge
from ..maps import Affine, add_term, solve_for
from ..merging import merged_program
from .clock import in_time
from .parallel import parallel
from .preference import cost

_UNKNOWNS_LIMIT = 400
"""Unknown numbers in a change of basis up to which it is looked for."""


def formulas(program: Program, extra: Iterable[int], deadline: float) -> dict[int, Affine]:
    """Formulas for as many of the ``extra`` columns as equations, and rows that the objective presses on, define.

    The formulas use the other columns only.
    """
    open_columns = set(extra)
    found: dict[int, Affine] = {}
    rows = [row for row in program.rows if not row.body.quadratic and not open_columns.isdisjoint(row.linear)]
    progress = True
    while open_columns and progress:
        progress = False
        for row in rows:
            if row.lower is None or row.lower != row.upper:
                continue
            in_time(deadline)
            progress = _define(row, row.lower, open_columns, found) or progress
    for j in sorted(open_columns):
        in_time(deadline)
        side = _pressing_side(program, rows, j, open_columns)
        if side is not None:
            _define(side[0], side[1], open_columns, found)
    return found


def _define(row: Row, side: Exact, open_columns: set[int], found: dict[int, Affine]) -> bool:
    """Solve the row for its only open column, if it has just one."""
    unknown = [j for j in row.linear if j in open_columns]
    if len(unknown) != 1:
        return False
    j = unknown[0]
    raw = solve_for(row.linear, side, j)
    flat = Affine({}, raw.constant)
    for k, c in raw.terms.items():
        flat = flat.plus(found[k].scaled(c) if k in found else Affine({k: c}))
    if j in flat.terms:
        return False
    found[j] = flat
    open_columns.discard(j)
    return True


def _pressing_side(program: Program, rows: Sequence[Row], j: int, open_columns: set[int]) -> tuple[Row, Exact] | None:
    """The row side against which the objective presses column j (any binding side when it has no cost)."""
    weight = cost(program).linear.get(j, 0)
    for row in rows:
        coefficient = row.linear.get(j)
        if coefficient is None or any(k in open_columns and k != j for k in row.linear):
            continue
        # A positive cost presses j down: the row must hold j up.
        holds_up = row.lower if coefficient > 0 else row.upper
        holds_down = row.upper if coefficient > 0 else row.lower
        if weight >= 0 and holds_up is not None:
            return row, holds_up
        if weight <= 0 and holds_down is not None:
            return row, holds_down
    return None


def merges(program: Program, candidates: Iterable[int]) -> tuple[Program, tuple[Merge, ...], list[int]]:
    """The program with groups of parallel candidate columns read as one, the groups, and the kept columns' old numbers.

    Merged columns stand at the end, in the order of the groups.
    """
    made = [_merge(program, members) for members in parallel(program, candidates, bounds=True)]
    found = [merge for merge in made if merge is not None]
    gone = {j for merge in found for j in merge.weights}
    kept = [j for j in range(len(program.columns)) if j not in gone]
    return merged_program(program, found), tuple(found), kept


def _merge(program: Program, members: Mapping[int, Exact]) -> Merge | None:
    smallest = min(members.values(), key=magnitude)
    weights = {j: divide(lead, smallest) for j, lead in members.items()}
    if program.columns[next(iter(members))].is_integer and not _covers(program, weights):
        return None
    if any(weight > 0 and _is_negative_part(program.columns[j].name) for j, weight in weights.items()):
        # x_neg is what is taken away, whichever of the halves stands first.
        weights = {j: -weight for j, weight in weights.items()}
    names = [words(program.columns[j].name) for j in weights]
    common = []
    for parts in zip(*names, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return Merge(weights, "_".join(common) or program.columns[min(weights)].name + "_merged")


def _is_negative_part(name: str) -> bool:
    return not {"neg", "negative", "minus", "down"}.isdisjoint(words(name))


def _covers(program: Program, weights: Mapping[int, Exact]) -> bool:
    """The weighted whole-number ranges reach every whole number of the merged range."""
    reach: Exact | None = 0
    for j, weight in sorted(weights.items(), key=lambda item: magnitude(item[1])):
        if weight.denominator != 1:
            return False
        if reach is not None and magnitude(weight) > 1 + reach:
            return False
        column = program.columns[j]
        if any(bound is not None and bound.denominator != 1 for bound in (column.lower, column.upper)):
            return False
        if column.lower is None or column.upper is None:
            reach = None
        elif reach is not None:
            reach += magnitude(weight) * (column.upper - column.lower)
    return True


def change_of_basis(
    a: Program, b: Program, pairs: Mapping[int, int], deadline: float
) -> tuple[dict[int, Affine], dict[int, Affine]] | None:
    """Unpaired columns of B as functions of A's columns, and of A as functions of B's, from rows of the same name.

    ``pairs`` maps columns of B to columns of A. Rows of the same name are taken to be the same row, unscaled; the
    system for the unknown numbers is linear and solved exactly. None when it has no single solution.
    """
    ours = [j for j in range(len(a.columns)) if j not in set(pairs.values())]
    theirs = [k for k in range(len(b.columns)) if k not in pairs]
    if not ours or len(ours) != len(theirs) or len(theirs) * (len(a.columns) + 1) > _UNKNOWNS_LIMIT:
        return None
    rows_a = {row.name: row for row in a.rows}
    matched = [(rows_a[row.name], row) for row in b.rows if row.name in rows_a]
    bodies: list[tuple[Mapping[int, Exact], Mapping[int, Exact], Exact | None]] = [
        (mine.linear, yours.linear, _shift(mine, yours)) for mine, yours in matched
    ]
    if a.sense == b.sense:
        bodies.append((a.objective.linear, b.objective.linear, simplify(a.objective.constant - b.objective.constant)))
    paired = dict(pairs)
    width = len(theirs)
    forward: dict[int, dict[int, Exact]] = {k: {} for k in theirs}
    constants: dict[int, Exact] = {}
    for j in [*range(len(a.columns)), None]:
        in_time(deadline)
        system = []
        for mine, yours, shift in bodies:
            left = [yours.get(k, 0) for k in theirs]
            if j is None:
                if shift is None:
                    continue
                system.append([*left, shift])
            else:
                known = sum((c for k, c in yours.items() if paired.get(k) == j), start=0)
                system.append([*left, mine.get(j, 0) - known])
        solved = solve_square(system, width)
        if solved is None:
            return None
        for k, value in zip(theirs, solved, strict=True):
            if j is None:
                constants[k] = value
            elif value:
                forward[k][j] = value
    images = {k: Affine(forward[k], constants[k]) for k in theirs}
    back = _inverse(images, ours, theirs, paired)
    return None if back is None else (images, back)


def _shift(mine: Row, yours: Row) -> Exact | None:
    """What the map adds to the row's value: the difference of the sides that both rows have."""
    for ours, theirs in ((mine.upper, yours.upper), (mine.lower, yours.lower)):
        if ours is not None and theirs is not None:
            return simplify(theirs - ours)
    return None


def solve_square(system: list[list[Exact]], width: int) -> list[Exact] | None:
    """The only solution of the equations (coefficients, then right side); None when there is none or several."""
    rows = [list(row) for row in system]
    pivots = 0
    for column in range(width):
        place = next((i for i in range(pivots, len(rows)) if rows[i][column]), None)
        if place is None:
            return None
        rows[pivots], rows[place] = rows[place], rows[pivots]
        lead = rows[pivots][column]
        rows[pivots] = [divide(c, lead) for c in rows[pivots]]
        for i, row in enumerate(rows):
            if i != pivots and row[column]:
                factor = row[column]
                rows[i] = [simplify(c - factor * p) for c, p in zip(row, rows[pivots], strict=True)]
        pivots += 1
    if any(row[width] for row in rows[pivots:]):
        return None
    return [rows[i][width] for i in range(width)]


def _inverse(
    images: Mapping[int, Affine], ours: list[int], theirs: list[int], pairs: Mapping[int, int]
) -> dict[int, Affine] | None:
    """``ours`` from B's columns, inverting ``images`` on the unpaired part."""
    partner = {j: k for k, j in pairs.items()}
    width = len(ours)
    result: dict[int, dict[int, Exact]] = {j: {} for j in ours}
    constants: dict[int, Exact] = {}
    for k in [*theirs, *pairs, None]:
        system = []
        for t in theirs:
            image = images[t]
            left = [image.terms.get(j, 0) for j in ours]
            if k is None:
                right: Exact = -image.constant
            elif k == t:
                right = 1
            elif k in pairs:
                right = -image.terms.get(pairs[k], 0)
            else:
                right = 0
            system.append([*left, right])
        solved = solve_square(system, width)
        if solved is None:
            return None
        for j, value in zip(ours, solved, strict=True):
            if k is None:
                constants[j] = value
            elif value:
                add_term(result[j], k, value)
    if any(j not in partner and j not in ours for image in images.values() for j in image.terms):
        return None
    return {j: Affine(result[j], constants[j]) for j in ours}
