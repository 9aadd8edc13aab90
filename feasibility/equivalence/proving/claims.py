"""Claims about one program's plans (``body(x) <= limit``), proved or refuted; one road, cheap to dear, so it is long.

The road from cheap to dear: the claim is one of the program's own rows; the columns' bounds alone imply it; a linear
program bounds it, and its multipliers, rounded to rationals, are the certificate; rounding down on whole numbers
(Chvatal 1973, Gomory 1958); a mixed-integer search, whose "no" is the solver's word. Refutations are exact points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import floor, isfinite, lcm
from typing import Literal

import numpy as np

from ...policy import Policy
from ...programs.program import Column, Program, Quadratic, Row
from ...rationals import Exact, Fraction, divide, magnitude, simplify
from ...solver import highs
from ...solver.linear import TINY
from ...solver.solution import Solution
from ...solver.solving import exceeds
from ..evidence import Certificate, Line, Product, ProofMethod, Target
from ..maps import Affine
from .cases import CaseProver
from .clock import for_solver, is_late, solve
from .integrality import between, integral, two_plans
from .own_rows import ClaimKey, OwnRows, normalised
from .products import second_order
from .sums import completed, whole_factor, within

_DENOMINATORS = (1, 64, 10_000, 10**8)
"""Rounding of the solver's multipliers, from the simplest fractions on."""

UNSEARCHED = "unsearched"
"""The code of a claim that was not searched because searches were not allowed."""

_COLD = 4
"""Linear programs solved from scratch before an instance is kept for the source's further ones."""

_SCREENED = 30
"""Rows from which multipliers are tried in floats before they are combined exactly."""

_HUGE = 10**100
"""Numbers from which floats are not asked."""

_NOTHING, _NEAR = 1e-9, 1e-6
"""What counts as cancelled, and how near to the limit a bound in floats must come to be tried exactly."""


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """The fate of a claim. ``point`` is a plan beyond the limit when refuted; ``code`` says why when unknown."""

    status: Literal["proved", "refuted", "unknown"]
    certificate: Certificate | None = None
    point: tuple[Exact, ...] | None = None
    code: str | None = None
    message: str = ""


