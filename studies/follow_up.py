"""What a method adds to the one that it comes after, and both scores family by family: tables beside the one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..reports.tables.changes import p_text
from ..reports.tables.scores import with_interval
from ..reports.tables.table import CellValue, Table, TableColumn
from ..results.comparing import Change, adjusted, compare_outcome
from ..results.observing import Observed
from ..results.statistics import rate_of
from .plan import Study
from .summary import OUTCOMES, StudyRow, answers_of, same_seeds
from .tables import change_text

_ROLES = {"model": "tuned further", "expert": "its expert", "teacher": "its teacher"}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A row against one that it needed (``after``), paired by problem and seed."""

    title: str
    role: str
    before: str
    changes: Mapping[str, Change]


def follow_ups(study: Study, rows: Sequence[StudyRow]) -> list[FollowUp]:
    """Every row with ``after`` against every cell that it names; Holm's adjustment over both scores of all of them."""
    cell_of = {cell.name: cell for cell in study.cells}
    row_of = {tuple(row.labels.items()): row for row in rows}
    found, groups = [], []
    for row in rows:
        for role, name in cell_of[row.cells[0].cell].after.items():
            base = row_of.get(cell_of[name].setting)
            pair = same_seeds(base, row) if base is not None else None
            if base is None or pair is None:
                continue
            found.append((row.title, role, base.title))
            groups.append([compare_outcome(*pair, outcome) for outcome in OUTCOMES])
    return [
        FollowUp(*names, {change.outcome: change for change in group})
        for names, group in zip(found, adjusted(groups), strict=True)
    ]


def follow_up_table(compared: Sequence[FollowUp]) -> Table:
    """A row a comparison: answers gained and lost, and the difference in both scores."""
    lines, records = [], []
    for item in compared:
        line, record = [item.title, _ROLES[item.role], item.before], {"method": item.title, "role": item.role}
        values: dict[str, CellValue] = {**record, "after": item.before}
        for outcome in OUTCOMES:
            change = item.changes[outcome]
            line += [f"+{change.gained} -{change.lost}", change_text(change), p_text(change.p_holm)]
            names = ("gained", "lost", "pairs", "difference", "low", "high", "p", "p_holm")
            values |= {f"{outcome}_{name}": round(float(getattr(change, name)), 10) for name in names}
        lines.append(line)
        records.append(values)
    titles = ["method", "against", "which is"]
    for outcome in OUTCOMES:
        titles += [f"{outcome}: gained, lost", "points", "p (Holm)"]
    columns = [TableColumn(title, numeric=number > 2) for number, title in enumerate(titles)]
    note = (
        "Answers to the same problem with the same seed; p by exact McNemar or sign flips by problem, Holm's "
        "adjustment over both scores of all rows of this table."
    )
    return Table("after", "What a method adds to the one that it comes after", columns, lines, [note], records)


def families_of(rows: Sequence[StudyRow]) -> list[str]:
    """The families of the asked problems, in alphabetical order."""
    return sorted({family for row in rows for cell in row.cells for family in cell.last.families})


def family_table(rows: Sequence[StudyRow]) -> Table:
    """Both scores of every setting, family by family: where tasks interfere, one rises while another falls."""
    families = families_of(rows)
    lines, records = [], []
    for row in rows:
        seen = answers_of(row)
        line, record = [row.title], {"setting": row.title}
        values: dict[str, CellValue] = {**record}
        for family in families:
            own = _of_family(seen, family)
            for outcome in OUTCOMES:
                rate = rate_of(own, outcome)
                line.append(with_interval(rate))
                values |= {f"{family}_{outcome}_{key}": getattr(rate, key) for key in ("passed", "failed", "unknown")}
        lines.append(line)
        records.append(values)
    titles = ["", *(f"{family}: {outcome}" for family in families for outcome in OUTCOMES)]
    columns = [TableColumn(title, numeric=number > 0) for number, title in enumerate(titles)]
    note = "95 % intervals over the problems of the family; repetitions taken together."
    return Table("families", "Both scores, family by family", columns, lines, [note], records)


def _of_family(seen: Observed, family: str) -> Observed:
    chosen = np.isin(seen.family, [number for number, name in enumerate(seen.families) if name == family])
    return seen.only(chosen)
