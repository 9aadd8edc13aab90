"""Re-checks what the prover says, exactly, sharing no code with it; to be read as one whole, so it is long.

Everything is recomputed from the two programs: merged columns, the maps' consistency, each certificate's combination,
each witness. Certificates of method ``solver`` are a search's word and cannot be re-checked; they are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...programs.correspondence import Words
from ...programs.program import Program
from ...rationals import Exact
from ..evidence import (
    Certificate,
    Comparison,
    Containment,
    Correspondence,
    Merge,
    Preference,
    Target,
    WholeEvidence,
    Witness,
)
from ..maps import Affine
from ..naming import key, shared
from .apart import named_difference
from .names import contradicted, missing_decisions
from .objectives import order_only
from .payment import unpaid
from .products import proves, whole_by_cases, with_products
from .sides import (
    AffineForm,
    CheckedSide,
    composed,
    composed_forms,
    cost_at,
    exact,
    form_of,
    is_plan,
    merged_plan,
    merged_side,
    proves_empty,
    read_side,
    with_lines,
)
from .thrift import forms_at_best
from .totality import Standing, is_difference, merges_agree, objections, part_is_whole, standing, sums_hide
from .whole import whole_difference


@dataclass(slots=True)
class Report:
    """``problems``: what does not hold (empty: all of it does). ``trusted``: claims that rest on a solver's search.

    ``objections``: codes that say why the evidence, though it holds, does not ground the relation: ``names``,
    ``nothing-paired``, ``left-over``, ``unpaid``, ``merged-differently``, ``decision-missing``, ``order-only``.
    """

    problems: list[str] = field(default_factory=list)
    trusted: int = 0
    checked: int = 0
    objections: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.problems


def check(a: Program, b: Program, comparison: Comparison, text: str = "") -> Report:
    """Whether the comparison's relation of ``a`` to ``b`` follows from its evidence, and whether that grounds it.

    ``text``: the problem's own words, when there is a problem: what it speaks of is a decision.
    """
    report = Report()
    whole_a, whole_b = read_side(a), read_side(b)
    if comparison.relation == "unknown":
        return report
    maps = comparison.correspondence
    if maps is None:
        if comparison.difference is None:
            _without_maps(whole_a, whole_b, comparison, report)
        elif comparison.relation == "incomparable" and comparison.difference.evidence is not None:
            evidence = comparison.difference.evidence
            if isinstance(evidence, WholeEvidence):
                report.problems += whole_difference(a, b, evidence)
                report.checked += 1
            else:
                found, report.checked, report.trusted = named_difference(a, b, evidence)
                report.problems += found
            if report.trusted and comparison.proof == "certified":
                report.problems.append("called certified although a claim rests on a search")
        elif comparison.relation != "incomparable" or comparison.proof in (None, "certified"):
            report.problems.append("a difference of shape is not re-checked")
        else:
            report.trusted += 1
        return report
    try:
        first = merged_side(whole_a, maps.a_merges)
        second = merged_side(whole_b, maps.b_merges)
        a_lines = with_lines(first, comparison.a_in_b.lines if comparison.a_in_b else ())
        b_lines = with_lines(second, comparison.b_in_a.lines if comparison.b_in_a else ())
        a_lines = with_products(a_lines, comparison.a_in_b)
        b_lines = with_products(b_lines, comparison.b_in_a)
    except ValueError as error:
        report.problems.append(str(error))
        return report
    ours = standing(a_lines, maps.backward, maps.forward)
    theirs = standing(b_lines, maps.forward, maps.backward)
    for stand, stated, name in ((ours, maps.a_open, "A"), (theirs, maps.b_open, "B")):
        for k in sorted(stand.open - stated):
            report.problems.append(f"the maps do not return column {k} of {name} to itself")
    forward_open, backward_open = frozenset(theirs.open), frozenset(ours.open)
    there = _Way(a_lines, second, whole_a, maps.a_merges, maps.forward, maps.b_open, forward_open, "A in B")
    back = _Way(b_lines, first, whole_b, maps.b_merges, maps.backward, maps.a_open, backward_open, "B in A")
    _containment(there, comparison.a_in_b, report)
    _containment(back, comparison.b_in_a, report)
    expected, empty = _told(comparison)
    if expected == "equivalent" and not empty:
        _preference(_Costs(a_lines, b_lines, whole_b, maps, backward_open, forward_open), comparison.preference, report)
        if comparison.preference is not None and comparison.preference.status == "differs":
            expected = "objective-differs"
    if comparison.relation != expected:
        report.problems.append(f"the evidence says {expected}, not {comparison.relation}")
    if report.trusted and comparison.proof == "certified":
        report.problems.append("called certified although a claim rests on a search")
    if not empty:
        _grounds(_Grounds(a, b, whole_a, whole_b, a_lines, b_lines, ours, theirs, text), comparison, report)
    return report


@dataclass(frozen=True, slots=True)
class _Way:
    """One direction: plans of the source, read through the images, are held against the target.

    ``stated`` are the target's columns said to be without partner, ``open`` those that its equations do not determine.
    """

    source: CheckedSide
    target: CheckedSide
    unmerged: CheckedSide
    merges: Sequence[Merge]
    images: Sequence[Affine | None]
    stated: frozenset[int]
    open: frozenset[int]
    name: str


@dataclass(frozen=True, slots=True)
class _Costs:
    """Both sides with their derived lines, B before merging, and the columns that no equation determines."""

    first: CheckedSide
    second: CheckedSide
    whole_b: CheckedSide
    maps: Correspondence
    a_open: frozenset[int]
    b_open: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Grounds:
    a: Program
    b: Program
    whole_a: CheckedSide
    whole_b: CheckedSide
    first: CheckedSide
    second: CheckedSide
    ours: Standing
    theirs: Standing
    text: str


def _told(comparison: Comparison) -> tuple[str | None, bool]:
    """The relation that the two containments say, and whether a side is shown to be empty."""
    sides = [side for side in (comparison.a_in_b, comparison.b_in_a) if side is not None]
    statuses = " ".join(side.status for side in sides)
    empty = any(c.method in ("empty", "crossed") for side in sides for c in side.certificates)
    relation = {
        "refuted proved": "relaxation",
        "proved refuted": "restriction",
        "refuted refuted": "incomparable",
        "proved proved": "equivalent",
    }.get(statuses)
    return relation, empty


def _grounds(case: _Grounds, comparison: Comparison, report: Report) -> None:
    """The rules beside the evidence: names, totality, payment."""
    maps = comparison.correspondence
    assert maps is not None
    if contradicted(case.a, case.b, case.first, case.second, maps, comparison.preference):
        report.objections.append("names")
    if comparison.relation != "equivalent":
        return
    report.objections += objections(case.first, case.second, case.ours, case.theirs)
    for whole, side, stand, merges in (
        (case.whole_a, case.first, case.ours, maps.a_merges),
        (case.whole_b, case.second, case.theirs, maps.b_merges),
    ):
        # What is read as one and has no partner hides columns that nothing determines, unless it is but the two halves
        # of a determined column that may be negative.
        for number, group in enumerate(merges):
            j = len(side.lower) - len(merges) + number
            if j not in stand.partners and not (j in stand.determined and is_difference(whole, group)):
                report.objections.append("left-over")
    groups = maps.a_merges, maps.b_merges
    if sums_hide(case.whole_a, groups[0], case.second, case.theirs) or sums_hide(
        case.whole_b, groups[1], case.first, case.ours
    ):
        report.objections.append("left-over")
    if _adds_to_a_sum(case, maps):
        report.objections.append("left-over")
    if all(groups) and not merges_agree(case.whole_a, case.whole_b, (maps.forward, *groups)):
        report.objections.append("merged-differently")
    if comparison.preference is not None and order_only(case.first, case.second, maps, comparison.preference):
        report.objections.append("order-only")
    if not _paid(case, maps):
        report.objections.append("unpaid")
    if case.text:
        gone = {k for group in maps.b_merges for k in group.weights}
        kept = [k for k in range(len(case.b.columns)) if k not in gone]
        leftover = [kept[k] for k in sorted(case.theirs.determined | case.theirs.open) if k < len(kept)]
        if missing_decisions(case.b, leftover, list(case.whole_b.cost), case.text):
            report.objections.append("decision-missing")


def _adds_to_a_sum(case: _Grounds, maps: Correspondence) -> bool:
    """Whether a column of the one side stands in a sum of the other beside what is that column already."""
    kept = []
    for program, groups in ((case.a, maps.a_merges), (case.b, maps.b_merges)):
        gone = {j for group in groups for j in group.weights}
        kept.append([key(c.name) for j, c in enumerate(program.columns) if j not in gone])
    names = [[key(c.name) for c in program.columns] for program in (case.a, case.b)]

    def alike(mine: list[Words], theirs: list[Words]) -> Callable[[int, int], bool]:
        return lambda j, k: k < len(theirs) and bool(theirs[k]) and mine[j] == theirs[k]

    return part_is_whole(
        case.whole_a, maps.a_merges, maps.forward, case.second, alike(names[0], kept[1])
    ) or part_is_whole(case.whole_b, maps.b_merges, maps.backward, case.first, alike(names[1], kept[0]))


def _paid(case: _Grounds, maps: Correspondence) -> bool:
    """Whether the numbers of the map are borne out, those in which B's columns are A's or those of the way back.

    Which of the two is called A is no ground.
    """
    sides = (
        (case.a, case.first, case.ours, maps.a_merges, maps.backward),
        (case.b, case.second, case.theirs, maps.b_merges, maps.forward),
    )
    merged = bool(maps.a_merges or maps.b_merges)
    for mine, yours in (sides, sides[::-1]):
        bound = set() if merged else set(shared(mine[0].columns, yours[0].columns))
        families = _families(yours[0], yours[3])
        if not unpaid(mine[1], yours[1], (yours[4], mine[4]), mine[2], yours[2], bound, families):
            return True
    return False


def _families(program: Program, groups: Sequence[Merge]) -> Sequence[object]:
    """The indexed variable of each column after merging, None for one by itself."""
    kept = [c for k, c in enumerate(program.columns) if all(k not in group.weights for group in groups)]
    return [c.variable if c.members else None for c in kept] + [None] * len(groups)


def _containment(way: _Way, containment: Containment | None, report: Report) -> None:
    source, target, images, name = way.source, way.target, way.images, way.name
    if containment is None or containment.status == "unknown":
        report.problems.append(f"{name}: undecided")
        return
    if containment.status == "refuted":
        _witness(way, containment.witness, report)
        return
    for certificate in containment.certificates:
        if certificate.method in ("empty", "crossed"):
            if not proves_empty(source, certificate):
                report.problems.append(f"{name}: the source is not shown to be empty")
            report.checked += 1
            return
    given = {(c.target.kind, c.target.number, c.target.side): c for c in containment.certificates}
    forms = {k: form_of(image) for k, image in enumerate(images) if image is not None}
    for aim, body, limit in _sides(target):
        found = given.get((aim.kind, aim.number, aim.side))
        if found is None:
            report.problems.append(f"{name}: no certificate for {aim.kind} {aim.number} {aim.side}")
            continue
        try:
            terms, constant = composed_forms(body, forms)
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
            _whole(source, found, form_of(image), name, report)


def _sides(target: CheckedSide) -> list[tuple[Target, dict[int, Exact], Exact]]:
    sides = []
    for i, (body, low, high) in enumerate(target.rows):
        if high is not None:
            sides.append((Target("row", i, "upper"), body, high))
        if low is not None:
            sides.append((Target("row", i, "lower"), {j: -v for j, v in body.items()}, -low))
    for k, (lowest, highest) in enumerate(zip(target.lower, target.upper, strict=True)):
        if highest is not None:
            sides.append((Target("column", k, "upper"), {k: 1}, highest))
        if lowest is not None:
            sides.append((Target("column", k, "lower"), {k: -1}, -lowest))
    return sides


def _claim(
    source: CheckedSide,
    certificate: Certificate,
    terms: Mapping[int, Exact],
    limit: Exact,
    name: str,
    report: Report,
) -> None:
    report.checked += 1
    aim = certificate.target
    if certificate.method == "solver":
        report.trusted += 1
        return
    if not proves(source, certificate, terms, limit):
        report.problems.append(f"{name}: the certificate does not prove {aim.kind} {aim.number} {aim.side}")


def _whole(source: CheckedSide, certificate: Certificate, image: AffineForm, name: str, report: Report) -> None:
    report.checked += 1
    if certificate.method == "solver":
        report.trusted += 1
        return
    if certificate.method == "thrift":
        forms = forms_at_best(source, image, len(certificate.parts))
        if not forms or any(part.method != "integral" for part in certificate.parts):
            report.problems.append(f"{name}: column {certificate.target.number} is not shown to be whole")
        for part, form in zip(certificate.parts, forms, strict=False):
            _whole(source, part, form, name, report)
        return
    if certificate.method in ("cases", "one-value"):
        if not whole_by_cases(source, certificate, image):
            report.problems.append(f"{name}: column {certificate.target.number} is not shown to be whole")
        return
    terms, constant = dict(image[0]), image[1]
    for i, y in certificate.rows.items():
        body, low, high = source.rows[i]
        if low is None or low != high:
            report.problems.append(f"{name}: row {i} is no equation")
            return
        constant += exact(y) * low
        for j, v in body.items():
            terms[j] = terms.get(j, 0) - exact(y) * v
    if constant.denominator != 1 or any(v and (v.denominator != 1 or not source.whole[j]) for j, v in terms.items()):
        report.problems.append(f"{name}: column {certificate.target.number} is not shown to be whole")


def _witness(way: _Way, witness: Witness | None, report: Report) -> None:
    report.checked += 1
    target, name = way.target, way.name
    if witness is None:
        report.problems.append(f"{name}: refuted without a witness")
        return
    whole_plan = [exact(v) for v in witness.plan]
    if len(whole_plan) != len(way.unmerged.lower) or not is_plan(way.unmerged, whole_plan):
        report.problems.append(f"{name}: the witness is no plan of the source")
        return
    plan = merged_plan(whole_plan, way.merges)
    # Without a certificate for the slice the image must be forced: no column of the target may be open.
    open_columns = way.stated if witness.slice_certificate is not None else way.open
    image: list[Exact | None] = []
    for k, affine in enumerate(way.images):
        if affine is None or k in open_columns:
            image.append(None)
        else:
            terms, constant = form_of(affine)
            image.append(sum((c * plan[j] for j, c in terms.items()), start=constant))
    if not open_columns:
        if any(v is None for v in image) or is_plan(target, [v for v in image if v is not None]):
            report.problems.append(f"{name}: the witness is a plan of the target after all")
        return
    if witness.slice_certificate is None:
        report.problems.append(f"{name}: nothing shows that the open columns cannot complete the witness")
        return
    if any(v is None for k, v in enumerate(image) if k not in open_columns):
        report.problems.append(f"{name}: a plan column of the target has no value")
        return
    fixed = CheckedSide(
        [low if k in open_columns else image[k] for k, low in enumerate(target.lower)],
        [high if k in open_columns else image[k] for k, high in enumerate(target.upper)],
        target.whole,
        target.rows,
        {},
        {},
        0,
    )
    own_bounds = all(
        (low is None or value is None or value >= low) and (high is None or value is None or value <= high)
        for value, low, high in zip(image, target.lower, target.upper, strict=True)
    )
    whole = all(v is None or not w or v.denominator == 1 for v, w in zip(image, target.whole, strict=True))
    if own_bounds and whole and not proves_empty(fixed, witness.slice_certificate):
        report.problems.append(f"{name}: the open columns may complete the witness")


def _without_maps(first: CheckedSide, second: CheckedSide, comparison: Comparison, report: Report) -> None:
    """Without a correspondence each side is shown to have no plan, or to have one; not both the latter."""
    plans: list[bool | None] = []
    for side, containment in ((first, comparison.a_in_b), (second, comparison.b_in_a)):
        report.checked += 1
        certificates = containment.certificates if containment else ()
        witness = containment.witness if containment else None
        if witness is not None:
            plan = [exact(v) for v in witness.plan]
            plans.append(len(plan) == len(side.lower) and is_plan(side, plan))
        elif len(certificates) != 1 or not proves_empty(_derived(side, containment, report), certificates[0]):
            report.problems.append("without a correspondence, a side must be shown to be empty or to have a plan")
            return
        else:
            plans.append(None)
    told = {
        (None, None): "equivalent",
        (None, True): "restriction",
        (True, None): "relaxation",
    }.get((plans[0], plans[1]))
    if comparison.relation != told:
        report.problems.append(f"the plans shown say {told}, not {comparison.relation}")


def _derived(side: CheckedSide, containment: Containment | None, report: Report) -> CheckedSide:
    """The side with the lines that the containment derives from it."""
    try:
        return with_lines(side, containment.lines if containment else ())
    except ValueError as error:
        report.problems.append(str(error))
        return side


def _preference(case: _Costs, preference: Preference | None, report: Report) -> None:
    first, second, maps = case.first, case.second, case.maps
    if preference is None or preference.status == "unknown":
        report.problems.append("the objectives are undecided")
        return
    report.checked += 1
    if preference.status == "differs":
        _ranked_apart(case, preference, report)
        return
    if first.cost_two or second.cost_two:
        _same_quadratic(case, preference, report)
        return
    if preference.scale is None or any(c.method == "solver" for c in preference.certificates):
        # That a search finds no pair of plans ranked apart says nothing of the objectives.
        report.problems.append("no factor shows that one objective is a multiple of the other plus a constant")
        return
    scale, shift = exact(preference.scale), exact(preference.constant)
    if scale <= 0 or len(preference.certificates) != 2:
        report.problems.append("the objectives' factor is not positive")
        return
    try:
        ours, ours_constant = composed(first.cost, maps.backward)
        theirs, theirs_constant = composed(second.cost, maps.forward)
    except ValueError as error:
        report.problems.append(f"objective: {error}")
        return
    # scale * cost_a(back(y)) + shift - cost_b(y) <= 0 on B's plans
    most = {j: scale * ours.get(j, 0) - second.cost.get(j, 0) for j in {*ours, *second.cost}}
    limit = second.cost_constant - shift - scale * (ours_constant + first.cost_constant)
    _claim(second, preference.certificates[0], {j: v for j, v in most.items() if v}, limit, "objective", report)
    # cost_b(there(x)) - scale * cost_a(x) - shift <= 0 on A's plans
    least = {j: theirs.get(j, 0) - scale * first.cost.get(j, 0) for j in {*theirs, *first.cost}}
    limit = shift + scale * first.cost_constant - second.cost_constant - theirs_constant
    _claim(first, preference.certificates[1], {j: v for j, v in least.items() if v}, limit, "objective", report)


def _same_quadratic(case: _Costs, preference: Preference, report: Report) -> None:
    """Both costs, as functions of B's plan, are proportional term by term; no auxiliary column takes part."""
    first, second, maps = case.first, case.second, case.maps
    used = set(first.cost) | {j for pair in first.cost_two for j in pair}
    theirs = set(second.cost) | {j for pair in second.cost_two for j in pair}
    if preference.scale is None or preference.scale <= 0 or used & case.a_open or theirs & case.b_open:
        report.problems.append("the second-order objectives are not shown to be the same")
        return
    scale = exact(preference.scale)
    linear, constant = composed(first.cost, maps.backward)
    second_order: dict[tuple[int, int], Exact] = {}
    for (j, k), v in first.cost_two.items():
        left, right = maps.backward[j], maps.backward[k]
        assert left is not None
        assert right is not None
        (lt, lc), (rt, rc) = form_of(left), form_of(right)
        constant += v * lc * rc
        for p, c in lt.items():
            linear[p] = linear.get(p, 0) + v * c * rc
            for q, d in rt.items():
                key = (min(p, q), max(p, q))
                second_order[key] = second_order.get(key, 0) + v * c * d
        for q, d in rt.items():
            linear[q] = linear.get(q, 0) + v * lc * d
    same_two = {key: scale * v for key, v in second_order.items() if v} == second.cost_two
    same_one = {j: scale * v for j, v in linear.items() if v} == second.cost
    shift = second.cost_constant - scale * (constant + first.cost_constant)
    if not (same_two and same_one and shift == exact(preference.constant)):
        report.problems.append("the second-order objectives differ")


