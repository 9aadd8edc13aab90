"""Made-up verdicts and runs for the tests of `reports`."""

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.verdict import STAGES, Finding, StageResult, Verdict


def verdict(problem: str, reached: str | None, sample: int = 0, unknown: str | None = None, strongest="equivalent"):
    """A verdict that fails at ``reached`` (None: passes everything its reference allows)."""
    stages, failed = {}, False
    for stage in STAGES:
        if failed:
            stages[stage] = StageResult("skipped", "earlier-stage", "an earlier stage did not pass")
        elif stage == reached:
            stages[stage], failed = StageResult("fail", "made-up", "made up"), True
        elif stage == unknown:
            stages[stage] = StageResult("unknown", "time-limit", "10 s")
        elif STAGES.index(stage) > STAGES.index(strongest) or (stage == "sound" and strongest != "equivalent"):
            stages[stage] = StageResult("skipped", "no-reference", "nothing to compare with")
        else:
            stages[stage] = StageResult("pass")
    return Verdict(stages, strongest=strongest, problem_id=problem, sample=sample)


BAKERY = {
    "id": "bakery",
    "text": "Bread sells for 3 euros, cake for 5.\nThe oven has 120 minutes; bread needs 2, cake 4.",
    "reference": {
        "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
        "constraints": {"oven": "2*bread + 4*cake <= 120", "shelf": "bread + cake <= 50"},
    },
    "units": {"oven": "minutes"},
    "family": "baking",
}
WRONG = (
    '{"variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}}, '
    '"objective": {"sense": "maximize", "expression": "3*bread + 5*cake"}, '
    '"constraints": {"oven": "2*bread + 4*cake <= 160", "shelf": "bread + cake <= 50"}}'
)
RIGHT = WRONG.replace("160", "120")
UNDECLARED = WRONG.replace('"shelf": "bread', '"shelf": "bread + overtime')


def _passed(*stages: str) -> dict[str, StageResult]:
    return {stage: StageResult("pass") for stage in stages}


def _skipped(*stages: str) -> dict[str, StageResult]:
    return {stage: StageResult("skipped", "earlier-stage", "an earlier stage did not pass") for stage in stages}


def wrong_verdict(problem: str = "bakery") -> Verdict:
    """The oven with 160 minutes: stage 7 fails, with all its evidence, as the judge writes it."""
    violated = {
        "kind": "row",
        "row": "oven",
        "constraint": "oven",
        "side": "upper",
        "value": 160.0,
        "bound": 120.0,
        "excess": 40.0,
        "text": "2*bread + 4*cake <= 120",
        "sentence": "oven uses 160 minutes, 120 exist (40 too many)",
    }
    plan = {"bread": 20.0, "cake": 30.0}
    sound = StageResult.failed(
        Finding("unsound", "its plan breaks the problem: oven uses 160 minutes, 120 exist (40 too many)"),
        violated=[violated],
        plan=plan,
        reference_plan={"bread": 40.0, "cake": 10.0},
        reference_value=210.0,
    )
    stages = {"parses": StageResult("pass", details={"start": 0, "end": len(WRONG), "surrounding": 0})}
    stages |= _passed("schema", "names", "builds", "feasible")
    stages |= {"bounded": StageResult("pass", details={"optimum": 210.0, "plan": plan}), "sound": sound}
    stages |= _skipped("value", "equivalent")
    return Verdict(stages, "equivalent", 210.0, 170.0, "certified", seconds=0.01, problem_id=problem)


def undeclared_verdict(problem: str = "bakery") -> Verdict:
    """``overtime`` is not declared: stage 3 fails at a character."""
    finding = Finding("undeclared-name", "'overtime' is not declared", "/constraints/shelf", 8, 16, "declare it")
    stages = {"parses": StageResult("pass", details={"start": 0, "end": len(UNDECLARED), "surrounding": 0})}
    stages |= _passed("schema")
    stages |= {"names": StageResult.failed(finding)}
    stages |= _skipped(*STAGES[3:])
    return Verdict(stages, "equivalent", seconds=0.01, problem_id=problem)


def write_lines(path: Path, documents: Iterable[Any]) -> None:
    """JSON lines."""
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")


def write_run(
    folder: Path, verdicts: Iterable[Verdict], problems: Iterable[Any] = (BAKERY,), outputs: Any = None, **policy: Any
) -> Path:
    """A run folder from made-up verdicts; ``outputs`` maps problem id to text."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {"policy": {**Policy().to_dict(), **policy}, "versions": {"pyrite": "0", "highspy": "0"}}
    (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")
    texts = {"bakery": WRONG} if outputs is None else outputs
    write_lines(folder / "problems.jsonl", problems)
    write_lines(
        folder / "outputs.jsonl", ({"problem_id": name, "sample": 0, "output": text} for name, text in texts.items())
    )
    write_lines(folder / "verdicts.jsonl", (item.to_dict() for item in verdicts))
    return folder


def two_runs(folder: Path) -> tuple[Path, Path]:
    """The bakery in two runs: an undeclared name before, a too generous oven after."""
    before = write_run(folder / "before", [undeclared_verdict()], outputs={"bakery": UNDECLARED})
    return before, write_run(folder / "after", [wrong_verdict()])


def made_up() -> ModuleType:
    """The module that makes up whole runs (it lies with the benchmarks)."""
    path = Path(__file__).parents[1] / "benchmarks" / "made_up.py"
    spec = importlib.util.spec_from_file_location("made_up_runs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
