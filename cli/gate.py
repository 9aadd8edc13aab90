"""``pyrite gate``: does a run regress against a baseline?"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.disk import append_text, export_whole
from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from .console import bold, dim, echo, note, print_json, table

if TYPE_CHECKING:
    from ..reports.gate.deciding import Decision
    from ..reports.gate.rules import GateRules
    from ..reports.gate.snapshot import Snapshot

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
_WORDS = {"ok": "PASSED", "warn": "PASSED with warnings", "fail": "FAILED"}
_BROKEN = 10


def register(app: typer.Typer) -> None:
    """Add ``gate``."""
    app.command("gate")(gate_command)


def gate_command(
    run: Annotated[Path, typer.Argument(help="A scored run folder.")],
    baseline: Annotated[Path | None, typer.Option(help="The baseline to hold it against.")] = None,
    write_baseline: Annotated[Path | None, typer.Option(help="Write the run's baseline to this file instead.")] = None,
    rules: Annotated[Path | None, typer.Option(help="A TOML file with a [gate] table.")] = None,
    max_drop: Annotated[list[str] | None, typer.Option(help="STAGE=SHARE: largest drop; may repeat.")] = None,
    min_rate: Annotated[list[str] | None, typer.Option(help="STAGE=SHARE: smallest rate; may repeat.")] = None,
    max_broken: Annotated[list[str] | None, typer.Option(help="STAGE=COUNT: most newly broken problems.")] = None,
    significant: Annotated[float | None, typer.Option(help="Level at which a drop fails; 0: every drop.")] = None,
    unknowns: Annotated[str | None, typer.Option(help="ignore, fail or bound.")] = None,
    off: Annotated[list[str] | None, typer.Option(help="An outcome whose default limit is off; may repeat.")] = None,
    protect: Annotated[list[str] | None, typer.Option(help="A problem that may never break; may repeat.")] = None,
    surface_only: Annotated[
        float | None, typer.Option(help="Largest growth of the share that passes the surface and fails the substance.")
    ] = None,
    allow_missing: Annotated[bool, typer.Option("--allow-missing", help="Missing problems only warn.")] = False,
    allow_changed: Annotated[bool, typer.Option("--allow-changed", help="Changed problems only warn.")] = False,
    allow_policy: Annotated[bool, typer.Option("--allow-policy", help="Another policy only warns.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    code_quality: Annotated[Path | None, typer.Option(help="Write a GitLab Code Quality report here.")] = None,
    github: Annotated[bool | None, typer.Option(help="Annotations and job summary (default: on GitHub).")] = None,
    pages: Annotated[str | None, typer.Option(help="Address of the run's report, for links.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The decision as JSON.")] = False,
) -> None:
    """Fail (exit code 1) when the run regresses: a significant drop of feasibility or substance, unless rules say more.

    Exit code 2 when the two cannot be compared, such as under different policies.
    """
    from ..reports.gate.deciding import decide
    from ..reports.gate.rules import GateRules, read_rules, with_flags
    from ..reports.gate.snapshot import of_run, read_baseline

    if (baseline is None) == (write_baseline is None):
        raise PyriteError("give either --baseline FILE or --write-baseline FILE")
    if write_baseline is not None:
        _write(run, write_baseline)
        return
    assert baseline is not None
    on_github = github if github is not None else os.environ.get("GITHUB_ACTIONS") == "true"
    limits: dict[str, Any] = {"max_drop": max_drop or [], "min_rate": min_rate or [], "max_broken": max_broken or []}
    others: dict[str, Any] = {
        "significant": significant,
        "unknowns": unknowns,
        "off": tuple(off) if off else None,
        "protected": tuple(protect) if protect else None,
        "max_surface_only_growth": surface_only,
        "allow_missing": allow_missing or None,
        "allow_changed": allow_changed or None,
        "allow_policy": allow_policy or None,
    }
    try:
        chosen: GateRules = with_flags(GateRules() if rules is None else read_rules(rules), **limits, **others)
        decision = decide(read_baseline(baseline), of_run(run), chosen)
    except PyriteError as error:
        # A gate that could not decide is an error in every format, not a missing file that reads as nothing wrong.
        _tell_error(error, junit, str(baseline) if on_github else None, as_json)
        raise
    _write_files(decision, junit, code_quality, str(baseline), pages)
    if on_github:
        _tell_github(decision, pages, as_json, str(baseline))
    if as_json:
        print_json(decision.to_dict())
    else:
        _show_foreign(decision, on_github)
    if decision.level == "fail":
        raise typer.Exit(1)


def _show_foreign(decision: Decision, on_github: bool) -> None:
    """The decision on the terminal; on GitHub between the marks that keep the runner from obeying its text."""
    token = f"pyrite-{secrets.token_hex(16)}"
    if on_github:
        typer.echo(f"::stop-commands::{token}")
    show_decision(decision)
    if on_github:
        typer.echo(f"::{token}::")


def _tell_error(error: PyriteError, junit: Path | None, place: str | None, as_json: bool) -> None:
    from ..reports.gate.github import error_command
    from ..reports.gate.junit import write_error

    if junit is not None:
        try:
            write_error(error.message, junit)
        except PyriteError as other:
            note(f"pyrite: {other.message}")
    if place is not None:
        typer.echo(error_command(error.message, place), err=as_json)


def read_gate(baseline: Path, rules: Path | None) -> tuple[Snapshot, GateRules]:
    """The baseline and the rules (the defaults without a file). Raises PyriteError when either cannot be used."""
    from ..reports.gate.rules import GateRules, read_rules
    from ..reports.gate.snapshot import read_baseline

    return read_baseline(baseline), GateRules() if rules is None else read_rules(rules)


def decide_gate(run: Path, baseline: Path, rules: Path | None) -> Decision:
    """The gate's decision about a run folder; on GitHub it is also told there."""
    from ..reports.gate.deciding import decide
    from ..reports.gate.snapshot import of_run

    known, chosen = read_gate(baseline, rules)
    decision = decide(known, of_run(run), chosen)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        _tell_github(decision, None, True, str(baseline))
    return decision


