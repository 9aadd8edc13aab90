"""Propose relations of two programs: correspondences, both containments proved or refuted, the objectives compared.

Sources. Equivalence as a pair of affine maps between plans generalises the quasi-Karp equivalence of EquivaMap
(arXiv 2502.14760), here with both maps found without a language model and with evidence for each row. Containment of
polyhedra row by row is linear programming duality (Farkas 1902); the relation's names follow set inclusion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import wraps
from typing import ParamSpec

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact, divide
from ..evidence import Comparison, Containment, Plans, Preference, Target, Witness
from ..maps import Affine, column
from ..naming import is_meaningful
from ..tolerance import beyond_tolerance
from .claims import ClaimSource
from .clock import OutOfTimeError, in_time, now
from .cores import matches
from .joining import Match, NamedCores
from .matching import Candidate, by_names, candidates, from_user
from .named import apart_by_names
from .named_units import StillOpenError, UnitAttempt, UnitSearch
from .relating import attempt, proved, relation_of, unmerged
from .units import units
from .variants import SMALL, empties, named_pairs, told_apart
from .whole import apart_by_whole
from .written_units import NamedUnits, agreements, guessed, mostly_said, settled_units

_Asked = ParamSpec("_Asked")

_FOR_MAPS = 0.6
"""The share of the time that is left in which correspondences of the cores are sought."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A relation found under one correspondence.

    ``trusted``: a relation other than equivalence may be read off it; a guess that fits badly says nothing.
    ``bound``: meaningful names leave no other pairing.
    """

    found: Comparison
    trusted: bool
    bound: bool = False


@dataclass(slots=True)
class Taken:
    """What whoever hears the proposals has made of them so far.

    ``differs``: a difference under names that leave no other pairing holds, re-checked. Only another unit of a
    continuous column could still make the two equivalent: a name keeps its sign, its origin and a whole column's unit.
    ``late``: not all correspondences were tried in time.
    """

    differs: bool = False
    late: bool = False


def _until_late(made: Callable[_Asked, Iterator[Proposal]]) -> Callable[_Asked, Iterator[Proposal]]:
    """What a generator gives until its time is over."""

    @wraps(made)
    def ending(*args: _Asked.args, **options: _Asked.kwargs) -> Iterator[Proposal]:
        with suppress(OutOfTimeError):
            yield from made(*args, **options)

    return ending


@_until_late
def proposals(
    a: Program,
    b: Program,
    policy: Policy,
    mapping: Mapping[str, Affine] | None,
    deadline: float,
    taken: Taken,
    plans: Plans = (None, None),
) -> Iterator[Proposal]:
    """Relations of A to B with their evidence, under one correspondence after the other, the likeliest first.

    They end when ``deadline`` passes, or when what was ``taken`` of them leaves nothing to be found.
    Raises PyriteError when ``mapping``, the user's own correspondence, cannot be used.
    """
    if mapping is not None:
        for candidate in from_user(a, b, mapping, deadline):
            yield Proposal(unmerged(a, b, attempt(candidate, policy, deadline)), trusted=True)
        return
    linear = not a.is_quadratic and not b.is_quadratic
    # Generic names are no ground for a difference before other pairings have been tried.
    binding = all(is_meaningful(c.name) for c in b.columns)
    telling = binding or ((len(b.columns) > SMALL or not linear) and mostly_said(a, b))
    complete = unsettled = False
    for named in by_names(a, b, deadline):
        complete = True
        known = plans[0] if named.a is a else None, plans[1] if named.b is b else None
        found = attempt(named, policy, deadline, known)
        if named.trusted and binding and found.relation not in ("equivalent", "unknown"):
            for proposal in _named(_named_programs(named, policy, deadline), found):
                unsettled |= proposal.found.code == "units"
                yield proposal
        else:
            yield Proposal(found, named.trusted and telling, named.trusted and binding)
        if taken.differs and _one_map_only(a, b):
            return
    if linear:
        # A plan that the one side admits and the other does not was seen: they are not both without any.
        reduced_away = (None, None) if taken.differs else empties(a, b, policy, deadline)
        if any(reduced_away):
            yield from _empty(a, b, policy, deadline, reduced_away)
            return
        try:
            share = now() + _FOR_MAPS * (deadline - now())
            yield from _matched(a, b, policy, share, once=complete and binding, taken=taken)
        except OutOfTimeError:
            # What no correspondence repairs may still be seen in the time that is left.
            in_time(deadline)
            taken.late = True
        if complete and binding and not unsettled:
            # The names leave nothing to guess: a difference was told above, or time ran out on the way.
            return
        in_time(deadline)
        apart = apart_by_whole(a, b, policy, deadline)
        apart = apart or apart_by_names(a, b, named_pairs(a, b), policy, deadline)
        apart = apart or told_apart(a, b, policy, deadline)
        if apart is not None:
            yield Proposal(Comparison("incomparable", apart.proof, code="shape", difference=apart), trusted=True)
            return
    for candidate in () if complete and telling else candidates(a, b, deadline):
        trusted = candidate.trusted and not linear and len(named_pairs(a, b)) == len(b.columns)
        yield Proposal(unmerged(a, b, attempt(candidate, policy, deadline)), trusted)
        in_time(deadline)
    yield from _empty(a, b, policy, deadline)


def _matched(
    a: Program, b: Program, policy: Policy, deadline: float, *, once: bool, taken: Taken
) -> Iterator[Proposal]:
    """What the correspondences of the cores say. Raises OutOfTimeError at the deadline."""
    may_fit: Comparison | None = None
    for match in matches(a, b, policy, deadline, once=once, differs=taken.differs):
        found = proved(match)
        if found.relation == "unknown" and not _refuted(found):
            may_fit = may_fit or found
        elif match.trusted and not match.bound and found.relation != "equivalent" and may_fit is not None:
            # Names that say nothing tell a difference only where no other pairing fits, and one may.
            yield Proposal(unmerged(a, b, may_fit), trusted=True)
            continue
        if match.named is None or taken.differs or found.relation in ("equivalent", "unknown"):
            yield Proposal(unmerged(a, b, found), match.trusted, match.bound)
            if found.relation == "equivalent" and match.parallel is not None:
                yield Proposal(unmerged(a, b, proved(match.parallel())), trusted=False)
        else:
            for proposal in _named_orders(match, found, policy, deadline):
                yield replace(proposal, found=unmerged(a, b, proposal.found))
        in_time(deadline)


def _refuted(found: Comparison) -> bool:
    """Whether a plan was seen that only one of the two admits."""
    return any(side is not None and side.status == "refuted" for side in (found.a_in_b, found.b_in_a))


@dataclass(frozen=True, slots=True)
class _Named:
    """Programs or cores under names that bind all columns, with the way to compare them in given units."""

    search: UnitSearch
    attempt: UnitAttempt
    others: Callable[[NamedUnits], Iterator[Comparison]] = lambda _: iter(())
    """More ways to read what is left beside the named columns in the same units."""


def _named_programs(named: Candidate, policy: Policy, deadline: float) -> _Named:
    maps = named.correspondence
    pairs = {k: next(iter(image.terms)) for k, image in enumerate(maps.forward) if image is not None}

    def tried(units: NamedUnits) -> Comparison:
        forward: list[Affine | None] = [None] * len(pairs)
        backward: list[Affine | None] = [None] * len(pairs)
        for k, j in pairs.items():
            scale, shift = units.get(k, (1, 0))
            forward[k] = column(j, scale, shift)
            backward[j] = column(k, divide(1, scale), divide(-shift, scale))
        changed = replace(maps, forward=tuple(forward), backward=tuple(backward), source="names, units from the plans")
        return attempt(replace(named, correspondence=changed), policy, deadline)

    def more() -> tuple[Sequence[Sequence[Exact]], Sequence[Sequence[Exact]]]:
        first, second = (ClaimSource(p, policy, deadline).some_plans() for p in (named.a, named.b))
        return first, second

    return _Named(UnitSearch(named.a, named.b, pairs, policy, deadline, more), tried)


def _named_cores(cores: NamedCores, policy: Policy, deadline: float) -> _Named:
    assert cores.first.core is not None
    assert cores.second.core is not None
    a, b = cores.first.core.program, cores.second.core.program
    search = UnitSearch(a, b, cores.pairs, policy, deadline, cores.plans, cores.restricted, cores.loose)

    def others(units: NamedUnits) -> Iterator[Comparison]:
        match = cores.under(units)
        if match.parallel is not None:
            yield proved(match.parallel())

    return _Named(search, lambda units: proved(cores.under(units)), others)


_OPEN = "the names alone show a difference, but another unit of a continuous variable may repair it"


def _named(named: _Named, found: Comparison) -> Iterator[Proposal]:
    """A difference under names that bind, told if no units of the continuous columns repair it.

    It is told in the units in which most of what the two say agrees, those as written before others.
    """
    search = named.search
    free = search.free
    tried: list[tuple[NamedUnits, Comparison]] = [({}, found)]
    if free:
        search.learn(found)
        guess = guessed(search.a, search.b, search.pairs, free)
        if not guess:
            voted = units(search.a, search.b, search.pairs, search.deadline) or {}
            guess = {k: unit for k, unit in voted.items() if k in free and unit[0] != 1 and not unit[1]}
        try:
            for choice, under in search.tried(named.attempt, free, guess):
                tried.append((choice, under))
                if under.relation == "equivalent":
                    yield Proposal(under, trusted=False)
                    for other in named.others(choice):
                        yield Proposal(other, trusted=False)
                    raise StillOpenError
        except StillOpenError:
            yield Proposal(Comparison("unknown", code="units", message=_OPEN), trusted=True)
            return
    told = [(choice, under) for choice, under in tried if under.relation not in ("equivalent", "unknown")]
    # What is the same but for less than the tolerance in some units is not called different in others.
    told = [item for item in told if not beyond_tolerance(item[1], search.policy)] or told
    if len(told) > 1:
        same_plans = [item[1].relation == "objective-differs" for item in told]
        agreed = [agreements(search.a, search.b, search.pairs, choice) for choice, _ in told]
        told = [told[n] for n in sorted(range(len(told)), key=lambda n: (-agreed[n], not same_plans[n], n))]
    for _, under in told:
        yield Proposal(under, trusted=True, bound=True)


def _named_orders(match: Match, found: Comparison, policy: Policy, deadline: float) -> Iterator[Proposal]:
    """The same of cores, where columns that no name binds may stand in another order: none of them may fit."""
    assert match.named is not None
    first, *others = (_named_cores(cores, policy, deadline) for cores in match.named.orders)
    told: list[Proposal] = []
    if not first.search.free:
        others = []
    for named in (first, *others):
        under = found if named is first else named.attempt({})
        if under.relation == "equivalent":
            yield Proposal(under, trusted=False)
        for proposal in _named(named, under):
            if not proposal.trusted or proposal.found.code == "units":
                yield proposal
            elif named is first:
                told.append(replace(proposal, bound=match.bound))
            if proposal.found.code == "units":
                return
    yield from told


def _one_map_only(a: Program, b: Program) -> bool:
    """Both sides carry every column under a meaningful name, none is the objective's own, and the units are settled.

    Then a correspondence that keeps the names is the identity at every plan: what it refutes, no other one repairs.
    """
    pairs = named_pairs(a, b)
    return len(pairs) == len(a.columns) == len(b.columns) and settled_units(a, b, pairs)


def _empty(
    a: Program,
    b: Program,
    policy: Policy,
    deadline: float,
    known: tuple[Containment | None, Containment | None] = (None, None),
) -> Iterator[Proposal]:
    """Sides without plans: both have none, or any plan of the other is the difference, whatever corresponds to what."""
    sides: list[Containment] = []
    for side, shown in zip((a, b), known, strict=True):
        if shown is not None and shown.proof == "certified":
            sides.append(shown)
            continue
        outcome = ClaimSource(side, policy, deadline).prove(Affine({}, 1), 0, Target("objective", 0, "upper"))
        certificate = outcome.certificate
        if certificate is not None and certificate.method in ("empty", "crossed"):
            sides.append(Containment("proved", (certificate,), proof="certified"))
        elif outcome.point is not None:
            witness = Witness(outcome.point, (), Target("objective", 0, "upper"), 0, 0)
            sides.append(Containment("refuted", witness=witness, proof="certified"))
    if len(sides) != 2 or all(side.status == "refuted" for side in sides):
        return
    relation = relation_of(*sides)
    nothing = Preference("same", proof="certified") if relation == "equivalent" else None
    text = "neither admits any plan" if nothing else ""
    found = Comparison(relation, "certified", None, sides[0], sides[1], nothing, message=text)
    yield Proposal(found, trusted=True)
