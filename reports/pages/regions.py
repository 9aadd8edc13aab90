"""The picture of a two-variable problem: which plans the output allows, which the reference allows, and both optima.

Geometry is in floats and only for the eye; verdicts never depend on it. Regions that go on without end are cut at the
frame and said to go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...feasibility.programs.program import Program
from ..charts import element, number, picture, text

Point: TypeAlias = tuple[float, float]
HalfPlane: TypeAlias = tuple[float, float, float]
"""``a x + b y <= c``."""

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 340.0, 306.0, 46.0, 264.0, 24.0, 326.0
MAX_ROWS = 60
MAX_DOTS = 700


@dataclass(frozen=True, slots=True)
class RegionMark:
    """A plan worth showing: ``kind`` is ours, theirs or witness."""

    kind: str
    x: float
    y: float
    label: str


def half_planes(program: Program, order: tuple[int, int]) -> list[HalfPlane] | None:
    """Rows and bounds as half planes over (first, second) column of ``order``; None when they cannot be drawn."""
    if len(program.rows) > MAX_ROWS or any(row.body.quadratic for row in program.rows):
        return None
    found: list[HalfPlane] = []
    sides = [(row.linear, row.lower, row.upper) for row in program.rows]
    sides += [({j: 1}, program.columns[j].lower, program.columns[j].upper) for j in order]
    for linear, lower, upper in sides:
        a, b = float(linear.get(order[0], 0)), float(linear.get(order[1], 0))
        if upper is not None:
            found.append((a, b, float(upper)))
        if lower is not None:
            found.append((-a, -b, -float(lower)))
    return found if all(math.isfinite(v) for plane in found for v in plane) else None


def inside(planes: Sequence[HalfPlane], x: float, y: float) -> bool:
    """The point keeps every half plane, within a hair's breadth."""
    return all(a * x + b * y <= c + 1e-7 * max(1.0, abs(c), abs(a * x), abs(b * y)) for a, b, c in planes)


def corners(planes: Sequence[HalfPlane]) -> list[Point]:
    """Where two boundaries meet within the region."""
    found = []
    for i, (a, b, c) in enumerate(planes):
        for d, e, f in planes[i + 1 :]:
            determinant = a * e - b * d
            if abs(determinant) <= 1e-12 * max(1.0, abs(a * e), abs(b * d)):
                continue
            x, y = (c * e - b * f) / determinant, (a * f - c * d) / determinant
            if inside(planes, x, y):
                found.append((x, y))
    return found


def clip(polygon: Sequence[Point], planes: Sequence[HalfPlane]) -> list[Point]:
    """The part of a convex polygon within all half planes (Sutherland and Hodgman, CACM 17 (1974) 32-42)."""
    current = list(polygon)
    for a, b, c in planes:
        slack = 1e-9 * max(1.0, abs(c))
        kept: list[Point] = []
        for (x1, y1), (x2, y2) in zip(current, current[1:] + current[:1], strict=True):
            first, second = a * x1 + b * y1 - c, a * x2 + b * y2 - c
            if first <= slack:
                kept.append((x1, y1))
            if (first <= slack) != (second <= slack) and first != second:
                share = first / (first - second)
                kept.append((x1 + share * (x2 - x1), y1 + share * (y2 - y1)))
        current = kept
        if not current:
            break
    return current


def frame(points: Sequence[Point]) -> tuple[float, float, float, float]:
    """A window around the points with room on every side; never of zero width."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
    wide, high = high_x - low_x, high_y - low_y
    wide = wide or max(1.0, abs(high_x) * 0.5)
    high = high or max(1.0, abs(high_y) * 0.5)
    # A quarter of the room above, because most regions end at zero below.
    return low_x - 0.08 * wide, high_x + 0.2 * wide, low_y - 0.08 * high, high_y + 0.2 * high


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers between ``low`` and ``high``."""
    step = 10 ** math.floor(math.log10((high - low) / count))
    for factor in (1, 2, 5, 10):
        if (high - low) / (step * factor) <= count + 1:
            step *= factor
            break
    first = math.ceil(low / step)
    return [i * step for i in range(first, math.floor(high / step) + 1)]


def draw(
    ours: Program | None,
    theirs: Program | None,
    match: Sequence[int] | None,
    marks: Sequence[RegionMark],
    name: str = "regions",
) -> str | None:
    """The picture, or None when this pair cannot be drawn in the plane.

    ``match`` gives for each column of ``theirs`` the column of ``ours``; either program may be missing.
    """
    base = theirs if theirs is not None else ours
    if base is None or len(base.columns) != 2:
        return None
    order = (match[0], match[1]) if match is not None else (0, 1)
    if ours is not None and (len(ours.columns) != 2 or sorted(order) != [0, 1]):
        return None
    our_planes = half_planes(ours, order) if ours is not None else None
    their_planes = half_planes(theirs, (0, 1)) if theirs is not None else None
    if (ours is not None and our_planes is None) or (theirs is not None and their_planes is None):
        return None
    points = [(mark.x, mark.y) for mark in marks]
    points += corners(our_planes or []) + corners(their_planes or [])
    if not points or not all(math.isfinite(v) and abs(v) < 1e12 for point in points for v in point):
        return None
    window = frame(points)
    return _picture(base, our_planes, their_planes, marks, window, name)


