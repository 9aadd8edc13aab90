"""A problem for reading: text, reference as mathematics, optimum, and the plan that attains it."""

from __future__ import annotations

from ..feasibility.language.mathematics import mathematics
from ..feasibility.one_line import one_line
from ..feasibility.policy import Policy
from ..feasibility.programs.compiling import build
from ..feasibility.rationals import Exact, show
from ..feasibility.solver.solving import solve
from .problem import Problem

_SHOWN = 40


def shown(problem: Problem, policy: Policy | None = None) -> str:
    """The page. The reference is solved anew; what is stored and what is found are both said when they differ.

    Raises PyriteError (``Rejected``) when the reference does not build.
    """
    facts = [one_line(problem.id)]
    facts += [f"{name} {one_line(value)}" for name in ("size", "variant", "twin") if (value := problem.extra.get(name))]
    facts += [f"split {one_line(problem.split)}"] if problem.split else []
    parts = [" · ".join(facts), "\n".join(f"  {one_line(line)}".rstrip() for line in problem.text.split("\n"))]
    stored = _answer(problem.status, problem.optimum, problem.units.get("objective", ""))
    if problem.reference is None:
        return "\n\n".join([*parts, f"No reference formulation. Stored: {stored or 'nothing'}."])
    parts.append(mathematics(problem.reference, problem.data))
    limits = policy or Policy()
    program = build(problem.reference, problem.data, limits.with_lengths_of_own())
    solution = solve(program, limits)
    optimum = solution.objective if solution.status == "optimal" else None
    found = _answer(solution.status, optimum, problem.units.get("objective", ""))
    proof = f" ({solution.proof})" if solution.proof else ""
    parts.append(f"{found}{proof}" + ("" if found == stored or not stored else f"; stored: {stored}"))
    if solution.status == "optimal" and solution.point is not None:
        plan = []
        for column, value in zip(program.columns, solution.point, strict=True):
            if value != 0:
                unit = one_line(problem.units.get(column.name, problem.units.get(column.variable, "")))
                plan.append(f"  {column.name} = {show(value)}{f' {unit}' if unit and unit != 'yes or no' else ''}")
        more = [f"  ... and {len(plan) - _SHOWN:,} more"] if len(plan) > _SHOWN else []
        parts.append("\n".join(["plan (what is not named is 0)", *plan[:_SHOWN], *more]))
    return "\n\n".join(parts)


def _answer(status: str | None, optimum: Exact | None, unit: str) -> str:
    if optimum is not None:
        return f"optimum {show(optimum)}{f' {one_line(unit)}' if unit else ''}"
    return one_line(status or "")
