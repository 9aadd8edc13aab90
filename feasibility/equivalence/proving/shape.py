"""Differences that no correspondence repairs: what every bijection of plans that keeps the order leaves as it is.

Correspondences here are affine on each part of the plans, a part being those with one choice of the whole numbers. They
keep the number of plans, the parts with their dimensions, the order of all corners by cost, what named columns can be,
and whether there is a best plan. Where one decision may still be written in parts, or a column may be the objective's
to choose, the same plan may stand there more than once: then only what is more on the other side counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact
from ...solver.solving import solve
from ...verdict import Proof
from ..evidence import Difference
from .affinity import encodes, map_exists
from .corners import Part, corners, labelled, rank, span
from .fingerprint import Fingerprint, SamplePlan
from .hidden import doubtful, holds_parts, most_pressed, needed, only_held_up
from .mapping import Statement
from .reducing.core import Core


class Shape:
    """One core, and what is asked of it only where it is needed.

    ``bound`` are its columns that a name ties to one of the other side. ``mergeable``: some columns may be read as one.
    """

    def __init__(
        self,
        core: Core,
        side: Fingerprint,
        bound: Collection[int],
        policy: Policy,
        deadline: float,
        *,
        mergeable: bool = False,
    ) -> None:
        self.core, self.side, self.bound, self.mergeable = core, side, bound, mergeable
        self.policy, self.deadline = policy, deadline
        self.program = side.program

    @cached_property
    def told(self) -> list[Statement]:
        """The rows and bounds that do not follow from the others."""
        return needed(self.program, self.policy, self.deadline)

    @cached_property
    def pressed(self) -> int | None:
        """How many columns may be the objective's to choose; None where that is not known."""
        return most_pressed(self.core, self.policy, self.deadline)

    @cached_property
    def whole_decisions(self) -> bool:
        """Whether nothing may be one decision in parts."""
        choices = self.side.every
        if choices is None and self.parts is not None:
            choices = [part[0] for part in self.parts]
        return not self.mergeable and not holds_parts(
            self.core, self.told, choices, self.bound, self.deadline
        )  # fmt: skip

    @cached_property
    def doubtful(self) -> int:
        """How many decisions the core may have lost, pressed upon a row."""
        return doubtful(self.core)

    @property
    def plain(self) -> bool:
        """Whether every plan is a decision of its own: nothing is in parts, and no column is the objective's."""
        return self.pressed == 0 and not self.doubtful and self.whole_decisions

    @cached_property
    def parts(self) -> list[Part] | None:
        """The corners of each part."""
        return corners(self.side, self.told, self.deadline)


def difference(
    a: Shape, b: Shape, binding: Mapping[int, int], merged: tuple[Shape | None, Shape | None]
) -> Difference | None:
    """What sets the two cores apart whatever the correspondence (one that keeps ``binding``), or None.

    ``merged`` are the cores with everything read as one that can be, where that is another core.
    Raises OutOfTimeError at the deadline.
    """
    found = _by_names(a.side, b.side, binding) or _by_more(a, b, merged) or _by_levels(a, b)
    if found is None and a.plain and b.plain:
        found = _by_counting(a.side, b.side, binding) or _by_corners(a, b, binding)
    return found or _by_best(a.side, b.side, a.policy, a.deadline)


def _by_more(a: Shape, b: Shape, merged: tuple[Shape | None, Shape | None]) -> Difference | None:
    """One side has more plans, dimensions or extent than the other has at most; none of them is said twice there."""
    for number, (more, less) in enumerate(((merged[0] or a, b), (merged[1] or b, a))):
        if more.side.empty or more.pressed is None:
            continue
        said = _more(more, less, more.pressed)
        if said is not None and more.whole_decisions:
            kind, much, little, proof = said
            ours, theirs = (little, much) if number else (much, little)
            return Difference(kind, ours, theirs, proof)
    return None


def _more(first: Shape, second: Shape, pressed: int) -> tuple[str, str, str, Proof] | None:
    more, less = first.side, second.side
    spanned, most = _spanned(more), _most(less.program) + second.doubtful
    if less.every is not None and not second.doubtful:
        few = f"{len(less.every)} plans"
        if more.every is not None and not pressed:
            found = len(more.every)
            return ("count", f"{found} plans", few, "enumerated") if found > len(less.every) else None
        if (not pressed and _endless(more)) or spanned > pressed:
            return "count", "infinitely many plans", few, "enumerated"
    if spanned > most + pressed:
        return "dimension", f"at least {spanned} dimensions", f"at most {most}", "solver-trusted"
    if pressed or second.doubtful:
        return None
    if _endless(more) and len(less.sure) == len(less.ranges) and all(None not in ends for ends in less.ranges):
        return "extent", "plans without end", "every variable has ends", "solver-trusted"
    ours, theirs = first.parts, second.parts
    if ours is None or theirs is None:
        return None
    if len(ours) > len(theirs):
        said = [f"{len(parts)} choices of the whole numbers" for parts in (ours, theirs)]
        return "choices", said[0], said[1], "solver-trusted"
    sizes = [sorted((span(part) for part in parts), reverse=True) for parts in (ours, theirs)]
    if any(x > y for x, y in zip(*sizes, strict=False)):
        return "dimension", f"parts of dimension {sizes[0]}", f"of dimension {sizes[1]}", "solver-trusted"
    return None


def _endless(side: Fingerprint) -> bool:
    """Whether a column is shown to have no end."""
    return any(None in side.ranges[j] for j in side.sure)


