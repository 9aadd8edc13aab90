"""``pyrite problems grids`` and ``plans``: problems whose answer is a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from .writing import counted, write_records


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("grids")(grids_command)
    app.command("plans")(plans_command)


def grids_command(
    case: Annotated[str, typer.Option(help="ieee9, ieee14, ieee30, ieee57, ieee118, separated by commas.")] = "ieee9",
    physics: Annotated[str, typer.Option(help="ac (power flow equations) or dc (linear).")] = "ac",
    count: Annotated[int, typer.Option(min=1, help="Problems for each case.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    outages: Annotated[bool, typer.Option("--outages", help="N-1: one part is out in each.")] = False,
    split: Annotated[str | None, typer.Option(help="Only seeds of this split: train, validation or test.")] = None,
    out: Annotated[str, typer.Option(help="A problems.jsonl to write, or - for standard output.")] = "-",
) -> None:
    """Draw optimal power flow problems around the IEEE cases, with their optimum (extra `grid`)."""
    from ..problems.grids.making import GridOrder, make_grids

    order = GridOrder(tuple(case.split(",")), physics, count, seed, outages, split)  # type: ignore[arg-type]
    made = (problem.to_dict() for problem in make_grids(order))
    write_records(out, counted(made, count * len(order.cases), "grids"))


def plans_command(
    problems: Annotated[str, typer.Argument(help="problems.jsonl with references, or - for standard input.")],
    out: Annotated[str, typer.Option(help="A problems.jsonl to write, or - for standard output.")] = "-",
) -> None:
    """Ask the same problems for their best plan instead of a formulation; infeasible and unbounded ones fall away."""
    from ..problems.files import read_problems
    from ..problems.planning import ask_for_plans

    known = read_problems(problems)
    made = (problem.to_dict() for problem in ask_for_plans(known))
    write_records(out, counted(made, len(known), "problems"))
