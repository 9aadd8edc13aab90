"""Reduce, then match: each side is brought to a core, and the cores are matched.

Variants of a core differ in what is read as one column (halves and digits; sums as well) and in how much is
substituted. They are tried lazily, the first proof wins. Whatever is found is told in the two programs' own columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...policy import Policy
from ...programs.program import Program
from ...rationals import Exact
from ..maps import Affine
from .clock import in_time
from .fingerprint import Fingerprint
from .joining import LIKELIEST, Match, NamedCores, joined
from .mapping import Pairing, maps, statements
from .payable import could_be_paid
from .reducing.core import Core
from .shape import counted_apart
from .structure import pair_columns
from .variants import SMALL, CoreVariant, Depth, Workshop, pairs_by_name, protected, shapes
from .written_units import mostly_said

_TRIES = 12
"""Maps of one pair of cores that are proved."""


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


def _matched(shop: Workshop, first: CoreVariant, second: CoreVariant) -> Iterator[Match]:
    assert first.core is not None
    assert second.core is not None
    core_a, core_b = first.core, second.core
    count = len(core_a.program.columns)
    if not count or count != len(core_b.program.columns):
        return
    hints, binding = pairs_by_name(core_a.program, core_b.program, first.merges + second.merges)
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
        # Names that say nothing tell a difference only when no other pairing fits, or where there are many of them and
        # most is said of them alike.
        if not (forced and shop.differs and core_a.is_whole_program and core_b.is_whole_program):
            trusted = forced or (not small and mostly_said(core_a.program, core_b.program))
            match = joined(shop, first, second, forward, "names", trusted=trusted, bound=forced)
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
        yield joined(shop, first, second, forward, _how(forward), trusted=False)
    if forced or tries > _TRIES or not pairing.exhausted:
        return
    if any(_may_lack_a_digit(s) or _takes_apart(s, program) for s, program in ((first, shop.a), (second, shop.b))):
        return
    if len(hints) == count:
        forward = [Affine({hints[k]: 1}) for k in range(count)]
        named = NamedCores(shop, first, second, hints, frozenset(hints.keys() - binding.keys()))
        yield replace(joined(shop, first, second, forward, "names", trusted=True), named=named)
    else:
        yield from _likeliest(shop, first, second, binding, hints)


def _may_lack_a_digit(side: CoreVariant) -> bool:
    """Whether a row leaves room beside what is read as one: its lowest digit may have been eliminated there.

    Then the rest of the digits is no number that an affine map reads, and that none fits says nothing.
    """
    assert side.core is not None
    program = side.core.program
    groups = {group.name for group in side.merges if len(set(group.weights.values())) > 1}
    read = {j for j, c in enumerate(program.columns) if c.name in groups}
    return any(
        row.lower is not None and row.upper is not None and row.lower != row.upper and not read.isdisjoint(row.linear)
        for row in program.rows
    )


def _takes_apart(side: CoreVariant, program: Program) -> bool:
    """Whether one column less another is read as one, and they are no halves of a number, both from zero on."""
    columns = program.columns
    return any(
        len({weight > 0 for weight in group.weights.values()}) > 1 and any(columns[j].lower != 0 for j in group.weights)
        for group in side.merges
    )


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
            yield joined(shop, first, second, forward, "names and structure" if given else "structure", trusted=False)


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
    known = shapes(shop)
    if known is None or not counted_apart(*known[1], known[0]):
        # Numbers of plans say nothing where a decision may stand in parts.
        return
    count = len(a.program.columns)
    pairs, _ = pair_columns(a.program, b.program, binding, shop.deadline, threshold=0.0)
    if len(pairs) < count:
        pairs, _ = pair_columns(a.program, b.program, hints, shop.deadline, threshold=0.0)
    if len(pairs) == count:
        forward = [Affine({pairs[k]: 1}) for k in range(count)]
        yield joined(shop, first, second, forward, LIKELIEST, trusted=True)


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


def _mark(forward: Sequence[Affine]) -> object:
    return tuple((tuple(sorted(f.terms.items())), f.constant) for f in forward)


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
