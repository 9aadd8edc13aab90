"""The ways to reduce both sides to cores, made when asked for, and what the cores alone tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...policy import Policy
from ...programs.correspondence import Words
from ...programs.program import Program
from ..evidence import Containment, Difference, Merge, Target
from ..merging import merged_program
from ..naming import is_meaningful, key, shared
from .fingerprint import Fingerprint, fingerprint
from .lines import used_lines
from .parts import groups
from .preference import cost
from .reducing.core import Core, certificate, reduced
from .reducing.side import EmptyError, ReducingOptions
from .shape import Shape, difference

SMALL = 14
"""Columns of a core up to which ranges, sample plans and the search over maps are used."""

Depth = Literal["free", "loose", "none", "all"]
"""How a side is reduced: defined columns with free bounds go; the same without drawing bounds in; none; all of them."""


@dataclass(slots=True)
class CoreVariant:
    """One way to reduce a side. ``empty`` grounds that it has no plan."""

    merged: Program
    merges: tuple[Merge, ...]
    core: Core | None
    empty: Containment | None = None
    _print: Fingerprint | None = None

    def printed(self, policy: Policy, deadline: float) -> Fingerprint:
        """The core's fingerprint, made once."""
        assert self.core is not None
        if self._print is None:
            self._print = fingerprint(self.core.program, policy, deadline)
        return self._print


@dataclass(slots=True)
class Workshop:
    """Both sides with their variants, made when asked for."""

    a: Program
    b: Program
    policy: Policy
    deadline: float
    kept: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    differs: bool = False
    shapes: tuple[dict[int, int], tuple[Shape, Shape]] | None = None
    _made: dict[tuple[int, Depth, bool], CoreVariant] = field(default_factory=dict)

    def variant(self, number: int, depth: Depth, sums: bool) -> CoreVariant:
        """Side 0 or 1, reduced this way."""
        mark = number, depth, sums
        if mark in self._made:
            return self._made[mark]
        program, kept = (self.a, self.b)[number], self.kept[number]
        merges = groups(program, kept, self.deadline, sums=sums)
        if sums and merges == self.variant(number, depth, False).merges:
            self._made[mark] = self._made[number, depth, False]
            return self._made[mark]
        merged = merged_program(program, merges)
        gone = {j for group in merges for j in group.weights}
        place = {j: p for p, j in enumerate(j for j in range(len(program.columns)) if j not in gone)}
        defining: Literal["none", "free", "all"] = "free" if depth == "loose" else depth
        options = ReducingOptions(defining, depth != "loose", frozenset(place[j] for j in kept))
        try:
            made = CoreVariant(merged, merges, reduced(merged, options, self.deadline))
        except EmptyError as error:
            made = CoreVariant(merged, merges, None, _no_plan(error))
        self._made[mark] = made
        return made


def _no_plan(error: EmptyError) -> Containment:
    aim = Target("objective", 0, "upper")
    ground = error.ground
    if ground is None or any(kind == "line" and number >= len(error.lines) for kind, number in ground):
        return Containment("proved", (certificate(aim, "solver", {}),), proof="solver-trusted")
    proofs, lines = used_lines(error.lines, [certificate(aim, "empty", ground)])
    return Containment("proved", tuple(proofs), proof="certified", lines=tuple(lines))


def named_pairs(a: Program, b: Program) -> dict[int, int]:
    """{column of B: of A} under one meaningful name; not where the name is the objective's own."""
    first, second = set(cost(a).linear), set(cost(b).linear)
    return {k: j for k, j in shared(a.columns, b.columns).items() if first != {j} and second != {k}}


def protected(a: Program, b: Program) -> tuple[frozenset[int], frozenset[int]]:
    """Columns that are never reduced away: both sides carry them under one meaningful name. Not the objective's own."""
    pairs = named_pairs(a, b)
    return frozenset(pairs.values()), frozenset(pairs)


