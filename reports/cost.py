"""Cost against substance as inline SVG: what a method's training cost buys, with 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..results.statistics import Rate
from .charts import COLORS, WIDTH, element, free_place, letter_of, marker, number, percent, picture, text


@dataclass(frozen=True, slots=True)
class CostPoint:
    """A name, its cost in floating-point operations (above 0), the rate it bought, and its number among all runs of
    the page, from which come letter, shape and colour: those without a cost have one too."""

    name: str
    cost: float
    rate: Rate
    run: int


def cost_against(points: Sequence[CostPoint], name: str = "cost", score: str = "substance") -> str:
    """The rate over the training cost (logarithmic); one letter a point."""
    left, top, width, height = 44.0, 12.0, 284.0, 190.0
    bottom = top + height
    low, high = min(point.cost for point in points), max(point.cost for point in points)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    last = max(last, first + 1)

    def across(cost: float) -> float:
        return left + 10 + (width - 20) * (math.log10(cost) - first) / (last - first)

    def up(rate: float) -> float:
        return bottom - height * rate

    body = [element("path", d=f"M{number(left)} {number(top)}V{number(bottom)}H{number(left + width)}", cls="axis")]
    for share in (0.0, 0.5, 1.0):
        body.append(element("line", x1=left - 4, y1=up(share), x2=left, y2=up(share), cls="axis"))
        body.append(text(left - 7, up(share) + 4, f"{100 * share:.0f}", "t", "end"))
    for power in range(first, last + 1):
        x = across(10.0**power)
        body.append(element("line", x1=x, y1=bottom, x2=x, y2=bottom + 4, cls="axis"))
        body.append(text(x, bottom + 17, f"1e{power}", "t", "middle"))
    words = []
    taken: list[tuple[float, float, float]] = []
    for point in points:
        run = point.run
        words.append(f"{letter_of(run)} {point.name}: {point.cost:.3g} operations, {score} {percent(point.rate.rate)}.")
        if point.rate.rate is None:
            continue
        x, y = across(point.cost), up(point.rate.rate)
        color = f"r{run % COLORS}"
        body.append(element("line", x1=x, y1=up(point.rate.low), x2=x, y2=up(point.rate.high), cls=f"interval {color}"))
        body.append(marker(run, x, y))
        beside, line, anchor = free_place(x, y, taken, left + width - 12, letter_of(run))
        body.append(text(beside, line, letter_of(run), "t strong halo", anchor))
    body.append(text(left + width, bottom + 34, f"training, operations; up: {score}, %", "t strong", "end"))
    title = f"What training costs and the {score} it buys, 95 % intervals"
    return picture(name, WIDTH, bottom + 42, title, " ".join(words), body, "learning")
