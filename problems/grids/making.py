"""Sets of grid problems: cases x seeds, whole or with one part out, each with its optimal power flow as a reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...feasibility.errors import PyriteError
from ...feasibility.plans.grids.grid import Physics
from ...feasibility.plans.grids.rules import GridRules
from ...feasibility.plans.plan import Plan, PlanKey, write_plan
from ...feasibility.plans.rules import worst
from ...feasibility.policy import Policy
from ...feasibility.rationals import Exact, from_float
from ..families import split_of
from ..planning import form
from ..problem import Problem
from .cases import CASES, Dispatch, draw_grid
from .telling import tell

DIGITS = 6
"""Decimals of a reference plan; what is rounded away stays far below ``balance_tolerance`` (tested on every grid)."""


@dataclass(frozen=True, slots=True)
class GridOrder:
    """What is made: ``count`` problems a case from ``seed`` upwards; with ``outages`` one part is out in each."""

    cases: tuple[str, ...] = ("ieee9",)
    physics: Physics = "ac"
    count: int = 10
    seed: int = 0
    outages: bool = False
    split: str | None = None

    def __post_init__(self) -> None:
        for case in self.cases:
            if case not in CASES:
                raise PyriteError(f"there is no grid {case!r}; there are {', '.join(CASES)}")
        if self.physics not in ("ac", "dc"):
            raise PyriteError(f"physics is ac or dc, not {self.physics!r}")
        if self.count < 1 or self.seed < 0:
            raise PyriteError("count is at least 1 and seed not negative")


def make_grids(order: GridOrder) -> Iterator[Problem]:
    """The problems, case by case; seeds go up, and only those of the split are taken when one is named."""
    for case in order.cases:
        made, seed = 0, order.seed
        while made < order.count:
            if order.split is None or split_of(seed) == order.split:
                yield grid_problem(case, order.physics, seed, order.outages)
                made += 1
            seed += 1


def grid_problem(case: str, physics: Physics, seed: int, outage: bool = False) -> Problem:
    """One problem. Raises PyriteError when its own reference plan does not keep the grid's rules."""
    grid, dispatch, out = draw_grid(case, physics, seed, outage)
    plan = reference_plan(dispatch)
    rules, policy = GridRules(grid), Policy()
    broken = worst(rules.checks(plan, policy))
    if broken:
        raise PyriteError(f"the optimal power flow of {case} (seed {seed}) breaks its own rules: {broken[0].sentence}")
    family = f"{case}-{physics}-n1" if outage else f"{case}-{physics}"
    extra: dict[str, Any] = {"plan": write_plan(plan)}
    if out is not None:
        extra["outage"] = {"kind": out.kind, "name": out.name}
    return Problem(
        id=f"{family}-{seed}",
        text=f"{tell(grid, out)}\n{form(rules.asked)}",
        optimum=rules.objective(plan),
        family=family,
        split=split_of(seed),
        task="plan",
        grid=grid,
        units={"objective": "an hour"},
        extra=extra,
    )


def reference_plan(dispatch: Dispatch) -> Plan:
    """The dispatch as a plan, rounded to :data:`DIGITS` decimals so that a model can write it."""
    values: dict[PlanKey, Exact] = {
        (name, (member,)): from_float(round(value, DIGITS))
        for name, table in dispatch.values.items()
        for member, value in table.items()
    }
    return Plan(values)


def kinds(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """The problems by whether a part is out: ``n`` and ``n-1``."""
    table: dict[str, list[Problem]] = {"n": [], "n-1": []}
    for problem in problems:
        table["n-1" if "outage" in problem.extra else "n"].append(problem)
    return table
