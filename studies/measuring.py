"""The loss on problems that were never learned, and how far tuning moved a model from its base."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..models.sections import Recipe
    from ..models.sources import Loaded


def held_out_loss(recipe: Recipe, checkpoint: Path | None, problems: Path) -> float | None:
    """Cross-entropy over all answer tokens of the file's problems that have a reference, in nats a token.

    None when no problem has one, and where companions answer along (their sum of scores is no one model's).
    """
    import torch

    from ..models.data import encode, recipe_prompt
    from ..models.forgetting import log_distributions
    from ..problems.files import read_problems

    if recipe.companions.chosen():
        return None
    loaded = _load(recipe, checkpoint)
    prompt = recipe_prompt(recipe.prompt, recipe.data)
    total, tokens = 0.0, 0
    for problem in read_problems(problems):
        if problem.reference is None:
            continue
        example = encode(problem, prompt, loaded.tokenizer)
        answer = list(example.tokens[example.prompt :])
        said = log_distributions(loaded, prompt, problem, answer)
        total -= float(said[torch.arange(len(answer)), torch.tensor(answer)].sum())
        tokens += len(answer)
    return total / tokens if tokens else None


def pretrained_on(source: str) -> dict[str, int]:
    """``{"pretraining": tokens}`` of a model that ``pyrite models scratch`` has made; else nothing is known of it."""
    from ..feasibility.disk import plain_file, read_object, shaped
    from ..models.sources import SCRATCH, parse_source

    found = parse_source(source)
    record = Path(found.name) / SCRATCH
    if found.kind != "folder" or not plain_file(record):
        return {}
    document = read_object(record, "record")
    with shaped(record, "record"):
        return {"pretraining": int(document["tokens"])}


def moved_from_base(recipe: Recipe, checkpoint: Path | None, problems: Path) -> dict[str, Any]:
    """KL(base || tuned) along the references of the first ``[forgetting] prompts`` asked problems.

    The base is the recipe's own model, whatever was tuned in between. Empty for a model that nothing was tuned of.
    """
    from ..models.data import recipe_prompt
    from ..models.forgetting import kl_from_base
    from ..models.prompts import right_answer
    from ..problems.files import read_problems

    count = recipe.forgetting.prompts
    if checkpoint is None or not count:
        return {}
    asked = [problem for problem in read_problems(problems) if problem.reference is not None][:count]
    if not asked:
        return {}
    prompt = recipe_prompt(recipe.prompt, recipe.data)
    texts = [(problem, right_answer(problem)) for problem in asked]
    moved = kl_from_base(_load(recipe, None), _load(recipe, checkpoint), prompt, texts)
    return {**moved.to_dict(), "along": "the references' answers"}


def _load(recipe: Recipe, checkpoint: Path | None) -> Loaded:
    from ..models.devices import choose_compute
    from ..models.quiet import quiet_transformers
    from ..models.sources import load, parse_source

    model = recipe.model
    source = parse_source(str(checkpoint)) if checkpoint else parse_source(model.source, model.adapter)
    with quiet_transformers():
        loaded = load(source, choose_compute(model.device, model.dtype, model.threads), lambda text: None)
    loaded.model.eval()
    return loaded
