"""A grid as a text: every bus, unit and branch with its numbers, what is asked, and in which units."""

from __future__ import annotations

import math

from ...feasibility.plans.grids.grid import Branch, Bus, GeneratingUnit, Grid
from .cases import Outage


def tell(grid: Grid, outage: Outage | None = None) -> str:
    """The problem's text. Numbers are written with all their digits: the plan is held against exactly these."""
    ac = grid.physics == "ac"
    kind = "alternating current" if ac else "direct current (linear)"
    parts = [
        f"Find the cheapest dispatch of a power grid with {len(grid.buses)} buses, {len(grid.generators)} generators "
        f"and {len(grid.branches)} branches ({kind} optimal power flow, base {_number(grid.base)} MVA).",
    ]
    if outage is not None:
        parts.append(f"One {outage.kind} is out of service ({outage.name}) and not listed.")
    parts += [
        "Buses: " + "; ".join(_bus(bus, ac) for bus in grid.buses) + ".",
        "Generators: " + "; ".join(_unit(unit, ac) for unit in grid.generators) + ".",
        "Branches (r, x, b per unit): " + "; ".join(_branch(branch, ac) for branch in grid.branches) + ".",
        _asked(grid),
    ]
    return "\n".join(parts)


def _asked(grid: Grid) -> str:
    if grid.physics == "ac":
        return (
            "Give for every bus the voltage magnitude vm (per unit) and angle va (degrees), and for every generator "
            f"its active power pg (MW) and reactive power qg (MVAr). The angle of bus {grid.slack} is 0. At every bus "
            "the active and reactive power balance."
        )
    return (
        f"Give for every bus the angle va (degrees) and for every generator its power pg (MW). The angle of bus "
        f"{grid.slack} is 0, a branch carries base * (angle difference in radians) / (x * tap), and at every bus the "
        "power balances."
    )


def _bus(bus: Bus, ac: bool) -> str:
    words = [f"{bus.name} takes {_number(bus.demand)} MW"]
    if ac:
        words[0] += f" and {_number(bus.reactive_demand)} MVAr"
    if bus.conductance or (ac and bus.susceptance):
        reactive = f" and {_number(bus.susceptance)} MVAr" if ac else " MW"
        words.append(f"shunt {_number(bus.conductance)} MW{reactive}" if ac else f"shunt {_number(bus.conductance)} MW")
    if ac:
        words.append(f"voltage {_number(bus.lowest)} to {_number(bus.highest)}")
    return ", ".join(words)


def _unit(unit: GeneratingUnit, ac: bool) -> str:
    square, linear, constant = unit.cost
    cost = " + ".join(
        f"{_number(factor)}{power}"
        for factor, power in ((square, " p^2"), (linear, " p"), (constant, ""))
        if factor or (not power and not square and not linear)
    )
    words = [f"{unit.name} at bus {unit.bus} gives {_number(unit.lowest)} to {_number(unit.highest)} MW"]
    if ac:
        words.append(_between(unit.reactive_lowest, unit.reactive_highest))
    return ", ".join([*words, f"cost {cost}"])


def _between(low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return "any reactive power"
    if math.isinf(low):
        return f"at most {_number(high)} MVAr"
    return f"at least {_number(low)} MVAr" if math.isinf(high) else f"{_number(low)} to {_number(high)} MVAr"


def _branch(branch: Branch, ac: bool) -> str:
    numbers = [_number(branch.r), _number(branch.x), _number(branch.b)] if ac else [_number(branch.x)]
    words = [f"{branch.name} from {branch.start} to {branch.end}: " + ", ".join(numbers)]
    if branch.tap != 1:
        words.append(f"tap {_number(branch.tap)}")
    if branch.shift:
        words.append(f"shift {_number(branch.shift)} degrees")
    if branch.limit is not None:
        words.append(f"at most {_number(branch.limit)} {'MVA at rated voltage' if ac else 'MW'}")
    return ", ".join(words)


def _number(value: float) -> str:
    """As short as it gets without losing a digit."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
