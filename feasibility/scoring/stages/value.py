"""Stage 8: the output's optimum against the problem's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...equivalence.evidence import Comparison
from ...policy import Policy
from ...programs.program import Program
from ...rationals import divide, magnitude, same_value, show
from ...solver.solution import Solution
from ...solver.words import number, to_float
from ...verdict import Finding, Proof, StageResult
from .answers import fail, passed

if TYPE_CHECKING:
    from ..prepared import PreparedReference


def compare_values(program: Program, solution: Solution, prepared: PreparedReference, policy: Policy) -> StageResult:
    """Stage 8: the output's optimum against the problem's. Both must be solved, neither unknown."""
    ours, theirs = solution.status, prepared.status
    if theirs == "infeasible" or ours == "infeasible":
        if ours == theirs:
            return passed("both-infeasible", "infeasible, as the problem is")
        return fail("should-be-infeasible", f"the problem is infeasible, this is {ours}")
    if theirs == "unbounded" or ours == "unbounded":
        if ours == theirs:
            return passed("both-unbounded", "unbounded, as the problem is")
        return fail("should-be-unbounded", f"the problem is unbounded, this is {ours}")
    assert solution.objective is not None
    assert prepared.optimum is not None
    value, target = solution.objective, prepared.optimum
    gap = value - target
    details: dict[str, Any] = {
        **number("optimum", value),
        **number("reference_optimum", target),
        **number("gap", gap),
        "relative_gap": to_float(divide(gap, max(1, magnitude(target)))),
        "tolerance": policy.value_tolerance,
    }
    certified = solution.proof == "certified" and prepared.certified
    proof: Proof = "certified" if certified else "solver-trusted"
    details["proof"] = proof
    unit = prepared.reference.units.get("objective", "")
    measure = f" {unit}" if unit else ""
    if program.sense == "feasibility" and prepared.sense not in (None, "feasibility"):
        text = f"the problem asks to {prepared.sense}; this formulation seeks any plan and has no optimum"
        return fail("no-objective", text, **details)
    if same_value(value, target, policy.value_tolerance):
        return passed(**details)
    text = f"its optimum is {show(value)}{measure}, the right one is {show(target)} (off by {show(magnitude(gap))})"
    hint = ""
    if same_value(-value, target, policy.value_tolerance):
        hint = "the optimum has the wrong sign: the objective was negated"
    finding = Finding("other-value", text, where="/objective", hint=hint)
    return StageResult.failed(finding, **details)


def in_other_words(
    program: Program, solution: Solution, prepared: PreparedReference, policy: Policy, found: Comparison
) -> StageResult | None:
    """The same optimum under an objective that is negated, scaled or shifted; None when it is not the same.

    Only a comparison that has proved one objective to be a multiple of the other plus a constant can say so, by stage
    9's own rule; that the few plans of a small problem are ranked alike is not enough.
    """
    reference, preference = prepared.program, found.preference
    if found.relation == "unknown" or preference is None or preference.status != "same" or reference is None:
        return None
    if solution.objective is None or prepared.optimum is None or preference.scale is None:
        return None
    ours = -1 if program.sense == "maximize" else 1
    theirs = -1 if reference.sense == "maximize" else 1
    carried = theirs * (preference.scale * ours * solution.objective + preference.constant)
    if not same_value(carried, prepared.optimum, policy.value_tolerance):
        return None
    certified = solution.proof == "certified" and prepared.certified and preference.proof == "certified"
    details: dict[str, Any] = {
        **number("optimum", solution.objective),
        **number("carried_optimum", carried),
        **number("reference_optimum", prepared.optimum),
        "tolerance": policy.value_tolerance,
        "proof": "certified" if certified else "solver-trusted",
    }
    text = f"its optimum {show(solution.objective)} is the problem's {show(prepared.optimum)} in other words"
    return passed("other-words", f"{text}: the objective is stated with another sign, unit or zero", **details)
