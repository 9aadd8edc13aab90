"""A power grid as a problem states it: buses, generators, branches, limits and costs, in physical units.

Powers are in MW and MVAr, voltage magnitudes per unit of each bus's own rated voltage, angles in degrees, impedances
per unit on ``base`` MVA. A branch is a line or a transformer in MATPOWER's model (Zimmerman, Murillo-Sanchez and
Thomas 2011, section 3.2): a series impedance ``r + jx``, a total charging susceptance ``b`` and, at the from end, an
ideal transformer of ratio ``tap`` and phase shift ``shift``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeAlias

from ...errors import PyriteError

Physics: TypeAlias = Literal["ac", "dc"]

_LARGEST = 1e15
"""No number of a grid is larger: squares of it stay far from what a float can hold."""

MAX_PARTS = 20_000
"""Buses, generators or branches that a grid may have: a file is foreign, and what is read of it is bounded."""


@dataclass(frozen=True, slots=True)
class Bus:
    """A node: demand (MW, MVAr), shunt (MW and MVAr at 1 p.u.), voltage limits (p.u.), and where it is drawn."""

    name: str
    demand: float = 0.0
    reactive_demand: float = 0.0
    conductance: float = 0.0
    susceptance: float = 0.0
    lowest: float = 0.9
    highest: float = 1.1
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class GeneratingUnit:
    """A unit at a bus: limits of active and reactive power, and cost ``c2 p^2 + c1 p + c0`` an hour (p in MW)."""

    name: str
    bus: str
    lowest: float
    highest: float
    reactive_lowest: float = -math.inf
    reactive_highest: float = math.inf
    cost: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Branch:
    """A line or transformer between two buses. ``limit`` is of its current, as MVA at rated voltage (DC: MW)."""

    name: str
    start: str
    end: str
    r: float
    x: float
    b: float = 0.0
    tap: float = 1.0
    shift: float = 0.0
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """All of it. ``slack`` is the bus whose angle is 0; ``physics`` says which equations a plan has to obey."""

    name: str
    physics: Physics
    buses: Sequence[Bus]
    generators: Sequence[GeneratingUnit]
    branches: Sequence[Branch]
    slack: str
    base: float = 100.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, tuple[str, ...]]:
        """What a plan gives, by name: ``va`` (degrees) and ``vm`` (p.u.) a bus, ``pg`` (MW), ``qg`` (MVAr) a unit."""
        buses = tuple(bus.name for bus in self.buses)
        units = tuple(generator.name for generator in self.generators)
        if self.physics == "dc":
            return {"va": buses, "pg": units}
        return {"vm": buses, "va": buses, "pg": units, "qg": units}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON without what is at its default."""
        return {
            "name": self.name,
            "physics": self.physics,
            "base": self.base,
            "slack": self.slack,
            "buses": [_plain(bus) for bus in self.buses],
            "generators": [_plain(unit) for unit in self.generators],
            "branches": [_plain(branch) for branch in self.branches],
            **self.extra,
        }

    @classmethod
    def from_dict(cls, document: Any) -> Self:
        """Read :meth:`to_dict`'s JSON. Raises PyriteError that says which part is wrong."""
        if not isinstance(document, Mapping):
            raise PyriteError("a grid is an object with buses, generators and branches")
        physics = document.get("physics")
        if physics not in ("ac", "dc"):
            raise PyriteError(f"a grid's physics is ac or dc, not {physics!r}")
        parts = {name: _parts(document, name, kind) for name, kind in _KINDS.items()}
        known = ("name", "physics", "base", "slack", *_KINDS)
        grid = cls(
            name=str(document.get("name", "grid")),
            physics=physics,
            base=_finite(document.get("base", 100.0), "base"),
            slack=str(document.get("slack", "")),
            extra={key: value for key, value in document.items() if key not in known},
            **parts,
        )
        grid.check()
        return grid

    def check(self) -> None:
        """Raises PyriteError for a grid that hangs together nowhere: unknown buses, names said twice, no impedance."""
        buses = {bus.name for bus in self.buses}
        for what, items in (("bus", self.buses), ("generator", self.generators), ("branch", self.branches)):
            names = [item.name for item in items]
            twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else 0
            if twice:
                raise PyriteError(f"grid {self.name}: {what} {twice!r} is there twice")
        places = [unit.bus for unit in self.generators] + [end for b in self.branches for end in (b.start, b.end)]
        for place in [*places, self.slack]:
            if place not in buses:
                raise PyriteError(f"grid {self.name}: there is no bus {place!r}")
        for branch in self.branches:
            if branch.start == branch.end or branch.r**2 + branch.x**2 == 0 or not branch.tap:
                raise PyriteError(f"grid {self.name}: branch {branch.name} has no impedance, no tap, or one end only")
            if self.physics == "dc" and not branch.x:
                raise PyriteError(f"grid {self.name}: branch {branch.name} has no reactance")
        if not self.base > 0:
            raise PyriteError(f"grid {self.name}: base must be above zero")


