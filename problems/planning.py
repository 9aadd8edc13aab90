"""Problems that ask for a plan instead of a formulation: the same question, and the form of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..feasibility.errors import PyriteError
from ..feasibility.plans.of_program import ProgramRules
from ..feasibility.plans.plan import AskedValues, Plan, write_plan
from ..feasibility.policy import Policy
from ..feasibility.scoring.ladder import Judge
from .problem import Problem

SHOWN = 60
"""Values that the form of an answer spells out; of larger ones the members are listed by variable."""


def ask_for_plans(
    problems: Iterable[Problem], policy: Policy | None = None, *, both: bool = False
) -> Iterator[Problem]:
    """The problems that have a best plan, asked for it. Infeasible and unbounded ones are passed over.

    With ``both`` each is asked for its formulation first and for its plan after it.
    """
    for problem in problems:
        made = plan_problem(problem, policy)
        if made is not None:
            if both and made is not problem:
                yield problem
            yield made


def plan_problem(problem: Problem, policy: Policy | None = None) -> Problem | None:
    """The problem asked for its best plan, or None when it has none.

    The text gains the form of the answer; ``plan`` holds the reference's own optimal plan, ``plan_of`` this
    problem's id. Raises PyriteError for a problem without a reference formulation, or one that the solver does not
    finish.
    """
    if problem.task == "plan":
        return problem
    if problem.reference is None:
        raise PyriteError(f"problem {problem.id!r} has no reference formulation; its plans could not be judged")
    prepared = Judge(problem.as_reference(), policy).prepared
    if prepared.trouble:
        raise PyriteError(f"problem {problem.id!r}: {prepared.trouble[1]}")
    solution, program = prepared.solution, prepared.program
    if solution is None or program is None or solution.status != "optimal" or solution.point is None:
        return None
    pairs = zip(program.columns, solution.point, strict=True)
    plan = Plan({(column.variable, tuple(map(str, column.members))): value for column, value in pairs})
    return replace(
        problem,
        id=f"{problem.id}-plan",
        text=f"{problem.text}\n{form(ProgramRules(program).asked)}",
        optimum=solution.objective,
        status="optimal",
        task="plan",
        extra={**problem.extra, "plan": write_plan(plan), "plan_of": problem.id},
    )


def form(asked: AskedValues) -> str:
    """A line that says how the answer is written: which names have values, nested how."""
    count = sum(len(tuples) for tuples in asked.values())
    if count <= SHOWN:
        empty = write_plan(Plan({(name, tuple(map(str, m))): 0 for name, tuples in asked.items() for m in tuples}))
        return f"Answer with one JSON object of this form, with your numbers for the zeros: {_compact(empty)}"
    parts = []
    for name, tuples in asked.items():
        depth = len(tuples[0])
        members = [list(dict.fromkeys(str(entry[place]) for entry in tuples)) for place in range(depth)]
        parts.append(f"{name} by " + " and then ".join(", ".join(names) for names in members) if depth else name)
    inner = "{" + ", ".join(f'"{name}": ...' for name in asked) + "}"
    return (
        f'Answer with one JSON object {{"values": {inner}}}: a number for each name, in nested objects by member: '
        + "; ".join(parts)
        + "."
    )


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
