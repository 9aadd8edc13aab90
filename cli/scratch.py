"""``pyrite models scratch``: a small decoder pretrained from nothing on Pyrite's own families."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import note, print_json, progress


def scratch_command(
    out: Annotated[Path, typer.Option(help="Folder of the new model; the same command goes on after a stop.")],
    tokens: Annotated[int, typer.Option(min=1, help="Pretraining tokens.")] = 5_000_000,
    families: Annotated[
        str, typer.Option(help="Families that are read, separated by commas, or all; see --without.")
    ] = "all",
    without: Annotated[str, typer.Option(help="Families that are not read, separated by commas.")] = "",
    layers: Annotated[int, typer.Option(min=1, help="Decoder layers.")] = 4,
    width: Annotated[int, typer.Option(min=8, help="Width of the hidden states.")] = 128,
    heads: Annotated[int, typer.Option(min=1, help="Attention heads.")] = 4,
    vocabulary: Annotated[int, typer.Option(min=600, help="Most tokens in the vocabulary.")] = 4096,
    exercises: Annotated[
        str, typer.Option(help="Share of exercises in copying; 1,900000:0.4 is 1, and 0.4 from 900,000 tokens on.")
    ] = "0.5",
    question_weight: Annotated[
        float, typer.Option(min=0.0, help="Weight of a question's token in the loss; an answer's is 1.")
    ] = 0.0,
    learning_rate: Annotated[str, typer.Option(help="After a short warmup; written as --exercises is.")] = "0.008",
    batch_tokens: Annotated[int, typer.Option(min=64, help="Tokens of a step.")] = 2048,
    cooldown: Annotated[int, typer.Option(min=0, help="Tokens at the end over which the rate falls to nothing.")] = 0,
    checkpoints: Annotated[
        str, typer.Option(help="Tokens after which a copy is kept (OUT/tokens-N), separated by commas.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of weights and documents.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads (0: every usable core).")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The record, as JSON.")] = False,
) -> None:
    """Pretrain a small decoder from scratch on texts and formulations of families: a toy for controlled studies."""
    from ..models.devices import choose_compute
    from ..models.scratch.pretraining import ScratchPlan, pretrain
    from ..models.training.processes import one_process
    from ..problems.families import FAMILIES

    one_process("pyrite models scratch")
    left_out = _listed(without)
    unknown = [name for name in left_out if name not in FAMILIES]
    if unknown:
        raise PyriteError(f"--without: no family {unknown[0]!r}; `pyrite problems list` names them")
    read = tuple(FAMILIES) if families == "all" else tuple(_listed(families))
    try:
        kept = tuple(int(count) for count in _listed(checkpoints))
    except ValueError as error:
        raise PyriteError(f"--checkpoints are numbers of tokens, not {checkpoints!r}") from error
    plan = ScratchPlan(
        families=tuple(name for name in read if name not in left_out),
        tokens=tokens,
        layers=layers,
        width=width,
        heads=heads,
        vocabulary=vocabulary,
        exercises=_steps("--exercises", exercises),
        question_weight=question_weight,
        learning_rate=_steps("--learning-rate", learning_rate),
        batch_tokens=batch_tokens,
        cooldown=cooldown,
        checkpoints=kept,
        seed=seed,
    )
    with progress(tokens, "tokens") as show:
        record = pretrain(plan, out, choose_compute(device, "float32", threads), note=note, progress=show)
    note(
        f"{out}: {record['parameters']:,} parameters, {record['tokens']:,} tokens read in {record['seconds']:,.0f} s; "
        f"held-out loss of answers {record['held_out_loss']:.3f} nats a token"
    )
    if as_json:
        print_json(record)


def _steps(option: str, text: str) -> tuple[tuple[int, float], ...]:
    """``1,900000:0.4`` as ((0, 1.0), (900000, 0.4))."""
    try:
        pairs = [part.rpartition(":")[::2] for part in _listed(text)]
        return tuple((int(start or 0), float(value)) for start, value in pairs)
    except ValueError as error:
        raise PyriteError(f"{option} is a number, or several such as 1,900000:0.4, not {text!r}") from error


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
