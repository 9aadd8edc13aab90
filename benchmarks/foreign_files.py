"""Damaged files for every reader of Pyrite: who reads a valid file of each kind (``valid_files``) after ``damage``.

Whatever is in a file, only a :class:`PyriteError` may come out of its reader. Damage is drawn from a seed, so an input
that did harm is made again from its reader and number.
"""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.damage import damage
from benchmarks.valid_files import (
    ANSWER,
    BASELINE,
    CELL,
    CHAT,
    FORMULATION,
    GRID,
    GUROBI,
    IMPORT_ROWS,
    INDEXED,
    JUDGED,
    LP,
    MISSPELT,
    MOF,
    MPS,
    NOTEBOOK,
    OUTPUT_ROWS,
    PLAN_TEXT,
    POLICY,
    PROBLEMS,
    PULP,
    RECORD,
    RECORDED,
    RULES,
    STREAM,
    STUDY,
    columns,
    gguf,
    packed,
    score_logs,
    verdict,
)  # fmt: skip
from pyrite import Policy
from pyrite.feasibility.convert import read as read_program
from pyrite.feasibility.equivalence.given_map import read_map
from pyrite.feasibility.errors import PyriteError, PyriteWarning
from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.language.repair import repair
from pyrite.feasibility.plans.grids.grid import Grid
from pyrite.feasibility.plans.grids.rules import GridRules
from pyrite.feasibility.plans.plan import read_plan
from pyrite.feasibility.policy import read_policy
from pyrite.feasibility.programs.compiling import build, parse_formulation
from pyrite.models.gguf_header import check_gguf_header
from pyrite.models.recipes import parse_recipe, recipe_text
from pyrite.problems.files import read_problems
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.importers.records import ImportOptions
from pyrite.problems.lines import line_of
from pyrite.reports.gate.rules import read_rules
from pyrite.reports.gate.snapshot import read_baseline
from pyrite.results.readers.reading import read_answers
from pyrite.results.run import RunFolder
from pyrite.results.score_logs import compare_logs, read_score_log

NAMES = (
    "GGUF header", "LP", "MPS", "MathOptFormat", "baseline", "batch results", "checkpoint record", "columns",
    "endpoint answer", "exported run", "formulation", "gate rules", "grid", "imports", "judged answers", "map",
    "outputs", "plan", "policy", "problems", "program text", "recipe", "recorded model", "repair", "run.json",
    "score logs", "study", "study result", "verdict lines",
)  # fmt: skip
"""The readers, without loading any of them."""


@dataclass(frozen=True)
class Target:
    """One reader: valid files, how often a share of all inputs is drawn for it, and the call."""

    name: str
    files: tuple[bytes, ...]
    read: Callable[[bytes, Path], object]
    share: int
    dump: Callable[[Any], bytes] | None = None
    """How a document becomes a file; None for files that are no JSON and no TOML."""
    load: Callable[[bytes], Any] = json.loads


def _json(document: Any) -> bytes:
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _toml(document: Any) -> bytes:
    """A table as TOML, as far as the values allow; keys are quoted."""
    if not isinstance(document, dict):
        return _toml({"method": document})
    lines, tables = [], []
    for key, value in document.items():
        if isinstance(value, dict):
            pairs = "\n".join(f"{json.dumps(inner)} = {_toml_value(item)}" for inner, item in value.items())
            tables.append(f"[{json.dumps(key)}]\n{pairs}")
        else:
            lines.append(f"{json.dumps(key)} = {_toml_value(value)}")
    return "\n".join([*lines, *tables]).encode("utf-8", "surrogatepass")


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value)


def _loaded(data: bytes) -> Any:
    return tomllib.loads(data.decode())


