"""Training speed and memory: Pyrite's trainer, a plain PyTorch loop and trl's defaults on the same examples.

Each way runs in a process of its own, in turn, ``--rounds`` times; tokens are those of prompts and answers, padding not
counted; the first step of each run (loading, warm-up) is left out.

    python -m benchmarks training [--steps 8] [--rounds 2] [--model embedded]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FAMILIES = ("product-mix", "knapsack", "set-covering", "cutting-stock")
BATCH = 4
WAYS = ("pyrite", "plain loop", "trl defaults")


def material(model: str, steps: int) -> tuple[Any, Any, list[Any]]:
    from pyrite.models.data import draw_problems, encode
    from pyrite.models.prompts import Prompt
    from pyrite.models.recipes import ProblemSection
    from pyrite.models.sources import load_tokenizer, local_folder, parse_source

    source = parse_source(model)
    tokenizer = load_tokenizer(source)
    drawn = draw_problems(ProblemSection(families=FAMILIES, count=steps * BATCH), "train")
    return local_folder(source), tokenizer, [encode(problem, Prompt(), tokenizer) for problem in drawn.problems]


def lora() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")


def pyrite_way(model: str, steps: int) -> tuple[int, list[float]]:
    """Ends of steps from the training log, which the trainer writes itself."""
    from pyrite.models.recipes import parse_recipe
    from pyrite.models.training.tuning import tune

    families = json.dumps(list(FAMILIES))
    recipe = parse_recipe(
        f'[model]\nsource = {json.dumps(model)}\n[method]\nname = "lora"\n[method.options]\nr = 16\nlora_alpha = 32\n'
        f"[data]\nfamilies = {families}\ncount = {steps * BATCH}\n"
        f"[schedule]\nsteps = {steps}\nbatch_size = {BATCH}\nsave_every = 1000\n"
    )
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        tuned = tune(recipe, Path(folder), progress=lambda step, total, loss: ends.append(time.perf_counter()))
        lines = [json.loads(line) for line in (Path(folder) / "training.jsonl").read_text().splitlines()]
    assert tuned.record["step"] == steps
    return lines[-1]["tokens"] - lines[0]["tokens"], ends


def plain_loop(model: str, steps: int) -> tuple[int, list[float]]:
    """What a tutorial shows: the model in bfloat16, right padding, the model's own loss, AdamW."""
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    folder, tokenizer, examples = material(model, steps)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = get_peft_model(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).to(device), lora())
    net.train()
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=2e-4)
    tokens, ends = 0, []
    for step in range(steps):
        batch = examples[step * BATCH : (step + 1) * BATCH]
        longest = max(len(example.tokens) for example in batch)
        ids, mask, labels = [], [], []
        for example in batch:
            gap = longest - len(example.tokens)
            ids.append([*example.tokens, *[tokenizer.pad_token_id] * gap])
            mask.append([1] * len(example.tokens) + [0] * gap)
            labels.append(example.labels + [-100] * gap)
        rows = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        loss = net(**{name: torch.tensor(row, device=device) for name, row in rows.items()}).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()  # a step ends when it is done, not when it is queued
        ends.append(time.perf_counter())
        tokens += sum(len(example.tokens) for example in batch) if step else 0
    return tokens, ends


def trl_defaults(model: str, steps: int) -> tuple[int, list[float]]:
    """SFTTrainer with a model's folder and LoRA; nothing else is chosen but the batch size."""
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    folder, _, examples = material(model, steps)
    ends: list[float] = []
    seen: list[int] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *rest: Any, **more: Any) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            ends.append(time.perf_counter())

    class Counting(SFTTrainer):
        def compute_loss(self, model: Any, inputs: Any, *rest: Any, **more: Any) -> Any:
            seen.append(int(inputs["attention_mask"].sum()))
            return super().compute_loss(model, inputs, *rest, **more)

    rows = {"input_ids": [list(e.tokens) for e in examples], "labels": [e.labels for e in examples]}
    with tempfile.TemporaryDirectory() as out:
        config = SFTConfig(
            out,
            per_device_train_batch_size=BATCH,
            max_steps=steps,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
        )
        dataset = Dataset.from_dict(rows)
        Counting(str(folder), args=config, train_dataset=dataset, peft_config=lora(), callbacks=[Clock()]).train()
    return sum(seen[1:]), ends


def child(way: str, model: str, steps: int) -> None:
    import torch

    from pyrite.feasibility.workers.limits import usable_cores

    torch.set_num_threads(usable_cores())
    run = {"pyrite": pyrite_way, "plain loop": plain_loop, "trl defaults": trl_defaults}[way]
    tokens, ends = run(model, steps)
    memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    memory = memory or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print("RESULT " + json.dumps({"speed": tokens / (ends[-1] - ends[0]), "memory": memory}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--child", default="")
    options = parser.parse_args()
    if options.child:
        child(options.child, options.model, options.steps)
        return
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way in WAYS:
            command = [
                sys.executable,
                __file__,
                "--child",
                way,
                "--steps",
                str(options.steps),
                "--model",
                options.model,
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            if not lines:
                raise SystemExit(f"{way} failed:\n{done.stderr[-2000:]}")
            found[way].append(json.loads(lines[0].removeprefix("RESULT ")))
    best = {way: statistics.median(item["speed"] for item in items) for way, items in found.items()}
    print(
        f"model {options.model}, LoRA r=16 on all linear layers, batch {BATCH}, {options.steps} steps, "
        f"median of {options.rounds}\n"
    )
    print("| way | tokens/s | Pyrite is faster by | peak memory |")
    print("|---|---|---|---|")
    for way in WAYS:
        memory = max(item["memory"] for item in found[way]) / 1e9
        print(f"| {way} | {best[way]:.0f} | {best['pyrite'] / best[way]:.2f}x | {memory:.1f} GB |")


if __name__ == "__main__":
    main()
