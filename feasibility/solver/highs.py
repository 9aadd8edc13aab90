"""The door to HiGHS: the one place where exact numbers become floats.

Nothing that comes back is believed here: a caller re-checks every point, basis and ray in exact arithmetic
(``exactness``) before it calls an answer proved. What this module guarantees is that HiGHS sees the program that was
meant (rows and columns scaled by powers of two when a coefficient is so small or large that HiGHS would drop it), that
each run starts from a clean state with the policy's options, and that every status HiGHS returns is looked at.

Not covered: rows with second-order terms (HiGHS has none) and programs whose numbers do not fit a float.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import highspy
import numpy as np
from numpy.typing import NDArray

from ..policy import Policy
from ..programs.program import Program
from ..rationals import Exact

_Floats: TypeAlias = NDArray[np.float64]

RunOutcome: TypeAlias = Literal[
    "optimal", "infeasible", "unbounded", "infeasible-or-unbounded", "time-limit", "interrupted", "unknown", "error"
]

LOWER, BASIC, UPPER, ZERO, NONBASIC = 0, 1, 2, 3, 4
"""HiGHS's basis statuses, as it numbers them."""

_INF = float("inf")
_HIGHS = highspy._core  # the bare binding: its Python wrapper adds about 30 microseconds a run
_STATUS = highspy.HighsModelStatus
_OUTCOMES: dict[Any, RunOutcome] = {
    _STATUS.kOptimal: "optimal",
    _STATUS.kModelEmpty: "optimal",
    _STATUS.kInfeasible: "infeasible",
    _STATUS.kUnbounded: "unbounded",
    _STATUS.kUnboundedOrInfeasible: "infeasible-or-unbounded",
    _STATUS.kTimeLimit: "time-limit",
    _STATUS.kMemoryLimit: "interrupted",
    _STATUS.kIterationLimit: "interrupted",
    _STATUS.kInterrupt: "interrupted",
}
_KEPT_RANGE = (1e-4, 1e6)
"""Coefficients within this range go to HiGHS as they are; beyond it everything is scaled."""


@dataclass(slots=True)
class FloatProgram:
    """A program's numbers as HiGHS takes them: rows in compressed form, scaled; ``cost`` is always minimised.

    With ``row_scale`` r and ``column_scale`` s, entry (i, j) is ``r[i] * a[i, j] * s[j]`` and column j stands for
    ``x[j] / s[j]``. Integer columns are never scaled. ``hessian`` is the lower triangle of the minimised objective's
    second derivatives, by column.
    """

    cost: _Floats
    lower: _Floats
    upper: _Floats
    row_lower: _Floats
    row_upper: _Floats
    starts: NDArray[np.int32]
    index: NDArray[np.int32]
    value: _Floats
    integer: NDArray[np.int32]
    row_scale: _Floats | None = None
    column_scale: _Floats | None = None
    cost_scale: float = 1.0
    hessian: tuple[NDArray[np.int32], NDArray[np.int32], _Floats] | None = field(default=None)


@dataclass(slots=True)
class SolverAnswer:
    """What one run of HiGHS said, unscaled, as plain lists. Empty lists and None: not available.

    ``columns`` and ``rows`` are basis statuses; ``farkas`` has a multiplier a row (positive: lower side),
    ``ray`` a number a column.
    """

    outcome: RunOutcome
    point: list[float] = field(default_factory=list)
    duals: list[float] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    farkas: list[float] | None = None
    ray: list[float] | None = None
    message: str = ""


def to_floats(program: Program) -> FloatProgram:
    """The program in floats. Raises OverflowError when a number does not fit (beyond 1.8e308)."""
    starts = [0]
    index: list[int] = []
    value: list[Exact] = []
    row_lower: list[Exact | float] = []
    row_upper: list[Exact | float] = []
    for row in program.rows:
        linear = row.body.linear
        index.extend(linear)
        value.extend(linear.values())
        starts.append(len(index))
        row_lower.append(-_INF if row.lower is None else row.lower)
        row_upper.append(_INF if row.upper is None else row.upper)
    cost: list[Exact] = [0] * len(program.columns)
    sign = -1 if program.sense == "maximize" else 1
    for j, coefficient in program.objective.linear.items():
        cost[j] = sign * coefficient
    floats = FloatProgram(
        cost=_array(cost),
        lower=_array([-_INF if c.lower is None else c.lower for c in program.columns]),
        upper=_array([_INF if c.upper is None else c.upper for c in program.columns]),
        row_lower=_array(row_lower),
        row_upper=_array(row_upper),
        starts=np.array(starts, dtype=np.int32),
        index=np.array(index, dtype=np.int32),
        value=_array(value),
        integer=np.array([c.domain != "continuous" for c in program.columns], dtype=np.int32),
    )
    if program.is_quadratic:
        floats.hessian = _hessian(program, sign)
    else:
        _scale_cost(floats)
        _scale(floats)
    return floats


