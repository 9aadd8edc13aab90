"""Rates and their intervals, honest when answers to one problem or one family hang together.

One method serves every rate: the Wilson score interval on an effective number of answers. With one answer a problem
that is plain Wilson. With several answers a problem (or when clustering by family is asked for) the variance between
clusters gives a design effect, the number of answers is divided by it and the normal quantile is replaced by Student's
with (clusters - 1) degrees of freedom (Korn and Graubard, Survey Methodology 24 (1998) 193-201; compared with others
by Dean and Pagano, J. Survey Statistics and Methodology 3 (2015) 484-503). Differences of two runs have a score
interval (:mod:`.paired`), products and ratios a seeded bootstrap over problems (Efron and Tibshirani, An Introduction
to the Bootstrap, 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from .observing import ABSENT, PASS, UNKNOWN, Observed

Floats: TypeAlias = NDArray[np.float64]
Cluster: TypeAlias = Literal["problem", "family"]

DRAWS = 10_000
SEED = 20_240_229
"""Every bootstrap draws this often from a generator seeded with this: the same run gives the same bytes."""


def wilson(successes: float, n: float, level: float = 0.95, z: float | None = None) -> tuple[float, float]:
    """The Wilson score interval of a rate, as two numbers between 0 and 1; (0, 1) when nothing was seen.

    Wilson, Journal of the American Statistical Association 22 (1927) 209-212; recommended for small n by Brown, Cai
    and DasGupta, Statistical Science 16 (2001) 101-133. Fractional counts are allowed (an effective sample size);
    ``z`` replaces the normal quantile of ``level``.

    >>> low, high = wilson(210, 245)
    >>> round(low, 3), round(high, 3)
    (0.808, 0.895)
    """
    if n <= 0:
        return 0.0, 1.0
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if z is None:
        z = float(ndtri(0.5 + level / 2))
    rate = successes / n
    scale = 1 + z * z / n
    center = (rate + z * z / (2 * n)) / scale
    half = z * ((rate * (1 - rate) + z * z / (4 * n)) / n) ** 0.5 / scale
    # At 0 and n the bound is exactly 0 or 1; rounding must not push it past.
    low = 0.0 if successes == 0 else max(0.0, center - half)
    high = 1.0 if successes == n else min(1.0, center + half)
    return low, high


def clustered_interval(values: Floats, clusters: NDArray[np.int64], level: float = 0.95) -> tuple[float, float]:
    """The interval of the mean of ``values`` (each in 0..1) whose rows hang together within a cluster.

    The effective number of rows is ``mean (1 - mean) / variance``, never more than the rows there are and, when every
    row says the same (no variance to estimate), the number of clusters. One cluster says nothing: (0, 1).
    """
    n = len(values)
    numbers, index = np.unique(clusters, return_inverse=True)
    count = len(numbers)
    whole = bool(np.all((values == 0) | (values == 1)))
    if count < 2 and not (n == 1 and whole):
        return 0.0, 1.0
    rate = float(values.mean())
    if count == n and whole:
        return wilson(float(values.sum()), n, level)
    sums = np.bincount(index, weights=values - rate, minlength=count)
    variance = float((sums**2).sum()) / n**2 * count / (count - 1)
    spread = rate * (1 - rate)
    effective = float(count) if variance <= 1e-15 else min(float(n), spread / variance)
    effective = max(effective, 1.0)
    z = float(stdtrit(count - 1, 0.5 + level / 2))
    return wilson(min(rate, 1.0) * effective, effective, level, z)


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something passes. ``rate`` is of the known answers; ``low``..``high`` its 95 % interval.

    ``floor`` and ``ceiling`` are the rate if every unknown had failed, or passed. ``absent`` answers belong to problems
    whose reference does not allow the question; they are in no denominator. ``rate`` is None when nothing is known.
    """

    passed: int
    failed: int
    unknown: int
    absent: int
    rate: float | None
    low: float
    high: float
    floor: float | None
    ceiling: float | None
    clusters: int

    @property
    def known(self) -> int:
        """Answers in the denominator."""
        return self.passed + self.failed

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; numbers rounded to ten digits so that platforms agree."""
        return {k: round(v, 10) if isinstance(v, float) else v for k, v in asdict(self).items()}


def rate_of(observed: Observed, outcome: str, cluster: Cluster = "problem", level: float = 0.95) -> Rate:
    """The rate of one stage or score over all rows of ``observed``."""
    states = observed.column(outcome)
    known = states < UNKNOWN
    groups = (observed.problem if cluster == "problem" else observed.family)[known]
    values = (states[known] == PASS).astype(np.float64)
    passed, unknown = int((states == PASS).sum()), int((states == UNKNOWN).sum())
    failed, total = int(known.sum()) - passed, int(known.sum()) + unknown
    low, high = clustered_interval(values, groups, level)
    return Rate(
        passed=passed,
        failed=failed,
        unknown=unknown,
        absent=int((states == ABSENT).sum()),
        rate=passed / (passed + failed) if passed + failed else None,
        low=low,
        high=high,
        floor=passed / total if total else None,
        ceiling=(passed + unknown) / total if total else None,
        clusters=len(np.unique(groups)),
    )


def conditional_rate(observed: Observed, outcome: str, cluster: Cluster = "problem", level: float = 0.95) -> Rate:
    """The rate among the outputs that pass the surface."""
    return rate_of(observed.only(observed.passes_surface), outcome, cluster, level)


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that at least one of ``k`` answers is right, estimated without bias from ``c`` right among ``n``.

    Chen et al., arXiv 2107.03374, equation 1: ``1 - C(n - c, k) / C(n, k)``, as their product that does not overflow.
    Raises ValueError unless ``0 <= c <= n`` and ``1 <= k <= n``.

    >>> pass_at_k(10, 3, 1), round(pass_at_k(10, 3, 5), 4)
    (0.3, 0.9167)
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} of {c} right among {n}")
    if n - c < k:
        return 1.0
    missed = 1.0
    for i in range(n - c + 1, n + 1):
        missed *= 1 - k / i
    return round(1 - missed, 15)


@dataclass(frozen=True, slots=True)
class PassAtK:
    """pass@k over the problems that have at least ``k`` known answers; ``left_out`` have fewer."""

    k: int
    rate: float
    low: float
    high: float
    problems: int
    left_out: int


def pass_at_k_of(observed: Observed, outcome: str, k: int, level: float = 0.95) -> PassAtK | None:
    """The mean of pass@k over problems, its interval between problems. None when no problem has ``k`` answers."""
    states = observed.column(outcome)
    asked = len(np.unique(observed.problem[states != ABSENT]))
    values = np.array(list(pass_at_k_by_problem(observed, outcome, k).values()), dtype=np.float64)
    if not len(values):
        return None
    low, high = clustered_interval(values, np.arange(len(values)), level)
    return PassAtK(k, float(values.mean()), low, high, len(values), asked - len(values))


def pass_at_k_by_problem(observed: Observed, outcome: str, k: int) -> dict[str, float]:
    """pass@k of each problem, by id, that has at least ``k`` known answers."""
    states, size = observed.column(outcome), len(observed.problems)
    n = np.bincount(observed.problem[states < UNKNOWN], minlength=size).tolist()
    c = np.bincount(observed.problem[states == PASS], minlength=size).tolist()
    return {observed.problems[i]: pass_at_k(n[i], c[i], k) for i in range(size) if n[i] >= k}


def resample(rows: Floats, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Sums of ``rows`` (clusters, m) over bootstrap samples of clusters: an array (draws, m).

    Clusters with equal rows are drawn together: a bootstrap sample is a multinomial draw over the distinct rows, so ten
    thousand problems cost no more than a hundred.
    """
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    total = int(counts.sum())
    parts = []
    step = max(1, 4_000_000 // max(1, len(distinct)))
    for start in range(0, draws, step):
        weights = generator.multinomial(total, counts / total, size=min(step, draws - start))
        parts.append(weights @ distinct)
    return np.concatenate(parts)


def tails(clusters: int, level: float = 0.95) -> tuple[float, float]:
    """The two percentiles to take of a bootstrap over so many clusters.

    The plain percentile interval is too narrow for few clusters; Hesterberg's expanded one (The American Statistician
    69 (2015) 371-386, section 4.2) reaches as far out as a t interval would: 1.6 % and 98.4 % for 20 clusters.
    """
    if clusters < 2:
        return 0.0, 1.0
    reach = float(stdtrit(clusters - 1, 0.5 + level / 2)) * (clusters / (clusters - 1)) ** 0.5
    low = float(ndtr(-reach))
    return low, 1 - low


def bootstrap_interval(
    rows: Floats, statistic: Callable[[Floats], Floats], level: float = 0.95, draws: int = DRAWS, seed: int = SEED
) -> tuple[float, float]:
    """The expanded percentile interval of ``statistic`` of the column sums of ``rows`` (clusters, m).

    ``statistic`` takes sums (draws, m) and gives (draws,); NaN (an empty denominator) is left out of the percentiles.
    """
    values = statistic(resample(rows, draws, seed))
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, tails(len(rows), level))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Gap:
    """P(surface) - P(substance) of one run over the outputs where substance is known."""

    gap: float
    low: float
    high: float
    known: int


