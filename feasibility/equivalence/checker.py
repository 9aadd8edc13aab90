"""Re-checks what the prover says, in Fractions, sharing no code with it: only the data types of the evidence.

Everything is recomputed from the two programs: merged columns, the maps' consistency, each certificate's combination,
each witness. Certificates of method ``solver`` are a search's word and cannot be re-checked; they are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from ..programs.program import Program, Quadratic
from ..rationals import Exact
from .evidence import Certificate, Comparison, Containment, Correspondence, Merge, Preference, Target, Witness
from .maps import Affine

Form = tuple[dict[int, Fraction], Fraction]
"""Terms and constant of an affine function."""


@dataclass(slots=True)
class Report:
    """``problems``: what does not hold (empty: all of it does). ``trusted``: claims that rest on a solver's search."""

    problems: list[str] = field(default_factory=list)
    trusted: int = 0
    checked: int = 0

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Side:
    """A program as the checker reads it: plain lists of Fractions."""

    lower: list[Fraction | None]
    upper: list[Fraction | None]
    whole: list[bool]
    rows: list[tuple[dict[int, Fraction], Fraction | None, Fraction | None]]
    cost: dict[int, Fraction]
    cost_two: dict[tuple[int, int], Fraction]
    cost_constant: Fraction


def check(a: Program, b: Program, comparison: Comparison) -> Report:
    """Whether the comparison's relation of ``a`` to ``b`` follows from its evidence."""
    report = Report()
    first, second = _read(a), _read(b)
    if comparison.relation == "unknown":
        return report
    maps = comparison.correspondence
    if maps is None:
        _both_empty(first, second, comparison, report)
        return report
    try:
        first = _merge(first, maps.a_merges)
        second = _merge(second, maps.b_merges)
    except ValueError as error:
        report.problems.append(str(error))
        return report
    _consistent(maps, report)
    _containment(first, second, maps.forward, maps.b_open, comparison.a_in_b, "A in B", report)
    _containment(second, first, maps.backward, maps.a_open, comparison.b_in_a, "B in A", report)
    statuses = [c.status if c else "unknown" for c in (comparison.a_in_b, comparison.b_in_a)]
    expected = {
        "refuted proved": "relaxation",
        "proved refuted": "restriction",
        "refuted refuted": "incomparable",
    }.get(" ".join(statuses))
    if expected is None and statuses == ["proved", "proved"]:
        sides = [side for side in (comparison.a_in_b, comparison.b_in_a) if side is not None]
        empty = any(c.method in ("empty", "crossed") for side in sides for c in side.certificates)
        expected = "equivalent"
        if not empty:
            _preference(first, second, maps, comparison.preference, report)
            if comparison.preference is not None and comparison.preference.status == "differs":
                expected = "objective-differs"
    if comparison.relation != expected:
        report.problems.append(f"the evidence says {expected}, not {comparison.relation}")
    if report.trusted and comparison.proof == "certified":
        report.problems.append("called certified although a claim rests on a search")
    return report


def _read(program: Program) -> _Side:
    sign = -1 if program.sense == "maximize" else 1
    objective: Quadratic = program.objective

    def number(value: Exact | None) -> Fraction | None:
        return None if value is None else Fraction(value)

    return _Side(
        [number(c.lower) for c in program.columns],
        [number(c.upper) for c in program.columns],
        [c.domain != "continuous" for c in program.columns],
        [({j: Fraction(v) for j, v in r.body.linear.items()}, number(r.lower), number(r.upper)) for r in program.rows],
        {j: sign * Fraction(v) for j, v in objective.linear.items()},
        {jk: sign * Fraction(v) for jk, v in objective.quadratic.items()},
        sign * Fraction(objective.constant),
    )


def _merge(side: _Side, groups: Sequence[Merge]) -> _Side:
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
    lower = [side.lower[j] for j in kept]
    upper = [side.upper[j] for j in kept]
    whole = [side.whole[j] for j in kept]
    bodies = [body for body, _, _ in side.rows] + [side.cost]
    moved: list[dict[int, Fraction]] = [{place[j]: v for j, v in body.items() if j in place} for body in bodies]
    for number, group in enumerate(groups):
        weights = {j: Fraction(w) for j, w in group.weights.items()}
        for body, new in zip(bodies, moved, strict=True):
            values = {body.get(j, Fraction(0)) / w for j, w in weights.items()}
            if len(values) != 1:
                raise ValueError(f"the columns merged as {group.name} are not parallel")
            value = values.pop()
            if value:
                new[len(kept) + number] = value
        low: Fraction | None = Fraction(0)
        high: Fraction | None = Fraction(0)
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
    return _Side(lower, upper, whole, rows, moved[-1], second, side.cost_constant)


