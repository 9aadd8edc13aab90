"""A small decoder pretrained from scratch on texts and formulations of Pyrite's own families.

No hub is needed, every token that the model has seen is known, and a run of it costs minutes: what a controlled
experiment on finetuning needs, and nothing more than that. The result is an ordinary model folder (a Llama in
safetensors with its tokenizer) and a record. The rate is constant after a short warmup until the cooldown, so that a
checkpoint on the way is a model pretrained on fewer tokens at the same rate. A run goes on after a kill.
"""

from __future__ import annotations

import json
import math
import pickle
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch.nn import functional

from ...feasibility.disk import make_folder, plain_file, read_object, write_whole, write_whole_with
from ...feasibility.errors import PyriteError
from ..devices import Compute
from ..embedded import first_line
from ..quiet import quiet_transformers
from ..saving import saving
from ..sources import SCRATCH
from .corpus import Document, documents
from .tokens import train_tokenizer

_STATE = "state.pt"
_BLOCK = 512
_TOKENIZER_DOCUMENTS = 6_000
_HELD_OUT = 96
_BETWEEN_STATES = 60.0  # seconds
_WARMUP = 100_000  # tokens


Steps: TypeAlias = tuple[tuple[int, float], ...]
"""Values that change while a model reads: (from so many tokens on, value)."""


