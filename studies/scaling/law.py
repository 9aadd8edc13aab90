"""The law itself and its fit: ``L(X, D) = A X^-alpha D^-beta + E``, and the additive ``A X^-alpha + B D^-beta + E``.

X is the factor that is scaled (here the size of an adapter), D the number of finetuning examples (Zhang, Liu, Cherry
and Firat, ICLR 2024, arXiv 2402.17193, equation 1; the additive form is that of Hoffmann et al., arXiv 2203.15556).
The fit is the paper's: Huber loss (delta 0.001) of the residual on L itself, L-BFGS with the analytic gradient, the
best of a grid of starts, with ``A = exp(a)``. Its two stages are :func:`fit_shared`: beta and E
jointly over several factors, each with its own A and alpha, then A and alpha of each factor with beta and E fixed.

A alone means little: a noise of 0.01 moves it by a factor of ten while predictions hold. Parameters are only shown
beside predictions with intervals.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from ...feasibility.errors import PyriteError
from ...results.statistics import Floats

Form: TypeAlias = Literal["multiplicative", "additive"]
DELTA = 1e-3
"""Of the Huber loss, as in the paper."""


@dataclass(frozen=True, slots=True)
class Points:
    """Measurements: X (above 0), D (above 0) and what was found there."""

    x: Floats
    d: Floats
    value: Floats

    def __post_init__(self) -> None:
        if not len(self.x) == len(self.d) == len(self.value):
            raise ValueError("x, d and value have the same length")
        if not (np.all(self.x > 0) and np.all(self.d > 0) and np.all(np.isfinite(self.value))):
            raise PyriteError("a scaling law needs sizes and counts above 0 and finite values")

    def only(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Points:
        """Some of the points."""
        return Points(self.x[rows], self.d[rows], self.value[rows])

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True)
class Law:
    """A fitted law. ``log_a`` and ``log_b`` are logarithms; ``log_b`` is used by the additive form alone."""

    form: Form
    log_a: float
    alpha: float
    log_b: float
    beta: float
    e: float

    def predict(self, x: Floats, d: Floats) -> Floats:
        """L at sizes and counts."""
        size = self.log_a - self.alpha * np.log(x)
        if self.form == "multiplicative":
            found: Floats = np.exp(size - self.beta * np.log(d)) + self.e
        else:
            found = np.exp(size) + np.exp(self.log_b - self.beta * np.log(d)) + self.e
        return found


def fit(points: Points, form: Form = "multiplicative", start: Law | None = None) -> Law:
    """One factor's law, all parameters free. ``start`` replaces the grid of starts (for refits of a bootstrap).

    Raises PyriteError when there are fewer points than parameters and one more.
    """
    needed = 5 if form == "multiplicative" else 6
    if len(points) < needed:
        raise PyriteError(f"a {form} law has {needed - 1} parameters; {len(points)} points cannot say how well it fits")
    scaled = _Scaled.of(points)
    if start is not None:
        return scaled.outward(_descend(scaled.points, form, scaled.inward(start), _REFIT).x, form)
    screened = sorted((_descend(scaled.points, form, first, _SCREEN) for first in _grid(scaled.points, form)), key=_fun)
    best = min((_descend(scaled.points, form, found.x, _FULL) for found in screened[:3]), key=_fun).x
    return scaled.outward(best, form)


@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator, unused-ignore]
def fit_shared(factors: Mapping[str, Points]) -> dict[str, Law]:
    """The paper's two stages over several factors (equation 2): beta and E from all of them, then A and alpha of each.

    All factors must have been measured with the same method on the same task. Multiplicative form.
    """
    names = list(factors)
    if not names:
        return {}
    scaled = {name: _Scaled.of(points) for name, points in factors.items()}
    grids = [fit(points) for points in factors.values()]
    least, best = np.inf, None
    for start in grids:
        # [beta, e, a_1, alpha_1, a_2, alpha_2, ...]
        first = [start.beta, start.e]
        for name in names:
            inner = scaled[name]
            first += [start.log_a - start.alpha * inner.log_x - start.beta * inner.log_d, start.alpha]
        found = minimize(
            _joint, first, args=([scaled[name].points for name in names],), jac=True, method="L-BFGS-B", options=_FULL
        )
        if found.fun < least:
            least, best = found.fun, found.x
    assert best is not None
    beta, e = float(best[0]), float(best[1])
    laws = {}
    for number, name in enumerate(names):
        inner = scaled[name]
        first = best[2 + 2 * number : 4 + 2 * number]
        found = minimize(_second, first, args=(beta, e, inner.points), jac=True, method="L-BFGS-B", options=_FULL)
        laws[name] = inner.outward(np.array([found.x[0], found.x[1], 0.0, beta, e]), "multiplicative")
    return laws


_SCREEN = {"maxiter": 40, "ftol": 1e-6}
_REFIT = {"maxiter": 300, "ftol": 1e-10}
_FULL = {"maxiter": 600, "ftol": 1e-15, "gtol": 1e-12}


def _descend(points: Points, form: Form, first: Floats, options: Mapping[str, float]) -> Any:
    # A few numbers a step: the linear algebra library's threads only wait for each other (30 times the processor time).
    with threadpool_limits(1):
        return minimize(_loss, first, args=(points, form), jac=True, method="L-BFGS-B", options=dict(options))


def _fun(found: Any) -> float:
    return float(found.fun)


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Points with X and D divided by their geometric means, which makes A and alpha nearly independent."""

    points: Points
    log_x: float
    log_d: float

    @classmethod
    def of(cls, points: Points) -> _Scaled:
        log_x, log_d = float(np.log(points.x).mean()), float(np.log(points.d).mean())
        return cls(Points(points.x / np.exp(log_x), points.d / np.exp(log_d), points.value), log_x, log_d)

    def inward(self, law: Law) -> Floats:
        if law.form == "multiplicative":
            a, b = law.log_a - law.alpha * self.log_x - law.beta * self.log_d, 0.0
        else:
            a, b = law.log_a - law.alpha * self.log_x, law.log_b - law.beta * self.log_d
        return np.array([a, law.alpha, b, law.beta, law.e])

    def outward(self, inner: Floats, form: Form) -> Law:
        a, alpha, b, beta, e = map(float, inner)
        if form == "multiplicative":
            return Law(form, a + alpha * self.log_x + beta * self.log_d, alpha, 0.0, beta, e)
        return Law(form, a + alpha * self.log_x, alpha, b + beta * self.log_d, beta, e)


