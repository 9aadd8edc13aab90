"""``pyrite problems``: make, list and show problems, and training pairs from them; import and audit join in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import in_json
from . import audit, grids, importing
from .console import echo, notes
from .writing import counted, write_records

problems_app = typer.Typer(
    name="problems",
    help="Make, import, audit and show problems.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add the ``problems`` commands."""
    problems_app.command("make")(make_command)
    problems_app.command("list")(list_command)
    problems_app.command("show")(show_command)
    problems_app.command("pairs")(pairs_command)
    problems_app.command("export")(export_command)
    importing.register(problems_app)
    audit.register(problems_app)
    grids.register(problems_app)
    app.add_typer(problems_app)


def make_command(
    family: Annotated[str, typer.Option(help="Families, separated by commas, or all.")] = "all",
    size: Annotated[str, typer.Option(help="small, medium, large, separated by commas, or all.")] = "small",
    variant: Annotated[
        str, typer.Option(help="plain, infeasible, unbounded, redundant, sometimes, twin, or all.")
    ] = "plain",
    count: Annotated[int, typer.Option(min=1, help="Problems for each family, size and variant.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    split: Annotated[str | None, typer.Option(help="Only seeds of this split: train, validation or test.")] = None,
    texts: Annotated[
        str, typer.Option(help="varied, or plain: one phrasing a family, digits, nothing beside the facts.")
    ] = "varied",
    out: Annotated[str, typer.Option(help="A problems.jsonl to write, or - for standard output.")] = "-",
    against: Annotated[
        list[Path] | None, typer.Option(help="Problems of other splits whose near-duplicates are refused (repeatable).")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that draw side by side; default: every core.")
    ] = None,
) -> None:
    """Draw problems from families: text, data, and a reference that is solved and certified."""
    from ..problems.families import FAMILIES, SIZES, VARIANTS
    from ..problems.files import read_problems
    from ..problems.generating import Order, Refusals, make

    order = Order(
        tuple(FAMILIES) if family == "all" else _words(family),
        SIZES if size == "all" else _words(size),  # type: ignore[arg-type]
        tuple(VARIANTS) if variant == "all" else _words(variant),  # type: ignore[arg-type]
        count,
        seed,
        split,
        texts,  # type: ignore[arg-type]
    )
    others = [problem for path in against or () for problem in read_problems(path, strict=True)]
    refusals = Refusals()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = jobs if jobs is not None else min(cores, 1 + order.total // 50)
    made = make(order, jobs=workers, against=others, refusals=refusals)
    write_records(out, counted((problem.to_dict() for problem in made), order.total, "problems"))
    for text in refusals.notes:
        echo(f"pyrite: refused {text}", err=True)


def list_command(as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False) -> None:
    """Name the families, with their sizes and variants."""
    from ..problems.families import FAMILIES, VARIANTS

    if as_json:
        listed = [
            {"family": item.name, "summary": item.summary, "variants": {s: list(v) for s, v in item.variants.items()}}
            for item in FAMILIES.values()
        ]
        echo(json.dumps(listed, indent=2))
        return
    width = max(map(len, FAMILIES))
    for item in FAMILIES.values():
        echo(f"{item.name:<{width}}  {item.summary}")
        for sizes, variants in _grouped(item.variants):
            echo(f"{'':<{width}}    {', '.join(sizes)}: {', '.join(variants)}")
    echo("\nvariants")
    for name, meaning in VARIANTS.items():
        echo(f"  {name:<10}  {meaning}")


def show_command(
    problem_id: Annotated[str, typer.Argument(metavar="ID", help="The problem's id.")],
    problems: Annotated[
        str | None,
        typer.Option("--problems", help="The file it is in, or -; without it, a generated id is drawn again."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the line of problems.jsonl.")] = False,
) -> None:
    """Show a problem: text, reference as readable mathematics, optimum and plan."""
    from ..problems.showing import shown

    problem = _find(problem_id, problems)
    if as_json:
        typer.echo(in_json(json.dumps(problem.to_dict(), ensure_ascii=False)))
    else:
        echo(shown(problem))


def pairs_command(
    problems: Annotated[str, typer.Argument(help="problems.jsonl, or - for standard input.")],
    kind: Annotated[
        str, typer.Option(help="supervised (prompt, completion) or preference (prompt, chosen, rejected).")
    ] = "supervised",
    out: Annotated[str, typer.Option(help="The file to write, or - for standard output.")] = "-",
    count: Annotated[int, typer.Option(min=1, help="Preference pairs for each problem, at most.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Decides which faults are chosen.")] = 0,
) -> None:
    """Write training pairs: completions are references as compact formulation JSON; rejected answers hold on the
    surface and fail in substance."""
    from ..problems.files import read_problems
    from ..problems.pairs import preferences, supervised

    if kind not in ("supervised", "preference"):
        raise PyriteError(f"--kind is supervised or preference, not {kind!r}")
    known = read_problems(problems)
    with_reference = [problem for problem in known if problem.reference is not None]
    if len(with_reference) < len(known):
        echo(f"pyrite: {len(known) - len(with_reference):,} problems have no reference and are left out", err=True)
    records: Iterator[dict[str, Any]]
    if kind == "supervised":
        records = (supervised(problem) for problem in with_reference)
    else:
        records = (pair for problem in with_reference for pair in preferences(problem, count, seed))
    write_records(out, counted(records, None, "pairs"))


def export_command(
    problems: Annotated[str, typer.Argument(help="problems.jsonl, or - for standard input.")],
    out: Annotated[
        Path,
        typer.Option("--out", help="A .parquet file, or a folder as the Hugging Face hub has it, a file a split."),
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first broken line.")] = False,
) -> None:
    """Write problems as parquet, for `datasets.load_dataset` and other tools; `problems import` reads it back."""
    from ..problems.columns import export_problems
    from ..problems.files import read_problems

    known = read_problems(problems, strict)
    notes(known.complaints, "remarks on the file's lines")
    counts = export_problems(known, out)
    for name, count in counts.items():
        echo(f"{out if out.suffix == '.parquet' else out / (name + '.parquet')}: {count:,} problems")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _grouped(variants: Mapping[Any, tuple[str, ...]]) -> list[tuple[list[str], tuple[str, ...]]]:
    """Sizes that have the same variants, together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for size, names in variants.items():
        groups.setdefault(names, []).append(size)
    return [(sizes, names) for names, sizes in groups.items()]


def _find(problem_id: str, path: str | None) -> Any:
    from ..problems.families import FAMILIES, PLAIN_TEXT, SIZES, VARIANTS, draw
    from ..problems.files import read_problems

    if path is not None:
        for problem in read_problems(path):
            if problem.id == problem_id:
                return problem
        raise PyriteError(f"{path} has no problem {problem_id!r}")
    family, _, rest = problem_id.removesuffix(PLAIN_TEXT).rpartition("-")
    family, _, variant = family.rpartition("-")
    family, _, size = family.rpartition("-")
    if family not in FAMILIES or size not in SIZES or variant not in VARIANTS or not rest.isdecimal() or len(rest) > 9:
        raise PyriteError(
            f"{problem_id!r} is not the id of a generated problem; say which file it is in with --problems"
        )
    texts = "plain" if problem_id.endswith(PLAIN_TEXT) else "varied"
    return draw(family, int(rest), size, variant, texts)  # type: ignore[arg-type]
