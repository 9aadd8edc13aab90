"""Plans of a formulation: every bound, whole number and row of the reference, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..policy import Policy
from ..programs.program import Column, Program, Quadratic, Row
from ..rationals import Exact, Fraction, magnitude, simplify
from ..solver.exactness import row_values
from .plan import AskedValues, Plan
from .rules import Check, Nearest, RuleKind, units_of


class ProgramRules:
    """A compiled reference as rules. ``units`` are the problem's words for names."""

    def __init__(self, program: Program, units: Mapping[str, str] | None = None) -> None:
        self.program = program
        self.units = units or {}

    @property
    def asked(self) -> AskedValues:
        """Every variable of the reference, by its own name and members."""
        found: dict[str, list[tuple[str | int, ...]]] = {}
        for column in self.program.columns:
            found.setdefault(column.variable, []).append(column.members)
        return {name: tuple(members) for name, members in found.items()}

    @property
    def sense(self) -> str:
        """The reference's sense."""
        return self.program.sense

    def point(self, plan: Plan) -> list[Exact]:
        """The plan as a value a column."""
        return [plan.of(column.variable, column.members) for column in self.program.columns]

    def checks(self, plan: Plan, policy: Policy) -> Sequence[Check]:
        """Bounds and whole numbers by column, then the rows."""
        point = self.point(plan)
        found = [*self._of_columns(point, policy)]
        tolerance = Fraction(repr(policy.row_tolerance))
        for row, value in zip(self.program.rows, row_values(self.program, point), strict=True):
            kind: RuleKind = "equalities" if row.lower is not None and row.lower == row.upper else "inequalities"
            unit = units_of(row.name, self.units) or self.units.get(row.constraint, "")
            found.append(_held(kind, row.constraint, row.name, value, row.lower, row.upper, tolerance, unit))
        return found

    def objective(self, plan: Plan) -> Exact:
        """The exact value of the reference's objective."""
        return simplify(self.program.objective.value(self.point(plan)))

    def nearest(self, plan: Plan, policy: Policy, deadline: float) -> Nearest | None:
        """Minimise the sum of absolute changes over the reference's rows, bounds and whole numbers."""
        from ..solver.solving import solve

        program = self.program
        if program.is_nonlinear:
            return None
        point, n = self.point(plan), len(program.columns)
        apart = [Column(f"change[{j}]", "continuous", 0, None, "change", (j,)) for j in range(n)]
        rows = [replace(row) for row in program.rows]
        for j, value in enumerate(point):
            rows.append(Row(f"above[{j}]", Quadratic({j: 1, n + j: -1}), None, value, "above", (j,)))
            rows.append(Row(f"below[{j}]", Quadratic({j: 1, n + j: 1}), value, None, "below", (j,)))
        goal = Quadratic({n + j: 1 for j in range(n)})
        found = solve(Program([*program.columns, *apart], rows, "minimize", goal), policy, deadline=deadline)
        if found.status != "optimal" or found.point is None or found.objective is None:
            return None
        values = {
            (column.variable, tuple(map(str, column.members))): found.point[j]
            for j, column in enumerate(program.columns)
        }
        changed = sum(found.point[j] != value for j, value in enumerate(point))
        return Nearest(found.objective, changed, Plan(values))

    def other_units(self, plan: Plan, policy: Policy) -> str:
        """Nothing: a formulation's numbers carry no unit that could be mistaken."""
        del plan, policy
        return ""

    def _of_columns(self, point: Sequence[Exact], policy: Policy) -> list[Check]:
        tolerance, whole = Fraction(repr(policy.row_tolerance)), Fraction(repr(policy.integer_tolerance))
        found = []
        for column, value in zip(self.program.columns, point, strict=True):
            unit = units_of(column.name, self.units)
            if column.lower is not None or column.upper is not None:
                sides = (column.lower, column.upper)
                found.append(_held("bounds", column.variable, column.name, value, *sides, tolerance, unit))
            if column.is_integer:
                near = round(value)
                away = magnitude(value - near)
                found.append(
                    Check("integrality", column.variable, column.name, value, near, near, away, away <= whole, unit)
                )
        return found


def _held(
    kind: RuleKind,
    group: str,
    name: str,
    value: Exact,
    lower: Exact | None,
    upper: Exact | None,
    tolerance: Fraction,
    unit: str,
) -> Check:
    """A value held between its sides; it may miss one by ``tolerance * max(1, |side|)``, the policy's rule for rows."""
    amount: Exact = 0
    side: Exact = 0
    if lower is not None and value < lower:
        amount, side = lower - value, lower
    elif upper is not None and value > upper:
        amount, side = value - upper, upper
    return Check(kind, group, name, value, lower, upper, amount, amount <= tolerance * max(1, magnitude(side)), unit)
