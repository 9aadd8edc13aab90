"""Compare two programs: propose correspondences, prove or refute both containments, compare the objectives.

Sources. Equivalence as a pair of affine maps between plans generalises the quasi-Karp equivalence of EquivaMap
(arXiv 2502.14760), here with both maps found without a language model and with evidence for each row. Containment of
polyhedra row by row is linear programming duality (Farkas 1902); the relation's names follow set inclusion.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from ...policy import Policy
from ...programs.program import Program
from ...verdict import Proof
from ..evidence import Comparison, Containment, Preference, Relation
from ..maps import Affine
from .claims import Source
from .containment import contain
from .matching import Candidate, candidates, unmatched
from .preference import prefer


def compare(
    a: Program,
    b: Program,
    policy: Policy | None = None,
    *,
    mapping: Mapping[str, Affine] | None = None,
    deadline: float | None = None,
) -> Comparison:
    """The relation of A to B (the reference), with the correspondence used and the evidence.

    ``mapping`` is the user's own correspondence: for each variable name of B an affine function of A's columns.
    ``deadline`` is a ``time.monotonic()`` value; without one the policy's ``equivalence_seconds`` count from now.
    When time runs out the relation is unknown and the evidence found so far is kept.
    Raises PyriteError when ``mapping`` cannot be used.
    """
    policy = policy or Policy()
    started = time.monotonic()
    deadline = started + policy.equivalence_seconds if deadline is None else deadline
    finished = _compare(a, b, policy, mapping, deadline)
    return replace(finished, seconds=time.monotonic() - started)


def _compare(
    a: Program, b: Program, policy: Policy, mapping: Mapping[str, Affine] | None, deadline: float
) -> Comparison:
    for side, program in (("the formulation", a), ("the reference", b)):
        if program.is_nonlinear:
            row = next(row for row in program.rows if row.body.quadratic)
            message = f"{side} has a product of variables in {row.name!r}; only linear rows are compared"
            return Comparison("unknown", code="nonlinear", message=message)
    best: Comparison | None = None
    for candidate in candidates(a, b, mapping, deadline):
        found = _attempt(candidate, policy, deadline)
        if found.relation == "equivalent":
            return found
        if candidate.trusted and (best is None or (best.relation == "unknown" and found.relation != "unknown")):
            best = found
        if time.monotonic() > deadline:
            break
    if best is not None:
        return best
    if time.monotonic() > deadline:
        return Comparison("unknown", code="time-limit", message="the time for the comparison ran out")
    return _without_plans(a, b, policy, deadline) or Comparison(
        "unknown", code="no-correspondence", message="the variables of the two formulations could not be matched"
    )


def _attempt(candidate: Candidate, policy: Policy, deadline: float) -> Comparison:
    maps = candidate.correspondence
    a, b = Source(candidate.a, policy, deadline), Source(candidate.b, policy, deadline)
    a_in_b = contain(a, candidate.b, maps.forward, maps.b_open)
    b_in_a = contain(b, candidate.a, maps.backward, maps.a_open)
    relation = _relation(a_in_b, b_in_a)
    if relation == "unknown":
        trouble = a_in_b if a_in_b.status == "unknown" else b_in_a
        code, message = trouble.code, trouble.message
        missing = unmatched(candidate.b, maps.forward)
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
    preference = prefer(a, b, maps.forward, maps.backward, maps.a_open, maps.b_open)
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


def _without_plans(a: Program, b: Program, policy: Policy, deadline: float) -> Comparison | None:
    """Two programs without any plan are equivalent whatever their variables are called."""
    from ..evidence import Target
    from .claims import Outcome

    outcomes: list[Outcome] = [
        Source(program, policy, deadline).prove(Affine({}, 1), 0, Target("objective", 0, "upper")) for program in (a, b)
    ]
    certificates = [o.certificate for o in outcomes]
    if any(c is None or c.method not in ("empty", "crossed") for c in certificates):
        return None
    first, second = (Containment("proved", (c,), proof="certified") for c in certificates if c is not None)
    return Comparison(
        "equivalent", "certified", None, first, second, Preference("same", proof="certified"),
        message="neither admits any plan",
    )  # fmt: skip
