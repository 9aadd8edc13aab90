"""The equivalence check on FormulationBench: labelled pairs of published formulations on their problems' data.

    python -m benchmarks formulation_bench --folder ../shared/data/formulation-bench [--seconds 5] [--json]

The folder holds ``pairs.jsonl`` (one object a line: pair, a, b, reformulation, np_hard, note) and the MPS files that it
names, gzipped or not (henryrobbins/formulation-bench, MIT). Its labels speak of every instance of a problem and of
recovering optima, a comparison of two files of the plans of this one: ``equivalent`` where the label says no is listed
as such with its scope, and contradicts the label only when the scope is all data.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyrite.feasibility.convert import read
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.program import Program

KINDS = {
    "names of parameters": "other names",
    "base-10": "whole numbers as decimal digits",
    "objective function with a new variable": "objective through a variable",
    "slack variables": "slack variables",
    "splits variables": "variables split",
    "re-scale": "objective rescaled",
    "with the same optimal objective": "unrelated, same optimum",
    "unrelated": "unrelated",
    "remove constraints": "constraints removed",
    "augmented with": "published cuts added",
}
"""A word of the pair's note, and the kind of reformulation that it tells; anything else is another formulation."""
PUBLISHED = (
    ("same optimum (execution)", "83.3 %", "", "2.1 s", ""),
    ("EquivaMap", "81.5 %", "", "6.1 s", "$0.026"),
    ("FLARE without certificate", "100 %", "", "13.9 s", "$0.048"),
    ("FLARE with Lean", "100 %", "", "410.6 s", "$1.18"),
)
"""FLARE's table 1, over the 54 NP-hard pairs of the whole collection: accuracy, unknown, time and cost a pair."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair and what came out."""

    pair: str
    kind: str
    label: bool
    hard: bool
    relation: str
    proof: str | None
    scope: str
    code: str | None
    seconds: float
    refused: tuple[str, ...]

    @property
    def standing(self) -> str:
        """How the relation stands to the label: agrees, unknown, this data only, or contradicts."""
        if self.relation == "unknown":
            return "unknown"
        if (self.relation == "equivalent") == self.label:
            return "agrees"
        if self.relation == "equivalent" and self.scope == "this data":
            return "this data only"
        return "contradicts"


def kind_of(note: str) -> str:
    """The kind of reformulation that a pair's note tells."""
    return next((kind for word, kind in KINDS.items() if word in note.lower()), "another formulation")


def program(path: Path) -> Program:
    """A program from MPS, gzipped or not."""
    raw = path.read_bytes()
    return read((gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8"), "mps")


def judged(folder: Path, policy: Policy) -> Iterator[Judged]:
    """Every pair of the folder, in its order."""
    for line in (folder / "pairs.jsonl").read_text("utf-8").splitlines():
        if not line.strip():
            continue
        entry: dict[str, Any] = json.loads(line)
        a, b = program(folder / entry["a"]), program(folder / entry["b"])
        started = time.perf_counter()
        found = compare(b, a, policy)
        seconds = time.perf_counter() - started
        report = check(b, a, found)
        yield Judged(
            entry["pair"], kind_of(entry["note"]), entry["reformulation"], entry["np_hard"], found.relation,
            found.proof, found.scope, found.code, seconds, tuple(report.problems[:2]),
        )  # fmt: skip


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def table(found: Sequence[Judged]) -> str:
    """Markdown, a row a kind of reformulation."""
    lines = ["| kind | label | pairs | agrees | this data only | contradicts | unknown | median s |", "|" + "---|" * 8]
    groups: dict[tuple[str, bool], list[Judged]] = defaultdict(list)
    for one in found:
        groups[one.kind, one.label].append(one)
    for (kind, label), part in groups.items():
        counts = Counter(one.standing for one in part)
        cells = [kind, "yes" if label else "no", len(part)]
        cells += [counts[s] for s in ("agrees", "this data only", "contradicts", "unknown")]
        lines.append("| " + " | ".join(map(str, [*cells, f"{_median([one.seconds for one in part]):.3f}"])) + " |")
    return "\n".join(lines)


def beside(found: Sequence[Judged]) -> str:
    """Our rows beside the published ones."""
    lines = ["| method | right | unknown | a pair | cost |", "|---|---|---|---|---|"]
    for name, part in (("Pyrite, all pairs here", found), ("Pyrite, NP-hard ones", [o for o in found if o.hard])):
        counts = Counter(one.standing for one in part)
        shares = [f"{100 * counts[s] / max(1, len(part)):.1f} %" for s in ("agrees", "unknown")]
        median = f"{_median([one.seconds for one in part]):.2f} s (median)"
        lines.append(f"| {name} ({len(part)}) | {shares[0]} | {shares[1]} | {median} | none |")
    lines += ["| " + " | ".join(row) + " |" for row in PUBLISHED]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the tables and every pair that is unknown or does not agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks formulation_bench")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data/formulation-bench"))
    parser.add_argument("--seconds", type=float, default=Policy().equivalence_seconds, help="the limit a pair")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if not (chosen.folder / "pairs.jsonl").is_file():
        print(f"{chosen.folder} holds no pairs.jsonl: give FormulationBench's folder with --folder", file=sys.stderr)
        return
    found = list(judged(chosen.folder, Policy(equivalence_seconds=chosen.seconds)))
    if chosen.json:
        print(json.dumps([{**{k: getattr(o, k) for k in Judged.__slots__}, "standing": o.standing} for o in found]))
        return
    print(table(found))
    print(f"\n{beside(found)}\n")
    for one in found:
        if one.standing != "agrees" or one.refused:
            code = f" ({one.code})" if one.code else ""
            print(
                f"{one.pair}: {one.kind}: {one.relation}{code}, {one.standing}, {one.seconds:.2f} s {one.refused or ''}"
            )


if __name__ == "__main__":
    main()
