"""What the gate remembers of a run: each problem's stage results, and what they depend on. A baseline is one, in git.

The file is JSON with a line a problem, sorted, without times or paths: the same run gives the same bytes, and a review
sees which problems moved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...feasibility.errors import PyriteError
from ...feasibility.verdict import STAGES, Verdict
from ...problems.problem import Problem
from ..observing import ABSENT, FAIL, OUTCOMES, PASS, UNKNOWN, states_of
from ..runs import RunFolder

FORMAT = "pyrite baseline 1"
LEGEND = "per sample, one letter a stage (p pass, f fail, u unknown, - not asked), then / and the letter of substance"
_LETTERS = {PASS: "p", FAIL: "f", UNKNOWN: "u", ABSENT: "-"}
_STATES = {letter: state for state, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem. ``states``: for each sample the eleven outcomes (nine stages, surface, substance).

    ``digest`` identifies the question with its reference; ``reason`` says why it does not pass (not in the file).
    """

    states: tuple[tuple[int, ...], ...]
    digest: str
    family: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as the gate sees it. ``name`` is for sentences: the folder or file it comes from."""

    name: str
    problems: Mapping[str, Entry]
    policy: Mapping[str, Any]
    policy_digest: str
    problem_set_hash: str
    versions: Mapping[str, str | None] = field(default_factory=dict)
    model: str | None = None


def of_run(path: Path) -> Snapshot:
    """The snapshot of a complete run.

    Raises PyriteError when the run is not scored, when outputs have no verdict yet, or when problems have no output:
    what is unfinished can neither be a baseline nor be held against one.
    """
    folder = RunFolder(path)
    if not path.is_dir():
        raise PyriteError(f"{path} is no run folder; make one with: pyrite score PROBLEMS OUTPUTS --out {path}")
    verdicts = folder.read_verdicts()
    if not verdicts:
        raise PyriteError(f"{path} holds no verdicts; score it first: pyrite score PROBLEMS OUTPUTS --out {path}")
    problems = {problem.id: problem for problem in folder.read_problems()}
    judged = {(verdict.problem_id, verdict.sample) for verdict in verdicts}
    waiting = [output.key for output in folder.read_outputs() if output.key not in judged]
    if waiting:
        first = f"problem {waiting[0][0]!r} sample {waiting[0][1]}"
        raise PyriteError(
            f"{path} is incomplete: {len(waiting):,} outputs have no verdict ({first}); score it to the end"
        )
    answered = {verdict.problem_id for verdict in verdicts}
    silent = [identifier for identifier in problems if identifier not in answered]
    if silent:
        raise PyriteError(f"{path} is incomplete: {len(silent):,} problems have no output (the first is {silent[0]!r})")
    document = folder.read_run()
    found: dict[str, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda v: (v.problem_id, v.sample)):
        found.setdefault(verdict.problem_id, []).append(verdict)
    entries = {
        identifier: Entry(
            tuple(tuple(states_of(verdict)) for verdict in group),
            problem_digest(problems[identifier]) if identifier in problems else "",
            (problems[identifier].family or "") if identifier in problems else "",
            reason_of(group),
        )
        for identifier, group in found.items()
    }
    model = document.get("model")
    return Snapshot(
        str(path),
        entries,
        folder.read_policy().to_dict(),
        folder.read_policy().digest,
        str(document.get("problem_set_hash", "")),
        {name: (document.get("versions") or {}).get(name) for name in ("pyrite", "highspy")},
        model if isinstance(model, str) else None,
    )


def problem_digest(problem: Problem) -> str:
    """A short hash of what is asked and of what is known to be right."""
    text = json.dumps(problem.to_dict(), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def reason_of(group: list[Verdict]) -> str:
    """Why the first sample that does not pass does not: ``feasible: infeasible: rows ... cannot hold together``."""
    for verdict in group:
        for stage in STAGES:
            result = verdict.stages[stage]
            if result.status in ("fail", "unknown"):
                return f"{stage} ({result.code or result.status}): {result.message}"
    return ""


def write_baseline(snapshot: Snapshot, path: Path) -> None:
    """Write the baseline file, all or nothing."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "legend": LEGEND,
        "stages": list(STAGES),
        "policy": dict(snapshot.policy),
        "policy_digest": snapshot.policy_digest,
        "problem_set_hash": snapshot.problem_set_hash,
        "versions": dict(snapshot.versions),
    }
    if snapshot.model:
        head["model"] = snapshot.model
    lines = []
    for identifier, entry in sorted(snapshot.problems.items()):
        record = [entry.digest, entry.family, *(_letters(states) for states in entry.states)]
        lines.append(f"    {json.dumps(identifier)}: {json.dumps(record)}")
    body = json.dumps(head, indent=2)[:-2] + ',\n  "problems": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(body, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise PyriteError(f"{path} cannot be written: {error.strerror}") from error


def read_baseline(path: Path) -> Snapshot:
    """Read a baseline. Raises PyriteError naming what is wrong with the file."""
    advice = f"write one with: pyrite gate RUN --write-baseline {path}"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PyriteError(f"{path}: there is no such file; {advice}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise PyriteError(f"{path} is not a readable baseline: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PyriteError(f"{path} is not a baseline of this version ({FORMAT!r}); {advice}")
    try:
        entries = {
            identifier: Entry(tuple(_states(letters) for letters in record[2:]), record[0], record[1])
            for identifier, record in document["problems"].items()
        }
        return Snapshot(
            path.name,
            entries,
            document["policy"],
            document["policy_digest"],
            document["problem_set_hash"],
            document.get("versions", {}),
            document.get("model"),
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise PyriteError(f"{path} is a damaged baseline ({error!r}); {advice}") from error


def _letters(states: tuple[int, ...]) -> str:
    stages = "".join(_LETTERS[state] for state in states[: len(STAGES)])
    return f"{stages}/{_LETTERS[states[OUTCOMES.index('substance')]]}"


def _states(letters: str) -> tuple[int, ...]:
    stages, _, substance = letters.partition("/")
    if len(stages) != len(STAGES) or len(substance) != 1:
        raise KeyError(letters)
    states = [_STATES[letter] for letter in stages]
    surface = PASS if all(state == PASS for state in states[:3]) else FAIL
    return (*states, surface, _STATES[substance])
