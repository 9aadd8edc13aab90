"""What tuning cost: how far a tuned model has moved from its base on prompts that it was not trained on.

KL(base || tuned), token by token along texts that are given (the base model's own answers where there are some), in
nats a token: mean over positions of sum_v p_base(v) * (log p_base(v) - log p_tuned(v)). Following "RL's razor" (arXiv
2509.04259) it is to be compared between methods at equal score on the new task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..feasibility.errors import PyriteError
from ..problems.problem import Problem
from .prompts import Prompt
from .sources import Loaded, refuse_other_vocabulary


@dataclass(frozen=True, slots=True)
class Moved:
    """KL(base || tuned) in nats a token over ``positions`` of ``texts``; ``worst`` is the largest mean of a text."""

    kl: float
    positions: int
    texts: int
    worst: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "kl_base_tuned": self.kl,
            "unit": "nats a token",
            "positions": self.positions,
            "texts": self.texts,
            "worst_text": self.worst,
        }


def kl_from_base(base: Loaded, tuned: Loaded, prompt: Prompt, texts: Sequence[tuple[Problem, str]]) -> Moved:
    """KL(base || tuned) along answers to problems. Raises PyriteError for different vocabularies and without texts."""
    refuse_other_vocabulary(base, tuned, "the tuned model")
    total, positions, worst = 0.0, 0, 0.0
    for problem, text in texts:
        answer = base.tokenizer(text, add_special_tokens=False)["input_ids"]
        if not answer:
            continue
        mine, theirs = (log_distributions(loaded, prompt, problem, answer) for loaded in (base, tuned))
        if mine.shape != theirs.shape:
            raise PyriteError("the tuned model has another number of tokens than its base")
        here = (mine.exp() * (mine - theirs)).sum(dim=1)
        total, positions = total + float(here.sum()), positions + len(answer)
        worst = max(worst, float(here.mean()))
    if not positions:
        raise PyriteError("there is no text along which the tuned model could be held against its base")
    return Moved(max(0.0, total / positions), positions, len(texts), worst)


def log_distributions(loaded: Loaded, prompt: Prompt, problem: Problem, answer: Sequence[int]) -> Any:
    """log p(. | what came before), (answer tokens, vocabulary): exactly as the model answers."""
    import torch

    ending = loaded.restored.ending if loaded.restored is not None else ()
    asked = replace(prompt, ending=ending).tokens(problem, loaded.tokenizer)
    ids = torch.tensor([[*asked, *answer]], device=loaded.compute.device)
    prefill = loaded.prefill
    with torch.no_grad():
        if prefill is not None:
            prefill.begin([asked], ids.device)
            prefill.aim(torch.arange(ids.shape[1], device=ids.device)[None], torch.tensor([len(asked)]).to(ids.device))
        logits = loaded.model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits[0]
        if prefill is not None:
            prefill.rest()
    # Virtual tokens stand before the others.
    return torch.log_softmax(logits[-len(answer) - 1 : -1].float(), dim=-1)
