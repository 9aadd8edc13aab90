"""The audit of references: does each build, bind its data, solve, certify and agree with what is stored about it?

Nothing is repaired. Every problem gets an :class:`AuditEntry` with faults (something is wrong: the audit's answer is
no) and notes (a person should know). :data:`FAULTS` and :data:`NOTES` say when each is raised.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..feasibility.language.formulation import plain_number
from ..feasibility.policy import Policy
from ..feasibility.programs.program import Program
from ..feasibility.rationals import same_value, show
from ..feasibility.workers.board import Board
from ..feasibility.workers.inside import Handler, Tell
from ..feasibility.workers.pool import Workers
from ..feasibility.workers.work import Failure, Job, Work
from .importers.records import problem_kind
from .likeness import THRESHOLD, near_duplicates
from .lints import LINTS, lint
from .problem import Problem
from .readings import READINGS, Integrality, ReadingOutcome, is_as_read, outcome_of, read_as

FAULTS: Mapping[str, str] = {
    "schema": "the reference is not valid against the formulation schema",
    "does-not-bind": "the reference does not fit the problem's data: a name or a value is missing or contradicts",
    "does-not-build": "the reference does not become a finite program within the limits",
    "not-solved": "the solver gave no answer within the limits",
    "timed-out": "the audit of this problem had to be stopped",
    "crashed": "the process that audited this problem died",
    "status-differs": "solving gives another status than the stored one",
    "optimum-differs": "solving gives another optimum than the stored one",
    "infeasible-reference": "the reference is infeasible, and nobody but the solver says that it should be",
    "unbounded-reference": "the reference is unbounded, and nobody but the solver says that it should be",
    "duplicate-text": "another problem asks the same, word for word, about the same data",
    "contradicting-labels": "another problem asks the same, word for word, and is labelled otherwise",
    "leaks-across-splits": "a nearly equal text stands in another split",
}
"""When each fault is raised."""

NOTES: Mapping[str, str] = {
    "nothing-to-judge": "no reference, optimum or status: outputs can be judged up to stage 6 only",
    "nothing-stored": "the reference has no stored optimum or status to agree with",
    "not-certified": "the answer rests on the solver's word, not on an exact proof",
    "readings-differ": "whole units and divisible quantities give different answers",
    "reading-unsolved": "the other reading was not solved within the limits",
    "agrees-otherwise": "the stored optimum is the one of the other reading",
    "zero-optimum": "a value of 0 is all there is to agree with: often a label of a model that lacks a constraint",
    "near-duplicate": "another text shares most of its word 5-grams, numbers aside",
    "same-text": "another problem has the same text and other data",
    **LINTS,
}
"""When each note is made."""

DATA_CODES = frozenset({"conflicting-data", "missing-value", "undeclared-name", "unknown-member", "wrong-arity"})
"""Findings that speak of the problem's data when there is any."""


READING_SHARE = 0.1
"""Part of the time limit that a reading gets which is not the stated one: a program made whole can be hard, and what it
would say is a note, not a fault."""


GRACE = 5.0
"""Seconds beyond the solves' limits (reading, building) before the process of an audit is killed."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A fault or a note: its code and a sentence."""

    code: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """Plain JSON."""
        return {"code": self.code, "message": self.message}


