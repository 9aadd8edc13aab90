"""Hypothesis strategies: random exact programs, for what works below the language (converters)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.feasibility.rationals import Exact, simplify

_WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)
_ODD = ["x", "make[bread,1]", "make[white bread,2]", "free", "e9", "E", "3x", "st", "RHS", "a b", "Δ", "MARKER"]
names = st.one_of(
    st.sampled_from(_ODD),
    _WORD,
)
decimals: st.SearchStrategy[Exact] = st.one_of(
    st.integers(-50, 50),
    st.integers(-(10**14), 10**14),
    st.builds(lambda n, k: simplify(Fraction(n, 10**k)), st.integers(-(10**9), 10**9), st.integers(0, 12)),
    st.builds(lambda n, k: simplify(Fraction(n, 2**k)), st.integers(-999, 999), st.integers(0, 10)),
)
nonzero = decimals.filter(lambda value: value != 0)


@st.composite
def columns(draw: st.DrawFn, name: str) -> Column:
    domain = draw(st.sampled_from(["continuous", "integer", "binary"]))
    if domain == "binary":
        lower, upper = draw(st.sampled_from([(0, 1), (0, 1), (0, 0), (1, 1)]))
        return Column(name, "binary", lower, upper, name)
    low: Exact | None = draw(st.one_of(st.none(), st.just(0), decimals))
    high: Exact | None = draw(st.one_of(st.none(), nonzero))
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Column(name, "integer" if domain == "integer" else "continuous", low, high, name)


@st.composite
def bodies(draw: st.DrawFn, count: int, quadratic: bool) -> Quadratic:
    index = st.integers(0, count - 1)
    linear = draw(st.dictionaries(index, nonzero, max_size=4))
    pairs: dict[tuple[int, int], Exact] = {}
    if quadratic:
        pairs = draw(st.dictionaries(st.tuples(index, index).map(lambda p: (min(p), max(p))), nonzero, max_size=3))
    return Quadratic(linear, pairs)


@st.composite
def programs(draw: st.DrawFn, *, quadratic_rows: bool = True, odd_names: bool = True) -> Program:
    """Any program whose numbers are decimals; every row has a side, and a few have sides that cross."""
    plain = st.sampled_from(["x", "y", "z", "make", "stock", "w_1"])
    chosen = draw(st.lists(names if odd_names else plain, min_size=1, max_size=5, unique=True))
    row_names = draw(st.lists(names if odd_names else plain, max_size=4, unique=True))
    count = len(chosen)
    rows = []
    for name in row_names:
        sides = draw(st.tuples(decimals, decimals))
        lower, upper = min(sides), max(sides)
        shape = draw(st.integers(0, 4))
        if shape == 3:
            upper = lower
        elif shape == 4:
            lower, upper = upper, lower
        body = draw(bodies(count, quadratic_rows and draw(st.booleans())))
        rows.append(Row(name, body, None if shape == 0 else lower, None if shape == 1 else upper, name))
    sense = draw(st.sampled_from(["minimize", "maximize", "feasibility"]))
    objective = Quadratic() if sense == "feasibility" else draw(bodies(count, draw(st.booleans())))
    if sense != "feasibility":
        objective.constant = draw(decimals)
    return Program([draw(columns(name)) for name in chosen], rows, sense, objective)
