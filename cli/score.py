"""``pyrite score``: both scores for any outputs, whoever made them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from ..feasibility.policy import read_policy
from .console import bold, dim, echo, next_step, note, notes, print_json, progress, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..feasibility.policy import Policy
    from ..problems.lines import Records
    from ..problems.problem import Problem
    from ..results.engines import Engine
    from ..results.outputs import Output
    from ..results.run import RunFolder

_REASONS = 6


def register(app: typer.Typer) -> None:
    """Add ``score``."""
    app.command("score")(score_command)


def score_command(
    problems: Annotated[str, typer.Argument(help="problems.jsonl, or - for standard input.")],
    outputs: Annotated[
        str,
        typer.Argument(help="The answers: a file or folder of any layout, or - for standard input."),
    ],
    out: Annotated[str | None, typer.Option(help="Run folder; what it already holds is not judged again.")] = None,
    workers: Annotated[int | None, typer.Option(min=0, help="Processes (default: one a core; 0: none).")] = None,
    engine: Annotated[str, typer.Option(help="local, or ray: the nodes of a Ray cluster (extra ray).")] = "local",
    address: Annotated[
        str | None, typer.Option(help="The Ray cluster: auto, or HOST:PORT (default: one of this machine).")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the answers to the first N problems.")] = None,
    language: Annotated[
        str, typer.Option(help="formulation (JSON), code (programs for a solver library), or auto: each by its text.")
    ] = "auto",
    mapping: Annotated[
        str | None, typer.Option("--map", help="Where things are: problem_id=KEY,output=KEY,sample=KEY,finish=KEY.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first broken line.")] = False,
    policy: Annotated[str | None, typer.Option(help="Tolerances and limits: a TOML or JSON file.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting, name=value; may repeat.")] = None,
    second_opinion: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the outputs that go through Pyomo and another solver too.")
    ] = 0.0,
    second_solver: Annotated[
        str | None, typer.Option(help="The other solver, by Pyomo's name (default: scip_direct if there, else highs).")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as JSON (with verdicts, without --out).")
    ] = False,
) -> None:
    """Score raw outputs twice: surface (stages 1-3) and substance (the strongest stage the reference allows)."""
    from ..problems.files import read_problems
    from ..results.engines import get_engine
    from ..results.readers.reading import parse_map, read_answers
    from ..results.run import RunFolder
    from ..results.scoring import score_outputs, summary_of

    if problems == outputs == "-":
        raise PyriteError("problems and outputs cannot both come from standard input")
    place = get_engine(engine, address)
    chosen = read_policy(policy, settings or ())
    known = read_problems(problems, strict)
    plain = mapping is None and limit is None
    if out is not None and plain and not as_json and not second_opinion:
        from ..results import shards, streaming

        if shards.size_of(outputs) >= streaming.LARGE and shards.are_outputs(outputs):
            notes(known.complaints, "remarks on the problems' lines")
            _streamed(known, outputs, chosen, RunFolder(out), workers, language, strict, place)
            return
    answers = read_answers(outputs, known, None if mapping is None else parse_map(mapping), strict)
    notes([*known.complaints, *answers.complaints], "remarks on the files' lines")
    answers = _of_known_problems(answers, known, problems, strict)
    if limit is not None:
        _limit(known, answers, limit)
    folder = None if out is None else RunFolder(out)
    started = time.monotonic()
    with progress(len(answers), "judging") as show:
        scored = score_outputs(
            known, answers, chosen, folder=folder, workers=workers, language=language, told=show, engine=place
        )
    seconds = time.monotonic() - started
    opinions = None
    if second_opinion:
        from ..results.opinions import chosen as drawn
        from ..results.opinions import second_opinions
        from ..results.opinions import summary as summary_of_opinions

        asked = drawn(answers, second_opinion, chosen.seed)
        with progress(len(asked), "asking another solver") as show:
            found = second_opinions(
                scored.verdicts, asked, known, chosen, solver=second_solver, workers=workers, told=show
            )
        opinions = {"share": second_opinion, "drawn": len(asked), **summary_of_opinions(found)}
    summary = summary_of(scored.verdicts, known, chosen, folder, opinions, workers)
    if as_json:
        shown = {"verdicts": [verdict.to_dict() for verdict in scored.verdicts]}
        print_json(summary if folder else {**summary, **shown})
        return
    if scored.judged < len(answers):
        note(f"pyrite: {len(answers) - scored.judged:,} of {len(answers):,} outputs were judged before")
    _told(summary, chosen)
    _show_opinions(opinions)
    _rate(scored.judged, seconds, scored.workers, scored.killed)
    if folder is not None:
        note(f"run: {folder.path}")
        next_step(f"pyrite report {folder.path}")


def _streamed(
    known: Records[Problem],
    outputs: str,
    policy: Policy,
    folder: RunFolder,
    workers: int | None,
    language: str,
    strict: bool,
    engine: Engine,
) -> None:
    """Score what is too large to be held, and say what came out."""
    from ..results.scoring import summary_of
    from ..results.shards import count_rows
    from ..results.streaming import score_lines

    started = time.monotonic()
    with progress(count_rows(outputs), "judging") as show:
        found = score_lines(
            known,
            outputs,
            policy,
            folder=folder,
            workers=workers,
            language=language,
            strict=strict,
            told=show,
            engine=engine,
        )
    seconds = time.monotonic() - started
    unsaid = [f"and {found.unsaid:,} more"] if found.unsaid else []
    notes([*found.remarks, *unsaid], "remarks on the files' lines")
    summary = summary_of(found.tally, known, policy, folder, None, workers)
    if found.judged < found.read:
        note(f"pyrite: {found.read - found.judged:,} of {found.read:,} outputs were judged before")
    _told(summary, policy)
    _rate(found.judged, seconds, found.workers, found.killed)
    note(f"run: {folder.path}")
    next_step(f"pyrite report {folder.path}")


def _told(summary: Mapping[str, Any], policy: Policy) -> None:
    _show(summary, policy)
    _show_readings(summary, policy)
    _show_doubts(summary)


def _rate(judged: int, seconds: float, workers: int, killed: int) -> None:
    """How fast it went, if anything was judged."""
    if judged:
        lost = f", {killed} workers killed or dead" if killed else ""
        rate = f"{judged / seconds:,.0f} a second"
        note(f"{judged:,} outputs judged in {seconds:.1f} s ({rate}, {workers} workers{lost})")


def _limit(problems: Records[Problem], answers: Records[Output], limit: int) -> None:
    """Keep the first problems, and the answers to them."""
    del problems[limit:]
    kept = {problem.id for problem in problems}
    answers[:] = [answer for answer in answers if answer.problem_id in kept]
    if not answers:
        raise PyriteError(f"no output answers one of the first {limit:,} problems")


def _show_opinions(opinions: Mapping[str, Any] | None) -> None:
    """How many the other solver confirms, and each disagreement in a line."""
    if opinions is None:
        return
    if not opinions["asked"]:
        echo(f"Second opinion: none of the {opinions['drawn']:,} outputs drawn builds.")
        return
    wrong = opinions["disagree"]
    line = (
        f"Second opinion ({opinions['solver']} on the indexed Pyomo model): {opinions['asked']:,} outputs asked, "
        f"{opinions['agree']:,} agree, {opinions['unknown']:,} say nothing certain, {len(wrong):,} DISAGREE"
    )
    echo(bold(line, "red") if wrong else line)
    from ..results.opinions import Opinion

    for entry in wrong[:_REASONS]:
        echo(one_line(f"  {Opinion(**entry).sentence()}"))


def _show_readings(summary: Mapping[str, Any], policy: Policy) -> None:
    """What the choice of a reading moves, where problems have several."""
    readings = summary.get("readings")
    if readings is None:
        return
    if policy.readings == "first":
        typer.echo(f"Readings: {readings['outputs']:,} outputs answer problems with several; only the first counts.")
        return
    share = 100 * readings["moved"] / readings["outputs"]
    typer.echo(
        f"Readings: of {readings['outputs']:,} outputs to problems with several accepted readings, "
        f"{readings['moved']:,} ({share:.1f} %) fit another than the first better; "
        "with readings = first they would be judged by the first."
    )


def _show_doubts(summary: Mapping[str, Any]) -> None:
    """How much rests on references that are faulty or suspected; the verdicts count as they are."""
    for key, name in (("faulty_references", "faulty"), ("suspected_references", "suspected")):
        found = summary.get(key)
        if found is None:
            continue
        totals = (("passed", "passes"), ("failed", "failures"), ("unknown", "unknowns"))
        resting = ", ".join(
            f"{found[field]:,} of {summary['substance'][field]:,} {word}" for field, word in totals if found[field]
        )
        kinds = ", ".join(f"{kind} {len(ids):,}" for kind, ids in found["problems"].items())
        count = len({problem_id for ids in found["problems"].values() for problem_id in ids})
        line = f"{name.capitalize()} references ({count:,}: {kinds}): {resting} rest on them."
        echo(bold(line, "yellow") if key == "faulty_references" else line)
        if key == "faulty_references":
            rate = found["substance_without"]
            share = "-" if rate["rate"] is None else f"{100 * rate['rate']:.1f} %"
            echo(
                f"  No verdict is changed; without them substance is {share} "
                f"({rate['passed']:,} of {rate['passed'] + rate['failed']:,}). `pyrite problems audit` says why."
            )


def _of_known_problems(
    answers: Records[Output], problems: Records[Problem], path: str, strict: bool
) -> Records[Output]:
    """The outputs whose problem is there; the others are named, and with ``strict`` the first one ends it."""
    from ..problems.lines import Records
    from ..results.readers.reading import stranger

    ids = [problem.id for problem in problems]
    known = set(ids)
    strangers = [answer for answer in answers if answer.problem_id not in known]
    lines = [
        f"problem {answer.problem_id!r} (sample {answer.sample}) is not in {path}{stranger(answer.problem_id, ids)}"
        for answer in strangers
    ]
    if strict and lines:
        raise PyriteError(lines[0])
    notes(lines, "outputs answer unknown problems and were passed over")
    kept = Records(answer for answer in answers if answer.problem_id in known)
    if not kept:
        raise PyriteError(f"no output answers a problem of {path}")
    return kept


def _show(summary: Mapping[str, Any], policy: Policy) -> None:
    """The ladder as a table, what substance means here, and the most frequent reasons."""
    from ..feasibility.policy import Policy as Defaults

    rows = [_row(stage, rate) for stage, rate in summary["stages"].items() if _asked(rate)]
    rows.append(("",) * 6)
    rows.append(_row(bold("surface"), summary["surface"]))
    rows.append(_row(bold("substance"), summary["substance"]))
    rows.append(_row(bold("substance | surface"), summary["substance_given_surface"]))
    if "substance_after_repair" in summary:
        rows.append(_row(bold("substance after repair"), summary["substance_after_repair"]))
    echo(f"{summary['outputs']:,} outputs to {summary['problems']:,} problems{_silent(summary)}")
    echo("")
    echo(table(("", "pass", "fail", "unknown", "rate", "95 %"), rows))
    echo("")
    strongest = ", ".join(f"{stage} ({count:,})" for stage, count in summary["strongest"].items())
    echo(f"Substance is decided by: {strongest}. Unknown counts neither as pass nor as fail.")
    echo("substance | surface: of the outputs that pass the surface, how many have substance.")
    echo(summary["intervals"])
    differs = {k: v for k, v in policy.to_dict().items() if v != getattr(Defaults(), k)}
    changed = ", ".join(f"{name}={value}" for name, value in differs.items()) or "the defaults"
    echo(f"Policy {policy.digest}: {changed}.")
    if "repairs" in summary:
        _reasons("repairs", summary["repairs"])
    _reasons("first failures", summary["codes"]["fail"])
    _reasons("unknown", summary["codes"]["unknown"])
    broken = summary["codes"]["unknown"].get("internal-error", 0)
    if broken:
        note(bold(f"pyrite: {broken} outputs met a defect of Pyrite (internal-error); please report them", "red"))


def _silent(summary: Mapping[str, Any]) -> str:
    """What has no answer: outputs that are none (they count as wrong), and problems that were never asked."""
    from ..results.summary import not_answered_in_words

    text = not_answered_in_words(summary.get("not_answered", {}), summary.get("not_asked", 0))
    return f"; {text}" if text else ""


def _asked(rate: Mapping[str, Any]) -> bool:
    return bool(rate["passed"] + rate["failed"] + rate["unknown"])


def _row(name: str, rate: Mapping[str, Any]) -> tuple[str, ...]:
    known = rate["passed"] + rate["failed"]
    share = f"{100 * rate['rate']:.1f} %" if rate["rate"] is not None else "-"
    interval = f"{100 * rate['low']:.1f} - {100 * rate['high']:.1f}" if known else "-"
    return (name, f"{rate['passed']:,}", f"{rate['failed']:,}", f"{rate['unknown']:,}", share, dim(interval))


def _reasons(title: str, codes: Mapping[str, int]) -> None:
    ranked = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return
    more = f", {sum(n for _, n in ranked[_REASONS:]):,} for other reasons" if len(ranked) > _REASONS else ""
    echo(f"{title}: " + ", ".join(f"{code} {count:,}" for code, count in ranked[:_REASONS]) + more)
