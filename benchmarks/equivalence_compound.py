"""The equivalence check on pairs with several rewrites and changes at once, against a truth found by enumeration.

    python -m benchmarks equivalence_compound [--pairs 20000] [--seed 0] [--blind [--latest] | --units] [--json]
        [--failures FOLDER]

Each pair starts from a small random program or a small reference of our families. The one side takes one to four
honest rewrites, in a third of the pairs after one to three changes; the other side takes one honest rewrite in a
quarter of the pairs. ``equivalence_truth`` says what is true; only ``compare`` and ``check`` come from Pyrite.

``false equivalent``: different by the truth, called equivalent. ``honest refuted``: the same, called anything but
equivalent or unknown. Where the truth is ambiguous (an affine map exists that nobody meant) or undecided, the pair is
listed apart.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks import equivalence_drafts as drafts
from benchmarks import equivalence_geometry as geometry
from benchmarks import equivalence_truth as oracle
from benchmarks.equivalence_changes import CHANGES
from benchmarks.equivalence_rewrites import REWRITES, Rewrite
from benchmarks.equivalence_unforeseen import LATEST, UNFORESEEN
from pyrite.feasibility.convert.flat import to_formulation
from pyrite.feasibility.equivalence.checking.checker import check
from pyrite.feasibility.equivalence.deciding import compare
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.programs.program import Column, Program, Quadratic, Row
from pyrite.feasibility.solver.solving import solve
from pyrite.problems.families import FAMILIES
from pyrite.problems.families import draw as draw_problem

TABLE = {**REWRITES, **UNFORESEEN, **LATEST}
MOST_COLUMNS = 7
"""Columns of a family's reference that serves as a start."""

COLUMN_REWRITES = [
    "other unit", "shifted", "negated", "complement", "digits", "split by sign", "split in parts", "other basis",
    "eliminated", "total of a row", "sum of columns", "slack",
]  # fmt: skip
"""What ``--units`` combines with a column in another unit under its name."""

Step = tuple[str, int]
"""A rewrite or change by name and the seed of its choices, so that a step can be left out and the rest stay."""


@dataclass(frozen=True)
class Recipe:
    """What a pair is made from; the same recipe always makes the same pair."""

    seed: str
    changes: tuple[Step, ...]
    rewrites: tuple[Step, ...]
    others: tuple[Step, ...]


@dataclass
class Pair:
    """Both sides, what was really done to them, and the truth."""

    recipe: Recipe
    a: geometry.Model
    b: geometry.Model
    changes: list[str]
    rewrites: list[str]
    others: list[str]
    truth: oracle.Verdict


def draw(
    seed: str, blind: bool = False, unforeseen: dict[str, Rewrite] | None = None, *, units: bool = False
) -> Recipe:
    """A random recipe; a blind one holds one or two ``unforeseen`` rewrites among at most two others.

    With ``units`` it puts one or two columns in other units and rewrites one to three others.
    """
    unforeseen = unforeseen or UNFORESEEN
    chance = random.Random(f"recipe/{seed}")

    def steps(names: list[str], count: int) -> tuple[Step, ...]:
        return tuple((chance.choice(names), chance.randrange(10**6)) for _ in range(count))

    harmful = chance.random() < 0.35
    changes = steps(list(CHANGES), chance.choice([1, 1, 2, 3]) if harmful else 0)
    if units:
        mixed = [*steps(["other unit"], chance.choice([1, 1, 2])), *steps(COLUMN_REWRITES, chance.choice([1, 2, 3]))]
        rewrites = tuple(chance.sample(mixed, len(mixed)))
    elif blind:
        mixed = [*steps(list(unforeseen), chance.choice([1, 1, 2])), *steps(list(REWRITES), chance.choice([0, 1, 2]))]
        rewrites = tuple(chance.sample(mixed, len(mixed)))
    else:
        rewrites = steps(list(REWRITES), chance.choice([1, 2, 2, 3, 3, 4]))
    others = steps(list(REWRITES), int(not blind and chance.random() < 0.25))
    return Recipe(seed, changes, rewrites, others)


