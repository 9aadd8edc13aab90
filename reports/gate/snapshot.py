"""What the gate remembers of a run: each problem's stage results, and what they depend on. A baseline is one, in git.

The file is JSON with a line a problem, sorted, without times or paths: the same run gives the same bytes, and a review
sees which problems moved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...feasibility.disk import cannot_write, read_whole, write_whole
from ...feasibility.errors import PyriteError
from ...feasibility.verdict import ALL_STAGES, LOOKS, STAGES, Verdict, stage_name
from ...problems.lines import read_lines
from ...results.observing import ABSENT, FAIL, OUTCOMES, PASS, UNKNOWN, states_of
from ...results.run import RunFolder

FORMAT = "pyrite baseline 1"
LEGEND = "per sample, a letter a stage (p pass, f fail, u unknown, - not asked), then / and the letter of substance"
_LETTERS = {PASS: "p", FAIL: "f", UNKNOWN: "u", ABSENT: "-"}
_STATES = {letter: state for state, letter in _LETTERS.items()}
_SUBSTANCE = OUTCOMES.index("substance")
_ALL_PASS = tuple(PASS if stage in (*STAGES, "surface", "substance") else ABSENT for stage in OUTCOMES)
"""The row of a formulation that passes everything."""


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """One problem. ``states``: for each sample its outcomes (see ``OUTCOMES``).

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
    problems: Mapping[str, BaselineEntry]
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
    if not folder.verdicts.exists() or not (lines := read_lines(folder.verdicts)):
        raise PyriteError(f"{path} holds no verdicts; score it first: pyrite score PROBLEMS OUTPUTS --out {path}")
    try:
        # Of two verdicts for one output the last counts. The lines are read as they are: ten thousand of them take a
        # third of the time that whole Verdicts and Problems would.
        verdicts = {(line["problem_id"], line["sample"]): line for line in lines}
        entries = _entries(verdicts, {line["id"]: line for line in read_lines(folder.problems)})
        waiting = [key for key in _output_keys(folder) if key not in verdicts]
        silent = [line["id"] for line in read_lines(folder.problems) if line["id"] not in entries]
    except PyriteError as error:
        raise PyriteError(f"{folder.verdicts}: {error.message}; score the run again") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise PyriteError(
            f"{folder.verdicts}, {folder.outputs} or {folder.problems} is damaged ({error!r}); score the run again"
        ) from error
    if waiting:
        first = f"problem {waiting[0][0]!r} sample {waiting[0][1]}"
        raise PyriteError(f"{path} is incomplete: {len(waiting):,} outputs have no verdict ({first}); score it all")
    if silent:
        raise PyriteError(f"{path} is incomplete: {len(silent):,} problems have no output (the first is {silent[0]!r})")
    document = folder.read_run()
    policy, model, versions = folder.read_policy(), document.get("model"), document.get("versions")
    return Snapshot(
        str(path),
        entries,
        policy.to_dict(),
        policy.digest,
        str(document.get("problem_set_hash", "")),
        {name: versions.get(name) if isinstance(versions, dict) else None for name in ("pyrite", "highspy")},
        model if isinstance(model, str) else None,
    )


def _entries(
    verdicts: Mapping[tuple[str, int], Mapping[str, Any]], problems: Mapping[str, Mapping[str, Any]]
) -> dict[str, BaselineEntry]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for key in sorted(verdicts):
        found.setdefault(key[0], []).append(verdicts[key])
    return {
        identifier: BaselineEntry(
            tuple(_states_of_line(line) for line in group),
            problem_digest(problems.get(identifier, {})),
            problems.get(identifier, {}).get("family") or "",
            reason_of(group),
        )
        for identifier, group in found.items()
    }


def _output_keys(folder: RunFolder) -> list[tuple[str, int]]:
    """(problem id, sample) of every output in the folder; a line without a sample is numbered as scoring does."""
    if not folder.outputs.exists():
        return []
    lines = read_lines(folder.outputs)
    if all("sample" in line for line in lines):
        return [(line["problem_id"], line["sample"]) for line in lines]
    return [output.key for output in folder.read_outputs()]


