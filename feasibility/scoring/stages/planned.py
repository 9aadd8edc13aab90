"""The stages of a plan: does it look right, does it keep every rule, is it the best one?

The rules are asked kind by kind, and all kinds are asked whatever the others say (see ``Ladder.together``), so that a
table can tell which kind of rule breaks first. A plan's substance is the last stage that the problem can decide:
``optimal`` where the optimum is known, else ``equalities``, the last of the kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...plans.plan import Plan, Reading, read_plan
from ...plans.rules import KINDS, Check, RuleKind, Rules, satisfaction, worst
from ...policy import Policy
from ...rationals import Exact, Fraction, divide, magnitude, same_value, show
from ...solver.words import LISTED, number, to_float
from ...verdict import Finding, StageResult
from ..prepared import PreparedReference, Preparing
from .answers import passed, skipped, unknown
from .protocol import Watch

BROKEN: Mapping[RuleKind, str] = {
    "bounds": "bound-broken",
    "integrality": "not-whole",
    "inequalities": "inequality-broken",
    "equalities": "equality-broken",
}
"""The code of each kind of rule that is not kept."""


@dataclass(slots=True)
class PlanAttempt:
    """A plan on its way up. ``needs`` of its stages: ``rules``, ``document``, ``reading``, ``plan``, ``optimum``."""

    text: str
    policy: Policy
    preparing: Preparing
    deadline: float
    watch: Watch
    results: dict[str, StageResult] = field(default_factory=dict)
    waited: float = 0.0
    rules: Rules | None = None
    document: Any = None
    reading: Reading | None = None
    checks: Sequence[Check] = ()

    @property
    def plan(self) -> Plan | None:
        """The plan, when form and names are in order."""
        return self.reading.plan if self.reading else None

    def reference(self) -> PreparedReference:
        """The prepared reference; the time of the first use belongs to the problem."""
        prepared, seconds = self.preparing.timed(self.watch)
        self.waited += seconds
        self.deadline += seconds
        return prepared

    def missing(self, need: str) -> StageResult | None:
        """The answer of a stage that needs what is not there."""
        if need == "rules":
            return self._without_rules()
        if need == "optimum":
            return self._without_optimum()
        if getattr(self, need) is not None:
            return None
        origin = next((name for name, result in self.results.items() if result.status == "unknown"), "an earlier stage")
        return unknown("earlier-unknown", f"not decided, because {origin} is unknown")

    def evidence(self) -> dict[str, Any]:
        """The plan's own objective, the reference's, and how the judgement was proved."""
        evidence: dict[str, Any] = {}
        if self.rules is not None and self.plan is not None:
            evidence["optimum"] = to_float(self.rules.objective(self.plan))
            evidence["proof"] = "certified" if self.preparing.reference.grid is None else None
        known = self.reference().optimum if self.checks else self.preparing.reference.optimum
        return evidence | {"reference_optimum": None if known is None else to_float(known)}

    def _without_rules(self) -> StageResult | None:
        if self.rules is not None:
            return None
        reference = self.preparing.reference
        if reference.grid is not None:
            from ...plans.grids.rules import GridRules

            self.rules = GridRules(reference.grid)
            return None
        prepared = self.reference()
        if prepared.program is None:
            if prepared.trouble:
                return unknown(*prepared.trouble)
            return skipped("no-reference", "the problem has no reference whose rules a plan could keep")
        from ...plans.of_program import ProgramRules

        self.rules = ProgramRules(prepared.program, reference.units)
        return None

    def _without_optimum(self) -> StageResult | None:
        prepared = self.reference()
        if prepared.trouble:
            return unknown(*prepared.trouble)
        if prepared.optimum is None:
            return skipped("no-reference", f"the problem has no optimum ({prepared.status or 'none is stated'})")
        return None


class ParsesPlan:
    """Stage 1."""

    name = "parses"
    title = "is there one strict JSON object in the text?"
    needs: tuple[str, ...] = ()

    def ask(self, attempt: PlanAttempt) -> StageResult:
        """Extract and read the answer."""
        from ...language.document.reading import extract

        found = extract(attempt.text, attempt.policy, formulation=False)
        attempt.document = found.document
        details = {"start": found.start, "end": found.end, "surrounding": found.surrounding}
        if found.findings or found.document is None:
            return StageResult.failed(*found.findings, **details)
        return passed(**details)


class PlanSchema:
    """Stage 2: the form, by the schema that the problem's variables give."""

    name = "schema"
    title = "is it an object of numbers, nested by index as the variables are?"
    needs: tuple[str, ...] = ("rules", "document")

    def ask(self, attempt: PlanAttempt) -> StageResult:
        """Read the document as a plan."""
        assert attempt.rules is not None
        attempt.reading = read_plan(attempt.document, attempt.rules.asked)
        return StageResult.failed(*attempt.reading.form) if attempt.reading.form else passed()


