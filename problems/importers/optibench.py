"""OptiBench (ReSocratic): ``{"question", "index", "type", "results": {name: value, ...}}``; several named values.

All named values are kept under ``results``. The objective value is chosen by this rule, and the name chosen and the
step that chose it are recorded under ``objective_name`` and ``objective_rule``:

1. ``only``: there is one value.
2. ``extreme``: exactly one name says maximum, minimum, maximal, minimal, max, min, optimal or objective, and does not
   start like a decision ("the number of ... to ...", "whether ...").
3. ``total``: exactly one name says total, overall, net, profit, cost, revenue and the like, and is no decision.
4. ``outcome``: the last name, and it alone, has a past participle ("the number of meals delivered").
5. ``last``: the last name, where the set's authors usually write the objective, when it is no decision and not one of
   several "number of ..." that are all alike.
6. Otherwise no objective is chosen: the problem is kept without an optimum and reported as ``ambiguous-objective``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...feasibility.rationals import Exact
from ..problem import Problem
from .answers import read_answer
from .records import ConvertedRecord, ImportOptions, RowError, SourceRow, plain_extra, text_of

NAME = "optibench"

_EXTREME = re.compile(r"\b(?:maximum|minimum|maximal|minimal|max|min|optimal|objective)\b")
_TOTAL = re.compile(
    r"\b(?:total|overall|net|profit|costs?|revenue|income|earnings|return|npv|wage bill|payout|donations|ratio|utility|"
    r"efficiency)\b"
)
_DECISION = re.compile(
    r"^(?:the )?(?:optimal )?(?:whether|decision|units from|number of workers starting|quantity of|production units|"
    r"acres|hours|investment in|amount (?:of|to|invested)|money (?:invested|to)|price|side length|length|width|height|"
    r"radius|angle)\b|\bto (?:produce|make|buy|use|plant|invest|be (?:made|produced|used|purchased|put|planted))\b"
)
_DONE = re.compile(r"\b\w{2,}ed\b")
_COUNT = re.compile(r"^(?:the )?number of\b")


def recognises(columns: Mapping[str, Any]) -> bool:
    """Does this row look like OptiBench?"""
    return "question" in columns and isinstance(columns.get("results"), Mapping)


def convert(row: SourceRow, options: ImportOptions) -> ConvertedRecord:
    """One row as a value-only problem. Raises RowError when there is no question or no readable result."""
    del options  # a value has no domains to choose
    columns = row.columns
    text, _ = text_of(columns, ["question"])
    cells = columns.get("results")
    if not isinstance(cells, Mapping) or not cells:
        raise RowError("no-answer", "results", "no named results")
    values: dict[str, Exact] = {}
    remarks = []
    for name, cell in cells.items():
        answer = read_answer(cell)
        if answer.value is None:
            reason = answer.reason or answer.kind
            remarks.append(("unreadable-answer", f"results.{name}", f"not one number: {reason}"))
        else:
            values[str(name)] = answer.value
    if not values:
        raise RowError("unreadable-answer", "results", "none of the named results is a number")
    chosen, rule = choose_objective(values)
    if chosen is None:
        names = ", ".join(list(values)[:4]) + (", ..." if len(values) > 4 else "")
        remarks.append(("ambiguous-objective", "results", f"which is the objective value: {names}?"))
    kind = columns.get("type")
    problem = Problem(
        id=f"optibench-{columns.get('index', row.number)}",
        text=text,
        optimum=None if chosen is None else values[chosen],
        status=None if chosen is None else "optimal",
        family=str(kind) if kind else None,
        source="OptiBench",
        extra={
            "results": dict(cells),
            "objective_name": chosen,
            "objective_rule": rule,
            **plain_extra(columns, {"question", "index", "type", "results"}),
        },
    )
    return ConvertedRecord(problem, remarks)


def choose_objective(values: Mapping[str, Exact]) -> tuple[str | None, str]:
    """The name of the objective value and the step of the rule that chose it (``ambiguous`` with None).

    >>> choose_objective({"The number of vans": 3, "The number of carts": 4, "The total profit": 90})
    ('The total profit', 'total')
    >>> choose_objective({"Whether to build in A": 1, "Whether to build in B": 0})
    (None, 'ambiguous')
    """
    names = list(values)
    if len(names) == 1:
        return names[0], "only"
    plain = {name: " ".join(name.casefold().split()) for name in names}
    free = [name for name in names if not _DECISION.search(plain[name])]
    for rule, pattern in (("extreme", _EXTREME), ("total", _TOTAL)):
        found = [name for name in free if pattern.search(plain[name])]
        if len(found) == 1:
            return found[0], rule
    if [name for name in names if _DONE.search(plain[name])] == names[-1:]:
        return names[-1], "outcome"
    if names[-1] in free and not (_COUNT.search(plain[names[-1]]) and all(_COUNT.search(plain[n]) for n in names)):
        return names[-1], "last"
    return None, "ambiguous"