def _spanned(side: Fingerprint) -> int:
    """The dimension that sample plans with the same whole numbers span, at most over all choices."""
    whole = [j for j, c in enumerate(side.program.columns) if c.is_integer]
    groups: dict[tuple[Exact, ...], list[SamplePlan]] = {}
    for point in side.points:
        groups.setdefault(tuple(point[j] for j in whole), []).append(point)
    return max((span(points) for points in groups.values()), default=0)


def _most(program: Program) -> int:
    """The most dimensions that plans with the same whole numbers can have."""
    moving = {j for j, c in enumerate(program.columns) if not c.is_integer}
    rows = [dict(r.linear) for r in program.rows if r.lower is not None and r.lower == r.upper]
    rows += [{j: 1} for j, c in enumerate(program.columns) if c.lower is not None and c.lower == c.upper]
    return len(moving) - rank([{j: c for j, c in row.items() if j in moving} for row in rows])


def _by_levels(a: Shape, b: Shape) -> Difference | None:
    """Another number of costs: parts and encodings say a plan more than once, but at one cost."""
    if a.side.every is None or b.side.every is None:
        return None
    if (
        a.doubtful
        or b.doubtful
        or any(only_held_up(side.program, j) for side in (a, b) for j in side.program.objective.linear)
    ):
        return None
    ours, theirs = len(_levels(a.side)), len(_levels(b.side))
    if ours == theirs:
        return None
    return Difference("costs", f"{ours} different costs", f"{theirs} different costs", "enumerated")


def _by_counting(a: Fingerprint, b: Fingerprint, binding: Mapping[int, int]) -> Difference | None:
    if a.every is None or b.every is None:
        return None
    ours, theirs = _levels(a), _levels(b)
    if [len(level) for level in ours] != [len(level) for level in theirs]:
        return Difference("levels", str([len(v) for v in ours]), str([len(v) for v in theirs]), "enumerated")
    named = sorted((j, k) for k, j in binding.items())
    cast_a = [Counter(tuple(p[j] for j, _ in named) for p in level) for level in ours]
    cast_b = [Counter(tuple(p[k] for _, k in named) for p in level) for level in theirs]
    if cast_a != cast_b:
        return Difference("plans by name", "by their cost", "the named variables take other values", "enumerated")
    return None


def _by_corners(a: Shape, b: Shape, binding: Mapping[int, int]) -> Difference | None:
    """The parts by their corners: number, costs in order and in proportion, named values; is there a map at all?"""
    ours, theirs = a.parts, b.parts
    if ours is None or theirs is None:
        return None
    listed = a.side.every is not None and b.side.every is not None
    proof: Proof = "enumerated" if listed else "solver-trusted"
    counts = [sorted(len(part) for part in parts) for parts in (ours, theirs)]
    if counts[0] != counts[1]:
        said = [f"{sum(found)} vertices in {len(found)} parts" for found in counts]
        if said[0] == said[1]:
            said = [f"parts with {found} vertices" for found in counts]
        return Difference("vertices", said[0], said[1], proof)
    units: tuple[dict[int, Exact], dict[int, Exact]] = {}, {}
    for k, j in sorted(binding.items()):
        mine, yours = a.side.ranges[j][1], b.side.ranges[k][1]
        if a.program.columns[j].is_integer and b.program.columns[k].is_integer:
            mine = yours = 1
        if mine and yours:
            units[0][j], units[1][k] = mine, yours
    labels = labelled(a.side, ours, units[0]), labelled(b.side, theirs, units[1])
    if Counter(labels[0].values()) != Counter(labels[1].values()):
        return Difference("vertices", "by their costs", "the vertices have other costs", proof)
    if encodes(a.program, a.told) or encodes(b.program, b.told):
        return None
    if map_exists(ours, theirs, labels, a.deadline) is False:
        return Difference("vertices", "ranked alike", "no affine map carries them to each other", proof)
    return None


def _levels(side: Fingerprint) -> list[list[SamplePlan]]:
    """All plans by cost, the cheapest first."""
    levels: dict[Exact, list[SamplePlan]] = {}
    for plan in side.every or ():
        levels.setdefault(side.program.objective.value(plan), []).append(plan)
    return [levels[value] for value in sorted(levels)]


def _by_names(a: Fingerprint, b: Fingerprint, binding: Mapping[int, int]) -> Difference | None:
    for k, j in sorted(binding.items()):
        mine, yours = a.ranges[j], b.ranges[k]
        if mine == yours or j not in a.sure or k not in b.sure:
            continue
        whole = a.program.columns[j].is_integer and b.program.columns[k].is_integer
        open_ends = [end is None for end in mine] != [end is None for end in yours]
        if whole or open_ends or not _proportional(mine, yours):
            said = [" to ".join("no end" if e is None else str(e) for e in ends) for ends in (mine, yours)]
            return Difference(f"range of {b.program.columns[k].name}", said[0], said[1], "solver-trusted")
    return None


def _proportional(mine: Sequence[Exact | None], yours: Sequence[Exact | None]) -> bool:
    """One range is the other in another unit (or both have an open end: then nothing is said)."""
    low, high = mine
    least, most = yours
    if low is None or high is None or least is None or most is None:
        return True
    return low * most == high * least and (low > 0) == (least > 0) and (high > 0) == (most > 0)


def _by_best(a: Fingerprint, b: Fingerprint, policy: Policy, deadline: float) -> Difference | None:
    states = []
    for side in (a, b):
        answer = solve(side.program, policy, deadline=deadline)
        if answer.proof != "certified" or answer.status not in ("optimal", "unbounded"):
            return None
        states.append(answer.status)
    if states[0] == states[1]:
        return None
    words = {"optimal": "there is a best plan", "unbounded": "there is no best plan"}
    return Difference("best plan", words[states[0]], words[states[1]], "solver-trusted")
