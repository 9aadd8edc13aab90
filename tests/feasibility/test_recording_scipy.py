"""Random programs for ``linprog`` and ``milp``, run by SciPy and recorded in the sandbox: same status, same optimum."""

from __future__ import annotations

import random
import warnings
from typing import Any

import pytest

from pyrite.feasibility.recording import record
from pyrite.feasibility.scoring.ladder import Judge

pytest.importorskip("pydantic_monty")

_HEAD = (
    "import numpy as np\nfrom scipy.optimize import linprog, milp, LinearConstraint, Bounds\n"
    "import scipy.optimize as so\n"
)


def _numbers(draw: random.Random, count: int) -> list[float]:
    return [draw.choice((0, 1, 2, 3, 5, -1, -2, 0.5, 7.25)) for _ in range(count)]


def _said(draw: random.Random, value: object) -> str:
    """The value as a list, a tuple or an array."""
    text = repr(value).replace("inf", "np.inf")
    if "None" in text:
        return text
    return draw.choice((text, f"np.array({text})", f"np.array({text}, dtype=float)"))


def _bounds(draw: random.Random, size: int, pairs: bool) -> str:
    """Bounds in one of the forms that both functions, or ``linprog`` alone (``pairs``), take."""
    each = [draw.choice(((0, 4), (0, 9), (1, 6), (-3, 3), (2, 2))) for _ in range(size)]
    forms = []
    if pairs:
        open_sides = [draw.choice(((0, None), (None, 5), (-2, 8), pair)) for pair in each]
        forms = [repr(open_sides), "(0, 5)", "[(0, 7)]", "(0, None)", repr([list(pair) for pair in each]), "None"]
    low, up = [pair[0] for pair in each], [pair[1] for pair in each]
    forms += [f"Bounds({_said(draw, low)}, {_said(draw, up)})", "Bounds(0, 5)", "Bounds(ub=6)", f"Bounds(lb={low})"]
    return draw.choice(forms)


def _linprog(draw: random.Random) -> str:
    size, rows = draw.randint(1, 4), draw.randint(0, 3)
    parts = [_said(draw, _numbers(draw, size))]
    if rows:
        matrix = [_numbers(draw, size) for _ in range(rows)]
        parts.append(f"A_ub={_said(draw, matrix)}")
        parts.append(f"b_ub={_said(draw, [draw.randint(0, 12) for _ in range(rows)])}")
    if draw.random() < 0.4:
        parts.append(f"A_eq={_said(draw, [_numbers(draw, size)])}")
        parts.append(f"b_eq={draw.choice(('[3]', '[0]', 'np.array([4])', '5'))}")
    if draw.random() < 0.7:
        parts.append(f"bounds={_bounds(draw, size, pairs=True)}")
    if draw.random() < 0.4:
        parts.append(f"integrality={draw.choice(('1', repr([draw.randint(0, 1) for _ in range(size)])))}")
    if draw.random() < 0.3:
        parts.append("method='highs'")
    return f"res = {draw.choice(('linprog', 'so.linprog'))}({', '.join(parts)})\n"


def _milp(draw: random.Random) -> str:
    size = draw.randint(1, 4)
    parts, rows = [f"c={_said(draw, _numbers(draw, size))}"], []
    for _ in range(draw.randint(0, 3)):
        height = draw.choice((1, 1, 2))
        matrix = [_numbers(draw, size) for _ in range(height)]
        shown = _said(draw, matrix if height > 1 or draw.random() < 0.5 else matrix[0])
        side = draw.choice(
            ("ub=9", "-np.inf, 8", "lb=1", "0, 6", f"{_said(draw, [0] * height)}, {_said(draw, [7] * height)}")
        )
        rows.append(f"LinearConstraint({shown}, {side})")
        if draw.random() < 0.2:
            rows[-1] = f"({shown}, {draw.choice(('0, 6', '-np.inf, 9'))})"
    if len(rows) == 1 and draw.random() < 0.6:
        parts.append(f"constraints={rows[0]}")
    elif rows:
        parts.append(f"constraints={draw.choice(('[%s]', '(%s,)')) % ', '.join(rows)}")
    kinds = ("1", "0", repr([draw.randint(0, 1) for _ in range(size)]), f"np.ones({size})")
    if draw.random() < 0.7:
        parts.append(f"integrality={draw.choice(kinds)}")
    if draw.random() < 0.7:
        parts.append(f"bounds={_bounds(draw, size, pairs=False)}")
    return f"res = milp({', '.join(parts)})\n"


def compare(seed: int) -> str:
    """One program in SciPy and in the sandbox; what SciPy said."""
    draw = random.Random(seed)
    program = _HEAD + draw.choice((_linprog, _milp))(draw)
    space: dict[str, Any] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(program, space)  # our own text, made above
    except (ValueError, TypeError):
        space["res"] = None
    result, recording = space["res"], record(program)
    if result is None:
        assert recording.formulation is None, f"seed {seed}: SciPy refuses\n{program}"
        return "refused"
    assert recording.formulation is not None, f"seed {seed}: {recording.trouble}\n{program}"
    verdict = Judge().judge_formulation(recording.formulation)
    declared = recording.formulation.to_json()
    shown = f"seed {seed}: SciPy says {result.status} {result.fun} ({result.message})\n{program}{declared}"
    if result.status == 0:
        assert verdict.optimum == pytest.approx(result.fun, rel=1e-6, abs=1e-6), shown
        return "optimal"
    if result.status == 2:
        assert verdict.first_failure == "feasible", shown
        return "infeasible"
    # 3 unbounded, 4 what HiGHS leaves open: infeasible or unbounded.
    assert verdict.first_failure in ("bounded", "feasible")[: 1 if result.status == 3 else 2], shown
    return "unbounded"


@pytest.mark.parametrize(("first", "count"), [(0, 60), pytest.param(1_000, 2_000, marks=pytest.mark.slow)])
def test_the_recorder_declares_what_scipy_solves(first: int, count: int) -> None:
    seen = [compare(seed) for seed in range(first, first + count)]
    assert {"optimal", "infeasible", "unbounded"} <= set(seen)
