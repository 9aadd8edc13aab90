"""The equations of a program, solved: forms are compared modulo what holds at every plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...rationals import Exact
from .sides import AffineForm, CheckedSide, quotient

_MOST = 400
"""Equations up to which all of them are solved; beyond, only those that hold a column asked for."""


class Equations:
    """The equations of a side by Gauss and Jordan; ``pivots`` are solved for first."""

    def __init__(self, side: CheckedSide | None = None, pivots: Collection[int] = (), *, only: bool = False) -> None:
        """``only``: equations that hold no pivot stay unsolved. Without a side there are none yet."""
        self.solved: dict[int, AffineForm] = {}
        self._holders: dict[int, set[int]] = {}
        asked = set(pivots)
        equations = [] if side is None else equations_of(side)
        if len(equations) > _MOST:
            equations = [(body, low) for body, low in equations if not asked.isdisjoint(body)]
        for body, value in sorted(equations, key=lambda e: asked.isdisjoint(e[0])):
            self._insert(body, value, asked, only)

    def normal(self, terms: Mapping[int, Exact], constant: Exact) -> AffineForm:
        """The form with every solved column replaced: equal forms at all plans of the equations become equal."""
        found: dict[int, Exact] = {}
        for j, v in terms.items():
            solution = self.solved.get(j)
            if solution is None:
                found[j] = found.get(j, 0) + v
                continue
            constant += v * solution[1]
            for k, c in solution[0].items():
                found[k] = found.get(k, 0) + v * c
        return {j: v for j, v in found.items() if v}, constant

    def add(self, body: Mapping[int, Exact], value: Exact) -> int:
        """One more equation; gives the number of columns in which it says more than those before (0: nothing)."""
        left = len(self.normal(body, -value)[0])
        self._insert(body, value, set(), only=False)
        return left

    def _insert(self, body: Mapping[int, Exact], value: Exact, asked: set[int], only: bool) -> None:
        terms, constant = self.normal(body, -value)
        if not terms or (only and asked.isdisjoint(terms)):
            return
        pivot = min(terms, key=lambda j: (j not in asked, j))
        lead = terms.pop(pivot)
        mine: AffineForm = ({j: quotient(-v, lead) for j, v in terms.items()}, quotient(-constant, lead))
        for other in self._holders.pop(pivot, set()):
            before, extra = self.solved[other]
            after = dict(before)
            weight = after.pop(pivot)
            for j, v in mine[0].items():
                total = after.get(j, 0) + weight * v
                if total:
                    after[j] = total
                    self._holders.setdefault(j, set()).add(other)
                else:
                    after.pop(j, None)
                    self._holders.get(j, set()).discard(other)
            self.solved[other] = (after, extra + weight * mine[1])
        self.solved[pivot] = mine
        for j in mine[0]:
            self._holders.setdefault(j, set()).add(pivot)


def equations_of(side: CheckedSide) -> list[tuple[Mapping[int, Exact], Exact]]:
    """Rows with equal sides, columns with equal bounds, and what two opposite inequalities say together."""
    found: list[tuple[Mapping[int, Exact], Exact]] = []
    limits: dict[tuple[tuple[int, Exact], ...], list[Exact | None]] = {}
    statements: list[tuple[Mapping[int, Exact], Exact | None, Exact | None]] = [
        ({j: 1}, low, high) for j, (low, high) in enumerate(zip(side.lower, side.upper, strict=True))
    ]
    statements += side.rows
    statements += [(body, None, most) for body, most in side.derived]
    for body, low, high in statements:
        if not body or (low is None and high is None):
            continue
        if low == high and low is not None:
            found.append((body, low))
            continue
        lead = body[min(body)]
        key = tuple((j, quotient(body[j], lead)) for j in sorted(body))
        ends = (low, high) if lead > 0 else (high, low)
        least, most = (None if end is None else quotient(end, lead) for end in ends)
        known = limits.setdefault(key, [None, None])
        if least is not None and (known[0] is None or least > known[0]):
            known[0] = least
        if most is not None and (known[1] is None or most < known[1]):
            known[1] = most
    found += [(dict(key), low) for key, (low, high) in limits.items() if low is not None and low == high]
    return found
