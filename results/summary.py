"""``summary.json``: counts and rates of a run with intervals. The same verdicts give the same bytes, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ..feasibility.finish import NOT_ANSWERED_CODES
from ..feasibility.verdict import ALL_STAGES, Verdict
from .observing import Observed, asked_stages
from .statistics import conditional_rate, method_sentence, rate_of
from .tally import Tally

Groups: TypeAlias = Sequence[tuple[Verdict, int]]
"""Verdicts that stand for as many that are alike."""


def summarize(verdicts: Iterable[Verdict] | Tally, families: Mapping[str, str | None] | None = None) -> dict[str, Any]:
    """The summary as plain JSON.

    ``families`` names the family of each problem id. Every entry of ``stages``, and ``surface``, ``substance`` and
    ``substance_given_surface``, is a rate: ``passed``, ``failed``, ``unknown``, ``absent`` (the reference does not
    allow the question), ``rate`` of the known ones, its 95 % interval ``low``..``high``, and ``floor``/``ceiling`` if
    every unknown had failed or passed. A stage after a failed one counts as failed. ``codes`` counts the reasons of
    the first failure and of the unknowns. ``not_answered`` (where there are such outputs) counts those that are no
    answer, by reason; with repairs there are ``substance_after_repair`` and ``repairs``. Seconds are left out: they
    differ from run to run.
    """
    tally = verdicts if isinstance(verdicts, Tally) else Tally(verdicts)
    observed, groups = tally.observe(families), tally.groups()
    document = {
        "outputs": len(tally),
        "problems": len(tally.problems),
        **_beside(tally, groups),
        "strongest": _strongest(groups),
        **_rates(observed),
        "codes": _codes(groups),
        **_readings(groups),
        "intervals": method_sentence(observed),
    }
    named = sorted({family for family in (families or {}).values() if family})
    document["families"] = {}
    for name in named:
        if name not in observed.families:
            continue
        rows = observed.family == observed.families.index(name)
        document["families"][name] = {"outputs": int(rows.sum()), **_rates(observed.only(rows))}
    return document


def not_answered(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many outputs are no answer, by reason: refused, filtered, empty ... They count as wrong in every rate."""
    return _not_answered([(verdict, 1) for verdict in verdicts])


def _not_answered(groups: Groups) -> dict[str, int]:
    found: Counter[str] = Counter()
    for verdict, count in groups:
        code = verdict.result(verdict.first_failure).code if verdict.first_failure else None
        if code in NOT_ANSWERED_CODES:
            found[str(code)] += count
    return dict(sorted(found.items()))


def not_answered_in_words(missing: Mapping[str, int], never: int = 0) -> str:
    """What has no answer, as a clause: outputs that are none, by reason, and problems that were never asked.

    >>> not_answered_in_words({"empty-output": 2, "refused": 1}, 4)
    'not answered: 3 (empty-output 2, refused 1), counted as wrong; 4 problems never asked, in no rate'
    """
    parts = [f"not answered: {sum(missing.values()):,} ({reasons(missing)}), counted as wrong"] if missing else []
    if never:
        parts.append(f"{never:,} problem{'' if never == 1 else 's'} never asked, in no rate")
    return "; ".join(parts)


def reasons(missing: Mapping[str, int]) -> str:
    """``empty-output 2, refused 1``."""
    return ", ".join(f"{code} {count:,}" for code, count in missing.items())


def _beside(tally: Tally, groups: Groups) -> dict[str, Any]:
    """What stands beside the rates where it happened: outputs without an answer, and substance after repair."""
    document: dict[str, Any] = {}
    missing = _not_answered(groups)
    if missing:
        document["not_answered"] = missing
    if any(verdict.repaired is not None for verdict, _ in groups):
        document["substance_after_repair"] = rate_of(tally.observe(repaired=True), "substance").to_dict()
        made: Counter[str] = Counter()
        for verdict, count in groups:
            for name in (verdict.repaired or {}).get("repairs", ()):
                made[name] += count
        document["repairs"] = dict(sorted(made.items()))
    return document


def _strongest(groups: Groups) -> dict[str, int]:
    """How many outputs are judged by which strongest stage."""
    counts: Counter[str] = Counter()
    for verdict, count in groups:
        counts[verdict.strongest] += count
    return {stage: counts[stage] for stage in ALL_STAGES if counts[stage]}


def _rates(observed: Observed) -> dict[str, Any]:
    return {
        "surface": rate_of(observed, "surface").to_dict(),
        "substance": rate_of(observed, "substance").to_dict(),
        "substance_given_surface": conditional_rate(observed, "substance").to_dict(),
        "stages": {stage: rate_of(observed, stage).to_dict() for stage in asked_stages(observed)},
    }


def _readings(groups: Groups) -> dict[str, Any]:
    """Of the outputs to problems with several accepted readings: by which they were judged, and how many that moved."""
    names: Counter[str] = Counter()
    moved = 0
    for verdict, count in groups:
        if verdict.reading is not None:
            names[str(verdict.reading["name"])] += count
            moved += 0 if verdict.reading.get("first", True) else count
    if not names:
        return {}
    return {"readings": {"outputs": names.total(), "by": dict(sorted(names.items())), "moved": moved}}


def _codes(groups: Groups) -> dict[str, Any]:
    """How often each reason decided: the first failure's code, and the code of the first unknown stage."""
    failed: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for verdict, count in groups:
        if verdict.first_failure is not None:
            failed[verdict.result(verdict.first_failure).code or "?"] += count
        first = verdict.first_unknown
        if first is not None:
            unknown[verdict.result(first).code or "?"] += count
    return {"fail": dict(sorted(failed.items())), "unknown": dict(sorted(unknown.items()))}