def at(steps: Steps, tokens: int) -> float:
    """The value after so many tokens.

    >>> at(((0, 1.0), (900, 0.4)), 900)
    0.4
    """
    return [value for start, value in steps if start <= tokens][-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchPlan:
    """What decides the weights of a model from scratch."""

    families: tuple[str, ...]
    tokens: int
    """Pretraining tokens, of questions and answers together."""
    layers: int = 4
    width: int = 192
    heads: int = 6
    vocabulary: int = 4096
    exercises: Steps = ((0, 0.5),)
    """Share of the documents that are exercises in copying, from so many tokens on."""
    question_weight: float = 0.2
    """Weight of a question's token in the loss; an answer's is 1."""
    learning_rate: Steps = ((0, 8e-3),)
    """From so many tokens on; before the cooldown it is constant within a step."""
    batch_tokens: int = 4096
    cooldown: int = 0
    """Tokens at the end over which the rate falls to nothing; before them it is constant."""
    checkpoints: tuple[int, ...] = ()
    """Tokens after which a copy is kept."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise PyriteError(f"a width of {self.width} does not go into {self.heads} heads of an even width")
        if min(self.layers, self.heads, self.tokens, self.batch_tokens) < 1 or self.vocabulary < 600:
            raise PyriteError(
                "layers, heads, tokens and batch are at least 1, and a vocabulary has at least 600 tokens"
            )
        if any(not 0 < count < self.tokens for count in self.checkpoints):
            raise PyriteError(f"checkpoints lie between 0 and {self.tokens} tokens")
        if not 0 <= self.cooldown <= self.tokens:
            raise PyriteError(f"the cooldown lies within the {self.tokens} tokens")
        for steps in (self.exercises, self.learning_rate):
            starts = [start for start, _ in steps]
            if starts[:1] != [0] or starts != sorted(set(starts)) or any(value < 0 for _, value in steps):
                raise PyriteError(f"a schedule begins at 0 tokens and goes up, with values from 0, not {steps}")
        for _, share in self.exercises:
            documents(self.families, 0, 0, exercises=share)

    def rate(self, tokens: int) -> float:
        """The learning rate after so many tokens."""
        up = min(1.0, (tokens + self.batch_tokens) / _WARMUP)
        down = min(1.0, (self.tokens - tokens) / self.cooldown) if self.cooldown else 1.0
        return at(self.learning_rate, tokens) * up * max(0.0, down)


@dataclass(slots=True)
class _State:
    model: Any
    optimizers: list[Any]
    block: int = 0
    """The block that comes next."""
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0


def pretrain(
    plan: ScratchPlan,
    folder: Path,
    compute: Compute,
    *,
    note: Callable[[str], None] = lambda text: None,
    progress: Callable[[int], None] = lambda tokens: None,
) -> dict[str, Any]:
    """Pretrain by the plan into ``folder``, going on where a stop left it; the record of the finished model.

    Raises PyriteError for a folder that holds something else.
    """
    wanted = json.loads(json.dumps(asdict(plan)))
    if (folder / SCRATCH).is_file():
        known = read_object(folder / SCRATCH, "record", links=True)
        if known.get("plan") != wanted:
            raise PyriteError(f"{folder} holds another model from scratch; give another folder")
        return known
    make_folder(folder)
    tokenizer = _tokenizer(plan)
    state = _begin(plan, tokenizer, compute)
    if not _resume(state, folder, wanted) and any(folder.iterdir()):
        raise PyriteError(f"{folder} is not empty; give another folder")
    size = sum(parameter.numel() for parameter in state.model.parameters())
    note(f"{size:,} parameters, {len(tokenizer):,} tokens in the vocabulary; {compute.describe()}")
    _run(plan, state, tokenizer, folder, wanted, note, progress)
    record = _write(plan, state, tokenizer, folder, wanted)
    (folder / _STATE).unlink(missing_ok=True)
    return record


def _tokenizer(plan: ScratchPlan) -> Any:
    """Learned on documents of every family, so that tuning on others meets no unknown words."""
    from ...problems.families import FAMILIES

    with quiet_transformers():
        read = documents(tuple(FAMILIES), _TOKENIZER_DOCUMENTS, 0, seed=plan.seed)
        return train_tokenizer((text for item in read for text in (item.question, item.answer)), plan.vocabulary)


def _begin(plan: ScratchPlan, tokenizer: Any, compute: Compute) -> _State:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(plan.seed)
    inner = math.ceil(plan.width * 8 / 3 / 32) * 32
    config = LlamaConfig(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=plan.width,
        intermediate_size=inner,
        num_hidden_layers=plan.layers,
        num_attention_heads=plan.heads,
        num_key_value_heads=plan.heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        initializer_range=0.02,
        rope_theta=10_000.0,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config).to(compute.device).train()
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    # Orthogonalised momentum learns a small model's matrices in about half the tokens of Adam's.
    rate = plan.rate(0)
    return _State(
        model,
        [
            Muon(matrices, rate),
            torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
        ],
    )


def _run(
    plan: ScratchPlan,
    state: _State,
    tokenizer: Any,
    folder: Path,
    wanted: dict[str, Any],
    note: Callable[[str], None],
    progress: Callable[[int], None],
) -> None:
    asked = [_held_out(plan, tokenizer, share) for share in (1.0, 0.0)]
    saved = time.monotonic()
    waiting = [count for count in sorted(plan.checkpoints) if count > state.tokens]
    while state.tokens < plan.tokens:
        share = at(plan.exercises, state.tokens)
        read = documents(plan.families, _BLOCK, state.block, exercises=share, seed=plan.seed)
        began = time.monotonic()
        losses = []
        for rows in _batches(read, tokenizer, plan, state.block):
            if state.tokens >= plan.tokens:
                break
            for optimizer in state.optimizers:
                optimizer.param_groups[0]["lr"] = plan.rate(state.tokens)
            losses.append(_step(state, rows, plan.question_weight, tokenizer.pad_token_id))
            progress(min(state.tokens, plan.tokens))
        state.block += 1
        state.seconds += time.monotonic() - began
        while waiting and state.tokens >= waiting[0]:
            _write(plan, state, tokenizer, folder / f"tokens-{waiting.pop(0)}", wanted)
        if time.monotonic() - saved > _BETWEEN_STATES:
            _save(state, folder, wanted)
            exercises, problems = (answer_loss(state.model, rows, tokenizer.pad_token_id) for rows in asked)
            note(
                f"{state.tokens:,} tokens: loss {sum(losses) / len(losses):.3f}; held-out answers {problems:.3f}, "
                f"exercises {exercises:.3f}; {state.tokens / state.seconds:,.0f} tokens/s"
            )
            saved = time.monotonic()


EncodedRow = tuple[list[int], int]
"""Tokens, and how many of them are the question's."""


def encode(item: Document, tokenizer: Any) -> EncodedRow:
    """A document as the chat template puts it."""
    asked = tokenizer(f"<problem>{item.question}<model>", add_special_tokens=False)["input_ids"]
    answer = tokenizer(item.answer, add_special_tokens=False)["input_ids"]
    return [*asked, *answer, tokenizer.eos_token_id], len(asked)


def _batches(read: Sequence[Document], tokenizer: Any, plan: ScratchPlan, block: int) -> Iterator[list[EncodedRow]]:
    """Rows of like length together, batches in random order."""
    rows = sorted((encode(item, tokenizer) for item in read), key=lambda row: len(row[0]))
    found: list[list[EncodedRow]] = [[]]
    for row in rows:
        if found[-1] and (len(found[-1]) + 1) * len(row[0]) > plan.batch_tokens:
            found.append([])
        found[-1].append(row)
    random.Random(f"order/{plan.seed}/{block}").shuffle(found)  # noqa: S311 - an order, no secret
    return iter(found)


def _tensors(rows: Sequence[EncodedRow], weight: float, pad: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(tokens) for tokens, _ in rows)
    ids = torch.tensor([[*tokens, *[pad] * (longest - len(tokens))] for tokens, _ in rows])
    weights = torch.tensor(
        [
            [*[weight] * asked, *[1.0] * (len(tokens) - asked), *[0.0] * (longest - len(tokens))]
            for tokens, asked in rows
        ]
    )
    return ids.to(device), weights.to(device)


def _losses(model: Any, ids: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of every token that counts, and its weight."""
    # Padding stands at the end, where a causal model's earlier positions do not see it: no mask is needed.
    states = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    counts = weights[:, 1:] > 0
    logits = model.lm_head(states[counts]).float()
    return functional.cross_entropy(logits, ids[:, 1:][counts], reduction="none"), weights[:, 1:][counts]


def _step(state: _State, rows: Sequence[EncodedRow], weight: float, pad: int) -> float:
    model = state.model
    each, counted = _losses(model, *_tensors(rows, weight, pad, model.device))
    loss = (each * counted).sum() / counted.sum()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in state.optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    state.steps += 1
    state.tokens += sum(len(tokens) for tokens, _ in rows)
    return float(loss.item())


def _held_out(plan: ScratchPlan, tokenizer: Any, exercises: float = 0.0) -> list[list[EncodedRow]]:
    """Problems of validation seeds of the same families, or exercises."""
    read = documents(plan.families, _HELD_OUT, 0, exercises=exercises, seed=plan.seed, split="validation")
    rows = [encode(item, tokenizer) for item in read]
    return [rows[at : at + 16] for at in range(0, len(rows), 16)]


@torch.no_grad()
def answer_loss(model: Any, batches: Sequence[Sequence[EncodedRow]], pad: int) -> float:
    """Nats a token of the answers."""
    total, count = 0.0, 0.0
    for rows in batches:
        each, counted = _losses(model, *_tensors(rows, 0.0, pad, model.device))
        total += float((each * counted).sum())
        count += float(counted.sum())
    return total / max(1.0, count)


class Muon(torch.optim.Optimizer):
    """Momentum made orthogonal by Newton and Schulz's iteration (Jordan and others, 2024), in float32.

    torch's own computes in bfloat16, which a processor without such instructions emulates many times slower. The update
    is scaled to the size of Adam's (arXiv 2502.16982, 0.2 sqrt(max(rows, columns))), so that one rate serves both.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One update; a closure is not asked."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                held = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
                held.lerp_(parameter.grad, 1 - group["momentum"])
                turned = orthogonal(parameter.grad.lerp(held, group["momentum"]))
                parameter.add_(turned, alpha=-group["lr"] * 0.2 * max(parameter.shape) ** 0.5)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Nearly the nearest matrix with orthonormal rows (or columns, whichever are fewer)."""
    tall = matrix.shape[0] > matrix.shape[1]
    found: torch.Tensor = matrix.T if tall else matrix
    found = found / (found.norm() + 1e-7)
    for _ in range(5):
        square = found @ found.T
        found = 3.4445 * found + (-4.7750 * square + 2.0315 * square @ square) @ found
    return found.T if tall else found


# Files.


def _save(state: _State, folder: Path, wanted: dict[str, Any]) -> None:
    held = {
        "plan": json.dumps(wanted),
        "model": state.model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in state.optimizers],
        "counts": [state.block, state.steps, state.tokens, state.seconds],
    }
    with saving(folder / _STATE):
        write_whole_with(folder / _STATE, lambda draft: torch.save(held, draft))


def _resume(state: _State, folder: Path, wanted: dict[str, Any]) -> bool:
    path = folder / _STATE
    if not plain_file(path):
        return False
    try:
        held = torch.load(path, map_location=state.model.device, weights_only=True)
        same = json.loads(held["plan"]) == wanted
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError, LookupError, TypeError, ValueError) as error:
        raise PyriteError(f"{path} is damaged ({first_line(error)}); remove it to begin again") from error
    if not same:
        raise PyriteError(f"{folder} holds another model from scratch, not finished; give another folder")
    state.model.load_state_dict(held["model"])
    for optimizer, known in zip(state.optimizers, held["optimizers"], strict=True):
        optimizer.load_state_dict(known)
    state.block, state.steps, state.tokens, state.seconds = held["counts"]
    return True


def _write(plan: ScratchPlan, state: _State, tokenizer: Any, folder: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    from importlib import metadata

    held_out = answer_loss(state.model, _held_out(plan, tokenizer), tokenizer.pad_token_id)
    record = {
        "plan": wanted,
        "parameters": sum(parameter.numel() for parameter in state.model.parameters()),
        "tokens": state.tokens,
        "steps": state.steps,
        "held_out_loss": held_out,
        "unit": "nats a token of the answers to validation problems of the same families",
        "seconds": round(state.seconds, 1),
        "versions": {name: metadata.version(name) for name in ("torch", "transformers", "tokenizers")},
    }
    with quiet_transformers(), saving(folder):
        state.model.save_pretrained(make_folder(folder))
        tokenizer.save_pretrained(folder)
    write_whole(folder / SCRATCH, json.dumps(record, indent=1) + "\n")
    return record
