"""Where a tuned model differs from its base: weights and hidden states by layer, and what single layers carry.

The last is asked, not inferred: the tuned layers of a third are put into the base, and the base's into the tuned model,
and both answer problems. Embeddings, the final norm and the head go with neither third: they stay those of the model
that the layers are put into.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .answering import Say, answer, prompt_of

if TYPE_CHECKING:
    from ..models.prompts import Prompt
    from ..models.sections import Recipe
    from ..problems.problem import Problem

THIRDS = ("lower", "middle", "upper")


def thirds(count: int) -> dict[str, list[int]]:
    """The layers of the lower, middle and upper third; what does not divide goes to the middle.

    >>> thirds(4)
    {'lower': [0], 'middle': [1, 2], 'upper': [3]}
    """
    outer = max(1, count // 3) if count > 2 else 0
    numbers = list(range(count))
    return dict(zip(THIRDS, (numbers[:outer], numbers[outer : count - outer], numbers[count - outer :]), strict=True))


def layers_of(recipe: Recipe, checkpoint: Path | None, run: Path, count: int, say: Say) -> dict[str, Any]:
    """What a cell's record says by layer; empty for what does not learn, or is no plain weights when merged.

    ``count`` problems of ``run`` are asked of each exchange, whose answers are kept under ``run/layers``.
    """
    from ..models.data import recipe_prompt
    from ..models.devices import choose_compute
    from ..models.sources import load, parse_source
    from ..problems.files import read_problems

    if checkpoint is None:
        return {}
    model = recipe.model
    compute = choose_compute(model.device, model.dtype, model.threads)
    base = load(parse_source(model.source, model.adapter), compute, lambda text: None)
    tuned = load(parse_source(str(checkpoint)), compute, lambda text: None)
    if not tuned.merged:
        return {}
    prompt = recipe_prompt(recipe.prompt, recipe.data)
    asked = [problem for problem in read_problems(run / "problems.jsonl") if problem.reference is not None][:count]
    return {
        "weights": changed_weights(base.model, tuned.model),
        "states": changed_states(base, tuned, prompt, asked),
        "exchanges": _exchanges(recipe, base, tuned, asked, run, say),
    }


def changed_weights(base: Any, tuned: Any) -> dict[str, Any]:
    """||tuned - base|| / ||base|| (Frobenius, over all of a layer's weights), by layer; and of the embeddings."""
    from ..models.methods.reft import decoder_layers

    def change(one: Any, other: Any) -> float:
        pairs = list(zip(one.parameters(), other.parameters(), strict=True))
        moved = sum(float((a.double() - b.double()).square().sum()) for a, b in pairs)
        size = sum(float(a.double().square().sum()) for a, _ in pairs)
        return round((moved / size) ** 0.5 if size else 0.0, 6)

    layers = [change(a, b) for a, b in zip(decoder_layers(base), decoder_layers(tuned), strict=True)]
    return {"layers": layers, "embeddings": change(base.get_input_embeddings(), tuned.get_input_embeddings())}


def changed_states(base: Any, tuned: Any, prompt: Prompt, asked: Sequence[Problem]) -> list[float]:
    """1 - cosine between both models' hidden states after each layer, mean over the tokens of the references.

    The last one is taken after the final norm, as transformers gives it.
    """
    import torch

    from ..models.data import encode

    total: list[float] = []
    tokens = 0
    for problem in asked:
        example = encode(problem, prompt, base.tokenizer)
        ids = torch.tensor([example.tokens], device=base.compute.device)
        with torch.inference_mode():
            mine, theirs = (
                loaded.model(input_ids=ids, output_hidden_states=True, use_cache=False).hidden_states[1:]
                for loaded in (base, tuned)
            )
        found = [
            float((1 - torch.cosine_similarity(a[0, example.prompt :].double(), b[0, example.prompt :].double())).sum())
            for a, b in zip(mine, theirs, strict=True)
        ]
        total = [x + y for x, y in zip(total, found, strict=True)] if total else found
        tokens += len(example.tokens) - example.prompt
    return [round(value / tokens, 6) for value in total]


def differing(base: Any, tuned: Any) -> list[bool]:
    """Which layers differ, and, last, whether anything outside the layers does (embeddings, final norm, head)."""
    import torch

    from ..models.methods.reft import decoder_layers

    def unequal(one: Any, other: Any) -> bool:
        return any(not torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))

    pairs = list(zip(decoder_layers(base), decoder_layers(tuned), strict=True))
    layered = {id(value) for pair in pairs for layer in pair for value in layer.parameters()}
    outside = [[v for v in model.parameters() if id(v) not in layered] for model in (base, tuned)]
    return [unequal(a, b) for a, b in pairs] + [any(not torch.equal(a, b) for a, b in zip(*outside, strict=True))]


def exchange(into: Any, source: Any, layers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Put these layers of ``source`` into ``into``; gives what stood there, to be put back."""
    import torch

    from ..models.methods.reft import decoder_layers

    targets, sources = decoder_layers(into), decoder_layers(source)
    with torch.no_grad():
        kept = {number: {k: v.clone() for k, v in targets[number].state_dict().items()} for number in layers}
        for number in layers:
            targets[number].load_state_dict(sources[number].state_dict())
    return kept


def _exchanges(
    recipe: Recipe, base: Any, tuned: Any, asked: Sequence[Problem], run: Path, say: Say
) -> list[dict[str, Any]]:
    from ..models.methods.reft import decoder_layers
    from ..results.scoring import score_into

    found = []
    known: dict[tuple[bool, ...], dict[str, int]] = {}
    differ = differing(base.model, tuned.model)
    count = len(decoder_layers(base.model))
    parts = {name: layers for name, layers in thirds(count).items() if layers}
    for name, layers in parts.items():
        for into, source, word in (
            (base, tuned, "tuned layers in the base"),
            (tuned, base, "base layers in the tuned"),
        ):
            # Where tuning left layers as they were, several exchanges make one model, which is asked once.
            theirs = [(source if number in layers else into) is tuned for number in range(count)] + [into is tuned]
            which = tuple(mine and moved for mine, moved in zip(theirs, differ, strict=True))
            if which not in known:
                place = run / "layers" / f"{name}-{word.partition(' ')[0]}"
                say(f"{word}: {name} third")
                kept = exchange(into.model, source.model, layers)
                model = _written(into, place / "model")
                for number, weights in kept.items():
                    decoder_layers(into.model)[number].load_state_dict(weights)
                swapped = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, source=str(model)))
                prompt, _ = prompt_of(swapped)
                answer(swapped, None, asked, prompt, place / "answers")
                summary = score_into(place / "answers")
                shutil.rmtree(model)
                known[which] = {score: summary[score]["passed"] for score in ("surface", "substance")}
            found.append({"what": word, "third": name, "layers": list(layers), "problems": len(asked), **known[which]})
    return found


def _written(loaded: Any, folder: Path) -> Path:
    from ..models.quiet import quiet_transformers

    with quiet_transformers():
        loaded.model.save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
    return folder
