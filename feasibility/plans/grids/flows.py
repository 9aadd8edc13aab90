"""What flows where: the power flow equations in polar form, for a plan's voltages and angles.

Alternating current. With ``y = 1 / (r + jx)``, ``g`` and ``s`` its real and imaginary part, ``t`` the tap ratio,
``d = angle_start - angle_end - shift`` and voltages ``u`` (start) and ``v`` (end), a branch takes from its start

    p =  g u^2 / t^2 - (u v / t) (g cos d + s sin d)
    q = -(s + b/2) u^2 / t^2 - (u v / t) (g sin d - s cos d)

and from its end

    p =  g v^2 - (u v / t) (g cos d - s sin d)
    q = -(s + b/2) v^2 + (u v / t) (g sin d + s cos d)

all per unit (MATPOWER user's manual, equations 3.2 to 3.11, written out in real numbers). What a bus is given by its
units less its demand and shunts is what its branches take; the difference is its mismatch.

Direct current approximation: voltages 1, no losses, ``sin d = d``: ``p = d / (x t)`` with d in radians (equation 3.21).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .grid import Branch, Grid


@dataclass(frozen=True, slots=True)
class Flow:
    """Power that a branch takes from its start and from its end, MW and MVAr; what is not given back is its loss."""

    start: float
    reactive_start: float
    end: float
    reactive_end: float
    loading: float
    """The larger current of the two ends, as the MVA that it is at rated voltage; for DC the MW that flow."""


def branch_flow(grid: Grid, branch: Branch, vm: Mapping[str, float], va: Mapping[str, float]) -> Flow:
    """The flow on one branch; voltages in p.u., angles in degrees by bus name (``vm`` is not read for DC)."""
    d = math.radians(va[branch.start] - va[branch.end] - branch.shift)
    if grid.physics == "dc":
        power = grid.base * d / (branch.x * branch.tap)
        return Flow(power, 0.0, -power, 0.0, abs(power))
    size = branch.r**2 + branch.x**2
    g, s = branch.r / size, -branch.x / size
    u, v, t = vm[branch.start], vm[branch.end], branch.tap
    cross = u * v / t
    cos, sin = math.cos(d), math.sin(d)
    charging = s + branch.b / 2
    start = grid.base * (g * u**2 / t**2 - cross * (g * cos + s * sin))
    reactive_start = grid.base * (-charging * u**2 / t**2 - cross * (g * sin - s * cos))
    end = grid.base * (g * v**2 - cross * (g * cos - s * sin))
    reactive_end = grid.base * (-charging * v**2 + cross * (g * sin + s * cos))
    # A plan with a voltage of zero has no current to speak of; its voltage limit says what is wrong.
    currents = [
        math.hypot(p, q) / abs(w) if w else 0.0 for p, q, w in ((start, reactive_start, u), (end, reactive_end, v))
    ]
    return Flow(start, reactive_start, end, reactive_end, max(currents))


def flows(grid: Grid, vm: Mapping[str, float], va: Mapping[str, float]) -> dict[str, Flow]:
    """The flow on every branch, by name."""
    return {branch.name: branch_flow(grid, branch, vm, va) for branch in grid.branches}


def mismatches(
    grid: Grid,
    found: Mapping[str, Flow],
    vm: Mapping[str, float],
    pg: Mapping[str, float],
    qg: Mapping[str, float],
) -> tuple[dict[str, float], dict[str, float]]:
    """MW and MVAr by bus that are made there and go nowhere (negative: that are taken and come from nowhere).

    ``found`` is what :func:`flows` gave. For DC the second is all zeros, and shunts take their power at voltage 1.
    """
    active = {bus.name: -bus.demand - bus.conductance * _squared(grid, vm, bus.name) for bus in grid.buses}
    reactive = {bus.name: -bus.reactive_demand + bus.susceptance * _squared(grid, vm, bus.name) for bus in grid.buses}
    for unit in grid.generators:
        active[unit.bus] += pg[unit.name]
        reactive[unit.bus] += qg.get(unit.name, 0.0)
    for branch in grid.branches:
        flow = found[branch.name]
        active[branch.start] -= flow.start
        active[branch.end] -= flow.end
        reactive[branch.start] -= flow.reactive_start
        reactive[branch.end] -= flow.reactive_end
    if grid.physics == "dc":
        reactive = dict.fromkeys(reactive, 0.0)
    return active, reactive


def cost(grid: Grid, pg: Mapping[str, float]) -> float:
    """What the units cost an hour: the sum of ``c2 p^2 + c1 p + c0``."""
    total = 0.0
    for unit in grid.generators:
        square, linear, constant = unit.cost
        total += (square * pg[unit.name] + linear) * pg[unit.name] + constant
    return total


def _squared(grid: Grid, vm: Mapping[str, float], bus: str) -> float:
    return 1.0 if grid.physics == "dc" else vm[bus] ** 2
