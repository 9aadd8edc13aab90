"""Two small formulations that many tests change: one in plain names, one over sets."""

from __future__ import annotations

from typing import Any

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
