"""What a model from scratch reads: problems of families with their formulations, and exercises in copying.

The problems are drafts of Pyrite's own families in the plainest words, from training seeds alone; a draft that was not
proved feasible is a text with its formulation all the same, and drawing it costs a fraction of proving it. An exercise
is a short list of names with numbers and the sums that are asked of them: it teaches a small model to look up and to
copy, which problem texts alone teach slowly. Everything follows from seeds.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from ...feasibility.errors import PyriteError
from ...problems.families import FAMILIES, split_of
from ...problems.families.drawing import Drawing

_NAMES_READ = 100
"""Problems of each family whose names are words of exercises."""


@dataclass(frozen=True, slots=True)
class Document:
    """A question and its answer; an exercise when ``family`` is empty."""

    family: str
    question: str
    answer: str


def documents(
    families: Sequence[str], count: int, block: int, *, exercises: float = 0.0, seed: int = 0, split: str = "train"
) -> list[Document]:
    """The documents of one block, in random order of families; any block can be drawn without those before it.

    A share ``exercises`` of them are exercises in copying, whose names are those of all families: the words of families
    that are not read are known all the same, without their problems. Raises PyriteError for an unknown family and a
    share outside [0, 1].
    """
    unknown = [name for name in families if name not in FAMILIES]
    if unknown or not families:
        raise PyriteError(f"no family {unknown[0]!r}; `pyrite problems list` names them" if unknown else "no families")
    if not 0 <= exercises <= 1:
        raise PyriteError(f"the share of exercises lies between 0 and 1, not {exercises}")
    chance = random.Random(f"corpus/{seed}/{split}/{block}")  # noqa: S311 - an order, no secret
    return [
        exercise(words(), chance)
        if chance.random() < exercises
        else _draft(chance.choice(families), _seed_of(split, chance))
        for _ in range(count)
    ]


def _seed_of(split: str, chance: random.Random) -> int:
    while True:
        seed = chance.randrange(10_000_000)
        if split_of(seed) == split:
            return seed


def _draft(family: str, seed: int) -> Document:
    draft = FAMILIES[family].draft(Drawing.start(family, seed, "small", "plain").told("plain"))
    return Document(family, draft.text, draft.reference.to_json())


@cache
def words() -> tuple[str, ...]:
    """The words of the names of variables and constraints that all families write, for exercises."""
    found: set[str] = set()
    chance = random.Random("words")  # noqa: S311
    for family in FAMILIES:
        for _ in range(_NAMES_READ):
            answer = json.loads(_draft(family, _seed_of("train", chance)).answer)
            found |= {word for name in [*answer["variables"], *answer["constraints"]] for word in name.split("_")}
    return tuple(sorted(word for word in found if word.isalpha()))


def exercise(words: Sequence[str], chance: random.Random) -> Document:
    """Names with numbers, and what is to be written of them: the names again, the numbers of some, or a sum.

    >>> asked = exercise(["oak", "tea"], random.Random(7))
    >>> asked.question, asked.answer
    ('Oak oak 14 and 8. Oak tea 14 and 19. First.', '{"oak_oak":14,"oak_tea":14}')
    """
    kind = chance.choice(("names", "names", "all", "some", "sum"))
    count = chance.randint(3, 9) if kind == "names" else chance.randint(2, 5)
    names = list(dict.fromkeys(_name(words, chance) for _ in range(count)))
    said = [name.replace("_", " ") for name in names]
    if kind == "names":
        answer = json.dumps(names) if chance.random() < 0.5 else json.dumps({"sum": " + ".join(names)})
        return Document("", ", ".join(said).capitalize() + ".", answer.replace(", ", ",").replace(": ", ":"))
    pairs = [(_number(chance), _number(chance)) for _ in names]
    which = chance.randrange(2)
    numbers = [pair[which] for pair in pairs]
    question = " ".join(f"{name.capitalize()} {one} and {two}." for name, (one, two) in zip(said, pairs, strict=True))
    question += f" {('First', 'Second')[which]}"
    if kind == "sum":
        most = _number(chance)
        total = " + ".join(f"{n}*{name}" if n != 1 else name for n, name in zip(numbers, names, strict=True))
        answer = json.dumps({"sum": f"{total} <= {most}"}, separators=(",", ":"))
        return Document("", f"{question}, at most {most}.", answer)
    asked = list(range(len(names)))
    if kind == "some":
        asked = chance.sample(asked, chance.randint(1, len(names)))
        question += " of " + ", ".join(said[k] for k in asked)
    answer = json.dumps({names[k]: numbers[k] for k in asked}, separators=(",", ":"))
    return Document("", f"{question}.", answer)


def _name(words: Sequence[str], chance: random.Random) -> str:
    return "_".join(chance.choice(words) for _ in range(chance.choice((1, 1, 1, 2, 2, 3))))


def _number(chance: random.Random) -> int:
    return chance.randint(1, 20) if chance.random() < 0.5 else chance.choice((1, 1, 5, 10, 50)) * chance.randint(2, 99)
