"""Derived lines, cut down to those that certificates use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..evidence import Certificate, Line


def used_lines(lines: Sequence[Line], certificates: Sequence[Certificate]) -> tuple[list[Certificate], list[Line]]:
    """The certificates and the lines they reach, numbered anew in the same order."""
    wanted: set[int] = set()
    waiting = [number for c in certificates for number in c.lines]
    while waiting:
        number = waiting.pop()
        if number not in wanted:
            wanted.add(number)
            waiting.extend(lines[number].lines)
    place = {number: p for p, number in enumerate(sorted(wanted))}
    kept = [replace(lines[n], lines={place[m]: y for m, y in lines[n].lines.items()}) for n in sorted(wanted)]
    changed = [replace(c, lines={place[m]: y for m, y in c.lines.items()}) if c.lines else c for c in certificates]
    return changed, kept
