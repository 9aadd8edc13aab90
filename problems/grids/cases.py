"""IEEE test cases as grids, and their optimal power flow, from pandapower (extra ``grid``).

pandapower builds MATPOWER's arrays for its own solver; they are read here into
:class:`~pyrite.feasibility.plans.grids.grid.Grid`, whose equations are written independently, and so is its optimum.
"""

from __future__ import annotations

import json
import logging
import math
import random
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...feasibility.errors import PyriteError
from ...feasibility.plans.grids.grid import Branch, Bus, GeneratingUnit, Grid, Physics, islands

CASES: dict[str, str] = {
    "ieee9": "case9",
    "ieee14": "case14",
    "ieee30": "case_ieee30",
    "ieee57": "case57",
    "ieee118": "case118",
}
"""The grids by number of buses, with pandapower's names for them."""

AC_CASES = tuple(case for case in CASES if case != "ieee57")
"""Grids with an alternating current optimum. pandapower 3.5's 57 buses have none: its power flow falls to 0.72 p.u."""

SPREAD = 0.1
"""Each load is drawn within this share of its base value, and all together within it again."""

_ENDS = {"line": ("from_bus", "to_bus"), "trafo": ("hv_bus", "lv_bus")}
"""pandapower's tables of branches, with the columns of their ends."""

