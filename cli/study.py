"""``pyrite study``: recipes with axes, cell by cell, and the one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..feasibility.errors import PyriteError
from .console import echo, note, print_json


def register(app: typer.Typer) -> None:
    """Add ``study``."""
    app.command("study")(study_command)


def study_command(
    study: Annotated[
        str | None, typer.Argument(help="A study file, or a committed one by name (--list names them).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of everything (default: runs/study-NAME).")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the cells and how long they will take; run none.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Print what is finished and what is left; run none.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Cells side by side, a process each.")] = 1,
    engine: Annotated[str, typer.Option(help="local, or ray: cells on the nodes of a Ray cluster.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="The Ray cluster: auto, or HOST:PORT (default: one of this machine).")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name the committed studies.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what results.json holds (or the grid) as JSON.")
    ] = False,
) -> None:
    """Run the cells of a study that are missing, and write its table, pictures and page; the same command goes on."""

    from ..feasibility.disk import read_object
    from ..results.engines import get_engine
    from ..studies.estimating import seconds_left
    from ..studies.pages import write_study
    from ..studies.plan import read_study, study_names
    from ..studies.study import StudyRun
    from ..studies.tables import grid_table

    if listed:
        echo("\n".join(study_names()))
        return
    if study is None:
        raise PyriteError(f"give a study file, or one of {', '.join(study_names())}")
    get_engine(engine, address)
    if engine == "ray" and jobs > 1:
        raise PyriteError("--jobs is about this machine; a Ray cluster takes as many cells as it has processors for")
    chosen = read_study(study)
    run = StudyRun(chosen, out if out is not None else Path("runs") / f"study-{chosen.name}", note)
    results = run.results()
    if plan or status:
        states = {
            cell.name: "finished" if cell.name in results else "begun" if run.begun(cell) else "missing"
            for cell in chosen.cells
        }
        grid = grid_table(chosen, states, seconds_left(chosen, results))
        if as_json:
            print_json(grid.to_dict())
        else:
            _show([grid])
        return
    run.run(jobs, engine, address)
    results = run.results()
    if results:
        tables = write_study(chosen, run.out, results)
        if as_json:
            print_json(read_object(run.out / "results.json", "table of results"))
        else:
            _show(tables)
        note(f"page: {run.out / 'index.html'}")
    if run.failed:
        first, said = next(iter(run.failed.items()))
        raise PyriteError(
            f"{len(run.failed)} of {len(chosen.cells)} cells failed ({first}: {said}); the same command tries again",
            exit_code=3,
        )


def _show(tables: object) -> None:
    from ..reports.tables.table import show_tables

    show_tables(tables)  # type: ignore[arg-type]
