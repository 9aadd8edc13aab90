"""``pyrite check``: one formulation, like a linter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from ..feasibility.policy import read_policy
from .console import bold, coloured, dim, echo, note, notes, print_json
from .models import read_model

if TYPE_CHECKING:
    from ..feasibility.policy import Policy
    from ..feasibility.verdict import Finding, StageResult, Verdict
    from ..problems.problem import Problem

_SIGNS = {"pass": ("ok", "green"), "fail": ("NO", "red"), "unknown": ("??", "yellow"), "skipped": ("--", None)}
_LINES = 12
_WIDTH = 100


def register(app: typer.Typer) -> None:
    """Add ``check``."""
    app.command("check")(check_command)


def check_command(
    formulation: Annotated[
        str, typer.Argument(help="A formulation, a model (.lp, .mps, .mof.json), a program (.py), a raw output, or -.")
    ],
    problem: Annotated[str | None, typer.Option(help="The id of the problem that it answers.")] = None,
    problems: Annotated[str | None, typer.Option(help="problems.jsonl with that problem.")] = None,
    solver: Annotated[str | None, typer.Option(help="A second opinion from any solver that Pyomo finds.")] = None,
    policy: Annotated[str | None, typer.Option(help="Tolerances and limits: a TOML or JSON file.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting, name=value; may repeat.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON.")] = False,
) -> None:
    """Check one formulation or program: the ladder, the first failure, the numbers. Exit code 1 without substance."""
    from ..feasibility.recording import require_sandbox
    from ..feasibility.scoring.languages import fenced, task_of
    from ..feasibility.scoring.pool import Pool
    from ..feasibility.scoring.reference import Reference

    chosen = read_policy(policy, settings or ())
    if (problem is None) != (problems is None):
        raise PyriteError("--problem ID and --problems FILE go together")
    if formulation == problems == "-":
        raise PyriteError("the formulation and the problems cannot both come from standard input")
    text, chosen = read_model(formulation, chosen)
    task = task_of(text)
    if formulation.lower().endswith((".py", ".ipynb")):
        text, task = fenced(text), "code"
    known = find_problem(problem, problems) if problem is not None and problems is not None else None
    reference = known.as_reference() if known else Reference()
    name = known.id if known else ""
    if task == "code":
        require_sandbox()
    with Pool(chosen, workers=1, task=task) as pool:
        verdict = next(iter(pool.judge([(name, 0, text)], {name: reference})))
    if not as_json:
        _show(verdict, text, chosen)
    opinion = None if solver is None else _second_opinion(text, known, solver, chosen, verdict)
    good = verdict.surface and verdict.substance is True and (opinion is None or opinion["agrees"] is not False)
    if as_json:
        document = {"ok": good, **verdict.to_dict()}
        print_json(document if opinion is None else {**document, "second_opinion": opinion})
    elif opinion is not None:
        _show_opinion(opinion)
    if not good:
        raise typer.Exit(1)


def find_problem(problem_id: str, path: str) -> Problem:
    """The problem of this id in the file. Raises PyriteError when it is not there."""
    from ..problems.files import read_problems

    known = read_problems(path)
    notes(known.complaints, "broken lines were passed over")
    found = next((item for item in known if item.id == problem_id), None)
    if found is None:
        near = ", ".join(item.id for item in known[:3])
        raise PyriteError(f"{path} has no problem {problem_id!r}; it has {near}{', ...' if len(known) > 3 else ''}")
    return found


# The ladder ---------------------------------------------------------------------------------------------------------


def _show(verdict: Verdict, text: str, policy: Policy) -> None:
    stages = verdict.ladder.stages
    upto = stages.index(verdict.strongest)
    shown = [s for place, s in enumerate(stages) if place <= upto or verdict.result(s).status != "skipped"]
    width = max(len(stage) for stage in shown)
    for stage in shown:
        result = verdict.result(stage)
        sign, color = _SIGNS[result.status]
        line = f"{bold(sign, color)}  {stage:<{width}}  {_remark(stage, result)}"
        echo(line.rstrip())
    document = _document(text, policy) if verdict.ladder.task == "formulation" else None
    told = {"earlier-unknown"}
    for stage in stages:
        result = verdict.result(stage)
        if result.status == "fail" or (result.status == "unknown" and result.code not in told):
            _show_trouble(stage, result, text, document)
            told.add(result.code or "")
    echo("")
    echo(_conclusion(verdict))


def _remark(stage: str, result: StageResult) -> str:
    """What stands behind a stage's name: numbers when it passed, the code when not."""
    details = result.details
    if result.status != "pass":
        return "" if result.code == "earlier-stage" else dim(result.code or "")
    if stage == "parses" and details.get("read_as"):
        return dim(", ".join(f"{text} is read as {value}" for text, value in details["read_as"].items()))
    if stage == "parses" and details.get("surrounding"):
        return dim(f"{details['surrounding']:,} characters of other text around it")
    # The worker may have been stopped later on; then a pass has lost its numbers.
    if stage == "builds" and "kind" in details:
        return dim(f"{details['kind']}, {details['columns']:,} columns, {details['rows']:,} rows")
    if stage == "runs" and details.get("library"):
        return dim(details["library"])
    if stage == "declares" and details.get("notes"):
        return dim("; ".join(details["notes"]))
    if result.code:
        return dim(one_line(result.message))
    if stage == "bounded" and "optimum" in details:
        return f"optimum {_number(details['optimum'])}  " + dim(details.get("proof") or "")
    if stage == "value" and "optimum" in details:
        return f"{_number(details['optimum'])}, as it should be"
    return ""


