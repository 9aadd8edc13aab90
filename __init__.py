"""Pyrite scores optimization formulations written by language models twice: surface (form) and substance (a solver).

The public names are imported on first use, so that ``import pyrite`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .api import Equivalence, check, equivalent, score
    from .feasibility.convert import convert
    from .feasibility.language.formulation import Formulation
    from .feasibility.policy import Policy
    from .feasibility.verdict import Verdict
    from .problems.problem import Problem
    from .runs import LoadedRun, RunComparison, compare, load_run

_HOMES = {
    "Formulation": "feasibility.language.formulation",
    "Policy": "feasibility.policy",
    "Problem": "problems.problem",
    "Verdict": "feasibility.verdict",
    "LoadedRun": "runs",
    "RunComparison": "runs",
    "compare": "runs",
    "load_run": "runs",
    "Equivalence": "api",
    "check": "api",
    "convert": "feasibility.convert",
    "equivalent": "api",
    "score": "api",
}

__all__ = [
    "Equivalence",
    "Formulation",
    "LoadedRun",
    "Policy",
    "Problem",
    "RunComparison",
    "Verdict",
    "check",
    "compare",
    "convert",
    "equivalent",
    "load_run",
    "score",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
