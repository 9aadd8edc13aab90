"""Affine maps between the plans of two programs, exact.

A map sends a plan of the source (one number a source column) to a plan of the target. Pulling a row of the target back
through the map gives a function of the source's plan, so that "every plan of the source obeys this row" becomes a
question about the source alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..programs.program import Quadratic
from ..rationals import Exact, divide, simplify


@dataclass(frozen=True, slots=True)
class Affine:
    """``constant + sum terms[j] x_j``; no stored coefficient is zero."""

    terms: Mapping[int, Exact] = field(default_factory=dict)
    constant: Exact = 0

    def value(self, point: Sequence[Exact]) -> Exact:
        """The exact value at a plan of the source."""
        total: Exact = self.constant
        for j, coefficient in self.terms.items():
            total += coefficient * point[j]
        return simplify(total)

    def scaled(self, factor: Exact) -> Affine:
        """This function times ``factor`` (not zero)."""
        return Affine({j: simplify(c * factor) for j, c in self.terms.items()}, simplify(self.constant * factor))

    def plus(self, other: Affine) -> Affine:
        """The sum of two functions of the same plan."""
        terms = dict(self.terms)
        for j, coefficient in other.terms.items():
            add_term(terms, j, coefficient)
        return Affine(terms, simplify(self.constant + other.constant))

    def through(self, images: Sequence[Affine | None]) -> Affine:
        """This function of the target's plan as one of the source's. Raises KeyError for a column without image."""
        terms: dict[int, Exact] = {}
        constant: Exact = self.constant
        for j, coefficient in self.terms.items():
            image = images[j]
            if image is None:
                raise KeyError(j)
            for k, inner in image.terms.items():
                add_term(terms, k, coefficient * inner)
            constant += coefficient * image.constant
        return Affine(terms, simplify(constant))


def add_term(terms: dict[int, Exact], j: int, coefficient: Exact) -> None:
    """Add to a sparse sum and drop what cancels."""
    total = terms.get(j, 0) + coefficient
    if total:
        terms[j] = simplify(total)
    else:
        terms.pop(j, None)


def column(j: int, scale: Exact = 1, shift: Exact = 0) -> Affine:
    """``scale * x_j + shift``."""
    return Affine({j: scale}, shift)


def linear_part(body: Quadratic) -> Affine:
    """The affine part of a body; the caller has dealt with second-order terms."""
    return Affine(body.linear, body.constant)


def pull_back(body: Quadratic, images: Sequence[Affine | None]) -> Quadratic:
    """``body`` composed with the map, second-order terms included. Raises KeyError for a column without image."""
    flat = linear_part(body).through(images)
    terms, constant = dict(flat.terms), flat.constant
    quadratic: dict[tuple[int, int], Exact] = {}
    for (j, k), coefficient in body.quadratic.items():
        left, right = images[j], images[k]
        if left is None or right is None:
            raise KeyError(j if left is None else k)
        for p, a in left.terms.items():
            for q, b in right.terms.items():
                key = (p, q) if p <= q else (q, p)
                total = quadratic.get(key, 0) + coefficient * a * b
                if total:
                    quadratic[key] = simplify(total)
                else:
                    quadratic.pop(key, None)
        for p, a in left.terms.items():
            if right.constant:
                add_term(terms, p, coefficient * a * right.constant)
        for q, b in right.terms.items():
            if left.constant:
                add_term(terms, q, coefficient * b * left.constant)
        constant += coefficient * left.constant * right.constant
    return Quadratic(terms, quadratic, simplify(constant))


def solve_for(row: Mapping[int, Exact], right_side: Exact, j: int) -> Affine:
    """Column j from the equation ``sum row[k] x_k = right_side``, as a function of the other columns."""
    pivot = row[j]
    terms = {k: divide(-c, pivot) for k, c in row.items() if k != j}
    return Affine(terms, divide(right_side, pivot))
