"""Scales are paid for: leave any one statement out, and the others still say the same scales.

The coefficients of a map that are neither 1 nor -1 were chosen. Every statement of B that the map turns into one of
A's, up to a factor of its own, is a set of equations about them, one for each column of A and each limit. A scale that
one statement alone decides would fit whatever that statement says: a changed coefficient is then explained away by a
unit, while the other statements of the columns, in which the scale cancels, agree whatever it is. So each scale must
follow from the others when any one statement is left out (rank, as for shifts).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...rationals import Exact
from .equations import Equations
from .sides import quotient

ScaleMark = object
"""One number of the map that was chosen: a coefficient, or the unit that a family of columns shares."""

_Line = dict[ScaleMark, Exact]

_MOST = 400_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """A statement of B that the map turns into one of A's.

    ``said`` are its coefficients in B's columns, ``terms`` what it is in A's, and ``limits`` the ends that agree, in
    A's terms; a cost has none. ``as_it_is``: the two are the same to the number, no factor between them.
    """

    said: Mapping[int, Exact]
    terms: Mapping[int, Exact]
    limits: tuple[Exact, ...] = ()
    as_it_is: bool = False

    def joined(self, other: Agreement) -> Agreement:
        """With the limits of another one, where that says the same up to a factor; else as it is."""
        j = min(self.said)
        if other.said.get(j, 0) == 0:
            return self
        factor = quotient(self.said[j], other.said[j])
        if {k: factor * v for k, v in other.said.items()} != dict(self.said):
            return self
        limits = (factor * end for end in other.limits)
        return replace(self, limits=tuple(dict.fromkeys((*self.limits, *limits))))


def unpaid_scales(
    scales: Mapping[tuple[int, int], ScaleMark],
    moved: Mapping[int, ScaleMark],
    agreements: Sequence[Agreement],
    equations: Equations,
) -> set[ScaleMark]:
    """The chosen coefficients that one agreement alone decides, or none.

    ``scales`` says which number stands at (column of B, column of A), ``moved`` which constant a column of B has, and
    ``equations`` what a column of A is replaced by. Constants are unknown here too, and are paid for elsewhere.
    """
    wanted = set(scales.values())
    if not wanted:
        return set()
    systems = [lines for said in agreements if (lines := _lines(said, scales, moved, equations))]
    while known := _twice_told(systems):
        wanted -= known
        systems = [[_without(line, known) for line in lines] for lines in systems]
        systems = [left for lines in systems if (left := [line for line in lines if line])]
    if not wanted:
        return set()
    width = len({mark for lines in systems for line in lines for mark in line})
    if width * width * sum(map(len, systems)) * len(systems) > _MOST:
        return wanted  # too many to look at: undecided
    if not systems:
        return wanted
    return _open_without_one(systems, wanted)


def undecided(
    scales: Mapping[tuple[int, int], ScaleMark],
    moved: Mapping[int, ScaleMark],
    agreements: Sequence[Agreement],
    equations: Equations,
) -> set[ScaleMark]:
    """The numbers, constants among them, that do not follow from the others for some agreement that is left out."""
    wanted = {*scales.values(), *moved.values()}
    systems = [lines for said in agreements if (lines := _lines(said, scales, moved, equations))]
    if len(systems) < 2 or len(wanted) ** 2 * sum(map(len, systems)) * len(systems) > _MOST:
        return wanted
    return _open_without_one(systems, wanted)


def _open_without_one(systems: Sequence[Sequence[_Line]], wanted: set[ScaleMark]) -> set[ScaleMark]:
    """The wanted numbers that are not decided when some one agreement is left out."""
    found: set[ScaleMark] = set()
    for number in range(len(systems)):
        found |= wanted - _decided(line for other, lines in enumerate(systems) if other != number for line in lines)
    return found


def _lines(
    said: Agreement,
    scales: Mapping[tuple[int, int], ScaleMark],
    moved: Mapping[int, ScaleMark],
    equations: Equations,
) -> list[_Line]:
    """What an agreement says of small changes of the chosen numbers: sums of them that are zero.

    A change turns the terms into others, which must be the same up to a factor, and moves the limits by that factor.
    """
    change: dict[int, _Line] = {}
    shift: _Line = {}
    for k, weight in said.said.items():
        if k in moved:
            _add(shift, moved[k], weight)
    for (k, j), mark in scales.items():
        if k not in said.said:
            continue
        terms, constant = equations.normal({j: 1}, 0)
        for i, value in terms.items():
            _add(change.setdefault(i, {}), mark, said.said[k] * value)
        _add(shift, mark, said.said[k] * constant)
    # (line, what the common factor weighs in it)
    open_lines = [(change.get(i, {}), value) for i, value in said.terms.items()]
    open_lines += [(line, 0) for i, line in change.items() if i not in said.terms]
    open_lines += [({mark: -value for mark, value in shift.items()}, limit) for limit in said.limits]
    pivot = next((entry for entry in open_lines if entry[1]), None)
    if said.as_it_is:
        pivot, open_lines = None, [*open_lines, (shift, 0)]
    if pivot is None:
        return [line for line, _ in open_lines if line]
    found = []
    for entry in open_lines:
        if entry is pivot:
            continue
        line = dict(entry[0])
        factor = quotient(entry[1], pivot[1])
        if factor:
            for mark, value in pivot[0].items():
                _add(line, mark, -factor * value)
        if line:
            found.append(line)
    return found


def _twice_told(systems: Iterable[Sequence[_Line]]) -> set[ScaleMark]:
    """Numbers that each of two agreements decides by itself."""
    once: set[ScaleMark] = set()
    twice: set[ScaleMark] = set()
    for lines in systems:
        alone = {mark for line in lines if len(line) == 1 for mark in line}
        twice |= once & alone
        once |= alone
    return twice


def _without(line: _Line, known: Collection[ScaleMark]) -> _Line:
    return {mark: value for mark, value in line.items() if mark not in known}


def _decided(lines: Iterable[_Line]) -> set[ScaleMark]:
    """The numbers that these lines leave no freedom, by Gauss and Jordan."""
    solved: dict[ScaleMark, _Line] = {}
    for line in lines:
        left = dict(line)
        for pivot, row in solved.items():
            if factor := left.get(pivot, 0):
                for mark, value in row.items():
                    _add(left, mark, -factor * value)
        if not left:
            continue
        pivot, lead = next(iter(left.items()))
        left = {mark: quotient(value, lead) for mark, value in left.items()}
        for row in solved.values():
            if factor := row.get(pivot, 0):
                for mark, value in left.items():
                    _add(row, mark, -factor * value)
        solved[pivot] = left
    return {pivot for pivot, row in solved.items() if len(row) == 1}


def _add(line: _Line, mark: ScaleMark, value: Exact) -> None:
    total = line.get(mark, 0) + value
    if total:
        line[mark] = total
    else:
        line.pop(mark, None)
