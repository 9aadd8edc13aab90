"""``pyrite equivalent A B``: the same plans in the same order of preference, or the plan that tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.policy import read_policy
from .check import find_problem
from .console import bold, dim, echo, print_json, read_text, table
from .models import model_program

if TYPE_CHECKING:
    from ..feasibility.language.formulation import Formulation
    from ..feasibility.policy import Policy
    from ..feasibility.programs.program import Program
    from ..problems.problem import Problem

_COLOURS = {"equivalent": "green", "unknown": "yellow"}
_LINES = 20


def register(app: typer.Typer) -> None:
    """Add ``equivalent``."""
    app.command("equivalent")(equivalent_command)


def equivalent_command(
    a: Annotated[str, typer.Argument(help="A formulation (JSON), or - for standard input.")],
    b: Annotated[str | None, typer.Argument(help="Another one, or - ; left out with --problem: its reference.")] = None,
    mapping: Annotated[
        str | None,
        typer.Option("--map", help='JSON {"variable of B": "expression in A\'s", ...}: "60*hours".'),
    ] = None,
    problem: Annotated[str | None, typer.Option(help="A problem whose data both may use.")] = None,
    problems: Annotated[str | None, typer.Option(help="problems.jsonl with that problem.")] = None,
    policy: Annotated[str | None, typer.Option(help="Tolerances and limits: a TOML or JSON file.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting, name=value; may repeat.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Relation, correspondence and evidence as JSON.")] = False,
) -> None:
    """The relation of A to B: equivalent, relaxation, restriction, incomparable, objective-differs or unknown.

    Every answer comes with its evidence, re-checked by a separate checker. Exit code 0 only when equivalent.
    """
    from ..feasibility.equivalence.deciding import compare
    from ..feasibility.equivalence.given_map import read_map
    from ..feasibility.equivalence.lifting.lifted import lift
    from ..feasibility.equivalence.rendering import to_json

    chosen = read_policy(policy, settings or ())
    if (problem is None) != (problems is None):
        raise PyriteError("--problem ID and --problems FILE go together")
    if b is None and problem is None:
        raise PyriteError("two formulations are needed, or one and --problem ID --problems FILE")
    if a == b == "-":
        raise PyriteError("both formulations cannot come from standard input")
    known = find_problem(problem, problems) if problem is not None and problems is not None else None
    first, ours = _program(a, chosen, known)
    second, theirs = _reference(known, chosen) if b is None else _program(b, chosen, known)
    images = None if mapping is None else read_map(read_text(mapping), first, mapping)
    found = compare(first, second, chosen, mapping=images, text=known.text if known else "")
    document = to_json(first, second, found, known.units if known else {})
    if found.relation == "equivalent" and ours is not None and theirs is not None:
        document |= lift(ours, theirs, known.data if known else None, chosen, found.correspondence).to_dict()
    if as_json:
        print_json(document)
    else:
        _show(document, found.checked, found.trusted)
    if found.relation != "equivalent":
        raise typer.Exit(1)


def _program(path: str, policy: Policy, problem: Problem | None) -> tuple[Program, Formulation | None]:
    """The program of a file, and the formulation where the file is one (LP, MPS and MathOptFormat are not)."""
    from ..feasibility.convert import format_of, read
    from ..feasibility.language.formulation import Data
    from ..feasibility.programs.compiling import build, parse_formulation

    form = "json" if path == "-" else format_of(path)
    text = read_text(path)
    if form != "json":
        return model_program(path, text, read, policy), None
    try:
        formulation = parse_formulation(text, policy)
        return build(formulation, problem.data if problem else Data(), policy), formulation
    except PyriteError as error:
        raise PyriteError(f"{'standard input' if path == '-' else path}: {error.message}") from error


def _reference(problem: Problem | None, policy: Policy) -> tuple[Program, Formulation]:
    from ..feasibility.programs.compiling import build

    assert problem is not None
    if problem.reference is None:
        raise PyriteError(f"problem {problem.id!r} has no reference formulation to compare with")
    return build(problem.reference, problem.data, policy), problem.reference


def _show(document: dict[str, Any], checked: int, trusted: int) -> None:
    relation = document["relation"]
    proof = f"{document['proof']}, {document['scope']}" if "proof" in document else ""
    echo(bold(relation, _COLOURS.get(relation, "red")) + "  " + dim(proof))
    echo(document["sentence"])
    if document.get("assumptions"):
        echo(f"For all data with {', '.join(document['assumptions'])}.")
    elif "scope_reason" in document:
        echo(dim(f"Only for the data at hand: {document['scope_reason']}."))
    witness = document.get("witness", {})
    for key, title in (("admits", "a plan that only A admits"), ("forbids", "a plan that only B admits")):
        if key in witness:
            _show_plan(title, witness[key])
    if "ranks" in witness:
        _show_plan("the better plan of the two", witness["ranks"]["better"])
        _show_plan("the worse one", witness["ranks"]["worse"])
    maps = document.get("correspondence")
    if maps:
        echo(f"\ncorrespondence ({maps['source']}):")
        shown = list(maps["b_from_a"].items())
        echo(table(("B", "in A's terms"), [(n, v or "-") for n, v in shown[:_LINES]], left=2, indent="  "))
        if len(shown) > _LINES:
            echo(f"  ... and {len(shown) - _LINES} more")
    if checked:
        rest = f", {trusted} rest on a solver's search" if trusted else ""
        echo(dim(f"\n{checked} pieces of evidence re-checked in exact arithmetic{rest}"))


def _show_plan(title: str, entry: dict[str, Any]) -> None:
    exact = entry.get("plan_exact", {})
    rows = [(name, str(exact.get(name, f"{value:,.10g}"))) for name, value in entry["plan"].items()]
    echo(f"\n{title}:")
    echo(table(("variable", "value"), rows[:_LINES], indent="  "))
    if len(rows) > _LINES:
        echo(f"  ... and {len(rows) - _LINES} more")