@dataclass(slots=True)
class AuditEntry:
    """What the audit found about one problem.

    ``kind`` is formulation, value, status or nothing. ``builds`` and ``binds`` are None when there is nothing to try.
    ``stated`` is the reference as it stands, ``whole`` and ``fractional`` its two readings (None: not asked, because
    there is no reference or the reading changes nothing and ``stated`` says it).
    """

    id: str
    kind: str
    family: str | None = None
    builds: bool | None = None
    binds: bool | None = None
    stated: ReadingOutcome | None = None
    whole: ReadingOutcome | None = None
    fractional: ReadingOutcome | None = None
    agrees: bool | None = None
    faults: list[Observation] = field(default_factory=list)
    notes: list[Observation] = field(default_factory=list)
    seconds: float = 0.0

    def fault(self, code: str, message: str) -> None:
        assert code in FAULTS, code
        self.faults.append(Observation(code, message))

    def note(self, code: str, message: str) -> None:
        assert code in NOTES, code
        self.notes.append(Observation(code, message))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON without empty fields."""
        document: dict[str, Any] = {"id": self.id, "kind": self.kind}
        for name in ("family", "builds", "binds", "agrees"):
            if getattr(self, name) is not None:
                document[name] = getattr(self, name)
        for name in ("stated", *READINGS):
            outcome: ReadingOutcome | None = getattr(self, name)
            if outcome is not None:
                document[name] = outcome.to_dict()
        document["faults"] = [item.to_dict() for item in self.faults]
        document["notes"] = [item.to_dict() for item in self.notes]
        document["seconds"] = round(self.seconds, 4)
        return document


@dataclass(slots=True)
class Audit:
    """All entries, in the problems' order, with the lines of the file that held no problem in ``complaints``."""

    entries: list[AuditEntry]
    complaints: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Is something wrong?"""
        return bool(self.complaints) or any(entry.faults for entry in self.entries)

    def counts(self) -> dict[str, Any]:
        """Totals for the report; the order of keys is fixed."""
        solved = [entry.stated for entry in self.entries if entry.stated is not None]
        return {
            "problems": len(self.entries),
            "unreadable_lines": len(self.complaints),
            "kinds": _sorted(entry.kind for entry in self.entries),
            "build": sum(entry.builds is True for entry in self.entries),
            "statuses": _sorted(outcome.status for outcome in solved),
            "proofs": _sorted(outcome.proof for outcome in solved if outcome.proof is not None),
            "readings_differ": sum(any(n.code == "readings-differ" for n in entry.notes) for entry in self.entries),
            "with_faults": sum(bool(entry.faults) for entry in self.entries),
            "faults": _sorted(fault.code for entry in self.entries for fault in entry.faults),
            "notes": _sorted(note.code for entry in self.entries for note in entry.notes),
        }

    def to_dict(self) -> dict[str, Any]:
        """The whole audit as plain JSON."""
        return {
            "wrong": self.wrong,
            "counts": self.counts(),
            "complaints": self.complaints,
            "problems": [entry.to_dict() for entry in self.entries],
        }


def _sorted(items: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(items).items()))


def audit(
    problems: Sequence[Problem],
    policy: Policy | None = None,
    *,
    workers: int = 1,
    threshold: float = THRESHOLD,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Audit all problems, each within a bounded time, in killable processes. ``progress`` is told how many are done.

    A process that takes longer than its solves may take together (see :func:`audit_problem`), with a margin, is killed
    and its problem gets the fault ``timed-out``. ``workers`` 0 audits in this process, where nothing can be killed.
    """
    entries = audit_each(problems, policy or Policy(), workers, progress)
    audit_texts(problems, entries, threshold)
    return Audit(entries)


def audit_each(
    problems: Sequence[Problem], policy: Policy, workers: int, progress: Callable[[int], None] | None = None
) -> list[AuditEntry]:
    """An entry for each problem, in order, without what only shows between problems.

    Raises PyriteError when workers do not even start.
    """
    if workers < 0:
        raise ValueError(f"workers is not negative, got {workers}")
    if workers == 0 or not problems:
        return [audit_problem(problem, policy) for problem in problems]
    limit = (1 + 2 * READING_SHARE) * policy.time_limit + GRACE
    work = Work(f"{__name__}:auditing", policy, limit, policy.memory_limit)
    entries: list[AuditEntry] = []
    with Workers[Problem, AuditEntry](work, workers) as pool:
        for entry in pool.run((Job(problem) for problem in problems), _broken):
            entries.append(entry)
            if progress is not None:
                progress(pool.finished)
    return entries


