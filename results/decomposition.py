"""How much of a gain in substance comes from looking right more often, and how much from being right more often.

Substance implies surface, so ``P(substance) = P(surface) * P(substance | surface)``. The difference of two such
products splits without a remainder into two effects, each the change of one factor times the mean of the other
(Kitagawa, Journal of the American Statistical Association 50 (1955) 1168-1194; for two factors this is the Shapley
value).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .comparing import paired_rows
from .observing import PASS, UNKNOWN, Observed
from .statistics import SEED, Floats, resample, tails


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The gain of the second run over the first, over pairs whose substance is known in both (``pairs``).

    ``by_surface + by_substance == gain`` exactly. Intervals are 95 % bootstrap over problems. ``told_apart`` is False
    when in one run nothing passes the surface: then its conditional rate is unknown and the whole gain is given to the
    surface.
    """

    pairs: int
    left_out: int
    gain: float
    gain_interval: tuple[float, float]
    by_surface: float
    by_surface_interval: tuple[float, float]
    by_substance: float
    by_substance_interval: tuple[float, float]
    surface: tuple[float, float]
    conditional: tuple[float | None, float | None]
    substance: tuple[float, float]
    told_apart: bool

    @property
    def share_of_surface(self) -> float | None:
        """The surface's part of the gain, when both parts pull the same way and there is a gain to share."""
        if abs(self.gain) < 1e-12 or self.by_surface * self.by_substance < 0:
            return None
        return self.by_surface / self.gain


def effects(sums: Floats) -> tuple[Floats, Floats]:
    """The two effects from column sums (draws, 5): pairs, surface and substance of the first, and of the second run."""
    n = sums[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        s0, s1 = sums[:, 1] / n, sums[:, 3] / n
        c0, c1 = sums[:, 2] / sums[:, 1], sums[:, 4] / sums[:, 3]
    # A run where nothing passes the surface says nothing about the other factor: borrow it, and its change is 0.
    borrowed0, borrowed1 = np.where(np.isnan(c0), c1, c0), np.where(np.isnan(c1), c0, c1)
    c0, c1 = np.nan_to_num(borrowed0), np.nan_to_num(borrowed1)
    return (s1 - s0) * (c0 + c1) / 2, (c1 - c0) * (s0 + s1) / 2


def _interval(values: NDArray[np.float64], clusters: int, level: float) -> tuple[float, float]:
    low, high = np.quantile(values, tails(clusters, level))
    return float(low), float(high)


def decompose(first: Observed, second: Observed, level: float = 0.95, seed: int = SEED) -> Decomposition | None:
    """Split the gain of ``second`` over ``first``; None when no pair of outputs is known in both."""
    rows, others = paired_rows(first, second)
    columns = [first.column("surface")[rows], first.column("substance")[rows]]
    columns += [second.column("surface")[others], second.column("substance")[others]]
    known = (columns[1] < UNKNOWN) & (columns[3] < UNKNOWN)
    if not known.any():
        return None
    table = [np.ones(int(known.sum()))] + [(column[known] == PASS).astype(np.float64) for column in columns]
    _, index = np.unique(first.problem[rows][known], return_inverse=True)
    clusters = np.column_stack([np.bincount(index, weights=column) for column in table]).astype(np.float64)
    total = clusters.sum(axis=0, keepdims=True)
    by_surface, by_substance = (float(effect[0]) for effect in effects(total))
    draws = resample(clusters, seed=seed)
    drawn_surface, drawn_substance = effects(draws)
    n, s0, t0, s1, t1 = (float(value) for value in total[0])
    return Decomposition(
        pairs=int(n),
        left_out=len(known) - int(n),
        gain=(t1 - t0) / n,
        gain_interval=_interval((draws[:, 4] - draws[:, 2]) / draws[:, 0], len(clusters), level),
        by_surface=by_surface,
        by_surface_interval=_interval(drawn_surface, len(clusters), level),
        by_substance=by_substance,
        by_substance_interval=_interval(drawn_substance, len(clusters), level),
        surface=(s0 / n, s1 / n),
        conditional=(t0 / s0 if s0 else None, t1 / s1 if s1 else None),
        substance=(t0 / n, t1 / n),
        told_apart=bool(s0 and s1),
    )


def _points(value: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * value:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})"


def _pairs(count: int) -> str:
    return f"{count:,} pair" + ("" if count == 1 else "s")


def in_words(split: Decomposition, first: str, second: str) -> str:
    """The sentence under the table."""
    direction = "gains" if split.gain >= 0 else "loses"
    text = (
        f"{second} {direction} {abs(100 * split.gain):.1f} points of substance over {first} "
        f"({100 * split.substance[0]:.1f} % to {100 * split.substance[1]:.1f} %, 95 % interval of the change "
        f"{100 * split.gain_interval[0]:+.1f} to {100 * split.gain_interval[1]:+.1f}, {_pairs(split.pairs)}). "
    )
    text += (
        f"Passing the surface more or less often ({100 * split.surface[0]:.1f} % to {100 * split.surface[1]:.1f} %) "
        f"accounts for {_points(split.by_surface, split.by_surface_interval)}; "
    )
    if split.told_apart:
        before, after = (100 * (value or 0.0) for value in split.conditional)
        text += (
            f"being right more or less often among those that pass ({before:.1f} % to {after:.1f} %) accounts for "
            f"{_points(split.by_substance, split.by_substance_interval)}."
        )
    else:
        text += (
            "being right among those that pass cannot be told apart, because in one of the runs nothing passes the "
            "surface; the whole change is counted there."
        )
    share = split.share_of_surface
    if share is not None and split.told_apart:
        text += f" So {100 * share:.0f} % of the change is surface."
    if split.left_out:
        text += f" Left out for an unknown verdict: {_pairs(split.left_out)}."
    return text
