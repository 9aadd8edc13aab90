"""One cell: candidates on validation problems, the best of them asked the held-out ones, one small JSON at the end.

Every stage looks at what is there and does the rest, so that a cell goes on after a kill. The chosen candidate's
checkpoints are moved, not tuned again.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..feasibility.disk import make_folder, plain_file, read_object, shaped
from ..feasibility.errors import PyriteError
from ..pipeline import Event, Pipeline
from ..results.run import environment, write_json
from .answering import Say, answer, checkpoint_record, last_checkpoint, prompt_of, with_rate
from .beforehand import pairs_account, ready
from .by_layer import layers_of
from .drawn import draw, lay_out
from .measuring import held_out_loss, moved_from_base, pretrained_on
from .plan import Cell, Study
from .records import Asked, CellResult, read_result

if TYPE_CHECKING:
    from ..models.sections import Recipe


def run_cell(study: Study, cell: Cell, out: Path, say: Say = lambda text: None) -> CellResult:
    """Do what is left of one cell in its folder below ``out``, then write its record. PyriteError says what failed."""
    done = read_result(out / "cells", cell.name)
    if done is not None:
        return done
    folder = make_folder(out / "work" / cell.name)
    own, cell = cell, ready(study, cell, out, folder, say)
    rate, candidates = _chosen_rate(study, cell, out, folder, say)
    recipe = with_rate(cell.recipe, rate)
    lay_out(recipe, *prompt_of(recipe), out, folder / "run")
    pipeline = Pipeline(recipe, folder / "run", recipe_toml_note(cell), told=_telling(say))
    pipeline.run()
    clock = _Clock(folder / "seconds.json")
    with clock.time("also"):
        also = _ask_also(study, recipe, out, folder, say)
    result = _result(study, own, recipe, folder, candidates, also, clock, say)
    result.write(out / "cells")
    for path in folder.glob("candidate-*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return result


def recipe_toml_note(cell: Cell) -> str:
    """What stands as ``recipe.toml`` in a cell's run: the study's file is the source, the JSON beside it the recipe."""
    labels = ", ".join(f"{axis} = {label}" for axis, label in cell.labels.items())
    return f"# Cell {cell.name} of a study: {labels}. The whole recipe is in recipe.json.\n"


# The search.


def _chosen_rate(
    study: Study, cell: Cell, out: Path, folder: Path, say: Say
) -> tuple[float | None, list[dict[str, Any]]]:
    """The rate to use and what the candidates scored on validation problems."""
    if not cell.rates:
        return None, []
    if cell.rate_from is not None:
        first = read_result(out / "cells", cell.rate_from)
        if first is None:
            raise PyriteError(f"{cell.name} takes the rate of {cell.rate_from}, which is not finished", exit_code=3)
        return first.learning_rate, []
    found = [_candidate(study, cell, out, folder, number, say) for number in range(len(cell.rates))]
    best = best_candidate(found)
    tuned, chosen = folder / f"candidate-{best}" / "tuning", folder / "run" / "tuning"
    if tuned.is_dir() and not chosen.exists():
        make_folder(folder / "run")
        os.rename(tuned, chosen)
    for number in range(len(found)):
        shutil.rmtree(folder / f"candidate-{number}", ignore_errors=True)
    return cell.rates[best], found


def best_candidate(found: Sequence[Mapping[str, Any]]) -> int:
    """The most validation problems right in substance; then in surface; then the lower training loss; then the first.

    >>> best_candidate([{"substance": 1, "surface": 5, "loss": 0.1}, {"substance": 2, "surface": 2, "loss": 0.4}])
    1
    """

    def merit(number: int) -> tuple[float, float, float]:
        loss = found[number]["loss"]
        finite = isinstance(loss, float | int) and loss == loss  # a run that diverged has no loss to compare
        return found[number]["substance"], found[number]["surface"], -loss if finite else float("-inf")

    return max(range(len(found)), key=merit)


def _candidate(study: Study, cell: Cell, out: Path, folder: Path, number: int, say: Say) -> dict[str, Any]:
    """Tune with one rate and ask validation problems; counts only."""
    from ..models.training.tuning import tune

    target = folder / f"candidate-{number}.json"
    if plain_file(target):
        known = read_object(target, "candidate")
        with shaped(target, "candidate"):
            _ = known["loss"], int(known["substance"]), int(known["surface"])
        return known
    rate = cell.rates[number]
    recipe = with_rate(cell.recipe, rate)
    clock = _Clock(folder / "seconds.json")
    say(f"learning rate {rate:g} ({number + 1} of {len(cell.rates)})")
    place = make_folder(folder / f"candidate-{number}")
    with clock.time("search"):
        prompt, tokenizer = prompt_of(recipe)
        learned = draw(recipe.data, "train", prompt, tokenizer, out) if recipe.data.is_named else ()
        tuned = tune(recipe, place / "tuning", lambda text: None, problems=learned)
        section = dataclasses.replace(recipe.answers.problems, split="validation", count=study.search.problems)
        asked = draw(section, "validation", prompt, tokenizer, out)
        run = place / "validation"
        last = max(tuned.checkpoints)
        answer(recipe, tuned.checkpoints[last], asked, prompt, run)
        from ..results.scoring import score_into

        summary = score_into(run)
    record = {
        "learning_rate": rate,
        "problems": len(asked),
        "surface": summary["surface"]["passed"],
        "substance": summary["substance"]["passed"],
        "unknown": summary["substance"]["unknown"],
        "loss": tuned.record["loss"],
    }
    write_json(target, record)
    say(f"learning rate {rate:g}: substance {record['substance']}, surface {record['surface']} of {len(asked)}")
    return record


# Asking.


def _ask_also(study: Study, recipe: Recipe, out: Path, folder: Path, say: Say) -> dict[str, Asked]:
    """Further problem sets, asked of the last checkpoint alone."""
    from ..results.scoring import score_into

    found: dict[str, Asked] = {}
    if not study.also:
        return found
    prompt, tokenizer = prompt_of(recipe)
    checkpoint, examples = last_checkpoint(folder / "run")
    for name, section in study.also.items():
        run = folder / "run" / "also" / name
        asked = draw(section, "test", prompt, tokenizer, out)
        say(f"asking {name} ({len(asked)} problems)")
        answer(recipe, checkpoint, asked, prompt, run)
        score_into(run)
        found[name] = Asked.read(run, f"also/{name}", examples)
    return found


# The result.


def _result(
    study: Study,
    cell: Cell,
    recipe: Recipe,
    folder: Path,
    candidates: Sequence[Mapping[str, Any]],
    also: Mapping[str, Asked],
    clock: _Clock,
    say: Say,
) -> CellResult:
    """The record of ``cell`` as the study has it; ``recipe`` is what was run, with the paths of this machine."""
    run = folder / "run"
    checkpoint, _ = last_checkpoint(run)
    record = checkpoint_record(checkpoint)
    pipeline = Pipeline(recipe, run, "")
    asked = [_read_asked(path) for path in pipeline.runs()]
    with clock.time("held-out loss"):
        loss = held_out_loss(recipe, checkpoint, run / "problems.jsonl")
    with clock.time("forgetting"):
        forgetting = moved_from_base(cell.recipe, checkpoint, run / "problems.jsonl")
    layers = {}
    if study.analysis.kind == "layers":
        with clock.time("layers"):
            layers = layers_of(cell.recipe, checkpoint, run, study.analysis.exchange_problems, say)
    document = read_object(pipeline.runs()[-1] / "run.json", "run")
    with shaped(run, "checkpoint's record"):
        base = record.get("base", {}).get("weights")
        learning_rate = record["recipe"]["schedule"]["learning_rate"] if record else None
    seconds = {**clock.seconds, **{f"run: {name}": used for name, used in _seconds(run).items()}}
    return CellResult(
        cell=cell.name,
        labels=dict(cell.labels),
        learning_rate=learning_rate,
        candidates=list(candidates),
        recipe=with_rate(cell.recipe, recipe.schedule.learning_rate).to_dict(),
        weights=str(base or _weights(document)),
        parameters=record.get("parameters", {"total": 0, "trainable": 0}),
        tokens=record.get("tokens", {"seen": 0, "learned": 0}) | pretrained_on(cell.recipe.model.source),
        flops=record.get("flops", 0),
        examples=record.get("examples", 0),
        left_out=record.get("left_out", 0),
        loss=record.get("loss"),
        held_out_loss=loss,
        asked=asked,
        also=also,
        forgetting=forgetting,
        layers=layers,
        pairs=pairs_account(folder),
        seconds=seconds,
        made_by={**environment(), "libraries": record.get("versions", {}), "compute": record.get("compute")},
    )


def _weights(document: Mapping[str, Any]) -> Any:
    answered = document.get("answered_by")
    answered = answered if isinstance(answered, Mapping) else {}
    return answered.get("weights") or answered.get("model") or "unknown"


def _seconds(run: Path) -> dict[str, float]:
    return _seconds_of(run / "seconds.json")


def _seconds_of(path: Path) -> dict[str, float]:
    if not plain_file(path):
        return {}
    table = read_object(path, "table of seconds")
    with shaped(path, "table of seconds"):
        return {name: float(used) for name, used in table.items()}


def _read_asked(path: Path) -> Asked:
    document = read_object(path / "run.json", "run")
    with shaped(path / "run.json", "run"):
        examples = int(document.get("training_examples", 0))
    return Asked.read(path, f"runs/{path.name}", examples)


def _telling(say: Say) -> Callable[[Event], None]:
    def told(event: Event) -> None:
        if event.kind == "begun":
            say(event.text)

    return told


class _Clock:
    """Seconds by stage over all goes, kept in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds = _seconds_of(path)

    def time(self, name: str) -> _Timing:
        return _Timing(self, name)


class _Timing:
    def __init__(self, clock: _Clock, name: str) -> None:
        self.clock, self.name = clock, name

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *error: object) -> None:
        seconds = self.clock.seconds
        seconds[self.name] = round(seconds.get(self.name, 0.0) + time.monotonic() - self.began, 2)
        write_json(self.clock.path, seconds)
