"""Everything that the index page shows: headline, cards, pictures, pairs, heat map, and the rows of its table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ...feasibility.codes import CODES, Code
from ...feasibility.disk import storable
from ...feasibility.policy import Policy
from ...feasibility.verdict import Verdict
from ...results.collection import Collection, Run
from ...results.flipping import ExplainedFlip
from ...results.observing import asked_stages
from ...results.statistics import Cluster, Rate, conditional_rate, gap_of, rate_of
from ...results.summary import reasons
from ..charts import CurvePoint, Score, element, ladder, learning_curve, letter_of, marker, percent, plane, shade
from ..escaping import file_name, shortened
from ..tables.overview import Pair, changes_table, pairs_of, reasons_table
from ..tables.pass_at_k import pass_at_k_table
from ..tables.plans import plan_tables
from ..tables.scores import Beside, beside, repaired_rate, scores_table
from ..tables.table import Table
from .saying import state_of

FLIPS_SHOWN = 12
"""Flips of substance of each direction that the index lists; the table of problems has all."""


def _safe(markup: str) -> Markup:
    return Markup(markup)  # noqa: S704 - made by charts, which escape every text


@dataclass(frozen=True)
class Card:
    """One number of a run."""

    label: str
    value: str
    interval: str


@dataclass(frozen=True)
class RunCard:
    """One run at the top of the index."""

    letter: str
    name: str
    marker: Markup
    outputs: str
    cells: Sequence[Card]
    digest: str
    policy: Sequence[tuple[str, str, str]]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class HeatCell:
    value: str
    interval: str
    shade: str


@dataclass(frozen=True)
class HeatRow:
    name: str
    count: str
    cells: Sequence[HeatCell]


def index_context(
    collection: Collection, sensitivity: Sequence[Table] = (), cluster: Cluster = "problem"
) -> dict[str, Any]:
    """The variables of the index template. ``cluster`` is what the intervals of rates and gaps let hang together."""
    runs = collection.runs
    shown = asked_stages(*(run.observed for run in runs))
    surfaces = [rate_of(run.observed, "surface", cluster) for run in runs]
    substances = [rate_of(run.observed, "substance", cluster) for run in runs]
    extras = [table for table in (pass_at_k_table(collection), *plan_tables(collection), *sensitivity) if table]
    names = [run.name for run in runs]
    cards = [_card(run, i, cluster, beside(collection)) for i, run in enumerate(runs)]
    scores = [Score(n, a, b) for n, a, b in zip(names, surfaces, substances, strict=True)]
    stages = [[rate_of(run.observed, stage) for stage in shown] for run in runs]
    curve = [
        CurvePoint(run.name, run.examples, a, b)
        for run, a, b in zip(runs, surfaces, substances, strict=True)
        if run.examples is not None
    ]
    # Of checkpoints the first against the last is the question; what lies between follows, folded.
    pairs = list(enumerate(pairs_of(collection), 1))[::-1]
    is_curve = len({point.examples for point in curve}) > 2
    return {
        # A space that does not break keeps the sign at its number.
        "headline": shortened(headline(names, surfaces, substances, is_curve), 300).replace(" %", "\u00a0%"),
        "lead": _lead(collection),
        "substance": "; ".join(sorted({run.meaning for run in runs})),
        "runs": cards,
        "titles": [cell.label for cell in cards[0].cells],
        "scores": scores_table(collection, cluster),
        "notes": [f"{run.name}: {note}" for run in runs for note in run.notes[:5]],
        "plane": _safe(plane(scores)),
        "ladder": _safe(ladder(names, stages, [len(run.observed) for run in runs], stages=shown)),
        "curve": _safe(learning_curve(curve)) if is_curve else None,
        "reasons": _reason_lines(collection),
        "pairs": [_pair_context(pair, letter_of(i), i) for i, pair in pairs],
        "heat": _heat(collection),
        "extras": [table for table in extras if table.rows or table.notes],
        "has_families": any(name for run in runs for name in run.families.values()),
        "mixed": list(collection.mixed),
        "root": "",
    }


def headline(names: Sequence[str], surfaces: Sequence[Rate], substances: Sequence[Rate], ordered: bool = False) -> str:
    """The verdict of the whole report. ``ordered``: the runs are checkpoints, so the first and the last say it."""

    def said(rate: Rate) -> str:
        return "an unknown share" if rate.rate is None else percent(rate.rate, 0)

    if surfaces[0].rate is None and all(rate.rate is None for rate in surfaces):
        return "No output was judged"
    if len(names) == 1:
        return f"{said(surfaces[0])} look right, {said(substances[0])} are right"
    before, after = surfaces[0].rate, surfaces[-1].rate
    first, second = substances[0].rate, substances[-1].rate
    if (len(names) == 2 or ordered) and None not in (before, after, first, second):
        more = f" (of {len(names)} runs)" if len(names) > 2 else ""
        return (
            f"From {names[0]} to {names[-1]}{more}: {said(surfaces[0])} → {said(surfaces[-1])} look right, "
            f"{said(substances[0])} → {said(substances[-1])} are right"
        )
    known = [rate.rate for rate in substances if rate.rate is not None]
    looks = [rate.rate for rate in surfaces if rate.rate is not None]
    if not known or not looks:
        return f"{len(names)} runs"
    return f"{len(names)} runs: {_between(looks)} look right, {_between(known)} are right"


def _between(rates: Sequence[float]) -> str:
    low, high = percent(min(rates), 0), percent(max(rates), 0)
    return low if low == high else f"{low} to {high}"


def _lead(collection: Collection) -> str:
    problems = len(collection.problem_ids)
    outputs = sum(len(run.verdicts) for run in collection.runs)
    text = f"{problems:,} problem{'' if problems == 1 else 's'}, {outputs:,} output{'' if outputs == 1 else 's'}"
    policy = collection.runs[0].policy
    tolerance = f"values agree within {policy.value_tolerance:g} (relative)"
    return f"{text}. Judged with exact arithmetic where possible; {tolerance}, {policy.time_limit:g} s an output."


def _interval(rate: Rate) -> str:
    if rate.rate is None:
        return "nothing known"
    return f"{100 * rate.low:.1f}–{100 * rate.high:.1f}, n = {rate.known:,}"


def _card(run: Run, number: int, cluster: Cluster, shown: Beside) -> RunCard:
    observed = run.observed
    surface, substance = rate_of(observed, "surface", cluster), rate_of(observed, "substance", cluster)
    given, gap = conditional_rate(observed, "substance", cluster), gap_of(observed, cluster)
    unknown = "none"
    if substance.unknown and substance.floor is not None and substance.ceiling is not None:
        unknown = f"substance {100 * substance.floor:.1f}–{100 * substance.ceiling:.1f} % if all failed–passed"
    cells = [
        Card("Surface", percent(surface.rate), _interval(surface)),
        Card("Substance", percent(substance.rate), _interval(substance)),
        Card("Substance given surface", percent(given.rate), _interval(given)),
        Card(
            "Gap",
            "–" if gap is None else f"{100 * gap.gap:.1f}",
            "" if gap is None else f"{100 * gap.low:.1f}–{100 * gap.high:.1f} points",
        ),
        Card("Unknown", f"{substance.unknown:,}", unknown),
    ]
    after = repaired_rate(run, cluster)
    if shown.repaired:
        words = "no repairs" if after is None else _interval(after)
        cells.insert(2, Card("Substance after repair", "–" if after is None else percent(after.rate), words))
    if shown.not_answered:
        missing = run.not_answered
        cells.append(Card("Not answered", f"{sum(missing.values()):,}", reasons(missing) or "none"))
    if shown.never_asked:
        cells.append(Card("Never asked", f"{run.never_asked:,}", "in no rate"))
    values = run.policy.to_dict()
    meanings = Policy.meanings()
    shape = element("svg", marker(number, 8, 8, 5), viewBox="0 0 16 16", cls="chart", aria_hidden="true")
    return RunCard(
        letter=letter_of(number),
        name=shortened(run.name, 80),
        marker=_safe(shape),
        outputs=f"{len(observed):,} outputs",
        cells=cells,
        digest=run.policy.digest,
        policy=[(name, str(values[name]), meanings[name]) for name in values],
        facts=_run_facts(run),
    )


def _run_facts(run: Run) -> list[tuple[str, str]]:
    """What run.json says besides the policy, one line a field."""
    facts: list[tuple[str, str]] = []
    for name, value in run.document.items():
        if name in ("policy", "policy_digest") or value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        facts.append((shortened(name, 60), shortened(text, 400)))
    return facts[:40]


def _pair_context(pair: Pair, letter: str, run: int) -> dict[str, Any]:
    count = {
        (outcome, way): sum(flip.outcome == outcome and flip.direction == way for flip in pair.flips)
        for outcome in ("surface", "substance")
        for way in ("lost", "gained")
    }
    table = changes_table(pair)
    flips = (
        f"Substance: {count['substance', 'gained']} gained, {count['substance', 'lost']} lost. "
        f"Surface: {count['surface', 'gained']} gained, {count['surface', 'lost']} lost. "
        "The table of problems lists them under Flip"
        + (" (first answers; pyrite compare --json has all)." if pair.first.observed.has_samples else ".")
    )
    shown = Table(table.name, table.title, table.columns, table.rows, table.notes[:1], table.records)
    return {
        "first": pair.first.name,
        "second": pair.second.name,
        "words": pair.words,
        "power": pair.power,
        "flips": flips,
        "table": shown,
        "letter": letter,
        "run": run,
        "lost": [_flip_line(flip) for flip in pair.flips if _is_substance(flip, "lost")][:FLIPS_SHOWN],
        "lost_count": count["substance", "lost"],
        "gained": [_flip_line(flip) for flip in pair.flips if _is_substance(flip, "gained")][:FLIPS_SHOWN],
        "gained_count": count["substance", "gained"],
    }


def _is_substance(flip: ExplainedFlip, direction: str) -> bool:
    """What the index lists one by one: flips of substance; those of surface are counted."""
    return flip.outcome == "substance" and flip.direction == direction


def _flip_line(flip: ExplainedFlip) -> dict[str, str]:
    """One flip as a line of the index: the problem's page, the score that flipped, the reason of the wrong one."""
    return {
        "problem": shortened(flip.problem_id, 80) + (f", answer {flip.sample}" if flip.sample else ""),
        "page": f"problems/{file_name(flip.problem_id)}.html",
        "code": flip.code,
        "why": shortened(flip.why, 300),
    }


