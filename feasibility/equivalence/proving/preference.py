"""Do both objectives rank the common plans alike?

Both are read as costs. They rank alike when one is a positive multiple of the other plus a constant, modulo the
equations that hold on the plans; failing that, a pair of plans is sought that they rank differently, as one program
over two copies of the plans. That there is none among whole plans says only that the few plans at hand stand in one
order: no ground for an equivalence (``order-only``). Where linear programs alone show it, the order is that of all
points of the relaxation, and then one objective is a multiple of the other there, which is proved again as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ...programs.program import Column, Program, Quadratic, Row
from ...rationals import Exact, Fraction, divide, simplify
from ..evidence import Certificate, Preference, Target
from ..maps import Affine, add_term, linear_part, pull_back
from .claims import ClaimSource
from .clock import in_time


def cost(program: Program) -> Quadratic:
    """The objective as something to keep small; zero for feasibility."""
    if program.sense != "maximize":
        return program.objective
    o = program.objective
    return Quadratic(
        {j: -c for j, c in o.linear.items()}, {jk: -c for jk, c in o.quadratic.items()}, simplify(-o.constant)
    )


def prefer(
    a: ClaimSource,
    b: ClaimSource,
    forward: Sequence[Affine | None],
    backward: Sequence[Affine | None],
    a_open: frozenset[int],
    b_open: frozenset[int],
) -> Preference:
    """Compare the objectives of A and B whose plans are known to be the same under ``forward`` and ``backward``.

    ``a_open`` and ``b_open`` are the auxiliary columns, chosen as cheaply as a plan allows.
    """
    cost_a, cost_b = cost(a.program), cost(b.program)
    try:
        pulled = pull_back(cost_a, backward)
    except KeyError:
        return Preference("unknown", code="auxiliary", message="A's objective uses a variable without formula in B")
    if pulled.quadratic or cost_b.quadratic:
        closed = not (_columns(cost_a) & a_open) and not (_columns(cost_b) & b_open)
        return _prefer_quadratic(pulled, cost_b, b, closed)
    ours, theirs = linear_part(pulled), linear_part(cost_b)
    try:
        around = theirs.through(forward)
    except KeyError:
        return Preference("unknown", code="auxiliary", message="the reference's objective has no formula in A's terms")
    proposals = [*_factors(ours, theirs, b), *_factors(linear_part(cost_a), around, a)]
    for scale, constant in dict.fromkeys(proposals):
        found = _same(a, b, linear_part(cost_a), ours, theirs, around, scale, constant)
        if found is not None:
            return found
    least: dict[Literal["a", "b"], Certificate | None] = {}
    if not _columns(cost_a).isdisjoint(a_open):
        least["a"] = _least_cost(a, linear_part(cost_a), ours, forward)
    if not _columns(cost_b).isdisjoint(b_open):
        least["b"] = _least_cost(b, theirs, around, backward)
    if any(certificate is None for certificate in least.values()):
        return Preference("unknown", code="auxiliary", message="an auxiliary variable's best value has no formula")
    certificates = tuple(certificate for certificate in least.values() if certificate is not None)
    by_best = (tuple(least), certificates)
    told = _among(_at_hand(a, b, forward), ours, theirs, by_best)
    if told is not None:
        return told
    found, scales = _by_pairs(b, ours, theirs, by_best)
    if a_open or b_open:
        if found.code == _ORDER_ONLY:
            message = "ranking by pairs does not cover auxiliary variables"
            return Preference("unknown", code="auxiliary", message=message)
        return found
    for scale, constant in scales:
        same = _same(a, b, linear_part(cost_a), ours, theirs, around, scale, constant)
        if same is not None:
            return same
    return found


def _least_cost(
    source: ClaimSource, own: Affine, pulled: Affine, images: Sequence[Affine | None]
) -> Certificate | None:
    """The certificate that reading a plan there and back never costs more: auxiliary columns at their best; or None.

    ``pulled`` is the source's own cost in the other's terms, ``images`` the other's columns in the source's.
    """
    try:
        claim = pulled.through(images).plus(own.scaled(-1))
    except KeyError:
        return None
    return source.prove(claim, 0, Target("objective", 0, "lower")).certificate


_EQUATIONS = 300
"""Equations modulo which costs are compared."""


def _factors(ours: Affine, theirs: Affine, source: ClaimSource) -> list[tuple[Exact, Exact]]:
    """Positive factors and constants that turn our cost into theirs: as they stand, reduced, modulo the equations."""
    found: list[tuple[Exact, Exact]] = []
    rows = source.program.rows
    equations = [Affine(r.linear, -r.lower) for r in rows if r.lower is not None and r.lower == r.upper]
    forms = [(ours, theirs), (source.form(ours), source.form(theirs))]
    if equations and len(equations) <= _EQUATIONS:
        reduced = _reduced([ours, theirs], equations, source.deadline)
        forms.append((reduced[0], reduced[1]))
    for left, right in forms:
        scale: Exact | None = None
        if not left.terms and not right.terms:
            scale = 1
        elif left.terms and left.terms.keys() == right.terms.keys():
            ratios = {divide(right.terms[j], c) for j, c in left.terms.items()}
            if len(ratios) == 1 and (ratio := ratios.pop()) > 0:
                scale = ratio
        if scale is not None:
            found.append((scale, simplify(right.constant - scale * left.constant)))
    return found


def _reduced(forms: list[Affine], equations: list[Affine], deadline: float) -> list[Affine]:
    """The forms with the pivots of the equations (each ``affine = 0``) eliminated, by Gauss and Jordan."""
    pivots: dict[int, Affine] = {}
    for equation in equations:
        in_time(deadline)
        rest = _without(equation, pivots)
        if not rest.terms:
            continue
        pivot = min(rest.terms)
        solved = rest.scaled(divide(1, rest.terms[pivot]))
        pivots = {p: _without(known, {pivot: solved}) for p, known in pivots.items()}
        pivots[pivot] = solved
    return [_without(form, pivots) for form in forms]


def _without(form: Affine, pivots: Mapping[int, Affine]) -> Affine:
    """The form minus the multiples of the solved equations that clear their pivots from it."""
    terms, constant = dict(form.terms), form.constant
    for pivot in [j for j in form.terms if j in pivots]:
        factor = terms[pivot]
        for j, c in pivots[pivot].terms.items():
            add_term(terms, j, -factor * c)
        constant -= factor * pivots[pivot].constant
    return Affine(terms, simplify(constant))


def _same(
    a: ClaimSource,
    b: ClaimSource,
    cost_a: Affine,
    ours: Affine,
    theirs: Affine,
    around: Affine,
    scale: Exact,
    constant: Exact,
) -> Preference | None:
    """Certificates for ``scale * cost_a + constant == cost_b`` as best values of a plan, or None.

    ``ours`` is A's cost in B's terms, ``around`` B's cost in A's.
    """
    # B's plans can be had in A at no more than their cost ...
    most = ours.scaled(scale).plus(theirs.scaled(-1)).plus(Affine({}, constant))
    at_most = b.prove(most, 0, Target("objective", 0, "upper"))
    if at_most.certificate is None:
        return None
    # ... and no plan of A costs less than its image in B.
    least = around.plus(cost_a.scaled(-scale)).plus(Affine({}, -constant))
    at_least = a.prove(least, 0, Target("objective", 0, "lower"))
    if at_least.certificate is None:
        return None
    certificates = (at_most.certificate, at_least.certificate)
    if any(c.method == "solver" for c in certificates):
        # A search has seen the plans at hand one after the other; that says nothing of the objectives.
        return None
    return Preference("same", scale, constant, certificates, proof="certified")


_Plan = tuple[Exact, ...]
_Least = tuple[tuple[Literal["a", "b"], ...], tuple[Certificate, ...]]
_Scales = list[tuple[Exact, Exact]]

_AT_HAND = 8
"""Plans of a side that are tried before others are searched."""


def _at_hand(a: ClaimSource, b: ClaimSource, forward: Sequence[Affine | None]) -> list[_Plan]:
    """Plans of B that were met so far: its own, and A's as B's columns read them."""
    images = [tuple(form.value(point) for form in forward if form is not None) for point in a.points[:_AT_HAND]]
    plans = b.points[:_AT_HAND] + [image for image in images if len(image) == len(forward)]
    return [plan for plan in dict.fromkeys(plans) if b.is_plan(plan)]


def _among(plans: list[_Plan], ours: Affine, theirs: Affine, least: _Least) -> Preference | None:
    """Two of these plans of B that the costs rank apart."""
    costs = [(ours.value(plan), theirs.value(plan), plan) for plan in plans]
    for mine, yours, better in costs:
        for other_mine, other_yours, worse in costs:
            if (mine < other_mine and yours >= other_yours) or (yours < other_yours and mine >= other_mine):
                strict: Literal["a", "b"] = "a" if mine < other_mine else "b"
                return Preference("differs", None, 0, least[1], least[0], better, worse, strict, "certified")
    return None


_ORDER_ONLY = "order-only"


def _by_pairs(b: ClaimSource, ours: Affine, theirs: Affine, least: _Least) -> tuple[Preference, _Scales]:
    """Two plans p, q of B: one cost says p < q, the other p >= q; else why none was found.

    With it come factors and constants that may turn our cost into theirs, where linear programs show that there is no
    such pair: ``ours(q) - ours(p) <= m (theirs(q) - theirs(p))`` for all p and q makes ``ours - m theirs`` constant.
    """
    view, lifted = b.view()
    left, right = b.core_form(ours), b.core_form(theirs)
    apart = _best_of_each(view, left, right)
    if apart is not None:
        better, worse, strict_in = apart
        told = Preference("differs", None, 0, least[1], least[0], lifted(better), lifted(worse), strict_in, "certified")
        return told, []
    doubled = _doubled(view.program)
    count = len(view.program.columns)
    ratios: list[Exact | None] = []
    trouble = None
    for strict, other, side in ((left, right, "a"), (right, left, "b")):
        # keep other(p) - other(q) >= 0 and ask how far strict(q) - strict(p) can rise above 0
        row = Row("ranks", Quadratic(_difference(other, count, 1)), 0, None, "ranks")
        pair = ClaimSource(Program(doubled.columns, [*doubled.rows, row], "feasibility"), b.policy, b.deadline)
        outcome = pair.prove(Affine(_difference(strict, count, -1)), 0, Target("objective", 0, "upper"))
        if outcome.status == "refuted":
            assert outcome.point is not None
            found = Preference(
                "differs",
                certificates=least[1],
                least=least[0],
                better=lifted(outcome.point[:count]),
                worse=lifted(outcome.point[count:]),
                strict_in="a" if side == "a" else "b",
                proof="certified",
            )
            return found, []
        if outcome.certificate is None:
            trouble = outcome
        elif outcome.certificate.method == "multipliers":
            ratios.append(-outcome.certificate.rows.get(len(doubled.rows), 0))
        else:
            ratios.append(None)
    if trouble is not None:
        return Preference("unknown", code=trouble.code, message=trouble.message), []
    message = "the objectives rank the plans at hand alike, but differ by more than a scale and a shift"
    found = Preference("unknown", code=_ORDER_ONLY, message=message)
    return found, _scales(view, left, right, ratios)


def _best_of_each(source: ClaimSource, ours: Affine, theirs: Affine) -> tuple[_Plan, _Plan, Literal["a", "b"]] | None:
    """The best plans by either cost, the better one first and whose cost says so strictly; None where both are best.

    What is best by the one cost is never worse by it; where the other says that it is, they rank the two apart.
    """
    first = source.cheapest(ours)
    second = None if first is None else source.cheapest(theirs)
    if first is None or second is None:
        return None
    if theirs.value(second) < theirs.value(first) and ours.value(second) >= ours.value(first):
        return second, first, "b"
    if ours.value(first) < ours.value(second) and theirs.value(first) >= theirs.value(second):
        return first, second, "a"
    return None


def _scales(source: ClaimSource, ours: Affine, theirs: Affine, ratios: list[Exact | None]) -> _Scales:
    """What the multipliers of both rankings say of the factor, with the constant at some plan."""
    factors: list[Exact] = [divide(1, ratio) for ratio in ratios[:1] if ratio] + [r for r in ratios[1:] if r]
    if all(ratio == 0 for ratio in ratios):
        factors.append(1)
    point = next(iter(source.some_plans()), None) if factors else None
    if point is None:
        return []
    return [(s, simplify(theirs.value(point) - s * ours.value(point))) for s in dict.fromkeys(factors) if s > 0]


def _difference(form: Affine, count: int, sign: int) -> dict[int, Exact]:
    """``sign * (form(p) - form(q))`` over the two copies."""
    terms: dict[int, Exact] = {j: sign * c for j, c in form.terms.items()}
    terms.update({count + j: -sign * c for j, c in form.terms.items()})
    return terms


def _doubled(program: Program) -> Program:
    count = len(program.columns)
    columns: list[Column] = [*program.columns, *(replace(c, name=f"{c.name}'") for c in program.columns)]
    rows = list(program.rows)
    for row in program.rows:
        body = Quadratic({count + j: c for j, c in row.linear.items()})
        rows.append(Row(f"{row.name}'", body, row.lower, row.upper, row.constraint, row.members))
    return Program(columns, rows, "feasibility")


def _prefer_quadratic(ours: Quadratic, theirs: Quadratic, b: ClaimSource, closed: bool) -> Preference:
    """Second-order objectives: the same up to a positive factor and a constant, or a pair among plans at hand.

    ``closed``: neither objective uses an auxiliary column, so a plan and its image cost what the formulas say.
    """
    ratio = _ratio(ours.quadratic, theirs.quadratic)
    if closed and ratio is not None and ratio > 0:
        gap = Affine(theirs.linear).plus(Affine(ours.linear).scaled(-ratio))
        if not gap.terms:
            constant = simplify(theirs.constant - ratio * ours.constant)
            return Preference("same", ratio, constant, proof="certified")
    plans = b.some_plans()
    plans.extend(
        tuple(divide(p + q, 2) for p, q in zip(left, right, strict=True))
        for i, left in enumerate(plans[:8])
        for right in plans[:i]
    )
    usable = [plan for plan in plans if b.is_plan(plan)]
    for p in usable:
        for q in usable:
            mine, yours = ours.value(q) - ours.value(p), theirs.value(q) - theirs.value(p)
            if mine > 0 >= yours:
                return Preference("differs", better=p, worse=q, strict_in="a", proof="certified")
            if yours > 0 >= mine:
                return Preference("differs", better=p, worse=q, strict_in="b", proof="certified")
    return Preference(
        "unknown", code="quadratic-order", message="no pair of plans found that the objectives rank apart"
    )


def _columns(form: Quadratic) -> set[int]:
    return set(form.linear) | {j for pair in form.quadratic for j in pair}


def _ratio(left: Mapping[tuple[int, int], Exact], right: Mapping[tuple[int, int], Exact]) -> Exact | None:
    if left.keys() != right.keys() or not left:
        return None
    ratios = {divide(right[key], Fraction(c)) for key, c in left.items()}
    return ratios.pop() if len(ratios) == 1 else None
