"""Reduce, then match: each side is brought to a core, and the cores are matched; one procedure, so it is long.

Variants of a core differ in what is read as one column (halves and digits; sums as well) and in how much is
substituted. They are tried lazily, the first proof wins. Whatever is found is told in the two programs' own columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import permutations
from typing import Literal

from ...policy import Policy
from ...programs.correspondence import Words
from ...programs.program import Program
from ...rationals import Exact, divide, simplify
from ..evidence import Certificate, Comparison, Containment, Correspondence, Difference, Merge, Target
from ..maps import Affine
from ..merging import merged_program
from ..naming import is_meaningful, key, shared
from .claims import ClaimSource
from .clock import in_time
from .fingerprint import Fingerprint, fingerprint
from .lines import used_lines
from .mapping import Pairing, inverse, maps, statements
from .parts import groups
from .payable import could_be_paid
from .preference import cost
from .reduced_source import ReducedSource
from .reducing.core import Core, certificate, reduced
from .reducing.side import EmptyError, ReducingOptions
from .shape import Shape, counted_apart, difference
from .structure import pair_columns

SMALL = 14
"""Columns of a core up to which ranges, sample plans and the search over maps are used."""

_LIKELIEST = "the likeliest of all pairings"

_LOOSE = 3
"""Columns without a name that binds up to which a difference is held against every order of them."""

_TRIES = 12
"""Maps of one pair of cores that are proved."""

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
        return _joined(self.shop, self.first, self.second, forward, source, trusted=False)


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
        return self.correspondence.source == _LIKELIEST

    @property
    def pressed(self) -> tuple[frozenset[int], frozenset[int]]:
        """Columns without partner that only the objective determines, of A and of B."""
        a, b, maps_ = self.a.core.gone, self.b.core.gone, self.correspondence
        return (
            frozenset(j for j in maps_.a_open if a[j].kind == "pressed"),
            frozenset(k for k in maps_.b_open if b[k].kind == "pressed"),
        )


def named_pairs(a: Program, b: Program) -> dict[int, int]:
    """{column of B: of A} under one meaningful name; not where the name is the objective's own."""
    first, second = set(cost(a).linear), set(cost(b).linear)
    return {k: j for k, j in shared(a.columns, b.columns).items() if first != {j} and second != {k}}


def protected(a: Program, b: Program) -> tuple[frozenset[int], frozenset[int]]:
    """Columns that are never reduced away: both sides carry them under one meaningful name. Not the objective's own."""
    pairs = named_pairs(a, b)
    return frozenset(pairs.values()), frozenset(pairs)


def matches(
    a: Program, b: Program, policy: Policy, deadline: float, *, once: bool, differs: bool = False
) -> Iterator[Match]:
    """Correspondences of the cores, variant by variant; ``once``: of the first variant only.

    ``differs``: under the names, which all bind, the two differ; only another unit may still make them alike.
    """
    shop = Workshop(a, b, policy, deadline, protected(a, b), differs)
    equations = [any(r.lower is not None and r.lower == r.upper for r in p.rows) for p in (a, b)]
    depths: list[Depth] = ["free", "loose", "none", "all"] if any(equations) else ["free", "loose"]
    seen: set[tuple[int, int]] = set()
    for depth in depths:
        for sums_a, sums_b in ((False, False), (True, False), (False, True), (True, True)):
            in_time(deadline)
            if depth == "loose" and not _fixes(shop, sums_a, sums_b):
                continue
            first, second = shop.variant(0, depth, sums_a), shop.variant(1, depth, sums_b)
            if (id(first), id(second)) in seen or first.core is None or second.core is None:
                continue
            seen.add((id(first), id(second)))
            yield from _matched(shop, first, second)
            if once:
                return


def _fixes(shop: Workshop, sums_a: bool, sums_b: bool) -> bool:
    """Whether drawing bounds in left some column one value: then it may pair with one that has another."""
    pair = shop.variant(0, "free", sums_a), shop.variant(1, "free", sums_b)
    return any(g.kind == "fixed" for side in pair if side.core is not None for g in side.core.side.gone)


def told_apart(a: Program, b: Program, policy: Policy, deadline: float) -> Difference | None:
    """A difference that no correspondence repairs, where both cores are small and nothing is left to be read as one."""
    shop = Workshop(a, b, policy, deadline, protected(a, b))
    first, second = shop.variant(0, "free", False), shop.variant(1, "free", False)
    if first.core is None or second.core is None:
        return None
    sizes = [len(side.core.program.columns) for side in (first, second) if side.core is not None]
    if max(sizes) > SMALL:
        return None
    found = _shapes(shop)
    if found is None:
        return None
    binding, shapes = found
    merged: list[Shape | None] = []
    for number, plain in enumerate((first, second)):
        fuller = shop.variant(number, "free", True)
        # A group takes the place of its parts, so that positions of bound columns do not hold for the fuller core.
        if fuller is not plain and fuller.core is not None and fuller.core.program.columns:
            merged.append(Shape(fuller.core, fuller.printed(policy, deadline), (), policy, deadline))
        else:
            merged.append(None)
    return difference(shapes[0], shapes[1], binding, (merged[0], merged[1]))