def _reason_lines(collection: Collection) -> list[dict[str, Any]]:
    """Where outputs fail first: each reason with its count in each run, linked to the problems and to what it means."""
    table = reasons_table(collection)
    lines = []
    for stage, code, *counts in table.rows:
        meaning = CODES.get(code)
        lines.append(
            {"stage": stage, "code": code, "when": meaning.when if meaning else "", "counts": list(enumerate(counts))}
        )
    return lines


def code_groups(collection: Collection) -> list[tuple[str, list[Code]]]:
    """Every code with its meaning: those of these runs' verdicts first, the others behind them."""
    seen = {result.code for run in collection.runs for verdict in run.verdicts for result in verdict.stages.values()}
    here = [code for name, code in CODES.items() if name in seen]
    others = [code for name, code in CODES.items() if name not in seen]
    groups = [("In this report", here), ("All others", others)]
    return [(title, codes) for title, codes in groups if codes]


def _heat(collection: Collection) -> list[HeatRow]:
    names = sorted({name for run in collection.runs for name in run.families.values() if name})
    rows = []
    for name in names:
        cells = []
        count = 0
        for run in collection.runs:
            families = run.observed.families
            number = families.index(name) if name in families else -1
            part = run.observed.only(run.observed.family == number)
            count = max(count, len(part))
            for rate in (rate_of(part, "surface"), rate_of(part, "substance"), conditional_rate(part, "substance")):
                interval = "" if rate.rate is None else f"{100 * rate.low:.0f}–{100 * rate.high:.0f}"
                cells.append(HeatCell(percent(rate.rate, 0), interval, shade(rate.rate)))
        rows.append(HeatRow(shortened(name, 200), f"{count:,}", cells))
    return rows


