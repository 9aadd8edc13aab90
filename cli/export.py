"""``pyrite export``: a scored run as parquet for notebooks and the Hugging Face hub, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import echo, next_step, print_json


def register(app: typer.Typer) -> None:
    """Add ``export``."""
    app.command("export")(export_command)


def export_command(
    run: Annotated[Path, typer.Argument(help="A scored run, or with --format run a folder that export wrote.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    kind: Annotated[str, typer.Option("--format", help="parquet, or run: a run folder again.")] = "parquet",
    as_json: Annotated[bool, typer.Option("--json", help="The rows written, as JSON.")] = False,
) -> None:
    """Write problems, outputs and verdicts as parquet files that `datasets.load_dataset` reads; or go back."""
    from ..results.exchange import export_run, import_run, is_exported
    from ..results.run import RunFolder

    if kind not in ("parquet", "run"):
        raise PyriteError(f"--format is parquet or run, not {kind!r}")
    if not run.is_dir():
        raise PyriteError(f"{run} is no folder; give a run, as pyrite score --out writes it")
    if kind == "parquet" and is_exported(run) and not RunFolder(run).verdicts.exists():
        raise PyriteError(f"{run} is an export already; --format run makes a run folder of it")
    counts = export_run(RunFolder(run), out) if kind == "parquet" else import_run(run, RunFolder(out))
    if as_json:
        print_json({"out": str(out), "format": kind, "rows": counts})
        return
    for name, count in counts.items():
        suffix = "parquet" if kind == "parquet" else "jsonl"
        echo(f"{out / name}.{suffix}: {count:,} rows")
    next_step(f"pyrite export {out} --format run --out RUN" if kind == "parquet" else f"pyrite report {out}")
