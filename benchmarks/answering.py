"""Answering speed: Pyrite's batches against a plain Hugging Face loop on a set of mixed lengths.

The plain loop takes the problems in file order, pads each batch and calls ``generate`` until every row has ended or the
limit is reached, as the library's documentation shows. Both use the same batch size and limit. Counted are useful
tokens: up to the end of the first JSON object. Each way runs in a process of its own, in turn.

    python -m benchmarks answering [--model runs/demo/tuning/checkpoint-100] [--problems 48] [--batch 16] [--rounds 2]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.mixed_lengths import mixed_lengths

TUNED = Path("runs/demo/tuning")
WAYS = ("pyrite", "plain loop")


def default_model() -> str:
    """The demo's last checkpoint where there is one: a tuned model ends its answers, the base model rambles."""
    steps = sorted(TUNED.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    return str(steps[-1]) if steps else "embedded"


def pyrite_way(loaded: Any, asked: list[Any], batch: int, limit: int) -> dict[str, list[int]]:
    from pyrite.models.answering import Request, Settings
    from pyrite.models.answering.local import LocalAnswerer
    from pyrite.models.prompts import Prompt

    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=limit, batch_size=batch))
    found = {}
    for group in one.plan([Request(problem, 0) for problem in asked]):
        for output in one.answer(group):
            found[output.problem_id] = loaded.tokenizer(output.output, add_special_tokens=False)["input_ids"]
    return found


def plain_loop(loaded: Any, asked: list[Any], batch: int, limit: int) -> dict[str, list[int]]:
    from pyrite.models.answering.stopping import JsonEnd
    from pyrite.models.prompts import Prompt

    model, tokenizer = loaded.model, loaded.tokenizer
    tokenizer.padding_side = "left"
    texts = [Prompt().render(problem, tokenizer) for problem in asked]
    found = {}
    for at in range(0, len(texts), batch):
        inputs = tokenizer(texts[at : at + batch], return_tensors="pt", padding=True, add_special_tokens=False)
        inputs = inputs.to(model.device)
        whole = model.generate(**inputs, max_new_tokens=limit, do_sample=False)
        for problem, row in zip(asked[at : at + batch], whole, strict=True):
            useful, end = [], JsonEnd()
            for token in row[inputs["input_ids"].shape[1] :].tolist():
                if token == tokenizer.eos_token_id:
                    break
                useful.append(token)
                if end.feed(tokenizer.decode([token])):
                    break
            found[problem.id] = useful
    return found


def child(way: str, options: argparse.Namespace) -> None:
    import torch

    from pyrite.models.devices import choose_compute
    from pyrite.models.sources import load, parse_source

    loaded = load(parse_source(options.model), choose_compute())
    asked = mixed_lengths(options.problems)
    run = {"pyrite": pyrite_way, "plain loop": plain_loop}[way]
    run(loaded, asked[:2], options.batch, 4)  # warm-up
    started = time.perf_counter()
    with torch.no_grad():
        found = run(loaded, asked, options.batch, options.limit)
    seconds = time.perf_counter() - started
    memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    memory = memory or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lengths = [len(tokens) for tokens in found.values()]
    texts = {name: loaded.tokenizer.decode(tokens) for name, tokens in found.items()}
    print("RESULT " + json.dumps({"seconds": seconds, "memory": memory, "lengths": lengths, "texts": texts}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="")
    parser.add_argument("--problems", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--child", default="")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--methods", action="store_true", help="what methods that intervene cost, instead")
    options = parser.parse_args()
    usual = (4, 4, 48, 5) if options.methods else (48, 16, 320, 2)
    for name, value in zip(("problems", "batch", "limit", "rounds"), usual, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.methods:
        from benchmarks.answering_methods import compare

        options.model = options.model or "embedded"
        compare(options)
        return
    options.model = options.model or default_model()
    if options.child:
        child(options.child, options)
        return
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks", "answering", "--child", way]
            for name in ("model", "problems", "batch", "limit"):
                command += [f"--{name}", str(getattr(options, name))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            if not lines:
                raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
            found[way].append(json.loads(lines[0].removeprefix("RESULT ")))
    speed = {way: statistics.median(sum(i["lengths"]) / i["seconds"] for i in items) for way, items in found.items()}
    lengths = sorted(found["pyrite"][0]["lengths"])
    ours, theirs = found["pyrite"][0]["texts"], found["plain loop"][0]["texts"]
    print(
        f"model {options.model}, {options.problems} problems, batch {options.batch}, limit {options.limit}, "
        f"answers of {lengths[0]} to {lengths[-1]} tokens (median {lengths[len(lengths) // 2]}), "
        f"median of {options.rounds}\n"
    )
    print("| way | useful tokens/s | Pyrite is faster by | peak memory |")
    print("|---|---|---|---|")
    for way in WAYS:
        memory = max(item["memory"] for item in found[way]) / 1e9
        print(f"| {way} | {speed[way]:.0f} | {speed['pyrite'] / speed[way]:.2f}x | {memory:.1f} GB |")
    print(
        f"\n{sum(ours[name] == theirs[name] for name in ours)} of {len(ours)} answers are the same text in both ways."
    )


if __name__ == "__main__":
    main()
