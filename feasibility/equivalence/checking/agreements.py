"""What agrees under a map: B's rows and bounds that it turns into A's, each counted once.

A sum of B's equations says nothing beside them, and two limits of one body are one statement about the units in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ...rationals import Exact
from ..maps import Affine
from .equations import Equations
from .scales import Agreement
from .sides import CheckedSide, composed, quotient
from .statements import PaidKey, PaymentMark, Saying, less, marks, rounded, scaled, statements_of


@dataclass(slots=True)
class Agreements:
    """What agrees, for each column with free numbers and in all."""

    score: dict[int, int]
    rows: dict[int, int]
    """Rows of several columns among it."""
    said_of: dict[int, int]
    """Statements."""
    limits: dict[object, dict[int, Exact]] = field(default_factory=dict)
    """The terms of what agrees on a limit, by what it is in A."""
    evidence: list[Agreement] = field(default_factory=list)
    """What agrees, each once."""
    total: int = 0
    families: Mapping[int, object] = field(default_factory=dict)
    """What a column of B shares its numbers, or an index with: what each member says alike is said once."""
    _bodies: dict[PaidKey, int] = field(default_factory=dict)
    """Where the evidence of each body stands."""
    _patterns: set[object] = field(default_factory=set)

    def add(self, hit: Collection[int], agreement: Agreement, gain: int, more: int, body: PaidKey | None) -> None:
        """``gain`` limits of a statement about ``hit``, and ``more`` for its columns where its ``body`` is a new one.

        Another limit of a body that agreed already is no other statement: what a unit changes is the body.
        """
        pattern = self._pattern(agreement)
        if pattern in self._patterns:
            return
        if pattern is not None:
            self._patterns.add(pattern)
        place = None if body is None else self._bodies.setdefault(body, len(self.evidence))
        known = place is not None and place < len(self.evidence)
        if known and place is not None:
            self.evidence[place] = self.evidence[place].joined(agreement)
        else:
            self.evidence.append(agreement)
            gain += more
        self.total += gain
        for k in hit:
            self.score[k] += gain
            self.said_of[k] += not known

    def _pattern(self, agreement: Agreement) -> object | None:
        """A statement with the indexed variables in place of their members; None without one.

        One number of the data says nothing more for being written in each period.
        """
        if self.families.keys().isdisjoint(agreement.said):
            return None
        lead = agreement.terms[min(agreement.terms)]
        said = Counter((self.families.get(k, k), value) for k, value in agreement.said.items())
        read = Counter(agreement.terms.values())
        return frozenset(said.items()), frozenset(read.items()), frozenset(quotient(x, lead) for x in agreement.limits)


def agreements(
    first: tuple[CheckedSide, Equations],
    second: tuple[CheckedSide, Equations],
    forward: Sequence[Affine | None],
    bare: Sequence[Affine | None],
    numbers: Mapping[int, int],
    families: Mapping[int, object],
) -> Agreements:
    """B's rows and bounds that the map turns into A's, each once."""
    known: dict[PaidKey, set[PaymentMark]] = {}
    written: set[frozenset[PaymentMark]] = set()
    for said in statements_of(*first):
        written.add(frozenset(said.terms.items()))
        key, low, high = scaled(rounded(said, first[0].whole))
        known.setdefault(key, set()).update(marks(low, high))
    zeros = [dict.fromkeys(numbers, 0) for _ in range(3)]
    found = Agreements(zeros[0], zeros[1], zeros[2], families=families)
    seen: set[tuple[PaidKey, frozenset[PaymentMark]]] = set()
    mine, whole = first[1], second[0].whole
    counted = _Counted(others_first(second[0], numbers), numbers)
    for said in sorted(statements_of(*second), key=lambda said: said.low is None or said.low != said.high):
        hit = numbers.keys() & {*said.raw, *said.terms}
        if not hit:
            continue
        try:
            pulled, constant = composed(said.terms, forward)
        except ValueError:
            continue
        terms, constant = mine.normal(pulled, constant)
        if not terms:
            continue
        shifted = Saying(said.raw, terms, less(said.low, constant), less(said.high, constant))
        key, low, high = scaled(rounded(shifted, first[0].whole))
        agreed = marks(low, high) & known.get(key, set())
        if agreed:
            found.limits.setdefault(key, dict(said.terms))
        if len(said.terms) == 1:
            (k,) = said.terms
            if whole[k] and len(forward[k].terms if forward[k] is not None else ()) == 1:  # type: ignore[union-attr]
                continue
            agreed = {mark for mark in agreed if mark[1] or len(terms) > 1}
        if said.low is not None and said.low == said.high:
            agreed = set(sorted(agreed)[:1])
        if not agreed or (key, frozenset(agreed)) in seen:
            continue
        seen.add((key, frozenset(agreed)))
        fresh, columns, body = counted.news(said)
        gain = min(len(agreed), fresh)
        if not gain:
            continue
        lead = terms[min(terms)]
        agreement = Agreement(said.terms, terms, tuple(end * lead for _, end in agreed))
        telling = frozenset(terms.items()) in written or not alike_before(said.terms, terms, forward, bare, mine)
        more = min(columns, len(said.terms), len(terms)) - 1 if telling else 0
        found.add(hit, agreement, gain, more, body)
        for k in hit:
            found.rows[k] += len(said.raw) > 1
    return found


def others_first(side: CheckedSide, numbers: Collection[int]) -> Equations:
    """B's equations, solved for columns without free numbers where they can be: the others stay in what they hold."""
    return Equations(side, set(range(len(side.lower))).difference(numbers))


class _Counted:
    """What B's statements say beyond those before them: equations by their rank, all others modulo the equations."""

    def __init__(self, equations: Equations, numbers: Collection[int]) -> None:
        self._equations = equations
        self._numbers = set(numbers)
        self._agreed = Equations()
        self._told: dict[PaidKey, set[PaymentMark]] = {}

    def news(self, said: Saying) -> tuple[int, int, PaidKey | None]:
        """Limits that are new, and columns that they hold; none where no column with free numbers is left of it.

        With them an inequality's body in several columns, up to a factor.
        """
        if said.low is not None and said.low == said.high:
            columns = self._agreed.add(said.terms, said.low)
            return (1 if columns else 0), columns, None
        terms, constant = self._equations.normal(said.terms, 0)
        if self._numbers.isdisjoint(terms):
            return 0, 0, None
        key, low, high = scaled(Saying(said.raw, terms, less(said.low, constant), less(said.high, constant)))
        told, limits = self._told.setdefault(key, set()), marks(low, high)
        fresh = len(limits - told)
        told |= limits
        return fresh, len(terms), key if len(terms) > 1 else None


def alike_before(
    terms: Mapping[int, Exact],
    pulled: Mapping[int, Exact],
    forward: Sequence[Affine | None],
    bare: Sequence[Affine | None],
    mine: Equations,
) -> bool:
    """Whether units take part, and without them the body would be the same up to a positive factor."""
    if all(forward[k] == bare[k] for k in terms):
        return False
    plain, _ = mine.normal(composed(terms, bare)[0], 0)
    if plain.keys() != pulled.keys():
        return False
    ratios = {quotient(pulled[j], v) for j, v in plain.items()}
    return len(ratios) == 1 and ratios.pop() > 0
