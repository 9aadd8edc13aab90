"""Propose relations of two programs: correspondences, both containments proved or refuted, the objectives compared.

Sources. Equivalence as a pair of affine maps between plans generalises the quasi-Karp equivalence of EquivaMap
(arXiv 2502.14760), here with both maps found without a language model and with evidence for each row. Containment of
polyhedra row by row is linear programming duality (Farkas 1902); the relation's names follow set inclusion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...policy import Policy
from ...programs.program import Program
from ...verdict import Proof
from ..evidence import Comparison, Containment, Correspondence, Merge, Preference, Relation, Target, Witness
from ..maps import Affine
from ..merging import unmerged_plan
from ..naming import is_meaningful
from .claims import ClaimSource
from .clock import OutOfTimeError, in_time
from .containment import contain
from .cores import SMALL, Match, empties, matches, named_pairs, protected, told_apart, with_lines
from .lines import with_products
from .matching import Candidate, by_names, candidates, from_user, unmatched
from .named import apart_by_names
from .preference import prefer
from .whole import apart_by_whole


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
    """

    differs: bool = False


def proposals(
    a: Program, b: Program, policy: Policy, mapping: Mapping[str, Affine] | None, deadline: float, taken: Taken
) -> Iterator[Proposal]:
    """Relations of A to B with their evidence, under one correspondence after the other, the likeliest first.

    They end when ``deadline`` passes, or when what was ``taken`` of them leaves nothing to be found.
    Raises PyriteError when ``mapping``, the user's own correspondence, cannot be used.
    """
    try:
        yield from _proposals(a, b, policy, mapping, deadline, taken)
    except OutOfTimeError:
        return


def _proposals(
    a: Program, b: Program, policy: Policy, mapping: Mapping[str, Affine] | None, deadline: float, taken: Taken
) -> Iterator[Proposal]:
    if mapping is not None:
        for candidate in from_user(a, b, mapping, deadline):
            yield Proposal(_unmerged(a, b, _attempt(candidate, policy, deadline)), trusted=True)
        return
    linear = not a.is_quadratic and not b.is_quadratic
    # Generic names are no ground for a difference before other pairings have been tried.
    binding = all(is_meaningful(c.name) for c in b.columns)
    telling = binding or len(b.columns) > SMALL or not linear
    complete = False
    for named in by_names(a, b, deadline):
        complete = True
        yield Proposal(_attempt(named, policy, deadline), named.trusted and telling, named.trusted and binding)
        if taken.differs and _all_whole_and_named(a, b):
            return
    if linear:
        # A plan that the one side admits and the other does not was seen: they are not both without any.
        if not taken.differs and any(empties(a, b, policy, deadline)):
            yield from _empty(a, b, policy, deadline)
            return
        for match in matches(a, b, policy, deadline, once=complete and binding, differs=taken.differs):
            yield Proposal(_unmerged(a, b, _proved(match)), match.trusted, match.bound)
            in_time(deadline)
        if complete and binding:
            # The names leave nothing to guess: a difference was told above, or time ran out on the way.
            return
        in_time(deadline)
        apart = apart_by_whole(a, b, policy, deadline)
        apart = apart or apart_by_names(a, b, named_pairs(a, b), policy, deadline)
        apart = apart or told_apart(a, b, policy, deadline)
        if apart is not None:
            yield Proposal(Comparison("incomparable", apart.proof, code="shape", difference=apart), trusted=True)
            return
    for candidate in () if complete else candidates(a, b, deadline):
        yield Proposal(_unmerged(a, b, _attempt(candidate, policy, deadline)), candidate.trusted and not linear)
        in_time(deadline)
    yield from _empty(a, b, policy, deadline)


def _all_whole_and_named(a: Program, b: Program) -> bool:
    """Every column is a whole number that both sides carry under a meaningful name, and none is the objective's own.

    Then a correspondence that keeps the names is the identity at every plan: what it refutes, no other one repairs.
    """
    ours, theirs = protected(a, b)
    return (
        len(ours) == len(a.columns)
        and len(theirs) == len(b.columns)
        and all(column.is_integer for program in (a, b) for column in program.columns)
    )


def _empty(a: Program, b: Program, policy: Policy, deadline: float) -> Iterator[Proposal]:
    """Sides without plans: both have none, or any plan of the other is the difference, whatever corresponds to what."""
    outcomes = [
        ClaimSource(side, policy, deadline).prove(Affine({}, 1), 0, Target("objective", 0, "upper")) for side in (a, b)
    ]
    sides: list[Containment] = []
    for outcome in outcomes:
        certificate = outcome.certificate
        if certificate is not None and certificate.method in ("empty", "crossed"):
            sides.append(Containment("proved", (certificate,), proof="certified"))
        elif outcome.point is not None:
            witness = Witness(outcome.point, (), Target("objective", 0, "upper"), 0, 0)
            sides.append(Containment("refuted", witness=witness, proof="certified"))
    if len(sides) != 2 or all(side.status == "refuted" for side in sides):
        return
    relation = _relation(*sides)
    nothing = Preference("same", proof="certified") if relation == "equivalent" else None
    text = "neither admits any plan" if nothing else ""
    found = Comparison(relation, "certified", None, sides[0], sides[1], nothing, message=text)
    yield Proposal(found, trusted=True)


