"""A smaller sibling of a model: some of its layers taken out, and what is left healed on problem texts.

Methods that need two models of one vocabulary (:mod:`pyrite.models.companions`) can be tried with one model at hand.
The layers that go are the consecutive ones over which hidden states turn least on problem texts, as the angle between
what enters the first and what leaves the last (arXiv 2403.17887). Healing is distillation: the sibling learns the whole
model's next-token distribution on prompts of training problems, without any answer, so that it stays a model that was
not tuned. A published small model is better than this one; every record says what it is. What is not covered: going on
after a stop.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ..feasibility.disk import write_whole
from ..feasibility.errors import PyriteError
from .data import draw_problems
from .devices import Compute
from .embedded import Note
from .methods.reft import decoder_layers
from .prompts import Prompt
from .quiet import quiet_transformers
from .saving import saving
from .sections import ProblemSection
from .sources import SHRUNK, Loaded, Source, load

_FAMILIES = ("product-mix", "knapsack", "set-covering", "transportation")
_BATCH = 4
_PROBES = 12


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What the sibling's record says. Losses are nats a token on held-out prompts."""

    source: str
    source_weights: str
    layers_before: int
    removed: list[int]
    parameters: int
    steps: int
    seed: int
    learning_rate: float
    loss_before: float
    """The whole model's."""
    loss_cut: float
    loss_healed: float

    def sentence(self) -> str:
        """One line for people."""
        left = self.layers_before - len(self.removed)
        return (
            f"{left} of {self.layers_before} layers, {self.parameters:,} parameters; loss on held-out problem texts: "
            f"{self.loss_before:.2f} whole, {self.loss_cut:.2f} cut, {self.loss_healed:.2f} after {self.steps} steps"
        )


