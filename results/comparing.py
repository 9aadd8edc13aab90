"""Two runs on the same problems: what changed, whether chance explains it, and what would have gone unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest

from .observing import OUTCOMES, PASS, UNKNOWN, Observed, States
from .paired import difference_interval
from .statistics import SEED, Floats, bootstrap_interval, pass_at_k_by_problem

PERMUTATIONS = 20_000


def mcnemar(lost: int, gained: int) -> float:
    """The two-sided p-value of the exact McNemar test from the pairs that changed.

    McNemar, Psychometrika 12 (1947) 153-157: under no difference each changed pair went either way like a fair coin.

    >>> round(mcnemar(10, 2), 4), mcnemar(0, 0)
    (0.0386, 1.0)
    """
    if lost + gained == 0:
        return 1.0
    return float(binomtest(lost, lost + gained, 0.5).pvalue)


def sign_flip(differences: Floats, seed: int = SEED, permutations: int = PERMUTATIONS) -> float:
    """The two-sided p-value that the mean of per-problem differences is zero, by flipping signs at random.

    This is McNemar's question when problems have several answers: whole problems change sides, so answers to one
    problem may hang together. With one answer a problem it estimates the exact test. ``(1 + as extreme) / (1 + all)``
    keeps the level (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) article 39).
    """
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    sizes, counts = np.unique(np.abs(moved), return_counts=True)
    generator = np.random.default_rng(seed)
    # Problems with the same size of change are interchangeable: their net sign is a binomial count.
    ups = generator.binomial(counts, 0.5, size=(permutations, len(sizes)))
    drawn = np.abs((2 * ups - counts) @ sizes)
    extreme = int((drawn >= abs(float(moved.sum())) - 1e-9).sum())
    return (1 + extreme) / (1 + permutations)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for being many (Holm, Scandinavian Journal of Statistics 6 (1979) 65-70), in the order given.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    most = 0.0
    for rank, i in enumerate(order):
        most = max(most, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = most
    return adjusted


@dataclass(frozen=True, slots=True)
class Flip:
    """One output whose outcome differs between the runs: ``lost`` (passed only in the first) or ``gained``."""

    problem_id: str
    sample: int
    outcome: str
    direction: str


@dataclass(frozen=True, slots=True)
class Change:
    """One outcome in both runs, over the pairs where both are known. ``difference`` is second minus first."""

    outcome: str
    pairs: int
    problems: int
    both: int
    lost: int
    gained: int
    neither: int
    unknown: int
    first: float | None
    second: float | None
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    test: str


def paired_rows(first: Observed, second: Observed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers of the outputs (problem, sample) that both runs have."""
    where = {key: i for i, key in enumerate(second.keys())}
    pairs = [(i, where[key]) for i, key in enumerate(first.keys()) if key in where]
    table = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
    return table[:, 0], table[:, 1]


def compare_outcome(first: Observed, second: Observed, outcome: str) -> Change:
    """One outcome compared; ``p_holm`` is ``p`` until :func:`compare_runs` adjusts it."""
    rows, others = paired_rows(first, second)
    return compare_states(outcome, first.column(outcome)[rows], second.column(outcome)[others], first.problem[rows])


def compare_states(outcome: str, a: States, b: States, groups: NDArray[np.int64]) -> Change:
    """The states of the same answers in two runs; ``groups`` numbers the problem of each."""
    asked = (a <= UNKNOWN) & (b <= UNKNOWN)
    known = (a < UNKNOWN) & (b < UNKNOWN)
    x, y = (a[known] == PASS), (b[known] == PASS)
    clusters = groups[known]
    lost, gained = int((x & ~y).sum()), int((~x & y).sum())
    problems, index = np.unique(clusters, return_inverse=True)
    pairs = len(x)
    if pairs == 0:
        p, test = 1.0, "nothing to compare"
    elif len(problems) == pairs:
        p, test = mcnemar(lost, gained), "exact McNemar"
    else:
        change = np.bincount(index, weights=y.astype(float) - x.astype(float)) / np.bincount(index)
        p, test = sign_flip(change), "sign-flip permutation by problem"
    low, high = difference_interval(y.astype(np.float64), x.astype(np.float64), clusters)
    return Change(
        outcome=outcome,
        pairs=pairs,
        problems=len(problems),
        both=int((x & y).sum()),
        lost=lost,
        gained=gained,
        neither=int((~x & ~y).sum()),
        unknown=int((asked & ~known).sum()),
        first=float(x.mean()) if pairs else None,
        second=float(y.mean()) if pairs else None,
        difference=float(y.mean() - x.mean()) if pairs else 0.0,
        low=low,
        high=high,
        p=p,
        p_holm=p,
        test=test,
    )


def compare_runs(first: Observed, second: Observed, outcomes: Sequence[str] = OUTCOMES) -> list[Change]:
    """Every outcome that both runs have, p-values adjusted together by Holm's method."""
    found = [change for outcome in outcomes if (change := compare_outcome(first, second, outcome)).pairs]
    return adjusted([found])[0]


