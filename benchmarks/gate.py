"""How often the default gate fails when nothing changed, and how often it sees a true drop.

    python -m benchmarks gate [--trials 2000] [--picture docs/gate-power.svg] [--time 10000]

A run is drawn from a model that solves problem i with chance p_i; p_i is Beta(1.4, 0.6) over problems (mean 0.7: many
problems nearly always or never solved). Baseline and run are drawn independently, so everything churns that can. Of the
outputs without substance half are feasible. A true drop of d multiplies every p_i by (1 - d / 0.7).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.verdict import SKIPPED_EARLIER, STAGES, StageResult, Verdict
from pyrite.problems.problem import Problem
from pyrite.reports.charts import element, picture, text
from pyrite.reports.gate.deciding import decide
from pyrite.reports.gate.rules import GateRules
from pyrite.reports.gate.snapshot import BaselineEntry, Snapshot, _states, of_run, write_baseline
from pyrite.results.outputs import Output
from pyrite.results.run import RunFolder

GOOD, UNSOUND, INFEASIBLE = _states("ppppppppp/p"), _states("ppppppfff/f"), _states("ppppfffff/f")
MEAN = 0.7
DROPS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.10, 0.12, 0.15, 0.20)
SIZES = (50, 200, 1000)


def draw(generator: np.random.Generator, chances: np.ndarray) -> Snapshot:
    """One run of the model."""
    solved = generator.random(len(chances)) < chances
    feasible = generator.random(len(chances)) < 0.5
    policy = Policy()
    entries = {
        f"p{i}": BaselineEntry((GOOD if s else UNSOUND if f else INFEASIBLE,), "same")
        for i, (s, f) in enumerate(zip(solved.tolist(), feasible.tolist(), strict=True))
    }
    return Snapshot("run", entries, policy.to_dict(), policy.digest, "set")


def failing_share(problems: int, drop: float, trials: int, seed: int = 0) -> float:
    """The share of trials in which the default gate fails."""
    generator = np.random.default_rng([seed, problems, round(1000 * drop)])
    failed = 0
    for _ in range(trials):
        chances = generator.beta(1.4, 0.6, problems)
        before, after = draw(generator, chances), draw(generator, chances * (1 - drop / MEAN))
        failed += decide(before, after, GateRules()).level == "fail"
    return failed / trials


def curve(results: dict[int, list[float]]) -> str:
    """Drop against detection as SVG, a line a size, told apart by dash and label."""
    width, height, left, bottom = 560, 320, 56, 44

    def x(drop: float) -> float:
        return left + drop / DROPS[-1] * (width - left - 90)

    def y(share: float) -> float:
        return height - bottom - share * (height - bottom - 20)

    parts = []
    right = x(DROPS[-1])
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(element("line", x1=left, x2=right, y1=y(share), y2=y(share), stroke="#888", opacity=0.4))
        parts.append(text(left - 8, y(share) + 4, f"{100 * share:.0f} %", anchor="end"))
    for drop in DROPS[::2]:
        parts.append(text(x(drop), height - bottom + 18, f"{100 * drop:.0f}", anchor="middle"))
    parts.append(text((left + right) / 2, height - 6, "true drop of substance (points)", anchor="middle"))
    told = []
    for number, (size, shares) in enumerate(results.items()):
        points = " ".join(f"{x(d):.1f},{y(s):.1f}" for d, s in zip(DROPS, shares, strict=True))
        dash, colour = (("none", "#0072b2"), ("7 4", "#d55e00"), ("2 4", "#009e73"))[number % 3]
        line = {"points": points, "fill": "none", "stroke": colour, "stroke_width": 2, "stroke_dasharray": dash}
        parts.append(element("polyline", **line))
        parts.append(text(right + 8, 40 + 18 * number, f"{('—', '- -', '···')[number % 3]} {size:,}"))
        told.append(f"{size} problems: " + ", ".join(f"{100 * s:.0f} %" for s in shares))
    parts.append(text(right + 8, 20, "problems"))
    style = "<style>text{font:13px system-ui,sans-serif;fill:#777}</style>"
    title = "How often the default gate fails, by the true drop"
    return picture("gate-power", width, height, title, "; ".join(told), [style, *parts]) + "\n"


def timing(problems: int) -> None:
    """``pyrite gate RUN --baseline FILE`` as a whole process on a run of many problems: seconds and peak memory."""
    generator = np.random.default_rng(1)
    solved = generator.random(problems) < MEAN
    reference = {
        "variables": {"x": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "x"},
        "constraints": {"cap": "x <= 7"},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name) / "run")
        known = [Problem.from_dict({"id": f"p{i}", "text": "Pack.", "reference": reference}) for i in range(problems)]
        outputs = [Output(f"p{i}", 0, "{}") for i in range(problems)]
        folder.begin(Policy(), known, outputs)
        with folder.verdict_writer() as writer:
            for i, good in enumerate(solved.tolist()):
                writer.write(_verdict(f"p{i}", good).to_dict())
        baseline = Path(name) / "baseline.json"
        write_baseline(of_run(folder.path), baseline)
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "pyrite", "gate", str(folder.path), "--baseline", str(baseline)],
            capture_output=True, text=True, check=False, cwd=name,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        size = baseline.stat().st_size
    said = done.stdout.splitlines()[0].split("  ")[0] if done.stdout else done.stderr
    print(f"{problems:,} problems: {seconds:.2f} s ({said}), baseline {size / 1e6:.1f} MB, peak {peak:.0f} MB")


def _verdict(identifier: str, good: bool) -> Verdict:
    stages = {stage: StageResult("pass") for stage in STAGES}
    if not good:
        for stage in STAGES[4:]:
            stages[stage] = SKIPPED_EARLIER
        stages["feasible"] = StageResult("fail", "infeasible", "cap and low cannot hold together")
    return Verdict(stages, strongest="equivalent", problem_id=identifier)


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and draw it when a picture is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks gate")
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--time", type=int, default=10_000)
    chosen = parser.parse_args(arguments)
    print("| true drop | " + " | ".join(f"{size:,} problems" for size in SIZES) + " |")
    print("|---|" + "---|" * len(SIZES))
    results: dict[int, list[float]] = {size: [] for size in SIZES}
    for drop in DROPS:
        for size in SIZES:
            # The null and the promised drop get all trials; the rest of the curve is fine with fewer.
            trials = chosen.trials if drop in (0.0, 0.15) and size <= 200 else max(chosen.trials // 10, 20)
            results[size].append(failing_share(size, drop, trials))
        print(
            f"| {100 * drop:.0f} points | " + " | ".join(f"{100 * results[s][-1]:.1f} %" for s in SIZES) + " |",
            flush=True,
        )
    if chosen.picture:
        chosen.picture.write_text(curve(results), encoding="utf-8")
    timing(chosen.time)


if __name__ == "__main__":
    main()
