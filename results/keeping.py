"""How much of each kind of rule plans keep: the share of bounds, whole numbers, inequalities and equalities.

A plan that misses one of two hundred balances and one that misses all of them fail the same stage; what a model has
learned of the physics shows in the share. It is a mean over plans that could be read (form and names in order).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..feasibility.plans.rules import KINDS
from ..feasibility.verdict import PLAN, Verdict
from .collection import Run
from .statistics import clustered_interval


@dataclass(frozen=True, slots=True)
class KeptRules:
    """The rules of one kind (of one ``group`` of it, or of all groups when that is empty) for one part of a run.

    ``share`` is the mean over ``plans`` of the share of rules kept, with its 95 % interval clustered by problem;
    ``whole`` is how many of the plans keep all of them; ``unread`` answers had no plan to hold against anything.
    """

    family: str
    kind: str
    group: str
    unread: int
    plans: int
    rules: int
    share: float
    low: float
    high: float
    whole: int


def kept_rules(run: Run) -> list[KeptRules]:
    """Every kind by family, each followed by its groups where the problem is a power grid; empty without plans."""
    parts: dict[str, list[Verdict]] = {}
    for verdict in run.verdicts:
        if verdict.ladder.task == PLAN.task:
            parts.setdefault(run.families.get(verdict.problem_id) or "", []).append(verdict)
    grids = {problem.family for problem in run.problems.values() if problem.grid is not None}
    found: list[KeptRules] = []
    for family, verdicts in sorted(parts.items()):
        for kind in KINDS:
            found += _of_kind(family, kind, verdicts, groups=family in grids)
    return found


def _of_kind(family: str, kind: str, verdicts: Sequence[Verdict], *, groups: bool) -> Iterator[KeptRules]:
    tables: dict[str, list[tuple[str, int, int]]] = {"": []}
    read = 0
    for verdict in verdicts:
        details = verdict.result(kind).details
        counted = _counts(details)
        if counted is None:
            continue
        read += 1
        tables[""].append((verdict.problem_id, *counted))
        inner = details.get("groups")
        for name, table in inner.items() if groups and isinstance(inner, Mapping) else ():
            one = _counts(table)
            if one is not None:
                tables.setdefault(str(name), []).append((verdict.problem_id, *one))
    only = len(tables) == 2  # a single group says the same again
    for group, rows in tables.items():
        rows = [row for row in rows if row[1]]
        if rows and not (group and only):
            yield _kept(family, kind, group, len(verdicts) - read, rows)


def _kept(family: str, kind: str, group: str, unread: int, rows: Sequence[tuple[str, int, int]]) -> KeptRules:
    shares = np.array([kept / rules for _, rules, kept in rows], dtype=np.float64)
    _, clusters = np.unique([problem for problem, _, _ in rows], return_inverse=True)
    low, high = clustered_interval(shares, clusters.astype(np.int64))
    whole = sum(kept == rules for _, rules, kept in rows)
    rules = sum(rules for _, rules, _ in rows)
    return KeptRules(family, kind, group, unread, len(rows), rules, float(shares.mean()), low, high, whole)


def _counts(table: Any) -> tuple[int, int] | None:
    """Rules and kept ones of a stored table; None where it says nothing usable."""
    if not isinstance(table, Mapping):
        return None
    rules, kept = table.get("rules"), table.get("kept")
    if isinstance(rules, int) and isinstance(kept, int) and 0 <= kept <= rules:
        return rules, kept
    return None
