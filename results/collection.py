"""The runs of one report: read, named, and refused when they cannot be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..feasibility.disk import plain_file, read_whole
from ..feasibility.errors import PyriteError
from ..feasibility.policy import Policy
from ..feasibility.verdict import Verdict
from ..problems.problem import Problem
from .observing import Observed, after_repair, observe, strongest_counts
from .outputs import Output
from .run import RunFolder
from .summary import not_answered

MOST_RUNS = 12


@dataclass(eq=False)
class Run:
    """One run, read whole. ``notes`` say what in its files could not be used."""

    name: str
    folder: Path
    document: Mapping[str, Any]
    problems: Mapping[str, Problem]
    outputs: Mapping[tuple[str, int], Output]
    verdicts: Sequence[Verdict]
    notes: Sequence[str] = field(default_factory=tuple)

    @cached_property
    def policy(self) -> Policy:
        """The policy of its verdicts (the default for a run without verdicts)."""
        return Policy.from_dict(self.document["policy"]) if "policy" in self.document else Policy()

    @cached_property
    def families(self) -> dict[str, str | None]:
        """The family of each problem."""
        return {problem.id: problem.family for problem in self.problems.values()}

    @cached_property
    def observed(self) -> Observed:
        """Its verdicts as arrays."""
        return observe(self.verdicts, self.families)

    @cached_property
    def repaired(self) -> Observed | None:
        """The same with *substance after repair* in the place of substance; None under a policy without repairs."""
        if self.policy.repair == "off":
            return None
        ordered = sorted(self.verdicts, key=lambda verdict: (verdict.problem_id, verdict.sample))
        return after_repair(self.observed, ordered)

    @cached_property
    def was_repaired(self) -> bool:
        """Some output was spelled wrong in a way that repairs know."""
        return self.repaired is not None and any(verdict.repaired is not None for verdict in self.verdicts)

    @cached_property
    def not_answered(self) -> dict[str, int]:
        """How many of its outputs are no answer, by reason; they count as wrong in every rate."""
        return not_answered(self.verdicts)

    @cached_property
    def never_asked(self) -> int:
        """Problems that no output answers; they are in no rate."""
        return len(set(self.problems) - set(self.by_problem) - {output.problem_id for output in self.outputs.values()})

    @cached_property
    def by_problem(self) -> dict[str, list[Verdict]]:
        """The verdicts of each problem, by sample."""
        found: dict[str, list[Verdict]] = {}
        for verdict in sorted(self.verdicts, key=lambda verdict: verdict.sample):
            found.setdefault(verdict.problem_id, []).append(verdict)
        return found

    @cached_property
    def meaning(self) -> str:
        """What substance means here, in words."""
        words = {
            "equivalent": "equivalent to the reference (stage 9)",
            "value": "the reference's optimum (stage 8)",
            "bounded": "an attained optimum (stage 6; nothing to compare with)",
            "optimal": "a plan that keeps every rule and is the best one",
            "equalities": "a plan that keeps every rule (the optimum is not known)",
        }
        counts = strongest_counts(self.verdicts)
        parts = [
            words[stage] + (f" for {count:,} outputs" if len(counts) > 1 else "") for stage, count in counts.items()
        ]
        return "; ".join(parts) or "nothing was judged"

    @property
    def examples(self) -> int | None:
        """How many training examples its model saw, where the run says so."""
        return find_number(self.document, ("training_examples", "examples", "train_examples"))


def find_number(document: Mapping[str, Any], names: Sequence[str]) -> int | None:
    """The first of these names that holds a whole number, in the document or in one level of maps below it."""
    maps = [document, *(value for value in document.values() if isinstance(value, Mapping))]
    for name in names:
        for place in maps:
            value = place.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                return value
    return None


@dataclass(eq=False)
class Collection:
    """Runs side by side. ``mixed`` says in sentences what they do not share; empty when they may be compared."""

    runs: Sequence[Run]
    mixed: Sequence[str] = ()

    @cached_property
    def problem_ids(self) -> list[str]:
        """Every problem of any run, in the order of the files."""
        found: dict[str, None] = {}
        for run in self.runs:
            found.update(dict.fromkeys(run.problems))
            # Verdicts for a problem that the file lacks are shown too, at the end.
            found.update(dict.fromkeys(sorted(run.by_problem)))
        return list(found)

    def problem(self, identifier: str) -> Problem | None:
        """The problem as the first run that has it states it."""
        return next((run.problems[identifier] for run in self.runs if identifier in run.problems), None)


def read_run(path: Path, name: str) -> Run:
    """Read one run folder. Raises PyriteError when it is no run or was never scored."""
    if not path.exists():
        raise PyriteError(f"{path} does not exist; give the folder that pyrite score wrote")
    if not path.is_dir():
        raise PyriteError(f"{path} is a file; give the folder that pyrite score wrote")
    folder = RunFolder(path)
    document = folder.read_run()
    if not folder.verdicts.exists():
        missing = "verdicts.jsonl"
        if not document and not folder.problems.exists():
            raise PyriteError(f"{path} is not a run folder: it has neither run.json nor {missing}")
        raise PyriteError(f"{path} has no {missing}: score it first (pyrite score PROBLEMS OUTPUTS --out {path})")
    verdicts = folder.read_verdicts()
    notes = [str(complaint) for complaint in verdicts.complaints]
    problems: list[Problem] = []
    outputs: list[Output] = []
    if folder.problems.exists() and folder.problems.stat().st_size:
        records = folder.read_problems()
        problems, notes = list(records), notes + [str(complaint) for complaint in records.complaints]
    if folder.outputs.exists() and folder.outputs.stat().st_size:
        answers = folder.read_outputs()
        outputs, notes = list(answers), notes + [str(complaint) for complaint in answers.complaints]
    judged = {(verdict.problem_id, verdict.sample) for verdict in verdicts}
    lacking = sum(output.key not in judged for output in outputs)
    if lacking:
        notes.append(f"{lacking:,} outputs have no verdict yet; they are in no number here")
    notes = [*_resting(folder), *notes]
    return Run(
        name=name,
        folder=path,
        document=document,
        problems={problem.id: problem for problem in problems},
        outputs={output.key: output for output in outputs},
        verdicts=list(verdicts),
        notes=tuple(notes),
    )


def _resting(folder: RunFolder) -> list[str]:
    """How many verdicts rest on faulty references, as scoring counted them; nothing when the summary does not say."""
    try:
        document = json.loads(read_whole(folder.summary)) if plain_file(folder.summary) else {}
        found = document["faulty_references"]
        count = len({identifier for identifiers in found["problems"].values() for identifier in identifiers})
        parts = [f"{int(found[key]):,} {key}" for key in ("passed", "failed", "unknown") if int(found[key])]
        rate = found["substance_without"]
        without = "" if rate["rate"] is None else f"; without them substance is {100 * float(rate['rate']):.1f} %"
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return []
    if not parts:
        return []
    resting = f"{', '.join(parts)} in substance rest on {count:,} faulty references"
    return [f"{resting} (pyrite problems audit says why){without}"]


def run_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each run: its folder's, with as many parents as are needed to tell them apart."""
    resolved = [path.resolve() for path in paths]
    for depth in range(1, 6):
        names = ["/".join(path.parts[-depth:]).strip("/") or str(path) for path in resolved]
        if len(set(names)) == len(names):
            return names
    return [f"{path.name} ({i + 1})" for i, path in enumerate(resolved)]


