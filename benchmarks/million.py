"""Many made-up outputs scored by the command, killed once and resumed: time, peak memory, and the verdicts compared.

    python -m benchmarks million --outputs 1000000 [--kind parquet] [--workers 2] [--folder FOLDER]

Outputs to 100 product mixes (those of the benchmark ``scoring``) are drawn, repeated as in reinforcement learning,
from ``--texts`` different answers to each problem, and written into shards. ``pyrite score`` is killed (SIGKILL, its
workers too) when half of the verdicts are there, and the same command goes on. The memory is the most that the system
saw resident (VmHWM) of the command's process and of its workers. A smaller file is scored with and without a kill, and
the verdicts, less their seconds, have to be the same lines.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.scoring import formulation, variants
from pyrite import Formulation, Problem
from pyrite.problems.lines import write_lines
from pyrite.problems.parquet import write_parquet
from pyrite.results.exchange import OUTPUT_COLUMNS, output_to_row

PROBLEMS = 100
SHARDS = 8
_LOOK = 0.25
# The command as it is, but smaller files are streamed, too.
_COMMAND = """
from pyrite.results import streaming
streaming.LARGE = 0
from pyrite.cli.main import main
main()
"""


@dataclass(slots=True)
class Ran:
    """One go of the command; peaks in bytes."""

    seconds: float
    parent: int
    worker: int
    killed: bool
    told: str


def answers(rng: random.Random, reference: dict[str, Any], texts: int) -> list[str]:
    """Different answers to one problem: the ten kinds of ``scoring``, and those with a number changed in one row."""
    found = variants(rng, reference)
    while len(found) < texts:
        document = json.loads(json.dumps(reference))
        name = rng.choice(sorted(document["constraints"]))
        left, _, right = document["constraints"][name].rpartition(" ")
        document["constraints"][name] = f"{left} {int(right) + len(found)}"
        found += rng.sample(variants(rng, document), 4)
    return found[:texts]


def make(folder: Path, outputs: int, kind: str, texts: int) -> tuple[Path, Path]:
    """The problems' file and the folder of shards; the same for the same numbers."""
    rng = random.Random(20)
    drawn: dict[str, list[str]] = {}
    problems = []
    for number in range(PROBLEMS):
        reference = formulation(rng, whole=number % 2 == 0)
        problem = Problem(f"mix-{number}", "A product mix.", Formulation.from_dict(reference))
        problems.append(problem)
        drawn[problem.id] = answers(rng, reference, texts)
    source = folder / f"outputs-{outputs}-{kind}"
    source.mkdir(parents=True)
    file = folder / "problems.jsonl"
    write_lines(file, (problem.to_dict() for problem in problems))
    names = list(drawn)
    for shard in range(SHARDS):
        numbers = range(shard * outputs // SHARDS, (shard + 1) * outputs // SHARDS)
        rows: Iterator[dict[str, Any]] = (
            {
                "problem_id": names[n % PROBLEMS],
                "sample": n // PROBLEMS,
                "output": rng.choice(drawn[names[n % PROBLEMS]]),
            }
            for n in numbers
        )
        if kind == "parquet":
            write_parquet(source / f"part-{shard:02}.parquet", OUTPUT_COLUMNS, map(output_to_row, rows))
        else:
            write_lines(source / f"part-{shard:02}.jsonl", rows)
    return file, source


def peak(process: int) -> int:
    """The most resident memory that a process had, in bytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def children(process: int) -> list[int]:
    """The processes that this one started."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return found


def run(problems: Path, source: Path, out: Path, workers: int, kill_at: int = 0) -> Ran:
    """The command; killed once the run has this many bytes of verdicts."""
    command = [sys.executable, "-c", _COMMAND, "score", str(problems), str(source), "--out", str(out)]
    verdicts = out / "verdicts.jsonl"
    started = time.perf_counter()
    most = {"parent": 0, "worker": 0}
    log = out.with_suffix(".log")
    with open(log, "wb") as told:
        process = subprocess.Popen(
            [*command, "--workers", str(workers)], stdout=told, stderr=told, start_new_session=True
        )
        while process.poll() is None:
            most["parent"] = max(most["parent"], peak(process.pid))
            most["worker"] = max([most["worker"], *map(peak, children(process.pid))])
            if kill_at and verdicts.exists() and verdicts.stat().st_size >= kill_at:
                started_by_it = children(process.pid)
                process.send_signal(signal.SIGKILL)
                for worker in started_by_it:
                    try:
                        os.kill(worker, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
            time.sleep(_LOOK)
    seconds = time.perf_counter() - started
    text = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"the command ended with {process.returncode}:\n{text[-2000:]}")
    return Ran(seconds, most["parent"], most["worker"], process.returncode != 0, text)


def lines(path: Path) -> Iterator[str]:
    """The verdicts without the seconds they took."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield line[: line.rindex(',"seconds":')]


def told(name: str, ran: Ran, count: int) -> None:
    rate = f"{count / ran.seconds:,.0f}" if count else "-"
    print(
        f"| {name} | {ran.seconds:,.1f} | {count:,} | {rate} | {ran.parent / 2**20:,.0f} | {ran.worker / 2**20:,.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks million")
    parser.add_argument("--outputs", type=int, default=100_000)
    parser.add_argument("--compared", type=int, default=10_000, help="outputs scored with and without a kill")
    parser.add_argument("--texts", type=int, default=50, help="different answers to each problem")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kind", choices=("jsonl", "parquet"), default="jsonl")
    parser.add_argument("--folder", type=Path, default=None, help="where to work (default: a temporary folder)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="pyrite-million-", dir=options.folder))
    try:
        print("| what | s | outputs | a second | peak MiB, parent | peak MiB, a worker |")
        print("|---|---|---|---|---|---|")
        alike(home / "small", options)
        disturbed(home / "large", options)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def alike(home: Path, options: argparse.Namespace) -> None:
    """A smaller file, with a kill and without: the same lines."""
    problems, source = make(home, options.compared, options.kind, options.texts)
    whole, resumed = home / "whole", home / "resumed"
    told("undisturbed", run(problems, source, whole, options.workers), options.compared)
    half = (whole / "verdicts.jsonl").stat().st_size // 2
    first = run(problems, source, resumed, options.workers, kill_at=half)
    done = sum(1 for _ in lines(resumed / "verdicts.jsonl")) if first.killed else options.compared
    told("the same, killed" if first.killed else "the same (too quick to be killed)", first, done)
    told("and resumed", run(problems, source, resumed, options.workers), options.compared - done)
    same = list(lines(whole / "verdicts.jsonl")) == list(lines(resumed / "verdicts.jsonl"))
    summaries = (whole / "summary.json").read_bytes() == (resumed / "summary.json").read_bytes()
    print(f"| verdicts the same: {same}; summaries the same: {summaries} | | | | | |", flush=True)
    if not (same and summaries):
        raise SystemExit("a resumed run gives other verdicts")


def disturbed(home: Path, options: argparse.Namespace) -> None:
    """The large file, killed half way and resumed."""
    problems, source = make(home, options.outputs, options.kind, options.texts)
    size = sum(file.stat().st_size for file in source.iterdir())
    out = home / "run"
    sample = home.parent / "small" / "whole" / "verdicts.jsonl"
    half = sample.stat().st_size * options.outputs // options.compared // 2
    first = run(problems, source, out, options.workers, kill_at=half)
    done = sum(1 for _ in lines(out / "verdicts.jsonl")) if first.killed else options.outputs
    told(f"{size / 2**20:,.0f} MiB of {options.kind} in {SHARDS} shards, killed", first, done)
    told("and resumed", run(problems, source, out, options.workers), options.outputs - done)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    size = sum(file.stat().st_size for file in out.iterdir() if file.is_file())
    print()
    print(
        f"{summary['outputs']:,} verdicts in {size / 2**30:.2f} GiB; surface {summary['surface']['passed']:,}, ", end=""
    )
    print(f"substance {summary['substance']['passed']:,}, unknown {summary['substance']['unknown']:,}")
    if summary["outputs"] != options.outputs:
        raise SystemExit(f"{options.outputs - summary['outputs']:,} outputs have no verdict")


if __name__ == "__main__":
    main()
