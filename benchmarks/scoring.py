"""Scoring 2,000 small outputs (3 to 10 variables, half of them integer): rate, shares, ratio to bare HiGHS, memory.

Each of 200 problems is a random product mix with a reference formulation; its ten outputs are the reference itself with
other layouts, dropped rows, changed coefficients, a wrong sense, prose, broken JSON. What a person would feed in.
Beside these, in which four of ten outputs to a problem are one document: distinct documents alone, and documents that
come again and again, as reinforcement learning draws them.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections import defaultdict
from typing import Any

import highspy
import numpy as np

from pyrite import Formulation, Policy, Problem
from pyrite.feasibility.programs.compiling import Rejected, build
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.pool import Pool
from pyrite.feasibility.scoring.remembered import Remembered
from pyrite.feasibility.verdict import STAGES

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


def instances(seed: int = 0) -> tuple[list[Problem], list[tuple[str, int, str]]]:
    """Problems with references and the outputs to them, the same for the same seed."""
    rng = random.Random(seed)
    problems, tasks = [], []
    for number in range(PROBLEMS):
        reference = formulation(rng, whole=number % 2 == 0)
        problem = Problem(f"mix-{number}", "A product mix.", Formulation.from_dict(reference))
        problems.append(problem)
        tasks += [(problem.id, sample, text) for sample, text in enumerate(variants(rng, reference))]
    return problems, tasks


def distinct(problems: list[Problem], seed: int = 1) -> list[tuple[str, int, str]]:
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


def repeated(tasks: list[tuple[str, int, str]], count: int = 6000, seed: int = 2) -> list[tuple[str, int, str]]:
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


def in_one_process(problems: list[Problem], tasks: list[tuple[str, int, str]]) -> tuple[float, dict[str, float]]:
    """Processor seconds for all outputs in this process, and those of each stage (and of preparing references)."""
    kept = Remembered()
    judges = {problem.id: Judge(problem.as_reference(), Policy(), remembered=kept) for problem in problems}
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

    started = time.process_time()
    for problem_id, sample, text in tasks:
        judges[problem_id].judge(text, problem_id, sample, watch)
    return time.process_time() - started, dict(shares)


def main() -> None:
    problems, tasks = instances()
    references = {problem.id: problem.as_reference() for problem in problems}
    policy = Policy()
    rates: dict[int, list[float]] = defaultdict(list)
    others = {"distinct": distinct(problems), "repeated": repeated(tasks)}
    other_rates: dict[tuple[str, int], list[float]] = defaultdict(list)
    peak = 0
    for _ in range(REPEATS):
        for workers in (1, 2):
            with Pool(policy, workers) as pool:
                list(pool.judge(tasks[:40], references))  # the workers have started
                started = time.perf_counter()
                verdicts = list(pool.judge(tasks, references))
                rates[workers].append(len(tasks) / (time.perf_counter() - started))
                for kind, some in others.items():
                    started = time.perf_counter()
                    list(pool.judge(some, references))
                    other_rates[kind, workers].append(len(some) / (time.perf_counter() - started))
                peak = max(peak, pool.peak_memory)
    assert all("internal-error" not in {r.code for r in v.stages.values()} for v in verdicts)
    whole, shares = min((in_one_process(problems, tasks) for _ in range(REPEATS)), key=lambda pair: pair[0])
    programs = []
    for _, _, text in tasks:
        start, end = text.find("{"), text.rfind("}") + 1
        try:
            document = json.loads(text[start:end])
            programs.append(build(Formulation.from_dict(document)))
        except (ValueError, Rejected):
            continue
    bare = statistics.median(bare_highs(programs) for _ in range(REPEATS))
    print(f"{len(tasks):,} outputs to {len(problems)} problems; {len(programs):,} of them reach the solver")
    print(
        f"surface {sum(v.surface for v in verdicts):,}, substance {sum(v.substance is True for v in verdicts):,}, "
        f"unknown {sum(v.substance is None for v in verdicts):,}"
    )
    print()
    print("| what | outputs a second (median of 3) |")
    print("|---|---|")
    for workers, found in rates.items():
        print(f"| pool, {workers} worker{'s' if workers > 1 else ''} | {statistics.median(found):,.0f} |")
    print(f"| in this process (processor time) | {len(tasks) / whole:,.0f} |")
    for (kind, workers), found in sorted(other_rates.items()):
        print(f"| {kind} documents, {workers} worker{'s' if workers > 1 else ''} | {statistics.median(found):,.0f} |")
    for kind, some in others.items():
        seconds, _ = in_one_process(problems, some)
        print(f"| {kind} documents, in this process (processor time) | {len(some) / seconds:,.0f} |")
    print()
    print("| stage | processor ms an output | share |")
    print("|---|---|---|")
    for stage in (*STAGES, "reference"):
        if stage in shares:
            print(f"| {stage} | {1000 * shares[stage] / len(tasks):.3f} | {100 * shares[stage] / whole:.1f} % |")
    rest = whole - sum(shares.values())
    print(f"| the rest | {1000 * rest / len(tasks):.3f} | {100 * rest / whole:.1f} % |")
    print()
    print(
        f"HiGHS alone on the {len(programs):,} compiled models, same process: {bare:.2f} s; "
        f"judging all outputs: {whole:.2f} s, {whole / bare:.2f} times that"
    )
    print(f"peak resident memory of a worker: {peak / 2**20:.0f} MiB")
