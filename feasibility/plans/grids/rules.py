"""The rules of a power grid: generator, voltage and line limits, and the balance of power at every bus.

Balances are equalities in MW and MVAr; a plan may miss one by the policy's ``balance_tolerance`` per unit of the grid's
base. Limits follow the policy's rule for rows, but on the same scale: a solver that stops at a tolerance per unit may
overstep a limit of 50 MW by more than a millionth of 50.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...policy import Policy
from ...rationals import Exact, Fraction, from_float
from ..plan import AskedValues, Plan
from ..rules import Check, Nearest, RuleKind
from .flows import Flow, cost, flows, mismatches
from .grid import Grid


class GridRules:
    """A grid as rules for plans that give ``vm``, ``va``, ``pg`` and ``qg`` (for DC ``va`` and ``pg``)."""

    sense = "minimize"

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    @property
    def asked(self) -> AskedValues:
        """See :attr:`.grid.Grid.variables`."""
        return {name: tuple((member,) for member in members) for name, members in self.grid.variables.items()}

    def checks(self, plan: Plan, policy: Policy) -> Sequence[Check]:
        """Limits of units and voltages, the slack's angle, limits of branches, balances."""
        return self._checks(self._floats(plan), policy)

    def objective(self, plan: Plan) -> Exact:
        """Cost an hour, in binary floating point as exact as that is."""
        return from_float(cost(self.grid, self._floats(plan)["pg"]))

    def nearest(self, plan: Plan, policy: Policy, deadline: float) -> Nearest | None:
        """Not for grids: the nearest plan of a nonconvex system is no small solve."""
        del plan, policy, deadline
        return None

    def other_units(self, plan: Plan, policy: Policy) -> str:
        """Powers per unit instead of MW, angles in radians for degrees, or both: said when so nearly all fits."""
        before = self._missed(self._floats(plan), policy)
        if not before:
            return ""
        tries = {
            "powers look like per unit: MW and MVAr are asked": (self.grid.base, 1.0),
            "angles look like radians: degrees are asked": (1.0, 180 / math.pi),
            "powers look like per unit and angles like radians: MW, MVAr and degrees are asked": (
                self.grid.base,
                180 / math.pi,
            ),
        }
        for sentence, (power, angle) in tries.items():
            values = self._floats(plan)
            for name, factor in (("pg", power), ("qg", power), ("va", angle)):
                if name in values:
                    values[name] = {key: value * factor for key, value in values[name].items()}
            if self._missed(values, policy) <= before // 20:
                return sentence
        return ""

    def _missed(self, values: dict[str, dict[str, float]], policy: Policy) -> int:
        return sum(not check.kept for check in self._checks(values, policy))

    def _checks(self, values: dict[str, dict[str, float]], policy: Policy) -> list[Check]:
        found = flows(self.grid, values.get("vm", {}), values["va"])
        return [
            *self._limits(values, policy),
            *self._branches(found, policy),
            *self._balances(values, found, policy),
        ]

    def _floats(self, plan: Plan) -> dict[str, dict[str, float]]:
        """The plan's numbers by variable and member. Numbers beyond all floats count as infinite."""
        return {
            name: {member: _float(plan.of(name, (member,))) for member in members}
            for name, members in self.grid.variables.items()
        }

    def _limits(self, values: dict[str, dict[str, float]], policy: Policy) -> list[Check]:
        grid, ac = self.grid, self.grid.physics == "ac"
        slack = policy.balance_tolerance * grid.base
        found = []
        for unit in grid.generators:
            power = values["pg"][unit.name]
            found.append(
                _held("bounds", "generation", f"pg[{unit.name}]", power, unit.lowest, unit.highest, slack, "MW")
            )
            if ac:
                reactive, low, high = values["qg"][unit.name], unit.reactive_lowest, unit.reactive_highest
                name = f"qg[{unit.name}]"
                found.append(_held("bounds", "reactive generation", name, reactive, low, high, slack, "MVAr"))
        for bus in grid.buses if ac else ():
            voltage = values["vm"][bus.name]
            tolerance = policy.balance_tolerance
            found.append(
                _held("bounds", "voltage", f"vm[{bus.name}]", voltage, bus.lowest, bus.highest, tolerance, "p.u.")
            )
        angle = values["va"][grid.slack]
        found.append(_held("equalities", "reference angle", f"va[{grid.slack}]", angle, 0.0, 0.0, 1e-6, "degrees"))
        return found

    def _branches(self, branch_flows: dict[str, Flow], policy: Policy) -> list[Check]:
        grid = self.grid
        ac = grid.physics == "ac"
        slack = policy.balance_tolerance * grid.base
        found = []
        for branch in grid.branches:
            if branch.limit is not None:
                name, loading = f"branch {branch.name}", branch_flows[branch.name].loading
                unit = "MVA" if ac else "MW"
                found.append(_held("inequalities", "line limit", name, loading, -math.inf, branch.limit, slack, unit))
        return found

    def _balances(
        self, values: dict[str, dict[str, float]], branch_flows: dict[str, Flow], policy: Policy
    ) -> list[Check]:
        grid = self.grid
        active, reactive = mismatches(grid, branch_flows, values.get("vm", {}), values["pg"], values.get("qg", {}))
        slack = policy.balance_tolerance * grid.base
        found = []
        for bus in grid.buses:
            for group, table, unit in (("active balance", active, "MW"), ("reactive balance", reactive, "MVAr")):
                if unit == "MW" or grid.physics == "ac":
                    name = f"{group} at {bus.name}"
                    found.append(_held("equalities", group, name, table[bus.name], 0.0, 0.0, slack, unit))
        return found


_HUGE = Fraction(10) ** 300


def _float(value: Exact) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _exact(value: float) -> Exact:
    """What a float stands for; infinite and undefined results of hostile numbers count as out of every bound."""
    if math.isfinite(value):
        return from_float(value)
    return -_HUGE if value < 0 else _HUGE


def _held(
    kind: RuleKind, group: str, name: str, value: float, lower: float, upper: float, tolerance: float, unit: str
) -> Check:
    amount = 0.0 if lower <= value <= upper else max(lower - value, value - upper)
    if not math.isfinite(value):
        amount = math.inf
    low = None if math.isinf(lower) else from_float(lower)
    high = None if math.isinf(upper) else from_float(upper)
    return Check(kind, group, name, _exact(value), low, high, _exact(amount), amount <= tolerance, unit)