def pairs_by_name(a: Program, b: Program, merges: Sequence[Merge]) -> tuple[dict[int, int], dict[int, int]]:
    """{column of B: column of A} by equal names, and those of them that bind; a name made up for a group only hints."""
    made_up = {group.name for group in merges}
    ours: dict[Words, int | None] = {}
    theirs: dict[Words, int | None] = {}
    for index, program in ((ours, a), (theirs, b)):
        for number, column in enumerate(program.columns):
            name = key(column.name)
            index[name] = None if name in index else number
    hints: dict[int, int] = {}
    for said, k in theirs.items():
        j = ours.get(said)
        if k is not None and j is not None:
            hints[k] = j
    names = {k: (a.columns[j].name, b.columns[k].name) for k, j in hints.items()}
    return hints, {k: j for k, j in hints.items() if is_meaningful(names[k][1]) and made_up.isdisjoint(names[k])}


def shapes(shop: Workshop) -> tuple[dict[int, int], tuple[Shape, Shape]] | None:
    """Both sides as little read as one as may be, with the columns that names bind; None where one has no plan."""
    if shop.shapes is None:
        first, second = shop.variant(0, "free", False), shop.variant(1, "free", False)
        assert first.core is not None
        assert second.core is not None
        _, binding = pairs_by_name(first.core.program, second.core.program, first.merges + second.merges)
        ours, theirs = (set(cost(core.program).linear) for core in (first.core, second.core))
        binding = {
            k: j for k, j in binding.items() if ours != {j} and theirs != {k}
        }  # the objectives' own name nothing
        made: list[Shape] = []
        for number, side in enumerate((first, second)):
            printed = side.printed(shop.policy, shop.deadline)
            if printed.empty:
                return None
            assert side.core is not None
            bound = set(binding) if number else set(binding.values())
            fuller = shop.variant(number, "free", True)
            mergeable = fuller is not side
            read = None
            if mergeable and fuller.core is not None and fuller.core.program.columns:
                names = {side.core.program.columns[j].name for j in bound}
                kept = {j for j, c in enumerate(fuller.core.program.columns) if c.name in names}
                read = Shape(fuller.core, fuller.printed(shop.policy, shop.deadline), kept, shop.policy, shop.deadline)
            made.append(Shape(side.core, printed, bound, shop.policy, shop.deadline, mergeable=mergeable, fuller=read))
        shop.shapes = binding, (made[0], made[1])
    return shop.shapes


def told_apart(a: Program, b: Program, policy: Policy, deadline: float) -> Difference | None:
    """A difference that no correspondence repairs, where both cores are small and nothing is left to be read as one."""
    shop = Workshop(a, b, policy, deadline, protected(a, b))
    first, second = shop.variant(0, "free", False), shop.variant(1, "free", False)
    if first.core is None or second.core is None:
        return None
    sizes = [len(side.core.program.columns) for side in (first, second) if side.core is not None]
    if max(sizes) > SMALL:
        return None
    found = shapes(shop)
    if found is None:
        return None
    binding, both = found
    merged: list[Shape | None] = []
    for number, plain in enumerate((first, second)):
        fuller = shop.variant(number, "free", True)
        # A group takes the place of its parts, so that positions of bound columns do not hold for the fuller core.
        if fuller is not plain and fuller.core is not None and fuller.core.program.columns:
            merged.append(Shape(fuller.core, fuller.printed(policy, deadline), (), policy, deadline))
        else:
            merged.append(None)
    return difference(both[0], both[1], binding, (merged[0], merged[1]))


def empties(a: Program, b: Program, policy: Policy, deadline: float) -> tuple[Containment | None, Containment | None]:
    """Which of the two are shown to have no plan by their reductions."""
    shop = Workshop(a, b, policy, deadline)
    first, second = shop.variant(0, "free", False), shop.variant(1, "free", False)
    return (None if first.merges else first.empty, None if second.merges else second.empty)
