"""Making problem sets: families x sizes x variants x seeds, streamed, on several cores, with splits that never mix.

A seed belongs to exactly one split (:func:`~pyrite.problems.families.split_of`), whatever the family, so two sets made
for different splits never share a drawing. Texts that are nearly the same although their seeds differ are detected
across splits and refused; the next seed takes their place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..feasibility.errors import PyriteError
from ..feasibility.workers.board import Board
from ..feasibility.workers.inside import Handler, Tell
from ..feasibility.workers.pool import Workers
from ..feasibility.workers.work import Failure, Job, Work
from .families import FAMILIES, SIZES, TEXTS, VARIANTS, Size, Texts, Variant, draw, problem_id, split_of
from .likeness import LikenessIndex
from .problem import Problem

SPLITS = ("train", "validation", "test")

Series: TypeAlias = tuple[str, Size, Variant, Texts]
"""A family, a size, a variant and how it is told: what one series of seeds is drawn for."""

_Task: TypeAlias = tuple[Series, list[int]]
_Batch: TypeAlias = tuple[Series, list[tuple[int, Problem | str]]]
"""For each seed the problem, or why there is none."""

_BATCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: ``count`` problems for each family, size and variant, from seed ``seed`` upwards.

    ``variants`` that a family does not have at a size are passed over; ``split`` takes only seeds of that split.
    """

    families: tuple[str, ...]
    sizes: tuple[Size, ...] = ("small",)
    variants: tuple[Variant, ...] = ("plain",)
    count: int = 10
    seed: int = 0
    split: str | None = None
    texts: Texts = "varied"

    def __post_init__(self) -> None:
        for name in self.families:
            if name not in FAMILIES:
                raise PyriteError(f"no family {name!r}; `pyrite problems list` names them")
        for given, known, what in ((self.sizes, SIZES, "size"), (self.variants, tuple(VARIANTS), "variant")):
            for item in given:
                if item not in known:
                    raise PyriteError(f"{what} is one of {', '.join(known)}, not {item!r}")
        if self.texts not in TEXTS:
            raise PyriteError(f"texts is {' or '.join(TEXTS)}, not {self.texts!r}")
        if self.split is not None and self.split not in SPLITS:
            raise PyriteError(f"split is one of {', '.join(SPLITS)}, not {self.split!r}")
        if self.count < 1 or self.seed < 0:
            raise PyriteError("count is at least 1 and seed not negative")
        if not self.cells:
            raise PyriteError("none of the families has such a variant at these sizes; see `pyrite problems list`")

    @property
    def cells(self) -> list[Series]:
        """Every family, size and variant that is asked for and exists."""
        return [
            (family, size, variant, self.texts)
            for family in self.families
            for size in self.sizes
            for variant in self.variants
            if variant in FAMILIES[family].variants[size]
        ]

    @property
    def total(self) -> int:
        """How many problems will be made."""
        return len(self.cells) * self.count

    def seeds(self) -> Iterator[int]:
        """Seeds of the wanted split, upwards without end."""
        seed = self.seed
        while True:
            if self.split is None or split_of(seed) == self.split:
                yield seed
            seed += 1


@dataclass(slots=True)
class Refusals:
    """What was drawn and not kept, one sentence each."""

    notes: list[str] = field(default_factory=list)


def make(
    order: Order, *, jobs: int = 1, against: Iterable[Problem] = (), refusals: Refusals | None = None
) -> Iterator[Problem]:
    """The problems of the order, cell by cell and seed by seed, as soon as each is ready.

    The result does not depend on ``jobs``. ``against`` are problems of other splits made before: a text that is nearly
    the same as one of theirs, or of another split in this order, is refused and noted (a plain text only when it is the
    same to the letter), as is a seed for which the variant cannot be drawn. Raises PyriteError when a cell runs out of
    seeds worth trying.
    """
    refused = refusals if refusals is not None else Refusals()
    index = LikenessIndex(against)
    with _drawer(jobs) as drawn_in_order:
        for cell, found in drawn_in_order(_tasks(order)):
            yield from _complete(order, cell, found, index, refused)


