"""Hypothesis strategies: random valid formulations as JSON documents.

``flat_documents`` and ``indexed_documents`` draw linear, mixed-integer and convex quadratic formulations; feasible,
infeasible, unbounded and degenerate ones all come up (the slow test in ``test_pyomo_model`` counts them).
All coefficients are decimals. ``documents`` draws either form.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KINDS = ("lp", "mip", "qp")

_WHOLE = st.integers(-9, 9)
_DECIMAL = st.sampled_from([0.5, 0.25, 1.5, -0.5, -2.75, 0.1, -0.3, 12.5])
numbers = st.one_of(_WHOLE, _WHOLE, _DECIMAL)
positive = st.one_of(st.integers(1, 12), st.sampled_from([0.5, 2.25, 7.5]))


def _text(value: float) -> str:
    return f"({value})" if value < 0 else str(value)


@st.composite
def bounds(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A variable's domain and bounds."""
    domains = ["continuous"] if kind in ("lp", "qp") else ["integer", "binary", "continuous"]
    domain = draw(st.sampled_from(domains))
    if domain == "binary":
        return {"domain": "binary"}
    lower = draw(st.sampled_from([0, 0, 0, 1, -3, 0.5, None]))
    document: dict[str, Any] = {"domain": domain, "lower": lower}
    if draw(st.booleans()):
        width = draw(st.integers(0, 12))
        document["upper"] = (lower or 0) + width
    return document


@st.composite
def linear_text(draw: st.DrawFn, atoms: list[str], largest: int = 4) -> str:
    """A linear expression over the given atoms: repeated ones, parentheses, minus signs and constants included."""
    parts: list[str] = []
    for _ in range(draw(st.integers(1, largest))):
        atom = draw(st.sampled_from(atoms))
        form = draw(st.integers(0, 7))
        if form == 0:
            parts.append(atom)
        elif form == 1:
            parts.append(f"-{atom}")
        elif form == 2:
            parts.append(f"{_text(draw(numbers))}*({atom} - {_text(draw(numbers))})")
        elif form == 3:
            parts.append(f"{atom}/{draw(st.sampled_from([2, 3, 4, 0.5]))}")
        elif form == 4:
            parts.append(_text(draw(numbers)))
        else:
            parts.append(f"{_text(draw(numbers))}*{atom}")
    return " + ".join(parts)


@st.composite
def square_text(draw: st.DrawFn, atoms: list[str]) -> str:
    """A sum of squares of linear expressions: convex."""
    squares = [f"{draw(positive)}*({draw(linear_text(atoms, 3))})**2" for _ in range(draw(st.integers(1, 2)))]
    return " + ".join(squares)


@st.composite
def objectives(draw: st.DrawFn, kind: str, atoms: list[str]) -> dict[str, Any]:
    """An objective that a convex solver can take."""
    linear = draw(linear_text(atoms))
    sense = draw(st.sampled_from(["minimize", "maximize", "minimize", "maximize", "feasibility"]))
    if sense == "feasibility":
        return {"sense": sense}
    if kind != "qp":
        return {"sense": sense, "expression": linear}
    squares = draw(square_text(atoms))
    sign = "" if sense == "minimize" else "-"
    return {"sense": sense, "expression": f"{linear} + {sign}({squares})" if sign else f"{linear} + {squares}"}


@st.composite
def relation_text(draw: st.DrawFn, atoms: list[str]) -> str:
    """A relation: one-sided, turned round, an equation or two-sided."""
    left = draw(linear_text(atoms))
    form = draw(st.integers(0, 9))
    if form == 0:
        return f"{left} == {_text(draw(numbers))}"
    if form == 1:
        low = draw(st.integers(-9, 4))
        return f"{low} <= {left} <= {low + draw(st.integers(0, 12))}"
    if form == 2:
        return f"{_text(draw(numbers))} >= {left}"
    if form == 3:
        return f"{left} >= {draw(linear_text(atoms, 2))}"
    return f"{left} {draw(st.sampled_from(['<=', '<=', '>=']))} {draw(positive)}"