def islands(grid: Grid) -> list[set[str]]:
    """The connected parts of the grid as sets of bus names, the slack's part first."""
    parent = {bus.name: bus.name for bus in grid.buses}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for branch in grid.branches:
        parent[root(branch.start)] = root(branch.end)
    parts: dict[str, set[str]] = {}
    for bus in grid.buses:
        parts.setdefault(root(bus.name), set()).add(bus.name)
    return sorted(parts.values(), key=lambda part: (grid.slack not in part, -len(part), min(part)))


_KINDS: dict[str, Any] = {"buses": Bus, "generators": GeneratingUnit, "branches": Branch}
_NUMBERS = ("place", "cost")
"""Fields that are short lists of numbers."""


def _plain(item: Any) -> dict[str, Any]:
    """The fields that are not at their default, lists for tuples."""
    document = {}
    for entry in fields(item):
        value = getattr(item, entry.name)
        if value != entry.default:
            document[entry.name] = list(value) if isinstance(value, tuple) else value
    return document


def _parts(document: Mapping[str, Any], name: str, kind: Any) -> Any:
    items = document.get(name)
    if not isinstance(items, list) or len(items) > MAX_PARTS:
        raise PyriteError(f"a grid's {name} are a list of at most {MAX_PARTS:,}")
    made = []
    for number, item in enumerate(items, 1):
        where = f"{name}[{number}]"
        if not isinstance(item, Mapping):
            raise PyriteError(f"{where} is not an object")
        found: dict[str, Any] = {}
        for key, value in item.items():
            if key not in kind.__slots__:
                raise PyriteError(f"{where}: unknown field {str(key)[:40]!r}")
            found[key] = _field(value, key, where)
        try:
            made.append(kind(**found))
        except TypeError as error:
            raise PyriteError(f"{where}: a field is missing ({str(error).rpartition(': ')[2]})") from error
    return tuple(made)


def _field(value: Any, key: str, where: str) -> Any:
    if key in ("name", "bus", "start", "end"):
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise PyriteError(f"{where}: {key} is a name")
        return str(value)
    if key in _NUMBERS:
        wanted = 2 if key == "place" else 3
        if value is None and key == "place":
            return None
        if not isinstance(value, list) or len(value) != wanted:
            raise PyriteError(f"{where}: {key} is a list of {wanted} numbers")
        return tuple(_finite(entry, f"{where}: {key}") for entry in value)
    if value is None and key == "limit":
        return None
    return _finite(value, f"{where}: {key}")


def _finite(value: Any, what: str) -> float:
    # Compared, not asked whether finite: that overflows for a whole number beyond every float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST <= value <= _LARGEST:
        raise PyriteError(f"{what} is a number of at most {_LARGEST:g} in size, not {str(value)[:40]!r}")
    return float(value)