def _tasks(order: Order) -> Iterator[_Task]:
    """The cells' seeds in batches."""
    for cell in order.cells:
        seeds = order.seeds()
        left = order.count
        while left:
            batch = [next(seeds) for _ in range(min(left, _BATCH_SIZE))]
            left -= len(batch)
            yield cell, batch


def _draw_batch(task: _Task) -> _Batch:
    (family, size, variant, texts), seeds = task
    found: list[tuple[int, Problem | str]] = []
    for seed in seeds:
        try:
            found.append((seed, draw(family, seed, size, variant, texts)))
        except PyriteError as error:
            found.append((seed, error.message))
    return (family, size, variant, texts), found


@contextmanager
def _drawer(jobs: int) -> Iterator[Callable[[Iterable[_Task]], Iterator[_Batch]]]:
    """A map over tasks that keeps their order, here or on ``jobs`` processes."""
    if jobs <= 1:
        yield lambda tasks: map(_draw_batch, tasks)
        return
    with Workers[_Task, _Batch](Work(f"{__name__}:drawing", batch=2), jobs) as pool:
        yield lambda tasks: pool.run((Job(task) for task in tasks), _broken)


def drawing(setup: None) -> Handler:
    """The inside of a worker."""

    def handle(task: _Task, shared: Mapping[str, Any], board: Board, tell: Tell) -> tuple[_Batch, bool]:
        return _draw_batch(task), False

    return handle


def _broken(task: _Task, failure: Failure) -> _Batch:
    (family, size, variant, _), seeds = task
    place = f"{family}, {size}, {variant}, seeds {seeds[0]} to {seeds[-1]}"
    if failure.raised is not None:
        raise RuntimeError(f"{place}: {failure.message}\n{failure.raised.trace}")
    raise PyriteError(
        f"the process that drew {place} ended by {failure.message}; make them with fewer --jobs", exit_code=3
    )


def _complete(
    order: Order, cell: Series, found: Sequence[tuple[int, Problem | str]], index: LikenessIndex, refused: Refusals
) -> Iterator[Problem]:
    """The batch's problems; a refused one is replaced by the same cell's next unused seed."""
    for seed, result in found:
        kept = _keep(cell, seed, result, index, refused)
        spare = _spares(order, seed)
        while kept is None:
            seed = next(spare)
            _, [(_, result)] = _draw_batch((cell, [seed]))
            kept = _keep(cell, seed, result, index, refused)
        yield kept


def _spares(order: Order, seed: int) -> Iterator[int]:
    """Seeds beyond the order's own, of the same split; a different series for each seed, so that none is used twice."""
    own = order.seeds()
    last = max(next(own) for _ in range(order.count))
    spare = last + 1 + seed * 1000
    for step in range(1000):
        if order.split is None or split_of(spare + step) == order.split:
            yield spare + step
    raise PyriteError(f"no seed near {seed} gives a problem that is new; make a smaller set or start at another seed")


def _keep(cell: Series, seed: int, result: Problem | str, index: LikenessIndex, refused: Refusals) -> Problem | None:
    family, size, variant, texts = cell
    if isinstance(result, str):
        refused.notes.append(f"{problem_id(family, seed, size, variant, texts)}: {result}")
        return None
    # Plain texts are one template with other numbers, on purpose: only a text that is the same to the letter leaks.
    if texts == "plain":
        again = index.repeated(result)
        if again is not None:
            refused.notes.append(f"{result.id}: its text is that of {again} (another split)")
            return None
    near = index.nearest(result) if texts == "varied" else None
    if near is not None:
        refused.notes.append(f"{result.id}: its text is nearly that of {near[0]} (another split), {near[1]:.0%} alike")
        return None
    index.add(result)
    return result
