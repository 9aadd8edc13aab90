"""``summary.json``: counts and rates of a run with intervals. The same verdicts give the same bytes, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..feasibility.finish import NOT_ANSWERED_CODES
from ..feasibility.verdict import Verdict
from .observing import Observed, after_repair, asked_stages, observe, strongest_counts
from .statistics import conditional_rate, method_sentence, rate_of


def summarize(verdicts: Iterable[Verdict], families: Mapping[str, str | None] | None = None) -> dict[str, Any]:
    """The summary as plain JSON.

    ``families`` names the family of each problem id. Every entry of ``stages``, and ``surface``, ``substance`` and
    ``substance_given_surface``, is a rate: ``passed``, ``failed``, ``unknown``, ``absent`` (the reference does not
    allow the question), ``rate`` of the known ones, its 95 % interval ``low``..``high``, and ``floor``/``ceiling`` if
    every unknown had failed or passed. A stage after a failed one counts as failed. ``codes`` counts the reasons of
    the first failure and of the unknowns. ``not_answered`` (where there are such outputs) counts those that are no
    answer, by reason; with repairs there are ``substance_after_repair`` and ``repairs``. Seconds are left out: they
    differ from run to run.
    """
    ordered = sorted(verdicts, key=lambda verdict: (verdict.problem_id, verdict.sample))
    observed = observe(ordered, families)
    document = {
        "outputs": len(ordered),
        "problems": len({verdict.problem_id for verdict in ordered}),
        **_beside(ordered, observed),
        "strongest": strongest_counts(ordered),
        **_rates(observed),
        "codes": _codes(ordered),
        **_readings(ordered),
        "intervals": method_sentence(observed),
    }
    named = sorted({family for family in (families or {}).values() if family})
    groups: dict[str, list[Verdict]] = {name: [] for name in named}
    for verdict in ordered:
        family = (families or {}).get(verdict.problem_id)
        if family:
            groups[family].append(verdict)
    document["families"] = {
        name: {"outputs": len(group), **_rates(observe(group, families))} for name, group in groups.items() if group
    }
    return document


def not_answered(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many outputs are no answer, by reason: refused, filtered, empty ... They count as wrong in every rate."""
    codes = (verdict.result(verdict.first_failure).code for verdict in verdicts if verdict.first_failure)
    return dict(sorted(Counter(code for code in codes if code in NOT_ANSWERED_CODES).items()))


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


def _beside(verdicts: Sequence[Verdict], observed: Observed) -> dict[str, Any]:
    """What stands beside the rates where it happened: outputs without an answer, and substance after repair."""
    document: dict[str, Any] = {}
    missing = not_answered(verdicts)
    if missing:
        document["not_answered"] = missing
    if any(verdict.repaired is not None for verdict in verdicts):
        document["substance_after_repair"] = rate_of(after_repair(observed, verdicts), "substance").to_dict()
        made = Counter(name for verdict in verdicts if verdict.repaired for name in verdict.repaired.get("repairs", ()))
        document["repairs"] = dict(sorted(made.items()))
    return document


def _rates(observed: Observed) -> dict[str, Any]:
    return {
        "surface": rate_of(observed, "surface").to_dict(),
        "substance": rate_of(observed, "substance").to_dict(),
        "substance_given_surface": conditional_rate(observed, "substance").to_dict(),
        "stages": {stage: rate_of(observed, stage).to_dict() for stage in asked_stages(observed)},
    }


def _readings(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Of the outputs to problems with several accepted readings: by which they were judged, and how many that moved."""
    read = [verdict.reading for verdict in verdicts if verdict.reading is not None]
    if not read:
        return {}
    names = Counter(str(reading["name"]) for reading in read)
    moved = sum(not reading.get("first", True) for reading in read)
    return {"readings": {"outputs": len(read), "by": dict(sorted(names.items())), "moved": moved}}


def _codes(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """How often each reason decided: the first failure's code, and the code of the first unknown stage."""
    failed: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for verdict in verdicts:
        if verdict.first_failure is not None:
            failed[verdict.result(verdict.first_failure).code or "?"] += 1
        first = verdict.first_unknown
        if first is not None:
            unknown[verdict.result(first).code or "?"] += 1
    return {"fail": dict(sorted(failed.items())), "unknown": dict(sorted(unknown.items()))}
