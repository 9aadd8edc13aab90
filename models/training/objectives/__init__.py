"""Objectives: ``get_objective(name)``; which signal teaches. Loaded only when asked for."""

from ....feasibility.plugins import Registry
from .protocol import Lessons, TuningObjective

OBJECTIVES: Registry[TuningObjective] = Registry("pyrite.objectives", "objective", TuningObjective)  # type: ignore[type-abstract]

__all__ = ["OBJECTIVES", "Lessons", "TuningObjective", "get_objective"]


def get_objective(name: str) -> TuningObjective:
    """The objective of that name. Raises PyriteError with a near miss."""
    return OBJECTIVES.get(name)
