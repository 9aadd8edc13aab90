"""What a tuned model's loss is on problems that it never learned: nats a token of the references, given the problem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..models.sections import Recipe


def held_out_loss(recipe: Recipe, checkpoint: Path | None, problems: Path) -> float | None:
    """Cross-entropy over all answer tokens of the file's problems that have a reference, in nats a token.

    None when no problem has one, and for methods that act on the prompt alone and have to be told where it ends
    (LoReFT, DiReFT, SoftCoT), whose loss is not measured here.
    """
    import torch

    from ..models.data import encode, recipe_prompt
    from ..models.devices import choose_compute
    from ..models.quiet import quiet_transformers
    from ..models.sources import load, parse_source
    from ..problems.files import read_problems

    model = recipe.model
    source = parse_source(str(checkpoint)) if checkpoint else parse_source(model.source, model.adapter)
    with quiet_transformers():
        loaded = load(source, choose_compute(model.device, model.dtype, model.threads), lambda text: None)
    if loaded.prefill is not None:
        return None
    prompt = recipe_prompt(recipe.prompt, recipe.data)
    total, tokens = 0.0, 0
    loaded.model.eval()
    for problem in read_problems(problems):
        if problem.reference is None:
            continue
        example = encode(problem, prompt, loaded.tokenizer)
        ids = torch.tensor([example.tokens], device=loaded.compute.device)
        with torch.inference_mode():
            scores = loaded.model(input_ids=ids).logits[0].float()
        # Virtual tokens before the prompt have scores of their own; the last ones are the example's.
        scores = scores[-len(example.tokens) :]
        answer = ids[0, example.prompt :]
        losses = torch.nn.functional.cross_entropy(scores[example.prompt - 1 : -1], answer, reduction="sum")
        total, tokens = total + float(losses), tokens + len(answer)
    return total / tokens if tokens else None