def _states_of_line(line: Mapping[str, Any]) -> tuple[int, ...]:
    """The outcomes of a line of ``verdicts.jsonl``."""
    if all(line["stages"].get(stage, {}).get("status") == "pass" for stage in STAGES):
        return _ALL_PASS
    return tuple(states_of(Verdict.from_dict(line)))


def problem_digest(problem: Mapping[str, Any]) -> str:
    """A short hash of what is asked and of what is known to be right: the problem's line of the file."""
    text = json.dumps(problem, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def reason_of(group: Sequence[Mapping[str, Any]]) -> str:
    """Why the first sample that does not pass does not: ``feasible (infeasible): rows ... cannot hold together``."""
    for line in group:
        for stage, result in line["stages"].items():
            if result["status"] in ("fail", "unknown"):
                return f"{stage_name(stage)} ({result.get('code') or result['status']}): {result.get('message', '')}"
    return ""


def write_baseline(snapshot: Snapshot, path: Path) -> None:
    """Write the baseline file, all or nothing."""
    stages = _written_stages(snapshot)
    head: dict[str, Any] = {
        "format": FORMAT,
        "legend": LEGEND,
        "stages": list(stages),
        "policy": dict(snapshot.policy),
        "policy_digest": snapshot.policy_digest,
        "problem_set_hash": snapshot.problem_set_hash,
        "versions": dict(snapshot.versions),
    }
    if snapshot.model:
        head["model"] = snapshot.model
    lines = []
    for identifier, entry in sorted(snapshot.problems.items()):
        record = [entry.digest, entry.family, *(_letters(states, stages) for states in entry.states)]
        lines.append(f"    {json.dumps(identifier)}: {json.dumps(record)}")
    body = json.dumps(head, indent=2)[:-2] + ',\n  "problems": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    write_whole(path, body)


def read_baseline(path: Path) -> Snapshot:
    """Read a baseline. Raises PyriteError naming what is wrong with the file."""
    advice = f"write one with: pyrite gate RUN --write-baseline {path}"
    try:
        if not path.exists():
            raise PyriteError(f"{path}: there is no such file; {advice}")
        document = json.loads(read_whole(path))
    except (ValueError, RecursionError) as error:
        raise PyriteError(f"{path} is not a readable baseline: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PyriteError(f"{path} is not a baseline of this version ({FORMAT!r}); {advice}")
    try:
        stages = tuple(stage_name(stage) for stage in document.get("stages", STAGES))
        entries = {
            identifier: BaselineEntry(tuple(_states(letters, stages) for letters in record[2:]), record[0], record[1])
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


def _written_stages(snapshot: Snapshot) -> tuple[str, ...]:
    """The stages that a baseline has letters for: of formulations all, of other ladders those that were asked."""
    rows = [states for entry in snapshot.problems.values() for states in entry.states]
    asked = {stage for k, stage in enumerate(ALL_STAGES) if any(row[k] != ABSENT for row in rows)}
    whole = STAGES if not asked or asked & set(STAGES[3:]) else ()
    return tuple(dict.fromkeys([*whole, *(stage for stage in ALL_STAGES if stage in asked)]))


def _letters(states: tuple[int, ...], stages: tuple[str, ...] = STAGES) -> str:
    """A letter a stage, then that of substance behind the slash."""
    written = "".join(_LETTERS[states[ALL_STAGES.index(stage)]] for stage in stages)
    return f"{written}/{_LETTERS[states[_SUBSTANCE]]}"


def _states(letters: str, stages: tuple[str, ...] = STAGES) -> tuple[int, ...]:
    """The outcomes of today from a baseline's letters; ``stages`` are those that it was written with.

    Stages that are gone are passed over, and new ones are absent. Surface is what the asked surface stages say.
    """
    written, _, substance = letters.partition("/")
    if len(written) != len(stages) or len(substance) != 1:
        raise KeyError(letters)
    found = {stage: _STATES[letter] for stage, letter in zip(stages, written, strict=True)}
    looks = [found[stage] for stage in found if stage in LOOKS and found[stage] != ABSENT]
    surface = PASS if looks and all(state == PASS for state in looks) else FAIL
    return (*(found.get(stage, ABSENT) for stage in ALL_STAGES), surface, _STATES[substance])
