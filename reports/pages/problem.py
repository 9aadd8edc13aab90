"""Everything that the page of one problem shows, as plain data for its template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from ...feasibility.errors import PyriteError
from ...feasibility.language.formulation import Formulation
from ...feasibility.language.mathematics import MathRow, rows_of
from ...feasibility.programs.compiling import Rejected, build
from ...feasibility.programs.correspondence import match_names
from ...feasibility.programs.program import Program
from ...feasibility.verdict import Verdict
from ...problems.problem import Problem
from ...results.collection import Collection, Run
from ...results.outputs import Output
from ..charts import COLORS, letter_of
from ..escaping import MAX_SHOWN, file_name, shortened
from .aligning import AlignedLine, AligningReader, align, fold, scalars
from .answer_view import AnswerReading, AnswerView, answer_view, read_answer, safe
from .formulas import row_html
from .layout import prose
from .plan_view import PlanView, plan_view
from .regions import RegionMark, draw, plan_point
from .saying import evidence_of, headline, plan_items

SAMPLES_SHOWN = 6
LINES_SHOWN = 200

KIND_TITLES = {
    "objective": "Objective",
    "constraint": "Constraints",
    "variable": "Variables",
    "parameter": "Parameters",
    "set": "Sets",
}


@dataclass
class Panel:
    """One run on the page."""

    letter: str
    color: int
    name: str
    answers: Sequence[AnswerView]
    more: Sequence[tuple[int, str]]
    plan: Sequence[tuple[str, str, str]]
    plan_omitted: int
    picture: Markup | None
    picture_note: str
    plan_view: PlanView | None
    formulation_note: str
    json: str


@dataclass
class PageLine:
    """One aligned line: markup of the reference and of each run, and why it stands out."""

    key: str
    reference: Markup | None
    cells: Sequence[tuple[Markup | None, str]]
    flag: str


@dataclass
class ProblemPage:
    """The whole page."""

    identifier: str
    title: str
    summary: Sequence[tuple[str, int, str, str]]
    text: Markup
    text_raw: str
    text_note: str
    facts: Sequence[tuple[str, str]]
    panels: Sequence[Panel]
    groups: Sequence[tuple[str, Sequence[PageLine]]]
    groups_note: str
    has_reference: bool
    is_plan: bool
    files: Mapping[str, str]


_WITNESSES = {"admits": "it allows this", "forbids": "it forbids this", "better": "preferred", "worse": "not preferred"}


def _in_short(verdicts: Sequence[Verdict], finish: str | None) -> tuple[str, str]:
    """A run's sign and sentence at the head of the page: those of its first answer, and how many were right."""
    if not verdicts:
        return "–", "was not answered"
    first = verdicts[0]
    sign = "●" if first.substance else "✕" if first.substance is False else "?"
    words = headline(first, finish)
    if len(verdicts) > 1:
        words += f" ({sum(item.substance is True for item in verdicts)} of {len(verdicts)} answers right)"
    return sign, words


def problem_page(collection: Collection, identifier: str) -> ProblemPage:
    """The page of one problem. ``files`` are texts too long to be shown whole, to be written beside the page."""
    problem = collection.problem(identifier)
    base = file_name(identifier)
    files: dict[str, str] = {}
    readings: list[AnswerReading] = []
    panels: list[Panel] = []
    rows: list[list[MathRow] | None] = []
    flags: dict[tuple[str, str], str] = {}
    summary: list[tuple[str, int, str, str]] = []
    reference = problem.reference if problem else None
    for number, run in enumerate(collection.runs):
        verdicts = run.by_problem.get(identifier, [])
        first = verdicts[0] if verdicts else None
        output = run.outputs.get((identifier, first.sample)) if first else None
        reading = read_answer(output, first, run)
        readings.append(reading)
        rows.append(rows_of(reading.formulation, most=LINES_SHOWN) if reading.formulation else None)
        answers = [
            answer_view(run, number, verdict, base, files, _kinds(reading.formulation, reference))
            for verdict in verdicts[:SAMPLES_SHOWN]
        ]
        if first is not None:
            _flag(flags, first, f"{letter_of(number)}: " if len(collection.runs) > 1 else "")
        summary.append((letter_of(number), number % COLORS, *_in_short(verdicts, output.finish if output else None)))
        panels.append(_panel(run, number, problem, verdicts, reading, output, answers))
    wanted = rows_of(reference, most=LINES_SHOWN) if reference else []
    numbers = scalars(reference) | _data_scalars(problem)
    readers = [AligningReader(numbers | scalars(r.formulation), r.renames) for r in readings]
    lines = align(wanted, rows, AligningReader(numbers), readers)
    text = problem.text if problem else ""
    if len(text) > MAX_SHOWN:
        files[f"{base}.problem.txt"] = text
    return ProblemPage(
        identifier=identifier,
        title=_title(collection, summary),
        summary=summary,
        text=safe(prose(text[:MAX_SHOWN])),
        text_raw=text[:MAX_SHOWN] if "<table" in prose(text[:MAX_SHOWN]) else "",
        text_note=f"{base}.problem.txt" if len(text) > MAX_SHOWN else "",
        facts=_facts(problem),
        panels=panels,
        groups=_groups(lines, flags, [row is not None for row in rows]),
        groups_note=_lines_note(reference, readings),
        has_reference=reference is not None,
        is_plan=problem is not None and problem.task == "plan",
        files=files,
    )


