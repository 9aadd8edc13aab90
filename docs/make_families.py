"""Writes docs/families.md: every family with one drawn example, and how alike its texts are.

``python docs/make_families.py`` rewrites the page; ``tests/problems/test_families.py`` fails when it is out of date.
"""

from __future__ import annotations

import itertools
import statistics
from pathlib import Path

from pyrite.problems.families import FAMILIES, SIZES, VARIANTS, draw
from pyrite.problems.families.drawing import Drawing
from pyrite.problems.likeness import grams, shared
from pyrite.problems.showing import shown

PAGE = Path(__file__).with_name("families.md")
TEXTS = 40

_HEAD = """\
# Problem families

<!-- Written by `python docs/make_families.py`; do not edit. -->

A family is a class of optimization problems that draws a question, its data and a proved reference from a seed:
`pyrite problems make --family knapsack --size small --count 100 --seed 0 --out problems.jsonl`.
`small` problems have 2-6 unknowns (a job shop 7) and say everything in the text; the reference is flat. `medium`
problems have a table in the text and an indexed reference. `large` ones carry their numbers in `data`, hundreds to a
few thousand; the text names the sets and parameters.

A seed gives the same bytes on every machine. A problem is kept only when its reference builds, is solved and has the
status that its variant means. The proof is kept with the problem: `certified` (checked in exact arithmetic) or
`solver-trusted` (larger integer programs). The optimum is stored exactly when it is a decimal, which small problems are
drawn to have, and else as the nearest double. Seeds are divided among train (8 of 10), validation and test by a hash of
the seed alone.

## How they are told

`--texts varied` (the default) tells a problem in one of many phrasings, layouts, tables and units, numbers in digits
or in words, with sentences between the facts that change nothing. `--texts plain` tells the same instance in one
phrasing a family: every number in digits and in its own unit (a share may be a percentage, as in 10 percent), facts
in order, tables with pipes, nothing beside the facts. The reference, its optimum and its proof are the same for the
same seed; the id ends in `-plain-text`. Names of people, towns and currencies still change with the seed. In a
recipe: `[data] texts = "plain"`, and the same under `[answers.problems]`. Plain texts of a family are one template
with other numbers, so the search for near-duplicates across splits refuses only texts that are the same to the
letter. A family from another package takes its voice by `Voice.of(drawing)` for that; one whose reference depends on
how it is told has no plain texts and says so.

## Variants
"""

_LIKENESS = """\
## How alike two texts of a family are

The share of the shorter text's word 5-grams that the other has too, with every number masked, on average over all pairs
of {count} plain problems (seeds 0-{last}). 0 is nothing in common, 1 the same template with other numbers. Large texts
share more because they describe sets and parameters that a family always has.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    parts += [f"- `{name}`: {meaning}." for name, meaning in VARIANTS.items()]
    parts += ["", _LIKENESS.format(count=TEXTS, last=TEXTS - 1)]
    parts += ["| family | small | medium | large |", "| --- | ---: | ---: | ---: |"]
    rows = {name: [likeness(name, size) for size in SIZES] for name in FAMILIES}
    for name, row in sorted(rows.items(), key=lambda item: -statistics.mean(item[1])):
        parts.append(f"| {name} | {' | '.join(f'{value:.1%}' for value in row)} |")
    means = [statistics.mean(row[k] for row in rows.values()) for k in range(len(SIZES))]
    parts += [f"| mean | {' | '.join(f'{value:.1%}' for value in means)} |", "", "## One example of each"]
    for name, family in FAMILIES.items():
        parts += ["", f"### {name}", "", f"{family.summary[:1].upper()}{family.summary[1:]}."]
        parts += [f"`{size}`: {', '.join(family.variants[size])}." for size in SIZES]
        parts += ["", "```text", shown(draw(name, 0)), "```"]
        parts += ["", "Told plainly:", "", "```text", draw(name, 0, texts="plain").text, "```"]
    return "\n".join(parts) + "\n"


def likeness(name: str, size: str) -> float:
    """The mean share of 5-grams of two plain problems of a family."""
    drawings = (Drawing.start(name, seed, size, "plain") for seed in range(TEXTS))  # type: ignore[arg-type]
    found = [grams(FAMILIES[name].draft(drawing).text) for drawing in drawings]
    return statistics.mean(shared(first, second) for first, second in itertools.combinations(found, 2))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
