"""Differences that no correspondence repairs: what every bijection of plans that keeps the order leaves as it is.

Correspondences here are affine on each part of the plans, a part being those with one choice of the whole numbers. They
keep the number of plans, the parts with their dimensions, the order of all corners by cost, what named columns can be,
and whether there is a best plan. Where one decision may still be written in parts, or a column may be the objective's
to choose, the same plan may stand there more than once: then only what is more on the other side counts. Where names
settle one side whole, what the other can still move at no cost may be how it is carried out (which lot serves which
month): then its numbers and dimensions tell nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact
from ...verdict import Proof
from ..evidence import Difference
from .affinity import encodes, map_exists
from .clock import in_time, solve
from .corners import Part, corners, labelled, rank, span
from .directions import Direction, Space, nullspace
from .fingerprint import Fingerprint, SamplePlan
from .hidden import doubtful, most_pressed, needed, needed_in_any_way, only_held_up, part_directions
from .mapping import Statement
from .readings import CoreReading, readings, spanned_dimensions
from .reducing.core import Core


class Shape:
    """One core, and what is asked of it only where it is needed.

    ``bound`` are its columns that a name ties to one of the other side. ``mergeable``: some columns may be read as one;
    ``fuller`` is then the core where they are, if it could be made.
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
        fuller: Shape | None = None,
    ) -> None:
        self.core, self.side, self.bound, self.mergeable, self.fuller = core, side, bound, mergeable, fuller
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
    def directions(self) -> list[Direction] | None:
        """Directions along which the core may hold one decision in parts; None where that cannot be told."""
        choices = self.side.every
        if choices is None and self.parts is not None:
            choices = [part[0] for part in self.parts]
        told = needed_in_any_way(self.program, self.told, self.policy, self.deadline)
        return part_directions(
            self.core, told, choices, self.bound, self.deadline, mergeable=self.mergeable
        )  # fmt: skip

    @property
    def whole_decisions(self) -> bool:
        """Whether nothing may be one decision in parts."""
        return not self.mergeable and self.directions == []

    @cached_property
    def readings(self) -> list[CoreReading] | None:
        """All ways to read what may be in parts; None where that cannot be told."""
        if self.directions is None or (self.mergeable and not self.directions):
            return None
        if self.fuller is not None and self.fuller.directions != []:
            return None  # the sum of parts may be a part itself, and no reading of this core says so
        return readings(self.side, self.told, self.directions, self.policy, self.deadline)

    @cached_property
    def doubtful(self) -> int:
        """How many decisions the core may have lost, pressed upon a row."""
        return doubtful(self.core)

    @property
    def decided(self) -> bool:
        """Whether no column is the objective's to choose: each plan is a decision, perhaps one that others are too."""
        return self.pressed == 0 and not self.doubtful

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
    found = _by_names(a.side, b.side, binding)
    comparable = not (_carries_out(a, b) or _carries_out(b, a))
    if comparable:
        found = found or _by_more(a, b, merged)
    found = found or _by_levels(a, b)
    if found is None and comparable and a.decided and b.decided:
        found = _in_all_readings(a, b, lambda x, y: _apart(a, b, x, y, binding))
    return found or _by_best(a.side, b.side, a.policy, a.deadline)


def more_in_parts(plain: Shape, left: int) -> bool:
    """Whether a core may say decisions in more parts than reading it in ``left`` columns takes together."""
    return plain.directions is None or len(Space(plain.directions).lead) > len(plain.program.columns) - left


def _carries_out(first: Shape, second: Shape) -> bool:
    """Whether names settle all of the second, and all that the first moves beside them, at no cost, are their parts.

    Parts stand in an equation with a column that a name binds, as the lots that are made in a month.
    """
    if not first.bound or not second.bound or _free(second):
        return False
    moving, costless = _free(first), _free(first, first.program.objective.linear)
    if not costless or (len(costless) < len(moving) and first.pressed == 0):
        return False
    equations = [row.linear.keys() for row in first.program.rows if row.lower is not None and row.lower == row.upper]
    parts = {j for row in equations if not row.isdisjoint(first.bound) for j in row}
    return all(parts.issuperset(direction) for direction in costless)


def _free(shape: Shape, still: Mapping[int, Exact] | None = None) -> list[dict[int, Exact]]:
    """A basis of how plans may move that keep its equations, its bound columns and ``still`` as they are."""
    program = shape.program
    rows: list[Mapping[int, Exact]] = [r.linear for r in program.rows if r.lower is not None and r.lower == r.upper]
    rows += [{j: 1} for j, c in enumerate(program.columns) if j in shape.bound or (c.lower == c.upper is not None)]
    return nullspace([row for row in (*rows, still) if row], len(program.columns))


def _by_more(a: Shape, b: Shape, merged: tuple[Shape | None, Shape | None]) -> Difference | None:
    """One side has more plans, dimensions or extent than the other has at most; none of them is said twice there."""
    for number, (more, less) in enumerate(((merged[0] or a, b), (merged[1] or b, a))):
        if more.side.empty or more.pressed is None:
            continue
        if merged[number] is not None and more_in_parts((a, b)[number], len(more.program.columns)):
            continue
        said = _more(more, less, more.pressed)
        if said is not None and more.whole_decisions:
            kind, much, little, proof = said
            ours, theirs = (little, much) if number else (much, little)
            return Difference(kind, ours, theirs, proof)
    return None