def auditing(policy: Policy) -> Handler:
    """The inside of a worker."""
    from ..feasibility.solver import solving  # noqa: F401 - before the limit: libraries are not the problem's memory

    def handle(problem: Problem, shared: Mapping[str, Any], board: Board, tell: Tell) -> tuple[AuditEntry, bool]:
        return audit_problem(problem, policy), False

    return handle


def _broken(problem: Problem, failure: Failure) -> AuditEntry:
    """The entry of a problem whose audit came to no end."""
    entry = AuditEntry(problem.id, problem_kind(problem), problem.family)
    if failure.code == "time-limit":
        entry.fault("timed-out", FAULTS["timed-out"])
    elif failure.code == "died":
        entry.fault("crashed", f"the process ended by {failure.message}")
    else:
        entry.fault("crashed", failure.message)
    return entry


def audit_problem(problem: Problem, policy: Policy | None = None) -> AuditEntry:
    """Everything about one problem that does not need the others.

    The stated reference gets the policy's time limit, each other reading :data:`READING_SHARE` of it.
    """
    policy = policy or Policy()
    started = time.monotonic()
    entry = AuditEntry(problem.id, problem_kind(problem), problem.family)
    if problem.reference is None:
        if entry.kind == "nothing":
            entry.note("nothing-to-judge", NOTES["nothing-to-judge"])
        elif entry.kind == "value" and problem.optimum == 0:
            entry.note("zero-optimum", "the stored optimum is 0")
    else:
        program = _build(problem, entry, policy)
        if program is not None:
            _solve(problem, program, entry, policy)
            for code, message in lint(problem, program):
                entry.note(code, message)
    entry.seconds = time.monotonic() - started
    return entry


def _build(problem: Problem, entry: AuditEntry, policy: Policy) -> Program | None:
    from ..feasibility.language.document.schema import validate
    from ..feasibility.language.names import resolve
    from ..feasibility.programs.compiling import compile_program

    assert problem.reference is not None
    has_data = bool(problem.data.sets or problem.data.parameters)
    entry.builds = False
    findings = validate(problem.reference.to_dict())
    if findings:
        entry.fault("schema", f"{findings[0].where}: {findings[0].message}")
        return None
    lengths = policy.with_lengths_of_own()  # the same as in scoring
    resolved, findings = resolve(problem.reference, problem.data, lengths)
    program = None
    if resolved is not None:
        program, findings = compile_program(resolved, lengths)
    if program is None:
        first = findings[0]
        code = "does-not-bind" if has_data and first.code in DATA_CODES else "does-not-build"
        entry.binds = None if not has_data else code != "does-not-bind"
        entry.fault(code, f"{first.where}: {first.message}" if first.where else first.message)
        return None
    entry.builds = True
    entry.binds = True if has_data else None
    return program


def _solve(problem: Problem, program: Program, entry: AuditEntry, policy: Policy) -> None:
    stated = entry.stated = outcome_of(program, policy)
    if stated.status == "unknown":
        entry.fault("not-solved", stated.message)
        return
    if stated.proof != "certified":
        entry.note("not-certified", f"{stated.status} is the solver's word")
    readings: dict[Integrality, ReadingOutcome] = {}
    for reading in READINGS:
        if is_as_read(program, reading):
            readings[reading] = stated
        else:
            readings[reading] = outcome_of(read_as(program, reading), policy, READING_SHARE * policy.time_limit)
        if readings[reading].status == "unknown":
            entry.note("reading-unsolved", f"{reading}: {readings[reading].message}")
    entry.whole, entry.fractional = readings["whole"], readings["fractional"]
    if entry.whole.differs(entry.fractional, policy.value_tolerance):
        entry.note("readings-differ", f"whole {entry.whole.show()}, fractional {entry.fractional.show()}")
    _compare(problem, entry, stated, policy)


