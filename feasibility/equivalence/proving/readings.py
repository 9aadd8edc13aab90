"""The ways to read a core whose columns may hold one decision in parts: the plans, with such directions left out.

Where a decision may be written in parts, plans that differ along the parts' direction say the same. Which of the
candidate directions really are of that kind is not known, so every choice of them is one *reading* of the core: the
plans, seen along the chosen directions. What sets two cores apart in each of their readings sets them apart. A plan of
a reading stands for all plans that it sums up: of these it is the one with zeros in the columns that lead the chosen
directions. Costs and named columns do not change along the directions, so they are those of any plan summed up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ...policy import Policy
from ...programs.program import Program, Quadratic
from ...rationals import Exact, divide, magnitude, simplify
from ..maps import add_term
from .clock import in_time, solve
from .corners import Part, corners, span
from .directions import Direction, Space
from .fingerprint import Fingerprint, SamplePlan
from .mapping import Statement

_MOST_DIRECTIONS = 6
_MOST_READINGS = 16

_Terms = dict[int, Exact]


@dataclass(frozen=True, slots=True)
class CoreReading:
    """One reading of a core, whose plans span at least ``spanned`` dimensions with some choice of the whole numbers.

    ``every`` lists its plans where they are finitely many and known; ``parts`` are the corners of each of its parts,
    None where that is not known. ``endless``: some number that a plan of the reading says has no end.
    """

    side: Fingerprint
    spanned: int
    every: list[SamplePlan] | None
    parts: list[Part] | None
    endless: bool = False


def readings(
    side: Fingerprint,
    told: Sequence[Statement],
    directions: Sequence[Direction],
    policy: Policy,
    deadline: float,
) -> list[CoreReading] | None:
    """All readings of the core, the plain one first; None where there are too many. Raises OutOfTimeError."""
    if len(directions) > _MOST_DIRECTIONS:
        return None
    spaces: dict[object, Space] = {}
    for number in range(len(directions) + 1):
        for chosen in combinations(directions, number):
            space = Space(chosen)
            spaces.setdefault(space.mark, space)
            if len(spaces) > _MOST_READINGS:
                return None
    return [_reading(side, told, space, policy, deadline) for space in spaces.values()]


def _reading(
    side: Fingerprint, told: Sequence[Statement], space: Space, policy: Policy, deadline: float
) -> CoreReading:
    in_time(deadline)
    spanned = spanned_dimensions(side.program, side.points, space.plan)
    if any(None in ends for ends in side.ranges):
        return CoreReading(side, spanned, None, None, _endless(side, space, policy, deadline))
    if side.every is not None:
        every = list(dict.fromkeys(map(space.plan, side.every)))
        return CoreReading(side, spanned, every, [(plan,) for plan in every])
    parts = corners(side, _without(told, space), deadline)
    return CoreReading(side, spanned, None, None if parts is None else _joined(parts, space, side.program))


def spanned_dimensions(
    program: Program, plans: Sequence[SamplePlan], seen: Callable[[SamplePlan], SamplePlan] = lambda plan: plan
) -> int:
    """The dimension that these plans, as they are ``seen``, span at most with the same whole numbers."""
    whole = [j for j, c in enumerate(program.columns) if c.is_integer]
    groups: dict[tuple[Exact, ...], list[SamplePlan]] = {}
    for plan in plans:
        groups.setdefault(tuple(plan[j] for j in whole), []).append(seen(plan))
    return max((span(group) for group in groups.values()), default=0)


def _endless(side: Fingerprint, space: Space, policy: Policy, deadline: float) -> bool:
    """Whether a number that the reading's plans say is shown to have no end."""
    for k in range(len(side.program.columns)):
        form = {k: 1} | {j: -terms[k] for j, terms in space.lead.items() if k in terms and k != j}
        if k in space.lead or all(None not in side.ranges[j] for j in form):
            continue
        if len(form) == 1:
            if k in side.sure:
                return True
            continue
        for sign in (1, -1):
            in_time(deadline)
            goal = Quadratic({j: sign * c for j, c in form.items()})
            answer = solve(
                Program(side.program.columns, side.program.rows, "maximize", goal), policy, deadline=deadline
            )
            if answer.status == "unbounded" and answer.proof == "certified":
                return True
    return False


def _without(told: Sequence[Statement], space: Space) -> list[Statement]:
    """What is told of the plans as the reading sees them, with respect to its directions of no whole number.

    A direction is eliminated as by Fourier and Motzkin: each two limits against which plans run both ways along it say
    together what is left.
    """
    found = list(told)
    for j in space.lead:
        if j in space.whole:
            continue
        # The directions do not move each other's leading columns, so that one elimination does not disturb the next.
        direction = space.lead[j]
        kept: list[Statement] = []
        ahead: list[tuple[_Terms, Exact]] = []
        behind: list[tuple[_Terms, Exact]] = []
        for terms, low, high in found:
            rate = sum((c * direction.get(k, 0) for k, c in terms.items()), start=0)
            if not rate:
                kept.append((terms, low, high))
                continue
            for sign, end in ((1, high), (-1, low)):
                if end is not None:
                    scaled = {k: divide(sign * c, magnitude(rate)) for k, c in terms.items()}
                    (ahead if sign * rate > 0 else behind).append((scaled, divide(sign * end, magnitude(rate))))
        for first, end in ahead:
            for second, other in behind:
                both = dict(first)
                for k, c in second.items():
                    add_term(both, k, c)
                kept.append((both, None, simplify(end + other)))
        found = kept
    # What is left does not change along the directions: it says the same of the plan with zeros there.
    found = [
        ({k: c for k, c in terms.items() if k not in space.lead or k in space.whole}, low, high)
        for terms, low, high in found
    ]
    return [*(s for s in found if s[0]), *(({j: 1}, 0, 0) for j in space.lead if j not in space.whole)]


def _joined(parts: Sequence[Part], space: Space, program: Program) -> list[Part] | None:
    """Parts that differ along directions of whole numbers are one, where they are alike; None where they are not."""
    if not space.whole:
        return list(parts)
    whole = [j for j, c in enumerate(program.columns) if c.is_integer]
    found: dict[tuple[Exact, ...], set[SamplePlan]] = {}
    for part in parts:
        seen = set(map(space.plan, part))
        choice = tuple(next(iter(seen))[j] for j in whole)
        if found.setdefault(choice, seen) != seen:
            return None
    return [tuple(sorted(part)) for part in found.values()]


__all__ = ["CoreReading", "readings", "spanned_dimensions"]
