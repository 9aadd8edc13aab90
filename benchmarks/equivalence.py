"""The equivalence checker on ten kinds of rewrite and eleven kinds of error, beside the peers' ways to compare.

    python -m benchmarks equivalence [--draws 200] [--nl4opt FILE] [--families a,b] [--sizes small,medium]

Every verdict's evidence goes through the separate checker. "Wrong" is a rewrite called anything but equivalent, or
evidence that the checker refuses; a changed row that is redundant in its instance is equivalent there, certified so.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import equivalence_kinds as kinds
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Program


@dataclass(slots=True)
class Tally:
    """What came out for one kind."""

    relations: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    trusted: int = 0
    seconds: list[float] = field(default_factory=list)
    peers: Counter[str] = field(default_factory=Counter)

    @property
    def pairs(self) -> int:
        return sum(self.relations.values())


def one(name: str, kind: str, reference: Program, number: int, tally: Tally, peers: bool) -> None:
    """Change the reference by the kind, compare, and check the evidence."""
    chance = random.Random(f"{kind}/{name}/{number}")
    rewrite = kind in kinds.REWRITES
    changed = (kinds.REWRITES if rewrite else kinds.ERRORS)[kind](reference, chance)
    if changed is None:
        return
    started = time.perf_counter()
    found = compare(changed, reference, Policy())
    tally.seconds.append(time.perf_counter() - started)
    tally.relations[found.relation] += 1
    report = check(changed, reference, found)
    where = f"{kind}: {name}: {found.relation} {found.code or ''} {found.message}"
    if not report.holds or (rewrite and found.relation not in ("equivalent", "unknown")):
        tally.wrong.append(f"{where} {report.problems[:2]}")
    if found.relation == "unknown":
        tally.unknown.append(where)
    elif found.proof == "solver-trusted":
        tally.trusted += 1
    if peers and found.relation != "unknown":
        truth = found.relation == "equivalent"
        for peer, decides in (("optimum", kinds.same_optimum), ("rows", kinds.same_rows), ("graph", kinds.same_graph)):
            if decides(changed, reference) != truth:
                tally.peers[peer] += 1


def family_references(
    families: Iterable[str] | None, sizes: Iterable[str], draws: int
) -> Iterator[tuple[str, Program]]:
    """References of the generated families."""
    from pyrite.problems.families import FAMILIES, draw

    for family in families or sorted(FAMILIES):
        for size in sizes:
            for seed in range(draws):
                problem = draw(family, seed, size)
                assert problem.reference is not None
                yield problem.id, build(problem.reference, problem.data)


def nl4opt_references(path: Path) -> Iterator[tuple[str, Program]]:
    """References of NL4OPT's declarations, whole-number reading."""
    from pyrite.problems.importers.importing import import_problems

    for problem in import_problems(path, "nl4opt").problems:
        if problem.reference is not None:
            yield problem.id, build(problem.reference, problem.data)


def measure(references: Iterable[tuple[str, Program]], *, peers: bool) -> dict[str, Tally]:
    """All kinds on all references."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for name, reference in references:
        for kind in (*kinds.REWRITES, *kinds.ERRORS):
            one(name, kind, reference, 0, tallies[kind], peers)
    return tallies


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def table(tallies: dict[str, Tally], *, peers: bool) -> str:
    """A Markdown table, a row a kind."""
    head = "| kind | pairs | equivalent | different | unknown | wrong | trusted | median ms | 99 % ms |"
    if peers:
        head += " optimum match errs | row match errs | graph match errs |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for kind in (*kinds.REWRITES, *kinds.ERRORS):
        t = tallies.get(kind, Tally())
        same = t.relations["equivalent"]
        unknown = t.relations["unknown"]
        cells = [kind, t.pairs, same, t.pairs - same - unknown, unknown, len(t.wrong), t.trusted]
        cells += [f"{1e3 * quantile(t.seconds, 0.5):.1f}", f"{1e3 * quantile(t.seconds, 0.99):.0f}"]
        if peers:
            decided = max(t.pairs - unknown, 1)
            cells += [f"{100 * t.peers[p] / decided:.0f} %" for p in ("optimum", "rows", "graph")]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the table and every wrong or unknown pair."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks equivalence")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--families", default="")
    parser.add_argument("--sizes", default="small,medium")
    parser.add_argument("--nl4opt", type=Path)
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args(arguments)
    peers = not chosen.no_peers

    def references() -> Iterator[tuple[str, Program]]:
        yield from family_references(
            chosen.families.split(",") if chosen.families else None, chosen.sizes.split(","), chosen.draws
        )
        if chosen.nl4opt:
            yield from nl4opt_references(chosen.nl4opt)

    tallies = measure(references(), peers=peers)
    print(table(tallies, peers=peers))
    every = [s for t in tallies.values() for s in t.seconds]
    pairs, unknown = sum(t.pairs for t in tallies.values()), sum(len(t.unknown) for t in tallies.values())
    print(f"\n{pairs} pairs, {unknown} unknown ({100 * unknown / max(pairs, 1):.2f} %), "
          f"{sum(len(t.wrong) for t in tallies.values())} wrong; median {1e3 * quantile(every, 0.5):.1f} ms, "
          f"99 % {1e3 * quantile(every, 0.99):.0f} ms, slowest {max(every, default=0):.2f} s")  # fmt: skip
    for kind, tally in tallies.items():
        for line in (tally.wrong + tally.unknown)[:5]:
            print(f"  {kind}: {line}")


if __name__ == "__main__":
    main()