def _array(values: list[Any]) -> _Floats:
    return np.array(list(map(float, values)), dtype=np.float64)


def _hessian(program: Program, sign: int) -> tuple[NDArray[np.int32], NDArray[np.int32], _Floats]:
    entries = sorted(
        (j, k, float(sign * (2 * q if j == k else q))) for (j, k), q in program.objective.quadratic.items()
    )
    starts = np.zeros(len(program.columns) + 1, dtype=np.int32)
    for j, _, _ in entries:
        starts[j + 1] += 1
    return (
        np.cumsum(starts, dtype=np.int32),
        np.array([k for _, k, _ in entries], dtype=np.int32),
        np.array([q for _, _, q in entries], dtype=np.float64),
    )


def _scale_cost(floats: FloatProgram) -> None:
    """Bring the largest cost near one when it is far away: HiGHS's dual tolerance is absolute."""
    largest = float(np.abs(floats.cost).max(initial=0.0))
    if largest and not 1e-2 <= largest <= 1e6:
        factor = float(2.0 ** -np.round(np.log2(largest)))
        floats.cost_scale *= factor
        floats.cost = floats.cost * factor


def _scale(floats: FloatProgram) -> None:
    """Geometric scaling by powers of two, only when a coefficient lies outside the kept range (none is zero)."""
    size = np.abs(floats.value)
    if not size.size or (size.min() >= _KEPT_RANGE[0] and size.max() <= _KEPT_RANGE[1]):
        return
    rows, columns = floats.row_lower.size, floats.lower.size
    # The costs take part as one more row, so that a column's scale fits its cost too.
    priced = np.flatnonzero(floats.cost)
    row_of = np.repeat(np.arange(rows + 1), [*np.diff(floats.starts), priced.size])
    column_of = np.concatenate([floats.index, priced])
    logs = np.log2(np.maximum(np.concatenate([size, np.abs(floats.cost[priced])]), 1e-300))
    row_count = np.maximum(np.bincount(row_of, minlength=rows + 1), 1)
    column_count = np.maximum(np.bincount(column_of, minlength=columns), 1)
    r, s = np.zeros(rows + 1), np.zeros(columns)
    free = floats.integer == 0
    for _ in range(3):
        r = -np.bincount(row_of, logs + s[column_of], minlength=rows + 1) / row_count
        s = np.where(free, -np.bincount(column_of, logs + r[row_of], minlength=columns) / column_count, 0.0)
    r, s = np.exp2(np.round(r[:rows])), np.exp2(np.round(s))
    row_of = row_of[: size.size]
    floats.row_scale, floats.column_scale = r, s
    floats.value = floats.value * r[row_of] * s[floats.index]
    floats.row_lower, floats.row_upper = floats.row_lower * r, floats.row_upper * r
    floats.lower, floats.upper = floats.lower / s, floats.upper / s
    floats.cost = floats.cost * s
    _scale_cost(floats)


class _Instances(threading.local):
    """One HiGHS a thread, kept between runs: making one takes as long as a small solve.

    Its clock adds up all runs, and a relaxation's time limit is held against that sum (a mixed-integer search's is
    not): an instance that has run for ``_WORN`` seconds is replaced, or later programs would run out of time at once.
    """

    highs: Any = None


_INSTANCES = _Instances()
_WORN = 0.05


def _instance(policy: Policy) -> Any:
    highs = _INSTANCES.highs
    if highs is None or highs.getRunTime() > _WORN:
        highs = _INSTANCES.highs = _HIGHS._Highs()
        highs.setOptionValue("output_flag", False)
        # Entries this small mean something here; what HiGHS would drop, scaling has brought into range before.
        highs.setOptionValue("small_matrix_value", 1e-12)
    highs.clearSolver()
    return highs


