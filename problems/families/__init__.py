"""Problem families: classical model classes that draw a problem, its text and its proved reference from a seed.

A family is a module with one ``FAMILY``; it draws an instance, tells it, and writes the reference as an expert would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from ...feasibility.errors import PyriteError
from ...feasibility.plugins import Registry
from ..problem import Problem
from .drawing import SIZES, TEXTS, VARIANTS, Draft, Drawing, Family, Size, Texts, Variant
from .proving import Proved, prove

__all__ = [
    "FAMILIES",
    "SIZES",
    "TEXTS",
    "VARIANTS",
    "Drawing",
    "Family",
    "Size",
    "Texts",
    "Variant",
    "draw",
    "problem_id",
    "split_of",
]

_ORDER = (
    "product-mix",
    "transportation",
    "transshipment",
    "assignment",
    "knapsack",
    "capital-budgeting",
    "facility-location",
    "set-covering",
    "bin-packing",
    "cutting-stock",
    "lot-sizing",
    "blending",
    "production-planning",
    "workforce",
    "max-flow",
    "shortest-path",
    "traveling-salesman",
    "job-shop",
    "project-crashing",
    "portfolio",
    "goal-programming",
    "advertising-mix",
    "unit-commitment",
    "dc-power-flow",
)
"""Pyrite's own in the order of the pages, which `--family all` follows; other families come after them."""


class _Families(Mapping[str, Family]):
    """Every family by name, loaded when it is asked for."""

    def __init__(self) -> None:
        self.registry = Registry("pyrite.families", "family", Family)

    def __getitem__(self, name: str) -> Family:
        if name not in self.registry:
            raise KeyError(name)
        return self.registry.get(name)

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in _ORDER if name in self.registry)
        yield from (name for name in self.registry if name not in _ORDER)

    def __len__(self) -> int:
        return len(self.registry)

    def __contains__(self, name: object) -> bool:
        return name in self.registry


FAMILIES: Final = _Families()
"""Every family by name: Pyrite's own, and those that other packages offer under ``pyrite.families``."""

_ATTEMPTS = 40
_CHANGES = 150
_ATTEMPTS_FOR_A_DECIMAL = 8


PLAIN_TEXT = "-plain-text"
"""What ends the id of a problem that is told plainly."""


def problem_id(family: str, seed: int, size: Size, variant: Variant, texts: Texts = "varied") -> str:
    """``product-mix-small-plain-17``: stable, and says how to draw the problem again; told plainly,
    ``product-mix-small-plain-17-plain-text``."""
    return f"{family}-{size}-{variant}-{seed}{PLAIN_TEXT if texts == 'plain' else ''}"


def split_of(seed: int) -> str:
    """train (8 of 10 seeds), validation or test. It depends on the seed alone, so splits never share a seed and a twin
    stays with its partner."""
    tenth = hashlib.sha256(f"split/{seed}".encode()).digest()[0] % 10
    return {0: "test", 1: "validation"}.get(tenth, "train")


def draw(family: str, seed: int, size: Size = "small", variant: Variant = "plain", texts: Texts = "varied") -> Problem:
    """The problem of this family, seed, size and variant: the same bytes on every machine.

    Attempts follow each other until one is proved and keeps its variant's claim; small problems with a finite decimal
    optimum are preferred. ``texts`` decides the wording alone: the reference, its optimum and its proof are those of the
    varied text. Raises PyriteError for an unknown family, size or variant, one that the family does not
    have, or when no attempt is proved.
    """
    entry = _find(family, seed, size, variant)
    if texts not in TEXTS:
        raise PyriteError(f"texts is {' or '.join(TEXTS)}, not {texts!r}")
    if variant == "twin":
        attempt, change, proved = _draw_twin(entry, seed, size)
    else:
        (attempt, proved), change = _first_proved(entry, seed, size, variant), 0
    draft = proved.draft
    text = draft.text
    if texts == "plain":
        text = _told_plainly(entry, Drawing.start(entry.name, seed, size, variant, attempt, change), draft)
    extra: dict[str, object] = {"size": size, "variant": variant, "seed": seed, "proof": proved.proof}
    if variant == "twin":
        extra["twin"] = problem_id(family, seed, size, "plain", texts)
    if texts != "varied":
        extra["texts"] = texts
    if draft.marked:
        extra["marked"] = list(draft.marked)
    return Problem(
        id=problem_id(family, seed, size, variant, texts),
        text=text,
        reference=draft.reference,
        optimum=proved.optimum,
        status=draft.status,
        data=draft.data,
        family=family,
        source="generated",
        split=split_of(seed),
        units=dict(draft.units),
        extra=extra,
    )


def _told_plainly(entry: Family, drawing: Drawing, varied: Draft) -> str:
    """The plain text of a drawing whose varied draft was proved."""
    plain = entry.draft(drawing.told("plain"))
    if (plain.reference, plain.data, plain.units) != (varied.reference, varied.data, varied.units):
        raise PyriteError(f"{entry.name}: the reference depends on how the problem is told, so it has no plain texts")
    return plain.text


def _find(family: str, seed: int, size: Size, variant: Variant) -> Family:
    if family not in FAMILIES:
        raise PyriteError(f"no family {family!r}; `pyrite problems list` names them")
    if size not in SIZES:
        raise PyriteError(f"size is {', '.join(SIZES)}, not {size!r}")
    if seed < 0:
        raise PyriteError(f"a seed is not negative, got {seed}")
    entry = FAMILIES[family]
    if variant not in entry.variants[size]:
        raise PyriteError(
            f"{family} has no variant {variant!r} at size {size}; it has {', '.join(entry.variants[size])}"
        )
    return entry


def _proofs(entry: Family, seed: int, size: Size, variant: Variant) -> Iterator[tuple[int, Proved]]:
    for attempt in range(_ATTEMPTS):
        proved = prove(entry.draft(Drawing.start(entry.name, seed, size, variant, attempt)), variant)
        if isinstance(proved, Proved):
            yield attempt, proved


def _first_proved(entry: Family, seed: int, size: Size, variant: Variant) -> tuple[int, Proved]:
    """The attempt that counts, and what it proved."""
    fallback = None
    for attempt, proved in _proofs(entry, seed, size, variant):
        if proved.finite or size != "small":
            return attempt, proved
        fallback = fallback or (attempt, proved)
        if attempt >= _ATTEMPTS_FOR_A_DECIMAL:
            break
    if fallback is None:
        raise PyriteError(f"{problem_id(entry.name, seed, size, variant)}: no attempt of {_ATTEMPTS} was proved")
    return fallback


def _draw_twin(entry: Family, seed: int, size: Size) -> tuple[int, int, Proved]:
    """The first change to the plain problem that is proved and moves the optimum: attempt, change and proof."""
    attempt, base = _first_proved(entry, seed, size, "plain")
    fallback = None
    for change in range(_CHANGES):
        draft = entry.draft(Drawing.start(entry.name, seed, size, "twin", attempt, change))
        proved = prove(draft, "twin")
        if isinstance(proved, Proved) and proved.optimum != base.optimum and draft.text != base.draft.text:
            if proved.finite or size != "small":
                return attempt, change, proved
            fallback = fallback or (attempt, change, proved)
    if fallback is None:
        raise PyriteError(f"{problem_id(entry.name, seed, size, 'twin')}: no change of {_CHANGES} moved the optimum")
    return fallback