def _picture(
    base: Program,
    our_planes: list[HalfPlane] | None,
    their_planes: list[HalfPlane] | None,
    marks: Sequence[RegionMark],
    window: tuple[float, float, float, float],
    name: str,
) -> str:
    x0, x1, y0, y1 = window

    def at(x: float) -> float:
        return LEFT + (RIGHT - LEFT) * (x - x0) / (x1 - x0)

    def up(y: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (y - y0) / (y1 - y0)

    box = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    body: list[str] = []
    words: list[str] = []
    for x in ticks(x0, x1):
        body.append(element("line", x1=at(x), y1=TOP, x2=at(x), y2=BOTTOM, cls="grid"))
        body.append(text(at(x), BOTTOM + 16, f"{x:,.6g}", "t", "middle"))
    for y in ticks(y0, y1):
        body.append(element("line", x1=LEFT, y1=up(y), x2=RIGHT, y2=up(y), cls="grid"))
        body.append(text(LEFT - 6, up(y) + 4, f"{y:,.6g}", "t", "end"))
    for planes, cls, title in ((their_planes, "theirs", "the reference"), (our_planes, "ours", "the output")):
        if planes is None:
            continue
        polygon = clip(box, planes)
        if not polygon:
            words.append(f"{title.capitalize()} allows no plan.")
            continue
        path = " ".join(f"{number(at(x))},{number(up(y))}" for x, y in polygon)
        body.append(element("polygon", points=path, cls=f"region {cls}"))
        edge = any(abs(x - x1) < 1e-9 * (x1 - x0) or abs(y - y1) < 1e-9 * (y1 - y0) for x, y in polygon)
        words.append(f"{title.capitalize()} allows a region" + (" that goes on beyond the frame." if edge else "."))
    body += _dots(base, our_planes, their_planes, window, at, up)
    taken: list[tuple[float, float]] = []
    for mark in together(marks):
        px, py = at(mark.x), up(mark.y)
        body.append(_mark(mark.kind, px, py))
        if not mark.label:
            continue
        right = px < (LEFT + RIGHT) / 2
        y = py - 9
        while any(abs(y - other) < 13 and abs(px - x) < 120 for x, other in taken):
            y += 13
        taken.append((px, y))
        body.append(text(px + 9 if right else px - 9, y, mark.label, "t strong halo", "start" if right else "end"))
        words.append(f"{mark.label}: {base.columns[0].name} {mark.x:,.6g}, {base.columns[1].name} {mark.y:,.6g}.")
    body.append(text(RIGHT, BOTTOM + 34, base.columns[0].name[:40], "t strong", "end"))
    body.append(text(4, TOP - 12, base.columns[1].name[:40], "t strong"))
    title = f"Which plans are allowed, over {base.columns[0].name[:60]} and {base.columns[1].name[:60]}"
    return picture(name, WIDTH, HEIGHT, title, " ".join(words), body, "regions")


def together(marks: Sequence[RegionMark]) -> list[RegionMark]:
    """Marks with one label for each place: two optima at one point are said once."""
    places: dict[Point, list[RegionMark]] = {}
    for mark in marks:
        places.setdefault((mark.x, mark.y), []).append(mark)
    return [
        replace(mark, label=" and ".join(other.label for other in here) if mark is here[0] else "")
        for here in places.values()
        for mark in here
    ]


def _dots(
    base: Program,
    our_planes: list[HalfPlane] | None,
    their_planes: list[HalfPlane] | None,
    window: tuple[float, float, float, float],
    at: Callable[[float], float],
    up: Callable[[float], float],
) -> list[str]:
    """Whole points of problems whose variables are whole, unless they would be a grey carpet."""
    x0, x1, y0, y1 = window
    if not all(column.is_integer for column in base.columns) or (x1 - x0) * (y1 - y0) > MAX_DOTS:
        return []
    found = []
    for x in range(math.ceil(x0), math.floor(x1) + 1):
        for y in range(math.ceil(y0), math.floor(y1) + 1):
            right = their_planes is not None and inside(their_planes, x, y)
            claimed = our_planes is not None and inside(our_planes, x, y)
            if right or claimed:
                cls = "dot both" if right and claimed else "dot theirs" if right else "dot ours"
                found.append(element("circle", cx=at(x), cy=up(y), r=2, cls=cls))
    return found


def _mark(kind: str, x: float, y: float) -> str:
    if kind == "theirs":
        return element("circle", cx=x, cy=y, r=5, cls="point theirs")
    if kind == "ours":
        return element("rect", x=x - 4.5, y=y - 4.5, width=9, height=9, cls="point ours")
    arm = f"M{number(x - 5)} {number(y - 5)}L{number(x + 5)} {number(y + 5)}"
    return element(
        "path", d=f"{arm}M{number(x - 5)} {number(y + 5)}L{number(x + 5)} {number(y - 5)}", cls="point witness"
    )


def plan_point(plan: Mapping[str, float | None] | None, names: Sequence[str]) -> Point | None:
    """A plan of a verdict (numbers by column name) as a point, when it has both coordinates."""
    if plan is None or len(names) != 2:
        return None
    values = [plan.get(name) for name in names]
    if any(not isinstance(value, int | float) for value in values):
        return None
    return float(values[0] or 0.0), float(values[1] or 0.0)
