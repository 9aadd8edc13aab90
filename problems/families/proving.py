"""Every reference is proved when it is drawn: built, solved, certified as far as possible, its variant's claim tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...feasibility.errors import PyriteError
from ...feasibility.policy import Policy
from ...feasibility.programs.program import Program, Quadratic, Row
from ...feasibility.rationals import Exact
from ...feasibility.solver.solution import Solution
from ...feasibility.verdict import Proof
from .algebra import is_decimal
from .drawing import Draft, Variant

_POLICY = Policy(time_limit=60.0)
"""Generous, so that a slow machine draws the same problem as a fast one; families keep solves far below it."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A draft whose claims hold. ``optimum`` is None unless the status is optimal."""

    draft: Draft
    optimum: Exact | None
    proof: Proof

    @property
    def finite(self) -> bool:
        """Can the optimum be written as a decimal of at most twelve digits?"""
        if self.optimum is None:
            return True
        return is_decimal(self.optimum) and len(str(self.optimum * 10**6 // 1)) <= 14


def prove(draft: Draft, variant: Variant) -> Proved | str:
    """The proved draft, or in a sentence why this attempt is refused.

    Raises PyriteError when the reference does not build (a fault in the family) or the solver gives up: a redraw
    would then depend on the machine.
    """
    from ...feasibility.programs.compiling import build

    program = build(draft.reference, draft.data, _POLICY)
    solution = _solve(program)
    if solution.status != draft.status:
        return f"the reference is {solution.status}, expected {draft.status}"
    optimum = solution.objective if solution.status == "optimal" else None
    if variant in ("redundant", "sometimes"):
        refusal = _refuse_marked(program, draft.marked, variant, optimum)
        if refusal:
            return refusal
    return Proved(draft, optimum, solution.proof or "solver-trusted")


def _solve(program: Program) -> Solution:
    from ...feasibility.solver.solving import solve

    solution = solve(program, _POLICY)
    if solution.status == "unknown":
        raise PyriteError(f"a drawn reference could not be solved: {solution.message or solution.code}")
    return solution


def _refuse_marked(program: Program, marked: Sequence[str], variant: Variant, optimum: Exact | None) -> str:
    """Why the marked rows are not what the variant claims, or nothing.

    redundant: no plan that keeps the other rows breaks them. sometimes: some plan does, but the optimum is the same
    without them.
    """
    rows = [row for row in program.rows if row.constraint in marked]
    others = replace(program, rows=[row for row in program.rows if row.constraint not in marked])
    if not rows:
        return "nothing is marked"
    breakable = any(_breakable(others, row) for row in rows)
    if variant == "redundant":
        return "the marked constraint is not redundant" if breakable else ""
    if not breakable:
        return "the marked constraint never matters"
    return "" if _solve(others).objective == optimum else "the marked constraint binds"


def _breakable(program: Program, row: Row) -> bool:
    """Can some plan of the program break this row?"""
    for sense, bound in (("maximize", row.upper), ("minimize", row.lower)):
        if bound is None:
            continue
        goal = Quadratic(dict(row.body.linear))
        extreme = _solve(replace(program, sense=sense, objective=goal))  # type: ignore[arg-type]
        if extreme.status == "unbounded":
            return True
        value = extreme.objective
        if (
            extreme.status == "optimal"
            and value is not None
            and (value > bound if sense == "maximize" else value < bound)
        ):
            return True
    return False
