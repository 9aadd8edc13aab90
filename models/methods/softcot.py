"""SoftCoT: thoughts that are no words, out of a frozen assistant through one learned projection (arXiv 2502.12134).

``thoughts`` placeholder tokens end each prompt. The assistant reads the prompt with its placeholders once; its hidden
states there (last layer, after the final norm) go through one linear map, and what comes out stands in place of the
placeholders' embeddings in the model that answers. Both models stay as they are; only the map learns, by the loss on
the answer:

    T = W h_assistant(prompt, placeholders) + c,  W (width of the model, width of the assistant), c (width of the model)

``source`` says where the thoughts come from, for the controls that the paper's own logic asks for: ``assistant`` is the
method; ``words`` are hard tokens: the assistant writes on after the prompt, always the likeliest token that ends
nothing, and the model sees their embeddings; ``learned`` has a free vector for each place, the same for every problem
(prompt tuning, at the same places); ``placeholders`` lets the model see the bare placeholders. ``words`` and
``placeholders`` learn one vector that is added to all of them (without it nothing would learn), begun at zero.

Where this differs from the paper and its code: the assistant reads the same tokens as the model (the same vocabulary is
asked for), without an instruction of its own; the placeholders stand at the end of the prompt, after the mark where the
model's turn begins, without marks around them; their number is the same in training and answering (the authors train
with 32 and answer with 4). What is not covered: SoftCoT++ (several chains), LoRA on either model, packing, merging,
vLLM, weights split over processes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...feasibility.disk import read_object
from ...feasibility.errors import PyriteError
from ..prompts import Prompt
from .protocol import Method, Prefill, Restored

WEIGHTS = "thoughts.safetensors"
SETTINGS = "thoughts.json"
SOURCES = ("assistant", "words", "learned", "placeholders")
_ASKS = ("assistant", "words")
_DEFAULTS: dict[str, Any] = {"thoughts": 8, "assistant": "", "source": "assistant"}


class Thoughts(nn.Module):
    """What stands in place of the placeholders: (rows, thoughts, width). As a ``Prefill`` it is aimed before a pass."""

    def __init__(self, width: int, options: Mapping[str, Any], assistant: Any) -> None:
        super().__init__()
        self.count, self.source = int(options["thoughts"]), str(options["source"])
        # In a list, so that the assistant is no child: its weights neither learn nor are saved.
        self._assistant = [assistant]
        if self.source == "assistant":
            self.project = nn.Linear(assistant.config.hidden_size, width)
        elif self.source == "learned":
            self.free = nn.Parameter(torch.randn(self.count, width) * 0.02)
        else:
            self.shift = nn.Parameter(torch.zeros(width))
        self.token = 0
        """The placeholder, by the tokenizer that was trained with."""
        self._made: torch.Tensor | None = None
        self._words: torch.Tensor | None = None
        self._places: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None

    def install(self, model: Any) -> None:
        """Change what the model's embedding gives from now on, whenever aimed."""
        model.get_input_embeddings().register_forward_hook(self._replace)

    def shareable(self, lengths: Sequence[int]) -> int:
        """Everything before the placeholders is untouched."""
        return min(lengths) - self.count

    def begin(self, prompts: Sequence[Sequence[int]], device: Any) -> None:
        """Let the assistant read the prompts, padded on the left."""
        self._made = self._think(prompts, device)

    def _think(self, prompts: Sequence[Sequence[int]], device: Any) -> torch.Tensor:
        if self.source == "learned":
            return self.free.expand(len(prompts), -1, -1)
        held, self._places = self._places, None  # the assistant may be the model itself, and then reads plain words
        try:
            with torch.no_grad():
                if self.source == "words":
                    self._words = self._write([prompt[: -self.count] for prompt in prompts], device)
                elif self.source == "assistant":
                    states = self._read(prompts, device)
        finally:
            self._places = held
        if self.source != "assistant":
            return self.shift.expand(len(prompts), self.count, -1)
        with torch.autocast(states.device.type, enabled=False):
            thoughts: torch.Tensor = self.project(states)
        return thoughts

    def _read(self, prompts: Sequence[Sequence[int]], device: Any) -> torch.Tensor:
        """The assistant's last hidden states at the placeholders."""
        assistant = self._assistant[0]
        body = assistant.get_decoder() if hasattr(assistant, "get_decoder") else assistant.base_model
        ids, mask = _padded(prompts, device)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        found = body(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False)
        states: torch.Tensor = found.last_hidden_state[:, -self.count :].detach().float()
        return states

    def _write(self, prompts: Sequence[Sequence[int]], device: Any) -> torch.Tensor:
        """The tokens (rows, thoughts) that the assistant writes after the prompts, none of which ends its answer."""
        assistant = self._assistant[0]
        ids, mask = _padded(prompts, device)
        ended = getattr(assistant.generation_config, "eos_token_id", None)
        never = [token for token in (ended if isinstance(ended, list) else [ended]) if token is not None]
        written: list[torch.Tensor] = []
        cache = None
        for _ in range(self.count):
            positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            found = assistant(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache, scores = found.past_key_values, found.logits[:, -1]
            scores[:, never] = float("-inf")
            ids = scores.argmax(dim=-1, keepdim=True)
            written.append(ids)
            mask = torch.cat((mask, mask.new_ones(len(mask), 1)), dim=1)
        return torch.cat(written, dim=1)

    def aim(self, places: torch.Tensor, lengths: torch.Tensor) -> None:
        """``places`` (rows, positions) counts a row's tokens from 0, -1 for padding; ``lengths`` (rows) of prompts."""
        number = places - (lengths.unsqueeze(1) - self.count)
        rows, columns = ((number >= 0) & (number < self.count)).nonzero(as_tuple=True)
        self._places = (rows, columns, number[rows, columns])

    def rest(self) -> None:
        """No thoughts until the next aim."""
        self._made = self._places = self._words = None

    def _replace(self, module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor | None:
        if self._places is None or self._made is None or not len(self._places[0]):
            return None
        rows, columns, number = self._places
        made = self._made[rows, number]
        if self.source == "placeholders":
            made = made + output[rows, columns].float()
        elif self.source == "words":
            assert self._words is not None
            held, self._places = self._places, None
            made = made + module(self._words)[rows, number].float()
            self._places = held
        return output.index_put((rows, columns), made.to(output.dtype))


def _padded(prompts: Sequence[Sequence[int]], device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and mask (rows, longest), padded on the left."""
    longest = max(map(len, prompts))
    ids = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class _SoftCot(Method):
    name = "softcot"
    summary = "soft thoughts out of a frozen assistant through a learned projection, arXiv 2502.12134"
    packs = False
    adds = True
    learning_rate = 1e-3

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        for key in options:
            if key not in _DEFAULTS:
                raise PyriteError(f"method 'softcot' has no option {key!r}; it has {', '.join(_DEFAULTS)}")
        complete = {**_DEFAULTS, **options}
        count = complete["thoughts"]
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 256:
            raise PyriteError(f"method 'softcot': thoughts is a whole number from 1 to 256, not {count!r}")
        if not isinstance(complete["assistant"], str):
            raise PyriteError(
                "method 'softcot': assistant is a model as --model takes it, or empty for the model itself"
            )
        if complete["source"] not in SOURCES:
            raise PyriteError(f"method 'softcot': source is one of {', '.join(SOURCES)}, not {complete['source']!r}")
        if complete["assistant"] and complete["source"] not in _ASKS:
            raise PyriteError(f"method 'softcot': source {complete['source']!r} asks no assistant; leave it out")
        return complete

    def helper(self, options: Mapping[str, Any]) -> str:
        return str(options["assistant"])

    def prompt(self, prompt: Prompt, tokenizer: Any, options: Mapping[str, Any]) -> Prompt:
        token = tokenizer.unk_token_id if tokenizer.unk_token_id is not None else tokenizer.eos_token_id
        return dataclasses.replace(prompt, ending=(token,) * options["thoughts"])

    def prepare(self, model: Any, options: Mapping[str, Any], helper: Any = None) -> Any:
        model.requires_grad_(False)
        self._put_on(model, options, helper)
        return model

    def _put_on(self, model: Any, options: Mapping[str, Any], helper: Any) -> Thoughts:
        thoughts = Thoughts(model.config.hidden_size, options, model if helper is None else helper).to(model.device)
        thoughts.install(model)
        model.thoughts = thoughts
        return thoughts

    def save(self, model: Any, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        from safetensors.torch import save_file

        thoughts: Thoughts = model.thoughts
        save_file({name: tensor.cpu().contiguous() for name, tensor in thoughts.state_dict().items()}, folder / WEIGHTS)
        settings = {"thoughts": thoughts.count, "source": thoughts.source, "token": thoughts.token}
        (folder / SETTINGS).write_text(json.dumps(settings) + "\n", encoding="utf-8")

    def resume(self, model: Any, folder: Path) -> None:
        self._read(model.thoughts, folder)

    def restore(self, model: Any, folder: Path, helper: Any = None) -> Restored:
        try:
            settings = read_object(folder / SETTINGS, "table of settings", links=True)
            token = int(settings.pop("token"))
            options = self.check(settings)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PyriteError(f"{folder / SETTINGS} is missing or damaged: {type(error).__name__}") from error
        thoughts = self._put_on(model, options, helper)
        self._read(thoughts, folder)
        return Restored(model, merged=False, prefill=thoughts, ending=(token,) * thoughts.count)

    def _read(self, thoughts: Thoughts, folder: Path) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            thoughts.load_state_dict(load_file(folder / WEIGHTS))
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise PyriteError(f"{folder / WEIGHTS} does not belong to these models: {first}") from error

    def check_split(self, model: Any) -> None:
        raise PyriteError(
            "method 'softcot' does not go with weights split over processes: the assistant reads beside the model that "
            "is split; use ddp"
        )

    def prefill(self, model: Any) -> Prefill:
        """What is aimed at the prompts that the model answers while it trains."""
        found: Prefill = model.thoughts
        return found

    def on_batch(self, model: Any, batch: Mapping[str, Any]) -> None:
        thoughts: Thoughts = model.thoughts
        labels, mask, ids = batch["labels"], batch["attention_mask"], batch["input_ids"]
        counted = mask.cumsum(dim=1)
        first = (labels != -100).int().argmax(dim=1, keepdim=True)
        lengths = counted.gather(1, first).squeeze(1) - 1
        rows = zip(ids, mask.bool(), lengths.tolist(), strict=True)
        prompts = [row[real].tolist()[:length] for row, real, length in rows]
        thoughts.token = prompts[0][-1]
        thoughts.rest()
        thoughts.begin(prompts, ids.device)
        thoughts.aim((counted - 1).masked_fill(mask == 0, -1), lengths)


SOFTCOT = _SoftCot()