def make(recipe: Recipe) -> Pair | None:
    """The pair of a recipe; None where the program is trivial (fewer than two plans)."""
    core = start(recipe.seed)
    if core is None:
        return None
    changed, changes = core, []
    for name, seed in recipe.changes:
        tried = changed.copy()
        if CHANGES[name](tried, random.Random(seed)):
            changed, changes = tried, [*changes, name]
    ours, rewrites = _rewritten(changed, recipe.rewrites, "a")
    theirs, others = _rewritten(core.copy(), recipe.others, "b")
    bound = [
        (i, i) for i, column in enumerate(core.columns)
        if drafts.binds(column.name) and ours.kept[i] is not None and theirs.kept[i] is not None
    ]  # fmt: skip
    base = geometry.plans(core)
    for draft, source in ((ours, geometry.plans(changed) if changes else base), (theirs, base)):
        hold(draft, changed if draft is ours else core, source)
    truth = oracle.truth(changed, core, bound) if changes else oracle.Verdict("same", "equivalent")
    return Pair(recipe, ours.model, theirs.model, changes, rewrites, others, truth)


def model(linear: Program) -> geometry.Model:
    """Pyrite's program without second-order terms as the oracle's model."""
    columns = [geometry.Col(c.name, c.is_integer, c.lower, c.upper) for c in linear.columns]
    rows = [geometry.Line(r.name, dict(r.linear), r.lower, r.upper) for r in linear.rows]
    maximize = None if linear.sense == "feasibility" else linear.sense == "maximize"
    return geometry.Model(columns, rows, maximize, dict(linear.objective.linear), linear.objective.constant)


def start(seed: str) -> geometry.Model | None:
    """A random program, in one pair of five the reference of a small problem of our families."""
    chance = random.Random(f"core/{seed}")
    for attempt in range(20):
        if chance.random() < 0.2:
            problem = draw_problem(chance.choice(sorted(FAMILIES)), chance.randrange(10**6), "small")
            assert problem.reference is not None
            reference = build(problem.reference, problem.data)
            if reference.is_quadratic or len(reference.columns) > MOST_COLUMNS:
                continue
            core = model(reference)
        else:
            core = drafts.draw_core(random.Random(f"core/{seed}/{attempt}"))
        if len(geometry.plans(core).points) > 2:
            return core
    return None


def _rewritten(model: geometry.Model, steps: tuple[Step, ...], side: str) -> tuple[drafts.Draft, list[str]]:
    draft = drafts.Draft(model.copy(), list(range(len(model.columns))), side)
    return draft, [name for name, seed in steps if TABLE[name](draft, random.Random(seed))]


def hold(draft: drafts.Draft, core: geometry.Model, found: geometry.Plans) -> None:
    """Every corner of the core is written as a plan of the draft, is read back, and keeps its place in the order."""
    costs = []
    for point in found.points[:40]:
        plan = draft.written(point)
        assert draft.model.admits(plan), (draft.model, point, plan)
        assert tuple(draft.read_back(plan)) == point, (draft.model, point, plan)
        costs.append((core.value(point), draft.model.value(plan)))
    costs.sort()
    assert all((p[0] < q[0]) == (p[1] < q[1]) for p, q in itertools.pairwise(costs)), draft.model


def program(model: geometry.Model) -> Program:
    """As Pyrite's program."""

    def tidy(value: geometry.Number | None) -> Any:
        if value is None:
            return None
        value = Fraction(value)
        return value.numerator if value.denominator == 1 else value

    columns = []
    for c in model.columns:
        domain = "continuous" if not c.whole else "binary" if (c.low, c.high) == (0, 1) else "integer"
        columns.append(Column(c.name, domain, tidy(c.low), tidy(c.high), c.name))
    rows = [
        Row(r.name, Quadratic({j: tidy(c) for j, c in r.terms.items() if c}), tidy(r.low), tidy(r.high), r.name)
        for r in model.rows if (r.low, r.high) != (None, None)
    ]  # fmt: skip
    if model.maximize is None:
        return Program(columns, rows, "feasibility")
    cost = Quadratic({j: tidy(c) for j, c in model.cost.items() if c}, {}, tidy(model.constant))
    return Program(columns, rows, "maximize" if model.maximize else "minimize", cost)


@dataclass
class Outcome:
    """What Pyrite said of a pair, and how that stands to the truth."""

    pair: Pair
    relation: str
    proof: str | None
    code: str | None
    seconds: float
    refused: list[str] = field(default_factory=list)

    @property
    def group(self) -> str:
        """honest or different where the truth is known, else the truth's own word."""
        truth = self.pair.truth.truth
        return {"same": "honest", "same by exchange": "honest by exchange"}.get(truth, truth)

    @property
    def fault(self) -> str | None:
        """The kind of fault, if it is one."""
        if self.refused:
            return "evidence refused"
        if self.group == "different" and self.relation == "equivalent":
            return "false equivalent"
        if self.group == "honest" and self.relation not in ("equivalent", "unknown"):
            return f"honest refuted {self.proof}"
        known = self.pair.truth.relation
        if self.group == "different" and known and self.relation not in (known, "unknown"):
            return "other relation"
        return None


