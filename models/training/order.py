"""The order of the examples: decided by the seed and the number of the epoch, and by nothing that happened before.

transformers draws the order of a new epoch from torch's global random state, so that a run that was stopped inside the
second epoch went on with other batches than the undisturbed one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


class EpochOrder(Sampler[int]):
    """Every example once, shuffled; with ``lengths`` also so that ``group`` examples in turn are of similar length.

    ``epoch`` is set before each epoch begins.
    """

    def __init__(self, count: int, seed: int, lengths: Sequence[int] | None = None, group: int = 1) -> None:
        self._count, self._seed, self._lengths, self._group = count, seed, lengths, group
        self.epoch = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        digest = hashlib.sha256(f"order/{self._seed}/{self.epoch}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(digest[:6], "big"))
        if self._lengths is None:
            yield from torch.randperm(self._count, generator=generator).tolist()
        else:
            yield from get_length_grouped_indices(list(self._lengths), self._group, generator=generator)


class GroupOrder(EpochOrder):
    """As trl's ``RepeatSampler``, decided by seed and epoch: ``together`` examples at a time, each ``answers`` times in
    a row, the whole ``again`` times; examples that fill no group are left out of the epoch."""

    def __init__(self, count: int, seed: int, together: int, answers: int, again: int) -> None:
        super().__init__(count, seed)
        self._together, self._answers, self._again = together, answers, again

    def __len__(self) -> int:
        return self._count // self._together * self._together * self._answers * self._again

    def __iter__(self) -> Iterator[int]:
        order = list(super().__iter__())
        for start in range(0, len(order) - self._together + 1, self._together):
            for _ in range(self._again):
                for place in order[start : start + self._together]:
                    yield from [place] * self._answers
