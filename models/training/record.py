"""What a recipe names, found; and what the record of a checkpoint says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from ..devices import Compute
from ..embedded import Note
from ..methods import Method
from ..prompts import Prompt
from ..sections import Recipe
from ..sources import Loaded, parse_source
from .objectives import Lessons, TuningObjective
from .processes import Processes

FLOPS_FORMULA = "(4 * parameters + 2 * trainable parameters) * tokens; attention's quadratic part is left out"
"""Forward 2N a token, gradients of activations 2N, gradients of weights 2 for each that learns: 6ND when all learn."""


@dataclass(frozen=True, slots=True)
class TuningRun:
    """What a recipe names, found."""

    recipe: Recipe
    folder: Path
    method: Method
    options: dict[str, Any]
    objective: TuningObjective
    objective_options: dict[str, Any]
    processes: Processes
    compute: Compute
    note: Note


@dataclass(frozen=True, slots=True)
class Record:
    """What a checkpoint's record says; called with what has been counted by then."""

    run: TuningRun
    loaded: Loaded
    helper: Loaded | None
    prompt: Prompt
    lessons: Lessons
    size: dict[str, int]
    tasks: Mapping[str, Any] = field(default_factory=dict)
    """How they were taught by task; empty when they were not."""

    def __call__(self, step: int, tokens: int, learned: int, loss: float, seconds: float) -> dict[str, Any]:
        recipe, run = self.run.recipe, self.run
        per_step = recipe.schedule.batch_size * recipe.schedule.accumulation * run.processes.count
        source = parse_source(recipe.model.source, recipe.model.adapter)
        weights = self.loaded.identity["weights"]
        return {
            "format": 1,
            "step": step,
            "examples": step * per_step,
            "base": {"source": source.name, "adapter": recipe.model.adapter, "weights": weights},
            "method": {"name": run.method.name, "options": run.options},
            **({} if self.helper is None else {"helper": self.helper.identity}),
            "objective": {"name": run.objective.name, "options": run.objective_options},
            "recipe": recipe.to_dict(),
            "recipe_digest": recipe.digest,
            "prompt": self.prompt.identity(self.loaded.tokenizer),
            "parameters": self.size,
            "tokens": {"seen": tokens, "learned": learned},
            "left_out": len(self.lessons.left_out),
            **({"lessons": dict(self.lessons.record)} if self.lessons.record else {}),
            **({"tasks": dict(self.tasks)} if self.tasks else {}),
            "loss": loss,
            "flops": (4 * self.size["total"] + 2 * self.size["trainable"]) * tokens,
            "flops_formula": FLOPS_FORMULA,
            "seconds": round(seconds, 3),
            "compute": run.compute.describe(),
            "processes": run.processes.identity(),
            "versions": {name: metadata.version(name) for name in ("torch", "transformers", "peft", "trl")},
        }
