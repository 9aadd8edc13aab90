"""One answer on a problem's page: what can be read of it, its ladder, why, and its text with the failing places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from ...feasibility.language.document.reading import extract
from ...feasibility.language.formulation import Formulation
from ...feasibility.verdict import PLAN, Verdict
from ...results.collection import Run
from ...results.outputs import Output, tokens_of
from ..charts import letter_of
from ..escaping import MAX_SHOWN, visible
from .formulas import html_of
from .layout import laid_out
from .locating import Shown, locate, marked_text
from .saying import Evidence, evidence_of, headline, ladder_of


@dataclass
class AnswerView:
    """One output on the page: the ladder, why, and the text with its failing places marked."""

    sample: int
    headline: str
    surface: bool
    substance: bool | None
    ladder: Markup
    evidence: Evidence | None
    shown: Shown | None
    markup: Markup
    raw: str
    whole_file: str
    finish: str
    cost: str = ""
    laid_out: bool = False
    conflict: Sequence[tuple[str, Markup]] = field(default_factory=tuple)
    violated: Sequence[tuple[Mapping[str, str], Markup]] = field(default_factory=tuple)


@dataclass
class AnswerReading:
    """What can be read of one output: where its JSON begins, its formulation, its program."""

    start: int = 0
    formulation: Formulation | None = None
    note: str = ""
    renames: Mapping[str, str] = field(default_factory=dict)


def safe(markup: str) -> Markup:
    """Markup that was made by this package from escaped text."""
    return Markup(markup)  # noqa: S704 - every caller passes what visible(), sign_html() or charts.element() escaped


def read_answer(output: Output | None, verdict: Verdict | None, run: Run) -> AnswerReading:
    """The formulation, when the output came as far as the schema: no output is trusted further than its verdict."""
    if output is None or verdict is None:
        return AnswerReading(note="There is no output to show.")
    start = verdict.result("parses").details.get("start")
    reading = AnswerReading(start=start if isinstance(start, int) else 0)
    if verdict.ladder.task == PLAN.task:
        return reading  # a plan has a view of its own
    if verdict.result("schema").status != "pass":
        reading.note = "The output does not come as far as a formulation."
        return reading
    found = extract(output.answer, run.policy)
    if found.document is None:
        reading.note = "The output cannot be read under the policy of this report."
        return reading
    try:
        reading.formulation = Formulation.from_dict(found.document)
        reading.start = found.start
        reading.renames = _renames(verdict)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        reading.note = "The formulation cannot be shown: its parts are not of the expected kind."
    return reading


def _renames(verdict: Verdict) -> dict[str, str]:
    """Which of the output's variables is which of the reference's, where stage 9 found them to be the same."""
    correspondence = verdict.result("equivalent").details.get("correspondence")
    pairs = correspondence.get("b_from_a") if isinstance(correspondence, Mapping) else None
    if not isinstance(pairs, Mapping):
        return {}
    return {ours: theirs for theirs, ours in pairs.items() if isinstance(ours, str) and ours.isidentifier()}


def answer_view(
    run: Run, number: int, verdict: Verdict, base: str, files: dict[str, str], kinds: Mapping[str, str]
) -> AnswerView:
    """One output's card. A text too long to be shown whole goes into ``files``, to be written beside the page."""
    output = run.outputs.get((verdict.problem_id, verdict.sample))
    evidence = evidence_of(verdict)
    shown: Shown | None = None
    raw, whole, text = "", "", ""
    if output is not None:
        start = verdict.result("parses").details.get("start")
        start = start if isinstance(start, int) else 0
        deciding: str = evidence.stage if evidence else "parses"
        findings = verdict.result(deciding).findings[:50]
        spans = [span for finding in findings if (span := locate(output.output, start, finding)) is not None]
        text = output.output
        if len(text) <= MAX_SHOWN:
            text, spans = laid_out(text, spans)
        shown = marked_text(text, spans, max(MAX_SHOWN, len(text) if text != output.output else 0))
        if shown.is_cut:
            whole = f"{base}.{letter_of(number).lower()}{verdict.sample}.txt"
            files[whole] = output.output
        elif "hidden-sign" in shown.html or "\r" in output.output or text != output.output:
            raw = output.output
    answer = AnswerView(
        sample=verdict.sample,
        headline=headline(verdict, output.finish if output else None),
        surface=verdict.surface,
        substance=verdict.substance,
        ladder=ladder_of(verdict),
        evidence=evidence,
        shown=shown,
        markup=safe(shown.html if shown else ""),
        raw=raw,
        whole_file=whole,
        finish=output.finish or "" if output else "",
        cost=_cost(output) if output else "",
        laid_out=bool(shown and output and text != output.output),
    )
    if evidence is not None:
        answer.conflict = [(entry["name"], _row_markup(entry, kinds)) for entry in evidence.conflict]
        answer.violated = [(entry, _row_markup(entry, kinds)) for entry in evidence.violated]
    return answer


def _cost(output: Output) -> str:
    """How long the answer is, and what it took where that is known."""
    parts = [f"{len(output.output):,} characters"]
    tokens = tokens_of(output)
    if tokens is not None:
        parts.append(f"{tokens:,} tokens")
    if output.seconds is not None:
        parts.append(f"{output.seconds:.1f} s")
    return ", ".join(parts)


def _row_markup(entry: Mapping[str, str], kinds: Mapping[str, str]) -> Markup:
    """A row of a verdict's evidence as mathematics; bounds and integralities as text."""
    if not entry["text"]:
        return safe("")
    return safe(html_of(entry["text"], kinds) if entry.get("kind", "row") == "row" else visible(entry["text"]))
