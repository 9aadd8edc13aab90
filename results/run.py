"""A run on disk: one folder that holds everything a report needs.

========================  =========================================================================================
``recipe.toml``           how the model was tuned, when one was
``run.json``              policy, versions, git commit, problem-set hash; the model's identity when a model answered
``problems.jsonl``        a copy of the problems, so that pages can be made later and elsewhere
``outputs.jsonl``         the raw answers (a copy when they were scored from another file)
``verdicts.jsonl``        a verdict a line, appended as they come; what is here is not judged again
``verdicts.tally``        of many outputs: the verdicts so far, counted (made again when it is missing)
``summary.json``          counts and rates with intervals; the same verdicts give the same bytes
``report/``               the pages
========================  =========================================================================================
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from ..feasibility.disk import plain_file, read_whole, write_whole
from ..feasibility.errors import PyriteError
from ..feasibility.policy import Policy
from ..feasibility.verdict import Verdict
from ..problems.files import problem_set_hash, read_problems
from ..problems.lines import LineWriter, Records, append_lines, read_lines, write_lines
from ..problems.problem import Problem
from .outputs import Output, read_outputs

MUST_AGREE = ("pyrite", "highspy")
"""Versions that decide verdicts: a run is not continued under others."""


class RunFolder:
    """The files of one run. Nothing is created before something is written."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.recipe = self.path / "recipe.toml"
        self.run = self.path / "run.json"
        self.problems = self.path / "problems.jsonl"
        self.outputs = self.path / "outputs.jsonl"
        self.verdicts = self.path / "verdicts.jsonl"
        self.tally = self.path / "verdicts.tally"
        self.summary = self.path / "summary.json"
        self.report = self.path / "report"

    def create(self) -> None:
        """Make the folder. Raises PyriteError when a file stands in its place or it cannot be made."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise PyriteError(f"{self.path} is a file; a run needs a folder of that name") from error
        except OSError as error:
            raise PyriteError(f"{self.path} cannot be made: {error.strerror}") from error
        for path in (self.run, self.problems, self.outputs, self.verdicts, self.summary):
            plain_file(path)

    def read_run(self) -> dict[str, Any]:
        """``run.json``, or an empty dict when there is none yet."""
        if not plain_file(self.run):
            return {}
        try:
            document = json.loads(read_whole(self.run))
        except (ValueError, RecursionError, OSError) as error:
            raise PyriteError(f"{self.run} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise PyriteError(f"{self.run} does not hold a JSON object")
        return document

    def update_run(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Set these fields of ``run.json``, keep the others, write all or nothing; gives the whole document."""
        document = {**self.read_run(), **fields}
        write_json(self.run, document)
        return document

    def read_policy(self) -> Policy:
        """The policy of the verdicts. Raises PyriteError when the run was not scored."""
        document = self.read_run()
        if "policy" not in document:
            raise PyriteError(f"{self.run} names no policy: the run has not been scored yet (pyrite score)")
        return Policy.from_dict(document["policy"], f"{self.run}: policy")

    def read_problems(self) -> Records[Problem]:
        """The copy of the problems."""
        plain_file(self.problems)
        return read_problems(self.problems)

    def read_outputs(self) -> Records[Output]:
        """The raw answers."""
        plain_file(self.outputs)
        return read_outputs(self.outputs)

    def answered(self) -> frozenset[tuple[str, int]]:
        """What names the answers that are there."""
        there = self.outputs.exists() and self.outputs.stat().st_size
        return frozenset(output.key for output in self.read_outputs()) if there else frozenset()

    def read_verdicts(self) -> Records[Verdict]:
        """All whole verdicts, in the file's order; of two for one output the last counts. No file: none yet."""
        if not plain_file(self.verdicts):
            return Records()
        lines = read_lines(self.verdicts)
        found: dict[tuple[str, int], Verdict] = {}
        for line in lines:
            try:
                verdict = Verdict.from_dict(line)
            except PyriteError as error:
                raise PyriteError(f"{self.verdicts}: {error.message}") from error
            found[verdict.problem_id, verdict.sample] = verdict
        return Records(found.values(), lines.complaints)

    def begin(self, policy: Policy, problems: Sequence[Problem], outputs: Iterable[Output]) -> list[Output]:
        """Prepare (or continue) scoring into this folder and give the outputs that have no verdict yet, in order.

        Raises PyriteError when the folder's verdicts were made under another policy (naming the first setting that
        differs), for other problems, by other versions, or of other texts under the same problem id and sample.
        """
        self.create()
        done = {(verdict.problem_id, verdict.sample) for verdict in self.read_verdicts()}
        self.check(policy, problems, scored=bool(done))
        fresh = self._new_outputs(outputs, done)
        self.settle(policy, problems, scored=bool(done))
        return fresh

    def check(self, policy: Policy, problems: Sequence[Problem], *, scored: bool) -> None:
        """Raises PyriteError when what is ``scored`` already does not go with this policy, these problems or versions.

        Names the first setting that differs.
        """
        if scored:
            self._refuse_mixing(self.read_run(), policy, problem_set_hash(problems), environment()["versions"])

    def settle(self, policy: Policy, problems: Sequence[Problem], *, scored: bool) -> None:
        """Write down what the verdicts depend on, and the problems unless some are ``scored`` already."""
        self.update_run(
            {
                "policy": policy.to_dict(),
                "policy_digest": policy.digest,
                "problem_set_hash": problem_set_hash(problems),
                **environment(),
            }
        )
        if not scored or not self.problems.exists():
            write_lines(self.problems, (problem.to_dict() for problem in problems))

    def verdict_writer(self) -> LineWriter:
        """Where verdicts are appended; repairs a half-written last line."""
        return LineWriter(self.verdicts)

    def _refuse_mixing(
        self, known: Mapping[str, Any], policy: Policy, digest: str, versions: Mapping[str, str]
    ) -> None:
        advice = "score into another folder"
        old, new = known.get("policy") or {}, policy.to_dict()
        if not isinstance(old, dict):
            raise PyriteError(f"{self.run}: policy is a table of settings, not {old!r:.100}")
        if old != new:
            name = next((name for name in new if old.get(name, _MISSING) != new[name]), None)
            what = f"{name} was {old.get(name)!r} and is now {new[name]!r}" if name else "it had other settings"
            raise PyriteError(f"{self.path} was scored under another policy: {what}; {advice} or keep that policy")
        if known.get("problem_set_hash", digest) != digest:
            raise PyriteError(f"{self.path} was scored against other problems{self._changed()}; {advice}")
        for name in MUST_AGREE:
            versions_before = known.get("versions")
            before = versions_before.get(name) if isinstance(versions_before, dict) else None
            if before is not None and before != versions.get(name):
                raise PyriteError(
                    f"{self.path} was scored with {name} {before}, this is {name} {versions.get(name)}; {advice}"
                )

    def _changed(self) -> str:
        return f" (compare with {self.problems})" if self.problems.exists() else ""

    def _new_outputs(self, outputs: Iterable[Output], done: set[tuple[str, int]]) -> list[Output]:
        """Copies outputs that the folder lacks; gives those without a verdict. The same key must be the same text."""
        stored: dict[tuple[str, int], str] = {}
        if self.outputs.exists() and self.outputs.stat().st_size:
            stored = {output.key: output.output for output in read_outputs(self.outputs)}
        missing, fresh = [], []
        for output in outputs:
            text = stored.get(output.key)
            if text is None:
                missing.append(output)
            elif text != output.output:
                raise PyriteError(
                    f"{self.outputs} holds another text for problem {output.problem_id!r} sample {output.sample}; "
                    "score into another folder"
                )
            if output.key not in done:
                fresh.append(output)
        if missing:
            append_lines(self.outputs, (output.to_dict() for output in missing))
        return fresh


_MISSING = object()


_LIBRARIES = ("highspy", "numpy", "scipy", "pyomo", "jsonschema")


def environment() -> dict[str, Any]:
    """What the numbers depend on besides the policy: versions, Python, platform, and the git commit of this folder."""
    return {
        "versions": {"pyrite": _own_version(), **{name: _version(name) for name in _LIBRARIES}},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "git_commit": git_commit(),
    }


def _own_version() -> str:
    """Of the package that this file is in; a checkout that is not installed has no metadata to ask."""
    root = sys.modules[__name__.partition(".")[0]]
    return str(root.__dict__["__version__"])


def git_commit() -> str | None:
    """The commit of the current folder's repository, ``-dirty`` when tracked files differ; None outside of one."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607 - from the PATH
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def write_json(path: Path, document: Any) -> None:
    """Write JSON for people and programs, all or nothing: two spaces, UTF-8, a newline at the end."""
    write_whole(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
