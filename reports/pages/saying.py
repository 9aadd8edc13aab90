"""What a verdict means, in a few words for a title and in sentences for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from ...feasibility.rationals import Exact, show
from ...feasibility.verdict import STAGES, StageResult, Verdict
from ..escaping import shortened

SIGNS = {"pass": "●", "fail": "✕", "unknown": "?", "skipped": "–"}
STATUS_WORDS = {"pass": "pass", "fail": "fail", "unknown": "unknown", "skipped": "not asked"}

ASKS: dict[str, str] = {
    "parses": "strict JSON",
    "schema": "valid by the schema",
    "names": "every name and index in order",
    "builds": "a program a solver takes",
    "feasible": "some plan satisfies it",
    "bounded": "a best plan exists",
    "sound": "its plan keeps the reference's rules",
    "value": "the right optimum",
    "equivalent": "the same plans, in the same order",
    "runs": "it runs to the solver",
    "declares": "it declares a model",
    "bounds": "every value within its bounds",
    "integrality": "whole where it has to be",
    "inequalities": "every inequality kept",
    "equalities": "every equality kept",
    "optimal": "no plan is better",
}

_RELATIONS = {
    "relaxation": "allows plans that the problem forbids",
    "restriction": "forbids plans that the problem allows",
    "incomparable": "allows some forbidden plans and forbids some allowed ones",
    "objective-differs": "prefers other plans",
}


_SURFACE = {
    "parses": "is not one JSON object",
    "schema": "is not in the language",
    "names": "misuses a name or an index",
}
_CUT = {
    "truncated": "ends inside its JSON",
    "unfinished": "ends before the answer",
    "empty-output": "is empty",
    "refused": "refuses to answer",
    "filtered": "was filtered",
    "prompt-too-long": "was not asked: the prompt was too long",
    "no-output": "has no text",
}
"""Headlines of what is no answer, by code: a cut answer is said to be cut, not to be no JSON."""


def state_of(verdict: Verdict, stages: Sequence[str] = STAGES) -> int:
    """The place in ``stages`` of the first failure; then right, and unknown. What tables sort and filter by."""
    failure = verdict.first_failure
    if failure is not None:
        return stages.index(failure)
    return len(stages) if verdict.substance else len(stages) + 1


def headline(verdict: Verdict, finish: str | None = None) -> str:
    """The verdict in a few words, for titles; ``finish`` says how the answer ended, where that is known."""
    failure = verdict.first_failure
    if failure is None:
        if verdict.substance:
            return {"equivalent": "is right", "value": "has the right optimum", "bounded": "has an optimum"}.get(
                verdict.strongest, "is right"
            )
        return "looks right, the rest is unknown" if verdict.surface else "could not be decided"
    stage = verdict.result(failure)
    if failure == "parses" and finish == "length":
        return "is prose, cut at the length limit" if stage.code == "no-json" else "was cut at the length limit"
    if stage.code in _CUT:
        return _CUT[stage.code]
    if failure in ("parses", "schema", "names"):
        return _SURFACE[failure]
    if failure == "sound":
        count = len(stage.details.get("violated") or ())
        return f"looks right, but its plan breaks {count or 1} rule" + ("" if count == 1 else "s")
    if failure == "value":
        return "looks right, but has another optimum"
    if failure == "equivalent":
        return "looks right, but " + _RELATIONS.get(verdict.relation or "", "is not equivalent")
    if failure in verdict.ladder.together:
        details = stage.details
        kept, rules = details.get("kept"), details.get("rules")
        counted = f" ({kept} of {rules} kept)" if isinstance(kept, int) and isinstance(rules, int) else ""
        return f"looks right, but breaks {failure}{counted}"
    return {
        "runs": "does not run to a solver",
        "declares": "declares no model",
        "optimal": "keeps the rules, but is not the best plan",
        "builds": "looks right, but is no program a solver takes",
        "feasible": "looks right, but no plan is possible",
        "bounded": "looks right, but has no best plan",
    }.get(failure, f"fails {failure}")


def ladder_of(verdict: Verdict) -> Markup:
    """All rungs of its ladder as a list."""
    ladder = verdict.ladder
    return _ladder(ladder.stages, len(ladder.surface), tuple(verdict.result(stage).status for stage in ladder.stages))


_COUNTS = {8: "eight", 9: "nine"}


@lru_cache(maxsize=1000)
def _ladder(stages: tuple[str, ...], surface: int, statuses: tuple[str, ...]) -> Markup:
    lines = [f'<ol class="ladder" aria-label="The {_COUNTS.get(len(stages), len(stages))} stages">']
    for number, (stage, status) in enumerate(zip(stages, statuses, strict=True), 1):
        last = " last-surface" if number == surface else ""
        asks = ASKS.get(stage, "") if status != "skipped" else "not asked"
        lines.append(
            f'<li class="{status}{last}"><span class="sign" aria-hidden="true">{SIGNS[status]}</span>'
            f'<span class="stage">{stage}</span><span class="hidden">: {STATUS_WORDS[status]}</span>'
            f'<span class="asks">{asks}</span></li>'
        )
    return Markup("\n".join([*lines, "</ol>"]))  # noqa: S704 - made of this module's own words


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a page shows of the stage that decided: every part may be empty."""

    stage: str
    code: str
    message: str
    hint: str
    others: tuple[tuple[str, str], ...]
    violated: tuple[Mapping[str, str], ...]
    conflict: tuple[Mapping[str, str], ...]
    conflict_proved: bool
    ray: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, str], ...]
    witness: tuple[WitnessPlan, ...]


