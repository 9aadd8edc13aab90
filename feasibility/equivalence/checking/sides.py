"""Programs and evidence as the checker reads them: exact numbers, recomputed from scratch.

Nothing here is shared with the prover but the data types. Whole numbers are ints, which add and multiply ten times
faster than Fractions; the one trap is ``/`` of two ints, which is a float: division is :func:`quotient` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from math import ceil, floor, lcm
from typing import TypeAlias

from ...programs.program import Program, Quadratic
from ...rationals import Exact, Fraction
from ..evidence import Certificate, Line, Merge
from ..maps import Affine

_LONG = 256
"""Bits of a common denominator from which fractions are added one by one."""

AffineForm = tuple[dict[int, Exact], Exact]
"""Terms and constant of an affine function."""


Factors: TypeAlias = "int | tuple[int, int]"
"""A column, or two whose values are multiplied, the smaller number first."""


@dataclass(slots=True)
class CheckedSide:
    """A program as the checker reads it: plain lists of exact numbers; no coefficient in ``rows`` is zero.

    ``products``: inequalities of second order that hold at every plan, and whether they hold as equations.
    """

    lower: list[Exact | None]
    upper: list[Exact | None]
    whole: list[bool]
    rows: list[tuple[dict[int, Exact], Exact | None, Exact | None]]
    cost: dict[int, Exact]
    cost_two: dict[tuple[int, int], Exact]
    cost_constant: Exact
    derived: list[tuple[dict[int, Exact], Exact]] = field(default_factory=list)
    products: list[tuple[dict[Factors, Exact], Exact, bool]] = field(default_factory=list)


def exact(value: Exact) -> Exact:
    """The number as an int where it is whole, else as a Fraction; what is no exact number becomes one."""
    if type(value) is int:
        return value
    value = Fraction(value)
    return value.numerator if value.denominator == 1 else value


def quotient(numerator: Exact, denominator: Exact) -> Exact:
    """The exact quotient. Raises ZeroDivisionError."""
    if type(numerator) is int and type(denominator) is int:
        whole, rest = divmod(numerator, denominator)
        return Fraction(numerator, denominator) if rest else whole
    return exact(Fraction(numerator) / denominator)


def read_side(program: Program) -> CheckedSide:
    """The program in exact numbers, its objective as a cost to keep small."""
    sign = -1 if program.sense == "maximize" else 1
    objective: Quadratic = program.objective

    def number(value: Exact | None) -> Exact | None:
        return None if value is None else exact(value)

    return CheckedSide(
        [number(c.lower) for c in program.columns],
        [number(c.upper) for c in program.columns],
        [c.domain != "continuous" for c in program.columns],
        [({j: exact(v) for j, v in r.linear.items() if v}, number(r.lower), number(r.upper)) for r in program.rows],
        {j: sign * exact(v) for j, v in objective.linear.items()},
        {jk: sign * exact(v) for jk, v in objective.quadratic.items()},
        sign * exact(objective.constant),
    )


def merged_side(side: CheckedSide, groups: Sequence[Merge]) -> CheckedSide:
    """The side with each group of columns replaced by one at the end. Raises ValueError when that loses something."""
    if not groups:
        return side
    gone = {j for group in groups for j in group.weights}
    if sum(len(group.weights) for group in groups) != len(gone):
        raise ValueError("a column is merged twice")
    kept = [j for j in range(len(side.lower)) if j not in gone]
    if any(j in gone for pair in side.cost_two for j in pair):
        raise ValueError("a merged column has a second-order cost")
    place = {j: p for p, j in enumerate(kept)}
    side = bounded(side, gone)
    lower = [side.lower[j] for j in kept]
    upper = [side.upper[j] for j in kept]
    whole = [side.whole[j] for j in kept]
    bodies = [body for body, _, _ in side.rows] + [side.cost]
    moved: list[dict[int, Exact]] = [{place[j]: v for j, v in body.items() if j in place} for body in bodies]
    for number, group in enumerate(groups):
        weights = {j: exact(w) for j, w in group.weights.items()}
        for body, new in zip(bodies, moved, strict=True):
            values = {quotient(body.get(j, 0), w) for j, w in weights.items()}
            if len(values) != 1:
                raise ValueError(f"the columns merged as {group.name} are not parallel")
            value = values.pop()
            if value:
                new[len(kept) + number] = value
        low: Exact | None = 0
        high: Exact | None = 0
        for j, w in weights.items():
            ends = (side.lower[j], side.upper[j]) if w > 0 else (side.upper[j], side.lower[j])
            low = None if low is None or ends[0] is None else low + w * ends[0]
            high = None if high is None or ends[1] is None else high + w * ends[1]
        kinds = {side.whole[j] for j in weights}
        if len(kinds) != 1:
            raise ValueError(f"the columns merged as {group.name} are of different kinds")
        if kinds == {True}:
            _reaches_all(side, weights, group.name)
        lower.append(low)
        upper.append(high)
        whole.append(kinds.pop())
    rows = [(body, row[1], row[2]) for body, row in zip(moved[:-1], side.rows, strict=True)]
    second = {(place[j], place[k]): v for (j, k), v in side.cost_two.items()}
    return CheckedSide(lower, upper, whole, rows, moved[-1], second, side.cost_constant)


def bounded(side: CheckedSide, columns: set[int]) -> CheckedSide:
    """The same plans, with the rows that hold one of these columns alone read as its bounds, whole ones rounded.

    Raises ValueError for one of these columns without any value.
    """
    lower, upper, rows = list(side.lower), list(side.upper), list(side.rows)
    for i, (body, low, high) in enumerate(side.rows):
        if len(body) != 1 or not columns.issuperset(body):
            continue
        ((j, v),) = body.items()
        ends = [None if end is None else quotient(end, v) for end in ((low, high) if v > 0 else (high, low))]
        if ends[0] is not None and (lower[j] is None or ends[0] > lower[j]):  # type: ignore[operator]
            lower[j] = ends[0]
        if ends[1] is not None and (upper[j] is None or ends[1] < upper[j]):  # type: ignore[operator]
            upper[j] = ends[1]
        rows[i] = ({}, None, None)
    for j in columns:
        low, high = lower[j], upper[j]
        if side.whole[j]:
            lower[j] = None if low is None else ceil(low)
            upper[j] = None if high is None else floor(high)
        if low is not None and high is not None and low > high:
            raise ValueError(f"column {j} has no value at all and is merged")
    return replace(side, lower=lower, upper=upper, rows=rows)


def _reaches_all(side: CheckedSide, weights: Mapping[int, Exact], name: str) -> None:
    """Every whole number between the ends is a weighted sum: no step is wider than what smaller steps fill."""
    filled: Exact | None = 0
    for w, j in sorted((w if w > 0 else -w, j) for j, w in weights.items()):
        if w.denominator != 1 or (filled is not None and w > filled + 1):
            raise ValueError(f"the columns merged as {name} skip whole numbers")
        low, high = side.lower[j], side.upper[j]
        if filled is not None:
            filled = None if low is None or high is None else filled + w * (floor(high) - -floor(-low))
            if low is not None and high is not None and (low.denominator != 1 or high.denominator != 1):
                raise ValueError(f"a bound of the columns merged as {name} is not whole")


def form_of(image: Affine) -> AffineForm:
    """An affine function in exact numbers."""
    if len(image.terms) == 1 and type(image.constant) is int:
        ((j, c),) = image.terms.items()
        return {j: c if type(c) is int else exact(c)}, image.constant
    return {j: exact(c) for j, c in image.terms.items()}, exact(image.constant)


def composed(body: Mapping[int, Exact], images: Sequence[Affine | None]) -> AffineForm:
    """``body`` of the target in the source's terms. Raises ValueError for a column without image."""
    return composed_forms(body, {k: form_of(image) for k in body if (image := images[k]) is not None})


