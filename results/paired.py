"""The difference of two rates over the same problems: a score interval, which covers where a bootstrap has no width.

When all pairs differ alike, or none does, a bootstrap has nothing to draw from and claims certainty. Tango's score
interval (Statistics in Medicine 17 (1998) 891-908; recommended by Fagerland, Lydersen and Laake, Statistics in Medicine
33 (2014) 2850-2875) tests every difference at the variance that it would have itself. Several answers to one problem
enter by an effective number of pairs, as in :func:`.statistics.clustered_interval`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

from .statistics import Floats


def tango(gained: float, lost: float, n: float, z: float) -> tuple[float, float]:
    """The score interval of ``(gained - lost) / n`` for ``n`` pairs of which so many were gained and lost.

    Fractional counts are allowed; ``z`` is the quantile. (-1, 1) when there is no pair.

    >>> low, high = tango(16, 4, 40, 1.959964)
    >>> round(low, 4), round(high, 4)
    (0.0871, 0.4868)
    """
    if n <= 0:
        return -1.0, 1.0
    if gained < 0 or lost < 0 or gained + lost > n * (1 + 1e-9):
        raise ValueError(f"{gained} gained and {lost} lost of {n} pairs")
    estimate = (gained - lost) / n

    def score(difference: float) -> float:
        """Standardised distance of the estimate from a difference, at the likeliest rates with that difference."""
        b = -gained - lost + (2 * n - gained + lost) * difference
        c = -lost * difference * (1 - difference)
        likely = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * likely + difference * (1 - difference))
        return n * (estimate - difference) / math.sqrt(max(variance, 1e-300))

    edge = 1 - 1e-12
    low = -1.0 if score(-edge) < z else brentq(lambda d: score(d) - z, -edge, max(min(estimate, edge), -edge))
    high = 1.0 if score(edge) > -z else brentq(lambda d: score(d) + z, max(min(estimate, edge), -edge), edge)
    return min(float(low), estimate), max(float(high), estimate)


def difference_interval(
    first: Floats, second: Floats, clusters: NDArray[np.int64], level: float = 0.95
) -> tuple[float, float]:
    """The interval of ``mean(first) - mean(second)`` of paired answers (each 0 or 1) whose pairs hang together.

    One pair a cluster is plain Tango. With several, the number of pairs is divided by the design effect (never below
    one; where all clusters differ alike, by their number) and the quantile is Student's. One cluster of several pairs
    says nothing: (-1, 1).
    """
    difference = first - second
    n = len(difference)
    numbers, index = np.unique(clusters, return_inverse=True)
    count = len(numbers)
    if n == 0 or (count < 2 and n > 1):
        return -1.0, 1.0
    gained, lost = float((difference > 0).mean()), float((difference < 0).mean())
    if count == n:
        return tango(gained * n, lost * n, n, float(ndtri(0.5 + level / 2)))
    mean = float(difference.mean())
    sums = np.bincount(index, weights=difference - mean, minlength=count)
    variance = float((sums**2).sum()) / n**2 * count / (count - 1)
    spread = gained + lost - mean**2
    effective = float(count) if variance <= 1e-15 else min(float(n), spread / variance)
    effective = max(effective, 1.0)
    z = float(stdtrit(count - 1, 0.5 + level / 2))
    return tango(gained * effective, lost * effective, effective, z)