def _ranked_apart(case: _Costs, preference: Preference, report: Report) -> None:
    first, second, maps = case.first, case.second, case.maps
    better = [exact(v) for v in preference.better]
    worse = [exact(v) for v in preference.worse]
    count = len(case.whole_b.lower)
    if not all(len(plan) == count and is_plan(case.whole_b, plan) for plan in (better, worse)):
        report.problems.append("the ranked pair are no plans")
        return
    better, worse = merged_plan(better, maps.b_merges), merged_plan(worse, maps.b_merges)

    def ours(plan: Sequence[Exact]) -> Exact:
        point = {}
        for j, image in enumerate(maps.backward):
            if image is not None:
                terms, constant = form_of(image)
                point[j] = sum((c * plan[k] for k, c in terms.items()), start=constant)
        return cost_at(first, point)

    def theirs(plan: Sequence[Exact]) -> Exact:
        return cost_at(second, dict(enumerate(plan)))

    strict, other = (ours, theirs) if preference.strict_in == "a" else (theirs, ours)
    if not (strict(better) < strict(worse) and other(better) >= other(worse)):
        report.problems.append("both objectives rank the pair alike")
    _at_best(case, preference, report)
    if "b" in preference.least and any(theirs(p) != theirs(_there_and_back(maps, p)) for p in (better, worse)):
        report.problems.append("the ranked pair are not at their best")


