"""The table of codes: complete, documented, and each code raised by a file that is named after it."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from case_files import FOLDER, Case, all_cases, surface

import pyrite
from pyrite.feasibility.codes import CODES
from pyrite.feasibility.equivalence.deciding import _UNGROUNDED
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.tasks import get_task
from pyrite.feasibility.verdict import LADDERS, SURFACE

ROOT = Path(pyrite.__file__).parent

NO_FILE = {
    "program-too-long": "its program is longer than a case file; the recorder's tests hold one",
    "model-too-large": "depends on how fast the machine is; the recorder's tests hold examples",
    "point-denied": "needs a solver that returns a wrong point; the solver's tests make one up",
    "solver-error": "needs a solver that breaks down",
    "solver-unknown": "needs a solver that gives up",
    "unproved-infeasible": "needs a program whose emptiness no search proves in time; the solver's attack has some",
    "time-limit": "depends on the machine; the pool's tests set a clock",
    "memory-limit": "depends on the machine; the pool's tests fill a worker",
    "worker-died": "needs a process that is killed; the pool's tests kill one",
    "evidence-lost": "needs a process that is killed; the pool's tests kill one",
    "internal-error": "needs a defect",
    "schema-disagreement": "needs a defect; the schema's tests make one up",
    "not-asked": "stands for a stage that a stored verdict lacks; the verdicts' tests read such lines",
    "reference-unsolved": "needs a reference that the solver cannot finish",
    "other-words": "a pass; the tests of stages that agree hold examples",
    "data-at-hand": "a pass; the tests of stages that agree hold examples",
    "names": "a rule of the equivalence proof; its tests hold examples",
    "nothing-paired": "a rule of the equivalence proof; its tests hold examples",
    "left-over": "a rule of the equivalence proof; its tests hold examples",
    "unpaid": "a rule of the equivalence proof; its tests hold examples",
    "units": "a rule of the equivalence proof; its tests hold examples",
    "order-only": "a rule of the equivalence proof; its tests hold examples",
    "merged-differently": "a rule of the equivalence proof; its tests hold examples",
    "within-tolerance": "a rule of the equivalence proof; its tests hold examples",
    "shape": "a difference that the equivalence proof finds; its tests hold examples",
    "decision-missing": "a rule of the equivalence proof; its tests hold examples",
    "auxiliary": "says what the equivalence proof cannot do yet; its tests hold examples",
    "wasteful": "says what the equivalence proof cannot do yet; its tests hold examples",
    "integrality": "says what the equivalence proof cannot do yet; its tests hold examples",
    "quadratic-order": "says what the equivalence proof cannot do yet; its tests hold examples",
    "not-exact": "needs a solver's point that does not survive exact arithmetic",
    "not-certified": "needs a solver's bound that does not survive exact arithmetic",
    "no-ray": "needs a solver that finds no ray",
}

CASES = all_cases()


def test_every_code_has_a_file_or_a_reason() -> None:
    files = {case.code for case in CASES}
    assert files <= set(CODES), "a file is named after a code that does not exist"
    assert set(NO_FILE) <= set(CODES), "a reason is given for a code that does not exist"
    assert set(CODES) == files | set(NO_FILE)
    assert not files & set(NO_FILE)


def test_every_code_of_the_equivalence_check_is_in_the_table() -> None:
    """As written in the source: those that a proof gives up with, and the checker's objections."""
    rooms = ROOT / "feasibility"
    given = set(_UNGROUNDED)
    for path in [*(rooms / "equivalence").rglob("*.py"), *(rooms / "scoring").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                given.add(str(node.value.value))
    assert len(given) > 15
    assert given <= {*CODES, "None"}


def test_files_are_small() -> None:
    assert all(path.stat().st_size < 2_000 for path in FOLDER.iterdir())
    assert {path.suffix for path in FOLDER.iterdir()} == {".json", ".txt", ".md"}


@pytest.mark.parametrize("case", [c for c in CASES if c.stage in SURFACE and c.asked == "formulation"], ids=str)
def test_a_case_of_the_surface_raises_exactly_its_code(case: Case) -> None:
    stage, findings = surface(case.output, case.problem.data, case.policy)
    if case.code in ("missing-value", "outside-set"):
        assert findings == []  # found when the loops are written out
    else:
        assert stage == case.stage
        assert {finding.code for finding in findings} == {case.code}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_raises_its_code_in_its_stage(case: Case) -> None:
    if case.asked == "code":
        pytest.importorskip("pydantic_monty")
    verdict = Judge(case.problem.as_reference(), case.policy, get_task(case.asked)).judge(case.output)
    results = dict(verdict.stages)
    raised = [stage for stage in verdict.ladder.stages if results[stage].code == case.code]
    assert raised, {stage: result.code for stage, result in results.items()}
    if case.stage != "any":
        assert case.stage in raised
    failed = verdict.first_failure
    if failed is not None and results[failed].code == case.code:
        assert {finding.code for finding in results[failed].findings} == {case.code}


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.code)
def test_entries_are_whole(code: object) -> None:
    entry = CODES[code.code]  # type: ignore[attr-defined]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", entry.code)
    assert entry.stage in (*LADDERS[entry.task].stages, "any")
    assert entry.when
    assert entry.example
    assert entry.advice


def _codes_in_source() -> dict[str, str]:
    """Every code that the package writes out in a place where a code belongs, and the file it stands in."""
    calls = {"Finding", "Trouble", "unknown", "skipped", "passed", "fail", "add", "_find", "Code"}
    found: dict[str, str] = {}
    for path in [*ROOT.glob("feasibility/**/*.py"), ROOT / "api.py"]:
        if path.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            candidates = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            candidates += node.args[:1] if name in calls else node.args[1:2] if name == "StageResult" else []
            for value in candidates:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and " " not in value.value:
                    found.setdefault(value.value, path.name)
    return found


def test_every_code_in_the_source_is_in_the_table() -> None:
    unknown = {code: path for code, path in _codes_in_source().items() if "-" in code and code not in CODES}
    assert unknown == {}


def _generator() -> ModuleType:
    path = ROOT / "docs" / "make_language.py"
    if not path.exists():
        pytest.skip("the documents are not installed")
    spec = importlib.util.spec_from_file_location("make_language", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["language.md", "codes.md"])
def test_the_pages_say_what_the_source_says(page: str) -> None:
    generator = _generator()
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == generator.PAGES[page](), "run `python docs/make_language.py`"
