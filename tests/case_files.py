"""The files of tests/cases/: one for each code, named by it. The format is described in tests/cases/README.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyrite.feasibility.codes import CODES
from pyrite.feasibility.finish import Answered
from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.language.document.schema import validate
from pyrite.feasibility.language.formulation import Data, Formulation
from pyrite.feasibility.language.names import resolve
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.verdict import Finding
from pyrite.problems.problem import Problem

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """An output that raises ``code`` in ``stage``."""

    code: str
    stage: str
    output: str
    problem: Problem
    policy: Policy = field(default_factory=Policy)
    task: str = "formulation"

    def __str__(self) -> str:
        return self.code

    @property
    def asked(self) -> str:
        """The ladder that it is held against: the problem's own, unless the output is a program."""
        return self.problem.task if self.task == "formulation" else self.task


def read_case(path: Path) -> Case:
    """Read one file; anything it says beyond the format is an error."""
    code = path.stem
    task = "formulation"
    document: dict[str, Any] = {}
    if path.suffix == ".txt":
        output = path.read_text(encoding="utf-8")
    else:
        document = json.loads(path.read_text(encoding="utf-8"))
        if "program" in document:
            output, task = f"```python\n{document.pop('program')}\n```", "code"
        elif "output" in document:
            output = document.pop("output")
        else:
            output = json.dumps(document.pop("formulation"), ensure_ascii=False)
    if "finish" in document:
        output = Answered(output, document.pop("finish"))
    task = document.pop("task", task)
    problem: Mapping[str, Any] = document.pop("problem", {})
    policy = Policy.from_dict(document.pop("policy", {}))
    stage = document.pop("stage", CODES[code].stage if code in CODES else "")
    assert not document, f"{path.name}: unknown entries {sorted(document)}"
    return Case(code, stage, output, Problem.from_dict({"id": code, "text": "A case.", **problem}), policy, task)


def all_cases() -> list[Case]:
    """All case files, by name."""
    return [read_case(path) for path in sorted(FOLDER.iterdir()) if path.suffix in (".txt", ".json")]


def surface(text: str, data: Data | None = None, policy: Policy | None = None) -> tuple[str, list[Finding]]:
    """The stage of the surface at which a text fails (or the empty text) with all its findings."""
    policy = policy or Policy()
    extraction = extract(text, policy)
    if extraction.findings:
        return "parses", extraction.findings
    findings = validate(extraction.document)
    if findings:
        return "schema", findings
    assert extraction.document is not None
    _, findings = resolve(Formulation.from_dict(extraction.document), data or Data(), policy)
    return ("names", findings) if findings else ("", [])