def _compare(problem: Problem, entry: AuditEntry, stated: ReadingOutcome, policy: Policy) -> None:
    """The found status and optimum against the stored ones."""
    if stated.status in ("infeasible", "unbounded") and not states(problem, stated.status):
        entry.fault(f"{stated.status}-reference", f"the reference is {stated.status}")
    expected = problem.status or ("optimal" if problem.optimum is not None else None)
    if expected is None:
        entry.note("nothing-stored", NOTES["nothing-stored"])
        return
    entry.agrees = True
    if expected != stated.status:
        entry.agrees = False
        entry.fault("status-differs", f"stored {expected}, solved {stated.status}")
    elif problem.optimum is not None and stated.objective is not None:
        entry.agrees = same_value(stated.objective, problem.optimum, policy.value_tolerance)
        if not entry.agrees:
            entry.fault("optimum-differs", f"stored {show(problem.optimum)}, solved {show(stated.objective)}")
            others = {"whole": entry.whole, "fractional": entry.fractional}
            for reading, outcome in others.items():
                value = None if outcome is None or outcome is stated else outcome.objective
                if value is not None and same_value(value, problem.optimum, policy.value_tolerance):
                    entry.note("agrees-otherwise", f"the stored optimum is that of the {reading} reading")


def states(problem: Problem, status: str) -> bool:
    """The problem itself states this status; not a label that was made by solving its reference."""
    return problem.status == status and problem.extra.get("labelled_by") != "reference"


def audit_texts(problems: Sequence[Problem], entries: Sequence[AuditEntry], threshold: float = THRESHOLD) -> None:
    """Add what only shows between problems: repeated texts, contradicting labels, leaks across splits.

    A problem and the twin made from it on purpose (``extra["twin"]``) do not count as near duplicates. Of the
    near-duplicates of a problem that are not word for word the same, the nearest in each split is named.
    """
    nearest: dict[tuple[int, str | None], tuple[float, int]] = {}
    for pair in near_duplicates([problem.text for problem in problems], threshold):
        one, other = problems[pair.first], problems[pair.second]
        if one.extra.get("twin") == other.id or other.extra.get("twin") == one.id:
            continue
        for mine, theirs in ((pair.first, pair.second), (pair.second, pair.first)):
            if pair.exact:
                _pair_up(entries[mine], problems[mine], problems[theirs], pair.share, exact=True)
                continue
            key = (mine, problems[theirs].split)
            if key not in nearest or pair.share > nearest[key][0]:
                nearest[key] = (pair.share, theirs)
    for (mine, _), (share, theirs) in nearest.items():
        _pair_up(entries[mine], problems[mine], problems[theirs], share, exact=False)


def _pair_up(entry: AuditEntry, this: Problem, that: Problem, share: float, exact: bool) -> None:
    same_data = this.data == that.data
    if exact and same_data:
        if not _same_label(this, that):
            entry.fault("contradicting-labels", f"{that.id} asks the same and says {_label(that)}, not {_label(this)}")
        else:
            entry.fault("duplicate-text", f"the same text as {that.id}")
    elif exact:
        entry.note("same-text", f"the same text as {that.id}, about other data")
    else:
        entry.note("near-duplicate", f"{share:.0%} of the word 5-grams shared with {that.id}")
    if this.split is not None and that.split is not None and this.split != that.split and (same_data or not exact):
        entry.fault("leaks-across-splits", f"{that.id} in {that.split} is {share:.0%} the same")


def _same_label(this: Problem, that: Problem) -> bool:
    if this.optimum is not None and that.optimum is not None:
        return same_value(this.optimum, that.optimum, Policy().value_tolerance)
    return this.optimum is that.optimum and this.status == that.status


def _label(problem: Problem) -> str:
    return show(problem.optimum) if problem.optimum is not None else str(problem.status)


def plain_outcome(outcome: ReadingOutcome | None) -> str:
    """A cell of the table: the optimum in short, the status, or nothing."""
    if outcome is None:
        return ""
    return f"{float(plain_number(outcome.objective)):.10g}" if outcome.objective is not None else outcome.status