def best_plan(a: Program) -> tuple[Any, ...] | None:
    """The plan that the stages before leave behind."""
    solution = solve(a, Policy())
    return solution.point if solution.exact_point else None


def judge(pair: Pair) -> Outcome:
    """Compare with Pyrite, and re-check its evidence; every second pair as scoring does, with plans that are known."""
    a, b = program(pair.a), program(pair.b)
    scored = pair.recipe.seed[-1:] in "13579"
    plans = (best_plan(a), best_plan(b)) if scored else (None, None)
    started = time.perf_counter()
    found = compare(a, b, Policy(), plans=plans)
    seconds = time.perf_counter() - started
    report = check(a, b, found)
    return Outcome(pair, found.relation, found.proof, found.code, seconds, report.problems[:2])


def outcomes(
    pairs: int, seed: int, blind: bool = False, unforeseen: dict[str, Rewrite] | None = None, *, units: bool = False
) -> Iterator[Outcome]:
    """That many pairs, judged one after another; with ``units`` only those where a unit was really changed."""
    made = number = 0
    while made < pairs:
        pair = make(draw(f"{seed}/{number}", blind, unforeseen, units=units))
        number += 1
        if pair is not None and (not units or "other unit" in pair.rewrites):
            made += 1
            yield judge(pair)


def shrunk(outcome: Outcome) -> Outcome:
    """The same fault with as few steps as possible."""
    smaller = True
    while smaller:
        smaller = False
        recipe = outcome.pair.recipe
        for part in ("others", "rewrites", "changes"):
            steps = getattr(recipe, part)
            for k in range(len(steps)):
                pair = make(replace(recipe, **{part: steps[:k] + steps[k + 1 :]}))
                tried = judge(pair) if pair is not None else None
                if tried is not None and tried.fault == outcome.fault:
                    outcome, smaller = tried, True
                    break
            if smaller:
                break
    return outcome


