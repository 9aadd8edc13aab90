"""What a plan is held against: the rules of a problem, whatever they are written in (a program, a power grid)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from ..policy import Policy
from ..rationals import Exact, divide, magnitude, show
from ..solver.words import number
from .plan import AskedValues, Plan

RuleKind: TypeAlias = Literal["bounds", "integrality", "inequalities", "equalities"]
KINDS: tuple[RuleKind, ...] = ("bounds", "integrality", "inequalities", "equalities")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule held against one plan.

    ``group`` is the rule's sort in the problem's own words (a constraint's name, ``active balance``); ``value`` is held
    between ``lower`` and ``upper`` (for integrality, against the nearest whole number). ``amount`` is by how much it is
    missed, in ``unit``: 0 when it is kept exactly. ``kept`` says whether that is within the policy's tolerance.
    """

    kind: RuleKind
    group: str
    name: str
    value: Exact
    lower: Exact | None
    upper: Exact | None
    amount: Exact
    kept: bool
    unit: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, for a person: ``shelf comes to 60 pieces, at most 50 are allowed (10 too many)``."""
        unit = f" {self.unit}" if self.unit else ""
        value = f"{self.name} comes to {show(self.value)}{unit}"
        if self.kind == "integrality":
            return f"{self.name} is {show(self.value)}{unit}, not a whole number"
        if self.lower is not None and self.lower == self.upper:
            return f"{value}, {show(self.lower)}{unit} is asked (off by {show(self.amount)})"
        if self.upper is not None and self.value > self.upper:
            return f"{value}, at most {show(self.upper)} is allowed ({show(self.amount)} too much)"
        return f"{value}, at least {show(self.lower or 0)} is asked ({show(self.amount)} too little)"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for a verdict."""
        document: dict[str, Any] = {"group": self.group, "name": self.name, **number("value", self.value)}
        for side in ("lower", "upper"):
            bound = getattr(self, side)
            if bound is not None:
                document |= number(side, bound)
        document |= number("amount", self.amount)
        if self.unit:
            document["unit"] = self.unit
        return document | {"sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest plan that keeps every rule: sum of absolute changes, and how many values change."""

    distance: Exact
    changed: int
    plan: Plan


class Rules(Protocol):
    """A problem as a plan meets it."""

    @property
    def asked(self) -> AskedValues:
        """The names and members that a plan gives values for."""
        ...

    @property
    def sense(self) -> str:
        """minimize, maximize or feasibility."""
        ...

    def checks(self, plan: Plan, policy: Policy) -> Sequence[Check]:
        """Every rule, kept or not, in the problem's order."""
        ...

    def objective(self, plan: Plan) -> Exact:
        """The objective's value at the plan, recomputed."""
        ...

    def nearest(self, plan: Plan, policy: Policy, deadline: float) -> Nearest | None:
        """The nearest plan that keeps every rule, when it can be found within the limits."""
        ...

    def other_units(self, plan: Plan, policy: Policy) -> str:
        """A sentence when the plan would keep its rules in other units than the asked ones, else nothing."""
        ...


def satisfaction(checks: Iterable[Check]) -> dict[str, dict[str, int]]:
    """How many rules of each kind there are and how many are kept; kinds without a rule are left out.

    >>> satisfaction([Check("bounds", "x", "x", 1, 0, None, 0, True), Check("bounds", "y", "y", -1, 0, None, 1, False)])
    {'bounds': {'rules': 2, 'kept': 1}}
    """
    table: dict[str, dict[str, int]] = {}
    for check in checks:
        row = table.setdefault(check.kind, {"rules": 0, "kept": 0})
        row["rules"] += 1
        row["kept"] += check.kept
    return {kind: table[kind] for kind in KINDS if kind in table}


def worst(checks: Iterable[Check]) -> list[Check]:
    """The rules that are not kept, the worst (relative to its side) first."""

    def relative(check: Check) -> Exact:
        sides = [magnitude(side) for side in (check.lower, check.upper) if side is not None]
        return divide(check.amount, max([1, *sides]))

    return sorted((check for check in checks if not check.kept), key=relative, reverse=True)


def units_of(name: str, units: Mapping[str, str]) -> str:
    """The unit of a row or variable by its own or its family's name, or nothing."""
    return units.get(name) or units.get(name.partition("[")[0]) or ""
