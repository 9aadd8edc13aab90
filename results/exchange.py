"""A run as parquet files, for notebooks and the Hugging Face hub, and back to a run folder without loss.

``problems.parquet``, ``outputs.parquet`` and ``verdicts.parquet`` beside ``run.json`` and ``summary.json``; a
``README.md`` tells ``datasets.load_dataset(folder, "verdicts")`` which file is what. Files are read and written row by
row, whatever their size.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..feasibility.disk import make_folder, plain_file, read_object, read_whole, storable, write_whole
from ..feasibility.errors import PyriteError
from ..feasibility.verdict import ALL_STAGES, Verdict
from ..problems.columns import COLUMNS as PROBLEM_COLUMNS
from ..problems.columns import from_row as problem_from_row
from ..problems.columns import to_row as problem_to_row
from ..problems.lines import Complaint, complain, documents, line_of, write_lines
from ..problems.parquet import Kind, read_parquet, write_parquet
from ..problems.problem import Problem
from .outputs import Output
from .run import RunFolder

OUTPUT_COLUMNS: Final[Mapping[str, Kind]] = {
    "problem_id": "text",
    "sample": "integer",
    "output": "text",
    "finish": "text",
    "seconds": "number",
    "extra": "text",
}
_NUMBERS: Final = ("optimum", "reference_optimum", "seconds")
_TEXTS: Final = ("task", "strongest", "first_failure", "proof", "relation")
_COPIED: Final = ("run.json", "summary.json")


def output_to_row(document: Mapping[str, Any]) -> dict[str, Any]:
    """A line of ``outputs.jsonl`` as cells; what no column holds as it is stays in ``extra``, as JSON text."""
    row: dict[str, Any] = dict.fromkeys(OUTPUT_COLUMNS)
    rest = dict(document)
    for name in ("problem_id", "output", "finish"):
        if isinstance(rest.get(name), str):
            row[name] = storable(rest[name])
            if row[name] == rest[name]:
                del rest[name]
    row["sample"] = rest["sample"] if rest["sample"] < 2**63 else 0
    if row["sample"] == rest["sample"]:
        del rest["sample"]
    seconds = rest.get("seconds")
    if isinstance(seconds, int | float) and abs(seconds) < 1e300:
        row["seconds"] = float(rest.pop("seconds"))
    if rest:
        row["extra"] = line_of(rest).rstrip("\n")
    return row


def output_from_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line that a row was made of. Raises PyriteError when ``extra`` is no JSON object."""
    document = {name: row[name] for name in OUTPUT_COLUMNS if name != "extra" and row.get(name) is not None}
    extra = row.get("extra")
    if extra:
        try:
            found = json.loads(extra) if isinstance(extra, str) else extra
        except (ValueError, RecursionError) as error:
            raise PyriteError(f"column extra: not JSON: {str(error)[:100]}") from error
        if not isinstance(found, Mapping):
            raise PyriteError("column extra: a JSON object is needed")
        document.update(found)
    return document


def export_run(run: RunFolder, target: Path) -> dict[str, int]:
    """Write a scored run as parquet; gives the rows a file. Raises PyriteError when it is no scored run, a line of it
    is broken, or it cannot be written."""
    if not plain_file(run.verdicts):
        raise PyriteError(f"{run.path} has no verdicts.jsonl: is it a run that pyrite score wrote?")
    folder = make_folder(target)
    if folder.resolve() == run.path.resolve():
        raise PyriteError(f"--out {target} is the run itself; name another folder")
    stages = _stages(run.verdicts)
    counts = {
        "problems": write_parquet(
            folder / "problems.parquet",
            PROBLEM_COLUMNS,
            (problem_to_row(Problem.from_dict(line)) for line in _lines(run.problems)),
        ),
        "outputs": write_parquet(
            folder / "outputs.parquet",
            OUTPUT_COLUMNS,
            (output_to_row(Output.from_dict(line).to_dict()) for line in _lines(run.outputs)),
        ),
        "verdicts": write_parquet(
            folder / "verdicts.parquet",
            _verdict_columns(stages),
            (_verdict_row(line, stages) for line in _lines(run.verdicts)),
        ),
    }
    for name in _COPIED:
        if plain_file(run.path / name):
            write_whole(folder / name, read_whole(run.path / name))
    write_whole(folder / "README.md", _card(run, counts))
    return counts


