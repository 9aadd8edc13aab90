"""A program brought to its core, and the way back: readings of the columns that went, grounds, lifted plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....programs.program import Program
from ....rationals import Exact, simplify
from ...evidence import Certificate, Line, ProofMethod, Target
from ...maps import Affine
from ..clock import in_time
from .columns import define, fix, press
from .rows import tidy, tighten_whole
from .side import EmptyError, Gone, Ground, LineKey, ReducedSide, ReducingOptions, added

_STEPS = 5000


class Core:
    """What a program is after reduction. ``program`` minimises; ``ids`` are its columns' numbers in the origin."""

    def __init__(self, side: ReducedSide) -> None:
        self.side = side
        self.origin = side.program
        self.program, self.ids, self.row_ids = side.core()
        self.place = {j: p for p, j in enumerate(self.ids)}
        self._readings: dict[int, Affine] | None = None
        self._grounds: dict[int, tuple[Ground | None, Ground | None]] = {}
        self.gone: dict[int, Gone] = {g.column: g for g in side.gone}

    @property
    def is_whole_program(self) -> bool:
        """No column was reduced away: the core's columns are the program's."""
        return not self.gone

    @property
    def lines(self) -> list[Line]:
        """The derived lines that grounds may name."""
        return self.side.lines

    @property
    def told(self) -> tuple[str, ...]:
        """What was reduced, in words."""
        return tuple(self.side.told)

    @property
    def pressed(self) -> frozenset[int]:
        """Columns that are what they are read as at the best plans alone: pressed themselves, or defined by such."""
        found: set[int] = set()
        for gone in reversed(self.side.gone):
            if gone.kind == "pressed" or found & gone.reading.terms.keys():
                found.add(gone.column)
        return frozenset(found)

    def readings(self) -> dict[int, Affine]:
        """Every column of the origin in terms of the core's columns (by position)."""
        if self._readings is None:
            found: dict[int, Affine] = {j: Affine({p: 1}) for j, p in self.place.items()}
            for gone in reversed(self.side.gone):
                flat = Affine({}, gone.reading.constant)
                for k, c in gone.reading.terms.items():
                    flat = flat.plus(found[k].scaled(c))
                found[gone.column] = flat
            self._readings = found
        return self._readings

    def lifted(self, point: Sequence[Exact]) -> tuple[Exact, ...]:
        """A plan of the core as one of the origin."""
        readings = self.readings()
        return tuple(readings[j].value(point) for j in range(len(self.origin.columns)))

    def expanded(self, body: Affine) -> tuple[Affine, Ground] | None:
        """A form over the origin's columns as one over the core's, with the ground of ``body - it <= 0``.

        None when a pressed column stands on its wrong side.
        """
        ground: Ground = {}
        flat = Affine({}, body.constant)
        readings = self.readings()
        for j, c in body.terms.items():
            flat = flat.plus(readings[j].scaled(c))
            if j in self.place:
                continue
            above, below = self._gap(j)
            side = above if c > 0 else below
            if side is None:
                return None
            ground = added(ground, side, c if c > 0 else -c)
        return flat, ground

    def _gap(self, j: int) -> tuple[Ground | None, Ground | None]:
        """Grounds of ``x_j - reading <= 0`` and of its negative, the reading being in core columns."""
        if j in self._grounds:
            return self._grounds[j]
        gone = self.gone[j]
        ends: list[Ground | None] = [gone.above, gone.below]
        for k, c in gone.reading.terms.items():
            if k in self.place:
                continue
            inner = self._gap(k)
            for number in (0, 1):
                part = inner[number] if c > 0 else inner[1 - number]
                mine = ends[number]
                ends[number] = None if part is None or mine is None else added(mine, part, c if c > 0 else -c)
        self._grounds[j] = (ends[0], ends[1])
        return self._grounds[j]

    def grounded(self, certificate: Certificate, base: Ground) -> Ground:
        """A certificate over the core's rows and columns as multipliers of the origin's, added to ``base``."""
        total = dict(base)
        for i, y in certificate.rows.items():
            row = self.side.rows[self.row_ids[i]]
            total = added(total, row.above if y > 0 else row.below, y if y > 0 else -y)
        for p, w in certificate.columns.items():
            held = self.side.columns[self.ids[p]]
            total = added(total, held.above if w > 0 else held.below, w if w > 0 else -w)
        return total


def certificate(target: Target, method: ProofMethod, ground: Mapping[LineKey, Exact], factor: Exact = 1) -> Certificate:
    """A ground as a certificate over the origin."""
    parts: dict[str, dict[int, Exact]] = {"row": {}, "column": {}, "line": {}}
    for (kind, number), y in ground.items():
        parts[kind][number] = simplify(y)
    return Certificate(target, method, parts["row"], parts["column"], factor, parts["line"])


def reduced(program: Program, options: ReducingOptions, deadline: float) -> Core:
    """The program's core. Raises EmptyError when the reductions show that it has no plan, OutOfTimeError when late."""
    side = ReducedSide(program, options.kept, deadline)
    try:
        _reduce(side, options)
    except EmptyError as error:
        raise EmptyError(error.ground, side.lines) from error
    return Core(side)


def _reduce(side: ReducedSide, options: ReducingOptions) -> None:
    for implied in (False, True):
        side.fresh = set(side.rows)
        for _ in range(_STEPS):
            in_time(side.deadline)
            if tidy(side, implied=implied):
                continue
            if define(side, options) or press(side):
                continue
            if implied and options.tightening and (fix(side) or tighten_whole(side)):
                continue
            break


__all__ = ["Core", "EmptyError", "ReducingOptions", "certificate", "reduced"]
