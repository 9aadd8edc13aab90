"""The assignment of greatest total worth between two small sets, exact up to floating-point sums.

Shortest augmenting paths (Crouse 2016, doi 10.1109/TAES.2016.140952), as in ``scipy.optimize.linear_sum_assignment``,
which the larger cases go to: importing that takes longer than a hundred small comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

_SMALL = 40
"""Rows or columns up to which nothing is imported."""


def cheapest_assignment(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost, as many as the shorter side has, in the order of the rows."""
    if not costs or not costs[0]:
        return []
    if max(len(costs), len(costs[0])) > _SMALL:
        from scipy.optimize import linear_sum_assignment

        return [(int(p), int(q)) for p, q in zip(*linear_sum_assignment(costs), strict=True)]
    if len(costs) > len(costs[0]):
        turned = [[row[q] for row in costs] for q in range(len(costs[0]))]
        return sorted((p, q) for q, p in enumerate(_columns_of_rows(turned)))
    return list(enumerate(_columns_of_rows(costs)))


def _columns_of_rows(costs: Sequence[Sequence[float]]) -> list[int]:
    """The column of each row; there are at least as many columns as rows."""
    count, width = len(costs), len(costs[0])
    price_row, price_column = [0.0] * count, [0.0] * width
    column_of, row_of = [-1] * count, [-1] * width
    for start in range(count):
        reach, came, rows, columns, sink, least = _path(costs, (price_row, price_column), row_of, start)
        price_row[start] += least
        for i in rows:
            if i != start:
                price_row[i] += least - reach[column_of[i]]
        for j in columns:
            price_column[j] -= least - reach[j]
        j = sink
        while True:
            i = came[j]
            row_of[j] = i
            column_of[i], j = j, column_of[i]
            if i == start:
                break
    return column_of


def _path(
    costs: Sequence[Sequence[float]], prices: tuple[list[float], list[float]], row_of: list[int], start: int
) -> tuple[list[float], list[int], set[int], set[int], int, float]:
    """The cheapest way from a row to a free column: what each column costs, whence it is reached, and the end."""
    width = len(costs[0])
    remaining = list(range(width - 1, -1, -1))
    reach, came = [inf] * width, [-1] * width
    rows: set[int] = set()
    columns: set[int] = set()
    least, i = 0.0, start
    while True:
        rows.add(i)
        index, lowest = -1, inf
        for place, j in enumerate(remaining):
            cost = least + costs[i][j] - prices[0][i] - prices[1][j]
            if cost < reach[j]:
                reach[j], came[j] = cost, i
            # Of several that are equally near a free one ends the way.
            if reach[j] < lowest or (reach[j] == lowest and row_of[j] == -1):
                lowest, index = reach[j], place
        least = lowest
        j = remaining[index]
        columns.add(j)
        remaining[index] = remaining[-1]
        remaining.pop()
        if row_of[j] == -1:
            return reach, came, rows, columns, j, least
        i = row_of[j]