def _there_and_back(maps: Correspondence, plan: Sequence[Exact]) -> list[Exact]:
    """A plan of merged B read as one of A and again as one of B; columns without formula stay."""
    there: dict[int, Exact] = {}
    for j, image in enumerate(maps.backward):
        if image is not None:
            terms, constant = form_of(image)
            there[j] = sum((c * plan[k] for k, c in terms.items()), start=constant)
    found = list(plan)
    for k, image in enumerate(maps.forward):
        if image is not None:
            terms, constant = form_of(image)
            found[k] = sum((c * there[j] for j, c in terms.items()), start=constant)
    return found


def _at_best(case: _Costs, preference: Preference, report: Report) -> None:
    """Open columns of an objective are as cheap as any choice: cost(there and back) - cost <= 0."""
    maps = case.maps
    sides = {
        "a": (case.first, case.a_open, maps.forward, maps.backward),
        "b": (case.second, case.b_open, maps.backward, maps.forward),
    }
    given = dict(zip(preference.least, preference.certificates, strict=False))
    for name, (side, open_columns, there, back) in sides.items():
        used = set(side.cost) | {j for pair in side.cost_two for j in pair}
        if not used & open_columns:
            continue
        certificate = given.get(name)  # type: ignore[call-overload]
        if certificate is None or side.cost_two:
            report.problems.append("nothing shows that the auxiliary columns are chosen as cheaply as possible")
            continue
        try:
            pulled, constant = composed(side.cost, back)
            around, extra = composed(pulled, there)
        except ValueError as error:
            report.problems.append(f"objective: {error}")
            continue
        terms = {j: around.get(j, 0) - side.cost.get(j, 0) for j in {*around, *side.cost}}
        terms = {j: v for j, v in terms.items() if v}
        _claim(side, certificate, terms, -constant - extra, "objective", report)
