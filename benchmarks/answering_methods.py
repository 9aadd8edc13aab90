"""What methods that intervene cost while answering, against the model alone: same texts, so the same number of tokens.

LoReFT begins as the identity here (all layers, rank 8, seven tokens at both ends), and the three models of proxy-tuning
are one (asked three times, with three caches), so every way writes the answers of the base, which is checked. The ways
take turns in one process on one thread, and processor time is counted (of a waiting thread too, hence one), so that
other work on the machine disturbs little.

    python -m benchmarks answering --methods [--model embedded] [--problems 4] [--batch 4] [--limit 48] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from benchmarks.mixed_lengths import mixed_lengths
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.logit_arithmetic import Ensemble
from pyrite.models.companions import Companions, Delta
from pyrite.models.devices import choose_compute
from pyrite.models.methods import Restored, get_method
from pyrite.models.prompts import Prompt
from pyrite.models.sources import load, parse_source


def ways(options: argparse.Namespace) -> dict[str, LocalAnswerer]:
    """An answerer a way, each with models of its own."""
    compute = choose_compute("auto", "auto", options.threads or 1)
    source = parse_source(options.model)
    settings = Settings(max_new_tokens=options.limit, batch_size=options.batch)
    alone, edited = (load(source, compute) for _ in range(2))
    method = get_method("loreft")
    model = method.prepare(edited.model, method.check({"identity_start": True}))
    for unit in model.interventions.units():
        unit.freeze()
    edited.take(Restored(model, merged=False, prefill=model.interventions))
    model.requires_grad_(False)
    deltas = Companions(deltas=(Delta("expert", "anti-expert"),))
    return {
        "the model alone": LocalAnswerer(alone, Prompt(), settings),
        "LoReFT": LocalAnswerer(edited, Prompt(), settings),
        "proxy, three models": LocalAnswerer(
            alone, Prompt(), settings, ensemble=Ensemble(deltas, (alone,) * 3, ((1.0, 1, 2),))
        ),
    }


def answer(one: LocalAnswerer, asked: list[Any]) -> tuple[float, dict[str, str], int]:
    """Processor seconds, the texts, and how many tokens they have."""
    started = time.process_time()
    outputs = [o for batch in one.plan([Request(problem, 0) for problem in asked]) for o in one.answer(batch)]
    used = time.process_time() - started
    return used, {o.problem_id: o.output for o in outputs}, sum(o.extra["tokens"] for o in outputs)


def compare(options: argparse.Namespace) -> None:
    """The table."""
    asked, made = mixed_lengths(options.problems), ways(options)
    for one in made.values():
        answer(one, asked[:1])  # warm-up
    seconds: dict[str, list[float]] = {name: [] for name in made}
    texts: dict[str, dict[str, str]] = {}
    tokens: dict[str, int] = {}
    for number in range(1, options.rounds + 1):
        for name, one in made.items():
            spent, texts[name], tokens[name] = answer(one, asked)
            seconds[name].append(spent)
        print(
            f"round {number} of {options.rounds}: " + ", ".join(f"{used[-1]:.1f}" for used in seconds.values()),
            flush=True,
        )
    base = texts["the model alone"]
    print(f"model {options.model}, {options.problems} problems, batch {options.batch}, limit {options.limit}\n")
    print("| way | processor seconds a 1,000 tokens | times the model alone (each round) | same texts |")
    print("|---|---|---|---|")
    for name, used in seconds.items():
        shares = [mine / theirs for mine, theirs in zip(used, seconds["the model alone"], strict=True)]
        same = sum(texts[name][problem] == base[problem] for problem in base)
        each = 1000 * statistics.median(used) / tokens[name]
        shown = ", ".join(f"{share:.2f}" for share in shares)
        print(f"| {name} | {each:.1f} | {statistics.median(shares):.2f} ({shown}) | {same} of {len(base)} |")
