"""The map is paid for: a scale, a shift, a sign or a change of basis must be what rows beside the bound agree on.

A map of B's columns has free numbers. Every row, bound or objective of B that the map turns into one of A's is an
agreement, and says something about the columns that it holds. The agreements must outnumber the free numbers, for each
column and in all; otherwise a difference would be explained away by numbers chosen to fit it. What was alike before the
map is no agreement: where one scale of all columns of a row changes nothing but its limit, the limit alone counts.
Neither is what follows from agreements counted already: a sum of B's equations, as row or cost, says nothing new.
What is counted for a column must still decide its numbers when any one agreement is left out (``shifts``, ``scales``).
A change of basis that follows whole, zeros and constant included, whichever agreement is left out was chosen by none of
them: it costs nothing, however many columns it holds. Nor does a unit, where both costs are the same to the number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ...rationals import Exact
from ..maps import Affine
from .agreements import Agreements, agreements, alike_before, others_first
from .equations import Equations
from .scales import Agreement, ScaleMark, undecided, unpaid_scales
from .shifts import unpaid_shifts
from .sides import AffineForm, CheckedSide, composed, exact, form_of, quotient
from .totality import Standing


def unpaid(
    first: CheckedSide,
    second: CheckedSide,
    maps: tuple[Sequence[Affine | None], Sequence[Affine | None]],
    ours: Standing,
    theirs: Standing,
    bound: Collection[int],
    families: Sequence[object],
) -> list[int]:
    """Columns of B whose image has more free numbers than agreements.

    ``maps`` is the way to B's columns and the way back; ``bound`` are the columns that a shared name binds,
    ``families`` the indexed variable of each column of B (None for one by itself).
    """
    forward = _plainer(first, maps[0])
    maps = forward, maps[1]
    plain = {next(iter(f.terms)) for f in forward if f is not None and _is_plain(f)}
    numbers = {k: n for k in theirs.partners if (n := _free_numbers(forward[k], k in bound, plain))}
    if not numbers:
        return []
    # An equation that defines a free column agrees with any number chosen for it: those columns are solved for.
    free = [k for k in numbers if second.lower[k] is None and second.upper[k] is None]
    partners = {j for k in free for j in forward[k].terms}  # type: ignore[union-attr]
    mine = Equations(first, {*ours.determined, *partners}, only=True)
    yours = Equations(second, {*theirs.determined, *free}, only=True)
    bare = [_bare(f) for f in forward]
    if members := _fixed_elsewhere(second, yours, list(_families(families, forward, numbers)), bound):
        return members
    shared = _sharing(families, forward, numbers)
    found = agreements((first, mine), (second, yours), forward, bare, numbers, shared)
    objective = _objective(first, second, maps, mine, yours)
    if objective is None:
        return sorted(numbers)
    beside = others_first(second, numbers).normal(objective, 0)[0]
    spoken = {*second.cost, *objective}
    # In part a sum of equations: what is left speaks of its own columns alone, and of none that no cost holds.
    if len(beside) < len(objective) and spoken.issuperset(beside.keys() & numbers.keys()):
        objective, spoken = beside, set(beside)
    weight = 0 if _cost_alike_before(first, second, forward, bare, mine) else max(len(objective) - 1, 0)
    for k in numbers.keys() & spoken if weight else ():
        found.score[k] += weight
        found.said_of[k] += 1
    found.total += weight
    if objective and all(forward[k] is not None for k in objective):  # a cost in open columns bears out nothing
        found.evidence.append(Agreement(objective, mine.normal(composed(objective, forward)[0], 0)[0]))
    free_of_charge = _overdetermined(
        forward, numbers, _same_cost(first, second, forward, numbers), found.evidence, mine
    )
    numbers = {k: n for k, n in numbers.items() if k not in free_of_charge}
    groups = list(_families(families, forward, numbers))
    if numbers and (short := _short(groups, forward, numbers, found)):
        return short
    moving = [members for members in groups if _constant(forward[members[0]])]
    if moving and (short := unpaid_shifts(moving, found.limits, _constants(forward))):
        return short
    scales = _scales(groups, forward, first.whole)
    moved: dict[int, ScaleMark] = {k: ("constant", members[0]) for members in moving for k in members}
    short_scales = unpaid_scales(scales, moved, found.evidence, mine)
    return sorted({k for (k, _), mark in scales.items() if mark in short_scales})


def _fixed_elsewhere(
    side: CheckedSide, equations: Equations, families: Sequence[list[int]], bound: Collection[int]
) -> list[int]:
    """Columns fixed under another number: nothing could agree on it."""
    numbers = [k for members in families for k in members]
    fixed = {k for k in numbers if side.lower[k] is not None and side.lower[k] == side.upper[k]}
    fixed |= {k for k in numbers if k in equations.solved and not equations.solved[k][0]}
    for members in families:
        if fixed.issuperset(members) and not set(bound) >= set(members):
            return members
    return []


def _plainer(first: CheckedSide, forward: Sequence[Affine | None]) -> list[Affine | None]:
    """The images, those that are one column of A at every plan written as that column."""
    found = list(forward)
    odd = [k for k, image in enumerate(forward) if image is not None and image.terms and not _is_plain(image)]
    if not odd:
        return found
    equations = Equations(first)
    taken = {next(iter(image.terms)) for image in forward if image is not None and _is_plain(image)}
    standing_for: dict[object, int] = {}
    for j in range(len(first.lower)):
        if j not in taken:
            standing_for.setdefault(_frozen(equations.normal({j: 1}, 0)), j)
    for k in odd:
        j = standing_for.pop(_frozen(equations.normal(*form_of(forward[k]))), None)  # type: ignore[arg-type]
        if j is not None:
            found[k] = Affine({j: 1})
    return found


def _frozen(form: AffineForm) -> object:
    return frozenset(form[0].items()), form[1]


def _same_cost(
    first: CheckedSide, second: CheckedSide, forward: Sequence[Affine | None], numbers: Collection[int]
) -> Agreement | None:
    """Both costs as an agreement, where the map makes B's the same number as A's at every plan.

    What of B's cost is a sum of its equations says nothing more: columns with numbers go by them where they can.
    """
    if first.cost_two or second.cost_two:
        return None
    own, rest = Equations(second, set(numbers)).normal(second.cost, second.cost_constant)
    equations = Equations(first)
    try:
        read, constant = composed(own, forward)
    except ValueError:
        return None
    told = equations.normal(read, constant + rest)
    if not own or told != equations.normal(first.cost, first.cost_constant):
        return None
    return Agreement(own, told[0], as_it_is=True)


def _overdetermined(
    forward: Sequence[Affine | None],
    numbers: Mapping[int, int],
    cost: Agreement | None,
    evidence: Sequence[Agreement],
    mine: Equations,
) -> set[int]:
    """Columns all of whose numbers follow whichever agreement is left out; of a change of basis the zeros as well.

    Single columns in another unit only beside the same ``cost``: where that is another one too, all limits in double
    would be but another unit of everything.
    """
    several = {k for k in numbers if len(form_of(forward[k])[0]) > 1}  # type: ignore[arg-type]
    if not several and cost is None:
        return set()
    partners = {j for image in forward if image is not None for j in image.terms if j not in mine.solved}
    scales: dict[tuple[int, int], ScaleMark] = {}
    for k in numbers:
        inside = partners if k in several else form_of(forward[k])[0]  # type: ignore[arg-type]
        scales |= {(k, j): ("coefficient", k, j) for j in inside}
    moved: dict[int, ScaleMark] = {k: ("constant", k) for k in numbers if k in several or _constant(forward[k])}
    if cost is not None:
        evidence = [*(said for said in evidence if said.limits), cost]
    open_marks = undecided(scales, moved, evidence, mine)
    return {
        k
        for k in numbers
        if (k in several or (cost is not None and not _turns(forward[k])))
        and moved.get(k) not in open_marks
        and open_marks.isdisjoint(mark for (other, _), mark in scales.items() if other == k)
    }  # fmt: skip


def _scales(
    families: Sequence[list[int]], forward: Sequence[Affine | None], whole: Sequence[bool]
) -> dict[tuple[int, int], ScaleMark]:
    """The coefficients that were chosen, a family's unit once; those of whole numbers follow from the plans."""
    found: dict[tuple[int, int], ScaleMark] = {}
    for members in families:
        for k in members:
            terms, _ = form_of(forward[k])  # type: ignore[arg-type]
            for j, value in terms.items():
                if abs(value) != 1 and not whole[j]:
                    found[k, j] = ("unit", members[0]) if len(terms) == 1 else ("coefficient", k, j)
    return found