_NO_LIMIT = 9_000.0
"""MATPOWER writes a branch without a limit as 9,900 MVA, and a unit without one as 10^9 MVAr."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """An optimal power flow: values by variable and member (see ``Grid.variables``), and the cost an hour."""

    values: Mapping[str, Mapping[str, float]]
    cost: float


@dataclass(frozen=True, slots=True)
class Outage:
    """One part that is out: a ``branch`` or a ``generator`` by its name."""

    kind: str
    name: str


def check_case(case: str, physics: Physics) -> None:
    """Raises PyriteError for a grid that is not there, or has no optimum of this kind."""
    if case not in CASES:
        raise PyriteError(f"there is no grid {case!r}; there are {', '.join(CASES)}")
    if physics == "ac" and case not in AC_CASES:
        raise PyriteError(f"{case} has no alternating current optimum in pandapower; take {', '.join(AC_CASES)}, or dc")


def draw_grid(case: str, physics: Physics, seed: int, outage: bool = False) -> tuple[Grid, Dispatch, Outage | None]:
    """A case with drawn loads, perhaps with one part out, and its optimal power flow.

    Parts whose loss splits the grid are never out. Draws whose power flow does not converge (or is infeasible) are
    drawn again from the same seed. Raises PyriteError when 50 in a row fail, for a case that is not there, or without
    pandapower.
    """
    check_case(case, physics)
    chance = random.Random(f"{case} {physics} {seed} {'n-1' if outage else 'n'}")  # noqa: S311 - a drawing, no secret
    for _ in range(50):
        network = _network(case)
        common = 1 + chance.uniform(-SPREAD, SPREAD)
        for place in network.load.index:
            factor = common * (1 + chance.uniform(-SPREAD, SPREAD))
            for name in ("p_mw", "q_mvar"):
                network.load.loc[place, name] = round(network.load.loc[place, name] * factor, 2)
        if outage:
            drawn = _without_one(network, case, physics, chance)
            if drawn is not None:
                return drawn
            continue
        solved = _solve(network, case, physics)
        if solved is not None:
            return (*solved, None)
    raise PyriteError(f"the power flow of {case} ({physics}) does not converge for 50 draws in a row")


def base_grid(case: str, physics: Physics) -> tuple[Grid, Dispatch]:
    """The case as it is published, with its optimal power flow. Raises PyriteError when that does not converge."""
    solved = _solve(_network(case), case, physics)
    if solved is None:
        raise PyriteError(f"the power flow of {case} ({physics}) does not converge")
    return solved


def _pandapower() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pandapower
            import pandapower.networks
    except ImportError as error:
        raise PyriteError("grids are made with pandapower; install it with: pip install 'pyrite[grid]'") from error
    return pandapower


def _network(case: str) -> Any:
    """The case as published, to be changed: building one anew takes pandapower a second."""
    return deepcopy(_published(case))


@cache
def _published(case: str) -> Any:
    pandapower = _pandapower()
    with _quiet():
        return getattr(pandapower.networks, CASES[case])()


@contextmanager
def _quiet() -> Iterator[None]:
    """pandapower says at every call that numba is missing and that it sets limits; neither is news here."""
    logger = logging.getLogger("pandapower")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _without_one(
    network: Any, case: str, physics: Physics, chance: random.Random
) -> tuple[Grid, Dispatch, Outage] | None:
    """One line, transformer or unit out of service, such that what is left hangs together and has a power flow."""
    pieces = [("line", k) for k in network.line.index] + [("trafo", k) for k in network.trafo.index]
    pieces += [("gen", k) for k in network.gen.index]
    chance.shuffle(pieces)
    whole = _names(network)
    for table, place in pieces:
        network[table].loc[place, "in_service"] = False
        if _hangs_together(network):
            solved = _solve(network, case, physics)
            if solved is not None:
                return (*solved, Outage("generator" if table == "gen" else "branch", whole[table, place]))
        network[table].loc[place, "in_service"] = True
    return None


def _hangs_together(network: Any) -> bool:
    """Every bus is reached by what is in service."""
    names = _names(network)
    branches = [
        Branch(
            names[table, k], names["bus", network[table].loc[k, a]], names["bus", network[table].loc[k, b]], 0.0, 1.0
        )
        for table, (a, b) in _ENDS.items()
        for k in network[table].index
        if network[table].in_service[k]
    ]
    buses = tuple(Bus(names["bus", k]) for k in network.bus.index)
    return len(islands(Grid("", "dc", buses, (), branches, buses[0].name))) == 1


def _names(network: Any) -> dict[tuple[str, Any], str]:
    """What each part is called: buses by number, units ``g1``..., branches by their ends (``1-2``, ``1-2b``)."""
    names: dict[tuple[str, Any], str] = {("bus", k): str(n) for n, k in enumerate(network.bus.index, 1)}
    units = [("ext_grid", k) for k in network.ext_grid.index] + [("gen", k) for k in network.gen.index]
    names |= {key: f"g{n}" for n, key in enumerate(units, 1)}
    taken: set[str] = set()
    for table, ends in _ENDS.items():
        for k in network[table].index:
            plain = "-".join(names["bus", network[table].loc[k, end]] for end in ends)
            name = next(n for n in (plain, *(f"{plain}{c}" for c in "bcdefgh")) if n not in taken)
            taken.add(name)
            names[table, k] = name
    return names


def _solve(network: Any, case: str, physics: Physics) -> tuple[Grid, Dispatch] | None:
    """The optimal power flow, and the grid as the solver saw it; pandapower limits what a branch carries as current."""
    pandapower = _pandapower()
    from pandapower.auxiliary import OPFNotConverged

    run = pandapower.runopp if physics == "ac" else pandapower.rundcopp
    with _quiet():
        for start in ("flat", "pf") if physics == "ac" else ("",):
            try:
                run(network, **({"init": start} if start else {}))
            except (OPFNotConverged, ValueError, ArithmeticError):
                continue
            if network.OPF_converged:
                return _read(network, case, physics)
    return None


def _read(network: Any, case: str, physics: Physics) -> tuple[Grid, Dispatch]:
    """Grid and dispatch from MATPOWER's arrays, which pandapower keeps after solving."""
    arrays = network._ppc_opf
    names, places = _names(network), _places(network)
    lookup = network._pd2ppc_lookups
    bus_of = {int(lookup["bus"][k]): names["bus", k] for k in network.bus.index}
    base = float(arrays["baseMVA"])
    buses, vm, va = [], {}, {}
    for row in arrays["bus"].tolist():
        name = bus_of[int(row[0])]
        vm[name], va[name] = row[7], row[8]
        demand, reactive, conductance, susceptance, lowest, highest = (_short(row[k]) for k in (2, 3, 4, 5, 12, 11))
        buses.append(Bus(name, demand, reactive, conductance, susceptance, lowest, highest, places.get(name)))
    slack = next(bus_of[int(row[0])] for row in arrays["bus"].tolist() if int(row[1]) == 3)
    units, pg, qg = _units(network, arrays, names, bus_of)
    branches = _branches(network, arrays, names, bus_of)
    grid = Grid(case, physics, tuple(buses), units, branches, slack, base)
    offset = va[slack]
    angles = {name: value - offset for name, value in va.items()}
    values: dict[str, dict[str, float]] = {"va": angles, "pg": pg}
    if physics == "ac":
        values = {"vm": vm, **values, "qg": qg}
    return grid, Dispatch(values, float(network.res_cost))


