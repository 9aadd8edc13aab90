"""Problems as rows of a table with one type a column, for parquet and Hugging Face data sets, and back without loss.

What is text or a number stands in a column of its own. What is nested (reference, data, units, grid, readings) is JSON
text, because its keys differ from problem to problem. ``extra`` holds, as JSON text, every other field, and an optimum
that no float holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ..feasibility.disk import make_folder, storable, write_whole
from ..feasibility.errors import PyriteError
from .parquet import Kind, write_parquet
from .problem import Problem

PLAIN: Final = ("id", "text", "task", "family", "source", "split", "status")
NESTED: Final = ("reference", "data", "units", "grid", "readings")
COLUMNS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(PLAIN, "text"),
    "optimum": "number",
    **dict.fromkeys((*NESTED, "extra"), "text"),
}


def to_row(problem: Problem) -> dict[str, Any]:
    """The problem's cells, None where it has nothing to say.

    >>> row = to_row(Problem.from_dict({"id": "p", "text": "Bake.", "optimum": 175, "units": {"bread": "loaves"}}))
    >>> row["optimum"], row["units"], row["extra"]
    (175.0, '{"bread":"loaves"}', None)
    """
    rest = problem.to_dict()
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    for name in PLAIN:
        if isinstance(rest.get(name), str) and storable(rest[name]) == rest[name]:
            row[name] = rest.pop(name)
        elif isinstance(rest.get(name), str):
            row[name] = storable(rest[name])  # what parquet cannot hold stays whole in extra
    row["task"] = row["task"] or problem.task
    optimum = rest.get("optimum")
    if optimum is not None:
        row["optimum"] = _float(optimum)
        if type(optimum) is float or (isinstance(optimum, int) and abs(optimum) < 2**53):
            del rest["optimum"]
    for name in NESTED:
        if name in rest:
            row[name] = _json(rest.pop(name))
    row["extra"] = _json(rest) if rest else None
    return row


def from_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The line of ``problems.jsonl`` that a row was made of. Raises PyriteError naming the column that is broken."""
    document: dict[str, Any] = {}
    for name in PLAIN:
        if row.get(name) is not None and not (name == "task" and row[name] == "formulation"):
            document[name] = row[name]
    if row.get("optimum") is not None:
        document["optimum"] = row["optimum"]
    for name in (*NESTED, "extra"):
        cell = row.get(name)
        if cell is None or cell == "":
            continue
        if isinstance(cell, str):
            try:
                cell = json.loads(cell)
            except (ValueError, RecursionError) as error:
                raise PyriteError(f"column {name}: not JSON: {str(error)[:100]}") from error
        if not isinstance(cell, Mapping):
            raise PyriteError(f"column {name}: a JSON object is needed, not {str(cell)[:40]!r}")
        document.update(cell if name == "extra" else {name: cell})
    return document


def is_ours(columns: Mapping[str, Any]) -> bool:
    """Whether a row has the columns that :func:`to_row` gives."""
    return {*PLAIN, *NESTED, "optimum", "extra"} <= set(columns)


def export_problems(problems: Iterable[Problem], target: Path) -> dict[str, int]:
    """Write problems as one parquet file (a name with ``.parquet``), or as a folder that ``datasets.load_dataset`` and
    the Hugging Face hub read: a parquet file a split and a ``README.md`` that names them. Gives the rows a split.

    Raises PyriteError when it cannot be written or pyarrow is missing.
    """
    if target.suffix == ".parquet":
        if not target.absolute().parent.is_dir():
            raise PyriteError(f"{target.parent} is no folder; make it first")
        return {"all": write_parquet(target, COLUMNS, map(to_row, problems))}
    parts: dict[str, list[Problem]] = {}
    for problem in problems:
        parts.setdefault(_split_name(problem.split), []).append(problem)
    folder = make_folder(target)
    counts = {}
    for name, part in parts.items():
        counts[name] = write_parquet(folder / f"{name}.parquet", COLUMNS, map(to_row, part))
    write_whole(folder / "README.md", _card(counts))
    return counts


def _split_name(split: str | None) -> str:
    """The data set's split; one that is no plain word could name a file elsewhere."""
    if split is None:
        return "test"
    if not split.isascii() or not split.replace("_", "").isalnum() or len(split) > 60:
        raise PyriteError(f"the split {split[:60]!r} cannot name a file: letters, digits and _ are allowed")
    return split


def _card(counts: Mapping[str, int]) -> str:
    files = "".join(f"  - split: {name}\n    path: {name}.parquet\n" for name in counts)
    rows = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return (
        f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n\n"
        f"Optimization problems for Pyrite: {rows}. `reference`, `data`, `units`, `grid` and `readings` are JSON text; "
        "`extra` holds fields that have no column. Back to problems.jsonl, without loss: "
        "`pyrite problems import FOLDER --out problems.jsonl`.\n"
    )


def _float(value: int | float) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if storable(text) == text else json.dumps(value, separators=(",", ":"))
