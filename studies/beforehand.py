"""What a cell needs of cells before it: their tuned models, and pairs of their judged answers to learn from.

A study carried on elsewhere has the earlier cells' records without their weights: the same tuning is done again there.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ..feasibility.disk import make_folder, plain_file, read_object
from ..feasibility.errors import PyriteError
from ..models.sections import Recipe
from ..results.run import write_json
from .answering import Say, answer, last_checkpoint, prompt_of, with_rate
from .drawn import draw
from .locking import alone
from .naming import digest_of
from .plan import Cell, Study
from .records import read_result


def ready(study: Study, cell: Cell, out: Path, folder: Path, say: Say) -> Cell:
    """The cell with paths where its recipe waits for other cells. Raises PyriteError when one is not finished."""
    recipe = cell.recipe
    paths = {role: tuned_model(study, name, out, say) for role, name in cell.after.items()}
    if "model" in paths:
        recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, source=str(paths["model"])))
    if "expert" in paths:
        companions = dataclasses.replace(recipe.companions, expert=str(paths["expert"]))
        recipe = dataclasses.replace(recipe, companions=companions)
    options = dict(recipe.objective.options)
    if "teacher" in paths:
        options["teacher"] = str(paths["teacher"])
    if cell.pairs is not None:
        options["answers"] = str(_pairs(cell, recipe, out, folder, say))
    recipe = dataclasses.replace(recipe, objective=dataclasses.replace(recipe.objective, options=options))
    return dataclasses.replace(cell, recipe=recipe)


def tuned_model(study: Study, name: str, out: Path, say: Say) -> Path:
    """The last checkpoint of a finished cell, tuned again with its chosen rate where its weights are not here."""
    from ..models.training.tuning import tune

    found, _ = last_checkpoint(out / "work" / name / "run")
    if found is not None:
        return found
    known = read_result(out / "cells", name)
    if known is None:
        raise PyriteError(f"it comes after {name}, which is not finished")
    earlier = next(cell for cell in study.cells if cell.name == name)
    folder = make_folder(out / "work" / name)
    earlier = ready(study, earlier, out, folder, say)
    recipe = with_rate(earlier.recipe, known.learning_rate)
    say(f"tuning {name} again, whose weights are not here")
    prompt, tokenizer = prompt_of(recipe)
    learned = draw(recipe.data, "train", prompt, tokenizer, out) if recipe.data.is_named else ()
    tuned = tune(recipe, folder / "run" / "tuning", lambda text: None, problems=learned)
    return tuned.checkpoints[max(tuned.checkpoints)]


def _pairs(cell: Cell, recipe: Recipe, out: Path, folder: Path, say: Say) -> Path:
    """The pairs file, drawn once: the model answers training problems several times, the judge says which are right."""
    from ..problems.lines import write_lines
    from ..results.pairs import draw_pairs

    assert cell.pairs is not None
    target, account = folder / "pairs.jsonl", folder / "pairs.json"
    if target.exists() and account.exists():
        return target
    run = _sampled(cell, recipe, out, say)
    drawn = draw_pairs([run], cell.pairs.kind, cap=cell.pairs.cap, seed=recipe.schedule.seed)
    write_lines(target, drawn.lines)
    write_json(account, drawn.to_dict())
    return target


def _sampled(cell: Cell, recipe: Recipe, out: Path, say: Say) -> Path:
    """The earlier cell's judged answers to training problems: one run for all cells that learn from the same ones."""
    from ..results.scoring import score_into

    assert cell.pairs is not None
    section = cell.pairs
    answers = dataclasses.replace(
        recipe.answers, samples=section.samples, temperature=section.temperature, seed=recipe.schedule.seed
    )
    sampling = dataclasses.replace(recipe, answers=answers)
    data = dataclasses.replace(recipe.data, count=section.problems)
    decides: dict[str, Any] = {"by": cell.after["model"]}
    for name, part in (("answers", answers), ("data", data), ("model", recipe.model), ("prompt", recipe.prompt)):
        decides[name] = dataclasses.asdict(part)
    # Where the earlier cell's weights lie, and what is asked once the tuning is over, say nothing about these answers.
    del decides["model"]["source"], decides["answers"]["problems"]
    run = out / "work" / "sampled" / digest_of(decides)
    make_folder(run.parent)
    with alone(run.with_suffix(".lock"), wait=True):
        say(f"pairs: {section.samples} answers to each of {section.problems} training problems")
        prompt, tokenizer = prompt_of(recipe)
        answer(sampling, None, draw(data, "train", prompt, tokenizer, out), prompt, run)
        score_into(run)
    return run


def pairs_account(folder: Path) -> dict[str, Any]:
    """What the pairs were drawn from, for the cell's record; empty where there are none."""
    path = folder / "pairs.json"
    return read_object(path, "account of pairs") if plain_file(path) else {}
