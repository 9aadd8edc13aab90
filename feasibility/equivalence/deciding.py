"""The relation of two programs: what the proving room proposes, the checking room sees, and the rules that ground it.

Sources. Equivalence as a pair of affine maps between plans generalises the quasi-Karp equivalence of EquivaMap
(arXiv 2502.14760), here with both maps found without a language model and with evidence for each row. Containment of
polyhedra row by row is linear programming duality (Farkas 1902); the relation's names follow set inclusion.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import PyriteError
from ..policy import Policy
from ..programs.numbering import numberings
from ..programs.program import Program
from .checking.checker import check
from .evidence import Comparison, Plans
from .maps import Affine
from .naming import is_meaningful
from .proving.clock import PATIENCE, is_late, now, working
from .proving.prover import Taken, proposals
from .tolerance import beyond_tolerance

_UNGROUNDED = {
    "names": "the only correspondence that fits reads a variable as another one than its name says",
    "nothing-paired": "no decision of the one corresponds to a decision of the other",
    "left-over": "a variable has no counterpart, and its own model does not determine it",
    "unpaid": "the units or signs that would make them agree are not borne out by the rows",
    "merged-differently": "the sums that would correspond are sums of different parts",
    "order-only": "the objectives rank the plans at hand alike, but only by a scale and a shift that nothing bears out",
    "decision-missing": "a variable that the problem speaks of has no counterpart",
}
"""Codes of the checker's objections, in words."""


def compare(
    a: Program,
    b: Program,
    policy: Policy | None = None,
    *,
    mapping: Mapping[str, Affine] | None = None,
    deadline: float | None = None,
    text: str = "",
    plans: Plans = (None, None),
) -> Comparison:
    """The relation of A to B (the reference), with the correspondence used and the evidence, all of it re-checked.

    ``mapping`` is the user's own correspondence: for each variable name of B an affine function of A's columns.
    The policy's ``equivalence_seconds`` count in processor time of this thread. ``deadline``, a ``time.monotonic()``
    value, is the outer limit; without one it is four times these seconds from now.
    ``text`` is the problem's own: a variable of the reference that it speaks of is a decision, no auxiliary.
    ``plans``: one of A and one of B that are known, say the best of each: they often tell the two apart at once.
    When time runs out the relation is unknown and the evidence found so far is kept. A defect of the search ends as
    unknown, too, with the code ``internal-error`` and the place in the message.
    Raises PyriteError when ``mapping`` cannot be used.
    """
    policy = policy or Policy()
    started = time.monotonic()
    seconds = policy.equivalence_seconds
    outer = started + PATIENCE * seconds if deadline is None else deadline
    try:
        with working(started, outer):
            ways = [a] if mapping is not None else numberings(a, b, is_meaningful)
            found = _numbered(
                ways, lambda way, until: _compare(way, b, policy, mapping, until, text, plans), started + seconds
            )
    except (PyriteError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends here as unknown and is told
        # Half a search refutes nothing, and a fault of ours is no verdict on a formulation.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        message = f"a defect of Pyrite stopped the comparison ({type(error).__name__} at {where}: {error})"[:300]
        found = Comparison("unknown", code="internal-error", message=message)
    return replace(found, seconds=time.monotonic() - started)


def _numbered(ways: Sequence[Program], compared: Callable[[Program, float], Comparison], deadline: float) -> Comparison:
    """The comparison under each way to read A's numbers: one that fits is enough, a difference needs all of them."""
    told: list[Comparison] = []
    for number, way in enumerate(ways):
        told.append(compared(way, now() + (deadline - now()) / (len(ways) - number)))
        if told[-1].relation == "equivalent":
            return told[-1]
    return next((found for found in told if found.relation == "unknown"), told[0])


def _compare(
    a: Program,
    b: Program,
    policy: Policy,
    mapping: Mapping[str, Affine] | None,
    deadline: float,
    text: str,
    plans: Plans,
) -> Comparison:
    for side, program in (("the formulation", a), ("the reference", b)):
        if program.is_nonlinear:
            row = next(row for row in program.rows if row.body.quadratic)
            message = f"{side} has a product of variables in {row.name!r}; only linear rows are compared"
            return Comparison("unknown", code="nonlinear", message=message)
    best: Comparison | None = None
    bound = False
    undecided: Comparison | None = None
    objection: str | None = None
    taken = Taken()
    for proposal in proposals(a, b, policy, mapping, deadline, taken, plans):
        found = proposal.found
        if found.relation == "unknown":
            if proposal.trusted or found.code == "order-only":
                undecided = undecided or found
            continue
        if found.relation != "equivalent":
            if not proposal.trusted or best is not None:
                continue
            if not beyond_tolerance(found, policy):
                message = "the plans that tell them apart pass their limits by less than the policy's row tolerance"
                undecided = undecided or Comparison("unknown", code="within-tolerance", message=message)
                continue
        report = check(a, b, found, text)
        if not report.holds:
            # The evidence does not bear the relation; whatever the reason, it is not told.
            undecided = undecided or Comparison("unknown", code="not-certified", message=report.problems[0])
            continue
        # A map that the user gives needs no grounds but that nothing is left over.
        against = [o for o in report.objections if mapping is None or o in ("nothing-paired", "left-over")]
        if against:
            if found.relation == "equivalent":
                objection = objection or against[0]
            continue
        found = replace(found, checked=report.checked, trusted=report.trusted)
        if found.relation == "equivalent":
            return found
        best, bound = found, proposal.bound
        taken.differs = bound
    doubtful = objection == "left-over" or (not bound and objection not in (None, "names"))
    if best is not None and best.difference is None and doubtful:
        # Something fits that the rules do not let stand; then a pairing by chance is no ground for a difference.
        # One that no correspondence repairs is.
        best = None
    if best is not None:
        return best
    if mapping is None and (taken.late or is_late(deadline)):
        # Of what was not tried nothing is known: no objection to one correspondence speaks for all of them.
        message = "the time for the comparison ran out"
        return replace(undecided or Comparison("unknown"), code="time-limit", message=message)
    if objection is not None:
        return Comparison("unknown", code=objection, message=_UNGROUNDED[objection])
    if undecided is not None:
        return undecided
    if is_late(deadline):
        return Comparison("unknown", code="time-limit", message="the time for the comparison ran out")
    message = "the variables of the two formulations could not be matched"
    return Comparison("unknown", code="no-correspondence", message=message)