def _short(
    families: Sequence[list[int]],
    forward: Sequence[Affine | None],
    numbers: Mapping[int, int],
    found: Agreements,
) -> list[int]:
    """Columns with too few agreements."""
    short: list[int] = []
    due = 0
    for members in families:
        # A family moves together: one unit, one origin for all of its members.
        n = max(numbers[k] for k in members)
        due += n
        # One statement alone fixes a unit, and says nothing more of it however many columns it holds.
        alone = _has_unit(forward[members[0]]) and sum(found.said_of[k] for k in members) < 2
        turned = _turns(forward[members[0]]) and not any(found.rows[k] for k in members)
        if alone or turned or sum(found.score[k] for k in members) <= n:
            short += members
    return sorted(short) if short or found.total > due else sorted(numbers)


def _constants(forward: Sequence[Affine | None]) -> dict[int, Exact]:
    """By how much each column moves."""
    return {k: exact(image.constant) for k, image in enumerate(forward) if image is not None and image.constant}


def _constant(image: Affine | None) -> bool:
    return image is not None and bool(image.constant)


def _bare(image: Affine | None) -> Affine | None:
    """The image of a single column without its unit."""
    if image is None or len(image.terms) != 1:
        return image
    ((j, scale),) = image.terms.items()
    return Affine({j: 1 if scale > 0 else -1}, image.constant)


