"""Stage 7: does the output's plan obey the reference? The plan is carried over by names, or as stage 9 reads it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...equivalence.carrying import carry
from ...equivalence.evidence import Comparison
from ...policy import Policy
from ...programs.correspondence import match_names
from ...programs.numbering import numberings
from ...programs.program import Program
from ...rationals import Exact, Fraction, show
from ...solver.exactness import violations
from ...solver.solution import Solution
from ...solver.solving import solve
from ...solver.words import conflict, enumeration, number, point, row_text, violated
from ...verdict import Finding, StageResult
from ..prepared import PreparedReference
from .answers import unknown

COMPLETING = 1.0
"""Seconds that it may take to find out whether the columns of the reference that a plan leaves open can be filled."""


def by_names(program: Program, solution: Solution, prepared: PreparedReference, policy: Policy) -> StageResult | None:
    """The optimal plan, carried over by the variables' names, against all that the reference asks for.

    None when the names do not correspond. An unbounded output's plan and ray are both tested. The plan is one of
    possibly many optimal ones: that one obeys does not mean that all do (stage 9 asks for all). ``details``: ``plan``
    in the reference's names, ``reference_plan``, ``reference_value`` (its objective at this plan), and ``violated``.
    """
    reference = prepared.program
    assert reference is not None
    match = match_names(numberings(program, reference)[0], reference, extra=True)
    if match is None:
        return None
    assert solution.point is not None
    plan = [solution.point[j] for j in match]
    ray = None if solution.ray is None else [solution.ray[j] for j in match]
    return _evaluated(reference, plan, ray, solution, prepared, policy)


def through(
    program: Program, solution: Solution, prepared: PreparedReference, policy: Policy, found: Comparison, limit: float
) -> StageResult | None:
    """The same through the correspondence of a comparison that has decided; None when it has none.

    ``limit`` is a ``time.monotonic()`` value. Columns of the reference that have no counterpart are filled in, if its
    own rows allow it; then the plan obeys.
    """
    reference, maps = prepared.program, found.correspondence
    assert reference is not None
    assert solution.point is not None
    if found.relation == "unknown" or maps is None:
        return None
    carried = carry(program, reference, maps, solution.point)
    ray = None
    if solution.status == "unbounded" and solution.ray is not None:
        ray = carry(program, reference, maps, solution.ray, direction=True).plan
    plan = carried.plan
    if plan is None:
        completed = solve(carried.completing(), policy, deadline=min(limit, time.monotonic() + COMPLETING))
        if completed.status == "infeasible":
            core = conflict(carried.completing(), _core(carried.completing(), completed, policy, limit))
            known = [k for k, value in enumerate(carried.image) if value is not None]
            details = point("plan", _only(carried.program, known), [carried.image[k] or 0 for k in known])
            text = f"its plan breaks the problem: with it {core['sentence']}"
            return StageResult.failed(Finding("unsound", text), conflict=core, through="correspondence", **details)
        if completed.point is None or (solution.status == "unbounded" and ray is None):
            return unknown("time-limit", "whether the plan can be completed in the reference was not found out in time")
        plan = completed.point
    result = _evaluated(carried.program, plan, ray, solution, prepared, policy)
    return StageResult(
        result.status, result.code, result.message, result.findings, {**result.details, "through": "correspondence"}
    )


def without_correspondence(program: Program, reference: Program) -> StageResult:
    """Unknown: neither names nor structure say which variable is which."""
    ours = enumeration([column.name for column in program.columns], most=4)
    theirs = enumeration([column.name for column in reference.columns], most=4)
    text = f"the variables do not correspond, by name or otherwise: {ours} here, {theirs} in the reference"
    return StageResult("unknown", "no-correspondence", text)


def completable(
    program: Program, solution: Solution, prepared: PreparedReference, policy: Policy, limit: float
) -> bool:
    """Whether some plan of the reference agrees with this one on every column that the reference's objective prices.

    Where names alone speak and nothing else confirms them, columns without a price may be auxiliaries of another
    meaning (the order of a visit counted from 0 or from 1); then a broken row of theirs says nothing.
    """
    reference = prepared.program
    assert reference is not None
    match = match_names(numberings(program, reference)[0], reference, extra=True)
    priced = {*reference.objective.linear, *(j for pair in reference.objective.quadratic for j in pair)}
    if match is None or solution.point is None or len(priced) == len(reference.columns):
        return False
    columns = []
    for k, column in enumerate(reference.columns):
        value = solution.point[match[k]]
        columns.append(replace(column, lower=value, upper=value) if k in priced else column)
        if k in priced and ((column.lower or value) > value or (column.upper or value) < value):
            return False
    fixed = Program(columns, reference.rows, "feasibility")
    return solve(fixed, policy, deadline=min(limit, time.monotonic() + COMPLETING)).point is not None


def _core(program: Program, solution: Solution, policy: Policy, limit: float) -> Any:
    from ...solver.conflict import find_conflict

    return find_conflict(program, policy, deadline=limit, solution=solution)


def _only(program: Program, columns: Sequence[int]) -> Program:
    return Program([program.columns[k] for k in columns], [], "feasibility")


def _evaluated(
    reference: Program,
    plan: Sequence[Exact],
    ray: Sequence[Exact] | None,
    solution: Solution,
    prepared: PreparedReference,
    policy: Policy,
) -> StageResult:
    details: dict[str, Any] = point("plan", reference, plan)
    details |= number("reference_value", reference.objective.value(plan))
    best = prepared.solution
    if best is not None and best.status == "optimal" and best.point is not None and prepared.program is not None:
        details |= point("reference_plan", prepared.program, best.point)
    rows = violated(reference, violations(reference, plan, policy), prepared.reference.units)
    if not rows and solution.status == "unbounded" and ray is not None:
        rows = _stopped(reference, ray)
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
