"""What only a GPU can tell, in under ten minutes: the demo, training and answering ratios, bfloat16, part of the table.

Every step is a command of its own with a share of the time; what it printed and how it ended stands in the results, so
that a step that fails costs no other. Without a GPU it says so and does nothing, unless ``--anyway``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

METHODS: Mapping[str, tuple[str, str]] = {
    "full": ("", "1e-4"),
    "lora": ("r = 16\nlora_alpha = 32", "1e-3"),
    "loreft": ("r = 8", "4e-3"),
}
"""Rows of the table that are trained here: method, options, learning rate (not searched: a look, no comparison)."""

RECIPE = """\
name = "gpu-{method}"
[method]
name = "{method}"
[method.options]
{options}
[data]
families = ["product-mix", "knapsack"]
count = {count}
max_tokens = 480
[schedule]
steps = {steps}
batch_size = 8
learning_rate = {rate}
[answers]
base = false
max_new_tokens = 200
[answers.problems]
families = ["product-mix", "knapsack"]
count = 100
max_tokens = 480
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A command with the seconds that it may take."""

    name: str
    command: list[str]
    limit: float


def steps(folder: Path, scale: int) -> list[Step]:
    """The steps in their order; ``scale`` divides what is trained and asked, for a try without a GPU."""
    python = [sys.executable, "-m"]
    asked, taken = str(max(4, 48 // scale)), str(max(4, 16 // scale))
    found = [
        Step("training", [*python, "benchmarks", "training", "--steps", taken, "--rounds", "1"], 120),
        Step("answering", [*python, "benchmarks", "answering", "--problems", asked, "--rounds", "1"], 120),
        Step("demo", [*python, "pyrite", "demo", "--out", str(folder / "demo")], 200),
    ]
    for method, (options, rate) in METHODS.items():
        recipe = folder / f"{method}.toml"
        trained = max(4, 100 // scale)
        text = RECIPE.format(method=method, options=options, rate=rate, steps=trained, count=8 * trained)
        recipe.write_text(text, encoding="utf-8")
        found.append(Step(method, [*python, "pyrite", "run", str(recipe), "--out", str(folder / method)], 60))
    return found if scale == 1 else [step for step in found if step.name != "demo"]


def device() -> dict[str, Any]:
    """What it ran on."""
    import torch

    has = torch.cuda.is_available()
    names = ("torch", "transformers", "peft", "trl")
    return {
        "device": torch.cuda.get_device_name(0) if has else "cpu",
        "bfloat16": bool(has and torch.cuda.is_bf16_supported()),
        "versions": {name: metadata.version(name) for name in names},
    }


def same_in_bfloat16(count: int) -> dict[str, Any]:
    """How many greedy answers of the embedded model are the same tokens with drafts and without, in bfloat16."""
    from dataclasses import replace

    from pyrite.models.answering.answering import Request
    from pyrite.models.answering.local import LocalAnswerer
    from pyrite.models.devices import choose_compute
    from pyrite.models.prompts import Prompt
    from pyrite.models.settings import Settings
    from pyrite.models.sources import load, parse_source
    from pyrite.problems.families import draw

    loaded = load(parse_source("embedded"), choose_compute("auto", "bfloat16"))
    problems = [draw("product-mix", seed, "small") for seed in range(count)]
    settings = Settings(max_new_tokens=96)
    texts = []
    for chosen in (settings, replace(settings, drafts=0)):
        answerer = LocalAnswerer(loaded, Prompt(), chosen)
        texts.append({a.problem_id: a.output for a in answerer.answer([Request(problem, 0) for problem in problems])})
    same = sum(texts[0][name] == text for name, text in texts[1].items())
    return {"answers": count, "same_with_drafts": same}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(".cache/gpu"))
    parser.add_argument("--anyway", action="store_true", help="try it on a CPU, at a fraction of the size")
    parser.add_argument("--only", default="", help="names of steps, separated by commas (default: all)")
    options = parser.parse_args()
    found = device()
    if found["device"] == "cpu" and not options.anyway:
        print("no GPU here: nothing was measured (--anyway tries the commands at a fraction of the size)")
        return
    scale = 1 if found["device"] != "cpu" else 25
    options.out.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {**found, "steps": {}}
    target = options.out / "results.json"

    def keep() -> None:
        target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    chosen = steps(options.out, scale)
    wanted = options.only.split(",") if options.only else [step.name for step in chosen]
    if unknown := set(wanted) - {step.name for step in chosen}:
        parser.error(f"no step is called {', '.join(sorted(unknown))}")
    for step in (step for step in chosen if step.name in wanted):
        started = time.monotonic()
        print(f"{step.name} ...", flush=True)
        try:
            done = subprocess.run(step.command, capture_output=True, text=True, check=False, timeout=step.limit)
            entry: dict[str, Any] = {
                "exit": done.returncode,
                "printed": done.stdout[-4000:],
                "said": done.stderr[-1500:],
            }
        except subprocess.TimeoutExpired:
            entry = {"exit": None, "said": f"not done after {step.limit:.0f} s"}
        entry["seconds"] = round(time.monotonic() - started, 1)
        results["steps"][step.name] = entry
        keep()
        print(f"{step.name}: exit {entry['exit']}, {entry['seconds']} s", flush=True)
    results["bfloat16_answers"] = same_in_bfloat16(max(2, 32 // scale))
    keep()
    print(f"bfloat16: {results['bfloat16_answers']}\nresults: {target}")


if __name__ == "__main__":
    main()
