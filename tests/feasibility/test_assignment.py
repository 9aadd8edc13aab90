"""The small assignment against scipy's, pair by pair: ties are broken alike."""

from __future__ import annotations

import random

from scipy.optimize import linear_sum_assignment

from pyrite.feasibility.equivalence.proving.assignment import cheapest_assignment


def test_the_same_pairs_as_scipy() -> None:
    chance = random.Random(4)
    for _ in range(400):
        rows, columns = chance.randint(1, 9), chance.randint(1, 9)
        values = [0.0, -0.25, -0.5, -1.0] if chance.random() < 0.6 else [-chance.random() for _ in range(30)]
        costs = [[chance.choice(values) for _ in range(columns)] for _ in range(rows)]
        known = [(int(p), int(q)) for p, q in zip(*linear_sum_assignment(costs), strict=True)]
        assert cheapest_assignment(costs) == known


def test_nothing_to_assign() -> None:
    assert cheapest_assignment([]) == []
    assert cheapest_assignment([[], []]) == []
