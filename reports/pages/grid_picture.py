"""A power grid drawn where its case places it: what a plan breaks is marked at its bus and branch.

Buses are dots (a ring where a generator stands), branches lines between them. A bus that misses its balance says by how
much, in MW and MVAr; a voltage, a generator or a branch beyond its limit is marked too. Positions are for the eye only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ...feasibility.plans.grids.grid import Grid
from ...feasibility.plans.rules import Check
from ...feasibility.rationals import show
from ..charts import element, picture, text

WIDTH, HEIGHT, MARGIN = 560.0, 420.0, 44.0
MOST_BUSES = 400
NAMED = 40
"""Up to so many buses each shows its name; of larger grids only those that break a rule."""
SAID = 14
"""Labels with amounts, the worst first; more would overprint."""

Place: TypeAlias = tuple[float, float]
PictureBox: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def draw_grid(grid: Grid, checks: Sequence[Check], name: str) -> str | None:
    """The picture, or None for a grid with more buses than anyone can read. ``checks`` are a plan's, kept or not."""
    if not grid.buses or len(grid.buses) > MOST_BUSES:
        return None
    at = _placed(grid)
    broken = {check.name: check for check in checks if not check.kept}
    body: list[str] = []
    for branch in grid.branches:
        bad = f"branch {branch.name}" in broken
        (x1, y1), (x2, y2) = at[branch.start], at[branch.end]
        body.append(element("line", x1=x1, y1=y1, x2=x2, y2=y2, cls="branch bad" if bad else "branch"))
    units = {unit.bus for unit in grid.generators}
    amounts = _amounts(grid, broken)
    said = sorted(amounts, key=lambda bus: -amounts[bus][0])[:SAID]
    small = 3.0 if len(grid.buses) > NAMED else 5.0
    for bus in grid.buses:
        x, y = at[bus.name]
        if bus.name in units:
            body.append(element("circle", cx=x, cy=y, r=small + 4, cls="unit"))
        body.append(element("circle", cx=x, cy=y, r=small, cls="bus bad" if bus.name in amounts else "bus"))
    order = [*said, *(bus.name for bus in grid.buses if bus.name not in said and len(grid.buses) <= NAMED)]
    taken: list[PictureBox] = []
    for bus_name in order:
        body += _label(grid, at, bus_name, amounts[bus_name][1][:3] if bus_name in said else [], small, taken)
    for branch in grid.branches:
        check = broken.get(f"branch {branch.name}")
        if check is not None:
            (x1, y1), (x2, y2) = at[branch.start], at[branch.end]
            words = f"{show(check.value, 1)} of {show(check.upper or 0, 1)} {check.unit}"
            body.append(text((x1 + x2) / 2, (y1 + y2) / 2, words, "t bad halo", "middle"))
    count = len(amounts)
    title = f"{grid.name}: {len(grid.buses)} buses, {len(grid.branches)} branches"
    description = (
        "Every bus keeps its rules." if not count else f"Rules are broken at {count} of {len(grid.buses)} buses: "
    ) + ", ".join(f"{bus} ({'; '.join(amounts[bus][1])})" for bus in said)
    return picture(name, WIDTH, HEIGHT, title, description, body, "power")


def _amounts(grid: Grid, broken: Mapping[str, Check]) -> dict[str, tuple[float, list[str]]]:
    """For each bus that breaks a rule: how badly (for the order), and in words."""
    found: dict[str, tuple[float, list[str]]] = {}

    def note(bus: str, check: Check | None, sign: str = "") -> None:
        if check is None:
            return
        missed = f"{sign}{show(check.value if not sign else check.amount, 2)} {check.unit}"
        worst, words = found.get(bus, (0.0, []))
        found[bus] = max(worst, _size(check)), [*words, missed]

    for bus in grid.buses:
        for group in ("active balance", "reactive balance"):
            note(bus.name, broken.get(f"{group} at {bus.name}"))
        for name, what in ((f"vm[{bus.name}]", "voltage off by "), (f"va[{bus.name}]", "angle off by ")):
            note(bus.name, broken.get(name), what)
    for unit in grid.generators:
        for variable in ("pg", "qg"):
            note(unit.bus, broken.get(f"{variable}[{unit.name}]"), f"{unit.name[:12]} off by ")
    return found


def _label(
    grid: Grid, at: Mapping[str, Place], bus: str, lines: Sequence[str], small: float, taken: list[PictureBox]
) -> list[str]:
    """The name of a bus with the amounts below it, where it meets nothing; the name alone, or nothing, if need be."""
    x, y = at[bus]
    for words in (lines, []) if lines else ([],):
        wide = 6.2 * max(len(line) for line in (bus[:12], *words))
        for side, top in _free_sides(grid, at, bus):
            start = x + small + 6 if side > 0 else x - small - 6
            first = y + (4 if not top else -4 - 12 * len(words) if top < 0 else 12)
            left = start if side > 0 else start - wide
            box = (left, first - 10, left + wide, first + 12 * len(words) + 2)
            outside = box[0] < 0 or box[2] > WIDTH or box[1] < 0 or box[3] > HEIGHT
            if outside or any(_overlap(box, other) for other in taken):
                continue
            taken.append(box)
            anchor = "start" if side > 0 else "end"
            found = [text(start, first, bus[:12], "t strong halo", anchor)]
            return found + [
                text(start, first + 12 * line, said, "t bad halo", anchor) for line, said in enumerate(words, 1)
            ]
    return []


def _overlap(one: PictureBox, other: PictureBox) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _free_sides(grid: Grid, at: Mapping[str, Place], bus: str) -> list[tuple[int, int]]:
    """Right or left (1, -1), and above, beside or below (-1, 0, 1): where a label meets the fewest lines first."""
    x, y = at[bus]
    ends = [at[b.end if b.start == bus else b.start] for b in grid.branches if bus in (b.start, b.end)]
    ways = [math.atan2(to_y - y, to_x - x) for to_x, to_y in ends]

    def room(way: float) -> float:
        return min((abs(math.remainder(way - other, 2 * math.pi)) for other in ways), default=math.pi)

    sides = {(s, t): math.atan2(0.6 * t, s) for s in (1, -1) for t in (0, 1, -1)}
    return sorted(sides, key=lambda side: (-round(room(sides[side]), 6), -side[0]))


def _size(check: Check) -> float:
    try:
        return float(check.amount)
    except OverflowError:
        return math.inf


def _placed(grid: Grid) -> dict[str, Place]:
    """Where each bus is drawn: the case's own places fitted into the frame, or a circle where some are missing."""
    places = [bus.place for bus in grid.buses if bus.place is not None and all(map(math.isfinite, bus.place))]
    if len(places) < len(grid.buses):
        steps = 2 * math.pi / len(grid.buses)
        places = [(math.cos(k * steps), math.sin(k * steps)) for k in range(len(grid.buses))]
    xs, ys = [place[0] for place in places], [place[1] for place in places]
    low_x, low_y = min(xs), min(ys)
    wide, high = max(max(xs) - low_x, 1e-9), max(max(ys) - low_y, 1e-9)
    room_x, room_y = WIDTH - 2 * MARGIN - 40, HEIGHT - 2 * MARGIN
    return {
        bus.name: (MARGIN + 20 + room_x * (x - low_x) / wide, HEIGHT - MARGIN - room_y * (y - low_y) / high)
        for bus, (x, y) in zip(grid.buses, places, strict=True)
    }
