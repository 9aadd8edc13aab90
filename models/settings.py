"""How answers are drawn: the settings that a recipe, the command line and every back end share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..feasibility.errors import PyriteError

Decoding = Literal["free", "grammar", "names"]
DECODINGS = ("free", "grammar", "names")
BackEnd = Literal["transformers", "vllm"]
BACK_ENDS = ("transformers", "vllm")


_LEAST_ROOM = 16


def context_length(config: Any) -> int:
    """Tokens that a model holds by its configuration; very many when that says nothing."""
    return int(getattr(config, "max_position_embeddings", None) or 1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How answers are drawn; part of a run's identity.

    ``temperature`` 0 is greedy. ``drafts`` tokens are guessed from what was written before and checked in one pass
    (0: none); they change the last bits of sums, so they belong to the identity. ``decoding``: ``free``; ``grammar``
    keeps to the language (stages 1-2 and the grammar of expressions); ``names`` also to the names that each problem's
    reference declares. ``tensor_parallel``: GPUs that vLLM splits the model
    over. ``batch_size`` 0 chooses by device. ``max_prompt_tokens`` 0 means what the model can hold.
    """

    samples: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_new_tokens: int = 512
    max_prompt_tokens: int = 0
    batch_size: int = 0
    decoding: Decoding = "free"
    drafts: int = 4
    tensor_parallel: int = 1

    def __post_init__(self) -> None:
        at_least = {"samples": 1, "max_new_tokens": 1, "max_prompt_tokens": 0, "batch_size": 0}
        at_least |= {"drafts": 0, "tensor_parallel": 1}
        for name, least in at_least.items():
            if getattr(self, name) < least:
                raise PyriteError(f"{name} is at least {least}, not {getattr(self, name)}")
        if not 0 <= self.temperature <= 10:
            raise PyriteError(f"temperature lies between 0 (greedy) and 10, not {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise PyriteError(f"top_p lies above 0 and is at most 1, not {self.top_p}")
        if self.decoding not in DECODINGS:
            raise PyriteError(f"decoding is one of {', '.join(DECODINGS)}, not {self.decoding!r}")
        if self.samples > 1 and self.temperature == 0:
            raise PyriteError("several samples of a greedy answer are the same answer; give a temperature above 0")

    def longest_prompt(self, context: int) -> int:
        """Tokens a prompt may have for a model that holds ``context``: an answer needs some room at the least."""
        room = context - _LEAST_ROOM
        return min(self.max_prompt_tokens or room, room)

    def identity(self) -> dict[str, Any]:
        """For run.json: everything, as plain JSON; one GPU is not said, as in runs from before there were more."""
        found = asdict(self)
        if self.tensor_parallel == 1:
            del found["tensor_parallel"]
        return found
