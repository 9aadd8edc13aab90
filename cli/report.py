"""``pyrite report``: the pages and tables of one run or several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.disk import make_folder, write_whole
from ..feasibility.errors import PyriteError
from .console import next_step, note, print_json, progress

if TYPE_CHECKING:
    from ..reports.tables.table import Table
    from ..results.collection import Collection
    from ..results.statistics import Cluster

_FORMATS = ("html", "markdown", "csv", "parquet", "latex")


def register(app: typer.Typer) -> None:
    """Add ``report``."""
    app.command("report")(report_command)


def report_command(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; several are shown side by side.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the report (default: report/ in the first run).")] = None,
    kind: Annotated[str, typer.Option("--format", help="html, markdown, csv, parquet or latex.")] = "html",
    cluster: Annotated[str, typer.Option(help="Intervals clustered by problem, or by family.")] = "problem",
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Also judge the same outputs by published, more lenient rules.")
    ] = False,
    price: Annotated[
        str | None, typer.Option(help="What a million tokens of prompts and of answers cost, as 0.15,0.60.")
    ] = None,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Show runs under different policies or problems; every page says so.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every table as JSON on standard output.")] = False,
) -> None:
    """Write the pages (or tables for papers) of runs, and show the same tables here."""
    from ..reports.tables.effort import parse_prices
    from ..reports.tables.overview import all_tables
    from ..results.collection import read_collection

    if kind not in _FORMATS:
        raise PyriteError(f"--format is one of {', '.join(_FORMATS)}, not {kind!r}")
    if cluster not in ("problem", "family"):
        raise PyriteError(f"--cluster is problem or family, not {cluster!r}")
    collection = read_collection(runs, allow_mixed=allow_mixed)
    for run in collection.runs:
        for complaint in run.notes:
            note(f"pyrite: {run.name}: {complaint}")
    for sentence in collection.mixed:
        note(f"pyrite: mixed: {sentence}")
    extra = _sensitivity(collection) if sensitivity else []
    chosen: Cluster = "family" if cluster == "family" else "problem"
    tables = [*all_tables(collection, chosen, None if price is None else parse_prices(price)), *extra]
    folder = out if out is not None else runs[0] / "report"
    written = _write(collection, tables, extra, kind, folder, chosen)
    if as_json:
        document: dict[str, Any] = {"runs": [str(run.folder) for run in collection.runs], "report": written}
        document["mixed"] = list(collection.mixed)
        for table in tables:
            document.setdefault("tables", []).append({"name": table.name, **table.to_dict()})
        print_json(document)
        return
    from ..reports.tables.table import show_tables

    show_tables([table for table in tables if table.name not in ("flips",) or table.rows])
    note(f"report: {written}")
    if kind == "html" and len(runs) == 2:
        next_step(f"pyrite compare {runs[0]} {runs[1]}")
    elif kind == "html":
        next_step(f"pyrite gate {runs[-1]} --write-baseline baseline.json")


def _sensitivity(collection: Collection) -> list[Table]:
    from ..reports.tables.sensitivity import examine, sensitivity_tables

    examined = []
    for run in collection.runs:
        with progress(len(run.verdicts), f"sensitivity of {run.name}") as tell:
            examined.append(examine(run, tell))
    return sensitivity_tables(collection, examined)


def _write(
    collection: Collection, tables: list[Table], extra: list[Table], kind: str, folder: Path, cluster: Cluster
) -> str:
    """Write the report in one format; gives the path to look at."""
    if kind == "html":
        from ..reports.pages.site import write_site

        with progress(len(collection.problem_ids), "pages") as tell:
            done = write_site(
                collection, folder, sensitivity=extra, cluster=cluster, progress=lambda count, _: tell(count)
            )
        note(f"pages: {done.written:,} files written, {done.kept:,} unchanged, {done.removed:,} removed")
        return str(folder / "index.html")
    from ..reports.tables.exports import markdown, outputs_csv, outputs_parquet, table_csv
    from ..reports.tables.latex import PREAMBLE, latex

    make_folder(folder)
    if kind == "parquet":
        outputs_parquet(collection, folder / "outputs.parquet")
        return str(folder / "outputs.parquet")
    if kind == "csv":
        write_whole(folder / "outputs.csv", outputs_csv(collection))
        names: dict[str, int] = {}
        for table in tables:
            names[table.name] = names.get(table.name, 0) + 1
            number = "" if names[table.name] == 1 else f"-{names[table.name]}"
            write_whole(folder / f"{table.name}{number}.csv", table_csv(table))
        return str(folder / "outputs.csv")
    path = folder / ("report.md" if kind == "markdown" else "report.tex")
    write = markdown if kind == "markdown" else latex
    mixed = ["Mixed runs, not to be compared: " + "; ".join(collection.mixed)] if collection.mixed else []
    start = [f"> **{line}**\n" if kind == "markdown" else f"% {line}" for line in mixed]
    if kind == "latex":
        start.insert(0, PREAMBLE)
    write_whole(path, "\n".join([*start, *map(write, tables)]))
    return str(path)
