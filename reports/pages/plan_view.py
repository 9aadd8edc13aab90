"""A plan on the page of its problem: its values beside the best plan's, every rule it breaks, the grid drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ...feasibility.errors import PyriteError
from ...feasibility.language.document.reading import extract
from ...feasibility.plans.of_program import ProgramRules
from ...feasibility.plans.plan import Plan, read_plan
from ...feasibility.plans.rules import KINDS, Check, Rules, satisfaction, worst
from ...feasibility.policy import Policy
from ...feasibility.programs.compiling import build
from ...feasibility.rationals import show
from ...feasibility.verdict import PLAN, Verdict
from ...problems.problem import Problem
from ...results.outputs import Output
from .grid_picture import draw_grid
from .saying import number_text

BROKEN_SHOWN = 50
VALUES_SHOWN = 60


@dataclass(frozen=True, slots=True)
class BrokenPlanRule:
    """One rule that the plan breaks, as text."""

    kind: str
    name: str
    must: str
    value: str
    by: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything the page shows of a plan. ``kinds`` are (kind, kept, rules); ``omitted`` values are not listed."""

    kinds: Sequence[tuple[str, int, int]] = ()
    broken: Sequence[BrokenPlanRule] = ()
    broken_count: int = 0
    values: Sequence[tuple[str, str, str]] = ()
    omitted: int = 0
    nearest: str = ""
    picture: Markup | None = None


def plan_view(
    problem: Problem | None, verdict: Verdict | None, output: Output | None, policy: Policy, name: str
) -> PlanView | None:
    """The view of an answer to a plan problem whose plan could be read; None otherwise. ``name`` makes ids unique."""
    if problem is None or verdict is None or output is None or verdict.ladder.task != PLAN.task or not verdict.surface:
        return None
    rules = _rules(problem, policy)
    document = extract(output.answer, policy, formulation=False).document
    plan = read_plan(document, rules.asked).plan if rules is not None else None
    if rules is None or plan is None:
        return None
    checks = rules.checks(plan, policy)
    broken = worst(checks)
    table = satisfaction(checks)
    values = list(_values(plan, problem.extra.get("plan")))
    drawn = draw_grid(problem.grid, checks, name) if problem.grid is not None else None
    return PlanView(
        kinds=[(kind, table[kind]["kept"], table[kind]["rules"]) for kind in KINDS if kind in table],
        broken=[_broken(check) for check in broken[:BROKEN_SHOWN]],
        broken_count=len(broken),
        values=values[:VALUES_SHOWN],
        omitted=max(0, len(values) - VALUES_SHOWN),
        nearest=_nearest(verdict),
        picture=Markup(drawn) if drawn else None,  # noqa: S704 - made by charts, which escape every text
    )


def _rules(problem: Problem, policy: Policy) -> Rules | None:
    if problem.grid is not None:
        from ...feasibility.plans.grids.rules import GridRules

        return GridRules(problem.grid)
    if problem.reference is None:
        return None
    try:
        return ProgramRules(build(problem.reference, problem.data, policy), problem.units)
    except PyriteError:  # the verdict says what is wrong with the reference; there is nothing to draw
        return None


def _broken(check: Check) -> BrokenPlanRule:
    if check.kind == "integrality":
        must = "a whole number"
    elif check.lower is not None and check.lower == check.upper:
        must = f"exactly {show(check.lower)}"
    elif check.upper is not None and check.value > check.upper:
        must = f"at most {show(check.upper)}"
    else:
        must = f"at least {show(check.lower or 0)}"
    unit = f" {check.unit}" if check.unit else ""
    return BrokenPlanRule(
        check.kind, check.name, must, show(check.value) + unit, show(check.amount) + unit, check.sentence
    )


def _values(plan: Plan, best: Any) -> Iterator[tuple[str, str, str]]:
    """Name, the plan's number, the best plan's; the best one is foreign text and only looked up."""
    known = best.get("values") if isinstance(best, Mapping) else None
    for (variable, members), value in plan.values.items():
        place = known.get(variable) if isinstance(known, Mapping) else None
        for member in members:
            place = place.get(member) if isinstance(place, Mapping) else None
        theirs = "" if place is None or isinstance(place, Mapping) else number_text(place)
        yield f"{variable}[{','.join(members)}]" if members else variable, show(value), theirs


def _nearest(verdict: Verdict) -> str:
    """How far the nearest plan is that keeps every rule, from the verdict."""
    found = verdict.result(KINDS[-1]).details.get("nearest")
    if not isinstance(found, Mapping) or "distance" not in found:
        return ""
    changed = found.get("changed")
    many = f" in {changed} value{'' if changed == 1 else 's'}" if isinstance(changed, int) else ""
    return f"The nearest plan that keeps every rule is {number_text(found['distance'])} away{many} (sum of changes)."
