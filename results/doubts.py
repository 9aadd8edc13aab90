"""Which verdicts rest on a faulty reference: counted apart, and never changed.

A reference is *faulty* when it contradicts what its problem states or does not build, and when it is infeasible or
unbounded although nobody but the solver says that it should be (the audit's rule). It is *suspected* when a lint of
:mod:`pyrite.problems.lints` speaks. A verdict rests on a reference when a stage looked at it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..feasibility.policy import Policy
from ..feasibility.verdict import Verdict
from ..problems.audit import audit_each, states
from ..problems.lints import lint
from ..problems.problem import Problem
from .statistics import rate_of
from .tally import Counted, Tally

FAULTY: Mapping[str, str] = {
    "contradiction": "the reference contradicts the optimum or status that the problem states",
    "broken": "the reference does not build",
    "infeasible": "the reference is infeasible, and nobody but the solver says that it should be",
    "unbounded": "the reference is unbounded, and nobody but the solver says that it should be",
}
"""The kinds of faulty references."""

_TROUBLE = {"reference-contradiction": "contradiction", "reference-broken": "broken"}
_WITHOUT_OPTIMUM = {
    "both-infeasible": "infeasible",
    "should-be-infeasible": "infeasible",
    "both-unbounded": "unbounded",
    "should-be-unbounded": "unbounded",
}
_COMPARING = ("sound", "value", "equivalent")
_LINTED_TEXT, _LINTED_ROWS, _LINTED_TERMS = 20_000, 300, 5_000
"""Characters of a text, rows and terms of a reference up to which lints are asked: they must be cheap."""


def doubts(
    verdicts: Iterable[Verdict] | Tally,
    problems: Iterable[Problem],
    policy: Policy,
    families: Mapping[str, str | None] | None = None,
    workers: int = 1,
) -> dict[str, Any]:
    """The summary's ``faulty_references`` and ``suspected_references``; empty when there are none.

    Each counts the ``outputs`` that rest on such references by substance (``passed``, ``failed``, ``unknown``) and
    lists the ``problems`` by kind or lint. ``substance_without`` is the rate over all other outputs. A few references
    may have to be solved again, each within the policy's time, in a killable process unless ``workers`` is 0.
    """
    tally = verdicts if isinstance(verdicts, Tally) else Tally(verdicts)
    known = {problem.id: problem for problem in problems}
    pairs, numbers = tally.pairs()
    resting = [pair for pair in pairs if pair.verdict.problem_id in known and _rests(pair.verdict)]
    faulty = _faulty([pair.verdict for pair in resting], known, policy, workers)
    document: dict[str, Any] = {}
    if faulty:
        on_faulty = [pair for pair in resting if _reference(pair.verdict) in faulty]
        observed = tally.observe(families)
        others = observed.only(~np.isin(numbers, [pair.number for pair in on_faulty]))
        document["faulty_references"] = {
            **_counts(on_faulty),
            "problems": _grouped({(kind, problem_id) for (problem_id, _), kind in faulty.items()}),
            "substance_without": rate_of(others, "substance").to_dict(),
        }
    named = {problem_id for problem_id, _ in faulty}
    ids = sorted({pair.verdict.problem_id for pair in resting} - named)
    linted = [(code, problem_id) for problem_id in ids for code in _lints(known[problem_id], policy)]
    if linted:
        suspected = {problem_id for _, problem_id in linted}
        on_suspected = [pair for pair in resting if pair.verdict.problem_id in suspected]
        document["suspected_references"] = {**_counts(on_suspected), "problems": _grouped(linted)}
    return document


def _reference(verdict: Verdict) -> tuple[str, str]:
    """Which reference it was: the problem's id, and the name of the reading where the problem has several."""
    return verdict.problem_id, str(verdict.reading["name"]) if verdict.reading else ""


def _rests(verdict: Verdict) -> bool:
    """Some stage looked at the reference and said something about it or by it."""
    codes = {result.code for result in verdict.stages.values()}
    if codes & (_TROUBLE.keys() | _WITHOUT_OPTIMUM.keys()):
        return True
    results = [verdict.result(stage) for stage in _COMPARING]
    return any(result.status in ("pass", "fail") or result.code == "no-correspondence" for result in results)


def _faulty(
    resting: Sequence[Verdict], known: Mapping[str, Problem], policy: Policy, workers: int
) -> dict[tuple[str, str], str]:
    """The kind of fault of each faulty reference."""
    found: dict[tuple[str, str], str] = {}
    silent: dict[str, tuple[str, str]] = {}
    for verdict in resting:
        problem, reference = known[verdict.problem_id], _reference(verdict)
        codes = [result.code for result in verdict.stages.values() if result.code]
        trouble = next((_TROUBLE[code] for code in codes if code in _TROUBLE), None)
        status = next((_WITHOUT_OPTIMUM[code] for code in codes if code in _WITHOUT_OPTIMUM), None)
        first = verdict.reading is None or verdict.reading.get("first", True)
        if trouble is not None:
            found[reference] = trouble
        elif problem.reference is None or verdict.reference_optimum is not None:
            continue
        elif status is not None:
            if not _stated(problem, status, None if first else reference[1]):
                found[reference] = status
        elif first and verdict.result("sound").status in ("pass", "fail"):
            silent[problem.id] = reference
    # Judged by its rows alone, and no optimum: infeasible, unbounded, or too hard to solve. Only solving tells.
    asked = [known[problem_id] for problem_id, reference in sorted(silent.items()) if reference not in found]
    for entry in audit_each(asked, policy, min(1, workers)):
        for kind in ("infeasible", "unbounded"):
            if any(fault.code == f"{kind}-reference" for fault in entry.faults):
                found[silent[entry.id]] = kind
    return found


def _stated(problem: Problem, status: str, reading: str | None) -> bool:
    """The problem, or its reading of this name, states the status by itself."""
    if reading is None:
        return states(problem, status)
    entry = problem.readings.get(reading, {})
    return entry.get("status") == status and problem.extra.get("labelled_by") != "reference"


def _lints(problem: Problem, policy: Policy) -> list[str]:
    """The codes of the lints of a reference that is short enough to be asked."""
    from ..feasibility.programs.compiling import Rejected, build

    if problem.reference is None or len(problem.text) > _LINTED_TEXT:
        return []
    small = replace(
        policy.with_lengths_of_own(),
        max_terms=min(policy.max_terms, _LINTED_TERMS),
        max_rows=min(policy.max_rows, _LINTED_ROWS),
    )
    try:
        program = build(problem.reference, problem.data, small)
    except Rejected:
        return []  # too large to be asked; one that does not build at all is a faulty one
    return sorted({code for code, _ in lint(problem, program)})


def _counts(pairs: Sequence[Counted]) -> dict[str, int]:
    found: Counter[bool | None] = Counter()
    for pair in pairs:
        found[pair.verdict.substance] += pair.count
    return {"outputs": found.total(), "passed": found[True], "failed": found[False], "unknown": found[None]}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name, problem_id in pairs:
        groups[name].append(problem_id)
    return {name: sorted(groups[name]) for name in sorted(groups)}
