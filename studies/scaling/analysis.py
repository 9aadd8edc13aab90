"""From points to what may be said: held-out error of both forms, predictions with intervals, crossings or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ...feasibility.errors import PyriteError
from ...results.statistics import Floats
from .law import Form, Law, Points, fit

SEED = 20_240_229
FORMS: tuple[Form, ...] = ("multiplicative", "additive")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a law says at a point that it was not fitted on, with a 95 % bootstrap interval of the law."""

    x: float
    d: float
    measured: float
    predicted: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """One form over one factor. Errors are mean absolute deviations (the paper's Delta_e and Delta_h)."""

    law: Law
    fit_error: float
    held_out_error: float | None
    predictions: Sequence[Prediction]
    intervals: dict[str, tuple[float, float]]
    """95 % bootstrap intervals of alpha, beta and E."""
    bootstrap: Sequence[Law]


def held_out(points: Points, largest: int = 1) -> NDArray[np.bool_]:
    """Points at one of the ``largest`` values of X or of D: what a law is asked about after the fit."""
    out = np.zeros(len(points), dtype=bool)
    for values in (points.x, points.d):
        different = np.unique(values)
        if largest and len(different) > largest:
            out |= np.isin(values, different[-largest:])
    return out


def analyse(points: Points, form: Form, hold_out: int = 1, draws: int = 200) -> Fitted:
    """Fit on the smaller points, predict the largest, and refit on points drawn again for the intervals.

    The bootstrap draws points with replacement (a point is a mean over seeds). Raises PyriteError when too few points
    are left to fit on.
    """
    out = held_out(points, hold_out)
    inside, outside = points.only(~out), points.only(out)
    law = fit(inside, form)
    generator = np.random.default_rng(SEED)
    again: list[Law] = []
    for _ in range(draws):
        drawn = inside.only(generator.integers(0, len(inside), len(inside)))
        if len(np.unique(drawn.x)) > 1 and len(np.unique(drawn.d)) > 1:
            again.append(fit(drawn, form, start=law))
    said = law.predict(outside.x, outside.d)
    lows, highs = _interval([item.predict(outside.x, outside.d) for item in again], said)
    predictions = [
        Prediction(*map(float, row)) for row in zip(outside.x, outside.d, outside.value, said, lows, highs, strict=True)
    ]
    return Fitted(
        law=law,
        fit_error=float(np.abs(law.predict(inside.x, inside.d) - inside.value).mean()),
        held_out_error=float(np.abs(said - outside.value).mean()) if len(outside) else None,
        predictions=predictions,
        intervals={
            name: _bounds([getattr(item, name) for item in again], getattr(law, name))
            for name in ("alpha", "beta", "e")
        },
        bootstrap=again,
    )


def _interval(drawn: Sequence[Floats], fallback: Floats) -> tuple[Floats, Floats]:
    if not drawn:
        return fallback, fallback
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return low, high


def _bounds(drawn: Sequence[float], fallback: float) -> tuple[float, float]:
    if not drawn:
        return fallback, fallback
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Numbers of examples at which two laws agree at one size; empty: they do not cross in the range."""

    x: float
    at: tuple[float, ...]
    crossed: float
    """Share of bootstrap pairs of laws that cross at all."""
    interval: tuple[float, float] | None
    """95 % of the first crossings among the pairs that do; None where fewer than half of them do."""


def crossings(one: Fitted, two: Fitted, x: tuple[float, float], low: float, high: float) -> Crossing:
    """Where two methods' laws cross over the number of examples, each at its own size (the paper's critical points).

    There is no closed form, and there may be no crossing, or several. Rounded parameters move a critical point by
    orders of magnitude, so it is never given without its interval.
    """
    at = _roots(one.law, two.law, x, low, high)
    pairs = list(zip(one.bootstrap, two.bootstrap, strict=False))
    found = [_roots(first, second, x, low, high) for first, second in pairs]
    firsts = [roots[0] for roots in found if roots]
    share = len(firsts) / len(found) if found else float(bool(at))
    return Crossing(x[0], at, share, _bounds(firsts, 0.0) if firsts and share >= 0.5 else None)


def _roots(one: Law, two: Law, x: tuple[float, float], low: float, high: float) -> tuple[float, ...]:
    if not 0 < low < high:
        raise PyriteError("crossings are looked for between two numbers of examples above 0")

    def difference(log_d: float) -> float:
        d = np.array([np.exp(log_d)])
        return float(one.predict(np.array([x[0]]), d)[0] - two.predict(np.array([x[1]]), d)[0])

    grid = np.linspace(np.log(low), np.log(high), 241)
    values = [difference(place) for place in grid]
    roots = []
    for left, right, before, after in zip(grid, grid[1:], values, values[1:], strict=False):
        if before == 0.0:
            roots.append(float(np.exp(left)))
        elif before * after < 0:
            roots.append(float(np.exp(brentq(difference, left, right))))
    return tuple(roots)


def log_odds(passed: float, known: float) -> float:
    """The log-odds of a rate, half a count added on either side so that none and all are finite (Haldane, Anscombe)."""
    return float(np.log((passed + 0.5) / (known - passed + 0.5)))


def document(fitted: Fitted) -> dict[str, Any]:
    """Plain JSON, in full precision: critical points hang on digits that a table does not show."""
    law = fitted.law
    return {
        "form": law.form,
        "log_a": law.log_a,
        "alpha": law.alpha,
        **({"log_b": law.log_b} if law.form == "additive" else {}),
        "beta": law.beta,
        "e": law.e,
        "intervals": {name: list(bounds) for name, bounds in fitted.intervals.items()},
        "fit_error": fitted.fit_error,
        "held_out_error": fitted.held_out_error,
        "predictions": [
            {"x": p.x, "d": p.d, "measured": p.measured, "predicted": p.predicted, "low": p.low, "high": p.high}
            for p in fitted.predictions
        ],
    }
