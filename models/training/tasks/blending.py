"""One model out of several that were tuned apart: cores transplanted, the rest by SLERP (CPI-FT), or TIES.

CPI-FT (arXiv 2508.21741, stage 3): theta_j = theta_i,j for j in the core C_i of task i; elsewhere

    SLERP(a, b, w) = sin((1 - w) O) / sin O * a + sin(w O) / sin O * b,    O the angle between a and b,

and (1 - w) a + w b where O or pi - O is below 0.001, which the paper calls epsilon and does not give. The angle of two
numbers means nothing, so a parameter tensor is one vector. Our further choices: tasks enter one after the other in the
order of their groups; a coordinate in several cores takes the value of the task that moved it furthest.

TIES (arXiv 2306.01708) is peft's own, a tensor at a time: of each task's change the largest ``density`` stays, the sign
with the larger sum is elected, and what has that sign is averaged. The paper trims over the whole model at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch

from .cores import TaskCore, Weights

SMALL_ANGLE = 1e-3
"""Radians; below, SLERP and linear interpolation differ by less than a part in a million of the difference."""


def angle(one: torch.Tensor, other: torch.Tensor) -> float:
    """The angle between two tensors as vectors, 0 to pi, also where it is small; nan when one of them is zero."""
    a, b = one.double().flatten(), other.double().flatten()
    a, b = a / a.norm(), b / b.norm()
    return 2 * math.atan2(float((a - b).norm()), float((a + b).norm()))


def slerp(one: torch.Tensor, other: torch.Tensor, weight: float) -> tuple[torch.Tensor, bool]:
    """From ``one`` (weight 0) to ``other`` (weight 1) on the sphere; and whether it was no straight line."""
    between = angle(one, other)
    if not SMALL_ANGLE <= between <= math.pi - SMALL_ANGLE:  # nan as well
        return torch.lerp(one, other, weight), False
    first, second = (math.sin(part * between) / math.sin(between) for part in (1 - weight, weight))
    return (first * one.double() + second * other.double()).to(one.dtype), True


@dataclass(slots=True)
class Blended:
    """The model that came out, with how it was made."""

    weights: dict[str, torch.Tensor]
    curved: int = 0
    """Tensors that were joined on the sphere, over all tasks; the others on a straight line."""
    straight: int = 0
    transplanted: int = 0
    """Coordinates that come from one task alone."""
    contested: int = 0
    """Those of them that were in several cores."""


@dataclass(slots=True)
class _Claims:
    """Who has a coordinate of one parameter: value and how far it was moved."""

    places: torch.Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))
    values: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    moves: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    contested: int = 0

    def add(self, places: torch.Tensor, values: torch.Tensor, moves: torch.Tensor) -> None:
        """One more task's core; a coordinate stays with the task that moved it further, the earlier one if equal."""
        held = torch.isin(self.places, places)
        mine, theirs = self.places[held], torch.searchsorted(places, self.places[held])
        self.contested += len(mine)
        further = moves[theirs] > self.moves[held]
        self.values[held] = torch.where(further, values[theirs], self.values[held])
        self.moves[held] = torch.where(further, moves[theirs], self.moves[held])
        new = ~torch.isin(places, self.places)
        order = torch.cat([self.places, places[new]]).argsort()
        self.values = torch.cat([self.values, values[new]])[order]
        self.moves = torch.cat([self.moves, moves[new]])[order]
        self.places = torch.cat([self.places, places[new]])[order]


def fuse(
    before: Weights,
    tasks: Iterable[tuple[Callable[[], Weights], TaskCore]],
    weight: float = 0.0,
    *,
    updates: bool = False,
) -> Blended:
    """CPI-FT's fusion. ``tasks`` gives each task's parameters (asked for when needed, one task in memory at a time)
    with its core; ``before`` is the model that all began from.

    With ``weight`` above 0 the blend begins at ``before`` and each task enters with that weight (the paper's omega);
    with 0 it begins at the first task, and the k-th enters with 1/k, so that all count alike. ``updates`` joins the
    changes from ``before`` instead of the parameters themselves, whose angles are next to nothing.
    """
    found = Blended({name: tensor.clone() for name, tensor in before.items()})
    claims = {name: _Claims() for name in before}
    for number, (weights_of, core) in enumerate(tasks, 1):
        after = weights_of()
        share = weight or 1 / number
        for name, start in before.items():
            origin = start if updates else torch.zeros_like(start)
            joined, curved = slerp(found.weights[name] - origin, after[name] - origin, share)
            found.weights[name] = origin + joined if updates else joined
            found.curved, found.straight = found.curved + curved, found.straight + (not curved)
            if name in core:
                places = core[name]
                values = after[name].flatten()[places].cpu()
                claims[name].add(places, values, (values - start.flatten()[places].cpu()).abs())
    for name, claim in claims.items():
        flat = found.weights[name].view(-1)
        flat[claim.places.to(flat.device)] = claim.values.to(flat)
        found.transplanted += len(claim.places)
        found.contested += claim.contested
    return found


def merge_ties(before: Weights, tasks: Mapping[str, Weights], density: float, scale: float) -> dict[str, torch.Tensor]:
    """theta_0 + ``scale`` * TIES of the tasks' changes."""
    from peft.utils.merge_utils import ties

    found = {}
    for name, start in before.items():
        changes = [after[name] - start for after in tasks.values()]
        found[name] = start + ties(changes, torch.full((len(changes),), scale, device=start.device), density)
    return found
