"""The problems that answering is timed on: short and long ones in turn."""

from __future__ import annotations

from pyrite.models.data import draw_problems
from pyrite.models.recipes import ProblemSection
from pyrite.problems.problem import Problem

FAMILIES = ("cutting-stock", "product-mix", "transportation", "set-covering")


def mixed_lengths(count: int) -> list[Problem]:
    """So many problems of the test split, families in turn."""
    return list(draw_problems(ProblemSection(families=FAMILIES, count=count), "test").problems)
