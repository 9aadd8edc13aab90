"""A map of two cores as a correspondence of the two programs, with reduced columns paired where they say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations

from ...programs.program import Program
from ...rationals import Exact, divide, simplify
from ..evidence import Correspondence, Merge
from ..maps import Affine
from ..naming import key
from .claims import ClaimSource
from .mapping import inverse
from .reduced_source import ReducedSource
from .reducing.core import Core
from .variants import SMALL, CoreVariant, Workshop

LIKELIEST = "the likeliest of all pairings"

_LOOSE = 3
"""Columns without a name that binds up to which a difference is held against every order of them."""


@dataclass(frozen=True, slots=True)
class NamedCores:
    """Two cores whose columns are paired by names: ``pairs`` is {column of B's: of A's}, up to units.

    ``loose`` ones of B's are no decisions that a name binds: a generic name, or one made up for a group.
    """

    shop: Workshop
    first: CoreVariant
    second: CoreVariant
    pairs: Mapping[int, int]
    loose: frozenset[int] = frozenset()

    @property
    def orders(self) -> list[NamedCores]:
        """The same with the loose columns paired in every order; too many of them are left as they are paired."""
        loose = sorted(self.loose)
        partners = [self.pairs[k] for k in loose]
        if len(loose) > _LOOSE:
            return [self]
        return [
            replace(self, pairs={**self.pairs, **dict(zip(loose, order, strict=True))})
            for order in permutations(partners)
        ]

    def plans(self) -> tuple[Sequence[Sequence[Exact]], Sequence[Sequence[Exact]]]:
        """Some plans of both cores."""
        found = []
        for side in (self.first, self.second):
            assert side.core is not None
            if len(side.core.program.columns) <= SMALL:
                found.append(side.printed(self.shop.policy, self.shop.deadline).points)
            else:
                found.append(ClaimSource(side.core.program, self.shop.policy, self.shop.deadline).some_plans())
        return found[0], found[1]

    def restricted(self, number: int, plan: Sequence[Exact]) -> Sequence[Exact]:
        """A plan of a (merged) program as one of its core."""
        core = (self.first, self.second)[number].core
        assert core is not None
        return [plan[j] for j in core.ids]

    def under(self, units: Mapping[int, tuple[Exact, Exact]]) -> Match:
        """The correspondence with B's columns in these units."""
        forward = [
            Affine({self.pairs[k]: units.get(k, (1, 0))[0]}, units.get(k, (1, 0))[1]) for k in range(len(self.pairs))
        ]
        source = "names, units from the plans"
        return joined(self.shop, self.first, self.second, forward, source, trusted=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A correspondence between two reduced sides, ready to be proved. ``trusted``: a difference may be read off it."""

    a: ReducedSource
    b: ReducedSource
    correspondence: Correspondence
    trusted: bool
    bound: bool
    named: NamedCores | None = None
    parallel: Callable[[], Match] | None = None
    """The same, left-over reduced columns of both sides paired where they agree up to sign, unit and origin."""

    @property
    def guessed(self) -> bool:
        """The likeliest pairing where none fits: the difference itself was seen by listing all plans."""
        return self.correspondence.source == LIKELIEST

    @property
    def pressed(self) -> tuple[frozenset[int], frozenset[int]]:
        """Columns without partner that only the objective determines, of A and of B."""
        a, b, maps_ = self.a.core.gone, self.b.core.gone, self.correspondence
        return (
            frozenset(j for j in maps_.a_open if a[j].kind == "pressed"),
            frozenset(k for k in maps_.b_open if b[k].kind == "pressed"),
        )


def joined(
    shop: Workshop,
    first: CoreVariant,
    second: CoreVariant,
    forward: Sequence[Affine],
    source: str,
    *,
    trusted: bool,
    bound: bool = False,
    parallel: bool = False,
) -> Match:
    """The map of the cores as one of the (merged) programs, with reduced columns paired where they say the same."""
    core_a, core_b = first.core, second.core
    assert core_a is not None
    assert core_b is not None
    backward = inverse(forward)
    assert backward is not None
    there = _composed(core_b, core_a, forward)
    back = _composed(core_a, core_b, backward)
    unpaired_a, unpaired_b = _pair_reduced(core_a, core_b, forward, there, back)
    if parallel:
        unpaired_a, unpaired_b = _pair_parallel(core_a, core_b, forward, (there, back), (unpaired_a, unpaired_b))
    told = [f"in A, {text}" for text in core_a.told] + [f"in B, {text}" for text in core_b.told]
    told += [_read_as_one("A", shop.a, group) for group in first.merges]
    told += [_read_as_one("B", shop.b, group) for group in second.merges]
    maps_ = Correspondence(
        tuple(there), tuple(back), source, unpaired_a, unpaired_b, first.merges, second.merges, tuple(told)
    )
    policy, deadline = shop.policy, shop.deadline
    again = None
    if unpaired_a and unpaired_b and not parallel:
        again = partial(joined, shop, first, second, forward, source, trusted=False, parallel=True)
    sources = ReducedSource(core_a, policy, deadline), ReducedSource(core_b, policy, deadline)
    return Match(*sources, maps_, trusted, bound, parallel=again)


def _read_as_one(side: str, program: Program, group: Merge) -> str:
    parts = " + ".join(f"{w}*{program.columns[j].name}" for j, w in group.weights.items())
    return f"in {side}, {group.name} stands for {parts}".replace("+ -", "- ").replace(" 1*", " ").replace(" -1*", " -")


def _composed(target: Core, source: Core, images: Sequence[Affine]) -> list[Affine | None]:
    """Every column of the target's program in those of the source's, through a map of the cores."""
    readings, ids = target.readings(), source.ids
    found: list[Affine | None] = []
    for k in range(len(target.origin.columns)):
        flat = readings[k].through(images)
        found.append(Affine({ids[p]: c for p, c in flat.terms.items()}, flat.constant))
    return found


def _pair_reduced(
    core_a: Core, core_b: Core, forward: Sequence[Affine], there: list[Affine | None], back: list[Affine | None]
) -> tuple[frozenset[int], frozenset[int]]:
    """Pair columns that both sides reduced away and that say the same, a shared name first; the rest is returned."""
    left: dict[object, list[int]] = {}
    readings_a, readings_b = core_a.readings(), core_b.readings()
    pressed_a, pressed_b = core_a.pressed, core_b.pressed
    for j in core_a.gone:
        left.setdefault((_form(readings_a[j]), j in pressed_a), []).append(j)
    paired_a, paired_b = set(), set()
    names = {j: key(core_a.origin.columns[j].name) for j in core_a.gone}
    for k in core_b.gone:
        candidates = left.get((_form(readings_b[k].through(forward)), k in pressed_b), [])
        if not candidates:
            continue
        name = key(core_b.origin.columns[k].name)
        j = min(candidates, key=lambda j: (names[j] != name, j))
        candidates.remove(j)
        there[k], back[j] = Affine({j: 1}), Affine({k: 1})
        paired_a.add(j)
        paired_b.add(k)
    return frozenset(core_a.gone.keys() - paired_a), frozenset(core_b.gone.keys() - paired_b)


def _pair_parallel(
    core_a: Core,
    core_b: Core,
    forward: Sequence[Affine],
    ways: tuple[list[Affine | None], list[Affine | None]],
    left: tuple[frozenset[int], frozenset[int]],
) -> tuple[frozenset[int], frozenset[int]]:
    """Pair reduced columns that say the same up to sign, unit and origin; the rest is returned."""
    readings_a, readings_b = core_a.readings(), core_b.readings()
    left_a = [j for j in sorted(left[0] - core_a.pressed) if readings_a[j].terms]
    paired: dict[int, int] = {}
    for k in sorted(left[1] - core_b.pressed):
        flat = readings_b[k].through(forward)
        for j in left_a:
            mine = readings_a[j]
            if j in paired.values() or mine.terms.keys() != flat.terms.keys():
                continue
            ratios = {divide(c, mine.terms[p]) for p, c in flat.terms.items()}
            if len(ratios) == 1:
                scale = ratios.pop()
                shift = simplify(flat.constant - scale * mine.constant)
                ways[0][k] = Affine({j: scale}, shift)
                ways[1][j] = Affine({k: divide(1, scale)}, divide(-shift, scale))
                paired[k] = j
                break
    return left[0] - set(paired.values()), left[1] - paired.keys()


def _form(reading: Affine) -> object:
    return tuple(sorted(reading.terms.items())), reading.constant