def _reaches_all(side: _Side, weights: Mapping[int, Fraction], name: str) -> None:
    """Every whole number between the ends is a weighted sum: no step is wider than what smaller steps fill."""
    filled: Fraction | None = Fraction(0)
    for w, j in sorted((abs(w), j) for j, w in weights.items()):
        if w.denominator != 1 or (filled is not None and w > filled + 1):
            raise ValueError(f"the columns merged as {name} skip whole numbers")
        low, high = side.lower[j], side.upper[j]
        if filled is not None:
            filled = None if low is None or high is None else filled + w * (floor(high) - -floor(-low))
            if low is not None and high is not None and (low.denominator != 1 or high.denominator != 1):
                raise ValueError(f"a bound of the columns merged as {name} is not whole")


def _form(image: Affine) -> Form:
    return {j: Fraction(c) for j, c in image.terms.items()}, Fraction(image.constant)


def _compose(body: Mapping[int, Fraction], images: Sequence[Affine | None]) -> Form:
    """``body`` of the target in the source's terms. Raises ValueError for a column without image."""
    terms: dict[int, Fraction] = {}
    constant = Fraction(0)
    for k, v in body.items():
        image = images[k]
        if image is None:
            raise ValueError(f"column {k} has no formula")
        inner, extra = _form(image)
        constant += v * extra
        for j, c in inner.items():
            terms[j] = terms.get(j, Fraction(0)) + v * c
    return {j: c for j, c in terms.items() if c}, constant


def _consistent(maps: Correspondence, report: Report) -> None:
    """On the columns that make up a plan, there and back again is where one began."""
    for images, back, open_columns, name in (
        (maps.forward, maps.backward, maps.b_open, "B"),
        (maps.backward, maps.forward, maps.a_open, "A"),
    ):
        for k, image in enumerate(images):
            if k in open_columns:
                continue
            if image is None:
                report.problems.append(f"plan column {k} of {name} has no image")
                continue
            terms, constant = _form(image)
            try:
                there, extra = _compose(terms, back)
            except ValueError as error:
                report.problems.append(str(error))
                continue
            if there != {k: Fraction(1)} or constant + extra != 0:
                report.problems.append(f"the maps do not return column {k} of {name} to itself")


def _containment(
    source: _Side,
    target: _Side,
    images: Sequence[Affine | None],
    open_columns: frozenset[int],
    containment: Containment | None,
    name: str,
    report: Report,
) -> None:
    if containment is None or containment.status == "unknown":
        report.problems.append(f"{name}: undecided")
        return
    if containment.status == "refuted":
        _witness(source, target, images, open_columns, containment.witness, name, report)
        return
    for certificate in containment.certificates:
        if certificate.method in ("empty", "crossed"):
            if not _proves_empty(source, certificate):
                report.problems.append(f"{name}: the source is not shown to be empty")
            report.checked += 1
            return
    given = {(c.target.kind, c.target.number, c.target.side): c for c in containment.certificates}
    for aim, body, limit in _sides(target):
        found = given.get((aim.kind, aim.number, aim.side))
        if found is None:
            report.problems.append(f"{name}: no certificate for {aim.kind} {aim.number} {aim.side}")
            continue
        try:
            terms, constant = _compose(body, images)
        except ValueError as error:
            report.problems.append(f"{name}: {error}")
            continue
        _claim(source, found, terms, limit - constant, name, report)
    for k, whole in enumerate(target.whole):
        if not whole:
            continue
        found = given.get(("column", k, "integer"))
        image = images[k]
        if found is None or image is None:
            report.problems.append(f"{name}: nothing shows that column {k} is whole")
        else:
            _whole(source, found, _form(image), name, report)


def _sides(target: _Side) -> list[tuple[Target, dict[int, Fraction], Fraction]]:
    sides = []
    for i, (body, low, high) in enumerate(target.rows):
        if high is not None:
            sides.append((Target("row", i, "upper"), body, high))
        if low is not None:
            sides.append((Target("row", i, "lower"), {j: -v for j, v in body.items()}, -low))
    for k, (lowest, highest) in enumerate(zip(target.lower, target.upper, strict=True)):
        if highest is not None:
            sides.append((Target("column", k, "upper"), {k: Fraction(1)}, highest))
        if lowest is not None:
            sides.append((Target("column", k, "lower"), {k: Fraction(-1)}, -lowest))
    return sides