def _panel(
    run: Run,
    number: int,
    problem: Problem | None,
    verdicts: Sequence[Verdict],
    reading: AnswerReading,
    output: Output | None,
    answers: Sequence[AnswerView],
) -> Panel:
    """One run's column: its answers, and of the first one its plan and picture."""
    first = verdicts[0] if verdicts else None
    plan, omitted = _plan(first)
    is_plan = problem is not None and problem.task == "plan"
    return Panel(
        letter=letter_of(number),
        color=number % COLORS,
        name=run.name,
        answers=answers,
        more=[(verdict.sample, headline(verdict)) for verdict in verdicts[SAMPLES_SHOWN : SAMPLES_SHOWN + 200]],
        plan=plan,
        plan_omitted=omitted,
        picture=None if is_plan else _picture(reading, problem, first, run, number),
        picture_note=_picture_note(reading, first),
        plan_view=plan_view(problem, first, output, run.policy, f"grid-{number}"),
        formulation_note=reading.note,
        json=reading.formulation.to_json(2)[:MAX_SHOWN] if reading.formulation else "",
    )


def _title(collection: Collection, summary: Sequence[tuple[str, int, str, str]]) -> str:
    if len(summary) == 1:
        return summary[0][3]
    return "; ".join(f"{letter} {words}" for letter, _, _, words in summary[:4])


def _kinds(*formulations: Formulation | None) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for formulation in formulations:
        if formulation is not None:
            kinds |= dict.fromkeys(formulation.parameters, "parameter") | dict.fromkeys(
                formulation.variables, "variable"
            )
    return kinds


def _flag(flags: dict[tuple[str, str], str], verdict: Verdict, who: str) -> None:
    """Which lines the verdict itself names: rows of the reference that are broken, rows of the output in conflict."""
    evidence = evidence_of(verdict)
    if evidence is None:
        return
    for entry in evidence.violated:
        kind = "constraint" if entry["constraint"] else "variable"
        name = entry["constraint"] or entry["name"].split("[")[0]
        key = (kind, "reference:" + fold(name))
        flags[key] = f"{flags[key]}; {who}its plan breaks this" if key in flags else f"{who}its plan breaks this"
    for witness in evidence.witness:
        if witness.constraint:
            words = (
                f"{who}it allows a plan that breaks this"
                if witness.kind == "admits"
                else f"{who}forbids what is allowed"
            )
            side = "reference:" if witness.kind == "admits" else ""
            for kind in ("constraint", "variable"):
                flags.setdefault((kind, side + fold(witness.constraint.split("[")[0])), words)
    for entry in evidence.conflict:
        if entry["constraint"]:
            flags["constraint", fold(entry["constraint"])] = f"{who}in the conflict"
        elif entry["name"]:
            flags["variable", fold(entry["name"].split("[")[0])] = f"{who}in the conflict"


def _plan(verdict: Verdict | None) -> tuple[list[tuple[str, str, str]], int]:
    """Name, number in the output's plan, number in the reference's plan."""
    if verdict is None:
        return [], 0
    sound, bounded = verdict.result("sound").details, verdict.result("bounded").details
    ours = dict(plan_items(sound.get("plan")) or plan_items(bounded.get("plan")))
    theirs = dict(plan_items(sound.get("reference_plan")))
    names = list(dict.fromkeys([*theirs, *ours]))
    table = [(name, ours.get(name, "–"), theirs.get(name, "–") if theirs else "") for name in names]
    interesting = [row for row in table if row[1] not in ("0", "–") or row[2] not in ("0", "–", "")]
    chosen = table if len(table) <= 30 else interesting[:30]
    return chosen, len(table) - len(chosen)


