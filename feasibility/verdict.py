"""Stages, findings and verdicts: what scoring says, and how it is written as JSON."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias, get_args

from .errors import PyriteError
from .one_line import one_line

Status: TypeAlias = Literal["pass", "fail", "unknown", "skipped"]
Proof: TypeAlias = Literal["certified", "enumerated", "solver-trusted", "sampled"]
"""How sure an answer is, the surest first. ``certified``: evidence re-checked in exact arithmetic by code that shares
nothing with what found it. ``enumerated``: every plan was looked at. ``solver-trusted``: a solver's word, at its
tolerances. ``sampled``: some plans or instances were looked at."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The questions of one task, in the order in which they are asked; every verdict carries its own.

    ``surface`` are the first of them: does it look right. ``comparing`` are those that need something to compare with,
    each with the ``strongest`` stages whose references offer it. ``together`` are stages that are all asked even when
    one of them fails.
    """

    task: str
    stages: tuple[str, ...]
    surface: tuple[str, ...]
    comparing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    together: tuple[str, ...] = ()

    def asks(self, stage: str, strongest: str) -> bool:
        """A problem whose strongest stage is ``strongest`` has what this stage needs."""
        return stage not in self.comparing or strongest in self.comparing[stage]

    def upto(self, strongest: str) -> tuple[str, ...]:
        """The stages that substance rests on: all up to the strongest; that one alone when the ladder lacks it."""
        if strongest not in self.stages:
            return (*self.stages, strongest)
        return self.stages[: self.stages.index(strongest) + 1]

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle: a ladder that is known is its task's name, so that it stays the same object."""
        if LADDERS.get(self.task) is self:
            return _known_ladder, (self.task,)
        return Ladder, (self.task, self.stages, self.surface, self.comparing, self.together)


FORMULATION = Ladder(
    task="formulation",
    stages=("parses", "schema", "names", "builds", "feasible", "bounded", "sound", "value", "equivalent"),
    surface=("parses", "schema", "names"),
    comparing={"sound": ("equivalent",), "value": ("value", "equivalent"), "equivalent": ("equivalent",)},
)

PLAN = Ladder(
    task="plan",
    stages=("parses", "schema", "names", "bounds", "integrality", "inequalities", "equalities", "optimal"),
    surface=("parses", "schema", "names"),
    comparing={"optimal": ("optimal",)},
    together=("bounds", "integrality", "inequalities", "equalities"),
)

CODE = Ladder(
    task="code",
    stages=("parses", "runs", "declares", *FORMULATION.stages[3:]),
    surface=("parses", "runs", "declares"),
    comparing=FORMULATION.comparing,
)

LADDERS: dict[str, Ladder] = {ladder.task: ladder for ladder in (FORMULATION, CODE, PLAN)}
"""The ladder of each task. A stored verdict of a task that is not here keeps its own stages (see :func:`ladder_of`)."""

ALL_STAGES: tuple[str, ...] = tuple(
    dict.fromkeys(
        [stage for ladder in LADDERS.values() for stage in ladder.surface]
        + [stage for ladder in LADDERS.values() for stage in ladder.stages]
    )
)
"""The stages of all ladders, surface first: the columns of tables that hold several tasks."""

LOOKS: frozenset[str] = frozenset(stage for ladder in LADDERS.values() for stage in ladder.surface)
"""The stages that are surface, on whatever ladder."""

STAGES: tuple[str, ...] = FORMULATION.stages
SURFACE: tuple[str, ...] = FORMULATION.surface

_FORMER = {"references": "names"}
"""Stages that were called otherwise once; files that say so are still read."""


def stage_name(written: str) -> str:
    """The name that a stage has today, whatever a stored file calls it."""
    return _FORMER.get(written, written)


def _known_ladder(task: str) -> Ladder:
    return LADDERS[task]