def _grid(points: Points, form: Form) -> list[Floats]:
    """Starts: the constant from below the least value down, exponents from nearly none to steep."""
    low, high = float(points.value.min()), float(points.value.max())
    spread = max(high - low, 1e-3)
    starts = []
    for share, alpha, beta in itertools.product((0.1, 0.7, 3.0), (0.0, 0.15, 0.6), (0.05, 0.2, 0.6)):
        e = low - share * spread
        a = np.log(max(float(points.value.mean()) - e, 1e-6))
        b = a - np.log(2.0) if form == "additive" else 0.0
        starts.append(np.array([a - (np.log(2.0) if form == "additive" else 0.0), alpha, b, beta, e]))
    return starts


def _huber(residual: Floats) -> tuple[float, Floats]:
    """Sum and derivative."""
    size = np.abs(residual)
    inside = size <= DELTA
    total = float(np.where(inside, residual**2 / 2, DELTA * (size - DELTA / 2)).sum())
    slope: Floats = np.where(inside, residual, DELTA * np.sign(residual))
    return total / DELTA, slope / DELTA


def _loss(inner: Floats, points: Points, form: Form) -> tuple[float, Floats]:
    a, alpha, b, beta, e = inner
    log_x, log_d = np.log(points.x), np.log(points.d)
    with np.errstate(over="ignore"):
        if form == "multiplicative":
            term = np.exp(np.minimum(a - alpha * log_x - beta * log_d, 50.0))
            total, slope = _huber(term + e - points.value)
            gradient = [
                (slope * term).sum(),
                -(slope * term * log_x).sum(),
                0.0,
                -(slope * term * log_d).sum(),
                slope.sum(),
            ]
        else:
            one, two = (np.exp(np.minimum(t, 50.0)) for t in (a - alpha * log_x, b - beta * log_d))
            total, slope = _huber(one + two + e - points.value)
            gradient = [
                (slope * one).sum(),
                -(slope * one * log_x).sum(),
                (slope * two).sum(),
                -(slope * two * log_d).sum(),
                slope.sum(),
            ]
    return total, np.array(gradient)


def _joint(inner: Floats, factors: Sequence[Points]) -> tuple[float, Floats]:
    """Equation 2: every factor's residuals under one beta and one E."""
    total, gradient = 0.0, np.zeros(len(inner))
    for number, points in enumerate(factors):
        a, alpha = inner[2 + 2 * number : 4 + 2 * number]
        part, slope = _loss(np.array([a, alpha, 0.0, inner[0], inner[1]]), points, "multiplicative")
        total += part
        gradient[2 + 2 * number : 4 + 2 * number] = slope[:2]
        gradient[:2] += slope[3:]
    return total, gradient


def _second(inner: Floats, beta: float, e: float, points: Points) -> tuple[float, Floats]:
    total, slope = _loss(np.array([inner[0], inner[1], 0.0, beta, e]), points, "multiplicative")
    return total, slope[:2]
