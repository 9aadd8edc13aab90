"""How the time of an equivalence check grows with the number of variables: 10 to 10,000.

    python -m benchmarks equivalence_growth [--picture docs/equivalence-growth.svg] [--largest 10000]

The model is a transportation problem with capacities; it is compared with itself rescaled, renamed and reordered (the
correspondence must come from structure alone), and with one demand changed.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path

from benchmarks import equivalence_kinds as kinds
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.reports.charts import element, picture, text

SIZES = (10, 30, 100, 300, 1000, 3000, 10_000)
CASES = ("rescaled", "renamed and reordered", "one demand changed")


def transport(columns: int, seed: int = 0) -> Program:
    """About so many routes between plants and markets, with random costs, supplies, demands and route capacities."""
    chance = random.Random(seed)
    plants = max(2, math.isqrt(columns // 2))
    markets = max(2, columns // plants)
    routes = [(i, k) for i in range(plants) for k in range(markets)]
    made = [Column(f"ship[{i},{k}]", "continuous", 0, chance.randint(5, 90), "ship", (i, k)) for i, k in routes]
    costs = {number: chance.randint(1, 99) for number in range(len(routes))}
    rows = []
    for i in range(plants):
        body = Quadratic({n: 1 for n, route in enumerate(routes) if route[0] == i})
        rows.append(Row(f"supply[{i}]", body, None, 10 * markets + chance.randint(0, 99), "supply", (i,)))
    for k in range(markets):
        body = Quadratic({n: 1 for n, route in enumerate(routes) if route[1] == k})
        rows.append(Row(f"demand[{k}]", body, plants + chance.randint(0, plants), None, "demand", (k,)))
    return Program(made, rows, "minimize", Quadratic(costs))


def changed(program: Program, case: str) -> Program:
    """The other side of a case."""
    chance = random.Random(1)
    if case == "rescaled":
        other = kinds.rescaled(program, chance)
    elif case == "renamed and reordered":
        other = kinds.renamed(kinds.reordered(program, chance), chance)
    else:
        rows = list(program.rows)
        last = rows[-1]
        assert last.lower is not None
        rows[-1] = Row(last.name, last.body, last.lower - 1, None, last.constraint, last.members)
        other = Program(program.columns, rows, program.sense, program.objective)
    assert other is not None
    return other


def drawing(results: dict[str, list[tuple[int, float]]]) -> str:
    """Seconds against variables, both logarithmic."""
    width, height, left, bottom = 600, 320, 60, 44
    right = width - 190
    every = [seconds for points in results.values() for _, seconds in points]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))

    def x(size: int) -> float:
        return left + (math.log10(size) - 1) / 3 * (right - left)

    def y(seconds: float) -> float:
        return height - bottom - (math.log10(seconds) - low) / (high - low) * (height - bottom - 20)

    parts = ["<style>text{font:13px system-ui,sans-serif;fill:#777}</style>"]
    for power in range(low, high + 1):
        parts.append(element("line", x1=left, x2=right, y1=y(10**power), y2=y(10**power), stroke="#888", opacity=0.4))
        parts.append(text(left - 8, y(10**power) + 4, f"{10**power:g} s", anchor="end"))
    for size in (10, 100, 1000, 10_000):
        parts.append(text(x(size), height - bottom + 18, f"{size:,}", anchor="middle"))
    parts.append(text((left + right) / 2, height - 6, "variables", anchor="middle"))
    told = []
    for number, (case, points) in enumerate(results.items()):
        colour, dash = (("#0072b2", "none"), ("#d55e00", "7 4"), ("#009e73", "2 4"))[number]
        path = " ".join(f"{x(size):.1f},{y(seconds):.1f}" for size, seconds in points)
        line = {"points": path, "fill": "none", "stroke": colour, "stroke_width": 2, "stroke_dasharray": dash}
        parts.append(element("polyline", **line))
        parts.append(text(right + 8, 30 + 18 * number, f"{('—', '- -', '···')[number]} {case}"))
        told.append(f"{case}: " + ", ".join(f"{size} variables {seconds:.3g} s" for size, seconds in points))
    return picture("growth", width, height, "Seconds of an equivalence check", "; ".join(told), parts) + "\n"


def main() -> None:
    """Print the table and draw it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks equivalence_growth")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--largest", type=int, default=10_000)
    chosen = parser.parse_args()
    results: dict[str, list[tuple[int, float]]] = {case: [] for case in CASES}
    print("| variables | " + " | ".join(CASES) + " |")
    print("|---|" + "---|" * len(CASES))
    for size in (s for s in SIZES if s <= chosen.largest):
        reference = transport(size)
        cells = []
        for case in CASES:
            other = changed(reference, case)
            started = time.perf_counter()
            found = compare(other, reference, Policy(equivalence_seconds=120))
            seconds = time.perf_counter() - started
            results[case].append((len(reference.columns), seconds))
            cells.append(f"{found.relation}, {seconds:.3f} s")
        print(f"| {len(reference.columns):,} | " + " | ".join(cells) + " |", flush=True)
    if chosen.picture:
        chosen.picture.write_text(drawing(results), encoding="utf-8")


if __name__ == "__main__":
    main()
