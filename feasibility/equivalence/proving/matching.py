"""Candidate correspondences between two programs, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from ...errors import PyriteError
from ...programs.correspondence import match_names, words
from ...programs.program import Program
from ...rationals import Exact, divide, simplify
from ..evidence import Correspondence, Merge
from ..maps import Affine, add_term, column
from .auxiliary import change_of_basis, formulas, merges
from .clock import in_time
from .structure import pair_columns
from .units import Unit, units

_EXHAUSTIVE = 5
"""Unpaired columns up to which every pairing is tried."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A correspondence together with the two programs it speaks about (after merging columns).

    ``trusted``: a relation other than equivalence may be read off it; a guess that fits badly says nothing.
    """

    a: Program
    b: Program
    correspondence: Correspondence
    trusted: bool = True


@dataclass(slots=True)
class _View:
    """A and B as a candidate sees them, and which columns are paired."""

    a: Program
    b: Program
    pairs: dict[int, int]
    source: str
    deadline: float
    a_merges: tuple[Merge, ...] = ()
    b_merges: tuple[Merge, ...] = ()
    units: Mapping[int, Unit] = field(default_factory=dict)

    @property
    def a_left(self) -> list[int]:
        used = set(self.pairs.values())
        return [j for j in range(len(self.a.columns)) if j not in used]

    @property
    def b_left(self) -> list[int]:
        return [k for k in range(len(self.b.columns)) if k not in self.pairs]


def by_names(a: Program, b: Program, deadline: float) -> Iterator[Candidate]:
    """The correspondence of equal names when it is complete on both sides; then with units from the data."""
    named = _View(a, b, name_pairs(a, b), "names", deadline)
    if not named.a_left and not named.b_left:
        yield from _completed(named, trusted=True)


def candidates(a: Program, b: Program, deadline: float) -> Iterator[Candidate]:
    """Correspondences to try, in order of likelihood."""
    named = _View(a, b, name_pairs(a, b), "names", deadline)
    complete = not named.a_left and not named.b_left
    if complete or named.pairs:
        yield from _completed(named, trusted=True)
    if complete:
        return
    yield from _merged(named)
    if len(named.a_left) == len(named.b_left) and named.pairs:
        basis = change_of_basis(a, b, named.pairs, deadline)
        if basis is not None:
            yield _based(named, *basis)
    yield from _structural(named)
    if named.pairs:
        yield from _structural(_View(a, b, {}, "structure", deadline))


def name_pairs(a: Program, b: Program) -> dict[int, int]:
    """{column of B: column of A} by name: all of them when names correspond entirely, else those that agree alone."""
    total = match_names(a, b, extra=True)
    if total is not None:
        return dict(enumerate(total))
    reverse = match_names(b, a, extra=True)
    if reverse is not None:
        return {k: j for j, k in enumerate(reverse)}
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for key in (lambda name: name, words):
        ours = _unique({j: key(c.name) for j, c in enumerate(a.columns) if j not in used})
        theirs = _unique({k: key(c.name) for k, c in enumerate(b.columns) if k not in pairs})
        for name, k in theirs.items():
            if name in ours:
                pairs[k] = ours[name]
                used.add(ours[name])
    return pairs


def _unique(keys: Mapping[int, object]) -> dict[object, int]:
    found: dict[object, int] = {}
    double = set()
    for number, key in keys.items():
        if key in found:
            double.add(key)
        found[key] = number
    return {key: number for key, number in found.items() if key not in double}


def _completed(view: _View, *, trusted: bool) -> Iterator[Candidate]:
    """The paired columns as they are, auxiliary ones by formula; then the same with units found from the data."""
    yield _candidate(view, trusted)
    in_time(view.deadline)
    found = units(view.a, view.b, view.pairs, view.deadline)
    if found is not None:
        view.units = found
        # A unit is a guess: it may prove equivalence, but a difference is told in the units as written.
        yield _candidate(view, trusted=False)


def _candidate(view: _View, trusted: bool) -> Candidate:
    """Build both maps; columns without partner get a formula when one is found."""
    forward: list[Affine | None] = [None] * len(view.b.columns)
    backward: list[Affine | None] = [None] * len(view.a.columns)
    for k, j in view.pairs.items():
        scale, shift = view.units.get(k, (1, 0))
        forward[k] = column(j, scale, shift)
        backward[j] = column(k, divide(1, scale), divide(-shift, scale))
    for j, formula in formulas(view.a, view.a_left, view.deadline).items():
        if all(backward[i] is not None for i in formula.terms):
            backward[j] = formula.through(backward)
    for k, formula in formulas(view.b, view.b_left, view.deadline).items():
        if all(forward[i] is not None for i in formula.terms):
            forward[k] = formula.through(forward)
    source = view.source if not view.units or view.source == "map" else f"{view.source}, units from the data"
    return Candidate(
        view.a,
        view.b,
        Correspondence(
            tuple(forward),
            tuple(backward),
            source,
            frozenset(view.a_left),
            frozenset(view.b_left),
            view.a_merges,
            view.b_merges,
        ),
        trusted,
    )


def _merged(view: _View) -> Iterator[Candidate]:
    """Unpaired parallel columns read as one, then paired by name, then by structure."""
    in_time(view.deadline)
    a, a_merges, a_kept = merges(view.a, view.a_left)
    b, b_merges, b_kept = merges(view.b, view.b_left)
    for first, mine, kept_a, second, yours, kept_b in (
        (a, a_merges, a_kept, view.b, (), list(range(len(view.b.columns)))),
        (view.a, (), list(range(len(view.a.columns))), b, b_merges, b_kept),
        (a, a_merges, a_kept, b, b_merges, b_kept),
    ):
        if not mine and not yours:
            continue
        place_a = {j: p for p, j in enumerate(kept_a)}
        place_b = {k: p for p, k in enumerate(kept_b)}
        pairs = {place_b[k]: place_a[j] for k, j in view.pairs.items() if k in place_b and j in place_a}
        for k, j in name_pairs(first, second).items():
            if k not in pairs and j not in pairs.values():
                pairs[k] = j
        source = f"{view.source}, columns read together"
        merged = _View(first, second, pairs, source, view.deadline, tuple(mine), tuple(yours))
        if len(merged.a_left) == len(merged.b_left) == 1:
            merged.pairs[merged.b_left[0]] = merged.a_left[0]
        yield from _completed(merged, trusted=not merged.b_left)


def _based(view: _View, images: Mapping[int, Affine], back: Mapping[int, Affine]) -> Candidate:
    forward: list[Affine | None] = [None] * len(view.b.columns)
    backward: list[Affine | None] = [None] * len(view.a.columns)
    for k, j in view.pairs.items():
        forward[k], backward[j] = column(j), column(k)
    for k, image in images.items():
        forward[k] = image
    for j, image in back.items():
        backward[j] = image
    maps = Correspondence(tuple(forward), tuple(backward), f"{view.source}, change of basis from rows of the same name")
    return Candidate(view.a, view.b, maps, trusted=False)


def _structural(view: _View) -> Iterator[Candidate]:
    """Pairs proposed by the shape of the model, extending those at hand; then every pairing when there are few."""
    few = len(view.a_left) == len(view.b_left) <= _EXHAUSTIVE
    source = "structure" if not view.pairs else "names and structure"
    exact, same = pair_columns(view.a, view.b, view.pairs, view.deadline)
    shape, same_shape = pair_columns(view.a, view.b, view.pairs, view.deadline, detail=False)
    if few and same_shape and not same:
        # The same model with other numbers: the likeliest pairing, however unlike its numbers are.
        exact, _ = pair_columns(view.a, view.b, view.pairs, view.deadline, threshold=0.0)
    for pairs, detail in ((exact, True), (shape, False)):
        if len(pairs) == len(view.pairs):
            continue
        proposal = _View(view.a, view.b, pairs, source, view.deadline)
        # A relation other than equivalence is told when the shapes agree, or when all other pairings fail as well.
        trusted = detail and not proposal.b_left and (same or few or bool(view.pairs))
        yield from _completed(proposal, trusted=trusted)
        if proposal.a_left or proposal.b_left:
            yield from _merged(proposal)
    if few:
        for order in permutations(view.a_left):
            in_time(view.deadline)
            pairing = {**view.pairs, **dict(zip(view.b_left, order, strict=True))}
            if all(view.a.columns[j].is_integer == view.b.columns[k].is_integer for k, j in pairing.items()):
                tried = _View(view.a, view.b, pairing, "every pairing tried", view.deadline)
                yield _candidate(tried, trusted=False)


def from_user(a: Program, b: Program, mapping: Mapping[str, Affine], deadline: float) -> Iterator[Candidate]:
    """The user's own map, {name in B: affine function of A's columns}, solved for A's columns.

    Columns that the map does not touch get their formulas from their own model. Raises PyriteError for a name that B
    lacks, and where the map does not say what A's columns are in B's terms.
    """
    names_b = b.column_index()
    images: dict[int, Affine] = {}
    for name, image in mapping.items():
        if name not in names_b:
            raise PyriteError(f"the map names {name!r}, which is no variable of the second formulation")
        images[names_b[name]] = image
    forward: list[Affine | None] = [images.get(k) for k in range(len(b.columns))]
    backward: list[Affine | None] = [None] * len(a.columns)
    for j, image in _solved(a, images).items():
        backward[j] = image
    a_left = [j for j, image in enumerate(backward) if image is None]
    b_left = [k for k, image in enumerate(forward) if image is None]
    for j, formula in formulas(a, a_left, deadline).items():
        if all(backward[i] is not None for i in formula.terms):
            backward[j] = formula.through(backward)
    for k, formula in formulas(b, b_left, deadline).items():
        if all(forward[i] is not None for i in formula.terms):
            forward[k] = formula.through(forward)
    maps = Correspondence(tuple(forward), tuple(backward), "map", frozenset(a_left), frozenset(b_left))
    yield Candidate(a, b, maps, trusted=True)


def _solved(a: Program, images: Mapping[int, Affine]) -> dict[int, Affine]:
    """The columns of A that the map uses, in terms of the mapped columns of B, by Gauss and Jordan."""
    used = sorted({j for image in images.values() for j in image.terms})
    rows = [(dict(image.terms), Affine({k: 1}, -image.constant)) for k, image in images.items()]
    found: dict[int, Affine] = {}
    waiting = rows
    cleared: list[tuple[int, dict[int, Exact], Affine]] = []
    for pivot in used:
        place = next((p for p, (terms, _) in enumerate(waiting) if pivot in terms), None)
        if place is None:
            continue
        terms, value = waiting.pop(place)
        lead = divide(1, terms[pivot])
        solved, value = {j: simplify(c * lead) for j, c in terms.items()}, value.scaled(lead)
        cleared.append((pivot, solved, value))
        for number, (other, known) in enumerate(waiting):
            factor = other.get(pivot, 0)
            if factor:
                for j, c in solved.items():
                    add_term(other, j, -factor * c)
                waiting[number] = other, known.plus(value.scaled(-factor))
    for pivot, solved, value in reversed(cleared):
        flat: Affine | None = value
        for j, c in solved.items():
            if j != pivot:
                flat = None if flat is None or j not in found else flat.plus(found[j].scaled(-c))
        if flat is not None:
            found[pivot] = flat
    open_columns = [a.columns[j].name for j in used if j not in found]
    if open_columns:
        raise PyriteError(f"the map does not say what {open_columns[0]!r} is in the second formulation's terms")
    return found


def unmatched(program: Program, images: Sequence[Affine | None]) -> list[str]:
    """Names of the columns without a formula in the other program's terms."""
    return [program.columns[j].name for j, image in enumerate(images) if image is None]


def unit_of(image: Affine) -> tuple[Exact, Exact] | None:
    """Scale and shift of a column that is another one in a different unit, or None."""
    if len(image.terms) != 1:
        return None
    scale = next(iter(image.terms.values()))
    return None if (scale, image.constant) == (1, 0) else (scale, image.constant)
