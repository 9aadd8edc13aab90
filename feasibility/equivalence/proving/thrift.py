"""Plans that waste what the objective chooses, and so tell nothing apart.

Where one column is all of the objective and rows only keep it from being cheaper (a makespan, the least of several
amounts), a plan with a dearer value of it is the same decision told badly. A bound of that column, or that it is whole,
may forbid such plans and no others: ``least >= 0`` beside amounts that are never negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...programs.program import Program, Row
from ...rationals import Exact, Fraction, divide, simplify
from ..evidence import Certificate, Target
from ..maps import Affine
from .claims import ClaimSource
from .preference import cost

_MOST_ROWS = 20


def pressed(program: Program) -> int | None:
    """The column that is all of the objective, and the most or the least of several amounts; None without one.

    Rows of several columns keep it from being cheaper, two at least, and none keeps it from being dearer. A column that
    one row holds is as well a decision with a price, of which each plan counts.
    """
    goal = cost(program)
    if goal.quadratic or len(goal.linear) != 1:
        return None
    ((j, price),) = goal.linear.items()
    held = [row for row in program.rows if j in row.linear]
    free = all((row.upper if row.linear[j] * price > 0 else row.lower) is None for row in held)
    several = sum(len(row.linear) > 1 for row in held) > 1
    return j if several and free and not any(row.body.quadratic for row in held) else None


def thrifty(program: Program, j: int, plan: Sequence[Exact]) -> tuple[Exact, ...]:
    """The plan with the best value of the pressed column ``j`` that the rest of it allows."""
    held = [form.value(plan) for form in _held(program, j)]
    if not held:
        return tuple(plan)
    dear = cost(program).linear[j] > 0
    best = max(held) if dear else min(held)
    if program.columns[j].is_integer:
        best = simplify(Fraction(-(-best // 1) if dear else best // 1))
    return (*plan[:j], best, *plan[j + 1 :])


def at_best(source: ClaimSource, image: Affine, limit: Exact, target: Target) -> Certificate | None:
    """The certificate that the pressed column, ``image``, is at most 0 or whole at its best; None without one.

    Of other limits nothing is said: more than so many may be the problem's own.
    """
    j = pressed(source.program)
    if j is None or source.program.columns[j].is_integer or image.terms.keys() != {j}:
        return None
    if target.side != "integer" and (
        limit != 0 or image.constant or image.terms[j] * cost(source.program).linear[j] < 0
    ):
        return None
    plain = ClaimSource(source.program, source.policy, source.deadline)
    parts = []
    for held in _held(source.program, j):
        form = held.scaled(image.terms[j]).plus(Affine({}, image.constant))
        if target.side == "integer":
            whole = plain.surely_whole(form, target)
            proof = None if whole is None else whole.certificate
        else:
            proof = plain.prove(form, limit, target).certificate
        if proof is None or proof.method in ("solver", "empty", "crossed"):
            return None
        parts.append(proof)
    return Certificate(target, "thrift", parts=tuple(parts)) if parts else None


def _held(program: Program, j: int) -> list[Affine]:
    """What the rows, and its own end last, keep the pressed column from being cheaper than."""
    price = cost(program).linear[j]
    found = []
    for row in program.rows:
        weight = row.linear.get(j, 0)
        side = row.lower if weight * price > 0 else row.upper
        if weight and side is not None:
            rest = Affine({k: divide(-c, weight) for k, c in row.linear.items() if k != j})
            found.append(rest.plus(Affine({}, divide(side, weight))))
    end = program.columns[j].lower if price > 0 else program.columns[j].upper
    return found if end is None else [*found, Affine({}, end)]


def broken(target: Program, image: Sequence[Exact | None]) -> Target | None:
    """A row, bound or whole number of the target that an image, complete, does not keep; None when it is a plan."""
    values = {k: value for k, value in enumerate(image) if value is not None}
    for number, row in enumerate(target.rows):
        said = sum((c * values[k] for k, c in row.linear.items()), 0)
        if row.upper is not None and said > row.upper:
            return Target("row", number, "upper")
        if row.lower is not None and said < row.lower:
            return Target("row", number, "lower")
    for number, column in enumerate(target.columns):
        value = values[number]
        if column.upper is not None and value > column.upper:
            return Target("column", number, "upper")
        if column.lower is not None and value < column.lower:
            return Target("column", number, "lower")
        if column.is_integer and Fraction(value).denominator != 1:
            return Target("column", number, "integer")
    return None


def telling(
    source: ClaimSource,
    target: Program,
    images: Sequence[Affine | None],
    claim: tuple[Target, Affine | None, Exact],
    point: tuple[Exact, ...],
) -> tuple[tuple[Exact, ...], Target] | None:
    """A plan of the source that wastes nothing and is none of the target, with what it breaks; None when none is found.

    ``point`` breaks the claim, perhaps by waste alone. Where no column is pressed, or some image is missing, it stands.
    """
    j = pressed(source.program)
    aim = claim[0]
    if j is None or any(image is None for image in images):
        return point, aim
    for plan in _plans(source, j, claim, point):
        best = thrifty(source.program, j, plan)
        miss = broken(target, [image.value(best) for image in images if image is not None])
        if miss is not None:
            return best, miss
    return None


def _plans(
    source: ClaimSource, j: int, claim: tuple[Target, Affine | None, Exact], point: tuple[Exact, ...]
) -> Iterator[tuple[Exact, ...]]:
    """The point, then plans that break the claim while one row holds the pressed column."""
    yield point
    aim, body, limit = claim
    price = cost(source.program).linear[j]
    holding = [n for n, row in enumerate(source.program.rows) if j in row.linear and len(row.linear) > 1]
    for number in () if body is None else holding[:_MOST_ROWS]:
        rows: list[Row] = list(source.program.rows)
        side = rows[number].lower if rows[number].linear[j] * price > 0 else rows[number].upper
        rows[number] = replace(rows[number], lower=side, upper=side)
        held = ClaimSource(replace(source.program, rows=rows), source.policy, source.deadline)
        assert body is not None
        outcome = held.prove(body, limit, aim)
        if outcome.status == "refuted" and outcome.point is not None:
            yield outcome.point
