"""Pyrite scores optimization formulations written by language models twice: surface (form) and substance (a solver).

The public names are imported on first use, so that ``import pyrite`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import Equivalence, check, equivalent, score
    from .feasibility.language.formulation import Formulation
    from .feasibility.policy import Policy
    from .feasibility.verdict import Verdict
    from .problems.problem import Problem

_HOMES = {
    "Formulation": "feasibility.language.formulation",
    "Policy": "feasibility.policy",
    "Problem": "problems.problem",
    "Verdict": "feasibility.verdict",
    "Equivalence": "api",
    "check": "api",
    "equivalent": "api",
    "score": "api",
}

__all__ = ["Equivalence", "Formulation", "Policy", "Problem", "Verdict", "check", "equivalent", "score"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
