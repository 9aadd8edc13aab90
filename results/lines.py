"""Verdicts as lines: what repeats an earlier verdict is written without being put into words again."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Final

from ..feasibility.verdict import Verdict
from ..problems.lines import LineWriter, line_of

_KEPT: Final = 256


class VerdictLines:
    """Appends verdicts to a file, each the line that :func:`~pyrite.problems.lines.line_of` makes of it.

    Verdicts that are remembered share their stages and everything but sample and seconds (see
    :mod:`pyrite.feasibility.scoring.remembered`); the rest of their line is kept.
    """

    def __init__(self, file: LineWriter) -> None:
        self._file = file
        self._known: OrderedDict[int, tuple[Verdict, str, str]] = OrderedDict()

    def write(self, verdict: Verdict) -> None:
        """One verdict, one line, flushed."""
        self._file.write_line(self.line(verdict))

    def line(self, verdict: Verdict) -> str:
        """The line."""
        known = self._known.get(id(verdict.stages))
        if known is not None and _same(known[0], verdict):
            return f"{known[1]}{verdict.sample}{known[2]}{json.dumps(round(verdict.seconds, 6))}}}\n"
        line = line_of(verdict.to_dict())
        head = f'{{"problem_id":{json.dumps(verdict.problem_id, ensure_ascii=False)},"sample":'
        start, end = f"{head}{verdict.sample}", f',"seconds":{json.dumps(round(verdict.seconds, 6))}}}\n'
        if line.startswith(start) and line.endswith(end):
            self._known[id(verdict.stages)] = verdict, head, line[len(start) : len(line) - len(end)] + ',"seconds":'
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return line


def _same(first: Verdict, second: Verdict) -> bool:
    """They differ in sample and seconds at most; the verdict that is kept keeps its stages' address."""
    return (
        first.stages is second.stages
        and first.problem_id == second.problem_id
        and first.strongest == second.strongest
        and first.ladder is second.ladder
        and first.witness is second.witness
        and first.repaired is second.repaired
        and first.reading is second.reading
        and first.extra is second.extra
        and (first.optimum, first.reference_optimum, first.proof, first.relation)
        == (second.optimum, second.reference_optimum, second.proof, second.relation)
    )
