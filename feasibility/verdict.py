"""Stages, findings and verdicts: what scoring says, and how it is written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias

Stage: TypeAlias = Literal[
    "parses", "schema", "references", "builds", "feasible", "bounded", "sound", "value", "equivalent"
]
Status: TypeAlias = Literal["pass", "fail", "unknown", "skipped"]
Proof: TypeAlias = Literal["certified", "solver-trusted"]
"""``certified``: re-checked here in exact arithmetic. ``solver-trusted``: the solver's word, at its tolerances."""

STAGES: tuple[Stage, ...] = (
    "parses",
    "schema",
    "references",
    "builds",
    "feasible",
    "bounded",
    "sound",
    "value",
    "equivalent",
)
SURFACE: tuple[Stage, ...] = STAGES[:3]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: a stable code, a sentence a person can act on, and where.

    ``where`` is a JSON pointer into the formulation (empty: the whole text); ``at``/``end`` are character offsets in
    the expression found there (or in the output text when ``where`` is empty).
    """

    code: str
    message: str
    where: str = ""
    at: int | None = None
    end: int | None = None
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON without empty fields."""
        document: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.where:
            document["where"] = self.where
        if self.at is not None:
            document["at"] = self.at
        if self.end is not None:
            document["end"] = self.end
        if self.hint:
            document["hint"] = self.hint
        return document


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage of one output. ``code`` and ``message`` are the first finding's, or the reason for unknown/skipped.

    ``details`` holds the stage's numbers and evidence as plain JSON (for example ``violated`` rows of ``sound``).
    """

    status: Status
    code: str | None = None
    message: str = ""
    findings: tuple[Finding, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON without empty fields; details stand beside ``status``."""
        document: dict[str, Any] = {"status": self.status}
        if self.code:
            document["code"] = self.code
        if self.message:
            document["message"] = self.message
        if self.findings:
            document["findings"] = [finding.to_dict() for finding in self.findings]
        document.update(self.details)
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`; unknown fields land in ``details``."""
        rest = {k: v for k, v in document.items() if k not in ("status", "code", "message", "findings")}
        findings = tuple(Finding(**finding) for finding in document.get("findings", ()))
        return cls(document["status"], document.get("code"), document.get("message", ""), findings, rest)

    @classmethod
    def failed(cls, *findings: Finding, **details: Any) -> Self:
        """A failure with its findings; the first one speaks for all."""
        return cls("fail", findings[0].code, findings[0].message, findings, details)


SKIPPED_EARLIER = StageResult("skipped", "earlier-stage", "an earlier stage did not pass")


@dataclass(frozen=True, slots=True)
class Verdict:
    """All nine stages of one output.

    ``strongest`` is the strongest stage that the problem's reference allows (equivalent, value or bounded) and decides
    ``substance``. ``optimum`` and ``reference_optimum`` are for reading; the exact numbers are in the stages' details.
    """

    stages: Mapping[Stage, StageResult]
    strongest: Stage = "bounded"
    optimum: float | None = None
    reference_optimum: float | None = None
    proof: Proof | None = None
    relation: str | None = None
    witness: Mapping[str, Any] | None = None
    seconds: float = 0.0
    problem_id: str = ""
    sample: int = 0

    @property
    def surface(self) -> bool:
        """Stages 1-3 pass: it looks right."""
        return all(self.stages[stage].status == "pass" for stage in SURFACE)

    @property
    def substance(self) -> bool | None:
        """The strongest stage's word: True, False (it or an earlier stage failed), or None when that is unknown."""
        upto = STAGES[: STAGES.index(self.strongest) + 1]
        if any(self.stages[stage].status == "fail" for stage in upto):
            return False
        return True if self.stages[self.strongest].status == "pass" else None

    @property
    def first_failure(self) -> Stage | None:
        """The first stage that failed, if one did."""
        return next((stage for stage in STAGES if self.stages[stage].status == "fail"), None)

    def to_dict(self) -> dict[str, Any]:
        """A line of ``verdicts.jsonl``."""
        document: dict[str, Any] = {
            "problem_id": self.problem_id,
            "sample": self.sample,
            "surface": self.surface,
            "substance": self.substance,
            "strongest": self.strongest,
            "stages": {stage: self.stages[stage].to_dict() for stage in STAGES},
        }
        for name in ("optimum", "reference_optimum", "proof", "relation", "witness"):
            if getattr(self, name) is not None:
                document[name] = getattr(self, name)
        document["seconds"] = round(self.seconds, 6)
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a line of ``verdicts.jsonl``; unknown extra fields are ignored."""
        return cls(
            stages={stage: StageResult.from_dict(document["stages"][stage]) for stage in STAGES},
            strongest=document.get("strongest", "bounded"),
            optimum=document.get("optimum"),
            reference_optimum=document.get("reference_optimum"),
            proof=document.get("proof"),
            relation=document.get("relation"),
            witness=document.get("witness"),
            seconds=document.get("seconds", 0.0),
            problem_id=document["problem_id"],
            sample=document.get("sample", 0),
        )