# The report -----------------------------------------------------------------------------------------------------------


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %" if whole else ""


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def summary(found: list[Outcome]) -> dict[str, Any]:
    """All counts, for ``--json``."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for o in found:
        groups[o.group][o.relation] += 1
    faults = Counter(o.fault for o in found if o.fault)
    seconds = [o.seconds for o in found]
    unknown = {g: [groups[g]["unknown"], sum(groups[g].values())] for g in ("honest", "different")}
    return {
        "pairs": len(found),
        "groups": {g: dict(c) for g, c in sorted(groups.items())},
        "faults": dict(faults),
        "unknown": unknown,
        "unknown_codes": dict(Counter(o.code for o in found if o.relation == "unknown").most_common()),
        "proofs": dict(Counter(str(o.proof) for o in found if o.relation != "unknown")),
        "seconds": {
            "median": _quantile(seconds, 0.5),
            "99 %": _quantile(seconds, 0.99),
            "most": max(seconds, default=0),
        },
    }


def tables(found: list[Outcome]) -> str:
    """Markdown: by rewrite, by number combined, by change."""
    lines = []

    def rows(title: str, key: Any, chosen: list[Outcome]) -> None:
        split: dict[Any, list[Outcome]] = defaultdict(list)
        for o in chosen:
            for name in key(o):
                split[name].append(o)
        lines.append(f"\n| {title} | honest | refuted | unknown | different | false equivalent | unknown |")
        lines.append("|---|---|---|---|---|---|---|")
        for name, part in sorted(split.items(), key=lambda item: str(item[0])):
            honest = [o for o in part if o.group == "honest"]
            other = [o for o in part if o.group == "different"]
            refuted = sum((o.fault or "").startswith("honest refuted") for o in honest)
            wrong = sum(o.fault == "false equivalent" for o in other)
            blank = [sum(o.relation == "unknown" for o in g) for g in (honest, other)]
            cells = [name, len(honest), refuted, _share(blank[0], len(honest)), len(other), wrong,
                     _share(blank[1], len(other))]  # fmt: skip
            lines.append("| " + " | ".join(map(str, cells)) + " |")

    rows("rewrite (among others)", lambda o: sorted({*o.pair.rewrites, *o.pair.others}), found)
    rows("rewrites combined", lambda o: [len(o.pair.rewrites) + len(o.pair.others)], found)
    rows("sides rewritten", lambda o: ["both" if o.pair.others else "one"], found)
    rows("change (among others)", lambda o: sorted(set(o.pair.changes)), [o for o in found if o.pair.changes])
    return "\n".join(lines)


def sentence(found: list[Outcome]) -> str:
    """The counts in words."""
    counts = summary(found)
    groups = {g: sum(c.values()) for g, c in counts["groups"].items()}
    honest, different = groups.get("honest", 0), groups.get("different", 0)
    faults = counts["faults"]
    refuted = {k: v for k, v in faults.items() if k.startswith("honest refuted")}
    blank = {g: _share(*counts["unknown"][g]) for g in ("honest", "different")}
    others = {g: counts["groups"][g] for g in counts["groups"] if g not in ("honest", "different")}
    seconds = counts["seconds"]
    reasons = Counter(str(o.code) for o in found if o.group == "honest" and o.relation == "unknown")
    codes = ", ".join(f"{code} {_share(count, honest)}" for code, count in reasons.most_common())
    return (
        f"{counts['pairs']} pairs: {honest} honest, {different} different. False equivalent "
        f"{faults.get('false equivalent', 0)}; honest refuted {sum(refuted.values())} {refuted or ''}; "
        f"evidence refused {faults.get('evidence refused', 0)}; "
        f"another relation than enumeration's {faults.get('other relation', 0)}. "
        f"Unknown: {blank['honest']} of the honest ({codes}), {blank['different']} of the different. "
        f"Median {1e3 * seconds['median']:.1f} ms, 99 % {1e3 * seconds['99 %']:.0f} ms, most {seconds['most']:.2f} s. "
        f"Apart: {others}."
    )


def described(outcome: Outcome) -> dict[str, Any]:
    """A pair for a person and for ``pyrite equivalent``: both formulations as JSON."""
    pair = outcome.pair
    return {
        "fault": outcome.fault, "relation": outcome.relation, "proof": outcome.proof, "code": outcome.code,
        "truth": [pair.truth.truth, pair.truth.relation, pair.truth.reason], "recipe": pair.recipe.seed,
        "changes": pair.changes, "rewrites": pair.rewrites, "others": pair.others, "refused": outcome.refused,
        "a": to_formulation(program(pair.a)).to_dict(), "b": to_formulation(program(pair.b)).to_dict(),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Print the tables; with ``--failures`` write every fault, as small as it gets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks equivalence_compound")
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="counts as JSON instead of tables")
    parser.add_argument("--failures", type=Path, help="a folder for the pairs that went wrong")
    parser.add_argument("--unknown", action="store_true", help="with --failures, write the undecided pairs too")
    parser.add_argument("--blind", action="store_true", help="with rewrites written after the check")
    parser.add_argument("--latest", action="store_true", help="with --blind, only the rewrites that were written last")
    parser.add_argument("--units", action="store_true", help="columns in other units among rewrites of other columns")
    parser.add_argument("--one", type=int, help="only the pair of this number, in full")
    chosen = parser.parse_args(arguments)
    unforeseen = LATEST if chosen.latest else UNFORESEEN
    if chosen.one is not None:
        pair = make(draw(f"{chosen.seed}/{chosen.one}", chosen.blind, unforeseen, units=chosen.units))
        print("a trivial program" if pair is None else json.dumps(described(judge(pair)), indent=1, default=str))
        return
    found = []
    for outcome in outcomes(chosen.pairs, chosen.seed, chosen.blind, unforeseen, units=chosen.units):
        found.append(outcome)
        if len(found) % 500 == 0:
            print(
                f"{len(found)} of {chosen.pairs}: {dict(Counter(o.fault for o in found if o.fault))}", file=sys.stderr
            )
        wanted = outcome.fault or (
            chosen.unknown and outcome.relation == "unknown" and outcome.group in ("honest", "different")
        )
        if chosen.failures and wanted:
            chosen.failures.mkdir(parents=True, exist_ok=True)
            small = shrunk(outcome) if outcome.fault else outcome
            name = (outcome.fault or f"unknown {outcome.group}").replace(" ", "-")
            path = chosen.failures / f"{name}-{outcome.pair.recipe.seed.replace('/', '-')}.json"
            path.write_text(json.dumps(described(small), indent=1, default=str), "utf-8")
    if chosen.json:
        print(json.dumps(summary(found), indent=1))
    else:
        print(tables(found))
        print(f"\n{sentence(found)}")


if __name__ == "__main__":
    main()