def ladder_of(task: str, stages: Sequence[str]) -> Ladder:
    """The ladder of a stored verdict: the known one of its task, or its own stages in the order of the file."""
    known = LADDERS.get(task)
    if known is not None:
        return known
    return Ladder(task, tuple(stages), tuple(stage for stage in stages if stage in SURFACE))


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
    extra: tuple[tuple[str, Any], ...] = ()
    """Fields of a stored finding that are not known here."""

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
        return document | dict(self.extra)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`."""
        fields = ("code", "message", "where", "at", "end", "hint")
        known = {name: document[name] for name in fields if name in document}
        for name, value in known.items():
            if not isinstance(value, int if name in ("at", "end") else str | None):
                raise ValueError(f"{name} of a finding is {str(value)[:40]!r}")
        return cls(**known, extra=tuple((name, value) for name, value in document.items() if name not in fields))


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

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle, which is three times slower on a frozen dataclass with slots; verdicts travel by the thousand."""
        if self.details or self.findings:
            return StageResult, (self.status, self.code, self.message, self.findings, self.details)
        return StageResult, (self.status, self.code, self.message)

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
        if document["status"] not in get_args(Status):
            raise ValueError(f"the status {document['status']!r}")
        if not isinstance(document.get("code"), str | None) or not isinstance(document.get("message", ""), str):
            raise ValueError("a stage's code and message are texts")
        findings = tuple(Finding.from_dict(finding) for finding in document.get("findings", ()))
        return cls(document["status"], document.get("code"), document.get("message", ""), findings, rest)

    @classmethod
    def failed(cls, *findings: Finding, **details: Any) -> Self:
        """A failure with its findings; the first one speaks for all."""
        return cls("fail", findings[0].code, findings[0].message, findings, details)


SKIPPED_EARLIER = StageResult("skipped", "earlier-stage", "an earlier stage did not pass")
NOT_ASKED = StageResult("skipped", "not-asked", "whoever wrote this verdict did not ask this question")


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """All stages of one output.

    ``strongest`` is the strongest stage that the problem's reference allows (for formulations equivalent, value or
    bounded) and decides ``substance``. ``optimum`` and ``reference_optimum`` are for reading; the exact numbers are in
    the stages' details. ``extra`` holds a stored verdict's fields that are not known here; they are written back.
    """

    stages: Mapping[str, StageResult]
    strongest: str = "bounded"
    optimum: float | None = None
    reference_optimum: float | None = None
    proof: Proof | None = None
    relation: str | None = None
    witness: Mapping[str, Any] | None = None
    seconds: float = 0.0
    problem_id: str = ""
    sample: int = 0
    ladder: Ladder = FORMULATION
    repaired: Mapping[str, Any] | None = None
    """With ``repair = form``, of an output that fails the surface and could be repaired: the ``repairs`` made, and the
    ``surface``, ``substance`` and first failing ``code`` of what came out."""
    reading: Mapping[str, Any] | None = None
    """Of a problem with several accepted readings: the ``name`` of the one that these stages compare with, and whether
    it is the ``first``."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle, as that of :class:`StageResult`."""
        return Verdict, tuple(getattr(self, name) for name in self.__slots__)

    def __repr__(self) -> str:
        """Short: both scores and the first stage that decides against it, with its code."""
        words = {True: "yes", False: "no", None: "unknown"}
        name = one_line(f"{self.problem_id}#{self.sample} ", 80) if self.problem_id else ""
        stage = self.first_failure or self.first_unknown
        why = f"; {stage}: {one_line(self.result(stage).code, 60)}" if stage else ""
        return f"<verdict {name}surface {words[self.surface]}, substance {words[self.substance]}{why}>"

    def _repr_html_(self) -> str:
        """The ladder as a table, for notebooks; every cell is text."""
        lines = [(stage, self.result(stage)) for stage in self.ladder.stages]
        rows = "".join(
            f"<tr><td>{stage}</td><td>{result.status}</td>"
            f"<td style='text-align:left'>{html.escape(one_line(result.message, 300))}</td></tr>"
            for stage, result in lines
        )
        return f"<p>{html.escape(repr(self))}</p><table><tbody>{rows}</tbody></table>"

    def result(self, stage: str) -> StageResult:
        """The answer of a stage; ``NOT_ASKED`` when this verdict has none."""
        return self.stages.get(stage, NOT_ASKED)

    @property
    def surface(self) -> bool:
        """It looks right: the surface stages pass (of a stored verdict those that it has, at least one)."""
        asked = [stage for stage in self.ladder.surface if stage in self.stages]
        return bool(asked) and all(self.stages[stage].status == "pass" for stage in asked)

    @property
    def substance(self) -> bool | None:
        """The strongest stage's word: True, False (it or an earlier stage failed), or None when that is unknown."""
        if any(self.result(stage).status == "fail" for stage in self.ladder.upto(self.strongest)):
            return False
        return True if self.result(self.strongest).status == "pass" else None

    @property
    def substance_after_repair(self) -> bool | None:
        """Substance, had the output only been spelled right; the same as substance where nothing was repaired."""
        if self.surface or self.repaired is None:
            return self.substance
        return self.repaired["substance"] if isinstance(self.repaired.get("substance"), bool) else None

    @property
    def first_failure(self) -> str | None:
        """The first stage that failed, if one did."""
        return next((stage for stage in self.ladder.stages if self.result(stage).status == "fail"), None)

    @property
    def first_unknown(self) -> str | None:
        """The first stage that is unknown, if one is."""
        return next((stage for stage in self.ladder.stages if self.result(stage).status == "unknown"), None)

    def to_dict(self) -> dict[str, Any]:
        """A line of ``verdicts.jsonl``. The task is written when it is not ``formulation``."""
        document: dict[str, Any] = {
            "problem_id": self.problem_id,
            "sample": self.sample,
            **({} if self.ladder.task == FORMULATION.task else {"task": self.ladder.task}),
            "surface": self.surface,
            "substance": self.substance,
            "strongest": self.strongest,
            "stages": {stage: result.to_dict() for stage, result in self.stages.items()},
        }
        for name in _OPTIONAL:
            if getattr(self, name) is not None:
                document[name] = getattr(self, name)
        document["seconds"] = round(self.seconds, 6)
        return document | dict(self.extra)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a line of ``verdicts.jsonl``, whoever wrote it.

        Stages and fields that are not known here are kept and written back; stages that are missing are ``not-asked``.
        Raises PyriteError when it is no verdict.
        """
        try:
            stages = {stage_name(name): StageResult.from_dict(found) for name, found in document["stages"].items()}
            task = str(document.get("task", FORMULATION.task))
            return cls(
                stages=stages,
                strongest=stage_name(str(document.get("strongest", "bounded"))),
                optimum=document.get("optimum"),
                reference_optimum=document.get("reference_optimum"),
                proof=document.get("proof"),
                relation=document.get("relation"),
                witness=document.get("witness"),
                repaired=_repaired(document.get("repaired")),
                reading=_reading(document.get("reading")),
                seconds=float(document.get("seconds", 0.0)),
                problem_id=str(document["problem_id"]),
                sample=int(document.get("sample", 0)),
                ladder=ladder_of(task, tuple(stages)),
                extra={name: value for name, value in document.items() if name not in _FIELDS},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise PyriteError(f"not a verdict: {type(error).__name__}: {str(error)[:200]}") from error


def _reading(document: object) -> Mapping[str, Any] | None:
    if document is not None and not (isinstance(document, Mapping) and isinstance(document.get("name"), str)):
        raise ValueError("a reading has no name")
    return document


def _repaired(document: object) -> Mapping[str, Any] | None:
    if document is None:
        return None
    if not isinstance(document, Mapping) or "substance" not in document:
        raise ValueError("what was repaired has no substance")
    return document


_OPTIONAL = ("optimum", "reference_optimum", "proof", "relation", "witness", "repaired", "reading")
_FIELDS = frozenset(
    ("problem_id", "sample", "task", "surface", "substance", "strongest", "stages", "seconds", *_OPTIONAL)
)