def _pass(highs: Any, floats: FloatProgram, *, cost: bool, integers: bool) -> bool:
    """Hand the model over; False when HiGHS refuses it."""
    columns, rows = floats.lower.size, floats.row_lower.size
    passed = highs.passModel(
        columns, rows, floats.index.size, 2, 1, 0.0,
        floats.cost if cost else np.zeros(columns), floats.lower, floats.upper, floats.row_lower, floats.row_upper,
        floats.starts, floats.index, floats.value,
        floats.integer if integers else np.zeros(columns, dtype=np.int32),
    )  # fmt: skip
    return bool(passed != highspy.HighsStatus.kError)


class Nodes:
    """The relaxations of a search tree: one linear program, solved again and again under other bounds of its columns.

    Each run starts from the last basis. Columns must be unscaled where bounds change (integer columns are).
    """

    def __init__(self, floats: FloatProgram, policy: Policy, *, cost: bool) -> None:
        self._floats = floats
        self._highs = _HIGHS._Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("small_matrix_value", 1e-12)
        self._policy = policy
        self.usable = _pass(self._highs, floats, cost=cost, integers=False)

    def price(self, cost: _Floats) -> None:
        """Minimise these costs of the unscaled columns from now on; only where the program came without costs."""
        scale = self._floats.column_scale
        columns = np.arange(cost.size, dtype=np.int32)
        self._highs.changeColsCost(cost.size, columns, cost if scale is None else cost * scale)

    def bound(self, bounds: Mapping[int, tuple[float, float]]) -> None:
        """Give columns these bounds; they stay until they are changed."""
        if bounds:
            columns = np.array(list(bounds), dtype=np.int32)
            low, high = (np.array([pair[side] for pair in bounds.values()]) for side in (0, 1))
            self._highs.changeColsBounds(columns.size, columns, low, high)

    def solve(self, bounds: Mapping[int, tuple[float, float]], deadline: float | None) -> SolverAnswer:
        """The answer under these bounds (by column); they stay until they are changed."""
        highs = self._highs
        self.bound(bounds)
        _set_options(highs, self._policy, deadline, False, True, mixed=False)
        if deadline is not None:
            # The limit is held against the sum of all runs of this instance.
            highs.setOptionValue("time_limit", highs.getRunTime() + max(deadline - time.monotonic(), 0.01))
        if highs.run() == highspy.HighsStatus.kError:
            return SolverAnswer("error", message="HiGHS failed on a relaxation")
        status = highs.getModelStatus()
        answer = SolverAnswer(_OUTCOMES.get(status, "unknown"), message=f"HiGHS: {highs.modelStatusToString(status)}")
        _read_answer(highs, self._floats, answer, linear=True)
        return answer


def run(
    floats: FloatProgram,
    policy: Policy,
    *,
    deadline: float | None = None,
    integers: bool = False,
    presolve: bool = True,
    cost: bool = True,
    strict: bool = False,
) -> SolverAnswer:
    """Solve with HiGHS: the continuous relaxation, or with ``integers`` the mixed-integer program.

    ``deadline`` is a ``time.monotonic()`` value; HiGHS honours it mostly but not always. ``presolve`` off makes rays
    available; ``cost`` off asks for any feasible point; ``strict`` sets the smallest feasibility tolerances. Bases and
    rays come back for linear relaxations only.
    """
    highs = _instance(policy)
    columns = floats.lower.size
    if not _pass(highs, floats, cost=cost, integers=integers):
        return SolverAnswer("error", message="HiGHS refused the model")
    quadratic = cost and floats.hessian is not None
    if quadratic:
        assert floats.hessian is not None
        starts, index, value = floats.hessian
        if highs.passHessian(columns, index.size, 1, starts, index, value) == highspy.HighsStatus.kError:
            return SolverAnswer("error", message="HiGHS refused the quadratic objective")
    _set_options(highs, policy, deadline, presolve, strict, mixed=integers and bool(floats.integer.any()))
    status = highs.run()
    if status == highspy.HighsStatus.kError and highs.getModelStatus() == _STATUS.kNotset:
        # Another instance in this process started HiGHS's worker threads with a different number of threads, and HiGHS
        # then refuses to run at all. The pool of threads can be torn down and started again.
        _HIGHS._Highs.resetGlobalScheduler(True)
        status = highs.run()
    if status == highspy.HighsStatus.kError:
        return SolverAnswer("error", message=f"HiGHS failed: {highs.modelStatusToString(highs.getModelStatus())}")
    model_status = highs.getModelStatus()
    outcome = _OUTCOMES.get(model_status, "unknown")
    answer = SolverAnswer(outcome, message=f"HiGHS: {highs.modelStatusToString(model_status)}")
    _read_answer(highs, floats, answer, linear=not quadratic and not integers)
    return answer


