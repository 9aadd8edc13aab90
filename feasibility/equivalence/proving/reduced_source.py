"""Claims about a program proved on its core; certificates, plans and proofs of emptiness are in its own terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact, divide
from ..evidence import Certificate, Line, Target
from ..maps import Affine
from .claims import ClaimOutcome, ClaimSource
from .reducing.core import Core, certificate
from .reducing.side import Ground, added


class ReducedSource(ClaimSource):
    """A source whose claims are first held against its own rows, then proved or refuted on its core."""

    def __init__(self, core: Core, policy: Policy, deadline: float) -> None:
        super().__init__(core.origin, policy, deadline)
        self.core = core
        self.inner = ClaimSource(core.program, policy, deadline)

    def limit(self, *, searching: bool, deadline: float) -> None:
        """Decide the next claims with or without searches, until this time; on the core as well."""
        super().limit(searching=searching, deadline=deadline)
        self.inner.limit(searching=searching, deadline=deadline)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The derived lines that the certificates may name."""
        return tuple(self.core.lines)

    def form(self, body: Affine) -> Affine:
        """The form with every reduced column replaced by its reading, in the program's own columns."""
        flat = self.core_form(body)
        return Affine({self.core.ids[p]: c for p, c in flat.terms.items()}, flat.constant)

    def core_form(self, body: Affine) -> Affine:
        """The form in the core's columns, the reduced ones at their readings."""
        readings = self.core.readings()
        flat = Affine({}, body.constant)
        for j, c in body.terms.items():
            flat = flat.plus(readings[j].scaled(c))
        return flat

    def view(self) -> tuple[ClaimSource, Callable[[Sequence[Exact]], tuple[Exact, ...]]]:
        """The core, whose plans are lifted."""
        return self.inner, self.core.lifted

    def at_once(self, body: Affine, limit: Exact, target: Target) -> Certificate | None:
        """The certificate when one of the program's own rows or bounds, or of the core's, says so."""
        known = super().at_once(body, limit, target)
        if known is not None:
            return known
        expanded = self.core.expanded(body)
        if expanded is None:
            return None
        flat, base = expanded
        inner = self.inner.at_once(flat, limit, target)
        return None if inner is None else certificate(target, "multipliers", self.core.grounded(inner, base))

    def prove(self, body: Affine, limit: Exact, target: Target) -> ClaimOutcome:
        """Decide ``body(x) <= limit`` over all plans, on the core."""
        known = self.at_once(body, limit, target)
        if known is not None:
            return ClaimOutcome("proved", known)
        for point in self.points:
            if body.value(point) > limit:
                return ClaimOutcome("refuted", point=point)
        expanded = self.core.expanded(body)
        if expanded is None:
            return super().prove(body, limit, target)
        flat, base = expanded
        outcome = self.inner.prove(flat, limit, target)
        if outcome.status == "refuted" and outcome.point is not None:
            return self._lifted(outcome, body, limit)
        if outcome.certificate is None:
            return outcome
        return self._mapped(outcome, outcome.certificate, base)

    def _mapped(self, outcome: ClaimOutcome, inner: Certificate, base: Ground) -> ClaimOutcome:
        """The inner certificate in the program's own rows, bounds and lines."""
        core, aim = self.core, inner.target
        match inner.method:
            case "multipliers":
                whole = replace(
                    inner,
                    rows={i: divide(y, inner.factor) for i, y in inner.rows.items()},
                    columns={j: divide(w, inner.factor) for j, w in inner.columns.items()},
                    factor=1,
                )
                return replace(outcome, certificate=certificate(aim, "multipliers", core.grounded(whole, base)))
            case "rounding":
                # The rounded claim is a line of its own; the reading's ground comes on top.
                line = core.side.line(core.grounded(inner, {}))
                (number,) = line
                ground: Ground = added(base, {number: divide(1, inner.factor)}, 1)
                return replace(outcome, certificate=certificate(aim, "multipliers", ground))
            case "empty":
                return replace(outcome, certificate=certificate(aim, "empty", core.grounded(inner, {})))
            case "crossed":
                return replace(outcome, certificate=certificate(aim, "empty", self._crossed(inner)))
        return replace(outcome, certificate=Certificate(aim, "solver"))

    def _crossed(self, inner: Certificate) -> Ground:
        both: Ground = {}
        for sign in (1, -1):
            signed = replace(inner, rows=dict.fromkeys(inner.rows, sign), columns=dict.fromkeys(inner.columns, sign))
            both = self.core.grounded(signed, both)
        return both

    def _lifted(self, outcome: ClaimOutcome, body: Affine, limit: Exact) -> ClaimOutcome:
        assert outcome.point is not None
        point = self.core.lifted(outcome.point)
        if not self.is_plan(point) or body.value(point) <= limit:
            message = "the plan found on the reduced program is none of the program's own"
            return ClaimOutcome("unknown", code="not-exact", message=message)
        self.points.append(point)
        return ClaimOutcome("refuted", point=point)

    def whole(self, image: Affine, target: Target) -> ClaimOutcome:
        """Decide whether ``image`` is a whole number at every plan."""
        known = self.surely_whole(image, target)
        if known is not None:
            return known
        expanded = self.core.expanded(image)
        if expanded is None:
            return super().whole(image, target)
        flat, base = expanded
        outcome = self.inner.whole(flat, target)
        if outcome.status == "refuted" and outcome.point is not None:
            point = self.core.lifted(outcome.point)
            if self.is_plan(point):
                return ClaimOutcome("refuted", point=point)
            return ClaimOutcome("unknown", code="integrality", message="neither proved whole nor found fractional")
        if outcome.certificate is None:
            return outcome
        inner = outcome.certificate
        if inner.method == "integral":
            return self._integral(inner, base, target)
        return self._mapped(outcome, inner, base)

    def _integral(self, inner: Certificate, base: Ground, target: Target) -> ClaimOutcome:
        """Multiples of equations only: those that the reading used and those that the core's proof used."""
        ground = self.core.grounded(inner, base)
        rows = {number: y for (kind, number), y in ground.items() if kind == "row"}
        equations = [self.program.rows[i] for i in rows]
        if len(rows) == len(ground) and all(r.lower is not None and r.lower == r.upper for r in equations):
            return ClaimOutcome("proved", Certificate(target, "integral", rows))
        # Fixed columns and paired inequalities are no equations of the program; the search's word must do.
        return ClaimOutcome("proved", Certificate(target, "solver"))

    def some_plans(self) -> list[tuple[Exact, ...]]:
        """A few plans of the program, from its core."""
        points = list(self.points)
        for point in self.inner.some_plans():
            lifted = self.core.lifted(point)
            if self.is_plan(lifted) and lifted not in points:
                points.append(lifted)
        return points


def source_of(program: Program, core: Core | None, policy: Policy, deadline: float) -> ClaimSource:
    """A source for the program, on its core when there is one."""
    return ClaimSource(program, policy, deadline) if core is None else ReducedSource(core, policy, deadline)
