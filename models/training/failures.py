"""What went wrong while training, in words that a person can act on."""

from __future__ import annotations

from ...feasibility.errors import PyriteError
from ..sections import Recipe


def explain(error: BaseException, recipe: Recipe, device: str) -> BaseException:
    """The error to raise instead: memory has its own advice, anything else is raised as it is."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        knobs = ["a smaller schedule.batch_size with more schedule.accumulation", "a smaller schedule.max_length"]
        if not recipe.schedule.gradient_checkpointing:
            knobs.append("schedule.gradient_checkpointing = true")
        return PyriteError(f"out of memory on {device}: {', '.join(knobs)}; whole checkpoints are kept", exit_code=3)
    return error