def composed_forms(body: Mapping[int, Exact], forms: Mapping[int, AffineForm]) -> AffineForm:
    """The same with the images in exact numbers, by column: for many bodies under one map."""
    if len(body) == 1:
        ((k, v),) = body.items()
        if k in forms and v:
            inner, extra = forms[k]
            return {j: v * c for j, c in inner.items() if c}, v * extra
    terms: dict[int, Exact] = {}
    constant: Exact = 0
    for k, v in body.items():
        if k not in forms:
            raise ValueError(f"column {k} has no formula")
        inner, extra = forms[k]
        if extra:
            constant += v * extra
        for j, c in inner.items():
            product = v if c == 1 else v * c
            terms[j] = terms[j] + product if j in terms else product
    return {j: c for j, c in terms.items() if c}, constant


def combined(source: CheckedSide, certificate: Certificate | Line) -> tuple[dict[int, Exact], Exact] | None:
    """The combination of rows and columns and the upper bound it proves.

    None when it uses a side that is not there, or when products of columns are left that do not cancel.
    """
    products = certificate.products if isinstance(certificate, Certificate) else {}
    if len(certificate.rows) + len(certificate.columns) == 1 and not certificate.lines and not products:
        return _one_line(source, certificate)
    terms: dict[int, Exact] = {}
    bound: Exact = 0
    # Over one denominator, the sums are of whole numbers where the rows are.
    used = certificate.rows, certificate.columns, certificate.lines, products
    scale = _denominator(chain.from_iterable(part.values() for part in used))
    for i, y in certificate.rows.items():
        body, low, high = source.rows[i]
        side = high if y > 0 else low
        if side is None:
            return None
        weight = _times(y, scale)
        bound += weight * side
        for j, v in body.items():
            terms[j] = terms.get(j, 0) + weight * v
    for j, w in certificate.columns.items():
        side = source.upper[j] if w > 0 else source.lower[j]
        if side is None:
            return None
        weight = _times(w, scale)
        bound += weight * side
        terms[j] = terms.get(j, 0) + weight
    for number, y in certificate.lines.items():
        if y < 0 or not 0 <= number < len(source.derived):
            return None
        body, most = source.derived[number]
        weight = _times(y, scale)
        bound += weight * most
        for j, v in body.items():
            terms[j] = terms.get(j, 0) + weight * v
    if products:
        extra = _second_order(source, products, scale, terms)
        if extra is None:
            return None
        bound += extra
    return {j: quotient(v, scale) for j, v in terms.items() if v}, quotient(bound, scale)