def _shapes(shop: Workshop) -> tuple[dict[int, int], tuple[Shape, Shape]] | None:
    """Both sides as little read as one as may be, with the columns that names bind; None where one has no plan."""
    if shop.shapes is None:
        first, second = shop.variant(0, "free", False), shop.variant(1, "free", False)
        assert first.core is not None
        assert second.core is not None
        _, binding = _names(first.core.program, second.core.program, first.merges + second.merges)
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


def empties(a: Program, b: Program, policy: Policy, deadline: float) -> tuple[Containment | None, Containment | None]:
    """Which of the two are shown to have no plan by their reductions."""
    shop = Workshop(a, b, policy, deadline)
    first, second = shop.variant(0, "free", False), shop.variant(1, "free", False)
    return (None if first.merges else first.empty, None if second.merges else second.empty)


def _fixing(core: Core) -> list[Certificate]:
    """What lets one column take one value only, where its bounds are derived: the checker reads it as an equation."""
    aim = Target("objective", 0, "upper")
    grounds = [ground for gone in core.side.gone if gone.kind == "fixed" for ground in (gone.above, gone.below)]
    return [certificate(aim, "multipliers", g) for g in grounds if g and any(kind == "line" for kind, _ in g)]


def _matched(shop: Workshop, first: CoreVariant, second: CoreVariant) -> Iterator[Match]:
    assert first.core is not None
    assert second.core is not None
    core_a, core_b = first.core, second.core
    count = len(core_a.program.columns)
    if not count or count != len(core_b.program.columns):
        return
    hints, binding = _names(core_a.program, core_b.program, first.merges + second.merges)
    small = count <= SMALL
    told: set[object] = set()
    forced = len(binding) == count
    if forced and shop.differs and _as_written(first) and _as_written(second):
        pairs = {core_b.ids[k]: core_a.ids[j] for k, j in binding.items()}
        if not could_be_paid(core_a.origin, core_b.origin, pairs):
            return
    if len(hints) == count:
        forward = [Affine({hints[k]: 1}) for k in range(count)]
        told.add(_mark(forward))
        # Names that say nothing tell a difference only when no other pairing fits, or where there are many of them.
        if not (forced and shop.differs and core_a.is_whole_program and core_b.is_whole_program):
            match = _joined(shop, first, second, forward, "names", trusted=forced or not small, bound=forced)
            yield replace(match, named=NamedCores(shop, first, second, hints)) if forced else match
    if not (forced and shop.differs):
        # The same shape under other names is seen at once; the search is for what structure cannot see.
        yield from _by_structure(shop, first, second, hints, told)
    if not small:
        return
    a, b = first.printed(shop.policy, shop.deadline), second.printed(shop.policy, shop.deadline)
    if a.empty or b.empty:
        return
    pairing = Pairing(a, b, binding, hints, shop.deadline, _evidence(core_a), _evidence(core_b))
    tries = 0
    for forward, _ in maps(pairing):
        if _mark(forward) in told:
            continue
        told.add(_mark(forward))
        in_time(shop.deadline)
        tries += 1
        if tries > _TRIES:
            break
        yield _joined(shop, first, second, forward, _how(forward), trusted=False)
    if forced or tries > _TRIES or not pairing.exhausted:
        return
    if len(hints) == count:
        forward = [Affine({hints[k]: 1}) for k in range(count)]
        named = NamedCores(shop, first, second, hints, frozenset(hints.keys() - binding.keys()))
        yield replace(_joined(shop, first, second, forward, "names", trusted=True), named=named)
    else:
        yield from _likeliest(shop, first, second, binding, hints)


def _as_written(side: CoreVariant) -> bool:
    """Nothing was reduced, read as one or derived: the core says what the program says."""
    return side.core is not None and side.core.is_whole_program and not side.merges and not side.core.lines


def _how(forward: Sequence[Affine]) -> str:
    """What a map that the search found uses, in words."""
    if any(len(f.terms) > 1 for f in forward):
        return "rows, with a change of basis"
    if any(set(f.terms.values()) != {1} for f in forward):
        return "ranges and rows, with units"
    return "ranges and rows"