def _cost_alike_before(
    first: CheckedSide,
    second: CheckedSide,
    forward: Sequence[Affine | None],
    bare: Sequence[Affine | None],
    mine: Equations,
) -> bool:
    """The same of B's cost, unless the map makes it A's as written."""
    try:
        pulled, _ = mine.normal(composed(second.cost, forward)[0], 0)
    except ValueError:
        return False
    if pulled == mine.normal(first.cost, 0)[0]:
        return False
    return alike_before(second.cost, pulled, forward, bare, mine)


def _families(
    families: Sequence[object], forward: Sequence[Affine | None], numbers: Collection[int]
) -> Iterator[list[int]]:
    """Columns with free numbers, those of one indexed variable with the same numbers together."""
    groups: dict[object, list[int]] = {}
    for k in numbers:
        image = forward[k]
        assert image is not None
        single = len(image.terms) == 1 and families[k] is not None
        mark = (families[k], next(iter(image.terms.values())), image.constant) if single else k
        groups.setdefault(mark, []).append(k)
    yield from groups.values()


def _sharing(
    families: Sequence[object], forward: Sequence[Affine | None], numbers: Collection[int]
) -> dict[int, object]:
    """What columns share: the numbers of a family of several, or, without numbers, an index; nothing without one."""
    groups = [members for members in _families(families, forward, numbers) if len(members) > 1]
    if not groups:
        return {}
    beside = {k: family for k, family in enumerate(families) if family is not None and k not in numbers}
    return beside | {k: ("numbers", members[0]) for members in groups for k in members}


def _is_plain(image: Affine) -> bool:
    return not image.constant and list(image.terms.values()) == [1]


def _free_numbers(image: Affine | None, bound: bool, plain: Collection[int]) -> int:
    """How many numbers were chosen; a sign is free on ``plain`` columns of A, which stand as they are elsewhere."""
    assert image is not None
    terms, constant = form_of(image)
    if len(terms) == 1:
        (scale,) = terms.values()
        return (abs(scale) != 1) * (1 if bound else 2) + (constant != 0 or scale < 0)
    if not terms:
        return 0
    return 2 * (len(terms) - 1) + (constant != 0) + any(v < 0 for j, v in terms.items() if j not in plain)


def _turns(image: Affine | None) -> bool:
    """A single column with its sign turned."""
    return image is not None and len(image.terms) == 1 and min(image.terms.values()) < 0


def _has_unit(image: Affine | None) -> bool:
    """A single column in another unit."""
    return image is not None and len(image.terms) == 1 and not {1, -1} & set(image.terms.values())


def _objective(
    first: CheckedSide,
    second: CheckedSide,
    maps: tuple[Sequence[Affine | None], Sequence[Affine | None]],
    mine: Equations,
    yours: Equations,
) -> Mapping[int, Exact] | None:
    """B's cost in its undetermined columns when it is A's up to a positive factor; empty without costs, else None.

    Open columns, which stand for the objective, are read there and back: at their best.
    """
    forward, backward = maps
    try:
        there, _ = composed(second.cost, forward)
        around, _ = composed(composed(first.cost, backward)[0], forward)
        own, _ = composed(there, backward)
    except ValueError:
        return {}
    left, right = mine.normal(there, 0)[0], mine.normal(around, 0)[0]
    if left.keys() != right.keys():
        every = Equations(first)
        left, right = every.normal(there, 0)[0], every.normal(around, 0)[0]
    if not left and not right:
        return {}
    if left.keys() != right.keys():
        return None
    ratios = {quotient(left[j], v) for j, v in right.items()}
    return yours.normal(own, 0)[0] if len(ratios) == 1 and ratios.pop() > 0 else None
