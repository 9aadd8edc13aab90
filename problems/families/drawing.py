"""What a family is, and the seeded drawing that every family works from.

A seed gives the same bytes on every machine and every Python: streams are keyed by SHA-256 and use nothing of
``random`` but ``Random(int).random()``, whose sequence Python's documentation promises never to change
(``shuffle``, ``sample``, ``randint`` carry no such promise, so they are written here).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, TypeVar

from ...feasibility.language.formulation import Data, Formulation
from ...feasibility.rationals import Exact, Fraction, simplify
from ...feasibility.scoring.reference import KnownStatus

T = TypeVar("T")

Size: TypeAlias = Literal["small", "medium", "large"]
Texts: TypeAlias = Literal["varied", "plain"]
Variant: TypeAlias = Literal["plain", "infeasible", "unbounded", "redundant", "sometimes", "twin"]

SIZES: tuple[Size, ...] = ("small", "medium", "large")
"""small: 2-6 variables, everything in the text. medium: a table in the text. large: numbers in ``data``."""

TEXTS: Mapping[Texts, str] = {
    "varied": "many phrasings, layouts and units; sentences that change nothing stand between the facts",
    "plain": "one phrasing a family, every number in digits and in its own unit, nothing beside the facts",
}

VARIANTS: Mapping[Variant, str] = {
    "plain": "has an optimum; nothing odd",
    "infeasible": "asks for the impossible on purpose",
    "unbounded": "nothing stops the objective, on purpose",
    "redundant": "states a constraint that the others already imply",
    "sometimes": "states a constraint that some plans break but that does not bind at the optimum",
    "twin": "the plain problem of the same seed with one number changed or one fact removed",
}


class Stream:
    """Random choices that depend on the key alone.

    >>> Stream("a", 1).between(1, 6) == Stream("a", 1).between(1, 6)
    True
    """

    def __init__(self, *key: object) -> None:
        digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
        self._random = random.Random(int.from_bytes(digest, "big")).random  # noqa: S311 - no secret is made here

    def below(self, bound: int) -> int:
        """A whole number from 0 to ``bound - 1``."""
        return int(self._random() * bound)

    def between(self, low: int, high: int, step: int = 1) -> int:
        """``low``, ``low + step``, ... up to at most ``high``."""
        return low + step * self.below((high - low) // step + 1)

    def tenths(self, low: int, high: int, step: int = 1) -> Exact:
        """A number with one decimal; ``low``, ``high`` and ``step`` are counted in tenths."""
        return simplify(Fraction(self.between(low, high, step), 10))

    def hundredths(self, low: int, high: int, step: int = 1) -> Exact:
        """A number with two decimals; ``low``, ``high`` and ``step`` are counted in hundredths."""
        return simplify(Fraction(self.between(low, high, step), 100))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[self.below(len(choices))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """All items in a random order."""
        return self.sample(items, len(items))

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """``count`` different items in a random order."""
        pool = list(items)
        for k in range(count):
            other = k + self.below(len(pool) - k)
            pool[k], pool[other] = pool[other], pool[k]
        return pool[:count]

    def distinct(self, low: int, high: int, count: int, step: int = 1) -> list[int]:
        """``count`` different whole numbers of :meth:`between`."""
        return self.sample(range(low, high + 1, step), count)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One problem to be drawn: what is asked for, and the streams that decide everything else.

    ``numbers`` decides the instance, ``words`` how it is told, ``change`` what a variant alters. A twin shares
    ``numbers`` and ``words`` with the plain problem of its seed, so a family that draws from ``change`` only for what
    it changes gets a twin that reads the same but for that change. Formatting a number never draws.
    """

    family: str
    seed: int
    size: Size
    variant: Variant
    numbers: Stream
    words: Stream
    change: Stream
    texts: Texts = "varied"
    """How it is told; the instance and its reference do not depend on it."""

    @classmethod
    def start(cls, family: str, seed: int, size: Size, variant: Variant, attempt: int = 0, change: int = 0) -> Drawing:
        """The drawing of one attempt; later attempts follow when an earlier one did not prove."""
        key = (family, size, "plain" if variant == "twin" else variant, seed, attempt)
        return cls(
            family,
            seed,
            size,
            variant,
            Stream(*key, "numbers"),
            Stream(*key, "words"),
            Stream(*key, variant, "change", change),
        )

    def one_of(self, small: T, medium: T, large: T) -> T:
        """The value for this drawing's size."""
        return {"small": small, "medium": medium, "large": large}[self.size]

    @property
    def expected(self) -> KnownStatus:
        """The status that the variant is meant to have."""
        if self.variant == "infeasible":
            return "infeasible"
        return "unbounded" if self.variant == "unbounded" else "optimal"

    def told(self, texts: Texts) -> Drawing:
        """The same drawing from its beginning, told in this manner. Only for one that nothing was drawn from yet."""
        return replace(self, texts=texts)

    def is_a(self, *variants: Variant) -> bool:
        """Is the variant one of these?"""
        return self.variant in variants


@dataclass(frozen=True, slots=True)
class Draft:
    """What a family draws; ``proving`` turns it into a problem or refuses it.

    ``units`` maps names of variables and constraints (and ``objective``) to words: ``{"oven": "minutes"}``.
    ``marked`` names the constraints that a ``redundant`` or ``sometimes`` variant is about.
    """

    text: str
    reference: Formulation
    data: Data = field(default_factory=Data)
    status: KnownStatus = "optimal"
    units: Mapping[str, str] = field(default_factory=dict)
    marked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """A class of problems. ``variants`` says which variants each size has; ``plain`` is always among them."""

    name: str
    summary: str
    draft: Callable[[Drawing], Draft]
    variants: Mapping[Size, tuple[Variant, ...]]


def finished(drawing: Drawing, draft: Draft, text: str, objective: str, marked: tuple[str, ...] = ()) -> Draft:
    """What families end with: the draft of the reference, told by ``text``, with the unit of its objective.

    ``marked`` names the constraints that a ``redundant`` or ``sometimes`` variant is about.
    """
    units = {**draft.units, "objective": objective}
    return replace(draft, text=text, status=drawing.expected, units=units, marked=marked)


def all_sizes(*variants: Variant) -> dict[Size, tuple[Variant, ...]]:
    """The same variants (besides ``plain``) for every size."""
    return dict.fromkeys(SIZES, ("plain", *variants))