def _one_line(source: CheckedSide, certificate: Certificate | Line) -> tuple[dict[int, Exact], Exact] | None:
    """A multiple of one row or bound, which is what most claims take."""
    for i, y in certificate.rows.items():
        body, low, high = source.rows[i]
        side = high if y > 0 else low
        if side is None:
            return None
        if y == 1:
            return dict(body), side
        weight = exact(y)
        return {j: exact(weight * v) for j, v in body.items()} if weight else {}, exact(weight * side)
    ((j, w),) = certificate.columns.items()
    side = source.upper[j] if w > 0 else source.lower[j]
    weight = exact(w)
    return None if side is None else ({j: weight} if weight else {}, exact(weight * side))


def _second_order(
    source: CheckedSide, multipliers: Mapping[int, Exact], scale: int, terms: dict[int, Exact]
) -> Exact | None:
    """Adds the products' linear terms to ``terms``; the sum of their bounds, None where they may not be used so."""
    bound: Exact = 0
    pairs: dict[tuple[int, int], Exact] = {}
    for number, y in multipliers.items():
        if not 0 <= number < len(source.products):
            return None
        body, most, equation = source.products[number]
        if y < 0 and not equation:
            return None
        weight = _times(y, scale)
        bound += weight * most
        for key, v in body.items():
            if isinstance(key, tuple):
                pairs[key] = pairs.get(key, 0) + weight * v
            else:
                terms[key] = terms.get(key, 0) + weight * v
    return None if any(pairs.values()) else bound


def _times(value: Exact, scale: int) -> Exact:
    """The value times a multiple of its denominator, or times 1."""
    if type(value) is int:
        return value * scale
    if scale == 1:
        return exact(value)
    value = Fraction(value)
    return value.numerator * (scale // value.denominator)


def _denominator(numbers: Iterable[Exact]) -> int:
    """The numbers' common denominator, or 1 where it is long."""
    found = 1
    for number in numbers:
        if type(number) is not int:
            found = lcm(found, Fraction(number).denominator)
            if found.bit_length() > _LONG:
                return 1
    return found


def with_lines(source: CheckedSide, lines: Sequence[Line]) -> CheckedSide:
    """The side with these derived inequalities at hand. Raises ValueError for one that does not follow."""
    if not lines:
        return source
    known = replace(source, derived=[])
    for number, line in enumerate(lines):
        proved = combined(known, line)
        if proved is None or any(v.denominator != 1 or not source.whole[j] for j, v in proved[0].items()):
            raise ValueError(f"derived line {number} does not follow")
        known.derived.append((proved[0], floor(proved[1])))
    return known


def merged_plan(plan: Sequence[Exact], groups: Sequence[Merge]) -> list[Exact]:
    """A plan of a program's own columns as one of the program after merging."""
    gone = {j for group in groups for j in group.weights}
    kept = [value for j, value in enumerate(plan) if j not in gone]
    return kept + [sum((exact(w) * plan[j] for j, w in g.weights.items()), start=0) for g in groups]


def proves_empty(source: CheckedSide, certificate: Certificate) -> bool:
    """Whether the certificate shows that the source has no plan: its combination says ``0 <= a negative number``."""
    if certificate.method == "crossed":
        pairs = [(source.rows[i][1], source.rows[i][2]) for i in certificate.rows]
        pairs += [(source.lower[j], source.upper[j]) for j in certificate.columns]
        return any(low is not None and high is not None and low > high for low, high in pairs)
    proved = combined(source, certificate)
    return proved is not None and not proved[0] and proved[1] < 0


def is_plan(side: CheckedSide, plan: Sequence[Exact]) -> bool:
    """Whether the plan keeps every bound, whole number and row, without tolerance."""
    for value, low, high, whole in zip(plan, side.lower, side.upper, side.whole, strict=True):
        if (
            (low is not None and value < low)
            or (high is not None and value > high)
            or (whole and value.denominator != 1)
        ):
            return False
    for body, low, high in side.rows:
        total = sum((v * plan[j] for j, v in body.items()), start=0)
        if (low is not None and total < low) or (high is not None and total > high):
            return False
    return True


def cost_at(side: CheckedSide, point: Mapping[int, Exact]) -> Exact:
    """The cost of a plan, second-order terms included."""
    total = side.cost_constant
    for j, v in side.cost.items():
        total += v * point[j]
    for (j, k), v in side.cost_two.items():
        total += v * point[j] * point[k]
    return total