def _units(
    network: Any, arrays: Any, names: Mapping[tuple[str, Any], str], bus_of: Mapping[int, str]
) -> tuple[tuple[GeneratingUnit, ...], dict[str, float], dict[str, float]]:
    """Units with limits and costs, and what they give. The arrays hold the slack's units first, then the others."""
    alive = [("ext_grid", k) for k in network.ext_grid.index if network.ext_grid.in_service[k]]
    alive += [("gen", k) for k in network.gen.index if network.gen.in_service[k]]
    rows, costs = arrays["gen"].tolist(), arrays["gencost"].tolist()
    if len(alive) != len(rows):
        raise PyriteError(f"pandapower solved {len(rows)} units of {len(alive)}")
    units, pg, qg = [], {}, {}
    for key, row, price in zip(alive, rows, costs, strict=True):
        name = names[key]
        polynomial = [0.0, 0.0, *price[4 : 4 + int(price[3])]][-3:]
        low, high = (_limit(row[4], -1), _limit(row[3], 1))
        square, linear, constant = polynomial
        units.append(
            GeneratingUnit(
                name, bus_of[int(row[0])], _short(row[9]), _short(row[8]), low, high, (square, linear, constant)
            )
        )
        pg[name], qg[name] = row[1], row[2]
    return tuple(units), pg, qg


def _branches(
    network: Any, arrays: Any, names: Mapping[tuple[str, Any], str], bus_of: Mapping[int, str]
) -> tuple[Branch, ...]:
    alive = [(table, k) for table in ("line", "trafo") for k in network[table].index if network[table].in_service[k]]
    rows = arrays["branch"].tolist()
    if len(alive) != len(rows):
        raise PyriteError(f"pandapower solved {len(rows)} branches of {len(alive)}")
    made = []
    for key, row in zip(alive, rows, strict=True):
        ends = (bus_of[int(row[0].real)], bus_of[int(row[1].real)])
        r, x, b, rate, tap, shift = (_short(complex(row[place]).real) for place in (2, 3, 4, 5, 8, 9))
        limit = None if rate >= _NO_LIMIT or rate == 0 else rate
        made.append(Branch(names[key], *ends, r, x, b, tap or 1.0, shift, limit))
    return tuple(made)


def _places(network: Any) -> dict[str, tuple[float, float]]:
    """Where the buses are drawn, from the case's own coordinates."""
    names = _names(network)
    found = {}
    for k in network.bus.index:
        text = network.bus.geo[k] if "geo" in network.bus else None
        if isinstance(text, str):
            x, y = json.loads(text)["coordinates"][:2]
            found[names["bus", k]] = (round(float(x), 4), round(float(y), 4))
    return found


def _limit(value: float, sign: int) -> float:
    return sign * math.inf if abs(value) >= _NO_LIMIT else _short(value)


def _short(value: float) -> float:
    """A number of the case as it was published: pandapower nudges limits by 1e-10 and computes the rest per unit."""
    return float(f"{round(value, 9):.9g}") + 0.0
