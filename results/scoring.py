"""The one scoring loop: outputs judged in killable processes, each verdict written down as soon as it is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..feasibility.errors import StoppedError
from ..feasibility.policy import Policy
from ..feasibility.scoring.languages import by_task
from ..feasibility.verdict import Verdict
from ..problems.problem import Problem
from .doubts import doubts
from .engines import Engine, Local
from .lines import VerdictLines
from .outputs import Output
from .run import RunFolder, write_json
from .summary import summarize
from .tally import Tally

if TYPE_CHECKING:
    from ..problems.lines import LineWriter


@dataclass(frozen=True, slots=True)
class Scored:
    """What one go of scoring did. ``verdicts`` are the folder's when there is one, else this go's."""

    verdicts: Sequence[Verdict]
    judged: int
    workers: int
    killed: int


def score_outputs(
    problems: Sequence[Problem],
    outputs: Sequence[Output],
    policy: Policy | None = None,
    *,
    folder: RunFolder | None = None,
    workers: int | None = None,
    language: str = "auto",
    told: Callable[[int], None] = lambda done: None,
    engine: Engine | None = None,
) -> Scored:
    """Judge the outputs; with a folder, those that it has no verdict for, and write them there.

    ``language`` says what answers to problems that ask for a formulation are read as (see
    :func:`~pyrite.feasibility.scoring.languages.task_of`): the ladder of formulations, or of programs.
    ``told`` hears how many are done; ``engine`` says where they are judged (default: here).

    Raises PyriteError when the folder belongs to other problems or another policy,
    and StoppedError on KeyboardInterrupt: with a folder what was judged is kept.
    """
    chosen = policy or Policy()
    if folder is None:
        return _judged(problems, outputs, chosen, None, None, workers, language, told, engine or Local())
    folder.create()
    # The lock comes first: what another process is about to finish must not be read as not done.
    with folder.verdict_writer() as file:
        todo = folder.begin(chosen, problems, outputs)
        done = _judged(problems, todo, chosen, folder, file, workers, language, told, engine or Local())
    return replace(done, verdicts=folder.read_verdicts())


def _judged(
    problems: Sequence[Problem],
    todo: Sequence[Output],
    chosen: Policy,
    folder: RunFolder | None,
    file: LineWriter | None,
    workers: int | None,
    language: str,
    told: Callable[[int], None],
    engine: Engine,
) -> Scored:
    """Judge these outputs, and write each verdict into the file as soon as its turn comes."""
    tasks = [(output.problem_id, output.sample, output.answer) for output in todo]
    references = {problem.id: problem.as_reference() for problem in problems}
    groups = by_task((text for _, _, text in tasks), language)
    if "code" in groups:
        from ..feasibility.recording import require_sandbox

        require_sandbox()
    verdicts: dict[int, Verdict] = {}
    lines = None if file is None else VerdictLines(file)
    size = killed = 0
    try:
        for task, places in groups.items():
            before = len(verdicts)
            with engine.open(chosen, workers, task) as pool:
                found = pool.judge([tasks[place] for place in places], references)
                for place, verdict in zip(places, found, strict=True):
                    if lines is not None:
                        lines.write(verdict)
                    verdicts[place] = verdict
                    told(before + pool.finished)
                size, killed = pool.size, killed + pool.killed
    except KeyboardInterrupt:
        kept = "without a run folder nothing is kept" if folder is None else "run the same command again to go on"
        raise StoppedError(f"stopped after {len(verdicts):,} of {len(tasks):,} outputs; {kept}") from None
    return Scored([verdicts[place] for place in sorted(verdicts)], len(todo), size, killed)


def summary_of(
    verdicts: Iterable[Verdict] | Tally,
    problems: Iterable[Problem],
    policy: Policy,
    folder: RunFolder | None = None,
    opinions: Mapping[str, Any] | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """The summary, written into the folder when there is one; with ``opinions`` of another solver if it was asked.

    What rests on faulty references is counted apart (:func:`~pyrite.results.doubts.doubts`, which ``workers`` is for).
    """
    problems = list(problems)
    tally = verdicts if isinstance(verdicts, Tally) else Tally(verdicts)
    families: Mapping[str, str | None] = {problem.id: problem.family for problem in problems}
    doubtful = doubts(tally, problems, policy, families, 1 if workers is None else workers)
    summary = {"policy_digest": policy.digest, **summarize(tally, families), **doubtful}
    never = len(set(families) - tally.problems)
    if never:
        # Unknown, not wrong: nobody asked. They are in no rate, and are said beside them.
        summary["not_asked"] = never
    if opinions is not None:
        summary["second_opinion"] = dict(opinions)
    if folder is not None:
        write_json(folder.summary, summary)
    return summary


def score_into(
    out: str | os.PathLike[str],
    policy: Policy | None = None,
    workers: int | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Score what a run folder holds and has not scored yet; gives the summary that it writes."""
    folder, chosen = RunFolder(out), policy or Policy()
    problems = folder.read_problems()
    scored = score_outputs(problems, folder.read_outputs(), chosen, folder=folder, workers=workers, told=told)
    return summary_of(scored.verdicts, problems, chosen, folder, workers=workers)