@st.composite
def flat_documents(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> dict[str, Any]:
    """A formulation without sets."""
    kind = draw(st.sampled_from(kinds))
    names = ["x", "y", "z", "bread_2"][: draw(st.integers(1, 4))]
    rows = [draw(relation_text(names)) for _ in range(draw(st.integers(0, 5)))]
    if rows and draw(st.booleans()):
        rows.append(draw(st.sampled_from(rows)))  # degenerate
    labels = ["oven", "contract (min)", "c3", "Δ", "free", "c 6"]
    return {
        "variables": {name: draw(bounds(kind)) for name in names},
        "objective": draw(objectives(kind, names)),
        "constraints": dict(zip(labels, rows, strict=False)),
    }


_WORDS = ["bread", "cake", "white bread", "r-1"]


@st.composite
def indexed_documents(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> dict[str, Any]:
    """A formulation over a set of texts and a set of consecutive whole numbers, with families and sums."""
    kind = draw(st.sampled_from(kinds))
    texts = _WORDS[: draw(st.integers(1, 3))]
    first, count = draw(st.integers(0, 2)), draw(st.integers(1, 4))
    periods = list(range(first, first + count))
    last, last_text = periods[-1], f"'{texts[-1]}'"
    profit = {text: draw(numbers) for text in texts}
    need = {text: {str(t): draw(numbers) for t in periods} for text in texts}
    total = draw(st.sampled_from(["sum(make[p,t] for p in P)", "sum(cost[p]*make[p,t] for p in P if p != bread)"]))
    over_all = draw(
        st.sampled_from(
            [
                "sum(cost[p]*make[p,t] for p in P for t in T)",
                "sum(make[p,t] - need[p,t]*stock[t] for p in P for t in T if t > 1 or p == bread)",
                "sum(cost[p]*sum(make[p,t] for t in T) for p in P) - 3*once",
                "sum(t*stock[t] for t in T) + once*(n - 2)",
            ]
        )
    )
    if kind == "qp":
        square = draw(st.sampled_from(["sum((stock[t] - t)**2 for t in T)", "(once - sum(stock[t] for t in T))**2"]))
        objective = {"sense": "minimize", "expression": f"{over_all} + {draw(positive)}*{square}"}
    else:
        objective = {"sense": draw(st.sampled_from(["minimize", "maximize"])), "expression": over_all}
    families = {
        "hours": {"for": "t in T", "expression": f"{total} <= n"},
        "balance": {
            "for": f"t in T if t > {first}",
            "expression": "stock[t] == stock[t-1] + sum(make[p,t] for p in P) - once",
        },
        "smooth": {"for": f"p in P, t in T if t < {last}", "expression": "make[p,t+1] - make[p,t] <= 2"},
        "demand": {
            "for": f"p in P, t in T if not (t == 2 and p == {last_text})",
            "expression": "make[p,t] >= need[p,t]/2",
        },
        "window": {"for": "t in T", "expression": f"{draw(numbers)} <= stock[t] + once <= n + 2*t"},
        "pairs": {"for": "i in T, j in T if i < j", "expression": "stock[i] + stock[j] <= 3*n - i*j"},
        "single": f"stock[{last}] + once >= {draw(numbers)}",
        "numbers": draw(st.sampled_from(["0 <= n + 40", "sum(cost[p] for p in P) <= 100", "n >= 50"])),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(families)), unique=True, max_size=5))
    return {
        "sets": {"P": texts, "T": periods},
        "parameters": {
            "cost": {"index": ["P"], "values": profit},
            "need": {"index": ["P", "T"], "values": need},
            "n": {"values": draw(positive)},
        },
        "variables": {
            "make": {"index": ["P", "T"], **draw(bounds(kind))},
            "stock": {"index": ["T"], **draw(bounds(kind))},
            "once": draw(bounds(kind)),
        },
        "objective": objective,
        "constraints": {name: families[name] for name in chosen},
    }


def documents(kinds: tuple[str, ...] = KINDS) -> st.SearchStrategy[dict[str, Any]]:
    """Formulations of either form."""
    return st.one_of(flat_documents(kinds), indexed_documents(kinds))