def _proved(match: Match) -> Comparison:
    """What is proved of the programs under a correspondence of their cores."""
    found = _related(match.a, match.b, match.correspondence, match.pressed)
    if match.guessed and found.proof is not None:
        # That they differ was seen by listing all plans; the pairing that shows it is only the likeliest.
        found = replace(found, proof="enumerated")
    return with_lines(found, match.a, match.b)


def _unmerged(a: Program, b: Program, found: Comparison) -> Comparison:
    """The same with every plan in its program's own columns."""
    maps = found.correspondence
    if maps is None or not (maps.a_merges or maps.b_merges):
        return found

    def told(side: Containment | None, program: Program, groups: Sequence[Merge]) -> Containment | None:
        if side is None or side.witness is None:
            return side
        plan = unmerged_plan(program, groups, side.witness.plan)
        return replace(side, witness=replace(side.witness, plan=plan))

    preference = found.preference
    try:
        if preference is not None and preference.better:
            better, worse = (unmerged_plan(b, maps.b_merges, plan) for plan in (preference.better, preference.worse))
            preference = replace(preference, better=better, worse=worse)
        a_in_b, b_in_a = told(found.a_in_b, a, maps.a_merges), told(found.b_in_a, b, maps.b_merges)
    except ValueError as error:
        # A plan that cannot be written in the parts shows nothing; another correspondence may.
        message = f"a plan of columns read together could not be written in their parts: {error}"
        return Comparison("unknown", code="not-certified", message=message)
    return replace(found, a_in_b=a_in_b, b_in_a=b_in_a, preference=preference)


def _attempt(candidate: Candidate, policy: Policy, deadline: float) -> Comparison:
    a, b = ClaimSource(candidate.a, policy, deadline), ClaimSource(candidate.b, policy, deadline)
    a.second_order = b.second_order = True
    maps = candidate.correspondence
    return _related(a, b, maps, (maps.a_open, maps.b_open))


def _related(
    a: ClaimSource, b: ClaimSource, maps: Correspondence, open_columns: tuple[frozenset[int], frozenset[int]]
) -> Comparison:
    """Both containments and the order; ``open_columns`` of A and of B are those whose values are to be chosen."""
    a_open, b_open = open_columns
    a_in_b = contain(a, b.program, maps.forward, b_open)
    b_in_a = contain(b, a.program, maps.backward, a_open)
    a_in_b, b_in_a = with_products(a_in_b, *a.products), with_products(b_in_a, *b.products)
    a.second_order = b.second_order = False
    relation = _relation(a_in_b, b_in_a)
    if relation == "unknown":
        trouble = a_in_b if a_in_b.status == "unknown" else b_in_a
        code, message = trouble.code, trouble.message
        missing = unmatched(b.program, maps.forward)
        if missing and code == "auxiliary":
            code = "no-correspondence"
            message = f"no variable of the formulation corresponds to {', '.join(missing[:5])}"
        return Comparison("unknown", None, maps, a_in_b, b_in_a, code=code, message=message)
    if relation != "equivalent":
        return Comparison(relation, _weakest(a_in_b.proof, b_in_a.proof), maps, a_in_b, b_in_a)
    if _is_empty(a_in_b) or _is_empty(b_in_a):
        # Neither admits a plan: there is nothing to prefer.
        nothing = Preference("same", None, proof="certified")
        return Comparison("equivalent", _weakest(a_in_b.proof, b_in_a.proof), maps, a_in_b, b_in_a, nothing)
    preference = prefer(a, b, maps.forward, maps.backward, a_open, b_open)
    proof = _weakest(a_in_b.proof, b_in_a.proof, preference.proof)
    if preference.status == "unknown":
        code, message = preference.code, preference.message
        return Comparison("unknown", None, maps, a_in_b, b_in_a, preference, code, message)
    relation = "equivalent" if preference.status == "same" else "objective-differs"
    return Comparison(relation, proof, maps, a_in_b, b_in_a, preference)


def _relation(a_in_b: Containment, b_in_a: Containment) -> Relation:
    match a_in_b.status, b_in_a.status:
        case "proved", "proved":
            return "equivalent"
        case "refuted", "proved":
            return "relaxation"
        case "proved", "refuted":
            return "restriction"
        case "refuted", "refuted":
            return "incomparable"
    return "unknown"


def _is_empty(containment: Containment) -> bool:
    return any(certificate.method in ("empty", "crossed") for certificate in containment.certificates)


def _weakest(*proofs: Proof | None) -> Proof | None:
    return "solver-trusted" if "solver-trusted" in proofs else "certified"