class PlanNames:
    """Stage 3: nothing is missing, and nothing is there that nobody asked for."""

    name = "names"
    title = "is there a value for every name that is asked, and for no other?"
    needs: tuple[str, ...] = ("reading",)

    def ask(self, attempt: PlanAttempt) -> StageResult:
        """Hold the names against the question."""
        assert attempt.reading is not None
        return StageResult.failed(*attempt.reading.names) if attempt.reading.names else passed()


class Keeps:
    """Stages 4 to 7: one kind of rule."""

    needs: tuple[str, ...] = ("rules", "plan")

    def __init__(self, kind: RuleKind, title: str) -> None:
        self.name: str = kind
        self.kind, self.title = kind, title

    def ask(self, attempt: PlanAttempt) -> StageResult:
        """All rules of this kind; the first kind that is asked evaluates them all."""
        assert attempt.rules is not None
        assert attempt.plan is not None
        if not attempt.checks:
            attempt.checks = attempt.rules.checks(attempt.plan, attempt.policy)
        mine = [check for check in attempt.checks if check.kind == self.kind]
        table = satisfaction(mine).get(self.kind, {"rules": 0, "kept": 0})
        details: dict[str, Any] = {**table, "groups": _groups(mine)}
        if self.kind == KINDS[-1]:
            details |= _nearest(attempt)
        broken = worst(mine)
        if not broken:
            return passed(**details)
        details["violated"] = [check.to_dict() for check in broken[:LISTED]]
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        units = attempt.rules.other_units(attempt.plan, attempt.policy) if self.kind == "equalities" else ""
        code = "wrong-unit" if units else BROKEN[self.kind]
        message = f"{units}; {broken[0].sentence}{more}" if units else f"{broken[0].sentence}{more}"
        return StageResult.failed(Finding(code, message), **details)


class Optimal:
    """Stage 8: its own objective, recomputed, against the optimum. What the answer claims is only compared."""

    name = "optimal"
    title = "is no plan better, within the policy's gap?"
    needs: tuple[str, ...] = ("rules", "plan", "optimum")

    def ask(self, attempt: PlanAttempt) -> StageResult:
        """Compare the recomputed objective with the problem's optimum."""
        assert attempt.rules is not None
        assert attempt.plan is not None
        best = attempt.reference().optimum
        assert best is not None
        value = attempt.rules.objective(attempt.plan)
        details = {**number("objective", value), **number("best", best), **_claim(attempt.plan, value, attempt.policy)}
        worse = value - best if attempt.rules.sense != "maximize" else best - value
        gap = divide(worse, max(1, magnitude(best)))
        details |= number("gap", gap)
        if gap <= Fraction(repr(attempt.policy.plan_gap)):
            return passed(**details)
        text = f"its objective is {show(value)}, the best plan has {show(best)} ({show(100 * gap, 2)} % worse)"
        return StageResult.failed(Finding("not-optimal", text), **details)


def _nearest(attempt: PlanAttempt) -> dict[str, Any]:
    """How far the nearest plan is that keeps every rule; empty when the plan keeps them, or none was found in time."""
    if attempt.rules is None or attempt.plan is None or all(check.kept for check in attempt.checks):
        return {}
    found = attempt.rules.nearest(attempt.plan, attempt.policy, attempt.deadline)
    return {} if found is None else {"nearest": {**number("distance", found.distance), "changed": found.changed}}


def _groups(checks: Sequence[Check]) -> dict[str, dict[str, int]]:
    """Rules and kept ones by group, in the problem's order."""
    table: dict[str, dict[str, int]] = {}
    for check in checks:
        row = table.setdefault(check.group, {"rules": 0, "kept": 0})
        row["rules"] += 1
        row["kept"] += check.kept
    return table


def _claim(plan: Plan, value: Exact, policy: Policy) -> dict[str, Any]:
    if plan.claimed is None:
        return {}
    right = same_value(plan.claimed, value, policy.value_tolerance)
    return {**number("claimed", plan.claimed), "claim_is_right": right}
