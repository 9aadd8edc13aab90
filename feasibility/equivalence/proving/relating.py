"""One correspondence proved: both containments, the objectives compared, and the relation that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...policy import Policy
from ...programs.program import Program
from ...verdict import Proof
from ..evidence import Comparison, Containment, Correspondence, Merge, Plans, Preference, Relation
from ..merging import unmerged_plan
from .claims import ClaimSource
from .containment import WASTEFUL, contain
from .joining import Match
from .lines import with_lines, with_products
from .matching import Candidate, unmatched
from .preference import prefer


def attempt(candidate: Candidate, policy: Policy, deadline: float, plans: Plans = (None, None)) -> Comparison:
    """What is proved of the candidate's programs; ``plans``: one of each side that is known from elsewhere."""
    a, b = ClaimSource(candidate.a, policy, deadline), ClaimSource(candidate.b, policy, deadline)
    a.met(plans[0])
    b.met(plans[1])
    a.second_order = b.second_order = True
    maps = candidate.correspondence
    return _related(a, b, maps, (maps.a_open, maps.b_open))


def proved(match: Match) -> Comparison:
    """What is proved of the programs under a correspondence of their cores."""
    found = _related(match.a, match.b, match.correspondence, match.pressed)
    if match.guessed and found.proof is not None:
        # That they differ was seen by listing all plans; the pairing that shows it is only the likeliest.
        found = replace(found, proof="enumerated")
    return with_lines(found, match.a, match.b)


def _related(
    a: ClaimSource, b: ClaimSource, maps: Correspondence, open_columns: tuple[frozenset[int], frozenset[int]]
) -> Comparison:
    """Both containments and the order; ``open_columns`` of A and of B are those whose values are to be chosen."""
    a_open, b_open = open_columns
    a_in_b = contain(a, b.program, maps.forward, b_open)
    b_in_a = contain(b, a.program, maps.backward, a_open)
    a_in_b, b_in_a = with_products(a_in_b, *a.products), with_products(b_in_a, *b.products)
    a.second_order = b.second_order = False
    if {a_in_b.status, b_in_a.status} == {"refuted", "unknown"}:
        # The two differ without waste; then a plan that wastes something is one that the other does not admit, too.
        a_in_b, b_in_a = _however_wasteful(a_in_b), _however_wasteful(b_in_a)
    relation = relation_of(a_in_b, b_in_a)
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


def _however_wasteful(side: Containment) -> Containment:
    if side.code != WASTEFUL or side.witness is None:
        return side
    return Containment("refuted", witness=side.witness, proof="certified")


def relation_of(a_in_b: Containment, b_in_a: Containment) -> Relation:
    """What the two containments make of A to B."""
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


def unmerged(a: Program, b: Program, found: Comparison) -> Comparison:
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
