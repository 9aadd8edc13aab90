"""Stage 9 of the ladder: the comparison with the reference as a stage's result."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from ...equivalence.deciding import compare
from ...equivalence.evidence import Comparison
from ...equivalence.lifting.lifted import lift
from ...equivalence.redrawing import can_redraw, foreign_numbers, redrawn, taken_by_name
from ...equivalence.rendering import sentence, to_json
from ...language.formulation import Formulation
from ...policy import Policy
from ...programs.compiling import Rejected, build
from ...programs.program import Program
from ...verdict import Finding, StageResult
from ..prepared import PreparedReference

INSTANCES = 2
"""Further instances on which a formulation of a problem with data is compared."""


def decide(
    program: Program,
    prepared: PreparedReference,
    policy: Policy,
    deadline: float,
    found: Comparison,
    formulation: Formulation | None = None,
) -> StageResult:
    """Whether the program admits the same plans as the reference in the same order, by the comparison of the two.

    Passes when equivalent; fails with the code ``relaxation``, ``restriction``, ``incomparable`` or
    ``objective-differs``; unknown otherwise. ``details``: ``relation``, ``witness``, ``correspondence``, certificates.
    With ``formulation`` given and a problem that carries data, equivalence is proved for all data where it can be
    (``scope`` "all data", with ``assumptions``). Where it cannot (``scope_reason``), both are compared on redrawn data:
    on other values of the parameters that the formulation takes by name (``redrawn``), which is weaker evidence
    (``other_data`` "sampled"). Numbers that it states itself hold for the data at hand, and are no fault; the stage
    then passes with the code ``data-at-hand``.
    """
    reference = prepared.program
    assert reference is not None
    deadline = min(deadline, time.monotonic() + policy.equivalence_seconds)
    details = to_json(program, reference, found, prepared.reference.units)
    details.pop("seconds")
    if found.relation != "equivalent" or formulation is None or not can_redraw(prepared.reference.data):
        return _result(found, details)
    assert prepared.reference.formulation is not None
    lifted = lift(formulation, prepared.reference.formulation, prepared.reference.data, policy, found.correspondence)
    details |= lifted.to_dict()
    if lifted.scope == "all data":
        return _result(found, details)
    taken = taken_by_name(formulation, prepared.reference.data)
    stated = foreign_numbers(formulation, prepared.reference.formulation)
    # Each further instance costs about what the first did; they must not eat the rest of the time.
    if taken and 4 * INSTANCES * found.seconds < deadline - time.monotonic():
        other = _on_other_data(formulation, prepared, policy, deadline, taken)
        if isinstance(other, StageResult) and not stated:
            return other
        if isinstance(other, int):
            details |= {"instances": 1 + other, "redrawn": sorted(taken)}
            if other:
                details["other_data"] = "sampled"
    result = _result(found, details)
    if details.get("instances", 1) > 1:
        return result
    whose = f"it states numbers ({', '.join(stated[:3])}) where the data have names" if stated else "the data at hand"
    text = f"equivalent on the problem's data; not compared on other data: {whose}"
    return replace(result, code="data-at-hand", message=text) if stated or not taken else result


def _result(found: Comparison, details: dict[str, Any]) -> StageResult:
    message = details.pop("sentence")
    details.pop("code", None)
    if found.relation == "equivalent":
        return StageResult("pass", None, "", (), details)
    if found.relation == "unknown":
        details.pop("relation")
        return StageResult("unknown", found.code or "not-certified", message, (), {"relation": "unknown", **details})
    return StageResult.failed(Finding(found.relation, message), **details)


def _on_other_data(
    formulation: Formulation, prepared: PreparedReference, policy: Policy, deadline: float, taken: frozenset[str]
) -> StageResult | int:
    """The failure that other data bring to light, or the number of instances on which both agree."""
    reference = prepared.reference
    assert reference.formulation is not None
    agreed, lengths = 0, policy.with_lengths_of_own()  # both have been read already
    for number, data in enumerate(redrawn(reference.data, INSTANCES, policy.seed, only=taken)):
        try:
            ours, theirs = build(formulation, data, lengths), build(reference.formulation, data, lengths)
        except Rejected:
            # The formulation restates the problem's numbers, so it speaks of this instance only.
            return agreed
        found = compare(ours, theirs, policy, deadline=deadline, text=reference.text)
        if found.relation == "unknown":
            return agreed
        if found.relation != "equivalent":
            details = to_json(ours, theirs, found, reference.units)
            details.pop("seconds")
            details["redrawn"] = number + 1
            text = sentence(ours, theirs, found, reference.units)
            details["sentence"] = f"the same on the problem's data, but not on other data: {text}"
            return _result(found, details)
        agreed += 1
    return agreed
