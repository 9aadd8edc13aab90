"""Attacks on the solver: mixed-integer programs with wild scales whose truth is known without it.

``python -m benchmarks solver_attack [--programs N] [--seed S]`` draws three kinds, and counts every wrong answer:

- ``small``: integers in a small box and up to two continuous columns; the truth is found by trying all whole points
  and eliminating the rest exactly (Fourier and Motzkin).
- ``planted``: up to 60 rows and 90 columns with a plan written in first, so that *infeasible* and any optimum worse
  than the plan's value are wrong.
- ``impossible``: such a program with a contradiction hidden in it (a whole-number identity that is missed, two rows
  that disagree by a hair, a big-M that does not reach), so that a plan that is called exact is wrong.

Coefficients lie between 1e-9 and 1e9. Small programs are sent down each way through the solver.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from pyrite.feasibility.language.formulation import Domain, Sense
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.feasibility.rationals import Exact, simplify
from pyrite.feasibility.solver import linear, solving
from pyrite.feasibility.solver.solution import Solution

POLICY = Policy(time_limit=5.0)


@dataclass(frozen=True, slots=True)
class Attack:
    """A program and what is known of it: its status and optimum, or a plan, or that there is none."""

    kind: str
    program: Program
    status: str | None = None
    optimum: Exact | None = None
    plan: tuple[Exact, ...] | None = None


def attacks(count: int, seed: int) -> Iterator[Attack]:
    """``count`` attacks, the same for the same seed."""
    makers: tuple[Callable[[random.Random], Attack], ...] = (small, planted, impossible)
    for number in range(count):
        yield makers[number % 3](random.Random(f"{seed}/{number}"))


def complaint(attack: Attack, answer: Solution) -> str | None:
    """What is wrong with an answer, or None. Unknown is never wrong; what is called certified must be exact."""
    program = attack.program
    if answer.status == "infeasible":
        if attack.plan is not None or attack.status in ("optimal", "unbounded"):
            return "a feasible program is called infeasible"
        return None if answer.proof == "certified" else "infeasible without a proof"
    if answer.point is not None and answer.exact_point and not keeps(program, answer.point):
        return "a point that is called exact breaks a row"
    if answer.status == "unknown":
        return None
    if attack.status == "infeasible" and (answer.exact_point or answer.proof == "certified"):
        return f"an infeasible program is called {answer.status}"
    if attack.status is not None and attack.status != "infeasible" and answer.status != attack.status:
        return f"called {answer.status}, is {attack.status}"
    if answer.status == "optimal" and answer.objective is not None and program.sense != "feasibility":
        sign = -1 if program.sense == "maximize" else 1
        floor = attack.optimum
        allowed: Exact = 0 if answer.proof == "certified" else Fraction(1, 10**6) * max(1, abs(floor or 0))
        if floor is not None and abs(answer.objective - floor) > allowed:
            return f"the optimum {float(answer.objective):.9g} is not {float(floor):.9g} ({answer.proof})"
        if attack.plan is not None:
            value = program.objective.value(attack.plan)
            if sign * (answer.objective - value) > Fraction(1, 10**6) * max(1, abs(value)) or (
                answer.proof == "certified" and sign * (answer.objective - value) > 0
            ):
                return f"the optimum {float(answer.objective):.9g} is worse than a known plan ({answer.proof})"
    return None


# -- drawing ---------------------------------------------------------------------------------------------------------


def wild(draw: random.Random, most: int = 9) -> Exact:
    """A number of any size that people and models write: whole, one decimal of many places, a power of ten, a third."""
    sign = draw.choice((1, 1, -1))
    kind = draw.randrange(6)
    if kind <= 1:
        return sign * draw.randint(1, 9)
    if kind == 2:
        return simplify(sign * draw.randint(1, 99) * Fraction(10) ** draw.randint(-most, most - 2))
    if kind == 3:
        return simplify(sign * Fraction(draw.randint(1, 999_999), 10**6))
    if kind == 4:
        return simplify(sign * Fraction(10) ** draw.choice((-9, -7, -6, -3, 3, 4, 6, most)))
    return simplify(Fraction(sign * draw.randint(1, 20), draw.choice((3, 7, 9, 11))))


def small(draw: random.Random) -> Attack:
    """All whole points of a small box times an exact linear program in at most two continuous columns."""
    integers, continuous = draw.randint(1, 4), draw.randint(0, 2)
    columns = []
    for j in range(integers):
        low = draw.randint(-2, 2)
        columns.append(_column(j, "integer", low, low + draw.randint(0, 3)))
    for j in range(integers, integers + continuous):
        low = draw.choice((0, 0, -5))
        columns.append(_column(j, "continuous", low, low + draw.choice((1, 10, 10**6))))
    rows = []
    for i in range(draw.randint(1, 4)):
        body = {j: wild(draw) for j in range(len(columns)) if draw.random() < 0.7} or {0: 1}
        # The side lies near a value that the body takes, where tolerances decide.
        at = sum(a * draw.randint(0, 3) for a in body.values())
        side = at + draw.choice((0, 0, 0, Fraction(1, 10**9), Fraction(-1, 10**7), Fraction(1, 3), wild(draw, 6)))
        rows.append(_row(i, body, *_sides(draw, simplify(Fraction(side)))))
    sense: Sense = draw.choice(("minimize", "maximize", "feasibility"))
    costs = {} if sense == "feasibility" else {j: wild(draw, 6) for j in range(len(columns)) if draw.random() < 0.8}
    program = Program(columns, rows, sense, Quadratic(costs))
    status, optimum = enumerated(program)
    return Attack("small", program, status, optimum)


def planted(draw: random.Random) -> Attack:
    """A program around a plan. Rows are tight at it, or nearly."""
    count, lines = draw.randint(20, 90), draw.randint(10, 60)
    domains: list[Domain] = [draw.choice(("integer", "continuous", "continuous", "binary")) for _ in range(count)]
    columns, plan = [], []
    for j, domain in enumerate(domains):
        high = 1 if domain == "binary" else draw.choice((10, 100, 10**6))
        columns.append(_column(j, domain, 0, high))
        plan.append(draw.randint(0, min(high, 5)))
    rows = []
    for i in range(lines):
        body = {j: wild(draw) for j in draw.sample(range(count), draw.randint(2, 6))}
        at = sum(a * plan[j] for j, a in body.items())
        low, high_side = _sides(draw, simplify(Fraction(at)))
        loose = draw.choice((0, 0, 0, Fraction(1, 10**8), 1))
        rows.append(
            _row(i, body, None if low is None else low - loose, None if high_side is None else high_side + loose)
        )
    costs = {j: wild(draw, 6) for j in range(count) if draw.random() < 0.5}
    sense: Sense = draw.choice(("minimize", "maximize", "feasibility"))
    program = Program(columns, rows, sense, Quadratic(costs if sense != "feasibility" else {}))
    return Attack("planted", program, plan=tuple(plan))


def impossible(draw: random.Random) -> Attack:
    """A planted program and, on columns of its own or shared ones, something that cannot be."""
    inner = planted(draw).program
    columns, rows = list(inner.columns), list(inner.rows)
    n, kind = len(columns), draw.randrange(4)
    if kind == 0:
        # 2a + 4b - 6c is even; wanted odd, or off by a hair.
        columns += [_column(n + k, "integer", 0, 50) for k in range(3)]
        side = draw.choice((7, 5, Fraction(1, 10**6)))
        rows.append(_row(len(rows), {n: 2, n + 1: 4, n + 2: -6}, side, side))
    elif kind == 1:
        # Two rows that disagree by a hair.
        shared = {j: wild(draw, 3) for j in draw.sample(range(n), 3)}
        side = wild(draw, 3)
        hair = Fraction(1, 10 ** draw.randint(5, 12))
        rows.append(_row(len(rows), shared, side + hair, None))
        rows.append(_row(len(rows) + 1, shared, None, side))
    elif kind == 2:
        # Switched on by less than one unit of a big-M, and switched off as well.
        reach = 10 ** draw.randint(4, 9)
        columns += [_column(n, "binary", 0, 1), _column(n + 1, "continuous", 0, reach)]
        rows.append(_row(len(rows), {n + 1: 1, n: -reach}, None, 0))
        rows.append(_row(len(rows), {n + 1: 1}, Fraction(1, 10**5), None))
        rows.append(_row(len(rows), {n: reach}, None, reach // 2))
    else:
        # Chosen halves: 2 * sum of binaries, wanted odd within 1e-7.
        columns += [_column(n + k, "binary", 0, 1) for k in range(6)]
        body = {n + k: 2 for k in range(6)}
        rows.append(_row(len(rows), body, 5 - Fraction(1, 10**7), 5 + Fraction(1, 10**7)))
    return Attack("impossible", Program(columns, rows, inner.sense, inner.objective), "infeasible")


def _sides(draw: random.Random, side: Exact) -> tuple[Exact | None, Exact | None]:
    return draw.choice(((side, side), (None, side), (side, None)))


def _column(j: int, domain: Domain, low: Exact, high: Exact) -> Column:
    return Column(f"x{j}", domain, low, high, f"x{j}")


def _row(i: int, body: dict[int, Exact], low: Exact | None, high: Exact | None) -> Row:
    return Row(f"r{i}", Quadratic(body), low, high, f"r{i}")


# -- the oracle ------------------------------------------------------------------------------------------------------


def enumerated(program: Program) -> tuple[str, Exact | None]:
    """Status and optimum: every whole point, and for each an exact linear program by elimination. Boxes only."""
    whole = [j for j, column in enumerate(program.columns) if column.domain != "continuous"]
    rest = [j for j in range(len(program.columns)) if j not in whole]
    sign = -1 if program.sense == "maximize" else 1
    best: Exact | None = None
    ranges = [range(int(program.columns[j].lower or 0), int(program.columns[j].upper or 0) + 1) for j in whole]
    for values in itertools.product(*ranges):
        at = dict(zip(whole, values, strict=True))
        inequalities: list[tuple[list[Exact], Exact]] = []
        for row in program.rows:
            fixed = sum(a * at[j] for j, a in row.linear.items() if j in at)
            body = [row.linear.get(j, 0) for j in rest]
            if row.upper is not None:
                inequalities.append((body, row.upper - fixed))
            if row.lower is not None:
                inequalities.append(([-a for a in body], fixed - row.lower))
        for k, j in enumerate(rest):
            unit = [int(k == other) for other in range(len(rest))]
            inequalities.append((list(unit), program.columns[j].upper or 0))
            inequalities.append(([-a for a in unit], -(program.columns[j].lower or 0)))
        costs = [sign * program.objective.linear.get(j, 0) for j in rest]
        least = _least(inequalities, costs)
        if least is not None:
            value = least + sign * sum(program.objective.linear.get(j, 0) * x for j, x in at.items())
            best = value if best is None or value < best else best
    if best is None:
        return "infeasible", None
    return "optimal", simplify(Fraction(sign * best)) if program.sense != "feasibility" else 0


def _least(inequalities: list[tuple[list[Exact], Exact]], costs: list[Exact]) -> Exact | None:
    """The least value of ``costs x`` over ``body x <= side`` in a bounded region, or None when there is no point."""
    n = len(costs)
    system = [([*body, 0], side) for body, side in inequalities]
    system += [([*costs, -1], 0), ([*(-c for c in costs), 1], 0)]
    for j in range(n):
        kept = [(body, side) for body, side in system if body[j] == 0]
        ups = [(body, side) for body, side in system if body[j] > 0]
        downs = [(body, side) for body, side in system if body[j] < 0]
        for (up, high), (down, low) in itertools.product(ups, downs):
            p, q = -down[j], up[j]
            kept.append(([p * a + q * b for a, b in zip(up, down, strict=True)], p * high + q * low))
        system = kept
    lows, highs = [], []
    for body, side in system:
        t = body[n]
        if t == 0:
            if side < 0:
                return None
        elif t < 0:
            lows.append(Fraction(side) / t)
        else:
            highs.append(Fraction(side) / t)
    if lows and highs and max(lows) > min(highs):
        return None
    return simplify(max(lows))


def keeps(program: Program, point: tuple[Exact, ...]) -> bool:
    """Exact feasibility, written down once more."""
    for column, x in zip(program.columns, point, strict=True):
        if (column.lower is not None and x < column.lower) or (column.upper is not None and x > column.upper):
            return False
        if column.domain != "continuous" and Fraction(x).denominator != 1:
            return False
    for row in program.rows:
        value = sum(a * point[j] for j, a in row.linear.items())
        if (row.lower is not None and value < row.lower) or (row.upper is not None and value > row.upper):
            return False
    return True


# -- running ---------------------------------------------------------------------------------------------------------

WAYS: dict[str, dict[str, int]] = {
    "as it is": {},
    "HiGHS's bases": {"TINY": -1, "SMALL": -1, "WORK": 0},
    "HiGHS alone": {"TINY": -1, "SMALL": -1, "REPAIR": -1, "WORK": 0},
}
"""Limits of the exact methods, so that small programs also go where large ones go."""


def answers(attack: Attack, policy: Policy = POLICY) -> Iterator[tuple[str, Solution]]:
    """The solver's answer on each way through it (large programs only on their own)."""
    for way, limits in WAYS.items():
        if attack.kind != "small" and limits:
            continue
        saved = {name: getattr(solving if name == "WORK" else linear, name) for name in limits}
        try:
            for name, value in limits.items():
                setattr(solving if name == "WORK" else linear, name, value)
            yield way, solving.solve(attack.program, policy)
        finally:
            for name, value in saved.items():
                setattr(solving if name == "WORK" else linear, name, value)


def main() -> None:
    """Print how often each kind was answered how, and every wrong answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    counts: Counter[tuple[str, str, str]] = Counter()
    wrong, longest = 0, 0.0
    for number, attack in enumerate(attacks(options.programs, options.seed)):
        for way, answer in answers(attack):
            word = f"{answer.status}, {answer.proof or answer.code}"
            counts[attack.kind, way, word] += 1
            longest = max(longest, answer.seconds)
            reason = complaint(attack, answer)
            if reason:
                wrong += 1
                print(f"WRONG: number {number} ({attack.kind}, {way}): {reason}", flush=True)
    print("| kind | way | answer | programs |\n|---|---|---|---|")
    for (kind, way, word), count in sorted(counts.items()):
        print(f"| {kind} | {way} | {word} | {count} |")
    print(f"\n{wrong} wrong answers of {sum(counts.values())}; the longest took {longest:.1f} s")