def _likeliest(
    shop: Workshop, first: CoreVariant, second: CoreVariant, binding: dict[int, int], hints: dict[int, int]
) -> Iterator[Match]:
    """Nothing fits: the likeliest pairing tells the difference, when all that could be tried was."""
    assert first.core is not None
    assert second.core is not None
    a, b = first.printed(shop.policy, shop.deadline), second.printed(shop.policy, shop.deadline)
    if not _telling(a, b):
        return
    if first is not shop.variant(0, "free", False) or second is not shop.variant(1, "free", False):
        return
    known = _shapes(shop)
    if known is None or not counted_apart(*known[1], known[0]):
        # Numbers of plans say nothing where a decision may stand in parts.
        return
    count = len(a.program.columns)
    pairs, _ = pair_columns(a.program, b.program, binding, shop.deadline, threshold=0.0)
    if len(pairs) < count:
        pairs, _ = pair_columns(a.program, b.program, hints, shop.deadline, threshold=0.0)
    if len(pairs) == count:
        forward = [Affine({pairs[k]: 1}) for k in range(count)]
        yield _joined(shop, first, second, forward, _LIKELIEST, trusted=True)


def _telling(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether no map at all could make the two alike: their plans differ in number, or their cost levels do."""
    if a.every is None or b.every is None:
        return False
    if len(a.every) != len(b.every):
        return True
    levels = []
    for side in (a, b):
        tally: dict[Exact, int] = {}
        for plan in side.every or ():
            value = side.program.objective.value(plan)
            tally[value] = tally.get(value, 0) + 1
        levels.append([tally[value] for value in sorted(tally)])
    return levels[0] != levels[1]


def _mark(forward: Sequence[Affine]) -> object:
    return tuple((tuple(sorted(f.terms.items())), f.constant) for f in forward)


def _names(a: Program, b: Program, merges: Sequence[Merge]) -> tuple[dict[int, int], dict[int, int]]:
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


def _evidence(core: Core) -> list[tuple[dict[int, Exact], Exact | None, Exact | None]]:
    """All that the origin says, read in the core's columns: rows that were dropped still tell units and bases."""
    readings = core.readings()
    found = []
    for terms, lower, upper in statements(core.origin):
        flat = Affine()
        for j, c in terms.items():
            flat = flat.plus(readings[j].scaled(c))
        if flat.terms:
            low = None if lower is None else lower - flat.constant
            high = None if upper is None else upper - flat.constant
            found.append((dict(flat.terms), low, high))
    return found


def _by_structure(
    shop: Workshop, first: CoreVariant, second: CoreVariant, hints: dict[int, int], told: set[object]
) -> Iterator[Match]:
    """Pairs by structure where both cores have the same, beside the names and without them."""
    assert first.core is not None
    assert second.core is not None
    a, b = first.core.program, second.core.program
    for given in (hints, {}) if hints else ({},):
        if len(given) == len(a.columns):
            continue
        pairs, same = pair_columns(a, b, given, shop.deadline)
        if len(pairs) != len(a.columns) or not (same or len(pairs) > SMALL):
            continue
        forward = [Affine({pairs[k]: 1}) for k in range(len(pairs))]
        if _mark(forward) not in told:
            told.add(_mark(forward))
            yield _joined(shop, first, second, forward, "names and structure" if given else "structure", trusted=False)


def _joined(
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
        again = partial(_joined, shop, first, second, forward, source, trusted=False, parallel=True)
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


def with_lines(found: Comparison, a: ReducedSource, b: ReducedSource) -> Comparison:
    """The comparison with the derived lines that its certificates use, and only those."""
    a_in_b, b_in_a, preference = found.a_in_b, found.b_in_a, found.preference
    over_a = list(a_in_b.certificates if a_in_b else ())
    over_b = list(b_in_a.certificates if b_in_a else ())
    costs: tuple[list[int], list[int]] = ([], [])
    if preference is not None and preference.scale is not None and len(preference.certificates) == 2:
        over_b.append(preference.certificates[0])
        over_a.append(preference.certificates[1])
        costs = [1], [0]
    elif preference is not None and preference.status == "differs":
        sides = preference.least
        costs = [i for i, s in enumerate(sides) if s == "a"], [i for i, s in enumerate(sides) if s == "b"]
        over_a += [preference.certificates[i] for i in costs[0]]
        over_b += [preference.certificates[i] for i in costs[1]]
    over_a += _fixing(a.core)
    over_b += _fixing(b.core)
    new_a, lines_a = used_lines(a.lines, over_a)
    new_b, lines_b = used_lines(b.lines, over_b)
    new_a, new_b = new_a[: len(new_a) - len(_fixing(a.core))], new_b[: len(new_b) - len(_fixing(b.core))]
    if preference is not None and (costs[0] or costs[1]):
        certificates = list(preference.certificates)
        for places, new in ((costs[0], new_a), (costs[1], new_b)):
            for place, changed in zip(places, new[len(new) - len(places) :], strict=True):
                certificates[place] = changed
        preference = replace(preference, certificates=tuple(certificates))
    if a_in_b is not None:
        a_in_b = replace(a_in_b, certificates=tuple(new_a[: len(a_in_b.certificates)]), lines=tuple(lines_a))
    if b_in_a is not None:
        b_in_a = replace(b_in_a, certificates=tuple(new_b[: len(b_in_a.certificates)]), lines=tuple(lines_b))
    return replace(found, a_in_b=a_in_b, b_in_a=b_in_a, preference=preference)