def evidence_of(verdict: Verdict) -> Evidence | None:
    """The evidence of the first failure, or of the first unknown stage; None for an output that passes everything."""
    stage = verdict.first_failure or verdict.first_unknown
    if stage is None:
        return None
    result = verdict.result(stage)
    details = result.details
    first = result.findings[0] if result.findings else None
    conflict = details.get("conflict")
    conflict = conflict if isinstance(conflict, Mapping) else {}
    return Evidence(
        stage=stage,
        code=result.code or "",
        message=_bounded(result.message),
        hint=_bounded(first.hint) if first else "",
        others=tuple((finding.code, _bounded(finding.message)) for finding in result.findings[1:21]),
        violated=tuple(_violated(entry) for entry in _maps(details.get("violated"))[:50]),
        conflict=tuple(_conflict(conflict)),
        conflict_proved=bool(conflict.get("proved", True)),
        ray=plan_items(details.get("ray"))[:40] if stage == "bounded" else (),
        numbers=_numbers(result),
        witness=witnesses_of(verdict.witness if stage == "equivalent" else None),
    )


def _bounded(value: object, most: int = 1000) -> str:
    """A text of a verdict, cut where it would flood the page."""
    text = str(value or "")
    return text if len(text) <= most else text[: most - 1] + "…"


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def number_text(value: Any) -> str:
    """A number of a verdict's details for people; anything else as short text."""
    if isinstance(value, bool) or value is None:
        return "–" if value is None else str(value)
    if isinstance(value, int | float):
        from ...feasibility.language.formulation import exact_number

        if isinstance(value, float) and (value != value or abs(value) == float("inf")):
            return str(value)
        exact: Exact = exact_number(value)
        return show(exact)
    return shortened(str(value), 200)


def _violated(entry: Mapping[str, Any]) -> Mapping[str, str]:
    side = {"upper": "at most", "lower": "at least", "equal": "exactly", "whole": "a whole number"}
    name = entry.get("row") or entry.get("variable") or ""
    must = side.get(str(entry.get("side")), "")
    if "bound" in entry and entry.get("side") != "whole":
        must = f"{must} {number_text(entry['bound'])}"
    return {
        "name": _bounded(name, 200),
        "constraint": _bounded(entry.get("constraint")),
        "must": must,
        "is": number_text(entry.get("value")),
        "by": number_text(entry.get("excess")),
        "text": _bounded(entry.get("text")),
        "sentence": _bounded(entry.get("sentence")),
    }


def _conflict(conflict: Mapping[str, Any]) -> list[Mapping[str, str]]:
    found: list[Mapping[str, str]] = []
    for row in _maps(conflict.get("rows")):
        name, constraint = _bounded(row.get("row"), 200), _bounded(row.get("constraint"))
        found.append({"kind": "row", "name": name, "constraint": constraint, "text": _bounded(row.get("text"))})
    for bound in _maps(conflict.get("bounds")):
        sign = "≥" if bound.get("side") == "lower" else "≤"
        text = f"{_bounded(bound.get('variable'), 200)} {sign} {number_text(bound.get('bound'))}"
        found.append({"kind": "bound", "name": _bounded(bound.get("variable"), 200), "constraint": "", "text": text})
    integers = conflict.get("integers")
    for name in integers if isinstance(integers, list | tuple) else ():
        short = _bounded(name, 200)
        found.append({"kind": "integer", "name": short, "constraint": "", "text": f"{short} is whole"})
    return found[:60]


def _numbers(result: StageResult) -> tuple[tuple[str, str], ...]:
    titles = {"optimum": "its optimum", "reference_optimum": "the right optimum", "gap": "difference"}
    titles |= {"tolerance": "tolerance (relative)", "reference_value": "worth in the reference"}
    found = result.details
    return tuple((title, number_text(found[name])) for name, title in titles.items() if name in found)


def plan_items(plan: Any) -> tuple[tuple[str, str], ...]:
    """A plan or ray (numbers by name) as text, in its order."""
    if not isinstance(plan, Mapping):
        return ()
    return tuple((_bounded(name, 200), number_text(value)) for name, value in plan.items())


@dataclass(frozen=True, slots=True)
class WitnessPlan:
    """A plan that proves a difference at stage 9: what it shows, the plan, and what it breaks (or is worth)."""

    kind: str
    title: str
    plan: tuple[tuple[str, str], ...]
    says: str
    constraint: str


def witnesses_of(witness: Mapping[str, Any] | None) -> tuple[WitnessPlan, ...]:
    """The plans of a verdict's ``witness``: ``admits``, ``forbids``, and both plans of ``ranks``."""
    found: list[WitnessPlan] = []
    for kind, title in (
        ("admits", "A plan that it allows and the problem forbids"),
        ("forbids", "A plan that the problem allows and it forbids"),
    ):
        entry = (witness or {}).get(kind)
        if not isinstance(entry, Mapping):
            continue
        broken = entry.get("broken")
        broken = broken if isinstance(broken, Mapping) else {}
        plan = plan_items(entry.get("image") if kind == "admits" else entry.get("plan"))
        name = _bounded(broken.get("constraint") or broken.get("variable"))
        found.append(WitnessPlan(kind, title, plan[:40], _bounded(broken.get("sentence")), name))
    ranks = (witness or {}).get("ranks")
    if isinstance(ranks, Mapping):
        ours = ranks.get("strict_in") == "formulation"
        who, other = ("It", "the problem") if ours else ("The problem", "it")
        for kind, title in (("better", f"{who} prefers this plan"), ("worse", f"to this one; {other} does not")):
            entry = ranks.get(kind)
            if isinstance(entry, Mapping):
                worth = [("its objective", entry.get("value")), ("the problem's", entry.get("reference_value"))]
                says = ", ".join(f"{name} {number_text(value)}" for name, value in worth if value is not None)
                found.append(WitnessPlan(kind, title, plan_items(entry.get("plan"))[:40], says, ""))
    return tuple(found)