def _combine(source: _Side, certificate: Certificate) -> tuple[dict[int, Fraction], Fraction] | None:
    """The combination of rows and columns and the upper bound it proves; None when it uses a side that is not there."""
    terms: dict[int, Fraction] = {}
    bound = Fraction(0)
    for i, y in certificate.rows.items():
        body, low, high = source.rows[i]
        side = high if y > 0 else low
        if side is None:
            return None
        bound += Fraction(y) * side
        for j, v in body.items():
            terms[j] = terms.get(j, Fraction(0)) + Fraction(y) * v
    for j, w in certificate.columns.items():
        side = source.upper[j] if w > 0 else source.lower[j]
        if side is None:
            return None
        bound += Fraction(w) * side
        terms[j] = terms.get(j, Fraction(0)) + Fraction(w)
    return {j: v for j, v in terms.items() if v}, bound


def _claim(
    source: _Side, certificate: Certificate, terms: Mapping[int, Fraction], limit: Fraction, name: str, report: Report
) -> None:
    report.checked += 1
    aim = certificate.target
    if certificate.method == "solver":
        report.trusted += 1
        return
    if certificate.method in ("empty", "crossed"):
        if not _proves_empty(source, certificate):
            report.problems.append(f"{name}: the plans are not shown to be none")
        return
    combined = _combine(source, certificate)
    factor = Fraction(certificate.factor)
    if certificate.method not in ("multipliers", "rounding") or factor <= 0 or combined is None:
        report.problems.append(f"{name}: the certificate for {aim.kind} {aim.number} {aim.side} cannot be read")
        return
    body, bound = combined
    holds = body == {j: v * factor for j, v in terms.items()}
    if certificate.method == "rounding":
        holds = holds and all(v.denominator == 1 and source.whole[j] for j, v in body.items())
        bound = Fraction(floor(bound))
    if not holds or bound > limit * factor:
        report.problems.append(f"{name}: the multipliers do not prove {aim.kind} {aim.number} {aim.side}")


def _whole(source: _Side, certificate: Certificate, image: Form, name: str, report: Report) -> None:
    report.checked += 1
    if certificate.method == "solver":
        report.trusted += 1
        return
    terms, constant = dict(image[0]), image[1]
    for i, y in certificate.rows.items():
        body, low, high = source.rows[i]
        if low is None or low != high:
            report.problems.append(f"{name}: row {i} is no equation")
            return
        constant += Fraction(y) * low
        for j, v in body.items():
            terms[j] = terms.get(j, Fraction(0)) - Fraction(y) * v
    if constant.denominator != 1 or any(v and (v.denominator != 1 or not source.whole[j]) for j, v in terms.items()):
        report.problems.append(f"{name}: column {certificate.target.number} is not shown to be whole")


def _proves_empty(source: _Side, certificate: Certificate) -> bool:
    if certificate.method == "crossed":
        pairs = [(source.rows[i][1], source.rows[i][2]) for i in certificate.rows]
        pairs += [(source.lower[j], source.upper[j]) for j in certificate.columns]
        return any(low is not None and high is not None and low > high for low, high in pairs)
    combined = _combine(source, certificate)
    return combined is not None and not combined[0] and combined[1] < 0


def _is_plan(side: _Side, plan: Sequence[Fraction]) -> bool:
    for value, low, high, whole in zip(plan, side.lower, side.upper, side.whole, strict=True):
        if (
            (low is not None and value < low)
            or (high is not None and value > high)
            or (whole and value.denominator != 1)
        ):
            return False
    for body, low, high in side.rows:
        total = sum((v * plan[j] for j, v in body.items()), start=Fraction(0))
        if (low is not None and total < low) or (high is not None and total > high):
            return False
    return True