def table_data(collection: Collection) -> str:
    """``data.js``: the table of problems as one compact array; names are data, never markup."""
    stages = asked_stages(*(run.observed for run in collection.runs))
    families: dict[str, int] = {}
    codes: dict[str, int] = {"": 0}
    rows: list[list[Any]] = []
    for identifier in collection.problem_ids:
        problem = collection.problem(identifier)
        family = shortened((problem.family if problem else None) or "", 200)
        name = file_name(identifier)
        shown = storable(identifier)
        row: list[Any] = [shown[:400], "" if name == shown else name, families.setdefault(family, len(families))]
        for run in collection.runs:
            verdicts = run.by_problem.get(identifier)
            if not verdicts:
                row += [len(stages) + 2, 0, 0, 0]
                continue
            code = codes.setdefault(storable(_code(verdicts[0])), len(codes))
            row += [state_of(verdicts[0], stages), code, sum(v.substance is True for v in verdicts), len(verdicts)]
        rows.append(row)
    document = {
        "runs": [storable(run.name) for run in collection.runs],
        "stages": list(stages),
        "codes": list(codes),
        "families": list(families),
        "samples": any(run.observed.has_samples for run in collection.runs),
    }
    lines = ",\n".join(_js(row) for row in rows)
    return f'const PYRITE = {_js(document)[:-1]},\n"rows":[\n{lines}\n]}};\n'


def _js(value: Any) -> str:
    """JSON that is a JavaScript literal and cannot end a script element."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


def _code(verdict: Verdict) -> str:
    """The reason of the first failure, or of the first unknown stage."""
    stage = verdict.first_failure
    if stage is None and verdict.substance is None:
        stage = verdict.first_unknown
    return (verdict.result(stage).code or "") if stage else ""