def read_collection(paths: Sequence[Path], *, allow_mixed: bool = False) -> Collection:
    """Read runs that are to be seen together.

    Raises PyriteError naming the first difference when they were made under different policies, by different versions
    of the judge or on different problems; with ``allow_mixed`` the differences are kept to be shown on every page.
    """
    if not paths:
        raise PyriteError("give at least one run folder")
    if len(paths) > MOST_RUNS:
        raise PyriteError(f"{len(paths)} runs are too many for one report; give at most {MOST_RUNS}")
    if len({path.resolve() for path in paths}) < len(paths):
        raise PyriteError("the same run was given twice")
    runs = [read_run(path, name) for path, name in zip(paths, run_names(paths), strict=True)]
    found = differences(runs)
    if found and not allow_mixed:
        raise PyriteError(f"these runs cannot be compared: {found[0]}; --allow-mixed shows them side by side anyway")
    return Collection(runs, tuple(found))


def differences(runs: Sequence[Run]) -> list[str]:
    """What each run does not share with the first, in sentences."""
    found: list[str] = []
    first = runs[0]
    for run in runs[1:]:
        ours, theirs = first.policy.to_dict(), run.policy.to_dict()
        for setting in ours:
            if ours[setting] != theirs[setting]:
                text = f"policy {setting} is {ours[setting]!r} in {first.name} and {theirs[setting]!r} in {run.name}"
                found.append(text)
        for part in ("pyrite", "highspy"):
            before, after = (_version(item, part) for item in (first, run))
            if before != after and before is not None and after is not None:
                found.append(f"{first.name} was judged with {part} {before}, {run.name} with {part} {after}")
        found += _other_problems(first, run)
    return found


def _version(run: Run, part: str) -> str | None:
    versions = run.document.get("versions")
    value = versions.get(part) if isinstance(versions, Mapping) else None
    return str(value) if value is not None else None


def _other_problems(first: Run, run: Run) -> list[str]:
    for one, other in ((first, run), (run, first)):
        missing = [identifier for identifier in one.problems if identifier not in other.problems]
        if missing:
            count = f"{len(missing):,} problem" + ("" if len(missing) == 1 else "s")
            return [f"{count} of {one.name} ({missing[0][:80]!r} first) not in {other.name}"]
    for identifier, problem in first.problems.items():
        if problem != run.problems[identifier]:
            return [f"problem {identifier[:80]!r} is stated differently in {first.name} and in {run.name}"]
    return []
