"""The model card of a tuned checkpoint: ``README.md`` with recipe, data, base, what training used, and both scores.

Written with every checkpoint from its record, in the form of the Hugging Face hub (front matter in YAML, a model index
once scores are known), and again when a run that the checkpoint answered has been scored. What is not covered: a
licence, which only the owner of base and data can say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..feasibility.disk import read_object, write_whole
from ..feasibility.errors import PyriteError
from ..feasibility.one_line import one_line
from ..results.run import RunFolder
from .sources import RECORD, read_record, weights_digest

CARD = "README.md"
_SCORES = ("surface", "substance", "substance_given_surface")


@dataclass(frozen=True, slots=True)
class CardScores:
    """Both scores of one run, as its ``summary.json`` says them. ``own``: this checkpoint answered, not its base."""

    name: str
    own: bool
    outputs: int
    problems: int
    scores: Mapping[str, Mapping[str, Any]]
    policy: str


def write_card(checkpoint: Path, runs: Sequence[Path] = ()) -> Path:
    """Write the card of a checkpoint folder, with the scores of these runs; gives its path.

    A run counts when the checkpoint, or the untuned base model, answered it. Raises PyriteError when the folder is no
    checkpoint of Pyrite, or a run is not scored or was answered by another model.
    """
    if not (checkpoint / RECORD).is_file():
        raise PyriteError(f"{checkpoint} is no checkpoint of Pyrite: it has no {RECORD}")
    record = read_record(checkpoint)
    digest = weights_digest(checkpoint) if runs else ""
    found = [_scores(run, record, digest) for run in runs]
    target = checkpoint / CARD
    write_whole(target, card(record, found))
    return target


def card(record: Mapping[str, Any], scores: Sequence[CardScores] = ()) -> str:
    """The card's text. Raises PyriteError when the record is not as Pyrite writes it."""
    try:
        parts = [_front(record, scores), _heading(record), _score_table(scores), _facts(record), _recipe(record)]
        return "\n\n".join(part for part in parts if part) + "\n"
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise PyriteError(f"{RECORD} is not a record of this version: {type(error).__name__} {error}") from error


def _scores(run: Path, record: Mapping[str, Any], digest: str) -> CardScores:
    folder = RunFolder(run)
    document = folder.read_run()
    try:
        summary = read_object(folder.summary, "summary")
        outputs, problems = int(summary["outputs"]), int(summary["problems"])
        scores = {name: {key: summary[name][key] for key in ("rate", "low", "high")} for name in _SCORES}
        policy = str(summary["policy_digest"])
    except (KeyError, TypeError, ValueError, PyriteError) as error:
        raise PyriteError(f"{run} has no summary of both scores: score it first (pyrite score)") from error
    answered = document.get("answered_by")
    answered = answered if isinstance(answered, Mapping) else {}
    own = digest in (answered.get("checkpoint_weights"), answered.get("adapter_weights"))
    tuned = "checkpoint_weights" in answered or "adapter_weights" in answered
    known = record.get("base")
    base = not tuned and isinstance(known, Mapping) and answered.get("weights") == known.get("weights")
    if not own and not base:
        raise PyriteError(f"{run} was answered by another model than this checkpoint or its base")
    return CardScores(run.resolve().name, own, outputs, problems, scores, policy)


def _front(record: Mapping[str, Any], scores: Sequence[CardScores]) -> str:
    """YAML. Every value is written as JSON, which YAML holds whole, so that no name can end its line."""
    base, method = record["base"]["source"], record["method"]["name"]
    on_hub = str(base).count("/") == 1 and not Path(str(base)).exists()
    lines = ["---"]
    if on_hub or base == "embedded":
        lines.append(f"base_model: {_quoted('HuggingFaceTB/SmolLM2-135M-Instruct' if base == 'embedded' else base)}")
    lines.append("pipeline_tag: text-generation")
    lines.append(f"tags: [pyrite, optimization, {_quoted(method)}, {_quoted(record['objective']['name'])}]")
    own = next((entry for entry in scores if entry.own), None)
    if own is not None:
        known = [(name, own.scores[name]["rate"]) for name in _SCORES if own.scores[name]["rate"] is not None]
        metrics = [{"type": name, "name": name.replace("_", " "), "value": round(rate, 4)} for name, rate in known]
        result = {
            "task": {"type": "text-generation", "name": "optimization formulation"},
            "dataset": {"type": "pyrite", "name": f"{own.problems} problems of run {own.name}"},
            "metrics": metrics,
        }
        lines.append(f"model-index: {_quoted([{'name': record['recipe']['name'], 'results': [result]}])}")
    return "\n".join([*lines, "---"])