def _program(formulation: Formulation | None, problem: Problem | None, run: Run) -> Program | None:
    """The program of a small formulation, for a picture; None when it has not exactly two scalar variables."""
    if formulation is None or len(formulation.variables) > 2 or len(formulation.constraints) > 60:
        return None
    if any(len(c.expression) > 2000 for c in formulation.constraints.values()):
        return None
    try:
        return build(formulation, problem.data if problem else None, run.policy)
    except (Rejected, PyriteError):
        return None


def _picture(
    reading: AnswerReading, problem: Problem | None, verdict: Verdict | None, run: Run, number: int
) -> Markup | None:
    theirs = _program(problem.reference if problem else None, problem, run)
    ours = _program(reading.formulation, problem, run)
    base = theirs or ours
    if base is None or len(base.columns) != 2 or verdict is None:
        return None
    match = match_names(ours, theirs) if ours and theirs else None
    if ours is not None and theirs is not None and match is None:
        return None
    names = [column.name for column in base.columns]
    sound, bounded = verdict.result("sound").details, verdict.result("bounded").details
    our_names = [ours.columns[j].name for j in (match or (0, 1))] if ours and len(ours.columns) == 2 else []
    candidates = [
        ("theirs", plan_point(_mapping(sound.get("reference_plan")), names), "reference's best"),
        ("ours", plan_point(_mapping(bounded.get("plan")), our_names), "its best"),
    ]
    for witness in (verdict.witness or {}, (verdict.witness or {}).get("ranks") or {}):
        for kind, label in _WITNESSES.items():
            entry = _mapping(witness.get(kind))
            plan = (entry or {}).get("image" if kind == "admits" else "plan")
            candidates.append(("witness", plan_point(_mapping(plan), names), label))
    marks = [RegionMark(kind, *point, label) for kind, point, label in candidates if point is not None]
    drawn = draw(ours, theirs, match, marks, f"regions-{number}")
    return safe(drawn) if drawn else None


def _picture_note(reading: AnswerReading, verdict: Verdict | None) -> str:
    """What the picture cannot show of this output."""
    if reading.formulation is None or verdict is None or verdict.result("builds").status not in ("pass", "unknown"):
        return "this output has no program to draw"
    return "this output allows no plan" if verdict.result("feasible").status == "fail" else ""


def _mapping(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _data_scalars(problem: Problem | None) -> dict[str, Any]:
    if problem is None:
        return {}
    return {name: p.values for name, p in problem.data.parameters.items() if not isinstance(p.values, Mapping)}


def _facts(problem: Problem | None) -> list[tuple[str, str]]:
    if problem is None:
        return [("note", "the run's problem file does not hold this problem")]
    facts = [("family", problem.family), ("source", problem.source), ("split", problem.split)]
    if problem.optimum is not None:
        from ...feasibility.rationals import show

        facts.append(("stated optimum", show(problem.optimum)))
    if problem.status is not None:
        facts.append(("stated status", problem.status))
    if problem.data.sets or problem.data.parameters:
        document = json.dumps(problem.data.to_dict(), ensure_ascii=False)
        facts.append(("data", shortened(document, 600)))
    return [(name, shortened(value, 600)) for name, value in facts if value]


def _groups(
    lines: Sequence[AlignedLine], flags: Mapping[tuple[str, str], str], readable: Sequence[bool]
) -> list[tuple[str, Sequence[PageLine]]]:
    groups: dict[str, list[PageLine]] = {}
    for line in lines[: 3 * LINES_SHOWN]:
        key = fold(line.key)
        flag = flags.get((line.kind, "reference:" + key), "") if line.reference else ""
        for cell in line.cells:
            if cell is not None:
                flag = flag or flags.get((line.kind, fold(cell.row.key)), "")
        cells = [
            (safe(cell.html), cell.mark) if cell else (None, "missing" if line.reference and readable[i] else "")
            for i, cell in enumerate(line.cells)
        ]
        reference = safe(row_html(line.reference)) if line.reference else None
        groups.setdefault(KIND_TITLES[line.kind], []).append(PageLine(shortened(line.key, 160), reference, cells, flag))
    return list(groups.items())


def _lines_note(reference: Formulation | None, readings: Sequence[AnswerReading]) -> str:
    for formulation in (reference, *(reading.formulation for reading in readings)):
        if formulation is not None and len(formulation.constraints) > LINES_SHOWN:
            return f"Only the first {LINES_SHOWN} lines of each kind are shown."
    return ""
