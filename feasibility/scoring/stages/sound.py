"""Stage 7: does the output's plan obey the reference? Exact evaluation, no solver."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from ...policy import Policy
from ...programs.correspondence import match_names
from ...programs.program import Program
from ...rationals import Exact, show
from ...solver.exactness import violations
from ...solver.solution import Solution
from ...solver.words import enumeration, number, point, row_text, violated
from ...verdict import Finding, StageResult
from ..prepared import PreparedReference


def sound(program: Program, solution: Solution, prepared: PreparedReference, policy: Policy) -> StageResult:
    """The optimal plan, carried over by the variables' names, against all that the reference asks for.

    An unbounded output's plan and ray are both tested. The plan is one of possibly many optimal ones: that one optimal
    plan obeys does not mean that all do (stage 9 asks for all). ``details``: ``plan`` in the reference's names,
    ``reference_plan``, ``reference_value`` (the reference objective at this plan), and ``violated``.
    """
    reference = prepared.program
    assert reference is not None
    if solution.status == "infeasible":
        # Stage 5 lets an infeasible output come here only when the problem is infeasible too.
        return StageResult("pass", "both-infeasible", "infeasible, as the problem is: there is no plan to break a rule")
    match = match_names(program, reference, extra=True)
    if match is None:
        ours = enumeration([column.name for column in program.columns], most=4)
        theirs = enumeration([column.name for column in reference.columns], most=4)
        text = f"the variables do not correspond by name: {ours} here, {theirs} in the reference"
        return StageResult("unknown", "no-correspondence", text)
    assert solution.point is not None
    plan = [solution.point[j] for j in match]
    details: dict[str, Any] = point("plan", reference, plan)
    details |= number("reference_value", reference.objective.value(plan))
    if prepared.solution is not None and prepared.solution.status == "optimal" and prepared.solution.point is not None:
        details |= point("reference_plan", reference, prepared.solution.point)
    rows = violated(reference, violations(reference, plan, policy), prepared.reference.units)
    if not rows and solution.status == "unbounded" and solution.ray is not None:
        rows = _stopped(reference, [solution.ray[j] for j in match])
    if not rows:
        return StageResult("pass", None, "", (), {"proof": "certified", **details})
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    finding = Finding("unsound", f"its plan breaks the problem: {rows[0]['sentence']}{more}")
    return StageResult.failed(finding, violated=rows, **details)


def _stopped(reference: Program, ray: Sequence[Exact]) -> list[dict[str, Any]]:
    """Rows and bounds of the reference that stop a ray, as entries like those of :func:`.words.violated`."""
    tolerance = Fraction(1, 10**9)
    found: list[dict[str, Any]] = []
    for row in reference.rows:
        slope: Exact = sum((coefficient * ray[j] for j, coefficient in row.linear.items()), start=Fraction(0))
        side = _crossed(slope, row.lower, row.upper, tolerance)
        if side:
            bound = row.upper if side == "upper" else row.lower
            found.append(_stop("row", row.name, side, slope, bound, row.constraint, row_text(reference, row)))
    for column, step in zip(reference.columns, ray, strict=True):
        side = _crossed(step, column.lower, column.upper, tolerance)
        if side:
            bound = column.lower if side == "lower" else column.upper
            found.append(_stop(side, column.name, side, step, bound, "", ""))
    return found


def _crossed(slope: Exact, lower: Exact | None, upper: Exact | None, tolerance: Fraction) -> str:
    if upper is not None and slope > tolerance:
        return "upper"
    return "lower" if lower is not None and slope < -tolerance else ""


def _stop(
    kind: str, name: str, side: str, slope: Exact, bound: Exact | None, constraint: str, text: str
) -> dict[str, Any]:
    """One entry: the plan grows without end, and this row or bound of the problem does not allow it."""
    limit = "at most" if side == "upper" else "at least"
    entry: dict[str, Any] = {"kind": kind, ("row" if kind == "row" else "variable"): name, "side": side}
    if kind == "row":
        entry |= {"constraint": constraint, "text": text}
    entry |= number("slope", slope)
    if bound is not None:
        entry |= number("bound", bound)
        entry["sentence"] = f"{name} must be {limit} {show(bound)}, and the unbounded direction moves it without end"
    return entry
