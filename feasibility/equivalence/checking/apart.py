"""Differences under the names alone, re-checked: values of named columns that one side has and the other has not.

A correspondence keeps a meaningful name that both sides carry, up to the unit of a continuous column. So a plan goes
with plans of the other side that have its named values, and the best plans at two choices of values stand in one order
on both sides. What is shown here contradicts one of the two, whatever the other columns stand for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...programs.program import Program
from ...rationals import Exact
from ..evidence import Certificate, NamedEvidence, NamedPair, RangeEnd
from ..naming import shared
from .products import proves
from .sides import CheckedSide, cost_at, exact, is_plan, proves_empty, quotient, read_side


@dataclass(slots=True)
class _Trust:
    """How many certificates were seen, and how many of them are a search's word."""

    checked: int = 0
    trusted: int = 0


def named_difference(a: Program, b: Program, evidence: NamedEvidence) -> tuple[list[str], int, int]:
    """What does not hold of the evidence (empty: all does), the pieces that were checked and those that are trusted."""
    sides = read_side(a), read_side(b)
    trust = _Trust()
    problems = _pairs(a, b, sides, evidence.pairs, trust)
    if problems:
        return problems, trust.checked, trust.trusted
    number = 0 if evidence.side == "a" else 1
    here, there = sides[number], sides[1 - number]
    plan = [exact(v) for v in evidence.plan]
    trust.checked += 1
    if len(plan) != len(here.lower) or not is_plan(here, plan):
        return ["the plan that tells them apart is none"], trust.checked, trust.trusted
    values = _read(evidence.pairs, number, plan)
    if evidence.kind == "plan":
        problem = _no_such_plan(there, values, evidence.certificate, trust)
    else:
        problem = _no_such_order(here, there, number, plan, values, evidence, trust)
    return ([problem] if problem else []), trust.checked, trust.trusted


def _pairs(
    a: Program, b: Program, sides: tuple[CheckedSide, CheckedSide], pairs: Sequence[NamedPair], trust: _Trust
) -> list[str]:
    """The names bind, and the units are those that the ranges say."""
    bound = shared(a.columns, b.columns)
    for pair in pairs:
        if bound.get(pair.theirs) != pair.ours:
            return [f"column {pair.theirs} of the reference is not bound by its name"]
        if set(sides[0].cost) == {pair.ours} or set(sides[1].cost) == {pair.theirs}:
            return [f"column {pair.theirs} of the reference stands for an objective"]
        if sides[0].whole[pair.ours] and sides[1].whole[pair.theirs]:
            if pair.scale != 1:
                return [f"whole numbers in another unit: column {pair.theirs} of the reference"]
            continue
        ends = (
            _end(sides[0], pair.ours, pair.sign, pair.first, trust),
            _end(sides[1], pair.theirs, pair.sign, pair.second, trust),
        )
        if ends[0] is None or ends[1] is None or not ends[0] or ends[0] * exact(pair.scale) != ends[1]:
            return [f"the unit of column {pair.theirs} of the reference is not shown"]
        if pair.scale <= 0:
            return [f"column {pair.theirs} of the reference is turned round"]
    if len({pair.theirs for pair in pairs}) != len(pairs):
        return ["a column is paired twice"]
    return []


def _end(side: CheckedSide, j: int, sign: int, end: RangeEnd | None, trust: _Trust) -> Exact | None:
    """The end of the range if it is shown, or None."""
    if end is None or sign not in (1, -1):
        return None
    plan = [exact(v) for v in end.plan]
    if len(plan) != len(side.lower) or not is_plan(side, plan):
        return None
    return plan[j] if _at_most(side, {j: sign}, sign * plan[j], end.certificate, trust) else None


def _at_most(
    side: CheckedSide, body: Mapping[int, Exact], limit: Exact, certificate: Certificate, trust: _Trust
) -> bool:
    """Whether the certificate shows ``body <= limit`` at every plan; a search's word is counted and taken."""
    trust.checked += 1
    if certificate.method == "solver":
        trust.trusted += 1
        return True
    return proves(side, certificate, body, limit)


def _read(pairs: Sequence[NamedPair], number: int, plan: Sequence[Exact]) -> dict[int, Exact]:
    """The named values of a plan of side ``number`` as the other side's columns say them."""
    if number == 0:
        return {p.theirs: plan[p.ours] * exact(p.scale) for p in pairs}
    return {p.ours: quotient(plan[p.theirs], exact(p.scale)) for p in pairs}


def _slice(side: CheckedSide, values: Mapping[int, Exact]) -> CheckedSide:
    """The plans with these values."""
    lower, upper = list(side.lower), list(side.upper)
    for j, value in values.items():
        lower[j] = upper[j] = value
    whole = [w and j not in values for j, w in enumerate(side.whole)]
    return replace(side, lower=lower, upper=upper, whole=[w or _is_whole(values.get(j)) for j, w in enumerate(whole)])


def _is_whole(value: Exact | None) -> bool:
    return value is not None and exact(value).denominator == 1


def _breaks_bounds(side: CheckedSide, values: Mapping[int, Exact]) -> bool:
    for j, value in values.items():
        low, high = side.lower[j], side.upper[j]
        if (low is not None and value < low) or (high is not None and value > high):
            return True
        if side.whole[j] and value.denominator != 1:
            return True
    return False


def _no_such_plan(
    there: CheckedSide, values: Mapping[int, Exact], certificate: Certificate | None, trust: _Trust
) -> str | None:
    trust.checked += 1
    if certificate is None:
        return None if _breaks_bounds(there, values) else "nothing shows that the other side has no such plan"
    if certificate.method == "solver":
        trust.trusted += 1
        return None
    if certificate.method not in ("empty", "crossed") or not proves_empty(_slice(there, values), certificate):
        return "the plans with the named values are not shown to be none"
    return None


def _no_such_order(
    here: CheckedSide,
    there: CheckedSide,
    number: int,
    plan: Sequence[Exact],
    values: Mapping[int, Exact],
    evidence: NamedEvidence,
    trust: _Trust,
) -> str | None:
    other = [exact(v) for v in evidence.other]
    if here.cost_two or there.cost_two or evidence.certificate is None or evidence.other_certificate is None:
        return "the order of the two choices is not shown"
    if len(other) != len(there.lower) or not is_plan(there, other):
        return "the other side's plan is none"
    limit = exact(evidence.floor)
    if cost_at(here, dict(enumerate(plan))) >= limit:
        return "the plan called better does not cost less"
    back = _read(evidence.pairs, 1 - number, other)
    # Costs as claims "minus the cost, without its constant, is at most ...".
    least = -(limit - here.cost_constant)
    if not _at_most(_slice(here, back), {j: -v for j, v in here.cost.items()}, least, evidence.certificate, trust):
        return "the better plan's lead is not shown"
    same = cost_at(there, dict(enumerate(other)))
    least = -(same - there.cost_constant)
    body = {j: -v for j, v in there.cost.items()}
    if not _at_most(_slice(there, values), body, least, evidence.other_certificate, trust):
        return "that the other side ranks them otherwise is not shown"
    return None