class ClaimSource:
    """A program about whose plans claims are proved. Keeps what many claims share: row index, floats, first points."""

    def __init__(self, program: Program, policy: Policy, deadline: float) -> None:
        self.program = program
        self.policy = policy
        self.deadline = deadline
        self.own_rows = OwnRows(program)
        self.points: list[tuple[Exact, ...]] = []
        self._empty: Certificate | None = None
        self.second_order = False
        """Whether products of columns may be used: the certificates then speak of :attr:`products`."""
        self.searching = True
        """Whether a claim that nothing else decides is searched."""
        self._proved: dict[ClaimKey, tuple[Exact, Certificate, Exact]] = {}
        """Of each body the last claim that was proved by a sum: its limit, certificate and factor."""
        self._unsearched: set[tuple[ClaimKey, Exact]] = set()
        self._cases: CaseProver | None = None
        self._solved = 0
        self._goals: highs.Goals | None = None

    def limit(self, *, searching: bool, deadline: float) -> None:
        """Decide the next claims with or without searches, until this time."""
        self.searching, self.deadline = searching, deadline

    def met(self, plan: Sequence[Exact] | None) -> None:
        """A point that is known from elsewhere; one that is no plan is not kept."""
        if plan is not None and len(plan) == len(self.program.columns) and self.is_plan(plan):
            self.points.append(tuple(plan))

    @cached_property
    def _tolerance(self) -> Fraction:
        return Fraction(repr(self.policy.row_tolerance))

    @property
    def lines(self) -> tuple[Line, ...]:
        """Derived lines that the certificates may name; a plain source has none."""
        return ()

    @property
    def products(self) -> tuple[tuple[Product, ...], Certificate | None]:
        """Inequalities of second order that the certificates may name, and why some of them are equations."""
        return ((), None) if self._cases is None else (tuple(self._cases.whole.products), self._cases.whole.tight)

    def form(self, body: Affine) -> Affine:
        """The form as it reads after reduction; a plain source reduces nothing."""
        return body

    def core_form(self, body: Affine) -> Affine:
        """The form in the columns of :meth:`view`'s program."""
        return body

    def view(self) -> tuple[ClaimSource, Callable[[Sequence[Exact]], tuple[Exact, ...]]]:
        """The source on which plans are searched, and how a plan of it becomes one of this program."""
        return self, tuple

    def at_once(self, body: Affine, limit: Exact, target: Target) -> Certificate | None:
        """The certificate that ``body(x) <= limit`` when one of the program's own rows or bounds says so."""
        limit = simplify(limit - body.constant)
        if not body.terms:
            return Certificate(target, "multipliers") if limit >= 0 else None
        known = self.own_rows.prove(body.terms, limit)
        return None if known is None else Certificate(target, "multipliers", known.rows, known.columns)

    def prove(self, body: Affine, limit: Exact, target: Target) -> ClaimOutcome:
        """Decide ``body(x) <= limit`` over all plans."""
        known = self.at_once(body, limit, target)
        if known is not None:
            return ClaimOutcome("proved", known)
        limit, terms = simplify(limit - body.constant), body.terms
        if not terms:
            return self._any_plan(target)
        for point in self.points:
            # Where it passes the limit by a trifle only, another plan may pass it by more.
            if _value(terms, point) > limit + self._trifle(limit):
                return ClaimOutcome("refuted", point=point)
        if is_late(self.deadline):
            return ClaimOutcome("unknown", code="time-limit", message="the time for the comparison ran out")
        key, factor = normalised(terms, 1)
        alike = self._proved.get(key)
        if alike is not None and alike[0] <= limit * factor:
            # The same sum: what it is of the new claim is told by the factor alone.
            own = divide(alike[1].factor * factor, alike[2])
            return ClaimOutcome("proved", replace(alike[1], target=target, factor=own))
        single = self.own_rows.with_bounds(terms, limit, target)
        outcome = ClaimOutcome("proved", single) if single is not None else self._by_solving(terms, limit, target)
        proof = outcome.certificate
        if proof is not None and proof.method in ("multipliers", "rounding"):
            # What is rounded down proves the whole number below the limit.
            reach = floor(limit * factor) if proof.method == "rounding" and proof.factor == factor else limit * factor
            self._proved[key] = reach, proof, factor
        return outcome

    def some_plans(self) -> list[tuple[Exact, ...]]:
        """A few plans: those met so far, and the ends of some columns' ranges."""
        points = list(self.points)
        for j in range(min(len(self.program.columns), 8)):
            for sign in (1, -1):
                if is_late(self.deadline):
                    return points
                solution = self._maximise({j: sign}, relaxed=False)
                if solution.point is not None and self.is_plan(solution.point) and solution.point not in points:
                    points.append(solution.point)
        return points

    def cheapest(self, cost: Affine) -> tuple[Exact, ...] | None:
        """A plan that a search calls the cheapest; None without one. That it is a plan is exact."""
        if not cost.terms:
            return None
        point = self._maximise({j: -c for j, c in cost.terms.items()}, relaxed=False).point
        return None if point is None or not self.is_plan(point) else tuple(point)

    # -- by solving ----------------------------------------------------------------------------------------------

    @cached_property
    def relaxation(self) -> Program:
        """The program without integrality and without objective."""
        columns = [Column(c.name, "continuous", c.lower, c.upper, c.variable, c.members) for c in self.program.columns]
        return Program(columns, self.program.rows, "feasibility")

    @cached_property
    def _floats(self) -> highs.FloatProgram:
        return highs.to_floats(self.relaxation)

    def _by_solving(self, terms: Mapping[int, Exact], limit: Exact, target: Target) -> ClaimOutcome:
        mark = tuple(sorted(terms.items())), limit
        if self.searching and mark in self._unsearched:
            return self._by_search(terms, limit, target)
        known = self._by_cases(terms, limit, target, wide=False)
        if known is not None:
            return ClaimOutcome("proved", known)
        quick = None if self._is_tiny() else self._float_bound(terms)
        if quick is not None:
            proved = self._certificate(terms, limit, target, quick)
            if proved is not None:
                return proved
        solution = self._maximise(terms, relaxed=True)
        if solution.status == "infeasible":
            return self._empty_outcome(solution, target)
        if solution.status == "optimal":
            proved = self._certificate(terms, limit, target, solution.duals)
            if proved is not None:
                return proved
            if solution.point is not None and self._refutes(terms, limit, solution.point):
                return ClaimOutcome("refuted", point=solution.point)
        elif solution.status == "unbounded" and not self.program.is_mixed_integer:
            return self._far_point(terms, limit, solution)
        elif solution.status == "unknown":
            return ClaimOutcome("unknown", code=solution.code or "solver-unknown", message=solution.message)
        if not self.program.is_mixed_integer:
            return ClaimOutcome(
                "unknown", code="not-certified", message="the solver's bound could not be confirmed in exact arithmetic"
            )
        known = self._by_cases(terms, limit, target)
        if known is not None:
            return ClaimOutcome("proved", known)
        if not self.searching:
            self._unsearched.add(mark)
            return ClaimOutcome("unknown", code=UNSEARCHED, message="only a search can tell")
        return self._by_search(terms, limit, target)

    def _is_tiny(self) -> bool:
        """Whether the exact simplex, which has multipliers and point at once, is asked before HiGHS: claims are few."""
        self._solved += 1
        return self._solved <= _COLD and len(self.program.columns) * len(self.program.rows) <= TINY

    def _by_cases(
        self, terms: Mapping[int, Exact], limit: Exact, target: Target, *, wide: bool = True
    ) -> Certificate | None:
        """The certificate by cases of the claim's binary columns and by products; None without one.

        Made ready only when a claim has need of it (``wide``), then asked before any other program is solved.
        """
        if not self.second_order:
            return None
        if self._cases is None and wide:
            whole = second_order(self.program, self.policy, self.deadline)
            self._cases = None if whole is None else CaseProver(whole, self.policy, self.deadline)
            self.second_order = whole is not None
        return None if self._cases is None else self._cases.prove(terms, limit, target, wide=wide)

    def _float_bound(self, terms: Mapping[int, Exact]) -> dict[int, Exact] | None:
        """The multipliers that HiGHS finds for ``max terms``, as they are; None unless it calls the program optimal."""
        floats = self._floats
        cost = np.zeros(len(self.program.columns))
        for j, coefficient in terms.items():
            cost[j] = -float(coefficient)
        if floats.column_scale is not None:
            cost = cost * floats.column_scale
        if self._solved > _COLD:
            # Many claims over one set of plans: each run goes on from the last one's basis.
            self._goals = self._goals or highs.Goals(floats, self.policy)
            duals = self._goals.duals(cost, for_solver(self.deadline))
            return (
                None if duals is None else {int(i): Fraction(-duals[i]) for i in np.flatnonzero(np.abs(duals) > 1e-11)}
            )
        answer = highs.run(replace(floats, cost=cost, cost_scale=1.0), self.policy, deadline=for_solver(self.deadline))
        if answer.outcome != "optimal" or not answer.duals:
            return None
        return {i: Fraction(-y) for i, y in enumerate(answer.duals) if abs(y) > 1e-11}

    def _certificate(
        self, terms: Mapping[int, Exact], limit: Exact, target: Target, duals: Mapping[int, Exact]
    ) -> ClaimOutcome | None:
        """Round the multipliers to simple fractions until they prove the limit, if they can; rounding down included."""
        factor = whole_factor(self.program, terms)
        for denominator in _DENOMINATORS:
            if is_late(self.deadline):
                # Each try combines all rows exactly, which is long in a large program.
                return None
            rows = {i: simplify(Fraction(y).limit_denominator(denominator)) for i, y in duals.items()}
            if not self._promises(terms, rows, limit, factor):
                continue
            found = completed(self.program, terms, rows)
            if found is None:
                continue
            known = within(found, limit, factor, target)
            if known is not None:
                return ClaimOutcome("proved", known)
        found = completed(self.program, terms, duals)
        if found is not None and found.bound <= limit:
            return ClaimOutcome("proved", Certificate(target, "multipliers", found.rows, found.columns))
        return None

    def _promises(
        self, terms: Mapping[int, Exact], rows: Mapping[int, Exact], limit: Exact, factor: Exact | None
    ) -> bool:
        """Whether these multipliers come near the limit in floats; combining all rows exactly is long."""
        floats = self._floats
        if floats.column_scale is not None or len(self.program.rows) < _SCREENED:
            return True
        numbers = [*terms.values(), *rows.values(), limit, *([] if factor is None else [factor])]
        if any(magnitude(number) > _HUGE for number in numbers):
            return True
        y = np.zeros(floats.row_lower.size)
        for i, multiplier in rows.items():
            y[i] = float(multiplier)
        row_of = np.repeat(np.arange(y.size), np.diff(floats.starts))
        rest = -np.bincount(floats.index, floats.value * y[row_of], minlength=floats.lower.size)
        for j, c in terms.items():
            rest[j] += float(c)
        rest[np.abs(rest) < _NOTHING] = 0.0
        ends = np.where(y > 0, floats.row_upper, floats.row_lower)
        # A row without that side is left out when the multipliers are completed.
        bound = float(np.sum(y * np.where(np.isfinite(ends), ends, 0.0)))
        used = np.flatnonzero(rest)
        bound += float(np.sum(rest[used] * np.where(rest[used] > 0, floats.upper[used], floats.lower[used])))
        if not isfinite(bound):
            # A column without that bound is left over, or the numbers are beyond floats.
            return False
        slack = _NEAR * max(1.0, abs(float(limit)))
        if bound <= float(limit) + slack:
            return True
        return factor is not None and floor(bound * float(factor) - slack) <= float(limit) * float(factor) + slack

    def _maximise(self, terms: Mapping[int, Exact], *, relaxed: bool) -> Solution:
        program = self.relaxation if relaxed else self.program
        goal = Program(program.columns, program.rows, "maximize", Quadratic(dict(terms)))
        return solve(goal, self.policy, deadline=self.deadline)

    def _refutes(self, terms: Mapping[int, Exact], limit: Exact, point: Sequence[Exact]) -> bool:
        return _value(terms, point) > limit and self.is_plan(point)

    def _tells(self, terms: Mapping[int, Exact], limit: Exact, point: Sequence[Exact]) -> bool:
        """Whether the plan passes the limit by more than the policy's row tolerance; else another one may."""
        return _value(terms, point) - limit > self._trifle(limit) and self.is_plan(point)

    def _trifle(self, limit: Exact) -> Exact:
        return self._tolerance * max(1, magnitude(limit))

    def _by_search(self, terms: Mapping[int, Exact], limit: Exact, target: Target) -> ClaimOutcome:
        goal = Program(self.program.columns, self.program.rows, "maximize", Quadratic(dict(terms)))
        found = exceeds(goal, limit, self.policy, for_solver(self.deadline))
        if found is False:
            return ClaimOutcome("proved", Certificate(target, "solver"))
        if isinstance(found, tuple) and self._tells(terms, limit, found):
            self.points.append(found)
            return ClaimOutcome("refuted", point=found)
        solution = solve(goal, self.policy, deadline=self.deadline)
        if solution.status == "infeasible":
            return self._empty_outcome(solution, target)
        if solution.status == "unbounded":
            return self._far_point(terms, limit, solution)
        if solution.status == "unknown" or solution.point is None:
            return ClaimOutcome("unknown", code=solution.code or "solver-unknown", message=solution.message)
        if self._refutes(terms, limit, solution.point):
            self.points.append(solution.point)
            return ClaimOutcome("refuted", point=solution.point)
        if solution.objective is not None and solution.objective <= limit:
            return ClaimOutcome("proved", Certificate(target, "solver"))
        if self.is_plan(solution.point):
            # The search was stopped; what it found may refute another claim.
            self.points.append(tuple(solution.point))
        return ClaimOutcome(
            "unknown", code="not-exact", message="the plan found beyond the limit is not exactly feasible"
        )

    def _far_point(self, terms: Mapping[int, Exact], limit: Exact, solution: Solution) -> ClaimOutcome:
        """A point beyond the limit along an improving ray, as near as whole steps allow."""
        if solution.point is None or solution.ray is None:
            return ClaimOutcome("unknown", code="no-ray", message="unbounded, but no ray was found")
        ray = tuple(solution.ray)
        speed = _value(terms, ray)
        if speed <= 0:
            return ClaimOutcome("unknown", code="no-ray", message="unbounded, but the ray does not pass the limit")
        if self.program.is_mixed_integer:
            # Whole multiples of a whole ray keep integer columns whole.
            step = lcm(*(r.denominator for r in ray)) if ray else 1
            ray = tuple(simplify(r * step) for r in ray)
            speed = speed * step
        missing = limit - _value(terms, solution.point)
        count = max(floor(divide(missing, speed)) + 1, 1)
        point = tuple(simplify(p + count * r) for p, r in zip(solution.point, ray, strict=True))
        if self._refutes(terms, limit, point):
            return ClaimOutcome("refuted", point=point)
        return ClaimOutcome(
            "unknown", code="not-exact", message="the plan found beyond the limit is not exactly feasible"
        )

    # -- emptiness and plans ---------------------------------------------------------------------------------------

    def _any_plan(self, target: Target) -> ClaimOutcome:
        """The claim is false at every plan: any plan refutes it, and it holds when there is none."""
        solution = solve(
            Program(self.program.columns, self.program.rows, "feasibility"), self.policy, deadline=self.deadline
        )
        if solution.status == "infeasible":
            return self._empty_outcome(solution, target)
        if solution.point is not None and self.is_plan(solution.point):
            self.points.append(solution.point)
            return ClaimOutcome("refuted", point=solution.point)
        return ClaimOutcome("unknown", code=solution.code or "not-exact", message=solution.message)

    def _empty_outcome(self, solution: Solution, target: Target) -> ClaimOutcome:
        method: ProofMethod = "solver"
        rows: dict[int, Exact] = {}
        columns: dict[int, Exact] = {}
        if solution.farkas is not None and solution.farkas.crossed is not None:
            kind, number = solution.farkas.crossed
            method = "crossed"
            rows, columns = ({number: 1}, {}) if kind == "row" else ({}, {number: 1})
        elif solution.farkas is not None:
            # Farkas multipliers speak of lower sides (positive); here a positive multiplier uses the upper side.
            rows = {i: -y for i, y in solution.farkas.rows.items() if y}
            found = completed(self.program, {}, rows)
            if found is not None and found.bound < 0:
                method, rows, columns = "empty", found.rows, found.columns
        if method == "solver":
            rows = {}
        return ClaimOutcome("proved", Certificate(target, method, rows, columns))

    def is_plan(self, point: Sequence[Exact]) -> bool:
        """Exact feasibility, no tolerance: a witness must hold by hand."""
        for value, column in zip(point, self.program.columns, strict=True):
            if (column.lower is not None and value < column.lower) or (
                column.upper is not None and value > column.upper
            ):
                return False
            if column.is_integer and value.denominator != 1:
                return False
        return all(_keeps(row, point) for row in self.program.rows)

    # -- integrality -----------------------------------------------------------------------------------------------

    def whole(self, image: Affine, target: Target) -> ClaimOutcome:
        """Decide whether ``image`` is a whole number at every plan."""
        return self.surely_whole(image, target) or self._fractional_plan(image, target)

    def surely_whole(self, image: Affine, target: Target) -> ClaimOutcome | None:
        """The proof that ``image`` is whole by its coefficients, or by one equation's multiple; None without one."""
        known = integral(self.program, image, target)
        return None if known is None else ClaimOutcome("proved", known)

    def _fractional_plan(self, image: Affine, target: Target) -> ClaimOutcome:
        """Look for a plan with a fractional image: at the ends of its range, then where the integers are the same."""
        high = self._maximise(image.terms, relaxed=False)
        if high.status == "infeasible":
            return self._empty_outcome(high, target)
        low = self._maximise({j: -c for j, c in image.terms.items()}, relaxed=False)
        candidates = [s.point for s in (high, low) if s.point is not None]
        pair = two_plans(self.program, image, self.policy, self.deadline)
        if pair is not None:
            candidates.extend((*pair, *between(image, *pair)))
        for point in candidates:
            if Fraction(image.value(point)).denominator != 1 and self.is_plan(point):
                return ClaimOutcome("refuted", point=point)
        values = {image.value(point) for point in candidates}
        if len(values) == 1 and high.status == low.status == "optimal" and high.proof == low.proof == "certified":
            # The range is one whole number; both bounds are certified, which the checker cannot see as one claim.
            return ClaimOutcome("proved", Certificate(target, "solver"))
        return ClaimOutcome("unknown", code="integrality", message="neither proved whole nor found fractional")


def _value(terms: Mapping[int, Exact], point: Sequence[Exact]) -> Exact:
    total: Exact = 0
    for j, coefficient in terms.items():
        total += coefficient * point[j]
    return total


def _keeps(row: Row, point: Sequence[Exact]) -> bool:
    value = row.body.value(point)
    return (row.lower is None or value >= row.lower) and (row.upper is None or value <= row.upper)
