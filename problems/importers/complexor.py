"""ComplexOR and NLP4LP: one folder a problem.

ComplexOR: ``description.txt`` (symbols only), ``sample.json`` (``[{"input": {...}, "output": [value]}]``) and
``code_example.py``, whose docstring says over which sets the inputs run. Each sample becomes a problem: its inputs are
the problem's data (:mod:`.binding`), and a last paragraph with the names of that data is added to the text, because a
formulation cannot use names it does not know.

NLP4LP: ``description.txt``, ``solution.json`` (``{"objective": ...}``), ``parameters.json``, ``problem_info.json``;
or rows with these as columns (JSON text or objects). Its ``problem_info`` calls every variable continuous, also where
the code is a MIP, so it is not used as a reference formulation: the value is. When there is no description, the
parametrized one is taken and the parameters become the problem's data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...feasibility.disk import read_whole
from ...feasibility.errors import PyriteError
from ...feasibility.language.formulation import Data
from ..problem import Problem
from .binding import bind
from .records import ConvertedRecord, ImportOptions, Remark, RowError, SourceRow, label, plain_extra

COMPLEXOR = "complexor"
NLP4LP = "nlp4lp"
_MARKS = {COMPLEXOR: "sample.json", NLP4LP: "solution.json"}
_FILES = {"description.txt": "description", "sample.json": "sample", "code_example.py": "code_example"}
_NLP4LP_FILES = {
    "description.txt": "description",
    "solution.json": "solution",
    "parameters.json": "parameters",
    "problem_info.json": "problem_info",
}
_MAX_FILE = 20_000_000


def folder_format(path: Path) -> str | None:
    """``complexor`` or ``nlp4lp`` when the folder (or the first of its folders that says) has that layout."""
    for folder in (path, *sorted(item for item in path.iterdir() if item.is_dir())):
        if (folder / "sample.json").exists():
            return COMPLEXOR
        if (folder / "problem_info.json").exists() or (folder / "solution.json").exists():
            return NLP4LP
    return None


def read_folders(path: Path, format_name: str) -> Iterator[SourceRow | Remark]:
    """A row for each problem folder (numbered from 1 in order of names); its files are the columns."""
    files = _FILES if format_name == COMPLEXOR else _NLP4LP_FILES
    if not path.is_dir():
        raise PyriteError(f"{path}: the {format_name} layout is a folder with one folder a problem")
    folders = (
        [path] if any((path / name).exists() for name in files) else sorted(p for p in path.iterdir() if p.is_dir())
    )
    number = 0
    for folder in folders:
        present = [name for name in files if (folder / name).exists()]
        if not present:
            continue
        number += 1
        columns: dict[str, Any] = {"name": folder.resolve().name}
        for name in present:
            file = folder / name
            try:
                text = read_whole(file, _MAX_FILE)
                columns[files[name]] = json.loads(text) if name.endswith(".json") and text.strip() else text
            except (ValueError, PyriteError, RecursionError) as error:
                yield Remark(
                    folder.name, number, name, "unreadable-file", f"cannot be read: {str(error)[:80]}", kept=True
                )
        yield SourceRow(folder, number, columns)


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like NLP4LP in columns?"""
    return "solution" in columns and ("description" in columns or "problem_info" in columns)


def convert_complexor(row: SourceRow, options: ImportOptions) -> list[ConvertedRecord]:
    """A problem for each sample. Raises RowError without a description or a sample."""
    del options  # a value has no domains to choose
    description = row.columns.get("description")
    if not isinstance(description, str) or not description.strip():
        raise RowError("no-question", "description.txt", "no question")
    samples = row.columns.get("sample")
    if isinstance(samples, Mapping):
        samples = [samples]
    if not isinstance(samples, list) or not samples or not all(isinstance(item, Mapping) for item in samples):
        raise RowError("no-answer", "sample.json", "no list of samples with input and output")
    name = str(row.columns.get("name") or row.number)
    hints = _documented_indices(str(row.columns.get("code_example") or ""))
    return [_sample(name, description.strip(), sample, place, hints) for place, sample in enumerate(samples, start=1)]


