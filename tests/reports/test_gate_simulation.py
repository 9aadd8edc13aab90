"""The default gate does not cry wolf, and sees a real drop. Simulated; the curve is `python -m benchmarks gate`."""

from __future__ import annotations

import pytest

from benchmarks.gate import failing_share


def test_false_alarms_and_misses_in_short() -> None:
    assert failing_share(100, 0.0, 150) <= 0.10
    assert failing_share(200, 0.20, 40) >= 0.90


@pytest.mark.slow
def test_false_alarms_of_2000_trials() -> None:
    assert failing_share(200, 0.0, 2000) <= 0.05


@pytest.mark.slow
def test_drop_of_15_points_on_200_problems() -> None:
    assert failing_share(200, 0.15, 1000) >= 0.90