def gap_of(observed: Observed, cluster: Cluster = "problem", level: float = 0.95) -> Gap | None:
    """How much looks right and is not; None when nothing is known."""
    known = observed.column("substance") < UNKNOWN
    if not known.any():
        return None
    surface = (observed.column("surface")[known] == PASS).astype(np.float64)
    substance = (observed.column("substance")[known] == PASS).astype(np.float64)
    groups = (observed.problem if cluster == "problem" else observed.family)[known]
    # Substance implies surface, so the gap is a rate: of the answers that look right and are not.
    low, high = clustered_interval(surface - substance, groups, level)
    return Gap(float(surface.mean() - substance.mean()), low, high, int(known.sum()))


def method_sentence(observed: Observed, cluster: Cluster = "problem") -> str:
    """Which method made the intervals of this run, in words for under the table."""
    if cluster == "family":
        groups = len(np.unique(observed.family))
        return (
            f"95 % Wilson intervals on the effective number of answers, clustered by family ({groups} families; "
            "cluster-robust design effect, Student quantile)."
        )
    if observed.has_samples:
        groups = len(np.unique(observed.problem))
        return (
            f"95 % Wilson intervals on the effective number of answers, clustered by problem ({len(observed)} answers "
            f"to {groups} problems; cluster-robust design effect, Student quantile)."
        )
    return "95 % Wilson intervals, one answer a problem."
