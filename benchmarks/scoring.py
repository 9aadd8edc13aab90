"""Scoring 2,000 small outputs (3 to 10 variables, half of them integer): rate, shares, ratio to bare HiGHS, memory.

Each of 200 problems is a random product mix with a reference formulation; its ten outputs are the reference itself with
other layouts, dropped rows, changed coefficients, a wrong sense, prose, broken JSON. What a person would feed in.
Beside these, in which four of ten outputs to a problem are one document: each document once; documents of which
every one has a number of its own, so that each is compared anew; and documents that come again and again, as
reinforcement learning draws them. Ratios to HiGHS are of processor time in this process; ``--workers`` without numbers
measures only them, which a busy machine does not disturb much.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, TypeAlias

import highspy
import numpy as np

from pyrite import Formulation, Policy, Problem
from pyrite.feasibility.language.known_texts import forget_texts
from pyrite.feasibility.programs.compiling import Rejected, build
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.pool import Pool
from pyrite.feasibility.scoring.remembered import Remembered
from pyrite.feasibility.scoring.stages.protocol import Watch
from pyrite.feasibility.verdict import STAGES
from pyrite.feasibility.workers.inside import collect_rarely
from pyrite.problems.lines import LineWriter
from pyrite.results.lines import VerdictLines

Task: TypeAlias = tuple[str, int, str]
"""Problem, sample, text."""

PROBLEMS, SAMPLES = 200, 10
REPEATS = 3


def formulation(rng: random.Random, whole: bool) -> dict[str, Any]:
    """A feasible, bounded product mix: 3 to 10 products, 2 to 5 resources, some contracts."""
    names = [f"product_{chr(97 + i)}" for i in range(rng.randint(3, 10))]
    domain = "integer" if whole else "continuous"
    constraints = {}
    for r in range(rng.randint(2, 5)):
        used = [name for name in names if rng.random() < 0.8] or names[:1]
        left = " + ".join(f"{rng.randint(1, 99) / rng.choice([1, 2, 4, 10])}*{name}" for name in used)
        constraints[f"resource_{r}"] = f"{left} <= {rng.randint(200, 2000)}"
    for name in names:
        if rng.random() < 0.3:
            constraints[f"demand_{name}"] = f"{name} <= {rng.randint(5, 60)}"
    constraints["total"] = " + ".join(names) + f" <= {rng.randint(50, 300)}"
    objective = " + ".join(f"{rng.randint(10, 400) / rng.choice([1, 2, 4])}*{name}" for name in names)
    return {
        "variables": {name: {"domain": domain, "lower": 0} for name in names},
        "objective": {"sense": "maximize", "expression": objective},
        "constraints": constraints,
    }


def variants(rng: random.Random, reference: dict[str, Any]) -> list[str]:
    """Ten outputs, as models write them: five that should pass, three wrong in substance, two wrong on the surface."""
    text = json.dumps(reference)
    shuffled = {**reference, "constraints": dict(reversed(reference["constraints"].items()))}
    dropped = json.loads(text)
    dropped["constraints"].pop(rng.choice(sorted(dropped["constraints"])))
    contradictory = json.loads(text)
    first = next(iter(reference["variables"]))
    contradictory["constraints"]["extra"] = f"{first} >= 100000"
    flipped = json.loads(text)
    flipped["objective"]["sense"] = "minimize"
    return [
        text,
        json.dumps(reference, indent=2),
        f"Here is the model:\n```json\n{text}\n```\nGood luck!",
        json.dumps(shuffled),
        json.dumps(reference, separators=(",", ":")),
        json.dumps(dropped),
        json.dumps(contradictory),
        json.dumps(flipped),
        text.replace(f"*{first}", "*unheard_of", 1),
        text[: len(text) // 2],
    ]


def instances(seed: int = 0, count: int = PROBLEMS) -> tuple[list[Problem], list[Task]]:
    """Problems with references and the outputs to them, the same for the same seed."""
    rng = random.Random(seed)
    problems, tasks = [], []
    for number in range(count):
        reference = formulation(rng, whole=number % 2 == 0)
        problem = Problem(f"mix-{number}", "A product mix.", Formulation.from_dict(reference))
        problems.append(problem)
        tasks += [(problem.id, sample, text) for sample, text in enumerate(variants(rng, reference))]
    return problems, tasks


def distinct(problems: list[Problem], seed: int = 1) -> list[Task]:
    """Ten outputs to each problem, no two of them the same document: every one has a coefficient of its own."""
    rng = random.Random(seed)
    tasks = []
    for problem in problems:
        assert problem.reference is not None
        for sample in range(SAMPLES):
            document = problem.reference.to_dict()
            if sample:
                rows = document["constraints"]
                name = rng.choice(sorted(rows))
                left, _, right = rows[name].rpartition(" ")
                rows[name] = f"{left} {int(right) + sample}"
            tasks.append((problem.id, sample, json.dumps(document)))
    return tasks


def repeated(tasks: list[Task], count: int = 6000, seed: int = 2) -> list[Task]:
    """Draws from the outputs to the first 20 problems: 200 texts, each about thirty times."""
    rng = random.Random(seed)
    drawn = [rng.choice(tasks[: 20 * SAMPLES]) for _ in range(count)]
    return [(problem_id, number, text) for number, (problem_id, _, text) in enumerate(drawn)]


def bare_highs(programs: list[Program]) -> float:
    """Processor seconds of HiGHS alone for the same programs: pass the model, run (one object, gap 0, one thread)."""
    prepared = []
    for program in programs:
        model = highspy.HighsLp()
        n, m = len(program.columns), len(program.rows)
        model.num_col_, model.num_row_ = n, m
        model.col_cost_ = np.array([float(program.objective.linear.get(j, 0)) for j in range(n)])
        inf = highspy.kHighsInf
        model.col_lower_ = np.array([-inf if c.lower is None else float(c.lower) for c in program.columns])
        model.col_upper_ = np.array([inf if c.upper is None else float(c.upper) for c in program.columns])
        model.row_lower_ = np.array([-inf if r.lower is None else float(r.lower) for r in program.rows])
        model.row_upper_ = np.array([inf if r.upper is None else float(r.upper) for r in program.rows])
        starts, indices, values = [0], [], []
        for row in program.rows:
            indices += list(row.linear)
            values += [float(v) for v in row.linear.values()]
            starts.append(len(indices))
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.array(starts, dtype=np.int32)
        model.a_matrix_.index_ = np.array(indices, dtype=np.int32)
        model.a_matrix_.value_ = np.array(values)
        whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        if program.is_mixed_integer:
            model.integrality_ = [whole if c.is_integer else real for c in program.columns]
        if program.sense == "maximize":
            model.sense_ = highspy.ObjSense.kMaximize
        prepared.append(model)
    solver = highspy.Highs()
    solver.silent()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    started = time.process_time()
    for model in prepared:
        solver.clearSolver()
        solver.passModel(model)
        solver.run()
    return time.process_time() - started


def judged(problems: list[Problem], tasks: list[Task], watch: Watch | None = None) -> float:
    """Processor seconds for all outputs in this process, nothing being known yet."""
    forget_texts()  # a process that starts has read no text yet
    kept = Remembered()
    judges = {problem.id: Judge(problem.as_reference(), Policy(), remembered=kept) for problem in problems}
    watching = {} if watch is None else {"watch": watch}
    started = time.process_time()
    for problem_id, sample, text in tasks:
        judges[problem_id].judge(text, problem_id, sample, **watching)
    return time.process_time() - started


def by_stage(problems: list[Problem], tasks: list[Task]) -> tuple[float, dict[str, float]]:
    """Processor seconds for all outputs, and those of each stage (and of preparing references).

    Reading the clock twice a stage takes a little time of its own, which is in the whole.
    """
    shares: dict[str, float] = defaultdict(float)
    begun: dict[str, float] = {}

    def watch(stage: str, state: str) -> None:
        now = time.process_time()
        if state == "begun":
            begun[stage] = now
            return
        spent = now - begun[stage]
        shares[stage] += spent
        if stage == "reference":
            # It is prepared in the middle of a stage, whose time it is not.
            for other in STAGES:
                begun[other] = begun.get(other, 0.0) + spent

    return judged(problems, tasks, watch), dict(shares)


def different(problems: list[Problem], tasks: list[Task]) -> list[Task]:
    """The outputs of :func:`instances` without those that say what an earlier one to the same problem says."""
    known: dict[str, set[str]] = defaultdict(set)
    found = []
    for problem_id, sample, text in tasks:
        said = json.dumps(document) if (document := document_of(text)) is not None else text
        if said not in known[problem_id]:
            known[problem_id].add(said)
            found.append((problem_id, sample, text))
    return found


def document_of(text: str) -> Any:
    """The JSON within a text; None when there is none."""
    try:
        return json.loads(text[text.find("{") : text.rfind("}") + 1])
    except ValueError:
        return None


def compiled(tasks: list[Task]) -> list[Program]:
    """What reaches the solver."""
    found = []
    for _, _, text in tasks:
        try:
            found.append(build(Formulation.from_dict(document_of(text))))
        except (ValueError, TypeError, AttributeError, Rejected):
            continue
    return found


def against_highs(problems: list[Problem], tasks: list[Task], repeats: int) -> dict[str, float]:
    """Judging them all in this process, held against HiGHS alone on their models: both in turn, medians."""
    programs = compiled(tasks)
    ours, bare = [], []
    for _ in range(repeats):
        bare.append(bare_highs(programs))
        ours.append(judged(problems, tasks))
    seconds, alone = statistics.median(ours), statistics.median(bare)
    return {"ours": seconds, "bare": alone, "models": len(programs), "ratio": seconds / alone}


def by_workers(problems: list[Problem], tasks: list[Task], workers: int, repeats: int) -> dict[str, float]:
    """Outputs a second, processor seconds of an output in the parent (lines written), the most memory of a worker."""
    references = {problem.id: problem.as_reference() for problem in problems}
    rates, parents, peak = [], [], 0
    for _ in range(repeats):
        # A pool of its own: what one has judged, it remembers.
        with Pool(Policy(), workers) as pool, tempfile.TemporaryDirectory() as folder:
            list(pool.judge([(problems[0].id, n, "") for n in range(4 * workers)], references))  # they have started
            with LineWriter(Path(folder) / "verdicts.jsonl") as file:
                lines = VerdictLines(file)
                began, spent = time.perf_counter(), time.process_time()
                for verdict in pool.judge(tasks, references):
                    lines.write(verdict)
                rates.append(len(tasks) / (time.perf_counter() - began))
                parents.append((time.process_time() - spent) / len(tasks))
            peak = max(peak, pool.peak_memory)
    return {"rate": statistics.median(rates), "parent": statistics.median(parents), "peak": peak}


def stages(problems: list[Problem], tasks: list[Task]) -> None:
    """Print what each stage takes."""
    whole, shares = by_stage(problems, tasks)
    print("\n| stage | processor ms an output | share |")
    print("|---|---|---|")
    for stage in (*STAGES, "reference"):
        if stage in shares:
            print(f"| {stage} | {1000 * shares[stage] / len(tasks):.3f} | {100 * shares[stage] / whole:.1f} % |")
    rest = whole - sum(shares.values())
    print(f"| the rest | {1000 * rest / len(tasks):.3f} | {100 * rest / whole:.1f} % |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks scoring")
    parser.add_argument("--problems", type=int, default=PROBLEMS, help="fewer are quicker")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4], help="none: processor time alone")
    options = parser.parse_args()
    problems, tasks = instances(count=options.problems)
    collect_rarely()  # as a worker does
    kinds = {
        "as models write them": tasks,
        "each document once": different(problems, tasks),
        "one number changed in each": distinct(problems),
        "repeated": repeated(tasks, count=3 * len(tasks)),
    }
    print("| outputs | count | processor ms an output, in one process | a second of one core | times HiGHS alone |")
    print("|---|---|---|---|---|")
    alone: dict[str, float] = {}
    for kind, some in kinds.items():
        found = against_highs(problems, some, options.repeats)
        alone[kind] = len(some) / found["ours"]
        ratio = "-" if kind == "repeated" else f"{found['ratio']:.2f}"
        print(f"| {kind} | {len(some):,} | {1000 / alone[kind]:.2f} | {alone[kind]:,.0f} | {ratio} |", flush=True)
    stages(problems, tasks)
    if not options.workers:
        return
    print("\n| outputs | workers | a second | processor ms an output in the parent | peak MiB of a worker |")
    print("|---|---|---|---|---|")
    for kind, some in kinds.items():
        parent = 0.0
        for workers in options.workers:
            found = by_workers(problems, some, workers, options.repeats)
            parent = found["parent"]
            row = f"{found['rate']:,.0f} | {1000 * parent:.3f} | {found['peak'] / 2**20:.0f}"
            print(f"| {kind} | {workers} | {row} |", flush=True)
        # One process hands out and writes down: that is where many cores end.
        many = min(1000 * alone[kind], 1 / parent)
        print(f"| {kind} | 1,000 cores, on paper | {many:,.0f} | | |", flush=True)