def _show_trouble(stage: str, result: StageResult, text: str, document: Any) -> None:
    color = "red" if result.status == "fail" else "yellow"
    echo("")
    echo(f"{bold(f'{stage}: {result.code}', color)}")
    for place, finding in enumerate(result.findings[:_LINES]):
        if place:
            echo("")
        _show_finding(finding, text, document)
    if not result.findings:
        echo(one_line(f"  {result.message}"))
    second = result.details.get("jsonschema")
    if second:
        said = (
            f"{second['path']} ({second['rule']})" if second.get("confirmed") else f"not asked: {second.get('reason')}"
        )
        echo(dim(one_line(f"  jsonschema: {said}")))
    if len(result.findings) > _LINES:
        echo(f"  ... and {len(result.findings) - _LINES} more findings")
    _show_evidence(result.details)


def _show_finding(finding: Finding, text: str, document: Any) -> None:
    place = f"{finding.where}: " if finding.where else ""
    echo(one_line(f"  {place}{finding.message}"))
    source = text if not finding.where else _at(document, finding.where)
    if isinstance(source, str) and finding.at is not None:
        for line in _caret(source, finding.at, finding.end):
            echo(one_line(f"      {line}"))
    if finding.hint:
        echo(f"  {coloured('hint:', 'cyan')} {one_line(finding.hint)}")


def _show_evidence(details: Any) -> None:
    """The rows of a violation or a conflict, one a line."""
    for row in details.get("violated", ())[1:_LINES]:
        echo(one_line(f"  also: {row['sentence']}"))
    more = len(details.get("violated", ())) - _LINES
    if more > 0:
        echo(f"  ... and {more} more")
    conflict = details.get("conflict")
    if not conflict:
        return
    for row in conflict["rows"][:_LINES]:
        echo(one_line(f"      {row['row']}: {row['text']}"))
    for bound in conflict["bounds"][:_LINES]:
        sign = ">=" if bound["side"] == "lower" else "<="
        echo(f"      bound: {one_line(bound['variable'])} {sign} {_number(bound.get('bound'))}")
    if conflict["integers"]:
        echo(f"      whole numbers: {one_line(', '.join(conflict['integers'][:_LINES]))}")
    if conflict["proved"]:
        echo("  Without any one of these the rest could be satisfied.")


def _conclusion(verdict: Verdict) -> str:
    strongest = verdict.strongest
    surface = "yes" if verdict.surface else "no"
    substance = {True: "yes", False: "no", None: "unknown"}[verdict.substance]
    text = f"surface: {surface}   substance: {substance} (decided by {strongest})"
    if verdict.proof:
        text += f"   proof: {verdict.proof}"
    return bold(text, {True: "green", False: "red", None: "yellow"}[verdict.substance])


def _document(text: str, policy: Policy) -> Any:
    """The formulation as read, to quote expressions from; None when there is none."""
    from ..feasibility.language.document.reading import extract

    return extract(text, policy).document


def _at(document: Any, pointer: str) -> Any:
    """What stands at a JSON pointer; an object with an ``expression`` stands for it."""
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document["expression"] if isinstance(document, dict) and "expression" in document else document


def _caret(source: str, at: int, end: int | None) -> tuple[str, str]:
    """The line of the source with this character, cut to the screen, and a line of carets under it."""
    at = min(at, len(source))
    start = source.rfind("\n", 0, at) + 1
    stop = source.find("\n", at)
    line = source[start : stop if stop >= 0 else len(source)]
    column = at - start
    length = max(1, min((end or at + 1) - at, len(line) - column))
    first = max(0, column - _WIDTH // 2)
    shown = line[first : first + _WIDTH].replace("\t", " ")
    left = "..." if first else ""
    return left + shown, " " * (len(left) + column - first) + "^" * min(length, max(1, _WIDTH - (column - first)))


def _number(value: Any) -> str:
    return "?" if value is None else f"{value:,.10g}"


# The second opinion -------------------------------------------------------------------------------------------------


def _second_opinion(
    text: str, problem: Problem | None, solver: str, policy: Policy, verdict: Verdict
) -> dict[str, Any] | None:
    """What another solver says through Pyomo, beside our own status; None when the formulation does not build."""
    if verdict.ladder.task == "code":
        note(f"pyrite: no second opinion from {solver}: convert the program, and check what it declares")
        return None
    if verdict.result("builds").status == "fail" or verdict.result("names").status != "pass":
        note(f"pyrite: no second opinion from {solver}: the formulation does not build")
        return None
    from ..feasibility.language.formulation import Data
    from ..results.opinions import opinion_of

    found = opinion_of(text, problem.data if problem else Data(), verdict, solver, policy).to_dict()
    return {name: value for name, value in found.items() if name not in ("problem_id", "sample")}


def _show_opinion(opinion: dict[str, Any]) -> None:
    def said(status: str, optimum: float | None) -> str:
        return f"{status}, {_number(optimum)}" if status == "optimal" else status

    theirs = said(opinion["status"], opinion["optimum"])
    ours = said(opinion["our_status"], opinion["our_optimum"])
    word = {True: "agrees", False: "DISAGREES", None: "says nothing certain"}[opinion["agrees"]]
    line = f"second opinion: {opinion['solver']} {word}: {theirs} (here: {ours})"
    echo(bold(line, {True: "green", False: "red", None: "yellow"}[opinion["agrees"]]))
    if opinion["message"] and opinion["agrees"] is not True:
        echo(f"  {opinion['message']}")
