"""How much each outcome moved between two snapshots, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...results.observing import ABSENT, OUTCOMES, PASS, UNKNOWN
from .rules import GateRules
from .snapshot import BaselineEntry


@dataclass(frozen=True, slots=True)
class Movement:
    """One outcome in both runs over the problems where it is known in both.

    Rates are means over problems (of the share of samples that pass). ``lost``/``gained``: problems whose majority of
    samples changed sides. ``p`` is one-sided for a drop, ``p_holm`` adjusted over the outcomes with a ``max_drop``.
    """

    outcome: str
    problems: int
    before: float | None
    after: float | None
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    p: float
    p_holm: float
    test: str

    @property
    def drop(self) -> float:
        return 0.0 if self.before is None or self.after is None else self.before - self.after


def share_of(entry: BaselineEntry, outcome: int, unknown_as: float | None) -> float | None:
    """The share of samples that pass, or None when no sample says anything."""
    values: list[float] = []
    for states in entry.states:
        state = states[outcome]
        if state == UNKNOWN:
            if unknown_as is not None:
                values.append(unknown_as)
        elif state != ABSENT:
            values.append(1.0 if state == PASS else 0.0)
    return sum(values) / len(values) if values else None


def _unknown_values(rules: GateRules) -> tuple[float | None, float | None]:
    """What an unknown counts as in the baseline and in the run."""
    return {"ignore": (None, None), "fail": (0.0, 0.0), "bound": (1.0, 0.0)}[rules.unknowns]


def movements_of(pairs: Sequence[tuple[str, BaselineEntry, BaselineEntry]], rules: GateRules) -> list[Movement]:
    """Every gated outcome, and substance, over the problems that both snapshots have."""
    from ...results.comparing import holm

    then, now = _unknown_values(rules)
    found = []
    for outcome in dict.fromkeys((*rules.stages, "substance")):
        column = OUTCOMES.index(outcome)
        shares = []
        for identifier, before, after in pairs:
            first, second = share_of(before, column, then), share_of(after, column, now)
            if first is not None and second is not None:
                shares.append((identifier, first, second))
        found.append(movement_of(outcome, shares))
    tested = [m for m in found if (limits := rules.stages.get(m.outcome)) and limits.max_drop is not None]
    adjusted = dict(zip((m.outcome for m in tested), holm([m.p for m in tested]), strict=True))
    return [replace(m, p_holm=adjusted.get(m.outcome, m.p)) for m in found]


def movement_of(outcome: str, shares: Sequence[tuple[str, float, float]]) -> Movement:
    """One outcome from (problem, share before, share after)."""
    from ...results.comparing import mcnemar, sign_flip

    lost = tuple(i for i, first, second in shares if first >= 0.5 > second)
    gained = tuple(i for i, first, second in shares if second >= 0.5 > first)
    count = len(shares)
    if not count:
        return Movement(outcome, 0, None, None, (), (), 1.0, 1.0, "nothing to compare")
    before, after = sum(f for _, f, _ in shares) / count, sum(s for _, _, s in shares) / count
    if all(share in (0.0, 1.0) for _, *both in shares for share in both):
        two_sided, test = mcnemar(len(lost), len(gained)), "exact McNemar"
    else:
        import numpy as np

        two_sided = sign_flip(np.array([second - first for _, first, second in shares]))
        test = "sign-flip permutation by problem"
    # Both null distributions are symmetric, so the one-sided p-value for a drop is half of the two-sided one.
    p = min(1.0, two_sided / 2) if after < before else 1.0
    return Movement(outcome, count, before, after, lost, gained, p, p, test)
