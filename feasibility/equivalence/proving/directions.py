"""Directions along which plans may say the same, and plans as they are seen with some of them left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...rationals import Exact, divide, simplify
from ..maps import add_term
from .fingerprint import SamplePlan

_Terms = dict[int, Exact]


@dataclass(frozen=True, slots=True)
class Direction:
    """Plans move by multiples of ``terms``, {column: by how much}; ``whole``: of whole numbers only, or of none."""

    terms: Mapping[int, Exact]
    whole: bool


class Space:
    """The directions that a reading leaves out, each led by a column that no other one of them moves."""

    def __init__(self, directions: Sequence[Direction]) -> None:
        self.lead: dict[int, _Terms] = {}
        self.whole: set[int] = set()
        for direction in directions:
            rest = self.seen(dict(direction.terms))
            if not rest:
                continue
            j = min(rest)
            scaled = {k: divide(c, rest[j]) for k, c in rest.items()}
            for other in self.lead.values():
                if j in other:
                    factor = other[j]
                    for k, c in scaled.items():
                        add_term(other, k, -factor * c)
            self.lead[j] = scaled
            if direction.whole:
                self.whole.add(j)

    @property
    def mark(self) -> object:
        """What two choices of directions have in common that leave out the same."""
        return tuple(sorted((j, tuple(sorted(terms.items()))) for j, terms in self.lead.items()))

    def seen(self, terms: _Terms) -> _Terms:
        """A sum of columns' units, without what lies along the directions."""
        for j, direction in self.lead.items():
            if j in terms:
                factor = terms[j]
                for k, c in direction.items():
                    add_term(terms, k, -factor * c)
        return terms

    def plan(self, plan: SamplePlan) -> SamplePlan:
        """The plan that stands for this one."""
        if not self.lead:
            return plan
        values = list(plan)
        for j, direction in self.lead.items():
            factor = plan[j]
            if factor:
                for k, c in direction.items():
                    values[k] = simplify(values[k] - factor * c)
        return tuple(values)


def nullspace(rows: Sequence[Mapping[int, Exact]], count: int) -> list[_Terms]:
    """A basis of the directions that no row notices."""
    pivots: dict[int, _Terms] = {}
    for row in rows:
        rest = dict(row)
        for j in sorted(pivots):
            if j in rest:
                factor = rest[j]
                for k, c in pivots[j].items():
                    add_term(rest, k, -factor * c)
        if rest:
            pivot = min(rest)
            lead = rest[pivot]
            solved = {k: divide(c, lead) for k, c in rest.items()}
            for other in pivots.values():
                if pivot in other:
                    factor = other[pivot]
                    for k, c in solved.items():
                        add_term(other, k, -factor * c)
            pivots[pivot] = solved
    free = [j for j in range(count) if j not in pivots]
    return [{f: 1, **{p: -row[f] for p, row in pivots.items() if f in row}} for f in free]