class Goals:
    """One linear relaxation, minimised again and again under other costs; each run starts from the last basis."""

    def __init__(self, floats: FloatProgram, policy: Policy) -> None:
        self._floats = floats
        self._policy = policy
        self._highs = _HIGHS._Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("small_matrix_value", 1e-12)
        self._usable = _pass(self._highs, floats, cost=False, integers=False)
        self._columns = np.arange(floats.lower.size, dtype=np.int32)

    def duals(self, cost: _Floats, deadline: float | None) -> _Floats | None:
        """A multiplier a row for this cost (scaled as the program is); None unless HiGHS calls it optimal."""
        highs = self._highs
        if not self._usable:
            return None
        highs.changeColsCost(self._columns.size, self._columns, cost)
        _set_options(highs, self._policy, deadline, True, False, mixed=False)
        if deadline is not None:
            # The limit is held against the sum of all runs of this instance.
            highs.setOptionValue("time_limit", highs.getRunTime() + max(deadline - time.monotonic(), 0.01))
        if highs.run() == highspy.HighsStatus.kError or _OUTCOMES.get(highs.getModelStatus()) != "optimal":
            return None
        solution = highs.getSolution()
        duals = np.asarray(solution.row_dual, dtype=np.float64)
        if not solution.dual_valid or not np.isfinite(duals).all():
            return None
        return duals if self._floats.row_scale is None else duals * self._floats.row_scale


def _set_options(
    highs: Any, policy: Policy, deadline: float | None, presolve: bool, strict: bool, *, mixed: bool
) -> None:
    limit = _INF if deadline is None else max(deadline - time.monotonic(), 0.01)
    options: dict[str, Any] = {
        "threads": policy.threads,
        "random_seed": policy.seed % 2**31,
        "time_limit": limit,  # see _Instances for what it is counted from
        "presolve": "choose" if presolve else "off",
        "primal_feasibility_tolerance": 1e-10 if strict else 1e-7,
    }
    if mixed:
        options["mip_rel_gap"] = options["mip_abs_gap"] = float(policy.mip_gap)
        options["mip_feasibility_tolerance"] = 1e-10 if strict else 1e-6
    for name, value in options.items():
        if highs.setOptionValue(name, value) == highspy.HighsStatus.kError:
            raise ValueError(f"HiGHS has no option {name} = {value}")


def _read_answer(highs: Any, floats: FloatProgram, answer: SolverAnswer, *, linear: bool) -> None:
    r, s = floats.row_scale, floats.column_scale
    if answer.outcome in ("optimal", "time-limit", "interrupted", "unbounded", "unknown"):
        solution = highs.getSolution()
        if solution.value_valid and np.isfinite(solution.col_value).all():
            answer.point = _unscale(solution.col_value, s)
        if solution.dual_valid and np.isfinite(solution.row_dual).all():
            duals = np.asarray(solution.row_dual) / floats.cost_scale
            answer.duals = (duals if r is None else duals * r).tolist()
    if not linear:
        return
    basis = highs.getBasis()
    if basis.valid:
        answer.columns = list(map(int, basis.col_status))
        answer.rows = list(map(int, basis.row_status))
    if answer.outcome == "infeasible":
        _, exists, ray = highs.getDualRay()
        if exists:
            answer.farkas = _unscale(ray, r)
    elif answer.outcome == "unbounded":
        _, exists, ray = highs.getPrimalRay()
        if exists:
            answer.ray = _unscale(ray, s)


def _unscale(values: Any, scale: _Floats | None) -> list[float]:
    array = np.asarray(values, dtype=np.float64)
    unscaled: list[float] = (array if scale is None else array * scale).tolist()
    return unscaled