def _sample(
    name: str, description: str, sample: Mapping[str, Any], place: int, hints: Mapping[str, list[str]]
) -> ConvertedRecord:
    column = f"sample.json[{place - 1}]"
    read = label(sample.get("output"), f"{column}.output")
    inputs = sample.get("input")
    bound = bind(inputs if isinstance(inputs, Mapping) else {}, hints)
    remarks = list(read.remarks)
    for parameter, why in bound.unbound.items():
        remarks.append(("unbound-data", f"{column}.input.{parameter}", f"not bound as data: {why}"))
    shape = bound.shape()
    extra: dict[str, Any] = {"binding": bound.notes, **read.extra}
    if bound.unbound and isinstance(inputs, Mapping):
        extra["unbound_input"] = {parameter: inputs[parameter] for parameter in bound.unbound}
    problem = Problem(
        id=f"complexor-{name}" + (f"-{place}" if place > 1 else ""),
        text=f"{description}\n\nThe data is given as {shape}." if shape else description,
        optimum=read.optimum,
        status=read.status,
        data=bound.data,
        source="ComplexOR",
        extra=extra,
    )
    return ConvertedRecord(problem, remarks)


def _documented_indices(code: str) -> dict[str, list[str]]:
    """``food_cost: ... indexed by food_set`` and ``... indexed by [food_set][nutrient_set]`` of a docstring."""
    found = {}
    for line in code[:100_000].splitlines():
        match = re.match(r"\s*(\w+)\s*(?:\([^)]*\))?:.*\bindexed by ([\[\]\w, ]+)", line)
        if match:
            indices = re.findall(r"\w+", match[2])
            found[match[1]] = [word for word in indices if word != "and"]
    return found


def convert_nlp4lp(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One problem with its stored objective. Raises RowError without description or objective."""
    del options  # a value has no domains to choose
    columns = {name: _loaded(value) for name, value in row.columns.items()}
    info = columns.get("problem_info")
    info = info if isinstance(info, Mapping) else {}
    solution = columns.get("solution")
    solution = solution if isinstance(solution, Mapping) else {}
    read = label(solution.get("objective"), "solution.objective")
    parameters = columns.get("parameters")
    parameters = parameters if isinstance(parameters, Mapping) else {}
    remarks = list(read.remarks)
    declared = info.get("parameters")
    missing = sorted(set(declared) - set(parameters)) if isinstance(declared, Mapping) and parameters else []
    if missing:
        names = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        remarks.append(("parameters-mismatch", "parameters", f"declared in problem_info but not given: {names}"))
    text, data, extra = _nlp4lp_text(columns, info, parameters)
    problem = Problem(
        id=f"nlp4lp-{columns.get('name', columns.get('id', row.number))}",
        text=text,
        optimum=read.optimum,
        status=read.status,
        data=data,
        source="NLP4LP",
        extra={
            **extra,
            **({"solution_variables": solution["variables"]} if solution.get("variables") else {}),
            **plain_extra(columns, {"name", "id", "description", "solution", "parameters", "problem_info"}),
            **read.extra,
        },
    )
    return ConvertedRecord(problem, remarks)


def _nlp4lp_text(
    columns: Mapping[str, Any], info: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[str, Data, dict[str, Any]]:
    description = columns.get("description")
    if isinstance(description, str) and description.strip():
        return description.strip(), Data(), {"parameters": dict(parameters)} if parameters else {}
    symbolic = info.get("parametrized_description")
    if not isinstance(symbolic, str) or not symbolic.strip():
        raise RowError("no-question", "description", "no question")
    bound = bind(parameters)
    shape = bound.shape()
    text = f"{symbolic.strip()}\n\nThe data is given as {shape}." if shape else symbolic.strip()
    return text, bound.data, {"binding": bound.notes} if bound.notes else {}


def _loaded(value: Any) -> Any:
    """Columns of hub rows hold JSON as text; other text stays text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