def _witness(
    source: _Side,
    target: _Side,
    images: Sequence[Affine | None],
    open_columns: frozenset[int],
    witness: Witness | None,
    name: str,
    report: Report,
) -> None:
    report.checked += 1
    if witness is None:
        report.problems.append(f"{name}: refuted without a witness")
        return
    plan = [Fraction(v) for v in witness.plan]
    if not _is_plan(source, plan):
        report.problems.append(f"{name}: the witness is no plan of the source")
        return
    image: list[Fraction | None] = []
    for k, affine in enumerate(images):
        if affine is None or k in open_columns:
            image.append(None)
        else:
            terms, constant = _form(affine)
            image.append(sum((c * plan[j] for j, c in terms.items()), start=constant))
    if not open_columns:
        if any(v is None for v in image) or _is_plan(target, [v for v in image if v is not None]):
            report.problems.append(f"{name}: the witness is a plan of the target after all")
        return
    if witness.slice_certificate is None:
        report.problems.append(f"{name}: nothing shows that the open columns cannot complete the witness")
        return
    if any(v is None for k, v in enumerate(image) if k not in open_columns):
        report.problems.append(f"{name}: a plan column of the target has no value")
        return
    fixed = _Side(
        [low if k in open_columns else image[k] for k, low in enumerate(target.lower)],
        [high if k in open_columns else image[k] for k, high in enumerate(target.upper)],
        target.whole,
        target.rows,
        {},
        {},
        Fraction(0),
    )
    own_bounds = all(
        (low is None or value is None or value >= low) and (high is None or value is None or value <= high)
        for value, low, high in zip(image, target.lower, target.upper, strict=True)
    )
    whole = all(v is None or not w or v.denominator == 1 for v, w in zip(image, target.whole, strict=True))
    if own_bounds and whole and not _proves_empty(fixed, witness.slice_certificate):
        report.problems.append(f"{name}: the open columns may complete the witness")


def _both_empty(first: _Side, second: _Side, comparison: Comparison, report: Report) -> None:
    for side, containment in ((first, comparison.a_in_b), (second, comparison.b_in_a)):
        report.checked += 1
        certificates = containment.certificates if containment else ()
        if len(certificates) != 1 or not _proves_empty(side, certificates[0]):
            report.problems.append("without a correspondence, both sides must be shown to be empty")


def _preference(
    first: _Side, second: _Side, maps: Correspondence, preference: Preference | None, report: Report
) -> None:
    if preference is None or preference.status == "unknown":
        report.problems.append("the objectives are undecided")
        return
    report.checked += 1
    if preference.status == "differs":
        _ranked_apart(first, second, maps, preference, report)
        return
    if first.cost_two or second.cost_two:
        _same_quadratic(first, second, maps, preference, report)
        return
    if preference.scale is None:
        _no_pair(first, second, maps, preference, report)
        return
    scale, shift = Fraction(preference.scale), Fraction(preference.constant)
    if scale <= 0 or len(preference.certificates) != 2:
        report.problems.append("the objectives' factor is not positive")
        return
    try:
        ours, ours_constant = _compose(first.cost, maps.backward)
        theirs, theirs_constant = _compose(second.cost, maps.forward)
    except ValueError as error:
        report.problems.append(f"objective: {error}")
        return
    # scale * cost_a(back(y)) + shift - cost_b(y) <= 0 on B's plans
    most = {j: scale * ours.get(j, Fraction(0)) - second.cost.get(j, Fraction(0)) for j in {*ours, *second.cost}}
    limit = second.cost_constant - shift - scale * (ours_constant + first.cost_constant)
    _claim(second, preference.certificates[0], {j: v for j, v in most.items() if v}, limit, "objective", report)
    # cost_b(there(x)) - scale * cost_a(x) - shift <= 0 on A's plans
    least = {j: theirs.get(j, Fraction(0)) - scale * first.cost.get(j, Fraction(0)) for j in {*theirs, *first.cost}}
    limit = shift + scale * first.cost_constant - second.cost_constant - theirs_constant
    _claim(first, preference.certificates[1], {j: v for j, v in least.items() if v}, limit, "objective", report)


