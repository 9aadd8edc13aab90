"""Is there an affine map at all that carries the corners of one core to those of another, the parts and labels kept?

Asked of small cores in which everything else agrees. A map that is affine in either direction is enough: whole numbers
may be written so that only one way is (digits, values chosen by binaries). Where binaries of which at most one may be 1
stand in a core nothing is said, because both sides may then encode, each another column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product

from ...programs.program import Program
from ...rationals import Exact, divide, magnitude, simplify
from .clock import in_time
from .corners import Part
from .fingerprint import SamplePlan
from .mapping import Statement

_CORNERS = 80
_IMAGES = 1_200
"""Choices of images for an affine basis that are tried."""

Labels = Mapping[SamplePlan, object]
"""What every correspondence keeps of each corner."""


def encodes(program: Program, told: Sequence[Statement]) -> bool:
    """Whether a row says that at most one of some binaries, or of their complements, is 1."""
    for terms, low, high in told:
        columns = [program.columns[j] for j in terms]
        if len(terms) < 2 or any(not c.is_integer or (c.lower, c.upper) != (0, 1) for c in columns):
            continue
        sizes = {magnitude(c) for c in terms.values()}
        if len(sizes) > 1:
            continue
        size = sizes.pop()
        for sign, end in ((1, high), (-1, low)):
            negative = sum(sign * c < 0 for c in terms.values())
            if end is not None and sign * end == size * (1 - negative):
                return True
    return False


def map_exists(
    ours: Sequence[Part], theirs: Sequence[Part], labels: tuple[Labels, Labels], deadline: float
) -> bool | None:
    """Whether an affine map carries the corners one to one, in either direction; None when it was not settled."""
    if sum(map(len, ours)) > _CORNERS:
        return None
    answers = [
        _carries(ours, theirs, labels[0], labels[1], deadline),
        _carries(theirs, ours, labels[1], labels[0], deadline),
    ]
    return True if True in answers else None if None in answers else False


def _carries(
    source: Sequence[Part], target: Sequence[Part], mine: Labels, yours: Labels, deadline: float
) -> bool | None:
    part_of = {corner: n for n, part in enumerate(target) for corner in part}
    classes: dict[object, list[SamplePlan]] = defaultdict(list)
    for corner in part_of:
        classes[yours[corner]].append(corner)
    corners = sorted((c for part in source for c in part), key=lambda c: len(classes[mine[c]]))
    basis, shares = _basis(corners)
    size = 1
    for corner in basis:
        size *= len(classes[mine[corner]])
    if size > _IMAGES:
        return None
    home = {corner: n for n, part in enumerate(source) for corner in part}
    for images in product(*(classes[mine[corner]] for corner in basis)):
        in_time(deadline)
        if len(set(images)) == len(images) and _fits(corners, shares, images, (mine, yours), (home, part_of)):
            return True
    return False


def _fits(
    corners: Sequence[SamplePlan],
    shares: Sequence[Sequence[Exact]],
    images: Sequence[SamplePlan],
    labels: tuple[Labels, Labels],
    homes: tuple[Mapping[SamplePlan, int], Mapping[SamplePlan, int]],
) -> bool:
    """Whether the map that the basis' images fix carries every corner to one of its own label, parts to parts."""
    used: set[SamplePlan] = set()
    parts: dict[int, int] = {}
    for corner, share in zip(corners, shares, strict=True):
        image = tuple(
            simplify(sum((s * q[k] for s, q in zip(share, images, strict=True) if s), start=0))
            for k in range(len(images[0]))
        )
        if image in used or homes[1].get(image) is None or labels[1][image] != labels[0][corner]:
            return False
        used.add(image)
        if parts.setdefault(homes[0][corner], homes[1][image]) != homes[1][image]:
            return False
    return len(set(parts.values())) == len(parts)


def _basis(corners: Sequence[SamplePlan]) -> tuple[list[SamplePlan], list[list[Exact]]]:
    """An affine basis among the corners, and each corner as a combination of it whose shares add up to 1."""
    chosen: list[SamplePlan] = []
    reduced: list[tuple[dict[int, Exact], dict[int, Exact]]] = []
    shares: list[dict[int, Exact]] = []
    for corner in corners:
        # The corner with a last coordinate 1, minus multiples of reduced rows: what is left is a new member.
        rest: dict[int, Exact] = {k: v for k, v in enumerate((*corner, 1)) if v}
        made: dict[int, Exact] = {}
        for row, combination in reduced:
            lead = min(row)
            factor = rest.get(lead, 0)
            if not factor:
                continue
            for k, v in row.items():
                _add(rest, k, -factor * v)
            for k, v in combination.items():
                _add(made, k, factor * v)
        if rest:
            lead_value = rest[min(rest)]
            number = len(chosen)
            chosen.append(corner)
            combination = {number: divide(1, lead_value)}
            for k, v in made.items():
                _add(combination, k, -divide(v, lead_value))
            reduced.append(({k: divide(v, lead_value) for k, v in rest.items()}, combination))
            shares.append({number: 1})
        else:
            shares.append(made)
    return chosen, [[share.get(n, 0) for n in range(len(chosen))] for share in shares]


def _add(terms: dict[int, Exact], k: int, value: Exact) -> None:
    total = terms.get(k, 0) + value
    if total:
        terms[k] = total
    else:
        terms.pop(k, None)