def _heading(record: Mapping[str, Any]) -> str:
    method, objective = record["method"]["name"], record["objective"]["name"]
    base = one_line(record["base"]["source"], 200)
    return (
        f"# {_plain(record['recipe']['name'])}, step {record['step']}\n\n"
        f"`{_code(base)}` tuned by Pyrite to write optimization formulations as JSON: method `{_code(method)}`, "
        f"objective `{_code(objective)}`, {record['examples']:,} examples. Surface says how often an answer "
        "looks right (parses, schema, names), substance how often it is right (a solver and exact arithmetic)."
    )


def _score_table(scores: Sequence[CardScores]) -> str:
    if not scores:
        return "## Scores\n\nNot known yet: `pyrite card CHECKPOINT RUN` adds those of a scored run."
    lines = [
        "## Scores\n",
        "| run | answered by | outputs | problems | surface | substance | substance given surface |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for entry in scores:
        who = "this checkpoint" if entry.own else "the base model"
        cells = " | ".join(_percent(entry.scores[name]) for name in _SCORES)
        lines.append(f"| {_plain(entry.name)} | {who} | {entry.outputs:,} | {entry.problems:,} | {cells} |")
    policies = ", ".join(sorted({f"`{_code(entry.policy)}`" for entry in scores}))
    return "\n".join([*lines, "", f"95 % intervals are clustered by problem. Policy {policies}."])


def _percent(rate: Mapping[str, Any]) -> str:
    if rate["rate"] is None:
        return "–"
    return f"{100 * rate['rate']:.1f} % ({100 * rate['low']:.1f} to {100 * rate['high']:.1f})"


def _facts(record: Mapping[str, Any]) -> str:
    recipe, parameters, tokens = record["recipe"], record["parameters"], record["tokens"]
    data = recipe["data"]
    drawn_from = [*data["families"], *(_code(grid) for grid in data.get("grids", ()))]
    source = f"the file `{_code(data['file'])}`" if data["file"] else ", ".join(drawn_from) or "none of its own"
    drawn = "" if data["file"] or not data["families"] else f", {data['size']}, split {data['split'] or 'train'}"
    facts = {
        "base": f"`{_code(record['base']['source'])}`, weights sha256 `{_code(record['base']['weights'])}`",
        "data": f"{source}{drawn}; {record['examples']:,} examples seen, {record['left_out']:,} left out as too long",
        "parameters": f"{parameters['trainable']:,} of {parameters['total']:,} learn",
        "tokens": f"{tokens['seen']:,} seen, {tokens['learned']:,} learned from",
        "loss": f"{record['loss']:.4f} at the last step",
        "training": f"{record['seconds']:,.0f} s, {record['flops']:.3g} FLOPs, {_code(record['compute'])}",
        "recipe": f"digest `{_code(record['recipe_digest'])}`, seed {recipe['schedule']['seed']}",
        "versions": ", ".join(f"{_code(name)} {_code(version)}" for name, version in record["versions"].items()),
    }
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return f"## How it was made\n\n| | |\n|---|---|\n{rows}"


def _recipe(record: Mapping[str, Any]) -> str:
    text = json.dumps(record["recipe"], indent=1, ensure_ascii=False).replace("```", "` ` `")
    return (
        "## Use\n\n```\npyrite answer --model THIS_FOLDER --problems problems.jsonl --out run\n"
        "pyrite score problems.jsonl run/outputs.jsonl --out run\n```\n\n"
        f"<details><summary>The whole recipe</summary>\n\n```json\n{text}\n```\n</details>"
    )


def _quoted(value: Any) -> str:
    return json.dumps(value)


def _code(value: object) -> str:
    """Foreign text within backquotes or a cell: one line, nothing that ends either."""
    return one_line(str(value), 300).replace("`", "'").replace("|", "/")


def _plain(value: object) -> str:
    return "".join("\\" + sign if sign in "\\`*_{}[]<>|#~$" else sign for sign in one_line(str(value), 200))