def import_run(source: Path, target: RunFolder) -> dict[str, int]:
    """Make a run folder of what :func:`export_run` wrote; its lines are those of the run that was exported.

    Raises PyriteError when a file is missing or damaged, or the target holds a run already.
    """
    for name in ("problems", "outputs", "verdicts"):
        if not plain_file(source / f"{name}.parquet"):
            raise PyriteError(f"{source} has no {name}.parquet: is it a folder that pyrite export wrote?")
    target.create()
    for path in (target.problems, target.outputs, target.verdicts):
        if path.exists() and path.stat().st_size:
            raise PyriteError(f"{target.path} holds a run already; name another folder")
    counts = dict.fromkeys(("problems", "outputs", "verdicts"), 0)

    def counted(name: str, lines: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for line in lines:
            counts[name] += 1
            yield line

    write_lines(target.problems, counted("problems", _problem_lines(source / "problems.parquet")))
    write_lines(target.outputs, counted("outputs", _output_lines(source / "outputs.parquet")))
    write_lines(target.verdicts, counted("verdicts", verdict_lines(source / "verdicts.parquet")))
    for name in _COPIED:
        if plain_file(source / name):
            write_whole(target.path / name, read_whole(source / name))
    return counts


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file of the run; a broken one ends it, for an export must not lose what it does not say."""
    if not plain_file(path) or not path.stat().st_size:
        return
    for _, document in documents(path, [], strict=True):
        yield document


def _stages(path: Path) -> list[str]:
    """The stages that any verdict has, in the order of the ladders; unknown ones behind."""
    found: dict[str, None] = {}
    for line in _lines(path):
        found.update(dict.fromkeys(Verdict.from_dict(line).stages))
    return [*(stage for stage in ALL_STAGES if stage in found), *sorted(set(found) - set(ALL_STAGES))]


def _verdict_columns(stages: list[str]) -> dict[str, Kind]:
    columns: dict[str, Kind] = {"problem_id": "text", "sample": "integer", "surface": "boolean", "substance": "boolean"}
    columns |= dict.fromkeys(_TEXTS, "text")
    columns |= dict.fromkeys(_NUMBERS, "number")
    for stage in stages:
        columns |= {f"stage_{stage}": "text", f"code_{stage}": "text"}
    return {**columns, "message": "text", "verdict": "text"}


def _verdict_row(line: Mapping[str, Any], stages: list[str]) -> dict[str, Any]:
    """The verdict in columns, and whole as its line."""
    verdict = Verdict.from_dict(line)
    row: dict[str, Any] = {name: getattr(verdict, name, None) for name in ("problem_id", "sample", *_TEXTS)}
    row |= {"task": verdict.ladder.task, "surface": verdict.surface, "substance": verdict.substance}
    for name in _NUMBERS:
        value = getattr(verdict, name)
        row[name] = value if isinstance(value, int | float) else None
    for stage in stages:
        if stage in verdict.stages:
            row[f"stage_{stage}"] = verdict.stages[stage].status
            row[f"code_{stage}"] = verdict.stages[stage].code
    failed = verdict.first_failure or verdict.first_unknown
    row["message"] = verdict.result(failed).message if failed else None
    row["verdict"] = line_of(line).rstrip("\n")
    return {name: None if value == "" else value for name, value in row.items()}


def _problem_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(read_parquet(path, str(path)), start=1):
        try:
            yield Problem.from_dict(problem_from_row(row)).to_dict()
        except PyriteError as error:
            complain([], Complaint(str(path), number, error.message), strict=True)


def _output_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(read_parquet(path, str(path)), start=1):
        try:
            yield Output.from_dict(output_from_row(row)).to_dict()
        except PyriteError as error:
            complain([], Complaint(str(path), number, error.message), strict=True)


def verdict_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """The lines of ``verdicts.jsonl`` out of an exported run. Raises PyriteError for a row that is no verdict."""
    for number, row in enumerate(read_parquet(path, str(path), ["verdict"]), start=1):
        try:
            line = json.loads(row["verdict"])
            Verdict.from_dict(line)
        except (KeyError, TypeError, ValueError, RecursionError, PyriteError) as error:
            raise PyriteError(f"{path}, row {number}: no verdict: {str(error)[:100]}") from error
        yield line


def _card(run: RunFolder, counts: Mapping[str, int]) -> str:
    configs = "".join(f"- config_name: {name}\n  data_files: {name}.parquet\n" for name in counts)
    configs += "  default: true\n"  # verdicts, the last
    rates = ""
    if plain_file(run.summary):
        document = read_object(run.summary, "summary")
        shares = [(name, document.get(name)) for name in ("surface", "substance")]
        rates = "".join(
            f"| {name} | {rate['passed']:,} | {rate['failed']:,} | {rate['unknown']:,} |\n"
            for name, rate in shares
            if isinstance(rate, Mapping) and all(isinstance(rate.get(k), int) for k in ("passed", "failed", "unknown"))
        )
    table = f"\n| score | passed | failed | unknown |\n|---|---:|---:|---:|\n{rates}" if rates else ""
    rows = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return (
        f"---\nconfigs:\n{configs}---\n\nA run scored by Pyrite ({rows} rows). Every verdict stands whole in the "
        "column `verdict`, as JSON. Back to a run folder: `pyrite export FOLDER --format run --out RUN`.\n" + table
    )


def is_exported(folder: str | os.PathLike[str]) -> bool:
    """Whether this is a folder that :func:`export_run` wrote, by its files."""
    return all((Path(folder) / f"{name}.parquet").is_file() for name in ("problems", "outputs", "verdicts"))
