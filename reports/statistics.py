"""Rates, their intervals, and how they change when answers to one problem or family hang together."""

from __future__ import annotations

from scipy.stats import norm


def wilson(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of a rate, as two numbers between 0 and 1; (0, 1) when nothing was seen.

    Wilson, Journal of the American Statistical Association 22 (1927) 209-212; recommended for small n by Brown, Cai
    and DasGupta, Statistical Science 16 (2001) 101-133. Fractional counts are allowed (an effective sample size).

    >>> low, high = wilson(210, 245)
    >>> round(low, 3), round(high, 3)
    (0.808, 0.895)
    """
    if n <= 0:
        return 0.0, 1.0
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    z = float(norm.ppf(0.5 + level / 2))
    rate = successes / n
    scale = 1 + z * z / n
    center = (rate + z * z / (2 * n)) / scale
    half = z * ((rate * (1 - rate) + z * z / (4 * n)) / n) ** 0.5 / scale
    # At 0 and n the bound is exactly 0 or 1; rounding must not push it past.
    low = 0.0 if successes == 0 else max(0.0, center - half)
    high = 1.0 if successes == n else min(1.0, center + half)
    return low, high