def shrink(
    source: Source,
    layers: int,
    folder: Path,
    compute: Compute,
    *,
    steps: int = 120,
    learning_rate: float = 5e-4,
    seed: int = 0,
    first: int | None = None,
    note: Note = lambda text: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Shrunk:
    """Write a sibling with ``layers`` decoder layers into ``folder``, ready to be a ``--model``.

    The layers that go begin with ``first`` (from 0), or where hidden states turn least. Raises PyriteError for a source
    that is no plain model, for layers that it does not have, and for a folder that is there already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PyriteError(f"{folder} is not empty; give another folder")
    loaded = load(source, compute, note)
    if not loaded.merged:
        raise PyriteError(f"{source.text} is more than plain weights and cannot be cut")
    count = len(decoder_layers(loaded.model))
    if not 1 <= layers < count:
        raise PyriteError(f"{source.text} has {count} layers; a sibling has 1 to {count - 1}, not {layers}")
    if first is not None and not 0 <= first <= layers:
        raise PyriteError(
            f"{count - layers} layers that begin with {first} are not all there: 0 to {layers} can be first"
        )
    batches, held_out = _texts(loaded, steps, "train"), _texts(loaded, _PROBES // _BATCH, "validation")
    if first is None:
        first = _least_turning(loaded.model, held_out, count - layers)
    removed = list(range(first, first + count - layers))
    small = load(source, compute).model
    _cut(small, removed)
    before, cut = _loss(loaded.model, held_out), _loss(small, held_out)
    note(f"without layers {first}-{removed[-1]}; loss on problem texts {before:.2f} whole, {cut:.2f} cut")
    torch.manual_seed(seed)
    _heal(loaded.model, small, batches, learning_rate, progress)
    record = Shrunk(
        source.name,
        loaded.identity["weights"],
        count,
        removed,
        sum(parameter.numel() for parameter in small.parameters()),
        steps,
        seed,
        learning_rate,
        before,
        cut,
        _loss(small, held_out),
    )
    _write(small, loaded.tokenizer, folder, record)
    return record


def _texts(loaded: Loaded, batches: int, split: str) -> list[dict[str, torch.Tensor]]:
    """Prompts of problems as batches padded on the right."""
    section = ProblemSection(families=_FAMILIES, count=max(1, batches) * _BATCH)
    problems = draw_problems(section, split).problems
    prompt = Prompt(fallback="plain")
    rows = [prompt.tokens(problem, loaded.tokenizer) for problem in problems]
    found = []
    for at in range(0, batches * _BATCH, _BATCH):
        part = rows[at : at + _BATCH]
        longest = max(map(len, part))
        ids = torch.tensor([[*row, *[loaded.tokenizer.pad_token_id] * (longest - len(row))] for row in part])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in part])
        device = loaded.compute.device
        found.append({"input_ids": ids.to(device), "attention_mask": mask.to(device)})
    return found


@torch.no_grad()
def _least_turning(model: Any, batches: Sequence[dict[str, torch.Tensor]], span: int) -> int:
    """The first of ``span`` layers over which the last tokens' hidden states turn least; first and last layer stay."""
    count = len(decoder_layers(model))
    places = range(1, count - span) or range(1, 2)
    turned = dict.fromkeys(places, 0.0)
    for batch in batches:
        states = model(**batch, output_hidden_states=True, use_cache=False).hidden_states
        last = batch["attention_mask"].sum(dim=1) - 1
        rows = torch.arange(len(last), device=last.device)
        # State 0 enters the first layer, state n leaves the n-th (the last one after the final norm).
        ends = [state[rows, last].float() for state in states]
        for at in places:
            alike = functional.cosine_similarity(ends[at], ends[at + span])
            turned[at] += alike.clamp(-1, 1).acos().sum().item()
    return min(turned, key=turned.__getitem__)


def _cut(model: Any, removed: Sequence[int]) -> None:
    layers = decoder_layers(model)
    kept = [layer for number, layer in enumerate(layers) if number not in set(removed)]
    for owner in model.modules():
        for name, child in owner.named_children():
            if child is layers:
                setattr(owner, name, nn.ModuleList(kept))
    for number, layer in enumerate(kept):
        for module in layer.modules():
            if hasattr(module, "layer_idx"):
                module.__dict__["layer_idx"] = number
    model.config.num_hidden_layers = len(kept)
    kinds = getattr(model.config, "layer_types", None)
    if kinds:
        model.config.layer_types = [kind for number, kind in enumerate(kinds) if number not in set(removed)]


def _heal(
    whole: Any,
    small: Any,
    batches: Sequence[dict[str, torch.Tensor]],
    learning_rate: float,
    progress: Callable[[int, int], None],
) -> None:
    small.float().requires_grad_(True)
    optimizer = torch.optim.AdamW(small.parameters(), lr=learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / 10) * (1 - step / max(1, len(batches)))
    )
    for done, batch in enumerate(batches, 1):
        real = batch["attention_mask"].bool()
        with torch.no_grad():
            wanted = whole(**batch, use_cache=False).logits[real].float().log_softmax(dim=-1)
        found = small(**batch, use_cache=False).logits[real].float().log_softmax(dim=-1)
        loss = functional.kl_div(found, wanted, log_target=True, reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(small.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        progress(done, len(batches))
    small.requires_grad_(False)


@torch.no_grad()
def _loss(model: Any, batches: Sequence[dict[str, torch.Tensor]]) -> float:
    """Nats a token."""
    total, count = 0.0, 0
    for batch in batches:
        logits = model(**batch, use_cache=False).logits[:, :-1].float()
        targets = batch["input_ids"][:, 1:].masked_fill(batch["attention_mask"][:, 1:] == 0, -100)
        total += functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        count += int((targets != -100).sum())
    return total / max(1, count)


def _write(model: Any, tokenizer: Any, folder: Path, record: Shrunk) -> None:
    with quiet_transformers(), saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
        model.to(torch.bfloat16).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        write_whole(folder / SHRUNK, json.dumps(asdict(record), indent=1) + "\n")
