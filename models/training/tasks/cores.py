"""Core parameter regions: where tuning on one task moves a model most (CPI-FT, arXiv 2508.21741, stages 1 and 2).

    C_i = the floor(p * D) coordinates j with the largest |theta_i,j - theta_0,j|
    S(C_i, C_j) = |C_i n C_j| / |C_i u C_j|                         (Jaccard)

Tasks with S at or above a threshold are joined; groups are the connected components. Coordinates are those of the
parameters that learn; a parameter under several names (tied weights) counts once.

Our choices where the paper's text does not say: coordinates that did not move belong to no core, so that a core may be
smaller than floor(p * D); among equal moves the earlier coordinate (by the parameter's name, then its place) counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

Weights = Mapping[str, torch.Tensor]
"""Parameters that learn, by name."""
TaskCore = Mapping[str, torch.Tensor]
"""Sorted places in the flattened parameter (int64), by the parameter's name; parameters without a place are absent."""


def learning(model: Any) -> dict[str, torch.Tensor]:
    """The parameters that learn, each once, whatever names it has; they are the model's own tensors."""
    return {name: parameter.data for name, parameter in model.named_parameters() if parameter.requires_grad}


def copied(weights: Weights) -> dict[str, torch.Tensor]:
    """A copy in float32."""
    return {name: tensor.detach().to(torch.float32, copy=True) for name, tensor in weights.items()}


def core_of(
    before: Weights, after: Weights, share: float, *, by_tensor: bool = False, but: Sequence[str] = ()
) -> TaskCore:
    """The core of a task: ``share`` (0 to 1) of the coordinates, over all parameters together or ``by_tensor``.

    ``but`` names parameters that are left out, of the count as well.
    """
    moved = {name: (after[name] - before[name]).abs().flatten() for name in sorted(before) if name not in but}
    if by_tensor:
        found = {name: _largest(move, math.floor(share * move.numel())) for name, move in moved.items()}
        return {name: places for name, places in found.items() if len(places)}
    if not moved:
        return {}
    places = _largest(torch.cat(list(moved.values())), math.floor(share * sum(map(torch.numel, moved.values()))))
    found, start = {}, 0
    for name, move in moved.items():
        here = places[(places >= start) & (places < start + move.numel())] - start
        if len(here):
            found[name] = here
        start += move.numel()
    return found


def _largest(values: torch.Tensor, count: int) -> torch.Tensor:
    """Sorted places of the ``count`` largest values above 0; among equal ones the earlier."""
    if not count:
        return torch.empty(0, dtype=torch.int64)
    least = torch.topk(values, count).values[-1]
    above = (values > least).nonzero().flatten()
    equal = (values == least).nonzero().flatten() if least > 0 else above[:0]
    return torch.cat([above, equal[: count - len(above)]]).sort().values.cpu()


def size(core: TaskCore) -> int:
    """Coordinates of a core."""
    return sum(map(len, core.values()))


def union(cores: Sequence[TaskCore]) -> TaskCore:
    """Coordinates in any of the cores."""
    names = sorted({name for core in cores for name in core})
    return {name: torch.unique(torch.cat([core[name] for core in cores if name in core])) for name in names}


def jaccard(one: TaskCore, other: TaskCore) -> float:
    """|one n other| / |one u other|; 0 for two empty cores. Two random cores of share p meet at p / (2 - p)."""
    common = sum(int(torch.isin(one[name], other[name]).sum()) for name in one.keys() & other.keys())
    either = size(one) + size(other) - common
    return common / either if either else 0.0


def similarities(cores: Mapping[str, TaskCore]) -> dict[tuple[str, str], float]:
    """Jaccard of every pair of tasks."""
    names = list(cores)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return {pair: jaccard(cores[pair[0]], cores[pair[1]]) for pair in pairs}


def groups(names: Sequence[str], alike: Mapping[tuple[str, str], float], threshold: float) -> list[list[str]]:
    """Connected components of the tasks, two of which are joined at ``threshold`` or more; in the tasks' order."""
    found: list[list[str]] = [[name] for name in names]
    for (one, other), similarity in alike.items():
        if similarity < threshold:
            continue
        first = next(group for group in found if one in group)
        second = next(group for group in found if other in group)
        if first is not second:
            found.remove(second)
            first.extend(second)
    return [sorted(group, key=list(names).index) for group in found]


def modules(core: TaskCore) -> dict[str, int]:
    """Coordinates by the kind of module: the parameter's name without ``weight``, layer numbers and what is before."""
    found: dict[str, int] = {}
    for name, places in core.items():
        parts = [part for part in name.split(".") if part not in ("weight", "default")]
        last = max((place for place, part in enumerate(parts) if part.isdigit()), default=-1)
        kind = ".".join(parts[last + 1 :] or parts) if last >= 0 else parts[-1]
        found[kind] = found.get(kind, 0) + len(places)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
