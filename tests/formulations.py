"""Two small formulations that many tests change, one in plain names, one over sets; and programs written in a line."""

from __future__ import annotations

from typing import Any

from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program

PLAIN: dict[str, Any] = {
    "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10"},
}
INDEXED: dict[str, Any] = {
    "sets": {"P": ["bread", "cake"], "T": [1, 2, 3]},
    "parameters": {"profit": {"index": ["P"], "values": {"bread": 3, "cake": 5}}, "hours": {"values": 40}},
    "variables": {
        "make": {"index": ["P", "T"], "domain": "integer", "lower": 0, "upper": 50},
        "stock": {"index": ["P", "T"], "domain": "continuous", "lower": 0},
    },
    "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p,t] for p in P for t in T)"},
    "constraints": {
        "labor": {"for": "t in T", "expression": "sum(make[p,t] for p in P) <= hours"},
        "balance": {"for": "p in P, t in T if t > 1", "expression": "stock[p,t] == stock[p,t-1] + make[p,t]"},
    },
}


def model(variables: dict[str, Any], objective: str, *constraints: str) -> Program:
    """A program from short texts, its rows named c0, c1 ...; the objective is ``min ...``, ``max ...`` or empty."""
    sense, _, expression = objective.partition(" ")
    goal: dict[str, Any] = {"sense": {"min": "minimize", "max": "maximize"}.get(sense, "feasibility")}
    if expression:
        goal["expression"] = expression
    rows = {f"c{i}": text for i, text in enumerate(constraints)}
    return build(Formulation.from_dict({"variables": variables, "objective": goal, "constraints": rows}))


def whole(lower: float | None = 0, upper: float | None = None) -> dict[str, Any]:
    """An integer variable."""
    return {"domain": "integer", "lower": lower, "upper": upper}


def real(lower: float | None = 0, upper: float | None = None) -> dict[str, Any]:
    """A continuous variable."""
    return {"domain": "continuous", "lower": lower, "upper": upper}
