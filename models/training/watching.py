"""What the answers that a model gave while it was trained were worth: the reward, and every score beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...problems.lines import read_lines

WATCHED = ("reward", "surface", "value", "substance", "unknown")
"""Keys of ``training.jsonl`` where a reward teaches; the last four are shares of the step's answers."""


def sampled(log: Path, after: int, until: int) -> dict[str, Any]:
    """The means of the reward and of all scores over the steps ``after`` < step <= ``until``; empty without a reward.

    A reward that rises while substance stays is what a reward hack looks like.
    """
    lines = [line for line in read_lines(log) if after < line.get("step", 0) <= until] if log.exists() else []
    found: dict[str, Any] = {}
    for name in WATCHED:
        values = [line[name] for line in lines if isinstance(line.get(name), int | float)]
        if values:
            found[name] = sum(values) / len(values)
    return {**found, "steps": [after + 1, until]} if "reward" in found else {}
