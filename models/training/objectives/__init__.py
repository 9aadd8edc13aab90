"""Objectives: ``get_objective(name)``; which signal teaches. Loaded only when asked for."""

from ....feasibility.plugins import Registry
from .protocol import Lessons, Objective

OBJECTIVES: Registry[Objective] = Registry("pyrite.objectives", "objective", Objective)  # type: ignore[type-abstract]

__all__ = ["OBJECTIVES", "Lessons", "Objective", "get_objective"]


def get_objective(name: str) -> Objective:
    """The objective of that name. Raises PyriteError with a near miss."""
    return OBJECTIVES.get(name)