def _write(run: Path, path: Path) -> None:
    from ..reports.gate.snapshot import of_run, write_baseline

    snapshot = of_run(run)
    write_baseline(snapshot, path)
    note(f"pyrite: baseline of {len(snapshot.problems):,} problems written to {path}; commit it")


def _write_files(decision: Decision, junit: Path | None, quality: Path | None, place: str, pages: str | None) -> None:
    from ..reports.gate.gitlab import code_quality
    from ..reports.gate.junit import write_junit

    if junit is not None:
        write_junit(decision, junit, pages)
    if quality is not None:
        export_whole(quality, code_quality(decision, place), folders=True)


def _tell_github(decision: Decision, pages: str | None, as_json: bool, place: str) -> None:
    """Annotations on standard output (with --json on standard error; the runner reads both), summary and outputs."""
    from ..reports.gate.github import commands, outputs, summary

    for line in commands(decision, place, pages):
        typer.echo(line, err=as_json)
    target = os.environ.get("GITHUB_OUTPUT")
    if target:
        append_text(target, outputs(decision))
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        append_text(path, summary(decision, pages))


def show_decision(decision: Decision) -> None:
    """The decision on the terminal."""
    echo(
        bold(f"gate {_WORDS[decision.level]}", _COLOURS[decision.level])
        + f"  {one_line(decision.run)} against {one_line(decision.baseline)}"
    )
    rows = []
    for m in decision.movements:
        before, after = (("-" if r is None else f"{100 * r:.1f} %") for r in (m.before, m.after))
        rows.append(
            (m.outcome, f"{m.problems:,}", before, after, str(len(m.lost)), str(len(m.gained)), f"{m.p_holm:.4f}")
        )
    echo(table(("outcome", "problems", "baseline", "run", "broke", "fixed", "p"), rows))
    for result in decision.results:
        if result.level != "ok":
            echo(f"{bold(result.level, _COLOURS[result.level])}  {one_line(result.rule)}: {one_line(result.message)}")
    if decision.broken:
        echo(f"\n{len(decision.broken):,} newly broken:")
        for item in decision.broken[:_BROKEN]:
            shield = " (protected)" if item.protected else ""
            echo(f"  {one_line(item.problem_id)}{shield}: {item.outcome}  " + dim(one_line(item.reason)))
        if len(decision.broken) > _BROKEN:
            echo(f"  ... and {len(decision.broken) - _BROKEN:,} more")