def adjusted(groups: Sequence[Sequence[Change]]) -> list[list[Change]]:
    """The comparisons of one pair of runs or several, with Holm's adjustment over all of them.

    Stages are nested, so two outcomes of a pair with equal counts are the same outputs under two names (``surface`` and
    ``names``, ``substance`` and its strongest stage); they are one comparison, not two.
    """
    different = {_identity(number, change): change.p for number, group in enumerate(groups) for change in group}
    p_values = dict(zip(different, holm(list(different.values())), strict=True))
    return [
        [replace(change, p_holm=p_values[_identity(number, change)]) for change in group]
        for number, group in enumerate(groups)
    ]


def different_comparisons(groups: Sequence[Sequence[Change]]) -> int:
    """How many comparisons Holm's adjustment counts."""
    return len({_identity(number, change) for number, group in enumerate(groups) for change in group})


def _identity(group: int, change: Change) -> tuple[int, ...]:
    return group, change.pairs, change.both, change.lost, change.gained, change.neither, change.unknown


def flips(first: Observed, second: Observed, outcomes: Sequence[str] = ("surface", "substance")) -> list[Flip]:
    """Every output whose outcome went from pass to fail (lost) or from fail to pass (gained)."""
    rows, others = paired_rows(first, second)
    keys = first.keys()
    found = []
    for outcome in outcomes:
        a, b = first.column(outcome)[rows], second.column(outcome)[others]
        for i in np.flatnonzero((a < UNKNOWN) & (b < UNKNOWN) & (a != b)).tolist():
            problem_id, sample = keys[int(rows[i])]
            found.append(Flip(problem_id, sample, outcome, "lost" if a[i] == PASS else "gained"))
    return found


def mcnemar_power(n: int, lost: float, gained: float, alpha: float = 0.05) -> float:
    """The chance that the exact McNemar test on ``n`` pairs rejects, when a pair is lost or gained with these rates.

    Exact, by summing over the number of changed pairs (binomial) and over the way they went (binomial again).
    """
    changed = lost + gained
    if changed <= 0:
        return 0.0
    # All but 1e-12 of the chance lies in this range of the number of changed pairs.
    first, last = int(binom.ppf(5e-13, n, changed)), int(binom.ppf(1 - 5e-13, n, changed))
    m = np.arange(first, last + 1)
    # The largest k whose two tails of the fair coin hold no more than alpha.
    critical = binom.ppf(alpha / 2, m, 0.5).astype(np.int64)
    critical = np.where(2 * binom.cdf(critical, m, 0.5) <= alpha, critical, critical - 1)
    share = gained / changed
    reject = binom.cdf(critical, m, share) + binom.sf(m - critical - 1, m, share)
    reject = np.where(critical < 0, 0.0, reject)
    return float((binom.pmf(m, n, changed) * reject).sum())


def unseen_drop(n: int, churn: float = 0.0, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """The smallest drop (0..1) that the exact McNemar test on ``n`` pairs finds with the given power; None if none is.

    ``churn`` is the share of pairs that change for the better all the while; a drop of ``d`` loses ``churn + d``.
    """
    if n <= 0:
        return None
    most = 1 - 2 * churn
    if most <= 0 or mcnemar_power(n, churn + most, churn, alpha) < power:
        return None
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        if mcnemar_power(n, churn + middle, churn, alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def power_sentence(n: int, churn: float = 0.0) -> str:
    """What a comparison of this size cannot see, in words."""
    drop = unseen_drop(n, churn)
    problems = f"{n:,} problem" + ("" if n == 1 else "s")
    method = "exact McNemar test at 5 %, power 80 %"
    if churn:
        method += f", {100 * churn:.1f} % of the problems changing for the better meanwhile as they did here"
    if drop is None:
        return f"With {problems} no drop at all would be seen ({method})."
    points = f"{100 * drop:.0f}" if drop >= 0.1 else f"{100 * drop:.1f}"
    return f"With {problems} a drop of under {points} points goes unseen more than one time in five ({method})."


@dataclass(frozen=True, slots=True)
class PassAtKChange:
    """pass@k of two runs over the ``problems`` that have at least ``k`` known answers in both; the difference second
    less first with its bootstrap interval over problems."""

    k: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    problems: int


def compare_pass_at_k(
    first: Observed, second: Observed, outcome: str, k: int, level: float = 0.95
) -> PassAtKChange | None:
    """pass@k of one outcome in two runs on the same problems. None when no problem has ``k`` known answers in both."""
    values = [pass_at_k_by_problem(observed, outcome, k) for observed in (first, second)]
    both = sorted(values[0].keys() & values[1].keys())
    if not both:
        return None
    pairs = np.array([[values[0][name], values[1][name]] for name in both], dtype=np.float64)
    before, after = pairs.mean(axis=0)
    rows = np.column_stack([pairs[:, 1] - pairs[:, 0], np.ones(len(pairs))])
    low, high = bootstrap_interval(rows, lambda sums: sums[:, 0] / sums[:, 1], level)
    if len(both) == 1:  # one problem says nothing about the spread between problems
        low, high = -1.0, 1.0
    return PassAtKChange(k, float(before), float(after), float(after - before), low, high, len(both))