def _same_quadratic(first: _Side, second: _Side, maps: Correspondence, preference: Preference, report: Report) -> None:
    """Both costs, as functions of B's plan, are proportional term by term; no auxiliary column takes part."""
    used = set(first.cost) | {j for pair in first.cost_two for j in pair}
    theirs = set(second.cost) | {j for pair in second.cost_two for j in pair}
    if preference.scale is None or preference.scale <= 0 or used & maps.a_open or theirs & maps.b_open:
        report.problems.append("the second-order objectives are not shown to be the same")
        return
    scale = Fraction(preference.scale)
    linear, constant = _compose(first.cost, maps.backward)
    second_order: dict[tuple[int, int], Fraction] = {}
    for (j, k), v in first.cost_two.items():
        left, right = maps.backward[j], maps.backward[k]
        assert left is not None
        assert right is not None
        (lt, lc), (rt, rc) = _form(left), _form(right)
        constant += v * lc * rc
        for p, c in lt.items():
            linear[p] = linear.get(p, Fraction(0)) + v * c * rc
            for q, d in rt.items():
                key = (min(p, q), max(p, q))
                second_order[key] = second_order.get(key, Fraction(0)) + v * c * d
        for q, d in rt.items():
            linear[q] = linear.get(q, Fraction(0)) + v * lc * d
    same_two = {key: scale * v for key, v in second_order.items() if v} == second.cost_two
    same_one = {j: scale * v for j, v in linear.items() if v} == second.cost
    shift = second.cost_constant - scale * (constant + first.cost_constant)
    if not (same_two and same_one and shift == Fraction(preference.constant)):
        report.problems.append("the second-order objectives differ")


def _double(side: _Side, extra: dict[int, Fraction]) -> _Side:
    """Two copies of the plans, with ``extra . (p, q) >= 0``."""
    count = len(side.lower)
    rows = [*side.rows, *(({count + j: v for j, v in body.items()}, low, high) for body, low, high in side.rows)]
    return _Side(
        side.lower * 2, side.upper * 2, side.whole * 2, [*rows, (extra, Fraction(0), None)], {}, {}, Fraction(0)
    )


def _no_pair(first: _Side, second: _Side, maps: Correspondence, preference: Preference, report: Report) -> None:
    if maps.a_open or maps.b_open:
        report.problems.append("ranking by pairs does not cover auxiliary columns")
        return
    ours, _ = _compose(first.cost, maps.backward)
    count = len(second.lower)
    for certificate, (strict, other) in zip(
        preference.certificates, ((ours, second.cost), (second.cost, ours)), strict=True
    ):
        extra = {**other, **{count + j: -v for j, v in other.items()}}
        rise = {**{j: -v for j, v in strict.items()}, **{count + j: v for j, v in strict.items()}}
        _claim(_double(second, extra), certificate, rise, Fraction(0), "ranking", report)


def _ranked_apart(first: _Side, second: _Side, maps: Correspondence, preference: Preference, report: Report) -> None:
    better = [Fraction(v) for v in preference.better]
    worse = [Fraction(v) for v in preference.worse]
    if not (_is_plan(second, better) and _is_plan(second, worse)):
        report.problems.append("the ranked pair are no plans")
        return

    def ours(plan: Sequence[Fraction]) -> Fraction:
        point = {}
        for j, image in enumerate(maps.backward):
            if image is not None:
                terms, constant = _form(image)
                point[j] = sum((c * plan[k] for k, c in terms.items()), start=constant)
        return _cost(first, point)

    def theirs(plan: Sequence[Fraction]) -> Fraction:
        return _cost(second, dict(enumerate(plan)))

    strict, other = (ours, theirs) if preference.strict_in == "a" else (theirs, ours)
    if not (strict(better) < strict(worse) and other(better) >= other(worse)):
        report.problems.append("both objectives rank the pair alike")
    used = set(first.cost) | {j for pair in first.cost_two for j in pair}
    if used & maps.a_open:
        # The auxiliary columns' formulas must be as cheap as any choice: cost_a(back(there(x))) - cost_a(x) <= 0.
        if len(preference.certificates) != 1 or first.cost_two:
            report.problems.append("nothing shows that the auxiliary columns are chosen as cheaply as possible")
            return
        pulled, constant = _compose(first.cost, maps.backward)
        around, extra = _compose(pulled, maps.forward)
        terms = {j: around.get(j, Fraction(0)) - first.cost.get(j, Fraction(0)) for j in {*around, *first.cost}}
        terms = {j: v for j, v in terms.items() if v}
        _claim(first, preference.certificates[0], terms, -constant - extra, "objective", report)
    theirs_used = set(second.cost) | {j for pair in second.cost_two for j in pair}
    if theirs_used & maps.b_open:
        report.problems.append("the reference's objective uses an auxiliary column")


def _cost(side: _Side, point: Mapping[int, Fraction]) -> Fraction:
    total = side.cost_constant
    for j, v in side.cost.items():
        total += v * point[j]
    for (j, k), v in side.cost_two.items():
        total += v * point[j] * point[k]
    return total