def _kept(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _text(data: bytes) -> str:
    """The text, with lone surrogates where the bytes are theirs: answers come as JSON, which can say them."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _read_formulation(data: bytes, folder: Path) -> None:
    text = _text(data)
    found = extract(text, POLICY)
    if found.document is not None:
        read_program(text[found.start : found.end], "json", POLICY)


def _read_model(form: Any) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        program = read_program(_text(data), form)
        assert program.columns is not None

    return read


def _read_outputs(data: bytes, folder: Path) -> None:
    for output in read_answers(_kept(data, folder, "answers"), PROBLEMS):
        line_of(output.to_dict())


def _read_verdicts(data: bytes, folder: Path) -> None:
    _kept(data, folder, "verdicts.jsonl")
    for found in RunFolder(folder).read_verdicts():
        line_of(found.to_dict())


def _read_run(data: bytes, folder: Path) -> None:
    _kept(data, folder, "run.json")
    run = RunFolder(folder)
    run.read_run()
    run.read_policy()


def _read_import(data: bytes, folder: Path) -> None:
    name = "rows.jsonl" if b"\n{" in data[:100_000] else "rows.json"
    outcome = import_problems(_kept(data, folder, name), options=ImportOptions(policy=POLICY))
    for problem in outcome.problems:
        line_of(problem.to_dict())


def _read_program_text(data: bytes, folder: Path) -> None:
    from pyrite.feasibility.recording.guests import guest, libraries
    from pyrite.feasibility.recording.rewriting import Lacking, imported_modules, rewrite
    from pyrite.feasibility.recording.source import SourceTrouble, parse

    tree = parse(_text(data))
    if isinstance(tree, SourceTrouble):
        return
    libraries(imported_modules(tree))
    with suppress(Lacking):
        rewrite(tree, guest("gurobipy").exports)


def _read_plan(data: bytes, folder: Path) -> None:
    from pyrite.feasibility.plans.plan import read_plan

    found = extract(_text(data), POLICY, formulation=False)
    read_plan(found.document, {"x": ((),), "y": (("a",), ("b",))})


def _read_recorded(data: bytes, folder: Path) -> None:
    from pyrite.feasibility.recording.formulating import to_formulation
    from pyrite.feasibility.recording.recorded import Unreadable, read_recorded

    try:
        to_formulation(read_recorded(_text(data)))
    except Unreadable as error:
        raise PyriteError(error.message) from error


def _read_repaired(data: bytes, folder: Path) -> None:
    found = repair(_text(data), POLICY)
    if found is None:
        raise PyriteError("nothing that can be repaired")
    json.dumps(found.document, default=float)  # decimals are read as fractions


def _read_columns(data: bytes, folder: Path) -> None:
    """Parquet and arrow; also as the one file of a data set's folder."""
    if data.startswith((b"PAR1", b"ARROW1")):
        _read_outputs(data, folder)
        return
    inner = folder / "dataset"
    inner.mkdir(exist_ok=True)
    _kept(data, inner, "data-00000-of-00001.arrow")
    for output in read_answers(inner, PROBLEMS):
        line_of(output.to_dict())


def _read_score_log(data: bytes, folder: Path) -> None:
    log = read_score_log(_kept(data, folder, "log.eval"))
    with suppress(PyriteError):
        compare_logs(log, log)


def _read_study(data: bytes, folder: Path) -> None:
    from pyrite.studies.plan import read_study

    assert read_study(_kept(data, folder, "study.toml")).cells


def _read_study_result(data: bytes, folder: Path) -> None:
    from pyrite.studies.records import read_result

    _kept(data, folder, "cell.json")
    result = read_result(folder, "cell")
    assert result is not None
    for asked in result.asked:
        asked.observed()


def _read_judged(data: bytes, folder: Path) -> None:
    from pyrite.models.training.objectives.judged_answers import read_judged

    read_judged(str(_kept(data, folder, "pairs.jsonl")), "chosen")


def _read_map(data: bytes, folder: Path) -> None:
    read_map(_text(data), _program(), "map.json")


@cache
def _program() -> Any:
    return build(parse_formulation(ANSWER))


def _read_grid(data: bytes, folder: Path) -> None:
    """A grid, and a plan of ones held against it."""
    try:
        document = json.loads(_text(data))
    except (ValueError, RecursionError) as error:
        raise PyriteError("no JSON") from error  # a problem file's reader has looked already
    grid = Grid.from_dict(document)
    line_of(grid.to_dict())
    rules = GridRules(grid)
    values = {name: dict.fromkeys(over, 1) for name, over in grid.variables.items() if over}
    plan = read_plan({"values": values}, rules.asked)
    assert plan.plan is not None
    line_of([check.to_dict() for check in rules.checks(plan.plan, POLICY)])


@cache
def _endpoint() -> Any:
    from pyrite.models.answering import Settings
    from pyrite.models.answering.endpoint import EndpointAnswerer
    from pyrite.models.prompts import Prompt

    return EndpointAnswerer("http://127.0.0.1:9/v1#m", Prompt("short", ()), Settings())


@cache
def _request() -> Any:
    from pyrite.models.answering.answering import Request

    return Request(PROBLEMS[0], 0)


def _batch_line() -> dict[str, Any]:
    from pyrite.models.answering.batch_files import custom_id

    name = custom_id(_request(), _endpoint().body(_request()))
    return {"id": "r", "custom_id": name, "response": {"status_code": 200, "body": CHAT}, "error": None}


def _read_batch(data: bytes, folder: Path) -> None:
    from pyrite.models.answering.batch_files import BatchReader

    reader = BatchReader(_endpoint(), str(_kept(data, folder, "results.jsonl")), frozenset())
    found = [line_of(output.to_dict()) for output in reader.answer([_request()])]
    if not found:
        raise PyriteError("no answer in it")


def _read_endpoint(data: bytes, folder: Path) -> None:
    """What a server said, as the answerer takes it; what may go better later is no exception."""
    from pyrite.models.answering.transport import LaterError, RequestRefusedError, document_of

    try:
        document = document_of(data)
    except (LaterError, RequestRefusedError) as error:
        raise PyriteError(str(error)) from error
    line_of(_endpoint().output_of(_request(), document).to_dict())


def _read_record(data: bytes, folder: Path) -> None:
    from pyrite.models.card import card
    from pyrite.models.sources import read_record

    _kept(data, folder, "pyrite.json")
    card(read_record(folder)).encode("utf-8", "surrogatepass")


def _read_exported(data: bytes, folder: Path) -> None:
    """A verdict's line in the column that an exported run has for it."""
    from pyrite.problems.parquet import write_parquet
    from pyrite.results.exchange import verdict_lines

    path = folder / "verdicts.parquet"
    text = data.decode("utf-8", "replace")
    write_parquet(path, {"verdict": "text"}, [{"verdict": text.replace("\0", "")}])
    for line in verdict_lines(path):
        line_of(line)


def _read_policy(data: bytes, folder: Path) -> None:
    _ = read_policy(str(_kept(data, folder, "policy.toml"))).digest


@cache
def targets() -> dict[str, Target]:
    """Every reader by its name."""
    formulations = [_json(FORMULATION), _json(INDEXED), b"Sure:\n```json\n" + _json(INDEXED) + b"\n```\nDone."]
    outputs = [data for rows in OUTPUT_ROWS.values() for data in packed(rows)]
    imports = [_json(row) + b"\n" for row in IMPORT_ROWS.values()]
    imports += [_json([row]) for row in IMPORT_ROWS.values()]
    problem = {**PROBLEMS[0].to_dict(), "optimum": 12, "status": "optimal", "family": "f", "split": "test"}
    problem["data"] = {"sets": {"P": ["a"]}, "parameters": {"c": {"index": ["P"], "values": {"a": 1}}}}
    run = {
        "policy": Policy().to_dict(),
        "versions": {"pyrite": "0.1.0"},
        "problem_set_hash": "0",
        "task": "formulation",
    }
    programs = [PULP.encode(), GUROBI.encode(), _json(NOTEBOOK)]
    found = (
        Target("formulation", tuple(formulations), _read_formulation, 26, _json),
        Target("LP", (LP.encode(),), _read_model("lp"), 16),
        Target("MPS", (MPS.encode(),), _read_model("mps"), 16),
        Target("MathOptFormat", (_json(MOF),), _read_model("mof"), 10, _json),
        Target("outputs", tuple(outputs), _read_outputs, 10, _json),
        Target("problems", (_json(problem) + b"\n",), _read_problems, 4, _json),
        Target("imports", tuple(imports), _read_import, 4, _json),
        Target("recipe", (recipe_text("demo").encode(),), _read_recipe, 2, _toml, _loaded),
        Target("gate rules", (_toml(RULES),), _read_gate, 2, _toml, _loaded),
        Target("verdict lines", (_json(verdict()) + b"\n",), _read_verdicts, 3, _json),
        Target("run.json", (_json(run),), _read_run, 2, _json),
        Target("baseline", (_json(BASELINE),), _read_baseline, 3, _json),
        Target("GGUF header", (gguf(),), lambda d, f: check_gguf_header(_kept(d, f, "m.gguf")), 4),
        Target("program text", tuple(programs), _read_program_text, 2),
        Target("plan", (PLAN_TEXT.encode(),), _read_plan, 2, _json),
        Target("columns", columns(), _read_columns, 3),
        Target("grid", (_json(GRID), _json({**GRID, "physics": "dc"})), _read_grid, 3, _json),
        Target("judged answers", (_json(JUDGED) + b"\n",), _read_judged, 2, _json),
        Target("map", (_json({"a": "x", "b": "60*x + y/2 - 3"}),), _read_map, 2, _json),
        Target("policy", (_toml({"policy": Policy().to_dict()}),), _read_policy, 2, _toml, _loaded),
        Target("recorded model", (_json(RECORDED),), _read_recorded, 4, _json),
        Target("repair", tuple(map(str.encode, MISSPELT)), _read_repaired, 6),
        Target("score logs", tuple(score_logs()), _read_score_log, 4, _json),
        Target("study", (STUDY.encode(),), _read_study, 1, _toml, _loaded),
        Target("batch results", (_json(_batch_line()) + b"\n",), _read_batch, 2, _json),
        Target("endpoint answer", (_json(CHAT), STREAM.encode()), _read_endpoint, 3, _json),
        Target("checkpoint record", (_json(RECORD),), _read_record, 2, _json),
        Target("exported run", (_json(verdict()),), _read_exported, 1, _json),
        Target("study result", (_json(CELL),), _read_study_result, 2, _json),
    )
    return {target.name: target for target in found}


def _read_problems(data: bytes, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PyriteWarning)  # names that are nearly right, told once a name
        problems = read_problems(_kept(data, folder, "p.jsonl"))
    for problem in problems:
        line_of(problem.to_dict())


def _read_recipe(data: bytes, folder: Path) -> None:
    _ = parse_recipe(recipe_text(_kept(data, folder, "recipe.toml"))).digest


def _read_gate(data: bytes, folder: Path) -> None:
    read_rules(_kept(data, folder, "gate.toml"))


def _read_baseline(data: bytes, folder: Path) -> None:
    read_baseline(_kept(data, folder, "baseline.json"))


def damaged(target: Target, number: int) -> bytes:
    """Input ``number`` of a reader: always the same."""
    return damage(f"{target.name} {number}", target.files, target.dump, target.load)


def survives(target: Target, data: bytes, folder: Path) -> bool:
    """Whether the reader took the file; False when it refused it with one line. Anything else it raises goes on."""
    try:
        target.read(data, folder)
    except PyriteError:
        return False
    return True