def _more(first: Shape, second: Shape, pressed: int) -> tuple[str, str, str, Proof] | None:
    more, less = first.side, second.side
    spanned, most = spanned_dimensions(more.program, more.points), _most(less.program) + second.doubtful
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
    ours, theirs = (len(_levels(x.side, x.side.every or ())) for x in (a, b))
    if ours == theirs:
        return None
    return Difference("costs", f"{ours} different costs", f"{theirs} different costs", "enumerated")


def counted_apart(a: Shape, b: Shape, binding: Mapping[int, int]) -> bool:
    """Whether numbers of plans alone set them apart, however their columns are read. Raises OutOfTimeError."""
    return a.decided and b.decided and _in_all_readings(a, b, lambda x, y: _by_counting(x, y, binding)) is not None


def _in_all_readings(
    a: Shape, b: Shape, apart: Callable[[CoreReading, CoreReading], Difference | None]
) -> Difference | None:
    """What sets the two apart however their columns are read, told of the plain readings; None where nothing does."""
    if a.readings is None or b.readings is None:
        return None
    told: Difference | None = None
    for mine in a.readings:
        for yours in b.readings:
            in_time(a.deadline)
            found = apart(mine, yours)
            if found is None:
                return None
            told = told or found
    return told


def _apart(a: Shape, b: Shape, mine: CoreReading, yours: CoreReading, binding: Mapping[int, int]) -> Difference | None:
    """What sets a reading of the one apart from a reading of the other."""
    return (
        _by_end(mine, yours)
        or _by_dimension(mine, yours)
        or _by_counting(mine, yours, binding)
        or _by_corners(a, b, mine, yours, binding)
    )


def _by_end(a: CoreReading, b: CoreReading) -> Difference | None:
    """One of them goes on without end and the other does not."""
    ends = "plans without end", "every variable has ends"
    for mine, yours, said in ((a, b, ends), (b, a, ends[::-1])):
        bounded = len(yours.side.sure) == len(yours.side.ranges) and all(None not in r for r in yours.side.ranges)
        if mine.endless and bounded:
            return Difference("extent", said[0], said[1], "solver-trusted")
    return None


def _by_dimension(a: CoreReading, b: CoreReading) -> Difference | None:
    """One of them spans more dimensions than the other can have."""
    ours, theirs = _most(a.side.program), _most(b.side.program)
    if a.spanned > theirs:
        return Difference("dimension", f"at least {a.spanned} dimensions", f"at most {theirs}", "solver-trusted")
    if b.spanned > ours:
        return Difference("dimension", f"at most {ours} dimensions", f"at least {b.spanned}", "solver-trusted")
    return None


def _by_counting(a: CoreReading, b: CoreReading, binding: Mapping[int, int]) -> Difference | None:
    """All plans of both are known: their number at each cost, and the values of named columns there."""
    if a.every is None or b.every is None:
        return None
    ours, theirs = _levels(a.side, a.every), _levels(b.side, b.every)
    if [len(level) for level in ours] != [len(level) for level in theirs]:
        return Difference("levels", str([len(v) for v in ours]), str([len(v) for v in theirs]), "enumerated")
    named = sorted((j, k) for k, j in binding.items())
    cast_a = [Counter(tuple(p[j] for j, _ in named) for p in level) for level in ours]
    cast_b = [Counter(tuple(p[k] for _, k in named) for p in level) for level in theirs]
    if cast_a != cast_b:
        return Difference("plans by name", "by their cost", "the named variables take other values", "enumerated")
    return None


def _by_corners(
    a: Shape, b: Shape, mine: CoreReading, yours: CoreReading, binding: Mapping[int, int]
) -> Difference | None:
    """The parts by their corners: number, costs in order and in proportion, named values; is there a map at all?"""
    ours, theirs = mine.parts, yours.parts
    if ours is None or theirs is None:
        return None
    proof: Proof = "solver-trusted" if mine.every is None or yours.every is None else "enumerated"
    counts = [sorted(len(part) for part in parts) for parts in (ours, theirs)]
    if counts[0] != counts[1]:
        said = [f"{sum(found)} vertices in {len(found)} parts" for found in counts]
        if said[0] == said[1]:
            said = [f"parts with {found} vertices" for found in counts]
        return Difference("vertices", said[0], said[1], proof)
    units: tuple[dict[int, Exact], dict[int, Exact]] = {}, {}
    for k, j in sorted(binding.items()):
        first, second = a.side.ranges[j][1], b.side.ranges[k][1]
        if a.program.columns[j].is_integer and b.program.columns[k].is_integer:
            first = second = 1
        if first and second:
            units[0][j], units[1][k] = first, second
    labels = labelled(a.side, ours, units[0]), labelled(b.side, theirs, units[1])
    if Counter(labels[0].values()) != Counter(labels[1].values()):
        return Difference("vertices", "by their costs", "the vertices have other costs", proof)
    if encodes(a.program, a.told) or encodes(b.program, b.told):
        return None
    if map_exists(ours, theirs, labels, a.deadline) is False:
        return Difference("vertices", "ranked alike", "no affine map carries them to each other", proof)
    return None


def _levels(side: Fingerprint, every: Sequence[SamplePlan]) -> list[list[SamplePlan]]:
    """These plans by cost, the cheapest first."""
    levels: dict[Exact, list[SamplePlan]] = {}
    for plan in every:
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
