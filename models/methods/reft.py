"""Representation finetuning: small edits of frozen hidden states at a few positions of the prompt (arXiv 2404.03592).

LoReFT (equation 2):  h + R^T (W h + b - R h), with R (rank, width) of orthonormal rows, W (rank, width), b (rank).
DiReFT (equation 3):  h + W2^T (W1 h + b), with W1 and W2 (rank, width), neither orthogonal nor a difference.

An edit replaces the output of a decoder layer at the first ``prefix`` and the last ``suffix`` tokens of the prompt; of
a prompt of n < prefix + suffix tokens at the first min(prefix, floor(n/2)) and the last min(suffix, ceil(n/2)). Nothing
that is written afterwards is edited, so an answer costs what the base's costs. ``tied`` has one edit a layer for both
ends, else there are two.

Where this differs from the authors' pyreft: it clips both ends at floor(n/2), and in every prompt; its class
``DireftIntervention`` keeps an orthonormal R, and what the paper calls DiReFT is its ``NodireftIntervention``. Dropout
on the edits is left out (0 in the paper's best settings). ``identity_start`` (W = R, b = 0; for DiReFT W2 = 0) begins
with the base model itself, which neither does.

R is kept orthonormal by torch's householder map of a free matrix whose diagonal must stay at +1 and -1. Weight decay
shrinks it, and the map then makes R the zero matrix without a word, so R never decays, whatever the schedule says.

What is not covered: weights split over processes (FSDP, ZeRO 3), merging (the edits depend on positions), vLLM.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...feasibility.disk import read_object
from ...feasibility.errors import PyriteError
from .protocol import Method, Prefill, Restored

WEIGHTS = "interventions.safetensors"
SETTINGS = "interventions.json"
_DEFAULTS: dict[str, Any] = {
    "rank": 8,
    "layers": "all",
    "prefix": 7,
    "suffix": 7,
    "tied": True,
    "identity_start": False,
}
_ORTHONORMAL = 1e-3  # how far R R^T may be from the identity


class LoReft(nn.Module):
    """h -> h + R^T (W h + b - R h) for hidden states (places, width), in float32."""

    def __init__(self, width: int, rank: int, identity_start: bool) -> None:
        super().__init__()
        self.rotate = nn.Linear(width, rank, bias=False)
        self.source = nn.Linear(width, rank)
        nn.init.orthogonal_(self.rotate.weight)
        # Without a base to turn from, which would be a matrix of width x width beside each edit.
        nn.utils.parametrizations.orthogonal(self.rotate, orthogonal_map="householder", use_trivialization=False)
        if identity_start:
            with torch.no_grad():
                self.source.weight.copy_(self.rotate.weight)
                self.source.bias.zero_()

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """The edited states."""
        rows = self.rotate.weight
        edited: torch.Tensor = hidden + (self.source(hidden) - nn.functional.linear(hidden, rows)) @ rows
        return edited

    def freeze(self) -> None:
        """Compute R once: nothing learns any more."""
        nn.utils.parametrize.remove_parametrizations(self.rotate, "weight")

    def check(self) -> None:
        """Raise PyriteError when R has lost its orthonormal rows."""
        with torch.no_grad():
            rows = self.rotate.weight
            error = float((rows @ rows.T - torch.eye(len(rows), device=rows.device)).abs().max())
        if not error < _ORTHONORMAL:
            raise PyriteError(f"LoReFT's rotation is no rotation any more (error {error:.3g}): training went astray")


class DiReft(nn.Module):
    """h -> h + W2^T (W1 h + b) for hidden states (places, width), in float32."""

    def __init__(self, width: int, rank: int, identity_start: bool) -> None:
        super().__init__()
        self.source = nn.Linear(width, rank)
        self.back = nn.Linear(rank, width, bias=False)
        if identity_start:
            nn.init.zeros_(self.back.weight)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """The edited states."""
        found: torch.Tensor = hidden + self.back(self.source(hidden))
        return found

    def freeze(self) -> None:
        """Nothing is computed from free parameters here."""

    def check(self) -> None:
        """There is nothing to hold."""


class Interventions(nn.Module):
    """The edits of one model, aimed before each pass over a prompt (a ``Prefill``)."""

    def __init__(self, kind: type[LoReft] | type[DiReft], width: int, options: Mapping[str, Any], layers: int) -> None:
        super().__init__()
        self.prefix, self.suffix, self.tied = options["prefix"], options["suffix"], options["tied"]
        chosen = range(layers) if options["layers"] == "all" else options["layers"]
        make = partial(kind, width, options["rank"], options["identity_start"])
        units = 1 if self.tied else 2
        self.at = nn.ModuleDict({str(layer): nn.ModuleList(make() for _ in range(units)) for layer in chosen})
        self._aims: list[tuple[torch.Tensor, torch.Tensor]] = []

    def units(self) -> list[LoReft | DiReft]:
        """Every edit."""
        return [unit for unit in self.at.modules() if isinstance(unit, LoReft | DiReft)]

    def install(self, layers: nn.ModuleList) -> None:
        """Edit the outputs of these decoder layers from now on, whenever aimed."""
        for name, units in self.at.items():
            layers[int(name)].register_forward_hook(partial(self._edit, units))

    def ends(self, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """How many tokens are edited at the beginning and at the end of prompts of these lengths."""
        short = lengths < self.prefix + self.suffix
        first = torch.where(short, (lengths // 2).clamp(max=self.prefix), self.prefix)
        last = torch.where(short, ((lengths + 1) // 2).clamp(max=self.suffix), self.suffix)
        return first, last

    def begin(self, prompts: Sequence[Sequence[int]], device: Any) -> None:
        """The edits do not depend on what the prompts say."""

    def shareable(self, lengths: Sequence[int]) -> int:
        """Common beginnings are computed once where every row is edited alike in them."""
        first, last = self.ends(torch.tensor(lengths))
        if len(set(first.tolist())) > 1:
            return 0
        return int((torch.tensor(lengths) - last).min())

    def aim(self, places: torch.Tensor, lengths: torch.Tensor) -> None:
        """``places`` (rows, positions) counts a row's tokens from 0, -1 for padding; ``lengths`` (rows) of prompts."""
        first, last = (ends.unsqueeze(1) for ends in self.ends(lengths))
        ahead = (places >= 0) & (places < first)
        behind = (places >= lengths.unsqueeze(1) - last) & (places < lengths.unsqueeze(1))
        masks = [ahead | behind] if self.tied else [ahead, behind]
        self._aims = [mask.nonzero(as_tuple=True) for mask in masks]  # type: ignore[misc]

    def rest(self) -> None:
        """No edits until the next aim."""
        self._aims = []

    def _edit(self, units: Any, module: Any, inputs: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        for unit, aim in zip(units, self._aims, strict=False):
            if len(aim[0]):
                with torch.autocast(hidden.device.type, enabled=False):
                    edited = unit(hidden[aim].float())
                hidden = hidden.index_put(aim, edited.to(hidden.dtype))
        return (hidden, *output[1:]) if isinstance(output, tuple) else hidden


def decoder_layers(model: Any) -> nn.ModuleList:
    """The model's decoder layers in order. Raises PyriteError for a model that has no such list."""
    count = model.config.num_hidden_layers
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise PyriteError(f"{type(model).__name__} has no list of {count} decoder layers to intervene on")


class ReftMethod(Method):
    """LoReFT or DiReFT behind Pyrite's Protocol."""

    packs = False  # the places are counted from where an example begins
    adds = True
    learning_rate = 9e-4

    def __init__(self, name: str, kind: type[LoReft] | type[DiReft], summary: str) -> None:
        self.name, self.summary, self._kind = name, summary, kind
        self.blends = kind is DiReft  # a rotation's free parameters mean nothing one by one

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Ranges and types; whether the layers exist is seen when there is a model."""
        for key in options:
            if key not in _DEFAULTS:
                raise PyriteError(f"method {self.name!r} has no option {key!r}; it has {', '.join(_DEFAULTS)}")
        complete = {**_DEFAULTS, **options}
        for key, least in (("rank", 1), ("prefix", 0), ("suffix", 0)):
            if not _is_whole(complete[key]) or complete[key] < least:
                raise self._bad(key, f"a whole number from {least}", complete[key])
        for key in ("tied", "identity_start"):
            if not isinstance(complete[key], bool):
                raise self._bad(key, "true or false", complete[key])
        layers = complete["layers"]
        if layers != "all":
            numbers = isinstance(layers, list | tuple) and layers and all(map(_is_whole, layers))
            if not numbers or min(layers) < 0 or len(set(layers)) < len(layers):
                raise self._bad("layers", '"all" or a list of different layer numbers from 0', layers)
            complete["layers"] = list(layers)
        if not complete["prefix"] + complete["suffix"]:
            raise PyriteError(f"method {self.name!r}: prefix and suffix are both 0, so nothing would be edited")
        return complete

    def _bad(self, key: str, wanted: str, value: Any) -> PyriteError:
        return PyriteError(f"method {self.name!r}: {key} is {wanted}, not {value!r}")

    def prepare(self, model: Any, options: Mapping[str, Any], helper: Any = None) -> Any:
        """The frozen model with its edits as the child ``interventions``, which alone learns, in float32."""
        model.requires_grad_(False)
        self._put_on(model, options)
        return model

    def _put_on(self, model: Any, options: Mapping[str, Any]) -> Interventions:
        layers, width = decoder_layers(model), model.config.hidden_size
        if options["layers"] != "all" and max(options["layers"]) >= len(layers):
            raise PyriteError(
                f"method {self.name!r}: there is no layer {max(options['layers'])}; the model has {len(layers)}, from 0"
            )
        if options["rank"] > width:
            raise PyriteError(f"method {self.name!r}: rank is at most the model's width {width}, not {options['rank']}")
        interventions = Interventions(self._kind, width, options, len(layers)).to(model.device)
        interventions.install(layers)
        model.interventions = interventions
        return interventions

    def save(self, model: Any, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        """The free parameters, from which training goes on to the bit, and the settings."""
        from safetensors.torch import save_file

        interventions: Interventions = model.interventions
        for unit in interventions.units():
            unit.check()
        save_file({name: tensor.cpu() for name, tensor in interventions.state_dict().items()}, folder / WEIGHTS)
        settings = {
            "kind": self.name,
            "rank": interventions.units()[0].source.out_features,
            "layers": [int(name) for name in interventions.at],
            "prefix": interventions.prefix,
            "suffix": interventions.suffix,
            "tied": interventions.tied,
        }
        (folder / SETTINGS).write_text(json.dumps(settings) + "\n", encoding="utf-8")

    def resume(self, model: Any, folder: Path) -> None:
        """Read the free parameters back."""
        self._read(model.interventions, folder)

    def restore(self, model: Any, folder: Path, helper: Any = None) -> Restored:
        """The base with the edits on its layers, aimed at each prompt by the decoding loop."""
        try:
            settings = read_object(folder / SETTINGS, "table of settings", links=True)
            if settings.pop("kind") != self.name:
                raise ValueError("another kind")
            options = self.check(settings)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PyriteError(f"{folder / SETTINGS} is missing or damaged: {type(error).__name__}") from error
        interventions = self._put_on(model, options)
        self._read(interventions, folder)
        for unit in interventions.units():
            unit.check()
            unit.freeze()
        return Restored(model, merged=False, prefill=interventions)

    def _read(self, interventions: Interventions, folder: Path) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            interventions.load_state_dict(load_file(folder / WEIGHTS))
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise PyriteError(f"{folder / WEIGHTS} does not belong to this model: {first}") from error

    def check_split(self, model: Any) -> None:
        """Edits read and write whole hidden states of whole layers."""
        raise PyriteError(
            f"method {self.name!r} does not go with weights split over processes: its edits are made beside the layers "
            "that are split; use ddp"
        )

    def decays(self, parameter: str) -> bool:
        """R is a rotation whatever its free parameters are worth; decay would destroy it."""
        return ".rotate." not in parameter

    def prefill(self, model: Any) -> Prefill:
        """What is aimed at the prompts that the model answers while it trains."""
        found: Prefill = model.interventions
        return found

    def on_batch(self, model: Any, batch: Mapping[str, Any]) -> None:
        """Aim at the prompts of a training batch: what stands before the first token that is learned."""
        labels, mask = batch["labels"], batch["attention_mask"]
        counted = mask.cumsum(dim=1)
        first = (labels != -100).int().argmax(dim=1, keepdim=True)
        model.interventions.aim((counted - 1).masked_fill(mask == 0, -1), counted.gather(1, first).squeeze(1) - 1)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


LOREFT = ReftMethod("loreft", LoReft, "low-rank edits of hidden states at the prompt's ends, arXiv 2404.03592")
DIREFT = ReftMethod("direft", DiReft, "LoReFT without orthogonality and difference, arXiv 2404.03592")
