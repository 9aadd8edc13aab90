"""Building a 200 x 200 indexed transportation model: 40,000 variables, 400 rows, 80,000 entries.

Ours (names resolved, expressions parsed, everything written out exactly) against the same model written by hand in
Pyomo, in one process, alternating; run with ``python -m benchmarks building``.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.programs.compiling import build


def document(size: int) -> dict[str, Any]:
    """The formulation with its data, as JSON gives it."""
    members = [f"p{i}" for i in range(size)]
    markets = [f"m{j}" for j in range(size)]
    cost = {p: {m: (7 * i + 3 * j) % 23 + 0.25 for j, m in enumerate(markets)} for i, p in enumerate(members)}
    return {
        "sets": {"P": members, "M": markets},
        "parameters": {
            "cost": {"index": ["P", "M"], "values": cost},
            "supply": {"index": ["P"], "values": {p: 500 + i % 7 for i, p in enumerate(members)}},
            "demand": {"index": ["M"], "values": {m: 400 + j % 5 for j, m in enumerate(markets)}},
        },
        "variables": {"ship": {"index": ["P", "M"], "domain": "continuous", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "sum(cost[p,m]*ship[p,m] for p in P for m in M)"},
        "constraints": {
            "supplied": {"for": "p in P", "expression": "sum(ship[p,m] for m in M) <= supply[p]"},
            "demanded": {"for": "m in M", "expression": "sum(ship[p,m] for p in P) >= demand[m]"},
        },
    }


def by_hand_in_pyomo(data: dict[str, Any]) -> Any:
    """The model as a Pyomo user writes it."""
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    model.P = pyo.Set(initialize=data["sets"]["P"])
    model.M = pyo.Set(initialize=data["sets"]["M"])
    table = data["parameters"]["cost"]["values"]
    model.cost = pyo.Param(model.P, model.M, initialize={(p, m): v for p, row in table.items() for m, v in row.items()})
    model.supply = pyo.Param(model.P, initialize=data["parameters"]["supply"]["values"])
    model.demand = pyo.Param(model.M, initialize=data["parameters"]["demand"]["values"])
    model.ship = pyo.Var(model.P, model.M, domain=pyo.NonNegativeReals)
    model.total = pyo.Objective(
        expr=pyo.quicksum(model.cost[p, m] * model.ship[p, m] for p in model.P for m in model.M)
    )
    model.supplied = pyo.Constraint(model.P, rule=lambda b, p: pyo.quicksum(b.ship[p, m] for m in b.M) <= b.supply[p])
    model.demanded = pyo.Constraint(model.M, rule=lambda b, m: pyo.quicksum(b.ship[p, m] for p in b.P) >= b.demand[m])
    return model


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of one run: the machine may be shared."""
    gc.collect()
    start = time.process_time()
    kept = work()
    spent = time.process_time() - start
    del kept
    return spent


def measure(size: int = 200, repeats: int = 5) -> dict[str, float]:
    """Median CPU seconds of both, taken in turns, and the ratio."""
    data = document(size)
    formulation = Formulation.from_dict(data)
    program = build(formulation)
    assert (len(program.columns), len(program.rows)) == (size * size, 2 * size)
    by_hand_in_pyomo(document(2))  # imports
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(seconds(lambda: build(formulation)))
        theirs.append(seconds(lambda: by_hand_in_pyomo(data)))
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {"columns": size * size, "pyrite_seconds": mine, "pyomo_seconds": other, "ratio": mine / other}


def main() -> None:
    """Print both times and the ratio."""
    found = measure()
    ours, theirs = found["pyrite_seconds"], found["pyomo_seconds"]
    print(f"{found['columns']:,.0f} variables: Pyrite {ours:.3f} s, Pyomo {theirs:.3f} s, ratio {found['ratio']:.2f}")


if __name__ == "__main__":
    main()
