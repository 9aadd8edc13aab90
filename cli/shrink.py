"""``pyrite models``: smaller siblings of a model; ``scratch`` stands beside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .console import note, print_json, progress
from .scratch import scratch_command


def register(app: typer.Typer) -> None:
    """Add ``models``."""
    group = typer.Typer(help="Make models: smaller siblings, and toys from scratch.", no_args_is_help=True)
    group.command("shrink")(shrink_command)
    group.command("scratch")(scratch_command)
    app.add_typer(group, name="models")


def shrink_command(
    out: Annotated[Path, typer.Option(help="Folder of the new model.")],
    layers: Annotated[int, typer.Option(min=1, help="Decoder layers that stay.")],
    model: Annotated[str, typer.Option(help="embedded, a folder, a checkpoint, a .gguf, or owner/name.")] = "embedded",
    steps: Annotated[int, typer.Option(min=0, help="Steps of healing, four problem texts each.")] = 120,
    learning_rate: Annotated[float, typer.Option(min=0.0, help="Of healing.")] = 5e-4,
    seed: Annotated[int, typer.Option(min=0, help="Of healing.")] = 0,
    first: Annotated[
        int | None, typer.Option(min=0, help="First layer that goes, from 0 (default: where hidden states turn least).")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, cuda:N, mps or cpu.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads (0: every usable core).")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The record, as JSON.")] = False,
) -> None:
    """Make a smaller sibling of a model: layers are taken out, the rest is healed on problem texts without answers."""
    from ..models.devices import choose_compute
    from ..models.shrinking import shrink
    from ..models.sources import parse_source
    from ..models.training.processes import one_process

    one_process("pyrite models shrink")
    compute = choose_compute(device, "float32", threads)
    with progress(steps, "healing") as show:
        record = shrink(
            parse_source(model),
            layers,
            out,
            compute,
            steps=steps,
            learning_rate=learning_rate,
            seed=seed,
            first=first,
            note=note,
            progress=lambda done, total: show(done),
        )
    note(f"{out}: {record.sentence()}")
    if as_json:
        print_json(asdict(record))
